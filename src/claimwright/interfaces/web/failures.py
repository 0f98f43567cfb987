"""What a reader sees when there is no page, or when one failed: a sentence, never a traceback."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute

from claimwright.interfaces.web.site import Site

_SAID = {
    404: ("There is no such page", "Nothing stands at this address."),
    405: ("That is not done here", "This page is read, not written to."),
}


def routes(site: Site) -> list[BaseRoute]:
    """No addresses: this part only answers failures."""
    return []


def handlers(site: Site) -> Mapping[Any, Callable[[Request, Any], Response]]:
    """Pages for what the routes refuse, and for what nobody foresaw."""

    def refused(request: Request, error: HTTPException) -> Response:
        title, sentence = _SAID.get(error.status_code, ("That did not work", str(error.detail)))
        if request.url.path.startswith("/api/"):
            return JSONResponse({"title": title, "status": error.status_code}, error.status_code, error.headers)
        page = site.page(request, "error.html", error.status_code, title=title, sentence=sentence)
        page.headers.update(error.headers or {})
        return page

    def failed(request: Request, error: Exception) -> Response:
        sentence = "Something failed on our side. Nothing of what you sent was kept."
        if request.url.path.startswith("/api/"):
            return JSONResponse({"title": sentence, "status": 500}, 500)
        return site.page(request, "error.html", 500, title="That did not work", sentence=sentence)

    return {HTTPException: refused, 500: failed}
