"""The lint of any text: every check run over its blocks, with what could not be judged."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Any

from claimwright.model import EditionUsed, NotEvaluated
from claimwright.model.plain import plain
from claimwright.pages import say_codes, say_groups, say_notes, say_places, say_procedures, say_sources, say_terms
from claimwright.pages.desk import DANGLING, STALE, UNSUPPORTED, VERDICTS, Desk, Statement, shown
from claimwright.pages.text import read_text

if TYPE_CHECKING:
    from claimwright.engine import Engine
    from claimwright.pages.article import Article

CHECKS: tuple[Callable[[Desk], Iterator[Statement]], ...] = (
    say_codes.codes,
    say_codes.titles,
    say_codes.families,
    say_places.names,
    say_places.levels,
    say_places.groups,
    say_places.seventh,
    say_places.principal,
    say_notes.excludes_lists,
    say_notes.levels,
    say_notes.pairs,
    say_notes.members,
    say_terms.includes,
    say_terms.arrows,
    say_groups.hcc,
    say_groups.opportunities,
    say_groups.drgs,
    say_groups.severity,
    say_groups.editor,
    say_procedures.pairs,
    say_procedures.families,
    say_sources.citations,
    say_sources.states,
    say_sources.coverage,
    say_sources.empty,
    say_sources.clinical,
    say_sources.editions,
    say_sources.guidelines,
    say_sources.uncertain,
)
"""Every check of a text that is not ours."""


@dataclass(frozen=True, slots=True)
class TextReport:
    """What the loaded data contradict or cannot support in a text, by line; and what could not be judged."""

    file: str
    date: date
    editions: tuple[EditionUsed, ...]
    statements: tuple[Statement, ...]
    not_evaluated: tuple[NotEvaluated, ...]

    @property
    def counts(self) -> dict[str, int]:
        """Statements by verdict, in the order of `VERDICTS`."""
        found = Counter(each.verdict for each in self.statements)
        return {verdict: found[verdict] for verdict in VERDICTS if found[verdict]}

    def as_plain(self) -> dict[str, Any]:
        """The document of `lint-article --json`."""
        return {
            "file": self.file,
            "date": self.date.isoformat(),
            "editions": plain(self.editions),
            "statements": plain(self.statements),
            "not_evaluated": plain(self.not_evaluated),
        }


def lint_text(
    text: str, engine: Engine, day: date | None = None, name: str = "text", as_of: date | None = None
) -> TextReport:
    """Judge the statements of any text on `day` (date of service, today by default).

    `as_of` leaves out editions of the tabular list released after it.
    Errors: `EditionMissing` for a day that the dated registry does not reach, `InputError` for one of the
    ICD-9-CM era.
    """
    chosen = engine.book.answerable(day)
    desk = Desk(engine.book, chosen, read_text(text), as_of)
    found = list(_once(each for check in CHECKS for each in check(desk)))
    return _report(name, chosen, engine, found, tuple(desk.not_evaluated.values()), as_of)


def _once(statements: Iterable[Statement]) -> Iterator[Statement]:
    """Each statement once for a verdict: what several checks say of it stands in one fact."""
    found: dict[tuple[int, str, str], list[Statement]] = {}
    for each in statements:
        found.setdefault((each.line, each.verdict, each.statement), []).append(each)
    for same in found.values():
        facts = dict.fromkeys(each.fact for each in same)
        source = next((each.source for each in same if each.source), None)
        yield replace(same[0], fact="; also: ".join(facts), source=source)


def lint_article(article: Article, engine: Engine, day: date | None = None) -> TextReport:
    """An article of ours in the same form: its problems as statements, its facts that nothing loaded can answer.

    Facts are looked up on the article's day of service, `day` is that of the review.
    """
    from claimwright.pages.check import check_article

    chosen = engine.book.answerable(day)
    lines = article.body.split("\n")
    verdicts = {"fact-changed": STALE, "retired-code": STALE, "review-overdue": STALE, "dangling-citation": DANGLING}
    found, missing = [], []
    for each in check_article(article, engine, chosen):
        at = each.line - article.body_line
        text = shown(lines[at]) if 0 <= at < len(lines) else article.title
        if each.kind == "fact-not-loaded":
            missing.append(NotEvaluated("fact", each.says, "claimwright data add TABLE FILE"))
        elif not each.remark:
            verdict = "wrong" if each.kind == "unknown-code" else verdicts.get(each.kind, UNSUPPORTED)
            found.append(Statement(each.line, text, verdict, each.says, each.source, each.kind))
    return _report(article.place, chosen, engine, found, tuple(missing))


def _report(
    name: str, day: date, engine: Engine, found: Any, missing: tuple[NotEvaluated, ...], as_of: date | None = None
) -> TextReport:
    ordered = sorted(found, key=lambda each: (each.line, VERDICTS.index(each.verdict), each.rule, each.fact))
    return TextReport(name, day, engine.book.editions_used(day, as_of), tuple(ordered), missing)
