"""From the text of a note to its facts: the pipeline of the room, over one open book."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple

from claimwright.book.note_phrases import Entry, Phrases, porter, words
from claimwright.model.reading import Measure, NoteFact, Span, Status
from claimwright.notes import attributes, sections, triggers
from claimwright.notes.assertion import Course, Sign, assertions, cut, free, outcome
from claimwright.notes.mentions import Mention, mentions, with_heads
from claimwright.notes.sections import Kind
from claimwright.notes.text import Sentence, Token, sentences
from claimwright.notes.triggers import Trigger

if TYPE_CHECKING:
    from claimwright.book.store import Book

_NEVER_SAID = ("never", "planned")
_STRICT = {
    Status.FAMILY: 0,
    Status.HYPOTHETICAL: 1,
    Status.ABSENT: 2,
    Status.UNCERTAIN: 3,
    Status.HISTORICAL: 4,
    Status.PRESENT: 5,
}
"""Which status a passage has that holds several: the first."""


@dataclass(frozen=True, slots=True)
class Statement:
    """One mention with all that the note says of it; `NoteFact`s and candidates are made of these.

    `signs` are every status found, the printed one first; `leaning` is `absent` where the wording is
    nearly a denial. `sentence` numbers the sentence in the note.
    """

    entry: Entry
    status: Status
    signs: tuple[Sign, ...]
    span: Span
    trigger: Span | None
    leaning: str
    section: Kind
    sentence: Span
    number: int
    acute: bool
    side: str | None
    severity: str | None
    measures: tuple[Measure, ...]
    tried: str | None


class Said(NamedTuple):
    """What a note says: its statements in order of place, and every sentence with its section."""

    statements: tuple[Statement, ...]
    sentences: tuple[tuple[Sentence, Kind], ...]


class NoteReader:
    """Reads notes with the lexicons of one book. Safe to share between threads."""

    def __init__(self, book: Book) -> None:
        """Compile the small lexicons; wordings are read as notes need them."""
        self.book = book
        self.phrases = Phrases(book)
        times = book.lexicon_rows("note-times")
        self.times = attributes.times(times)
        self.sections = sections.kinds(book.lexicon_rows("note-sections"))
        self.triggers = triggers.lexicon(book.lexicon_rows("assertion-triggers"), self.times.units, self.times.numbers)
        self.facts: dict[str, dict[str, Any]] = {row["fact"]: row for row in book.lexicon_rows("facts")}
        spoken = [said[0] for listed in self.triggers.by_first.values() for said, _ in listed if len(said) == 1]
        self._barred = frozenset((*spoken, *self.times.severities, *self.times.units))
        self._acute = self._stem_set("acute")
        self._lasting = self._stem_set("lasting")
        self._chronic = self._stem_set("chronic")

    def _stem_set(self, kind: str) -> frozenset[tuple[str, ...]]:
        listed = [
            words(str(word))
            for row in self.book.lexicon_rows("acute-conditions")
            if row["kind"] == kind
            for word in row["words"]
        ]
        stem_of = porter({word for each in listed for word in each})
        return frozenset(tuple(stem_of.get(word, word) for word in each) for each in listed)

    def facts_of(self, text: str) -> tuple[NoteFact, ...]:
        """Facts of a note in order of place. Any text is a note; an empty one states nothing."""
        return facts(self.statements(text).statements)

    def statements(self, text: str) -> Said:
        """Everything the note says of what the book can name."""
        cut: list[tuple[Sentence, Kind]] = []
        for number, part in enumerate(sections.sections(text, self.sections)):
            cut += ((each, part.kind) for each in sentences(text, part.start, part.end, number))
        out: list[Statement] = []
        for number, (sentence, kind) in enumerate(cut):
            out += self._sentence(text, sentence, kind, number)
        return Said(tuple(out), tuple(cut))

    def _sentence(self, text: str, sentence: Sentence, kind: Kind, number: int) -> Iterator[Statement]:
        stems = self.phrases.stems([token.word for token in sentence.tokens])
        found = mentions(sentence, stems, self.phrases.starting(stems), text)
        if not self.phrases.heads.isdisjoint(stems):
            found = with_heads(sentence, stems, found, self.phrases, self._barred)
        if not found:
            return
        tokens = sentence.tokens
        every = triggers.triggers(tokens, self.triggers)
        beside = attributes.beside(text, sentence, self.times)
        whole = Span(sentence.start, sentence.end, text[sentence.start : sentence.end])
        for mention in found:
            signs = self._signs(tokens, every, found, mention)
            start, end = tokens[mention.first].start, tokens[mention.last - 1].end
            course = self._course(stems[mention.first : mention.last])
            flags = _flags(assertions(tokens, signs, mention, course), kind, course.acute)
            status, trigger, tried = flags[0].status if flags else Status.PRESENT, None, None
            if flags and flags[0].trigger is not None:
                trigger = _place(text, sentence, flags[0].trigger)
            if self._is_treatment(mention.entry):
                told = outcome(tokens, signs, mention)
                if told:
                    tried = told[0] if told[0] not in _NEVER_SAID else None
                    if status in (Status.PRESENT, Status.ABSENT):
                        status, trigger = _of_outcome(told[0], status), _place(text, sentence, told[1])
            yield Statement(
                mention.entry,
                status,
                tuple(flags),
                Span(start, end, text[start:end]),
                trigger,
                flags[0].leaning if flags else "",
                kind,
                whole,
                number,
                course.acute,
                attributes.side_of(sentence, mention, beside),
                attributes.severity_of(sentence, mention, beside),
                self._measures(text, sentence, mention, found, beside),
                tried,
            )

    def _signs(
        self, tokens: Sequence[Token], every: list[Trigger], found: Sequence[Mention], mention: Mention
    ) -> list[Trigger]:
        """The triggers that may speak of a mention; one that runs into it gives way to a shorter one before it."""
        if cut(every, mention):
            before = triggers.triggers(tokens[: mention.first], self.triggers)
            every = [*before, *(each for each in every if each.first >= mention.last)]
        return free(every, found)

    def status_at(self, text: str, start: int, end: int) -> Status:
        """What the note says of its characters `start` to `end`, whether or not the book has a wording for them.

        Errors: `ValueError` when the characters hold no word, or words of two sentences.
        """
        for number, part in enumerate(sections.sections(text, self.sections)):
            if not part.start <= start < part.end:
                continue
            for sentence in sentences(text, part.start, part.end, number):
                if sentence.start <= start and end <= sentence.end:
                    return self.status_in(sentence, part.kind, start, end)
        raise ValueError(f"characters {start} to {end} are no words of one sentence")

    def status_in(self, sentence: Sentence, kind: Kind, start: int, end: int) -> Status:
        """As `status_at`, for characters of a sentence already cut out."""
        _, flags, _ = self._flags_in(sentence, kind, start, end)
        return flags[0].status if flags else Status.PRESENT

    def _flags_in(self, sentence: Sentence, kind: Kind, start: int, end: int) -> tuple[Mention, list[Sign], Course]:
        tokens = sentence.tokens
        held = [index for index, token in enumerate(tokens) if token.start < end and start < token.end]
        if not held:
            raise ValueError(f"characters {start} to {end} hold no word")
        mention = Mention(held[0], held[-1] + 1, Entry(True))
        stems = self.phrases.stems([token.word for token in tokens])
        course = self._course(stems[mention.first : mention.last])
        every = triggers.triggers(tokens, self.triggers)
        signs = self._signs(tokens, every, [mention], mention)
        return mention, _flags(assertions(tokens, signs, mention, course), kind, course.acute), course

    def statement_of(self, text: str, said: Said, start: int, end: int) -> Statement | None:
        """What the note says of its characters `start` to `end`, as of a mention that the book cannot name.

        Of several statuses in them it is the one furthest from `present`. None when they hold no word, or
        words of two sentences.
        """
        number = bisect_right(said.sentences, start, key=lambda each: each[0].start) - 1
        if number < 0:
            return None
        sentence, kind = said.sentences[number]
        words_held = any(not each.sign and each.start < end and start < each.end for each in sentence.tokens)
        if end > sentence.end or not words_held:
            return None
        inside = self._inside(said, number, start, end)
        first = min(
            (self._flagged(sentence, kind, low, high) for low, high in inside), key=lambda each: _STRICT[each[0]]
        )
        mention, _, course = self._flags_in(sentence, kind, start, end)
        beside = attributes.beside(text, sentence, self.times)
        return Statement(
            mention.entry,
            first[0],
            (),
            Span(start, end, text[start:end]),
            _place(text, sentence, first[1].trigger) if first[1] and first[1].trigger is not None else None,
            first[1].leaning if first[1] else "",
            kind,
            Span(sentence.start, sentence.end, text[sentence.start : sentence.end]),
            number,
            course.acute,
            attributes.side_of(sentence, mention, beside),
            attributes.severity_of(sentence, mention, beside),
            (),
            None,
        )

    def _flagged(self, sentence: Sentence, kind: Kind, start: int, end: int) -> tuple[Status, Sign | None]:
        _, flags, _ = self._flags_in(sentence, kind, start, end)
        return (flags[0].status, flags[0]) if flags else (Status.PRESENT, None)

    def _inside(self, said: Said, number: int, start: int, end: int) -> list[tuple[int, int]]:
        """The parts of a passage that are spoken of: our own mentions in it, else its words beside the triggers.

        `No weakness` is not stated because the words that deny it are quoted with it.
        """
        sentence = said.sentences[number][0]
        own = [each.span for each in said.statements if each.number == number]
        inside = [(each.start, each.end) for each in own if start <= each.start and each.end <= end]
        if (start, end) in inside:
            return [(start, end)]
        tokens = [each for each in sentence.tokens if each.start < end and start < each.end]
        every = triggers.triggers(tokens, self.triggers)
        if not every:
            return [(start, end)]
        taken = {at for each in every for at in range(each.first, each.last)}
        runs = [(each.start, each.end) for at, each in enumerate(tokens) if at not in taken and not each.sign]
        return inside or runs or [(start, end)]

    def _course(self, own: Sequence[str]) -> Course:
        said = [stem for stem in own if stem.isalnum()]
        runs = {
            tuple(said[low:high]) for low in range(len(said)) for high in range(low + 1, min(len(said), low + 3) + 1)
        }
        lasting = not runs.isdisjoint(self._lasting)
        return Course(not lasting and not runs.isdisjoint(self._acute), lasting or not runs.isdisjoint(self._chronic))

    def _is_treatment(self, entry: Entry) -> bool:
        return any(self.facts.get(each, {}).get("kind") == "treatment" for each in entry.facts)

    def _measures(
        self, text: str, sentence: Sentence, mention: Mention, found: Sequence[Mention], beside: attributes.Beside
    ) -> tuple[Measure, ...]:
        out: list[Measure] = []
        unit = next((row.get("unit") for each in mention.entry.facts if (row := self.facts.get(each))), None)
        if any(self.facts.get(each, {}).get("kind") in ("measure", "test") for each in mention.entry.facts):
            first, last = sentence.tokens[mention.first], sentence.tokens[mention.last - 1]
            value = attributes.value_after(text, last.end, sentence.end, unit)
            value = value or attributes.value_before(text, first.start, sentence.start, unit)
            out += [value] if value else []
        if beside.measures:
            out += attributes.measures_of(sentence, mention, found, beside)
        return tuple(out)


def _flags(signs: list[Sign], kind: Kind, acute: bool) -> list[Sign]:
    """The statuses of a mention; those of its section where the sentence says nothing, and a relative's always."""
    if kind.status is Status.FAMILY:
        return [Sign(Status.FAMILY, None), *(each for each in signs if each.status is not Status.FAMILY)]
    if kind.status is not None and not signs and (acute or not kind.acute_only):
        return [Sign(kind.status, None)]
    return signs


