"""The MCP server, asked by the SDK's own client: in memory, over standard input and output, and over HTTP."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import pytest
from click.testing import CliRunner

pytest.importorskip("mcp")
pytest.importorskip("mcp_types")
from jsonschema import Draft202012Validator
from mcp.client.client import Client
from mcp.client.stdio import StdioServerParameters, stdio_client
from mcp.shared.exceptions import MCPError

from claimwright.book.store import Book
from claimwright.engine import Engine
from claimwright.errors import ClaimwrightError, InputError
from claimwright.interfaces.cli import cli, mcp_command
from claimwright.interfaces.mcp import server as mcp_server
from claimwright.interfaces.mcp.tools import TOOLS
from claimwright.model import plain

pytestmark = pytest.mark.book
T = TypeVar("T")
CLAIM = {"id": "A", "setting": "outpatient", "service_from": "2025-11-15", "diagnoses": ["J45.901", "J44.9"]}
STAY = {"id": "B", "setting": "inpatient", "service_from": "2025-11-10", "service_to": "2025-11-15",
        "patient": {"age": 70, "sex": "M"}, "diagnoses": ["I50.9", "E11.9"], "discharge_status": "01"}  # fmt: skip
SERVICE = {"id": "C", "setting": "professional", "service_from": "2025-11-15", "diagnoses": ["G56.01"],
           "lines": [{"code": "95909"}], "payer": {"id": "medicare", "state": "WI"}}  # fmt: skip
CALLS = [
    ("lookup_code", {"codes": ["j45901", "J40-J4A", "ZZZ"], "date": "2025-11-15"}),
    ("search_codes", {"words": "wheezing child", "date": "2025-11-15", "limit": 3}),
    ("check_claim", {"claims": [CLAIM, SERVICE]}),
    ("group_drg", {"claims": [STAY]}),
    ("score_risk", {"codes": ["E11.9", "I50.9"], "model": "V28", "age": 70, "sex": "F", "date": "2025-11-15"}),
    ("score_risk", {"claims": [STAY]}),
    ("check_coverage", {"claims": [SERVICE]}),
    ("read_note", {"note": "Numb right hand. Denies neck pain.", "setting": "outpatient", "date": "2025-11-15"}),
    ("draft_query", {"claims": [CLAIM]}),
    ("explain_rule", {"rules": ["DX201"]}),
    ("explain_rule", {}),
]


def ask(engine: Engine, what: Callable[[Client], Awaitable[T]], mode: str = "auto") -> T:
    async def asked() -> T:
        async with Client(mcp_server.make(engine), mode=mode) as client:
            return await what(client)

    return asyncio.run(asked())


def call(engine: Engine, name: str, arguments: dict[str, Any], mode: str = "auto") -> Any:
    return ask(engine, lambda client: client.call_tool(name, arguments), mode)


def test_every_tool_only_reads_and_says_when_to_use_it(engine: Engine) -> None:
    listed = ask(engine, lambda client: client.list_tools()).tools
    assert [each.name for each in listed] == [
        "lookup_code", "search_codes", "check_claim", "group_drg", "score_risk", "check_coverage", "read_note",
        "draft_query", "explain_rule",
    ]  # fmt: skip
    for each in listed:
        assert each.annotations is not None and each.annotations.read_only_hint
        assert each.description and len(each.description) > 80
        assert each.output_schema is not None and each.output_schema["type"] == "object"
        assert each.input_schema["type"] == "object" and not each.input_schema["additionalProperties"]
        for schema in (each.input_schema, each.output_schema):
            Draft202012Validator.check_schema(schema)
            assert set(re.findall(r'#/\$defs/(\w+)"', json.dumps(schema))) <= set(schema.get("$defs", {}))


@pytest.mark.parametrize(("name", "arguments"), CALLS, ids=lambda each: each if isinstance(each, str) else "")
def test_an_answer_is_structured_as_the_tool_says(engine: Engine, name: str, arguments: dict[str, Any]) -> None:
    described = {each.name: each for each in ask(engine, lambda client: client.list_tools()).tools}[name]
    Draft202012Validator(described.input_schema).validate(arguments)
    for mode in ("auto", "legacy"):
        found = call(engine, name, arguments, mode)
        assert not found.is_error, found.content
        Draft202012Validator(described.output_schema).validate(found.structured_content)
        assert json.loads(found.content[0].text) == found.structured_content


def test_answers_are_those_of_the_engine_with_their_proof(engine: Engine) -> None:
    found = call(engine, "check_claim", {"claims": [CLAIM, STAY]}).structured_content["reports"]
    assert found == json.loads(json.dumps(plain(engine.check_all([CLAIM, STAY]))))
    assert all(each["because"] for report in found for each in report["findings"])
    records = call(engine, "lookup_code", {"codes": ["J44.9", "ZZZ"]}).structured_content
    assert records["records"][0]["sources"] and records["unknown"][0]["code"] == "ZZZ"


@pytest.mark.parametrize(("name", "arguments", "says"), [
    ("lookup_code", {"codes": ["ZZZ"]}, "no loaded table"), ("lookup_code", {"codes": []}, "length >= 1"),
    ("lookup_code", {}, "codes"), ("lookup_code", {"codes": ["A00"], "date": "soon"}, "$.date"),
    ("lookup_code", {"codes": ["A00"], "date": "2999-01-01"}, "No edition"),
    ("check_claim", {"claims": [{"setting": "outpatient"}]}, "diagnoses"),
    ("check_claim", {"claims": [{**CLAIM, "unit": 1}]}, "$.claims[0].unit"),
    ("check_claim", {"claim": CLAIM}, "unknown field `claim`"), ("group_drg", {"claims": [CLAIM]}, "inpatient"),
    ("score_risk", {}, "claims or codes"), ("explain_rule", {"rules": ["nothing"]}, "no rule"),
    ("read_note", {"note": "a", "setting": "home"}, "$.setting"), ("search_codes", {"words": " "}, "nothing to search"),
])  # fmt: skip
def test_what_is_wrong_is_one_sentence(engine: Engine, name: str, arguments: dict[str, Any], says: str) -> None:
    found = call(engine, name, arguments)
    assert found.is_error and found.structured_content is None
    sentence = found.content[0].text
    assert says in sentence and "\n" not in sentence and "Traceback" not in sentence


def test_a_fault_quotes_nothing(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise KeyError("a word of a note")

    monkeypatch.setattr(Engine, "read", broken)
    found = call(engine, "read_note", {"note": "a word of a note"})
    assert found.is_error and "word of" not in found.content[0].text


def test_an_unknown_tool_is_an_error_of_the_protocol(engine: Engine) -> None:
    with pytest.raises((MCPError, BaseExceptionGroup)) as raised:
        call(engine, "forget_everything", {})
    assert "forget_everything" in repr(raised.value) or isinstance(raised.value, BaseExceptionGroup)


def test_pages_are_resources(engine: Engine) -> None:
    async def what(client: Client) -> tuple[list[str], list[str], list[Any]]:
        listed = [str(each.uri) for each in (await client.list_resources()).resources]
        templates = [each.uri_template for each in (await client.list_resource_templates()).resource_templates]
        policy = next(each for each in listed if each.startswith("policy://"))
        wanted = ("icd10cm://J45.901", "icd10cm://J40-J4A", "rule://excludes1-conflict", policy)
        return listed, templates, [(await client.read_resource(each)).contents[0] for each in wanted]

    listed, templates, pages = ask(engine, what)
    assert templates[:3] == ["icd10cm://{code}", "rule://{name}", "policy://{id}"]
    assert len([each for each in listed if each.startswith("rule://")]) == len(engine.rules)
    assert "Exacerbation" in pages[0].text or "exacerbation" in pages[0].text
    assert "What it checks" in pages[2].text and all(each.text for each in pages)


@pytest.mark.parametrize("uri", ["icd10cm://ZZZ", "rule://none", "policy://none", "article://../../etc/passwd",
                                 "file:///etc/passwd", "article://none"])  # fmt: skip
def test_an_address_of_nothing_is_an_error(engine: Engine, uri: str) -> None:
    with pytest.raises((MCPError, BaseExceptionGroup)):
        ask(engine, lambda client: client.read_resource(uri))


# ---- real processes -----------------------------------------------------------------------------------


def test_over_standard_output_goes_nothing_but_protocol(book: Book) -> None:
    parameters = StdioServerParameters(command=sys.executable, args=["-m", "claimwright", "mcp"], env=dict(os.environ))

    async def asked() -> Any:
        async with Client(stdio_client(parameters)) as client:
            return await client.call_tool("check_claim", {"claims": [CLAIM]})

    found = asyncio.run(asked())
    assert found.structured_content["reports"][0]["claim"] == "A"
    hello = {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {
        "protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}}}  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-m", "claimwright", "mcp"], input=json.dumps(hello) + "\n", capture_output=True, text=True,
        timeout=60,
    )  # fmt: skip
    assert done.returncode == 0 and done.stderr == ""
    assert [json.loads(each)["jsonrpc"] for each in done.stdout.splitlines()] == ["2.0"]


def test_over_http(book: Book) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "claimwright", "mcp", "--http", "--port", "0"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert process.stderr is not None
        address = next(found[0] for each in process.stderr if (found := re.search(r"http://\S+/mcp", each)))

        async def asked() -> Any:
            async with Client(address) as client:
                return await client.call_tool("explain_rule", {"rules": ["DX201"]})

        found = asyncio.run(asked())
        assert found.structured_content["rules"][0]["rule"] == "excludes1-conflict"
        process.send_signal(signal.SIGTERM)
        said = process.communicate(timeout=20)
        assert process.returncode == 0 and said[0] == ""
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


def test_wrong_options_and_missing_packages_are_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    for arguments in (["--port", "1"], ["--host", "::1"], ["--http", "--port", "x"]):
        done = CliRunner().invoke(cli, ["mcp", *arguments])
        assert isinstance(done.exception, InputError) or done.exit_code == 2
    monkeypatch.setattr(mcp_command, "find_spec", lambda name: None)
    with pytest.raises(ClaimwrightError, match="claimwright\\[mcp\\]") as raised:
        mcp_command.need_mcp()
    assert raised.value.exit_code == 3


def test_every_tool_has_an_example_here() -> None:
    assert {each.name for each in TOOLS} == {name for name, _ in CALLS}
