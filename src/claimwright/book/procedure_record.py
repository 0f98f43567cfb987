"""What the loaded tables say of one CPT or HCPCS code, for its page: no numpy, and no words of the AMA.

Dated edits are answered by the edition that covers the day or not at all; only the HCPCS file's own
days and words may come from the nearest release, and the record says so.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import NamedTuple

from claimwright.book.procedures import (
    AOC,
    CONTRACTOR,
    DME,
    HCPCS,
    MUE,
    OPPS,
    OUTPATIENT,
    PFS,
    PRACTITIONER,
    PTP,
    TableEdition,
    procedures,
)
from claimwright.book.store import Book
from claimwright.model.fees import HcpcsEntry

ADJUDICATION = {
    1: "line edit: each line is compared on its own",
    2: "date of service edit by policy: the units of a day are added up",
    3: "date of service edit by clinical data: the units of a day are added up",
}
"""MUE adjudication indicators."""

COVERAGE = {
    "C": "the carrier judges",
    "D": "special coverage instructions apply",
    "I": "not payable by Medicare",
    "M": "not covered by Medicare",
    "S": "not covered by Medicare by statute",
}
"""HCPCS coverage letters, after CMS's record layout."""

MUE_SETTINGS = (PRACTITIONER, OUTPATIENT, DME)
PTP_SETTINGS = (PRACTITIONER, OUTPATIENT)


class UnitsRecord(NamedTuple):
    """The units limit of one setting."""

    setting: str
    units: int
    indicator: int
    adjudication: str
    rationale: str


class PtpRecord(NamedTuple):
    """In how many PTP edits the code stood on the first day of the quarter, by its column."""

    setting: str
    column_1: int
    column_2: int


@dataclass(frozen=True, slots=True)
class AddOnRecord:
    """The code as an add-on code; `contractor` when the Medicare contractor may name further primaries."""

    type: int
    primaries: tuple[str, ...]
    contractor: bool
    instructions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FeeRecord:
    """A row of the physician fee schedule; `modifier` is empty for the whole service. Indicators as published."""

    modifier: str
    status: str
    says: str
    work: float
    total_nonfacility: float
    total_facility: float
    professional_technical: str
    global_days: str
    multiple: str
    bilateral: str
    assistant: str
    supervision: str


@dataclass(frozen=True, slots=True)
class OutpatientRecord:
    """How OPPS Addendum B treats the code: CMS's status indicator, and what it means in our words.

    `paid` is about separate payment for the code itself: yes, no, or depends; empty for an indicator that the
    lexicon does not know. Money in US dollars, national and unadjusted, None where CMS prints none.
    """

    status: str
    says: str
    paid: str
    apc: str
    weight: float | None
    rate: float | None
    copayment: float | None
    minimum_copayment: float | None


@dataclass(frozen=True, slots=True)
class LevelTwoRecord:
    """What the HCPCS Level II file says beside title and days."""

    short: str
    coverage: str
    coverage_says: str
    betos: str
    cross_references: tuple[str, ...]
    added: date
    effective: date
    last: date | None
    action: str


@dataclass(frozen=True, slots=True)
class ProcedureRecord:
    """The tables on one code and day; None and empty where a loaded table has nothing, see `not_evaluated` else.

    `primary_of` are the add-on codes that may stand beside the code.
    """

    level_two: LevelTwoRecord | None
    units: tuple[UnitsRecord, ...]
    add_on: AddOnRecord | None
    primary_of: tuple[str, ...]
    ptp: tuple[PtpRecord, ...]
    fees: tuple[FeeRecord, ...]
    outpatient: OutpatientRecord | None


def nearest_entry(book: Book, code: str, day: date, as_of: date | None) -> tuple[TableEdition, HcpcsEntry] | None:
    """The release nearest to `day` that lists a Level II code, and its row; None when no release does."""
    known = [each for each in procedures(book).editions(HCPCS) if as_of is None or each.window.starts <= as_of]
    for edition in sorted(known, key=lambda each: each.window.distance(day)):
        entry = procedures(book).hcpcs_in(edition, code)
        if entry is not None:
            return edition, entry
    return None


@lru_cache(maxsize=8)
def level_two_codes(book: Book) -> frozenset[str]:
    """Every Level II code of every loaded release."""
    if not procedures(book).editions(HCPCS):
        return frozenset()
    return frozenset(code for (code,) in book.rows("SELECT DISTINCT code FROM hcpcs WHERE NOT modifier"))


