"""Diagnoses of a question: codes that stand in it, and words that lead to codes, with what they do not decide."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date
from typing import TYPE_CHECKING, NamedTuple

from claimwright.model import dotted, undotted
from claimwright.model.asking import Alternative, DiagnosisAsked

if TYPE_CHECKING:
    from claimwright.book.store import Book

LEAST = 0.75
"""The least score by which words stand for a diagnosis."""
CERTAIN = 0.95
_CORRECTED = 0.9
"""What is left of a score where a word was spelled otherwise."""
_NEAR = 0.08
"""Codes whose score is no further below the best are not told apart."""
_MOST = 6
_FAMILY_HISTORY = ("Z80", "Z84")
"""Categories of the family history of a disease."""
_INCLUDED = "inclusionTerm"
_STEM = 5
"""Letters of the shortest word by which a service points to a site."""
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
        title = self.book.title(undotted(code), self.day)
        below = self._below(code) if not self.book.billable(undotted(code), self.day) else ()
        return DiagnosisAsked(code, title, said, how, bool(below), below, known=title is not None)

    def of_words(
        self, said: str, asked: Iterable[str], least: float = LEAST, beside: Collection[str] = ()
    ) -> DiagnosisAsked | None:
        """The code that the first of these phrasings to name one leads to; None where none does.

        `beside` are the question's other words: of codes that are not told apart the one they point to is first.
        """
        for phrase in asked:
            hits = self._hits(phrase) if any(map(str.isalnum, phrase)) else []
            if hits and hits[0].score >= least:
                return self._chosen(said, sorted(hits, key=lambda each: (each.score < hits[0].score - _NEAR,
                                                                         -_pointed(each.title, beside))))  # fmt: skip
        return None

    def of_relative(self, said: str, disease: str) -> DiagnosisAsked | None:
        """The family history of a disease, by the note of the tabular list that names its code ("classifiable to")."""
        named = self.of_words(disease, [disease])
        node = self.book.node(self.edition, undotted(named.code)) if named else None
        if node is None:
            return None
        below: list[tuple[str, str]] = []
        for note in self.book.notes_naming(self.edition, node.pos, node.stop):
            holder = self.book.node_at(self.edition, note.holder)
            if note.kind == _INCLUDED and _FAMILY_HISTORY[0] <= holder.code[:3] <= _FAMILY_HISTORY[1]:
                below += self.book.billable_under(holder, self.day, _MOST)
        if not below:
            return None
        (code, title), *others = dict.fromkeys(below)
        listed = tuple(Alternative(dotted(each), words) for each, words in others)[:_MOST]
        return DiagnosisAsked(dotted(code), title, said, "words", bool(listed), listed)

    def _hits(self, phrase: str) -> list[_Hit]:
        from claimwright.book.navigate import navigate

        answer = self.book.search(phrase, self.day, most=8)
        # A word that only another spelling makes a diagnosis is hardly one.
        share = _CORRECTED if answer.searched_for else 1.0
        found = {hit.code: _Hit(hit.code, hit.title, hit.score * share) for hit in answer.hits}
        kinds = {code[:3] for code in found}
        for each in navigate(self.book, phrase, self.day, most=4).found:
            if each.score >= CERTAIN and (each.code[:3] in kinds or not found):
                found[each.code] = _Hit(each.code, self.book.title(undotted(each.code), self.day), each.score)
        kept = [each for each in found.values() if each.code[0] not in _NO_INDICATION]
        return sorted(kept, key=lambda each: -each.score)

    def _chosen(self, said: str, hits: list[_Hit]) -> DiagnosisAsked:
        """The best billable code of what was found, and everything that the words do not tell apart from it."""
        best = hits[0]
        near = [each for each in hits if each.score >= max(one.score for one in hits) - _NEAR]
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
        return tuple(
            Alternative(dotted(each), title) for each, title in self.book.billable_under(node, self.day, _MOST)
        )


def _pointed(title: str | None, beside: Collection[str]) -> int:
    """How many words of a title begin one of these words: the colon of a colonoscopy."""
    own = {word for word in (title or "").lower().split() if len(word) >= _STEM}
    return sum(any(word != other and other.startswith(word) for other in beside) for word in own)
