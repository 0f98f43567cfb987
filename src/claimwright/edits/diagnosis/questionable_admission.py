"""DX304 questionable-admission."""

from __future__ import annotations

from claimwright.edits.conditions import flagged, principal
from claimwright.edits.hit import Hit
from claimwright.edits.outcomes import as_stated
from claimwright.edits.registry import rule, since
from claimwright.edits.relations import Membership
from claimwright.model import Authority, Finding, Fix, Setting, Severity


@rule(
    "DX304",
    relation=Membership((principal, flagged("qadm")), settings=(Setting.INPATIENT,)),
    severity=Severity.WARNING,
    authority=Authority.TABLE_EDIT,
    in_force=since("2015-10-01"),
    cites=("mce:questionable-admission",),
    outcome=as_stated,
)
def questionable_admission(hit: Hit) -> Finding:
    """A principal diagnosis that is seldom reason enough for an inpatient stay.

    ## What it checks
    The principal diagnosis of an inpatient claim against the "questionable admission" flag in force on
    the discharge date.

    ## Why it matters
    The payer asks whether the stay was necessary. The flag comes and goes: E66.813 carried it from
    2024-10-01 to 2025-09-30 only.

    ## Example
    I10 (essential hypertension) as inpatient principal diagnosis.

    ## How to fix
    Check whether a more specific condition occasioned the admission; if not, the record must show why
    inpatient care was needed.
    """
    return hit.finding(
        f"{hit.left.named} as principal diagnosis raises the question whether the inpatient admission was needed",
        because=[hit.flag(hit.left, "qadm", "flagged as questionable admission when it is principal diagnosis")],
        fix=Fix(
            say="Confirm the principal diagnosis, and that the record shows why inpatient care was needed",
            ask="Which condition, after study, occasioned the admission?",
        ),
    )
