"""Many claims at once: the DRG of each, without the reasons."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

from claimwright.grouping.cases import assumptions, case_of, need_inpatient
from claimwright.grouping.protocol import NO_DRG, Case, Grouper, Outcome, Version
from claimwright.model import Claim


class Drg(NamedTuple):
    """The DRG of one claim; `drg` is None when it depends on what the claim does not say."""

    drg: str | None
    mdc: str | None
    severity: str | None
    version: str
    returned: str


def group_batch(grouper: Grouper, claims: Sequence[Claim], otherwise: date) -> list[Drg]:
    """The DRG of each claim, in order; `otherwise` is the discharge date of a claim without one.

    Errors: as `Engine.group`, for the first claim that cannot be grouped.
    """
    versions: dict[date, Version] = {}
    cases: list[Case] = []
    owned: list[tuple[int, Version]] = []
    for claim in claims:
        need_inpatient(claim)
        day = claim.date_of_service(otherwise)
        version = versions.get(day) or versions.setdefault(day, grouper.version_on(day))
        before = len(cases)
        cases += [case_of(claim, version.number, way) for way in assumptions(claim)]
        owned.append((len(cases) - before, version))
    answers = iter(grouper.outcomes(cases))
    return [_drg([next(answers) for _ in range(number)], version) for number, version in owned]


def _drg(answers: Sequence[Outcome], version: Version) -> Drg:
    """One answer for all assumptions, or none."""
    first = answers[0]
    if len({(each.drg, each.mdc, each.returned) for each in answers}) > 1:
        return Drg(None, None, None, version.name, "UNDETERMINED")
    mdc = None if first.drg == NO_DRG else f"{first.mdc:02}"
    return Drg(f"{first.drg:03}", mdc, first.severity, version.name, first.returned)
