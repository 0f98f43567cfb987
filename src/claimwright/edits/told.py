"""What a condition or an outcome means, beside the code that tests it: a form that other engines can be made of.

A form is a word with what it applies to. Conditions are made of others (`every`, `either`, `negated`), so the form of
a whole rule follows from what the rule declares, and nothing is said twice. What no form can say has none.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from claimwright.edits.frame import Bools, Frame
    from claimwright.edits.outcomes import Outcomes
    from claimwright.edits.relations import Hits

EVERY, EITHER, NOT = "every", "either", "not"
"""Words that join other forms."""


class Form(NamedTuple):
    """A word of the language of conditions, and what it applies to: texts, numbers, other forms."""

    word: str
    of: tuple[object, ...] = ()


@dataclass(frozen=True, slots=True)
class Told:
    """A condition that says what it means."""

    test: Callable[[Frame], Bools]
    form: Form | None

    def __call__(self, frame: Frame) -> Bools:
        """The test of every diagnosis (or procedure, or claim) of a frame."""
        return self.test(frame)


@dataclass(frozen=True, slots=True)
class ToldOutcome:
    """An outcome that says which hits it leaves as findings."""

    find: Callable[[Frame, Hits], Outcomes]
    form: Form

    def __call__(self, frame: Frame, hits: Hits) -> Outcomes:
        """The outcome of every hit."""
        return self.find(frame, hits)


def told(word: str, *of: object) -> Callable[[Callable[[Frame], Bools]], Told]:
    """Say what the decorated condition means."""
    return lambda test: Told(test, Form(word, of))


def leaves(word: str, *of: object) -> Callable[[Callable[[Frame, Hits], Outcomes]], ToldOutcome]:
    """Say which hits the decorated outcome leaves as findings."""
    return lambda find: ToldOutcome(find, Form(word, of))


def form_of(condition: object) -> Form | None:
    """What a condition or an outcome means; None where it does not say."""
    form = getattr(condition, "form", None)
    return form if isinstance(form, Form) else None


def joined(word: str, *conditions: object) -> Form | None:
    """The form of several conditions together; None when one of them has none."""
    forms = [form_of(each) for each in conditions]
    return None if None in forms else Form(word, tuple(forms))


ALL_HITS = "all-hits"
"""An outcome of this word leaves every hit."""

UNLESS_RELATED = "unless-related"
"""... no hit of two diagnoses that stand in one of these relations, whichever way."""

FIRST_RELATED = "first-related"
"""... a hit without an earlier diagnosis that stands in the relation to the left one (with a second argument True,
of those in effect)."""

UNLESS_BESIDE = "unless-beside"
"""... a hit without another diagnosis in effect that stands in the relation to it."""
