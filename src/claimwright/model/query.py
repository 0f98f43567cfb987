"""Questions to a provider or a coder: what they rest on, what they settle, and what the checker says of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from claimwright.model.finding import NotEvaluated, Place
from claimwright.model.reading import Span


class Addressee(StrEnum):
    """Who can answer: the provider of the service, or who codes the claim from the record."""

    PROVIDER = "provider"
    CODER = "coder"


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a question rests on: words of the note with their span, or a place of the claim with its title.

    `says` is what the question shows. `place` is set for a diagnosis, procedure or line, `span` for a note;
    a `fact` that the claim states has neither.
    """

    kind: str
    says: str
    place: Place | None = field(default=None, metadata={"omit": True})
    span: Span | None = field(default=None, metadata={"omit": True})


@dataclass(frozen=True, slots=True)
class Settled:
    """What an answer settles: a `finding` (by rule), `criterion` (by policy), `candidate` (code) or `documentation`.

    `guidance` is a criterion of editorial guidance, which is no payer's rule. `fact` is what a criterion asks
    about; `suffices`: this fact alone can settle the policy's criteria; `beside`: the fewest others it needs.
    """

    kind: str
    id: str
    at: tuple[Place, ...] = field(default=(), metadata={"omit": True})
    policy: str | None = field(default=None, metadata={"omit": True})
    fact: str | None = field(default=None, metadata={"omit": True})
    suffices: bool = field(default=False, metadata={"omit": True})
    beside: tuple[str, ...] = field(default=(), metadata={"omit": True})


@dataclass(frozen=True, slots=True)
class Question:
    """One question. `options` end with "other" and "unable to determine"; none for an open question.

    `each` are the marks of a checklist: then every option before "none of these" gets one of them. `check` are
    the rules of the checker, all of them passed.
    """

    id: str
    to: Addressee
    text: str
    options: tuple[str, ...]
    evidence: tuple[Evidence, ...]
    settles: tuple[Settled, ...]
    check: tuple[str, ...]
    each: tuple[str, ...] = field(default=(), metadata={"omit": True})


@dataclass(frozen=True, slots=True)
class Questions:
    """The fewest questions that settle what is open on one claim.

    `withheld` is what no compliant question could be made for; `deferred` are criteria that other answers make
    needless: they are asked when those answers leave the policy open.
    """

    claim: str | None
    date_of_service: date
    questions: tuple[Question, ...]
    withheld: tuple[Settled, ...] = ()
    not_evaluated: tuple[NotEvaluated, ...] = ()
    deferred: tuple[Settled, ...] = field(default=(), metadata={"omit": True})
    date_assumed: bool = field(default=False, metadata={"omit": True})


@dataclass(frozen=True, slots=True)
class BrokenRule:
    """A rule that a question breaks, what the rule wants, and the words that break it."""

    rule: str
    says: str
    words: str


@dataclass(frozen=True, slots=True)
class CheckedQuery:
    """What the checker says of one question; `name` tells it from others of the same file."""

    name: str | None
    ok: bool
    broken: tuple[BrokenRule, ...]
    passed: tuple[str, ...]
