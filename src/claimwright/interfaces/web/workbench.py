"""The workbench: a claim is written, pasted or uploaded, checked, fixed, and taken away as JSON or PDF.

The claim travels in the form: nothing of it is kept on the server, in an address, or in a log.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from claimwright.claims.fixed import with_fix
from claimwright.errors import ClaimwrightError, InputError
from claimwright.interfaces.render.query import evidence_words, question_form, settled_words
from claimwright.interfaces.render.report import by_remedy, kind_words
from claimwright.interfaces.web.bench import Bench, Change, bench_of, change_of, key_of
from claimwright.interfaces.web.intake import (
    MOST_CLAIMS,
    File,
    Rows,
    TooLarge,
    blank_rows,
    check_size,
    claim_object,
    claim_of_rows,
    claims_of_file,
    field_of,
    form_of,
    is_empty,
    padded,
    rows_of_claim,
    rows_of_form,
    text_of,
)
from claimwright.interfaces.web.pdf import report_pdf
from claimwright.interfaces.web.site import Site, status_of
from claimwright.model import Claim, Setting, dotted, to_json, undotted

FIELDS = {
    "settings": [each.value for each in Setting],
    "poa": ("Y", "N", "U", "W", "1"),
    "statuses": ("present", "absent", "uncertain", "historical", "family", "hypothetical"),
}
"""What the choices of the form offer, as the reader of claims takes them."""


@dataclass(slots=True)
class Page:
    """What one answer shows: the form, then what was found; `status` is that of the response."""

    rows: Rows = field(default_factory=blank_rows)
    pasted: str = ""
    status: int = 200
    sentence: str = ""
    wrong: str = ""
    notices: list[str] = field(default_factory=list)
    bench: Bench | None = None
    change: Change | None = None
    before: str = ""
    claims: str = ""
    choices: list[str] = field(default_factory=list)
    chosen: int = -1
    more: bool = False


def routes(site: Site) -> list[BaseRoute]:
    """`/check`, and the report of its claim as JSON and as PDF."""

    async def check(request: Request) -> Response:
        """The workbench; a POST answers the claim that it brings."""
        page = Page()
        if request.method == "POST":
            try:
                form, sent = await form_of(request, site.settings.upload_bytes)
            except TooLarge as error:
                page.status, page.sentence = 413, _sentence(error)
            except InputError as error:
                page.status, page.sentence = 400, _sentence(error)
            else:
                page = await run_in_threadpool(_answered, site, form, sent)
        return await run_in_threadpool(_shown, site, request, page)

    async def exported(request: Request) -> Response:
        """The report of the claim in the form, as a file."""
        as_pdf = request.url.path.endswith(".pdf")
        try:
            form, _ = await form_of(request, site.settings.upload_bytes)
        except InputError as error:
            page = Page(status=413 if isinstance(error, TooLarge) else 400, sentence=_sentence(error))
            return _shown(site, request, page)
        return await run_in_threadpool(_export, site, request, form, as_pdf)

    return [
        Route("/check", check, methods=["GET", "POST"]),
        Route("/check/report.json", exported, methods=["POST"]),
        Route("/check/report.pdf", exported, methods=["POST"]),
    ]


def _answered(site: Site, form: FormData, sent: File | None) -> Page:
    """The page for a form: its claim checked, with a fix applied where a button asked for one."""
    page = Page(rows=rows_of_form(form), pasted=text_of(form, "pasted"), claims=text_of(form, "claims"))
    action = text_of(form, "action") or "check"
    if action in ("more", "clear"):
        return Page() if action == "clear" else _with_more(page)
    try:
        claim = _claim_of(page, form, sent, action)
        if claim is not None:
            _check(site, page, claim, text_of(form, "apply"))
    except ClaimwrightError as error:
        page.status, page.sentence = status_of(error), _sentence(error)
        page.wrong = field_of(error) if isinstance(error, InputError) else ""
    return page


def _with_more(page: Page) -> Page:
    page.more = True
    return page


def _claim_of(page: Page, form: FormData, sent: File | None, action: str) -> Claim | None:
    """The claim to answer; None where one of several is to be chosen first. Errors: `InputError`."""
    choose = text_of(form, "choose")
    if choose:
        claims = _kept(page.claims)
        if not (choose.isdecimal() and len(choose) < 6) or not 1 <= int(choose) <= len(claims):
            raise InputError("choose", f"found {choose[:20]!r}", f"1 to {len(claims)}")
        return _one(page, claims, int(choose) - 1)
    if sent is not None or action == "paste":
        name, data = sent or ("the pasted text", page.pasted.encode())
        claims = claims_of_file(name, data, page.notices)
        page.pasted = ""
        if len(claims) == 1:
            page.claims = ""
            return _one(page, claims, 0)
        if len(claims) > MOST_CLAIMS:
            page.notices.append(
                f"{name} holds {len(claims)} claims; the first {MOST_CLAIMS} are listed. "
                "`claimwright scan FILE` checks files of any length."
            )
        listed = claims[:MOST_CLAIMS]
        page.claims = json.dumps([claim_object(each) for each in listed], ensure_ascii=False)
        page.choices = [_line(each) for each in listed]
        return None
    if is_empty(page.rows):
        raise InputError("form: $.diagnoses", "the claim is empty", "at least one diagnosis, a pasted claim or a file")
    if page.claims:
        page.choices = [_line(each) for each in _kept(page.claims)]
    return claim_of_rows(page.rows)


def _one(page: Page, claims: list[Claim], index: int) -> Claim:
    check_size(claims[index], "the claim")
    page.rows = rows_of_claim(claims[index])
    if len(claims) > 1:
        page.choices, page.chosen = [_line(each) for each in claims], index
    return claims[index]


def _kept(text: str) -> list[Claim]:
    """The claims of a file that the form carries along."""
    return claims_of_file("the claims of the file", text.encode(), []) if text else []


def _line(claim: Claim) -> str:
    """A claim in a list to choose from."""
    codes = [dotted(undotted(each.code)) for each in claim.diagnoses[:4]]
    parts = (
        claim.id or "",
        claim.setting.value,
        str(claim.service_from or claim.service_to or "no date"),
        ", ".join(codes) + ("…" if len(claim.diagnoses) > len(codes) else ""),
        ", ".join(each.code for each in claim.lines[:4]) + ("…" if len(claim.lines) > 4 else ""),
    )
    return " · ".join(filter(None, parts))


def _check(site: Site, page: Page, claim: Claim, key: str) -> None:
    """Fills the page with the answers to a claim, or to the claim with the fix of the finding called `key`."""
    today = date.today()
    bench = bench_of(site.engine, claim, today)
    if key:
        finding = next((each for each in bench.report.findings if key_of(each) == key), None)
        fixed = with_fix(claim, finding) if finding else None
        if finding is None or fixed is None:
            page.notices.append("That fix no longer fits the claim as it stands now; here is what does.")
        else:
            page.before = json.dumps(claim_object(claim), ensure_ascii=False)
            after = bench_of(site.engine, fixed.claim, today)
            page.change = change_of(bench, after, finding, fixed.unpointed)
            bench, page.rows = after, rows_of_claim(fixed.claim)
    page.bench = bench


def _shown(site: Site, request: Request, page: Page) -> Response:
    part = request.query_params.get("part") == "result"
    return site.page(
        request,
        "workbench_result.html" if part else "workbench.html",
        page.status,
        page=page,
        part=part,
        rows=padded(page.rows, page.more),
        bench=page.bench,
        fields=FIELDS,
        kind_words=kind_words,
        by_remedy=by_remedy,
        question_text=lambda each: "\n".join(question_form(each, False)),
        settled_words=settled_words,
        evidence_words=evidence_words,
        sentence=_capital,
        marks=_marks(page.bench),
        upload=site.settings.upload_bytes >> 20,
    )


def _marks(bench: Bench | None) -> dict[str, dict[str, Any]]:
    """For each row of the form, how many findings stand at it and how bad the worst is."""
    out: dict[str, dict[str, Any]] = {}
    for spot in bench.spots if bench else ():
        if spot.shown:
            worst = min((each.finding.severity for each in spot.shown), key=lambda each: each.rank)
            out[f"{spot.kind}-{spot.position}"] = {"number": len(spot.shown), "worst": worst.value}
    return out


def _export(site: Site, request: Request, form: FormData, as_pdf: bool) -> Response:
    page = Page(rows=rows_of_form(form))
    try:
        if is_empty(page.rows):
            raise InputError("form: $.diagnoses", "the claim is empty", "at least one diagnosis")
        claim = claim_of_rows(page.rows)
        report = site.engine.check(claim)
    except ClaimwrightError as error:
        page.status, page.sentence = status_of(error), _sentence(error)
        page.wrong = field_of(error) if isinstance(error, InputError) else ""
        return _shown(site, request, page)
    kind, data = "json", (to_json(report) + "\n").encode()
    if as_pdf:
        kind, data = "pdf", report_pdf(claim, bench_of(site.engine, claim, date.today()))
    headers = {"Content-Disposition": f'attachment; filename="claim-report.{kind}"', "Cache-Control": "no-store"}
    return Response(data, media_type=f"application/{kind}", headers=headers)


def _capital(text: str) -> str:
    return f"{text[:1].upper()}{text[1:].rstrip('.')}." if text else ""


def _sentence(error: ClaimwrightError) -> str:
    """What was wrong as one sentence, without unprintable characters."""
    text = "".join(each if each.isprintable() else " " for each in str(error))
    return f"{text[:600]}{'…' if len(text) > 600 else ''}"


def claim_of_json(text: str, place: str) -> Claim:
    """One claim that a form carries as JSON. Errors: `InputError`."""
    from claimwright.claims.wire import claim_from_object, not_json

    try:
        value = msgspec.json.decode(text.encode())
    except (msgspec.DecodeError, RecursionError) as error:
        raise not_json(place, error) from None
    return claim_from_object(value, place)