def _of_outcome(told: str, status: Status) -> Status:
    if told == "planned":
        return Status.HYPOTHETICAL
    return Status.ABSENT if told == "never" else Status.PRESENT


def _place(text: str, sentence: Sentence, trigger: Trigger) -> Span:
    start, end = sentence.tokens[trigger.first].start, sentence.tokens[trigger.last - 1].end
    return Span(start, end, text[start:end])


def facts(statements: Sequence[Statement]) -> tuple[NoteFact, ...]:
    """Statements as facts: one for each fact id that a mention states, one without id for another condition."""
    covered = {
        (each.number, at)
        for each in statements
        if each.entry.facts or each.entry.absent
        for at in range(each.span.start, each.span.end)
    }
    out = []
    for each in statements:
        named = dict.fromkeys((*each.entry.facts, *each.entry.absent))
        # "not improved" denies a wording that itself says what is not there: of that fact nothing is known.
        out += [_fact(each, name) for name in named if name in each.entry.facts or each.status is not Status.ABSENT]
        if not named and not any((each.number, at) in covered for at in range(each.span.start, each.span.end)):
            out.append(_fact(each, None))
    return tuple(out)


def _term(said: Statement, name: str | None) -> str:
    """What a fact is called: the official word its wording stands for; the wording itself, where that is open."""
    means = said.entry.means
    if name is None and means and not (said.entry.short and len(means) > 1):
        return means[0]
    return " ".join(said.span.text.lower().split())


