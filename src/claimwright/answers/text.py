"""The words of a question with their places, and wordings found among them: the longest first."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Generic, NamedTuple, TypeVar

from claimwright.book.note_phrases import porter

T = TypeVar("T")

_WORD = re.compile(r"[^\W_]+|[^\w\s]|_")
_APOSTROPHE = frozenset("'\u2019")


class Word(NamedTuple):
    """A word or a sign: its place, as written, in lower case, its stem (a sign has none)."""

    start: int
    end: int
    text: str
    lower: str
    stem: str

    @property
    def sign(self) -> bool:
        """Is it no word?"""
        return not self.text[0].isalnum()


class Phrase(NamedTuple, Generic[T]):
    """What a wording stands for, and the words `first` to `last` (exclusive) that are it."""

    first: int
    last: int
    means: T


def words_of(text: str) -> list[Word]:
    """Words and signs of a text in order; the `'s` of a possessive is left out."""
    found = [(match.start(), match.end(), match[0]) for match in _WORD.finditer(text)]
    kept = [each for index, each in enumerate(found) if not _possessive(found, index)]
    lower = [word.lower() for _, _, word in kept]
    stem_of = porter({word for word in lower if word[0].isalnum()})
    return [
        Word(start, end, word, small, stem_of[small] if small[0].isalnum() else "")
        for (start, end, word), small in zip(kept, lower, strict=True)
    ]


def _possessive(found: Sequence[tuple[int, int, str]], index: int) -> bool:
    start, _, word = found[index]
    before = found[index - 1] if index else None
    tight = before is not None and before[1] == start
    if word in _APOSTROPHE:
        after = found[index + 1] if index + 1 < len(found) else None
        return tight and after is not None and after[0] == start + 1 and after[2].lower() == "s"
    return word.lower() == "s" and tight and before is not None and before[2] in _APOSTROPHE


class Wordings(Generic[T]):
    """Wordings and what each stands for; found whatever the inflection, and whatever signs stand inside."""

    def __init__(self, rows: Iterable[tuple[str, T]]) -> None:
        """Of equal wordings the first row counts."""
        self._first: dict[str, dict[tuple[str, ...], T]] = {}
        for wording, means in rows:
            stems = tuple(word.stem for word in words_of(wording) if not word.sign)
            if stems:
                self._first.setdefault(stems[0], {}).setdefault(stems, means)

    def find(self, words: Sequence[Word], taken: Sequence[bool] = ()) -> Iterator[Phrase[T]]:
        """Wordings from left to right, none inside another, none over words already taken."""
        index = 0
        while index < len(words):
            found = self._at(words, index, taken)
            if found is None:
                index += 1
            else:
                yield found
                index = found.last

    def _at(self, words: Sequence[Word], index: int, taken: Sequence[bool]) -> Phrase[T] | None:
        best: Phrase[T] | None = None
        for stems, means in self._first.get(words[index].stem, {}).items():
            last = _matched(words, index, stems, taken)
            if last and (best is None or last > best.last):
                best = Phrase(index, last, means)
        return best


def _matched(words: Sequence[Word], index: int, stems: tuple[str, ...], taken: Sequence[bool]) -> int:
    """The end of these stems from `index` on; hyphen, slash and full stop may stand between. 0 where they are not."""
    at = index
    for number, stem in enumerate(stems):
        while number and at < len(words) and words[at].text in "-/.\u2013&":
            at += 1
        if at >= len(words) or words[at].stem != stem or (taken and taken[at]):
            return 0
        at += 1
    return at
