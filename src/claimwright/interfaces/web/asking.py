"""The body of `ask`: the question, and what is known beside it."""

from __future__ import annotations

import datetime
from typing import Any

import msgspec

from claimwright.claims.wire import claim_from_object
from claimwright.engine import Engine
from claimwright.errors import InputError
from claimwright.interfaces.bounds import check_bounds, check_note
from claimwright.interfaces.cli.places import known_mac, known_state
from claimwright.model.asking import Asked


class AskBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """As the options of the command `ask`; `context` and `follow_up` continue from a previous answer.

    `context` is the previous answer, or its key `context` alone; `follow_up` the id of one of its follow-ups, or words.
    """

    question: str | None = None
    audience: str = "coder"
    date: datetime.date | None = None
    as_of: datetime.date | None = None
    payer: str | None = None
    state: str | None = None
    mac: str | None = None
    claim: dict[str, Any] | None = None
    note: str | None = None
    policies: list[Any] | None = None
    follow_up: str | None = None
    context: dict[str, Any] | None = None


ASKED = AskBody
PLACE = "body: $"
_PREVIOUS = "what the previous answer has given"


def answer(engine: Engine, body: AskBody) -> Asked:
    """The answer to a body. Errors: `InputError`."""
    from claimwright.answers.ask import Given

    before, texts = _before(body.context)
    if (body.question is None) == (body.follow_up is None):
        raise InputError(f"{PLACE}.question", "stands beside follow_up, or is missing with it", "one of the two")
    if body.follow_up is not None and body.context is None:
        raise InputError(f"{PLACE}.follow_up", "stands without context", "the previous answer as context")
    question = body.question if body.question is not None else _follow(body.follow_up or "", texts)
    keep: dict[str, Any] = {}
    check_note(body.note, f"{PLACE}.note")
    raw = body.policies if body.policies is not None else before.get("policies")
    policies = None
    if raw is not None:
        policies, keep["policies"] = engine.policies_of(raw, f"{PLACE}.policies"), raw
    value = body.claim if body.claim is not None else before.get("claim")
    claim = None
    if value is not None:
        claim, keep["claim"] = check_bounds(claim_from_object(value, "body", "$.claim"), "body", "$.claim"), value
    given = Given(
        payer=body.payer,
        state=known_state(engine.book, body.state, f"{PLACE}.state"),
        mac=known_mac(engine.book, body.mac, f"{PLACE}.mac"),
        day=body.date,
        claim=claim,
        note=body.note,
        policies=policies,
        context=before,
        keep=keep,
    )
    return engine.ask(question, body.audience, given, body.as_of)


def _before(context: dict[str, Any] | None) -> tuple[dict[str, Any], dict[str, str]]:
    """What the previous answer keeps, and its follow-up questions by id.

    A path of a file on this machine is no part of it: nobody outside names files of the server.
    """
    if context is None:
        return {}, {}
    kept = context["context"] if isinstance(context.get("context"), dict) else context
    questions, note = kept.get("questions") or [], kept.get("note")
    if not isinstance(questions, list) or not all(isinstance(each, str) for each in questions):
        raise InputError(f"{PLACE}.context", "has questions that are no list of texts", _PREVIOUS)
    if not (note is None or isinstance(note, str)):
        raise InputError(f"{PLACE}.context", "has a note that is no text", _PREVIOUS)
    check_note(note, f"{PLACE}.context.note")
    listed = context.get("follow_ups")
    texts = {
        str(each["id"]): str(each["text"])
        for each in (listed if isinstance(listed, list) else [])
        if isinstance(each, dict) and {"id", "text"} <= set(each)
    }
    return {key: value for key, value in kept.items() if key != "policies_file"}, texts


def _follow(said: str, texts: dict[str, str]) -> str:
    return texts.get(said.strip(), said)
