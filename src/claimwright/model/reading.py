"""What a note says, and what may follow from it: facts with spans, candidate codes with their path."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from functools import cached_property
from typing import NamedTuple

from claimwright.model.edition import EditionUsed
from claimwright.model.finding import NotEvaluated


class Status(StrEnum):
    """What a text says of a condition; precedence: family, hypothetical, absent, uncertain, historical, present."""

    PRESENT = "present"
    ABSENT = "absent"
    UNCERTAIN = "uncertain"
    HISTORICAL = "historical"
    FAMILY = "family"
    HYPOTHETICAL = "hypothetical"


class CandidateStatus(StrEnum):
    """How far the note carries a candidate code."""

    SUPPORTED = "supported"
    NEEDS_DECISION = "needs-decision"
    NOT_CODABLE = "not-codable"


class Span(NamedTuple):
    """Characters `start` to `end` (exclusive) of the original text, and those characters."""

    start: int
    end: int
    text: str


class Measure(NamedTuple):
    """A number with its unit as the note has it: 3 "month" (duration), 7 "per week" (frequency), 88 "%"."""

    kind: str
    value: float
    unit: str
    span: Span


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a fact or a candidate comes from that our own reading alone would not give, or not so.

    `prompt_sha256` identifies the request, `quote` are the words of the note that were verified, `checks` what
    was verified, in order.
    """

    provider: str
    version: str
    prompt_sha256: str
    quote: str
    checks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NoteFact:
    """One thing a note states: a fact id that policies use, or a term; its status; where it stands.

    `id` is an id of `lexicons/facts.yaml`, or None for a mention without one; `term` the concept in plain
    words; `span` the mention; `trigger` what decided the status; `sentence` the sentence's own span.
    """

    id: str | None
    term: str
    status: Status
    span: Span
    section: str
    trigger: Span | None = None
    side: str | None = None
    severity: str | None = None
    measures: tuple[Measure, ...] = ()
    tried: str | None = None
    sentence: Span | None = field(default=None, metadata={"omit": True})
    origin: Origin | None = field(default=None, metadata={"omit": True})

    @property
    def evidence(self) -> Span:
        """The words that carry the fact: mention and trigger, with what stands between them."""
        if self.trigger is None or self.sentence is None:
            return self.span
        start, end = min(self.span.start, self.trigger.start), max(self.span.end, self.trigger.end)
        offset = self.sentence.start
        return Span(start, end, self.sentence.text[start - offset : end - offset])


class PathStep(NamedTuple):
    """One level of the Alphabetic Index, or one wording of the tabular list: its words and what evidences them."""

    words: str
    evidence: tuple[str, ...] = ()
    presumed: bool = False


class Instruction(NamedTuple):
    """An official note that speaks of a candidate: its kind, holder and level, its text, the other candidates named."""

    kind: str
    holder: str
    level: str
    text: str
    codes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Candidate:
    """A code that the note may support; never written into a claim.

    `because` says why; `evidence` are the words of the note; `ask` the question that settles it;
    `notes` the official instructions between it and the other candidates, and those that it wants sequenced first.
    """

    code: str
    title: str | None
    billable: bool
    path: tuple[PathStep, ...]
    because: str
    status: CandidateStatus
    ask: str | None = None
    evidence: str | None = None
    spans: tuple[Span, ...] = ()
    unsettled: tuple[str, ...] = ()
    notes: tuple[Instruction, ...] = field(default=(), metadata={"omit": True})
    origin: Origin | None = field(default=None, metadata={"omit": True})


@dataclass(frozen=True, slots=True)
class Accepted:
    """A suggestion that was verified: a mention (`start`, `end`, `label`, `assertion`) or a choice (`chosen`).

    `codes` are those that the engine made or marked of it. `reads` is our own reading of the quoted words; where
    it is not `assertion`, the candidates need a decision. `ask` is the question to the clinician that the answer
    "not documented" leaves.
    """

    call: str
    attempt: int
    provider: str
    version: str
    prompt_sha256: str
    quote: Span | None
    checks: tuple[str, ...]
    label: str | None = field(default=None, metadata={"omit": True})
    assertion: Status | None = field(default=None, metadata={"omit": True})
    reads: Status | None = field(default=None, metadata={"omit": True})
    question: str | None = field(default=None, metadata={"omit": True})
    chosen: str | None = field(default=None, metadata={"omit": True})
    codes: tuple[str, ...] = ()
    ask: str | None = field(default=None, metadata={"omit": True})


@dataclass(frozen=True, slots=True)
class Refused:
    """An answer, or the part of one at `item` (from 1), that was not taken, and why; nothing of it is repeated."""

    call: str
    attempt: int
    prompt_sha256: str
    reason: str
    item: int | None = None


@dataclass(frozen=True, slots=True)
class Suggestions:
    """What a provider of suggestions was asked and what became of its answers."""

    provider: str
    version: str
    accepted: tuple[Accepted, ...] = ()
    refused: tuple[Refused, ...] = ()


@dataclass(frozen=True, slots=True)
class Reading:
    """Everything `read` says of one note."""

    setting: str | None
    date: date
    facts: tuple[NoteFact, ...]
    candidates: tuple[Candidate, ...]
    editions: tuple[EditionUsed, ...] = ()
    not_evaluated: tuple[NotEvaluated, ...] = ()
    suggestions: Suggestions | None = field(default=None, metadata={"omit": True})


@dataclass(frozen=True)
class NoteRead:
    """The note of one claim: its facts at once, its candidate codes when a rule asks for them.

    `look_up` reads the note in full, which takes longer by far than the facts do.
    """

    text: str
    facts: tuple[NoteFact, ...]
    look_up: Callable[[], Reading]

    @cached_property
    def candidates(self) -> tuple[Candidate, ...]:
        """The candidates of the reading; looked up once."""
        return self.look_up().candidates
