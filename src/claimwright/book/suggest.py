"""Suggestions while somebody types: what `search` finds for it, then wordings that begin so.

The last word is taken as unfinished: it is completed to the word of the book that most wordings use.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections import Counter
from datetime import date
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from claimwright.book.search import search
from claimwright.model import dotted

if TYPE_CHECKING:
    from claimwright.book.store import Book

LONGEST = 80
"""Letters of a question that are read; nobody needs a suggestion for more."""
_SHORTEST = 2
_MOST_FOUND = 6
"""Suggestions by what words mean, where wordings that begin so are listed too."""
_FEW = 4
"""So many wordings with one beginning stand before what words mean."""
_END = "￿"
_WORD = re.compile(r"[a-z0-9]+")


class Suggestion(NamedTuple):
    """A code to choose; `matched` is the wording that begins so where the title does not."""

    code: str
    title: str
    billable: bool
    matched: str


class Wordings:
    """Titles and inclusion terms of one edition in alphabetical order, and how often each word is used."""

    def __init__(self, book: Book, edition: int) -> None:
        """Read once for each edition: some 60,000 short texts."""
        sql = (
            "SELECT title, pos FROM node WHERE edition = ? AND made = 0 AND kind NOT IN ('chapter', 'block') UNION ALL "
            "SELECT text, holder FROM note WHERE edition = ? AND kind = 'inclusionTerm'"
        )
        found = [(_plain(text), text, pos) for text, pos in book.rows(sql, (edition, edition))]
        self.lines = sorted(found, key=lambda each: (each[0], each[2]))
        self.keys = [each[0] for each in self.lines]
        uses = Counter(word for plain in self.keys for word in set(plain.split()))
        self.words = sorted(uses)
        self.uses = uses

    def beginning(self, words: str, most: int) -> list[tuple[str, int]]:
        """(wording, position) of wordings that begin so, the shortest first."""
        low = bisect_left(self.keys, words)
        high = bisect_right(self.keys, words + _END)
        some = self.lines[low : min(high, low + 2000)]
        return [(text, pos) for _, text, pos in sorted(some, key=lambda each: (len(each[0]), each[2]))[:most]]

    def completed(self, word: str) -> str:
        """The commonest word that begins so; the word itself when it is one or none does."""
        if word in self.uses:
            return word
        low = bisect_left(self.words, word)
        high = bisect_right(self.words, word + _END)
        return max(self.words[low:high], key=lambda each: self.uses[each], default=word)


@lru_cache(maxsize=4)
def wordings(book: Book, edition: int) -> Wordings:
    """The wordings of an edition, read when they are first asked for."""
    return Wordings(book, edition)


def suggestions(book: Book, typed: str, day: date, most: int = 10) -> tuple[Suggestion, ...]:
    """At most `most` codes for what has been typed so far; none for less than two letters."""
    said = " ".join(typed[:LONGEST].split())
    return _suggested(book, said, day, most) if len(said) >= _SHORTEST else ()


@lru_cache(maxsize=4096)
def _suggested(book: Book, said: str, day: date, most: int) -> tuple[Suggestion, ...]:
    """Kept by question: everybody types the same beginnings."""
    edition, _ = book.edition_on(day)
    if any(letter.isdigit() for letter in said):
        groups = [_found(book, edition.number, said, day, most) or _procedures(book, said, day)]
    else:
        begun = _begun(book, edition.number, said, day, most)
        groups = [begun, _found(book, edition.number, said, day, _MOST_FOUND)]
        if len(begun) > _FEW:  # too common a beginning to tell what is meant: meaning comes first
            groups.reverse()
    found: dict[str, Suggestion] = {}
    for each in (one for group in groups for one in group):
        found.setdefault(each.code, each)
    return tuple(found.values())[:most]


def _found(book: Book, edition: int, said: str, day: date, most: int) -> list[Suggestion]:
    """What `search` finds for the words with the last one completed."""
    out = []
    for hit in search(book, _completed(book, edition, said), day, most).hits:
        matched = "" if hit.kind in ("title", "code") or hit.matched == hit.title else hit.matched
        out.append(Suggestion(hit.code, hit.title or "", hit.billable, matched))
    return out


def _procedures(book: Book, said: str, day: date) -> list[Suggestion]:
    """ICD-10-PCS: the beginning of a code that was typed, and what may follow it."""
    stem = said.upper()
    if not (stem.isascii() and stem.isalnum()) or not book.pcs.known_stem(stem):
        return []
    record = book.show(stem, day)
    below = [Suggestion(each.code, each.title or "", each.billable, "") for each in record.children]
    return [Suggestion(record.code, record.title or "", bool(record.billable), ""), *below]


def _begun(book: Book, edition: int, said: str, day: date, most: int) -> list[Suggestion]:
    """Titles and inclusion terms that begin so."""
    out = []
    for wording, pos in wordings(book, edition).beginning(_plain(said), most):
        node = book.node_at(edition, pos)
        matched = "" if wording == node.title else wording
        out.append(Suggestion(dotted(node.code), node.title, book.billable(node.code, day), matched))
    return out


def _completed(book: Book, edition: int, said: str) -> str:
    """The question with its last word whole."""
    *before, last = said.split()
    if len(last) <= _SHORTEST or not last.isalpha():
        return said
    return " ".join([*before, wordings(book, edition).completed(last.lower())])


def _plain(text: str) -> str:
    return " ".join(_WORD.findall(text.lower()))
