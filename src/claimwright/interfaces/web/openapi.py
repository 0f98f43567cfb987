"""OpenAPI 3.1 of the API, made of the types that are read and written, with answers of this server as examples."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import msgspec

from claimwright import __version__
from claimwright.book.record import CodeRecord
from claimwright.book.search import Hits
from claimwright.book.tables import Table
from claimwright.claims.wire import WireClaim
from claimwright.engine import Engine
from claimwright.errors import ClaimwrightError
from claimwright.interfaces.bounds import MOST_NOTE, MOST_SEARCHED
from claimwright.interfaces.schemas import REFERENCE, Schema, Schemas
from claimwright.interfaces.web import examples
from claimwright.interfaces.web.api import BENEFICIARY, DAYS, MOST_HITS, SETTINGS, Codes, Note
from claimwright.interfaces.web.asking import AskBody
from claimwright.interfaces.web.bodies import FORMATS, JSON, LINES, TEXT
from claimwright.interfaces.web.limits import BATCH, body_says, state_limits, text_of, too_large
from claimwright.interfaces.web.problems import CONTENT_TYPE, TITLES
from claimwright.interfaces.web.settings import Settings
from claimwright.model import Coverage, GroupReport, Questions, Reading, Report, RiskResult
from claimwright.model.asking import Asked

_DATE: Schema = {"type": "string", "format": "date"}
_SAYS = {
    "date": "Date of service; today, where neither it nor the claim names one.",
    "as_of": "Answer with what was released by this day.",
    "q": "Words, a code, or the beginning of one.",
    "limit": "Most codes to list.",
    "payer": "Only policies of this payer.",
    "procedure": "Only policies for this service code.",
    "setting": "Decides how uncertain diagnoses are coded.",
    "grouper_version": "Group with this version (431 is v43.1) in place of the one in force.",
    "model": "One model, or all.",
    "year": "Payment year; the year after the date of service.",
    "variant": "Which coefficient table, where a model has several.",
    "age": "Age in completed years on February 1 of the payment year.",
    "sex": "Sex of the beneficiary.",
    "dual": "Medicaid: none, partial, full, or the two-digit dual eligibility code.",
    "orec": "Original reason for entitlement: 0 age, 1 disability, 2 ESRD, 3 both.",
    "crec": "Current reason for entitlement, coded as orec.",
    "new_enrollee": "Less than 12 months of Part B in the diagnosis year.",
    "snp": "In a chronic condition special needs plan.",
    "low_income": "Low-income subsidy.",
    "institutional": "Long-term institutional.",
    "graft_months": "Months since a kidney transplant.",
}
_FORMS: dict[str, Schema] = {
    "date": _DATE,
    "as_of": _DATE,
    "q": {"type": "string", "minLength": 1, "maxLength": MOST_SEARCHED},
    "limit": {"type": "integer", "minimum": 1, "maximum": MOST_HITS, "default": 20},
    "setting": {"enum": list(SETTINGS)},
    "grouper_version": {"type": "integer", "minimum": 1, "maximum": 9999},
    "model": {"type": "string", "default": "all"},
    "year": {"type": "integer", "minimum": 2016, "maximum": 9998},
    "age": {"type": "integer", "minimum": 0, "maximum": 124},
    "sex": {"enum": ["F", "M"]},
    "graft_months": {"type": "integer", "minimum": 0, "maximum": 1500},
    **{each: {"type": "boolean", "default": False} for each in ("new_enrollee", "snp", "low_income", "institutional")},
}
_REFUSALS = (400, 401, 408, 429, 500, 503)
_BODY = (413, 415)


def document(settings: Settings, engine: Engine) -> dict[str, Any]:
    """The whole description."""
    schemas = Schemas({**_requests(), "Problem": _PROBLEM})
    paths = _paths(schemas, engine)
    _state_sizes(paths, settings)
    components: dict[str, Any] = {"schemas": schemas.components}
    components["securitySchemes"] = {
        "bearer": {"type": "http", "scheme": "bearer", "description": "An API key."},
        "key": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
    }
    keys: list[dict[str, Any]] = [{"bearer": []}, {"key": []}]
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "claimwright",
            "version": __version__,
            "summary": "Offline answers, with proof, about US medical codes and claims",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/api/v1"}],
        "security": keys if settings.api_keys_required else [{}, *keys],
        "paths": paths,
        "components": components,
    }


def _state_sizes(paths: dict[str, Any], settings: Settings) -> None:
    """How large a body may be, wherever one is read, and what a larger one is answered with."""
    for operation in (each["post"] for each in paths.values() if "post" in each):
        name, body = operation["operationId"], operation["requestBody"]
        body["description"] = body_says(name, settings)
        operation["responses"]["413"]["description"] = too_large(name, settings)
        for kind, media in body["content"].items():
            if media["schema"] == {"type": "string"}:
                most = settings.batch_bytes if name == BATCH else settings.upload_bytes
                media["schema"] = text_of(MOST_NOTE if kind == TEXT[0] else most)


_PROBLEM: Schema = {
    "type": "object",
    "description": "RFC 9457: one sentence on what is wrong, and the place it is about.",
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "place": {"type": "string"},
    },
    "required": ["type", "title", "status", "detail"],
    "additionalProperties": False,
}


def _requests() -> dict[str, Schema]:
    """Schemas of the bodies that are read, as they are read."""
    forms = (WireClaim, AskBody, Codes, Note)
    _, components = msgspec.json.schema_components(forms, ref_template=REFERENCE + "{name}")
    text = msgspec.json.encode(components).decode().replace("Wire", "")
    out: dict[str, Schema] = msgspec.json.decode(text)
    out["CoverDocument"] = {
        "type": "object",
        "description": "A claim, and the policies that are to judge it in place of those loaded.",
        "properties": {"claim": _named("Claim"), "policies": {"type": ["array", "null"], "items": {"type": "object"}}},
        "required": ["claim"],
        "additionalProperties": False,
    }
    # Two empty texts are no question; the decoder cannot say so of keys that go without each other.
    out["AskBody"]["oneOf"] = [{"required": ["question"]}, {"required": ["follow_up", "context"]}]
    state_limits(out)
    return out


def _paths(schemas: Schemas, engine: Engine) -> dict[str, Any]:
    listed: Schema = {"type": "object"}
    example = _Examples(engine)
    return {
        "/codes/{code}": _get("The record of a code, category, block or chapter", "showCode", schemas.of(CodeRecord),
                              ("code",), DAYS, example("code")),
        "/search": _get("Codes for words", "search", _without(schemas, Hits, "explain"), (), ("q", "limit", *DAYS),
                        example("search"), ("q",)),
        "/rules": _get("The catalogue of rules", "listRules", _list("rules", _RULE), (), (), example("rules")),
        "/rules/{name}": _get("One rule, by name or code", "showRule", _RULE, ("name",), (), example("rule")),
        "/policies": _get("The catalogue of coverage policies", "listPolicies", _list("policies", listed), (),
                          ("payer", "procedure"), example("policies")),
        "/policies/{id}": _get("One policy with its versions, lists and criteria", "showPolicy", listed, ("id",), (),
                               None),
        "/data": _get("What is loaded, and what is not", "listData", _data(schemas), (), (), example("data")),
        "/check": _post("Check claims", "check", _claims(), _several(schemas.of(Report)), DAYS, example("check")),
        "/check/batch": _batch(schemas),
        "/group": _post("The MS-DRG of inpatient claims", "group", _claims(), _several(schemas.of(GroupReport)),
                        (*DAYS, "grouper_version"), example("group")),
        "/risk": _post("CMS-HCC risk scores of claims, or of codes", "risk", _claims(_named("Codes")),
                       _several(_risk(schemas)), (*DAYS, "model", "year", "variant", *BENEFICIARY), example("risk")),
        "/cover": _post("What each coverage policy says of claims", "cover", _claims(_named("CoverDocument")),
                        _several(schemas.of(Coverage)), DAYS, example("cover")),
        "/ask": _post("A plain question on coverage", "ask", {JSON[0]: {"schema": _named("AskBody")}},
                      schemas.of(Asked), (), example("ask")),
        "/query": _post("Questions to the clinician that do not lead", "query", _claims(),
                        _several(schemas.of(Questions)), DAYS, example("query")),
        "/read": _post("What a note states, and the codes it may support", "read", _note(), schemas.of(Reading),
                       (*DAYS, "setting"), example("read")),
        "/openapi.json": _get("This description", "describe", listed, (), (), None),
    }  # fmt: skip


class _Examples:
    """Answers of this server to the examples of requests; none where its data cannot answer one."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def __call__(self, name: str) -> Any:
        """The request's body, if it has one, and the answer with its lists cut short."""
        call: Callable[[Engine], Any] = examples.ANSWERS[name]
        with suppress(ClaimwrightError):
            return examples.REQUESTS.get(name), examples.short(call(self.engine))
        return None


