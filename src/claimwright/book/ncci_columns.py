"""MUE and add-on tables as sorted arrays, for kernels over service lines; PTP has `claimwright.book.ptp`.

Each is read from book.sqlite once for an edition and kept. Imports numpy; `procedures` does not.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from itertools import groupby

import numpy as np
import numpy.typing as npt

from claimwright.book.procedure_columns import EPOCH, FAR, Codes, Days, places
from claimwright.book.procedures import CONTRACTOR
from claimwright.book.store import Book

Places = npt.NDArray[np.int64]
NOT_NAMED = 0
"""Type of a code that is no add-on code on the day, or one whose primaries the table does not name."""

_SEVERAL = 3
"""A code of several types is read as the most open one, as `Procedures.add_on` does."""

_SHIFT = 2**32
"""Days of one code span less, so that code and day make one number."""


@dataclass(frozen=True, slots=True)
class Limits:
    """MUE of one edition: `codes` S8 ascending, `units` the most, `indicator` 1, 2 or 3."""

    codes: Codes
    units: npt.NDArray[np.float64]
    indicator: npt.NDArray[np.int8]

    def at(self, wanted: Codes) -> Places:
        """Place of each code, -1 for one without a limit."""
        return places(self.codes, wanted)


@lru_cache(maxsize=32)
def limits(book: Book, number: int) -> Limits:
    """The limits of MUE edition `number`."""
    rows = book.rows("SELECT code, units, indicator FROM mue WHERE edition = ? ORDER BY code", (number,))
    return Limits(
        np.array([code.encode("ascii", "replace") for code, _, _ in rows], dtype="S8"),
        np.array([units for _, units, _ in rows], dtype=np.float64),
        np.array([indicator for _, _, indicator in rows], dtype=np.int8),
    )


@dataclass(frozen=True, slots=True)
class AddOns:
    """Add-on edits of one edition: `codes` and `primaries` S8 ascending.

    `keys` (place of the code * primaries + place of the primary) ascend, with first and last day of each edit.
    `turns` (place of the code * 2**32 + day) ascend: from that day on the code has this one of `types`.
    """

    codes: Codes
    primaries: Codes
    keys: Places
    effective: Days
    last: Days
    turns: Places
    types: npt.NDArray[np.int8]

    def at(self, wanted: Codes) -> Places:
        """Place of each code, -1 for one that is no add-on code."""
        return places(self.codes, wanted)

    def primary(self, wanted: Codes) -> Places:
        """Place of each code among the primaries, -1 for none."""
        return places(self.primaries, wanted)

    def type_on(self, at: Places, day: Days) -> npt.NDArray[np.int8]:
        """Type of the codes at these places on their days, if primaries are named; else `NOT_NAMED`."""
        return self.types[np.searchsorted(self.turns, at * _SHIFT + day, "right") - 1]

    def names(self, at: Places, primary: Places, day: Days) -> npt.NDArray[np.bool_]:
        """Does an edit in force on the day name the primary for the code? Both by their places, -1 for none."""
        out = np.zeros(len(at), dtype=np.bool_)
        asked = np.flatnonzero((at >= 0) & (primary >= 0))
        wanted = at[asked] * len(self.primaries) + primary[asked]
        row, end = np.searchsorted(self.keys, wanted, "left"), np.searchsorted(self.keys, wanted, "right")
        while len(asked):
            more = row < end
            asked, row, end = asked[more], row[more], end[more]
            out[asked] |= (self.effective[row] <= day[asked]) & (day[asked] <= self.last[row])
            row = row + 1
        return out


@lru_cache(maxsize=32)
def add_ons(book: Book, number: int) -> AddOns:
    """The edits of add-on edition `number`."""
    sql = 'SELECT code, "primary", type, effective, last FROM add_on WHERE edition = ? ORDER BY code, "primary"'
    rows = [
        (code, primary, kind, _day(first), _day(last) if last else FAR)
        for code, primary, kind, first, last in book.rows(sql, (number,))
    ]
    codes = np.unique(_text([row[0] for row in rows]))
    named = [row for row in rows if row[1] != CONTRACTOR]
    primaries = np.unique(_text([row[1] for row in named]))
    keys = places(codes, _text([row[0] for row in named])) * len(primaries)
    keys += places(primaries, _text([row[1] for row in named]))
    order = np.argsort(keys, kind="stable")
    first, last = (np.array([row[column] for row in named], dtype=np.int32)[order] for column in (3, 4))
    turns = [
        (at * _SHIFT + day, kind)
        for at, (_, own) in enumerate(groupby(rows, key=lambda row: row[0]))  # in the order of `codes`
        for day, kind in _turns(list(own))
    ]
    return AddOns(
        codes, primaries, keys[order], first, last,
        np.array([turn for turn, _ in turns], dtype=np.int64), np.array([kind for _, kind in turns], dtype=np.int8),
    )  # fmt: skip


def _turns(rows: list[tuple[str, str, int, int, int]]) -> list[tuple[int, int]]:
    """From which day on the add-on code of these rows has which type; from the first day on it has one."""
    days = sorted({0, *(row[3] for row in rows), *(row[4] + 1 for row in rows if row[4] < FAR)})
    return [(day, _type([row for row in rows if row[3] <= day <= row[4]])) for day in days]


def _type(rows: list[tuple[str, str, int, int, int]]) -> int:
    kinds = {row[2] for row in rows}
    if all(row[1] == CONTRACTOR for row in rows):
        return NOT_NAMED
    return kinds.pop() if len(kinds) == 1 else _SEVERAL


def _text(values: list[str]) -> Codes:
    return np.array([each.encode("ascii", "replace") for each in values], dtype="S8")


def _day(day: str) -> int:
    return (date.fromisoformat(day) - EPOCH).days
