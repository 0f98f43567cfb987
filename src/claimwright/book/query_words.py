"""A question in words: its terms, what each may match, and the spelling that was corrected."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import permutations
from typing import TYPE_CHECKING, NamedTuple

from claimwright.book.search_index import CONTEXT, STOP_WORDS, stems, tokens
from claimwright.book.spelling import SHORTEST, corrections, halves

if TYPE_CHECKING:
    from collections.abc import Iterable

    from claimwright.book.store import Book

MOST_WORDS = 24
"""Further words of a question are not read: it is a phrase, not a note."""
UNKNOWN_WEIGHT = 8.0
"""A word that no phrase holds counts against the coverage like a rare one."""
_MOST_COMPLETIONS = 30
_MOST_JOINED = 5
_NUMERALS = {"i": "1", "ii": "2", "iii": "3", "iv": "4", "v": "5"}
_NUMERALS |= {digit: roman for roman, digit in _NUMERALS.items()}


@dataclass(slots=True)
class Term:
    """One word asked for: the stems that answer it with their weight, and words that have those stems."""

    said: str
    words: list[str] = field(default_factory=list)
    stems: dict[int, float] = field(default_factory=dict)
    role: int = 0
    weight: float = UNKNOWN_WEIGHT

    @property
    def light(self) -> bool:
        """A side or a vague word: ranks, but need not be there."""
        return self.role not in (0, CONTEXT)

    @property
    def match(self) -> str:
        """FTS5 expression; words are [a-z0-9]+ and quoted, so that none is read as syntax."""
        return "(" + " OR ".join(f'"{word}"' for word in self.words) + ")"


@dataclass(slots=True)
class Query:
    """The terms of a question; `corrected` is the question as it was searched, when not as typed."""

    terms: list[Term] = field(default_factory=list)
    corrected: str | None = None
    weight: float = 1.0
    roles: frozenset[int] = frozenset()


class _Known(NamedTuple):
    stem: int
    weight: float
    role: int
    sure: bool = True


def read_query(book: Book, text: str) -> Query:
    """The terms of `text`, words outside the vocabulary corrected."""
    said = tokens(text[:2000])[: 2 * MOST_WORDS]
    known = _vocabulary(book, said)
    fixed = _corrected(book, said, known)
    if fixed != said:
        known |= _vocabulary(book, fixed)
    content = list(dict.fromkeys(word for word in fixed if word not in STOP_WORDS))[:MOST_WORDS]
    content.sort()  # the order of a question must not matter
    long = [word for word in content if len(word) > 2]
    pairs = {one + two: (one, two) for one, two in permutations(long, 2)} if len(long) <= _MOST_JOINED else {}
    joined = _vocabulary(book, pairs)
    terms = [
        _term(book, word, known, {whole: joined[whole] for whole in sorted(joined) if word in pairs[whole]})
        for word in content
    ]
    return Query(
        terms,
        " ".join(fixed) if fixed != said else None,
        sum(term.weight for term in terms) or 1.0,
        frozenset(term.role for term in terms),
    )


def _vocabulary(book: Book, words: Iterable[str]) -> dict[str, _Known]:
    """What the book knows of each word, by the word itself or else by its stem."""
    listed = sorted(set(words))
    found = _look_up(book, listed)
    missing = [word for word in listed if word not in found]
    if missing:
        stem_of = stems(missing)
        sql = "SELECT stem, id, weight, role FROM stem WHERE stem IN ({})"
        asked = sorted(set(stem_of.values()))
        rows = book.rows(sql.format(", ".join("?" * len(asked))), asked)
        by_stem = {stem: _Known(*rest) for stem, *rest in rows}
        for word in missing:
            stem = stem_of[word]
            if stem in by_stem:
                # `cramping` is a form of `cramp`; `migrane` is none of `migrans`, though Porter cuts both alike.
                found[word] = by_stem[stem]._replace(sure=word != stem + "e")
    return found


def _look_up(book: Book, words: list[str]) -> dict[str, _Known]:
    sql = (
        "SELECT w.word, w.stem, s.weight, s.role FROM word w JOIN stem s ON s.id = w.stem "
        "WHERE w.uses > 0 AND w.word IN ({})"
    )
    found = book.rows(sql.format(", ".join("?" * len(words))), words)
    return {word: _Known(*rest) for word, *rest in found}


def _beginning(book: Book, start: str) -> list[tuple[str, _Known]]:
    """Words of the book that begin with `start`."""
    sql = (
        "SELECT w.word, w.stem, s.weight, s.role FROM word w JOIN stem s ON s.id = w.stem "
        "WHERE w.uses > 0 AND w.word >= ? AND w.word < ? ORDER BY w.word LIMIT ?"
    )
    found = book.rows(sql, (start, start + "{", _MOST_COMPLETIONS))
    return [(word, _Known(*rest)) for word, *rest in found]


def _corrected(book: Book, said: list[str], known: dict[str, _Known]) -> list[str]:
    """The words with those outside the vocabulary replaced, where a neighbour is near enough."""
    firm = [word for word in said if word in known and known[word].sure and word not in STOP_WORDS]
    out: list[str] = []
    for word in said:
        sure = known[word].sure if word in known else bool(_beginning(book, word))
        if sure or word in STOP_WORDS or len(word) < SHORTEST:
            out.append(word)
            continue
        near = corrections(book, word)
        split = halves(book, word) if not near and word not in known else None
        if near:
            out.append(_fitting(book, near, firm))
        else:
            out.extend(split or (word,))
    return out


def _fitting(book: Book, near: list[str], others: list[str]) -> str:
    """The neighbour that stands in one phrase with the other words; else the likeliest."""
    if len(near) == 1 or not others:
        return near[0]
    rest = " AND ".join(f'"{word}"' for word in others)
    sql = "SELECT 1 FROM phrase_words WHERE phrase_words MATCH ? LIMIT 1"
    return next((word for word in near if book.rows(sql, (f'"{word}" AND {rest}',))), near[0])


def _term(book: Book, word: str, known: dict[str, _Known], joined: dict[str, _Known]) -> Term:
    term = Term(word)
    if word in known:
        _add(term, word, known[word])
        term.role = known[word].role
    elif len(word) >= SHORTEST:
        for longer, entry in _beginning(book, word):
            _add(term, longer, entry)
    term.weight = min(term.stems.values(), default=UNKNOWN_WEIGHT)
    if word in _NUMERALS:
        for other, entry in _look_up(book, [_NUMERALS[word]]).items():
            _add(term, other, entry)
    # `bed sore` also asks for `bedsore`; the one word answers both halves.
    for whole, entry in joined.items():
        _add(term, whole, entry)
    return term


def _add(term: Term, word: str, entry: _Known) -> None:
    if entry.stem not in term.stems:
        term.words.append(word)
    term.stems[entry.stem] = entry.weight
