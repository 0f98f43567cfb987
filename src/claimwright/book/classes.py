"""Relations over codes compressed by equivalence: a bit matrix over classes, never pairs.

A relation is a list of rows; a row says that every code in its left intervals stands in the
relation to every code in its right intervals. Codes with the same rows on the left form a row class,
codes that the same rows name on the right form a column class; a boolean matrix over the classes
answers "do these two codes stand in the relation?" with one gather. Excludes1 of one edition:
some 15 million code pairs, 7 MB of matrix.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from claimwright.book.references import Spans

Ints = npt.NDArray[np.int32]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Row:
    """`key` names the row for explanations; intervals are of tree positions, half-open."""

    key: int
    left: Spans
    right: Spans


@dataclass(frozen=True, slots=True)
class ClassMatrix:
    """`row_class`, `column_class`: int32 [positions]; `matrix`: bool [row classes, column classes].

    Class 0 on either side means "in no row".
    """

    row_class: Ints
    column_class: Ints
    matrix: Bools

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """The arrays to store, by name."""
        return {"row": self.row_class, "column": self.column_class, "matrix": self.matrix}


def compress(rows: Sequence[Row], positions: int) -> ClassMatrix:
    """The class matrix of `rows` over a tree of `positions` nodes."""
    column_of, named = _segments([row.right for row in rows], positions)
    row_of, covers = _segments([row.left for row in rows], positions)
    # Union of the named segments over the rows that cover each left segment; equal unions are one class.
    unions = np.zeros((covers.shape[1], named.shape[1]), dtype=np.bool_)
    for segment in range(covers.shape[1]):
        held = np.flatnonzero(covers[:, segment])
        if held.size:
            unions[segment] = named[held].any(axis=0)
    row_class, unions = _intern(unions)
    column_class, flipped = _intern(np.ascontiguousarray(unions.T))
    return ClassMatrix(
        row_class[row_of].astype(np.int32), column_class[column_of].astype(np.int32), np.ascontiguousarray(flipped.T)
    )


@dataclass(frozen=True, slots=True)
class Groups:
    """Companion groups: which groups apply to a code, and which codes satisfy a group.

    `group_class` int32 [positions] points into `offsets`/`members` (groups that apply, as indices);
    `satisfied` bool [groups, column classes] with `column_class` int32 [positions]; `keys` int32
    [groups] names each group for explanations.
    """

    group_class: Ints
    offsets: Ints
    members: Ints
    column_class: Ints
    satisfied: Bools
    keys: Ints

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """The arrays to store, by name."""
        return {
            "group_class": self.group_class,
            "offsets": self.offsets,
            "members": self.members,
            "column": self.column_class,
            "satisfied": self.satisfied,
            "keys": self.keys,
        }


def companion_groups(rows: Sequence[Row], positions: int) -> Groups:
    """Groups of `rows` (one row a group) over a tree of `positions` nodes."""
    column_of, named = _segments([row.right for row in rows], positions)
    left_of, covers = _segments([row.left for row in rows], positions)
    column_class, columns = _intern(np.ascontiguousarray(named.T))
    members = [np.flatnonzero(covers[:, segment]) for segment in range(covers.shape[1])]
    offsets = np.concatenate(([0], np.cumsum([len(each) for each in members])))
    return Groups(
        group_class=left_of.astype(np.int32),
        offsets=offsets.astype(np.int32),
        members=(np.concatenate(members) if members else np.zeros(0)).astype(np.int32),
        column_class=column_class[column_of].astype(np.int32),
        satisfied=np.ascontiguousarray(columns.T),
        keys=np.array([row.key for row in rows], dtype=np.int32),
    )


def _segments(sets: Sequence[Spans], positions: int) -> tuple[Ints, Bools]:
    """Cut the axis at every boundary: the segment of each position, and set x segment membership.

    Segments that belong to no set are one, number 0.
    """
    cuts = np.unique(np.array([0, positions, *(edge for spans in sets for span in spans for edge in span)]))
    held = np.zeros((len(sets), len(cuts) - 1), dtype=np.bool_)
    for number, spans in enumerate(sets):
        for start, stop in spans:
            low, high = np.searchsorted(cuts, (start, stop))
            held[number, low:high] = True
    used = held.any(axis=0)
    number_of = np.where(used, np.cumsum(used), 0)
    segment = np.repeat(number_of, np.diff(cuts)).astype(np.int32)
    empty = np.zeros((len(sets), 1), dtype=np.bool_)
    return segment, np.concatenate((empty, held[:, used]), axis=1)


def _intern(rows: Bools) -> tuple[npt.NDArray[np.int64], Bools]:
    """Number equal rows alike in order of first appearance; row 0 (all false) stays number 0."""
    packed = np.packbits(rows, axis=1)
    seen: dict[bytes, int] = {}
    numbers = np.empty(len(rows), dtype=np.int64)
    first = []
    for index, row in enumerate(packed):
        key = row.tobytes()
        if key not in seen:
            seen[key] = len(seen)
            first.append(index)
        numbers[index] = seen[key]
    return numbers, np.ascontiguousarray(rows[first])
