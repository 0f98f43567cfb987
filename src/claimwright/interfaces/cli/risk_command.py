"""`claimwright risk CLAIM` or `claimwright risk --codes A,B`."""

from __future__ import annotations

import sys
from datetime import date
from typing import Any

import click

from claimwright.errors import InputError
from claimwright.interfaces.cli.options import common, the_book


@click.command("risk")
@click.argument("claim", required=False)
@click.option("--codes", help="Diagnoses separated by commas, instead of a claim.")
@click.option("--model", default="all", help="V28, V24, RxV08, ESRD-V24, or all (default).")
@click.option("--year", type=int, help="Payment year; default: the year after the date of service.")
@click.option("--age", type=int, help="Age in completed years on February 1 of the payment year.")
@click.option("--sex", help="F or M.")
@click.option("--dual", help="Medicaid: none, partial, full, or the two-digit dual eligibility code.")
@click.option("--orec", help="Original reason for entitlement: 0 age, 1 disability, 2 ESRD, 3 both.")
@click.option("--crec", help="Current reason for entitlement, coded as --orec.")
@click.option("--new-enrollee", is_flag=True, help="Less than 12 months of Part B in the diagnosis year.")
@click.option("--snp", is_flag=True, help="In a chronic condition special needs plan (new enrollees).")
@click.option("--low-income", is_flag=True, help="Low-income subsidy (RxHCC).")
@click.option("--institutional", is_flag=True, help="Long-term institutional.")
@click.option("--graft-months", type=int, help="Months since a kidney transplant (ESRD); without it: dialysis.")
@click.option("--variant", default="", help="Which coefficient table, where a model has several (RxV08).")
@common
def command(
    claim: str | None, codes: str | None, day: date | None, as_of: date | None, as_json: bool, **given: Any
) -> None:
    """The CMS-HCC risk score of a person's diagnoses, and why.

    CLAIM is a file of claims (- is standard input). With --codes, a code counts when it was in effect on
    any day of the diagnosis year (the year before the payment year), or on --date.
    """
    from claimwright.engine import Engine
    from claimwright.interfaces.render.risk import risk_document, risk_text
    from claimwright.model import to_json

    if (claim is None) == (codes is None):
        raise InputError("risk", "found both CLAIM and --codes" if claim else "found neither CLAIM nor --codes", "one")
    engine, several = Engine(the_book()), False
    if codes is not None:
        listed = codes.replace(",", " ").split()
        if not listed:
            raise InputError("--codes", f"found {codes!r}", "diagnosis codes separated by commas")
        found = [engine.risk_of_codes(listed, day=day, as_of=as_of, **given)]
    else:
        from claimwright.claims.reader import read_claims

        claims, several = read_claims(claim or "-")
        found = [engine.risk(each, day=day, as_of=as_of, **given) for each in claims]
    if as_json:
        documents = [risk_document(each) for each in found]
        sys.stdout.write(to_json(documents if several else documents[0]) + "\n")
    else:
        sys.stdout.write("\n".join(risk_text(each) for each in found))
