"""A batch seen against one edition: every diagnosis with its place, validity and flags."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property

import numpy as np
import numpy.typing as npt

from claimwright.book.columns import Columns
from claimwright.claims.batch import SETTINGS, ClaimBatch
from claimwright.model import Setting

EPOCH = date(1970, 1, 1)
Ints = npt.NDArray[np.int32]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class SidedLine:
    """A service line that states a side: `number` in its claim from 0, the side and its modifier.

    `diagnoses` are the indices, in the frame, of the diagnoses it points to (all, without pointers).
    """

    number: int
    side: int
    modifier: str
    diagnoses: npt.NDArray[np.int64]


class Frame:
    """Columns over the L diagnoses of a batch, computed once and shared by all rules.

    `claim` int32: index of the claim; `place` int32: position in the claim, from 0; `code` int32:
    number on the book's code axis, -1 when no table knows the code; `row` int32: the registry row in
    force on the claim's day, -1 for none; `listed` bool: the registry has the code on some day;
    `flags` uint32: MCE flags on the day; `pos` int32: place in the edition's tree (the nearest
    category when the edition lacks the code), -1 for none; `exact` bool: the edition has the code;
    `nearest` int32: as `pos`, and for a text that no table has the node of its longest beginning.
    """

    def __init__(self, batch: ClaimBatch, columns: Columns, as_of: date | None = None) -> None:
        """Resolve the codes of `batch`; with `as_of`, codes that start later are not known."""
        self.batch, self.columns = batch, columns
        counts = np.diff(batch.offsets)
        self.claim = np.repeat(np.arange(len(batch)), counts).astype(np.int32)
        self.place = (np.arange(len(batch.codes)) - batch.offsets[self.claim]).astype(np.int32)
        self.code = self._numbers()
        self.row, self.listed = self._registry(as_of)
        self.flags = self._flags()
        known = self.code >= 0
        self.pos = np.full(len(self.code), -1, dtype=np.int32)
        self.pos[known] = columns.array("position")[self.code[known]]
        self.exact = np.zeros(len(self.code), dtype=np.bool_)
        self.exact[known] = columns.array("exact")[self.code[known]]
        self.nearest = self._nearest()

    def __len__(self) -> int:
        return len(self.code)

    def day(self, claim: int) -> date:
        """The day that decides for a claim."""
        return EPOCH + timedelta(days=int(self.batch.day[claim]))

    @cached_property
    def principal(self) -> Bools:
        """Is this diagnosis the first of its claim?"""
        return self.place == 0

    def in_settings(self, *settings: Setting) -> Bools:
        """Is this diagnosis on a claim of one of these settings?"""
        numbers = [SETTINGS.index(each) for each in settings]
        return np.isin(self.batch.setting, numbers)[self.claim]

    def per_claim(self, values: Bools) -> Bools:
        """Does any diagnosis of the same claim have the value? bool [L] from bool [L]."""
        return np.isin(self.claim, self.claim[values])

    @cached_property
    def pointing(self) -> list[SidedLine]:
        """Service lines whose modifiers state exactly one side, in order."""
        batch = self.batch
        modifiers, sides = self.columns.array("modifiers"), self.columns.array("modifier_sides")
        if not len(batch.modifiers) or not len(modifiers):
            return []
        at = np.searchsorted(modifiers, batch.modifiers)
        at[at == len(modifiers)] = 0
        side = np.where(modifiers[at] == batch.modifiers, sides[at], 0)
        owner = np.searchsorted(batch.line_offsets, np.arange(len(side)), side="right") - 1
        out = []
        for line in np.flatnonzero(side.any(axis=1)).tolist():
            stated = set(side[line][side[line] > 0].tolist())
            if len(stated) != 1:
                continue
            first = int(batch.offsets[owner[line]])
            pointed = batch.pointers[batch.pointer_offsets[line] : batch.pointer_offsets[line + 1]]
            if not len(pointed):
                pointed = np.arange(batch.offsets[owner[line] + 1] - first, dtype=np.int32)
            which = int(np.flatnonzero(side[line])[0])
            out.append(
                SidedLine(
                    number=int(line - batch.line_offsets[owner[line]]),
                    side=int(stated.pop()),
                    modifier=bytes(batch.modifiers[line, which]).decode("ascii"),
                    diagnoses=pointed.astype(np.int64) + first,
                )
            )
        return out

    def _numbers(self) -> Ints:
        axis = self.columns.array("codes", shared=True)
        wanted = self.batch.codes
        at = np.searchsorted(axis, wanted.astype("S7"))
        at[at == len(axis)] = 0
        return np.where(axis[at] == wanted, at, -1).astype(np.int32)

    def _nearest(self) -> Ints:
        """Places of the longest known beginnings of codes that no table has (T78.40A -> T78.40)."""
        nearest = self.pos.copy()
        axis, position = self.columns.array("codes", shared=True), self.columns.array("position")
        lost = np.flatnonzero(self.code < 0)
        for length in range(7, 2, -1):
            if not len(lost):
                break
            wanted = self.batch.codes[lost].astype(f"S{length}")
            at = np.searchsorted(axis, wanted)
            at[at == len(axis)] = 0
            found = (axis[at] == wanted) & (position[at] >= 0)
            nearest[lost[found]] = position[at[found]]
            lost = lost[~found]
        return nearest

    def _registry(self, as_of: date | None) -> tuple[Ints, Bools]:
        pointer = self.columns.array("registry.pointer", shared=True)
        starts = self.columns.array("registry.starts", shared=True)
        ends = self.columns.array("registry.ends", shared=True)
        day = self.batch.day[self.claim]
        horizon = (as_of - EPOCH).days if as_of else np.iinfo(np.int32).max
        row = np.full(len(self.code), -1, dtype=np.int32)
        known = np.flatnonzero(self.code >= 0)
        first, last = pointer[self.code[known]], pointer[self.code[known] + 1]
        listed = np.zeros(len(self.code), dtype=np.bool_)
        # A code has at most a handful of dated rows (flags change): one pass for each.
        for step in range(int((last - first).max(initial=0))):
            at = first + step
            valid = at < last
            here, rows = known[valid], at[valid]
            seen = starts[rows] <= horizon
            listed[here] |= seen
            now = seen & (starts[rows] <= day[here]) & (day[here] <= ends[rows])
            row[here[now]] = rows[now]
        return row, listed

    def _flags(self) -> npt.NDArray[np.uint32]:
        flags = np.zeros(len(self.code), dtype=np.uint32)
        valid = self.row >= 0
        flags[valid] = self.columns.array("registry.flags", shared=True)[self.row[valid]]
        return flags
