"""`claimwright policies`."""

from __future__ import annotations

import sys

import click

from claimwright.interfaces.cli.options import the_book


@click.command("policies")
@click.option("--payer", help="Only policies of this payer.")
@click.option("--procedure", help="Only policies for this service code.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document on standard output, nothing else.")
def command(payer: str | None, procedure: str | None, as_json: bool) -> None:
    """The catalogue of coverage policies: whose, since when, how much of each is loaded, its review state."""
    from claimwright.interfaces.render.policies import chosen_policies, policy_entry, policy_line
    from claimwright.model import to_json

    found = chosen_policies(the_book(), payer or "", procedure or "")
    if as_json:
        sys.stdout.write(to_json({"policies": [policy_entry(each) for each in found]}) + "\n")
        return
    for each in found:
        sys.stdout.write(policy_line(each))
    if not found:
        sys.stdout.write("No policy is loaded for this: claimwright data add policies FILE\n")
