"""A claim as the contract describes it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class Setting(StrEnum):
    """Where the service took place; it decides which edits apply."""

    INPATIENT = "inpatient"
    OUTPATIENT = "outpatient"
    PROFESSIONAL = "professional"
    EMERGENCY = "emergency"


@dataclass(frozen=True, slots=True)
class Patient:
    """Age in completed years on the date of service (0 to 124); `sex` is F, M or U."""

    age: int | None = None
    sex: str = "U"
    birth_date: date | None = None


@dataclass(frozen=True, slots=True)
class Payer:
    """Who pays; `mac` is the Medicare administrative contractor."""

    id: str | None = None
    state: str | None = None
    mac: str | None = None


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """One ICD-10-CM code as reported; `poa` is the present-on-admission indicator, if any."""

    code: str
    poa: str | None = None


@dataclass(frozen=True, slots=True)
class Procedure:
    """One ICD-10-PCS procedure."""

    code: str
    date: date | None = None


@dataclass(frozen=True, slots=True)
class ServiceLine:
    """One HCPCS/CPT service line; `pointers` count diagnoses from 1."""

    code: str
    modifiers: tuple[str, ...] = ()
    units: float = 1
    date: date | None = None
    pointers: tuple[int, ...] = ()
    charge: float | None = None


@dataclass(frozen=True, slots=True)
class Fact:
    """A documented fact by its id, as coverage criteria name it."""

    id: str
    status: str
    value: float | str | None = None


@dataclass(frozen=True, slots=True)
class Claim:
    """One claim; the first diagnosis is principal (inpatient) or first-listed.

    `service_from` None means that the claim carried no date of service; `provider` identifies who bills, as
    stated (an NPI).
    """

    setting: Setting
    diagnoses: tuple[Diagnosis, ...]
    id: str | None = None
    service_from: date | None = None
    service_to: date | None = None
    patient: Patient = Patient()
    payer: Payer = Payer()
    admitting_diagnosis: str | None = None
    procedures: tuple[Procedure, ...] = ()
    lines: tuple[ServiceLine, ...] = ()
    discharge_status: str | None = None
    poa_exempt_hospital: bool = False
    facts: tuple[Fact, ...] = ()
    note: str | None = None
    provider: str | None = None

    def date_of_service(self, otherwise: date) -> date:
        """Discharge date for an inpatient claim, first day of service for any other.

        CMS applies ICD-10-CM codes and MCE edits by discharge date (MCE, dated code tables).
        """
        day = self.service_to if self.setting is Setting.INPATIENT else self.service_from
        return day or self.service_from or self.service_to or otherwise

    def date_of_procedure(self, procedure: Procedure, otherwise: date) -> date:
        """Discharge date for an inpatient claim, as for its diagnoses; else the procedure's own date, if any."""
        own = None if self.setting is Setting.INPATIENT else procedure.date
        return own or self.date_of_service(otherwise)
