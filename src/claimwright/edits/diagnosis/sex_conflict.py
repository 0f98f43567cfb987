"""DX307 sex-conflict."""

from __future__ import annotations

from claimwright.edits.conditions import either, every, flagged, sex_is
from claimwright.edits.hit import Hit
from claimwright.edits.outcomes import as_stated
from claimwright.edits.registry import rule, since
from claimwright.edits.relations import Membership
from claimwright.model import Authority, Finding, Fix, Severity

_sexed = either(flagged("female"), flagged("male"))
_other_sex = either(every(flagged("female"), sex_is("M")), every(flagged("male"), sex_is("F")))


@rule(
    "DX307",
    relation=Membership((_sexed, _other_sex)),
    severity=Severity.ERROR,
    authority=Authority.TABLE_EDIT,
    in_force=since("2015-10-01"),
    cites=("mce:sex-conflict",),
    outcome=as_stated,
)
def sex_conflict(hit: Hit) -> Finding:
    """A code that CMS's table ties to the other sex.

    ## What it checks
    Each diagnosis against the female and male flags in force on the date of service, where the claim
    states a sex. The flags decide by date: CMS ended all of them on 2024-09-30.

    ## Why it matters
    Up to that day the Medicare Code Editor returned such claims; since then it does not, and a rule
    that still rejects them is wrong.

    ## Example
    N40.1 (benign prostatic hyperplasia) on a claim with sex F, up to 2024-09-30.

    ## How to fix
    Check the patient's record for sex and code.
    """
    sex = hit.sex
    flag = "female" if sex == "M" else "male"
    return hit.finding(
        f"{hit.left.named} is flagged {flag} on {hit.day}, and the claim says sex {sex}",
        because=[hit.flag(hit.left, flag, f"flagged as a diagnosis of {flag} patients")],
        fix=Fix(
            say=f"Check the patient's sex on the claim, then the code {hit.left.code}",
            ask=f"Does the record support {hit.left.named}, and is the sex on the claim right?",
        ),
    )
