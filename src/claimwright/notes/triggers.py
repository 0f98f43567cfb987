"""The words of `lexicons/assertion-triggers.yaml`, found in a sentence; the longest wins."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from claimwright.book.note_phrases import TOKEN
from claimwright.notes.text import Token

NUMBER, UNIT, YEAR, ANY = "#", "@", "%", "~"
_SIGNS = frozenset("?,-+:;()/.")
_YEAR = re.compile(r"(?:19|20)[0-9]{2}$")


class Meaning(NamedTuple):
    """What a trigger does: see the head of the lexicon."""

    kind: str
    status: str
    direction: str
    scope: int
    comma: str
    acute_only: bool
    not_chronic: bool
    leaning: str
    ends: tuple[str, ...]


class Trigger(NamedTuple):
    """Tokens `first` to `last` (exclusive) of a sentence, and what they mean."""

    first: int
    last: int
    meanings: tuple[Meaning, ...]


class Lexicon(NamedTuple):
    """Triggers by first word: (all words, meanings), longest first; units of time; words for numbers."""

    by_first: dict[str, list[tuple[tuple[str, ...], tuple[Meaning, ...]]]]
    units: frozenset[str]
    numbers: frozenset[str]


_FAR = 10_000


def lexicon(rows: Iterable[dict[str, Any]], units: Iterable[str], numbers: Iterable[str]) -> Lexicon:
    """The triggers of the lexicon's rows."""
    meanings: dict[tuple[str, ...], list[Meaning]] = {}
    for row in rows:
        direction = row.get("direction", "forward")
        meaning = Meaning(
            row.get("kind", "trigger"),
            row.get("status", ""),
            direction,
            row.get("scope", _FAR),
            row.get("comma", "pass"),
            row.get("acute_only", False),
            row.get("not_chronic", False),
            row.get("leaning", ""),
            tuple(row.get("statuses", ())),
        )
        for trigger in row["triggers"]:
            meanings.setdefault(_words(str(trigger)), []).append(meaning)
    by_first: dict[str, list[tuple[tuple[str, ...], tuple[Meaning, ...]]]] = {}
    for words in sorted(meanings, key=lambda each: (-len(each), each)):
        by_first.setdefault(words[0], []).append((words, tuple(meanings[words])))
    return Lexicon(by_first, frozenset(units), frozenset(numbers))


def _words(trigger: str) -> tuple[str, ...]:
    found = [word.lower() for word in TOKEN.findall(trigger)]
    hyphen = len(found) > 1 and found[0] not in "-("
    return tuple(word for word in found if not (hyphen and word == "-"))


def triggers(tokens: Sequence[Token], known: Lexicon) -> list[Trigger]:
    """Triggers of a sentence in order; of two that overlap the longer, then the earlier."""
    stream = [
        index
        for index, token in enumerate(tokens)
        if not (token.sign and token.word == "-" and token.tight and index and not tokens[index - 1].sign)
    ]
    found = []
    for at, index in enumerate(stream):
        token = tokens[index]
        if token.sign and token.word not in _SIGNS:
            continue
        for key in _keys(token, known):
            for words, meanings in known.by_first.get(key, ()):
                if _fits(words, tokens, stream, at, known):
                    found.append(Trigger(index, stream[at + len(words) - 1] + 1, meanings))
                    break
    found.sort(key=lambda each: (each.first - each.last, each.first))
    taken: set[int] = set()
    out = []
    for each in found:
        span = range(each.first, each.last)
        if taken.isdisjoint(span):
            taken.update(span)
            out.append(each)
    return sorted(out)


def _keys(token: Token, known: Lexicon) -> tuple[str, ...]:
    if _YEAR.match(token.word):
        return token.word, YEAR, NUMBER
    if token.word[:1].isdigit() or token.word in known.numbers:
        return token.word, NUMBER
    return (token.word,)


def _fits(words: tuple[str, ...], tokens: Sequence[Token], stream: list[int], at: int, known: Lexicon) -> bool:
    if at + len(words) > len(stream):
        return False
    for offset, word in enumerate(words):
        said = tokens[stream[at + offset]].word
        if word == said:
            continue
        if word == NUMBER and (said[:1].isdigit() or said in known.numbers):
            continue
        if (word == UNIT and said in known.units) or (word == YEAR and _YEAR.match(said)):
            continue
        if word == ANY and not tokens[stream[at + offset]].sign:
            continue
        return False
    return True
