"""The format of articles: Markdown with a head of YAML, read strictly.

The head names the article, its day of service and its numbered citations; the body has sections, whose
heading may carry marks in braces: `## Documentation {clinical coder}`. See docs/articles.md.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from claimwright.claims.text_file import in_utf8, read_bytes
from claimwright.errors import ClaimwrightError, InputError
from claimwright.model import dotted, undotted
from claimwright.pages.facts import Fact, facts_in
from claimwright.pages.references import ArticleCitation, citation_of
from claimwright.sources.installed import shipped
from claimwright.sources.policy_yaml import At, document

if TYPE_CHECKING:
    from collections.abc import Iterator

KINDS = ("code-page", "question")
"""Kinds of articles."""

AUDIENCES = ("coder", "clinician", "patient", "biller", "payer")
"""Readers for whom a section may be meant; the facts are the same for all."""

STATES = ("draft", "submitted", "under-review", "approved", "returned")
"""Review states; a seed file carries `draft` or `submitted`, the rest is given by the workbench."""

TOPICS = ("clinical", "coding", "coverage")
"""What a section may be about; every sentence of a clinical one needs a citation or a bound fact."""

MOST_BYTES = 2 * 1024 * 1024
"""Size of an article."""

_HEADING = re.compile(r"(#{1,6})\s+(.*?)\s*(?:\{([^{}]*)\})?\s*#*\s*\Z")
_FENCE = re.compile(r"\s*(`{3,}|~{3,})")
_ID = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*\Z")
_CODE = re.compile(r"[A-Z0-9]{3}(?:\.?[A-Z0-9]{1,4})?\Z")
_REQUIRED = "article kind title date_of_service written next_review state author citations"
_OPTIONAL = "code procedures audiences summary"


@dataclass(frozen=True, slots=True)
class Section:
    """A heading and what stands under it up to the next one; `line` is that of the heading.

    `audiences` empty: for everyone. `topics` and `audiences` of a higher heading hold below it.
    `text` begins on `line + 1`; that of the words before the first heading (level 0) on `line`.
    """

    level: int
    title: str
    line: int
    audiences: tuple[str, ...]
    topics: tuple[str, ...]
    text: str

    @property
    def first_line(self) -> int:
        """Number of the first line of `text`."""
        return self.line + 1 if self.level else self.line

    def meant_for(self, audience: str) -> bool:
        """Is the section shown to this audience?"""
        return not self.audiences or audience in self.audiences


@dataclass(frozen=True)
class Article:
    """One article. `place` names its file; `audiences` are those that its sections address, in our order.

    `day` is the date of service of every fact without a day of its own.
    """

    id: str
    kind: str
    title: str
    code: str | None
    procedures: tuple[str, ...]
    audiences: tuple[str, ...]
    day: date
    written: date
    next_review: date
    state: str
    author: str
    summary: str
    citations: tuple[ArticleCitation, ...]
    sections: tuple[Section, ...]
    body: str
    body_line: int
    place: str = field(default="article", compare=False)

    @cached_property
    def facts(self) -> tuple[Fact, ...]:
        """Every bound fact, in order."""
        return tuple(facts_in(self.body, self.place, self.body_line))

    def for_audience(self, audience: str) -> tuple[Section, ...]:
        """The sections shown to one audience."""
        return tuple(each for each in self.sections if each.meant_for(audience))


def shipped_articles() -> list[Article]:
    """The articles that ship with the package, by id."""
    return sorted((read_article(file) for file in shipped("pages").glob("*.md")), key=lambda each: each.id)


def read_article(file: Path) -> Article:
    """The article of a file. Errors: `InputError` with the line for whatever is not in the format."""
    text = in_utf8(read_bytes(str(file), MOST_BYTES, "an article", "one article a file"), str(file))
    return parse_article(text, str(file))


def parse_article(text: str, place: str = "article") -> Article:
    """The article of a text; `place` stands for its file in refusals. Errors: as `read_article`."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    lines = text.split("\n")
    if lines[0].rstrip() != "---":
        raise InputError(f"{place}:1", "an article begins with its head", "a line of three dashes, YAML, three dashes")
    end = next((at for at, line in enumerate(lines[1:], 1) if line.rstrip() == "---"), None)
    if end is None:
        raise InputError(f"{place}:1", "the head is not closed", "a second line of three dashes")
    # The empty first line keeps the numbers of lines those of the file.
    head = document("\n" + "\n".join(lines[1:end]), place, users=True)
    body = "\n".join(lines[end + 1 :])
    try:
        return _article(head, body, end + 2, place)
    except InputError:
        raise
    except ClaimwrightError as error:
        raise InputError(place, str(error)) from None


