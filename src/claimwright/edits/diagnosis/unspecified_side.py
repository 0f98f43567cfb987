"""DX308 unspecified-side."""

from __future__ import annotations

from claimwright.edits.conditions import flagged
from claimwright.edits.hit import Hit
from claimwright.edits.outcomes import inpatient_or
from claimwright.edits.registry import rule, since
from claimwright.edits.relations import Membership
from claimwright.edits.sides import same_condition
from claimwright.model import Authority, Finding, Fix, Severity, dotted


@rule(
    "DX308",
    relation=Membership((flagged("unspecified"),)),
    severity=Severity.WARNING,
    authority=Authority.TABLE_EDIT,
    in_force=since("2022-04-01"),
    cites=("mce:unspecified", "icd10cm-guidelines:I.B.13"),
    outcome=inpatient_or(Severity.WARNING, Severity.INFO),
)
def unspecified_side(hit: Hit) -> Finding:
    """A code of unspecified side where codes for the side exist.

    ## What it checks
    Every diagnosis against the "unspecified code" flag of CMS's dated table, which began on 2022-04-01.
    On an inpatient claim it is an edit; elsewhere it is a reminder that the side is a matter of record.

    ## Why it matters
    The side is almost always known. The Medicare Code Editor stops inpatient claims with such a code until
    the hospital says that the record could not tell.

    ## Example
    S72.009A (fracture of unspecified part of neck of unspecified femur) on an inpatient claim.

    ## How to fix
    Read the side from the record: the finding lists the codes of the same condition by side.
    """
    options = [dotted(code) for code, _ in same_condition(hit, hit.left) if hit.book.billable(code, hit.day)]
    replace = {hit.left.code: tuple(options)} if options else {}
    return hit.finding(
        f"{hit.left.named} does not say which side" + (f"; {', '.join(options)} do" if options else ""),
        because=[hit.flag(hit.left, "unspecified", "flagged as a code of unspecified side")],
        severity=Severity.WARNING if hit.is_inpatient else Severity.INFO,
        authority=Authority.TABLE_EDIT if hit.is_inpatient else Authority.GUIDELINE,
        fix=Fix(say="Report the documented side", replace=replace, ask="Which side does the record document?"),
    )
