"""What every code is on some days, once for each code: large batches read it instead of asking code by code.

Most codes have one dated row that holds throughout, so nearly everything that a rule asks of a diagnosis by itself
(its flags, its sets, its place in the tree, whether it may stand on the left of a relation) is decided by the code
alone. A `Digest` decides it for the whole axis of codes; the diagnoses of a batch then need one number each.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from functools import cached_property
from threading import Lock
from typing import Any, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from claimwright.book.columns import Columns
from claimwright.edits.told import EITHER, EVERY, Form, joined

Ints = npt.NDArray[np.int32]
Bools = npt.NDArray[np.bool_]
Places = npt.NDArray[np.int64]
MOST_KEPT = 32
"""Digests of an edition kept at most: one for each stretch of days that batches span."""
MOST_BITS = 64
DENSE = 0.25
"""Share of codes from which on a test is kept by itself: what most codes meet narrows nothing."""


class Coded(Protocol):
    """Codes with what the tables say of them on a day: the diagnoses of a frame, or the axis of a digest."""

    columns: Columns

    def __len__(self) -> int:
        """How many."""

    @property
    def code(self) -> Ints:
        """Number on the book's code axis, -1 for none."""

    @property
    def row(self) -> Ints:
        """The registry row in force, -1 for none."""

    @property
    def listed(self) -> Bools:
        """The registry has the code on some day."""

    @property
    def flags(self) -> npt.NDArray[np.uint32]:
        """MCE flags of the row."""

    @property
    def pos(self) -> Ints:
        """Place in the edition's tree, -1 for none."""

    @property
    def sets(self) -> npt.NDArray[np.uint32]:
        """Sets of codes, as bits."""

    @property
    def exact(self) -> Bools:
        """The edition has the code."""


@dataclass(frozen=True, slots=True)
class OfCode:
    """A condition that the code and the day decide alone. `key` tells conditions apart; `form` says what it means."""

    key: Hashable
    test: Callable[[Coded], Bools] = field(compare=False)
    form: Form | None = field(default=None, compare=False)

    def __call__(self, coded: Coded) -> Bools:
        """Does each meet it? bool [L]; of a large frame by way of its digest."""
        return self.test(coded)


def all_codes(*conditions: OfCode) -> OfCode:
    """All of the conditions are met."""
    if len(conditions) == 1:
        return conditions[0]
    key = ("all", *(each.key for each in conditions))
    form = joined(EVERY, *conditions)
    return OfCode(key, lambda coded: np.logical_and.reduce([each.test(coded) for each in conditions]), form)


def any_code(*conditions: OfCode) -> OfCode:
    """At least one of the conditions is met."""
    key = ("any", *(each.key for each in conditions))
    form = joined(EITHER, *conditions)
    return OfCode(key, lambda coded: np.logical_or.reduce([each.test(coded) for each in conditions]), form)


class Word(NamedTuple):
    """Tests of the entries of a digest as bits: uint64 [E]; how many bits have been given away, and as masks what is
    asked for: of every diagnosis, of the first ones of claims, and of claims that have all bits of one of `both`."""

    bits: npt.NDArray[np.uint64]
    given: int
    always: int
    firsts: int
    both: tuple[int, ...]


