"""Why a search answers what it answers: the steps from the question to what was looked for, and each hit's reasons."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from claimwright.book.ranking import BONUS, LIFT, Ranker, Scored
from claimwright.book.search_index import unpack
from claimwright.model.codes import dotted

if TYPE_CHECKING:
    from claimwright.book.index_hits import IndexHits
    from claimwright.book.query_words import Query, Question


class SearchStep(NamedTuple):
    """A step of reading: `how` is spelling, form, or the lexicon; `row` its row, counted from 1."""

    how: str
    said: str
    read: str
    row: int | None


class Bonus(NamedTuple):
    """Something besides words that moved a score."""

    why: str
    worth: float


class Reason(NamedTuple):
    """Why a code is a hit.

    `read_as` is the reading that found it, `found` and `missing` its words, `coverage` the share of the
    question that the phrase holds and `precision` the share of the phrase that the question names, both by
    rarity. `index_says` is the share of the question that a path of the Index says, with its `via` and `rules`.
    """

    code: str
    read_as: str
    found: tuple[str, ...]
    missing: tuple[str, ...]
    coverage: float | None
    precision: float | None
    bonuses: tuple[Bonus, ...]
    index_says: float | None = None
    via: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()


class Explanation(NamedTuple):
    """The steps of reading, every reading that was searched, and the reason of each hit."""

    steps: tuple[SearchStep, ...]
    readings: tuple[str, ...]
    hits: tuple[Reason, ...]


def explanation(
    ranker: Ranker,
    question: Question,
    phrases: Mapping[str, Scored],
    from_index: IndexHits,
    codes: Sequence[tuple[str, bool]],
) -> Explanation:
    """The explanation of the hits `codes` (code, billable); `phrases` are the phrases behind them by code."""
    entries = {dotted(ranker.book.node_at(ranker.edition, each.pos).code): each for each in from_index.hits}
    reasons = []
    for code, billable in codes:
        if code in phrases:
            reason = _reason(ranker, question, code, phrases[code], billable)
        elif code in entries:
            reason = Reason(code, question.text, (), (), None, None, ())
        else:
            reason = Reason(code, code, (code,), (), None, None, ())
        if code in entries:
            path = entries[code]
            reason = reason._replace(index_says=round(path.score, 4), via=path.via, rules=path.rules)
        reasons.append(reason)
    return Explanation(tuple(_steps(question)), tuple(_words(each) for each in question.readings), tuple(reasons))


def _steps(question: Question) -> list[SearchStep]:
    steps = [SearchStep("spelling", said, read, None) for said, read in question.spelled]
    steps += [SearchStep(each.lexicon, each.said, each.means, each.ordinal + 1) for each in question.expansions]
    forms = {
        (term.said, other): None for each in question.readings for term in each.terms for other in term.forms.values()
    }
    return steps + [SearchStep("word-forms", said, other, None) for said, other in forms]


def _words(query: Query) -> str:
    return " ".join(term.said for term in query.terms)


def _reason(ranker: Ranker, question: Question, code: str, each: Scored, billable: bool) -> Reason:
    """The parts of a score, computed as the ranking does."""
    query = question.readings[each.turn]
    stems = unpack(ranker.book.rows("SELECT stems FROM phrase WHERE id = ?", (each.phrase,))[0][0])
    held = frozenset(stems[1:])
    there = [bool(held & term.stems.keys()) for term in query.terms]
    matched = {stem for term in query.terms for stem in held & term.stems.keys()}
    marks = [*ranker.marks(query, held, matched, each.kind, each.precision), *ranker.reading_marks(query)]
    marks += [LIFT] * billable
    words = tuple(term.said for term in query.terms)
    return Reason(
        code,
        _words(query),
        tuple(word for word, is_there in zip(words, there, strict=True) if is_there),
        tuple(word for word, is_there in zip(words, there, strict=True) if not is_there),
        round(each.coverage, 4),
        round(each.precision, 4),
        tuple(Bonus(mark, BONUS[mark]) for mark in marks),
    )
