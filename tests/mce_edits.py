"""A report in the words of the Medicare Code Editor: names of edits with their counts."""

from __future__ import annotations

from collections import Counter

from claimwright.model import Authority, Report, Severity

EDIT_OF_RULE = {
    "unknown-code": "INVALID_CODE",
    "code-not-in-effect": "INVALID_CODE",
    "header-code": "INVALID_CODE",
    "seventh-character": "INVALID_CODE",
    "pcs-invalid": "INVALID_CODE",
    "age-conflict": "AGE_CONFLICT",
    "sex-conflict": "SEX_CONFLICT",
    "sex-conflict-procedure": "SEX_CONFLICT",
    "manifestation-principal": "MANIFESTATION_AS_PDX",
    "external-cause-principal": "E_CODE_AS_PDX",
    "unacceptable-principal": "UNACCEPTABLE_PDX",
    "questionable-admission": "QUESTIONABLE_ADMISSION",
    "secondary-required": "REQUIRES_SDX",
    "unspecified-side": "UNSPECIFIED",
    "wrong-procedure-performed": "WRONG_PROCEDURE_PERFORMED",
    "delivery-outcome": "QUESTIONABLE_OBSTETRIC_ADMISSION",
    "discharge-status": "INVALID_DISCHARGE_STATUS",
}


def edits(report: Report) -> Counter[str]:
    """Edit names with their counts, as the Medicare Code Editor reports them."""
    found: Counter[str] = Counter()
    for finding in report.findings:
        if finding.rule == "age-conflict" and finding.authority is not Authority.TABLE_EDIT:
            continue  # the tabular list's own age notes are no edit
        if finding.rule == "duplicate-diagnosis" and any(place.position == 1 for place in finding.at):
            found["DUPLICATE_OF_PDX"] += 1
        elif finding.rule == "noncovered-procedure":
            found["NON_COVERED" if finding.severity is Severity.ERROR else "LIMITED_COVERAGE"] += 1
        elif finding.rule in EDIT_OF_RULE:
            found[EDIT_OF_RULE[finding.rule]] += 1
    return found
