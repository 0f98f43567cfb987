"""Questions that the engine puts to a provider of suggestions, and what an answer may change.

A question is of one mention: the codes that its candidates offer, by description, in alphabetical order, and
"not documented" last. A choice never makes a candidate `supported`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, NamedTuple

from claimwright.model.codes import dotted, undotted
from claimwright.model.reading import Candidate, CandidateStatus, Origin, PathStep, Span, Status
from claimwright.model.suggesting import NOT_DOCUMENTED, Choice, Option

if TYPE_CHECKING:
    from claimwright.book.store import Book
    from claimwright.notes.reader import NoteReader, Said
    from claimwright.notes.verbatim import Verbatim

MOST_QUESTIONS, MOST_OPTIONS = 30, 40
_MOST_WORDS = 200


class Question(NamedTuple):
    """One question: its mention, its text, its options, and the code behind each option but the last."""

    span: Span
    text: str
    options: tuple[Option, ...]
    codes: dict[str, str]
    group: tuple[str, ...]


class Chosen(NamedTuple):
    """A verified choice; no `option` where the note documents none."""

    option: Option | None
    code: str
    quote: Span | None
    reads: Status | None
    agrees: bool
    checks: tuple[str, ...]


def questions(
    book: Book, candidates: Sequence[Candidate], hidden: str, day: date, as_of: date | None
) -> Iterator[Question]:
    """One question for each mention whose candidates need a decision among two descriptions or more."""
    number = 0
    for group in _groups(candidates):
        if number == MOST_QUESTIONS:
            return
        if all(each.status is not CandidateStatus.NEEDS_DECISION for each in group):
            continue
        by_text = _descriptions(book, group, day, as_of)
        if by_text is None or not 2 <= len(by_text) <= MOST_OPTIONS:
            continue
        number += 1
        listed = sorted(by_text, key=lambda text: (text.casefold(), text))
        options = [Option(f"option-{place}", text) for place, text in enumerate(listed, start=1)]
        span = group[0].spans[0]
        words = " ".join(hidden[span.start : span.end].split())[:_MOST_WORDS]
        yield Question(
            span,
            f'What does the note document where it says "{words}" (characters {span.start} to {span.end})?',
            (*options, Option(NOT_DOCUMENTED, NOT_DOCUMENTED)),
            {option.id: by_text[option.text] for option in options},
            tuple(each.code for each in group),
        )


def _groups(candidates: Sequence[Candidate]) -> list[list[Candidate]]:
    """Candidates of the same words, in order of the first of each; what is not codable is no question."""
    out: list[list[Candidate]] = []
    for each in candidates:
        if each.status is CandidateStatus.NOT_CODABLE or not each.spans:
            continue
        home = next((group for group in out if any(_same(each, other) for other in group)), None)
        if home is None:
            out.append([each])
        else:
            home.append(each)
    return out


def _same(one: Candidate, other: Candidate) -> bool:
    """Does the first mention of one overlap a mention of the other?"""
    return any(one.spans[0].start < each.end and each.start < one.spans[0].end for each in other.spans) or any(
        other.spans[0].start < each.end and each.start < other.spans[0].end for each in one.spans
    )


def _descriptions(book: Book, group: Sequence[Candidate], day: date, as_of: date | None) -> dict[str, str] | None:
    """Codes billable on `day` by their description; None where two cannot be told apart, or a code has no title."""
    out: dict[str, str] = {}
    for each in group:
        for code, title in _billable(book, each, day, as_of):
            if not title or out.setdefault(title, code) != code:
                return None
    return out


def _billable(book: Book, each: Candidate, day: date, as_of: date | None) -> list[tuple[str, str]]:
    plain = undotted(each.code)
    if book.billable(plain, day):
        return [(plain, book.title(plain, day, as_of) or "")]
    node = book.node(book.edition_on(day, as_of)[0].number, plain)
    return book.billable_under(node, day, MOST_OPTIONS + 1) if node else []


def verified(
    book: Book, reader: NoteReader, verbatim: Verbatim, question: Question, choice: Choice, said: Said, day: date
) -> Chosen | str:
    """The choice with what was checked, or why it is refused."""
    option = next((each for each in question.options if each.id == choice.option), None)
    if option is None:
        return "the option is none of those offered"
    documented = option.id != NOT_DOCUMENTED
    if not choice.quote:
        if documented:
            return "the choice has no quote"
        return Chosen(None, "", None, None, True, ("the option was offered",))
    start = verbatim.nearest(choice.quote, question.span.start)
    if start < 0:
        return "the quote is not in the note"
    end = start + len(choice.quote)
    reason = verbatim.refuses(choice.quote, start, end)
    if reason:
        return reason
    quote = Span(start, end, verbatim.text[start:end])
    statement = reader.statement_of(verbatim.text, said, start, end)
    if statement is None:
        return "the quote is not of words of one sentence"
    checks = ("the option was offered", "the quote is in the note")
    if not documented:
        return Chosen(None, "", quote, statement.status, True, checks)
    code = question.codes[option.id]
    if not book.billable(code, day):
        return "the code behind the option is not billable on the date of service"
    ours = reader.statement_of(verbatim.text, said, question.span.start, question.span.end)
    agrees = ours is not None and ours.status is statement.status
    says = f"our own reading of the quote says {statement.status.value}"
    return Chosen(
        option, code, quote, statement.status, agrees,
        (*checks, f"the code behind the option is billable on {day}", says),
    )  # fmt: skip


def applied(
    candidates: tuple[Candidate, ...], question: Question, found: Chosen, origin: Origin, book: Book, day: date
) -> tuple[tuple[Candidate, ...], tuple[str, ...], str | None]:
    """The candidates after a choice, the codes that it concerns, and the question that it leaves."""
    if found.option is None:
        return _open(candidates, question, origin)
    code = dotted(found.code)
    held = next((each for each in candidates if each.code == code), None)
    if held is not None:
        marked = _marked(held, found, origin)
        return tuple(marked if each is held else each for each in candidates), (code,), marked.ask
    above = next(each for each in candidates if each.code in question.group and code.startswith(each.code))
    made = _marked(
        replace(
            above,
            code=code,
            title=found.option.text,
            billable=True,
            path=(*above.path, PathStep(found.option.text)),
            status=CandidateStatus.NEEDS_DECISION,
            because=f"One of the codes below {above.code}; our own reading does not settle which",
            ask=f"Does the record document {found.option.text}?",
            unsettled=(),
        ),
        found,
        origin,
    )
    return (*candidates, made), (code,), made.ask


def _marked(held: Candidate, found: Chosen, origin: Origin) -> Candidate:
    """A candidate that was chosen: marked; a question where our reading of the quote is another than the mention's."""
    if not found.agrees and found.reads is not None:
        return replace(
            held,
            origin=origin,
            status=CandidateStatus.NEEDS_DECISION,
            because=f"A suggestion chooses it for words that our own reading takes as {found.reads.value}",
            ask=held.ask or f"Does the record document {held.title or held.code}?",
        )
    return replace(held, origin=origin, because=f"{held.because}. A suggestion chooses it for words of the note")


def _open(
    candidates: tuple[Candidate, ...], question: Question, origin: Origin
) -> tuple[tuple[Candidate, ...], tuple[str, ...], str]:
    """Nothing documented: what needs a decision is a question to the clinician.

    A candidate that a suggestion brought keeps the words that it was brought for.
    """
    words = " ".join(question.span.text.split())[:_MOST_WORDS]
    asked = [each.text for each in question.options[:-1]]
    ask = f"What does the record document for {words!r}: {', or '.join(asked)}, or none of these?"
    left = [
        each for each in candidates if each.code in question.group and each.status is CandidateStatus.NEEDS_DECISION
    ]
    out = [
        replace(each, ask=each.ask or ask, origin=each.origin or origin) if each in left else each
        for each in candidates
    ]
    return tuple(out), tuple(each.code for each in left), ask
