"""The lint of an article of ours: its facts, citations, sections, audiences and days."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING

from claimwright.pages.bind import CHANGED, NOT_LOADED, check_facts
from claimwright.pages.references import resolve
from claimwright.pages.source import Source, registry

if TYPE_CHECKING:
    from claimwright.engine import Engine
    from claimwright.pages.article import Article, Section

KINDS = (
    "fact-changed",
    "fact-not-loaded",
    "dangling-citation",
    "unused-citation",
    "empty-section",
    "uncited-clinical",
    "unknown-code",
    "retired-code",
    "audience-without-text",
    "review-overdue",
)
"""Kinds of problems; `fact-not-loaded` and `unused-citation` are only remarks."""

REMARKS = frozenset(("fact-not-loaded", "unused-citation"))
"""Kinds that do not keep an article from being submitted."""

_MARK = re.compile(r"(?<!\[)\[(\d{1,3}(?:\s*[,-]\s*\d{1,3})*)\](?!\(|\])")
_CODE = re.compile(r"(?<![\w.#/-])([A-Z]\d[0-9A-Z](?:\.[0-9A-Z]{1,4}(?![-xX]\b))?)(?![\w-]|\.\d|\.-)")
_SENTENCE = re.compile(r"(?<=[.!?])[\s]+(?=[A-Z\[\"(])")
_FENCED = re.compile(r"(?:`[^`\n]*`)")


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with an article, on which line, and what the official source has."""

    kind: str
    line: int
    says: str
    source: Source | None = None
    remark: bool = field(default=False)


def check_article(article: Article, engine: Engine, day: date | None = None) -> list[Problem]:
    """Everything that is wrong with an article on `day` (of the review, today by default), by line.

    Facts and codes are looked up on the article's day of service.
    """
    today = day or date.today()
    found = [
        *_facts(article, engine, today),
        *_citations(article, engine),
        *_empty(article),
        *_clinical(article),
        *_codes(article, engine),
        *_audiences(article),
        *_days(article, today),
    ]
    return sorted(found, key=lambda each: (each.line, KINDS.index(each.kind), each.says))


def _facts(article: Article, engine: Engine, day: date) -> Iterator[Problem]:
    for each in check_facts(article, engine, day):
        if each.state == CHANGED:
            yield Problem("fact-changed", each.fact.line, each.says, each.source)
        elif each.state == NOT_LOADED:
            yield Problem("fact-not-loaded", each.fact.line, each.says, None, remark=True)


def marks(text: str) -> list[int]:
    """The numbers of the citation marks of a text: `[1]`, `[2, 3]`, `[4-6]`."""
    out: list[int] = []
    for found in _MARK.finditer(_FENCED.sub("", text)):
        for piece in found[1].split(","):
            low, dash, high = piece.partition("-")
            first, last = int(low), int(high) if dash else int(low)
            out += range(first, min(last, first + 100) + 1)
    return out


def _citations(article: Article, engine: Engine) -> Iterator[Problem]:
    known = {each.number for each in article.citations}
    used: set[int] = set()
    for number, line in enumerate(article.body.split("\n"), article.body_line):
        for mark in dict.fromkeys(marks(line)):  # once a line: a thousand dead marks are no thousand problems
            used.add(mark)
            if mark not in known:
                yield Problem("dangling-citation", number, f"[{mark}] has no entry; the list has {len(known)}")
    for each in article.citations:
        reference = resolve(each, engine.book, article.day)
        if reference.problem:
            yield Problem("dangling-citation", each.line, f"[{each.number}]: {reference.problem}", reference.source)
        if each.number not in used:
            says = f"[{each.number}] is cited nowhere in the text"
            yield Problem("unused-citation", each.line, says, None, remark=True)


def _empty(article: Article) -> Iterator[Problem]:
    sections = article.sections
    for at, each in enumerate(sections):
        below = at + 1 < len(sections) and sections[at + 1].level > each.level
        if each.level and not each.text.strip() and not below:
            yield Problem("empty-section", each.line, f"the section {each.title!r} has no text")


def sentences(section: Section) -> Iterator[tuple[int, str]]:
    """(line, sentence) of a section: paragraphs joined, each item of a list and row of a table by itself."""
    paragraph: list[str] = []
    start = section.first_line
    for number, line in enumerate(section.text.split("\n"), section.first_line):
        bare = line.strip()
        alone = bare.startswith(("-", "*", "+", "|", ">", "#")) or re.match(r"\d+[.)]\s", bare)
        if (not bare or alone) and paragraph:
            yield from _split(start, paragraph)
            paragraph = []
        if alone:
            start, paragraph = number, [bare.lstrip("-*+> ")]
        elif bare:
            if not paragraph:
                start = number
            paragraph.append(bare)
    if paragraph:
        yield from _split(start, paragraph)


def _split(start: int, paragraph: list[str]) -> Iterator[tuple[int, str]]:
    text = " ".join(paragraph)
    for sentence in _SENTENCE.split(text):
        yield start, sentence


def _clinical(article: Article) -> Iterator[Problem]:
    for section in article.sections:
        if "clinical" not in section.topics:
            continue
        for line, sentence in sentences(section):
            words = len(re.findall(r"[A-Za-z]{2,}", sentence))
            if words < _STATEMENT or sentence.endswith("?") or _admits(sentence):
                continue
            if not marks(sentence) and "[[" not in sentence:
                yield Problem("uncited-clinical", line, "a clinical statement has neither a citation nor a bound fact")


_STATEMENT = 4
"""Words of a sentence that states something."""


def _admits(sentence: str) -> bool:
    """Does the sentence say that no source is loaded?"""
    return bool(re.search(r"\bno (?:cited )?source (?:for \w+ )?is loaded\b", sentence, re.IGNORECASE))


def _codes(article: Article, engine: Engine) -> Iterator[Problem]:
    book, day = engine.book, article.day
    number = book.edition_on(day)[0].number
    facts = {(fact.line, fact.subject.upper()) for fact in article.facts if fact.relation in _ABOUT_TIME or fact.denied}
    for line, text in enumerate(article.body.split("\n"), article.body_line):
        for name in dict.fromkeys(_CODE.findall(re.sub(r"\[\[.*?\]\]", " ", _FENCED.sub("", text)))):
            rows = book.registry(name.replace(".", ""))
            node = book.node(number, name.replace(".", ""))
            if not rows and node is None:
                if "." in name:
                    yield Problem("unknown-code", line, f"{name} is in no loaded edition", registry(book, name))
            elif rows and not any(day in each.window for each in rows) and (line, name) not in facts:
                says = f"{name} was not billable on {day} ({rows[-1].window}); a bound fact must say so"
                yield Problem("retired-code", line, says, registry(book, name))


_ABOUT_TIME = frozenset(("retired", "successors"))
"""Relations that speak of a code that has ended."""


def _audiences(article: Article) -> Iterator[Problem]:
    for audience in article.audiences:
        own = [each for each in article.sections if audience in each.audiences]
        if not any(each.text.strip() for each in own):
            yield Problem("audience-without-text", 1, f"no section with text is meant for the audience {audience}")


def _days(article: Article, today: date) -> Iterator[Problem]:
    if article.next_review < today:
        yield Problem("review-overdue", 1, f"the next review was due on {article.next_review}")
