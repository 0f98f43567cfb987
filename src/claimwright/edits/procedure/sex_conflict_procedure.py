"""PR202 sex-conflict-procedure."""

from __future__ import annotations

from claimwright.edits.hit import Hit
from claimwright.edits.outcomes import as_stated
from claimwright.edits.pcs import all_of, any_of, flag_proof, patient_is, performed, procedures
from claimwright.edits.registry import rule, since
from claimwright.model import Authority, Finding, Fix, Setting, Severity

_of_the_other_sex = any_of(all_of(performed("female"), patient_is("M")), all_of(performed("male"), patient_is("F")))


@rule(
    "PR202",
    relation=procedures(_of_the_other_sex, settings=(Setting.INPATIENT,)),
    severity=Severity.ERROR,
    authority=Authority.TABLE_EDIT,
    in_force=since("2015-10-01"),
    cites=("mce:sex-conflict",),
    outcome=as_stated,
)
def sex_conflict_procedure(hit: Hit) -> Finding:
    """A procedure that CMS's table ties to the other sex.

    ## What it checks
    Each procedure of an inpatient claim against the female and male flags in force on the discharge
    date, where the claim states a sex. The flags decide by date: CMS ended all of them on 2024-09-30.

    ## Why it matters
    Up to that day the Medicare Code Editor returned such claims; since then it does not, and a rule
    that still rejects them is wrong.

    ## Example
    0UT90ZZ (resection of the uterus) on a claim with sex M, up to 2024-09-30.

    ## How to fix
    Check the patient's record for sex and procedure.
    """
    sex = hit.sex
    flag = "female" if sex == "M" else "male"
    return hit.finding(
        f"{hit.left.named} is flagged {flag} on {hit.day}, and the claim says sex {sex}",
        because=[flag_proof(hit, flag, f"flagged as a procedure on {flag} patients")],
        fix=Fix(
            say=f"Check the patient's sex on the claim, then the code {hit.left.code}",
            ask=f"Does the record support {hit.left.named}, and is the sex on the claim right?",
        ),
    )
