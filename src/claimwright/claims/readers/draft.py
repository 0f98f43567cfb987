"""A claim in the making: what every reader of a foreign format collects, and the checks between its fields.

The checks are those of the contract's own JSON (`claims/wire.py`), so that a claim is refused for the same
reasons in whatever format it comes.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import date

from claimwright.book.era import check_era
from claimwright.claims.wire import MOST_DIAGNOSES
from claimwright.errors import InputError
from claimwright.model import Claim, Diagnosis, Patient, Payer, Procedure, ServiceLine, Setting

OLDEST = 124
"""Most completed years of a patient, as in the contract."""

LONGEST_CODE = 40
POA = frozenset({"Y", "N", "U", "W", "1"})
_NOBODY, _NO_PAYER = Patient(), Payer()


class Refused(Exception):
    """This record is no claim: `field` is the key of the contract concerned, in the contract's own path."""

    def __init__(self, field: str, problem: str, expected: str = "") -> None:
        self.field, self.problem, self.expected = field, problem, expected
        super().__init__(problem)


def draft_claim(
    setting: Setting,
    diagnoses: Sequence[Diagnosis],
    lines: Sequence[ServiceLine],
    *,
    id: str | None = None,  # noqa: A002 - the contract's key
    service_from: date | None = None,
    service_to: date | None = None,
    birth_date: date | None = None,
    age: int | None = None,
    sex: str = "U",
    payer: Payer | None = None,
    admitting_diagnosis: str | None = None,
    procedures: Sequence[Procedure] = (),
    discharge_status: str | None = None,
    note: str | None = None,
    exempt: bool = False,
    provider: str | None = None,
) -> Claim:
    """The claim of these fields. Errors: `Refused`, naming the field, when they cannot be one claim."""
    _check_days(setting, service_from, service_to, procedures)  # first: a claim of the ICD-9-CM era is just that
    _check_diagnoses(diagnoses)
    _check_lines(lines, len(diagnoses))
    if birth_date is not None and age is None:
        age = age_on(birth_date, service_from or service_to)
    if age is not None and not 0 <= age <= OLDEST:
        raise Refused("patient.age", f"found {age}", f"0 to {OLDEST}")
    known = age is not None or sex != "U" or birth_date is not None
    return Claim(
        setting,
        tuple(diagnoses),
        id,
        service_from,
        service_to,
        Patient(age, sex, birth_date) if known else _NOBODY,
        payer or _NO_PAYER,
        admitting_diagnosis,
        tuple(procedures),
        tuple(lines),
        discharge_status,
        exempt,
        (),
        note,
        provider,
    )


def age_on(born: date, day: date | None) -> int | None:
    """Completed years on a day; None without a day. Errors: `Refused` for an impossible birth date."""
    if day is None:
        return None
    age = day.year - born.year - ((day.month, day.day) < (born.month, born.day))
    if age < 0:
        raise Refused("patient.birth_date", f"{born} is after the date of service {day}", "an earlier day")
    if age > OLDEST:
        raise Refused("patient.birth_date", f"{born} makes the patient {age} years old", f"at most {OLDEST}")
    return age


def _check_diagnoses(diagnoses: Sequence[Diagnosis]) -> None:
    if not diagnoses:
        raise Refused("diagnoses", "the record has no ICD-10-CM diagnosis", "at least one")
    if len(diagnoses) > MOST_DIAGNOSES:
        raise Refused("diagnoses", f"{len(diagnoses)} diagnoses on one claim", f"at most {MOST_DIAGNOSES}")
    for number, each in enumerate(diagnoses):
        if not 1 <= len(each.code) <= LONGEST_CODE:
            raise Refused(
                f"diagnoses[{number}]", f"a code of {len(each.code)} characters", f"1 to {LONGEST_CODE} characters"
            )
        if each.poa is not None and each.poa not in POA:
            raise Refused(f"diagnoses[{number}].poa", f"found {each.poa[:12]!r}", "Y, N, U, W or 1")


def _check_days(setting: Setting, starts: date | None, ends: date | None, procedures: Sequence[Procedure]) -> None:
    _era(starts, "service_from")
    _era(ends, "service_to")
    if setting is not Setting.INPATIENT:
        for number, each in enumerate(procedures):
            _era(each.date, f"procedures[{number}].date")
    if starts and ends and ends < starts:
        raise Refused("service_to", f"{ends} is before service_from {starts}", "the same day or later")


def _era(day: date | None, field: str) -> None:
    try:
        check_era(day, field)
    except InputError as error:
        raise Refused(field, error.problem, error.expected) from None


def _check_lines(lines: Sequence[ServiceLine], diagnoses: int) -> None:
    for number, line in enumerate(lines):
        if not 1 <= len(line.code) <= LONGEST_CODE:
            raise Refused(
                f"lines[{number}].code", f"a code of {len(line.code)} characters", f"1 to {LONGEST_CODE} characters"
            )
        if not (math.isfinite(line.units) and line.units >= 0):
            raise Refused(f"lines[{number}].units", f"found {line.units:g}", "a number of at least 0")
        if line.charge is not None and not math.isfinite(line.charge):
            raise Refused(f"lines[{number}].charge", f"found {line.charge}", "a number")
        for index, pointer in enumerate(line.pointers):
            if not 1 <= pointer <= diagnoses:
                raise Refused(
                    f"lines[{number}].pointers[{index}]", f"points to diagnosis {pointer}", f"1 to {diagnoses}"
                )
