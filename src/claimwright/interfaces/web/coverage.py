"""Coverage: a question in plain words or a form, one card for each policy, the words of a reader, follow-ups.

A question, a note and what a follow-up keeps go by POST alone; an address may hold codes, payer, place and day.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from urllib.parse import urlencode

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from claimwright.answers.ask import Given
from claimwright.claims.wire import claim_from_object, not_json
from claimwright.errors import ClaimwrightError, InputError
from claimwright.interfaces.cli.places import known_mac, known_state
from claimwright.interfaces.render.asking import understood_words
from claimwright.interfaces.render.coverage import LISTED, STATES, VERDICTS, about, needed_words
from claimwright.interfaces.web.intake import (
    GROUPS,
    TooLarge,
    check_note,
    check_size,
    claim_object,
    claim_of_rows,
    form_of,
    number_of,
    rows_of_form,
    text_of,
    texts_of,
)
from claimwright.interfaces.web.site import Site, status_of
from claimwright.model import Claim, Coverage, Setting, dotted, to_json, undotted
from claimwright.model.asking import AUDIENCES, Asked
from claimwright.model.coverage import Determination, NextFact, PolicyAnswer, State
from claimwright.model.dates import day_of_text
from claimwright.model.policy import Cite

FIELDS = ("question", "procedure", "modifier", "diagnosis", "payer", "state", "mac", "date", "age", "sex", "setting")
"""Fields of the form, beside the rows of facts and the note."""

IN_LINKS = ("procedure", "modifier", "diagnosis", "payer", "state", "mac", "date")
"""Fields that an address may hold: no question, no person, no fact, no note."""

PLAIN_QUESTION = "Is it covered?"
"""What is asked of a form without a question."""

_KEPT = ("questions", "understood", "facts", "note", "claim")
"""What a follow-up takes from the answer before; never the name of a file."""

MARKS = {State.MET: "✓", State.NOT_MET: "✕", State.NOT_DOCUMENTED: "?"}
COLOURS = {
    Determination.SUPPORTED: "good",
    Determination.NOT_SUPPORTED: "error",
    Determination.INSUFFICIENT: "warning",
    Determination.NOT_ADDRESSED: "info",
}
STATE_COLOURS = {State.MET: "good", State.NOT_MET: "error", State.NOT_DOCUMENTED: "warning"}

Texts = dict[str, Any]


@dataclass(slots=True)
class Page:
    """What one answer shows. `asked` and `before` give the same answer again in other words."""

    rows: Texts
    audience: str = "coder"
    status: int = 200
    sentence: str = ""
    asked: Asked | None = None
    before: dict[str, Any] = field(default_factory=dict)
    claim: str = ""


def routes(site: Site) -> list[BaseRoute]:
    """`/coverage`."""

    async def coverage(request: Request) -> Response:
        """The form; with codes in the address, or by POST, the answer too."""
        page = Page(_blank())
        if request.method == "POST":
            try:
                form, _ = await form_of(request, site.settings.upload_bytes)
            except InputError as error:
                page.status, page.sentence = 413 if isinstance(error, TooLarge) else 400, str(error)
            else:
                page = await run_in_threadpool(_posted, site, form)
        else:
            page = await run_in_threadpool(_linked, site, request.query_params)
        return await run_in_threadpool(_shown, site, request, page)

    return [Route("/coverage", coverage, methods=["GET", "POST"])]


def _blank() -> Texts:
    return {**dict.fromkeys(FIELDS, ""), "note": "", "facts": []}


def _linked(site: Site, given: Mapping[str, str]) -> Page:
    page = Page({**_blank(), **{name: given.get(name, "").strip()[:400] for name in IN_LINKS}})
    if given.get("audience") in AUDIENCES:
        page.audience = given["audience"]
    if page.rows["procedure"] or page.rows["diagnosis"]:
        _tried(site, page, lambda: _ask(site, page))
    return page


def _posted(site: Site, form: FormData) -> Page:
    """The page for a form: a question, a claim of the workbench, other words, or a follow-up."""
    action = text_of(form, "action")
    if action == "claim":
        return _from_claim(site, form)
    page = Page(_rows(form), text_of(form, "audience") or "coder", claim=text_of(form, "claim"))
    follow = text_of(form, "follow_up") or text_of(form, "follow")
    if action in ("words", "follow"):
        _tried(site, page, lambda: _again(site, page, form, follow if action == "follow" else None))
    else:
        _tried(site, page, lambda: _ask(site, page))
    return page


def _tried(site: Site, page: Page, answer: Any) -> None:
    try:
        if page.audience not in AUDIENCES:
            found, page.audience = page.audience[:40], "coder"
            raise InputError("audience", f"found {found!r}", f"one of {', '.join(AUDIENCES)}")
        answer()
    except ClaimwrightError as error:
        page.status = status_of(error)
        page.sentence = "".join(each if each.isprintable() else " " for each in str(error))[:600]


def _rows(form: FormData) -> Texts:
    rows: Texts = {name: text_of(form, name) for name in (*FIELDS, "note")}
    columns = [texts_of(form, f"facts.{name}") for name in GROUPS["facts"]]
    rows["facts"] = [dict(zip(GROUPS["facts"], each, strict=True)) for each in zip(*columns, strict=False) if any(each)]
    return rows


def _from_claim(site: Site, form: FormData) -> Page:
    """The claim of the workbench, with its form filled from it."""
    page = Page(_blank())

    def answer() -> None:
        claim = claim_of_rows(rows_of_form(form))
        page.claim = to_json(claim_object(claim), None)
        page.rows = _rows_of(claim)
        _ask(site, page)

    _tried(site, page, answer)
    return page


def _rows_of(claim: Claim) -> Texts:
    """A claim as the texts of the form."""
    day = claim.service_from or claim.service_to
    return {
        **_blank(),
        "procedure": ", ".join(dict.fromkeys(each.code for each in claim.lines)),
        "modifier": ", ".join(dict.fromkeys(each for line in claim.lines for each in line.modifiers)),
        "diagnosis": ", ".join(dotted(undotted(each.code)) for each in claim.diagnoses),
        "payer": claim.payer.id or "",
        "state": claim.payer.state or "",
        "mac": claim.payer.mac or "",
        "date": str(day or ""),
        "age": "" if claim.patient.age is None else str(claim.patient.age),
        "sex": claim.patient.sex if claim.patient.sex != "U" else "",
        "setting": claim.setting.value,
        "facts": [
            {"id": each.id, "status": each.status, "value": "" if each.value is None else str(each.value)}
            for each in claim.facts
        ],
        "note": claim.note or "",
    }


def _ask(site: Site, page: Page) -> None:
    """The answer to the form: its question, or the plain one about its codes."""
    rows = page.rows
    check_note(rows["note"], "form")
    claim = _claim(page)
    if not rows["question"] and claim is None:
        raise InputError("form", "holds neither a question nor codes", "a question, or a procedure and a diagnosis")
    given = Given(
        payer=rows["payer"] or None,
        state=_state(site, rows["state"]),
        mac=_mac(site, rows["mac"]),
        day=_day(rows["date"]),
        claim=claim,
        note=(rows["note"] or None) if claim is None else None,
        keep={"claim": claim_object(claim)} if claim else {},
    )
    page.asked = site.engine.ask(rows["question"] or PLAIN_QUESTION, page.audience, given)


def _claim(page: Page) -> Claim | None:
    """The claim of the form, None where it names no code; the one that came from the workbench while unchanged."""
    rows = page.rows
    if page.claim:
        whole = claim_from_object(_decoded(page.claim, "claim"), "claim")
        check_size(whole, "claim")
        if _rows_of(whole) == {**rows, "question": ""}:
            return whole
        page.claim = ""
    procedures, diagnoses = (_list(rows[name]) for name in ("procedure", "diagnosis"))
    if not procedures and not diagnoses:
        return None
    for name, listed in (("procedure", procedures), ("diagnosis", diagnoses)):
        if not listed:
            raise InputError(f"form: {name}", "is missing", "at least one code")
    patient = {"age": number_of(rows["age"]), "sex": rows["sex"].upper()}
    payer = {"id": rows["payer"], "state": rows["state"], "mac": rows["mac"]}
    value: dict[str, Any] = {
        "setting": rows["setting"] or Setting.PROFESSIONAL.value,
        "diagnoses": diagnoses,
        "patient": {name: each for name, each in patient.items() if each != ""},
        "payer": {name: each for name, each in payer.items() if each},
        "lines": [{"code": each, "modifiers": _list(rows["modifier"].upper())} for each in procedures],
        "facts": [
            {
                "id": each["id"],
                "status": each["status"] or "present",
                **({"value": number_of(each["value"])} if each["value"] else {}),
            }
            for each in rows["facts"]
        ],
    }
    if rows["date"]:
        value["service_from"] = value["service_to"] = rows["date"]
    if rows["note"]:
        value["note"] = rows["note"]
    claim = claim_from_object(value, "form")
    check_size(claim, "form")
    return claim


def _list(text: str) -> list[str]:
    return [each for each in re.split(r"[\s,;]+", text) if each]


def _day(text: str) -> date | None:
    try:
        return day_of_text(text) if text else None
    except ValueError:
        raise InputError("form: date", f"found {text[:40]!r}", "YYYY-MM-DD") from None


def _state(site: Site, given: str) -> str | None:
    try:
        return known_state(site.engine.book, given or None)
    except InputError as error:
        raise InputError("form: state", error.problem, error.expected) from None


def _mac(site: Site, given: str) -> str | None:
    try:
        return known_mac(site.engine.book, given or None)
    except InputError as error:
        raise InputError("form: contractor", error.problem, error.expected) from None


def _again(site: Site, page: Page, form: FormData, follow: str | None) -> None:
    """The same question in other words, or (`follow`) the next one with all that was said before."""
    context = _context(text_of(form, "context" if follow is not None else "before"))
    question = follow if follow is not None else text_of(form, "asked")
    if not context:
        if follow is not None:
            raise InputError("follow-up", "stands without the answer before", "a question on its own")
        _ask(site, page)
        return
    value = context.get("claim")
    claim = claim_from_object(value, "context") if value is not None else None
    if claim is not None:
        check_size(claim, "context")
    given = Given(day=_day(page.rows["date"]), claim=claim, context=context, keep={"claim": value} if claim else {})
    page.asked = site.engine.ask(question or "", page.audience, given)
    page.before = context


def _context(text: str) -> dict[str, Any]:
    """What the answer before keeps, as the form carries it. Errors: `InputError` for what no answer has given."""
    if not text:
        return {}
    value = _decoded(text, "context")
    if not isinstance(value, dict):
        raise InputError("context", "is no JSON object", "what the answer before has given")
    out = {name: value[name] for name in _KEPT if value.get(name) is not None}
    questions = out.get("questions", [])
    if not isinstance(questions, list) or not all(isinstance(each, str) for each in questions):
        raise InputError("context: questions", "is no list of texts", "what the answer before has given")
    if not isinstance(out.get("note", ""), str):
        raise InputError("context: note", "is no text", "what the answer before has given")
    check_note(out.get("note"), "context")
    return out


def _decoded(text: str, place: str) -> Any:
    try:
        return msgspec.json.decode(text.encode())
    except (msgspec.DecodeError, RecursionError) as error:
        raise not_json(place, error) from None


# ---- showing --------------------------------------------------------------------------------------------


def _shown(site: Site, request: Request, page: Page) -> Response:
    book = site.engine.book
    facts = [*page.rows["facts"], dict.fromkeys(GROUPS["facts"], "")]
    asked = page.asked
    return site.page(
        request,
        "coverage.html",
        page.status,
        page=page,
        rows={**page.rows, "facts": facts},
        asked=asked,
        coverage=asked.coverage if asked else None,
        deciding=_deciding(asked.coverage if asked else None),
        audiences=AUDIENCES,
        settings=[each.value for each in Setting],
        statuses=("present", "absent", "uncertain", "historical", "family", "hypothetical"),
        payers=book.policies.payers,
        states=book.lexicon_rows("states"),
        known_facts=book.lexicon_rows("facts"),
        context=to_json(asked.context, None) if asked and not asked.refused else "",
        before=to_json(page.before, None) if page.before else "",
        link=_link(page),
        words={"verdicts": VERDICTS, "listed": LISTED, "states": STATES, "marks": MARKS},
        colours=COLOURS,
        state_colours=STATE_COLOURS,
        about=about,
        understood=understood_words,
        needed=needed_words,
        numbered=_numbered,
        plural=lambda number, one, more: one if number == 1 else more,
    )


def _deciding(coverage: Coverage | None) -> list[NextFact]:
    """Facts that settle criteria of a payer's policy; guidance of an editor decides nothing."""
    policies = {each.policy for each in coverage.answers} if coverage else set()
    return [each for each in coverage.next_facts if policies.intersection(each.policies)] if coverage else []


def _link(page: Page) -> str:
    """The address of the same codes, without question, person, facts and note; empty for what no address can hold."""
    given = {name: page.rows[name] for name in IN_LINKS if page.rows[name]}
    if page.asked is None or page.before or not (page.rows["procedure"] and page.rows["diagnosis"]):
        return ""
    return f"/coverage?{urlencode({**given, 'audience': page.audience})}"


def _numbered(cite: Cite | None, answer: PolicyAnswer) -> int | None:
    """The number of a source in the list of the answer."""
    return next((each.number for each in answer.citations if cite and each.id == cite.source), None)
