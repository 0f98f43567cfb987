"""DX502 laterality-mismatch."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from claimwright.book.sides import BILATERAL, LEFT, RIGHT
from claimwright.edits.frame import Bools, Frame, SidedLine
from claimwright.edits.hit import Hit
from claimwright.edits.registry import rule, since
from claimwright.edits.relations import Membership
from claimwright.model import Authority, Because, Finding, Fix, Place, Severity

_WORDS = {LEFT: "left", RIGHT: "right"}


def _other_side(frame: Frame) -> Bools:
    """Some line points to this diagnosis with a modifier of the other side, and to none of its own side."""
    if not len(frame.batch.modifiers):
        return np.zeros(len(frame), dtype=np.bool_)
    side = frame.columns.array("side")[np.maximum(frame.pos, 0)]
    side = np.where((frame.pos >= 0) & (frame.row >= 0), side, 0)
    held = np.zeros(len(frame), dtype=np.bool_)
    for line in frame.pointing:
        if line.side not in (LEFT, RIGHT):
            continue
        pointed = side[line.diagnoses]
        sided = np.isin(pointed, (LEFT, RIGHT))
        if sided.any() and not (pointed[sided] == line.side).any() and not (pointed == BILATERAL).any():
            held[line.diagnoses[sided]] = True
    return held


def _contradicting(frame: Frame) -> dict[int, SidedLine]:
    """The first line of the other side that points to each diagnosis with a side."""
    out: dict[int, SidedLine] = {}
    side = frame.columns.array("side")
    for line in frame.pointing:
        if line.side in (LEFT, RIGHT):
            pointed = line.diagnoses[frame.pos[line.diagnoses] >= 0]
            other = side[frame.pos[pointed]]
            for index in pointed[np.isin(other, (LEFT, RIGHT)) & (other != line.side)].tolist():
                out.setdefault(index, line)
    return out


@rule(
    "DX502",
    relation=Membership((_other_side,), tables=("icd10cm-tabular",)),
    severity=Severity.WARNING,
    authority=Authority.GUIDELINE,
    in_force=since("2015-10-01"),
    cites=("icd10cm-guidelines:I.B.13",),
)
def laterality_mismatch(hit: Hit) -> Finding:
    """The side of a diagnosis contradicts the side of the service line that points to it.

    ## What it checks
    Service lines with a modifier for a side (LT, RT, and those for eyelids, fingers and toes) against the
    diagnoses they point to; without pointers, against all. A line is quiet as soon as one diagnosis it
    points to is of its side, or bilateral.

    ## Why it matters
    A right-sided diagnosis does not explain a left-sided service: one of the two is wrong.

    ## Example
    M25.561 (pain in right knee) with a line carrying LT.

    ## How to fix
    Read the side from the record and correct the diagnosis or the modifier.
    """
    frame = hit.scene.frame
    line: SidedLine = frame.once("contradicting", lambda: _contradicting(frame))[hit.left.index]
    service = hit.claim.lines[line.number]
    proof = Because(
        "icd10cm-tabular", hit.scene.edition.name, hit.scene.edition.window.starts, hit.scene.edition.window.ends,
        "title", hit.left.title or "", hit.left.code, "code",
    )  # fmt: skip
    found = hit.finding(
        f"{hit.left.named} is {_WORDS[_side(frame, hit.left.index)]}-sided, and line {line.number + 1} "
        f"({service.code}-{line.modifier}) says {_WORDS[line.side]}",
        because=[proof],
        fix=Fix(
            say=f"Correct the diagnosis or the modifier {line.modifier} of line {line.number + 1}",
            ask="Which side does the record document?",
        ),
    )
    place = Place("line", line.number + 1, service.code)
    return replace(found, at=(*found.at, place))


def _side(frame: Frame, index: int) -> int:
    return int(frame.columns.array("side")[frame.pos[index]])
