"""Inpatient claims for the tests of grouping."""

from __future__ import annotations

from datetime import date
from typing import Any

from claimwright.model import Claim, Diagnosis, Patient, Setting

DAY = date(2025, 11, 15)


def claim(*codes: str | tuple[str, str], **changed: Any) -> Claim:
    """An inpatient claim; a pair is a code with its present-on-admission indicator."""
    settings: dict[str, Any] = {
        "service_from": DAY,
        "service_to": DAY,
        "patient": Patient(age=60, sex="F"),
        "discharge_status": "01",
    }
    diagnoses = tuple(Diagnosis(each) if isinstance(each, str) else Diagnosis(*each) for each in codes)
    return Claim(Setting.INPATIENT, diagnoses, **{**settings, **changed})
