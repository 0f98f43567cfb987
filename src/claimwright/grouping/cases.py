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

STATUSES = {1: "discharged home", 2: "transferred to another hospital", 7: "left against advice", 20: "died"}
"""Discharge statuses tried when the claim gives none: those that MS-DRG tells apart."""

SEXES = {"F": "female", "M": "male"}

FIELDS = ("patient.age", "patient.sex", "discharge_status")
"""Keys of a claim that a DRG may depend on and that it may lack."""


@dataclass(frozen=True, slots=True)
class Assumption:
    """One way to fill in what the claim does not say."""

    age: int
    sex: str
    status: int


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
    found = (claim.patient.age is None, claim.patient.sex not in SEXES, status_of(claim) is None)
    return tuple(name for name, absent in zip(FIELDS, found, strict=True) if absent)


def assumptions(claim: Claim) -> tuple[Assumption, ...]:
    """Every way to fill in what is missing; one without words when nothing is."""
    ages = AGES if claim.patient.age is None else (claim.patient.age,)
    sexes = tuple(SEXES) if claim.patient.sex not in SEXES else (claim.patient.sex,)
    status = status_of(claim)
    statuses = tuple(STATUSES) if status is None else (status,)
    return tuple(Assumption(*each) for each in product(ages, sexes, statuses))


def deciding(ways: Sequence[Assumption], answers: Sequence[object]) -> tuple[str, ...]:
    """Which of age, sex and status the answers differ by: the names of `missing`."""
    out = []
    for at, name in enumerate(FIELDS):
        by: dict[tuple[object, ...], set[object]] = {}
        for way, answer in zip(ways, answers, strict=True):
            traits = (way.age, way.sex, way.status)
            by.setdefault(traits[:at] + traits[at + 1 :], set()).add(answer)
        if any(len(found) > 1 for found in by.values()):
            out.append(name)
    return tuple(out)


def in_words(ways: Sequence[Assumption], fields: Sequence[str]) -> str:
    """Assumptions in words: only the traits asked for, neighbouring ages as one range."""
    by: dict[str, list[int]] = {}
    for way in ways:
        words = [SEXES[way.sex]] if FIELDS[1] in fields else []
        words += [STATUSES[way.status]] if FIELDS[2] in fields else []
        by.setdefault(", ".join(words), []).append(way.age)
    if FIELDS[0] not in fields:
        return " or ".join(by)
    return " or ".join(", ".join(filter(None, (_ages(ages), words))) for words, ages in by.items())


def _ages(ages: Sequence[int]) -> str:
    """Ages tried, as the ranges they stand for: each up to the next one tried."""
    runs: list[list[int]] = []
    for at in sorted({AGES.index(age) for age in ages}):
        if runs and runs[-1][-1] == at - 1:
            runs[-1].append(at)
        else:
            runs.append([at])
    out = []
    for run in runs:
        first, after = AGES[run[0]], run[-1] + 1
        last = AGES[after] - 1 if after < len(AGES) else None
        out.append(f"{first}" if first == last else f"{first} or older" if last is None else f"{first} to {last}")
    return "age " + " or ".join(out)


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
