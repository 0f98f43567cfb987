"""Answers as bytes, and the two ways in which the server spares itself work.

Records of codes are kept encoded: a book never changes while it is open, so the same question has the same bytes.
Claims that arrive together are checked together: the engine works in columns, and one pass over sixteen claims costs
little more than one over one. Each report is what the claim gets by itself; nothing of a claim is kept.
"""

from __future__ import annotations

import asyncio
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator
from datetime import date
from functools import partial
from typing import Any, TypeVar

import anyio.to_thread
import msgspec

from claimwright.engine import Engine
from claimwright.interfaces.bounds import rows_of
from claimwright.model import Claim, Report, plain

MOST_TOGETHER = 16
ROWS_TOGETHER = 160
"""Claims, and rows of them all, that are checked in one pass: more would keep other requests waiting."""
SMALL = 40
"""Diagnoses, procedures and lines up to which a claim is checked where it arrives and not in a thread."""
PIECE_CLAIMS = 256
PIECE_ROWS = 400
"""Claims, and rows of them all, after which a thread looks whether anybody still waits for its answer."""
THREADS = 16
"""Threads of one server that answer claims at once; pages have others, which no claim can take."""

MOST_GROUPED = 200
"""Diagnoses and procedures of a claim that the API groups: each is tried as if it were absent, and by itself."""

_MOST_SECONDS = 0.003
"""Longest that a claim waits for others to come with it, and only when others have just come with one."""

_ENCODER = msgspec.json.Encoder()

C = TypeVar("C")
R = TypeVar("R")


def encoded(value: Any) -> bytes:
    """Any answer of the engine as JSON without blanks; its content is that of the command line's `--json`."""
    return _ENCODER.encode(plain(value))


class Kept:
    """The bytes of recent answers, oldest dropped first, within a number of entries and of bytes."""

    def __init__(self, entries: int = 20_000, size: int = 128 << 20) -> None:
        self._held: OrderedDict[tuple[Any, ...], bytes] = OrderedDict()
        self._entries, self._left = entries, size

    def __len__(self) -> int:
        return len(self._held)

    def get(self, key: tuple[Any, ...]) -> bytes | None:
        """The bytes, if they are still here."""
        found = self._held.get(key)
        if found is not None:
            self._held.move_to_end(key)
        return found

    def put(self, key: tuple[Any, ...], value: bytes) -> bytes:
        """Keep and return `value`."""
        self._left += len(self._held.pop(key, b"")) - len(value)
        self._held[key] = value
        while self._left < 0 or len(self._held) > self._entries:
            self._left += len(self._held.popitem(last=False)[1])
        return value


class Checks:
    """Checks claims for the requests of one event loop, those of one moment together."""

    def __init__(self, engine: Engine, threads: Threads | None = None) -> None:
        self.engine, self.threads = engine, threads or Threads()
        self._waiting: list[tuple[Claim, date | None, date | None, asyncio.Future[Report]]] = []
        self._timer: asyncio.Handle | None = None
        self._expected = 1

    async def report(self, claim: Claim, day: date | None, as_of: date | None) -> Report:
        """As `Engine.check`, whose errors these are."""
        if claim.note or rows_of(claim) > SMALL:
            return await self.threads.run(partial(self.engine.check, claim, day, as_of))
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Report] = loop.create_future()
        self._waiting.append((claim, day, as_of, future))
        if self._timer is None:
            self._timer = loop.call_soon(self._go) if self._expected < 2 else loop.call_later(_MOST_SECONDS, self._go)
        if len(self._waiting) == self._expected > 1:
            self._timer.cancel()
            self._timer = loop.call_soon(self._go)
        return await future

    def _go(self) -> None:
        """Check what waits, and wait for as many the next time, while so many keep coming."""
        most = next(_pieces([each[0] for each in self._waiting], lambda each: each, MOST_TOGETHER, ROWS_TOGETHER), 0)
        now, self._waiting = self._waiting[:most], self._waiting[most:]
        self._expected = max(len(now), self._expected - 1)
        self._timer = asyncio.get_running_loop().call_soon(self._go) if self._waiting else None
        alike: dict[tuple[date | None, date | None], list[tuple[Claim, asyncio.Future[Report]]]] = {}
        for claim, day, as_of, future in now:
            if not future.done():  # the client may have gone, or its time run out
                alike.setdefault((day, as_of), []).append((claim, future))
        for (day, as_of), asked in alike.items():
            self._answer(day, as_of, asked)

    def _answer(self, day: date | None, as_of: date | None, asked: list[tuple[Claim, asyncio.Future[Report]]]) -> None:
        try:
            reports = self.engine.check_all([claim for claim, _ in asked], day, as_of)
        except Exception as error:
            if len(asked) == 1:
                asked[0][1].set_exception(error)
                return
            for each in asked:  # one of them is at fault: each by itself
                self._answer(day, as_of, [each])
            return
        for (_, future), report in zip(asked, reports, strict=True):
            future.set_result(report)


class Threads:
    """Where claims are answered away from the event loop."""

    def __init__(self) -> None:
        self._limiter = anyio.CapacityLimiter(THREADS)

    async def run(self, call: Callable[[], R]) -> R:
        """What `call` returns."""
        return await anyio.to_thread.run_sync(call, limiter=self._limiter)

    async def encoded(self, call: Callable[[], Any]) -> bytes:
        """What `call` returns, encoded."""
        return await self.run(lambda: encoded(call()))

    async def each(self, items: list[C], call: Callable[[list[C]], list[R]], claim_of: Callable[[C], Claim]) -> list[R]:
        """What `call` returns for all items, piece by piece; it ends with the piece after which nobody waits for it.

        A thread cannot be stopped from outside: one whose request has timed out would work on unseen.
        """
        gone = threading.Event()

        def work() -> list[R]:
            out: list[R] = []
            for end in _pieces(items, claim_of, PIECE_CLAIMS, PIECE_ROWS):
                if gone.is_set():
                    break
                out += call(items[len(out) : end])
            return out

        try:
            return await self.run(work)
        finally:
            gone.set()


def _pieces(items: list[C], claim_of: Callable[[C], Claim], most: int, rows: int) -> Iterator[int]:
    """Where each piece of at most so many claims and rows ends; a claim that has more rows is one by itself."""
    start, held = 0, 0
    for number, each in enumerate(items):
        size = rows_of(claim_of(each))
        if number > start and (number - start >= most or held + size > rows):
            yield number
            start, held = number, 0
        held += size
    if items:
        yield len(items)
