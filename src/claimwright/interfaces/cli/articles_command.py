"""`claimwright articles list|recheck`."""

from __future__ import annotations

import sys

import click

from claimwright.interfaces.cli.options import the_book
from claimwright.interfaces.cli.user_command import database_option


@click.group("articles")
def command() -> None:
    """The articles people write: their states, and whether their facts still hold."""


@command.command("list")
@database_option
@click.option("--json", "as_json", is_flag=True, help="One JSON document on standard output, nothing else.")
def list_articles(database: str, as_json: bool) -> None:
    """Every article with its state.

    The newest version in use of each, the one that stays visible beside it, and the day of the next review.
    """
    from claimwright.editorial import articles
    from claimwright.editorial.database import Database
    from claimwright.model import to_json

    found = articles.articles(Database(database))
    if as_json:
        told = [
            {
                "article": each.slug,
                "title": each.title,
                "version": each.current.number,
                "state": each.current.state.value,
                "approved_version": each.standing.number if each.standing else None,
                "next_review": each.review_due.isoformat() if each.review_due else None,
            }
            for each in found
        ]
        sys.stdout.write(to_json({"articles": told}) + "\n")
        return
    for each in found:
        due = f", next review {each.review_due}" if each.review_due else ""
        sys.stdout.write(f"{each.slug}: version {each.current.number} is {each.current.state.value}{due}\n")
    if not found:
        sys.stdout.write("There are no articles yet: claimwright articles recheck brings those of this release.\n")


@command.command("recheck")
@database_option
@click.option("--json", "as_json", is_flag=True, help="One JSON document on standard output, nothing else.")
def recheck(database: str, as_json: bool) -> None:
    """Compare approved articles with the loaded data.

    Those whose bound facts have changed, or whose review is overdue, go to *needs review* with the reason.
    Articles that come with this release are imported first. Exit code 1 when one needs review.
    """
    from claimwright.editorial import articles
    from claimwright.editorial.database import Database, need_libraries
    from claimwright.editorial.reading import BookReader
    from claimwright.editorial.renewal import import_seeds
    from claimwright.engine import Engine
    from claimwright.model import to_json

    need_libraries()
    reader = BookReader(Engine(the_book()))
    opened = Database(database)
    new = import_seeds(opened, reader)
    before = {each.slug: each for each in articles.articles(opened)}
    fallen = articles.recheck(opened, reader)
    if as_json:
        told = [
            {"article": each.slug, "version": each.number, "reason": each.comment, "facts": list(each.details)}
            for each in fallen
        ]
        sys.stdout.write(to_json({"checked": len(before), "imported": new, "needs_review": told}) + "\n")
    else:
        for each in fallen:
            sys.stdout.write(f"{each.slug}, version {each.number}: needs review. {each.comment}\n")
            for fact in each.details:
                sys.stdout.write(
                    f"  {fact['fact']}: expected {fact['expected']}, found {fact['found']} ({fact['source']})\n"
                )
        sys.stdout.write(f"{len(before)} articles, {new} new from this release, {len(fallen)} need review\n")
    if fallen:
        raise click.exceptions.Exit(1)
