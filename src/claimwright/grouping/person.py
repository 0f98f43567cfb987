"""Who a risk score is for: what decides the segment and the demographic factors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from claimwright.errors import InputError

FULL_DUAL = frozenset({"02", "04", "08"})
PARTIAL_DUAL = frozenset({"01", "03", "05", "06"})
NON_DUAL = frozenset({"NA", "00"})
"""Medicare-Medicaid dual eligibility codes (ResDAC): full benefit, partial benefit, none."""

DUAL_WORDS = {"NONE": "NA", "FULL": "02", "PARTIAL": "01"}
REASONS = ("0", "1", "2", "3")
"""Reasons for entitlement: age, disability, ESRD, disability and ESRD."""

OLDEST = 124


@dataclass(frozen=True, slots=True)
class Person:
    """One beneficiary; `age` in completed years on February 1 of the payment year.

    `orec` and `crec` are the original and current reason for entitlement. `graft_months` counts from
    a kidney transplant; without it the ESRD model takes the person to be on dialysis.
    """

    age: int | None = None
    sex: str = "U"
    dual: str = "NA"
    orec: str = "0"
    crec: str = "0"
    new_enrollee: bool = False
    snp: bool = False
    low_income: bool = False
    institutional: bool = False
    graft_months: int | None = None

    def __post_init__(self) -> None:
        """`InputError` naming the field that no person can have."""
        if self.age is not None and not 0 <= self.age <= OLDEST:
            raise InputError("age", f"found {self.age}", f"0 to {OLDEST}")
        if self.sex not in ("F", "M", "U"):
            raise InputError("sex", f"found {self.sex!r}", "F, M or U")
        if self.dual not in FULL_DUAL | PARTIAL_DUAL | NON_DUAL:
            known = ", ".join(sorted(FULL_DUAL | PARTIAL_DUAL | NON_DUAL))
            raise InputError("dual eligibility", f"found {self.dual!r}", f"none, partial, full or one of {known}")
        for name, reason in (("orec", self.orec), ("crec", self.crec)):
            if reason not in REASONS:
                raise InputError(name, f"found {reason!r}", "0 (age), 1 (disability), 2 (ESRD) or 3 (both)")
        if self.graft_months is not None and not 1 <= self.graft_months <= 12 * OLDEST:
            expected = f"1 (the month of the transplant) to {12 * OLDEST}"
            raise InputError("graft months", f"found {self.graft_months}", expected)

    @property
    def known(self) -> bool:
        """Are age and sex, which every score needs, both told?"""
        return self.age is not None and self.sex != "U"

    @property
    def aged(self) -> bool:
        """65 or older."""
        return self.age is not None and self.age >= 65

    @property
    def disabled(self) -> bool:
        """Under 65 and originally entitled for another reason than age."""
        return self.age is not None and self.age < 65 and self.orec != "0"

    @property
    def originally_disabled(self) -> bool:
        """65 or older now, and once entitled by disability."""
        return self.aged and self.orec == "1"

    @property
    def full_dual(self) -> bool:
        """Full Medicaid benefits."""
        return self.dual in FULL_DUAL

    @property
    def partial_dual(self) -> bool:
        """Partial Medicaid benefits."""
        return self.dual in PARTIAL_DUAL

    @property
    def esrd(self) -> bool:
        """End-stage renal disease as original or current reason for entitlement."""
        return bool({self.orec, self.crec} & {"2", "3"})


@dataclass(frozen=True, slots=True)
class People:
    """Columns over n people: `age` int16 (-1 unknown), `sex` uint8 (0 unknown, 1 F, 2 M), `dual` uint8
    (0 none, 1 partial, 2 full), `orec` and `crec` uint8, flags bool, `graft_months` int16 (0 none).
    """

    age: npt.NDArray[np.int16]
    sex: npt.NDArray[np.uint8]
    dual: npt.NDArray[np.uint8]
    orec: npt.NDArray[np.uint8]
    crec: npt.NDArray[np.uint8]
    new_enrollee: npt.NDArray[np.bool_]
    snp: npt.NDArray[np.bool_]
    low_income: npt.NDArray[np.bool_]
    institutional: npt.NDArray[np.bool_]
    graft_months: npt.NDArray[np.int16]

    def __len__(self) -> int:
        return len(self.age)


def people_of(persons: Sequence[Person]) -> People:
    """Columns of these persons."""

    def flags(name: str) -> npt.NDArray[np.bool_]:
        return np.array([getattr(each, name) for each in persons], dtype=np.bool_)

    return People(
        age=np.array([-1 if each.age is None else each.age for each in persons], dtype=np.int16),
        sex=np.array(["UFM".index(each.sex) for each in persons], dtype=np.uint8),
        dual=np.array([2 * each.full_dual + each.partial_dual for each in persons], dtype=np.uint8),
        orec=np.array([int(each.orec) for each in persons], dtype=np.uint8),
        crec=np.array([int(each.crec) for each in persons], dtype=np.uint8),
        new_enrollee=flags("new_enrollee"),
        snp=flags("snp"),
        low_income=flags("low_income"),
        institutional=flags("institutional"),
        graft_months=np.array([each.graft_months or 0 for each in persons], dtype=np.int16),
    )
