"""DX202 excludes2-note."""

from __future__ import annotations

import numpy as np

from claimwright.edits.frame import Frame
from claimwright.edits.grounds import LEXICON, grounds
from claimwright.edits.hit import Hit
from claimwright.edits.outcomes import AS_STATED, NO_FINDING, Outcomes, stand_either_way
from claimwright.edits.registry import rule, since
from claimwright.edits.relations import Hits, Pair
from claimwright.edits.told import UNLESS_RELATED, leaves
from claimwright.model import Authority, Finding, Fix, Severity

_SPOKEN = ("excludes1", LEXICON)
"""Relations that say more of two codes than that both may stand."""


@leaves(UNLESS_RELATED, *_SPOKEN)
def _outcome(frame: Frame, hits: Hits) -> Outcomes:
    """Nothing to say where an Excludes1 note speaks, or where one is a symptom of the other."""
    spoken = stand_either_way(frame, _SPOKEN, hits.left, hits.right)
    return Outcomes(np.where(spoken, NO_FINDING, AS_STATED).astype(np.int8))


@rule(
    "DX202",
    relation=Pair("excludes2"),
    severity=Severity.INFO,
    authority=Authority.OFFICIAL_NOTE,
    in_force=since("2015-10-01"),
    cites=("icd10cm-guidelines:I.A.12.b",),
    outcome=_outcome,
)
def excludes2_note(hit: Hit) -> Finding | None:
    """Two diagnoses that an Excludes2 note holds apart, and allows together.

    ## What it checks
    Every two diagnoses of the claim against the Excludes2 notes of both, own and inherited, up to the
    block. Chapter notes are left out: they only tell how the book is divided (chapter 6 "Excludes2"
    all symptoms), and would speak on almost every claim.

    ## Why it matters
    Excludes2 means "not included here": the patient may have both, and both codes may be reported when
    both are documented. One does not stand for the other.

    ## Example
    R25.2 (cramp and spasm) with R29.0 (tetany): R25.2 lists carpopedal spasm (R29.0) under Excludes2.

    ## How to fix
    Nothing is wrong. Check that both conditions are documented. Where an Excludes1 note joins the same
    two codes, or one is a symptom of the other, another rule speaks and this one stays quiet.
    """
    left, right = hit.left, hit.right
    if hit.notes_between("excludes1", left, right) or hit.notes_between("excludes1", right, left):
        return None
    if grounds(hit, left, right) or grounds(hit, right, left):
        return None
    proof = hit.notes_between("excludes2", left, right) + hit.notes_between("excludes2", right, left)
    proof = [each for each in proof if each.level != "chapter"]
    return hit.finding(
        f"{left.named} and {right.named} may be reported together if both are documented: "
        f"{proof[0].holder} lists {proof[0].text} under Excludes2",
        because=proof,
        fix=Fix(say=f"No change, if the record shows both {left.code} and {right.code}"),
    )
