"""Many clients at once: `python -m bench.clients [--clients 200] [--seconds 60] [--json FILE]`.

`claimwright serve` runs as a process of its own; the clients are connections of this one, each sending its next
request when it has its answer. Requests are a fixed mix of codes, searches, claims to check and to group, coverage
and pages. What each must be answered is asked of the idle server before, one by one, and compared with the engine
where the API answers; under load every answer must be the same to the byte. The exit code is 1 when one was not.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from bench import DAY, SEED
from bench.processes import COMMAND, ROOT, Differs, environment
from claimwright.book.store import open_book
from claimwright.engine import Engine
from claimwright.model import dotted, plain, to_json

WEIGHTS = {"show": 30, "search": 15, "check": 25, "group": 8, "cover": 7, "page": 15}
"""How often each kind is asked, of 100."""
WORDS = ("leg cramps at night", "broken hip", "high blood pressure", "type 2 diabetes with kidney disease",
         "burning feet", "asthma attack", "shortness of breath", "ringing in the ears")  # fmt: skip
PATIENCE = 60.0
"""Seconds after which an answer counts as lost; the server's own limit is half of it."""
_WORD = re.compile(rb'name="csrf" value="[^"]*"')


@dataclass(frozen=True, slots=True)
class Ask:
    """A request as bytes, its kind, and the body of its answer once it is known."""

    kind: str
    data: bytes
    engine: Any = None
    body: bytes = b""


@dataclass(slots=True)
class Outcome:
    """What a load came to; `lost`, `errors` and `wrong` must be 0."""

    clients: int
    seconds: float
    answered: int = 0
    lost: int = 0
    errors: int = 0
    wrong: int = 0
    rate: float = 0.0
    p50_ms: float = 0.0
    p99_ms: float = 0.0
    slowest_ms: float = 0.0
    rss_mb: tuple[float, float] = (0.0, 0.0)
    kinds: dict[str, int] = field(default_factory=dict)
    first: str = ""

    @property
    def clean(self) -> bool:
        """Was every request answered as it must be?"""
        return bool(self.answered) and not (self.lost or self.errors or self.wrong)


def get(kind: str, path: str, engine: Any = None) -> Ask:
    return Ask(kind, f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode(), engine)


def post(kind: str, path: str, value: Any, engine: Any = None, form: bool = False) -> Ask:
    body = urlencode(value).encode() if form else json.dumps(value).encode()
    media = "application/x-www-form-urlencoded" if form else "application/json"
    head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: {media}\r\nContent-Length: {len(body)}\r\n\r\n"
    return Ask(kind, head.encode() + body, engine)


