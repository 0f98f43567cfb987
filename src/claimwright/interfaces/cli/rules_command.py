"""`claimwright rules`."""

from __future__ import annotations

import sys

import click


@click.command("rules")
@click.option("--json", "as_json", is_flag=True, help="One JSON document on standard output, nothing else.")
def command(as_json: bool) -> None:
    """The catalogue of rules: code, name, severity, authority, since when, and what it finds."""
    from claimwright.edits.registry import load_rules
    from claimwright.interfaces.render.rules import rule_entry
    from claimwright.model import to_json

    rules = load_rules().values()
    if as_json:
        sys.stdout.write(to_json({"rules": [rule_entry(each) for each in rules]}) + "\n")
        return
    for each in rules:
        sys.stdout.write(
            f"{each.code}  {each.name:28} {each.severity.value:8} {each.authority.value}\n       {each.summary}\n"
        )
