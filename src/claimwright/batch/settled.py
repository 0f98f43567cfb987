"""Findings of rules that say their outcome in columns, where hits are procedures, service lines or whole claims."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from claimwright.edits.frame import CLAIM, LINE, Frame
from claimwright.edits.hit import ENDS, Scene
from claimwright.edits.outcomes import AS_STATED, NO_FINDING, Ranks
from claimwright.edits.registry import Rule
from claimwright.edits.relations import Hits
from claimwright.model import undotted

Ints = npt.NDArray[np.int32]
Places = npt.NDArray[np.int64]
Columns = tuple[Ints, int, Ranks, Ints, Ints, Ints]
"""Claim, rule, rank, counts of places, positions from 1, numbers of texts: as the parts of a scan have them."""

_FULL = 8
"""Characters of a packed text from which on it may be the beginning of a longer one."""


def settled(number: int, rule: Rule, scene: Scene, hits: Hits, claim: Ints, number_of: Callable[[str], int]) -> Columns:
    """Findings of a rule with an outcome, in the order of the hits; `number_of` numbers the texts of codes."""
    assert rule.outcome is not None  # noqa: S101 - the caller asked
    frame = scene.frame
    found = rule.outcome(frame, hits)
    kept = np.flatnonzero(found.rank != NO_FINDING)
    rank = found.rank[kept]
    rank[rank == AS_STATED] = rule.severity.rank
    if found.offsets is not None and found.ends is not None:
        counts = np.diff(found.offsets)[kept]
        at = np.arange(int(counts.sum())) + np.repeat(found.offsets[kept] - np.cumsum(counts) + counts, counts)
        ends = found.ends[at].astype(np.int64)
        # Places of a finding stand in the order of the claim, which is that of the batch.
        ends = ends[np.lexsort((ends, np.repeat(np.arange(len(kept)), counts)))]
    else:
        both = np.sort(np.stack((hits.left[kept], hits.right[kept]), axis=1).astype(np.int64), axis=1)
        ends, counts = both[both >= 0], (both >= 0).sum(axis=1)
    claim = claim[kept]
    positions = ends - _begins(frame, hits.kind, np.repeat(claim, counts)) + 1
    codes = _texts(scene, hits.kind, ends, number_of)
    return claim, number, rank, counts.astype(np.int32), positions.astype(np.int32), codes


def _begins(frame: Frame, kind: str, claim: Ints) -> Places:
    """Where the lines or procedures of each claim begin; a claim is the first and only one of itself."""
    if kind == CLAIM:
        return claim.astype(np.int64)
    return (frame.batch.line_offsets if kind == LINE else frame.batch.procedure_offsets)[claim]


def _texts(scene: Scene, kind: str, ends: Places, number_of: Callable[[str], int]) -> Ints:
    """Numbers of the texts by which findings name their ends, each distinct one written out once."""
    frame, out = scene.frame, np.empty(len(ends), dtype=np.int32)
    if kind == CLAIM:
        odd = np.arange(len(ends))  # few, and a status is as it was stated
    else:
        texts, number = _packed(frame, kind, ends)
        told = [number_of(undotted(bytes(each).decode("ascii"))) for each in texts.tolist()]
        out[:] = np.array(told, dtype=np.int32)[number]
        unsure = (np.char.str_len(texts) >= _FULL) | (np.char.find(texts, b"?") >= 0)
        odd = np.flatnonzero(unsure[number])
    for at in odd.tolist():
        out[at] = number_of(ENDS[kind](scene, int(ends[at])).code)
    return out


def _packed(frame: Frame, kind: str, ends: Places) -> tuple[npt.NDArray[np.bytes_], npt.NDArray[np.integer]]:
    """The distinct texts of some ends as columns hold them, and the number of each end's among them."""
    if kind == LINE:
        used, number = np.unique(frame.lines.code[ends], return_inverse=True)
        return frame.lines.texts[used], number
    texts, number = np.unique(frame.batch.procedure_codes[ends], return_inverse=True)
    return texts, number
