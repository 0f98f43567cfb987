"""The API: what the command line answers, over HTTP; errors as problems with their place."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from click.testing import CliRunner

pytest.importorskip("starlette")
from starlette.testclient import TestClient

from claimwright.book.store import Book
from claimwright.engine import Engine
from claimwright.interfaces.cli import cli
from claimwright.interfaces.web import answers as answers_module
from claimwright.interfaces.web.answers import Kept
from claimwright.interfaces.web.app import create_app
from claimwright.interfaces.web.settings import Settings

pytestmark = pytest.mark.book
CLAIM = {"id": "A", "setting": "outpatient", "service_from": "2025-11-15", "diagnoses": ["J45.901", "J44.9", "I10"]}
STAY = {"id": "B", "setting": "inpatient", "service_from": "2025-11-10", "service_to": "2025-11-15",
        "patient": {"age": 70, "sex": "M"}, "diagnoses": ["I50.9", "E11.9"], "discharge_status": "01"}  # fmt: skip
SERVICE = {"id": "C", "setting": "professional", "service_from": "2025-11-15", "diagnoses": ["G56.01"],
           "lines": [{"code": "95909"}], "payer": {"id": "medicare", "state": "WI"}}  # fmt: skip
NOTE = "Numb right hand for three months. Denies neck pain."


@pytest.fixture(scope="module")
def client(engine: Engine) -> Iterator[TestClient]:
    with TestClient(create_app(engine)) as made:
        yield made


@pytest.fixture(autouse=True)
def one_book(book: Book, monkeypatch: pytest.MonkeyPatch) -> None:
    """Commands use the book that the server uses."""
    from claimwright.interfaces.cli import check_command, cover_command, group_command, query_command, risk_command

    for module in (check_command, cover_command, group_command, query_command, risk_command):
        monkeypatch.setattr(module, "the_book", lambda: book)


def said(*arguments: str, claim: Any = None) -> Any:
    done = CliRunner().invoke(cli, [*arguments, "--json"], input=None if claim is None else json.dumps(claim))
    assert done.exit_code in (0, 1), done.output
    return json.loads(done.stdout)


@pytest.mark.parametrize(("path", "command", "claim"), [
    ("check", ["check", "-"], CLAIM), ("check", ["check", "-"], [CLAIM, SERVICE]), ("check", ["check", "-"], [CLAIM]),
    ("group", ["group", "-"], STAY), ("group", ["group", "-"], [STAY, STAY]), ("risk", ["risk", "-"], STAY),
    ("risk?model=V28&age=71&sex=F", ["risk", "-", "--model", "V28", "--age", "71", "--sex", "F"], [STAY]),
    ("cover?as_of=2026-01-01", ["cover", "-", "--as-of", "2026-01-01"], SERVICE), ("query", ["query", "-"], SERVICE),
])  # fmt: skip
def test_a_claim_is_answered_as_on_the_command_line(
    client: TestClient, path: str, command: list[str], claim: Any
) -> None:
    answer = client.post(f"/api/v1/{path}", json=claim)
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    assert answer.json() == said(*command, claim=claim)


@pytest.mark.parametrize(("path", "command"), [
    ("codes/j45.901?date=2025-11-15", ["show", "J45901", "--date", "2025-11-15"]),
    ("codes/J40-J4A?date=2025-11-15", ["show", "J40-J4A", "--date", "2025-11-15"]),
    ("search?q=wheezing&limit=3&date=2025-11-15", ["search", "wheezing", "--limit", "3", "--date", "2025-11-15"]),
    ("rules", ["rules"]), ("rules/dx201", ["rule", "DX201"]), ("policies", ["policies"]), ("data", ["data", "list"]),
    ("policies?payer=medicare&procedure=95909", ["policies", "--payer", "medicare", "--procedure", "95909"]),
])  # fmt: skip
def test_a_look_up_is_answered_as_on_the_command_line(client: TestClient, path: str, command: list[str]) -> None:
    first, again = client.get(f"/api/v1/{path}"), client.get(f"/api/v1/{path}")
    assert first.status_code == 200
    assert first.content == again.content
    assert first.json() == said(*command)


def test_every_listed_policy_has_its_document(client: TestClient) -> None:
    for each in client.get("/api/v1/policies").json()["policies"][:5]:
        assert client.get(f"/api/v1/policies/{each['policy']}").json()["versions"]


def test_notes_and_questions(client: TestClient, engine: Engine) -> None:
    as_text = client.post("/api/v1/read?setting=outpatient&date=2025-11-15", content=NOTE,
                          headers={"content-type": "text/plain; charset=utf-8"})  # fmt: skip
    as_json = client.post("/api/v1/read?date=2025-11-15", json={"note": NOTE, "setting": "outpatient"})
    assert as_text.status_code == 200 and as_text.json() == as_json.json()
    asked = client.post("/api/v1/ask", json={"question": "Is 95909 covered for G56.01?", "date": "2025-11-15"}).json()
    follow = asked["follow_ups"][0]["id"]
    next_one = client.post("/api/v1/ask", json={"follow_up": follow, "context": asked})
    assert next_one.status_code == 200 and next_one.json()["understood"]["procedures"]


def test_other_formats_of_claims_are_told_by_their_content(client: TestClient) -> None:
    lines = "\n".join(json.dumps(each) for each in (CLAIM, SERVICE))
    answer = client.post("/api/v1/check", content=lines, headers={"content-type": "application/x-ndjson"})
    assert [each["claim"] for each in answer.json()] == ["A", "C"]


@pytest.mark.parametrize(("method", "path", "sent", "status", "place"), [
    ("GET", "codes/ZZZ", {}, 404, "code"), ("GET", "codes/A00?date=soon", {}, 400, "date"),
    ("GET", "codes/A00?date=20251115", {}, 400, "date"), ("GET", "codes/A00?date=2014-01-01", {}, 400, "date"),
    ("GET", "codes/A00?date=2999-01-01", {}, 503, "icd10cm-registry"), ("GET", "codes/A00?x=1", {}, 400, "query"),
    ("GET", "codes/A00?date=2025-01-01&date=2025-01-02", {}, 400, "date"), ("GET", "rules/nothing", {}, 404, "name"),
    ("GET", "search", {}, 400, "words"), ("GET", "search?q=a&limit=0", {}, 400, "limit"),
    ("GET", "policies/nothing", {}, 404, "policy"), ("GET", "nothing", {}, 404, None), ("GET", "check", {}, 405, None),
    ("POST", "check", {"content": b"{"}, 415, "Content-Type"),
    ("POST", "check", {"json": {**CLAIM, "unit": 1}}, 400, "body: $.unit"),
    ("POST", "check", {"json": []}, 400, "body"), ("POST", "check", {"json": [CLAIM, {}]}, 400, "body: $[1]"),
    ("POST", "check", {"json": {**CLAIM, "service_from": "2025-02-30"}}, 400, "body: $.service_from"),
    ("POST", "group", {"json": CLAIM}, 400, "claim A: $.setting"), ("POST", "risk?sex=Q", {"json": CLAIM}, 400, "sex"),
    ("POST", "risk", {"json": {"codes": [1]}}, 400, "body: $.codes[0]"),
    ("POST", "cover", {"json": {"claim": SERVICE, "policies": 1}}, 400, "body: $.policies"),
    ("POST", "ask", {"json": {}}, 400, "body: $.question"),
    ("POST", "ask", {"json": {"question": "x", "policies_file": "/etc/passwd"}}, 400, "body: $"),
    ("POST", "ask", {"json": {"question": "Is 95909 covered?", "state": "ZZ"}}, 400, "body: $.state"),
    ("POST", "read", {"content": b"\xff", "headers": {"content-type": "text/plain"}}, 400, "body"),
    ("POST", "read?setting=x", {"json": {"note": "a"}}, 400, "setting"),
])  # fmt: skip
def test_a_refusal_is_a_problem_with_its_place(
    client: TestClient, method: str, path: str, sent: dict[str, Any], status: int, place: str | None
) -> None:
    answer = client.request(method, f"/api/v1/{path}", **sent)
    told = answer.json()
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    assert told["status"] == status and told.get("place") == place and told["detail"]
    assert "Traceback" not in answer.text
    assert status != 503 or answer.headers["retry-after"]


def test_a_context_cannot_name_files_of_the_server(client: TestClient) -> None:
    context = {"context": {"policies_file": "/etc/passwd"}, "follow_ups": []}
    answer = client.post("/api/v1/ask", json={"follow_up": "Is 95909 covered for G56.01?", "context": context})
    assert answer.status_code == 200 and "passwd" not in answer.text


# ---- batches ------------------------------------------------------------------------------------------


def lines_of(client: TestClient, text: Any, **more: Any) -> list[Any]:
    answer = client.post("/api/v1/check/batch", content=text, headers={"content-type": "application/x-ndjson"}, **more)
    assert answer.status_code == 200 and answer.headers["content-type"].startswith("application/x-ndjson")
    return [json.loads(each) for each in answer.text.splitlines()]


def test_a_batch_has_a_line_for_a_line_and_a_bad_one_spoils_no_other(client: TestClient) -> None:
    texts = [json.dumps({**CLAIM, "id": f"N{each}"}) for each in range(600)]
    texts[7], texts[300] = '{"setting":', json.dumps({**CLAIM, "service_from": "2999-01-01"})
    found = lines_of(client, "\n".join([texts[0], "", *texts[1:]]))
    assert len(found) == 600
    assert found[7]["line"] == 9 and found[7]["problem"]["place"].startswith("line 9")
    assert found[300]["line"] == 302 and found[300]["problem"]["status"] == 503
    alone = client.post("/api/v1/check", json={**CLAIM, "id": "N599"}).json()
    assert found[599] == alone
    assert [each["claim"] for each in found[1:7]] == [f"N{each}" for each in range(1, 7)]


def test_a_batch_in_pieces_is_the_same_and_a_long_line_is_not_held(engine: Engine) -> None:
    small = TestClient(create_app(engine, Settings(line_bytes=2000)))
    text = "\n".join([json.dumps(CLAIM), json.dumps({**CLAIM, "note": "x" * 9000}), json.dumps(SERVICE)]).encode()
    pieces = (text[at : at + 37] for at in range(0, len(text), 37))
    found = lines_of(small, pieces)
    assert [each.get("claim") for each in found] == ["A", None, "C"]
    assert "too long" in found[1]["problem"]["detail"]
    assert lines_of(small, b"") == []


# ---- keys and rates -----------------------------------------------------------------------------------


def test_keys_are_checked_where_brought_and_wanted_where_required(engine: Engine) -> None:
    app = create_app(engine, Settings(api_keys_required=True))
    app.state.site.key_owner = {"k1": "ann"}.get
    client = TestClient(app)
    missing, wrong = client.get("/api/v1/rules"), client.get("/api/v1/rules", headers={"X-API-Key": "no"})
    assert missing.status_code == wrong.status_code == 401
    assert missing.headers["www-authenticate"] == "Bearer" and "no" not in wrong.json()["detail"].split()
    assert client.get("/api/v1/rules", headers={"X-API-Key": "k1"}).status_code == 200
    assert client.get("/api/v1/rules", headers={"Authorization": "Bearer k1"}).status_code == 200
    assert client.get("/api/v1/openapi.json").status_code == 200
    assert client.get("/healthz").status_code == 200


def test_a_rate_is_counted_by_key_and_told(engine: Engine) -> None:
    app = create_app(engine, Settings(requests_per_minute=3))
    app.state.site.key_owner = {"k1": "ann"}.get
    client = TestClient(app)
    statuses = [client.get("/api/v1/rules").status_code for _ in range(5)]
    assert statuses == [200, 200, 200, 429, 429]
    assert int(client.get("/api/v1/rules").headers["retry-after"]) >= 1
    assert client.get("/api/v1/rules", headers={"X-API-Key": "k1"}).status_code == 200


# ---- together -----------------------------------------------------------------------------------------


def test_claims_that_come_together_get_the_reports_they_get_alone(engine: Engine) -> None:
    import asyncio

    from claimwright.claims.wire import claim_from_object

    given = [
        claim_from_object({**CLAIM, "id": str(n), "diagnoses": codes, "service_from": day})
        for n, (codes, day) in enumerate(
            [(["I10", "E11.9"], "2025-11-15"), (["J45.901", "J44.9"], "2024-03-01"), (["nothing"], "2999-01-01"),
             (["R69"] * 70, "2025-11-15"), (["Z00.00"], "2025-12-01")] * 5
        )
    ]  # fmt: skip
    checks = answers_module.Checks(engine)

    async def all_of() -> list[Any]:
        found = checks.report
        return await asyncio.gather(*(found(each, None, None) for each in given), return_exceptions=True)

    for claim, found in zip(given, asyncio.run(all_of()), strict=True):
        if claim.service_from and claim.service_from.year == 2999:
            assert type(found).__name__ == "EditionMissing"
        else:
            assert found == engine.check(claim)


def test_kept_answers_stay_within_their_bounds() -> None:
    kept = Kept(entries=3, size=100)
    for number in range(5):
        kept.put((number,), b"x" * 30)
    assert len(kept) == 3 and kept.get((0,)) is None and kept.get((4,)) == b"x" * 30
    kept.put((4,), b"y" * 90)
    assert len(kept) == 1
    kept.put((5,), b"z" * 200)
    assert len(kept) == 0
