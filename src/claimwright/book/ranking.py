"""The ranking of phrases for a question: coverage, precision and small bonuses, all of them told by name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, NamedTuple

from claimwright.book.search_index import CONTEXT, EDITION_BITS, KINDS, OTHER, SIDE, SITE, VAGUE, unpack

if TYPE_CHECKING:
    from claimwright.book.query_words import Query
    from claimwright.book.store import Book

COVERAGE, PRECISION = 0.7, 0.3
BONUS = {
    "billable": 0.03,
    "unspecified, as the question": 0.03,
    "other specified": -0.03,
    "the side asked for": 0.06,
    "another side": -0.08,
    "a history, an encounter or the like, not asked for": -0.12,
    "an index term with more words": -0.06,
    "other words than asked": -0.02,
    "a further meaning": -0.004,
    "shares only the site": -0.25,
}
"""What is added to coverage and precision, by the name under which an explanation tells it."""
LIFT, _UNSPECIFIED, _OTHER, _THE_SIDE, _ANOTHER_SIDE, _NOT_ASKED, _BEYOND, _REWORDED, _FURTHER, _ONLY_SITE = BONUS
TOP = COVERAGE + PRECISION + BONUS[LIFT] + BONUS[_UNSPECIFIED] + BONUS[_THE_SIDE]
"""Scores are shown as a share of this, so that none exceeds that of a code asked for by its name."""
FORM = 0.97
"""Another form of a word answers for this share of it: what is said in the very word comes first."""
_CANDIDATES, _FEWER = 300, 150
"""Phrases looked at for the question itself, and for each further reading."""
_INDEX = KINDS.index("index")
_ENOUGH = 40
"""With this many codes that hold every word, codes that hold only some are not looked for."""
_LEAST_COVERAGE, _LEAST_SHARE = 0.4, 0.5


class Scored(NamedTuple):
    """A phrase that may be shown: its node `pos`, what it is, the reading that found it (`turn`), its parts."""

    score: float
    pos: int
    kind: int
    source: int
    turn: int
    coverage: float
    precision: float
    phrase: int


class Ranked(NamedTuple):
    """The phrase that stands for each code, best first, and the positions that are billable."""

    phrases: tuple[Scored, ...]
    billable: frozenset[int]


class Ranker:
    """Ranks the phrases of one edition."""

    def __init__(self, book: Book, edition: int) -> None:
        self.book, self.edition = book, edition
        sql = "SELECT id, role FROM stem WHERE role > 0 AND role <> ?"
        self.roles: dict[int, int] = {stem: role for stem, role in book.rows(sql, (SITE,))}  # noqa: C416 - typed

    def best(self, readings: Iterable[Query]) -> dict[int, Scored]:
        """The best phrase of every position that any reading finds."""
        best: dict[int, Scored] = {}
        for query in readings:
            if not query.terms:
                continue
            malus = sum(BONUS[mark] for mark in self.reading_marks(query))
            for phrase, pos, kind, source, weight, stems in self._found(query):
                score, coverage, precision = self._score(query, unpack(stems), weight, kind)
                score = round(score + malus, 6)
                before = best.get(pos)
                if before is None or score >= before.score:
                    each = Scored(score, pos, kind, source, query.turn, coverage, precision, phrase)
                    if before is None or _order(each) < _order(before):
                        best[pos] = each
        return best

    def reading_marks(self, query: Query) -> list[str]:
        """What counts against a reading as a whole."""
        return [_REWORDED] * bool(query.turn) + [_FURTHER] * max(0, query.turn - 1)

    def _found(self, query: Query) -> Iterator[tuple[int, int, int, int, float, bytes]]:
        """Phrases worth ranking: with every word, with every word but light ones, with any word."""
        low, high = self.edition << EDITION_BITS, (self.edition + 1) << EDITION_BITS
        sql = (
            "SELECT p.id, p.pos, p.kind, p.source, p.weight, p.stems FROM phrase_words w JOIN phrase p "
            "ON p.id = w.rowid WHERE phrase_words MATCH ? AND w.rowid >= ? AND w.rowid < ? ORDER BY {} LIMIT ?"
        )
        known = [term for term in query.terms if term.words]
        heavy = [term for term in known if not term.light] or known
        seen: set[int] = set()
        places: set[int] = set()
        shortest = "p.weight, p.id"  # where all words are held, the fewer others the better
        for terms, join, by in ((known, " AND ", shortest), (heavy, " AND ", shortest), (heavy, " OR ", "rank, p.id")):
            if not terms or (join == " OR " and (len(places) >= _ENOUGH or len(terms) == 1)):
                continue
            if terms is heavy and join == " AND " and len(heavy) == len(known):
                continue  # asked already
            if query.turn and join == " OR " and places:
                continue
            match = join.join(term.match for term in terms)
            for row in self.book.rows(sql.format(by), (match, low, high, _FEWER if query.turn else _CANDIDATES)):
                if row[0] not in seen:
                    seen.add(row[0])
                    places.add(row[1])
                    yield row

    def _score(self, query: Query, phrase: tuple[int, ...], weight: float, kind: int) -> tuple[float, float, float]:
        """(score, coverage, precision) of a phrase: the number of words to be named, then all of its stems."""
        needed, held = frozenset(phrase[1 : 1 + phrase[0]]), frozenset(phrase[1:])
        covered = 0.0
        matched: dict[int, float] = {}
        for term in query.terms:
            if not held.isdisjoint(term.stems):
                hit = held & term.stems.keys()
                covered += term.weight if not term.forms or hit - term.forms.keys() else FORM * term.weight
                for stem in hit:
                    matched[stem] = term.stems[stem]
        coverage = covered / query.weight
        named = sum(each for stem, each in matched.items() if stem in needed)
        aside = sum(matched.values()) - named
        precision = min(1.0, (named + aside) / (weight + aside))
        score = COVERAGE * coverage + PRECISION * precision
        only_site = bool(query.main) and query.main.isdisjoint(matched)
        if only_site or kind == _INDEX or SIDE in query.roles or not held.isdisjoint(self.roles):
            for mark in self.marks(query, held, matched.keys(), kind, precision):
                score += BONUS[mark]
        return score, coverage, precision

    def marks(
        self, query: Query, held: frozenset[int], matched: Iterable[int], kind: int, precision: float
    ) -> Iterator[str]:
        """The bonuses of a phrase: for words of it with a part of their own that were not asked for, and sides."""
        roles, asked = self.roles, query.roles
        found = frozenset(matched)
        extra = {roles[stem] for stem in held - found if stem in roles}
        if CONTEXT in extra and CONTEXT not in asked:
            yield _NOT_ASKED
        if OTHER in extra and OTHER not in asked:
            yield _OTHER
        elif VAGUE in extra and not asked & {VAGUE, SIDE}:
            yield _UNSPECIFIED
        if SIDE in asked:
            if any(roles.get(stem) == SIDE for stem in found):
                yield _ANOTHER_SIDE if SIDE in extra else _THE_SIDE
            elif extra & {SIDE, VAGUE}:
                yield _ANOTHER_SIDE
        if kind == _INDEX and precision < 1:
            yield _BEYOND
        if query.main and query.main.isdisjoint(found):
            yield _ONLY_SITE


def ranked(best: dict[int, Scored], billable: frozenset[int]) -> Ranked:
    """Codes in order; what covers far less of the question than the best is left out."""
    lifted = [each._replace(score=each.score + BONUS[LIFT] * (each.pos in billable)) for each in best.values()]
    lifted.sort(key=_order)
    floor = lifted[0].score * _LEAST_SHARE if lifted else 0.0
    least = min(_LEAST_COVERAGE, max((each.coverage for each in lifted), default=0.0) * _LEAST_SHARE)
    kept = tuple(each for each in lifted if each.score >= floor and each.coverage >= least)
    return Ranked(kept, billable)


def _order(each: Scored) -> tuple[float, int, int, int, int]:
    return (-round(each.score, 6), each.pos, each.kind, each.source, each.turn)