def of_diagnoses(statements: Sequence[Statement]) -> tuple[NoteFact, ...]:
    """As `facts`, where a condition is meant as a diagnosis: "rule out neuropathy" doubts it.

    As a fact of a policy the same words state that the condition is suspected, which is what policies ask for.
    """
    conditions: dict[int, list[Statement]] = {}
    for each in statements:
        if each.entry.condition and each.trigger is not None:
            conditions.setdefault(each.number, []).append(each)
    return facts([_doubted(each, conditions.get(each.number, ())) for each in statements])


def _doubted(each: Statement, conditions: Sequence[Statement]) -> Statement:
    """A fact whose wording holds a condition and the word that doubts or denies it, by what is said of that.

    `conditions` are those of the same sentence that some word doubts or denies.
    """
    if not each.entry.facts or each.entry.condition or each.status is not Status.PRESENT:
        return each
    span = each.span
    for other in conditions:
        inside = span.start < other.span.start < span.end
        if inside and other.trigger is not None and span.start <= other.trigger.start < span.end:
            return replace(
                each, span=other.span, status=other.status, trigger=other.trigger, signs=other.signs,
                leaning=other.leaning,
            )  # fmt: skip
    return each


def _fact(said: Statement, name: str | None) -> NoteFact:
    status = said.status
    if name is not None and name not in said.entry.facts and status is Status.PRESENT:
        status = Status.ABSENT
    if name is not None and name.startswith("family-") and any(each.status is Status.ABSENT for each in said.signs):
        status = Status.ABSENT  # "no family history of": the fact is the relative's disease, and it is denied
    return NoteFact(
        id=name,
        term=_term(said, name),
        status=status,
        span=said.span,
        section=said.section.name,
        trigger=said.trigger,
        side=said.side,
        severity=said.severity,
        measures=said.measures,
        tried=said.tried,
        sentence=said.sentence,
    )
