"""What editorial work asks of a text: its head, its problems, and whether its bound facts still hold."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from claimwright.engine import Engine


@dataclass(frozen=True, slots=True)
class Head:
    """What an article says of itself."""

    slug: str
    kind: str
    title: str
    code: str
    procedure: str
    next_review: date


@dataclass(frozen=True, slots=True)
class Flaw:
    """A problem of a text by line; one that `blocks` keeps it from being submitted and approved."""

    line: int
    kind: str
    says: str
    source: str
    blocks: bool


@dataclass(frozen=True, slots=True)
class Checked:
    """A bound fact compared with the book: `state` is holds, changed or not-loaded."""

    statement: str
    line: int
    state: str
    expected: str
    found: str
    source: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Examined:
    """All that is to say of a text today."""

    flaws: tuple[Flaw, ...]
    facts: tuple[Checked, ...]

    @property
    def blocking(self) -> tuple[Flaw, ...]:
        """What has to be settled first."""
        return tuple(each for each in self.flaws if each.blocks)

    @property
    def changed(self) -> tuple[Checked, ...]:
        """Facts that the book no longer bears out."""
        return tuple(each for each in self.facts if each.state == "changed")


class Reader(Protocol):
    """Reads articles; safe to share between threads."""

    def head(self, text: str) -> Head:
        """What the text says of itself. Errors: `InputError` with the line."""

    def examine(self, text: str) -> Examined:
        """Its problems and facts. Errors: `InputError` with the line."""


class BookReader:
    """Articles of our format (`claimwright.pages`), compared with the book of an engine."""

    def __init__(self, engine: Engine) -> None:
        """Over one open book."""
        self.engine = engine

    def head(self, text: str) -> Head:
        """See `Reader`."""
        from claimwright.pages import parse_article

        read = parse_article(text, "text")
        procedure = read.procedures[0] if read.procedures else ""
        return Head(read.id, read.kind, read.title, read.code or "", procedure, read.next_review)

    def examine(self, text: str) -> Examined:
        """See `Reader`. That the review is overdue is no problem of the text: the database knows when it is due.

        A fact without a day of its own has to hold today as well as on the article's day of service.
        """
        from claimwright.pages import check_article, check_facts, parse_article
        from claimwright.pages.bind import check_fact

        read = parse_article(text, "text")
        flaws = tuple(
            Flaw(each.line, each.kind, each.says, str(each.source or ""), not each.remark)
            for each in check_article(read, self.engine)
            if each.kind != "review-overdue"
        )
        found = check_facts(read, self.engine)
        today = date.today()
        # A fact without a day of its own is read as of the day of reading, whatever day it was written for.
        later = [
            check_fact(each.fact, self.engine.book, today)
            for each in found
            if each.fact.on is None and each.state == "holds" and read.day not in (None, today)
        ]
        found += [each for each in later if each.state == "changed"]
        facts = tuple(
            Checked(
                each.fact.sentence,
                each.fact.line,
                each.state,
                each.expected,
                each.found,
                str(each.source or ""),
                each.note,
            )
            for each in found
        )
        return Examined(flaws, facts)
