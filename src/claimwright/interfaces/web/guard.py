"""What stands before everything else: limits, time, headers of security, and the line in the access log.

The log has method, route template, status and milliseconds: no path, no query, no body. An error not raised on
purpose is logged by its kind and the line of our code where it arose, never by its text, which may quote a claim.
"""

from __future__ import annotations

import asyncio
import logging
import re
import traceback
from collections.abc import Iterable
from time import perf_counter
from typing import Any

from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from claimwright.interfaces.web.problems import Problem, TooLarge, problem_of
from claimwright.interfaces.web.site import Site

ACCESS = logging.getLogger("claimwright.access")
ERRORS = logging.getLogger("claimwright.errors")

MOST_ADDRESS = 8 * 1024
MOST_HEADERS = 64 * 1024
API = "/api/"
BATCH = "/api/v1/check/batch"
"""Read and answered as it comes: its time is counted from chunk to chunk, its body against its own limit."""
WATCHERS = ("/healthz", "/readyz", "/metrics")
"""Answered however many requests are running: they are asked to find out."""

_HEADERS = {
    "Content-Security-Policy": "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "object-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    # Not no-referrer: with it browsers send `Origin: null` even with our own forms, and those are refused.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_HSTS = {"Strict-Transport-Security": "max-age=31536000"}
_ONE_YEAR = b"public, max-age=31536000, immutable"


def routes(site: Site) -> list[BaseRoute]:
    """None of its own."""
    return []


def middleware(site: Site) -> list[Middleware]:
    """The guard itself."""
    return [Middleware(Guard, site=site)]


class Guard:
    """ASGI middleware, outermost."""

    def __init__(self, app: ASGIApp, site: Site) -> None:
        self.app, self.site, self.settings = app, site, site.settings
        extra = {**_HEADERS, **(_HSTS if site.settings.secure_cookies else {})}
        self._extra = [(name.lower().encode(), value.encode()) for name, value in extra.items()]
        self._hosts = frozenset(each.lower() for each in site.settings.hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request; what is not HTTP passes."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        call = _Call(self, scope, receive, send)
        metrics = self.site.metrics
        metrics.running += 1
        started = perf_counter()
        try:
            await call.run()
        finally:
            metrics.running -= 1
            seconds = perf_counter() - started
            route = template(scope)
            method = scope["method"] if scope["method"] in _METHODS else "OTHER"
            metrics.answered(method, route, call.status, seconds)
            if ACCESS.isEnabledFor(logging.INFO):
                ACCESS.info("%s %s %d %.1f ms", method, route, call.status, seconds * 1e3)

    def refusal(self, scope: Scope) -> Problem | None:
        """Why this request is not even begun, if it is not."""
        if len(scope.get("raw_path") or b"") + len(scope["query_string"]) > MOST_ADDRESS:
            return Problem(414, f"the address is longer than {MOST_ADDRESS:,} bytes", "address")
        if _CONTROL.search(scope["path"]):
            return Problem(400, "the address holds a control character", "address")
        length, host, size, hosts = "", "", 0, 0
        for name, value in scope["headers"]:
            size += len(name) + len(value)
            if name == b"content-length":
                length = value.decode("latin-1")
            elif name == b"host":
                host, hosts = value.decode("latin-1"), hosts + 1
        if size > MOST_HEADERS:
            return Problem(431, f"the headers are larger than {MOST_HEADERS:,} bytes", "headers")
        if hosts > 1:  # RFC 9112, 3.2; the parts of the server could each believe another
            return Problem(400, "the Host header stands twice", "Host")
        if self._hosts and _name(host) not in self._hosts:
            return Problem(421, "this server does not answer under the name in the Host header", "Host")
        if length and not (length.isascii() and length.isdigit()):
            return Problem(400, "Content-Length is no number", "Content-Length")
        limit = self.limit(scope)
        if length and (len(length) > 18 or int(length) > limit):
            return TooLarge(limit)
        if self.site.metrics.running > self.settings.concurrent_requests and scope["path"] not in WATCHERS:
            return Problem(503, "the server is working on as many requests as it can; come again", None)
        return None

    def limit(self, scope: Scope) -> int:
        """Most bytes of the body of this request."""
        return self.settings.batch_bytes if scope["path"] == BATCH else self.settings.upload_bytes

    def answer(self, scope: Scope, error: Exception) -> Response:
        """An error as this client reads it: a problem under the API, else a page."""
        told = problem_of(error)
        if scope["path"].startswith(API):
            return told
        sentence = error.detail if isinstance(error, Problem) else "Something failed here that should not."
        request = Request(scope)
        if not hasattr(request.state, "user"):  # who asks is no longer looked up: that may be what failed
            request.state.user = None
        page = self.site.page(
            request, "error.html", told.status_code, title="That cannot be answered", sentence=sentence
        )
        if "retry-after" in told.headers:
            page.headers["Retry-After"] = told.headers["retry-after"]
        return page


class _Call:
    """One request on its way through."""

    def __init__(self, guard: Guard, scope: Scope, receive: Receive, send: Send) -> None:
        self.guard, self.scope, self._receive, self._send = guard, scope, receive, send
        self.status, self.started, self.reading, self.gone = 0, False, False, False
        self._left = guard.limit(scope)
        self._batch = scope["path"] == BATCH
        self._seconds = guard.settings.timeout_seconds

    async def run(self) -> None:
        """Answer it, whatever happens."""
        refused = self.guard.refusal(self.scope)
        if refused is not None:
            self.guard.site.metrics.refused(str(refused.status_code))
            await self._fail(refused, close=refused.status_code == 413)
            return
        try:
            if self._batch:
                await self.guard.app(self.scope, self.receive, self.send)
            else:
                async with asyncio.timeout(self._seconds):
                    await self.guard.app(self.scope, self.receive, self.send)
        except TimeoutError:
            await self._late()
        except ClientDisconnect:
            self.status = self.status or 499
        except Problem as error:
            await self._fail(error, close=True)
        except Exception as error:
            if self.gone:  # nobody is left to be told; what broke is that the client went away
                self.status = self.status or 499
                return
            _log(error, template(self.scope))
            await self._fail(error)

    async def receive(self) -> Message:
        """The next message of the client, counted."""
        self.reading = True
        if self._batch:
            async with asyncio.timeout(self._seconds):
                message = await self._receive()
        else:
            message = await self._receive()
        self.reading = False
        if message["type"] == "http.request":
            self._left -= len(message.get("body", b""))
            if self._left < 0:
                raise TooLarge(self.guard.limit(self.scope))
        elif message["type"] == "http.disconnect":
            self.gone = True
        return message

    async def send(self, message: Message) -> None:
        """A message to the client, its first with the headers that all answers have."""
        if message["type"] == "http.response.start":
            self.status, self.started = message["status"], True
            message["headers"] = _completed(message["headers"], self.guard._extra, self.scope)
        if self._batch:  # a client that sends and never reads would hold its place for ever
            async with asyncio.timeout(self._seconds):
                await self._send(message)
        else:
            await self._send(message)

    async def _late(self) -> None:
        if self.reading and not self.started:
            sentence = f"the body did not arrive within {self._seconds:g} seconds"
            await self._fail(Problem(408, sentence, "body"), close=True)
        else:
            await self._fail(Problem(503, f"the answer was not ready within {self._seconds:g} seconds"))

    async def _fail(self, error: Exception, close: bool = False) -> None:
        if self.started:
            # Half an answer cannot be taken back: ending the connection is how the client learns of it.
            raise ConnectionAbortedError("the answer was broken off")
        response = self.guard.answer(self.scope, error)
        if close:
            response.headers["Connection"] = "close"
        await response(self.scope, self.receive, self.send)


_METHODS = frozenset(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"))


def template(scope: Scope) -> str:
    """The route that answered as it was declared, with the names of its parts in braces; never the path itself."""
    route = scope.get("route")
    if route is None:
        return "unmatched"
    if isinstance(route, Mount):
        return route.path
    root = scope.get("root_path", "")
    prefix = root[len(scope.get("app_root_path", root)) :]
    return f"{prefix}{getattr(route, 'path', '')}" or "unmatched"


def _completed(
    headers: Iterable[tuple[bytes, bytes]], extra: list[tuple[bytes, bytes]], scope: Scope
) -> list[tuple[bytes, bytes]]:
    """The headers with ours; what an answer states itself stays."""
    out = [*headers]
    held = {name for name, _ in out}
    out += [each for each in extra if each[0] not in held]
    if b"cache-control" not in held:
        out.append((b"cache-control", _caching(scope)))
    return out


def _caching(scope: Scope) -> bytes:
    """Nothing is kept but static files: those named with their version for ever, the others with a look at the tag."""
    if not scope["path"].startswith("/static/"):
        return b"no-store"
    return _ONE_YEAR if scope["query_string"].startswith(b"v=") else b"no-cache"


def _name(host: str) -> str:
    """The Host header without its port."""
    if host.startswith("["):
        return host.partition("]")[0].lower() + "]"
    return host.partition(":")[0].lower()


def _log(error: Exception, route: str) -> None:
    """Kind and place of an error; its text stays unsaid."""
    frames: list[Any] = traceback.extract_tb(error.__traceback__)
    own = [each for each in frames if "claimwright" in each.filename] or frames
    where = f"{own[-1].filename.rsplit('claimwright/', 1)[-1]}:{own[-1].lineno}" if own else "nowhere"
    ERRORS.error("%s at %s, answering %s", type(error).__name__, where, route)
