"""The API under `/api/v1`: the contract's JSON over HTTP, its errors as problems (RFC 9457).

An answer has the content of the command line's `--json`. One claim in gives one document, several an array.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import date
from functools import partial
from typing import Any

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route, Router
from starlette.types import Receive, Scope, Send

from claimwright.claims.cover_document import CoverDocument, cover_documents
from claimwright.claims.wire import claim_from_json
from claimwright.errors import ClaimwrightError, InputError
from claimwright.interfaces.bounds import MOST_SEARCHED, check_bounds, check_codes, check_note
from claimwright.interfaces.web import bodies
from claimwright.interfaces.web.answers import MOST_GROUPED, Checks, Kept, Threads, encoded
from claimwright.interfaces.web.asking import ASKED, answer
from claimwright.interfaces.web.keys import Keys
from claimwright.interfaces.web.problems import Problem, problem_of
from claimwright.interfaces.web.site import Site
from claimwright.model import Claim, Report

PREFIX = "/api/v1"
MOST_HITS = 200
_CHUNK = 128 * 1024
"""Bytes of a batch that are answered at once: within seconds, whatever its claims hold."""
DAYS = ("date", "as_of")
BENEFICIARY = ("age", "sex", "dual", "orec", "crec", "new_enrollee", "snp", "low_income", "institutional",
               "graft_months")  # fmt: skip
RISK = (*DAYS, "model", "year", "variant", *BENEFICIARY)
SETTINGS = ("inpatient", "outpatient", "professional", "emergency")

Handler = Callable[[Request], Awaitable[Response]]


class Codes(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The body of `risk` without a claim."""

    codes: list[str]


