"""Questions that the engine makes: every one passes the checker, and together they settle all that is open."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from claimwright.engine import Engine
from claimwright.model import Addressee, Claim, Question, Questions, Setting, to_json
from claimwright.queries.ask import questions_of
from claimwright.queries.draft import NOT_ASSESSED, OTHER, UNABLE, Draft, question_of
from claimwright.queries.fewest import fewest
from claimwright.queries.lint import RULES, check_query
from claimwright.queries.matter import Matter
from claimwright.sources.lexicon import load_yaml
from tests import rule_cases
from tests.rule_cases import Case

CASES = Path(__file__).parent / "cases" / "queries"
ASKED = load_yaml(CASES / "claims.yaml")


def compliant(question: Question) -> list[str]:
    """What of a question is not as promised; empty when all is."""
    wrong = []
    checked = check_query(question.text, question.options)
    if not checked.ok or checked.passed != question.check:
        wrong.append(f"{question.id} breaks {[each.rule for each in checked.broken]}: {question.text}")
    if question.options:
        named = list(question.options[: -4 if question.each else -2])
        if question.options[-2:] != (OTHER, UNABLE) or len(named) < 2 or named != sorted(named, key=str.casefold):
            wrong.append(f"{question.id} offers {question.options}")
        if question.each and (question.options[-3] != NOT_ASSESSED or len(question.each) < 2):
            wrong.append(f"{question.id} is marked {question.each}")
    if question.to is Addressee.PROVIDER and not question.evidence:
        wrong.append(f"{question.id} has no evidence")
    if not question.settles:
        wrong.append(f"{question.id} settles nothing")
    return wrong


def open_findings(engine: Engine, claim: dict[str, Any]) -> set[tuple[str, object]]:
    return {(each.rule, each.at) for each in engine.check(claim).findings if each.fix.ask}


@pytest.mark.book
@pytest.mark.parametrize("file", sorted(rule_cases.FOLDER.rglob("*.yaml")), ids=lambda file: file.stem)
def test_questions_of_every_case_of_a_rule_pass_the_checker(file: Path, engine: Engine) -> None:
    for case in rule_cases.read(file):
        if case.book != "whole":
            continue
        found = engine.query(case.claim)
        assert [wrong for each in found.questions for wrong in compliant(each)] == [], case.name
        settled = {(each.id, each.at) for one in found.questions for each in one.settles if each.kind == "finding"}
        withheld = {(each.id, each.at) for each in found.withheld if each.kind == "finding"}
        assert settled == open_findings(engine, case.claim), (case.name, withheld)


@pytest.mark.book
@pytest.mark.parametrize("entry", ASKED, ids=lambda entry: entry["name"])
def test_a_claim_is_asked_what_its_case_says(entry: dict[str, Any], engine: Engine) -> None:
    found = engine.query(rule_cases._claim(dict(entry["claim"])))
    assert [wrong for each in found.questions for wrong in compliant(each)] == []
    asked = [(each.to.value, sorted({one.id for one in each.settles})) for each in found.questions]
    assert asked == [(each["to"], sorted(each["settles"])) for each in entry["asks"]], to_json(found)
    for wanted, each in zip(entry["asks"], found.questions, strict=True):
        assert wanted.get("text", "") in each.text
        assert set(wanted.get("options", ())) <= set(each.options), each.options
        assert not [word for word in wanted.get("never", ()) if word in each.text + " ".join(each.options)]
        note = entry["claim"].get("note", "")
        spans = [one.span for one in each.evidence if one.span]
        assert all(note[span.start : span.end] == span.text for span in spans)
        for words in wanted.get("quotes", ()):
            assert any(words in span.text for span in spans), words


@pytest.mark.book
def test_the_same_claim_gives_the_same_bytes(engine: Engine) -> None:
    claim = rule_cases._claim(dict(ASKED[0]["claim"]))
    assert to_json(engine.query(claim)) == to_json(engine.query(claim))


@pytest.mark.book
def test_the_document_has_the_keys_of_the_contract(engine: Engine) -> None:
    document = json.loads(to_json(engine.query(rule_cases._claim(dict(ASKED[0]["claim"])))))
    for question in document["questions"]:
        assert set(question) == {"id", "to", "text", "options", "evidence", "settles", "check"}
        assert question["check"] == list(RULES)


@pytest.mark.book
def test_a_provider_is_shown_no_code(engine: Engine) -> None:
    found = engine.query(rule_cases._claim(dict(ASKED[0]["claim"])))
    shown = [each.text + " ".join(each.options) for each in found.questions if each.to is Addressee.PROVIDER]
    assert shown
    assert not [text for text in shown if "R25.2" in text or "M62" in text]


# ---- candidates of a reading --------------------------------------------------------------------------


def matter(engine: Engine, claim: Claim, **known: Any) -> Matter:
    day = date(2026, 5, 15)
    return Matter(claim, day, engine.book, engine.check(claim, day), claim.note or "", notes=engine.notes, **known)


@pytest.mark.book
def test_candidates_of_the_same_words_are_one_question(engine: Engine) -> None:
    from claimwright.model import Candidate, CandidateStatus, Reading, Span

    note = "Leg cramps wake her from sleep. Broken wrist, cast applied."
    span, other = Span(0, 10, "Leg cramps"), Span(32, 44, "Broken wrist")
    decide = CandidateStatus.NEEDS_DECISION
    candidates = (
        Candidate("R25.2", "Cramp and spasm", True, (), "", CandidateStatus.SUPPORTED, spans=(span,)),
        Candidate("G47.62", "Sleep related leg cramps", True, (), "", decide, spans=(span,)),
        Candidate(
            "S62.10",
            "Fracture of unspecified carpal bone",
            False,
            (),
            "",
            decide,
            spans=(other,),
            unsettled=("laterality",),
        ),
    )
    reading = Reading("professional", date(2026, 5, 15), (), candidates)
    found = questions_of(matter(engine, Claim(Setting.PROFESSIONAL, (), note=note), reading=reading))
    assert [[each.id for each in one.settles] for one in found.questions] == [["G47.62"], ["S62.10"]]
    assert found.questions[0].options[:2] == ("Cramp and spasm", "Sleep related leg cramps")
    assert "side" in found.questions[1].text
    assert [wrong for each in found.questions for wrong in compliant(each)] == []


# ---- by construction ----------------------------------------------------------------------------------


def test_a_draft_that_cannot_be_worded_is_no_question() -> None:
    leading = Draft(Addressee.PROVIDER, "Please document sepsis for the DRG.", (), (), ())
    assert question_of(leading) is None


def test_words_of_a_note_on_payment_are_left_out() -> None:
    from claimwright.model import Evidence, Span

    paid = Evidence("note", "Insurer will not pay", span=Span(0, 20, "Insurer will not pay"))
    seen = Evidence("note", "Rash on both arms", span=Span(22, 39, "Rash on both arms"))
    asked = question_of(Draft(Addressee.PROVIDER, "Please clarify the cause, if known.", (), (paid, seen), ()))
    assert asked is not None
    assert asked.evidence == (seen,)
    assert asked.to is Addressee.PROVIDER
    without = question_of(Draft(Addressee.PROVIDER, "Please clarify the cause, if known.", (), (paid,), ()))
    assert without is None or without.to is Addressee.CODER


@given(st.lists(st.frozensets(st.integers(0, 6), min_size=1), max_size=7))
def test_the_fewest_sets_are_as_few_as_trying_all_finds(sets: list[frozenset[int]]) -> None:
    everything = frozenset().union(*sets) if sets else frozenset()
    chosen = fewest(sets)
    assert frozenset().union(*(sets[each] for each in chosen)) == everything if chosen else not everything
    least = min(
        bin(mask).count("1")
        for mask in range(1 << len(sets))
        if frozenset().union(*(sets[n] for n in range(len(sets)) if mask >> n & 1)) == everything
    )
    assert len(chosen) == least


def test_no_questions_are_a_document_too() -> None:
    assert json.loads(to_json(Questions("C", date(2026, 1, 1), ())))["questions"] == []


@pytest.mark.book
def test_cases_of_other_books_are_known(engine: Engine) -> None:
    assert [each for each in rule_cases.every() if isinstance(each, Case) and each.book == "whole"]


@pytest.mark.book
def test_a_note_beside_the_claim_stands_in_place_of_its_own(engine: Engine) -> None:
    claim = {"setting": "professional", "service_from": "2026-05-15", "diagnoses": ["I50.9"], "note": "EF 30 %."}
    own = [each.to.value for each in engine.query(claim).questions]
    other = [each.to.value for each in engine.query(claim, note="Feels well.").questions]
    assert "provider" in own
    assert "provider" not in other


@pytest.mark.book
@pytest.mark.parametrize(
    "note", ["", " \n ", "\x00\x07", '"' * 50, "transfusion " * 20_000, "Anemia. Transfusion: 2 units PRBC?! (please)"]
)
def test_any_note_is_taken(engine: Engine, note: str) -> None:
    claim = {"setting": "inpatient", "service_from": "2026-05-15", "diagnoses": ["D64.9"], "note": note}
    found = engine.query(claim)
    assert [wrong for each in found.questions for wrong in compliant(each)] == []
