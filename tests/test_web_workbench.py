"""The workbench: a claim written, pasted or uploaded is answered as the engine answers it, and fixed in place."""

from __future__ import annotations

import io
import json
import logging
import re
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from starlette.testclient import TestClient

from claimwright.claims.fixed import with_fix
from claimwright.claims.wire import claim_from_object
from claimwright.engine import Engine
from claimwright.interfaces.web.app import create_app
from claimwright.interfaces.web.bench import key_of
from claimwright.interfaces.web.intake import (
    MOST_NOTE,
    claim_object,
    claim_of_rows,
    rows_of_claim,
)
from claimwright.interfaces.web.settings import Settings
from claimwright.model import to_json
from claimwright.sources.lexicon import load_yaml
from tests.claim_files import INSTITUTIONAL, PROFESSIONAL
from tests.test_readers_fhir import R4
from tests.web_forms import claim, fields_of, hidden, post, words

pytestmark = pytest.mark.book

CRAMPS = {"diagnoses": ["R25.2", "G25.0"], "lines": [{"code": "95886", "units": 2, "pointers": [1, 2]}]}
STAY = {
    "setting": "inpatient",
    "service_from": "2025-11-10",
    "service_to": "2025-11-15",
    "patient": {"age": 71, "sex": "F"},
    "discharge_status": "01",
}
FAR_APART: list[dict[str, Any]] = [
    CRAMPS,
    {"diagnoses": ["R25.2", "M62.830"]},
    {**STAY, "diagnoses": ["T47.1X5A", {"code": "E83.42", "poa": "Y"}]},
    {"diagnoses": ["G35"], "patient": {"age": 34, "sex": "M"}},
    {"diagnoses": ["S42.001", "H66.91"], "lines": [{"code": "69436", "modifiers": ["LT"], "date": "2025-11-15"}]},
    {**STAY, "diagnoses": ["O80", "N40.0"], "procedures": [{"code": "10E0XZZ", "date": "2025-11-12"}]},
    {"diagnoses": ["E11.9"], "note": "Type 2 diabetes with diabetic nephropathy. No insulin."},
]


@pytest.fixture(scope="module")
def client(engine: Engine) -> TestClient:
    return TestClient(create_app(engine), raise_server_exceptions=True)


def keys(page: str) -> list[str]:
    return re.findall(r'name="apply" value="(\w+)"', page)


@pytest.mark.parametrize("asked", FAR_APART, ids=lambda each: str(each["diagnoses"])[:40])
def test_the_findings_shown_are_those_of_the_engine(client: TestClient, engine: Engine, asked: dict[str, Any]) -> None:
    one = claim(**asked)
    report = engine.check(one)
    answer = post(client, "/check", fields_of(one))
    said = words(answer.text)
    assert answer.status_code == 200
    assert answer.text.count('<article class="finding') == len(report.findings)
    for finding in report.findings:
        assert " ".join(finding.message.split()) in said
        assert " ".join(finding.fix.say.split()) in said
        for proof in finding.because:
            assert " ".join(proof.text.split()) in said
        if finding.fix.ask:
            assert " ".join(finding.fix.ask.split()) in said
    for lacking in report.not_evaluated:
        assert lacking.rule in said
    exported = post(client, "/check/report.json", fields_of(one))
    assert exported.text == to_json(report) + "\n"
    assert exported.headers["content-disposition"].endswith('"claim-report.json"')


@pytest.mark.parametrize("asked", FAR_APART, ids=lambda each: str(each["diagnoses"])[:40])
def test_a_form_says_the_whole_claim(asked: dict[str, Any]) -> None:
    one = claim(**asked)
    assert claim_of_rows(rows_of_claim(one)) == one
    assert claim_from_object(claim_object(one)) == one


def test_a_stay_shows_drg_scores_and_questions(client: TestClient, engine: Engine) -> None:
    one = claim(**{**STAY, "diagnoses": ["A41.9", "J18.9", "N17.9"]})
    said = words(post(client, "/check", fields_of(one)).text)
    group = engine.group(one)
    assert f"{group.drg} {group.title}" in said
    assert "Risk scores" in said and "Questions to ask" in said


def test_what_cannot_be_grouped_is_said_and_the_rest_answered(client: TestClient) -> None:
    answer = post(client, "/check", fields_of(claim(**{**STAY, "discharge_status": "ZZ", "diagnoses": ["A41.9"]})))
    assert answer.status_code == 200
    assert "discharge_status" in words(answer.text) and "Risk scores" in answer.text


