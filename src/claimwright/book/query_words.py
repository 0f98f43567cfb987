"""A question in words: how it is read, the terms of each reading, and the spelling that was corrected.

The first reading is the question itself; each further one puts words of the official lists in place
of what a wording of our lexicons says. Every step is recorded.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import permutations
from typing import TYPE_CHECKING, NamedTuple

from claimwright.book.search_index import HEAVY_ROLES, LIGHT, SITE
from claimwright.book.spelling import SHORTEST, corrections, halves
from claimwright.book.wordings import (
    Expansion,
    Found,
    joined_negations,
    other_forms,
    other_spellings,
    wordings,
)
from claimwright.book.words import STOP_WORDS, raw_tokens, stems

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from claimwright.book.store import Book

MOST_WORDS = 24
"""Further words of a question are not read: it is a phrase, not a note."""
UNKNOWN_WEIGHT = 8.0
"""A word that no phrase holds counts against the coverage like a rare one."""
MOST_READINGS = 7
"""The question itself and this many less one with other words in it."""
_MOST_COMPLETIONS = 30
_MOST_JOINED = 5
_NUMERALS = {"i": "1", "ii": "2", "iii": "3", "iv": "4", "v": "5"}
_NUMERALS |= {digit: roman for roman, digit in _NUMERALS.items()}
_QUIET = """
also always am ago because bit both came come comes coming day days feel feeling feels felt found get gets getting
go goes going got hello help helps im ive just keep keeping keeps kind like lot lots made make makes many may might
mine month months more most much need needs now often one quite really said saw say says see sees seem seems since
so some something sometimes start started starts still take takes taking tell think thinks time times today told
too used very want wants week weeks went will wont year years yesterday
"""
QUIET = frozenset(_QUIET.split())
"""Words that people say around what they mean: they weigh little and need not be there."""


@dataclass(slots=True)
class Term:
    """One word asked for: the stems that answer it with their weight, and words that have those stems.

    `forms` are those of the stems that only another form of the word has (femur for femoral).
    """

    said: str
    words: list[str] = field(default_factory=list)
    stems: dict[int, float] = field(default_factory=dict)
    role: int = 0
    weight: float = UNKNOWN_WEIGHT
    forms: dict[int, str] = field(default_factory=dict)
    quiet: bool = False

    @property
    def light(self) -> bool:
        """A side, a vague or a quiet word: ranks, but need not be there."""
        return self.quiet or self.role not in HEAVY_ROLES

    @property
    def main(self) -> bool:
        """Does it say what is the matter, and not only where, on which side, of which kind?"""
        return not self.light and self.role != SITE

    @property
    def match(self) -> str:
        """FTS5 expression; words are [a-z0-9]+ and quoted, so that none is read as syntax."""
        return "(" + " OR ".join(f'"{word}"' for word in self.words) + ")"


@dataclass(slots=True)
class Query:
    """One reading of a question: its terms, and the expansions that it took; `turn` is its place among them."""

    terms: list[Term] = field(default_factory=list)
    weight: float = 1.0
    roles: frozenset[int] = frozenset()
    expansions: tuple[Expansion, ...] = ()
    turn: int = 0
    main: frozenset[int] = frozenset()
    """Stems of the terms that say what is the matter."""


class Question(NamedTuple):
    """How a question was read.

    `corrected` is the question as it was searched when not as typed, `spelled` the words that differ as
    (typed, read), `text` what is searched, `expansions` every other wording that was looked for.
    """

    readings: tuple[Query, ...] = ()
    corrected: str | None = None
    spelled: tuple[tuple[str, str], ...] = ()
    text: str = ""
    expansions: tuple[Expansion, ...] = ()


class _Known(NamedTuple):
    stem: int
    weight: float
    role: int
    sure: bool = True


class _Vocabulary(NamedTuple):
    """What the book knows of the words of every reading."""

    known: Mapping[str, _Known]
    forms: Mapping[str, list[str]]


def read_question(book: Book, text: str) -> Question:
    """The readings of `text`, words outside the vocabulary corrected."""
    raw, capitals = raw_tokens(text[:2000])
    said, shouted = joined_negations(raw[: 2 * MOST_WORDS]), capitals[: 2 * MOST_WORDS]
    stem_of = stems(said)
    known = _vocabulary(book, said, stem_of)
    fixed, spelled = _corrected(book, said, known)
    if fixed != said:
        stem_of |= stems(fixed)
    if len(fixed) != len(shouted):
        shouted = [False] * len(fixed)  # words were joined or split: no telling which was in capitals
    found = wordings(book, fixed, shouted, stem_of) if fixed else []
    rewritten = list(_rewritten(fixed, found))
    every = {word for words, _ in rewritten for word in words}
    stem_of |= stems(every - stem_of.keys())
    vocabulary = _words_of(book, sorted(every), stem_of, known)
    readings = tuple(
        _reading(book, words, vocabulary, expansions, turn) for turn, (words, expansions) in enumerate(rewritten)
    )
    searched = " ".join(fixed)
    told = tuple(each for group in found for each in group.expansions)
    return Question(readings, searched if spelled else None, tuple(spelled), searched, told)


def _rewritten(words: list[str], found: list[Found]) -> list[tuple[list[str], tuple[Expansion, ...]]]:
    """The words of each reading: as said; every wording at its first meaning; then one meaning changed at a time."""
    mere = frozenset(place for group in found if not group.expansions for place in group.places)
    groups = [group for group in found if group.expansions]
    base = [word for place, word in enumerate(words) if place not in mere]
    out: list[tuple[list[str], tuple[Expansion, ...]]] = [(base, ())]
    if not groups:
        return out
    choices = [tuple(group.expansions[0] for group in groups)]
    most = max(len(group.expansions) for group in groups)
    for turn in range(1, most):
        for index, group in enumerate(groups):
            if turn < len(group.expansions):
                choices.append((*choices[0][:index], group.expansions[turn], *choices[0][index + 1 :]))
    plans = [list(zip(groups, choice, strict=True)) for choice in choices]
    if len(groups) > 1:
        plans += [[(group, group.expansions[0])] for group in groups]
    read = ((_put(words, plan, mere), tuple(each for _, each in plan)) for plan in plans[: MOST_READINGS - 1])
    return [*out, *read]


def _put(words: list[str], plan: list[tuple[Found, Expansion]], mere: frozenset[int]) -> list[str]:
    """The words with each wording of the plan replaced by its meaning."""
    first = {min(group.places): expansion for group, expansion in plan}
    gone = mere.union(*(group.places for group, _ in plan))
    out: list[str] = []
    for place, word in enumerate(words):
        if place in first:
            out += raw_tokens(first[place].means)[0]
        elif place not in gone:
            out.append(word)
    return out


# ---- vocabulary ---------------------------------------------------------------------------------


def _vocabulary(book: Book, words: Iterable[str], stem_of: Mapping[str, str]) -> dict[str, _Known]:
    """What the book knows of each word, by the word itself or else by its stem."""
    listed = sorted(set(words))
    found = _look_up(book, listed)
    missing = [word for word in listed if word not in found]
    if missing:
        sql = "SELECT stem, id, weight, role FROM stem WHERE held > 0 AND stem IN ({})"
        asked = sorted({stem_of[word] for word in missing})
        rows = book.rows(sql.format(", ".join("?" * len(asked))), asked)
        by_stem = {stem: _Known(*rest) for stem, *rest in rows}
        for word in missing:
            stem = stem_of[word]
            if stem in by_stem:
                # `cramping` is a form of `cramp`; `migrane` is none of `migrans`, though Porter cuts both alike.
                found[word] = by_stem[stem]._replace(sure=word != stem + "e")
    return found


def _words_of(book: Book, words: list[str], stem_of: Mapping[str, str], known: Mapping[str, _Known]) -> _Vocabulary:
    """What the book knows of the words of all readings, and of their other forms."""
    content = {word: stem_of[word] for word in words if word not in STOP_WORDS}
    forms = other_forms(book, content)
    new = {other for others in forms.values() for other in others} - known.keys()
    more = _vocabulary(book, [word for word in words if word not in known], stem_of)
    return _Vocabulary({**_look_up(book, sorted(new)), **more, **known}, forms)


def _look_up(book: Book, words: list[str]) -> dict[str, _Known]:
    if not words:
        return {}
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


# ---- spelling -----------------------------------------------------------------------------------


def _corrected(book: Book, said: list[str], known: Mapping[str, _Known]) -> tuple[list[str], list[tuple[str, str]]]:
    """The words with those outside the vocabulary replaced, where a neighbour is near enough; and what was."""
    firm = [word for word in said if word in known and known[word].sure and word not in STOP_WORDS]
    open_words = [word for word in said if word not in firm and word not in STOP_WORDS and word not in QUIET]
    spelling = other_spellings(book, open_words) if open_words else {}
    spoken = _spoken(book, open_words)
    out: list[str] = []
    changes: list[tuple[str, str]] = []
    for word in said:
        read: tuple[str, ...] = (word,)
        if word in spelling:
            read = (spelling[word],)
        elif word in open_words and word not in spoken and len(word) >= SHORTEST:
            read = _read_as(book, word, word in known, firm)
        out += read
        if read != (word,):
            changes.append((word, " ".join(read)))
    return out, changes


def _read_as(book: Book, word: str, unsure: bool, firm: list[str]) -> tuple[str, ...]:
    """What a word outside the vocabulary was meant to be; itself when nothing is near."""
    if not unsure and _beginning(book, word):
        return (word,)
    near = corrections(book, word)
    if near:
        return (_fitting(book, near, firm),)
    return (None if unsure else halves(book, word)) or (word,)


def _spoken(book: Book, words: list[str]) -> frozenset[str]:
    """Those of the words that a wording says: no phrase may hold them, yet they are no slips."""
    if not words:
        return frozenset()
    sql = f"SELECT word FROM word WHERE spoken AND word IN ({', '.join('?' * len(words))})"
    return frozenset(word for (word,) in book.rows(sql, words))


def _fitting(book: Book, near: list[str], others: list[str]) -> str:
    """The neighbour that stands in one phrase with the other words; else the likeliest."""
    if len(near) == 1 or not others:
        return near[0]
    rest = " AND ".join(f'"{word}"' for word in others)
    sql = "SELECT 1 FROM phrase_words WHERE phrase_words MATCH ? LIMIT 1"
    return next((word for word in near if book.rows(sql, (f'"{word}" AND {rest}',))), near[0])


# ---- terms --------------------------------------------------------------------------------------


def _reading(
    book: Book, words: list[str], vocabulary: _Vocabulary, expansions: tuple[Expansion, ...], turn: int
) -> Query:
    """The terms of one reading."""
    content = sorted(dict.fromkeys(word for word in words if word not in STOP_WORDS))[:MOST_WORDS]
    # Sorted: the order of a question must not matter.
    long = [word for word in content if len(word) > 2]
    pairs = {one + two: (one, two) for one, two in permutations(long, 2)} if len(long) <= _MOST_JOINED else {}
    joined = _vocabulary(book, pairs, stems(pairs)) if pairs and not turn else {}
    terms = [
        _term(book, word, vocabulary, {whole: joined[whole] for whole in sorted(joined) if word in pairs[whole]})
        for word in content
    ]
    if any(term.words and not term.quiet for term in terms):
        for term in terms:
            term.weight = min(term.weight, LIGHT) if term.quiet else term.weight
    else:
        for term in terms:
            term.quiet = False  # there is nothing else to look for
    weight = sum(term.weight for term in terms) or 1.0
    main = frozenset(stem for term in terms if term.main for stem in term.stems)
    return Query(terms, weight, frozenset(term.role for term in terms), expansions, turn, main)


def _term(book: Book, word: str, vocabulary: _Vocabulary, joined: dict[str, _Known]) -> Term:
    term, known = Term(word, quiet=word in QUIET), vocabulary.known
    if word in known:
        _add(term, word, known[word])
        term.role = known[word].role
    elif len(word) >= SHORTEST and word not in vocabulary.forms:
        for longer, entry in _beginning(book, word):
            _add(term, longer, entry)
    own = min(term.stems.values(), default=0.0)
    if word in _NUMERALS:
        for other, entry in _look_up(book, [_NUMERALS[word]]).items():
            _add(term, other, entry)
    # `bed sore` also asks for `bedsore`; the one word answers both halves.
    for whole, entry in joined.items():
        _add(term, whole, entry)
    for other in vocabulary.forms.get(word, ()):
        if other in known and known[other].stem not in term.stems:
            term.forms[known[other].stem] = other
            _add(term, other, known[other])
    term.weight = own or min(term.stems.values(), default=UNKNOWN_WEIGHT)
    return term


def _add(term: Term, word: str, entry: _Known) -> None:
    if entry.stem not in term.stems:
        term.words.append(word)
    term.stems[entry.stem] = entry.weight
