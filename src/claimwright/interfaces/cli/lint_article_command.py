"""`claimwright lint-article FILE`."""

from __future__ import annotations

import sys
from datetime import date

import click

from claimwright.interfaces.cli.options import common, the_book


@click.command("lint-article")
@click.argument("file")
@common
def command(file: str, day: date | None, as_of: date | None, as_json: bool) -> None:
    """Statements of FILE (- is standard input) that the loaded data contradict or cannot support.

    FILE is plain text, Markdown or HTML, and need not be ours. Each statement comes with its line, a verdict
    (stale, wrong, dangling, unsupported), the fact and its official source. An article in the format of
    pages/ is held to that format: its bound facts, citations, sections and days. Exit code 1 when there are any.
    """
    from claimwright.engine import Engine
    from claimwright.pages.article import parse_article
    from claimwright.pages.lint import lint_article, lint_text
    from claimwright.pages.reading import is_article, read_any

    text = read_any(file)
    name = "standard input" if file == "-" else file
    engine = Engine(the_book())
    if is_article(text):
        report = lint_article(parse_article(text, name), engine, day)
    else:
        report = lint_text(text, engine, day, name, as_of)
    if as_json:
        from claimwright.model.plain import to_json

        sys.stdout.write(to_json(report) + "\n")
    else:
        from claimwright.interfaces.render.article import report_text

        sys.stdout.write(report_text(report))
    if report.statements:
        sys.exit(1)
