"""What a rule's words would say of its hits, in columns: for batches in which nobody reads the words.

A rule may name an `outcome` beside its explanation. It answers, for all hits of a frame at once, what the
explanation would give each: no finding, or one of which severity and at which places. The two are tested against
each other. A rule without an outcome is explained, hit by hit.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from claimwright.edits.frame import Bools, Frame, Ints
from claimwright.edits.relations import Hits
from claimwright.edits.told import ALL_HITS, leaves
from claimwright.model import Setting, Severity

Ranks = npt.NDArray[np.int8]
Places = npt.NDArray[np.int64]
NO_FINDING, AS_STATED = -1, 3
"""Beside the ranks of severity: no finding at all; a finding of the rule's own severity."""


@dataclass(frozen=True, slots=True)
class Outcomes:
    """`rank` int8 [h]: rank of the severity, NO_FINDING or AS_STATED.

    A finding stands at both ends of its hit (the left one, where there is no right), unless `ends` says which
    diagnoses of the frame it stands at: `offsets` int64 [h + 1] into `ends` int64.
    """

    rank: Ranks
    offsets: Places | None = None
    ends: Places | None = None


Outcome = Callable[[Frame, Hits], Outcomes]


@leaves(ALL_HITS)
def as_stated(frame: Frame, hits: Hits) -> Outcomes:
    """Every hit is a finding of the rule's own severity."""
    return Outcomes(np.full(len(hits), AS_STATED, dtype=np.int8))


def inpatient_or(inpatient: Severity, otherwise: Severity) -> Outcome:
    """Every hit is a finding, of one severity on inpatient claims and of another elsewhere."""

    @leaves(ALL_HITS)
    def found(frame: Frame, hits: Hits) -> Outcomes:
        held = frame.settings_at((Setting.INPATIENT,), hits.left)
        return Outcomes(np.where(held, inpatient.rank, otherwise.rank).astype(np.int8))

    return found


def stands(frame: Frame, table: str, left: npt.NDArray[np.integer], right: npt.NDArray[np.integer]) -> Bools:
    """Do the diagnoses stand in the relation, left to right? False for codes without a place in the tree."""
    return _stand(frame, table, frame.of("pos", left), frame.of("pos", right))


def stand_either_way(
    frame: Frame, tables: tuple[str, ...], left: npt.NDArray[np.integer], right: npt.NDArray[np.integer]
) -> Bools:
    """Do the diagnoses stand in one of the relations, whichever way?"""
    one, two = frame.of("pos", left), frame.of("pos", right)
    out = np.zeros(len(left), dtype=np.bool_)
    for table in tables:
        out |= _stand(frame, table, one, two) | _stand(frame, table, two, one)
    return out


def _stand(frame: Frame, table: str, one: Ints, two: Ints) -> Bools:
    pair = frame.columns.pair(table)
    row = pair.row[np.maximum(one, 0)]
    able = np.flatnonzero((row > 0) & (one >= 0))  # a code of class 0 stands in no relation, and so do most
    column = pair.column[np.maximum(two[able], 0)]
    out = np.zeros(len(one), dtype=np.bool_)
    out[able] = pair.matrix[row[able], column] & (two[able] >= 0)
    return out


def beside(frame: Frame, left: npt.NDArray[np.integer]) -> tuple[Places, Places]:
    """Every other diagnosis of the claim of each: (number in `left`, index of the other), in order."""
    offsets, claim = frame.batch.offsets, frame.claim[left]
    counts = offsets[claim + 1] - offsets[claim]
    number = np.repeat(np.arange(len(left)), counts)
    other = np.arange(len(number)) + np.repeat(offsets[claim] - np.cumsum(counts) + counts, counts)
    kept = other != left[number]
    return number[kept], other[kept]


def with_ends(rank: Ranks, number: Places, ends: Places) -> Outcomes:
    """Findings at these diagnoses: `ends[k]` belongs to hit `number[k]`, in order of the hits."""
    offsets = np.zeros(len(rank) + 1, dtype=np.int64)
    np.cumsum(np.bincount(number, minlength=len(rank)), out=offsets[1:])
    return Outcomes(rank, offsets, ends)


def repeated(rising: npt.NDArray[np.integer]) -> Bools:
    """Which values of a rising column stand there more than once."""
    out = np.zeros(len(rising), dtype=np.bool_)
    same = rising[1:] == rising[:-1]
    out[1:] |= same
    out[:-1] |= same
    return out


def first_of(number: Places, size: int) -> Places:
    """Where each of `size` numbers first stands in a rising column, -1 for one that does not."""
    out = np.full(size, -1, dtype=np.int64)
    at = np.flatnonzero(np.r_[True, number[1:] != number[:-1]]) if len(number) else np.zeros(0, np.int64)
    out[number[at]] = at
    return out
