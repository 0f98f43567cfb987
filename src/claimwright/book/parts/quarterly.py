"""What parts with one edition a quarter have in common: of two files for one edition the last added answers."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from datetime import date
from typing import Any, Protocol, TypeVar

from claimwright.book.home import Input
from claimwright.book.parts import Entry, Reading, insert
from claimwright.model import Interval
from claimwright.sources.ncci import Rejected, lines_text


class Released(Protocol):
    """A file as a source gives it back."""

    @property
    def name(self) -> str:
        """The edition."""

    @property
    def window(self) -> Interval:
        """The days it is for."""

    @property
    def rows(self) -> Sequence[Any]:
        """Its rows."""

    @property
    def rejected(self) -> tuple[Rejected, ...]:
        """Rows left out."""


F = TypeVar("F", bound=Released)


def release_of(file: Input) -> date | None:
    """The day that the user gave with an added file."""
    return date.fromisoformat(file.release) if file.release else None


def write(
    db: sqlite3.Connection,
    table: str,
    stored_in: str,
    files: Sequence[Input],
    read: Callable[[Input], F],
    rows: Callable[[int, F], Iterable[tuple[Any, ...]]],
    *,
    key: Callable[[F], Hashable] = lambda found: found.window.starts,
    order: Callable[[F], Any] = lambda found: found.window.starts,
    extra: Callable[[F], Mapping[str, Any]] = lambda found: {},
) -> list[Entry]:
    """Write every edition's `rows` into `stored_in`; the manifest's entries, one an edition.

    `key` tells editions apart; `order` numbers them. Of two that cover a day the first answers.
    """
    editions: dict[Hashable, tuple[Input, F]] = {}
    for file in sorted(files, key=lambda each: (each.added, each.sha256)):
        found = read(file)
        editions[key(found)] = (file, found)
    entries = []
    for number, (file, found) in enumerate(sorted(editions.values(), key=lambda pair: order(pair[1]))):
        count = insert(db, stored_in, rows(number, found))
        told = {
            "number": number,
            **extra(found),
            "files": [source(file)],
            "rejected": len(found.rejected),
            "rejected_lines": lines_text(found.rejected),
        }
        entries.append(Entry(table, found.name, found.window.starts, found.window.ends, file.path.name, count, told))
    return entries


def source(file: Input) -> dict[str, str]:
    """A file of an edition as the manifest lists it."""
    return {"file": file.path.name, "sha256": file.sha256}


def reading(found: Released) -> Reading:
    """What `data add` tells of a file."""
    return Reading(found.name, len(found.rows), tuple((each.line, each.problem) for each in found.rejected))
