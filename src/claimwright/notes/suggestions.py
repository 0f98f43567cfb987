"""Suggestions of a language model, or of anything else, verified: verbatim words and choices, never a code.

A provider (`claimwright.model.suggesting.SuggestionProvider`) proposes words of the note and chooses among
descriptions that the engine made. Everything it answers is checked here and refused with a reason unless every
check passes; a refused answer is asked for once more, and then our own reading stands as it is without a
provider. A suggestion alone never makes a candidate `supported`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import TYPE_CHECKING, NamedTuple

from claimwright.errors import InputError
from claimwright.model.finding import NotEvaluated
from claimwright.model.reading import (
    Accepted,
    Candidate,
    CandidateStatus,
    NoteFact,
    Origin,
    Reading,
    Refused,
    Status,
    Suggestions,
)
from claimwright.model.suggesting import NOT_DOCUMENTED, ProposedMention, SectionPlace, SuggestionProvider
from claimwright.notes import provider_calls as calls
from claimwright.notes.candidates import Finder, in_order
from claimwright.notes.choices import Chosen, Question, applied, questions, verified
from claimwright.notes.reader import NoteReader, Said, Statement, facts
from claimwright.notes.sections import sections
from claimwright.notes.verbatim import Verbatim

if TYPE_CHECKING:
    from claimwright.book.store import Book

ATTEMPTS = 2
Redact = Callable[[str], str]


class Note(NamedTuple):
    """One note: as it is, as the provider sees it, what our own reader says of it, and for which day it is read."""

    text: str
    hidden: str
    said: Said
    setting: str | None
    day: date
    as_of: date | None


class Mention(NamedTuple):
    """A proposed mention that was verified, our own statement of its words, and the checks that it passed."""

    proposed: ProposedMention
    assertion: Status
    statement: Statement
    checks: tuple[str, ...]

    @property
    def agrees(self) -> bool:
        """Does our own reading say the same of the words?"""
        return self.assertion is self.statement.status


@dataclass
class Log:
    """What was accepted and refused of one provider, in order; `stopped` once it has let the time run out."""

    provider: str
    version: str
    accepted: list[Accepted] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)
    stopped: bool = False

    def refuse(self, call: str, attempt: int, request: str, reason: str, item: int | None = None) -> None:
        """Record why an answer, or one item of it, was not taken."""
        self.refused.append(Refused(call, attempt, request, reason, item))

    def origin(self, request: str, quote: str, checks: tuple[str, ...]) -> Origin:
        """Where a fact or a candidate comes from."""
        return Origin(self.provider, self.version, request, quote, checks)


def redacted(text: str, redact: Redact | None) -> str:
    """The note as a provider sees it; `InputError` for a redaction that fails or moves a place."""
    if redact is None:
        return text
    try:
        hidden = redact(text)
    except Exception as error:
        raise InputError("redact", f"raised {type(error).__name__}", "a text as long as the note") from None
    if type(hidden) is not str:
        raise InputError("redact", "gave no text", "a text as long as the note")
    if len(hidden) != len(text):
        raise InputError(
            "redact",
            f"gave {len(hidden)} characters for {len(text)}",
            "a text as long as the note, so that places hold",
        )
    return hidden


class Suggester:
    """Asks a provider about one note after the other, over one book."""

    def __init__(
        self, book: Book, reader: NoteReader, finder: Finder, provider: SuggestionProvider,
        seconds: float = calls.SECONDS,
    ) -> None:  # fmt: skip
        """`seconds` is how long one call may take."""
        self._book, self._reader, self._finder = book, reader, finder
        self._provider, self._seconds = provider, seconds

    def read(self, reading: Reading, note: Note) -> Reading:
        """The reading with what the provider adds; facts and candidates of its own are marked, and all is recorded."""
        name, version = calls.identity(self._provider)
        log = Log(name, version)
        if not name or not version:
            log.refuse("provider", 1, "", "the provider has no name or no version of one line")
            return replace(reading, suggestions=_kept(log))
        reading = self._proposals(reading, note, log)
        reading = self._choices(reading, note, log)
        return replace(reading, candidates=in_order(reading.candidates), suggestions=_kept(log))

    # ---- mentions -------------------------------------------------------------------------------

    def _proposals(self, reading: Reading, note: Note, log: Log) -> Reading:
        places = tuple(
            SectionPlace(each.kind.name, each.start, each.end) for each in sections(note.text, self._reader.sections)
        )
        request = calls.request_hash(calls.propose_request(note.hidden, places))
        for attempt in range(1, ATTEMPTS + 1):
            answer = calls.proposed(self._provider, note.hidden, places, self._seconds)
            if answer.reason:
                log.refuse("propose", attempt, request, answer.reason)
                log.stopped = answer.late
                if log.stopped:
                    return reading
                continue
            good = self._verified(answer.value, note, log, attempt, request)
            for each in good:
                reading = self._added(reading, each, note, log, attempt, request)
            if good or not answer.value:
                return reading
        return reading

    def _verified(
        self, items: Sequence[ProposedMention | None], note: Note, log: Log, attempt: int, request: str
    ) -> list[Mention]:
        out: list[Mention] = []
        known: set[ProposedMention] = set()
        verbatim = Verbatim(self._book, note.text, note.hidden, note.day, note.as_of)
        for number, item in enumerate(items, start=1):
            found = self._mention(item, note, verbatim)
            if isinstance(found, str):
                log.refuse("propose", attempt, request, found, number)
            elif found.proposed in known:
                log.refuse("propose", attempt, request, "the same mention was given before", number)
            else:
                known.add(found.proposed)
                out.append(found)
        return out

    def _mention(self, item: ProposedMention | None, note: Note, verbatim: Verbatim) -> Mention | str:
        """The mention with our own statement of its words, or why it is refused."""
        if item is None:
            return "not a quote, two places, a label and an assertion of the types and lengths asked for"
        reason = verbatim.refuses(item.quote, item.start, item.end) or verbatim.refuses_label(item.label, item.quote)
        if reason:
            return reason
        if item.assertion not in {each.value for each in Status}:
            return "the assertion is none of those that there are"
        statement = self._reader.statement_of(note.text, note.said, item.start, item.end)
        if statement is None:
            return "the quote is not of words of one sentence"
        assertion = Status(item.assertion)
        same = assertion is statement.status
        said = f"our own reading says {statement.status.value}" + ("" if same else f", not {assertion.value}")
        checks = ("the quote is the text at its place", "it is of one sentence", "no code in it or its label", said)
        return Mention(item, assertion, statement, checks)

    def _added(self, reading: Reading, found: Mention, note: Note, log: Log, attempt: int, request: str) -> Reading:
        """The reading with the fact and the candidates of one mention."""
        statement, span = found.statement, found.statement.span
        origin = log.origin(request, span.text, found.checks)
        told = reading.facts
        overlaps = any(each.span.start < span.end and span.start < each.span.end for each in told)
        if found.agrees and not overlaps:
            own: tuple[NoteFact, ...] = tuple(replace(each, origin=origin) for each in facts([statement]))
            told = tuple(sorted((*told, *own), key=lambda each: each.span.start))
        lacking = {each.missing: each for each in reading.not_evaluated}
        candidates = list(reading.candidates)
        codes: list[str] = []
        if not found.agrees:
            codes += _doubted(candidates, found, origin)
        for each in self._candidates(found, note, lacking):
            if each.code in {other.code for other in candidates}:
                codes.append(each.code)
            else:
                candidates.append(replace(each, origin=origin))
                codes.append(each.code)
        log.accepted.append(
            Accepted(
                "propose",
                attempt,
                log.provider,
                log.version,
                request,
                span,
                found.checks,
                label=found.proposed.label,
                assertion=found.assertion,
                reads=statement.status,
                codes=tuple(dict.fromkeys(codes)),
            )
        )
        return replace(reading, facts=told, candidates=tuple(candidates), not_evaluated=tuple(lacking.values()))

    def _candidates(self, found: Mention, note: Note, lacking: dict[str, NotEvaluated]) -> list[Candidate]:
        """Codes that the label leads to, else those that the quoted words lead to; none of them is supported."""
        statement = found.statement
        quoted = " ".join(statement.span.text.split())
        phrases = tuple(dict.fromkeys((" ".join(found.proposed.label.split()), quoted)))
        read_as = [statement] if found.agrees else [statement, replace(statement, status=found.assertion)]
        for each in read_as:
            for phrase in phrases:
                led = self._led(note, each, phrase, lacking)
                if led:
                    change = _asked(quoted, phrase == quoted) if found.agrees else _apart(found)
                    return [change(candidate) for candidate in led]
        return []

    def _led(self, note: Note, statement: Statement, phrase: str, lacking: dict[str, NotEvaluated]) -> list[Candidate]:
        return self._finder.of_phrase(
            note.text, note.said, statement, phrase, note.setting, note.day, note.as_of, lacking
        )

    # ---- choices --------------------------------------------------------------------------------

    def _choices(self, reading: Reading, note: Note, log: Log) -> Reading:
        for question in questions(self._book, reading.candidates, note.hidden, note.day, note.as_of):
            if log.stopped:
                break
            reading = self._choice(reading, question, note, log)
        return reading

    def _choice(self, reading: Reading, question: Question, note: Note, log: Log) -> Reading:
        request = calls.request_hash(calls.choose_request(question.text, question.options, note.hidden))
        verbatim = Verbatim(self._book, note.text, note.hidden, note.day, note.as_of)
        for attempt in range(1, ATTEMPTS + 1):
            answer = calls.chosen(self._provider, question.text, question.options, note.hidden, self._seconds)
            if answer.reason:
                log.refuse("choose", attempt, request, answer.reason)
                log.stopped = answer.late
                if log.stopped:
                    return reading
                continue
            found = verified(self._book, self._reader, verbatim, question, answer.value, note.said, note.day)
            if isinstance(found, str):
                log.refuse("choose", attempt, request, found)
                continue
            origin = log.origin(request, found.quote.text if found.quote else "", found.checks)
            candidates, codes, ask = applied(reading.candidates, question, found, origin, self._book, note.day)
            log.accepted.append(_choice_accepted(log, attempt, request, question, found, codes, ask))
            return replace(reading, candidates=candidates)
        return reading


def _choice_accepted(
    log: Log, attempt: int, request: str, question: Question, found: Chosen, codes: tuple[str, ...], ask: str | None
) -> Accepted:
    return Accepted(
        "choose", attempt, log.provider, log.version, request, found.quote, found.checks,
        reads=found.reads, question=question.text, chosen=found.option.text if found.option else NOT_DOCUMENTED,
        codes=codes, ask=ask,
    )  # fmt: skip


def _kept(log: Log) -> Suggestions:
    return Suggestions(log.provider, log.version, tuple(log.accepted), tuple(log.refused))


def _apart(found: Mention) -> Callable[[Candidate], Candidate]:
    """What becomes of a candidate of words that the suggestion and our own reading take for different things."""
    ours, theirs = found.statement.status.value, found.assertion.value
    quote = " ".join(found.statement.span.text.split())
    because = f"Of {quote!r} our own reading says {ours}, the suggestion {theirs}"
    ask = f"What does the record say of {quote!r}: {', or '.join(sorted((ours, theirs)))}?"
    return lambda each: replace(each, status=CandidateStatus.NEEDS_DECISION, because=because, ask=ask)


def _asked(quote: str, verbatim: bool) -> Callable[[Candidate], Candidate]:
    """What becomes of a candidate that rests on a suggestion: a question, unless it is coded in no case."""

    def change(each: Candidate) -> Candidate:
        if each.status is CandidateStatus.NOT_CODABLE:
            return each
        words = " > ".join(step.words for step in each.path)
        says = (
            f"The words {quote!r} lead to it ({words}); that they name a condition is a suggestion"
            if verbatim
            else f"A suggestion takes {quote!r} for {words}; the note does not say it in these words"
        )
        ask = f"Does the clinician document it as {each.title or words}? The note says {quote!r}"
        return replace(each, status=CandidateStatus.NEEDS_DECISION, because=says, ask=ask)

    return change


def _doubted(candidates: list[Candidate], found: Mention, origin: Origin) -> list[str]:
    """Candidates of the very words become questions where the suggestion reads them otherwise; their codes."""
    span, apart = found.statement.span, _apart(found)
    codes = []
    for number, each in enumerate(candidates):
        if any(own.start < span.end and span.start < own.end for own in each.spans):
            candidates[number] = replace(apart(each), origin=origin)
            codes.append(each.code)
    return codes
