"""Our diagnosis edits against the answers of CMS's own Medicare Code Editor 43.1, edit by edit.

The answers lie beside the project (../shared/oracle) and are not part of it: without them the tests skip.
"""

from __future__ import annotations

import gzip
import json
from collections import Counter
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from claimwright.engine import Engine
from claimwright.model import Authority, Claim, Diagnosis, Patient, Report, Setting

pytestmark = [pytest.mark.book, pytest.mark.oracle]

ORACLE = Path(__file__).resolve().parents[2] / "shared" / "oracle"
EDIT_OF_RULE = {
    "unknown-code": "INVALID_CODE",
    "code-not-in-effect": "INVALID_CODE",
    "header-code": "INVALID_CODE",
    "seventh-character": "INVALID_CODE",
    "age-conflict": "AGE_CONFLICT",
    "sex-conflict": "SEX_CONFLICT",
    "manifestation-principal": "MANIFESTATION_AS_PDX",
    "external-cause-principal": "E_CODE_AS_PDX",
    "unacceptable-principal": "UNACCEPTABLE_PDX",
    "questionable-admission": "QUESTIONABLE_ADMISSION",
    "unspecified-side": "UNSPECIFIED",
    "wrong-procedure-performed": "WRONG_PROCEDURE_PERFORMED",
}
PROCEDURE_EDITS = {"NON_COVERED", "LIMITED_COVERAGE"}
SHARED_EDITS = {"INVALID_CODE", "SEX_CONFLICT"}


def answers(name: str) -> Iterator[dict[str, Any]]:
    file = ORACLE / name
    if not file.is_file():
        pytest.skip(f"shared data not present: oracle/{name}")
    with gzip.open(file, "rt", encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def inpatient(codes: list[str], age: int, sex: str, day: date) -> Claim:
    return Claim(
        Setting.INPATIENT,
        tuple(Diagnosis(code) for code in codes),
        service_from=day,
        service_to=day,
        patient=Patient(age=age, sex=sex),
    )


def edits(report: Report) -> Counter[str]:
    """Edit names with their counts, as the Medicare Code Editor reports them."""
    found: Counter[str] = Counter()
    for finding in report.findings:
        if finding.rule == "age-conflict" and finding.authority is not Authority.TABLE_EDIT:
            continue  # the tabular list's own age notes are no edit
        if finding.rule == "duplicate-diagnosis" and any(place.position == 1 for place in finding.at):
            found["DUPLICATE_OF_PDX"] += 1
        elif finding.rule in EDIT_OF_RULE:
            found[EDIT_OF_RULE[finding.rule]] += 1
    return found


def test_every_code_as_principal_diagnosis_gets_the_official_edits(engine: Engine) -> None:
    cases = list(answers("every_code_as_pdx_v431.jsonl.gz"))
    reports = engine.check_all([inpatient([case["code"]], 65, "F", date(2026, 4, 1)) for case in cases])
    wrong = [(c["code"], c["mce"], edits(r)) for c, r in zip(cases, reports, strict=True) if edits(r) != Counter(c["mce"])]
    assert wrong == []


def test_ages_and_sexes_get_the_official_edits(engine: Engine) -> None:
    cases = list(answers("mce_age_sex_sweep_v431.jsonl.gz"))
    asked = [(case, age, sex) for case in cases for age in (0, 8, 30, 70) for sex in "MF"]
    reports = engine.check_all([inpatient([c["code"]], age, sex, date(2026, 4, 1)) for c, age, sex in asked])
    wrong = [
        (case["code"], age, sex)
        for (case, age, sex), report in zip(asked, reports, strict=True)
        if edits(report)["AGE_CONFLICT"] != case["edits"].get(f"{age}{sex}", {}).get("AGE_CONFLICT", 0)
    ]
    assert wrong == []


def test_random_claims_get_the_official_edits(engine: Engine) -> None:
    cases = list(answers("random_claims_v400_v431.jsonl.gz"))
    claims = []
    for case in cases:
        claim, number = case["claim"], case["claim"]["discharge_date"]
        day = date(number // 10000, number // 100 % 100, number % 100)
        codes = [claim["pdx"]["code"], *(each["code"] for each in claim["sdx"])]
        claims.append(inpatient(codes, claim["age"], "MF"[claim["sex"]], day))
    wrong = []
    for case, report in zip(cases, engine.check_all(claims), strict=True):
        # Invalid and sex-bound procedures count under the same names as diagnoses: where a claim has
        # procedures, only the edits that diagnoses alone can cause are compared.
        left_out = PROCEDURE_EDITS | (SHARED_EDITS if case["claim"]["procedures"] else set())
        official = {name: number for name, number in case["expected"]["mce"].items() if name not in left_out}
        ours = {name: number for name, number in edits(report).items() if name not in left_out}
        if ours != official:
            wrong.append((case["claim"]["id"], official, ours))
    assert wrong == []
