"""What `cover` answers: one answer for each policy version, and what to supply where there is none."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any, NamedTuple

from claimwright.model.finding import NotEvaluated
from claimwright.model.plain import plain
from claimwright.model.policy import Cite, Related
from claimwright.model.reading import Span


class State(StrEnum):
    """Of a criterion. Silence is not documented; a denial is not met."""

    MET = "met"
    NOT_MET = "not-met"
    NOT_DOCUMENTED = "not-documented"


class Determination(StrEnum):
    """Of a claim under one policy version."""

    SUPPORTED = "supported"
    NOT_SUPPORTED = "not-supported"
    INSUFFICIENT = "insufficient-documentation"
    NOT_ADDRESSED = "not-addressed"


class Listed(StrEnum):
    """Of the claim's diagnoses in the lists of one policy version; no verdict on coverage."""

    LISTED = "listed"
    NOT_LISTED = "not-listed"
    CONDITIONAL = "conditional"
    NOT_LOADED = "list-not-loaded"


@dataclass(frozen=True, slots=True)
class StatedFact:
    """One statement of one fact: by the `claim`, the `note` or a `question` (with its span), or of the `patient`.

    `value` is what the statement carries: a number, a day, words. `lengths` are durations and other numbers
    with their units. `failed` says that a treatment did not help; None where nothing is said of it.
    """

    id: str
    status: str
    source: str
    value: float | str | None = field(default=None, metadata={"omit": True})
    span: Span | None = field(default=None, metadata={"omit": True})
    section: str | None = field(default=None, metadata={"omit": True})
    side: str | None = field(default=None, metadata={"omit": True})
    lengths: tuple[tuple[float, str], ...] = field(default=(), metadata={"omit": True})
    failed: bool | None = field(default=None, metadata={"omit": True})


@dataclass(frozen=True, slots=True)
class CriterionAnswer:
    """A node of the tree with its state and proof; `reason` says why where that is not plain.

    `counts` are the services that a frequency counts. As JSON the root also answers by the id of each criterion
    below it: state, and the words of the note.
    """

    id: str
    says: str
    cite: Cite | None
    rule: str
    state: State
    facts: tuple[StatedFact, ...] = ()
    reason: str | None = None
    children: tuple[CriterionAnswer, ...] = ()
    asks: str | None = None
    needed: str | None = None
    count: int = 0
    counts: tuple[str, ...] = ()

    @property
    def span_text(self) -> str | None:
        """The words of the note that decided, if a note did."""
        return next((each.span.text for each in self.facts if each.span), None)

    def walk(self) -> list[CriterionAnswer]:
        """This node and all below it, from the top."""
        return [self, *(node for child in self.children for node in child.walk())]

    def as_plain(self) -> dict[str, Any]:
        """The tree as JSON values, the root with the criteria by id beside it."""
        by_id = {node.id: node._short() for node in self.walk()[1:] or [self]}
        return {**self._node(), **by_id}

    def _short(self) -> dict[str, Any]:
        out: dict[str, Any] = {"id": self.id, "state": self.state.value}
        return out | ({"span_text": self.span_text} if self.span_text else {})

    def _node(self) -> dict[str, Any]:
        out: dict[str, Any] = {
            "id": self.id,
            "says": self.says,
            "cite": plain(self.cite),
            "rule": self.rule,
            **({"count": self.count} if self.count else {}),
            "state": self.state.value,
            "facts": [plain(each) for each in self.facts],
        }
        if self.span_text:
            out["span_text"] = self.span_text
        if self.reason:
            out["reason"] = self.reason
        if self.children:
            out["children"] = [child._node() for child in self.children]
        return out


class NeededFact(NamedTuple):
    """A fact that is not documented, and what it would have to be."""

    id: str
    needed: str
    says: str


