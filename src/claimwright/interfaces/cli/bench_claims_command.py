"""`claimwright bench-claims`."""

from __future__ import annotations

from pathlib import Path

import click

from claimwright.interfaces.cli.options import the_book


@click.command("bench-claims")
@click.option("--claims", "count", type=click.IntRange(1, 1_000_000_000), required=True, help="How many claims.")
@click.option("--seed", type=click.IntRange(0), default=1, show_default=True, help="The same seed, the same claims.")
@click.option("-o", "--output", required=True, help="The file to write: Parquet by its ending, else one claim a line.")
@click.option("--lines", is_flag=True, help="With service lines, of codes of the HCPCS and PTP tables that are loaded.")
def command(count: int, seed: int, output: str, lines: bool) -> int:
    """Write synthetic claims made of the codes that are loaded: for benches and trials, of no patient.

    Proportions and mistakes are made up to be plausible; the module `claimwright.batch.generate` states them all.
    """
    from claimwright.batch.synthetic import write_claims

    write_claims(the_book(), count, seed, Path(output), lines)
    return 0
