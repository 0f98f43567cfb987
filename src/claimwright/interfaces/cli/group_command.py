"""`claimwright group CLAIM`."""

from __future__ import annotations

import sys
from datetime import date

import click

from claimwright.interfaces.cli.options import common, the_book, wide


@click.command("group")
@click.argument("file", metavar="CLAIM")
@click.option("--grouper-version", type=int, default=None, help="Group with this version (431 is v43.1) instead.")
@common
def command(file: str, grouper_version: int | None, day: date | None, as_of: date | None, as_json: bool) -> None:
    """The MS-DRG of an inpatient claim, why, and what one change would give.

    CLAIM is a file (- is standard input) with one claim, a JSON array of claims, or one claim a line.
    The version in force on the discharge date groups it.
    """
    from claimwright.claims.reader import read_claims
    from claimwright.engine import Engine
    from claimwright.model import to_json

    claims, several = read_claims(file)
    reports = Engine(the_book()).group_all(claims, day, grouper_version, as_of)
    if as_json:
        sys.stdout.write(to_json(reports if several else reports[0]) + "\n")
    else:
        from claimwright.interfaces.render.grouping import group_text

        sys.stdout.write("\n".join(group_text(each, bold=wide()) for each in reports))
