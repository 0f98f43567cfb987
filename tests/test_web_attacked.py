"""Requests meant to break the server: large claims, broken bytes, odd headers, a database that has gone."""

from __future__ import annotations

import asyncio
import json
import logging
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("starlette")
from sqlalchemy import exc
from starlette.testclient import TestClient

from claimwright.claims.wire import claim_from_json, claim_from_object
from claimwright.editorial import articles, people
from claimwright.engine import Engine
from claimwright.errors import InputError
from claimwright.interfaces.bounds import MOST_NOTE, MOST_ROWS, check_bounds
from claimwright.interfaces.web import answers
from claimwright.interfaces.web.answers import PIECE_ROWS, Threads
from claimwright.interfaces.web.app import create_app
from claimwright.interfaces.web.desk import desk_of, storable
from claimwright.interfaces.web.serving import _untold
from claimwright.interfaces.web.settings import Settings
from claimwright.model import Claim
from claimwright.model.dates import day_of_text

pytestmark = pytest.mark.book
JSON = {"content-type": "application/json"}
CLAIM = {"setting": "outpatient", "service_from": "2025-11-15", "diagnoses": ["I10"], "lines": [{"code": "99213"}]}
MANY = {**CLAIM, "diagnoses": ["I10"] * (MOST_ROWS["diagnoses"] + 1)}
LONG = {**CLAIM, "note": "x" * (MOST_NOTE + 1)}


