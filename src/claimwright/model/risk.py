"""A risk score and its reasons: what counted, what did not, and why."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from claimwright.model.edition import EditionUsed
from claimwright.model.finding import NotEvaluated


@dataclass(frozen=True, slots=True)
class Hcc:
    """A condition that counts, with the codes behind it; `coefficient` None where nothing prices it."""

    hcc: int
    label: str
    coefficient: float | None
    codes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DroppedHcc:
    """A condition that does not count: `by` is the HCC above it in the hierarchy, None for another reason."""

    hcc: int
    by: int | None
    label: str
    codes: tuple[str, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class RiskFactor:
    """A variable of the coefficient table that applies, and its relative factor."""

    variable: str
    coefficient: float
    says: str


@dataclass(frozen=True, slots=True)
class Unmapped:
    """A diagnosis that counts for nothing here, and why."""

    code: str
    reason: str


@dataclass(frozen=True, slots=True)
class RiskEdit:
    """An age or sex edit that changed what a diagnosis maps to; `hcc` None: it no longer maps."""

    code: str
    hcc: int | None
    instead_of: tuple[int, ...]
    says: str


@dataclass(frozen=True, slots=True)
class RiskSegment:
    """Whose coefficients are shown; `assumed` when nobody said who the person is."""

    name: str
    says: str
    assumed: bool


@dataclass(frozen=True, slots=True)
class RiskResult:
    """One model and payment year for one person.

    `score` is the raw risk score (before normalisation and coding adjustment), None when it cannot be
    told; `not_evaluated` then says what is missing. `proposed`: the coefficients are a proposal of CMS.
    """

    claim: str | None = field(metadata={"omit": True})
    model: str
    year: int
    score: float | None
    segment: RiskSegment | None
    proposed: bool
    variant: str = field(metadata={"omit": True})
    valid_from: date
    valid_to: date
    hccs: tuple[Hcc, ...]
    dropped: tuple[DroppedHcc, ...]
    interactions: tuple[RiskFactor, ...]
    demographics: tuple[RiskFactor, ...]
    unmapped: tuple[Unmapped, ...]
    edits: tuple[RiskEdit, ...]
    not_evaluated: tuple[NotEvaluated, ...]
    editions: tuple[EditionUsed, ...]


@dataclass(frozen=True, slots=True)
class RiskOverview:
    """Every model of one payment year: `maps` by model (HCC, HCCs or None by code), and the whole results.

    `unmapped` lists the codes that no model maps.
    """

    claim: str | None
    year: int
    maps: dict[str, dict[str, int | list[int] | None]]
    unmapped: tuple[Unmapped, ...]
    results: tuple[RiskResult, ...]
    not_evaluated: tuple[NotEvaluated, ...]
