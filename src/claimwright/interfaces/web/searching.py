"""The search box: `/`, results under `/search`, and suggestions while typing under `/suggest`."""

from __future__ import annotations

from datetime import date
from functools import partial

from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from claimwright.book.search import search
from claimwright.book.suggest import suggestions
from claimwright.errors import BookDamaged, BookMissing, ClaimwrightError, EditionMissing
from claimwright.interfaces.web.code_pages import asked, known_service
from claimwright.interfaces.web.code_view import address, canonical
from claimwright.interfaces.web.site import Site

LONGEST = 300
"""Letters of a question that are read."""
_MOST = 30
_EXAMPLES = ("charley horse", "sleep related leg cramps", "fracture of femur", "S72.001A", "G35", "E11", "0DB68ZX")


def routes(site: Site) -> list[BaseRoute]:
    """Addresses of this part."""

    def home(request: Request) -> Response:
        page = site.page(request, "home.html", examples=_EXAMPLES)
        page.background = BackgroundTask(ready, site)
        return page

    def results(request: Request) -> Response:
        return _results(site, request)

    def suggest(request: Request) -> Response:
        found = suggestions(site.engine.book, request.query_params.get("q", ""), site.day(request))
        keep = asked(request)
        shown = [
            {"code": e.code, "title": e.title, "billable": e.billable, "matched": e.matched,
             "url": address(e.code, keep)}
            for e in found
        ]  # fmt: skip
        return JSONResponse({"suggestions": shown}, headers={"cache-control": "private, max-age=60"})

    return [
        Route("/", home, methods=["GET"]),
        Route("/search", results, methods=["GET"]),
        Route("/suggest", suggest, methods=["GET"]),
    ]


def ready(site: Site) -> None:
    """Read the wordings that suggestions need, before the first letter is typed."""
    suggestions(site.engine.book, _EXAMPLES[0], date.today())


def _results(site: Site, request: Request) -> Response:
    words = " ".join(request.query_params.get("q", "").split())[:LONGEST]
    day, keep = site.day(request), asked(request)
    if not words:
        return site.page(request, "home.html", examples=_EXAMPLES)
    code = _is_code(site, words, request)
    if code is not None:
        return RedirectResponse(address(code, keep), 307)
    hits = search(site.engine.book, words, site.engine.book.answerable(day), _MOST, explain=True)
    reasons = {each.code: each for each in hits.explain.hits} if hits.explain else {}
    return site.page(
        request, "search.html", words=words, hits=hits, reasons=reasons, day=day, keep=keep,
        href=partial(address, asked=keep),
    )  # fmt: skip


def _is_code(site: Site, words: str, request: Request) -> str | None:
    """The name of the page that the question asks for; None for words and for beginnings of codes."""
    if " " in words or not any(letter.isdigit() for letter in words) or len(words) > LONGEST // 4:
        return None
    try:
        record = site.engine.book.show(words, site.day(request))
    except (BookMissing, BookDamaged):
        raise
    except EditionMissing:
        code = words.upper()
        return code if known_service(site, code, site.day(request)) else None
    except ClaimwrightError:
        return None
    return canonical(site.engine.book, record)