_RULE: Schema = {
    "type": "object",
    "properties": {
        **{each: {"type": "string"} for each in ("rule", "code", "severity", "authority", "summary", "page")},
        "from": _DATE,
        "to": {"anyOf": [_DATE, {"type": "null"}]},
        "tables": {"type": "array", "items": {"type": "string"}},
        "cites": {"type": "array", "items": {"type": "string"}},
    },
    "required": ["rule", "code", "severity", "authority", "from", "to", "tables", "cites", "summary", "page"],
}


def _named(name: str) -> Schema:
    return {"$ref": REFERENCE + name}


def _list(key: str, item: Schema) -> Schema:
    return {"type": "object", "properties": {key: {"type": "array", "items": item}}, "required": [key]}


def _several(one: Schema) -> Schema:
    """One document for one claim, an array for several."""
    return {"anyOf": [one, {"type": "array", "items": one}]}


def _without(schemas: Schemas, kind: type, key: str) -> Schema:
    out = schemas.object_of(kind)
    properties = {name: each for name, each in out["properties"].items() if name != key}
    return {**out, "properties": properties, "required": [each for each in out["required"] if each != key]}


def _data(schemas: Schemas) -> Schema:
    out = _list("tables", schemas.of(Table))
    out["properties"]["not_loaded"] = {"type": "object", "additionalProperties": {"type": "string"}}
    return {**out, "required": ["tables", "not_loaded"]}