def _article(head: At, body: str, body_line: int, place: str) -> Article:
    head.keys(_REQUIRED, _OPTIONAL)
    kind = head.choice("kind", KINDS)
    name = head.text("article")
    if not _ID.fullmatch(name):
        raise head.child("article").wrong(f"is {name!r}", "words of small letters and digits, joined by dashes")
    code = _code(head.child("code")) if head.has("code") else None
    if kind == "code-page" and code is None:
        raise head.wrong("a code-page lacks the key 'code'")
    sections = tuple(_sections(body, body_line, place))
    article = Article(
        id=name,
        kind=kind,
        title=head.text("title"),
        code=code,
        procedures=tuple(_code(each) for each in head.child("procedures").items()),
        audiences=_audiences(head, sections),
        day=_day(head, "date_of_service"),
        written=_day(head, "written"),
        next_review=_day(head, "next_review"),
        state=head.choice("state", STATES),
        author=head.text("author"),
        summary=head.text("summary", ""),
        citations=tuple(_citations(head.child("citations"))),
        sections=sections,
        body=body,
        body_line=body_line,
        place=place,
    )
    if article.next_review < article.written:
        raise head.child("next_review").wrong(f"is {article.next_review}, before the day it was written")
    article.facts  # noqa: B018 - a fact that cannot be read is refused now
    return article


def _code(at: At) -> str:
    name = at.name().upper()
    if not _CODE.fullmatch(name):
        raise at.wrong(f"is {at.value!r}", "a code")
    return name if name[:1].isdigit() or (len(name) == 5 and "." not in name) else dotted(undotted(name))


def _day(head: At, key: str) -> date:
    at = head.child(key)
    if type(at.value) is not date:
        raise at.wrong(f"is {str(at.value)[:40]!r}", "a day as YYYY-MM-DD")
    return at.value


def _citations(at: At) -> Iterator[ArticleCitation]:
    if not isinstance(at.value, dict):
        raise at.wrong("is not a mapping", "numbers from 1, each with a document, table or policy")
    for wanted, key in enumerate(at.value, 1):
        if key != str(wanted):
            raise at.child(key).wrong(f"is number {key!r}", f"{wanted}, the next number")
        yield citation_of(wanted, at.child(key))


def _audiences(head: At, sections: tuple[Section, ...]) -> tuple[str, ...]:
    named = head.names("audiences")
    for each in named:
        if each not in AUDIENCES:
            raise head.child("audiences").wrong(f"lists {each!r}", f"some of {', '.join(AUDIENCES)}")
    addressed = {each for section in sections for each in section.audiences}
    return tuple(each for each in AUDIENCES if each in named or each in addressed)


@dataclass(slots=True)
class _Open:
    """A heading whose lines are being collected."""

    level: int
    title: str
    line: int
    marks: tuple[str, ...]
    lines: list[str]


def _sections(body: str, first: int, place: str) -> Iterator[Section]:
    marks: dict[int, tuple[str, ...]] = {}
    now = _Open(0, "", first, (), [])
    fence = ""
    for number, line in enumerate(body.split("\n"), first):
        fenced = _FENCE.match(line)
        if fenced and (not fence or line.strip().startswith(fence)):
            fence = "" if fence else fenced[1]
        heading = None if fence else _HEADING.match(line)
        if heading is None:
            now.lines.append(line)
            continue
        if now.level or any(each.strip() for each in now.lines):
            yield _section(now)
        level = len(heading[1])
        own = _marks(heading[3] or "", f"{place}:{number}")
        marks = {depth: kept for depth, kept in marks.items() if depth < level}
        inherited = tuple(each for depth in sorted(marks) for each in marks[depth])
        marks[level] = own
        if any(each in AUDIENCES for each in own):
            inherited = tuple(each for each in inherited if each not in AUDIENCES)
        if not heading[2]:
            raise InputError(f"{place}:{number}", "a heading has no words", "a title")
        now = _Open(level, heading[2], number, (*inherited, *own), [])
    if now.level or any(each.strip() for each in now.lines):
        yield _section(now)


def _section(now: _Open) -> Section:
    audiences = tuple(each for each in AUDIENCES if each in now.marks)
    topics = tuple(each for each in TOPICS if each in now.marks)
    return Section(now.level, now.title, now.line, audiences, topics, "\n".join(now.lines))


def _marks(text: str, where: str) -> tuple[str, ...]:
    out = tuple(text.replace(",", " ").split())
    for each in out:
        if each not in AUDIENCES and each not in TOPICS:
            raise InputError(
                where, f"the mark {each!r} of a heading is not known", f"some of {', '.join((*TOPICS, *AUDIENCES))}"
            )
    return out