class Digest:
    """The axis of codes on the days from `first` to `last`; E entries.

    Entry c < C is code c with the row that is in force on all these days, or none; entry C stands for texts that no
    table has. Codes whose row changes in between (`varies`) have further entries, one for each row; entry c is then
    the code without a row. `code`, `row`, `listed`, `flags`, `pos` as in `Frame`; `of_row`: entry of a registry row.
    """

    def __init__(self, columns: Columns, first: int, last: int, horizon: int) -> None:
        """Decide the rows; those that start after `horizon` are not known."""
        self.columns = columns
        pointer = columns.array("registry.pointer", shared=True)
        starts, ends = (columns.array(f"registry.{each}", shared=True) for each in ("starts", "ends"))
        size = len(columns.array("codes", shared=True))
        counts = np.zeros(size + 1, dtype=np.int64)
        counts[: len(pointer) - 1] = np.diff(pointer)
        owner = np.repeat(np.arange(size + 1), counts)
        seen = starts <= horizon
        meets = np.flatnonzero(seen & (starts <= last) & (ends >= first))
        whole = (starts[meets] <= first) & (ends[meets] >= last)
        times = np.bincount(owner[meets], minlength=size + 1)
        once = times[owner[meets]] == 1
        lasting, others = meets[once & whole], meets[~(once & whole)]
        self.size = size
        self.varies = np.zeros(size + 1, dtype=np.bool_)
        self.varies[owner[others]] = True
        self.code = np.concatenate((np.arange(size), [-1], owner[others])).astype(np.int32)
        self.row = np.full(len(self.code), -1, dtype=np.int32)
        self.row[owner[lasting]] = lasting
        self.row[size + 1 :] = others
        listed = np.zeros(size + 1, dtype=np.bool_)
        listed[owner[seen]] = True
        self.listed = listed[np.where(self.code < 0, size, self.code)]
        self.flags: npt.NDArray[np.uint32] = columns.ending("registry.flags", 0, shared=True)[self.row]
        self.pos: Ints = columns.ending("position", -1)[self.code]
        self.of_row = np.zeros(len(starts), dtype=np.int32)
        self.of_row[others] = np.arange(size + 1, len(self.code), dtype=np.int32)
        self._lock = Lock()
        self._tests: dict[Hashable, int | Bools] = {}
        self._word, self._bits = np.zeros(len(self.code), dtype=np.uint64), 0
        self._always = self._firsts = 0
        self._both: tuple[int, ...] = ()
        self.kept: dict[Any, Any] = {}

    def __len__(self) -> int:
        return len(self.code)

    @cached_property
    def exact(self) -> Bools:
        """The edition has the code."""
        held: Bools = self.columns.ending("exact", 0)[self.code]
        return held

    @cached_property
    def sets(self) -> npt.NDArray[np.uint32]:
        """Sets of codes, as bits."""
        held: npt.NDArray[np.uint32] = self.columns.ending("sets", 0)[self.pos]
        return held

    @property
    def word(self) -> Word:
        """The tests asked so far as bits of each entry."""
        with self._lock:
            return Word(self._word, self._bits, self._always, self._firsts, self._both)

    def wanted(self, always: int = 0, firsts: int = 0, both: int = 0) -> None:
        """Note that these bits are asked for of every diagnosis, of the first ones, or of claims that have them all."""
        with self._lock:
            self._always |= always
            self._firsts |= firsts
            if both and both not in self._both:
                self._both += (both,)

    def bit(self, condition: OfCode) -> int | Bools:
        """The bit of a condition in `word`; the condition itself, bool [E], where it has none."""
        found = self._tests.get(condition.key)
        if found is None:
            held = condition.test(self)
            with self._lock:
                found = self._tests.get(condition.key)
                if found is None:
                    found = self._added(held)
                    self._tests[condition.key] = found
        return found

    def test(self, condition: OfCode) -> Bools:
        """A condition of each entry, decided once."""
        held: Bools = self.once(condition, lambda: condition.test(self))
        return held

    def _added(self, held: Bools) -> int | Bools:
        if self._bits >= MOST_BITS or held.mean() > DENSE:
            return held
        self._word = self._word | (held.astype(np.uint64) << np.uint64(self._bits))
        self._bits += 1
        return self._bits - 1

    def once(self, key: Hashable, made: Callable[[], Any]) -> Any:
        """What was made for this digest before, or is now."""
        if key not in self.kept:
            self.kept[key] = made()
        return self.kept[key]


def digest_of(columns: Columns, first: int, last: int, horizon: int) -> Digest:
    """The digest of these days: one for all stretches between whose ends no row begins or ends."""
    held: dict[Any, Any] = columns.kept
    if "edges" not in held:
        starts, ends = (columns.array(f"registry.{each}", shared=True) for each in ("starts", "ends"))
        held["edges"] = np.unique(np.concatenate((starts.astype(np.int64), ends.astype(np.int64) + 1)))
    low, high = np.searchsorted(held["edges"], [first, last], side="right").tolist()
    key = "digest", low, high, horizon
    if key not in held:
        kept = [each for each in list(held) if each[0] == "digest"]
        for each in kept[: max(0, len(kept) - MOST_KEPT + 1)]:
            held.pop(each, None)
        held[key] = Digest(columns, first, last, horizon)
    found: Digest = held[key]
    return found
