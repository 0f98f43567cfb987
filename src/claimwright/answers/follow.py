"""Follow-up questions: what may come next, and what the next question keeps of the one before."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import msgspec

from claimwright.answers.lexicon import QuestionWords
from claimwright.answers.understand import Reading
from claimwright.coverage.select import PLACE
from claimwright.errors import InputError
from claimwright.model import Claim, Coverage, NoteFact
from claimwright.model.asking import FollowUp, Understood

_MOST = 6


def merged(reading: Reading, context: Mapping[str, Any]) -> tuple[Understood, tuple[NoteFact, ...]]:
    """What the question says on top of what was said before, and the facts of both."""
    said = reading.said
    if not context:
        return said, reading.read
    before = _before(context)
    if said.payer:  # another payer: the contractor goes with it, the state stays
        before = replace(before, payer=None, payer_name=None, mac=None)
    if said.state:
        before = replace(before, mac=None)
    service = said.procedures or said.service
    facts = {each.id: each for each in _facts(context)}
    facts |= {each.id: each for each in reading.read}
    told = {each.id: each for each in before.facts} | {each.id: each for each in said.facts}
    out = replace(
        said,
        procedures=said.procedures or (() if service else before.procedures),
        families=said.families if service else before.families,
        service=said.service or (None if service else before.service),
        diagnoses=said.diagnoses or before.diagnoses,
        payer=said.payer or before.payer,
        payer_name=said.payer_name or before.payer_name,
        payer_known=said.payer_known if said.payer else before.payer_known,
        state=said.state or before.state,
        mac=said.mac or before.mac,
        date=said.date or before.date,
        day=said.day or before.day,
        age=said.age if said.age is not None else before.age,
        sex=said.sex or before.sex,
        facts=tuple(told.values()),
        assumed=tuple(dict.fromkeys((*before.assumed, *said.assumed))),
    )
    return out, tuple(facts.values())


def _before(context: Mapping[str, Any]) -> Understood:
    try:
        return msgspec.convert(context.get("understood") or {}, Understood)
    except msgspec.ValidationError as error:
        raise InputError("context", str(error), "the JSON of a previous `ask`") from None


def _facts(context: Mapping[str, Any]) -> list[NoteFact]:
    try:
        return msgspec.convert(context.get("facts") or [], list[NoteFact])
    except msgspec.ValidationError as error:
        raise InputError("context", str(error), "the JSON of a previous `ask`") from None


def context_of(
    question: str,
    said: Understood,
    claim: Claim,
    before: Mapping[str, Any],
    keep: Mapping[str, Any],
    facts: tuple[NoteFact, ...] = (),
) -> dict[str, Any]:
    """What a follow-up question keeps: everything understood so far, the facts, the note, the policies."""
    out: dict[str, Any] = {
        "questions": [*before.get("questions", ()), question],
        "understood": msgspec.to_builtins(said),
        "facts": msgspec.to_builtins(facts),
    }
    if claim.note and claim.note != ".":
        out["note"] = claim.note
    for name in ("policies", "policies_file", "claim"):
        value = keep.get(name, before.get(name))
        if value is not None:
            out[name] = value
    return out


def follow_ups(
    said: Understood, coverage: Coverage, lexicon: QuestionWords, terms: Mapping[str, str]
) -> tuple[FollowUp, ...]:
    """The questions that would bring an answer further, most useful first; each is understood as it stands.

    `terms` are facts by a wording that states them.
    """
    found = list(dict.fromkeys(_next(said, coverage, lexicon, terms)))[:_MOST]
    return tuple(FollowUp(f"f{number}", text, why) for number, (text, why) in enumerate(found, start=1))


def _next(
    said: Understood, coverage: Coverage, lexicon: QuestionWords, terms: Mapping[str, str]
) -> Iterator[tuple[str, str]]:
    yield from _payers_and_states(said, coverage, lexicon)
    for fact in coverage.next_facts[:2] if coverage.answers else ():
        name = terms.get(fact.id)
        if name and fact.needed in ("present", "absent"):
            yield (
                (f"And with {name}?" if fact.needed == "present" else f"And without {name}?"),
                "a fact that would decide",
            )
    for each in said.diagnoses:
        for other in each.alternatives[:1] if each.ambiguous else ():
            yield f"And for {other.code}?", "the words do not decide the diagnosis"
    if coverage.answers:
        for topic, text in (
            ("documentation", "What must be documented?"),
            ("denials", "Why would it be denied?"),
            ("alternatives", "What are the alternatives?"),
        ):
            if topic not in said.asks:
                yield text, "another part of the answer"


def _payers_and_states(said: Understood, coverage: Coverage, lexicon: QuestionWords) -> Iterator[tuple[str, str]]:
    if not coverage.answers:
        payers = dict.fromkeys(each.payer for each in coverage.not_selected if each.payer in lexicon.payer_says)
        for payer in list(payers)[:3]:
            if payer != said.payer:
                yield f"What about {lexicon.payer_says[payer]}?", "a policy of this payer is loaded"
    topics = {each.topic for each in coverage.supply}
    if PLACE in topics and coverage.answers and not said.state:
        states = dict.fromkeys(s for each in coverage.answers for s in (each.jurisdiction.get("states") or ())[:1])
        for state in list(states)[:1]:
            yield f"And in {lexicon.state_names.get(state, state)}?", "local rules differ"
