"""PR203 delivery-outcome."""

from __future__ import annotations

from claimwright.edits.conditions import every, flagged, negated, secondary
from claimwright.edits.hit import Hit
from claimwright.edits.outcomes import as_stated
from claimwright.edits.pcs import any_of, beside_diagnosis, carries, flag_proof, performed, procedures
from claimwright.edits.registry import rule, since
from claimwright.model import Authority, Finding, Fix, Setting, Severity

_delivery = any_of(performed("vagdel"), performed("csect"))
# As principal diagnosis the outcome does not count.
_no_outcome = negated(beside_diagnosis(every(flagged("delout"), secondary)))


@rule(
    "PR203",
    relation=procedures(_delivery, _no_outcome, settings=(Setting.INPATIENT,)),
    severity=Severity.ERROR,
    authority=Authority.TABLE_EDIT,
    in_force=since("2018-10-01"),
    cites=("mce:questionable-obstetric-admission",),
    outcome=as_stated,
)
def delivery_outcome(hit: Hit) -> Finding:
    """A delivery without a secondary diagnosis that tells its outcome.

    ## What it checks
    Procedures of an inpatient claim that CMS's table flags as vaginal or cesarean delivery: is one of
    the outcome-of-delivery codes (Z37.-) a secondary diagnosis?

    ## Why it matters
    The Medicare Code Editor returns the claim as a questionable obstetric admission. It has done so
    since 2018-10-01.

    ## Example
    10E0XZZ (delivery of products of conception) with O80 and without Z37.0.

    ## How to fix
    Add the outcome that the record documents: Z37.0 for a single live birth, and so on.
    """
    flag = "vagdel" if carries(hit, "vagdel") else "csect"
    kind = "vaginal" if flag == "vagdel" else "cesarean"
    return hit.finding(
        f"{hit.left.named} is a {kind} delivery on {hit.day}, and no secondary diagnosis tells its outcome (Z37.-)",
        because=[flag_proof(hit, flag, f"flagged as {kind} delivery")],
        fix=Fix(
            say="Add the outcome of delivery (Z37.-) that the record documents",
            ask="What was the outcome of the delivery?",
        ),
    )
