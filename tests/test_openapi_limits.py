"""The sizes that the description of the API states are those at which the server refuses."""

from __future__ import annotations

from typing import Any

import pytest

pytest.importorskip("starlette")
from starlette.testclient import TestClient

from claimwright.answers.ask import MOST_CHARACTERS
from claimwright.engine import Engine
from claimwright.interfaces import bounds
from claimwright.interfaces.web.app import create_app
from claimwright.interfaces.web.settings import Settings

pytestmark = pytest.mark.book
SETTINGS = Settings(upload_bytes=150_000, batch_bytes=400_000, line_bytes=2_000)
CLAIM = {"setting": "outpatient", "diagnoses": ["R25.2"]}


@pytest.fixture(scope="module")
def client(engine: Engine) -> TestClient:
    return TestClient(create_app(engine, SETTINGS))


@pytest.fixture(scope="module")
def document(client: TestClient) -> dict[str, Any]:
    return dict(client.get("/api/v1/openapi.json").json())


def of(document: dict[str, Any], owner: str, name: str) -> dict[str, Any]:
    found = document["components"]["schemas"][owner]["properties"][name]
    return dict(next((each for each in found.get("anyOf", []) if each.get("type") == "string"), found))


@pytest.mark.parametrize(("name", "most"), bounds.MOST_ROWS.items())
def test_lists_of_a_claim(client: TestClient, document: dict[str, Any], name: str, most: int) -> None:
    assert of(document, "Claim", name)["maxItems"] == most
    rows: Any = ["R25.2"] if name == "diagnoses" else [{"id": "x", "status": "present"}]
    rows = rows if name in ("diagnoses", "facts") else [{"code": "95909"}]
    answer = client.post("/api/v1/check", json={**CLAIM, name: rows * (most + 1)})
    assert answer.status_code == 400 and f"$.{name}" in answer.json()["detail"]


@pytest.mark.parametrize(("name", "most"), bounds.MOST_OF_LINE.items())
def test_lists_of_a_line(client: TestClient, document: dict[str, Any], name: str, most: int) -> None:
    assert of(document, "Line", name)["maxItems"] == most
    one: Any = "59" if name == "modifiers" else 1
    answer = client.post("/api/v1/check", json={**CLAIM, "lines": [{"code": "95909", name: [one] * (most + 1)}]})
    assert answer.status_code == 400 and f"$.lines[0].{name}" in answer.json()["detail"]


def test_codes_and_texts(client: TestClient, document: dict[str, Any]) -> None:
    assert of(document, "Codes", "codes")["maxItems"] == bounds.MOST_CODES
    assert client.post("/api/v1/risk", json={"codes": ["E11.9"] * (bounds.MOST_CODES + 1)}).status_code == 400
    texts = {
        ("Claim", "note", bounds.MOST_NOTE): ("check", {**CLAIM, "note": "x" * (bounds.MOST_NOTE + 1)}),
        ("Note", "note", bounds.MOST_NOTE): ("read", {"note": "x" * (bounds.MOST_NOTE + 1)}),
        ("AskBody", "note", bounds.MOST_NOTE): ("ask", {"question": "?", "note": "x" * (bounds.MOST_NOTE + 1)}),
        ("AskBody", "question", MOST_CHARACTERS): ("ask", {"question": "x" * (MOST_CHARACTERS + 1)}),
        ("AskBody", "follow_up", MOST_CHARACTERS): ("ask", {"follow_up": "x" * (MOST_CHARACTERS + 1), "context": {}}),
    }
    for (owner, name, most), (path, body) in texts.items():
        assert of(document, owner, name)["maxLength"] == most
        assert client.post(f"/api/v1/{path}", json=body).status_code == 400, (owner, name)
    plain = document["paths"]["/read"]["post"]["requestBody"]["content"]["text/plain"]["schema"]
    assert plain == {"type": "string", "maxLength": bounds.MOST_NOTE}


@pytest.mark.parametrize("path", ["/check", "/check/batch", "/group", "/risk", "/cover", "/ask", "/query", "/read"])
def test_whole_bodies(client: TestClient, document: dict[str, Any], path: str) -> None:
    most = SETTINGS.batch_bytes if path == "/check/batch" else SETTINGS.upload_bytes
    operation = document["paths"][path]["post"]
    assert f"{most:,} bytes" in operation["requestBody"]["description"]
    assert f"{most:,} bytes" in operation["responses"]["413"]["description"]
    assert "application/problem+json" in operation["responses"]["413"]["content"]
    sent = client.post(f"/api/v1{path}", content=b" " * (most + 1), headers={"Content-Type": "application/json"})
    assert sent.status_code == 413 and f"{most:,} bytes" in sent.json()["detail"]


def test_lines_of_a_batch(client: TestClient, document: dict[str, Any]) -> None:
    says = document["paths"]["/check/batch"]["post"]["requestBody"]["description"]
    assert f"{SETTINGS.line_bytes:,} bytes a line" in says
    long = b'{"id":"' + b"x" * SETTINGS.line_bytes + b'"}\n'
    answer = client.post("/api/v1/check/batch", content=long, headers={"Content-Type": "application/x-ndjson"})
    assert answer.status_code == 200 and "is too long" in answer.text
