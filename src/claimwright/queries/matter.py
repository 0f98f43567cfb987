"""What is known of one claim when questions are made: the claim, the report, the reading, what policies miss."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property, lru_cache
from typing import Any, Protocol

from claimwright.book.store import Book
from claimwright.model import Claim, Place, Reading, Report, Span, dotted, undotted
from claimwright.model.query import Evidence
from claimwright.queries.text import stems
from claimwright.queries.words import lexicon
from claimwright.sources.installed import shipped
from claimwright.sources.lexicon import read_lexicon

_SENTENCE = re.compile(r"[^\n.?!]+(?:[.?!](?!\s|$)[^\n.?!]*)*[.?!]*")
_DENIED = re.compile(
    r"\b(?:no|not|non|without|denie[sd]|deny|declin\w+|never|cancel\w+|refus\w+|held|if)\b", re.IGNORECASE
)
_LEAST_WORD = 4
_EXTERNAL = frozenset("VWXYZ")


class MissingFact(Protocol):
    """A fact that coverage criteria need and nothing documents, as `cover` lists it among its next facts."""

    @property
    def id(self) -> str:
        """Its id in the vocabulary of facts."""

    @property
    def says(self) -> str:
        """Its label, in plain words."""

    @property
    def criteria(self) -> Sequence[tuple[str, str]]:
        """Pairs of policy and criterion that it settles."""


@dataclass(frozen=True)
class Matter:
    """One claim with all that is known of it; `note` is the text that `reading` read, if any did."""

    claim: Claim
    day: date
    book: Book
    report: Report
    note: str = ""
    reading: Reading | None = None
    missing: Sequence[MissingFact] = ()

    @cached_property
    def codes(self) -> tuple[str, ...]:
        """Reported diagnoses without dots, in order."""
        return tuple(undotted(each.code) for each in self.claim.diagnoses)

    def title(self, code: str) -> str | None:
        """Official title of a diagnosis code or of a heading; None for neither."""
        return self.book.title(undotted(code), self.day)

    @cached_property
    def diagnoses(self) -> tuple[Evidence, ...]:
        """The reported diagnoses that have a title, in order."""
        places = (Place("diagnosis", number, dotted(code)) for number, code in enumerate(self.codes, start=1))
        return tuple(each for place in places if (each := self.at(place)))

    def at(self, place: Place) -> Evidence | None:
        """A place of the claim as evidence: its title or our label; None for a diagnosis or procedure without one."""
        says: str | None
        if place.kind == "diagnosis":
            says = self.title(place.code)
        elif place.kind == "procedure":
            says = self.book.pcs.title(place.code, self.day)
        elif place.kind == "line":
            says = self._label(place.code) or "a service"
        else:
            says = f"discharge status {place.code}"
        return Evidence(place.kind, says, place=place) if says else None

    def _label(self, code: str) -> str | None:
        from claimwright.edits.manual import label

        if own := label(self.book, code):
            return own
        rows = (row for row in rows_of("query-indicators") if row.get("lines"))
        number = int(code) if code.isascii() and code.isdigit() else -1
        return next((row["says"] for row in rows if row["lines"][0] <= number <= row["lines"][1]), None)

    @cached_property
    def lines(self) -> tuple[Evidence, ...]:
        """The service lines that have a label of our own."""
        found = (
            self.at(Place("line", number, line.code.strip().upper()))
            for number, line in enumerate(self.claim.lines, start=1)
        )
        return tuple(each for each in found if each and each.says != "a service")

    @cached_property
    def sentences(self) -> tuple[Span, ...]:
        """The sentences and lines of the note, with their places in it."""
        out = []
        for each in _SENTENCE.finditer(self.note):
            text = each[0].strip()
            if text:
                start = each.start() + each[0].index(text)
                out.append(Span(start, start + len(text), text))
        return tuple(out)

    def sentence_at(self, start: int) -> Span | None:
        """The sentence of the note that holds this offset."""
        return next((each for each in self.sentences if each.start <= start < each.end), None)

    def telling(self, titles: Sequence[str], most: int = 3) -> list[Evidence]:
        """Sentences of the note that share a word of weight with these titles."""
        wanted = {word for title in titles for word in stems(title) if len(word) >= _LEAST_WORD}
        wanted = {word for word in wanted if not lexicon()["common-words"].are(word)}
        found = [each for each in self.sentences if wanted & stems(each.text)]
        return [quoted(each) for each in found[:most]]

    @cached_property
    def indicators(self) -> dict[str, tuple[Evidence, ...]]:
        """Clinical indicators by name: words of the note that are not denied, lines, procedures."""
        out: dict[str, tuple[Evidence, ...]] = {}
        for row in rows_of("query-indicators"):
            found = [*self.mentions(tuple(row["terms"])), *self._services(row)]
            if found:
                out[row["indicator"]] = tuple(found)
        return out

    def mentions(self, terms: tuple[str, ...]) -> list[Evidence]:
        """The sentences of the note that hold one of these terms, unless it is denied before."""
        pattern = _terms(terms)
        found = []
        for sentence in self.sentences:
            hit = pattern.search(sentence.text)
            if hit and not _DENIED.search(sentence.text[: hit.start()]):
                found.append(quoted(sentence))
        return found

    def _services(self, row: dict[str, Any]) -> list[Evidence]:
        low, high = row.get("lines", (1, 0))
        out = []
        for number, line in enumerate(self.claim.lines, start=1):
            code = line.code.strip().upper()
            own = self._label(code) or ""
            in_range = code.isascii() and code.isdigit() and low <= int(code) <= high
            if in_range or _terms(tuple(row["terms"])).search(own):
                out.append(Evidence("line", own or row["says"], place=Place("line", number, code)))
        for number, procedure in enumerate(self.claim.procedures, start=1):
            code = undotted(procedure.code)
            if code.startswith(tuple(row.get("procedures", ()) or ("\0",))):
                title = self.book.pcs.title(code, self.day) or row["says"]
                out.append(Evidence("procedure", title, place=Place("procedure", number, code)))
        return out

    def conditions(self) -> list[Evidence]:
        """Reported diagnoses that are conditions: neither external causes nor factors of chapter 21."""
        return [each for each in self.diagnoses if each.place and each.place.code[0] not in _EXTERNAL]


def quoted(sentence: Span) -> Evidence:
    """A sentence of the note as evidence."""
    return Evidence("note", " ".join(sentence.text.split()), span=sentence)


@lru_cache(maxsize=256)
def _terms(terms: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile(r"(?<!\w)(?:" + "|".join(terms) + r")(?!\w)", re.IGNORECASE)


@lru_cache(maxsize=8)
def rows_of(lexicon: str) -> tuple[dict[str, Any], ...]:
    """Rows of one of the lexicons of questions, in order. Errors: `RuleError`."""
    return read_lexicon(shipped("lexicons") / f"{lexicon}.yaml").rows
