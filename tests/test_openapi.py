"""The description of the API: valid, true of real answers, and held against requests made from it."""

from __future__ import annotations

import json
from typing import Any

import pytest

pytest.importorskip("schemathesis")
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from jsonschema import Draft202012Validator
from schemathesis.checks import CHECKS, load_all_checks
from starlette.testclient import TestClient

from claimwright.engine import Engine
from claimwright.interfaces.web import examples
from claimwright.interfaces.web.app import create_app
from claimwright.interfaces.web.settings import Settings
from claimwright.model import plain

pytestmark = pytest.mark.book
load_all_checks()


@pytest.fixture(scope="module")
def client(engine: Engine) -> TestClient:
    return TestClient(create_app(engine, Settings()))


@pytest.fixture(scope="module")
def document(client: TestClient) -> dict[str, Any]:
    return dict(client.get("/api/v1/openapi.json").json())


def test_every_route_of_the_api_is_described_and_no_other(client: TestClient, document: dict[str, Any]) -> None:
    api = next(each for each in client.app.routes if getattr(each, "path", "") == "/api/v1")  # type: ignore[attr-defined]
    routes = {(method, route.path) for route in api.app.router.routes for method in route.methods - {"HEAD"}}
    assert routes == {(method.upper(), path) for path, held in document["paths"].items() for method in held}


def test_every_reference_has_its_component(document: dict[str, Any]) -> None:
    components = document["components"]["schemas"]
    for name in _references(document):
        assert name.rpartition("/")[2] in components, name
    for each in components.values():
        Draft202012Validator.check_schema(each)


def _references(value: Any) -> set[str]:
    if isinstance(value, dict):
        own = {value["$ref"]} if isinstance(value.get("$ref"), str) else set()
        return own.union(*(_references(each) for each in value.values()))
    return set().union(*(_references(each) for each in value)) if isinstance(value, list) else set()


def closed(value: Any) -> Any:
    """A schema that allows no key which it does not describe."""
    if isinstance(value, dict):
        out = {key: closed(each) for key, each in value.items()}
        if "properties" in out and out.get("type") == "object" and isinstance(out["properties"], dict):
            out.setdefault("additionalProperties", False)
        return out
    return [closed(each) for each in value] if isinstance(value, list) else value


OPEN = ("CriterionAnswer",)
"""The root of a tree of criteria has a key for each criterion."""


@pytest.mark.parametrize(("path", "method", "name"), [
    ("/codes/{code}", "get", "code"), ("/search", "get", "search"), ("/rules", "get", "rules"),
    ("/data", "get", "data"), ("/check", "post", "check"), ("/group", "post", "group"), ("/cover", "post", "cover"),
    ("/ask", "post", "ask"), ("/query", "post", "query"), ("/read", "post", "read"),
])  # fmt: skip
def test_a_real_answer_has_every_key_described_and_no_other(
    engine: Engine, document: dict[str, Any], path: str, method: str, name: str
) -> None:
    schema = document["paths"][path][method]["responses"]["200"]["content"]["application/json"]["schema"]
    components = document["components"]["schemas"]
    strict = {key: each if key in OPEN else closed(each) for key, each in components.items()}
    answer = json.loads(json.dumps(plain(examples.ANSWERS[name](engine))))
    one = schema["anyOf"][0] if "anyOf" in schema else closed(schema)
    Draft202012Validator({**one, "components": {"schemas": strict}}).validate(answer)


@pytest.mark.parametrize("code", ["A00-A09", "1", "T78.40XA", "3E0337Z", "G35", "hcpcs:A0428"])
def test_records_of_every_kind_are_as_described(client: TestClient, document: dict[str, Any], code: str) -> None:
    found = client.get(f"/api/v1/codes/{code}", params={"date": "2025-11-15"})
    if found.status_code == 503:
        pytest.skip(found.json()["detail"])
    strict = closed(document["components"]["schemas"])
    schema = {"$ref": "#/components/schemas/CodeRecord", "components": {"schemas": strict}}
    Draft202012Validator(schema).validate(found.json())


def test_examples_are_real_answers(engine: Engine, document: dict[str, Any]) -> None:
    content = document["paths"]["/check"]["post"]
    assert content["requestBody"]["content"]["application/json"]["example"] == examples.CLAIM
    told = content["responses"]["200"]["content"]["application/json"]["example"]
    assert told == json.loads(json.dumps(examples.short(engine.check(examples.CLAIM))))


# ---- requests made from the description ---------------------------------------------------------------

CHECKED = ("status_code_conformance", "content_type_conformance", "response_schema_conformance",
           "response_headers_conformance", "unsupported_method")  # fmt: skip


def test_requests_made_from_the_description_are_answered_as_it_says(
    client: TestClient, document: dict[str, Any]
) -> None:
    schema = schemathesis.openapi.from_dict(document)
    schema.app = client.app
    checks = CHECKS.get_by_names(CHECKED)
    seen: list[int] = []

    for operation in (each.ok() for each in schema.get_all_operations()):

        @settings(
            max_examples=12, deadline=None, derandomize=True, database=None, phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )  # fmt: skip
        @schemathesis_given(operation)
        def answered(case: schemathesis.Case) -> None:
            response = case.call_and_validate(checks=checks)
            seen.append(response.status_code)
            # 503 is for what is not loaded; everything else that begins with a 5 is a fault.
            assert response.status_code < 500 or response.status_code == 503, response.text
            if response.status_code == 503:
                assert response.headers["retry-after"] and "No edition of" in response.text

        answered()
    assert seen.count(200) > len(seen) / 6, "too few of them were good requests"


def schemathesis_given(operation: Any) -> Any:
    """A test of cases of one operation."""
    from hypothesis import given

    return given(case=operation.as_strategy())
