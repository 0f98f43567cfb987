"""What rules on ICD-10-PCS procedures share: conditions over procedures, and proof from their tables."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from claimwright.book.columns import PROCEDURE_FLAG_BIT
from claimwright.book.pcs import REGISTRY, Listed
from claimwright.book.store import RegistryEntry
from claimwright.claims.batch import SEXES
from claimwright.edits.digest import OfCode
from claimwright.edits.frame import PROCEDURE, Bools, Frame
from claimwright.edits.hit import Hit, ProcedureEnd
from claimwright.edits.relations import Condition, Hits, Membership, Places
from claimwright.edits.told import EITHER, EVERY, Told, joined, told
from claimwright.model import Because, Claim, Setting


def procedures(*conditions: Callable[[Frame], Bools], settings: Sequence[Setting] = tuple(Setting)) -> Membership:
    """Every procedure that meets all conditions."""
    return Membership(conditions, (REGISTRY,), tuple(settings), PROCEDURE)


@dataclass(frozen=True, slots=True)
class FirstMet:
    """Every procedure that meets one of the conditions; `key` is the number of the first that it meets."""

    conditions: tuple[Condition, ...]
    settings: tuple[Setting, ...] = tuple(Setting)
    tables: tuple[str, ...] = (REGISTRY,)

    def concerns(self, claim: Claim) -> bool:
        """Only claims of these settings with procedures."""
        return claim.setting in self.settings and bool(claim.procedures)

    def find(self, frame: Frame) -> Hits:
        """Hits with `right` -1."""
        left = frame.in_settings(*self.settings, kind=PROCEDURE)
        first = np.full(len(left), -1, dtype=np.int32)
        for number, condition in enumerate(self.conditions if left.any() else ()):
            first[left & (first < 0) & condition(frame)] = number
        found = np.flatnonzero(first >= 0).astype(np.int32)
        return Hits(found, np.full(len(found), -1, dtype=np.int32), first[found], PROCEDURE)


def performed(flag: str) -> Condition:
    """The registry row of the procedure on its day carries this MCE flag."""
    bit = PROCEDURE_FLAG_BIT[flag]
    return told("procedure-flag", flag)(lambda frame: (frame.procedures.flags & bit) != 0)


def beside_diagnosis(condition: Condition) -> Condition:
    """Some diagnosis of the procedure's claim meets the condition."""
    return Told(
        lambda frame: _claims(frame, frame.claim[_meeting(frame, condition)])[frame.procedures.claim],
        joined("beside-diagnosis", condition),
    )


def _meeting(frame: Frame, condition: Condition) -> Places | Bools:
    """The diagnoses that meet a condition."""
    return frame.where(condition) if isinstance(condition, OfCode) else condition(frame)


def beside_procedure(condition: Condition) -> Condition:
    """Some procedure of the same claim (it may be this one) meets the condition."""
    return lambda frame: _claims(frame, frame.procedures.claim[condition(frame)])[frame.procedures.claim]


def _claims(frame: Frame, having: npt.NDArray[np.int32]) -> Bools:
    marked = np.zeros(len(frame.batch), dtype=np.bool_)
    marked[having] = True
    return marked


def patient_is(sex: str) -> Condition:
    """The patient's sex, for each procedure."""
    return told("sex", sex)(lambda frame: (frame.batch.sex == SEXES.index(sex))[frame.procedures.claim])


def patient_older_than(years: int) -> Condition:
    """The patient's age in completed years is known and above this, for each procedure."""
    return lambda frame: (frame.batch.age > years)[frame.procedures.claim]


def carries(hit: Hit, flag: str) -> bool:
    """Does the procedure of the hit carry this MCE flag on its day?"""
    return bool(int(hit.scene.frame.procedures.flags[hit.left.index]) & int(PROCEDURE_FLAG_BIT[flag]))


def all_of(*conditions: Condition) -> Condition:
    """Every condition is met."""
    return Told(
        lambda frame: np.logical_and.reduce([condition(frame) for condition in conditions]), joined(EVERY, *conditions)
    )


def any_of(*conditions: Condition) -> Condition:
    """At least one condition is met."""
    return Told(
        lambda frame: np.logical_or.reduce([condition(frame) for condition in conditions]), joined(EITHER, *conditions)
    )


def procedure_of(hit: Hit) -> ProcedureEnd:
    """The procedure that a hit of a membership over procedures is about."""
    assert isinstance(hit.left, ProcedureEnd)  # noqa: S101 - such a membership finds nothing else
    return hit.left


def registry_proof(hit: Hit, entry: RegistryEntry | None, text: str, kind: str = "validity") -> Because:
    """A row of the dated ICD-10-PCS registry as proof (or its silence); the window is the row's own."""
    registry = hit.book.pcs.registry
    window = entry.window if entry else registry.window if registry else hit.book.registry_window
    return Because(
        source=REGISTRY,
        edition=registry.edition if registry else "",
        starts=window.starts,
        ends=window.ends,
        kind=kind,
        text=text,
        holder=hit.left.code,
        level="code",
    )


def flag_proof(hit: Hit, flag: str, says: str) -> Because:
    """The MCE flag of the procedure on its day as proof."""
    end = procedure_of(hit)
    rows = [row for row in hit.book.pcs.periods(end.code) if end.day in row.window]
    return registry_proof(hit, rows[0] if rows else None, says, f"mce-flag {flag}")


def table_proof(edition: Listed, holder: str, text: str) -> Because:
    """An official ICD-10-PCS table as proof."""
    window = edition.window
    return Because(edition.table, edition.edition, window.starts, window.ends, "table", text, holder, "table")
