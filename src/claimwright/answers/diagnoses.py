"""Diagnoses of a question: codes that stand in it, and words that lead to codes, with what they do not decide."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import TYPE_CHECKING, NamedTuple

from claimwright.model import dotted, undotted
from claimwright.model.asking import Alternative, DiagnosisAsked

if TYPE_CHECKING:
    from claimwright.book.store import Book

LEAST = 0.75
"""The least score by which words stand for a diagnosis."""
CERTAIN = 0.95
_NEAR = 0.08
"""Codes whose score is no further below the best are not told apart."""
_MOST = 6
_NO_INDICATION = "UVWXY"
"""First letters of codes that are never why a service is given: external causes and the like."""


class _Hit(NamedTuple):
    code: str
    title: str | None
    score: float


class Namer:
    """From words to codes of one day."""

    def __init__(self, book: Book, day: date) -> None:
        self.book, self.day = book, day
        self.edition = book.edition_on(day)[0].number

    def of_code(self, code: str, how: str = "code", said: str | None = None) -> DiagnosisAsked:
        """A code as it was given; a header with the codes below it as alternatives."""
        title = self.book.title(code, self.day)
        below = self._below(code) if not self.book.billable(undotted(code), self.day) else ()
        return DiagnosisAsked(code, title, said, how, bool(below), below, known=title is not None)

    def of_words(self, said: str, asked: Iterable[str], least: float = LEAST) -> DiagnosisAsked | None:
        """The code that the first of these phrasings to name one leads to; None where none does."""
        for phrase in asked:
            hits = self._hits(phrase)
            if hits and hits[0].score >= least:
                return self._chosen(said, hits)
        return None

    def _hits(self, phrase: str) -> list[_Hit]:
        from claimwright.book.navigate import navigate

        found: dict[str, _Hit] = {}
        for each in navigate(self.book, phrase, self.day, most=4).found:
            if each.score >= CERTAIN:
                found[each.code] = _Hit(each.code, self.book.title(each.code, self.day), each.score)
        for hit in self.book.search(phrase, self.day, most=8).hits:
            if hit.code not in found:
                found[hit.code] = _Hit(hit.code, hit.title, hit.score)
        kept = [each for each in found.values() if each.code[0] not in _NO_INDICATION]
        return sorted(kept, key=lambda each: -each.score)

    def _chosen(self, said: str, hits: list[_Hit]) -> DiagnosisAsked:
        """The best billable code of what was found, and everything that the words do not tell apart from it."""
        best = hits[0]
        near = [each for each in hits if each.score >= best.score - _NEAR]
        header = next((each for each in near if not self._billable(each.code)), None)
        code, title = best.code, best.title
        if not self._billable(code):
            inside = [each for each in hits if each.code.startswith(code) and self._billable(each.code)]
            below = self._below(code)
            if inside:
                code, title = inside[0].code, inside[0].title
            elif below:
                code, title = below[0]
        others = {each.code: Alternative(each.code, each.title) for each in near}
        if header is not None and code.startswith(header.code):
            others |= {each.code: each for each in self._below(header.code)}
        others.pop(code, None)
        listed = tuple(each for each in others.values() if self._billable(each.code))[:_MOST]
        return DiagnosisAsked(code, title, said, "words", bool(listed), listed)

    def _billable(self, code: str) -> bool:
        return self.book.billable(undotted(code), self.day)

    def _below(self, code: str) -> tuple[Alternative, ...]:
        node = self.book.node(self.edition, undotted(code))
        if node is None:
            return ()
        return tuple(Alternative(dotted(each), title) for each, title in self.book.billable_under(node, self.day, _MOST))
