"""What a sentence says of a mention: present, absent, uncertain, historical, family or hypothetical.

ConText-style. A trigger reaches forward or backward until something ends its scope. A mention may collect
several statuses ("no history of": absent and historical); the printed one follows `PRECEDENCE`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from claimwright.model.reading import Status
from claimwright.notes.mentions import Mention
from claimwright.notes.text import Token
from claimwright.notes.triggers import Meaning, Trigger

PRECEDENCE = (
    Status.FAMILY,
    Status.HYPOTHETICAL,
    Status.ABSENT,
    Status.UNCERTAIN,
    Status.HISTORICAL,
    Status.PRESENT,
)
_LISTS = frozenset({"or", "vs", "versus", "nor"})
_ENDED_BY_ANOTHER = frozenset({"absent", "uncertain", "historical"})
"""Statuses that end where a new one begins after a comma or `and`; a relative or an `if` reaches further."""
_CLAUSE = frozenset({",", ":", "-", "\u2013", "\u2014", "(", "and", "but"})


class Sign(NamedTuple):
    """A status that a trigger (or, without one, the section) gives a mention.

    `leaning` is `absent` for an uncertainty that is nearly a denial.
    """

    status: Status
    trigger: Trigger | None
    leaning: str = ""


def free(found: Sequence[Trigger], mentions: Sequence[Mention]) -> list[Trigger]:
    """The triggers that are no part of a name: `old myocardial infarction` says nothing of its neighbours."""
    held = {index for each in mentions if each.entry.condition for index in range(each.first, each.last)}
    return [each for each in found if held.isdisjoint(range(each.first, each.last))]


def cut(found: Sequence[Trigger], mention: Mention) -> bool:
    """Does a trigger run into the mention from before it (`no family history of` into `family history of ALS`)?"""
    return any(each.first < mention.first < each.last for each in found)


class Course(NamedTuple):
    """What kind of condition a mention names: one that ends, one that stays, or neither for certain."""

    acute: bool = False
    chronic: bool = False


def assertions(tokens: Sequence[Token], found: Sequence[Trigger], mention: Mention, course: Course) -> list[Sign]:
    """Every status that the sentence gives a mention, in order of precedence, the nearest trigger first."""
    out = [
        (Status(meaning.status), trigger, meaning.leaning)
        for trigger in found
        for meaning in trigger.meanings
        if meaning.kind == "trigger"
        and (course.acute or not meaning.acute_only)
        and not (course.chronic and meaning.not_chronic)
        and _reaches(tokens, found, trigger, meaning, mention)
    ]
    if any(status is Status.PRESENT for status, _, _ in out):
        # "no jaundice, abdominal pain persists": the denial does not pass the comma.
        out = [each for each in out if each[0] is not Status.ABSENT or not _over_comma(tokens, each[1], mention)]
    out = [each for each in out if each[0] is not Status.PRESENT]
    out.sort(key=lambda each: (PRECEDENCE.index(each[0]), _distance(each[1], mention)))
    return [Sign(*each) for each in out]


def outcome(tokens: Sequence[Token], found: Sequence[Trigger], mention: Mention) -> tuple[str, Trigger] | None:
    """What became of a treatment (failed, helped, tried, never, planned), and the words that say so."""
    best: tuple[int, str, Trigger] | None = None
    for trigger in found:
        for meaning in trigger.meanings:
            if meaning.kind == "outcome" and _reaches(tokens, found, trigger, meaning, mention):
                weak = 1000 if meaning.status == "tried" else 0
                rank = weak + _distance(trigger, mention)
                if best is None or rank < best[0]:
                    best = rank, meaning.status, trigger
    return (best[1], best[2]) if best else None


def _distance(trigger: Trigger, mention: Mention) -> int:
    return mention.first - trigger.last if trigger.last <= mention.first else trigger.first - mention.last


def _over_comma(tokens: Sequence[Token], trigger: Trigger, mention: Mention) -> bool:
    return any(token.word == "," for token in tokens[trigger.last : mention.first])


def _reaches(
    tokens: Sequence[Token], found: Sequence[Trigger], trigger: Trigger, meaning: Meaning, mention: Mention
) -> bool:
    """Does a trigger's scope hold the mention?"""
    if trigger.last <= mention.first and meaning.direction in ("forward", "both"):
        low, high = trigger.last, mention.first
        list_end = len(tokens)
    elif trigger.first >= mention.last and meaning.direction in ("backward", "both"):
        low, high = mention.last, trigger.first
        list_end = high
        if tokens[trigger.first].word == "?" and not tokens[trigger.first].tight:
            return False  # "swelling ?cellulitis" asks of what follows
        if any(token.word == ":" for token in tokens[low:high]):
            return False
    else:
        return False
    words = sum(not token.sign for token in tokens[low:high])
    if words > meaning.scope:
        return False
    for other in found:
        if other is not trigger and low <= other.first < high and _ends(tokens, other, trigger, meaning):
            return False
    if meaning.kind == "outcome":
        return not any(token.sign and token.word in ":" for token in tokens[low:high])
    return _comma(tokens, meaning, low, high, list_end)


def _ends(tokens: Sequence[Token], other: Trigger, trigger: Trigger, meaning: Meaning) -> bool:
    """Does another trigger in between end this one's scope?"""
    for each in other.meanings:
        if each.kind == "terminator" and (not each.ends or meaning.status in each.ends) and meaning.kind == "trigger":
            return True
        if (
            each.kind == "trigger"
            and each.direction == "forward"
            and meaning.direction == "forward"
            and each.status != meaning.status
            and meaning.status in _ENDED_BY_ANOTHER
            and other.first > trigger.last
            and tokens[other.first - 1].word in _CLAUSE
        ):
            return True
    return False


def _comma(tokens: Sequence[Token], meaning: Meaning, low: int, high: int, list_end: int) -> bool:
    """Do commas between trigger and mention let the scope pass?"""
    between = tokens[low:high]
    if meaning.status in _ENDED_BY_ANOTHER and any(
        token.sign and token.word in "-\u2013\u2014:" and not token.tight for token in between
    ):
        return False
    if not any(token.word == "," for token in between):
        return True
    if meaning.comma == "pass":
        return not (meaning.status == "absent" and _each_denied(tokens, low, list_end))
    if meaning.comma == "stop":
        return False
    return any(token.word in _LISTS for token in tokens[low:list_end])


def _each_denied(tokens: Sequence[Token], low: int, end: int) -> bool:
    """Does every item of a list bring its own `no` (`no vomiting, no amnesia, headache mild`)?"""
    own = sum(token.word == "no" for token in tokens)
    return own > 1 and tokens[low - 1].word == "no" and not any(token.word in _LISTS for token in tokens[low:end])
