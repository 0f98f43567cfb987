"""The server over one engine, and its two ways to speak: standard input and output, and HTTP."""

from __future__ import annotations

import io
import logging
import os
import sys
from collections.abc import Callable
from functools import partial
from typing import Any

import anyio
import anyio.to_thread
import mcp_types as types
import msgspec
from mcp.server import Server
from mcp.server.stdio import stdio_server
from mcp.shared.exceptions import MCPError

from claimwright import __version__
from claimwright.book.search import Hits
from claimwright.claims.wire import WireClaim
from claimwright.engine import Engine
from claimwright.errors import ClaimwrightError
from claimwright.interfaces.mcp import resources
from claimwright.interfaces.mcp.articles import Shelf
from claimwright.interfaces.mcp.tools import RULE, SCORE, SEARCH, TOOLS, ToolMade
from claimwright.interfaces.schemas import REFERENCE, Schema, Schemas
from claimwright.model import RiskResult, plain, to_json

INSTRUCTIONS = (
    "Offline answers about US medical codes and claims: ICD-10-CM, MS-DRG, CMS-HCC, claim edits, coverage policies. "
    "Every answer names the official text, edition and dates it rests on: pass these on, and say what not_evaluated "
    "lists. Codes and rules hold for a date of service: give it. Nothing that is sent is stored."
)
_READ_ONLY = types.ToolAnnotations(
    read_only_hint=True, destructive_hint=False, idempotent_hint=True, open_world_hint=False
)


def make(engine: Engine, shelf: Shelf | None = None) -> Server[Any]:
    """The server over an engine, and articles (as shipped, without a shelf). Safe to share between sessions."""
    articles = shelf or Shelf()
    tools = {each.name: each for each in TOOLS}
    described = [_described(each) for each in TOOLS]

    async def list_tools(context: Any, params: Any) -> types.ListToolsResult:
        return types.ListToolsResult(tools=described)

    async def call_tool(context: Any, params: types.CallToolRequestParams) -> types.CallToolResult:
        tool = tools.get(params.name)
        if tool is None:
            raise MCPError(types.INVALID_PARAMS, f"there is no tool {params.name[:60]!r}")
        return await anyio.to_thread.run_sync(partial(called, engine, tool, params.arguments or {}))

    async def list_resources(context: Any, params: Any) -> types.ListResourcesResult:
        found = await anyio.to_thread.run_sync(resources.listed, engine, articles)
        return types.ListResourcesResult(
            resources=[
                types.Resource(uri=each.uri, name=each.name, description=each.says, mime_type=each.kind)
                for each in found
            ]
        )

    async def list_templates(context: Any, params: Any) -> types.ListResourceTemplatesResult:
        return types.ListResourceTemplatesResult(
            resource_templates=[
                types.ResourceTemplate(uri_template=each.uri, name=each.name, description=each.says,
                                       mime_type=each.kind)
                for each in resources.TEMPLATES
            ]
        )  # fmt: skip

    async def read_resource(context: Any, params: types.ReadResourceRequestParams) -> types.ReadResourceResult:
        try:
            kind, text = await anyio.to_thread.run_sync(resources.read, engine, str(params.uri), articles)
        except ClaimwrightError as error:
            raise MCPError(types.INVALID_PARAMS, str(error)) from None
        return types.ReadResourceResult(
            contents=[types.TextResourceContents(uri=params.uri, mime_type=kind, text=text)]
        )

    return Server(
        "claimwright",
        version=__version__,
        title="claimwright",
        instructions=INSTRUCTIONS,
        on_list_tools=list_tools,
        on_call_tool=call_tool,
        on_list_resources=list_resources,
        on_list_resource_templates=list_templates,
        on_read_resource=read_resource,
    )


def called(engine: Engine, tool: ToolMade, arguments: dict[str, Any]) -> types.CallToolResult:
    """What a tool answers: structured, and the same as text; what is wrong with a request is one sentence."""
    try:
        given = msgspec.convert(arguments, tool.form)
        found = plain(tool.call(engine, given))
    except msgspec.ValidationError as error:
        return _error(f"{tool.name}: {error}")
    except ClaimwrightError as error:
        return _error(str(error))
    except Exception as error:  # its text may quote a note
        logging.getLogger("claimwright.errors").error("%s in tool %s", type(error).__name__, tool.name)
        return _error(f"{tool.name} failed; nothing of the request was kept")
    text = types.TextContent(type="text", text=to_json(found, None))
    return types.CallToolResult(content=[text], structured_content=found)


