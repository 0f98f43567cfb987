"""DX301 manifestation-principal."""

from __future__ import annotations

from claimwright.edits.conditions import flagged, principal
from claimwright.edits.hit import End, Hit
from claimwright.edits.outcomes import as_stated
from claimwright.edits.registry import rule, since
from claimwright.edits.relations import Membership
from claimwright.model import Authority, Finding, Fix, Severity


@rule(
    "DX301",
    relation=Membership((principal, flagged("manifestation"))),
    severity=Severity.ERROR,
    authority=Authority.TABLE_EDIT,
    in_force=since("2015-10-01"),
    cites=("mce:manifestation-principal", "icd10cm-guidelines:I.A.13.manifestation"),
    outcome=as_stated,
)
def manifestation_principal(hit: Hit) -> Finding:
    """A manifestation code as principal or first-listed diagnosis.

    ## What it checks
    The first diagnosis against the manifestation flag of CMS's dated table. The flag decides, not the
    title: fewer than half of the flagged codes say "in diseases classified elsewhere".

    ## Why it matters
    A manifestation is never the first-listed diagnosis; its underlying condition is.

    ## Example
    G99.2 (myelopathy in diseases classified elsewhere) as principal diagnosis.

    ## How to fix
    Put the underlying condition first. If it stands on the claim under a "code first" note, the new
    order is given; otherwise the record has to name it.
    """
    cause = _cause(hit)
    fix = (
        hit.put_first(cause)
        if cause
        else Fix(
            say=f"Report the underlying condition before {hit.left.code}",
            ask=f"Which underlying condition does the record name for {hit.left.named}?",
        )
    )
    return hit.finding(
        f"{hit.left.named} is a manifestation code and cannot be the " + hit.first_place + " diagnosis",
        because=[
            hit.flag(hit.left, "manifestation", "flagged as a manifestation code, not allowed as principal diagnosis")
        ],
        fix=fix,
        authority=Authority.TABLE_EDIT if hit.is_inpatient else Authority.GUIDELINE,
    )


def _cause(hit: Hit) -> End | None:
    """The first other diagnosis that a code-first note of this code names."""
    for end in hit.others():
        if end.pos >= 0 and hit.notes_between("codeFirst", hit.left, end):
            return end
    return None
