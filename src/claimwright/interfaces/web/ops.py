"""For those who run the server: is it alive, can it answer, what has it done."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from claimwright import __version__
from claimwright.errors import ClaimwrightError
from claimwright.interfaces.web.metrics import CONTENT_TYPE
from claimwright.interfaces.web.site import Site


def routes(site: Site) -> list[BaseRoute]:
    """`/healthz`, `/readyz`, `/metrics`."""
    return [
        Route("/healthz", _healthz, methods=["GET"]),
        Route("/readyz", _readyz(site), methods=["GET"]),
        Route("/metrics", _metrics(site), methods=["GET"]),
    ]


async def _healthz(request: Request) -> Response:
    """The process answers."""
    return JSONResponse({"status": "alive", "version": __version__})


def _readyz(site: Site) -> Callable[[Request], Awaitable[Response]]:
    async def readyz(request: Request) -> Response:
        """The book answers, and whatever else of the site must: 503 with the reasons until then."""
        reasons = await run_in_threadpool(_reasons, site)
        if reasons:
            return JSONResponse({"status": "not ready", "reasons": reasons}, 503, {"Retry-After": "5"})
        return JSONResponse({"status": "ready", "book": site.engine.book.folder.name})

    return readyz


def _reasons(site: Site) -> list[str]:
    out = []
    try:
        site.engine.book.rows("SELECT 1 FROM edition LIMIT 1")
    except ClaimwrightError as error:
        out.append(str(error))
    for each in site.ready:
        try:
            said = each()
        except Exception as error:
            said = f"{getattr(each, '__name__', 'a part of the site')} failed ({type(error).__name__})"
        if said:
            out.append(said)
    return out


def _metrics(site: Site) -> Callable[[Request], Awaitable[Response]]:
    async def metrics(request: Request) -> Response:
        """Counts since this process began; several workers count each for itself."""
        return Response(site.metrics.text(), media_type=CONTENT_TYPE)

    return metrics
