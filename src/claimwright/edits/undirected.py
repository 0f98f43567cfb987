"""Excludes notes in columns: every two diagnoses of a claim that stand in a relation whichever comes first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from claimwright.book.columns import Columns
from claimwright.claims.batch import offsets_of
from claimwright.edits.compiled import kernels
from claimwright.edits.digest import OfCode
from claimwright.edits.frame import Frame

Places = npt.NDArray[np.int64]
Ints = npt.NDArray[np.int32]

UNDIRECTED = ("excludes1", "excludes2")
"""Relations that hold between two diagnoses whichever comes first."""

MANY_CLAIMS = 2_000
"""Claims with the same number of diagnoses from which on they are read place by place."""

MOST_CELLS = 4_000_000
"""Pairs looked at in one go, which bounds the memory of a batch."""


def with_each(frame: Frame, left: Places, others: Places) -> tuple[Places, Places]:
    """Each diagnosis of `left` with each of `others` on its claim; both rise, and so do the pairs."""
    fast = kernels() if frame.digest is not None else None
    if fast is not None:
        pairs: tuple[Places, Places] = fast.with_each(left, others, frame.claim)
        return pairs
    starts = offsets_of(np.bincount(frame.claim[others], minlength=len(frame.batch)))
    first, last = starts[frame.claim[left]], starts[frame.claim[left] + 1]
    counts = last - first
    at = np.arange(int(counts.sum())) + np.repeat(first - np.cumsum(counts) + counts, counts)
    return np.repeat(left, counts), others[at]


def either_way(frame: Frame, name: str) -> tuple[Places, Places]:
    """Pairs (earlier, later) of an undirected relation."""
    if frame.digest is None:
        return _one_by_one(frame, name)
    left, right, bits = _undirected(frame)
    held = np.flatnonzero(bits & (1 << UNDIRECTED.index(name)))
    return left[held], right[held]


def repeating(frame: Frame) -> Places | None:
    """In a large batch: all diagnoses whose code may stand twice on its claim, rising; None where it is not known."""
    if frame.digest is None:
        return None
    left, right, bits = _undirected(frame)
    same = np.flatnonzero(bits == _SAME)
    marked = np.zeros(len(frame), dtype=np.bool_)
    marked[left[same]] = marked[right[same]] = True
    marked[frame.where(_UNPLACED)] = True
    return np.flatnonzero(marked)


_UNPLACED = OfCode("unplaced", lambda coded: coded.pos < 0)
_BLOCK = 3
_SAME = 1 << len(UNDIRECTED)
"""Stands for two diagnoses with one code among the bits of relations."""


def _undirected(frame: Frame) -> tuple[Places, Places, npt.NDArray[np.uint8]]:
    """`_in_one_go`, once for a frame."""
    found: tuple[Places, Places, npt.NDArray[np.uint8]] = frame.once(UNDIRECTED, lambda: _in_one_go(frame))
    return found


def _one_by_one(frame: Frame, name: str) -> tuple[Places, Places]:
    """For few claims: both directions of every two diagnoses, in the matrix as the book has it."""
    placed = np.flatnonzero(frame.pos >= 0)
    left, right = with_each(frame, placed, placed)
    later = left < right
    left, right = left[later], right[later]
    table = frame.columns.pair(name)
    row, column = table.row[frame.pos], table.column[frame.pos]
    held = table.matrix[row[left], column[right]] | table.matrix[row[right], column[left]]
    held &= frame.code[left] != frame.code[right]
    return left[held], right[held]


def _in_one_go(frame: Frame) -> tuple[Places, Places, npt.NDArray[np.uint8]]:
    """For many claims: every two diagnoses that stand in an undirected relation, and in which, as bits.

    Two diagnoses with one code stand in none, and have the bit _SAME instead. Claims with the same number of
    diagnoses form a block, which is read place by place: one look into the matrix of joint classes for each two.
    """
    joint, digest = joint_classes(frame.columns), frame.digest
    assert digest is not None  # noqa: S101 - a large frame has one
    kinds_of_codes = digest.once("joint", lambda: np.append(joint.kind, -1)[digest.pos].astype(np.int32))
    fast = kernels()
    if fast is not None:
        tables = *_buckets(frame.columns), joint.coarse, joint.across, _tiles(frame.columns)
        pairs: tuple[Places, Places, npt.NDArray[np.uint8]] = fast.pairs(
            frame.entry, frame.offsets, frame.claim, kinds_of_codes, digest.code, *tables, _SAME
        )
        return pairs
    placed, starts, counts = _placed(frame)
    kind = kinds_of_codes[frame.entry if placed is None else frame.entry[placed]]
    lefts, rights, found = [], [], []
    of_size = np.bincount(counts)
    sizes = np.flatnonzero(of_size)
    rare = of_size[counts] < MANY_CLAIMS
    for size in sizes[(sizes > 1) & (of_size[sizes] >= MANY_CLAIMS)].tolist():
        owners = (counts == size).nonzero()[0]
        step = max(1, MOST_CELLS // size)
        for at in range(0, len(owners), step):
            begins = starts[owners[at : at + step]]
            kinds = [kind[begins + place] for place in range(size)]
            for two in range(1, size):
                for one in range(two):
                    held, bits = _related(joint, kinds[one], kinds[two])
                    if len(held):
                        lefts.append(begins[held] + one)
                        rights.append(begins[held] + two)
                        found.append(bits)
    for earlier, later in _every_two(starts[rare], counts[rare]):
        held, bits = _related(joint, kind[earlier], kind[later])
        lefts.append(earlier[held])
        rights.append(later[held])
        found.append(bits)
    none = np.zeros(0, dtype=np.int64)
    left, right = (np.concatenate([none, *each]) for each in (lefts, rights))
    which = np.concatenate([none.astype(np.uint8), *found])
    if placed is not None:
        left, right = placed[left], placed[right]
    which = np.where(frame.of("code", left) == frame.of("code", right), np.uint8(_SAME), which & np.uint8(_SAME - 1))
    held = np.flatnonzero(which)
    left, right, which = left[held], right[held], which[held]
    order = np.argsort(left * len(frame) + right)
    return left[order], right[order], which[order]


def _related(joint: Joint, one: Ints, two: Ints) -> tuple[Places, npt.NDArray[np.uint8]]:
    """Of pairs of joint classes those that hold anything, and their bits; the block is looked up before the pair."""
    block = (two >> _BLOCK) * np.int32(joint.across)
    block += one >> _BLOCK
    maybe = joint.coarse.take(block, mode="clip").nonzero()[0]
    bits = joint.matrix[two[maybe] * np.int32(joint.width) + one[maybe]]
    sure = bits.nonzero()[0]
    return maybe[sure], bits[sure]


def _every_two(starts: Places, counts: Places) -> Iterator[tuple[Places, Places]]:
    """Every two diagnoses (earlier, later) of claims that begin at `starts`, in parts of bounded size."""
    pairs = np.cumsum(counts * (counts - 1) // 2)
    cuts = np.searchsorted(pairs, np.arange(MOST_CELLS, int(pairs[-1]) if len(pairs) else 0, MOST_CELLS)) + 1
    for begins, many in zip(np.split(starts, cuts), np.split(counts, cuts), strict=True):
        first = np.repeat(begins, many)
        later = np.arange(len(first)) - np.repeat(np.cumsum(many) - many, many) + first
        before = later - first
        two = np.repeat(later, before)
        yield np.arange(len(two)) - np.repeat(np.cumsum(before) - before, before) + np.repeat(first, before), two


def _placed(frame: Frame) -> tuple[Places | None, Places, Places]:
    """The diagnoses with a place in the tree (None: all of them); where those of each claim begin, and how many."""
    lost = frame.where(_UNPLACED)
    if not len(lost):
        return None, frame.batch.offsets[:-1], np.diff(frame.batch.offsets)
    counts = np.diff(frame.batch.offsets) - np.bincount(frame.claim[lost], minlength=len(frame.batch))
    return np.delete(np.arange(len(frame)), lost), offsets_of(counts)[:-1], counts


@dataclass(frozen=True, slots=True)
class Joint:
    """Undirected relations over joint classes: `kind` int64 [positions]; `matrix` uint8 [width * width], symmetric,
    a bit for each relation of UNDIRECTED, and _SAME where one code might meet itself.

    Classes are numbered along the tree, so that what is related stands together: `coarse` bool [across * across] says
    of every block of the matrix (2 ** _BLOCK classes each way) whether there is anything in it. It fits the cache.
    """

    kind: Places
    width: int
    matrix: npt.NDArray[np.uint8]
    across: int
    coarse: npt.NDArray[np.bool_]


@lru_cache(maxsize=16)
def joint_classes(columns: Columns) -> Joint:
    """Codes with the same row and column classes in all these relations are one class; either direction counts."""
    tables = [columns.pair(name) for name in UNDIRECTED]
    kind = np.zeros(len(tables[0].row), dtype=np.int64)
    for table in tables:
        for classes in (table.row, table.column):
            _, kind = np.unique(kind * (int(classes.max(initial=0)) + 1) + classes, return_inverse=True)
    _, first, kind = np.unique(kind, return_index=True, return_inverse=True)
    along = np.argsort(first)
    number = np.empty(len(first), dtype=np.int64)
    number[along] = np.arange(len(first))
    kind, first = number[kind], first[along]
    matrix = np.zeros((len(first), len(first)), dtype=np.uint8)
    for bit, table in enumerate(tables):
        forward = table.matrix[table.row[first][:, None], table.column[first][None, :]]
        matrix |= (forward | forward.T).astype(np.uint8) << bit
    matrix[np.diag_indices(len(first))] |= _SAME
    block = 1 << _BLOCK
    across = -(-len(first) // block)
    whole = np.zeros((across * block, across * block), dtype=np.bool_)
    whole[: len(first), : len(first)] = matrix
    coarse = whole.reshape(across, block, across, block).any(axis=(1, 3))
    return Joint(kind.astype(np.int64), len(first), matrix.ravel(), across, coarse.ravel())


Words = npt.NDArray[np.uint64]
_BUCKETS = 64


@lru_cache(maxsize=16)
def _buckets(columns: Columns) -> tuple[Words, Words]:
    """The joint classes in as many buckets as a word has bits, along the tree: of each class (and at the end of none)
    the buckets that hold a class it stands in a relation to, and its own bucket."""
    joint = joint_classes(columns)
    number = np.arange(joint.width) * _BUCKETS // joint.width
    bit = np.uint64(1) << number.astype(np.uint64)
    barred = np.zeros(joint.width + 1, dtype=np.uint64)
    matrix = joint.matrix.reshape(joint.width, joint.width)
    for bucket in np.unique(number).tolist():
        held = matrix[:, number == bucket].any(axis=1)
        barred[:-1] |= held.astype(np.uint64) << np.uint64(bucket)
    return barred, np.append(bit, np.uint64(0))


@lru_cache(maxsize=16)
def _tiles(columns: Columns) -> npt.NDArray[np.uint64]:
    """The matrix of joint classes by blocks of `coarse`: uint64 [relations and _SAME, across * across], a bit a cell.

    It takes a quarter of the matrix, and what belongs together lies in one word.
    """
    joint = joint_classes(columns)
    block = 1 << _BLOCK
    size = joint.across * block
    out = np.zeros((len(UNDIRECTED) + 1, joint.across * joint.across), dtype=np.uint64)
    for bit in range(len(out)):
        whole = np.zeros((size, size), dtype=np.bool_)
        whole[: joint.width, : joint.width] = (joint.matrix.reshape(joint.width, -1) >> bit) & 1
        cells = whole.reshape(joint.across, block, joint.across, block).transpose(0, 2, 1, 3).reshape(-1, block * block)
        out[bit] = np.packbits(cells, axis=1, bitorder="little").view("<u8").ravel()
    return out
