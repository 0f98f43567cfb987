"""DX310 secondary-required."""

from __future__ import annotations

from claimwright.edits.conditions import alone, flagged, principal
from claimwright.edits.hit import Hit
from claimwright.edits.outcomes import as_stated
from claimwright.edits.registry import rule, since
from claimwright.edits.relations import Membership
from claimwright.model import Authority, Finding, Fix, Setting, Severity


@rule(
    "DX310",
    relation=Membership((principal, flagged("reqsdx"), alone), settings=(Setting.INPATIENT,)),
    severity=Severity.ERROR,
    authority=Authority.TABLE_EDIT,
    in_force=since("2015-10-01"),
    cites=("mce:requires-secondary",),
    outcome=as_stated,
)
def secondary_required(hit: Hit) -> Finding:
    """An inpatient principal diagnosis that is accepted only with a secondary diagnosis.

    ## What it checks
    The principal diagnosis of an inpatient claim against the "requires secondary diagnosis" flag in
    force on the discharge date, where it is the only diagnosis.

    ## Why it matters
    The Medicare Code Editor returns the claim: aftercare without a condition says nothing about the
    stay. With any secondary diagnosis it accepts the code as principal.

    ## Example
    Z51.89 (encounter for other specified aftercare) alone.

    ## How to fix
    Add the condition that the aftercare was for.
    """
    return hit.finding(
        f"{hit.left.named} is the only diagnosis on {hit.day}: as principal diagnosis it requires a secondary one",
        because=[hit.flag(hit.left, "reqsdx", "flagged as requiring a secondary diagnosis when it is principal")],
        fix=Fix(
            say=f"Report the condition that {hit.left.code} was for as secondary diagnosis",
            ask="Which condition was the aftercare for?",
        ),
    )
