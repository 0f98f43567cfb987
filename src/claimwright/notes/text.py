"""Words and sentences of a note; every one keeps its place in the original text.

A sentence ends at a terminator, at a bullet, at an empty line, and at a line break unless the line plainly
goes on. The guard against abbreviations is a short list: a wrong break costs a scope, a missing one widens it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from claimwright.book.note_phrases import TOKEN, bare

MOST_TOKENS = 120
"""A longer sentence is cut: the work on one sentence grows faster than its length."""

_SHORT_FORMS = (
    "dr mr mrs ms prof st vs eg ie e.g i.e pt pts no approx dept jr sr vol fig ca cf resp esp incl inc etc hx dx rx tx "
    "yr yrs mo wk hr min sec wt ht temp"
)
_ABBREVIATIONS = frozenset(_SHORT_FORMS.split())
"""A full stop after one of these ends nothing; so after a single letter."""
_GOING_ON = "of and or with the a an for to no in on at by from without her his denies"
_NOT_LAST = frozenset(_GOING_ON.split())
"""A line does not end with one of these: the next line goes on."""
_BREAK = re.compile(
    r"[.!?;]+(?=[\s\"')\]]|$)|\n[^\S\n]*(?=\n|$)|\n|[\u2022\u25cf\u25aa\u2023]|<[/a-zA-Z][^<>\n]{0,60}>"
)
_BULLET = re.compile(r"\s*(?:[-*+\u2013\u2014>#]+|\(?\d{1,2}[.)]|[a-zA-Z][.)])\s")
_LAST_WORD = re.compile(r"([^\s.]+(?:\.[^\s.]+)*)\.?$")


class Token(NamedTuple):
    """A word or a sign: its place in the note, the word in lower case without possessive ending.

    `sign`: it is no word. `tight`: nothing stands between it and what is before.
    """

    start: int
    end: int
    word: str
    sign: bool
    tight: bool


class Sentence(NamedTuple):
    """A sentence: its place, the number of its section, its tokens."""

    start: int
    end: int
    section: int
    tokens: tuple[Token, ...]


def sentences(text: str, start: int, end: int, section: int) -> Iterator[Sentence]:
    """Sentences of `text[start:end]`; one without a word is left out."""
    for low, high in _cut(text, start, end):
        tokens = _tokens(text, low, high)
        for first in range(0, len(tokens), MOST_TOKENS):
            part = tokens[first : first + MOST_TOKENS]
            if any(not token.sign for token in part):
                yield Sentence(part[0].start, part[-1].end, section, tuple(part))


def _tokens(text: str, start: int, end: int) -> list[Token]:
    out = []
    last = start
    for found in TOKEN.finditer(text, start, end):
        low, high = found.span()
        word = found.group()
        sign = not (word[0].isalnum() or word[0] == "_")
        out.append(Token(low, high, word if sign else bare(word.lower().replace("\u2019", "'")), sign, low == last))
        last = high
    return out


def _cut(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    low = start
    for found in _BREAK.finditer(text, start, end):
        if found.start() < low:
            continue
        if _ends(text, low, found, end):
            stop = found.end() if found.group()[0] in ".!?;" else found.start()
            if stop > low:
                yield low, stop
            low = found.end()
    if low < end:
        yield low, end


def _ends(text: str, low: int, found: re.Match[str], end: int) -> bool:
    """Is this break the end of a sentence?"""
    sign = found.group()
    if sign == ".":
        last = _LAST_WORD.search(text, max(low, found.start() - 40), found.start())
        word = last[1].lower().lstrip("(") if last else ""
        return not (word in _ABBREVIATIONS or (len(word) == 1 and word.isalpha()) or not word)
    if sign == "?":
        # "?PE" asks; "? fracture" asks too; "pain?" ends.
        return found.start() > low and not text[found.start() - 1].isspace()
    if sign[0] != "\n":
        return True
    return not _goes_on(text, low, found.start(), found.end(), end)


def _goes_on(text: str, low: int, stop: int, after: int, end: int) -> bool:
    """Does the next line continue the sentence of this one?"""
    line = text[max(low, stop - 60) : stop].rstrip()
    rest = text[after : min(end, after + 40)].lstrip(" \t\r")
    if not line or not rest or rest[0] in "\r\n" or _BULLET.match(rest):
        return False
    if line[-1] in ":.!?;":
        return False
    last = line.rsplit(None, 1)[-1].lower()
    return rest[0].islower() or line[-1] == "," or last in _NOT_LAST
