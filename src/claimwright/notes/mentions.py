"""Mentions: wordings of the book found in a sentence, longest first, whatever their endings."""

from __future__ import annotations

from collections.abc import Container, Sequence
from typing import NamedTuple

from claimwright.book.note_phrases import JOINED, LONGEST, SIDES, SKIP, Entry, Phrases
from claimwright.notes.text import Sentence, Token

_LINKS = frozenset("-/'\u2019")
"""Signs that may stand inside a wording; every other one ends it."""


class Mention(NamedTuple):
    """Tokens `first` to `last` (exclusive) of a sentence, and what their wording stands for."""

    first: int
    last: int
    entry: Entry


def mentions(
    sentence: Sentence, stems: Sequence[str], phrases: dict[str, dict[str, Entry]], text: str
) -> list[Mention]:
    """Mentions of facts and, beside them, of conditions; of each kind the longest that do not overlap.

    `stems` are those of the sentence's tokens, in order; `phrases` what `Phrases.starting` gave for them.
    """
    tokens = sentence.tokens
    facts: list[Mention] = []
    conditions: list[Mention] = []
    fact_end = condition_end = 0
    for first, token in enumerate(tokens):
        if token.sign or token.word in SKIP or token.word in SIDES:
            continue
        entries = phrases.get(stems[first])
        if not entries:
            continue
        for last, entry in _matches(tokens, stems, first, entries, text):
            if first >= fact_end and (entry.facts or entry.absent):
                facts.append(Mention(first, last, entry))
                fact_end = last
            if first >= condition_end and entry.condition:
                conditions.append(Mention(first, last, entry))
                condition_end = last
    return _together(facts, conditions)


def _matches(
    tokens: Sequence[Token], stems: Sequence[str], first: int, entries: dict[str, Entry], text: str
) -> list[tuple[int, Entry]]:
    """Wordings that begin at a token, longest first."""
    out = [(first + 1, entries[""])] if "" in entries else []
    rest = ""
    taken = 1
    at = first + 1
    while at < len(tokens) and taken < LONGEST:
        token = tokens[at]
        at += 1
        if token.sign:
            if token.word in _LINKS and token.tight:
                continue
            break
        if token.word in SKIP or token.word in SIDES:
            continue
        rest = f"{rest} {JOINED.get(token.word, stems[at - 1])}" if rest else JOINED.get(token.word, stems[at - 1])
        taken += 1
        if rest in entries:
            out.append((at, entries[rest]))
    out.reverse()
    found = ((last, _meant(text, tokens, first, last, entry)) for last, entry in out)
    return [(last, entry) for last, entry in found if entry is not None]


def _meant(text: str, tokens: Sequence[Token], first: int, last: int, entry: Entry) -> Entry | None:
    """What a wording stands for here: a short form by how it is written and by the words beside it, or nothing."""
    if entry.written and not _written(text, tokens, first, last, entry):
        return None
    if not entry.needs and not entry.bars:
        return entry
    beside = {token.word for place, token in enumerate(tokens) if not first <= place < last}
    if not beside.isdisjoint(entry.bars):
        return None
    if not entry.needs or not beside.isdisjoint(entry.needs):
        return entry
    return entry._replace(facts=(), absent=()) if entry.condition else None  # one of its meanings; which, is open


def _written(text: str, tokens: Sequence[Token], first: int, last: int, entry: Entry) -> bool:
    """Is a short form written as one? With other endings, or some in small letters, it is another word."""
    said = text[tokens[first].start : tokens[last - 1].end]
    form = entry.written
    if form.islower():
        said = said.lower()
    return said in (form, f"{form}s")


_NAMED = Entry(True)
_MOST_BEFORE = 3


def with_heads(
    sentence: Sentence, stems: Sequence[str], found: list[Mention], phrases: Phrases, barred: Container[str]
) -> list[Mention]:
    """The mentions, and `anterior horn cell disease`: a head with words of the official lists before it.

    `barred` holds words that speak of a condition and are no part of its name.
    """
    tokens = sentence.tokens
    held = {index for each in found if each.entry.condition for index in range(each.first, each.last)}
    out = list(found)
    for head, stem in enumerate(stems):
        if stem not in phrases.heads or head in held:
            continue
        first = head
        while first > 0 and head - first < _MOST_BEFORE and _names(tokens[first - 1], barred, phrases):
            first -= 1
        if first < head and held.isdisjoint(range(first, head)):
            out.append(Mention(first, head + 1, _NAMED))
    return sorted(out, key=lambda each: (each.first, -each.last))


def _names(token: Token, barred: Container[str], phrases: Phrases) -> bool:
    word = token.word
    return (
        not token.sign
        and len(word) > 2
        and word.isalpha()
        and word not in SKIP
        and word not in JOINED
        and word not in SIDES
        and word not in barred
        and phrases.official(word)
    )


def _together(facts: list[Mention], conditions: list[Mention]) -> list[Mention]:
    """All mentions in order of place; a fact and a condition in the same words are one."""
    out = {(each.first, each.last): each for each in facts}
    for each in conditions:
        if (each.first, each.last) not in out:
            # Its words may be a fact too, but a longer wording has told that fact already.
            alone = each.entry._replace(facts=(), absent=()) if _inside(each, facts) else each.entry
            out[each.first, each.last] = Mention(each.first, each.last, alone)
    return sorted(out.values(), key=lambda each: (each.first, -each.last))


def _inside(one: Mention, others: Sequence[Mention]) -> bool:
    return any(one.first < other.last and other.first < one.last for other in others)
