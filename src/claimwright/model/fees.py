"""Rows of HCPCS Level II and of Medicare's fee schedules, as sources read them and the book gives them back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class FeeEntry:
    """Status and payment indicators of a code in the physician fee schedule, without or with a modifier (26, TC, 53).

    Relative values are CMS's, without a conversion factor. `description` is the AMA's and empty unless
    the user said that they hold a CPT licence.
    """

    code: str
    modifier: str
    status: str
    work: float
    total_nonfacility: float
    total_facility: float
    professional_technical: str
    global_days: str
    multiple: str
    bilateral: str
    assistant: str
    co_surgeons: str
    team: str
    endoscopic_base: str
    supervision: str
    description: str = ""


@dataclass(frozen=True, slots=True)
class OutpatientEntry:
    """How Medicare's outpatient prospective payment system (OPPS) treats a code in one quarter.

    `status` is CMS's status indicator (`Q1`, `J1`, `E1`); `apc` the payment group where there is one;
    money in US dollars, national and unadjusted, None where CMS prints none. `description` is CMS's
    short one and only kept for codes of HCPCS Level II.
    """

    code: str
    status: str
    apc: str
    weight: float | None
    rate: float | None
    copayment: float | None
    minimum_copayment: float | None
    changed: bool
    description: str = ""


@dataclass(frozen=True, slots=True)
class HcpcsEntry:
    """A Level II code or modifier as one release lists it; `last` is its last day, if it has one.

    `action` is CMS's letter for the last change.
    """

    code: str
    modifier: bool
    long: str
    short: str
    cross_references: tuple[str, ...]
    coverage: str
    betos: str
    added: date
    effective: date
    last: date | None
    action: str

    def in_force(self, day: date) -> bool:
        """Could it be reported for a service on `day`?"""
        return self.added <= day and (self.last is None or day <= self.last)
