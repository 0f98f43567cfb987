"""`Book`: the compiled book, opened read-only. The only door to it.

Look-ups answer from SQLite and import neither numpy nor a data package. A book is safe to share
between threads: SQLite serialises access to the one connection.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from claimwright.book import home as homes
from claimwright.book.entries import NodeEntry, NoteEntry, RegistryEntry, TabularEdition
from claimwright.book.era import check_era
from claimwright.book.tabular_lists import TabularLists, node_of
from claimwright.model import Interval

if TYPE_CHECKING:
    from claimwright.book.pcs import Pcs
    from claimwright.book.policies import Policies
    from claimwright.book.record import CodeRecord
    from claimwright.book.search import Hits
    from claimwright.book.show_notes import Notes
    from claimwright.book.show_shelf import Shelf

__all__ = ["Book", "NodeEntry", "NoteEntry", "RegistryEntry", "TabularEdition", "node_of", "open_book"]

FIRST_DAY = date(2015, 10, 1)
"""ICD-10-CM is in force since this day (first row of the dated registry)."""

_MOST_SHELVES = 4
"""Days whose families stay in memory."""


class Book(TabularLists):
    """A compiled book in `folder`, opened without reading more than its manifest."""

    def __init__(self, folder: Path) -> None:
        """Open the book; `BookDamaged` when its files are not those of a whole book."""
        super().__init__(folder)
        self._shelves: dict[tuple[date, date | None], Shelf] = {}
        self._notes: dict[int, Notes] = {}

    # ---- the dated registry ---------------------------------------------------------------------

    def registry(self, code: str) -> tuple[RegistryEntry, ...]:
        """Every dated row of `code` (no dot), oldest first; empty for a code never listed."""
        return self.keep(("registry", code), lambda: self._read_registry(code))

    def _read_registry(self, code: str) -> tuple[RegistryEntry, ...]:
        found = self.rows("SELECT code, starts, ends, flags FROM registry WHERE code = ? ORDER BY starts", (code,))
        return tuple(RegistryEntry(c, Interval.of(a, z), tuple(flags.split())) for c, a, z, flags in found)

    def billable(self, code: str, day: date) -> bool:
        """Is `code` (no dot) billable on `day`?"""
        sql = "SELECT 1 FROM registry WHERE code = ? AND starts <= ? AND (ends IS NULL OR ends >= ?)"
        iso = day.isoformat()
        return self.keep(("billable", code, iso), lambda: bool(self.rows(sql, (code, iso, iso))))

    def successors(self, code: str) -> list[tuple[str, date]]:
        """Every code that `code` became, with the first day; all of them, none chosen."""
        found = self.rows(
            "SELECT target, effective FROM conversion WHERE source = ? ORDER BY effective, target", (code,)
        )
        return [(target, date.fromisoformat(day)) for target, day in found if target != code]

    def predecessors(self, code: str) -> list[tuple[str, date]]:
        """Every code that became `code`, with the first day."""
        found = self.rows(
            "SELECT source, effective FROM conversion WHERE target = ? AND source <> '' ORDER BY effective, source",
            (code,),
        )
        return [(source, date.fromisoformat(day)) for source, day in found if source != code]

    def age_range(self, group: str, day: date) -> tuple[int, int] | None:
        """Lowest and highest age in completed years of an MCE age group on `day`."""
        sql = "SELECT low, high FROM age_range WHERE name = ? AND starts <= ? AND (ends IS NULL OR ends >= ?)"
        found = self.rows(sql, (group, day.isoformat(), day.isoformat()))
        return (found[0][0], found[0][1]) if found else None

    def age_ranges(self, group: str) -> list[tuple[Interval, int, int]]:
        """(window, lowest age, highest age) of an MCE age group, in the order in which `age_range` asks them."""
        sql = "SELECT starts, ends, low, high FROM age_range WHERE name = ?"
        return [(Interval.of(starts, ends), low, high) for starts, ends, low, high in self.rows(sql, (group,))]

    def poa_exempt(self, code: str, day: date) -> bool | None:
        """Is `code` exempt from present-on-admission reporting? None when no list of that day is loaded."""
        edition = self.table_edition("poa-exempt", day)
        if edition is None:
            return None
        return bool(self.rows("SELECT 1 FROM poa_exempt WHERE code = ? AND edition = ?", (code, edition[2])))

    @cached_property
    def pcs(self) -> Pcs:
        """ICD-10-PCS: validity, conversions, and the meaning of characters."""
        from claimwright.book.pcs import Pcs

        return Pcs(self)

    @cached_property
    def policies(self) -> Policies:
        """Coverage policies, shipped and added."""
        from claimwright.book.policies import Policies

        return Policies(self)

    # ---- our own data ---------------------------------------------------------------------------

    def lexicon_rows(self, lexicon: str) -> list[dict[str, Any]]:
        """Rows of a shipped lexicon, in order."""
        sql = "SELECT data FROM lexicon_row WHERE lexicon = ? ORDER BY ordinal"
        kept = self.keep(
            ("lexicon", lexicon), lambda: tuple(json.loads(data) for (data,) in self.rows(sql, (lexicon,)))
        )
        return [dict(each) for each in kept]

    def lexicon_rows_at(self, lexicon: str, edition: int, sides: dict[str, int]) -> list[dict[str, Any]]:
        """Rows whose patterns hold the given positions, by side (`{"symptom": p, "diagnosis": q}`)."""
        sql = "SELECT l.id, l.data FROM lexicon_row l WHERE l.lexicon = ?"
        values: list[Any] = [lexicon]
        for side, pos in sides.items():
            sql += (
                " AND EXISTS (SELECT 1 FROM lexicon_span s WHERE s.edition = ? AND s.row = l.id AND s.side = ?"
                " AND s.start <= ? AND s.stop > ?)"
            )
            values += [edition, side, pos, pos]
        kept = self.keep(
            ("lexicon at", lexicon, edition, *sides.items()),
            lambda: tuple(json.loads(data) for _, data in self.rows(sql + " ORDER BY l.ordinal", values)),
        )
        return [dict(each) for each in kept]

    def lexicon_source(self, lexicon: str, key: str) -> dict[str, Any]:
        """A source that lexicon rows name: title, publisher, address, day it was read."""
        found = self.rows("SELECT data FROM lexicon_source WHERE lexicon = ? AND id = ?", (lexicon, key))
        return dict(json.loads(found[0][0])) if found else {}

    def citation(self, document: str, section: str, day: date) -> dict[str, Any] | None:
        """A section of a source document in the edition nearest to `day`; None when it is not known."""
        return self.keep(("citation", document, section, day), lambda: self._read_citation(document, section, day))

    def _read_citation(self, document: str, section: str, day: date) -> dict[str, Any] | None:
        found = self.rows(
            "SELECT edition, starts, ends, authority, title, page, text FROM citation "
            "WHERE document = ? AND section = ?",
            (document, section),
        )
        keys = ("edition", "starts", "ends", "authority", "title", "page", "text")
        entries = [dict(zip(keys, row, strict=True)) for row in found]
        return min(entries, key=lambda each: _distance(each, day), default=None)

    # ---- records --------------------------------------------------------------------------------

    def show(self, code: str, day: date | None = None, as_of: date | None = None) -> CodeRecord:
        """Everything the official tables say of a code, category, block or chapter on `day`.

        `hcpcs:CODE` asks for a code of service lines that is written like a diagnosis as well.
        Errors: `InputError` for a name that no loaded table has ever had and for a day of the ICD-9-CM
        era, `EditionMissing` for a day that the dated registry does not reach, and for a CPT or HCPCS
        code whose table is not loaded for the day.
        """
        from claimwright.book.show import record

        return record(self, code, self.answerable(day), as_of)

    def records(self, codes: Iterable[str], day: date | None = None, as_of: date | None = None) -> Iterator[CodeRecord]:
        """Records of many codes in their order, read in batches; each equals what `show` answers.

        Errors: `InputError` on reaching a name that no loaded table has ever had.
        """
        from claimwright.book.show import records

        return records(self, codes, self.answerable(day), as_of)

    def shelf(self, day: date, as_of: date | None = None) -> Shelf:
        """What the records of one day share; the last few days are kept."""
        from claimwright.book.show_shelf import Shelf

        kept = self._shelves.get((day, as_of))
        if kept is None:
            if len(self._shelves) >= _MOST_SHELVES:
                self._shelves = {}
            kept = self._shelves[day, as_of] = Shelf(self, day, as_of)
        return kept

    def notes_shelf(self, edition: int) -> Notes:
        """Notes of one edition by their holder, kept while the book is open."""
        from claimwright.book.show_notes import Notes

        kept = self._notes.get(edition)
        if kept is None:
            kept = self._notes[edition] = Notes(self, edition)
        return kept

    def search(self, words: str, day: date | None = None, most: int = 20) -> Hits:
        """Codes whose title, inclusion terms or index terms match `words`, best first."""
        from claimwright.book.search import search

        return search(self, words, self.answerable(day), most)

    def answerable(self, day: date | None) -> date:
        """The day asked for, today by default, if the book can say what is billable on it."""
        chosen = day or date.today()
        check_era(chosen, "date")
        self.need_registry(chosen)
        return chosen


def _distance(entry: dict[str, Any], day: date) -> int:
    if not entry["starts"]:
        return 0
    return Interval.of(entry["starts"], entry["ends"]).distance(day)


def open_book(folder: Path | None = None) -> Book:
    """The book of this machine, compiled now if there is none yet.

    `folder` opens a given compiled book instead. Errors: `BookMissing`, `BookDamaged`.
    """
    if folder is None:
        folder = homes.current(homes.home())
    if folder is None:
        from claimwright.book.build import ensure

        folder = ensure()
    return Book(folder)
