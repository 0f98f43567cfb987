"""DX305 wrong-procedure-performed."""

from __future__ import annotations

from claimwright.edits.conditions import flagged
from claimwright.edits.hit import Hit
from claimwright.edits.outcomes import as_stated
from claimwright.edits.registry import rule, since
from claimwright.edits.relations import Membership
from claimwright.model import Authority, Finding, Fix, Setting, Severity


@rule(
    "DX305",
    relation=Membership((flagged("wrngproc"),), settings=(Setting.INPATIENT,)),
    severity=Severity.ERROR,
    authority=Authority.TABLE_EDIT,
    in_force=since("2015-10-01"),
    cites=("mce:wrong-procedure-performed",),
    outcome=as_stated,
)
def wrong_procedure_performed(hit: Hit) -> Finding:
    """A code that says the wrong procedure was performed.

    ## What it checks
    Every diagnosis of an inpatient claim against the "wrong procedure performed" flag (Y65.51, Y65.52,
    Y65.53).

    ## Why it matters
    Wrong operation, wrong patient, wrong side: the claim is stopped and has its own billing path.

    ## Example
    Y65.51 (performance of wrong procedure on correct patient) anywhere on the claim.

    ## How to fix
    Confirm the event with the record; a code that does not belong is removed, one that does is billed as
    the payer's rules for such events require.
    """
    return hit.finding(
        f"{hit.left.named} reports that the wrong procedure was performed; the claim is not paid as it stands",
        because=[hit.flag(hit.left, "wrngproc", "flagged as wrong procedure performed")],
        fix=Fix(
            say=f"Confirm {hit.left.code} with the record before the claim is sent",
            ask="Does the record document a wrong procedure, patient or body part?",
        ),
    )