def test_a_day_that_no_data_covers(client: TestClient) -> None:
    answer = post(client, "/check", fields_of(claim(service_from="2090-01-01", diagnoses=["A41.9"])))
    assert answer.status_code == 400, "another day would be answered"
    assert "No edition of" in answer.text and 'value="A41.9"' in answer.text
    ancient = post(client, "/check", {"diagnoses.code": ["A41.9"], "service_from": "1999-01-01"})
    assert ancient.status_code == 400 and "ICD-9-CM era" in ancient.text


def test_a_fix_is_applied_and_the_rest_of_the_claim_follows(client: TestClient, engine: Engine) -> None:
    one = claim(**CRAMPS)
    first = post(client, "/check", fields_of(one))
    assert "✕ Fail" in first.text
    key = keys(first.text)[0]
    after = post(client, "/check", fields_of(one, apply=key))
    assert "✓ Pass" in after.text and "What the fix changed" in after.text
    finding = next(each for each in engine.check(one).findings if key_of(each) == key)
    fixed = with_fix(one, finding)
    assert fixed is not None
    assert [each.code for each in fixed.claim.diagnoses] == ["G25.0"]
    assert fixed.claim.lines[0].pointers == (1,)
    now = post(client, "/check/report.json", fields_of(fixed.claim))
    assert now.text == to_json(engine.check(fixed.claim)) + "\n"
    assert "95886" in after.text and "R25.2, G25.0" in words(after.text)


def test_the_claim_before_a_fix_can_be_had_again(client: TestClient) -> None:
    one = claim(**CRAMPS)
    key = keys(post(client, "/check", fields_of(one)).text)[0]
    after = post(client, "/check", fields_of(one, apply=key)).text
    before = re.search(r'<textarea name="pasted" hidden[^>]*>\n(.*?)</textarea>', after, re.DOTALL)
    assert before
    import html

    again = post(client, "/check", {"pasted": html.unescape(before[1]), "action": "paste"})
    assert "✕ Fail" in again.text


def test_a_fix_of_another_claim_is_not_applied(client: TestClient) -> None:
    first = keys(post(client, "/check", fields_of(claim(**CRAMPS))).text)[0]
    other = post(client, "/check", fields_of(claim(diagnoses=["M54.50"]), apply=first))
    assert other.status_code == 200 and "no longer fits" in other.text


@pytest.mark.parametrize("diagnoses", [["R25.2", "M62.830"], ["E11.9"], ["R25"], ["G35"]])
def test_a_question_or_a_choice_has_no_button(client: TestClient, engine: Engine, diagnoses: list[str]) -> None:
    one = claim(diagnoses=diagnoses)
    page = post(client, "/check", fields_of(one)).text
    applicable = [each for each in engine.check(one).findings if with_fix(one, each)]
    assert len(keys(page)) == len(applicable) == 0
    assert "Ask first" in page or "The record decides among" in page


@pytest.mark.parametrize(
    ("diagnoses", "pointed", "codes", "pointers"),
    [
        (["T47.1X5A", "E83.42"], [1], "E83.42 T47.1X5A", (2,)),
        (["E87.6", "I10", "E87.6"], [3, 2], "E87.6 I10", (1, 2)),
    ],
)
def test_pointers_follow_their_diagnoses(
    engine: Engine, diagnoses: list[str], pointed: list[int], codes: str, pointers: tuple[int, ...]
) -> None:
    one = claim(setting="emergency", diagnoses=diagnoses, lines=[{"code": "99283", "pointers": pointed}])
    fixed = [found for each in engine.check(one).findings if (found := with_fix(one, each))]
    right = next(each for each in fixed if " ".join(one.code for one in each.claim.diagnoses) == codes)
    assert right.claim.lines[0].pointers == pointers


@pytest.mark.parametrize(
    ("name", "data", "code"),
    [
        ("a.837", PROFESSIONAL, "99213"),
        ("b.837", INSTITUTIONAL, "inpatient"),
        ("c.json", json.dumps(R4).encode(), "J1885"),
        ("d.json", json.dumps(claim_object(claim(**CRAMPS))).encode(), "G25.0"),
    ],
)
def test_files_are_read_by_their_content(client: TestClient, name: str, data: bytes, code: str) -> None:
    answer = client.post("/check", data={"action": "open"}, files={"file": (name, io.BytesIO(data))})
    assert answer.status_code == 200
    if "choose one" in answer.text:
        kept = re.search(r'<textarea name="claims" hidden[^>]*>\n(.*?)</textarea>', answer.text, re.DOTALL)
        assert kept
        import html

        answer = post(client, "/check", {"claims": html.unescape(kept[1]), "choose": "1"})
        assert answer.status_code == 200
    assert 'class="verdict' in answer.text
    assert code in answer.text or code == "99213"


