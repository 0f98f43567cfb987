"""Bodies and query parameters of the API, read strictly: what is refused is told by its place."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date
from typing import Any, TypeVar

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from claimwright.claims.reader import is_foreign, read_claims
from claimwright.claims.wire import claim_from_json
from claimwright.errors import InputError
from claimwright.interfaces.bounds import check_bounds
from claimwright.interfaces.web.problems import Problem
from claimwright.model import Claim
from claimwright.model.dates import day_of_text

JSON = ("application/json", "application/fhir+json")
LINES = ("application/x-ndjson", "application/ndjson", "application/jsonl")
FORMATS = ("application/edi-x12", "text/csv")
TEXT = ("text/plain",)
CLAIMS = (*JSON, *LINES, *FORMATS)
"""Content types of claims: the format itself is told by the content, as the command line does."""

PLACE = "body"

T = TypeVar("T")


def content_type(request: Request, allowed: tuple[str, ...]) -> str:
    """The media type of the body. Errors: `Problem` 415 for one that is not read here."""
    stated = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if stated not in allowed:
        found = "no Content-Type" if not stated else "a Content-Type that is not read here"
        raise Problem(415, f"found {found}; expected {', '.join(allowed)}", "Content-Type")
    return stated


async def claims_of(request: Request) -> tuple[list[Claim], bool]:
    """The claims of the body in order, and whether there were several. Errors: `Problem`, `InputError`."""
    content_type(request, CLAIMS)
    data = await request.body()
    if data[:1] == b"{" and b"\n" not in data and not is_foreign(data):  # the common case, without a second look
        return [check_bounds(claim_from_json(data, PLACE), PLACE)], False
    claims, several = await run_in_threadpool(read_claims, PLACE, data)
    for number, each in enumerate(claims):
        check_bounds(each, PLACE, f"$[{number}]" if several else "$")
    return claims, several


async def object_of(request: Request, form: type[T]) -> T:
    """A JSON object of a form with the keys declared. Errors: `Problem`, `InputError`."""
    content_type(request, JSON)
    return decoded(await request.body(), form)


def decoded(data: bytes, form: type[T]) -> T:
    """JSON text as a form; `InputError` names the place of what does not fit, and quotes nothing of it."""
    try:
        return msgspec.json.decode(data, type=form)
    except msgspec.ValidationError as error:
        what, _, path = str(error).partition(" - at `")
        raise InputError(f"{PLACE}: {path.rstrip('`') or '$'}", what[:1].lower() + what[1:]) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InputError(PLACE, f"not readable as JSON ({error})", "one JSON document") from None


def parameters(request: Request, allowed: tuple[str, ...]) -> dict[str, str]:
    """The query parameters; `InputError` for one that is not known here or stands twice."""
    out: dict[str, str] = {}
    for name, value in request.query_params.multi_items():
        if name not in allowed:
            raise InputError("query", "found a parameter that is not known here", f"some of {', '.join(allowed)}")
        if name in out:
            raise InputError(name, "stands twice", "one value")
        out[name] = value
    return out


def day_of(given: dict[str, str], name: str) -> date | None:
    """A date parameter; None where it is absent or empty."""
    text = given.get(name, "")
    if not text:
        return None
    try:
        return day_of_text(text)
    except ValueError:
        raise InputError(name, f"{text[:40]!r} is not a date", "YYYY-MM-DD") from None


def number_of(given: dict[str, str], name: str, lowest: int, highest: int) -> int | None:
    """A whole number within bounds; None where it is absent."""
    if name not in given:
        return None
    text = given[name]
    if not (text.isascii() and text.isdigit() and len(text) <= 9 and lowest <= int(text) <= highest):
        raise InputError(name, f"found {text[:40]!r}", f"a whole number from {lowest} to {highest}")
    return int(text)


def flag_of(given: dict[str, str], name: str) -> bool:
    """A yes or no; no where it is absent."""
    text = given.get(name, "false")
    if text not in ("true", "false"):
        raise InputError(name, f"found {text[:40]!r}", "true or false")
    return text == "true"


async def lines_of(request: Request, most: int) -> AsyncIterator[tuple[int, bytes | None]]:
    """(number from 1, line) of a body as it comes in, blank ones left out; None for a line longer than `most`.

    No more than a line and a chunk are held.
    """
    number, kept, skipping = 1, bytearray(), False
    async for chunk in request.stream():
        *ended, rest = chunk.split(b"\n")
        for piece in ended:
            kept += piece
            if skipping or len(kept) > most:
                yield number, None
            elif kept.strip():
                yield number, bytes(kept)
            kept.clear()
            number, skipping = number + 1, False
        kept += rest
        if len(kept) > most:
            kept.clear()
            skipping = True
    if skipping or kept.strip():
        yield number, None if skipping else bytes(kept)


def plain_text(data: bytes) -> str:
    """A body of text; `InputError` for what is not UTF-8."""
    try:
        return data.removeprefix(b"\xef\xbb\xbf").decode("utf-8")
    except UnicodeDecodeError as error:
        raise InputError(PLACE, f"byte {error.start} is not UTF-8", "text in UTF-8") from None


def object_or_error(data: bytes) -> Any:
    """A JSON document of any form. Errors: `InputError`."""
    return decoded(data, Any)
