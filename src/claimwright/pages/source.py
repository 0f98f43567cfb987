"""Where a fact was looked up: the table, its edition and days, and the place in it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from claimwright.book.store import Book


@dataclass(frozen=True, slots=True)
class Source:
    """A table, policy or document that answered; `nearest` when its edition does not cover the day."""

    table: str
    edition: str
    starts: date | None
    ends: date | None
    place: str = ""
    nearest: bool = field(default=False, metadata={"omit": True})

    def __str__(self) -> str:
        days = f" ({self.starts} to {self.ends or 'open'})" if self.starts else ""
        place = f", {self.place}" if self.place else ""
        return f"{self.table} {self.edition}{days}{place}" + (", the nearest edition loaded" if self.nearest else "")


def tabular(book: Book, day: date, place: str = "", as_of: date | None = None) -> Source:
    """The tabular edition that answers for `day`."""
    edition, nearest = book.edition_on(day, as_of)
    return Source("icd10cm-tabular", edition.name, edition.window.starts, edition.window.ends, place, nearest)


def registry(book: Book, place: str = "") -> Source:
    """The dated registry of billable codes."""
    window = book.registry_window
    return Source("icd10cm-registry", book.manifest["registry"]["edition"], window.starts, window.ends, place)


def part(book: Book, table: str, place: str = "", **known: object) -> Source | None:
    """The first loaded part of a table whose entry has these values; None when none has."""
    for entry in book.manifest["parts"]:
        if entry["table"] == table and all(entry.get(key) in (None, value) for key, value in known.items()):
            starts, ends = (date.fromisoformat(entry[key]) if entry[key] else None for key in ("from", "to"))
            return Source(table, entry["edition"], starts, ends, place)
    return None