class Note(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The body of `read` as JSON."""

    note: str
    setting: str | None = None


def routes(site: Site) -> list[BaseRoute]:
    """The API as one mount: whatever fails below it is a problem and never a page."""
    return [Mount(PREFIX, Api(site), name="api")]


class Api:
    """The ASGI application of the API over one site."""

    def __init__(self, site: Site) -> None:
        self.site, self.engine = site, site.engine
        self.threads, self.kept, self.keys = Threads(), Kept(), Keys(site)
        self.checks = Checks(site.engine, self.threads)
        self._openapi = b""
        self.router = Router(
            [
                _route("GET", "/codes/{code}", self.code),
                _route("POST", "/check", self.check),
                _route("POST", "/check/batch", self.batch),
                _route("GET", "/search", self.search),
                _route("GET", "/rules", self.rules),
                _route("GET", "/rules/{name}", self.rule),
                _route("GET", "/policies", self.policies),
                _route("GET", "/policies/{id}", self.policy),
                _route("GET", "/data", self.data),
                _route("POST", "/group", self.group),
                _route("POST", "/risk", self.risk),
                _route("POST", "/cover", self.cover),
                _route("POST", "/ask", self.ask),
                _route("POST", "/query", self.query),
                _route("POST", "/read", self.read),
                _route("GET", "/openapi.json", self.openapi),
            ],
            redirect_slashes=False,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request; refusals made on purpose become problems here, anything else in the guard."""
        try:
            await self.keys.admit(scope)
            await self.router(scope, receive, send)
        except (ClaimwrightError, HTTPException) as error:
            # Nothing is sent before an answer is whole, but for the lines of a batch, which raise none of these.
            await problem_of(error)(scope, receive, send)

    # ---- look-ups -------------------------------------------------------------------------------

    async def code(self, request: Request) -> Response:
        """The record of a code, as `show`."""
        name = request.path_params["code"]
        given = bodies.parameters(request, DAYS) if request.scope["query_string"] else {}
        day = bodies.day_of(given, "date") or date.today()
        key = (name, day, given.get("as_of"))
        found = self.kept.get(key)
        if found is None:
            as_of = bodies.day_of(given, "as_of")
            try:
                # Half a millisecond: to hand it to a thread and back would take longer, and many threads far longer.
                found = self.kept.put(key, encoded(self.engine.book.show(name, day, as_of)))
            except InputError as error:
                raise _absent(error, "code") from None
        return _json(found, "no-cache")

    async def search(self, request: Request) -> Response:
        """Codes for words, as `search`."""
        from claimwright.book.search import search

        given = bodies.parameters(request, ("q", "limit", *DAYS))
        most = bodies.number_of(given, "limit", 1, MOST_HITS) or 20
        if len(given.get("q", "")) > MOST_SEARCHED:
            raise InputError("q", f"is longer than {MOST_SEARCHED:,} characters", "some words")
        day, as_of = bodies.day_of(given, "date"), bodies.day_of(given, "as_of")
        words = given.get("q", "")

        def found() -> dict[str, Any]:
            book = self.engine.book
            out: dict[str, Any] = plain_of(search(book, words, book.answerable(day), most, as_of))
            del out["explain"]
            return out

        return _json(await self.threads.encoded(found))

    async def rules(self, request: Request) -> Response:
        """The catalogue of rules."""
        from claimwright.interfaces.render.rules import rule_entry

        bodies.parameters(request, ())
        return _json(encoded({"rules": [rule_entry(each) for each in self.engine.rules.values()]}), "no-cache")

    async def rule(self, request: Request) -> Response:
        """One rule by its name or code."""
        from claimwright.interfaces.render.rules import rule_entry

        bodies.parameters(request, ())
        asked = request.path_params["name"]
        rules = self.engine.rules
        found = rules.get(asked.lower()) or next((r for r in rules.values() if r.code == asked.upper()), None)
        if found is None:
            raise Problem(404, "no rule has this name or code; /api/v1/rules lists them", "name")
        return _json(encoded(rule_entry(found)), "no-cache")

    async def policies(self, request: Request) -> Response:
        """The catalogue of policies."""
        from claimwright.interfaces.render.policies import policy_entry

        given = bodies.parameters(request, ("payer", "procedure"))
        shelf = self.engine.book.policies
        payer, procedure = given.get("payer", "").lower(), given.get("procedure", "")

        def found() -> dict[str, Any]:
            all_of = shelf.for_services([procedure]) if procedure else shelf.all()
            return {
                "policies": [
                    policy_entry(each)
                    for each in all_of
                    if not payer or payer in (each.payer, (each.payer_name or "").lower())
                ]
            }

        return _json(await self.threads.encoded(found), "no-cache")

    async def policy(self, request: Request) -> Response:
        """One policy by its id."""
        from claimwright.interfaces.render.policies import policy_document

        bodies.parameters(request, ())
        name = request.path_params["id"]
        try:
            return _json(
                await self.threads.encoded(lambda: policy_document(self.engine.book.policies.get(name))), "no-cache"
            )
        except InputError as error:
            raise _absent(error, "policy") from None

    async def data(self, request: Request) -> Response:
        """What is loaded and what is not, as `data list`."""
        from claimwright.book.tables import not_loaded, tables

        bodies.parameters(request, ())
        book = self.engine.book
        return _json(
            await self.threads.encoded(lambda: {"tables": tables(book), "not_loaded": not_loaded(book)}), "no-cache"
        )

    # ---- claims ---------------------------------------------------------------------------------

    async def check(self, request: Request) -> Response:
        """Reports of claims, as `check`."""
        day, as_of = _days(request)
        claims, several = await bodies.claims_of(request)
        if several:
            reports = await self.threads.each(
                claims, lambda some: self.engine.check_all(some, day, as_of), lambda each: each
            )
            body = await self.threads.encoded(lambda: reports)
        else:
            reports = [await self.checks.report(claims[0], day, as_of)]
            body = encoded(reports[0])
        for each in reports:
            self._count(each)
        return _json(body)

    async def batch(self, request: Request) -> Response:
        """One claim a line in, one report a line out, in order, as they come."""
        bodies.content_type(request, (*bodies.LINES, *bodies.JSON))
        day, as_of = _days(request)
        return Streamed(self._lines(request, day, as_of))

    async def _lines(self, request: Request, day: date | None, as_of: date | None) -> AsyncIterator[bytes]:
        """A line for each line: the report, or a problem with the number of the line."""
        most = self.site.settings.line_bytes
        held: list[tuple[int, bytes | None]] = []
        size = 0
        async for number, line in bodies.lines_of(request, most):
            held.append((number, line))
            size += len(line or b"")
            if len(held) >= 256 or size > _CHUNK:
                yield await self.threads.run(partial(self._chunk, held, day, as_of))
                held, size = [], 0
        if held:
            yield await self.threads.run(partial(self._chunk, held, day, as_of))

    def _chunk(self, held: list[tuple[int, bytes | None]], day: date | None, as_of: date | None) -> bytes:
        """The answers to some lines; a claim at fault spoils no other."""
        out: list[bytes] = []
        claims: list[tuple[int, int, Claim]] = []
        for number, line in held:
            out.append(b"")
            try:
                if line is None:
                    raise InputError(f"line {number}", "is too long", f"at most {self.site.settings.line_bytes} bytes")
                place = f"line {number}"
                claims.append((len(out) - 1, number, check_bounds(claim_from_json(line, place), place)))
            except InputError as error:
                out[-1] = _line_error(number, error)
        for at, said in self._reported(claims, day, as_of):
            out[at] = said
        return b"".join(each + b"\n" for each in out)

    def _reported(
        self, claims: list[tuple[int, int, Claim]], day: date | None, as_of: date | None
    ) -> list[tuple[int, bytes]]:
        try:
            reports = self.engine.check_all([claim for _, _, claim in claims], day, as_of)
        except ClaimwrightError as error:
            if len(claims) == 1:
                at, number, _ = claims[0]
                return [(at, _line_error(number, error))]
            return [pair for each in claims for pair in self._reported([each], day, as_of)]
        for each in reports:
            self._count(each)
        return [(at, encoded(report)) for (at, _, _), report in zip(claims, reports, strict=True)]

    def _count(self, report: Report) -> None:
        self.site.metrics.found(each.rule for each in report.findings)

    async def group(self, request: Request) -> Response:
        """MS-DRGs of claims, as `group`."""
        given = bodies.parameters(request, (*DAYS, "grouper_version"))
        version = bodies.number_of(given, "grouper_version", 1, 9999)
        day, as_of = bodies.day_of(given, "date"), bodies.day_of(given, "as_of")
        claims, several = await bodies.claims_of(request)
        for each in claims:
            _groupable(each)
        return await self._each(claims, several, lambda some: self.engine.group_all(some, day, version, as_of))

    async def risk(self, request: Request) -> Response:
        """CMS-HCC scores of claims, or of `{"codes": [...]}`, as `risk`."""
        from claimwright.interfaces.render.risk import risk_document

        given = bodies.parameters(request, RISK)
        asked = _risk_options(given)
        data = await request.body()
        if _holds(data, "codes"):
            codes = (await bodies.object_of(request, Codes)).codes
            if not codes:
                raise InputError("body: $.codes", "the list is empty", "at least one diagnosis")
            check_codes(codes, "body: $.codes")
            return _json(await self.threads.encoded(lambda: risk_document(self.engine.risk_of_codes(codes, **asked))))
        claims, several = await bodies.claims_of(request)
        return await self._each(
            claims, several, lambda some: [risk_document(self.engine.risk(each, **asked)) for each in some]
        )

    async def cover(self, request: Request) -> Response:
        """What each policy says of claims, or of `{"claim": ..., "policies": [...]}`, as `cover`."""
        day, as_of = _days(request)
        bodies.content_type(request, bodies.CLAIMS)
        data = await request.body()
        documents, several = await self.threads.run(lambda: cover_documents(data, bodies.PLACE))
        for number, document in enumerate(documents):
            check_bounds(document.claim, bodies.PLACE, f"$[{number}]" if several else "$")

        def answered(each: CoverDocument) -> Any:
            own = None if each.policies is None else self.engine.policies_of(each.policies, each.place)
            return self.engine.cover(each.claim, own, day=day, as_of=as_of)

        found = await self.threads.each(
            documents, lambda some: [answered(each) for each in some], lambda each: each.claim
        )
        return _json(await self.threads.encoded(lambda: _one(found, several)))

    async def ask(self, request: Request) -> Response:
        """The answer to a question on coverage, as `ask`."""
        bodies.parameters(request, ())
        asked = await bodies.object_of(request, ASKED)
        return _json(await self.threads.encoded(lambda: answer(self.engine, asked)))

    async def query(self, request: Request) -> Response:
        """Questions that do not lead, as `query`."""
        day, as_of = _days(request)
        claims, several = await bodies.claims_of(request)
        return await self._each(claims, several, lambda some: [self.engine.query(each, day, as_of) for each in some])

    async def read(self, request: Request) -> Response:
        """What a note states: the note as text, or `{"note": ..., "setting": ...}`, as `read`."""
        given = bodies.parameters(request, (*DAYS, "setting"))
        setting = given.get("setting")
        if bodies.content_type(request, (*bodies.TEXT, *bodies.JSON)) in bodies.TEXT:
            note = bodies.plain_text(await request.body())
        else:
            body = await bodies.object_of(request, Note)
            note, setting = body.note, body.setting or setting
        check_note(note, "body: $.note")
        if setting is not None and setting not in SETTINGS:
            raise InputError("setting", f"found {setting[:40]!r}", f"one of {', '.join(SETTINGS)}")
        day, as_of = bodies.day_of(given, "date"), bodies.day_of(given, "as_of")
        return _json(await self.threads.encoded(lambda: self.engine.read(note, setting, day, as_of)))

    async def _each(self, claims: list[Claim], several: bool, answered: Callable[[list[Claim]], list[Any]]) -> Response:
        """The answers to claims, or to the one."""
        found = await self.threads.each(claims, answered, lambda each: each)
        return _json(await self.threads.encoded(lambda: _one(found, several)))

    async def openapi(self, request: Request) -> Response:
        """This description of the API."""
        from claimwright.interfaces.web.openapi import document

        if not self._openapi:
            self._openapi = await self.threads.encoded(lambda: document(self.site.settings, self.engine))
        return _json(self._openapi, "no-cache")


class Streamed(Response):
    """Lines as they are made. Nothing but the lines' own reader listens to the client meanwhile."""

    def __init__(self, lines: AsyncIterator[bytes]) -> None:
        super().__init__(None, 200, {"Cache-Control": "no-store"}, bodies.LINES[0])
        del self.headers["content-length"]
        self._lines = lines

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the head when the first line is there: a body refused before it is a problem."""
        begun = False
        async for each in self._lines:
            if not begun:
                await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
                begun = True
            await send({"type": "http.response.body", "body": each, "more_body": True})
        if not begun:
            await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        await send({"type": "http.response.body", "body": b""})


class _Endpoint:
    """A handler as the ASGI application of a route: its errors pass, for the API to tell."""

    def __init__(self, handler: Handler) -> None:
        self.handler = handler

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        response = await self.handler(Request(scope, receive, send))
        await response(scope, receive, send)


def _route(method: str, path: str, handler: Handler) -> Route:
    return Route(path, _Endpoint(handler), methods=[method])


def plain_of(value: Any) -> Any:
    """As `claimwright.model.plain`."""
    from claimwright.model import plain

    return plain(value)


def _json(body: bytes, caching: str = "no-store") -> Response:
    return Response(body, 200, {"Cache-Control": caching}, "application/json")


def _days(request: Request) -> tuple[date | None, date | None]:
    if not request.scope["query_string"]:
        return None, None
    given = bodies.parameters(request, DAYS)
    return bodies.day_of(given, "date"), bodies.day_of(given, "as_of")


def _groupable(claim: Claim) -> None:
    for name in ("diagnoses", "procedures"):
        if (found := len(getattr(claim, name))) > MOST_GROUPED:
            expected = f"at most {MOST_GROUPED} here; `claimwright group FILE` takes more"
            raise InputError(f"{bodies.PLACE}: $.{name}", f"has {found} entries", expected)


def _one(found: list[Any], several: bool) -> Any:
    return found if several else found[0]


def _absent(error: InputError, place: str) -> ClaimwrightError | Problem:
    """404 for what the address names and is not there; any other refusal stays."""
    return Problem(404, str(error), place) if error.place == place else error


def _holds(data: bytes, key: str) -> bool:
    """Is the body a JSON object with that key?"""
    if not data.lstrip().startswith(b"{"):
        return False
    try:
        return key in msgspec.json.decode(data, type=dict[str, msgspec.Raw])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return False


def _risk_options(given: dict[str, str]) -> dict[str, Any]:
    out: dict[str, Any] = {
        "model": given.get("model", "all"),
        "year": bodies.number_of(given, "year", 1, 9999),
        "variant": given.get("variant", ""),
        "day": bodies.day_of(given, "date"),
        "as_of": bodies.day_of(given, "as_of"),
        "age": bodies.number_of(given, "age", 0, 124),
        "graft_months": bodies.number_of(given, "graft_months", 0, 1500),
    }
    out |= {each: given.get(each) for each in ("sex", "dual", "orec", "crec")}
    flags = ("new_enrollee", "snp", "low_income", "institutional")
    return out | {each: bodies.flag_of(given, each) for each in flags}


def _line_error(number: int, error: ClaimwrightError) -> bytes:
    """The line of a claim that has no report."""
    response = problem_of(error)
    told = msgspec.json.decode(bytes(response.body))
    return msgspec.json.encode({"line": number, "problem": told})
