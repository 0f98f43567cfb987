"""`claimwright rule NAME`."""

from __future__ import annotations

import sys

import click


@click.command("rule")
@click.argument("name")
@click.option("--json", "as_json", is_flag=True, help="One JSON document on standard output, nothing else.")
def command(name: str, as_json: bool) -> None:
    """One rule's page; NAME is its name (excludes1-conflict) or code (DX201)."""
    from claimwright.interfaces.render.rules import named_rule, rule_entry, rule_page
    from claimwright.model import to_json

    found = named_rule(name)
    sys.stdout.write(to_json(rule_entry(found)) + "\n" if as_json else rule_page(found))
