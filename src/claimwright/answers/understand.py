"""From a question to what it says: services, diagnoses, payer, place, day, person, facts, and what it asks for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import TYPE_CHECKING, NamedTuple

from claimwright.answers import places
from claimwright.answers.codes import CodeSaid, Known, codes_said
from claimwright.answers.diagnoses import CERTAIN, LEAST, Namer
from claimwright.answers.lexicon import Cue, QuestionWords
from claimwright.answers.person import age_said, sex_said
from claimwright.answers.text import Word, words_of
from claimwright.answers.when import days_said
from claimwright.coverage.facts import QUESTION
from claimwright.model.asking import DiagnosisAsked, FactAsked, ServiceAsked, Understood
from claimwright.model.reading import NoteFact, Status

if TYPE_CHECKING:
    from claimwright.book.store import Book
    from claimwright.notes.reading import Notes

_SHORT_WORD = 0.85
"""A single word stands for a diagnosis only by a better score."""
_MOST_RUNS = 8
_AROUND = 4
"""Words before a run that may say of what kind it is."""
_CONDITION = frozenset({"for", "with", "if", "when", "because", "after"})
"""Words behind which a condition stands, not a service."""
_SUPPOSING = frozenset({"if", "when", "whether", "would", "should", "could", "can"})
_DATED = frozenset({"on", "in", "from", "since", "of"})
"""Words that a day of service may bring along."""


class Run(NamedTuple):
    """Words between what has been understood: `first` to `last`, what stands before, whether it is denied."""

    first: int
    last: int
    led: str
    denied: bool


@dataclass(slots=True)
class Reading:
    """A question being read; `taken` marks the words already understood."""

    text: str
    words: list[Word]
    taken: list[bool]
    cues: list[Cue] = field(default_factory=list)
    cue_words: set[int] = field(default_factory=set)
    said: Understood = field(default_factory=Understood)
    read: tuple[NoteFact, ...] = ()
    about_relative: bool = False

    def take(self, start: int, end: int) -> None:
        """Mark the words of these characters."""
        for index, word in enumerate(self.words):
            if word.start < end and start < word.end:
                self.taken[index] = True

    def between(self, run: Run) -> str:
        """The text of a run."""
        return self.text[self.words[run.first].start : self.words[run.last - 1].end]


class Reader:
    """Reads questions over one book and its notes' reader."""

    def __init__(self, book: Book, notes: Notes) -> None:
        self.book, self.notes = book, notes
        self.lexicon = QuestionWords(book)

    def read(self, text: str, today: date, more: bool = False, payers: Sequence[str] = ()) -> Reading:
        """What the text says; `today` is the day from which it was asked, `more` that it follows a question.

        `payers` are those of policies that came with the question.
        """
        words = words_of(text)
        out = Reading(text, words, [False] * len(words))
        self._cues(out)
        out.about_relative = self._about_relative(words)
        services, codes = self._codes(out, today)
        self._day(out, today)
        self._person(out)
        services = self._services(out, services)
        self._payer(out, payers)
        self._facts(out)
        self._diagnoses(out, codes, bool(services), today, more)
        return out

    # ---- what is asked ---------------------------------------------------------------------------

    def _cues(self, out: Reading) -> None:
        for wordings in self.lexicon.cues.values():
            for each in wordings.find(out.words):
                out.cues.append(each.means)
                if each.means.kind != "refuse":
                    out.cue_words |= set(range(each.first, each.last))
        topics = {each.means for wordings in self.lexicon.asks for each in wordings.find(out.words)}
        order = ("documentation", "denials", "appropriate", "alternatives", "frequency")
        out.said = replace(out.said, asks=tuple(each for each in order if each in topics) or ("cover",))

    def _about_relative(self, words: Sequence[Word]) -> bool:
        """Is a relative the patient ("my mother, 72, has ...; will it pay for her ...")?"""
        told = [word.lower for word in words]
        spoken = self.lexicon.small["relative"] & set(told)
        past = {"had", "history", "whose"} & set(told)
        return bool(spoken) and not past and bool({"she", "he", "her", "his", "him"} & set(told))

    # ---- codes, days, persons --------------------------------------------------------------------

    def _codes(self, out: Reading, today: date) -> tuple[list[ServiceAsked], list[CodeSaid]]:
        known = Known(self.book, self.book.policies.families, today)
        family_of = {code: name for name, codes in self.book.policies.families.items() for code in sorted(codes)}
        found = codes_said(out.text, known)
        for each in found:
            out.take(each.start, each.end)
        services = [
            ServiceAsked(each.code, family_of.get(each.code), out.text[each.start : each.end], each.modifier)
            for each in found
            if each.kind == "procedure"
        ]
        return services, [each for each in found if each.kind == "diagnosis"]

    def _day(self, out: Reading, today: date) -> None:
        days = days_said(out.text, today)
        days = [each for each in days if not any(out.taken[i] for i in _inside(out.words, each.start, each.end))]
        if not days:
            return
        chosen = next((each for each in days if each.precision == "day"), days[0])
        for each in days:
            out.take(each.start, each.end)
        assumed = f"the year {chosen.day.year}" if chosen.assumed else ""
        if chosen.precision != "day":
            assumed = f"the day {chosen.day}"
        out.said = replace(
            out.said, date=chosen.said, day=chosen.day, assumed=(*out.said.assumed, *([assumed] if assumed else []))
        )

    def _person(self, out: Reading) -> None:
        age = age_said(out.text)
        if age:
            out.take(age[0], age[1])
        sex = sex_said(out.text, out.words, self.lexicon)
        for each in self.lexicon.sexes.find(out.words, out.taken):
            out.taken[each.first : each.last] = [True] * (each.last - each.first)
        out.said = replace(out.said, age=age[2] if age else None, sex=sex)

    # ---- services and payers ---------------------------------------------------------------------

    def _services(self, out: Reading, services: list[ServiceAsked]) -> list[ServiceAsked]:
        named: dict[str, str] = {}
        for each in self.lexicon.families.find(out.words, out.taken):
            said = out.text[out.words[each.first].start : out.words[each.last - 1].end]
            named.setdefault(each.means, said)
            out.taken[each.first : each.last] = [True] * (each.last - each.first)
        if not services:
            families = self.book.policies.families
            services = [
                ServiceAsked(code, name, said) for name, said in named.items() for code in sorted(families[name])
            ]
        families_said = dict.fromkeys([*(each.family for each in services if each.family), *named])
        unique = {each.code: each for each in reversed(services)}
        services = sorted(unique.values(), key=services.index)
        out.said = replace(out.said, procedures=tuple(services), families=tuple(families_said))
        return services

    def _payer(self, out: Reading, payers: Sequence[str]) -> None:
        payer = places.payer_of(out.words, out.taken, payers) if payers else None
        payer = payer or places.payer_said(out.words, out.taken, self.lexicon)
        mac = places.contractor_said(out.words, out.taken, self.lexicon)
        state = places.state_said(out.words, out.taken, self.lexicon)
        payer = payer or places.unknown_payer(out.text, out.words, out.taken)
        assumed = out.said.assumed
        name, known, says = (payer.payer, payer.known, payer.name) if payer else (None, False, None)
        if mac and name is None:
            name, known, says = places.MEDICARE, True, self.lexicon.payer_says.get(places.MEDICARE)
            assumed = (*assumed, f"Medicare, because {mac} is one of its contractors")
        out.said = replace(
            out.said, payer=name, payer_name=says, payer_known=known, mac=mac, state=state, assumed=assumed
        )

    # ---- facts -----------------------------------------------------------------------------------

    def _facts(self, out: Reading) -> None:
        """Facts of the patient: a question mark makes none of them uncertain, an "if" supposes them."""
        read = []
        for each in self.notes.facts(out.text.replace("?", ".")):
            inside = _inside(out.words, each.span.start, each.span.end)
            if each.id is None or any(out.taken[index] for index in inside):
                continue
            supposed = each.status is Status.HYPOTHETICAL and _supposed(each)
            hers = each.status is Status.FAMILY and out.about_relative and not str(each.id).startswith("family-")
            served = each.status is Status.HISTORICAL and self._is_day(out, each)
            status = Status.PRESENT if supposed or hers or served else each.status
            read.append((replace(each, section=QUESTION, status=status), supposed))
        out.read = tuple(each for each, _ in read)
        out.said = replace(
            out.said,
            facts=tuple(
                FactAsked(
                    str(each.id), each.status.value, each.span.text, supposed, each.span,
                    each.measures[0].value if each.measures else None,
                )
                for each, supposed in read
            ),
        )  # fmt: skip

    def _is_day(self, out: Reading, fact: NoteFact) -> bool:
        """Is a fact past only by the date of service, which stands beside it?"""
        if fact.trigger is None:
            return False
        inside = _inside(out.words, fact.trigger.start, fact.trigger.end)
        return out.said.date is not None and all(
            out.taken[index] or out.words[index].lower in _DATED or out.words[index].sign for index in inside
        )

    # ---- diagnoses -------------------------------------------------------------------------------

    def _diagnoses(self, out: Reading, codes: list[CodeSaid], served: bool, today: date, more: bool) -> None:
        namer = Namer(self.book, out.said.day or today)
        found: dict[str, DiagnosisAsked] = {}
        for code in codes:
            found.setdefault(code.code, namer.of_code(code.code, said=out.text[code.start : code.end]))
        service, open_, only_facts = None, [], []
        runs = list(self._runs(out))[:_MOST_RUNS]
        wanted = None if served or (more and not out.cues) else self._service_run(out, runs)
        for run in runs:
            text = out.between(run)
            stated = None if run.denied else self._stated(out, run)
            if stated is None:
                continue
            if stated:
                only_facts.append(run)
                continue
            least = CERTAIN if run is wanted else _SHORT_WORD if run.last - run.first == 1 else LEAST
            each = self._named(out, namer, run, text, least)
            if each is not None:
                found.setdefault(each.code, each)
            elif run is wanted:
                service = text
            else:
                open_.append(text)
        for run in only_facts if not found and not more else ():  # the complaint itself is all that was named
            each = self._named(out, namer, run, out.between(run), LEAST)
            if each is not None:
                found.setdefault(each.code, each)
        out.said = replace(out.said, diagnoses=tuple(found.values()), service=service, not_understood=tuple(open_))

    def _service_run(self, out: Reading, runs: Sequence[Run]) -> Run | None:
        """The words that stand where a service does: behind "cover", before "covered", else the first."""
        after = next((run for run in runs if self._beside_cue(out, run.first - 1, -1)), None)
        before = next((run for run in runs if self._beside_cue(out, run.last, 1)), None)
        return after or before or next(iter(runs), None)

    def _beside_cue(self, out: Reading, index: int, step: int) -> bool:
        """Does a cue stand beside a run, with only small words between that bring in no condition?"""
        while 0 <= index < len(out.words):
            word = out.words[index]
            if index in out.cue_words:
                return True
            if (
                word.sign
                or out.taken[index]
                or word.lower in _CONDITION
                or word.lower not in self.lexicon.small["frame"]
            ):
                return False
            index += step
        return False

    def _named(self, out: Reading, namer: Namer, run: Run, text: str, least: float) -> DiagnosisAsked | None:
        small = self.lexicon.small
        own = [each for each in out.read if set(_inside(out.words, *each.span[:2])) & set(range(run.first, run.last))]
        near = {word.lower for word in out.words[max(0, run.first - _AROUND) : run.last]}
        if not out.about_relative and (any(map(_of_family, own)) or small["relative"] & near):
            told = small["relative-told"]
            core = [w.lower for w in out.words[run.first : run.last] if not w.sign and w.lower not in told]
            return namer.of_relative(text, " ".join(core))
        beside = {word.lower for word in (*out.words[: run.first], *out.words[run.last :]) if not word.sign}
        whole = namer.of_words(text, self._phrasings(out, run, text), least, beside)
        if whole is not None:
            return whole
        for at in range(run.first + 1, run.last - 1):  # "cramps with weakness" where the whole names nothing
            if out.words[at].lower in small["joint"]:
                part = out.between(Run(run.first, at, run.led, False))
                named = namer.of_words(part, [part], max(least, _SHORT_WORD), beside)
                if named is not None:
                    return named
        return None

    def _phrasings(self, out: Reading, run: Run, text: str) -> Iterator[str]:
        """A run as official wordings would have it: a search for a disease, a drug taken; then as it stands."""
        searching = self.lexicon.small["searching"]
        before = {word.lower for word in out.words[max(0, run.first - _AROUND) : run.first]}
        inside = out.words[run.first : run.last]
        if searching & (before | {word.lower for word in inside}):
            core = " ".join(word.text for word in inside if word.lower not in searching | {"for", "to"})
            yield f"encounter for screening for {core}"
        if self.lexicon.small["taking"] & before:
            yield f"long term current use of {text}"
        yield text

    def _stated(self, out: Reading, run: Run) -> bool | None:
        """Is a run nothing but facts of the patient, no condition? None where they are denied or only supposed."""
        words = {index for index in range(run.first, run.last) if not out.words[index].sign}
        covered = set()
        supposed = {each.span for each in out.said.facts if each.supposed}
        for each in out.read:
            inside = set(_inside(out.words, each.span.start, each.span.end))
            covered |= inside
            if inside & words and (each.status is Status.ABSENT or each.span in supposed):
                return None
            if inside & words and (_of_family(each) or each.id in self.lexicon.conditions):
                return False
        small = self.lexicon.small["joint"] | self.lexicon.small["frame"]
        return not [index for index in words if index not in covered and out.words[index].lower not in small]

    def _runs(self, out: Reading) -> Iterator[Run]:
        """What is left: words not taken, without small words at their ends; signs, cues and small words part them."""
        joint, apart, frame = (self.lexicon.small[kind] for kind in ("joint", "apart", "frame"))
        covered = {i for each in out.read for i in _inside(out.words, each.span.start, each.span.end)}
        start, led, denied = None, "", False
        for index in range(len(out.words) + 1):
            word = out.words[index] if index < len(out.words) else None
            inner = start is not None and word is not None and (word.lower in joint or word.text in "-/'\u2019")
            fits = word is not None and not out.taken[index] and index not in out.cue_words and word.lower not in apart
            content = fits and word is not None and not word.sign and (word.lower not in frame or index in covered)
            if content and start is None:
                start = index
            if start is not None and not content and not (fits and inner):
                run = _trimmed(out.words, start, index, joint | frame, covered)
                told = self.lexicon.small["relative-told"]
                if run and any(word.lower not in told for word in out.words[run[0] : run[1]] if not word.sign):
                    yield Run(*run, led, denied)
                start = None
                led, denied = "", False
            if word is not None and start is None and not content:
                led = "" if word.sign else word.lower
                denied = (denied or word.lower in apart) and not (word.sign and word.text in ",.;:")


def _of_family(fact: NoteFact) -> bool:
    return fact.status is Status.FAMILY or (
        str(fact.id).startswith("family-history") and fact.status is not Status.ABSENT
    )


def _supposed(fact: NoteFact) -> bool:
    return fact.trigger is None or fact.trigger.text.lower().split()[0] in _SUPPOSING


def _inside(words: Sequence[Word], start: int, end: int) -> list[int]:
    return [index for index, word in enumerate(words) if word.start < end and start < word.end]


def _trimmed(
    words: Sequence[Word], first: int, last: int, small: frozenset[str], kept: set[int]
) -> tuple[int, int] | None:
    while first < last and (words[first].sign or (words[first].lower in small and first not in kept)):
        first += 1
    if not any(word.text.isalpha() and len(word.text) > 1 for word in words[first:last]):
        return None
    while last > first and (words[last - 1].sign or (words[last - 1].lower in small and last - 1 not in kept)):
        last -= 1
    return (first, last) if first < last else None
