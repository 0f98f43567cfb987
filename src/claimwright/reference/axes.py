"""Axes of documentation: in what the codes around a code differ, read from the titles of the tabular list."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from claimwright.book.record import CodeRecord, Neighbour
    from claimwright.book.store import Book

_AXES = {
    "side": ("right", "left", "bilateral"),
    "trimester": ("first trimester", "second trimester", "third trimester"),
    "intractable or not": ("intractable", "not intractable"),
    "acute or chronic": ("acute", "chronic", "acute on chronic"),
    "open or closed": ("open", "closed"),
    "displaced or not": ("displaced", "nondisplaced"),
    "what is with it": ("with", "without"),
}
"""Words of titles that mark an axis, by the name under which the record is asked for it."""

SEVENTH = "encounter (seventh character)"
"""The axis of the seventh character; the choices of it carry the character instead of a code."""

_FEWEST = 2
_WIDTH_SEVENTH = 8


@dataclass(frozen=True, slots=True)
class Choice:
    """A value of the axis and the code that carries it."""

    value: str
    code: str


@dataclass(frozen=True, slots=True)
class Axis:
    """One thing that the record has to say, with the values that have codes."""

    name: str
    choices: tuple[Choice, ...]


def axes(book: Book, record: CodeRecord) -> tuple[Axis, ...]:
    """Axes on which `record` differs from its siblings, and the seventh character; none for chapters and blocks."""
    if record.kind in ("chapter", "block"):
        return ()
    family = _family(book, record)
    found = list(_by_words(record, family))
    if record.seventh_characters:
        choices = tuple(Choice(says, character) for character, says in record.seventh_characters.items())
        found.append(Axis(SEVENTH, choices))
    return tuple(found)


def _family(book: Book, record: CodeRecord) -> list[Neighbour]:
    """The code among its siblings; of a code with a seventh character, its stem among the stem's siblings."""
    from claimwright.book.record import Neighbour

    if len(record.code) == _WIDTH_SEVENTH and record.seventh_characters and record.parents:
        stem = book.show(record.parents[0].code, record.date)
        return [Neighbour(stem.code, stem.title, False, stem.kind), *stem.siblings]
    own = Neighbour(record.code, record.title, bool(record.billable), record.kind)
    return [own, *(each for each in record.siblings if each.billable == bool(record.billable))]


def _by_words(record: CodeRecord, family: Sequence[Neighbour]) -> Iterator[Axis]:
    """Axes whose words tell apart the code and those of its siblings that say otherwise the same."""
    own = family[0]
    for name, words in _AXES.items():
        stripped = _without(own.title or "", words)
        alike = [each for each in family if _without(each.title or "", words) == stripped]
        choices: dict[str, Choice] = {}
        for each in sorted(alike, key=lambda one: one.code):
            value = _value(each.title or "", words)
            if value:
                choices.setdefault(value, Choice(value, each.code))
        if len(choices) >= _FEWEST:
            yield Axis(name, tuple(choices.values()))


def _tokens(title: str) -> list[str]:
    return re.findall(r"[a-z0-9]+", title.lower())


_DROPPED = frozenset(("unspecified", "side", "of", "in", "the", "and", "not", "eye", "ear", "trimester", "a"))


def _without(title: str, words: Sequence[str]) -> tuple[str, ...]:
    if "without" in words:  # what follows the word is the condition; before it stands what both have
        title = re.sub(r"\bwith(?:out)?\b[^,]*", "", title)
    marks = {each for phrase in words for each in phrase.split()} | _DROPPED
    return tuple(sorted(each.rstrip("s") for each in _tokens(title) if each not in marks))


def _value(title: str, words: Sequence[str]) -> str:
    """The longest of the words that the title says; `unspecified` where it says that; empty for neither.

    Of "with" and "without" the value is all that follows, up to a comma.
    """
    if "without" in words:
        phrase = re.search(r"\bwith(?:out)?\b[^,]*", title)
        return phrase.group() if phrase else ""
    said = f" {' '.join(_tokens(title))} "
    found = [each for each in words if f" {each} " in said]
    if found:
        return max(found, key=len)
    return "unspecified" if "unspecified" in said else ""
