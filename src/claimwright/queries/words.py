"""The words that the checker looks for, from `lexicons/query-rules.yaml`, as compiled patterns."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from claimwright.errors import RuleError
from claimwright.sources.lexicon import lexicon as shipped_lexicon

LEXICON = "query-rules"


@dataclass(frozen=True, slots=True)
class Words:
    """One row: what it says, the pattern of its words, and of the same words in another sense."""

    name: str
    says: str
    pattern: re.Pattern[str] | None
    other_sense: re.Pattern[str] | None
    listed: tuple[str, ...] = ()

    def hits(self, text: str) -> Iterator[re.Match[str]]:
        """Where the words stand, apart from those in another sense."""
        if self.pattern is None:
            return
        spared = [each.span() for each in self.other_sense.finditer(text)] if self.other_sense else []
        for found in self.pattern.finditer(text):
            if not any(start <= found.start() and found.end() <= end for start, end in spared):
                yield found

    def found(self, text: str) -> str | None:
        """The first such words in the text; None if there are none."""
        return next((each[0] for each in self.hits(text)), None)

    def are(self, text: str) -> bool:
        """Is the whole text one of the words?"""
        return self.pattern is not None and self.pattern.fullmatch(text) is not None


@lru_cache(maxsize=1)
def lexicon() -> dict[str, Words]:
    """Every row by its name. Errors: `RuleError` for a pattern that is none, naming file and row."""
    read = shipped_lexicon(LEXICON)
    out = {}
    for row in read.rows:
        words, unless = tuple(row.get("words", ())), row.get("unless", ())
        try:
            out[row["name"]] = Words(row["name"], row["says"], _one_of(words), _one_of(unless), words)
        except re.error as error:
            raise RuleError(f"{read.file}: row {row['name']!r}: {error}") from None
    return out


def _one_of(words: tuple[str, ...]) -> re.Pattern[str] | None:
    """One pattern of all; a name used in several alternatives is numbered, since Python wants names once."""
    if not words:
        return None
    numbered = [each.replace("(?P<what>", f"(?P<what{number}>") for number, each in enumerate(words)]
    # `\b` before a quote or a bracket would not hold: the neighbours decide.
    return re.compile(r"(?<![\w])(?:" + "|".join(numbered) + r")(?![\w])", re.IGNORECASE)


def what(found: re.Match[str]) -> str:
    """What a pattern with an object matched as its object; empty for one without."""
    return next((value for name, value in found.groupdict().items() if name.startswith("what") and value), "")
