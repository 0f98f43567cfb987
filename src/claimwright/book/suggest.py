"""Suggestions while somebody types: what `search` finds for it, then wordings that begin so.

The last word is taken as unfinished: it is completed to the word of the book that most wordings use.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections import Counter
from datetime import date
from typing import TYPE_CHECKING, NamedTuple

from claimwright.book.search import search
from claimwright.model import dotted

if TYPE_CHECKING:
    from claimwright.book.store import Book

LONGEST = 80
"""Letters of a question that are read; nobody needs a suggestion for more."""
_SHORTEST = 2
_MOST_FOUND = 6
"""Suggestions by what words mean, before those that only begin so."""
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


def wordings(book: Book, edition: int) -> Wordings:
    """The wordings of an edition, kept by the book that is open."""
    kept: dict[int, Wordings] = book.__dict__.setdefault("_wordings", {})
    if edition not in kept:
        kept[edition] = Wordings(book, edition)
    return kept[edition]


def suggestions(book: Book, typed: str, day: date, most: int = 10) -> tuple[Suggestion, ...]:
    """At most `most` codes for what has been typed so far; none for less than two letters."""
    said = " ".join(typed[:LONGEST].split())
    if len(said) < _SHORTEST:
        return ()
    edition, _ = book.edition_on(day)
    found: dict[str, Suggestion] = {}
    words = not any(letter.isdigit() for letter in said)
    first = _MOST_FOUND if words else most
    for hit in search(book, _completed(book, edition.number, said), day, first).hits:
        matched = "" if hit.kind in ("title", "code") or hit.matched == hit.title else hit.matched
        found.setdefault(hit.code, Suggestion(hit.code, hit.title or "", hit.billable, matched))
    for wording, pos in wordings(book, edition.number).beginning(_plain(said), most) if words else ():
        node = book.node_at(edition.number, pos)
        code = dotted(node.code)
        matched = "" if wording == node.title else wording
        found.setdefault(code, Suggestion(code, node.title, book.billable(node.code, day), matched))
    return tuple(found.values())[:most]


def _completed(book: Book, edition: int, said: str) -> str:
    """The question with its last word whole."""
    *before, last = said.split()
    if len(last) <= _SHORTEST or not last.isalpha():
        return said
    return " ".join([*before, wordings(book, edition).completed(last.lower())])


def _plain(text: str) -> str:
    return " ".join(_WORD.findall(text.lower()))
