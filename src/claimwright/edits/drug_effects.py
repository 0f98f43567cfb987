"""Conditions that a note attributes to a drug properly used: "hypomagnesemia from a proton pump inhibitor"."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

from claimwright.book.code_words import CodeWords
from claimwright.book.drugs import DrugStem, drug_stem, drug_stems
from claimwright.edits.noted import Noted, Word
from claimwright.model import NoteFact, Span, Status

DRUG_SETS = ("adverse-effect", "underdosing", "poisoning")
_GAP = 4
"""Words between a condition and what attributes it."""
_DRUG_WORDS = 6
"""Words after the attribution in which the drug is named."""
_STOPS = frozenset({".", ";", ":", ",", "(", ")", "but", "and", "with", "which", "who", "while", "after", "before"})


_JOINS = frozenset({",", "and", "plus", "&"})
"""What joins one drug to the next; a comma does only where the enumeration ends in another of these."""
_USE = frozenset({
    "a", "an", "the", "his", "her", "their", "chronic", "daily", "long", "term", "-", "high", "low", "dose", "oral",
    "iv", "concurrent", "concomitant", "recent", "regular", "frequent", "use", "therapy", "treatment", "intake",
})  # fmt: skip
"""Words that stand around the name of a drug and are no part of it."""


class DrugEffect(NamedTuple):
    """A condition (`diagnosis` in the frame, `fact` of the note), what attributes it (`cause`), and the drugs' stems.

    `active`: the note says that the condition or the drug is acted on; `later`: that it may be a later encounter.
    `also` are further places that attribute it to other drugs.
    """

    diagnosis: int
    fact: NoteFact
    cause: str
    drugs: tuple[DrugStem, ...]
    span: Span
    active: bool
    later: bool
    also: tuple[Span, ...] = ()


class _Words(NamedTuple):
    causes: dict[str, list[tuple[str, ...]]]
    caused: frozenset[str]
    between: frozenset[str]
    barred: frozenset[str]
    active: re.Pattern[str]
    later: re.Pattern[str]


@lru_cache(maxsize=16)
def _lists(words: CodeWords) -> _Words:
    lists = words.lists
    causes = sorted((tuple(_cut(each)) for each in lists["cause"]), key=lambda each: -len(each))
    caused, between, barred = (frozenset(lists[kind]) for kind in ("caused", "between", "not-caused"))
    by_first: dict[str, list[tuple[str, ...]]] = {}
    for each in causes:
        by_first.setdefault(each[0], []).append(each)
    return _Words(by_first, caused, between, barred, _any(lists["active"]), _any(lists["later"]))


def _any(words: Sequence[str]) -> re.Pattern[str]:
    return re.compile(rf"\b(?:{'|'.join(map(re.escape, words))})\b", re.IGNORECASE)


def _cut(text: str) -> list[str]:
    return text.replace("/", " / ").split()


def drug_effects(told: Noted) -> Iterator[DrugEffect]:
    """Every attribution of a reported diagnosis to a drug; none where a drug code of T36-T50 is on the claim."""
    columns = told.frame.columns
    bits = sum(int(columns.set_bit(name)) for name in DRUG_SETS)
    placed = [told.pos(index) for index in told.diagnoses]
    if any(pos >= 0 and int(columns.array("sets")[pos]) & bits for pos in placed):
        return
    supporting: dict[int, frozenset[int]] = {}
    lists = _lists(told.words)
    active, later = (bool(each.search(told.read.text)) for each in (lists.active, lists.later))
    for sentence in told.sentences:
        for condition, cause, drugs, low, high in _attributed(told, sentence, lists):
            supporting = supporting or {index: frozenset(told.supporting(index)) for index in told.diagnoses}
            for index in told.diagnoses:
                if condition in supporting[index]:
                    fact = told.facts[condition]
                    yield DrugEffect(index, fact, cause, drugs, told.span(low, high), active, later)


def _attributed(
    told: Noted, sentence: Sequence[Word], lists: _Words
) -> Iterator[tuple[int, str, tuple[DrugStem, ...], int, int]]:
    """(number of the fact, cause, drugs, start, end) of each attribution in a sentence."""
    inside = [
        (number, told.facts[number])
        for number in told.beginning(sentence[0].start, sentence[-1].end)
        if told.facts[number].status is Status.PRESENT
    ]
    if not inside:
        return
    texts = [word.text for word in sentence]
    at = 0
    while at < len(sentence):
        cause = next(
            (each for each in lists.causes.get(texts[at], ()) if tuple(texts[at : at + len(each)]) == each), None
        )
        if cause is None:
            found = _joined(told, sentence, at, inside, lists)
            if found:
                yield found
            at += 1
            continue
        after = at + len(cause)
        condition = _before(sentence, at, inside, lists)
        parts = _enumerated(told, sentence, after, lists) if condition else []
        if condition and parts and not _barred(sentence, condition[1], parts[-1][-1], lists):
            drugs = drug_stems(told.book, [text for part in parts for text in _texts(told, part)], told.day)
            if drugs:
                low, high = min(condition[1].span.start, parts[0][0].start), parts[-1][-1].end
                yield condition[0], " ".join(cause), drugs, low, high
        at = after


def _before(
    sentence: Sequence[Word], at: int, inside: list[tuple[int, NoteFact]], lists: _Words
) -> tuple[int, NoteFact] | None:
    """The condition that stands right before an attribution, but for words that say nothing."""
    best: tuple[int, NoteFact] | None = None
    for number, fact in inside:
        last = max((place for place, word in enumerate(sentence) if word.start < fact.span.end), default=-1)
        between = [word.text for word in sentence[last + 1 : at]]
        joins = last < at and len(between) <= _GAP and all(word in lists.between for word in between)
        if joins and (best is None or fact.span.start >= best[1].span.start):
            best = number, fact
    return best


def _enumerated(told: Noted, sentence: Sequence[Word], after: int, lists: _Words) -> list[list[Word]]:
    """The words of each drug of "lisinopril, ibuprofen and a diuretic"; after the first only what is a drug."""
    first = _clause(sentence, after, lists)
    if not first:
        return []
    parts, pending, at = [first], list[list[Word]](), after + len(first)
    while at < len(sentence) and sentence[at].text in _JOINS:
        firm = False
        while at < len(sentence) and sentence[at].text in _JOINS:
            firm = firm or sentence[at].text != ","
            at += 1
        part = _clause(sentence, at, lists)
        core = [word.text for word in part if word.text not in _USE]
        # "and started insulin", "and lisinopril was continued": another matter, not another drug of the list.
        if not core or drug_stem(told.book, core[0], told.day) is None or not _only_drug(told, core):
            break
        pending.append(part)
        if firm:
            parts, pending = [*parts, *pending], []
        at += len(part)
    return parts


def _only_drug(told: Noted, core: Sequence[str]) -> bool:
    """Do all words belong to the name: one word, or words that only together are another entry or the same?"""
    return len(core) == 1 or all(word == "/" or drug_stem(told.book, word, told.day) is not None for word in core[1:])


def _texts(told: Noted, part: Sequence[Word]) -> list[str]:
    """A part as one drug, or as the drugs that a slash joins where it is no entry as a whole."""
    whole = " ".join(word.text for word in part)
    if "/" not in whole.split() or drug_stem(told.book, whole, told.day) is not None:
        return [whole]
    return whole.split(" / ")


def _clause(sentence: Sequence[Word], after: int, lists: _Words) -> list[Word]:
    """The words in which a drug is named: up to the end of the clause, or to what brought the cause about itself."""
    out: list[Word] = []
    for at in range(after, min(len(sentence), after + _DRUG_WORDS)):
        following = tuple(word.text for word in sentence[at : at + 6])
        if following[0] in _STOPS or any(
            following[: len(cause)] == cause for cause in lists.causes.get(following[0], ())
        ):
            break
        out.append(sentence[at])
    return out


def _joined(
    told: Noted, sentence: Sequence[Word], at: int, inside: list[tuple[int, NoteFact]], lists: _Words
) -> tuple[int, str, tuple[DrugStem, ...], int, int] | None:
    """`lisinopril-induced cough`: a drug, `induced`, and the condition after it."""
    if sentence[at].text not in lists.caused or at < 1:
        return None
    back = [word for word in sentence[max(0, at - 4) : at] if word.text[0].isalnum()]
    after = next(((number, fact) for number, fact in inside if 0 <= fact.span.start - sentence[at].end <= 12), None)
    if not back or after is None or sentence[at - 1].text != "-":
        return None
    if _barred(sentence, after[1], sentence[at], lists):
        return None
    drug = drug_stem(told.book, back[-1].text, told.day)
    if drug is None:
        return None
    return after[0], f"-{sentence[at].text}", (drug,), back[-1].start, after[1].span.end


def _barred(sentence: Sequence[Word], fact: NoteFact, last: Word, lists: _Words) -> bool:
    """Does the clause speak of an overdose, of a possibility, of somebody else?"""
    low, high = min(fact.span.start, last.start), max(fact.span.end, last.end)
    places = [place for place, word in enumerate(sentence) if low <= word.start < high]
    first = max(0, places[0] - 4)
    for place in range(places[0] - 1, first - 1, -1):
        if sentence[place].text in _STOPS:
            first = place + 1
            break
    return any(word.text in lists.barred for word in sentence[first : places[-1] + 5])
