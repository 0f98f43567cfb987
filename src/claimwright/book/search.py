"""`search`: words, a code, or the beginning of one, to codes with the wording that matched.

A question is read (`query_words`): spelling, wordings of our lexicons, other forms. Every reading
retrieves phrases of the tabular list, which are ranked (`ranking`); the Alphabetic Index, where it can
be navigated, gives its own list, and the two become one by score. Equal scores keep the tabular order.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from typing import TYPE_CHECKING, NamedTuple

from claimwright.book.index_hits import IndexHits, fused, index_hits
from claimwright.book.query_words import Question, read_question
from claimwright.book.ranking import Ranker, Scored, ranked
from claimwright.book.search_codes import CodeAnswer, code_answer
from claimwright.book.search_explain import Explanation, explanation
from claimwright.book.search_index import KINDS, NOTE_TEXTS
from claimwright.book.words import tokens
from claimwright.errors import InputError
from claimwright.model.codes import dotted

if TYPE_CHECKING:
    from claimwright.book.store import Book, NodeEntry, TabularEdition

LAY = "lay"


class Step(NamedTuple):
    """A place on the way from the chapter down to the code."""

    code: str
    title: str


class Hit(NamedTuple):
    """One code and why it is here: `matched` is the wording, `kind` how it was reached.

    `kind` is title, inclusion, index, or code when the question was a code; `lay` when the wording was
    only found in other words than asked, by a row of our lexicons. `title` is None only for a code that
    the dated registry has and no loaded tabular edition names.
    """

    code: str
    title: str | None
    billable: bool
    score: float
    matched: str
    kind: str
    path: tuple[Step, ...]


class Hits(NamedTuple):
    """Codes for `words` on `date`, best first; `searched_for` tells a corrected spelling.

    `explain` is only there when it was asked for.
    """

    words: str
    date: date
    edition: str
    hits: tuple[Hit, ...]
    searched_for: str | None
    notes: tuple[str, ...]
    explain: Explanation | None = None


def search(book: Book, words: str, day: date, most: int = 20, as_of: date | None = None, explain: bool = False) -> Hits:
    """Codes for `words` on `day`, at most `most`, best first.

    `as_of` leaves out editions and registry rows of later days; `explain` adds the steps and the reasons
    of every hit. Errors: `InputError` for nothing to look for, `EditionMissing`.
    """
    said = " ".join(words.split())
    if not said:
        raise InputError("words", "there is nothing to search for", "words, a code, or the beginning of one")
    edition, nearest = book.edition_on(day, as_of)
    answer = code_answer(book, edition.number, said, most)
    question = read_question(book, answer.rest) if answer.rest else Question()
    shelf = _Shelf(book, edition.number, day, as_of)
    ranker = Ranker(book, edition.number)
    best = ranker.best(question.readings)
    phrases = ranked(best, shelf.billable(list(best))).phrases
    from_index = index_hits(book, edition.number, question.text, day, as_of)
    hits = [*_code_hits(shelf, answer), *_word_hits(shelf, phrases, from_index, most)]
    seen: dict[str, Hit] = {}
    for hit in hits:
        seen.setdefault(hit.code, hit)
    shown = tuple(seen.values())[:most]
    return Hits(
        words=said,
        date=day,
        edition=edition.name,
        hits=shown,
        searched_for=answer.corrected or question.corrected,
        notes=tuple(_notes(book, edition, nearest, answer, question, bool(from_index.loaded), bool(hits))),
        explain=_explained(shelf, ranker, question, phrases[:most], from_index, shown) if explain else None,
    )


def _explained(
    shelf: _Shelf,
    ranker: Ranker,
    question: Question,
    phrases: tuple[Scored, ...],
    from_index: IndexHits,
    shown: tuple[Hit, ...],
) -> Explanation:
    behind = {dotted(shelf.node(each.pos).code): each for each in phrases}
    return explanation(ranker, question, behind, from_index, [(hit.code, hit.billable) for hit in shown])


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


def _word_hits(shelf: _Shelf, phrases: tuple[Scored, ...], from_index: IndexHits, most: int) -> Iterator[Hit]:
    """Phrases and index entries as one list, one hit a code."""
    both = [each.pos for each in phrases] if from_index.hits else []
    for score, each in fused(phrases, from_index.hits, most, shelf.billable(both)):
        if isinstance(each, Scored):
            yield shelf.hit(each.pos, score, _wording(shelf, each), LAY if each.turn else KINDS[each.kind])
        else:
            yield shelf.hit(each.pos, score, each.matched, "index")


def _wording(shelf: _Shelf, each: Scored) -> str:
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
    book: Book,
    edition: TabularEdition,
    nearest: bool,
    answer: CodeAnswer,
    question: Question,
    index: bool,
    found: bool,
) -> Iterator[str]:
    """What was searched, what could not be, and which words no phrase holds."""
    if nearest:
        yield f"{edition.name} answers: the nearest edition loaded; it is not the one in force on that day"
    if answer.unlisted:
        names = ", ".join(map(dotted, answer.unlisted))
        yield f"{names}: not in {edition.name}; known from other editions or the dated registry. See: claimwright show"
    if question.expansions:
        said = "; ".join(f"{each.said}: {each.means}" for each in question.expansions)
        yield f"Also searched, from our lexicons: {said}"
    taken = {word for each in question.expansions for word in tokens(each.said)}
    terms = question.readings[0].terms if question.readings else []
    unknown = [term.said for term in terms if not term.words and not term.quiet and term.said not in taken]
    if unknown:
        yield f"No title or term holds: {', '.join(unknown)}"
    if not answer.rest:
        return
    rows = book.manifest["lexicons"].get("index-terms", {}).get("rows", 0)
    what = f"titles, inclusion terms and {rows} index terms" if rows else "titles and inclusion terms"
    about = "the Alphabetic Index was navigated" if index else "the Alphabetic Index is not loaded"
    nothing = "" if found else ". Nothing found"
    yield f"Searched {what} of {edition.name}; {about}{nothing}"
