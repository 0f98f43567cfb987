"""`claimwright policy ID`."""

from __future__ import annotations

import sys

import click

from claimwright.interfaces.cli.options import the_book


@click.command("policy")
@click.argument("name", metavar="ID")
@click.option("--json", "as_json", is_flag=True, help="One JSON document on standard output, nothing else.")
def command(name: str, as_json: bool) -> None:
    """One coverage policy: every version with its lists, criteria, sources, and what of it is not loaded."""
    from claimwright.interfaces.render.policies import policy_document, policy_text
    from claimwright.model import to_json

    found = the_book().policies.get(name)
    sys.stdout.write(to_json(policy_document(found)) + "\n" if as_json else policy_text(found))
