"""The coverage page: what the engine answers, one card for each policy, in the words of a reader, and what follows."""

from __future__ import annotations

import html
import json
import re
from typing import Any

import pytest
from starlette.testclient import TestClient

from claimwright.answers.ask import Given
from claimwright.engine import Engine
from claimwright.interfaces.web.app import create_app
from claimwright.interfaces.web.coverage import PLAIN_QUESTION
from claimwright.model import plain
from claimwright.model.asking import AUDIENCES
from tests.web_forms import claim, hidden, post, words

pytestmark = pytest.mark.book

FORM = {"procedure": "95886, 95910", "diagnosis": "R25.2", "payer": "medicare", "state": "WI", "date": "2025-11-15"}
QUESTION = "Does Medicare cover nerve conduction studies for R25.2 with weakness?"


@pytest.fixture(scope="module")
def client(engine: Engine) -> TestClient:
    return TestClient(create_app(engine))


def asked_claim(**keys: Any) -> Any:
    return claim(diagnoses=["R25.2"], lines=[{"code": "95886"}, {"code": "95910"}], service_to="2025-11-15",
                 payer={"id": "medicare", "state": "WI"}, **keys)  # fmt: skip


def resolves(page: str) -> None:
    """Every citation leads to a source of the page."""
    ids = set(re.findall(r'id="([^"]+)"', page))
    cited = re.findall(r'class="cite" href="#([^"]+)"', page)
    assert cited and set(cited) <= ids
    assert len(re.findall(r'id="([^"]+)"', page)) == len(ids)


def test_a_form_is_answered_as_cover_answers(client: TestClient, engine: Engine) -> None:
    covered = engine.cover(asked_claim())
    asked = engine.ask(PLAIN_QUESTION, "coder", Given(claim=asked_claim()))
    assert plain(asked.coverage) == plain(covered)
    answer = post(client, "/coverage", FORM)
    said = words(answer.text)
    assert answer.status_code == 200 and covered.answers
    for each in (*covered.answers, *covered.editorial):
        assert each.policy in said and each.verdict.value.replace("-", " ") in said
        assert " ".join(each.why.split())[1:60] in said
        for node in each.criteria.walk() if each.criteria else ():
            assert " ".join(node.says.split()) in said
    assert asked.disclaimer in said
    resolves(answer.text)


def test_a_note_decides_criteria_and_is_quoted(client: TestClient, engine: Engine) -> None:
    note = "Cramps for six months. Fasciculations of both calves. No weakness."
    covered = engine.cover(asked_claim(note=note))
    said = words(post(client, "/coverage", {**FORM, "note": note}).text)
    spans = [fact.span.text for each in (*covered.answers, *covered.editorial) if each.criteria
             for node in each.criteria.walk() for fact in node.facts if fact.span]  # fmt: skip
    assert spans
    for each in spans:
        assert f"“{' '.join(each.split())}”" in said


def test_codes_may_stand_in_an_address(client: TestClient) -> None:
    answer = client.get("/coverage", params={**FORM, "audience": "patient", "note": "SECRET", "question": "SECRET"})
    assert answer.status_code == 200 and "A57668" in answer.text
    assert "SECRET" not in answer.text
    link = re.search(r'<a href="(/coverage\?[^"]+)"', answer.text)
    assert link and "audience=patient" in link[1] and client.get(html.unescape(link[1])).status_code == 200
    assert "note" not in html.unescape(
        post(client, "/coverage", {**FORM, "note": "cramps"}).text.split('<a href="/coverage?')[1][:150]
    )
    assert client.get("/coverage").status_code == 200


@pytest.mark.parametrize("audience", AUDIENCES)
def test_other_words_same_facts(client: TestClient, engine: Engine, audience: str) -> None:
    first = post(client, "/coverage", {"question": QUESTION}).text
    again = {"asked": hidden(first, "asked", "audience"), "before": hidden(first, "before", "audience"),
             "question": QUESTION, "action": "words", "audience": audience}  # fmt: skip
    answer = post(client, "/coverage", again).text
    asked = engine.ask(QUESTION, audience)
    said = words(answer)
    assert asked.disclaimer in said and asked.answer.sections[0].title in said
    assert re.search(rf'value="{audience}" aria-pressed="true"', answer)
    for each in asked.coverage.answers if asked.coverage else ():
        assert each.policy in said
    resolves(answer)


def test_a_follow_up_keeps_what_was_said(client: TestClient, engine: Engine) -> None:
    first = post(client, "/coverage", {"question": QUESTION}).text
    context = hidden(first, "context", "card follow")
    answer = post(client, "/coverage", {"follow": "And in Wisconsin?", "context": context, "action": "follow",
                                        "question": QUESTION}).text  # fmt: skip
    asked = engine.ask("And in Wisconsin?", "coder", Given(context=engine.ask(QUESTION).context))
    assert asked.understood.state == "WI" and asked.understood.procedures
    said = words(answer)
    assert "state WI" in said and "R25.2" in said and "motor-loss present" in said
    for each in asked.coverage.answers if asked.coverage else ():
        assert each.policy in said
    again = {"asked": hidden(answer, "asked", "audience"), "before": hidden(answer, "before", "audience"),
             "action": "words", "audience": "patient"}  # fmt: skip
    patient = words(post(client, "/coverage", again).text)
    assert "“And in Wisconsin?”" in patient and "state WI" in patient


