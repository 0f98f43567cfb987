"""DX303 unacceptable-principal."""

from __future__ import annotations

from claimwright.edits.conditions import flagged, negated, principal
from claimwright.edits.hit import Hit
from claimwright.edits.outcomes import as_stated
from claimwright.edits.registry import rule, since
from claimwright.edits.relations import Membership
from claimwright.model import Authority, Finding, Fix, Setting, Severity


@rule(
    "DX303",
    relation=Membership(
        (principal, flagged("unacceptable"), negated(flagged("reqsdx"))), settings=(Setting.INPATIENT,)
    ),
    severity=Severity.ERROR,
    authority=Authority.TABLE_EDIT,
    in_force=since("2015-10-01"),
    cites=("mce:unacceptable-principal",),
    outcome=as_stated,
)
def unacceptable_principal(hit: Hit) -> Finding:
    """An inpatient principal diagnosis that CMS does not accept as one.

    ## What it checks
    The principal diagnosis of an inpatient claim against the "unacceptable principal diagnosis" flag
    in force on the discharge date. A code that is accepted beside a secondary diagnosis (Z51.89) is the
    matter of `secondary-required`.

    ## Why it matters
    Such codes describe a circumstance that influences health, and not a current illness or injury; the
    Medicare Code Editor returns the claim.

    ## Example
    Z68.41 (body mass index 40.0-44.9) before E66.813 (obesity, class 3).

    ## How to fix
    Put the condition that occasioned the admission first.
    """
    first = hit.acceptable_principal()
    fix = (
        hit.put_first(first)
        if first
        else Fix(
            say=f"Report the condition that occasioned the admission before {hit.left.code}",
            ask="Which condition, after study, occasioned the admission?",
        )
    )
    return hit.finding(
        f"{hit.left.named} is not accepted as principal diagnosis of an inpatient claim",
        because=[hit.flag(hit.left, "unacceptable", "flagged as unacceptable principal diagnosis")],
        fix=fix,
    )
