"""Answers as bytes, and the two ways in which the server spares itself work.

Records of codes are kept encoded: a book never changes while it is open, so the same question has the same bytes.
Claims that arrive together are checked together: the engine works in columns, and one pass over sixteen claims costs
little more than one over one. Each report is what the claim gets by itself; nothing of a claim is kept.
"""

from __future__ import annotations

import asyncio
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

import msgspec
from starlette.concurrency import run_in_threadpool

from claimwright.engine import Engine
from claimwright.interfaces.web.bodies import PLACE
from claimwright.interfaces.web.problems import Problem
from claimwright.model import Claim, Report, plain

MOST_TOGETHER = 16
"""Claims checked in one pass: more would keep other requests waiting."""
SMALL = 60
"""Diagnoses, procedures and lines up to which a claim is checked where it arrives and not in a thread."""

LARGE = 150
"""Diagnoses, procedures and lines above which a claim is a large one; an 837I holds 25 diagnoses."""
MOST_LARGE = 4
"""Large claims that are worked on at once."""
MOST_GROUPED = 200
"""Diagnoses and procedures of a claim that the API groups: each is tried as if it were absent, and by itself."""

_MOST_SECONDS = 0.003
"""Longest that a claim waits for others to come with it, and only when others have just come with one."""

_ENCODER = msgspec.json.Encoder()


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

    def __init__(self, engine: Engine, lane: Lane | None = None) -> None:
        self.engine, self.lane = engine, lane or Lane()
        self._waiting: list[tuple[Claim, date | None, date | None, asyncio.Future[Report]]] = []
        self._timer: asyncio.Handle | None = None
        self._expected = 1

    async def report(self, claim: Claim, day: date | None, as_of: date | None) -> Report:
        """As `Engine.check`, whose errors these are."""
        if claim.note or size_of(claim) > SMALL:
            return await run_in_threadpool(self.lane.open_to([claim], lambda: self.engine.check(claim, day, as_of)))
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
        now, self._waiting = self._waiting[:MOST_TOGETHER], self._waiting[MOST_TOGETHER:]
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


def in_thread(call: Callable[[], Any]) -> Any:
    """`call` and its answer encoded, away from the event loop."""
    return run_in_threadpool(lambda: encoded(call()))


class Lane:
    """Large claims, a few at a time: what a claim takes grows with the square of its codes.

    One whose time ran out has been answered with 503, but its thread works on: it keeps its place until it is done.
    """

    def __init__(self, most: int = MOST_LARGE) -> None:
        self._free = threading.Semaphore(most)

    def open_to(self, claims: Sequence[Claim], call: Callable[[], Any]) -> Callable[[], Any]:
        """`call` within a place of the lane; `call` itself for claims of which none is large.

        Errors when it is called: those of `call`, and `Problem` 503 when all places are taken.
        """
        if all(size_of(each) <= LARGE for each in claims):
            return call

        def placed() -> Any:  # the place is taken where it is given back: a request may end before its thread begins
            if not self._free.acquire(blocking=False):
                raise Problem(503, "the server is working on as many claims of this size as it can; come again", PLACE)
            try:
                return call()
            finally:
                self._free.release()

        return placed


def size_of(claim: Claim) -> int:
    """Diagnoses, procedures and lines."""
    return len(claim.diagnoses) + len(claim.procedures) + len(claim.lines)
