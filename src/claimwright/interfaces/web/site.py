"""What every page shares: the engine, the templates, and the date of service asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse

from claimwright import __version__
from claimwright.engine import Engine
from claimwright.errors import ClaimwrightError, EditionMissing, InputError
from claimwright.interfaces.web.metrics import Metrics
from claimwright.interfaces.web.settings import Settings
from claimwright.model.dates import day_of_text

Processor = Callable[[Request], Mapping[str, Any]]
"""Names that one part of the site gives to the templates of all."""
KeyOwner = Callable[[str], str | None]
"""Whose an API key is; None for one that nobody has."""
Ready = Callable[[], str]
"""One sentence on what keeps a part of the site from answering; empty when nothing does."""

ArticleLookup = Callable[[str], Iterable[tuple[str, str]]]
"""(title, address) of the articles about a code, printed as `show` prints it."""


def status_of(error: ClaimwrightError) -> int:
    """The HTTP status of a page that cannot be given: 400 where another question would be answered, else 503.

    A day beyond the loaded editions is the asker's to change; a table that is not there, or today, is not.
    """
    beyond = isinstance(error, EditionMissing) and error.loaded and error.day != date.today()
    return 400 if beyond or error.exit_code == 2 else 503


class Site:
    """One per server: made once, shared by all requests."""

    def __init__(self, engine: Engine, settings: Settings) -> None:
        """Templates are compiled once; an undefined name in one is an error, never an empty space."""
        self.engine = engine
        self.settings = settings
        self.processors: list[Processor] = []
        self.article_lookups: list[ArticleLookup] = []
        self.metrics = Metrics()
        self.key_owner: KeyOwner | None = None
        self.ready: list[Ready] = []
        self.templates = Environment(
            loader=PackageLoader("claimwright.interfaces.web", "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self.templates.globals["version"] = __version__

    def page(self, request: Request, template: str, status: int = 200, /, **context: Any) -> HTMLResponse:
        """Render `template` with `context`, the request's path and what the processors add."""
        shared: dict[str, Any] = {"path": request.url.path, "user": None, "csrf": "", "day": None}
        for processor in self.processors:
            shared.update(processor(request))
        return HTMLResponse(self.templates.get_template(template).render({**shared, **context}), status)

    def day(self, request: Request) -> date:
        """The date of service in `?date=`, or today; `InputError` for what is no date."""
        given = request.query_params.get("date", "").strip()
        if not given:
            return date.today()
        try:
            return day_of_text(given)
        except ValueError:
            raise InputError("date", f"{given!r} is not a date", "YYYY-MM-DD") from None

    def articles(self, code: str) -> list[tuple[str, str]]:
        """(title, address) of every article about a code, from whatever part of the site keeps articles."""
        return [each for look_up in self.article_lookups for each in look_up(code)]
