"""Providers of suggestions for tests: answers are given beforehand, one after the other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from claimwright.model.suggesting import Option, SectionPlace


class Given:
    """Answers `propose` and `choose` with what it was given, the last answer again and again.

    A function is called with the arguments, an exception is raised. What was asked is kept.
    """

    name, version = "given", "1"

    def __init__(self, proposals: Sequence[Any] = ((),), choices: Sequence[Any] = (("not documented", ""),)) -> None:
        self._proposals, self._choices = list(proposals), list(choices)
        self.notes: list[tuple[str, Sequence[SectionPlace]]] = []
        self.questions: list[tuple[str, Sequence[Option], str]] = []

    def propose(self, note: str, sections: Sequence[SectionPlace]) -> Any:
        self.notes.append((note, sections))
        return _answered(self._proposals, len(self.notes), note, sections)

    def choose(self, question: str, options: Sequence[Option], note: str) -> Any:
        self.questions.append((question, options, note))
        return _answered(self._choices, len(self.questions), question, options, note)


def _answered(listed: list[Any], asked: int, *given: Any) -> Any:
    answer = listed[min(asked, len(listed)) - 1]
    if isinstance(answer, Exception):
        raise answer
    return answer(*given) if callable(answer) else answer


def mention(note: str, quote: str, label: str, assertion: str = "present") -> tuple[str, int, int, str, str]:
    """A mention at the first place of its quote."""
    start = note.index(quote)
    return quote, start, start + len(quote), label, assertion


def option(words: str, quote: str) -> Callable[..., tuple[str, str]]:
    """Chooses the first option with these words."""
    return lambda _, options, note: (next(each.id for each in options if words in each.text), quote)
