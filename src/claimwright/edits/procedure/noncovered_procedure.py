"""PR201 noncovered-procedure."""

from __future__ import annotations

from dataclasses import dataclass

from claimwright.book.columns import FLAG_BIT
from claimwright.book.procedures import OPPS, PFS
from claimwright.edits import uncovered
from claimwright.edits.conditions import flagged, negated
from claimwright.edits.frame import LINE, Frame
from claimwright.edits.hit import Hit, LineEnd
from claimwright.edits.line_outcomes import graded
from claimwright.edits.line_relations import Faults
from claimwright.edits.outcomes import Outcomes
from claimwright.edits.pcs import (
    FirstMet,
    all_of,
    any_of,
    beside_diagnosis,
    beside_procedure,
    carries,
    flag_proof,
    patient_older_than,
    performed,
)
from claimwright.edits.registry import rule, since
from claimwright.edits.relations import Condition, Hits
from claimwright.model import Authority, Because, Finding, Fix, Setting, Severity

_OLDEST_COVERED = 60
"""The age in the flag's own name, ncov12agele60: not covered above it."""

_BOTH_VENTRICLES = ("lcov_artheartxpa", "lcov_artheartxpb")


@dataclass(frozen=True, slots=True)
class _Limit:
    """A procedure flag, when it bars coverage, and the words for it; `diagnosis` is the flag that joins them."""

    flag: str
    bars: Condition
    says: str
    diagnosis: str = ""


_PAIRED = all_of(
    any_of(*(performed(each) for each in _BOTH_VENTRICLES)),
    *(beside_procedure(performed(each)) for each in _BOTH_VENTRICLES),
)
_IN_TRIAL = beside_diagnosis(flagged("clintrial"))
_PANCREAS_COVERED = any_of(beside_diagnosis(flagged("diabtypeI")), beside_procedure(performed("kidneyxp")))

_LIMITS = (
    _Limit("noncovered", performed("noncovered"), "Medicare does not cover it"),
    *(
        _Limit(
            flag,
            all_of(performed(flag), beside_diagnosis(flagged(flag))),
            "Medicare does not cover it with this diagnosis",
            flag,
        )
        for flag in ("ncov_z302", "ncov6", "ncov7")
    ),
    _Limit(
        "ncov12agele60",
        all_of(performed("ncov12agele60"), patient_older_than(_OLDEST_COVERED)),
        f"Medicare does not cover it for patients over {_OLDEST_COVERED} years",
    ),
    _Limit(
        "ncov45",
        all_of(performed("ncov45"), negated(_PANCREAS_COVERED)),
        "Medicare does not cover it without type 1 diabetes or a kidney transplant on the claim",
    ),
    *(
        _Limit(
            flag,
            all_of(performed(flag), _PAIRED, negated(_IN_TRIAL)),
            "Medicare does not cover the replacement of both ventricles outside a clinical trial",
        )
        for flag in _BOTH_VENTRICLES
    ),
)

_LIMITED = (performed("lcov"), all_of(_PAIRED, _IN_TRIAL))


def _outcome(frame: Frame, hits: Hits) -> Outcomes:
    """A warning for limited coverage; of lines, what a line says itself for information."""
    if hits.kind == LINE:
        return graded(uncovered.says_so(frame)[hits.left], Severity.INFO, Severity.ERROR)
    return graded(hits.key >= len(_LIMITS), Severity.WARNING, Severity.ERROR)


@rule(
    "PR201",
    # What bars coverage comes first: a procedure that is not covered is not of limited coverage.
    relation=FirstMet((*(each.bars for each in _LIMITS), *_LIMITED), (Setting.INPATIENT,)),
    severity=Severity.ERROR,
    authority=Authority.TABLE_EDIT,
    in_force=since("2015-10-01"),
    cites=("mce:non-covered",),
    lines=Faults(of=uncovered.lines, tables=(PFS, OPPS)),
    outcome=_outcome,
)
def noncovered_procedure(hit: Hit) -> Finding:
    """A procedure that Medicare does not cover, or covers only within limits.

    ## What it checks
    Each procedure of an inpatient claim against the coverage flags in force on the discharge date. Some
    bar coverage always, others on a condition: with Z30.2 (sterilization), with certain leukemias or
    (to 2018-09-30) myelomas for stem cell transplants, over 60 years of age for a lumbar disc
    prosthesis, for a pancreas transplant without type 1 diabetes and without a kidney transplant, for
    replacing both ventricles (to 2022-03-31) outside a clinical trial. Flags of limited coverage have a
    message of their own.

    Each service line of a claim whose payer is Medicare: on outpatient and emergency claims, a code with
    status indicator E1 in the OPPS Addendum B of the day; on those and on professional claims, one with
    status N in the physician fee schedule of the day. A line that says so itself (modifier GY or GZ) is
    told for information. Without the table of the day the lines are told as not evaluated.

    ## Why it matters
    The Medicare Code Editor returns the claim before payment. Limited coverage means that the facility
    or the indication must meet a national coverage determination, which this table does not contain. A
    line that Medicare does not cover is denied.

    ## Example
    0FYG0Z0 (pancreas transplant) on a claim with neither type 1 diabetes nor a kidney transplant.

    ## How to fix
    Check procedure and diagnoses against the record. A procedure that was performed and is not covered
    stays on the claim and is billed as non-covered. Compare the code of a line with the record first.
    """
    if isinstance(hit.left, LineEnd):
        return uncovered.finding(hit, hit.left)
    if hit.key >= len(_LIMITS):
        return _limited(hit)
    end, limit = hit.left, _LIMITS[hit.key]
    proof = [flag_proof(hit, limit.flag, limit.says)]
    joined = _joined(hit, limit)
    return hit.finding(
        f"{end.named} is not covered: {limit.says}{f' ({joined[0].holder})' if joined else ''}",
        because=[*proof, *joined],
        fix=Fix(
            say=f"Check {end.code} and the diagnoses against the record before the claim is sent",
            ask=f"Does the record document {end.named}, and are the diagnoses complete?",
        ),
    )


def _limited(hit: Hit) -> Finding:
    flag = next(each for each in ("lcov", *_BOTH_VENTRICLES) if carries(hit, each))
    return hit.finding(
        f"{hit.left.named} has limited coverage: Medicare pays for it only within a national coverage determination",
        because=[flag_proof(hit, flag, "flagged as a procedure of limited coverage")],
        severity=Severity.WARNING,
        fix=Fix(
            say="Confirm that facility and indication meet the national coverage determination",
            ask="Does the record show what the coverage determination asks for?",
        ),
    )


def _joined(hit: Hit, limit: _Limit) -> list[Because]:
    """The diagnoses of the claim that make the procedure one that is not covered."""
    if not limit.diagnosis:
        return []
    bit, flags = int(FLAG_BIT[limit.diagnosis]), hit.scene.frame.flags
    says = "flagged as a diagnosis with which the procedure is not covered"
    return [hit.flag(each, limit.diagnosis, says) for each in hit.diagnoses() if int(flags[each.index]) & bit]
