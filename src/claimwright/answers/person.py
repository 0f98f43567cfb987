"""Age and sex of the person of a question."""

from __future__ import annotations

import re
from collections.abc import Sequence

from claimwright.answers.lexicon import QuestionWords
from claimwright.answers.text import Word

_NO_AGE = r"(?!\s*(?:%|kg|mg|lb|months?|weeks?|days?))"
_IS = r"(?:i am|i'm|i\u2019m|(?:she|he|who|patient|mother|father|wife|husband) is)"
_AGE = (
    re.compile(r"\b(\d{1,3})\s*-?\s*(?:years?|yrs?)?\s*-?\s*(?:of age|old|yo|y/o|y\.o\.?)(?!\w)", re.IGNORECASE),
    re.compile(rf"\b(?:aged?|age of|age is)\s*:?\s*(\d{{1,3}})\b{_NO_AGE}", re.IGNORECASE),
    re.compile(
        rf"\b(?:mother|father|wife|husband|patient|woman|man|female|male),?\s+(\d{{1,3}})\b{_NO_AGE}", re.IGNORECASE
    ),
    re.compile(rf"\b{_IS}\s+(\d{{1,3}})\b{_NO_AGE}", re.IGNORECASE),
)
_SHORT = re.compile(r"(?<![\w.])\d{1,3}\s?(?:yo|y/o)?\s?([MF])\b")
OLDEST = 124


def age_said(text: str) -> tuple[int, int, int] | None:
    """Place and completed years; None where none or an impossible one is said."""
    for pattern in _AGE:
        match = pattern.search(text)
        if match and int(match[1]) <= OLDEST:
            return match.start(), match.end(), int(match[1])
    return None


def sex_said(text: str, words: Sequence[Word], lexicon: QuestionWords) -> str | None:
    """F or M where all words for a person agree."""
    said = {each.means for each in lexicon.sexes.find(words)}
    short = _SHORT.search(text)
    if short:
        said.add(short[1])
    return said.pop() if len(said) == 1 else None
