"""Questions for facts that coverage criteria miss: few, compliant, of the right person, and enough."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from claimwright.engine import Engine
from claimwright.model import Addressee, Questions, to_json
from claimwright.model.coverage import CriterionAnswer, Determination, State
from claimwright.model.policy import Criterion, PolicyVersion, Rule
from claimwright.queries.checklists import _fit
from claimwright.queries.missing import MOST_ITEMS, OpenPolicy, checklists, labels, wanted
from tests.test_queries import compliant

CODE = re.compile(r"\b[A-TV-Z]\d[0-9A-Z](?:\.[0-9A-Z]{1,4})?\b|\b(?:[A-Z]\d{4}|\d{5})\b")
BASE = {"id": "C", "setting": "professional", "service_from": "2026-05-15"}


def claim(payer: str, codes: list[str], lines: list[str], **more: Any) -> dict[str, Any]:
    return {**BASE, "payer": {"id": payer}, "diagnoses": codes, "lines": [{"code": each} for each in lines], **more}


def criteria_of(found: Questions) -> set[tuple[str | None, str]]:
    return {(each.policy, each.id) for one in found.questions for each in one.settles if each.policy}


def to_provider(found: Questions) -> list[str]:
    return [each.text for each in found.questions if each.to is Addressee.PROVIDER]


# ---- every policy, with facts missing -----------------------------------------------------------------


def atoms(node: Criterion) -> Iterator[Criterion]:
    if not node.rule.joins:
        yield node
    for child in node.children:
        yield from atoms(child)


def claims_of(engine: Engine) -> Iterator[tuple[str, PolicyVersion, dict[str, Any]]]:
    """A claim for every version of every policy with criteria, on a day when it is in force."""
    for policy in engine.book.policies.all():
        for version in policy.versions:
            if version.criteria is None:
                continue
            day = version.starts or version.known_on or (version.ends or date(2026, 5, 15)) - timedelta(days=1)
            families = engine.book.policies.families
            codes = [*version.services.codes, *(min(families[each]) for each in version.services.families)]
            listed = [
                code for each in version.diagnoses or () if each.covered for code in each.codes if "-" not in code
            ]
            payer = policy.payer if policy.payer != "any" else "nobody"
            yield (
                policy.id,
                version,
                {
                    "id": policy.id,
                    "setting": "professional",
                    "service_from": str(max(day, date(2015, 10, 1))),
                    "payer": {"id": payer, "state": (policy.states or ("OH",))[0]},
                    "diagnoses": [*(listed[:1] or ["R25.2"])],
                    "lines": [{"code": codes[0]}],
                },
            )


@pytest.mark.book
def test_every_policy_leads_to_few_compliant_questions(engine: Engine) -> None:
    kinds = {row["fact"]: row["kind"] for row in engine.book.lexicon_rows("facts")}
    asked_of = set()
    for name, version, plain in claims_of(engine):
        assert version.criteria is not None
        facts = sorted({each.fact for each in atoms(version.criteria) if each.fact and each.fact in kinds})
        for seed in range(6):
            pick = random.Random(f"{name}|{version.version}|{seed}")  # noqa: S311 - the same choice every time
            known = pick.sample(facts, k=len(facts) * seed // 6)
            stated = [{"id": each, "status": pick.choice(["present", "absent", "present"])} for each in known]
            made = plain | {"facts": stated}
            found = engine.query(made)
            assert [wrong for each in found.questions for wrong in compliant(each)] == [], (name, stated)
            assert to_json(found) == to_json(engine.query(made))
            shown = [each for each in found.questions if each.to is Addressee.PROVIDER]
            assert not [each for one in shown for each in (one.text, *one.options) if CODE.search(each)], name
            assert all(len(each.options) <= MOST_ITEMS + 4 for each in found.questions)
            texts = [each.text for each in found.questions]
            assert len(set(texts)) == len(texts)
            assert len(shown) <= len({kinds.get(each, each) for each in facts}) + open_points(found)
            assert len([one for one in shown if any(each.kind == "guidance" for each in one.settles)]) <= 1
            assert not [each for each in found.withheld if each.policy], (name, found.withheld)
            if criteria_of(found):
                asked_of.add(name)
            complete(engine, made, found)
    assert len(asked_of) >= 15


def open_points(found: Questions) -> int:
    return len({(each.kind, each.id, each.at) for one in found.questions for each in one.settles if not each.policy})


def complete(engine: Engine, made: dict[str, Any], found: Questions) -> None:
    """For every open policy some minimal set of missing facts is asked about as a whole."""
    coverage = engine.cover(made)
    asked = {(each.policy, each.fact) for one in found.questions for each in one.settles if each.policy}
    for answer in coverage.answers:
        if answer.criteria and answer.verdict is Determination.INSUFFICIENT and answer.missing_sets:
            sets = [{fact.id for fact in each} for each in answer.missing_sets]
            assert any(all((answer.policy, fact) in asked for fact in each) for each in sets), answer.policy
    if any(each.criteria for each in coverage.answers):
        assert not [each for one in found.questions for each in one.settles if each.kind == "guidance"]


@pytest.mark.book
def test_labels_and_checklists_name_what_there_is(engine: Engine) -> None:
    rows = {row["fact"]: row for row in engine.book.lexicon_rows("facts")}
    assert set(labels()) <= set(rows)
    assert {row["group"] for row in labels().values() if "group" in row} <= set(checklists())
    assert {row["kind"] for row in rows.values()} == {kind for row in checklists().values() for kind in row["kinds"]}
    for fact, row in rows.items():
        if row["kind"] != "condition":  # those are not listed
            assert _fit(str(labels().get(fact, {}).get("label") or row["says"])), fact


# ---- which facts are asked ----------------------------------------------------------------------------


def atom(fact: str) -> CriterionAnswer:
    return CriterionAnswer(f"of-{fact}", "", None, Rule.FACT, State.NOT_DOCUMENTED, asks=fact)


def opened(policy: str, *sets: str) -> OpenPolicy:
    """An open policy of sets of facts, each written as letters; capitals are facts of another group."""
    held = tuple(frozenset(each) for each in sets)
    every = frozenset().union(*held)
    return OpenPolicy(policy, False, held, {fact: (atom(fact),) for fact in sorted(every)}, every)


KINDS = dict.fromkeys("abcdef", "finding") | dict.fromkeys("ABCDEF", "symptom")


def test_facts_any_of_which_suffices_are_one_question_that_says_so() -> None:
    found = wanted([opened("p", "a", "b", "A")], KINDS)
    assert found.facts == {"examination": ("a", "b")}
    assert all(each.suffices for listed in found.settles.values() for each in listed)
    assert [(each.fact, each.policy) for each in found.deferred] == [("A", "p")]


def test_facts_needed_together_name_each_other() -> None:
    found = wanted([opened("p", "aA")], KINDS)
    assert found.facts == {"examination": ("a",), "symptoms": ("A",)}
    assert [(each.suffices, each.beside) for each in found.settles["a"]] == [(False, ("A",))]


def test_one_group_is_chosen_that_serves_two_policies() -> None:
    found = wanted([opened("p", "a", "A"), opened("q", "B")], KINDS)
    assert found.facts == {"symptoms": ("A", "B")}


@given(st.lists(st.lists(st.text("abcABC", min_size=1, max_size=3), min_size=1, max_size=5), min_size=1, max_size=3))
def test_what_is_asked_can_settle_every_policy(sets: list[list[str]]) -> None:
    opens = [opened(str(number), *each) for number, each in enumerate(sets)]
    found = wanted(opens, KINDS)
    asked = {fact for facts in found.facts.values() for fact in facts}
    for each in opens:
        assert any(one <= asked for one in each.sets)
        told = {one.fact for listed in found.settles.values() for one in listed if one.policy == each.policy}
        later = {one.fact for one in found.deferred if one.policy == each.policy}
        assert told | later == each.needed
    fewest = min(
        len(groups)
        for groups in ({"a"}, {"A"}, {"a", "A"})
        if all(any({"a" if f.islower() else "A" for f in one} <= groups for one in each.sets) for each in opens)
    )
    assert len(found.facts) == fewest


# ---- what a nurse and a clinician read ----------------------------------------------------------------

CRAMPS = (
    "HPI: leg cramps for 3 months. Exam: strength 5/5, no fasciculations. Reflexes normal.\n"
    "Family history: mother with muscle wasting."
)


@pytest.mark.book
def test_guidance_alone_is_at_most_one_checklist_and_says_what_it_is(engine: Engine) -> None:
    found = engine.query(claim("medicare", ["R25.2"], ["95909"], note=CRAMPS))
    asked = [each for each in found.questions if any(one.policy for one in each.settles)]
    assert len(asked) == 1
    assert {each.kind for each in asked[0].settles} == {"guidance"}
    assert asked[0].each == ("Found", "Not found", "Not examined")
    assert "Loss of sensation" in asked[0].options
    assert all(each.suffices for each in asked[0].settles)
    assert not [option for option in asked[0].options if "witching" in option or "reflex" in option]


@pytest.mark.book
def test_denied_facts_are_quoted_with_their_denial_and_relatives_are_not(engine: Engine) -> None:
    found = engine.query(claim("medicare", ["R25.2"], ["95909"], note=CRAMPS))
    asked = next(each for each in found.questions if each.each)
    assert "no fasciculations" in asked.text
    assert "mother" not in asked.text


@pytest.mark.book
def test_a_long_sentence_is_not_cut_before_its_denial(engine: Engine) -> None:
    filler = "and she walks every day with her dog along the river " * 6
    found = engine.query(
        claim("medicare", ["R25.2"], ["95909"], note=f"Fasciculations were looked for {filler}. Cramps.")
    )
    denied = engine.query(
        claim("medicare", ["R25.2"], ["95909"], note=f"On examination today {filler} no weakness. Cramps.")
    )
    assert all(len(one.says) <= 240 for each in (*found.questions, *denied.questions) for one in each.evidence)
    quoted = [one.says for each in denied.questions for one in each.evidence if "weakness" in one.says]
    assert quoted
    assert all("no weakness" in each for each in quoted)


@pytest.mark.book
def test_facts_of_the_claim_are_evidence(engine: Engine) -> None:
    facts = [{"id": "numbness", "status": "present", "value": "3 months"}, {"id": "motor-loss", "status": "absent"}]
    found = engine.query(claim("anthem", ["R20.2"], ["95909"], facts=facts))
    asked = next(each for each in found.questions if each.each)
    assert "weakness (absent)" in asked.text
    assert "Weakness" not in asked.options
    assert [each.says for each in asked.evidence if each.kind == "fact"] == ["weakness (absent)"]


@pytest.mark.book
def test_a_fact_of_the_claim_shows_what_a_gap_needs(engine: Engine) -> None:
    silent = {**BASE, "diagnoses": ["R25.2"], "note": "Leg cramps. MRI ordered."}
    assert engine.query(silent).questions == ()
    facts = [{"id": "physical-therapy", "status": "present"}]
    assert len(engine.query({**silent, "facts": facts}).questions) == 1
    assert engine.query({**silent, "facts": [{"id": "physical-therapy", "status": "absent"}]}).questions == ()


@pytest.mark.book
@pytest.mark.parametrize(
    "said",
    [
        "Physical therapy was declined.",
        "No physical therapy.",
        "Physical therapy cancelled.",
        "If worse, physical therapy.",
        "PT never started: physical therapy not needed.",
        "Family history: physical therapy.",
    ],
)
def test_what_was_not_done_is_no_indicator(engine: Engine, said: str) -> None:
    assert engine.query({**BASE, "diagnoses": ["R25.2"], "note": f"Leg cramps. MRI ordered. {said}"}).questions == ()


@pytest.mark.book
def test_ages_intervals_and_orders_are_for_the_coder(engine: Engine) -> None:
    found = engine.query(claim("medicare", ["Z12.11"], ["G0121"], patient={"age": 66, "sex": "F"}))
    assert to_provider(found) == []
    assert "earlier screening colonoscopy" in found.questions[0].text
    scan = engine.query(claim("medicare", ["Z87.891"], ["71271"]))
    coder = next(each for each in scan.questions if each.to is Addressee.CODER)
    assert "age" in coder.text
    assert "age" not in {one.fact for each in scan.questions if each is not coder for one in each.settles}


@pytest.mark.book
def test_a_bound_of_a_criterion_is_not_told(engine: Engine) -> None:
    found = engine.query(claim("medicare", ["J44.9"], ["E1390"], note="COPD. Dyspnea on exertion."))
    shown = " ".join([each.text + " ".join(each.options) for each in found.questions])
    assert "saturation" in shown
    assert "88" not in shown
    assert "55" not in shown


@pytest.mark.book
def test_what_the_note_has_begun_is_asked_to_its_end(engine: Engine) -> None:
    found = engine.query(claim("medicare", ["J84.10"], ["E1390"], note="SpO2 87%. Order home oxygen."))
    assert [each.id for one in found.questions for each in one.settles if one.to is Addressee.PROVIDER] == [
        "apart-rest"
    ]


@pytest.mark.book
def test_reported_diseases_are_answers_to_what_a_service_was_for(engine: Engine) -> None:
    found = engine.query(claim("aetna", ["G56.01"], ["95909"], note="Right hand numbness at night."))
    assert found.questions[0].options[1] == "Carpal tunnel syndrome, right upper limb"
    assert {each.policy for each in found.questions[0].settles} == {"CPB-0502"}


@pytest.mark.book
def test_what_the_claim_reports_is_not_asked_again(engine: Engine) -> None:
    note = "Type 2 diabetes mellitus. COPD with dyspnea."
    assert engine.query({**BASE, "diagnoses": ["E11.9", "J44.9"], "note": note}).questions[0].to is Addressee.CODER


@pytest.mark.book
def test_no_question_without_something_open(engine: Engine) -> None:
    met = [{"id": "spo2-rest", "status": "present", "value": "86 %"},
           {"id": "blood-gas-ordered-and-evaluated", "status": "present"}]  # fmt: skip
    assert criteria_of(engine.query(claim("medicare", ["J44.9"], ["E1390"], facts=met))) == set()


@pytest.mark.book
def test_words_of_a_users_policy_that_break_a_rule_are_withheld(engine: Engine) -> None:
    assert not _fit("higher payment for the practice")
    assert _fit("a tremor at rest")


@pytest.mark.book
def test_the_same_words_are_quoted_once(engine: Engine) -> None:
    found = engine.query(claim("anthem", ["R25.2"], ["95909"], note="Exam: no weakness. Leg cramps.\n" * 4))
    assert found.questions
    for each in found.questions:
        says = [one.says for one in each.evidence if one.kind == "note"]
        assert len(set(says)) == len(says)
