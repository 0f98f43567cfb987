"""Wordings of our lexicons: what people say, and the words of the official lists that say the same.

A row widens a question and never maps it to a code. Rows come from the lexicons `lay-terms`,
`abbreviations` and `eponyms`; `word-forms` gives other forms of single words. Written into the book
when it is compiled, looked up by the rarest stem of what is said.
"""

from __future__ import annotations

import json
import re
import sqlite3
import weakref
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from claimwright.book.words import STOP_WORDS, raw_tokens, stems, tokens

if TYPE_CHECKING:
    from claimwright.book.store import Book
    from claimwright.sources.lexicon import Lexicon

TABLES = """
CREATE TABLE wording (
  id INTEGER PRIMARY KEY, lexicon TEXT, ordinal INTEGER, anchor TEXT, items TEXT, literal INTEGER, capitals INTEGER,
  said TEXT, means TEXT
);
CREATE INDEX wording_anchor ON wording (anchor);
CREATE TABLE form (said TEXT, other TEXT, kind TEXT, PRIMARY KEY (said, other)) WITHOUT ROWID;
"""

SAID = {"lay-terms": "lay", "abbreviations": "short", "eponyms": "eponym"}
"""The key of a row that holds what is said, by lexicon; in this order where two say the same."""
_HOW = {"lay-terms": "lay", "abbreviations": "abbreviation", "eponyms": "eponym"}
FORMS = "word-forms"
SPELLING = "spelling"
"""Forms of this kind are another way to write the word, so a search tells that it wrote it otherwise."""
_BOTH_WAYS = "adjective"
_WINDOW = 2
"""This many other telling words may stand between the words of a wording."""
_NONE: frozenset[int] = frozenset()
_SIGNS = re.compile(r"[a-z0-9]+")


class Expansion(NamedTuple):
    """Words of a question (`said`) read as `means`, for a row (`ordinal`) of a lexicon."""

    said: str
    means: str
    lexicon: str
    ordinal: int


class Found(NamedTuple):
    """The places in the question that a wording takes, and every meaning of it; none for mere writing (`d/t`)."""

    places: frozenset[int]
    expansions: tuple[Expansion, ...]


def said_words(lexicons: Mapping[str, Lexicon]) -> set[str]:
    """Every word that a row says: words of the vocabulary, though no official phrase may hold them."""
    out = {word for name, key in SAID.items() for row in _rows(lexicons, name) for word in _said(name, row[key])}
    return out | {
        word for row in _rows(lexicons, FORMS) if row["kind"] != SPELLING for word in tokens(str(row["form"]))
    }


def write_wordings(db: sqlite3.Connection, lexicons: Mapping[str, Lexicon]) -> None:
    """Fill the tables `wording` and `form` from the lexicons that are there."""
    rows = [(name, number, row) for name in SAID for number, row in enumerate(_rows(lexicons, name))]
    stem_of = stems({word for name, _, row in rows for word in _said(name, row[SAID[name]])})
    made = [(name, number, row, *_items(name, str(row[SAID[name]]), stem_of)) for name, number, row in rows]
    uses = Counter(item for *_, items, _ in made for item in items)
    for number, (name, ordinal, row, items, literal) in enumerate(made):
        rarest = min(items, key=lambda item: (uses[item], item))
        anchor = f"={rarest}" if literal else rarest
        capitals = bool(row.get("capitals"))
        means = json.dumps(row["means"])
        told = str(row[SAID[name]])
        values = (number, name, ordinal, anchor, " ".join(items), literal, capitals, told, means)
        db.execute("INSERT INTO wording VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", values)
    _write_forms(db, lexicons)


def _write_forms(db: sqlite3.Connection, lexicons: Mapping[str, Lexicon]) -> None:
    forms = {(str(row["form"]), str(row["base"])): str(row["kind"]) for row in _rows(lexicons, FORMS)}
    stem_of = stems({word for pair in forms for word in pair})
    for (form, base), kind in forms.items():
        pairs = [(form if kind == SPELLING else stem_of[form], base)]
        pairs += [(stem_of[base], form)] if kind == _BOTH_WAYS else []
        db.executemany("INSERT OR IGNORE INTO form VALUES (?, ?, ?)", ((*pair, kind) for pair in pairs))


def _rows(lexicons: Mapping[str, Lexicon], name: str) -> tuple[dict[str, Any], ...]:
    return lexicons[name].rows if name in lexicons else ()


