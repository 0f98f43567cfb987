"""`claimwright show CODE`: the reference page of a code, category, block or chapter."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import click

from claimwright.interfaces.cli.options import common, the_book, wide

if TYPE_CHECKING:
    from claimwright.book.record import CodeRecord

FORMS = ("terminal", "markdown", "html", "json")
"""Forms of the page; only the one asked for is imported."""


@click.command("show")
@click.argument("code")
@click.option("--format", "form", type=click.Choice(FORMS), default="terminal", help="Form of the page.")
@common
def command(code: str, form: str, day: date | None, as_of: date | None, as_json: bool) -> None:
    """Show what the official tables say of CODE (with or without dot, any case), a block or a chapter.

    A CPT or HCPCS code whose letters are a diagnosis too is asked for as hcpcs:CODE, a modifier that is written
    like a chapter or like the beginning of a procedure code as modifier:22.
    """
    click.echo(_text(the_book().show(code, day, as_of), "json" if as_json else form))


def _text(record: CodeRecord, form: str) -> str:
    if form == "json":
        from claimwright.model.plain import to_json

        return to_json(record)
    if form == "markdown":
        from claimwright.interfaces.render import markdown

        return markdown.render(record)
    if form == "html":
        from claimwright.interfaces.render import html

        return html.render(record)
    from claimwright.interfaces.render import terminal

    return terminal.render(record, _width(), bold=wide())


def _width() -> int:
    """Columns of the terminal; 80 for a file or a pipe, so that its bytes are the same everywhere."""
    if not wide():
        return 80
    from shutil import get_terminal_size

    return get_terminal_size().columns
