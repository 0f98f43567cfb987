"""What a language model, or anything else that suggests, is asked and may answer; nothing here is a code.

A provider extracts words that stand in the note, or chooses among descriptions that the engine made. Its
answers are verified by `claimwright.notes.suggestions`, each failing closed. None is loaded unless the user
gives one.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

NOT_DOCUMENTED = "not documented"
"""The option that every question has: the note does not say."""


class SectionPlace(NamedTuple):
    """Characters `start` to `end` (exclusive) of the note, and the kind of section they are in."""

    name: str
    start: int
    end: int


class ProposedMention(NamedTuple):
    """Words of the note: `note[start:end] == quote`; what they stand for in plain words, and what is said of it.

    `assertion` is a value of `claimwright.model.Status`.
    """

    quote: str
    start: int
    end: int
    label: str
    assertion: str


class Option(NamedTuple):
    """One answer to a question: an id without meaning, and a description."""

    id: str
    text: str


class Choice(NamedTuple):
    """The id of the chosen option, and words of the note that support it (empty for `not documented`)."""

    option: str
    quote: str


class SuggestionProvider(Protocol):
    """Suggests mentions and chooses among options; `name` and `version` stand with everything it gave.

    Any exception is a refused answer. The note is what the user's redaction left of it.
    """

    @property
    def name(self) -> str:
        """What suggests, as it is to be recorded."""

    @property
    def version(self) -> str:
        """Its version, as it is to be recorded."""

    def propose(self, note: str, sections: Sequence[SectionPlace]) -> Sequence[ProposedMention]:
        """Mentions of conditions in the note."""

    def choose(self, question: str, options: Sequence[Option], note: str) -> Choice | tuple[str, str]:
        """Which of the options the note documents."""