def test_one_of_several_claims_is_chosen(client: TestClient) -> None:
    several = "\n".join(json.dumps(claim_object(claim(id=f"C{n}", diagnoses=[code]))) for n, code in
                        enumerate(["R25.2", "G35", "I10"]))  # fmt: skip
    listed = post(client, "/check", {"pasted": several, "action": "paste"})
    assert "3 claims" in listed.text and "C1 · professional · 2025-11-15 · G35" in words(listed.text)
    objects = json.dumps([json.loads(each) for each in several.split("\n")])
    chosen = post(client, "/check", {"claims": objects, "choose": "2"})
    assert "code-not-in-effect" in chosen.text and 'aria-current="true"' in chosen.text
    for wrong in ("0", "9", "²", "x", "1" * 30):
        assert post(client, "/check", {"claims": objects, "choose": wrong}).status_code == 400


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({}, "the claim is empty"),
        ({"diagnoses.code": ["R25.2"], "service_from": "2025-02-31"}, "service_from"),
        ({"diagnoses.code": ["R25.2"], "age": "old"}, "$.patient.age: found &#34;old&#34;"),
        ({"diagnoses.code": ["R25.2"], "age": "9" * 400}, "$.patient.age"),
        ({"diagnoses.code": ["R25.2"], "lines.code": ["95886"], "lines.pointers": ["2"]}, "points to diagnosis 2"),
        ({"diagnoses.code": ["R25.2"], "lines.code": ["95886"], "lines.units": ["many"]}, "$.lines[0].units"),
        ({"diagnoses.code": ["R25.2"], "lines.code": [""], "lines.units": ["2"]}, "$.lines[0].code: is empty"),
        ({"diagnoses.code": ["R25.2"], "diagnoses.poa": ["Q"]}, "$.diagnoses[0].poa"),
        ({"diagnoses.code": ["R25.2"], "setting": "moon"}, "$.setting"),
        ({"pasted": "{", "action": "paste"}, "not readable as JSON"),
        ({"pasted": "", "action": "paste"}, "the pasted text"),
        ({"pasted": "[" * 100_000, "action": "paste"}, "the pasted text"),
        ({"pasted": '{"resourceType":' + '{"a":' * 50_000, "action": "paste"}, "the pasted text"),
        ({"pasted": "\x00\x01\x02", "action": "paste"}, "the pasted text"),
        ({"diagnoses.code": ["R25.2"], "note": "a" * (MOST_NOTE + 1)}, "characters"),
        ({"diagnoses.code": [f"R{n}" for n in range(101)]}, "at most 100 here"),
        ({"diagnoses.code": ["R25.2"] * 5000}, "5000 diagnoses"),
        (
            {
                "pasted": json.dumps({"setting": "professional", "diagnoses": ["I10"], "note": "a" * 50_000}),
                "action": "paste",
            },
            "characters",
        ),
    ],
)
def test_wrong_input_is_one_sentence_and_the_form_stays(client: TestClient, fields: dict[str, Any], says: str) -> None:
    answer = post(client, "/check", {"id": "KEPT-1", **fields})
    assert answer.status_code == 400
    assert says in answer.text
    assert answer.text.count('role="alert"') == 1
    assert "KEPT-1" in answer.text


def test_the_wrong_field_is_marked(client: TestClient) -> None:
    answer = post(client, "/check", {"diagnoses.code": ["R25.2"], "lines.code": ["95886"], "lines.units": ["many"]})
    marked = re.findall(r"<input[^>]*aria-invalid[^>]*>", answer.text)
    assert len(marked) == 1 and 'name="lines.units"' in marked[0]


def test_files_that_are_none(client: TestClient) -> None:
    for name, data in (
        ("x.bin", bytes(range(256)) * 20),
        ("x.gz", b"\x1f\x8b\x08" + b"\0" * 50),
        ("x.zip", b"PK\x03\x04" + b"\0" * 50),
        ("empty.json", b""),
        ("x.json", b"\xff\xfe{"),
        ("<b>.json", b"{"),
    ):
        answer = client.post("/check", data={"action": "open"}, files={"file": (name, io.BytesIO(data))})
        assert answer.status_code == 400, name
        assert "<b>.json" not in answer.text
        assert answer.text.count('role="alert"') == 1


def test_more_than_the_limit_is_not_read(engine: Engine) -> None:
    small = TestClient(create_app(engine, Settings(upload_bytes=20_000)))
    note = post(small, "/check", {"diagnoses.code": ["R25.2"], "note": "a" * 30_000})
    assert note.status_code == 413 and 'role="alert"' in note.text
    file = small.post("/check", data={"action": "open"}, files={"file": ("a.json", b"[" * 30_000)})
    assert file.status_code == 413

    def drops() -> Any:
        for _ in range(300):
            yield b"note=" + b"a" * 1000 + b"&"

    kind = {"content-type": "application/x-www-form-urlencoded"}
    assert small.post("/check", content=drops(), headers=kind).status_code == 413
    assert small.post("/check/report.pdf", content=drops(), headers=kind).status_code == 413


