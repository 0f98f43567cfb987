"""Catalogues: the rules, the coverage policies, and the tables that answer or are not loaded."""

from __future__ import annotations

from datetime import date
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from claimwright.book.linking import known
from claimwright.book.tables import addable, not_loaded, tables
from claimwright.edits.registry import EXTRA_TABLES
from claimwright.errors import InputError
from claimwright.interfaces.render.policies import chosen_policies, policy_document, policy_entry
from claimwright.interfaces.render.rules import named_rule, rule_entry
from claimwright.interfaces.web.code_pages import asked
from claimwright.interfaces.web.code_view import address
from claimwright.interfaces.web.site import Site
from claimwright.model import undotted

if TYPE_CHECKING:
    from claimwright.book.store import Book

MOST_POLICIES = 200
"""Rows of the list of policies; an imported export has thousands."""
_KINDS = {"DX": "Diagnoses", "PX": "Procedures", "DC": "Documentation"}


def routes(site: Site) -> list[BaseRoute]:
    """Addresses of this part."""

    def rules(request: Request) -> Response:
        return _rules(site, request)

    def rule(request: Request) -> Response:
        return _rule(site, request)

    def policies(request: Request) -> Response:
        return _policies(site, request)

    def policy(request: Request) -> Response:
        return _policy(site, request)

    def data(request: Request) -> Response:
        return _data(site, request)

    return [
        Route("/rules", rules, methods=["GET"]),
        Route("/rules/{name}", rule, methods=["GET"]),
        Route("/policies", policies, methods=["GET"]),
        Route("/policies/{name:path}", policy, methods=["GET"]),
        Route("/data", data, methods=["GET"]),
    ]


# ---- rules --------------------------------------------------------------------------------------


def _rules(site: Site, request: Request) -> Response:
    groups: dict[str, list[dict[str, Any]]] = {}
    lacking = not_loaded(site.engine.book)
    for each in site.engine.rules.values():
        entry = {**rule_entry(each), "missing": _missing(lacking, each.tables)}
        groups.setdefault(_KINDS.get(each.code[:2], "Others"), []).append(entry)
    return site.page(request, "rules.html", groups=groups, count=len(site.engine.rules))


def _missing(lacking: dict[str, str], needed: tuple[str, ...]) -> list[str]:
    """Tables among those needed that are not loaded, each once."""
    return [each for each in dict.fromkeys(needed) if each in lacking]


def _rule(site: Site, request: Request) -> Response:
    name = request.path_params["name"]
    try:
        found = named_rule(name)
    except InputError as error:
        return site.page(request, "error.html", 404, title="There is no such rule", sentence=str(error)[:300])
    if found.name != name:
        return RedirectResponse(f"/rules/{found.name}", 307)
    lacking = not_loaded(site.engine.book)
    return site.page(
        request,
        "rule.html",
        rule=rule_entry(found),
        text=_markdown("\n".join(found.page.splitlines()[1:])),
        relation=type(found.relation).__name__,
        relation_says=_first_line(type(found.relation)),
        cites=[_cited(site, each) for each in found.cites],
        missing={each: lacking[each] for each in _missing(lacking, found.tables)} | _extra(site, found.tables),
    )


def _first_line(kind: type) -> str:
    return (kind.__doc__ or "").strip().splitlines()[0] if kind.__doc__ else ""


def _extra(site: Site, needed: tuple[str, ...]) -> dict[str, str]:
    today = date.today()
    book = site.engine.book
    return {e: EXTRA_TABLES[e] for e in needed if e in EXTRA_TABLES and book.table_edition(e, today) is None}


def _cited(site: Site, cite: str) -> dict[str, Any]:
    document, _, section = cite.partition(":")
    found = site.engine.book.citation(document, section, date.today())
    return {
        "document": document,
        "section": section,
        **(found or {"title": "", "text": "", "edition": "", "page": None}),
    }


@lru_cache(maxsize=256)
def _markdown(text: str) -> str:
    """HTML of the page of a rule; HTML in it is shown, not obeyed."""
    from markdown_it import MarkdownIt

    return MarkdownIt("commonmark", {"html": False}).render(text)


# ---- policies -----------------------------------------------------------------------------------


def _policies(site: Site, request: Request) -> Response:
    book = site.engine.book
    wanted = {key: request.query_params.get(key, "").strip()[:60] for key in ("payer", "state", "code", "review")}
    found = chosen_policies(book, wanted["payer"], wanted["code"], wanted["state"], wanted["review"])
    every = book.policies.all()
    return site.page(
        request,
        "policies.html",
        policies=[policy_entry(each) for each in found[:MOST_POLICIES]],
        count=len(found),
        most=MOST_POLICIES,
        wanted=wanted,
        payers=sorted({(each.payer, each.payer_name or each.payer) for each in every}),
        states=sorted({state for each in every for state in each.states or ()}),
        reviews=sorted({version.review for each in every for version in each.versions}),
    )


def _policy(site: Site, request: Request) -> Response:
    book, name = site.engine.book, request.path_params["name"]
    try:
        found = book.policies.get(name[:80])
    except InputError as error:
        return site.page(request, "error.html", 404, title="There is no such policy", sentence=str(error)[:400])
    if found.id != name:
        return RedirectResponse(f"/policies/{found.id}", 307)
    document = policy_document(found)
    return site.page(
        request,
        "policy.html",
        policy=document,
        families=book.policies.families,
        numbers={each["id"]: number for number, each in enumerate(document["sources"], 1)},
        there=_listed_there(book, document),
        href=partial(address, asked=asked(request)),
        loaded={each.lower() for each in book.policies.ids},
    )


def _listed_there(book: Book, document: dict[str, Any]) -> dict[str, str]:
    """Patterns of the lists by the code that their link leads to; patterns that lead nowhere are left out."""
    patterns = {
        pattern
        for version in document["versions"]
        for group in version["diagnoses"] or ()
        for pattern in (*group["codes"], *(group["known_within"] or ()))
    }
    heads = {each: undotted(each.partition("-")[0]) for each in patterns}
    there = known(book, heads.values())
    return {pattern: head for pattern, head in heads.items() if head in there}


# ---- tables -------------------------------------------------------------------------------------


def _data(site: Site, request: Request) -> Response:
    book = site.engine.book
    found, missing = tables(book), not_loaded(book)
    official = [each for each in found if not each.table.startswith("lexicon ")]
    grouped: dict[str, list[Any]] = {}
    for each in official:
        grouped.setdefault(each.table, []).append(each)
    return site.page(
        request,
        "data.html",
        tables=grouped,
        lexicons=[each for each in found if each.table.startswith("lexicon ")],
        missing=missing,
        titles={name: each.title for name, each in addable().items()},
        idle={each.name: none for each in site.engine.rules.values() if (none := _missing(missing, each.tables))},
        book=book.folder.name,
    )
