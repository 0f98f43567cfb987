"""A claim as the grouper takes it, and what has to be assumed where the claim is silent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import product

from claimwright.errors import InputError
from claimwright.grouping.protocol import Case
from claimwright.model import Claim, Diagnosis, Setting, undotted

AGES = (0, 1, 17, 18, 40, 65, 90)
"""Ages tried when the claim gives none: both sides of every age the Medicare tables know."""

STATUSES = {1: "home", 2: "transferred to another hospital", 7: "left against advice", 20: "died"}
"""Discharge statuses tried when the claim gives none: those that MS-DRG tells apart."""

SEXES = {"F": "female", "M": "male"}


@dataclass(frozen=True, slots=True)
class Assumption:
    """One way to fill in what the claim does not say; `says` is empty when it says everything."""

    age: int
    sex: str
    status: int
    says: str


def need_inpatient(claim: Claim) -> None:
    """`InputError` for a claim that MS-DRG is not for."""
    if claim.setting is not Setting.INPATIENT:
        raise InputError(
            f"claim{f' {claim.id}' if claim.id else ''}: $.setting",
            f"{claim.setting.value!r}: MS-DRG groups inpatient claims only",
            "inpatient (other settings are not paid by DRG)",
        )


def status_of(claim: Claim) -> int | None:
    """The discharge status as a number; None when the claim has none."""
    text = (claim.discharge_status or "").strip()
    if not text:
        return None
    if not text.isascii() or not text.isdigit() or len(text) > 2:
        place = f"claim{f' {claim.id}' if claim.id else ''}: $.discharge_status"
        raise InputError(place, f"found {text!r}", "a CMS discharge status of two digits, such as 01")
    return int(text)


def missing(claim: Claim) -> tuple[str, ...]:
    """What the claim does not say and a DRG may depend on."""
    found = {
        "patient.age": claim.patient.age is None,
        "patient.sex": claim.patient.sex not in SEXES,
        "discharge_status": status_of(claim) is None,
    }
    return tuple(name for name, absent in found.items() if absent)


def assumptions(claim: Claim) -> tuple[Assumption, ...]:
    """Every way to fill in what is missing; one without words when nothing is."""
    ages = AGES if claim.patient.age is None else (claim.patient.age,)
    sexes = tuple(SEXES) if claim.patient.sex not in SEXES else (claim.patient.sex,)
    status = status_of(claim)
    statuses = tuple(STATUSES) if status is None else (status,)
    out = []
    for age, sex, state in product(ages, sexes, statuses):
        words = []
        if len(ages) > 1:
            words.append(f"age {age}")
        if len(sexes) > 1:
            words.append(SEXES[sex])
        if len(statuses) > 1:
            words.append(f"discharged: {STATUSES[state]}")
        out.append(Assumption(age, sex, state, ", ".join(words)))
    return tuple(out)


def case_of(claim: Claim, version: int, given: Assumption) -> Case:
    """The case of a claim under one assumption."""
    return Case(
        version=version,
        age=given.age,
        sex=given.sex,
        status=given.status,
        exempt=claim.poa_exempt_hospital,
        diagnoses=_diagnoses(claim.diagnoses),
        procedures=tuple(undotted(each.code) for each in claim.procedures),
    )


def with_diagnoses(case: Case, diagnoses: Sequence[Diagnosis]) -> Case:
    """The same case with other diagnoses."""
    return replace(case, diagnoses=_diagnoses(diagnoses))


def with_pair(case: Case, secondary: tuple[tuple[str, str], ...]) -> Case:
    """The same case with its principal diagnosis and these secondary ones only."""
    return replace(case, diagnoses=(case.diagnoses[0], *secondary))


def _diagnoses(diagnoses: Sequence[Diagnosis]) -> tuple[tuple[str, str], ...]:
    return tuple((undotted(each.code), (each.poa or "").strip().upper()) for each in diagnoses)
