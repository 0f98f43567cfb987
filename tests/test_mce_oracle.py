"""Our edits against the answers of CMS's own Medicare Code Editor 43.1, edit by edit.

The answers lie beside the project (../shared/oracle) and are not part of it: without them the tests skip.
"""

from __future__ import annotations

import gzip
import json
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from claimwright.engine import Engine
from claimwright.model import Claim, Diagnosis, Patient, Procedure, Setting
from tests.mce_edits import edits

pytestmark = [pytest.mark.book, pytest.mark.oracle]

ORACLE = Path(__file__).resolve().parents[2] / "shared" / "oracle"


def answers(name: str) -> Iterator[dict[str, Any]]:
    file = ORACLE / name
    if not file.is_file():
        pytest.skip(f"shared data not present: oracle/{name}")
    with gzip.open(file, "rt", encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def inpatient(
    codes: list[str], age: int, sex: str, day: date, procedures: Sequence[str] = (), status: int = 1
) -> Claim:
    return Claim(
        Setting.INPATIENT,
        tuple(Diagnosis(code) for code in codes),
        service_from=day,
        service_to=day,
        patient=Patient(age=age, sex=sex),
        procedures=tuple(Procedure(code) for code in procedures),
        discharge_status=f"{status:02d}",
    )


def test_every_code_as_principal_diagnosis_gets_the_official_edits(engine: Engine) -> None:
    cases = list(answers("every_code_as_pdx_v431.jsonl.gz"))
    reports = engine.check_all([inpatient([case["code"]], 65, "F", date(2026, 4, 1)) for case in cases])
    wrong = [
        (case["code"], case["mce"], edits(report))
        for case, report in zip(cases, reports, strict=True)
        if edits(report) != Counter(case["mce"])
    ]
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
        done = [each["code"] for each in claim["procedures"]]
        claims.append(inpatient(codes, claim["age"], "MF"[claim["sex"]], day, done, claim["discharge_status"]))
    reports = engine.check_all(claims)
    wrong = [
        (case["claim"]["id"], case["expected"]["mce"], edits(report))
        for case, report in zip(cases, reports, strict=True)
        if edits(report) != Counter(case["expected"]["mce"])
    ]
    assert wrong == []
    assert sum(bool(claim.procedures) for claim in claims) > 100
