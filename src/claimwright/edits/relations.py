"""The kernels over diagnoses: questions about codes on claims, answered in columns.

| kernel | question |
|---|---|
| `Membership` | is this code in that dated set, for this patient, in this place? |
| `Pair` | do these two codes of one claim stand in that relation? |
| `Alike` | does this code repeat something of an earlier one? |

Those about codes that a code wants beside it (`Companion`, `Order`) are in `companions`, those over service lines
(`Limit` and others) in `line_relations`.

A kernel reads a `Frame` and returns `Hits`: three int32 columns of equal length, sorted by claim,
then left, then right. No kernel touches words. Each is tested against a slow, obvious reference.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

import numpy as np
import numpy.typing as npt

from claimwright.claims.batch import offsets_of
from claimwright.edits.compiled import kernels
from claimwright.edits.digest import Coded, OfCode, all_codes
from claimwright.edits.frame import DIAGNOSIS, PROCEDURE, Bools, Frame, Ints
from claimwright.edits.told import Form
from claimwright.edits.undirected import either_way, with_each
from claimwright.model import Claim, Setting

Places = npt.NDArray[np.int64]
Condition = Callable[[Frame], Bools]
"""A test of every diagnosis of a frame: bool [L]; of every procedure or claim for a membership of those."""

MANY = 4096
"""Diagnoses from which on it pays to learn beforehand what cannot come to a finding."""


@dataclass(frozen=True, slots=True)
class OfClaim:
    """A condition that the claim decides, or the place in it. `test` answers for the diagnoses at some indices.

    `first`: only the first diagnosis of a claim can meet it.
    """

    test: Callable[[Frame, Places | slice], Bools]
    form: Form | None = None
    first: bool = False

    def __call__(self, frame: Frame) -> Bools:
        """Does each diagnosis meet it?"""
        return self.test(frame, slice(None))


@dataclass(frozen=True, slots=True)
class OfOdd:
    """A condition that only codes without a registry row of any day can meet; `test` answers for `frame.odd`."""

    test: Callable[[Frame], Bools]
    form: Form | None = None

    def __call__(self, frame: Frame) -> Bools:
        """Does each diagnosis meet it?"""
        out = np.zeros(len(frame), dtype=np.bool_)
        out[frame.odd] = self.test(frame)
        return out


MOST_PLACES = 32
"""Diagnoses of a claim up to which every two are compared."""


@dataclass(frozen=True, slots=True)
class Hits:
    """`left`, `right`: indices of diagnoses in the frame (`right` -1 for none); `key`: kernel's own.

    `kind` says what they count instead of diagnoses: procedures, service lines, or claims.
    """

    left: Ints
    right: Ints
    key: Ints
    kind: str = DIAGNOSIS

    def __len__(self) -> int:
        return len(self.left)


class Relation(Protocol):
    """What a rule declares: tables it needs, and where it holds."""

    @property
    def tables(self) -> tuple[str, ...]:
        """Tables of the book without which the question cannot be asked."""

    def find(self, frame: Frame) -> Hits:
        """Every hit in the frame, in order."""

    def concerns(self, claim: Claim) -> bool:
        """Could the question matter to this claim at all? Decides whether its absence is reported."""


class Always:
    """A relation that concerns every claim."""

    __slots__ = ()

    def concerns(self, claim: Claim) -> bool:
        """Every claim has diagnoses."""
        return True


def sorted_hits(
    left: npt.NDArray[np.integer],
    right: npt.NDArray[np.integer],
    key: npt.NDArray[np.integer],
    kind: str = DIAGNOSIS,
) -> Hits:
    """Hits in their order: by `left`, then `right`, then `key`."""
    if _rising(left, right, key):
        return Hits(left.astype(np.int32), right.astype(np.int32), key.astype(np.int32), kind)
    order = np.lexsort((key, right, left))
    return Hits(left[order].astype(np.int32), right[order].astype(np.int32), key[order].astype(np.int32), kind)


def _rising(*columns: npt.NDArray[np.integer]) -> bool:
    """Are the rows of these columns in order already?"""
    tied = np.ones(max(len(columns[0]) - 1, 0), dtype=np.bool_)
    for column in columns:
        before, after = column[:-1], column[1:]
        if (tied & (after < before)).any():
            return False
        tied &= after == before
        if not tied.any():
            return True
    return True


def fresh(values: npt.NDArray[np.integer]) -> Bools:
    """Where a run of equal numbers begins: `np.unique` of sorted numbers, without importing masked arrays."""
    begins = np.ones(len(values), dtype=np.bool_)
    begins[1:] = values[1:] != values[:-1]
    return begins


@dataclass(frozen=True, slots=True)
class Membership(Always):
    """Every diagnosis (or procedure, or claim: `kind`) that meets all conditions."""

    conditions: tuple[Condition, ...]
    tables: tuple[str, ...] = ("icd10cm-registry",)
    settings: tuple[Setting, ...] = tuple(Setting)
    kind: str = DIAGNOSIS

    def concerns(self, claim: Claim) -> bool:
        """Only claims of these settings, and with procedures if it is about them."""
        return claim.setting in self.settings and (self.kind != PROCEDURE or bool(claim.procedures))

    def find(self, frame: Frame) -> Hits:
        """Hits with `right` and `key` -1."""
        if frame.digest is not None and self.kind == DIAGNOSIS and self.conditions:
            return self._found(frame)
        held = frame.in_settings(*self.settings, kind=self.kind)
        for condition in self.conditions:
            if not held.any():
                break
            held = held & condition(frame)
        return _of_one(np.flatnonzero(held), self.kind)

    def _found(self, frame: Frame) -> Hits:
        """In a large batch: first what the codes decide, then the rest of those that are left."""
        coded, others = apart(self.conditions)
        if coded is not None:
            first = any(isinstance(each, OfClaim) and each.first for each in others)
            at = frame.where_first(coded) if first else frame.where(coded)
        elif isinstance(others[0], OfOdd):
            at, others = frame.odd[others[0].test(frame)], others[1:]
        else:
            at, others = np.flatnonzero(others[0](frame)), others[1:]
        at = narrowed(frame, at, others)
        if self.settings != _EVERYWHERE:
            at = at[frame.settings_at(self.settings, at)]
        return _of_one(at)


_EVERYWHERE = tuple(Setting)


def _of_one(left: Places, kind: str = DIAGNOSIS) -> Hits:
    """Hits with nothing but a left end."""
    none = np.full(len(left), -1, dtype=np.int32)
    return Hits(left.astype(np.int32), none, none, kind)


def apart(conditions: tuple[Condition, ...]) -> tuple[OfCode | None, list[Condition]]:
    """What the codes decide, as one condition, and the other conditions."""
    coded = [each for each in conditions if isinstance(each, OfCode)]
    others = [each for each in conditions if not isinstance(each, OfCode)]
    return all_codes(*coded) if coded else None, others


def narrowed(frame: Frame, at: Places, conditions: Sequence[Condition]) -> Places:
    """Those of the diagnoses `at` that meet all conditions."""
    for condition in conditions:
        if not len(at):
            break
        at = at[condition.test(frame, at) if isinstance(condition, OfClaim) else condition(frame)[at]]
    return at


@dataclass(frozen=True, slots=True)
class Pair(Always):
    """Every two diagnoses of a claim that stand in the relation `table`.

    Undirected: a note on either code counts, `left` is the earlier of the two. Directed: `left` is
    the code on the left of the relation, wherever it stands. `left_is`/`right_is` narrow the ends of
    a directed relation. A code never stands in relation to itself: some inherited ranges hold their
    own holder, and a repeated code is another rule's matter.
    """

    table: str
    directed: bool = False
    left_is: tuple[Condition, ...] = ()
    right_is: tuple[Condition, ...] = ()
    tables: tuple[str, ...] = ("icd10cm-tabular",)

    def find(self, frame: Frame) -> Hits:
        """Hits of two diagnoses; `key` -1."""
        left, right = _directed(frame, self) if self.directed else either_way(frame, self.table)
        none = np.full(len(left), -1, dtype=np.int32)
        if self.directed:
            return sorted_hits(left, right, none)
        return Hits(left.astype(np.int32), right.astype(np.int32), none)  # they are in order


def _directed(frame: Frame, pair: Pair) -> tuple[Places, Places]:
    """Pairs of a directed relation: few codes stand in one, so only these are paired."""
    table = frame.columns.pair(pair.table)
    coded, narrow = [], []
    for side, conditions in (("row", pair.left_is), ("column", pair.right_is)):
        of_codes, others = apart((_able(pair.table, side), *conditions))
        assert of_codes is not None  # noqa: S101 - there is one at least
        coded.append(of_codes)
        narrow.append(others)
    ends = [narrowed(frame, at, others) for at, others in zip(frame.where_both(*coded), narrow, strict=True)]
    left, right = with_each(frame, *ends)
    held = table.matrix[table.row[frame.of("pos", left)], table.column[frame.of("pos", right)]]
    held &= frame.of("code", left) != frame.of("code", right)
    return left[held], right[held]


@lru_cache(maxsize=64)
def _able(table: str, side: str) -> OfCode:
    """May the code stand on this side ("row": left, "column": right) of the relation at all?"""
    return OfCode((table, side), lambda coded: coded.columns.ending(f"{table}.{side}", 0)[coded.pos] != 0)


@dataclass(frozen=True, slots=True)
class Alike(Always):
    """Every diagnosis that repeats something of an earlier one of its claim.

    `value` gives one number for each diagnosis asked for; equal numbers are alike, negative ones are like nothing.
    `among` says which diagnoses may be alike at all (None: any). `right` is the first with the same number.
    Where the code and the day alone decide, `coded` says both: int32, negative for what is like nothing.
    """

    value: Callable[[Frame, Places], npt.NDArray[np.int64]]
    among: Callable[[Frame], Places | None]
    tables: tuple[str, ...] = ()
    coded: Callable[[Coded], Ints] | None = None

    def find(self, frame: Frame) -> Hits:
        """Hits (later, first); `key` -1."""
        fast = kernels() if self.coded is not None and frame.digest is not None else None
        if fast is not None and frame.digest is not None and self.coded is not None:
            digest, coded = frame.digest, self.coded
            values = digest.once(("alike", self), lambda: coded(digest))
            left, right = fast.alike(frame.entry, frame.claim, frame.offsets, values)
            return Hits(left, right, np.full(len(left), -1, dtype=np.int32))
        among = self.among(frame)
        held = np.arange(len(frame)) if among is None else among
        value = self.value(frame, held)
        if (value < 0).any():
            held, value = held[value >= 0], value[value >= 0]
        if not len(held):
            empty = np.zeros(0, dtype=np.int64)
            return sorted_hits(empty, empty, empty)
        if len(held) >= MANY:
            kept = _repeated(frame, held, value)
            held, value = held[kept], value[kept]
        # Claim and value as one number: a single stable sort brings what is alike together, in order.
        alike = frame.claim[held].astype(np.int64) * (int(value.max(initial=0)) + 1) + value
        sorting = np.argsort(alike, kind="stable")
        order, alike = held[sorting], alike[sorting]
        begins = fresh(alike)
        first = order[np.flatnonzero(begins)][np.cumsum(begins) - 1]
        later = ~begins
        return sorted_hits(order[later], first[later], np.full(int(later.sum()), -1))


def _repeated(frame: Frame, held: Places, value: npt.NDArray[np.int64]) -> Bools:
    """What is on claims where some number repeats, found by comparing every two places: bool [held]."""
    fast = kernels()
    if fast is not None:
        found: Bools = fast.repeated(frame.claim[held], value)
        return found
    counts = np.bincount(frame.claim[held], minlength=len(frame.batch))
    starts = offsets_of(counts)[:-1]
    repeats = counts > MOST_PLACES  # rare enough not to be looked at
    sizes = np.flatnonzero(np.bincount(counts))
    for size in sizes[(sizes > 1) & (sizes <= MOST_PLACES)].tolist():
        owners = np.flatnonzero(counts == size)
        values = [value[starts[owners] + place] for place in range(size)]
        equal = np.zeros(len(owners), dtype=np.bool_)
        for two in range(1, size):
            for one in range(two):
                equal |= values[one] == values[two]
        repeats[owners] = equal
    return repeats[frame.claim[held]]


@dataclass(frozen=True, slots=True)
class OneOf:
    """Every hit of several relations of one kind; a key of -1 becomes -1, -2, ... by where it comes from."""

    relations: tuple[Relation, ...]

    @property
    def tables(self) -> tuple[str, ...]:
        """Tables of all relations."""
        return tuple(dict.fromkeys(table for each in self.relations for table in each.tables))

    def concerns(self, claim: Claim) -> bool:
        """Does any of the relations concern the claim?"""
        return any(each.concerns(claim) for each in self.relations)

    def find(self, frame: Frame) -> Hits:
        """Hits of all relations, sorted together."""
        found = [each.find(frame) for each in self.relations]
        keys = [np.where(hits.key == -1, -1 - number, hits.key) for number, hits in enumerate(found)]
        return sorted_hits(
            np.concatenate([hits.left for hits in found]),
            np.concatenate([hits.right for hits in found]),
            np.concatenate(keys),
            found[0].kind,
        )