@pytest.fixture(scope="module")
def client(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    place = tmp_path_factory.mktemp("attacked") / "e.sqlite"
    app = create_app(engine, Settings(database=f"sqlite:///{place}"))
    with TestClient(app, follow_redirects=False, raise_server_exceptions=False) as made:
        yield made
    desk_of(app.state.site).database.close()


@pytest.mark.parametrize(("path", "body", "place"), [
    *((path, MANY, "body: $.diagnoses") for path in ("check", "group", "risk", "cover", "query")),
    ("check", LONG, "body: $.note"), ("check", [CLAIM, MANY], "body: $[1].diagnoses"),
    ("cover", {"claim": LONG, "policies": []}, "body: $.note"), ("risk", {"codes": ["I10"] * 1001}, "body: $.codes"),
    ("read", {"note": LONG["note"]}, "body: $.note"), ("ask", {"question": "?", "note": LONG["note"]}, "body: $.note"),
    ("ask", {"question": "?", "claim": MANY}, "body: $.claim.diagnoses"),
    ("check", {**CLAIM, "lines": [{"code": "99213", "pointers": [1] * 401}]}, "body: $.lines[0].pointers"),
])  # fmt: skip
def test_a_claim_of_any_size_is_not_worked_on(client: TestClient, path: str, body: Any, place: str) -> None:
    answer = client.post(f"/api/v1/{path}", json=body)
    assert (answer.status_code, answer.json()["place"]) == (400, place)
    assert "at most" in answer.json()["detail"]


def test_a_claim_at_the_bounds_passes_them() -> None:
    claim = claim_from_object({**CLAIM, "diagnoses": ["I10"] * MOST_ROWS["diagnoses"], "note": "x" * MOST_NOTE})
    assert check_bounds(claim, "body") is claim


def test_bytes_that_are_no_utf8_are_one_sentence(client: TestClient) -> None:
    broken = b'{"setting": "outpatient", "diagnoses": ["\xe9"]}'
    answer = client.post("/api/v1/check", content=broken, headers=JSON)
    assert answer.status_code == 400 and "not UTF-8" in answer.json()["detail"]
    lines = b"\n".join([json.dumps(CLAIM).encode(), broken, json.dumps(MANY).encode(), json.dumps(CLAIM).encode()])
    answer = client.post("/api/v1/check/batch", content=lines, headers={"content-type": "application/x-ndjson"})
    told = [json.loads(each) for each in answer.text.splitlines()]
    assert [each.get("line") for each in told] == [None, 2, 3, None]
    with pytest.raises(InputError, match="is not UTF-8"):
        claim_from_json(broken, "line 1")


@pytest.mark.parametrize("context", [{"questions": 5}, {"questions": [5]}, {"note": 5}, {"context": {"note": []}},
                                     {"note": LONG["note"]}])  # fmt: skip
def test_a_context_that_no_answer_has_given_is_refused(client: TestClient, context: Any) -> None:
    answer = client.post("/api/v1/ask", json={"question": "Is 95907 covered for R25.2?", "context": context})
    assert answer.status_code == 400 and answer.json()["place"].startswith("body: $.context")


@pytest.mark.parametrize("text", ["2025-W01-1", "20251115", "2025-11-1", "٢٠٢٥-11-15", "2025-02-30", "2025-11-15\n"])
def test_a_date_has_one_form(client: TestClient, text: str) -> None:
    with pytest.raises(ValueError):
        day_of_text(text)
    assert client.get("/api/v1/codes/I10", params={"date": text}).status_code == 400
    if text.strip() == text:
        assert client.get("/codes/I10", params={"date": text}).status_code == 400


def test_headers_that_no_browser_sends(client: TestClient) -> None:
    twice = [("Host", "testserver"), ("Host", "evil.example")]
    assert client.get("/login", headers=twice).status_code == 400
    assert client.post("/login", headers={"Origin": "http://["}).status_code == 403
    assert client.post("/login", headers={"Referer": "http://[::1"}).status_code == 403


def test_a_form_in_a_charset_of_its_senders_choice(client: TestClient) -> None:
    kind = {"content-type": "multipart/form-data; boundary=x; charset=unicode_escape"}
    for name, path, status in (("csrf", "/login", 403), ("note", "/check", 400), ("pasted", "/check", 400)):
        body = f'--x\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n\\ud800\r\n--x--\r\n'
        assert client.post(path, content=body.encode(), headers=kind).status_code in {status, 200}
    assert storable("a\0b\ud800c") == "ab?c"


def test_nobodys_work_ends_with_its_piece(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answers, "PIECE_CLAIMS", 1)
    claims, begun, go = [claim_from_object(CLAIM)] * 50, threading.Event(), threading.Event()
    done: list[int] = []

    def slow(some: list[Claim]) -> list[int]:
        done.append(len(some))
        begun.set()
        go.wait(5)
        return [1] * len(some)

    async def asked() -> None:
        task = asyncio.create_task(Threads().each(claims, slow, lambda each: each))
        await asyncio.to_thread(begun.wait, 5)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        go.set()
        await asyncio.sleep(0.2)

    asyncio.run(asked())
    assert done == [1]


@pytest.mark.parametrize("most", [1, 3, 256])
def test_pieces_hold_every_claim_once(most: int) -> None:
    sizes = [2, PIECE_ROWS * 2, 1, 1, 1, PIECE_ROWS - 1, 2, 3]
    claims = [claim_from_object({**CLAIM, "lines": [], "diagnoses": ["I10"] * each}) for each in sizes]
    ends = list(answers._pieces(claims, lambda each: each, most, PIECE_ROWS))
    starts = [0, *ends[:-1]]
    assert ends[-1] == len(sizes) and all(start < end for start, end in zip(starts, ends, strict=True))
    for start, end in zip(starts, ends, strict=True):
        assert end - start <= most and (end - start == 1 or sum(sizes[start:end]) <= PIECE_ROWS)
    assert not list(answers._pieces([], lambda each: each, most, PIECE_ROWS))


def test_a_database_that_has_gone_is_a_sentence_and_codes_still_answer(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = desk_of(client.app.state.site)  # type: ignore[attr-defined]

    def gone(*_: object) -> None:
        raise exc.OperationalError("SELECT secret", {}, Exception("connection refused"))

    monkeypatch.setattr(desk.database.engine, "connect", gone)
    monkeypatch.setattr(desk, "_articles", (0.0, {}))
    monkeypatch.setattr(desk, "_owners", {})
    client.cookies.set("claimwright_session", "x" * 40)
    for path, status in (("/codes/I10", 200), ("/articles", 503), ("/account", 503), ("/api/v1/codes/I10", 200)):
        answer = client.get(path)
        assert answer.status_code == status, path
        assert "secret" not in answer.text
    assert "does not answer" in client.get("/articles").text
    key = client.get("/api/v1/codes/I10", headers={"X-API-Key": "cw_" + "a" * 40})
    assert key.status_code == 503 and "does not answer" in key.json()["detail"]
    client.cookies.clear()


def test_names_that_one_database_would_keep_and_another_not(client: TestClient) -> None:
    desk = desk_of(client.app.state.site)  # type: ignore[attr-defined]
    with pytest.raises(InputError):
        people.clean_name("\ufdfa" * 60)  # one character that folds into eighteen
    text = Path(__file__).parent.parent.joinpath("pages", "r25-2.md")
    source = text.read_text(encoding="utf-8") if text.exists() else next(Path("pages").glob("*.md")).read_text("utf-8")
    name = next(each for each in source.splitlines() if each.startswith("article:"))
    with pytest.raises(InputError, match="at most 100"):
        articles.create(desk.database, source.replace(name, f"article: {'a' * 101}"), people.LOCAL, desk.reader)


def test_a_log_line_quotes_no_exception() -> None:
    try:
        raise ValueError("a note")
    except ValueError as error:
        told = (type(error), error, error.__traceback__)
    record = logging.LogRecord("uvicorn.error", logging.ERROR, "x", 1, "Exception %s", ("a note",), told)
    assert _untold(record)
    assert "a note" not in logging.Formatter("%(message)s").format(record) and "ValueError" in record.getMessage()
