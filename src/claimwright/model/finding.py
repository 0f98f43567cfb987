"""A finding and everything that proves it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import TYPE_CHECKING

from claimwright.model.edition import EditionUsed

if TYPE_CHECKING:
    from claimwright.model.reading import Span


class Severity(StrEnum):
    """How bad: `error` would be rejected or is against an official note or table."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"

    @property
    def rank(self) -> int:
        """0 for the worst; findings are sorted by it."""
        return _RANKS[self]


_RANKS = {each: number for number, each in enumerate(Severity)}


class Authority(StrEnum):
    """Who says so: four kinds of official voice, and ours."""

    OFFICIAL_NOTE = "official-note"
    TABLE_EDIT = "table-edit"
    GUIDELINE = "guideline"
    MANUAL = "manual"
    EDITORIAL = "editorial"


class Verdict(StrEnum):
    """Of a claim: `fail` with an error, `review` with a warning, otherwise `pass`."""

    FAIL = "fail"
    REVIEW = "review"
    PASS = "pass"  # noqa: S105 - a verdict, not a password


@dataclass(frozen=True, slots=True)
class Place:
    """What a finding is about: the n-th diagnosis, procedure or line (from 1), or the claim."""

    kind: str
    position: int
    code: str


@dataclass(frozen=True, slots=True)
class Because:
    """One piece of proof: the official text, who holds it, its edition and dates.

    `level` is the holder's place in the tree; `path` runs from the coded node up to the holder. Words of a
    note have the `span` where they stand in it.
    """

    source: str
    edition: str
    starts: date | None
    ends: date | None
    kind: str
    text: str
    holder: str | None = None
    level: str | None = None
    path: tuple[str, ...] = ()
    span: Span | None = field(default=None, metadata={"omit": True})


@dataclass(frozen=True, slots=True)
class Fix:
    """The smallest change that clears a finding; `ask` makes it a question, never an edit."""

    say: str
    remove: tuple[str, ...] = ()
    add: tuple[str, ...] = ()
    replace: dict[str, tuple[str, ...]] = field(default_factory=dict)
    reorder: tuple[str, ...] = ()
    ask: str | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong, where, who says so, and what would clear it."""

    rule: str
    code: str
    severity: Severity
    authority: Authority
    at: tuple[Place, ...]
    message: str
    because: tuple[Because, ...]
    fix: Fix


@dataclass(frozen=True, slots=True)
class NotEvaluated:
    """A rule that could not be applied, the table it lacks, and how to get it."""

    rule: str
    missing: str
    how: str


@dataclass(frozen=True, slots=True)
class Report:
    """Everything `check` says of one claim."""

    claim: str | None
    verdict: Verdict
    date_of_service: date
    editions: tuple[EditionUsed, ...]
    findings: tuple[Finding, ...]
    not_evaluated: tuple[NotEvaluated, ...]
    date_assumed: bool = field(default=False, metadata={"omit": True})