def _said(lexicon: str, said: str) -> list[str]:
    """Tokens of what is said; of an abbreviation every sign run (`h/o`)."""
    return _SIGNS.findall(said.lower()) if lexicon == "abbreviations" else joined_negations(tokens(said))


def _items(lexicon: str, said: str, stem_of: Mapping[str, str]) -> tuple[tuple[str, ...], bool]:
    """What must be in the question, and whether it must stand there as written."""
    words = _said(lexicon, said)
    telling = [word for word in words if word not in STOP_WORDS]
    if lexicon == "abbreviations" or len(telling) < 2:
        return tuple(words), True  # `spotting` is no form of `spots`, though the stemmer cuts both alike
    return tuple(sorted({stem_of[word] for word in telling})), False


class Said(NamedTuple):
    """Tokens `start` to `stop` (not with it) say `means`; `how` is lay, abbreviation, eponym, form or spelling."""

    start: int
    stop: int
    means: tuple[str, ...]
    how: str


# ---- questions ----------------------------------------------------------------------------------


_CANNOT = frozenset({"cant", "cannot", "couldnt"})


def joined_negations(words: Sequence[str]) -> list[str]:
    """`can't`, `can not` and `unable to` as the one word `cannot`; the length may change."""
    out: list[str] = []
    for word in words:
        if word in _CANNOT or (word == "not" and out and out[-1] == "can"):
            if word == "not":
                out.pop()
            out.append("cannot")
        else:
            out.append(word)
    return out


def expand(book: Book, text: str) -> tuple[Expansion, ...]:
    """Every expansion of the words of `text`, in their order; what is written otherwise is not corrected."""
    words, capitals = raw_tokens(text)
    found = wordings(book, words, capitals, stems(words))
    return tuple(each for group in sorted(found, key=lambda group: min(group.places)) for each in group.expansions)


def by_lexicons(book: Book, words: Sequence[str]) -> list[Said]:
    """What tokens in lower case say besides themselves, in their order: wordings, then other forms of single words.

    Rows that only count in capitals count here too: the letters are gone, so every meaning is told.
    """
    kept = _KEPT.setdefault(book, {})
    key = tuple(words)
    if key not in kept:
        if len(kept) > _MOST_KEPT:
            kept.clear()
        kept[key] = _by_lexicons(book, words)
    return kept[key]


_KEPT: weakref.WeakKeyDictionary[Any, dict[tuple[str, ...], list[Said]]] = weakref.WeakKeyDictionary()
_MOST_KEPT = 4000


def _by_lexicons(book: Book, words: Sequence[str]) -> list[Said]:
    stem_of = stems(words)
    out = []
    for group in wordings(book, words, [True] * len(words), stem_of):
        if group.expansions:
            means = tuple(each.means for each in group.expansions)
            how = _HOW[group.expansions[0].lexicon]
            out.append(Said(min(group.places), max(group.places) + 1, means, how))
    forms, spellings = other_forms(book, stem_of), other_spellings(book, words)
    for place, word in enumerate(words):
        if word in spellings:
            out.append(Said(place, place + 1, (spellings[word],), "spelling"))
        if word in forms and word not in STOP_WORDS:
            out.append(Said(place, place + 1, tuple(forms[word]), "form"))
    return sorted(out, key=lambda each: (each.start, -each.stop))


def wordings(book: Book, words: Sequence[str], capitals: Sequence[bool], stem_of: Mapping[str, str]) -> list[Found]:
    """The longest wordings in the tokens of a question, none overlapping another.

    `capitals` tells which tokens are written in capitals; `stem_of` has the stem of every token.
    """
    telling = [place for place, word in enumerate(words) if word not in STOP_WORDS]
    written = {form for word in words for form in _numbers(word)}
    anchors = sorted({stem_of[words[place]] for place in telling} | {f"={word}" for word in written})
    groups: dict[frozenset[int], list[Expansion]] = {}
    for lexicon, ordinal, items, literal, shouted, said, means in _anchored(book, anchors):
        wanted = items.split()
        if not literal:
            places = _loosely(words, telling, frozenset(wanted), stem_of)
        elif len(wanted) == 1 and lexicon != "abbreviations":
            places = next(
                (frozenset({place}) for place, word in enumerate(words) if wanted[0] in _numbers(word)), _NONE
            )
        else:
            places = _literally(words, wanted)
        if places and not (shouted and not all(capitals[place] for place in places)):
            group = groups.setdefault(places, [])
            group += [Expansion(said, mean, lexicon, ordinal) for mean in json.loads(means)]
    return list(_apart(groups))


