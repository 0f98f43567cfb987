"""`search`: words, a code, or the beginning of one, to codes with the wording that matched.

Retrieval (FTS5: every word, then any) finds phrases; the ranking then reads only the stems that each
phrase holds. A score is how much of the question the phrase covers, and how much of the phrase the
question names, both weighed by rarity, with small bonuses. Equal scores keep the tabular order.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from typing import TYPE_CHECKING, NamedTuple

from claimwright.book.query_words import Query, read_query
from claimwright.book.search_codes import CodeAnswer, code_answer
from claimwright.book.search_index import (
    CONTEXT,
    EDITION_BITS,
    KINDS,
    NOTE_TEXTS,
    OTHER,
    SIDE,
    VAGUE,
    unpack,
)
from claimwright.errors import InputError
from claimwright.model.codes import dotted

if TYPE_CHECKING:
    from claimwright.book.store import Book, NodeEntry, TabularEdition

COVERAGE, PRECISION = 0.7, 0.3
BILLABLE, UNSPECIFIED, OTHER_SPECIFIED = 0.03, 0.03, -0.03
THE_SIDE, ANOTHER_SIDE = 0.06, -0.08
NOT_ASKED, BEYOND = -0.12, -0.06
"""Bonuses: `NOT_ASKED` for a history or an encounter, `BEYOND` for an index row with more essential words."""
TOP = COVERAGE + PRECISION + BILLABLE + UNSPECIFIED + THE_SIDE
"""Scores are shown as a share of this, so that none exceeds that of a code asked for by its name."""
_CANDIDATES = 300
_ENOUGH = 40
"""With this many codes that hold every word, codes that hold only some are not looked for."""
_LEAST_COVERAGE, _LEAST_SHARE = 0.4, 0.5


class Step(NamedTuple):
    """A place on the way from the chapter down to the code."""

    code: str
    title: str


class Hit(NamedTuple):
    """One code and why it is here: `matched` is the wording, `kind` what that wording is.

    `kind` is title, inclusion, index, or code when the question was a code. `title` is None only for
    a code that the dated registry has and no loaded tabular edition names.
    """

    code: str
    title: str | None
    billable: bool
    score: float
    matched: str
    kind: str
    path: tuple[Step, ...]


class Hits(NamedTuple):
    """Codes for `words` on `date`, best first; `searched_for` tells a corrected spelling."""

    words: str
    date: date
    edition: str
    hits: tuple[Hit, ...]
    searched_for: str | None
    notes: tuple[str, ...]


class _Scored(NamedTuple):
    """A phrase that may be shown; sorted by score, then tabular order."""

    score: float
    pos: int
    kind: int
    source: int
    coverage: float


def search(book: Book, words: str, day: date, most: int = 20, as_of: date | None = None) -> Hits:
    """Codes for `words` on `day`, at most `most`, best first.

    `as_of` leaves out editions and registry rows of later days. Errors: `InputError` for nothing to
    look for, `EditionMissing`.
    """
    said = " ".join(words.split())
    if not said:
        raise InputError("words", "there is nothing to search for", "words, a code, or the beginning of one")
    edition, nearest = book.edition_on(day, as_of)
    answer = code_answer(book, edition.number, said, most)
    query = read_query(book, answer.rest) if answer.rest else Query()
    shelf = _Shelf(book, edition.number, day, as_of)
    ranked = _ranked(shelf, query) if query.terms else []
    hits = [*_code_hits(shelf, answer), *_word_hits(shelf, ranked[:most])]
    seen: dict[str, Hit] = {}
    for hit in hits:
        seen.setdefault(hit.code, hit)
    return Hits(
        words=said,
        date=day,
        edition=edition.name,
        hits=tuple(seen.values())[:most],
        searched_for=answer.corrected or query.corrected,
        notes=tuple(_notes(book, edition, nearest, answer, query, bool(hits))),
    )


# ---- words --------------------------------------------------------------------------------------


def _ranked(shelf: _Shelf, query: Query) -> list[_Scored]:
    """The best phrase of every code found, best first."""
    sql = "SELECT id, role FROM stem WHERE role > 0"
    roles: dict[int, int] = {stem: role for stem, role in shelf.book.rows(sql)}  # noqa: C416 - typed
    best: dict[int, _Scored] = {}
    for pos, kind, source, weight, stems in _found(shelf.book, shelf.edition, query):
        score, coverage = _score(query, unpack(stems), weight, kind, roles)
        each = _Scored(score, pos, kind, source, coverage)
        if pos not in best or _order(each) < _order(best[pos]):
            best[pos] = each
    billable = shelf.billable(list(best))
    lifted = [each._replace(score=each.score + BILLABLE * (each.pos in billable)) for each in best.values()]
    lifted.sort(key=_order)
    floor = lifted[0].score * _LEAST_SHARE if lifted else 0.0
    least = min(_LEAST_COVERAGE, max((each.coverage for each in lifted), default=0.0) * _LEAST_SHARE)
    return [each for each in lifted if each.score >= floor and each.coverage >= least]


def _order(each: _Scored) -> tuple[float, int, int, int]:
    return (-round(each.score, 6), each.pos, each.kind, each.source)


def _found(book: Book, edition: int, query: Query) -> Iterator[tuple[int, int, int, float, bytes]]:
    """Phrases worth ranking: with every word, with every word but sides and vague ones, with any word."""
    low, high = edition << EDITION_BITS, (edition + 1) << EDITION_BITS
    sql = (
        "SELECT p.id, p.pos, p.kind, p.source, p.weight, p.stems FROM phrase_words w JOIN phrase p ON p.id = w.rowid "
        "WHERE phrase_words MATCH ? AND w.rowid >= ? AND w.rowid < ? ORDER BY {} LIMIT ?"
    )
    known = [term for term in query.terms if term.words]
    heavy = [term for term in known if not term.light] or known
    seen: set[int] = set()
    places: set[int] = set()
    shortest = "p.weight, p.id"  # where all words are held, the fewer others the better
    for terms, join, by in ((known, " AND ", shortest), (heavy, " AND ", shortest), (heavy, " OR ", "rank, p.id")):
        if not terms or (join == " OR " and (len(places) >= _ENOUGH or len(terms) == 1)):
            continue
        match = join.join(term.match for term in terms)
        for row in book.rows(sql.format(by), (match, low, high, _CANDIDATES)):
            if row[0] not in seen:
                seen.add(row[0])
                places.add(row[1])
                yield row[1:]


def _score(
    query: Query, phrase: tuple[int, ...], weight: float, kind: int, roles: dict[int, int]
) -> tuple[float, float]:
    """(score, coverage) of a phrase: the number of words to be named, then all of its stems."""
    needed, held = frozenset(phrase[1 : 1 + phrase[0]]), frozenset(phrase[1:])
    covered = 0.0
    matched: dict[int, float] = {}
    for term in query.terms:
        hit = held & term.stems.keys()
        if hit:
            covered += term.weight
            matched |= {stem: term.stems[stem] for stem in hit}
    coverage = covered / query.weight
    named = sum(each for stem, each in matched.items() if stem in needed)
    aside = sum(matched.values()) - named
    precision = min(1.0, (named + aside) / (weight + aside))
    score = COVERAGE * coverage + PRECISION * precision + _bonus(query.roles, held, matched, roles)
    if KINDS[kind] == "index" and precision < 1:
        score += BEYOND
    return score, coverage


def _bonus(asked: frozenset[int], held: frozenset[int], matched: dict[int, float], roles: dict[int, int]) -> float:
    """For the words with a part of their own: those of the phrase that were not asked for, and sides."""
    extra = {roles[stem] for stem in held if stem in roles and stem not in matched}
    bonus = NOT_ASKED if CONTEXT in extra and CONTEXT not in asked else 0.0
    if OTHER in extra and OTHER not in asked:
        bonus += OTHER_SPECIFIED
    elif VAGUE in extra and not asked & {VAGUE, SIDE}:
        bonus += UNSPECIFIED
    if SIDE in asked:
        if any(roles.get(stem) == SIDE for stem in matched):
            return bonus + (ANOTHER_SIDE if SIDE in extra else THE_SIDE)
        bonus += ANOTHER_SIDE if extra & {SIDE, VAGUE} else 0.0
    return bonus


# ---- hits ---------------------------------------------------------------------------------------


class _Shelf:
    """One edition on one day, with the nodes already read: hits share most of their ancestors."""

    def __init__(self, book: Book, edition: int, day: date, as_of: date | None) -> None:
        self.book, self.edition = book, edition
        self.bounds = (min(day, as_of or day).isoformat(), day.isoformat())
        self.nodes: dict[int, NodeEntry] = {}

    def node(self, pos: int) -> NodeEntry:
        """The node at a position."""
        if pos not in self.nodes:
            self.nodes[pos] = self.book.node_at(self.edition, pos)
        return self.nodes[pos]

    def path(self, pos: int) -> tuple[Step, ...]:
        """From the chapter down to the node at `pos`."""
        out: list[Step] = []
        while pos >= 0:
            node = self.node(pos)
            out.append(Step(dotted(node.code), node.title))
            pos = node.parent
        return tuple(reversed(out))

    def billable(self, places: list[int]) -> frozenset[int]:
        """Those positions whose code is billable on the day."""
        sql = (
            "SELECT n.pos FROM node n JOIN registry r ON r.code = n.code WHERE n.edition = ? AND n.pos IN ({}) "
            "AND r.starts <= ? AND (r.ends IS NULL OR r.ends >= ?) AND n.kind NOT IN ('chapter', 'block')"
        )
        out: set[int] = set()
        for start in range(0, len(places), 500):  # SQLite may take no more than 999 parameters
            some = places[start : start + 500]
            found = self.book.rows(sql.format(", ".join("?" * len(some))), (self.edition, *some, *self.bounds))
            out.update(pos for (pos,) in found)
        return frozenset(out)

    def hit(self, pos: int, score: float, matched: str, kind: str) -> Hit:
        """The hit of one node."""
        node = self.node(pos)
        billable = pos in self.billable([pos])
        return Hit(dotted(node.code), node.title, billable, round(score, 4), matched, kind, self.path(pos))


def _word_hits(shelf: _Shelf, ranked: list[_Scored]) -> Iterator[Hit]:
    for each in ranked:
        yield shelf.hit(each.pos, each.score / TOP, _wording(shelf, each), KINDS[each.kind])


def _wording(shelf: _Shelf, each: _Scored) -> str:
    """The official wording behind a phrase."""
    kind = KINDS[each.kind]
    if kind == "inclusion":
        return str(shelf.book.rows(NOTE_TEXTS, (shelf.edition, each.source, each.source))[0][2])
    if kind == "index":
        sql = "SELECT data FROM lexicon_row WHERE lexicon = 'index-terms' AND ordinal = ?"
        return str(json.loads(shelf.book.rows(sql, (each.source,))[0][0])["term"])
    return shelf.node(each.pos).title


def _code_hits(shelf: _Shelf, answer: CodeAnswer) -> Iterator[Hit]:
    """The codes asked for, then what is below them."""
    for node in answer.exact:
        yield shelf.hit(node.pos, 1.0, dotted(node.code), "code")
    for code in answer.unlisted:
        yield _unlisted(shelf, code)
    for node in answer.below:
        yield shelf.hit(node.pos, 0.5, answer.asked, "code")


def _unlisted(shelf: _Shelf, code: str) -> Hit:
    """A code that only the registry or another edition has, under the nearest header that this one has."""
    book, (known, day) = shelf.book, shelf.bounds
    above = (book.node(shelf.edition, code[:cut]) for cut in range(len(code) - 1, 2, -1))
    header = next((node for node in above if node), None)
    path = shelf.path(header.pos) if header else ()
    sql = "SELECT 1 FROM registry WHERE code = ? AND starts <= ? AND (ends IS NULL OR ends >= ?)"
    billable = bool(book.rows(sql, (code, known, day)))
    return Hit(dotted(code), book.title(code, date.fromisoformat(day)), billable, 1.0, dotted(code), "code", path)


# ---- notes --------------------------------------------------------------------------------------


def _notes(
    book: Book, edition: TabularEdition, nearest: bool, answer: CodeAnswer, query: Query, found: bool
) -> Iterator[str]:
    """What was searched, what could not be, and which words no phrase holds."""
    if nearest:
        yield f"{edition.name} answers: the nearest edition loaded; it is not the one in force on that day"
    if answer.unlisted:
        names = ", ".join(map(dotted, answer.unlisted))
        yield f"{names}: not in {edition.name}; known from other editions or the dated registry. See: claimwright show"
    unknown = [term.said for term in query.terms if not term.words]
    if unknown:
        yield f"No title or term holds: {', '.join(unknown)}"
    if not answer.rest:
        return
    terms = book.manifest["lexicons"].get("index-terms", {}).get("rows", 0)
    what = f"titles, inclusion terms and {terms} index terms" if terms else "titles and inclusion terms"
    nothing = "" if found else ". Nothing found"
    yield f"Searched {what} of {edition.name}; the Alphabetic Index is not loaded{nothing}"
