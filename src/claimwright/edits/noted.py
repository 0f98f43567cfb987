"""A claim beside its note: which of the note's facts speak of which of the claim's diagnoses."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from claimwright.book.code_words import CodeWords, Stems, code_words
from claimwright.book.note_phrases import TOKEN, porter
from claimwright.book.store import Book
from claimwright.edits.frame import Frame
from claimwright.edits.relations import Hits, sorted_hits
from claimwright.model import Because, Claim, NoteFact, NoteRead, Span, Status

if TYPE_CHECKING:
    from datetime import date

    from claimwright.edits.hit import Hit

DENIED = (Status.ABSENT, Status.FAMILY, Status.HYPOTHETICAL)
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
        self.diagnoses = range(int(frame.batch.offsets[claim]), int(frame.batch.offsets[claim + 1]))

    @property
    def book(self) -> Book:
        """The book that answers."""
        return self.frame.columns.book

    @property
    def claim(self) -> Claim:
        """The claim itself."""
        return self.frame.batch.claims[self.index]

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

    def naming(self, index: int) -> list[int]:
        """Numbers of the facts whose words name the diagnosis exactly: no more than it says, and all that is essential."""
        return self._speaking(index, self._exact)

    def near(self, index: int) -> list[int]:
        """Numbers of the facts that may speak of the diagnosis: the same words in part, or the same category."""
        return self._speaking(index, self._liberal)

    def _speaking(self, index: int, test: Callable[[Stems, int], bool]) -> list[int]:
        pos = self.pos(index)
        if pos < 0:
            return []
        return [number for number, meanings in enumerate(self.meanings) if any(test(each, pos) for each in meanings)]

    def _exact(self, said: Stems, pos: int) -> bool:
        bare = said - self.words.qualifier
        return bool(bare) and any(bare == core for each in self.words.lineage(pos) for core in each.cores)

    def _liberal(self, said: Stems, pos: int) -> bool:
        telling = said - self.words.generic
        if not telling:
            return False
        for each in self.words.lineage(pos):
            if said <= each.stems or any(core <= said for core in each.cores):
                return True
        return self.same_category(said, pos)

    def same_category(self, said: Stems, pos: int) -> bool:
        """Do the words name a code of the category that holds `pos`?"""
        category = self.book.node_at(self.words.edition, pos).code[:3]
        return any(each.code[:3] == category for each in self.words.named(said))

    # ---- words of the note ----------------------------------------------------------------------

    @cached_property
    def sentences(self) -> tuple[tuple[Word, ...], ...]:
        """The words of each sentence."""
        listed = []
        for found in _SENTENCE.finditer(self.read.text):
            start = found.start()
            listed.append([(each[0].lower(), start + each.start(), start + each.end()) for each in TOKEN.finditer(found[0])])
        stem_of = porter({text for each in listed for text, _, _ in each if text[0].isalnum()})
        return tuple(
            tuple(Word(text, stem_of.get(text, text), start, end) for text, start, end in each) for each in listed if each
        )

    @cached_property
    def stems(self) -> Stems:
        """Every stem of the note, with what its everyday words, abbreviations and other forms stand for."""
        own = {word.stem for each in self.sentences for word in each}
        meant = {stem for meanings in self.meanings for each in meanings for stem in each}
        for sentence in self.sentences:
            text = self.read.text[sentence[0].start : sentence[-1].end]
            meant |= {stem for each in self.words.means(text) for stem in each}
        return frozenset(own | meant)

    @cached_property
    def _masked(self) -> tuple[tuple[int, int], ...]:
        """Stretches of the note that do not say what the patient has."""
        out = []
        for each in self.facts:
            if each.status is not Status.PRESENT:
                evidence = each.evidence
                out.append((min(evidence.start, each.span.start), max(evidence.end, each.span.end)))
        return tuple(out)

    def stated(self, sentence: Iterable[Word]) -> list[Word]:
        """The words of a sentence that are not within what is denied, uncertain, past, or of somebody else."""
        return [
            word for word in sentence if not any(start <= word.start < end for start, end in self._masked)
        ]

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


Join = Callable[[Noted], Iterator[tuple[int, int]]]
"""From a claim with its note to (diagnosis in the frame, key) of each hit."""


@dataclass(frozen=True, slots=True)
class Documented:
    """Every diagnosis that the note of its claim speaks of, or fails to speak of, in a certain way.

    `join` compares the diagnoses of one claim with the facts of its note; the key is the join's own, -1 for none.
    Claims without a note have no hits.
    """

    join: Join
    tables: tuple[str, ...] = ("icd10cm-tabular",)

    def concerns(self, claim: Claim) -> bool:
        """Only claims that bring a note."""
        return bool(claim.note and claim.note.strip())

    def find(self, frame: Frame) -> Hits:
        """Hits with `right` -1."""
        found = [each for noted in frame.noted.values() for each in self.join(noted)]
        left = np.array([each[0] for each in found], dtype=np.int64)
        key = np.array([each[1] for each in found], dtype=np.int64)
        return sorted_hits(left, np.full(len(left), -1), key)


def noted(hit: Hit) -> Noted:
    """The claim of a hit beside its note."""
    return hit.scene.frame.noted[hit.claim_index]


