"""Procedure tables of a book: what NCCI, HCPCS and the fee schedule say of a code on a day.

A table answers only for the quarters that are loaded: `edition` tells whether one covers the day, and
every look-up raises `EditionMissing` where none does, so that "nothing found" always means "the table
has nothing". Pages open no numpy; PTP pairs do (`claimwright.book.ptp`), and import it when asked.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import date
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from claimwright.book.store import Book
from claimwright.errors import EditionMissing
from claimwright.model import Interval
from claimwright.model.fees import FeeEntry, HcpcsEntry, OutpatientEntry

if TYPE_CHECKING:
    from claimwright.book.ptp import PtpTable

PTP, MUE, AOC, HCPCS, PFS, OPPS = "ncci-ptp", "ncci-mue", "ncci-aoc", "hcpcs", "pfs", "opps"
TABLES = (PTP, MUE, AOC, HCPCS, PFS, OPPS)

PRACTITIONER, OUTPATIENT, DME = "practitioner", "outpatient-hospital", "dme-supplier"
"""Settings as the tables name them."""

STATUS_LEXICON = "opps-status"
"""Lexicon of status indicators."""

CONTRACTOR = "CCCCC"
"""Primary code of an add-on whose primaries the Medicare contractor defines."""


@dataclass(frozen=True, slots=True)
class TableEdition:
    """A loaded edition; `number` keys its rows, `missing` names parts of it that are not loaded."""

    table: str
    name: str
    window: Interval
    setting: str
    number: int
    missing: tuple[int, ...]
    extra: dict[str, Any]


@dataclass(frozen=True, slots=True)
class PtpEdit:
    """An edit in force; `last` is its last day (None without deletion), `indicator` 0 or 1."""

    setting: str
    first: str
    second: str
    effective: date
    last: date | None
    indicator: int
    rationale: str


@dataclass(frozen=True, slots=True)
class UnitLimit:
    """An MUE; `indicator` 1 line edit, 2 date of service by policy, 3 date of service by clinical data."""

    setting: str
    code: str
    units: int
    indicator: int
    rationale: str


@dataclass(frozen=True, slots=True)
class AddOnEdit:
    """An add-on code with the primaries its edits name on the day.

    Type 1: only these primaries. Type 2: the contractor defines them. Type 3: these, and others that
    the contractor may define. `contractor` tells whether `CCCCC` stands among them.
    """

    code: str
    type: int
    primaries: tuple[str, ...]
    contractor: bool
    instructions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class StatusIndicator:
    """What an OPPS status indicator means, in our words, and whether Medicare pays for it: yes, no or depends.

    `paid` is about separate payment under OPPS for the code itself.
    """

    status: str
    says: str
    paid: str
    source: str


class Procedures:
    """The procedure tables of one book."""

    def __init__(self, book: Book) -> None:
        """Reads the manifest only."""
        self.book = book
        self._editions = tuple(_edition(entry) for entry in book.manifest["parts"] if entry["table"] in TABLES)

    def editions(self, table: str, setting: str = "") -> tuple[TableEdition, ...]:
        """Loaded editions of a table, of one setting or of all."""
        return tuple(e for e in self._editions if e.table == table and setting in ("", e.setting))

    def edition(self, table: str, day: date, setting: str = "") -> TableEdition | None:
        """The edition that covers `day`, or None. An edition with parts missing covers it too: see `missing`."""
        return next((each for each in self.editions(table, setting) if day in each.window), None)

    def need(self, table: str, day: date, setting: str = "") -> TableEdition:
        """The edition that covers `day`; `EditionMissing` says which quarter to load."""
        found = self.edition(table, day, setting)
        if found is None:
            loaded = tuple(each.name for each in self.editions(table, setting))
            raise EditionMissing(f"{table} ({setting})" if setting else table, day, loaded, how_to_load(table, day))
        return found

    # ---- NCCI -----------------------------------------------------------------------------------

    def ptp_table(self, edition: TableEdition) -> PtpTable:
        """The arrays of a PTP edition, for kernels."""
        from claimwright.book.ptp import open_table

        return open_table(self.book, edition.number)

    def ptp(self, setting: str, first: str, second: str, day: date) -> tuple[PtpEdit, ...]:
        """Edits in force on `day` with `first` as column 1 and `second` as column 2, in this order only.

        Errors: `EditionMissing` when no edition covers the day, or when nothing is found and part of
        the edition is not loaded.
        """
        edition = self.need(PTP, day, setting)
        table = self.ptp_table(edition)
        found = [table.row(at) for at in table.between(first, second, day)]
        if not found and edition.missing:
            parts = ", ".join(map(str, edition.missing))
            how = f"Of {edition.name} part {parts} is not loaded: claimwright data add {PTP} FILE --accept-licence"
            raise EditionMissing(f"{PTP} ({setting})", day, (edition.name,), how)
        names = edition.extra["rationales"]
        return tuple(
            PtpEdit(setting, first, second, row.effective, row.last, row.indicator, names[row.rationale])
            for row in found
        )

    def ptp_counts(self, setting: str, code: str, day: date) -> tuple[int, int]:
        """In how many edits `code` stood as column 1 and as column 2 on the first day of the quarter."""
        edition = self.need(PTP, day, setting)
        sql = "SELECT as_first, as_second FROM ptp_count WHERE code = ? AND edition = ?"
        found = self.book.rows(sql, (code, edition.number))
        return (found[0][0], found[0][1]) if found else (0, 0)

    def mue(self, setting: str, code: str, day: date) -> UnitLimit | None:
        """The limit of `code`; None when the table of that quarter has none."""
        edition = self.need(MUE, day, setting)
        sql = "SELECT units, indicator, rationale FROM mue WHERE code = ? AND edition = ?"
        found = self.book.rows(sql, (code, edition.number))
        return UnitLimit(setting, code, *found[0]) if found else None

    def add_on(self, code: str, day: date) -> AddOnEdit | None:
        """The add-on edit of `code`; None when the table does not list it as an add-on code on `day`."""
        edition = self.need(AOC, day)
        sql = (
            'SELECT "primary", type, instruction FROM add_on WHERE edition = ? AND code = ? AND effective <= ? '
            'AND (last IS NULL OR last >= ?) ORDER BY "primary"'
        )
        found = self.book.rows(sql, (edition.number, code, day.isoformat(), day.isoformat()))
        if not found:
            return None
        primaries = dict.fromkeys(row[0] for row in found)
        instructions = tuple(dict.fromkeys(row[2] for row in found if row[2]))
        kinds = {row[1] for row in found}
        # A code of several types is read as the most open one: an edit must not accuse wrongly.
        kind = kinds.pop() if len(kinds) == 1 else 3
        named = tuple(each for each in primaries if each != CONTRACTOR)
        return AddOnEdit(code, kind, named, CONTRACTOR in primaries, instructions)

    # ---- HCPCS, fee schedule --------------------------------------------------------------------

    def hcpcs(self, code: str, day: date, modifier: bool = False) -> HcpcsEntry | None:
        """The Level II code (or modifier) as the release of `day` lists it, in force or not; None if it does not."""
        return self.hcpcs_in(self.need(HCPCS, day), code, modifier)

    def hcpcs_in(self, edition: TableEdition, code: str, modifier: bool = False) -> HcpcsEntry | None:
        """A Level II code or modifier as one release lists it, whatever the day; None if it does not."""
        sql = (
            "SELECT code, modifier, long, short, cross_references, coverage, betos, added, effective, terminated, "
            "action FROM hcpcs WHERE code = ? AND modifier = ? AND edition = ?"
        )
        found = self.book.rows(sql, (code, int(modifier), edition.number))
        return _hcpcs(found[0]) if found else None

    def fees(self, code: str, day: date) -> tuple[FeeEntry, ...]:
        """Rows of the fee schedule for `code`, the one without modifier first."""
        edition = self.need(PFS, day)
        sql = f"SELECT {_columns(FeeEntry)} FROM pfs WHERE code = ? AND edition = ? ORDER BY modifier"
        return tuple(FeeEntry(*row) for row in self.book.rows(sql, (code, edition.number)))

    def outpatient(self, code: str, day: date) -> OutpatientEntry | None:
        """How Addendum B of `day` treats `code`; None when it does not list it."""
        edition = self.need(OPPS, day)
        sql = f"SELECT {_columns(OutpatientEntry)} FROM opps WHERE code = ? AND edition = ?"
        found = self.book.rows(sql, (code, edition.number))
        if not found:
            return None
        told = dict(zip((each.name for each in fields(OutpatientEntry)), found[0], strict=True))
        return OutpatientEntry(**{**told, "changed": bool(told["changed"])})

    def status_indicator(self, status: str) -> StatusIndicator | None:
        """What an OPPS status indicator means; None for one that the lexicon does not know."""
        rows = (row for row in self.book.lexicon_rows(STATUS_LEXICON) if row["status"] == status)
        row = next(rows, None)
        return StatusIndicator(status, row["says"], row["paid"], row["source"]) if row else None


def _columns(kind: type) -> str:
    return ", ".join(each.name for each in fields(kind))


def _edition(entry: dict[str, Any]) -> TableEdition:
    window = Interval(date.fromisoformat(entry["from"]), date.fromisoformat(entry["to"]))
    missing = tuple(entry.get("missing_parts", ()))
    return TableEdition(
        entry["table"], entry["edition"], window, entry.get("setting", ""), entry["number"], missing, entry
    )


def _hcpcs(row: tuple[Any, ...]) -> HcpcsEntry:
    code, modifier, long, short, references, coverage, betos, added, effective, terminated, action = row
    last = date.fromisoformat(terminated) if terminated else None
    return HcpcsEntry(
        code, bool(modifier), long, short, _references(references, bool(modifier)), coverage, betos,
        date.fromisoformat(added), date.fromisoformat(effective), last, action,
    )  # fmt: skip


def _references(text: str, modifier: bool) -> tuple[str, ...]:
    """Cross-references: up to five fields of five characters, with nothing between them where they are full.

    Now and then a field holds a word instead ("CPT" at P7001 in 2019): that names no code.
    """
    width = 5
    found = [each[at : at + width] for each in text.split() for at in range(0, len(each), width)]
    return tuple(each for each in found if len(each) == (2 if modifier else width))


def how_to_load(table: str, day: date) -> str:
    """Which quarter is needed, and the command that adds it."""
    licence = "" if table == HCPCS else " --accept-licence"
    quarter = f"{day.year} Q{(day.month + 2) // 3}"
    return f"Load the file of {quarter}: claimwright data add {table} FILE{licence}"


@lru_cache(maxsize=16)
def procedures(book: Book) -> Procedures:
    """The procedure tables of `book`, shared by everyone who asks."""
    return Procedures(book)
