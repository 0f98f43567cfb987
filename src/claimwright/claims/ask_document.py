"""The document of `ask`: a question, and the claim and policies that may come with it; the previous answer."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from claimwright.claims.reader import read_text
from claimwright.errors import InputError

_LONGEST_NAME = 255


class AskDocument(NamedTuple):
    """A question, and as JSON values the claim and the policies that came with it."""

    question: str
    claim: Any | None = None
    policies: Any | None = None
    place: str = "question"


def read_ask(given: str) -> AskDocument:
    """The question as it was given; `-` and the name of a JSON file are read. Errors: `InputError`."""
    if given != "-" and not _is_file(given):
        return AskDocument(given)
    place = "standard input" if given == "-" else given
    data = read_text(given)
    if not data.startswith(b"{"):
        return AskDocument(data.decode("utf-8"), place=place)
    value = _object(data, place)
    unknown = next((key for key in value if key not in ("question", "claim", "policies")), None)
    if unknown is not None:
        raise InputError(f"{place}: $", f"the key {unknown!r} is unknown", "question, claim and policies")
    if not isinstance(value.get("question"), str):
        raise InputError(f"{place}: $.question", "is missing or no text", "a question in plain words")
    policies = value.get("policies")
    if policies is not None and not isinstance(policies, list):
        raise InputError(f"{place}: $.policies", "is not a list", "a list of policies")
    return AskDocument(value["question"], value.get("claim"), policies, f"{place}: $")


def read_one_claim(name: str) -> Any:
    """The one claim of a file, as JSON values."""
    value = _object(read_text(name), "standard input" if name == "-" else name)
    return value["claim"] if set(value) <= {"claim", "policies"} and "claim" in value else value


def read_context(name: str) -> tuple[dict[str, Any], dict[str, str]]:
    """What a previous answer keeps, and its follow-up questions by id."""
    place = "standard input" if name == "-" else name
    value = _object(read_text(name), place)
    context = value.get("context")
    if not isinstance(context, dict):
        raise InputError(f"{place}: $.context", "is missing", "the JSON of a previous `ask`")
    listed = value.get("follow_ups") or []
    texts = {
        str(each["id"]): str(each["text"]) for each in listed if isinstance(each, dict) and {"id", "text"} <= set(each)
    }
    return context, texts


def _is_file(given: str) -> bool:
    """Does the argument name a file? One word that does, and looks like a name, or is JSON by its first character."""
    try:
        if len(given) > _LONGEST_NAME or " " in given or not Path(given).exists():
            return False
        if "/" in given or "." in given:
            return bool(given.strip("."))
        with Path(given).open("rb") as stream:
            return stream.read(64).lstrip()[:1] == b"{"
    except (OSError, ValueError):
        return False


def _object(data: bytes, place: str) -> dict[str, Any]:
    try:
        value = msgspec.json.decode(data)
    except (msgspec.DecodeError, RecursionError) as error:
        raise InputError(place, f"is not readable as JSON ({error})", "one JSON document") from None
    if not isinstance(value, dict):
        raise InputError(place, "is no JSON object", "one JSON object")
    return value
