"""`ask`: a plain question on coverage, with what is known beside it, to the answer of every policy."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import TYPE_CHECKING, Any

from claimwright.answers.compose import Composer, Wording
from claimwright.answers.follow import context_of, follow_ups, merged
from claimwright.answers.refuse import refusal
from claimwright.answers.understand import Reader, Reading
from claimwright.errors import InputError
from claimwright.model import Claim, Coverage, Diagnosis, NoteFact, Patient, Payer, ServiceLine, Setting
from claimwright.model.asking import AUDIENCES, Asked, DiagnosisAsked, SectionedAnswer, ServiceAsked, Understood

if TYPE_CHECKING:
    from claimwright.book.store import Book
    from claimwright.model import Policy
    from claimwright.notes.reading import Notes

MOST_CHARACTERS = 4000
_MOST_OTHERS = 4
"""Other readings of an ambiguous diagnosis that are judged too."""

Cover = Callable[[Claim, "Sequence[Policy] | None", Callable[[Claim], Sequence[NoteFact]], date], Coverage]
"""Judges a claim by policies (None: those of the book), with the reading of its note, on a day."""


@dataclass(frozen=True, slots=True)
class Given:
    """What is known beside the question: options, a claim, a note, policies, the previous answer's context.

    `named` says that `day` was named as date of service; else it is only the day of asking.
    """

    payer: str | None = None
    state: str | None = None
    mac: str | None = None
    day: date | None = None
    claim: Claim | None = None
    note: str | None = None
    policies: Sequence[Policy] | None = None
    context: Mapping[str, Any] = field(default_factory=dict)
    keep: Mapping[str, Any] = field(default_factory=dict)


class Asker:
    """Answers questions over one book. Safe to share between threads."""

    def __init__(self, book: Book, notes: Notes, cover: Cover) -> None:
        self.book, self.notes, self.cover = book, notes, cover
        self.reader = Reader(book, notes)

    def ask(self, question: str, audience: str = "coder", given: Given | None = None) -> Asked:
        """The answer to a question; one outside the data is refused with what can be asked.

        Errors: `InputError` for an empty or overlong question, a control character, an audience that is not one.
        """
        text = checked(question)
        if audience not in AUDIENCES:
            raise InputError("audience", f"found {audience!r}", f"one of {', '.join(AUDIENCES)}")
        known = given or Given()
        today = known.day or date.today()
        payers = [name for each in known.policies or () for name in (each.payer, each.payer_name) if name]
        reading = self.reader.read(text, today, bool(known.context), payers)
        wording = Wording(self.book.lexicon_rows("audience-words"), audience)
        refused = refusal(reading, bool(known.context) or known.claim is not None)
        if refused:
            nothing = SectionedAnswer((), ())
            return Asked(text, audience, reading.said, None, nothing, (), wording("disclaimer"), refused)
        return self._answered(text, audience, wording, reading, known, today)

    def _answered(
        self, text: str, audience: str, wording: Wording, reading: Reading, given: Given, today: date
    ) -> Asked:
        said, facts = merged(reading, given.context)
        said = _with_given(said, given)
        claim, facts_of = self._claim(said, facts, given)
        coverage = self.cover(claim, given.policies, facts_of, today)
        differing = self._differing(said, claim, coverage, given, facts_of, today)
        said = replace(said, day=said.day or claim.service_from)
        service = said.service or ", ".join(
            dict.fromkeys(self._family(each) if each.said else each.code for each in said.procedures)
        )
        facts_rows = self.book.lexicon_rows("facts")
        says = {row["fact"]: row["says"] for row in facts_rows}
        terms = {row["fact"]: row["terms"][0] for row in facts_rows if row["kind"] != "measure" and row["terms"]}
        answer = Composer(wording, says, self.reader.lexicon.payer_says).composed(said, coverage, differing, service)
        return Asked(
            question=text,
            audience=audience,
            understood=said,
            coverage=coverage,
            answer=answer,
            follow_ups=follow_ups(said, coverage, self.reader.lexicon, terms),
            disclaimer=wording("disclaimer"),
            differing=differing,
            context=context_of(text, said, claim, given.context, given.keep, facts),
        )

    def _family(self, each: ServiceAsked) -> str:
        return self.reader.lexicon.family_says.get(each.family or "", each.code)

    def _claim(
        self, said: Understood, facts: tuple[NoteFact, ...], given: Given
    ) -> tuple[Claim, Callable[[Claim], Sequence[NoteFact]]]:
        """The claim that is judged, and what reads its note: the note's facts and the question's own."""
        base = given.claim or Claim(Setting.PROFESSIONAL, ())
        note = given.note or base.note or given.context.get("note")
        read = (*(self.notes.facts(note) if note else ()), *facts)
        lines = _lines(said, base)
        diagnoses = tuple(Diagnosis(each.code) for each in said.diagnoses) or base.diagnoses
        day = said.day or base.service_from
        claim = replace(
            base,
            diagnoses=diagnoses,
            lines=lines,
            payer=Payer(said.payer, said.state, said.mac),
            patient=replace(
                base.patient,
                age=said.age if said.age is not None else base.patient.age,
                sex=said.sex or base.patient.sex,
            ),
            service_from=day,
            service_to=base.service_to if day == base.service_from else day,
            note=note or ("." if read else None),  # the question's own facts are read although there is no note
        )
        return claim, lambda _: read

    def _differing(
        self, said: Understood, claim: Claim, coverage: Coverage, given: Given, facts_of: Any, today: date
    ) -> tuple[dict[str, Any], ...]:
        """Where another reading of ambiguous words gives a policy another answer."""
        out = []
        before = {each.policy: each for each in coverage.answers}
        for each in said.diagnoses if before else ():
            for other in each.alternatives[:_MOST_OTHERS] if each.ambiguous else ():
                codes = tuple(
                    replace(one, code=other.code) if one.code == each.code else one for one in claim.diagnoses
                )
                again = self.cover(replace(claim, diagnoses=codes), given.policies, facts_of, today)
                for answer in again.answers:
                    first = before.get(answer.policy)
                    if first and (first.verdict, first.diagnosis_listed) != (answer.verdict, answer.diagnosis_listed):
                        out.append({"said": each.said, "code": other.code, "policy": answer.policy,
                                    "verdict": answer.verdict.value,
                                    "diagnosis_listed": answer.diagnosis_listed.value})  # fmt: skip
        return tuple(out)


def checked(question: str) -> str:
    """The question in one line; `InputError` for nothing, too much, or what is no text."""
    text = question.strip()
    if not text:
        raise InputError("question", "is empty", "a question on coverage in plain words")
    if len(text) > MOST_CHARACTERS:
        raise InputError("question", f"has {len(text)} characters", f"at most {MOST_CHARACTERS}; a note goes to --note")
    for place, each in enumerate(text):
        if (ord(each) < 32 or 127 <= ord(each) < 160) and each not in "\t\n\r":
            raise InputError(f"question, character {place + 1}", "is a control character", "plain text")
        if 0xD800 <= ord(each) <= 0xDFFF:
            raise InputError(f"question, character {place + 1}", "is not UTF-8", "plain text")
    return " ".join(text.split())


def _lines(said: Understood, base: Claim) -> tuple[ServiceLine, ...]:
    """The services asked about; a claim's own lines where they are among them, or where none was asked."""
    asked = {each.code for each in said.procedures}
    own = tuple(each for each in base.lines if each.code.strip().upper() in asked)
    if own or (not asked and not said.service):
        return own or base.lines
    return tuple(ServiceLine(each.code, (each.modifier,) if each.modifier else ()) for each in said.procedures)


def _with_given(said: Understood, given: Given) -> Understood:
    """What the question says, completed by the options and the claim; the question's own words go first."""
    claim = given.claim
    payer = claim.payer if claim else Payer()
    patient = claim.patient if claim else Patient()
    out = replace(
        said,
        payer=said.payer or given.payer or payer.id,
        payer_known=said.payer_known or not said.payer,
        state=said.state or (given.state.upper() if given.state else None) or payer.state,
        mac=said.mac or given.mac or payer.mac,
        age=said.age if said.age is not None else patient.age,
        sex=said.sex or (patient.sex if patient.sex != "U" else None),
        day=said.day or (claim.service_from if claim else None) or given.day,
    )
    if not out.diagnoses and claim:
        out = replace(out, diagnoses=tuple(DiagnosisAsked(each.code, None, None, "claim") for each in claim.diagnoses))
    if not out.procedures and not out.service and claim:
        out = replace(out, procedures=tuple(ServiceAsked(each.code, None, None) for each in claim.lines))
    if out.date is None and out.day is not None:
        out = replace(out, date=out.day.isoformat())
    return out