class _Read:
    """Rows of the lexicons of one book by what they are looked up by; a word without any is remembered too."""

    def __init__(self) -> None:
        self.wordings: dict[str, list[tuple[Any, ...]]] = {}
        self.forms: dict[tuple[str, str], list[tuple[Any, ...]]] = {}


_READ: weakref.WeakKeyDictionary[Any, _Read] = weakref.WeakKeyDictionary()
_MOST_WORDS = 50_000


def _anchored(book: Book, anchors: Sequence[str]) -> list[tuple[Any, ...]]:
    """Rows of the wordings that have one of these anchors, in their order."""
    kept = _READ.setdefault(book, _Read()).wordings
    if len(kept) > _MOST_WORDS:
        kept.clear()
    held = {anchor: kept.get(anchor) for anchor in anchors}
    new = [anchor for anchor, rows in held.items() if rows is None]
    if new:
        sql = (
            "SELECT anchor, id, lexicon, ordinal, items, literal, capitals, said, means FROM wording"
            f" WHERE anchor IN ({', '.join('?' * len(new))})"
        )
        held |= {anchor: [] for anchor in new}
        for anchor, *row in book.rows(sql, new):
            held[anchor].append(tuple(row))  # type: ignore[union-attr]
        kept |= {anchor: held[anchor] or [] for anchor in new}
    return [row[1:] for row in sorted((row for rows in held.values() for row in rows or ()), key=lambda row: row[0])]


def _numbers(word: str) -> tuple[str, ...]:
    """A word, and its other number as far as an s makes it."""
    return (word, word[:-1]) if word.endswith("s") else (word, f"{word}s")


def _apart(groups: Mapping[frozenset[int], list[Expansion]]) -> Iterator[Found]:
    taken: set[int] = set()
    for places in sorted(groups, key=lambda each: (-len(each), sorted(each))):
        if not taken & places:
            taken |= places
            yield Found(places, tuple({each.means: each for each in reversed(groups[places])}.values())[::-1])


def _literally(words: Sequence[str], wanted: list[str]) -> frozenset[int]:
    """The first place where the words stand as written."""
    size = len(wanted)
    for start in range(len(words) - size + 1):
        if list(words[start : start + size]) == wanted:
            return frozenset(range(start, start + size))
    return _NONE


def _loosely(
    words: Sequence[str], telling: Sequence[int], wanted: frozenset[str], stem_of: Mapping[str, str]
) -> frozenset[int]:
    """The narrowest window of telling words that holds all stems, in any order."""
    at = [(index, stem_of[words[place]]) for index, place in enumerate(telling)]
    at = [(index, stem) for index, stem in at if stem in wanted]
    best = _NONE
    width = len(wanted) + _WINDOW + 1
    for first, (start, _) in enumerate(at):
        seen: dict[str, int] = {}
        for index, stem in at[first:]:
            if index - start >= width - 1:
                break
            seen.setdefault(stem, telling[index])
            if len(seen) == len(wanted):
                best, width = frozenset(seen.values()), index - start + 1
                break
    return best


def other_forms(book: Book, stem_of: Mapping[str, str]) -> dict[str, list[str]]:
    """Other forms of each word: {word: forms}."""
    by_stem = _forms(book, sorted(set(stem_of.values())), f"<> '{SPELLING}'")
    return {word: by_stem[stem] for word, stem in stem_of.items() if stem in by_stem}


def other_spellings(book: Book, words: Sequence[str]) -> dict[str, str]:
    """The spelling of the official lists for words that are spelt otherwise elsewhere."""
    return {word: forms[0] for word, forms in _forms(book, sorted(set(words)), f"= '{SPELLING}'").items()}


def _forms(book: Book, said: list[str], kind: str) -> dict[str, list[str]]:
    kept = _READ.setdefault(book, _Read()).forms
    if len(kept) > _MOST_WORDS:
        kept.clear()
    held = {word: kept.get((kind, word)) for word in said}
    new = [word for word, rows in held.items() if rows is None]
    if new:
        sql = f"SELECT said, other FROM form WHERE said IN ({', '.join('?' * len(new))}) AND kind {kind} ORDER BY other"
        held |= {word: [] for word in new}
        for row in book.rows(sql, new):
            held[row[0]].append(row)  # type: ignore[union-attr]
        kept |= {(kind, word): held[word] or [] for word in new}
    return {word: [other for _, other in rows] for word, rows in held.items() if rows}
