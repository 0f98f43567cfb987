"""What any DRG grouper must offer, so that one can take another's place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from claimwright.model import Interval

UNGROUPABLE = 998
"""DRGs from here on are none: 998 invalid as discharge diagnosis, 999 ungroupable."""

NO_DRG = 999
"""Ungroupable: not even an MDC."""


@dataclass(frozen=True, slots=True)
class Version:
    """A version of the grouper; `number` as CMS writes it (431), `name` as it is spoken of (v43.1)."""

    number: int
    name: str
    window: Interval


@dataclass(frozen=True, slots=True)
class Case:
    """A claim as a grouper takes it: codes without dots, everything decided.

    `diagnoses` are (code, present-on-admission indicator or empty), the principal first; `sex` is F
    or M; `status` the discharge status as a number.
    """

    version: int
    age: int
    sex: str
    status: int
    exempt: bool
    diagnoses: tuple[tuple[str, str], ...]
    procedures: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DiagnosisResult:
    """One diagnosis: level as a secondary (MCC, CC, none) and how the grouper used it.

    `valid` the version knows the code; `excluded` by the principal diagnosis; `initial` and `final`:
    the grouper rested that DRG on it; `rank` its place in the grouper's order of significance;
    `hac` number and `hac_status` of the hospital-acquired condition it belongs to, empty for none;
    `demoted` when that took its level away; `alive` when the level counts only for a patient discharged
    alive, and this one died.
    """

    severity: str
    valid: bool
    excluded: bool
    initial: bool
    final: bool
    rank: int
    hac: str = ""
    hac_title: str = ""
    hac_status: str = ""
    demoted: bool = False
    alive: bool = False


@dataclass(frozen=True, slots=True)
class ProcedureResult:
    """One procedure: did the grouper rest the DRG on it?"""

    initial: bool
    final: bool


@dataclass(frozen=True, slots=True)
class Stage:
    """DRG, MDC and level of the claim before or after hospital-acquired conditions."""

    drg: int
    mdc: int
    severity: str


@dataclass(frozen=True, slots=True)
class Grouped:
    """One grouped case; results stand in the order of the case."""

    initial: Stage
    final: Stage
    returned: str
    hac_status: str
    diagnoses: tuple[DiagnosisResult, ...]
    procedures: tuple[ProcedureResult, ...]


@dataclass(frozen=True, slots=True)
class Outcome:
    """The final DRG of a case, its MDC and level, and the return code."""

    drg: int
    mdc: int
    severity: str
    returned: str


class Grouper(Protocol):
    """A DRG grouper over the versions it has loaded."""

    @property
    def name(self) -> str:
        """What it is called, with its own version."""

    def versions(self) -> tuple[Version, ...]:
        """Every version that can be asked for, oldest first."""

    def version_on(self, day: date) -> Version:
        """The version in force on a discharge date; `EditionMissing` when none is loaded."""

    def group(self, cases: Sequence[Case]) -> list[Grouped]:
        """Results in the order of the cases."""

    def outcomes(self, cases: Sequence[Case]) -> list[Outcome]:
        """The DRGs alone, in the order of the cases."""
