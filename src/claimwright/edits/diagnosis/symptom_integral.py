"""DX402 symptom-integral."""

from __future__ import annotations

import numpy as np

from claimwright.edits.conditions import in_effect, secondary
from claimwright.edits.established import established
from claimwright.edits.frame import Frame
from claimwright.edits.grounds import LEXICON, because_related, first_ground, grounds, integral
from claimwright.edits.hit import Hit
from claimwright.edits.outcomes import NO_FINDING, Outcomes
from claimwright.edits.registry import rule, since
from claimwright.edits.relations import Hits, Pair
from claimwright.edits.told import FIRST_RELATED, leaves
from claimwright.model import Authority, Finding, Fix, Severity


@leaves(FIRST_RELATED, LEXICON)
def _outcome(frame: Frame, hits: Hits) -> Outcomes:
    """The first related diagnosis speaks, by how usual the symptom is."""
    rank = np.where(integral(frame, hits), Severity.WARNING.rank, Severity.INFO.rank)
    return Outcomes(np.where(first_ground(frame, hits), rank, NO_FINDING).astype(np.int8))


@rule(
    "DX402",
    relation=Pair("integral-symptoms", directed=True, left_is=(secondary, in_effect), right_is=(in_effect,)),
    severity=Severity.WARNING,
    authority=Authority.GUIDELINE,
    in_force=since("2015-10-01"),
    cites=("icd10cm-guidelines:I.B.5", "icd10cm-guidelines:I.B.6"),
    outcome=_outcome,
)
def symptom_integral(hit: Hit) -> Finding | None:
    """A symptom reported beside the diagnosis that it is part of.

    ## What it checks
    A chapter 18 code among the secondary diagnoses, with a diagnosis on the same claim that a cited
    source names as a disease with that symptom (`lexicons/integral-symptoms.yaml`). A symptom in first
    place is `symptom-principal`. A diagnosis that the claim's own note denies, or doubts where uncertain
    diagnoses are not reported, does not count.

    ## Why it matters
    Signs and symptoms that belong routinely to a disease are not coded beside it; those that do not
    are. Which it is, is a clinical question: the finding shows its source, and asks.

    ## Example
    R06.02 (shortness of breath) after I50.9 (heart failure).

    ## How to fix
    Drop the symptom if the record explains it by the disease; keep it, after the disease, if it does not.
    """
    if not established(hit.right):
        return None
    if any(end.index < hit.right.index and grounds(hit, hit.left, end) and established(end) for end in hit.others()):
        return None
    rows = grounds(hit, hit.left, hit.right)
    integral = rows[0]["relation"] == "integral"
    return hit.finding(
        f"{hit.left.named} is reported beside {hit.right.named}, of which it "
        + ("is a usual symptom" if integral else "can be a symptom"),
        because=because_related(hit, rows),
        severity=Severity.WARNING if integral else Severity.INFO,
        fix=Fix(
            say=f"Drop {hit.left.code} if it belongs routinely to {hit.right.code}; "
            f"otherwise keep it after {hit.right.code}",
            remove=(hit.left.code,) if integral else (),
            ask=f"Does the record explain {(hit.left.title or hit.left.code).lower()} by {hit.right.named}, "
            "or is it a separate finding?",
        ),
    )
