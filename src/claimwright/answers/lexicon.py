"""The words by which questions are read: services, payers, contractors, states, and those of `question-words`."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from claimwright.answers.text import Wordings, words_of

if TYPE_CHECKING:
    from claimwright.book.store import Book

_CASE_COUNTS = 2
"""A wording as short as this is a short form: it counts only in its own case."""


class Cue(NamedTuple):
    """What a wording tells of a question: kind cue, asks, or refuse."""

    kind: str
    topic: str
    strong: bool
    says: str = ""
    instead: str = ""


class QuestionWords:
    """Every wording of one book, compiled when it is first used."""

    def __init__(self, book: Book) -> None:
        self.book = book

    @cached_property
    def _rows(self) -> list[dict[str, Any]]:
        return self.book.lexicon_rows("question-words")

    @cached_property
    def families(self) -> Wordings[str]:
        """Families of services."""
        rows = self.book.lexicon_rows("service-families")
        return Wordings((str(word), str(row["family"])) for row in rows for word in (*row["words"], row["says"]))

    @cached_property
    def family_says(self) -> dict[str, str]:
        """The families in plain words."""
        return {row["family"]: row["says"] for row in self.book.lexicon_rows("service-families")}

    @cached_property
    def payers(self) -> Wordings[str]:
        """Payers by id: those of the lexicon, then those that only policies name."""
        rows = self.book.lexicon_rows("payers")
        listed = [(str(word), str(row["payer"])) for row in rows for word in (*row["words"], row["says"])]
        return Wordings((*listed, *((each, each) for each in self.book.policies.payers)))

    @cached_property
    def payer_says(self) -> dict[str, str]:
        """The payers in plain words."""
        return {row["payer"]: row["says"] for row in self.book.lexicon_rows("payers")}

    @cached_property
    def contractors(self) -> Wordings[tuple[str, str]]:
        """Contractors by name, with the wording: a short form counts in its own case only."""
        rows = self.book.lexicon_rows("contractors")
        return Wordings((str(word), (str(row["contractor"]), str(word))) for row in rows for word in row["words"])

    @cached_property
    def states(self) -> Wordings[str]:
        """States by their names."""
        rows = self.book.lexicon_rows("states")
        return Wordings((str(word), str(row["state"])) for row in rows for word in (row["says"], *row.get("words", ())))

    @cached_property
    def state_names(self) -> dict[str, str]:
        """Names by postal abbreviation."""
        return {str(row["state"]): str(row["says"]) for row in self.book.lexicon_rows("states")}

    @cached_property
    def conditions(self) -> frozenset[str]:
        """Facts that are conditions: named in a question they are diagnoses too."""
        return frozenset(row["fact"] for row in self.book.lexicon_rows("facts") if row["kind"] == "condition")

    @cached_property
    def cues(self) -> dict[str, Wordings[Cue]]:
        """Wordings that tell what a question asks, by kind."""
        return {kind: Wordings(self._cues(kind)) for kind in ("cue", "asks", "refuse")}

    def _cues(self, kind: str) -> Iterator[tuple[str, Cue]]:
        for row in self._rows:
            if row["kind"] == kind:
                cue = Cue(
                    kind, row.get("topic", ""), row.get("strong", False), row.get("says", ""), row.get("instead", "")
                )
                yield from ((str(word), cue) for word in row["words"])

    @cached_property
    def asks(self) -> tuple[Wordings[str], ...]:
        """Wordings of each topic that may be asked for; one word may ask for several."""
        rows = [row for row in self._rows if row["kind"] == "asks"]
        return tuple(Wordings((str(word), str(row["topic"])) for word in row["words"]) for row in rows)

    @cached_property
    def sexes(self) -> Wordings[str]:
        """Words for women and men."""
        return Wordings((str(w), str(row["topic"])) for row in self._rows if row["kind"] == "sex" for w in row["words"])

    @cached_property
    def small(self) -> dict[str, frozenset[str]]:
        """Single words by kind: those of the lexicon that name no topic."""
        kinds = (
            "joint",
            "apart",
            "frame",
            "state-word",
            "state-clinical",
            "relative",
            "relative-told",
            "searching",
            "taking",
        )
        return {kind: frozenset(self._small(kind)) for kind in kinds}

    def _small(self, kind: str) -> Iterator[str]:
        for row in self._rows:
            if row["kind"] == kind:
                for word in row["words"]:
                    yield from (each.lower for each in words_of(str(word)) if not each.sign)


def in_its_case(wording: str, written: str) -> bool:
    """May these written letters stand for the wording? A short form of two letters counts as it is printed."""
    return len(wording) > _CASE_COUNTS or wording == written
