"""Runs the application: one process, or several that share a socket; ends when it is told to, after what is running."""

from __future__ import annotations

import contextlib
import gc
import ipaddress
import logging
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import Any

import uvicorn
from starlette.applications import Starlette

from claimwright.errors import InputError
from claimwright.interfaces.web.settings import Settings

GRACE_SECONDS = 20
"""Longest that running requests are waited for once the server is told to end."""
_COLLECT_AFTER = 20_000
"""New objects before the collector looks for cycles among them: a report has hundreds, and no cycle."""


def is_loopback(host: str) -> bool:
    """Does this name only this machine?"""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def checked(settings: Settings) -> Settings:
    """Settings that are safe to serve. Errors: `InputError`.

    Without log-in only this machine is answered, and only under its own names: a web page elsewhere cannot have a
    browser here ask in another one.
    """
    if settings.auth == "off":
        if not is_loopback(settings.host):
            raise InputError("--auth", f"off would open editorial work to all who reach {settings.host}",
                             "a loopback --host such as 127.0.0.1, or --auth local")  # fmt: skip
        if not settings.hosts:
            return replace(settings, hosts=("localhost", "127.0.0.1", "[::1]"))
    return settings


def bound(settings: Settings) -> socket.socket:
    """The listening socket. Errors: `InputError` for a port in use, or an address that is not here."""
    try:
        family, _, _, _, address = socket.getaddrinfo(
            settings.host.strip("[]"), settings.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except (OSError, ValueError) as error:  # ValueError: no name can be as long
        why = getattr(error, "strerror", None) or "not a name"
        raise InputError("--host", f"{settings.host!r} is no address ({why})", "a name or address") from None
    out = socket.socket(family, socket.SOCK_STREAM)
    try:
        out.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        out.bind(address)
    except OSError as error:
        out.close()
        place, expected = ("--port", "a free port") if error.errno != 99 else ("--host", "an address of this machine")
        said = (error.strerror or str(error)).lower()
        raise InputError(place, f"{settings.host}:{settings.port} cannot be used ({said})", expected) from None
    out.set_inheritable(True)
    return out


def address_of(listening: socket.socket) -> str:
    """What to type into a browser."""
    host, port = listening.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def run(settings: Settings, workers: int, level: str) -> int:
    """Serve the web application until told to end (SIGTERM, SIGINT); the exit code."""
    settings = checked(settings)
    return run_app(partial(application, settings), settings, level, "", workers)


def run_app(make: Callable[[], Starlette], settings: Settings, level: str, path: str, workers: int = 1) -> int:
    """Serve what `make` makes, in each process anew; `path` is where it answers. The exit code."""
    listening = bound(settings)
    config = uvicorn.Config(
        make,
        factory=True,
        log_config=None,
        log_level=logging.WARNING,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=GRACE_SECONDS,
        timeout_keep_alive=30,
        backlog=1024,
        lifespan="on",
    )

    def work(said: str = "") -> int:
        logs(level)
        server = _Server(config)
        server.said = said
        server.run(sockets=[listening])
        return 0 if server.started else 3

    place = f"on {address_of(listening)}{path} (Ctrl-C ends)"
    if workers == 1:
        return work(f"listening {place}")
    from claimwright.interfaces.web.workers import Workers

    listening.listen(1024)  # who comes before the workers are ready waits, and is not turned away
    _say(f"{workers} workers listen {place}")
    return Workers(workers, work).run()


class _Server(uvicorn.Server):
    """Ends with what is running answered, and with exit code 0: to be told to end is no failure."""

    said = ""
    """What to say once it listens."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """As uvicorn's, and a sentence."""
        await super().startup(sockets)
        if self.said and self.started:
            _say(self.said)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """As uvicorn's, but the signal is not raised again once the server is down."""
        before = {each: signal.signal(each, self.handle_exit) for each in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for each, handler in before.items():
                signal.signal(each, handler)


def _say(sentence: str) -> None:
    sys.stderr.write(f"claimwright: {sentence}\n")
    sys.stderr.flush()


def application(settings: Settings) -> Starlette:
    """The application of one process."""
    from claimwright.book.store import open_book
    from claimwright.engine import Engine
    from claimwright.interfaces.web.app import create_app
    from claimwright.interfaces.web.desk import desk_of
    from claimwright.interfaces.web.searching import ready

    engine = Engine(open_book())
    app = create_app(engine, settings)
    site = app.state.site
    desk_of(site).database  # noqa: B018 - migrated, and its articles checked, before anybody asks
    ready(site)
    _warm(engine)
    return app


def _warm(engine: Any) -> None:
    """Ask once for what the first request would otherwise wait for."""
    engine.check({"setting": "outpatient", "diagnoses": ["R69", "Z00.00"], "lines": [{"code": "99213"}]})
    # What is here now stays: looking through it for cycles would stop the server for as long as a hundred requests.
    gc.collect()
    gc.freeze()
    gc.set_threshold(_COLLECT_AFTER, 20, 100)


def _untold(record: logging.LogRecord) -> bool:
    """A line without the text of an exception, which may quote a claim; ours have its kind and place already."""
    if record.exc_info and record.exc_info[0] is not None:
        record.msg, record.args = f"{record.name}: {record.exc_info[0].__name__}", ()
    record.exc_info = record.exc_text = None
    return True


def logs(level: str) -> None:
    """One line an event on standard error: access, errors of ours, and what uvicorn has to say."""
    handler = logging.StreamHandler(sys.stderr)
    handler.addFilter(_untold)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
    for name in ("claimwright", "uvicorn", "mcp"):
        logger = logging.getLogger(name)
        logger.handlers[:] = [handler]
        logger.propagate = False
        logger.setLevel(level.upper())
    # The agents' library tells of each session at info.
    logging.getLogger("mcp").setLevel(max(logging.WARNING, logging.getLogger("claimwright").level))
    # uvicorn tells of exceptions with their text, and of each start in five lines; ours says what happened where.
    logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL if level != "debug" else logging.INFO)
