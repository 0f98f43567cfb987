"""Outcomes of rules over service lines: which other lines of its day a finding stands at."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from claimwright.edits.frame import Bools, Frame
from claimwright.edits.line_relations import Places
from claimwright.edits.outcomes import AS_STATED, Outcomes, Ranks
from claimwright.edits.relations import Hits
from claimwright.model import Severity


def of_the_day(frame: Frame, left: npt.NDArray[np.integer], among: Bools | None = None) -> tuple[Places, Places]:
    """Every line of the claim and day of each of these lines, itself included: (number in `left`, line), in order.

    `among` says which lines count at all.
    """
    offsets, claim, occasion = frame.batch.line_offsets, frame.lines.claim[left], frame.lines.occasion
    counts = offsets[claim + 1] - offsets[claim]
    number = np.repeat(np.arange(len(left)), counts)
    line = np.arange(len(number)) + np.repeat(offsets[claim] - np.cumsum(counts) + counts, counts)
    held: Bools = occasion[line] == occasion[left[number]]
    if among is not None:
        held &= among[line]
    return number[held], line[held]


def stated(hits: Hits) -> Ranks:
    """Every hit is a finding of the rule's own severity."""
    return np.full(len(hits), AS_STATED, dtype=np.int8)


def graded(where: Bools, so: Severity, otherwise: Severity) -> Outcomes:
    """Every hit is a finding, of one severity where it holds and of another elsewhere."""
    return Outcomes(np.where(where, so.rank, otherwise.rank).astype(np.int8))
