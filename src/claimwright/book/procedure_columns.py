"""Procedure tables as sorted arrays, for kernels over service lines: what an edition lists, from when to when.

Each is read from book.sqlite once for an edition and kept. Imports numpy; `procedures` does not.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from claimwright.book.procedures import AOC, HCPCS, MUE, OPPS, PFS, PTP, TableEdition, procedures
from claimwright.book.store import Book

EPOCH = date(1970, 1, 1)
FAR = 2**31 - 1
"""Last day of a code that is not terminated."""

Codes = npt.NDArray[np.bytes_]
Days = npt.NDArray[np.int32]

_CODES = {
    MUE: ("SELECT DISTINCT code FROM mue WHERE edition = ?", 1),
    AOC: (
        "SELECT DISTINCT code FROM add_on WHERE edition = ? "
        'UNION SELECT "primary" FROM add_on WHERE edition = ? AND "primary" <> \'CCCCC\'',
        2,
    ),
    HCPCS: ("SELECT DISTINCT code FROM hcpcs WHERE edition = ? AND NOT modifier", 1),
    PFS: ("SELECT DISTINCT code FROM pfs WHERE edition = ?", 1),
    OPPS: ("SELECT DISTINCT code FROM opps WHERE edition = ?", 1),
}
"""The codes of an edition, and how often its number is asked for."""


@dataclass(frozen=True, slots=True)
class Dated:
    """Level II codes, or modifiers, of one release: `codes` S8 ascending, first and last day since 1970."""

    codes: Codes
    added: Days
    last: Days

    def at(self, wanted: Codes) -> npt.NDArray[np.int64]:
        """Place of each code, -1 for one that the release does not list."""
        return places(self.codes, wanted)


@dataclass(frozen=True, slots=True)
class Fees:
    """The fee schedule's row without modifier: `codes` S8 ascending, indicators S2 as published."""

    codes: Codes
    status: Codes
    professional_technical: Codes
    bilateral: Codes

    def at(self, wanted: Codes) -> npt.NDArray[np.int64]:
        """Place of each code, -1 for one that the schedule does not list."""
        return places(self.codes, wanted)


def places(axis: Codes, wanted: Codes) -> npt.NDArray[np.int64]:
    """Place of each text on a sorted axis, -1 for none."""
    if not len(axis):
        return np.full(len(wanted), -1, np.int64)
    at = np.minimum(np.searchsorted(axis, wanted), len(axis) - 1)
    return np.where(axis[at] == wanted, at, -1)


@lru_cache(maxsize=64)
def listed(book: Book, table: str, number: int) -> Codes:
    """Every code that edition `number` of a table names, S8 ascending; of the add-on edits the primaries too."""
    if table == PTP:
        edition = next(each for each in procedures(book).editions(PTP) if each.number == number)
        return procedures(book).ptp_table(edition).codes.astype("S8")
    sql, asked = _CODES[table]
    return np.unique(_text([row[0] for row in book.rows(sql, (number,) * asked)], "S8"))


def lists(book: Book, edition: TableEdition, code: str) -> bool:
    """Does an edition name this one code?"""
    return bool(places(listed(book, edition.table, edition.number), _text([code[:8]], "S8"))[0] >= 0)


@lru_cache(maxsize=32)
def dated(book: Book, number: int, modifier: bool) -> Dated:
    """Codes or modifiers of HCPCS release `number` with their days."""
    sql = "SELECT code, added, terminated FROM hcpcs WHERE edition = ? AND modifier = ? ORDER BY code"
    rows = book.rows(sql, (number, int(modifier)))
    return Dated(
        _text([code for code, _, _ in rows], "S8"),
        np.array([_number(added) for _, added, _ in rows], np.int32),
        np.array([_number(last) if last else FAR for _, _, last in rows], np.int32),
    )


@lru_cache(maxsize=16)
def fees(book: Book, number: int) -> Fees:
    """The indicators of fee schedule `number`, of the row without modifier where there is one."""
    sql = "SELECT code, status, professional_technical, bilateral FROM pfs WHERE edition = ? ORDER BY code, modifier"
    rows: dict[str, Any] = {}
    for row in book.rows(sql, (number,)):
        rows.setdefault(row[0], row)
    columns = list(zip(*rows.values(), strict=True)) or [(), (), (), ()]
    return Fees(_text(columns[0], "S8"), *(_text(column, "S2") for column in columns[1:]))


@lru_cache(maxsize=32)
def bearing(book: Book, table: str, number: int, statuses: tuple[str, ...]) -> Codes:
    """Codes of fee schedule (the row without modifier where there is one) or Addendum B `number` with these statuses.

    S8 ascending.
    """
    if table == PFS:
        found = fees(book, number)
        return found.codes[np.isin(found.status, np.array([each.encode() for each in statuses], dtype="S2"))]
    marks = ", ".join("?" * len(statuses))
    rows = book.rows(f"SELECT DISTINCT code FROM opps WHERE edition = ? AND status IN ({marks})", (number, *statuses))
    return np.unique(_text([code for (code,) in rows], "S8"))


def _text(values: Any, kind: str) -> Codes:
    return np.array([str(each).encode("ascii", "replace") for each in values], dtype=kind)


def _number(day: str) -> int:
    return (date.fromisoformat(day) - EPOCH).days
