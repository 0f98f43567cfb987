"""What stands beside a mention: how long, how often, how much, which side, how bad.

The words are those of `lexicons/note-times.yaml`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from claimwright.model.reading import Measure, Span
from claimwright.notes.mentions import Mention
from claimwright.notes.text import Sentence

_AFTER_MEASURE = 6
"""A value follows the name of what is measured within this many characters, not counting the words between."""
_CLAUSE = 40
"""Characters that a comma counts for: what stands in the same clause is nearer."""
_NEAR_SIDE = 4
_NEAR_SEVERITY = 3


class Times(NamedTuple):
    """The compiled lexicon."""

    units: dict[str, str]
    numbers: dict[str, float]
    parts: dict[str, str]
    frequencies: dict[str, float]
    severities: dict[str, str]
    sides: dict[str, str]
    durations: re.Pattern[str]
    fractions: re.Pattern[str]
    often: re.Pattern[str]
    no_side: re.Pattern[str]
    side: re.Pattern[str]
    severity: re.Pattern[str]


_VALUE = re.compile(
    r"\s*(?:\(?\s*(?:of|is|was|at|[:=~<>\u2264\u2265]|today|now|currently|currently at|on room air|ra|on ra|level"
    r"|measured|estimated|about|approximately|around|down to|up to)\)?\s*){0,3}\(?(?P<low>[0-9]{1,6}(?:\.[0-9]{1,4})?)"
    r"(?:\s?(?:-|\u2013|to|/)\s?(?P<high>[0-9]{1,6}(?:\.[0-9]{1,4})?))?"
    r"\s?(?P<unit>%|percent\b|kg/m2|kg/m\u00b2|mmhg|mm\s?hg|mg/dl|g/dl|mmol/l|meq/l|ml/min|cm|mm|kg|lbs?|l/min|bpm|c\b|f\b)?",
    re.IGNORECASE,
)

_BEFORE = re.compile(r"(?<![\w./-])(?P<low>[0-9]{1,6}(?:\.[0-9]{1,4})?)\+?\s?(?P<unit>%)?[\s-]?$")


def times(rows: Iterable[dict[str, Any]]) -> Times:
    """The rows of the lexicon, compiled."""
    by_kind: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        by_kind.setdefault(row["kind"], []).append(row)

    def pairs(kind: str, key: str) -> dict[str, Any]:
        return {str(word): row[key] for row in by_kind.get(kind, []) for word in row["words"]}

    units, numbers = pairs("unit", "means"), pairs("number", "value")
    often, sides, severities = pairs("frequency", "per_week"), pairs("side", "means"), pairs("severity", "means")
    no_sides = [str(word) for row in by_kind.get("no-side", []) for word in row["words"]]
    number = rf"(?:[0-9]{{1,4}}(?:\.[0-9]{{1,2}})?|{_any(numbers)})"
    return Times(
        units,
        {word: float(value) for word, value in numbers.items()},
        {str(row["of"]): str(row["means"]) for row in by_kind.get("part", [])},
        {word: float(value) for word, value in often.items()},
        severities,
        sides,
        re.compile(
            rf"(?<![\w.])(?P<low>{number})\+?(?:\s?(?:-|\u2013|to|or)\s?(?P<high>{number}))?[\s-]{{0,2}}(?:of\s)?"
            rf"(?P<unit>{_any(units)})(?!\w)(?![\s-]{{0,2}}(?:old|of age)\b)",
            re.IGNORECASE,
        ),
        re.compile(
            r"(?:(?<=x)|(?<=x )|(?<=for )|(?<=for the last )|(?<=past )|(?<![\w/.]))"
            rf"(?P<low>[0-9]{{1,2}})/(?P<of>{_any(row['of'] for row in by_kind.get('part', []))})(?![\w/])"
            r"(?=\s?(?:hx|history|h/o|of|duration|ago|now|\W|$))",
            re.IGNORECASE,
        ),
        re.compile(
            rf"(?<!\w)(?:(?P<count>[0-9]{{1,2}}|{_any(numbers)})(?:\s?(?:-|\u2013|to)\s?[0-9]{{1,2}})?\s?"
            rf"(?:times|x|nights|episodes|days)\s?)?(?P<often>{_any(often)})(?!\w)",
            re.IGNORECASE,
        ),
        re.compile(rf"(?<!\w)(?:{_any(no_sides)})(?!\w)", re.IGNORECASE),
        re.compile(rf"(?<![\w'])(?P<side>{_any(sides)})(?![\w'])", re.IGNORECASE),
        re.compile(rf"(?<!\w)(?P<severity>{_any(severities)})(?!\w)", re.IGNORECASE),
    )


def _any(words: Iterable[Any]) -> str:
    listed = sorted({str(word) for word in words}, key=lambda word: (-len(word), word))
    return "|".join(r"\s+".join(re.escape(part) for part in word.split()) for word in listed) or "(?!)"


class Place(NamedTuple):
    """Where a side or a grade stands: characters of the note, and what it says."""

    start: int
    end: int
    says: str


class Beside(NamedTuple):
    """Everything of a sentence that may belong to a mention."""

    measures: tuple[Measure, ...]
    sides: tuple[Place, ...]
    severities: tuple[Place, ...]


def beside(text: str, sentence: Sentence, known: Times) -> Beside:
    """Durations, frequencies, sides and grades of a sentence."""
    start, end = sentence.start, sentence.end
    measures = [*_durations(text, start, end, known), *_often(text, start, end, known)]
    hidden = [found.span() for found in known.no_side.finditer(text, start, end)]
    sides = tuple(
        Place(found.start(), found.end(), known.sides[" ".join(found["side"].lower().split())])
        for found in known.side.finditer(text, start, end)
        if not any(low <= found.start() < high for low, high in hidden) and _is_side(found)
    )
    severities = tuple(
        Place(found.start(), found.end(), known.severities[" ".join(found["severity"].lower().split())])
        for found in known.severity.finditer(text, start, end)
    )
    return Beside(tuple(measures), sides, severities)


def _is_side(found: re.Match[str]) -> bool:
    """Is it a side? One letter must be a capital: `R knee`, not `r/o`."""
    said = found["side"]
    after = found.string[found.end() : found.end() + 1]
    return len(said) > 1 or (said.isupper() and after in (" ", ")"))


def _span(text: str, found: re.Match[str]) -> Span:
    return Span(found.start(), found.end(), found.group())


def _durations(text: str, start: int, end: int, known: Times) -> Iterable[Measure]:
    for found in known.durations.finditer(text, start, end):
        low, unit = found["low"].lower(), known.units[" ".join(found["unit"].lower().split())]
        value = known.numbers[low] if low in known.numbers else float(low)
        if low in ("a", "an") and unit in ("day", "week", "month"):
            continue  # "twice a day" is how often
        if unit == "day" and found["unit"].lower() == "nights" and known.often.match(text, found.start(), end):
            continue
        yield Measure("duration", value, unit, _span(text, found))
    for found in known.fractions.finditer(text, start, end):
        yield Measure("duration", float(found["low"]), known.parts[found["of"]], _span(text, found))


def _often(text: str, start: int, end: int, known: Times) -> Iterable[Measure]:
    for found in known.often.finditer(text, start, end):
        count = (found["count"] or "").lower()
        times = known.numbers[count] if count in known.numbers else float(count) if count else 1.0
        often = " ".join(found["often"].lower().split())
        if not count and often.split()[0] in ("a", "per"):
            continue  # "a week" alone is a length of time
        yield Measure("frequency", times * known.frequencies[often], "per week", _span(text, found))


def value_after(text: str, end: int, stop: int, unit: str | None) -> Measure | None:
    """The number that follows the name of a measure; `unit` where the note names none."""
    found = _VALUE.match(text, end, stop)
    if not found:
        return None
    said = (found["unit"] or "").lower().replace(" ", "").replace("percent", "%").replace("\u00b2", "2")
    start = found.start("low")
    last = found.end("unit") if found["unit"] else found.end("high") if found["high"] else found.end("low")
    return Measure("value", float(found["low"]), said or unit or "", Span(start, last, text[start:last]))


def value_before(text: str, start: int, low: int, unit: str | None) -> Measure | None:
    """The number right before the name of a measure (`30 pack-years`); `low` is where its sentence begins."""
    found = _BEFORE.search(text, max(low, start - 12), start)
    if not found:
        return None
    said = "%" if found["unit"] else unit or ""
    first, last = found.start("low"), found.end("unit") if found["unit"] else found.end("low")
    return Measure("value", float(found["low"]), said, Span(first, last, text[first:last]))


def measures_of(sentence: Sentence, mention: Mention, others: Sequence[Mention], found: Beside) -> list[Measure]:
    """Durations and frequencies nearest to this mention rather than to another of its sentence."""
    return [each for each in found.measures if _nearest(sentence, each.span, others) == (mention.first, mention.last)]


def _nearest(sentence: Sentence, span: Span, mentions: Sequence[Mention]) -> tuple[int, int]:
    tokens = sentence.tokens

    def away(each: Mention) -> tuple[int, int]:
        low, high = tokens[each.first].start, tokens[each.last - 1].end
        gap = (span.end, low) if low >= span.end else (high, span.start)
        signs = sum(token.sign and token.word != "-" and gap[0] <= token.start < gap[1] for token in tokens)
        return (max(0, gap[1] - gap[0]) + _CLAUSE * signs, each.first)

    best = min(mentions, key=away)
    return best.first, best.last


def side_of(sentence: Sentence, mention: Mention, found: Beside) -> str | None:
    """The side of a mention: inside it, or a few words before or after."""
    return _closest(sentence, mention, found.sides, _NEAR_SIDE, _NEAR_SIDE)


def severity_of(sentence: Sentence, mention: Mention, found: Beside) -> str | None:
    """How bad it is: a few words before, or the next word."""
    return _closest(sentence, mention, found.severities, _NEAR_SEVERITY, 2)


def _closest(sentence: Sentence, mention: Mention, places: Sequence[Place], before: int, after: int) -> str | None:
    tokens = sentence.tokens
    best: tuple[int, int, str] | None = None
    for place in places:
        index = next(number for number, token in enumerate(tokens) if token.end > place.start)
        if mention.first <= index < mention.last:
            return place.says
        gap = mention.first - index - 1 if index < mention.first else index - mention.last
        between = tokens[index + 1 : mention.first] if index < mention.first else tokens[mention.last : index]
        stop = any(token.word in (",", ";", ":", "and", "but", "or") for token in between)
        if index > mention.first and all(token.word in (",", "(") for token in between):
            stop = False  # "knee pain, left"
        if stop or gap > (before if index < mention.first else after):
            continue
        rank = (gap, int(index > mention.first), place.says)
        best = rank if best is None else min(best, rank)
    return best[2] if best else None