def asks(number: int = 40) -> list[Ask]:
    """The requests, `number` different ones of most kinds, each of the API with what the engine answers."""
    from bench.http import _claims, _codes

    out: list[Ask] = []
    with open_book() as book, tempfile.TemporaryDirectory() as folder:
        engine = Engine(book)
        codes = _codes(number)
        claims = [json.loads(each) for each in _claims(Path(folder), number)]

        def told(value: Any) -> Any:
            return json.loads(to_json(plain(value)))

        out += [get("show", f"/api/v1/codes/{each}?date={DAY}", told(book.show(each, _day()))) for each in codes]
        out += [get("search", f"/api/v1/search?q={quote(each)}&date={DAY}") for each in WORDS]
        out += [get("search", f"/suggest?q={quote(each[:7])}&date={DAY}") for each in WORDS]
        out += [post("check", "/api/v1/check", each, told(engine.check(each))) for each in claims]
        for code in codes[: number // 2]:
            stay = {"setting": "inpatient", "service_from": DAY, "service_to": DAY, "discharge_status": "01",
                    "patient": {"age": 60, "sex": "F"}, "diagnoses": [code, "E87.6", "J44.1"]}  # fmt: skip
            out.append(post("group", "/api/v1/group", stay, told(engine.group(stay))))
            visit = {"setting": "outpatient", "service_from": DAY, "payer": {"id": "medicare", "state": "WI"},
                     "diagnoses": [code, "R25.2"], "lines": [{"code": "95909"}]}  # fmt: skip
            out.append(post("cover", "/api/v1/cover", visit, told(engine.cover(_claim(visit)))))
        out += [get("page", f"/codes/{quote(dotted(each))}?date={DAY}") for each in (*codes[:6], "R252", "E11", "G35")]
        out += [get("page", each) for each in ("/", "/articles", "/articles/code-r25-2", "/rules/excludes1-conflict",
                                               "/policies/A54095", f"/search?q=cramp&date={DAY}")]  # fmt: skip
        form = {"setting": "outpatient", "service_from": DAY, "action": "check"}
        for code in codes[:6]:
            rows = [(f"diagnoses.{name}", value) for each in (code, "R25.2", "G20.A1")
                    for name, value in (("code", each), ("poa", ""))]  # fmt: skip
            out.append(post("page", "/check", [*form.items(), *rows], form=True))
    return out


def _day() -> Any:
    from datetime import date

    return date.fromisoformat(DAY)


def _claim(value: dict[str, Any]) -> Any:
    from claimwright.claims.wire import claim_from_object

    return claim_from_object(value)


class Client:
    """One connection that stays open, as a browser's or a program's."""

    def __init__(self, host: str, port: int) -> None:
        self.host, self.port = host, port
        self.reader: asyncio.StreamReader | None = None
        self.writer: asyncio.StreamWriter | None = None

    async def answer(self, data: bytes) -> tuple[int, bytes]:
        """Status and body. Errors: `OSError`, `EOFError` (`asyncio.IncompleteReadError`), `ValueError`."""
        if self.writer is None or self.reader is None:
            self.reader, self.writer = await asyncio.open_connection(self.host, self.port, limit=1 << 22)
        self.writer.write(data)
        head = await self.reader.readuntil(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (each.partition(":") for each in lines[1:])}
        if "content-length" in headers:
            body = await self.reader.readexactly(int(headers["content-length"]))
        else:
            body = b"".join([each async for each in self._chunks(self.reader)])
        if headers.get("connection", "").lower() == "close":
            self.close()
        return int(lines[0].split(" ")[1]), body

    @staticmethod
    async def _chunks(reader: asyncio.StreamReader) -> Any:
        while size := int(await reader.readline(), 16):
            yield (await reader.readexactly(size + 2))[:-2]
        await reader.readline()

    def close(self) -> None:
        """Let the connection go."""
        if self.writer is not None:
            self.writer.close()
        self.reader = self.writer = None


def masked(body: bytes) -> bytes:
    """A page without the word of its form, which is new for each visit."""
    return _WORD.sub(b"", body)


async def known(asked: Sequence[Ask], host: str, port: int) -> list[Ask]:
    """The requests with their answers, asked one by one. Errors: `Differs` where the engine answers otherwise."""
    client, out = Client(host, port), []
    for each in asked:
        status, body = await client.answer(each.data)
        if status != 200:
            raise Differs(f"{each.data.splitlines()[0].decode()} is answered with {status}: {body[:200]!r}")
        if each.engine is not None and json.loads(body) != each.engine:
            raise Differs(f"{each.data.splitlines()[0].decode()} is not answered as the engine does")
        out.append(Ask(each.kind, each.data, None, masked(body)))
    client.close()
    return out


async def _one(number: int, address: tuple[str, int], asked: Sequence[Ask], until: float, outcome: Outcome,
               times: list[float]) -> None:  # fmt: skip
    chance = random.Random(SEED + number)  # noqa: S311
    by_kind = {kind: [each for each in asked if each.kind == kind] for kind in WEIGHTS}
    client = Client(*address)
    while time.perf_counter() < until:
        ask = chance.choice(by_kind[chance.choices(list(WEIGHTS), list(WEIGHTS.values()))[0]])
        begun = time.perf_counter()
        wrong = ""
        try:
            status, body = await asyncio.wait_for(client.answer(ask.data), PATIENCE)
        except (OSError, EOFError, ValueError, TimeoutError) as error:
            outcome.lost += 1
            wrong = f"lost: {type(error).__name__}"
            client.close()
        else:
            times.append(time.perf_counter() - begun)
            outcome.answered += 1
            outcome.kinds[ask.kind] = outcome.kinds.get(ask.kind, 0) + 1
            if status != 200:
                outcome.errors += 1
                wrong = f"status {status}: {body[:200]!r}"
            elif masked(body) != ask.body:
                outcome.wrong += 1
                wrong = "another answer than before"
        if wrong and not outcome.first:
            outcome.first = f"{ask.data.splitlines()[0].decode()}: {wrong}"
    client.close()


async def _load(asked: Sequence[Ask], host: str, port: int, clients: int, seconds: float) -> Outcome:
    outcome, times = Outcome(clients, seconds), list[float]()
    begun = time.perf_counter()
    address = (host, port)
    await asyncio.gather(*(_one(each, address, asked, begun + seconds, outcome, times) for each in range(clients)))
    times.sort()
    outcome.rate = round(outcome.answered / (time.perf_counter() - begun), 1)
    if times:
        outcome.p50_ms, outcome.p99_ms, outcome.slowest_ms = (
            round(times[min(int(len(times) * share), len(times) - 1)] * 1e3, 1) for share in (0.5, 0.99, 1)
        )
    return outcome


def load(address: str, process: int, clients: int, seconds: float, asked: Sequence[Ask],
         say: Callable[[str], None] = lambda said: None) -> Outcome:  # fmt: skip
    """The load on the server at `address`, whose process has this id. Errors: `Differs`."""
    place = urlsplit(address)
    host, port = place.hostname or "", place.port or 80
    answers = asyncio.run(known(asked, host, port))
    say(f"{len(answers)} different requests are known; {clients} clients for {seconds:g} s")
    before = rss(process)
    outcome = asyncio.run(_load(answers, host, port, clients, seconds))
    outcome.rss_mb = (before, rss(process))
    asyncio.run(known(asked, host, port))  # and it still answers as it did
    return outcome


def rss(process: int) -> float:
    """Resident memory of a process, in MB."""
    found = re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{process}/status").read_text(encoding="ascii"))
    return round(int(found[1]) / 1024, 1) if found else 0.0


@contextmanager
def server() -> Iterator[tuple[str, int]]:
    """Address and process of a server with an editorial database of its own."""
    with tempfile.TemporaryDirectory() as folder:
        command = [*COMMAND, "serve", "--port", "0", "--log-level", "warning", "--database", f"sqlite:///{folder}/e.db"]
        process = subprocess.Popen(command, env=environment(), cwd=ROOT, stderr=subprocess.PIPE, text=True)
        try:
            said = ""
            for line in process.stderr or ():
                said += line
                if found := re.search(r"listening on (http://\S+)", line):
                    break
            else:
                raise Differs(f"the server did not start: {said}")
            yield found[1], process.pid
        finally:
            process.terminate()
            process.communicate(timeout=60)


def main() -> int:
    """The command."""
    words = argparse.ArgumentParser(prog="python -m bench.clients", description=__doc__.split("\n")[0])
    words.add_argument("--clients", type=int, default=200)
    words.add_argument("--seconds", type=float, default=60.0)
    words.add_argument("--json", type=Path, help="write the figures here, too")
    given = words.parse_args()
    asked = asks()
    with server() as (address, process):
        outcome = load(address, process, given.clients, given.seconds, asked, print)
    print(
        f"{outcome.answered:,} answers, {outcome.rate:,.0f} a second; p50 {outcome.p50_ms:.0f} ms, p99 "
        f"{outcome.p99_ms:.0f} ms, slowest {outcome.slowest_ms:.0f} ms; memory {outcome.rss_mb[0]:.0f} MB before, "
        f"{outcome.rss_mb[1]:.0f} MB after"
    )
    print(", ".join(f"{kind} {number:,}" for kind, number in sorted(outcome.kinds.items())))
    print(f"lost {outcome.lost}, errors {outcome.errors}, wrong {outcome.wrong}"
          + (f"; the first: {outcome.first}" if outcome.first else ""))  # fmt: skip
    if given.json:
        given.json.write_text(json.dumps(asdict(outcome), indent=2) + "\n", encoding="utf-8")
    return 0 if outcome.clean else 1


if __name__ == "__main__":
    sys.exit(main())
