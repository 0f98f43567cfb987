"""`claimwright mcp`."""

from __future__ import annotations

from importlib.util import find_spec

import click

from claimwright.errors import ClaimwrightError, InputError
from claimwright.interfaces.cli.options import the_book
from claimwright.interfaces.cli.user_command import database_option


@click.command("mcp")
@click.option("--http", "over_http", is_flag=True, help="Speak HTTP, at /mcp, in place of standard input and output.")
@click.option("--host", default=None, help="With --http: address to listen on (default 127.0.0.1).")
@click.option("--port", type=click.IntRange(0, 65535), default=None, help="With --http: port (default 8765; 0: any).")
@database_option
def command(over_http: bool, host: str | None, port: int | None, database: str) -> int:
    """The Model Context Protocol server, for agents.

    Tools: lookup_code, search_codes, check_claim, group_drg, score_risk, check_coverage, read_note, draft_query,
    explain_rule. Resources: icd10cm://CODE, rule://NAME, policy://ID, article://NAME. Only reads;
    nothing that is sent is kept. Articles come with their state of review where there is an editorial database.
    """
    if not over_http and (host is not None or port is not None):
        raise InputError("--host" if host is not None else "--port", "stands without --http", "--http before it")
    need_mcp()
    book = the_book()
    from claimwright.engine import Engine
    from claimwright.interfaces.mcp import server
    from claimwright.interfaces.mcp.articles import shelf_of

    shelf = shelf_of(database)
    if over_http:
        return server.over_http(Engine(book), host or "127.0.0.1", 8765 if port is None else port, "info", shelf)
    server.over_stdio(Engine(book), shelf)
    return 0


def need_mcp() -> None:
    """Say what is missing, and how to get it."""
    if find_spec("mcp") is None or find_spec("mcp_types") is None:
        raise ClaimwrightError("mcp is not installed, which agents speak: pip install 'claimwright[mcp]'")
