"""`claimwright check FILE`."""

from __future__ import annotations

import os
import sys
from datetime import date

import click

from claimwright.interfaces.cli.options import common, the_book, wide


@click.command("check")
@click.argument("file")
@common
def command(file: str, day: date | None, as_of: date | None, as_json: bool) -> int:
    """Check the claims of FILE (- is standard input).

    FILE holds one claim, a JSON array of claims, or one claim a line; or X12 837, FHIR Claims or
    ExplanationOfBenefits, or CSV, plain or packed, told by content. Exit code 1 when any finding
    is an error, 0 otherwise.
    """
    # One claim needs no threads of linear algebra, and starting them costs more than the check.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    from claimwright.claims.reader import read_claims
    from claimwright.engine import Engine
    from claimwright.model import Verdict, to_json

    notes: list[str] = []
    claims, several = read_claims(file, notes=notes)
    for each in notes:
        click.echo(f"claimwright: {each}", err=True)
    reports = Engine(the_book()).check_all(claims, day, as_of)
    if as_json:
        sys.stdout.write(to_json(reports if several else reports[0]) + "\n")
    else:
        from claimwright.interfaces.render.report import report_text

        sys.stdout.write("\n".join(report_text(each, colour=wide()) for each in reports))
    return int(any(each.verdict is Verdict.FAIL for each in reports))
