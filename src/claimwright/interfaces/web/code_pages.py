"""The page of a code, `/codes/{code}`, and two codes side by side, `/compare`."""

from __future__ import annotations

from datetime import date
from functools import partial
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from claimwright.book.linking import known, named_in, pieces
from claimwright.book.suggest import Suggestion, suggestions
from claimwright.errors import BookDamaged, BookMissing, ClaimwrightError, EditionMissing, InputError
from claimwright.interfaces.render.page import KINDS
from claimwright.interfaces.web.code_view import address, canonical, concerned, drgs, flag_words, note_kinds, view
from claimwright.interfaces.web.site import Site
from claimwright.reference.applying import manual_sets
from claimwright.reference.compare import Comparison, compare

if TYPE_CHECKING:
    from claimwright.book.record import CodeRecord

LONGEST = 40
"""Letters of the longest name that may be a code, block or chapter."""

MOST_VIEWS = 256
"""Pages whose contents stay in memory (some 20 MB); they change with the book only."""


class Views:
    """What pages are made of, by code and day, made once: scenarios run the rules."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self._kept: dict[tuple[str, date], dict[str, Any]] = {}

    def of(self, record: CodeRecord) -> dict[str, Any]:
        """The context of the page of a record."""
        key = record.code, record.date
        found = self._kept.get(key)
        if found is None:
            if len(self._kept) >= MOST_VIEWS:
                self._kept = {}
            found = self._kept[key] = view(self.site.engine, record)
        return found


def routes(site: Site) -> list[BaseRoute]:
    """Addresses of this part."""

    views = Views(site)

    def code_page(request: Request) -> Response:
        return _code_page(site, views, request)

    def compare_page(request: Request) -> Response:
        return _compare_page(site, request)

    def nowhere(request: Request) -> Response:
        return RedirectResponse("/", 307)

    return [
        Route("/codes", nowhere, methods=["GET"]),
        Route("/codes/{code:path}", code_page, methods=["GET"]),
        Route("/compare", compare_page, methods=["GET"]),
    ]


def asked(request: Request) -> dict[str, str]:
    """What the links of a page keep of its question: the date, if one was given."""
    given = request.query_params.get("date", "").strip()
    return {"date": given} if given else {}


def _code_page(site: Site, views: Views, request: Request) -> Response:
    name = request.path_params["code"].strip().strip("/")
    day = site.day(request)
    if not name or len(name) > LONGEST:
        return not_found(site, request, name, day)
    book = site.engine.book
    book.answerable(day)  # a date that cannot be answered is told as such, not as an unknown code
    try:
        record = book.show(name, day)
    except (BookMissing, BookDamaged):
        raise
    except EditionMissing as error:
        return _unloaded(site, request, name, day, error)
    except ClaimwrightError as error:
        return not_found(site, request, name, day, str(error))
    proper = canonical(book, record)
    keep = asked(request)
    if request.path_params["code"] != proper:
        return RedirectResponse(address(proper, keep), 307)
    if record.kind == "modifier":
        return site.page(request, "code_modifier.html", record=record, name=proper, day=day)
    return site.page(
        request,
        "code.html",
        day=day,
        name=proper,
        keep=keep,
        href=partial(address, asked=keep),
        articles=site.articles(record.code),
        **views.of(record),
    )


def not_found(site: Site, request: Request, name: str, day: date, why: str = "") -> Response:
    """404 with what may have been meant."""
    return site.page(
        request, "missing.html", 404, name=name[:80], why=why[:400], near=_near(site, name, day), day=day,
        href=partial(address, asked=asked(request)),
    )  # fmt: skip


def _near(site: Site, name: str, day: date) -> tuple[Suggestion, ...]:
    """Suggestions for a name, shortened from the end until something begins so."""
    words = name[:LONGEST].strip()
    for size in (len(words), 5, 4, 3):
        if 2 <= size <= len(words):
            try:
                found = suggestions(site.engine.book, words[:size], day, 6)
            except ClaimwrightError:
                return ()
            if found:
                return found
    return ()


def known_service(site: Site, code: str, day: date) -> bool:
    """Do our rules of the manuals or a policy speak of a service code, whatever tables are loaded?"""
    return bool(manual_sets(site.engine, code) or site.engine.book.policies.serving(code, day))


def _unloaded(site: Site, request: Request, name: str, day: date, error: EditionMissing) -> Response:
    """The page of a service code whose tables are not loaded: what our own rules and policies say of it."""
    code = name.upper().removeprefix("HCPCS:").removeprefix("CPT:").strip()
    book = site.engine.book
    sets = manual_sets(site.engine, code)
    policies = tuple(concerned(book, book.policies.serving(code, day)[:40]))
    if not sets and not policies:
        return not_found(site, request, name, day, str(error))
    if name != code:
        return RedirectResponse(address(code, asked(request)), 307)
    return site.page(
        request, "code_unloaded.html", code=code, why=str(error), sets=sets, concerned=policies, day=day,
        keep=asked(request), href=partial(address, asked=asked(request)),
    )  # fmt: skip


def _compare_page(site: Site, request: Request) -> Response:
    day = site.day(request)
    names = [request.query_params.get(key, "").strip() for key in ("a", "b")]
    keep = asked(request)
    context: dict[str, Any] = {
        "day": day, "a": names[0][:LONGEST], "b": names[1][:LONGEST], "keep": keep, "both": None, "problem": "",
        "href": partial(address, asked=keep),
    }  # fmt: skip
    if not all(names):
        return site.page(request, "compare.html", **context)
    try:
        left, right = (_record(site, name, day) for name in names)
    except InputError as error:
        return site.page(request, "compare.html", 404, **{**context, "problem": str(error)})
    both = compare(site.engine, left, right)
    return site.page(request, "compare.html", **{**context, "both": both, **_sides(site, both)})


def _record(site: Site, name: str, day: date) -> CodeRecord:
    if len(name) > LONGEST:
        raise InputError("code", f"{name[:LONGEST]!r}… is too long", "a code, category, block or chapter")
    return site.engine.book.show(name, day)


def _sides(site: Site, both: Comparison) -> dict[str, Any]:
    notes = (*both.shared, *both.only[0], *both.only[1])
    texts = [each.text for each in notes]
    texts += [text for each in both.findings for text in (each.message, each.fix.say)]
    texts += [proof.text for each in both.findings for proof in each.because]
    there = known(site.engine.book, {name for text in texts for name in named_in(text)})
    return {
        "shared": tuple(note_kinds(both.shared)),
        "only": [tuple(note_kinds(each)) for each in both.only],
        "drgs": [drgs(each) for each in (both.left, both.right)],
        "flag_words": flag_words,
        "cut": partial(pieces, there=there),
        "short_kind": {kind: heading.partition(":")[0] for kind, heading in KINDS.items()},
    }
