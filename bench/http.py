"""The HTTP API under load: one worker and wrk with 16 connections, against a bare Starlette endpoint in the same run.

Claims are synthetic (`bench-claims`, seeded), of one day and all different; every request sends another.
`show` goes round 500 codes, which the server keeps encoded after the first round; `show, not kept` goes round more
codes than it keeps. wrk and the servers share the cores, so the ratios are the figures, and rates only tell of a
machine; the ratio of the processor time that the servers spent on a request tells the same with less noise.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from bench import DAY, SEED
from bench.figures import Figure
from bench.processes import COMMAND, PYTHON, ROOT, Differs, environment, median
from claimwright.book.store import open_book
from claimwright.engine import Engine
from claimwright.model import plain, to_json

CONNECTIONS = 16
NOT_KEPT = 40_000
SHOW_RATIO, CHECK_RATIO = 8_000 / 25_000, 1_500 / 25_000
SECTION = "HTTP, one worker, wrk with 16 connections"


class Load(NamedTuple):
    """What wrk saw: requests a second, p50 and p99 in ms, answers that were no 200; CPU of the server, us a request."""

    rate: float
    p50: float
    p99: float
    failed: int
    cpu: float


def http(seconds: int, pairs: int, claims: int) -> Iterator[Figure]:
    """The figures; none without wrk."""
    if shutil.which("wrk") is None:
        print("wrk is not installed: the section http is skipped")
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        bodies = _claims(folder, claims)
        codes = _codes(500 + NOT_KEPT)
        scripts = {
            "show": _script(folder, "show", [f"/api/v1/codes/{each}?date={DAY}" for each in codes[:500]], False),
            "show, not kept": _script(
                folder, "fresh", [f"/api/v1/codes/{each}?date={DAY}" for each in codes[500:]], False
            ),
            "check": _script(folder, "check", bodies, True),
        }
        bare_port, port = _free(), _free()
        serve = (*COMMAND, "serve", "--port", str(port), "--log-level", "warning")
        with (
            _server((PYTHON, "-m", "bench.bare_server", str(bare_port)), bare_port) as bare,
            _server(serve, port) as served,
        ):
            _same(port, bodies[0])
            yield from _measured(_Target(f"http://127.0.0.1:{bare_port}/bare", bare),
                                 _Target(f"http://127.0.0.1:{port}/", served), scripts, seconds, pairs)  # fmt: skip


class _Target(NamedTuple):
    """A server: where it listens, and its process."""

    address: str
    process: int


def _measured(bare: _Target, served: _Target, scripts: dict[str, Path], seconds: int, pairs: int) -> Iterator[Figure]:
    _wrk(bare, None, 1)
    for script in scripts.values():
        _wrk(served, script, 1)
    base: list[Load] = []
    found: dict[str, list[Load]] = {name: [] for name in scripts}
    for _ in range(pairs):
        base.append(_wrk(bare, None, seconds))
        for name, script in scripts.items():
            found[name].append(_wrk(served, script, seconds))
    rate = median([each.rate for each in base])
    yield Figure(SECTION, "bare Starlette endpoint", rate, "requests/s", note=_times(base))
    for name, loads in found.items():
        ratios = sorted(load.rate / bare_load.rate for load, bare_load in zip(loads, base, strict=True))
        note = f"{_times(loads)}; {sum(each.failed for each in loads)} not answered with 200"
        yield Figure(SECTION, name, median([each.rate for each in loads]), "requests/s", note=note)
        least = {"show": SHOW_RATIO, "check": CHECK_RATIO}.get(name)
        says = f"at least {least:.2f} asked" if least else ""
        held = "" if least is None else (": held" if median(ratios) >= least else ": MISSED")
        yield Figure(SECTION, f"{name} / bare", median(ratios), "ratio", note=says + held,
                     spread=(ratios[0], ratios[-1]))  # fmt: skip
        cpu = sorted(bare_load.cpu / load.cpu for load, bare_load in zip(loads, base, strict=True))
        spent = f"{median([each.cpu for each in base]):.0f} and {median([each.cpu for each in loads]):.0f} us"
        yield Figure(SECTION, f"{name} / bare, by CPU", median(cpu), "ratio", note=spent, spread=(cpu[0], cpu[-1]))


def _times(loads: Sequence[Load]) -> str:
    return f"p50 {median([each.p50 for each in loads]):.1f} ms, p99 {median([each.p99 for each in loads]):.1f} ms"


def _claims(folder: Path, number: int) -> list[str]:
    """Claims as JSON texts, each on the day of the bench."""
    from claimwright.batch.synthetic import write_claims

    file = folder / "claims.ndjson"
    with open_book() as book:
        write_claims(book, number, SEED, file)
    out = []
    for line in file.read_text(encoding="utf-8").splitlines():
        claim = json.loads(line)
        for key in ("service_from", "service_to"):
            claim[key] = DAY
        for each in claim.get("procedures", []):
            each.pop("date", None)
        out.append(json.dumps(claim))
    return out


def _codes(number: int) -> list[str]:
    with open_book() as book:
        edition = book.edition_on(book.registry_window.starts)[0].number
        return [row[0] for row in book.rows(
            "SELECT code FROM node WHERE edition = ? AND kind = 'code' ORDER BY (pos * 7919) % 99991 LIMIT ?",
            (edition, number),
        )]  # fmt: skip


def _script(folder: Path, name: str, texts: Sequence[str], post: bool) -> Path:
    """A script for wrk that goes round the texts: addresses to get, or bodies to post."""
    data = folder / f"{name}.txt"
    data.write_text("\n".join(texts) + "\n", encoding="utf-8")
    request = (
        'wrk.format("POST", "/api/v1/check", {["Content-Type"] = "application/json"}, texts[at])'
        if post
        else 'wrk.format("GET", texts[at])'
    )
    script = folder / f"{name}.lua"
    script.write_text(
        f'texts = {{}}\nfor line in io.lines("{data}") do texts[#texts + 1] = line end\nat = 0\n'
        f"request = function()\n  at = at % #texts + 1\n  return {request}\nend\n",
        encoding="utf-8",
    )
    return script


def _same(port: int, body: str) -> None:
    """The served report is that of the engine."""
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/api/v1/check", body.encode(), {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
        served = json.loads(answer.read())
    with open_book() as book:
        ours = json.loads(to_json(plain(Engine(book).check(json.loads(body)))))
    if served != ours:
        raise Differs("the server's report is not the engine's")


def _wrk(target: _Target, script: Path | None, seconds: int) -> Load:
    command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "--latency"]
    command += ["-s", str(script)] if script else []
    before = _cpu(target.process)
    said = subprocess.run([*command, target.address], capture_output=True, text=True, check=True).stdout
    rate = re.search(r"Requests/sec:\s+([\d.]+)", said)
    wrong = re.search(r"Non-2xx or 3xx responses: (\d+)", said)
    if rate is None:
        raise Differs(f"wrk did not say how many requests: {said[:200]}")
    number = re.search(r"(\d+) requests in", said)
    cpu = (_cpu(target.process) - before) * 1e6 / max(int(number[1]) if number else 1, 1)
    return Load(float(rate[1]), _latency(said, "50%"), _latency(said, "99%"), int(wrong[1]) if wrong else 0, cpu)


def _cpu(process: int) -> float:
    """Seconds of processor time that a process has spent."""
    parts = Path(f"/proc/{process}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(parts[11]) + int(parts[12])) / os.sysconf("SC_CLK_TCK")


def _latency(said: str, share: str) -> float:
    found = re.search(rf"{share}\s+([\d.]+)(us|ms|s)", said)
    return float(found[1]) * {"us": 1e-3, "ms": 1.0, "s": 1e3}[found[2]] if found else float("nan")


def _free() -> int:
    with socket.socket() as each:
        each.bind(("127.0.0.1", 0))
        return int(each.getsockname()[1])


@contextmanager
def _server(command: Sequence[str], port: int) -> Iterator[int]:
    """The id of a server process, ready on `port`, ended afterwards."""
    process = subprocess.Popen(command, env=environment(), cwd=ROOT, stderr=subprocess.DEVNULL)
    try:
        for _ in range(300):
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                if process.poll() is not None:
                    raise Differs("a server did not start") from None
                time.sleep(0.1)
        yield process.pid
    finally:
        process.terminate()
        process.wait(30)
