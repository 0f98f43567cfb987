"""`claimwright query CLAIM` and `claimwright query --lint FILE`."""

from __future__ import annotations

import os
import sys
from datetime import date

import click

from claimwright.errors import InputError
from claimwright.interfaces.cli.options import common, the_book, wide


@click.command("query")
@click.argument("claim", required=False)
@click.option("--note", help="A text file with the note of the encounter (- is standard input); one claim only.")
@click.option("--lint", "lint", help="Check questions written elsewhere: text, or YAML/JSON with text and options.")
@common
def command(
    claim: str | None, note: str | None, lint: str | None, day: date | None, as_of: date | None, as_json: bool
) -> int:
    """Questions to the clinician that do not lead, from what a claim leaves open.

    CLAIM is a file of claims (- is standard input). Each question shows its clinical indicators, offers
    answers in alphabetical order, and says what an answer settles; as few are asked as settle everything.

    With --lint, FILE holds one question or several (- is standard input): every rule that a question breaks is
    printed with the words that broke it; exit code 1 when there is one, 0 when all questions are clean.
    """
    if (claim is None) == (lint is None):
        raise InputError("query", "found both CLAIM and --lint" if claim else "found neither CLAIM nor --lint", "one")
    if lint is not None:
        if note is not None:
            raise InputError("--note", "given with --lint", "a claim beside the note")
        return _lint(lint, as_json)
    return _ask(claim or "-", note, day, as_of, as_json)


def _lint(file: str, as_json: bool) -> int:
    from claimwright.interfaces.render.query import lint_text
    from claimwright.model import to_json
    from claimwright.queries.files import read_queries
    from claimwright.queries.lint import check_query

    checked = [check_query(each.text, each.options, each.title, each.name) for each in read_queries(file)]
    sys.stdout.write(to_json({"queries": checked}) + "\n" if as_json else lint_text(checked))
    return int(not all(each.ok for each in checked))


def _ask(file: str, note: str | None, day: date | None, as_of: date | None, as_json: bool) -> int:
    # One claim needs no threads of linear algebra, and starting them costs more than the check.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    from claimwright.claims.reader import read_claims
    from claimwright.claims.text_file import read_note
    from claimwright.engine import Engine
    from claimwright.interfaces.render.query import questions_text
    from claimwright.model import to_json

    if note == "-" and file == "-":
        raise InputError("--note", "standard input is the claim already", "a file")
    claims, several = read_claims(file)
    if note is not None and len(claims) > 1:
        raise InputError("--note", f"given with {len(claims)} claims", "one claim, or the note inside each claim")
    text = read_note(note) if note is not None else None
    engine = Engine(the_book())
    found = [engine.query(each, day, as_of, text) for each in claims]
    if as_json:
        sys.stdout.write(to_json(found if several else found[0]) + "\n")
    else:
        sys.stdout.write("\n".join(questions_text(each, bold=wide()) for each in found))
    return 0
