"""A claim beside its note: which of the note's facts speak of which of the claim's diagnoses."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from claimwright.book.code_words import CodeWords, Stems, code_words
from claimwright.book.note_phrases import SKIP, TOKEN, porter
from claimwright.book.store import Book
from claimwright.book.wordings import expand
from claimwright.edits.frame import Frame
from claimwright.model import Because, Claim, NoteFact, NoteRead, Span, Status

if TYPE_CHECKING:
    from datetime import date

    from claimwright.edits.alternatives import Alternative
    from claimwright.edits.drug_effects import DrugEffect

_SENTENCE = re.compile(r"(?:[^.;!?\n]|[.](?=\w))+[.;!?]?")


class Word(NamedTuple):
    """A word of the note, or one of its signs; `start` and `end` count characters of the note."""

    text: str
    stem: str
    start: int
    end: int


class Noted:
    """One claim and its note. `diagnoses` are the indices of the claim's diagnoses in the frame."""

    def __init__(self, frame: Frame, claim: int, read: NoteRead) -> None:
        """Nothing is compared yet."""
        self.frame, self.index, self.read = frame, claim, read
        self.words: CodeWords = code_words(frame.columns.book, frame.columns.edition)
        self._nearby: dict[int, list[int]] = {}
        self._closer: dict[int, Alternative | None] = {}
        self.diagnoses = range(int(frame.batch.offsets[claim]), int(frame.batch.offsets[claim + 1]))

    @property
    def book(self) -> Book:
        """The book that answers."""
        return self.frame.columns.book

    @property
    def claim(self) -> Claim:
        """The claim itself."""
        return self.frame.batch.claim(self.index)

    @property
    def day(self) -> date:
        """The day that decides for the claim."""
        return self.frame.day(self.index)

    @property
    def facts(self) -> tuple[NoteFact, ...]:
        """What the note states, in order of place."""
        return self.read.facts

    def pos(self, index: int) -> int:
        """Place of a diagnosis in the tree; -1 for none, and for a code that is not in effect."""
        return int(self.frame.pos[index]) if self.frame.row[index] >= 0 else -1

    # ---- facts and codes ------------------------------------------------------------------------

    @cached_property
    def meanings(self) -> tuple[tuple[Stems, ...], ...]:
        """What each fact stands for, in stems."""
        return tuple(
            tuple(dict.fromkeys((*self.words.means(each.span.text), *self.words.means(each.term))))
            for each in self.facts
        )

    def beginning(self, low: int, high: int) -> list[int]:
        """Numbers of the facts whose words begin in `low` <= character < `high`, in order."""
        starts, numbers = self._starts
        return sorted(numbers[bisect_left(starts, low) : bisect_left(starts, high)])

    @cached_property
    def _starts(self) -> tuple[list[int], list[int]]:
        """Where facts begin, ascending, and the number of each."""
        numbers = sorted(range(len(self.facts)), key=lambda number: self.facts[number].span.start)
        return [self.facts[number].span.start for number in numbers], numbers

    def naming(self, index: int) -> list[int]:
        """Numbers of the facts that name the diagnosis exactly: no more than it says, and all that is essential."""
        return self._speaking(index, self._exact)

    def near(self, index: int) -> list[int]:
        """Numbers of the facts that may speak of the diagnosis: the same words in part, or the same category."""
        if index not in self._nearby:
            self._nearby[index] = self._speaking(index, self._liberal)
        return self._nearby[index]

    def worded(self, index: int) -> list[int]:
        """Numbers of the facts that speak of the diagnosis in its own words, in part at least."""
        return self._speaking(index, self._shares)

    def supporting(self, index: int) -> list[int]:
        """Numbers of the facts that state the diagnosis: its words, or all that is essential of one of its wordings."""
        return self._speaking(index, self._states)

    def _states(self, said: Stems, pos: int) -> bool:
        return self._exact(said, pos) or self.same_category(said, pos)

    def _speaking(self, index: int, test: Callable[[Stems, int], bool]) -> list[int]:
        pos = self.pos(index)
        if pos < 0:
            return []
        return [number for number, meanings in enumerate(self.meanings) if any(test(each, pos) for each in meanings)]

    def _exact(self, said: Stems, pos: int) -> bool:
        bare = said - self.words.qualifier
        return bool(bare) and any(bare == core for each in self.words.lineage(pos) for core in each.cores)

    def _liberal(self, said: Stems, pos: int) -> bool:
        return self._shares(said, pos) or (bool(said - self.words.generic) and self.same_category(said, pos))

    def _shares(self, said: Stems, pos: int) -> bool:
        if not said - self.words.generic:
            return False
        return any(said <= each.stems or any(core <= said for core in each.cores) for each in self.words.lineage(pos))

    def same_category(self, said: Stems, pos: int) -> bool:
        """Do the words name a code of the category that holds `pos`?"""
        category = self.book.node_at(self.words.edition, pos).code[:3]
        return any(each.code[:3] == category for each in self.words.named(said))

    @cached_property
    def drug_effects(self) -> tuple[DrugEffect, ...]:
        """Reported conditions that the note attributes to drugs, one for each diagnosis with all its drugs."""
        from claimwright.edits.drug_effects import drug_effects

        found: dict[int, DrugEffect] = {}
        for each in drug_effects(self):
            first = found.setdefault(each.diagnosis, each)
            known = {drug.code for drug in first.drugs}
            more = tuple(drug for drug in each.drugs if drug.code not in known)
            spans = (*first.also, each.span) if more else first.also
            found[each.diagnosis] = first._replace(drugs=(*first.drugs, *more), also=spans)
        return tuple(found.values())

    def closer(self, index: int) -> Alternative | None:
        """The code that the note's words lead to instead of a diagnosis; looked for once."""
        if index not in self._closer:
            from claimwright.edits.alternatives import alternative

            self._closer[index] = alternative(self, index)
        return self._closer[index]

    # ---- words of the note ----------------------------------------------------------------------

    @cached_property
    def sentences(self) -> tuple[tuple[Word, ...], ...]:
        """The words of each sentence."""
        listed = []
        for found in _SENTENCE.finditer(self.read.text):
            start = found.start()
            listed.append(
                [(each[0].lower(), start + each.start(), start + each.end()) for each in TOKEN.finditer(found[0])]
            )
        stem_of = porter({text for each in listed for text, _, _ in each if text[0].isalnum()})
        return tuple(
            tuple(Word(text, stem_of.get(text, text), start, end) for text, start, end in each)
            for each in listed
            if each
        )

    def sentence_at(self, start: int) -> int | None:
        """Number of the sentence that holds the character `start` of the note; None for one between sentences."""
        number = bisect_right(self._sentence_starts, start) - 1
        return number if number >= 0 and start < self.sentences[number][-1].end else None

    @cached_property
    def _sentence_starts(self) -> list[int]:
        return [each[0].start for each in self.sentences]

    def has_word(self, stems: Stems) -> bool:
        """Has the note one of these stems, or an everyday word, abbreviation or eponym that stands for one?"""
        return not stems.isdisjoint(self.stems) or not stems.isdisjoint(self._meant)

    @cached_property
    def stems(self) -> Stems:
        """Every stem of the note, with those that its mentions stand for."""
        own = {word.stem for each in self.sentences for word in each}
        return frozenset(own | {stem for meanings in self.meanings for each in meanings for stem in each})

    @cached_property
    def _meant(self) -> Stems:
        return frozenset(stem for each in expand(self.book, self.read.text) for stem in self.words.stems(each.means))

    @cached_property
    def stated(self) -> tuple[tuple[Word, ...], ...]:
        """The words of each sentence that are not within what is denied, uncertain, past, or of somebody else."""
        masked: set[int] = set()
        for each in self.facts:
            if each.status is not Status.PRESENT:
                evidence = each.evidence
                masked.update(range(min(evidence.start, each.span.start), max(evidence.end, each.span.end)))
        return tuple(tuple(word for word in sentence if word.start not in masked) for sentence in self.sentences)

    def section_at(self, start: int) -> str:
        """The section of the fact that stands nearest to a place; empty without facts."""
        nearest = min(self.facts, key=lambda each: abs(each.span.start - start), default=None)
        return nearest.section if nearest else ""

    def claim_has(self, stems: Stems, index: int) -> bool:
        """Does another code of the claim, in the same category, carry these words already?"""
        category = self.claim.diagnoses[index - self.diagnoses.start].code.upper()[:3]
        for other in self.diagnoses:
            pos = self.pos(other)
            if (
                other == index
                or pos < 0
                or self.claim.diagnoses[other - self.diagnoses.start].code.upper()[:3] != category
            ):
                continue
            if stems <= self.words.title_stems(self.book.node_at(self.words.edition, pos).title):
                return True
        return False

    @cached_property
    def paraphrases(self) -> tuple[tuple[str, str, Span], ...]:
        """(term, what is lacking, words of the note) for every near term that the note states, longest first."""
        out: list[tuple[int, str, str, Span]] = []
        for sentence in self.stated:
            said = [word for word in sentence if word.text[0].isalnum() and word.text not in SKIP]
            run = tuple(word.stem for word in said)
            for at, word in enumerate(said):
                for row in self.words.near_terms.get(word.stem, ()):
                    size = len(row.stems)
                    if run[at : at + size] == row.stems:
                        out.append((size, row.term, row.says, self.span(word.start, said[at + size - 1].end)))
        out.sort(key=lambda each: -each[0])
        return tuple((term, says, span) for _, term, says, span in out)

    def because(self, span: Span, section: str = "") -> Because:
        """Words of the note as proof, with their place."""
        return Because("note", "", None, None, "note", span.text, section or None, "note section", (), span)

    def span(self, start: int, end: int) -> Span:
        """Characters `start` to `end` of the note, out to whole words."""
        text = self.read.text
        while end < len(text) and (text[end].isalnum() or (text[end] == "-" and text[end + 1 : end + 2].isalnum())):
            end += 1
        return Span(start, end, text[start:end])

    def evidence(self, fact: NoteFact) -> Span:
        """The words that carry a fact: mention and trigger, with what stands between them."""
        found = fact.evidence
        return self.span(found.start, found.end)

    def proof(self, fact: NoteFact) -> Because:
        """A fact as proof."""
        return self.because(self.evidence(fact), fact.section)
