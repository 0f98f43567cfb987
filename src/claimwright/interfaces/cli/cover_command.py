"""`claimwright cover CLAIM`, or `claimwright cover --procedure P --diagnosis D`."""

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
    from claimwright.claims.cover_document import CoverDocument
    from claimwright.engine import Engine
    from claimwright.model import Policy


@click.command("cover")
@click.argument("claim", required=False)
@click.option("--procedure", "procedures", multiple=True, help="A service code, instead of a claim; repeatable.")
@click.option("--diagnosis", "diagnoses", multiple=True, help="A diagnosis code; repeatable.")
@click.option("--payer", help="Who pays: an id or name that `policies` lists.")
@click.option("--state", help="State of the service, two letters.")
@click.option("--mac", help="Medicare administrative contractor.")
@click.option("--setting", help="inpatient, outpatient, professional (default) or emergency.")
@click.option("--age", type=int, help="Age in completed years.")
@click.option("--sex", help="F, M or U.")
@click.option("--modifier", "modifiers", multiple=True, help="A modifier of the procedures; repeatable.")
@click.option("--fact", "facts", multiple=True, metavar="ID=STATUS[=VALUE]", help="A documented fact; repeatable.")
@click.option("--note", "note", metavar="FILE", help="The clinical note as text.")
@click.option("--policies", "own", metavar="FILE", help="Judge by the policies of this file (YAML, JSON) instead.")
@click.option("--format", "form", type=click.Choice(("terminal", "markdown")), default="terminal", help="Form.")
@common
def command(
    claim: str | None, own: str | None, form: str, day: date | None, as_of: date | None, as_json: bool, **given: Any
) -> None:
    """What each coverage policy says of a claim: its list, its criteria, and the facts that are missing.

    CLAIM is a file of claims (- is standard input), or of documents {"policies": [...], "claim": {...}}.
    Policies answer each by itself; without payer none answers, and what to supply is said.
    """
    from claimwright.claims.cover_document import read_cover
    from claimwright.engine import Engine
    from claimwright.model import to_json

    asked = {key: value for key, value in given.items() if value}
    if (claim is None) == (not given["procedures"]):
        found = "both CLAIM and --procedure" if claim else "neither CLAIM nor --procedure"
        raise InputError("cover", f"found {found}", "one of them")
    if claim is not None and asked:
        raise InputError(f"--{next(iter(asked)).rstrip('s')}", "stands beside a CLAIM", "one or the other")
    book = the_book()
    given["state"], given["mac"] = known_state(book, given["state"]), known_mac(book, given["mac"])
    documents, several = read_cover(claim) if claim is not None else ([_asked(given, day)], False)
    engine = Engine(book)
    policies = engine.read_policies(Path(own)) if own else None
    answers = [_answer(engine, each, policies, day, as_of) for each in documents]
    if as_json:
        sys.stdout.write(to_json(answers if several else answers[0]) + "\n")
        return
    from claimwright.interfaces.render.coverage import coverage_markdown, coverage_text

    if form == "markdown":
        sys.stdout.write("\n".join(coverage_markdown(each) for each in answers))
    else:
        sys.stdout.write("\n".join(coverage_text(each, bold=wide()) for each in answers))


def _answer(
    engine: Engine, document: CoverDocument, own: list[Policy] | None, day: date | None, as_of: date | None
) -> Any:
    policies = own
    if document.policies is not None:
        policies = engine.policies_of(document.policies, document.place)
    return engine.cover(document.claim, policies, day=day, as_of=as_of)


def _asked(given: dict[str, Any], day: date | None) -> CoverDocument:
    """The claim that the options describe."""
    from claimwright.claims.cover_document import CoverDocument
    from claimwright.claims.wire import claim_from_object

    if not given["diagnoses"]:
        raise InputError("--diagnosis", "is missing", "at least one diagnosis code")
    patient = {key: given[key] for key in ("age", "sex") if given[key] is not None}
    payer = {"id": given["payer"], "state": given["state"], "mac": given["mac"]}
    value: dict[str, Any] = {
        "setting": given["setting"] or "professional",
        "diagnoses": list(given["diagnoses"]),
        "patient": {**patient, **({"sex": patient["sex"].upper()} if "sex" in patient else {})},
        "payer": {key: each for key, each in payer.items() if each},
        "lines": [{"code": each, "modifiers": list(given["modifiers"])} for each in given["procedures"]],
        "facts": [_fact(each) for each in given["facts"]],
    }
    if day:
        value["service_from"] = value["service_to"] = day.isoformat()
    if given["note"]:
        value["note"] = _note(given["note"])
    return CoverDocument(claim_from_object(value, "cover"), None, "cover")


def _fact(text: str) -> dict[str, Any]:
    """`ID=STATUS` or `ID=STATUS=VALUE`."""
    name, _, rest = text.partition("=")
    status, _, value = rest.partition("=")
    if not name or not status:
        raise InputError("--fact", f"found {text!r}", "ID=STATUS, or ID=STATUS=VALUE")
    try:
        number: float | str | None = float(value) if value else None
    except ValueError:
        number = value
    return {"id": name, "status": status, **({"value": number} if value else {})}


def _note(name: str) -> str:
    from claimwright.claims.reader import read_text

    return read_text(name).decode("utf-8")
