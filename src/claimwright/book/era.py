"""Which code set a date of service belongs to."""

from __future__ import annotations

from datetime import date

from claimwright.errors import InputError

ICD10_STARTS = date(2015, 10, 1)
"""First day of ICD-10-CM (first row of CMS's dated code table)."""


def check_era(day: date | None, place: str) -> None:
    """Refuse a day of the ICD-9-CM era, saying so; ICD-9-CM codes are not loaded."""
    if day is not None and day < ICD10_STARTS:
        raise InputError(
            place,
            f"{day} lies in the ICD-9-CM era, whose codes are not loaded",
            f"a date of service from {ICD10_STARTS} on, when ICD-10-CM took effect",
        )
