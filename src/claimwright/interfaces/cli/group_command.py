"""`claimwright group CLAIM`."""

from __future__ import annotations

import sys
from datetime import date
from typing import TYPE_CHECKING

import click

from claimwright.errors import InputError
from claimwright.interfaces.cli.options import common, the_book, wide

if TYPE_CHECKING:
    from collections.abc import Sequence

    from claimwright.model import Claim


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
    _need(claims, file)
    reports = Engine(the_book()).group_all(claims, day, grouper_version, as_of)
    if as_json:
        sys.stdout.write(to_json(reports if several else reports[0]) + "\n")
    else:
        from claimwright.interfaces.render.grouping import group_text

        sys.stdout.write("\n".join(group_text(each, bold=wide()) for each in reports))


def _need(claims: Sequence[Claim], file: str) -> None:
    """`InputError` with the file and the place of the first claim that cannot be grouped."""
    from claimwright.grouping.cases import need_inpatient, status_of

    name = "standard input" if file == "-" else file
    for number, claim in enumerate(claims, 1):
        try:
            need_inpatient(claim)
            status_of(claim)
        except InputError as error:
            which = f"claim {number}: " if len(claims) > 1 else ""
            key = error.place.rsplit(": ", 1)[-1]
            raise InputError(f"{name}: {which}{key}", error.problem, error.expected) from None
