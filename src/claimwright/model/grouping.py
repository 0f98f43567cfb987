"""What `group` answers: the MS-DRG of a claim, why, and what one change would give."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from claimwright.model.edition import EditionUsed
from claimwright.model.finding import NotEvaluated


@dataclass(frozen=True, slots=True)
class GrouperUsed:
    """The grouper that answered: its name, its version in words and as CMS numbers it, its window.

    `tables`: the document and edition that levels, exclusions and logic are from.
    """

    name: str
    version: str
    number: int
    starts: date | None
    ends: date | None
    engine: str = ""
    tables: str = ""


@dataclass(frozen=True, slots=True)
class HacRecord:
    """A hospital-acquired condition a diagnosis belongs to; `met` when it takes its level away."""

    hac: str
    title: str
    met: bool
    status: str


@dataclass(frozen=True, slots=True)
class GroupedDiagnosis:
    """One diagnosis in the order of the claim.

    `severity` is its level as a secondary diagnosis (MCC, CC, none); `counted` whether the level
    counts towards the DRG; `drove_drg` whether the grouper rested the final DRG on it; `excluded_by`
    the principal diagnosis that excludes it as a CC; `why` says all this in words.
    """

    position: int
    code: str
    title: str | None
    severity: str
    counted: bool
    drove_drg: bool
    excluded_by: str | None
    poa: str | None
    hac: HacRecord | None
    why: str


@dataclass(frozen=True, slots=True)
class GroupedProcedure:
    """One procedure; `operating` None when the version does not know the code."""

    position: int
    code: str
    title: str | None
    operating: bool | None
    drove_drg: bool
    why: str


@dataclass(frozen=True, slots=True)
class DrgStage:
    """A DRG before (initial) or after (final) the hospital-acquired conditions were taken out."""

    drg: str
    title: str | None
    mdc: str | None
    severity: str


@dataclass(frozen=True, slots=True)
class Returned:
    """The grouper's return code, and what it means."""

    code: str
    says: str


@dataclass(frozen=True, slots=True)
class Alternative:
    """What one change would give; `kind` is fix, principal, drop or poa."""

    kind: str
    change: str
    drg: str
    title: str | None
    changes_drg: bool
    weight: float | None
    why: str


@dataclass(frozen=True, slots=True)
class Assumed:
    """The DRG under one assumption about what the claim does not say."""

    assuming: str
    drg: str
    title: str | None


@dataclass(frozen=True, slots=True)
class Undetermined:
    """Why no single DRG can be given: what is missing, and the DRG by assumption.

    `shown` is the assumption under which diagnoses and procedures are told.
    """

    missing: tuple[str, ...]
    says: str
    drgs: tuple[Assumed, ...]
    shown: str = ""


@dataclass(frozen=True, slots=True)
class GroupReport:
    """Everything `group` says of one claim; `drg` is None when it cannot be decided.

    `fragile` when the DRG rests on one single secondary code: `fragile_on` names each without which the
    DRG is another. `assumed` lists what the claim does not say and the DRG does not depend on.
    """

    claim: str | None
    discharge_date: date
    drg: str | None
    title: str | None
    mdc: str | None
    mdc_title: str | None
    type: str | None
    severity: str | None
    weight: float | None
    gmlos: float | None
    amlos: float | None
    grouper: GrouperUsed
    returned: Returned
    initial: DrgStage | None
    final: DrgStage | None
    hac: str
    diagnoses: tuple[GroupedDiagnosis, ...]
    procedures: tuple[GroupedProcedure, ...]
    fragile: bool
    fragile_on: tuple[str, ...]
    alternatives: tuple[Alternative, ...]
    undetermined: Undetermined | None
    assumed: tuple[str, ...]
    editions: tuple[EditionUsed, ...]
    not_evaluated: tuple[NotEvaluated, ...]
    date_assumed: bool = field(default=False, metadata={"omit": True})
