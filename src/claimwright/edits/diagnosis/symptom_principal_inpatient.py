"""DX403 symptom-principal-inpatient."""

from __future__ import annotations

import numpy as np

from claimwright.edits.conditions import in_effect, in_set, principal
from claimwright.edits.established import established
from claimwright.edits.frame import Frame
from claimwright.edits.grounds import LEXICON, grounds
from claimwright.edits.hit import Hit
from claimwright.edits.outcomes import AS_STATED, NO_FINDING, Outcomes, beside, stands
from claimwright.edits.registry import rule, since
from claimwright.edits.relations import Hits, Membership
from claimwright.edits.told import UNLESS_BESIDE, leaves
from claimwright.model import Authority, Finding, Fix, Setting, Severity


@leaves(UNLESS_BESIDE, LEXICON)
def _outcome(frame: Frame, hits: Hits) -> Outcomes:
    """Nothing to say where a related diagnosis in effect is on the claim."""
    number, other = beside(frame, hits.left)
    related = stands(frame, LEXICON, hits.left[number], other) & frame.meets(in_effect, other)
    rank = np.full(len(hits), AS_STATED, dtype=np.int8)
    rank[number[related]] = NO_FINDING
    return Outcomes(rank)


@rule(
    "DX403",
    relation=Membership(
        (principal, in_effect, in_set("symptom")), tables=("icd10cm-tabular",), settings=(Setting.INPATIENT,)
    ),
    severity=Severity.INFO,
    authority=Authority.GUIDELINE,
    in_force=since("2015-10-01"),
    cites=("icd10cm-guidelines:II.A", "icd10cm-guidelines:I.B.18"),
    outcome=_outcome,
)
def symptom_principal_inpatient(hit: Hit) -> Finding | None:
    """An inpatient stay whose principal diagnosis is a symptom.

    ## What it checks
    The principal diagnosis of an inpatient claim against the set of symptom codes (chapter 18).

    ## Why it matters
    After study a symptom is seldom what is left as the reason for the stay. It is allowed where no
    definitive diagnosis was established, and reviewers look at it.

    ## Example
    R55 (syncope and collapse) as inpatient principal diagnosis.

    ## How to fix
    Look for a diagnosis established by discharge. If there is none, the code stands as it is. Where a
    related diagnosis is on the claim, `symptom-principal` speaks instead.
    """
    if any(end.in_effect and grounds(hit, hit.left, end) and established(end) for end in hit.others()):
        return None
    return hit.finding(
        f"{hit.left.named} is a symptom and the principal diagnosis of an inpatient stay; "
        "it stands only if no related definitive diagnosis was established",
        because=[],
        fix=Fix(
            say="No change, if no definitive diagnosis was established by discharge",
            ask=f"Was the cause of {(hit.left.title or hit.left.code).lower()} established or suspected at discharge?",
        ),
    )
