"""What stands before every answer: headers, limits, time; and what logs and metrics may hold."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator

import pytest

pytest.importorskip("starlette")
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.testclient import TestClient

from claimwright.engine import Engine
from claimwright.interfaces.web.app import create_app
from claimwright.interfaces.web.metrics import Metrics
from claimwright.interfaces.web.settings import Settings

pytestmark = pytest.mark.book
CLAIM = {"setting": "outpatient", "service_from": "2025-11-15", "diagnoses": ["J45.901", "J44.9"], "id": "SECRETNAME"}


def made(engine: Engine, **settings: object) -> TestClient:
    app = create_app(engine, Settings(**settings))  # type: ignore[arg-type]

    def slow(request: Request) -> Response:
        time.sleep(0.6)
        return PlainTextResponse("done")

    async def broken(request: Request) -> Response:
        raise KeyError("a word of a note")

    async def echo(request: Request) -> Response:
        return PlainTextResponse(str(len(await request.body())))

    app.router.routes += [
        Route("/slow", slow), Route("/broken", broken), Route("/echo", echo, methods=["POST"]),
        Route("/api/broken", broken),
    ]  # fmt: skip
    return TestClient(app, raise_server_exceptions=True)


@pytest.fixture(scope="module")
def client(engine: Engine) -> TestClient:
    return made(engine, upload_bytes=1000)


@pytest.mark.parametrize("path", ["/healthz", "/api/v1/rules", "/static/site.css", "/nothing", "/api/v1/nothing"])
def test_every_answer_has_the_headers_of_security(client: TestClient, path: str) -> None:
    headers = client.get(path).headers
    policy = headers["content-security-policy"]
    for directive in ("default-src 'self'", "script-src 'self'", "frame-ancestors 'none'", "base-uri 'none'",
                      "form-action 'self'"):  # fmt: skip
        assert directive in policy
    assert "unsafe" not in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin", "with no-referrer no browser could log in"
    assert headers["cross-origin-opener-policy"] == "same-origin"
    assert headers["cache-control"] in ("no-store", "no-cache")


def test_static_files_are_kept_for_ever_only_under_their_version(client: TestClient) -> None:
    assert "immutable" in client.get("/static/site.css?v=1").headers["cache-control"]
    first = client.get("/static/site.css")
    again = client.get("/static/site.css", headers={"If-None-Match": first.headers["etag"]})
    assert again.status_code == 304


def test_https_is_kept_to_where_a_proxy_speaks_it(engine: Engine) -> None:
    assert "strict-transport-security" in made(engine, secure_cookies=True).get("/healthz").headers
    assert "strict-transport-security" not in made(engine).get("/healthz").headers


def test_a_large_body_is_refused_by_its_header_and_while_it_comes(client: TestClient) -> None:
    for path in ("/echo", "/api/v1/check"):
        announced = client.post(path, content=b"x" * 1001, headers={"content-type": "application/json"})
        assert announced.status_code == 413
        pieces = (b"x" * 100 for _ in range(11))
        assert client.post(path, content=pieces, headers={"content-type": "application/json"}).status_code == 413
    assert client.post("/echo", content=b"x" * 1000).text == "1000"
    lying = client.post("/echo", content=b"x", headers={"content-length": "many"})
    assert lying.status_code == 400


def test_long_addresses_large_headers_and_control_characters_are_refused(client: TestClient) -> None:
    assert client.get("/nothing?" + "a" * 9000).status_code == 414
    assert client.get("/healthz", headers={"x": "a" * 70_000}).status_code == 431
    assert client.get("/api/v1/codes/A%0A00").status_code == 400


def test_only_the_hosts_named_are_answered(engine: Engine) -> None:
    client = made(engine, hosts=("claims.example", "[::1]"))
    for host, status in (("claims.example", 200), ("Claims.Example:8000", 200), ("[::1]:8000", 200),
                         ("evil.example", 421), ("claims.example.evil.example", 421), ("", 421)):  # fmt: skip
        assert client.get("/healthz", headers={"host": host}).status_code == status, host


def test_what_takes_too_long_is_told(engine: Engine) -> None:
    client = made(engine, timeout_seconds=0.2)
    late = client.get("/slow")
    assert late.status_code == 503 and late.headers["retry-after"] and "0.2 seconds" in late.text


def test_more_than_can_be_worked_on_are_told_to_come_again(engine: Engine) -> None:
    client = made(engine, concurrent_requests=1)
    statuses: list[int] = []
    with client:
        threads = [threading.Thread(target=lambda: statuses.append(client.get("/slow").status_code)) for _ in range(3)]
        for each in threads:
            each.start()
        time.sleep(0.2)
        assert client.get("/healthz").status_code == 200
        told = client.get("/api/v1/rules")
        for each in threads:
            each.join()
    assert told.status_code == 503 and told.headers["retry-after"]
    assert told.headers["content-type"] == "application/problem+json"
    assert sorted(statuses) == [200, 503, 503]


@pytest.fixture
def heard(caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    with caplog.at_level(logging.DEBUG, "claimwright"):
        yield caplog


def test_a_fault_says_nothing_of_what_caused_it(client: TestClient, heard: pytest.LogCaptureFixture) -> None:
    page, problem = client.get("/broken"), client.get("/api/broken")
    assert page.status_code == problem.status_code == 500
    assert "<html" in page.text and problem.headers["content-type"] == "application/problem+json"
    for text in (page.text, problem.text, heard.text):
        assert "word of a note" not in text and "Traceback" not in text
    assert "KeyError at" in heard.text


def test_log_and_metrics_hold_nothing_of_what_was_asked(client: TestClient, heard: pytest.LogCaptureFixture) -> None:
    client.post("/api/v1/check?date=2025-11-15", json=CLAIM)
    client.get("/api/v1/search?q=SECRETWORDS")
    client.get("/api/v1/codes/SECRETCODE")
    client.get("/SECRETPATH")
    client.request("SECRETMETHOD", "/healthz")
    shown = client.get("/metrics").text
    own = [each.getMessage() for each in heard.records if each.name.startswith("claimwright")]
    assert not [each for each in [shown, *own] if "SECRET" in each or "J45" in each or "?" in each]
    assert "GET /api/v1/codes/{code} 404" in " ".join(own)
    assert 'claimwright_requests_total{method="POST",route="/api/v1/check",status="200"} 1' in shown
    assert 'claimwright_findings_total{rule="' in shown


def test_ready_is_said_only_when_every_part_is(engine: Engine) -> None:
    client = made(engine)
    assert client.get("/readyz").json()["status"] == "ready"
    site = client.app.state.site  # type: ignore[attr-defined]
    site.ready.append(lambda: "the database does not answer")
    told = client.get("/readyz")
    assert told.status_code == 503 and told.json()["reasons"] == ["the database does not answer"]
    site.ready.append(lambda: 1 / 0)
    assert "ZeroDivisionError" in client.get("/readyz").text
    assert client.get("/healthz").status_code == 200


def test_a_histogram_adds_up() -> None:
    metrics = Metrics()
    for seconds in (0.0005, 0.001, 0.3, 99):
        metrics.answered("GET", "/a", 200, seconds)
    lines = dict(each.rsplit(" ", 1) for each in metrics.text().splitlines() if not each.startswith("#"))
    bucket = 'claimwright_request_seconds_bucket{route="/a",le="%s"}'
    assert [lines[bucket % each] for each in ("0.001", "0.25", "0.5", "30.0", "+Inf")] == ["2", "2", "3", "3", "4"]
    assert lines['claimwright_request_seconds_count{route="/a"}'] == "4"
    assert lines['claimwright_request_seconds_sum{route="/a"}'] == "99.301500"
