"""`claimwright check FILE`."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

import click

from claimwright.errors import InputError
from claimwright.interfaces.cli.options import common, the_book, wide

if TYPE_CHECKING:
    from claimwright.model import Claim


@click.command("check")
@click.argument("file")
@click.option("--note", "note_file", help="A text file: the note of the claim, in place of any that it brings.")
@common
def command(file: str, note_file: str | None, day: date | None, as_of: date | None, as_json: bool) -> int:
    """Check the claims of FILE (- is standard input).

    FILE holds one claim, a JSON array of claims, or one claim a line; or X12 837, FHIR Claims or
    ExplanationOfBenefits, or CSV, plain or packed, told by content. A claim that brings its note is
    checked against it. Exit code 1 when any finding is an error, 0 otherwise.
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
    if note_file is not None:
        claims = [_with_note(claims, note_file, file)]
    reports = Engine(the_book()).check_all(claims, day, as_of)
    if as_json:
        sys.stdout.write(to_json(reports if several else reports[0]) + "\n")
    else:
        from claimwright.interfaces.render.report import report_text

        sys.stdout.write("\n".join(report_text(each, colour=wide()) for each in reports))
    return int(any(each.verdict is Verdict.FAIL for each in reports))


def _with_note(claims: Sequence[Claim], note_file: str, file: str) -> Claim:
    """The one claim with the note of a file; says on standard error when it replaces another."""
    from claimwright.claims.text_file import read_note

    if len(claims) != 1:
        raise InputError("--note", f"{file} holds {len(claims)} claims", "one claim, whose note it is")
    if note_file == "-" and file == "-":
        raise InputError("--note", "standard input is the claim", "a file")
    text = read_note(note_file)
    if claims[0].note:
        click.echo(f"claimwright: the claim's own note is replaced by {note_file}", err=True)
    return replace(claims[0], note=text)