def test_a_follow_up_keeps_the_claim_and_the_note(client: TestClient) -> None:
    first = post(client, "/coverage", {**FORM, "note": "Fasciculations of both calves."}).text
    context = hidden(first, "context", "card follow")
    answer = words(post(client, "/coverage", {"follow": "What must be documented?", "context": context,
                                              "action": "follow"}).text)  # fmt: skip
    assert "95886" in answer and "R25.2" in answer and "Fasciculations" in answer


def test_a_context_never_names_a_file(client: TestClient) -> None:
    context = {"policies_file": "/etc/passwd", "policies": [{}], "understood": {}}
    answer = post(client, "/coverage", {"follow": QUESTION, "context": json.dumps(context), "action": "follow"})
    assert answer.status_code == 200 and "passwd" not in answer.text


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"procedure": "95886"},
        {"diagnosis": "R25.2"},
        {**FORM, "state": "Atlantis"},
        {**FORM, "mac": "Nobody at all"},
        {**FORM, "date": "yesterday"},
        {**FORM, "age": "old"},
        {**FORM, "audience": "<b>"},
        {"question": "x" * 4001},
        {"question": "\x01"},
        {**FORM, "claim": "{"},
        {**FORM, "facts.id": ["weakness"], "facts.status": ["maybe"], "facts.value": [""]},
        {**FORM, "note": "a" * 50_000},
        {"action": "follow", "follow": "And in Wisconsin?", "context": ""},
        {"action": "follow", "follow": "And in Wisconsin?", "context": "{"},
        {"action": "follow", "follow": "And in Wisconsin?", "context": "[1]"},
        {"action": "follow", "follow": "And in Wisconsin?", "context": '{"questions": 3}'},
        {"action": "follow", "follow": "And in Wisconsin?", "context": '{"note": 3}'},
        {"action": "follow", "follow": "And in Wisconsin?", "context": '{"understood": {"age": "x"}}'},
        {
            "action": "follow",
            "follow": "And in Wisconsin?",
            "context": '{"claim": {"setting": "moon"}}',
        },
        {"action": "follow", "follow": "And in Wisconsin?", "context": "[" * 90_000},
        {"action": "follow", "follow": "", "context": '{"questions": ["a"]}'},
    ],
)
def test_wrong_input_is_one_sentence(client: TestClient, fields: dict[str, Any]) -> None:
    answer = post(client, "/coverage", {"payer": "KEPT-1", **fields} if "payer" not in fields else fields)
    assert answer.status_code == 400
    assert answer.text.count('role="alert"') == 1
    assert "KEPT-1" in answer.text or "medicare" in answer.text


def test_what_is_outside_the_data_is_refused(client: TestClient, engine: Engine) -> None:
    question = "What is the capital of France?"
    asked = engine.ask(question)
    assert asked.refused
    said = words(post(client, "/coverage", {"question": question}).text)
    assert "Not answered" in said
    for each in asked.refused.can_answer:
        assert " ".join(each.split()) in said


def test_no_policy_says_what_to_supply(client: TestClient) -> None:
    said = words(post(client, "/coverage", {"procedure": "45378", "diagnosis": "Z12.11"}).text)
    assert "Unknown until you supply" in said


def test_what_is_sent_is_escaped(client: TestClient) -> None:
    bad = '"><script>alert(1)</script>'
    for fields in ({"question": bad}, {**FORM, "payer": bad, "note": "</textarea>" + bad, "facts.id": [bad],
                                       "facts.status": ["present"], "facts.value": [bad]}):  # fmt: skip
        answer = post(client, "/coverage", fields)
        assert "<script>alert" not in answer.text and " style=" not in answer.text
    assert "<script>alert" not in client.get("/coverage", params={"procedure": bad, "diagnosis": bad}).text


def test_a_whole_claim_counts_while_the_form_is_as_it_was(client: TestClient) -> None:
    first = post(client, "/coverage", FORM).text
    assert hidden(first, "claim", "audience") == ""
    assert post(client, "/coverage", {**FORM, "diagnosis": "G56.01"}).status_code == 200


def test_policies_that_differ_are_said_to(client: TestClient, engine: Engine) -> None:
    fields = {"procedure": "95910", "diagnosis": "R25.8", "payer": "medicare", "date": "2026-10-01"}
    covered = engine.cover(claim(diagnoses=["R25.8"], lines=[{"code": "95910"}], payer={"id": "medicare"},
                                 service_from="2026-10-01", service_to="2026-10-01"))  # fmt: skip
    answer = post(client, "/coverage", fields).text
    assert len(covered.answers) > 1
    assert ("The policies differ." in answer) == covered.conflict
    assert answer.count('class="card policy"') == len(covered.answers) + len(covered.editorial)
    for each in covered.answers:
        assert each.policy in answer
