"""`claimwright diff A B`."""

from __future__ import annotations

import sys

import click

from claimwright.interfaces.cli.options import the_book


@click.command("diff")
@click.argument("before", metavar="A")
@click.argument("after", metavar="B")
@click.option("--json", "as_json", is_flag=True, help="One JSON document on standard output, nothing else.")
def command(before: str, after: str, as_json: bool) -> None:
    """What changed from edition A to edition B of the tabular list (FY2025 FY2026).

    New codes, retired codes with all their successors, revised titles, and notes added or removed.
    """
    from claimwright.book.diff import difference, named_edition
    from claimwright.interfaces.render.changes import changes_text
    from claimwright.model import to_json

    book = the_book()
    found = difference(book, named_edition(book, before), named_edition(book, after))
    sys.stdout.write(to_json(found) + "\n" if as_json else changes_text(found))
