"""`claimwright ask "QUESTION"`, or a file with the question, its claim and its policies."""

from __future__ import annotations

import sys
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from claimwright.errors import InputError
from claimwright.interfaces.cli.options import common, the_book, wide
from claimwright.interfaces.cli.places import known_mac, known_state

if TYPE_CHECKING:
    from claimwright.claims.ask_document import AskDocument
    from claimwright.engine import Engine


@click.command("ask")
@click.argument("question", required=False)
@click.option("--audience", default="coder", help="patient, coder (default), clinician or payer: other words.")
@click.option("--payer", help="Who pays, where the question does not say it.")
@click.option("--state", help="State of the service, two letters.")
@click.option("--mac", help="Medicare administrative contractor.")
@click.option("--claim", "claim", metavar="FILE", help="A claim that the question is about.")
@click.option("--note", "note", metavar="FILE", help="The clinical note as text.")
@click.option("--policies", "own", metavar="FILE", help="Judge by the policies of this file (YAML, JSON) instead.")
@click.option("--follow-up", "follow", metavar="ID|TEXT", help="A follow-up question, by id or in words.")
@click.option("--context", "context", metavar="FILE", help="The JSON of the previous answer; with --follow-up.")
@common
def command(
    question: str | None,
    audience: str,
    follow: str | None,
    context: str | None,
    own: str | None,
    day: date | None,
    as_of: date | None,
    as_json: bool,
    **given: Any,
) -> None:
    """Answer a plain QUESTION on coverage: what each policy says, what it wants documented, what gets denied.

    QUESTION may be - or a file with {"question": ..., "claim": ..., "policies": [...]}. Each policy answers by
    itself; without a payer none answers, and what to supply is said. A question outside the data is refused
    with what can be asked.
    """
    from claimwright.claims.ask_document import read_ask, read_context
    from claimwright.engine import Engine
    from claimwright.model import to_json

    if follow is not None and (context is None or question is not None):
        raise InputError(
            "--follow-up", "stands without --context, or beside a QUESTION", "--context FILE and no QUESTION"
        )
    if follow is None and question is None:
        raise InputError("ask", "there is no question", "a question, a file, or - for standard input")
    before, texts = read_context(context) if context else ({}, {})
    text = texts.get(follow.strip(), follow) if follow is not None else question
    document = read_ask(text or "")
    book = the_book()
    given["state"], given["mac"] = known_state(book, given["state"]), known_mac(book, given["mac"])
    engine = Engine(book)
    found = engine.ask(document.question, audience, _given(engine, document, before, own, day, given), as_of)
    if as_json:
        sys.stdout.write(to_json(found) + "\n")
        return
    from claimwright.interfaces.render.asking import asked_text

    sys.stdout.write(asked_text(found, bold=wide()))


def _given(
    engine: Engine,
    document: AskDocument,
    before: dict[str, Any],
    own: str | None,
    day: date | None,
    given: dict[str, Any],
) -> Any:
    """What is known beside the question: options, then the document, then the previous answer."""
    from claimwright.answers.ask import Given
    from claimwright.claims.ask_document import read_one_claim
    from claimwright.claims.text_file import read_note
    from claimwright.claims.wire import claim_from_object

    keep: dict[str, Any] = {}
    raw = document.policies if document.policies is not None else before.get("policies")
    file = own or (before.get("policies_file") if raw is None else None)
    policies = None
    if file:
        policies, keep["policies_file"] = engine.read_policies(Path(file)), file
    elif raw is not None:
        policies, keep["policies"] = engine.policies_of(raw, f"{document.place}.policies"), raw
    value = document.claim
    if given["claim"]:
        value = read_one_claim(given["claim"])
    if value is None:
        value = before.get("claim")
    claim = None
    if value is not None:
        claim, keep["claim"] = claim_from_object(value, given["claim"] or document.place, "$.claim"), value
    return Given(
        payer=given["payer"],
        state=given["state"],
        mac=given["mac"],
        day=day,
        claim=claim,
        note=read_note(given["note"]) if given["note"] else None,
        policies=policies,
        context=before,
        keep=keep,
    )