def _risk(schemas: Schemas) -> Schema:
    """One model's score, or the overview: both have the contract's keys at the top."""
    one = schemas.object_of(RiskResult)
    keys = ("model", "year", "score", "hccs", "dropped", "interactions", "demographics", "unmapped", "not_evaluated")
    return {"type": "object", "description": one["description"], "required": list(keys),
            "properties": {each: one["properties"][each] for each in keys}}  # fmt: skip


def _claims(*others: Schema) -> dict[str, Any]:
    """Bodies of claims: JSON as described; other formats are told by their content."""
    one = _named("Claim")
    of_json = {"anyOf": [one, *others, {"type": "array", "items": one, "minItems": 1}]}
    return {JSON[0]: {"schema": of_json}, **{each: {"schema": {"type": "string"}} for each in (LINES[0], *FORMATS)}}


def _note() -> dict[str, Any]:
    return {JSON[0]: {"schema": _named("Note")}, TEXT[0]: {"schema": {"type": "string"}}}


def _parameter(name: str, required: bool = False) -> dict[str, Any]:
    return {"name": name, "in": "query", "required": required, "description": _SAYS[name],
            "schema": _FORMS.get(name, {"type": "string"})}  # fmt: skip


def _problems(*statuses: int) -> dict[str, Any]:
    schema = {CONTENT_TYPE: {"schema": _named("Problem")}}
    return {str(each): {"description": TITLES[each], "content": schema} for each in sorted(statuses)}


def _answer(schema: Schema, example: Any, kind: str = JSON[0]) -> dict[str, Any]:
    media = {"schema": schema, **({"example": example} if example is not None else {})}
    return {"200": {"description": "The answer", "content": {kind: media}}}


def _get(
    says: str, name: str, schema: Schema, place: tuple[str, ...], query: tuple[str, ...], example: Any,
    required: tuple[str, ...] = (),
) -> dict[str, Any]:  # fmt: skip
    parameters = [
        {"name": each, "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}} for each in place
    ]
    parameters += [_parameter(each, each in required) for each in query]
    answers = {**_answer(schema, example[1] if example else None), **_problems(*_REFUSALS, *((404,) if place else ()))}
    return {"get": {"operationId": name, "summary": says, "parameters": parameters, "responses": answers}}


def _post(
    says: str, name: str, bodies: dict[str, Any], schema: Schema, query: tuple[str, ...], example: Any
) -> dict[str, Any]:
    if example and example[0] is not None:
        bodies = {**bodies, JSON[0]: {**bodies[JSON[0]], "example": example[0]}}
    return {"post": {
        "operationId": name,
        "summary": says,
        "parameters": [_parameter(each) for each in query],
        "requestBody": {"required": True, "content": bodies},
        "responses": {**_answer(schema, example[1] if example else None), **_problems(*_REFUSALS, *_BODY)},
    }}  # fmt: skip


def _batch(schemas: Schemas) -> dict[str, Any]:
    line = {"anyOf": [schemas.of(Report), {
        "type": "object",
        "properties": {"line": {"type": "integer"}, "problem": _named("Problem")},
        "required": ["line", "problem"],
    }]}  # fmt: skip
    body = {LINES[0]: {"schema": {"type": "string"}}, JSON[0]: {"schema": _named("Claim")}}
    out = _post("Check a stream of claims, one a line; one report a line comes back, in order", "checkBatch", body,
                {"type": "string"}, DAYS, None)  # fmt: skip
    out["post"]["responses"]["200"]["content"] = {LINES[0]: {"schema": {"type": "string"}, "x-line": line}}
    return out
