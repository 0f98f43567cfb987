"""The application: the parts of the site under one roof."""

from __future__ import annotations

from importlib import import_module

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from claimwright.engine import Engine
from claimwright.errors import ClaimwrightError
from claimwright.interfaces.web.settings import Settings
from claimwright.interfaces.web.site import Site, status_of

PARTS: tuple[str, ...] = (
    "guard",
    "api",
    "articles",
    "catalogues",
    "code_pages",
    "coverage",
    "failures",
    "ops",
    "people",
    "searching",
    "workbench",
)
"""Modules of this package, each with `routes(site)` and, if it stands before the routes, `middleware(site)`.

The guard is the first: whatever another part answers passes through it. A part may also have `handlers(site)`:
what answers an exception, by its class.
"""


def _icon(request: Request) -> Response:
    """The mark, for what asks for it by the old name."""
    return RedirectResponse("/static/mark.svg", 301, {"Cache-Control": "public, max-age=86400"})


def create_app(engine: Engine, settings: Settings | None = None) -> Starlette:
    """The ASGI application over one engine; `settings` default to a reader's server on the loopback."""
    site = Site(engine, settings or Settings())
    routes: list[BaseRoute] = [
        Mount("/static", StaticFiles(packages=[("claimwright.interfaces.web", "static")]), name="static"),
        Route("/favicon.ico", _icon, methods=["GET"]),
    ]
    middleware: list[Middleware] = []
    for name in PARTS:
        part = import_module(f"claimwright.interfaces.web.{name}")
        routes += part.routes(site)
        if hasattr(part, "middleware"):
            middleware += part.middleware(site)
    app = Starlette(routes=routes, middleware=middleware)
    app.state.site = site

    async def refused(request: Request, error: Exception) -> Response:
        """One sentence of what was wrong, as a page."""
        assert isinstance(error, ClaimwrightError)  # noqa: S101 - narrows the type
        status = status_of(error)
        return site.page(request, "error.html", status, title="That cannot be answered", sentence=str(error))

    app.add_exception_handler(ClaimwrightError, refused)
    for name in PARTS:
        part = import_module(f"claimwright.interfaces.web.{name}")
        for kind, handler in part.handlers(site).items() if hasattr(part, "handlers") else ():
            app.add_exception_handler(kind, handler)
    return app
