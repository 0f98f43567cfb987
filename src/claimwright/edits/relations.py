"""The kernels over diagnoses: four questions about codes on claims, answered in columns.

| kernel | question |
|---|---|
| `Membership` | is this code in that dated set, for this patient, in this place? |
| `Pair` | do these two codes of one claim stand in that relation? |
| `Companion` | is a code that this one wants present at all? |
| `Order` | does a code that belongs before this one stand after it? |

Those over service lines (`Limit` and others) are in `line_relations`.

A kernel reads a `Frame` and returns `Hits`: three int32 columns of equal length, sorted by claim,
then left, then right. No kernel touches words. Each is tested against a slow, obvious reference.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from claimwright.book.columns import PairTable
from claimwright.edits.frame import DIAGNOSIS, PROCEDURE, Bools, Frame, Ints
from claimwright.model import Claim, Setting

Condition = Callable[[Frame], Bools]
"""A test of every diagnosis of a frame: bool [L]; of every procedure or claim for a membership of those."""

MANY = 4096
"""Diagnoses from which on it pays to learn beforehand what cannot come to a finding."""

MOST_CELLS = 4_000_000
"""Pairs looked at in one go, which bounds the memory of a batch."""


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


class _Always:
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
    order = np.lexsort((key, right, left))
    return Hits(left[order].astype(np.int32), right[order].astype(np.int32), key[order].astype(np.int32), kind)


def _fresh(values: npt.NDArray[np.int64]) -> Bools:
    """Where a run of equal numbers begins: `np.unique` of sorted numbers, without importing masked arrays."""
    fresh = np.ones(len(values), dtype=np.bool_)
    fresh[1:] = values[1:] != values[:-1]
    return fresh


@dataclass(frozen=True, slots=True)
class Membership(_Always):
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
        held = frame.in_settings(*self.settings, kind=self.kind)
        for condition in self.conditions:
            if not held.any():
                break
            held = held & condition(frame)
        left = np.flatnonzero(held)
        none = np.full(len(left), -1)
        return sorted_hits(left, none, none, self.kind)


@dataclass(frozen=True, slots=True)
class Pair(_Always):
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
        table = frame.columns.pair(self.table)
        lefts, rights = [], []
        for first, second in _pairs(frame):
            forward, backward = _stands(table, frame, first, second), _stands(table, frame, second, first)
            if not self.directed:
                held = forward | backward
                lefts += [first[held]]
                rights += [second[held]]
            else:
                lefts += [first[forward], second[backward]]
                rights += [second[forward], first[backward]]
        left = np.concatenate(lefts) if lefts else np.zeros(0, dtype=np.int64)
        right = np.concatenate(rights) if rights else np.zeros(0, dtype=np.int64)
        keep = np.ones(len(left), dtype=np.bool_)
        for condition in self.left_is:
            keep &= condition(frame)[left]
        for condition in self.right_is:
            keep &= condition(frame)[right]
        left, right = left[keep], right[keep]
        return sorted_hits(left, right, np.full(len(left), -1))


def _pairs(frame: Frame) -> list[tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]]:
    """All pairs (earlier, later) of diagnoses that share a claim and have a place in the tree.

    Claims with the same number of diagnoses form a block, whose column pairs are made once.
    """
    out = []
    placed = np.flatnonzero(frame.pos >= 0)
    counts = np.bincount(frame.claim[placed], minlength=len(frame.batch))
    starts = np.concatenate(([0], np.cumsum(counts)))
    sizes = np.flatnonzero(np.bincount(counts))
    for size in sizes[sizes > 1].tolist():
        one, two = np.triu_indices(size, 1)
        owners = np.flatnonzero(counts == size)
        step = max(1, MOST_CELLS // len(one))
        for at in range(0, len(owners), step):
            base = starts[owners[at : at + step]][:, None]
            out.append((placed[(base + one).ravel()], placed[(base + two).ravel()]))
    return out


def _stands(
    table: PairTable, frame: Frame, left: npt.NDArray[np.int64], right: npt.NDArray[np.int64]
) -> npt.NDArray[np.bool_]:
    held = table.matrix[table.row[frame.pos[left]], table.column[frame.pos[right]]]
    return held & (frame.code[left] != frame.code[right])


@dataclass(frozen=True, slots=True)
class Alike(_Always):
    """Every diagnosis that repeats something of an earlier one of its claim.

    `value` gives one number a diagnosis; equal numbers are alike, negative ones are like nothing.
    `right` is the first diagnosis with the same number.
    """

    value: Callable[[Frame], npt.NDArray[np.int64]]
    tables: tuple[str, ...] = ()

    def find(self, frame: Frame) -> Hits:
        """Hits (later, first); `key` -1."""
        value = self.value(frame)
        held = np.flatnonzero(value >= 0)
        if not len(held):
            empty = np.zeros(0, dtype=np.int64)
            return sorted_hits(empty, empty, empty)
        # Claim and value as one number: a single stable sort brings what is alike together, in order.
        alike = frame.claim[held].astype(np.int64) * (int(value[held].max()) + 1) + value[held]
        sorting = np.argsort(alike, kind="stable")
        order, alike = held[sorting], alike[sorting]
        fresh = _fresh(alike)
        first = order[np.flatnonzero(fresh)][np.cumsum(fresh) - 1]
        later = ~fresh
        return sorted_hits(order[later], first[later], np.full(int(later.sum()), -1))


@dataclass(frozen=True, slots=True)
class _Wanted:
    """One line for each (diagnosis, group that applies to it) and each other diagnosis of its claim."""

    left: npt.NDArray[np.int64]
    group: npt.NDArray[np.int64]
    want: npt.NDArray[np.int64]
    right: npt.NDArray[np.int64]
    satisfied: npt.NDArray[np.bool_]


def _wanted(frame: Frame, kind: str, speaking: Condition | None = None) -> _Wanted:
    table = frame.columns.companion(kind)
    placed = np.flatnonzero(frame.pos >= 0)
    group_class = table.group_class[frame.pos[placed]]
    counts = table.offsets[group_class + 1] - table.offsets[group_class]
    left = np.repeat(placed, counts)
    inner = np.arange(len(left)) - np.repeat(np.cumsum(counts) - counts, counts)
    group = table.members[np.repeat(table.offsets[group_class], counts) + inner].astype(np.int64)
    if speaking is not None and len(frame) >= MANY:
        heard = speaking(frame)[group]
        left, group = left[heard], group[heard]
    offsets = frame.batch.offsets
    claim = frame.claim[left]
    others = offsets[claim + 1] - offsets[claim]
    want = np.repeat(np.arange(len(left)), others)
    right = offsets[claim[want]] + np.arange(len(want)) - np.repeat(np.cumsum(others) - others, others)
    pos = frame.pos[right]
    held = (pos >= 0) & (frame.code[right] != frame.code[left[want]])
    held &= table.satisfied[group[want], table.column[np.maximum(pos, 0)]]
    return _Wanted(left, group, want, right, held)


@dataclass(frozen=True, slots=True)
class Companion(_Always):
    """Every diagnosis that wants a companion (`kind` of note) which is not on the claim at all.

    `key` is the number of the group's first note. `speaking` says which groups, of those of the edition,
    may come to a finding at all; in a large batch the others are not looked for.
    """

    kind: str
    tables: tuple[str, ...] = ("icd10cm-tabular",)
    speaking: Condition | None = None

    def find(self, frame: Frame) -> Hits:
        """Hits with `right` -1."""
        wanted = _wanted(frame, self.kind, self.speaking)
        met = np.zeros(len(wanted.left), dtype=np.bool_)
        met[wanted.want[wanted.satisfied]] = True
        left, group = wanted.left[~met], wanted.group[~met]
        return sorted_hits(left, np.full(len(left), -1), frame.columns.companion(self.kind).keys[group])


@dataclass(frozen=True, slots=True)
class Order(_Always):
    """Every diagnosis whose wanted companion stands after it, and none before it.

    `right` is the first such companion; `key` is the number of the group's first note.
    """

    kind: str
    tables: tuple[str, ...] = ("icd10cm-tabular",)

    def find(self, frame: Frame) -> Hits:
        """Hits (code, companion that should come first)."""
        wanted = _wanted(frame, self.kind)
        before = wanted.satisfied & (wanted.right < wanted.left[wanted.want])
        after = wanted.satisfied & (wanted.right > wanted.left[wanted.want])
        settled = np.zeros(len(wanted.left), dtype=np.bool_)
        settled[wanted.want[before]] = True
        late = np.flatnonzero(after & ~settled[wanted.want])
        first = late[_fresh(wanted.want[late])]
        want, right = wanted.want[first], wanted.right[first]
        return sorted_hits(wanted.left[want], right, frame.columns.companion(self.kind).keys[wanted.group[want]])


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