@dataclass(frozen=True, slots=True)
class NextFact:
    """An undocumented fact and what documenting it settles.

    `criteria` are pairs of policy and criterion that it settles, `decides` the policies whose answer turns to
    supported by it alone, `decides_against` those whose answer turns to not supported by its contrary alone.
    """

    id: str
    says: str
    needed: str
    settles: int
    criteria: tuple[tuple[str, str], ...]
    policies: tuple[str, ...]
    decides: tuple[str, ...]
    decides_against: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DiagnosisAnswer:
    """One diagnosis of the claim in the lists of a policy version."""

    code: str
    listed: Listed
    groups: tuple[str, ...]
    noncovered: bool = False
    condition: str | None = field(default=None, metadata={"omit": True})
    cites: tuple[Cite, ...] = ()


@dataclass(frozen=True, slots=True)
class Item:
    """A sentence of the policy: with `state` where it is an item of documentation, `applies` for a denial."""

    says: str
    cite: Cite | None
    state: str | None = field(default=None, metadata={"omit": True})
    facts: tuple[str, ...] = field(default=(), metadata={"omit": True})
    missing: tuple[str, ...] = field(default=(), metadata={"omit": True})
    because: str | None = field(default=None, metadata={"omit": True})


class SourceUsed(NamedTuple):
    """A document that an answer rests on; `id` is what a cite names as its source."""

    number: int
    id: str
    title: str
    publisher: str
    url: str
    read: date | None
    note: str = ""


class Window(NamedTuple):
    """A version of a policy and its days."""

    version: str
    starts: date | None
    ends: date | None
    known_on: date | None


@dataclass(frozen=True, slots=True)
class PolicyAnswer:
    """What one policy version says of the claim.

    `in_force` is None where the effective date was not read and the day lies before the first day that
    the text is known for. `version` is None where no loaded version is in force. `source` is `imported` for a
    document of an imported export of the Medicare Coverage Database, else `policies`; `note` what to know of that.
    """

    policy: str
    version: str | None
    payer: str
    jurisdiction: dict[str, Any]
    starts: date | None
    ends: date | None
    review: str
    completeness: str
    verdict: Determination
    diagnosis_listed: Listed
    why: str
    title: str
    kind: str
    payer_name: str | None
    known_on: date | None
    verified_on: date | None
    in_force: bool | None
    holds: str
    left_out: tuple[str, ...]
    services: tuple[str, ...]
    diagnoses: tuple[DiagnosisAnswer, ...]
    criteria: CriterionAnswer | None
    missing: tuple[str, ...]
    missing_sets: tuple[tuple[NeededFact, ...], ...]
    more_missing_sets: bool
    decides: tuple[str, ...]
    documentation: tuple[Item, ...]
    denial_risks: tuple[Item, ...]
    alternatives: tuple[Item, ...]
    appropriate: tuple[Item, ...]
    not_indicated: tuple[Item, ...]
    coverage_information: dict[str, Any]
    related: tuple[Related, ...]
    versions: tuple[Window, ...]
    citations: tuple[SourceUsed, ...]
    source: str
    note: str
    rests_on: str | None = field(default=None, metadata={"omit": True})


class NotSelected(NamedTuple):
    """A policy for the procedure that does not answer, and why."""

    policy: str
    payer: str
    why: str


class Supply(NamedTuple):
    """Something to supply, and what is known of it so far."""

    topic: str
    says: str
    given: str | None


@dataclass(frozen=True, slots=True)
class Coverage:
    """Everything `cover` says of one claim; never one verdict over several policies.

    `editorial` are answers of guidance that is no payer's rule: they take no part in `conflict`.
    `unknown_facts` are ids among the claim's facts that neither the lexicon nor any of these policies has.
    """

    claim: str | None
    date_of_service: date
    procedures: tuple[str, ...]
    answers: tuple[PolicyAnswer, ...]
    conflict: bool
    unknown: tuple[str, ...]
    supply: tuple[Supply, ...]
    next_facts: tuple[NextFact, ...]
    editorial: tuple[PolicyAnswer, ...]
    not_selected: tuple[NotSelected, ...]
    not_evaluated: tuple[NotEvaluated, ...]
    disclaimer: str
    unknown_facts: tuple[str, ...] = field(default=(), metadata={"omit": True})
    date_assumed: bool = field(default=False, metadata={"omit": True})
