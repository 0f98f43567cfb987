"""DX401 symptom-principal."""

from __future__ import annotations

import numpy as np

from claimwright.edits.conditions import in_effect, principal, secondary
from claimwright.edits.established import established
from claimwright.edits.frame import Frame
from claimwright.edits.grounds import LEXICON, because_related, first_ground, grounds, integral
from claimwright.edits.hit import Hit
from claimwright.edits.outcomes import NO_FINDING, Outcomes
from claimwright.edits.registry import rule, since
from claimwright.edits.relations import Hits, Pair
from claimwright.edits.told import FIRST_RELATED, leaves
from claimwright.model import Authority, Finding, Fix, Setting, Severity


@leaves(FIRST_RELATED, LEXICON)
def _outcome(frame: Frame, hits: Hits) -> Outcomes:
    """The first related diagnosis speaks; one with the symptom as a usual one is an error for an inpatient."""
    bad = integral(frame, hits) & frame.settings_at((Setting.INPATIENT,), hits.left)
    rank = np.where(bad, Severity.ERROR.rank, Severity.WARNING.rank)
    return Outcomes(np.where(first_ground(frame, hits), rank, NO_FINDING).astype(np.int8))


@rule(
    "DX401",
    relation=Pair("integral-symptoms", directed=True, left_is=(principal, in_effect), right_is=(secondary, in_effect)),
    severity=Severity.ERROR,
    authority=Authority.GUIDELINE,
    in_force=since("2015-10-01"),
    cites=(
        "icd10cm-guidelines:II.A",
        "icd10cm-guidelines:I.B.4",
        "icd10cm-guidelines:I.B.5",
        "icd10cm-guidelines:I.C.18.b",
    ),
    outcome=_outcome,
)
def symptom_principal(hit: Hit) -> Finding | None:
    """A symptom comes first although a related definitive diagnosis is on the claim.

    ## What it checks
    A chapter 18 code in first place, with a diagnosis on the same claim that a cited source names as a
    disease with that symptom (`lexicons/integral-symptoms.yaml`). The finding shows the source and its
    words. Unrelated diagnoses do not matter, and a pair that no source joins is no finding. Nor is one whose
    diagnosis the claim's own note denies, or doubts where uncertain diagnoses are not reported.

    ## Why it matters
    Symptom codes are not used as principal diagnosis when a related definitive diagnosis has been
    established. This is a guideline, not an edit of the Medicare Code Editor.

    ## Example
    R10.31 (right lower quadrant pain) before K35.80 (unspecified acute appendicitis).

    ## How to fix
    Put the definitive diagnosis first, and ask whether the symptom is part of it: if it is, it is not
    reported at all.
    """
    if not established(hit.right):
        return None
    if any(end.index < hit.right.index and grounds(hit, hit.left, end) and established(end) for end in hit.others()):
        return None
    rows = grounds(hit, hit.left, hit.right)
    integral = any(row["relation"] == "integral" for row in rows)
    first = hit.first_place
    return hit.finding(
        f"{hit.left.named} is a symptom and stands as {first} diagnosis before {hit.right.named}, "
        f"a definitive diagnosis related to it ({rows[0]['clinical']})",
        because=because_related(hit, rows),
        severity=Severity.ERROR if integral and hit.is_inpatient else Severity.WARNING,
        fix=Fix(
            say=f"Put {hit.right.code} first; {hit.left.code} is dropped if it is part of that condition, "
            "and kept after it if it is not",
            reorder=hit.order(hit.right),
            ask=f"Does the record tie {_plain(hit)} to {hit.right.named}? If it is part of it, {hit.left.code} is not "
            "reported (I.B.5)",
        ),
    )


def _plain(hit: Hit) -> str:
    return f"{(hit.left.title or hit.left.code).lower()} ({hit.left.code})"
