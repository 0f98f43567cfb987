"""What is known of one claim when questions are made: the claim, the report, the reading, what policies miss."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property, lru_cache
from typing import Any

from claimwright.book.store import Book
from claimwright.model import Claim, NoteFact, Place, Reading, Report, Span, Status, dotted, undotted
from claimwright.model.claim import Fact
from claimwright.model.coverage import Coverage
from claimwright.model.query import Evidence
from claimwright.notes.asserted import Asserted
from claimwright.notes.reading import Notes
from claimwright.queries.draft import LONGEST_QUOTE
from claimwright.queries.text import stems
from claimwright.queries.words import lexicon
from claimwright.sources.lexicon import lexicon as shipped_lexicon

_LEAST_WORD = 4
SYMPTOMS = re.compile(r"R(?!99)\d")
"""Chapter 18 in the codes of the tabular list (R00-R99); R99 is a cause of death not known, no symptom."""

_EXTERNAL = frozenset("VWXYZ")
_SAID = frozenset({Status.PRESENT, Status.UNCERTAIN})
_TOLD = frozenset({Status.PRESENT, Status.UNCERTAIN, Status.ABSENT})
_PAST = frozenset({*_TOLD, Status.HISTORICAL, Status.FAMILY})
_CLAUSE = re.compile(r"[,;:]\s")
_NOT_DONE = "not-done"
_MOST_QUOTES = 3
_MOST_MENTIONS = 8


@dataclass(frozen=True)
class Matter:
    """One claim with all that is known of it: its note, read by `notes` (or by a reader of the book's own).

    `reading` is what was read from it, `coverage` what policies answer; None where nobody asked.
    """

    claim: Claim
    day: date
    book: Book
    report: Report
    note: str = ""
    reading: Reading | None = None
    coverage: Coverage | None = None
    notes: Notes | None = None

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
        if family := next((says for says, codes in self.families.values() if code in codes), None):
            return family
        rows = (row for row in rows_of("query-indicators") if row.get("lines"))
        number = int(code) if code.isascii() and code.isdigit() else -1
        return next((row["says"] for row in rows if row["lines"][0] <= number <= row["lines"][1]), None)

    @cached_property
    def families(self) -> dict[str, tuple[str, frozenset[str]]]:
        """Families of services by name: what each is in words, and its codes."""
        rows = self.book.lexicon_rows("service-families")
        return {str(row["family"]): (str(row["says"]), frozenset(map(str, row["codes"]))) for row in rows}

    @cached_property
    def lines(self) -> tuple[Evidence, ...]:
        """The service lines that have a label of our own."""
        found = (
            self.at(Place("line", number, line.code.strip().upper()))
            for number, line in enumerate(self.claim.lines, start=1)
        )
        return tuple(each for each in found if each and each.says != "a service")

    @cached_property
    def _asserted(self) -> Asserted:
        return (self.notes or Notes(self.book)).asserted(self.note)

    @property
    def sentences(self) -> tuple[Span, ...]:
        """The sentences of the note, as its reader cuts them."""
        return self._asserted.sentences if self.note.strip() else ()

    @cached_property
    def _starts(self) -> list[int]:
        return [each.start for each in self.sentences]

    def sentence_at(self, start: int) -> Span | None:
        """The sentence of the note that holds this offset."""
        at = bisect_right(self._starts, start) - 1
        found = self.sentences[at] if at >= 0 else None
        return found if found is not None and start < found.end else None

    # ---- facts ----------------------------------------------------------------------------------

    @cached_property
    def _fact_rows(self) -> dict[str, dict[str, Any]]:
        return {row["fact"]: row for row in self.book.lexicon_rows("facts")}

    @cached_property
    def fact_kinds(self) -> dict[str, str]:
        """The kind of every fact of the lexicon, by its id."""
        return {fact: str(row["kind"]) for fact, row in self._fact_rows.items()}

    @cached_property
    def fact_labels(self) -> dict[str, str]:
        """The label of every fact of the lexicon, by its id."""
        return {fact: str(row["says"]) for fact, row in self._fact_rows.items()}

    def stated(self, facts: Collection[str]) -> list[Evidence]:
        """Those of these facts that the claim states, with their status and value."""
        return [self._of_fact(each) for each in self.claim.facts if each.id in facts][:_MOST_QUOTES]

    def _of_fact(self, each: Fact) -> Evidence:
        label = self.fact_labels.get(each.id, each.id.replace("-", " "))
        value = f", {each.value:g}" if isinstance(each.value, float) else f", {each.value}" if each.value else ""
        return Evidence("fact", f"{label} ({each.status}{value})")

    def told(self, facts: Collection[str], past: bool = False) -> list[Evidence]:
        """The words of the note on these facts, present or denied; with `past`, of the history and relatives too."""
        statuses = _PAST if past else _TOLD
        out: dict[str, Evidence] = {}
        for each in self.reading.facts if self.reading else ():
            if each.id in facts and each.status in statuses:
                found = _quoted_fact(each)
                out.setdefault(found.says, found)
            if len(out) == _MOST_QUOTES:
                break
        return list(out.values())

    def telling(self, titles: Sequence[str], most: int = 3) -> list[Evidence]:
        """Sentences of the note that share a word of weight with these titles."""
        wanted = {word for title in titles for word in stems(title) if len(word) >= _LEAST_WORD}
        wanted = {word for word in wanted if not lexicon()["common-words"].are(word)}
        out: dict[str, Evidence] = {}
        for each in self.sentences if wanted else ():
            # A longer sentence would be cut, and its denial might be in what is cut off.
            if len(each.text) <= LONGEST_QUOTE and wanted & stems(each.text):
                out.setdefault(each.text, quoted(each))
                if len(out) == most:
                    break
        return list(out.values())

    @cached_property
    def indicators(self) -> dict[str, tuple[Evidence, ...]]:
        """Clinical indicators by name: words of the note that are not denied, facts of the claim, lines, procedures."""
        out: dict[str, tuple[Evidence, ...]] = {}
        for row in rows_of("query-indicators"):
            if row["indicator"] == _NOT_DONE:
                continue
            found = [*self.mentions(tuple(row["terms"])), *self._services(row)]
            if found:
                out[row["indicator"]] = tuple(found)
        return out

    def mentions(self, terms: tuple[str, ...]) -> list[Evidence]:
        """Where the note holds one of these terms as present or uncertain, and the claim's facts that name one."""
        pattern = _terms(terms)
        found: dict[str, Evidence] = {}
        for sentence in self.sentences:
            hit = next((one for one in pattern.finditer(sentence.text) if self._is_said(sentence, one)), None)
            if hit:
                shown = quoted(_clause(sentence, hit))
                found.setdefault(shown.says, shown)
                if len(found) == _MOST_MENTIONS:
                    break
        stated = (each for each in self.claim.facts if each.status == "present")
        return [*found.values()] + [self._of_fact(each) for each in stated if pattern.search(each.id.replace("-", " "))]

    def _is_said(self, sentence: Span, hit: re.Match[str]) -> bool:
        """Does the note say so, and not that it was called off?"""
        if self._asserted.status(sentence.start + hit.start(), sentence.start + hit.end()) not in _SAID:
            return False
        clause = _clause_around(sentence.text, hit.start(), hit.end())
        return not _not_done().search(sentence.text[clause])

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

    def diseases(self) -> list[Evidence]:
        """Those of them that are no signs or symptoms."""
        return [each for each in self.conditions() if each.place and not SYMPTOMS.match(each.place.code)]

    def conditions(self) -> list[Evidence]:
        """Reported diagnoses that are conditions: neither external causes nor factors of chapter 21."""
        return [each for each in self.diagnoses if each.place and each.place.code[0] not in _EXTERNAL]


def quoted(sentence: Span) -> Evidence:
    """A sentence of the note as evidence."""
    return Evidence("note", " ".join(sentence.text.split()), span=sentence)


def _quoted_fact(each: NoteFact) -> Evidence:
    """The sentence of a fact; of a long one the fact with what decides its status, so that no denial is cut off."""
    sentence = each.sentence
    if sentence is not None and len(sentence.text) <= LONGEST_QUOTE:
        return quoted(sentence)
    if len(each.evidence.text) <= LONGEST_QUOTE:
        return quoted(each.evidence)
    return Evidence("note", f"{' '.join(each.span.text.split())} (recorded as {each.status.value})", span=each.span)


def _clause(sentence: Span, hit: re.Match[str]) -> Span:
    """The sentence; of a long one only the clause with the hit, or the hit."""
    if len(sentence.text) <= LONGEST_QUOTE:
        return sentence
    part = _clause_around(sentence.text, hit.start(), hit.end())
    if part.stop - part.start > LONGEST_QUOTE:
        part = slice(hit.start(), hit.end())
    return Span(sentence.start + part.start, sentence.start + part.stop, sentence.text[part])


def _clause_around(text: str, start: int, end: int) -> slice:
    before = [each.end() for each in _CLAUSE.finditer(text, 0, start)]
    after = _CLAUSE.search(text, end)
    return slice(before[-1] if before else 0, after.start() if after else len(text))


@lru_cache(maxsize=1)
def _not_done() -> re.Pattern[str]:
    return _terms(next(tuple(row["terms"]) for row in rows_of("query-indicators") if row["indicator"] == _NOT_DONE))


@lru_cache(maxsize=256)
def _terms(terms: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile(r"(?<!\w)(?:" + "|".join(terms) + r")(?!\w)", re.IGNORECASE)


@lru_cache(maxsize=8)
def rows_of(lexicon: str) -> tuple[dict[str, Any], ...]:
    """Rows of one of the lexicons of questions, in order. Errors: `RuleError`."""
    return shipped_lexicon(lexicon).rows
