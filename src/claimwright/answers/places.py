"""Who pays and where: payers, contractors and states in the words of a question."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from claimwright.answers.lexicon import QuestionWords, in_its_case
from claimwright.answers.text import Word, Wordings

MEDICARE = "medicare"
_NAME = r"[A-Z][\w&'.-]*(?:\s+(?:of\s+)?[A-Z][\w&'.-]*){0,4}"
_PAYS = r"(?:cover|covers|pay|pays|approve|approves|reimburse|reimburses|deny|denies|require|requires|accept|say)"
_ASKS = r"(?:[Dd]oes|[Dd]id|[Ww]ill|[Ww]ould|[Cc]an|[Ii]s|[Hh]as|[Ss]hould)"
_HOLDS = r"(?:[Uu]nder|[Ww]ith|[Bb]y|[Tt]hrough|[Hh]as|[Hh]ave)"
_TURNS = r"(?:[Ww]hat about|[Aa]nd for|[Aa]nd with|insured (?:by|with)|payer is|plan is|insurance is)"
_UNKNOWN = (
    re.compile(rf"\b{_ASKS}\s+({_NAME})\s+{_PAYS}\b"),
    re.compile(rf"\b{_HOLDS}\s+({_NAME})\s+(?:insurance|plan|coverage|health plan)\b"),
    re.compile(rf"\b{_TURNS}\s+({_NAME})"),
)
_CITY_AT = 3
"""The first place of a state that may have a city before it."""
_BEFORE_STATE = frozenset({"in", "of", "from", "state", "for", "to"})


class Payer(NamedTuple):
    """A payer that was said: its id (of one not known its name), where, and whether the lexicon has it."""

    first: int
    last: int
    payer: str
    name: str
    known: bool


def payer_said(words: Sequence[Word], taken: list[bool], lexicon: QuestionWords) -> Payer | None:
    """The payer of a question, its words taken; the last named where there are several of the same rank."""
    found = list(lexicon.payers.find(words, taken))
    if not found:
        return None
    # A plan counts before the Medicare that its name or its sentence holds.
    best = max(found, key=lambda each: (each.means != MEDICARE, each.last - each.first))
    for each in found:
        taken[each.first : each.last] = [True] * (each.last - each.first)
    return Payer(best.first, best.last, best.means, lexicon.payer_says.get(best.means, best.means), True)


def payer_of(words: Sequence[Word], taken: list[bool], payers: Sequence[str]) -> Payer | None:
    """A payer that one of the policies at hand names, its words taken."""
    for each in Wordings((payer, payer) for payer in payers).find(words, taken):
        taken[each.first : each.last] = [True] * (each.last - each.first)
        return Payer(each.first, each.last, each.means, each.means, True)
    return None


def unknown_payer(text: str, words: Sequence[Word], taken: list[bool]) -> Payer | None:
    """A capitalised name where a payer stands: "does Acme Health cover"."""
    for pattern in _UNKNOWN:
        for match in pattern.finditer(text):
            inside = [i for i, word in enumerate(words) if match.start(1) <= word.start and word.end <= match.end(1)]
            said = [i for i in inside if not words[i].sign]
            if (
                said
                and not any(taken[i] for i in inside)
                and not any(words[i].text.isupper() and len(words[i].text) < 3 for i in said)
            ):
                taken[inside[0] : inside[-1] + 1] = [True] * (inside[-1] + 1 - inside[0])
                return Payer(inside[0], inside[-1] + 1, match[1].lower(), match[1], False)
    return None


def contractor_said(words: Sequence[Word], taken: list[bool], lexicon: QuestionWords) -> str | None:
    """The Medicare contractor of a question, its words taken."""
    out = None
    for each in lexicon.contractors.find(words, taken):
        name, wording = each.means
        if in_its_case(wording, words[each.first].text) or not wording.isupper():
            out = out or name
            taken[each.first : each.last] = [True] * (each.last - each.first)
    return out


def state_said(words: Sequence[Word], taken: list[bool], lexicon: QuestionWords) -> str | None:
    """The state of a question by name, else by its abbreviation where that is no word; its words taken."""
    named = list(lexicon.states.find(words, taken))
    for each in named:
        taken[each.first : each.last] = [True] * (each.last - each.first)
    short = [i for i in range(len(words)) if not taken[i] and _abbreviated(words, i, lexicon)]
    for index in (*short, *(each.first for each in named)):
        taken[index] = True
        _take_city(words, taken, index)
    if named:
        return named[0].means
    return words[short[0]].text.upper() if short else None


def _take_city(words: Sequence[Word], taken: list[bool], state: int) -> None:
    """Capitalised words before ", OR" are a city."""
    index = state - 2
    if state < _CITY_AT or words[state - 1].text != ",":
        return
    while index > 0 and words[index].text.istitle() and not taken[index]:
        taken[index] = True
        index -= 1


def _abbreviated(words: Sequence[Word], index: int, lexicon: QuestionWords) -> bool:
    """Is this word a state? Capitals count, of a question not in capitals; else only "in tx"."""
    word = words[index]
    if len(word.text) != 2 or word.text.upper() not in lexicon.state_names:
        return False
    before = words[index - 1] if index else None
    after = words[index + 1] if index + 1 < len(words) else None
    shouted = sum(each.text.isupper() and len(each.text) > 2 and each.text.isalpha() for each in words)
    lower = sum(each.text.islower() for each in words)
    capital = word.text.isupper() and not (shouted > lower)
    led = before is not None and before.lower in _BEFORE_STATE
    if not capital:
        return led and before is not None and before.lower == "in" and word.lower not in lexicon.small["state-word"]
    ends = after is None or after.sign or after.text.isdigit()
    if word.lower in lexicon.small["state-clinical"] | lexicon.small["state-word"]:
        comma = before is not None and before.text == "," and ends
        return (led and before is not None and before.lower in ("in", "of", "from")) or comma
    return True
