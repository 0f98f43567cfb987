"""`claimwright rule NAME`."""

from __future__ import annotations

import sys

import click

from claimwright.errors import InputError


@click.command("rule")
@click.argument("name")
@click.option("--json", "as_json", is_flag=True, help="One JSON document on standard output, nothing else.")
def command(name: str, as_json: bool) -> None:
    """One rule's page; NAME is its name (excludes1-conflict) or code (DX201)."""
    from difflib import get_close_matches

    from claimwright.edits.registry import load_rules
    from claimwright.interfaces.render.rules import rule_entry, rule_page
    from claimwright.model import to_json

    rules = load_rules()
    found = rules.get(name.lower()) or next((each for each in rules.values() if each.code == name.upper()), None)
    if found is None:
        near = get_close_matches(name.lower(), rules, n=3)
        raise InputError(
            "NAME", f"no rule is called {name!r}", f"one of {', '.join(near)}" if near else "a name that `rules` lists"
        )
    sys.stdout.write(to_json(rule_entry(found)) + "\n" if as_json else rule_page(found))
