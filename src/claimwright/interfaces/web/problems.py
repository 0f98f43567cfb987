"""Errors of the API as `application/problem+json` (RFC 9457): one sentence, and the place it is about."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from starlette.exceptions import HTTPException
from starlette.responses import Response

from claimwright.errors import ClaimwrightError, EditionMissing, InputError

CONTENT_TYPE = "application/problem+json"
RETRY_SECONDS = "5"

TITLES = {
    400: "Bad Request",
    401: "Unauthorized",
    404: "Not Found",
    405: "Method Not Allowed",
    408: "Request Timeout",
    413: "Content Too Large",
    414: "URI Too Long",
    415: "Unsupported Media Type",
    421: "Misdirected Request",
    429: "Too Many Requests",
    431: "Request Header Fields Too Large",
    500: "Internal Server Error",
    503: "Service Unavailable",
}
"""The phrase of RFC 9110 (RFC 6585 for 429 and 431), which a problem of type about:blank has as its title."""


class Problem(HTTPException):
    """A refusal with its sentence; `place` says what it is about."""

    def __init__(
        self, status: int, detail: str, place: str | None = None, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(status, detail, dict(headers or {}))
        self.place = place


class TooLarge(Problem):
    """The body is longer than is read."""

    def __init__(self, limit: int) -> None:
        super().__init__(413, f"the body is larger than {limit:,} bytes, the most that is read here", "body")


def problem(status: int, detail: str, place: str | None = None, headers: Mapping[str, str] | None = None) -> Response:
    """The response of one problem."""
    content: dict[str, Any] = {"type": "about:blank", "title": TITLES[status], "status": status, "detail": detail}
    if place is not None:
        content["place"] = place
    sent = dict(headers or {})
    if status == 503:
        sent.setdefault("Retry-After", RETRY_SECONDS)
    return Response(msgspec.json.encode(content), status, {"Cache-Control": "no-store", **sent}, CONTENT_TYPE)


def problem_of(error: Exception) -> Response:
    """The problem that an error is; an error not raised on purpose says nothing of what caused it."""
    if isinstance(error, Problem):
        return problem(error.status_code, error.detail, error.place, error.headers)
    if isinstance(error, HTTPException):
        return problem(error.status_code, _SENTENCES.get(error.status_code, error.detail), None, error.headers)
    if isinstance(error, InputError):
        if error.place.startswith("--"):  # an option of the command line is a parameter here
            error = InputError(error.place.lstrip("-").replace("-", "_"), error.problem, error.expected)
        return problem(400, str(error), error.place)
    if isinstance(error, ClaimwrightError):
        return problem(503 if error.exit_code == 3 else 400, str(error), _table(error))
    return problem(500, "Something failed here that should not; nothing of the request was kept")


def _table(error: ClaimwrightError) -> str | None:
    return error.table if isinstance(error, EditionMissing) else None


_SENTENCES = {
    404: "Nothing is at this address; /api/v1/openapi.json lists what there is",
    405: "This method is not allowed at this address; the Allow header names those that are",
}
