"""A question on coverage: what was understood of it, and the answer in sections with numbered sources."""

from __future__ import annotations

import datetime
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from claimwright.model.coverage import Coverage
from claimwright.model.plain import plain
from claimwright.model.reading import Span

AUDIENCES = ("patient", "coder", "clinician", "payer")
"""Who may read an answer; the facts are the same for all."""


class ServiceAsked(NamedTuple):
    """A procedure of the question: its code, the family it belongs to, the words (None: it came with the claim)."""

    code: str
    family: str | None
    said: str | None
    modifier: str | None = None


class Alternative(NamedTuple):
    """Another code that the same words may mean."""

    code: str
    title: str | None


@dataclass(frozen=True, slots=True)
class DiagnosisAsked:
    """A diagnosis of the question; `how` is code, words, context or claim.

    `ambiguous`: the words do not tell `code` apart from `alternatives`. `known` False: no loaded table has it.
    """

    code: str
    title: str | None
    said: str | None
    how: str
    ambiguous: bool = False
    alternatives: tuple[Alternative, ...] = ()
    known: bool = True


class FactAsked(NamedTuple):
    """A fact of the patient that the question states; `supposed` where it asks "if" or "when"."""

    id: str
    status: str
    said: str
    supposed: bool
    span: Span | None = None
    value: float | str | None = None


@dataclass(frozen=True, slots=True)
class Understood:
    """What a question says; None and empty for what it does not.

    `date` is as far as it was said (2025-11-15, 2025-11, 2025), `day` the day of service that is used.
    `service` are the words of a service that no loaded family or code stands for.
    """

    asks: tuple[str, ...] = ()
    procedures: tuple[ServiceAsked, ...] = ()
    families: tuple[str, ...] = ()
    service: str | None = None
    diagnoses: tuple[DiagnosisAsked, ...] = ()
    payer: str | None = None
    payer_name: str | None = None
    payer_known: bool = False
    state: str | None = None
    mac: str | None = None
    date: str | None = None
    day: datetime.date | None = None
    age: int | None = None
    sex: str | None = None
    facts: tuple[FactAsked, ...] = ()
    assumed: tuple[str, ...] = ()
    not_understood: tuple[str, ...] = ()


class Source(NamedTuple):
    """A numbered place of a document that a sentence of the answer rests on."""

    number: int
    title: str
    publisher: str
    url: str
    locator: str
    policy: str
    read: datetime.date | None


class Line(NamedTuple):
    """One sentence of a section, the policy that says it, its sources by number, its state where it has one.

    `depth` is that of a criterion in its tree.
    """

    text: str
    policy: str | None = None
    citations: tuple[int, ...] = ()
    state: str | None = None
    verdict: str | None = None
    diagnosis_listed: str | None = None
    depth: int = 0


@dataclass(frozen=True, slots=True)
class AnswerSection:
    """A section: `text` is its lines in one, with the numbers of `citations` in brackets; `asked` if asked for."""

    id: str
    title: str
    asked: bool
    text: str
    lines: tuple[Line, ...]
    citations: tuple[Source, ...]


class SectionedAnswer(NamedTuple):
    """All sections, and every source once."""

    sections: tuple[AnswerSection, ...]
    citations: tuple[Source, ...]


class FollowUp(NamedTuple):
    """A question that may come next; `id` is what `--follow-up` takes."""

    id: str
    text: str
    why: str


class Refused(NamedTuple):
    """Why a question is not answered, where to turn, and what can be asked."""

    reason: str
    topic: str
    instead: str
    can_answer: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Asked:
    """The answer to a question: what was understood, the policies' answers, the sections.

    `context` is what a follow-up question keeps. As JSON the keys of `coverage` stand beside the others.
    """

    question: str
    audience: str
    understood: Understood
    coverage: Coverage | None
    answer: SectionedAnswer
    follow_ups: tuple[FollowUp, ...]
    disclaimer: str
    refused: Refused | None = None
    differing: tuple[dict[str, Any], ...] = ()
    context: dict[str, Any] = field(default_factory=dict)

    def as_plain(self) -> dict[str, Any]:
        """As JSON values, in the order of the contract."""
        covered = plain(self.coverage) if self.coverage else {"answers": [], "conflict": False, "unknown": []}
        out: dict[str, Any] = {"question": self.question, "understood": plain(self.understood), **covered}
        out["answer"] = plain(self.answer)
        if self.differing:
            out["differing"] = plain(self.differing)
        if self.refused:
            out["refused"] = plain(self.refused)
        out["audience"] = self.audience
        out["follow_ups"] = plain(self.follow_ups)
        out["context"] = self.context
        out["disclaimer"] = self.disclaimer
        return out