def test_a_body_that_is_no_form(client: TestClient) -> None:
    torn = client.post("/check", content=b"--x\r\nbroken", headers={"content-type": "multipart/form-data; boundary=x"})
    assert torn.status_code == 400
    assert client.post("/check", content=b"{}", headers={"content-type": "application/json"}).status_code == 400


def test_what_is_sent_is_escaped(client: TestClient) -> None:
    bad = '"><script>alert(1)</script>'
    rows = {"diagnoses.code": [bad, "R25.2"], "lines.code": [bad], "facts.id": [bad], "facts.status": ["present"]}
    answer = post(client, "/check", {"id": bad, "note": "</textarea>" + bad, "payer": bad, **rows})
    assert answer.status_code == 200
    assert "<script>alert" not in answer.text
    assert "onclick" not in answer.text and " style=" not in answer.text


def test_only_the_result_comes_back_for_a_script(client: TestClient) -> None:
    answer = post(client, "/check?part=result", fields_of(claim(**CRAMPS)))
    assert "<html" not in answer.text and "excludes1-conflict" in answer.text
    assert 'data-said="fail: 1 error' in answer.text


def test_more_rows_and_clear(client: TestClient) -> None:
    one = fields_of(claim(**CRAMPS))
    few = post(client, "/check", one).text.count('name="lines.code"')
    assert post(client, "/check", {**one, "action": "more"}).text.count('name="lines.code"') > few
    assert "R25.2" not in post(client, "/check", {**one, "action": "clear"}).text.split('id="share"')[0]


def test_a_report_as_pdf(client: TestClient) -> None:
    pypdf = pytest.importorskip("pypdf")
    far = claim(id="Ωmega " + "x" * 300, diagnoses=["R25.2", "G25.0", "S42.001", *(f"Z99.{n}" for n in range(80))])
    answer = post(client, "/check/report.pdf", fields_of(far))
    assert answer.headers["content-type"] == "application/pdf"
    read = pypdf.PdfReader(io.BytesIO(answer.content))
    said = "".join(page.extract_text() for page in read.pages)
    assert len(read.pages) > 2
    assert "excludes1-conflict" in said and "U+03A9" in said and "specific movement disorders" in said
    assert post(client, "/check/report.pdf", {}).status_code == 400


def test_nothing_of_a_claim_is_logged(client: TestClient, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        post(client, "/check", fields_of(claim(id="SECRET-9", diagnoses=["R25.2"], note="Marzipan SECRET-9")))
        post(client, "/check", {"id": "SECRET-9", "age": "SECRET-9", "diagnoses.code": ["R25.2"]})
    assert "SECRET-9" not in caplog.text


def test_a_claim_goes_on_to_coverage(client: TestClient, engine: Engine) -> None:
    one = claim(**CRAMPS, payer={"id": "medicare", "state": "WI"}, note="Fasciculations for a year.")
    answer = post(client, "/coverage", fields_of(one, action="claim"))
    covered = engine.cover(one)
    assert answer.status_code == 200 and covered.answers
    for each in covered.answers:
        assert each.policy in answer.text
    again = hidden(answer.text, "claim", "audience")
    assert claim_from_object(json.loads(again)) == replace(one, service_to=one.service_to)


def test_worked_examples_fit_the_form(client: TestClient, engine: Engine) -> None:
    from pathlib import Path

    cases = load_yaml(Path(__file__).parent / "golden.yaml")["check"][:20:4]
    for case in cases:
        about = case["claim"]
        assert isinstance(about["day"], date)
        one = claim(setting=about["setting"], diagnoses=about["diagnoses"], service_from=str(about["day"]),
                    service_to=str(about["day"]), patient={"age": about["age"], "sex": about["sex"]})  # fmt: skip
        page = post(client, "/check?part=result", fields_of(one)).text
        assert page.count('<article class="finding') == len(engine.check(one).findings)


def test_every_form_carries_the_token(engine: Engine) -> None:
    app = create_app(engine)
    app.state.site.processors.append(lambda _: {"csrf": "TOKEN-7"})
    guarded = TestClient(app)
    one = fields_of(claim(**CRAMPS))
    key = keys(post(guarded, "/check", one).text)[0]
    coverage = {"procedure": "95910", "diagnosis": "R25.2", "payer": "medicare"}
    for page in (post(guarded, "/check", {**one, "apply": key}).text, post(guarded, "/coverage", coverage).text):
        forms = re.findall(r"<form\b[^>]* method=\"post\".*?</form>", page, re.DOTALL)
        assert len(forms) > 1
        assert all('name="csrf" value="TOKEN-7"' in each for each in forms)
