"""`claimwright serve` as a real process: it answers, is told to end, finishes what it has begun, and ends with 0."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.client import HTTPConnection

import pytest
from click.testing import CliRunner

pytest.importorskip("starlette")
pytest.importorskip("uvicorn")
from claimwright.book.store import Book
from claimwright.errors import ClaimwrightError, InputError
from claimwright.interfaces.cli import cli, serve_command
from claimwright.interfaces.web import serving
from claimwright.interfaces.web.settings import Settings

CLAIM = {"setting": "outpatient", "service_from": "2025-11-15", "diagnoses": ["J45.901", "J44.9"], "id": "A"}


@contextmanager
def server(*options: str) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """The process and its port, which it says once it listens."""
    process = subprocess.Popen(
        [sys.executable, "-m", "claimwright", "serve", "--port", "0", *options],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=dict(os.environ),
    )  # fmt: skip
    assert process.stderr is not None
    try:
        for line in process.stderr:
            found = re.search(r"http://127\.0\.0\.1:(\d+)", line)
            if found:
                break
        else:
            raise AssertionError("the server said no address")
        yield process, int(found[1])
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


def get(port: int, path: str) -> tuple[int, str]:
    with closing(HTTPConnection("127.0.0.1", port, timeout=20)) as connection:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()


def chunk(text: str) -> bytes:
    return f"{len(text.encode()):x}\r\n{text}\r\n".encode()


@pytest.mark.book
def test_what_is_running_is_finished_when_the_server_is_told_to_end(book: Book) -> None:
    with server() as (process, port):
        assert get(port, "/healthz")[0] == 200 and get(port, "/readyz")[0] == 200
        line = json.dumps(CLAIM) + "\n"
        with socket.create_connection(("127.0.0.1", port), 20) as client:
            client.sendall(
                b"POST /api/v1/check/batch HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-ndjson\r\n"
                b"Transfer-Encoding: chunked\r\n\r\n" + chunk(line)
            )
            time.sleep(0.3)
            process.send_signal(signal.SIGTERM)
            time.sleep(0.5)
            assert process.poll() is None, "it did not wait"
            with pytest.raises(OSError):
                socket.create_connection(("127.0.0.1", port), 2)
            client.sendall(chunk(line) + b"0\r\n\r\n")
            said = b"".join(iter(lambda: client.recv(65536), b""))
        head, _, body = said.partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200") and body.count(b'"claim":"A"') == 2
        rest = process.communicate(timeout=20)
        assert process.returncode == 0
        assert rest[0] == "" and "Traceback" not in rest[1]
        assert "POST /api/v1/check/batch 200" in rest[1] and "J45" not in rest[1]


@pytest.mark.book
def test_several_workers_share_the_port_and_end_together(book: Book) -> None:
    with server("--workers", "2", "--log-level", "error") as (process, port):
        assert {get(port, "/healthz")[0] for _ in range(6)} == {200}
        process.send_signal(signal.SIGTERM)
        said = process.communicate(timeout=20)
        assert (process.returncode, said) == (0, ("", ""))


@pytest.mark.book
def test_a_port_in_use_is_one_sentence(book: Book) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = subprocess.run(
            [sys.executable, "-m", "claimwright", "serve", "--port", str(port)], capture_output=True, text=True
        )
    assert done.returncode == 2 and done.stdout == ""
    assert done.stderr.strip().splitlines()[-1].startswith(f"claimwright: --port: 127.0.0.1:{port} cannot be used")


@pytest.mark.parametrize(
    "arguments",
    [["--auth", "off", "--host", "10.0.0.1"], ["--auth", "off", "--host", "::"], ["--auth", "off", "--host", "example"],
     ["--auth", "none"], ["--port", "70000"], ["--workers", "0"], ["--timeout", "0"], ["--upload-mb", "x"]],
)  # fmt: skip
def test_a_wrong_option_is_refused_before_anything_listens(
    arguments: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(serving, "run", lambda *_: pytest.fail("it was begun"))
    done = CliRunner().invoke(cli, ["serve", *arguments])
    assert done.stdout == "" and (isinstance(done.exception, InputError) or done.exit_code == 2)


def test_without_log_in_only_this_machine_is_answered_under_its_own_names() -> None:
    assert serving.checked(Settings(auth="off")).hosts == ("localhost", "127.0.0.1", "[::1]")
    assert serving.checked(Settings(auth="off", host="::1", hosts=("a",))).hosts == ("a",)
    assert serving.checked(Settings(host="0.0.0.0")).hosts == ()  # noqa: S104 - with log-in
    for host, own in (("127.0.0.2", True), ("LOCALHOST", True), ("[::1]", True), ("10.0.0.1", False), ("", False)):
        assert serving.is_loopback(host) is own


def test_an_address_that_is_not_here_is_told() -> None:
    for host in ("203.0.113.7", "no such host", "a" * 300):
        with pytest.raises(InputError, match="--host"):
            serving.bound(Settings(host=host, port=0))


def test_a_missing_package_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serve_command, "NEEDED", ("no_such_package",))
    with pytest.raises(ClaimwrightError, match="pip install 'claimwright\\[web\\]'") as raised:
        serve_command.need_web()
    assert raised.value.exit_code == 3
