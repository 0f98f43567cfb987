"""Candidate codes: what the Index and the tabular list offer for the mentions of a note, and how far it carries them.

Never a code for what is denied, of a relative, or only thought of. An uncertain diagnosis follows the setting
(`lexicons/uncertain-diagnosis.yaml`). A path whose words the note only paraphrases is a question, and no path
is offered whose main term the note does not have. Nothing here changes a claim.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any, NamedTuple

from claimwright.model.codes import undotted
from claimwright.model.finding import NotEvaluated
from claimwright.model.reading import Candidate, CandidateStatus, Status
from claimwright.notes.near import Near
from claimwright.notes.paths import Finding, Offer, Question
from claimwright.notes.reader import NoteReader, Said, Statement
from claimwright.notes.together import instructed

if TYPE_CHECKING:
    from claimwright.book.store import Book

_WHOSE = {
    Status.PRESENT: "present",
    Status.UNCERTAIN: "present",
    Status.HISTORICAL: "personal history",
    Status.FAMILY: "family history",
}
"""Statuses that may lead to a code, and to what kind of code."""
_CODED_KINDS = frozenset({"finding", "symptom", "condition", ""})
MOST_MENTIONS = 200
"""Different mentions of one note that are looked up; a longer note is a book, and its first ones are shown."""
MOST_PLACES = 50
"""Places of the same words that are judged; further ones add nothing but length."""
_ORDER = {CandidateStatus.SUPPORTED: 0, CandidateStatus.NEEDS_DECISION: 1, CandidateStatus.NOT_CODABLE: 2}


class Ruling(NamedTuple):
    """What the setting makes of a statement: a status, why, a question."""

    status: CandidateStatus
    because: str
    ask: str | None = None


class Settings:
    """The rows of `lexicons/uncertain-diagnosis.yaml`."""

    def __init__(self, book: Book) -> None:
        """Read the rows of the book."""
        rows = book.lexicon_rows("uncertain-diagnosis")
        self._rows = {name: row for row in rows if row["kind"] == "setting" for name in row["settings"]}
        self._printed = {row["section"]: tuple(map(str, row["words"])) for row in rows if row["kind"] == "words"}
        self._ask = [row for row in rows if row["kind"] == "ask"]
        self._confirmed = [row for row in rows if row["kind"] == "confirmed-only"]

    def uncertain(self, said: Statement, code: str, setting: str | None) -> Ruling:
        """What becomes of an uncertain diagnosis that would lead to `code`."""
        word = said.trigger.text.lower() if said.trigger else "the heading"
        if said.leaning == "absent":
            return Ruling(
                CandidateStatus.NOT_CODABLE, f"The note holds it for unlikely ({word!r}); that is coded in no setting"
            )
        if setting is None:
            return Ruling(
                CandidateStatus.NEEDS_DECISION,
                f"Uncertain ({word!r}); the setting decides whether it is coded (guidelines II.H, IV.H)",
                "Is this an inpatient stay, or an outpatient or professional encounter?",
            )
        row = self._rows[setting]
        for only in self._confirmed:
            if any(_within(code, pattern) for pattern in only["codes"]):
                return Ruling(
                    CandidateStatus.NOT_CODABLE,
                    f"Uncertain ({word!r}); {only['says']} (guidelines, exceptions to II.H)",
                )
        where = f"guidelines {row['section']}: {row['says']}"
        if not row["coded"]:
            return Ruling(CandidateStatus.NOT_CODABLE, f"Uncertain ({word!r}{self._similar(word, row)}); {where}")
        for asked in self._ask:
            if word in asked["words"]:
                return Ruling(
                    CandidateStatus.NEEDS_DECISION,
                    f"Uncertain ({word!r}); {asked['says']} (guidelines {asked['section']})",
                    "Was it still to be ruled out at the time of discharge?",
                )
        if not said.section.final:
            return Ruling(
                CandidateStatus.NEEDS_DECISION,
                f"Uncertain ({word!r}), and this part of the note does not speak at discharge; {where}",
                "Was the diagnosis still uncertain at the time of discharge?",
            )
        return Ruling(
            CandidateStatus.SUPPORTED, f"Uncertain at discharge ({word!r}{self._similar(word, row)}); {where}"
        )

    def _similar(self, word: str, row: dict[str, Any]) -> str:
        """Is the word one that the rule prints, or a similar one?"""
        if any(printed in word or word in printed for printed in self._printed.get(row["section"], ())):
            return ""
        return f", which {row['section']} does not print; a similar term"


def in_order(candidates: Sequence[Candidate]) -> tuple[Candidate, ...]:
    """By status, otherwise as they are."""
    return tuple(sorted(candidates, key=lambda each: _ORDER[each.status]))


def _within(code: str, pattern: str) -> bool:
    family = undotted(pattern).rstrip("-")
    return undotted(code).startswith(family)


class Finder:
    """Finds candidates for the statements of notes, over one book."""

    def __init__(self, book: Book, reader: NoteReader) -> None:
        """Over the lexicons that `reader` has read."""
        self._book = book
        terms = dict.fromkeys(str(row["term"]) for row in book.lexicon_rows("near-terms"))
        self._finding = Finding(book, reader.phrases.general, terms)
        self._kinds = {name: str(row["kind"]) for name, row in reader.facts.items()}
        self._settings = Settings(book)
        self._near = Near(book, reader)

    def candidates(
        self, text: str, said: Said, setting: str | None, day: date, as_of: date | None = None
    ) -> tuple[tuple[Candidate, ...], tuple[NotEvaluated, ...]]:
        """Candidates in order of status and place, and what could not be evaluated."""
        heard = _Heard(said.statements)
        best: dict[str, tuple[tuple[int, int, int], Candidate]] = {}
        lacking: dict[str, NotEvaluated] = {}
        for group in _by_words(self._worth(said.statements))[:MOST_MENTIONS]:
            for offer in self._offers(heard, group, day, as_of, lacking):
                for statement in group[:MOST_PLACES]:
                    found = self._judged(text, said, statement, offer, setting)
                    if found is None:
                        continue
                    rank = (_ORDER[found.status], -statement.section.rank, statement.span.start)
                    before = best.get(offer.code)
                    spans = tuple(dict.fromkeys((*(before[1].spans if before else ()), *found.spans)))
                    if before is None or rank < before[0]:
                        best[offer.code] = (rank, replace(found, spans=spans))
                    else:
                        best[offer.code] = (before[0], replace(before[1], spans=spans))
        listed = sorted(best.values(), key=lambda each: (each[0][0], each[0][1], each[0][2], each[1].code))
        together = instructed(self._book, [each for _, each in listed], day, as_of)
        return in_order(together), tuple(lacking.values())

    def of_phrase(
        self, text: str, said: Said, statement: Statement, phrase: str, setting: str | None, day: date,
        as_of: date | None, lacking: dict[str, NotEvaluated],
    ) -> list[Candidate]:  # fmt: skip
        """Candidates for one statement looked up as `phrase`, in the order of the offers; none out of its place.

        What could not be evaluated goes into `lacking`.
        """
        if statement.status not in _WHOSE or not _in_place(statement):
            return []
        heard = _Heard(said.statements)
        question = Question(phrase, heard.around(statement), _WHOSE[statement.status], heard.denied, statement.side)
        offers, missing = self._finding.offers(question, day, as_of)
        for each in missing:
            lacking.setdefault(each.missing, each)
        found = (self._judged(text, said, statement, offer, setting) for offer in offers if not offer.missing)
        return [each for each in found if each is not None]

    def _worth(self, statements: Sequence[Statement]) -> Iterator[Statement]:
        """Statements that may lead to a code; the longest of those that overlap."""
        last = -1
        ordered = sorted(statements, key=lambda each: (each.span.start, -each.span.end))
        for index, each in enumerate(ordered):
            if each.status not in _WHOSE or not _in_place(each) or each.entry.absent:
                continue
            if each.entry.facts and not any(self._kinds.get(name, "") in _CODED_KINDS for name in each.entry.facts):
                continue
            if not each.entry.condition and not each.entry.facts:
                continue
            if each.span.start < last:
                continue
            inside = ordered[index + 1 : index + 2]
            if (
                not each.entry.condition
                and inside
                and inside[0].entry.condition
                and inside[0].span.start < each.span.end
            ):
                continue  # "leg cramps" is a fact, "cramps" the wording that the book has
            last = each.span.end
            yield each

    def _offers(
        self, heard: _Heard, group: Sequence[Statement], day: date, as_of: date | None, lacking: dict[str, NotEvaluated]
    ) -> list[Offer]:
        first = group[0]
        # What an everyday wording stands for is for the walks to say, which see when it is but a paraphrase.
        phrases = first.entry.means[:3] if first.entry.short else (" ".join(first.span.text.split()),)
        context = " ".join(dict.fromkeys(heard.around(each) for each in group[:5]))
        sides = {each.side for each in group if each.side}
        side = sides.pop() if len(sides) == 1 else None
        out: dict[str, Offer] = {}
        for phrase in phrases:
            question = Question(phrase, context, _WHOSE[first.status], heard.denied, side)
            found, missing = self._finding.offers(question, day, as_of)
            for each in found:
                out.setdefault(each.code, each)
            for each_missing in missing:
                lacking.setdefault(each_missing.missing, each_missing)
        return list(out.values())

    def _judged(
        self, text: str, said: Said, statement: Statement, offer: Offer, setting: str | None
    ) -> Candidate | None:
        """One offer for one statement; None when its words are not in the note."""
        if (statement.status in (Status.HISTORICAL, Status.FAMILY)) != offer.history:
            return None
        ruling = _ambiguous(statement) or _supported(statement, offer)
        evidence, spans = _evidence(statement), [statement.span]
        if offer.missing:
            near = self._near.find(text, said, statement, offer.missing, (step.words for step in offer.path))
            if near is not None:
                evidence, spans = near.span.text, [statement.span, near.span]
                ruling = Ruling(
                    CandidateStatus.NEEDS_DECISION,
                    f"The note says {near.span.text!r}, which is near {near.term!r} and not the same",
                    f"Does the clinician document it as {near.term}? The note says {near.span.text!r}",
                )
            elif offer.further:
                ruling = Ruling(
                    CandidateStatus.NEEDS_DECISION,
                    f"The path needs {' '.join(offer.missing)!r}, which the note does not say",
                    f"Does the record document {' '.join(offer.missing)} for {statement.span.text!r}?",
                )
            else:
                return None
        if statement.status is Status.UNCERTAIN:
            uncertain = self._settings.uncertain(statement, offer.code, setting)
            if not offer.missing or uncertain.status is CandidateStatus.NOT_CODABLE:
                ruling = uncertain
        return Candidate(
            code=offer.code,
            title=offer.title,
            billable=offer.billable,
            path=offer.path,
            because=ruling.because,
            status=ruling.status,
            ask=ruling.ask,
            evidence=evidence,
            spans=tuple(spans),
            unsettled=offer.unsettled,
        )


def _evidence(statement: Statement) -> str:
    """Mention and trigger with what stands between them."""
    if statement.trigger is None:
        return statement.span.text
    low = min(statement.span.start, statement.trigger.start) - statement.sentence.start
    high = max(statement.span.end, statement.trigger.end) - statement.sentence.start
    return statement.sentence.text[low:high]


def _ambiguous(statement: Statement) -> Ruling | None:
    """A short form with several meanings: the reader of the note knows which, the note does not say."""
    meanings = statement.entry.means
    if not statement.entry.short or len(meanings) < 2:
        return None
    return Ruling(
        CandidateStatus.NEEDS_DECISION,
        f"{statement.span.text!r} is a short form of several things",
        f"What does {statement.span.text!r} stand for here: {', or '.join(meanings)}?",
    )


def _in_place(statement: Statement) -> bool:
    """May this part of the note lead to a code? A section of family history may, to a code of family history."""
    return statement.section.candidates or statement.section.status is statement.status is Status.FAMILY


_AWAY = (Status.ABSENT, Status.FAMILY, Status.HYPOTHETICAL, Status.UNCERTAIN, Status.HISTORICAL)
_A_SIDE = re.compile(r"\b(?:left|right|bilateral(?:ly)?|both)\b", re.IGNORECASE)


class _Heard:
    """What the sentences of a note say besides a mention: without what they deny or tell of others, without sides."""

    def __init__(self, statements: Sequence[Statement]) -> None:
        self._by_sentence: dict[int, list[Statement]] = {}
        denied: dict[str, None] = {}
        for each in statements:
            if each.status in _AWAY:
                self._by_sentence.setdefault(each.number, []).append(each)
            if each.status is Status.ABSENT:
                denied |= dict.fromkeys(each.span.text.lower().split())
        self.denied = tuple(denied)

    def around(self, statement: Statement) -> str:
        """The sentence of a mention without its neighbours of another status, and without sides."""
        sentence, own = statement.sentence, statement.span
        said = sentence.text
        for other in self._by_sentence.get(statement.number, ()):
            low, high = other.span.start, other.span.end
            if other.status is not statement.status and (high <= own.start or own.end <= low):
                low, high = low - sentence.start, high - sentence.start
                said = said[:low] + " " * (high - low) + said[high:]
        return _A_SIDE.sub(" ", said)


def _supported(statement: Statement, offer: Offer) -> Ruling:
    words = " > ".join(step.words for step in offer.path)
    if offer.doubted:
        what = " ".join(offer.doubted)
        return Ruling(
            CandidateStatus.NEEDS_DECISION,
            f"The note states it ({words}); it does not say that there is no {what}",
            f"Does the record exclude {what}?",
        )
    if offer.unsettled:
        return Ruling(
            CandidateStatus.NEEDS_DECISION,
            f"The note states it ({words}); it does not settle {', '.join(offer.unsettled)}",
            f"What does the record say of: {', '.join(offer.unsettled)}?",
        )
    if not offer.billable:
        return Ruling(
            CandidateStatus.NEEDS_DECISION,
            f"The note states it ({words}); the code has subdivisions",
            f"Which code below {offer.code} does the record support?",
        )
    return Ruling(CandidateStatus.SUPPORTED, f"The note states it: {words}")


def _by_words(statements: Iterator[Statement]) -> list[list[Statement]]:
    """Statements with the same words and as whose, in order of the first of each."""
    out: dict[tuple[str, str], list[Statement]] = {}
    for each in statements:
        key = (" ".join(each.span.text.lower().split()), _WHOSE[each.status])
        out.setdefault(key, []).append(each)
    return list(out.values())
