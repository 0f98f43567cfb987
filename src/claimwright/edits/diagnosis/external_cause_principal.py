"""DX302 external-cause-principal."""

from __future__ import annotations

from claimwright.edits.conditions import flagged, principal
from claimwright.edits.hit import Hit
from claimwright.edits.outcomes import as_stated
from claimwright.edits.registry import rule, since
from claimwright.edits.relations import Membership
from claimwright.model import Authority, Finding, Fix, Severity


@rule(
    "DX302",
    relation=Membership((principal, flagged("ecodepdx"))),
    severity=Severity.ERROR,
    authority=Authority.TABLE_EDIT,
    in_force=since("2015-10-01"),
    cites=("mce:external-cause-principal", "icd10cm-guidelines:I.C.20.a.6"),
    outcome=as_stated,
)
def external_cause_principal(hit: Hit) -> Finding:
    """An external cause code as principal or first-listed diagnosis.

    ## What it checks
    The first diagnosis against the external-cause flag of CMS's dated table (chapter 20).

    ## Why it matters
    Chapter 20 tells how an injury or condition came about; it is never the condition itself. The
    grouper cannot group such a claim.

    ## Example
    W19.XXXA (unspecified fall) before S72.001A (fracture of the neck of the femur).

    ## How to fix
    Put the injury or condition first.
    """
    first = hit.acceptable_principal()
    fix = (
        hit.put_first(first)
        if first
        else Fix(
            say="Add the injury or condition and put it first", ask="Which injury or condition does the record show?"
        )
    )
    return hit.finding(
        f"{hit.left.named} is an external cause and cannot be the " + hit.first_place + " diagnosis",
        because=[hit.flag(hit.left, "ecodepdx", "flagged as an external cause, not allowed as principal diagnosis")],
        fix=fix,
        authority=Authority.TABLE_EDIT if hit.is_inpatient else Authority.GUIDELINE,
    )