def tables_of(book: Book, code: str, day: date, level_two: LevelTwoRecord | None) -> ProcedureRecord:
    """Everything the tables that cover `day` say of the code."""
    return ProcedureRecord(
        level_two=level_two,
        units=_units(book, code, day),
        add_on=_add_on(book, code, day),
        primary_of=_primary_of(book, code, day),
        ptp=_ptp(book, code, day),
        fees=_fees(book, code, day),
        outpatient=_outpatient(book, code, day),
    )


def naming(book: Book, code: str, day: date) -> list[TableEdition]:
    """Editions covering `day` that name the code, in the order of the tables."""
    return [
        edition
        for table in (HCPCS, PFS, OPPS, MUE, PTP, AOC)
        for edition in procedures(book).editions(table)
        if day in edition.window and _names(book, edition, code)
    ]


_NAMES = {
    HCPCS: "SELECT 1 FROM hcpcs WHERE code = ? AND edition = ? AND NOT modifier",
    PFS: "SELECT 1 FROM pfs WHERE code = ? AND edition = ?",
    OPPS: "SELECT 1 FROM opps WHERE code = ? AND edition = ?",
    MUE: "SELECT 1 FROM mue WHERE code = ? AND edition = ?",
    PTP: "SELECT 1 FROM ptp_count WHERE code = ? AND edition = ?",
}


def _names(book: Book, edition: TableEdition, code: str) -> bool:
    if edition.table == AOC:
        sql = 'SELECT 1 FROM add_on WHERE edition = ? AND (code = ? OR "primary" = ?) LIMIT 1'
        return bool(book.rows(sql, (edition.number, code, code)))
    return bool(book.rows(f"{_NAMES[edition.table]} LIMIT 1", (code, edition.number)))


def _units(book: Book, code: str, day: date) -> tuple[UnitsRecord, ...]:
    found = procedures(book)
    limits = [found.mue(each, code, day) for each in MUE_SETTINGS if found.edition(MUE, day, each)]
    return tuple(
        UnitsRecord(each.setting, each.units, each.indicator, ADJUDICATION[each.indicator], each.rationale)
        for each in limits
        if each is not None
    )


def _add_on(book: Book, code: str, day: date) -> AddOnRecord | None:
    found = procedures(book).add_on(code, day) if procedures(book).edition(AOC, day) else None
    return AddOnRecord(found.type, found.primaries, found.contractor, found.instructions) if found else None


def _primary_of(book: Book, code: str, day: date) -> tuple[str, ...]:
    edition = procedures(book).edition(AOC, day)
    if edition is None or code == CONTRACTOR:
        return ()
    sql = (
        'SELECT DISTINCT code FROM add_on WHERE edition = ? AND "primary" = ? AND effective <= ? '
        "AND (last IS NULL OR last >= ?) ORDER BY code"
    )
    return tuple(each for (each,) in book.rows(sql, (edition.number, code, day.isoformat(), day.isoformat())))


def _ptp(book: Book, code: str, day: date) -> tuple[PtpRecord, ...]:
    found = procedures(book)
    settings = [each for each in PTP_SETTINGS if found.edition(PTP, day, each)]
    return tuple(PtpRecord(each, *found.ptp_counts(each, code, day)) for each in settings)


def _fees(book: Book, code: str, day: date) -> tuple[FeeRecord, ...]:
    if procedures(book).edition(PFS, day) is None:
        return ()
    says = {row["status"]: str(row["says"]) for row in book.lexicon_rows("fee-status")}
    return tuple(
        FeeRecord(
            each.modifier, each.status, says.get(each.status, ""), each.work, each.total_nonfacility,
            each.total_facility, each.professional_technical, each.global_days, each.multiple, each.bilateral,
            each.assistant, each.supervision,
        )
        for each in procedures(book).fees(code, day)
    )  # fmt: skip


def _outpatient(book: Book, code: str, day: date) -> OutpatientRecord | None:
    load = procedures(book)
    found = load.outpatient(code, day) if load.edition(OPPS, day) else None
    if found is None:
        return None
    meaning = load.status_indicator(found.status)
    return OutpatientRecord(
        found.status, meaning.says if meaning else "", meaning.paid if meaning else "", found.apc, found.weight,
        found.rate, found.copayment, found.minimum_copayment,
    )  # fmt: skip