def _error(sentence: str) -> types.CallToolResult:
    return types.CallToolResult(content=[types.TextContent(type="text", text=sentence)], is_error=True)


# ---- how tools describe themselves --------------------------------------------------------------------


def _described(tool: ToolMade) -> types.Tool:
    return types.Tool(
        name=tool.name,
        title=tool.title,
        description=tool.says,
        input_schema=_input(tool),
        output_schema=_output(tool),
        annotations=_READ_ONLY,
    )


def _input(tool: ToolMade) -> Schema:
    """The struct's schema; claims as the contract has them."""
    _, parts = msgspec.json.schema_components((tool.form,), ref_template="#/$defs/{name}")
    own = parts.pop(tool.form.__name__)
    if "claims" in own["properties"]:
        _, of_claim = msgspec.json.schema_components((WireClaim,), ref_template="#/$defs/{name}")
        parts |= msgspec.json.decode(msgspec.json.encode(of_claim).decode().replace("Wire", ""))
        own["properties"]["claims"]["items"] = {"$ref": "#/$defs/Claim"}
    return {"type": "object", **own, **({"$defs": parts} if parts else {})}


def _output(tool: ToolMade) -> Schema:
    schemas = Schemas({})
    one = _ANSWERS[tool.answers](schemas) if isinstance(tool.answers, str) else schemas.of(tool.answers)
    if tool.key:
        listed: Schema = {"type": "array", "items": one}
        own: Schema = {"type": "object", "properties": {tool.key: listed}, "required": [tool.key]}
        if tool.name == "lookup_code":
            own["properties"]["unknown"] = _UNKNOWN
    else:
        own = schemas.components.pop(one["$ref"].removeprefix(REFERENCE)) if "$ref" in one else one
    text = msgspec.json.encode({**own, "$defs": schemas.components}).decode().replace(REFERENCE, "#/$defs/")
    found: Schema = msgspec.json.decode(text)
    return found


_UNKNOWN: Schema = {
    "type": "array",
    "items": {"type": "object", "properties": {"code": {"type": "string"}, "problem": {"type": "string"}}},
}


def _rule(schemas: Schemas) -> Schema:
    words = ("rule", "code", "severity", "authority", "summary", "page")
    return {"type": "object", "properties": {each: {"type": "string"} for each in words}, "required": list(words)}


def _found(schemas: Schemas) -> Schema:
    out = schemas.object_of(Hits)
    out["properties"].pop("explain")
    return {**out, "required": [each for each in out["required"] if each != "explain"]}


def _score(schemas: Schemas) -> Schema:
    keys = ("model", "year", "score", "hccs", "dropped", "interactions", "demographics", "unmapped", "not_evaluated")
    one = schemas.object_of(RiskResult)
    return {**one, "properties": {each: one["properties"][each] for each in keys}, "required": list(keys)}


_ANSWERS: dict[str, Callable[[Schemas], Schema]] = {RULE: _rule, SEARCH: _found, SCORE: _score}


# ---- speaking -----------------------------------------------------------------------------------------


def over_stdio(engine: Engine, shelf: Shelf | None = None) -> None:
    """Until standard input ends. Whatever else writes to standard output meanwhile lands on standard error."""
    spoken = os.fdopen(os.dup(1), "wb", closefd=True)
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    server = make(engine, shelf)

    async def speak() -> None:
        out = anyio.wrap_file(io.TextIOWrapper(spoken, encoding="utf-8", newline="\n", line_buffering=True))
        async with stdio_server(stdout=out) as (received, sent):
            await server.run(received, sent, server.create_initialization_options())

    anyio.run(speak)


def over_http(engine: Engine, host: str, port: int, level: str, shelf: Shelf | None = None) -> int:
    """Until told to end; at /mcp. The exit code. Only names of this machine are answered on the loopback."""
    from claimwright.interfaces.web.serving import run_app
    from claimwright.interfaces.web.settings import Settings

    app = make(engine, shelf).streamable_http_app(host=host, stateless_http=True, json_response=True)
    return run_app(lambda: app, Settings(host=host, port=port), level, "/mcp")
