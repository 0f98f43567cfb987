"""PTP edits of one edition as sorted keys with dates, memory-mapped: one claim or a million ask alike.

A key is `column 1 id * codes + column 2 id`; keys ascend, rows of one pair lie together.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from claimwright.book.columns import Columns
from claimwright.book.store import Book

EPOCH = date(1970, 1, 1)
FAR = 2**31 - 1
"""Last day of an edit that is not deleted."""


@dataclass(frozen=True, slots=True)
class PtpRow:
    """One row: its days, indicator, and the number of its rationale."""

    effective: date
    last: date | None
    indicator: int
    rationale: int


@dataclass(frozen=True, slots=True)
class PtpTable:
    """The arrays; days since 1970, `last` already after the setting for the deletion day."""

    codes: npt.NDArray[np.bytes_]
    pointer: npt.NDArray[np.int32]
    keys: npt.NDArray[Any]
    effective: npt.NDArray[np.int32]
    last: npt.NDArray[np.int32]
    indicator: npt.NDArray[np.uint8]
    rationale: npt.NDArray[np.uint8]

    def ids(self, codes: npt.NDArray[np.bytes_]) -> npt.NDArray[np.int64]:
        """Id of each code in this edition, -1 for one that stands in no edit."""
        if not len(self.codes):
            return np.full(len(codes), -1, np.int64)
        at = np.minimum(np.searchsorted(self.codes, codes), len(self.codes) - 1)
        return np.where(self.codes[at] == codes, at, -1)

    def spans(
        self, first: npt.NDArray[np.int64], second: npt.NDArray[np.int64]
    ) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """Rows [begin, end) of each pair of ids, column 1 and column 2; empty where an id is -1."""
        known = (first >= 0) & (second >= 0)
        wanted = np.where(known, first * len(self.codes) + second, 0).astype(self.keys.dtype)
        begin = np.searchsorted(self.keys, wanted, "left")
        end = begin.copy()
        if len(self.keys):
            # Few pairs of a batch have an edit: only those look for their last row.
            hit = np.flatnonzero(known & (self.keys[np.minimum(begin, len(self.keys) - 1)] == wanted))
            end[hit] = np.searchsorted(self.keys, wanted[hit], "right")
        return begin, end

    def in_force(
        self, first: npt.NDArray[np.int64], second: npt.NDArray[np.int64], day: npt.NDArray[np.int32]
    ) -> npt.NDArray[np.int64]:
        """Row of the edit in force for each pair on its day (days since 1970), -1 for none.

        Of two in force at once (a pair may recur) the one that began last answers.
        """
        begin, end = self.spans(first, second)
        out = np.full(len(begin), -1, np.int64)
        open_ = np.flatnonzero(end > begin)
        at = begin[open_]
        while len(open_):
            holds = (self.effective[at] <= day[open_]) & (day[open_] <= self.last[at])
            out[open_[holds]] = at[holds]
            more = at + 1 < end[open_]
            open_, at = open_[more], at[more] + 1
        return out

    def between(self, first: str, second: str, day: date) -> list[int]:
        """Rows in force on `day` for one pair of codes."""
        ids = self.ids(np.array([first, second], dtype="S5"))
        begin, end = self.spans(ids[:1], ids[1:])
        on = (day - EPOCH).days
        return [at for at in range(int(begin[0]), int(end[0])) if self.effective[at] <= on <= self.last[at]]

    def row(self, at: int) -> PtpRow:
        """One row in words' reach."""
        last = int(self.last[at])
        return PtpRow(
            EPOCH + timedelta(days=int(self.effective[at])),
            None if last == FAR else EPOCH + timedelta(days=last),
            int(self.indicator[at]),
            int(self.rationale[at]),
        )


@lru_cache(maxsize=16)
def open_table(book: Book, number: int) -> PtpTable:
    """The arrays of PTP edition `number`, opened once."""
    arrays = Columns(book, 0)
    names = ("codes", "pointer", "keys", "effective", "last", "indicator", "rationale")
    return PtpTable(*(arrays.array(f"ptp.{number}.{name}", shared=True) for name in names))
