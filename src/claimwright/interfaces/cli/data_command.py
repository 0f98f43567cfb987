"""`claimwright data list|add|build|verify`."""

from __future__ import annotations

import sys
from datetime import date
from pathlib import Path

import click

from claimwright.errors import InputError
from claimwright.interfaces.cli.options import Day, the_book


@click.group("data")
def command() -> None:
    """List, add, build and verify the tables that answers come from."""


@command.command("list")
@click.option("--json", "as_json", is_flag=True, help="One JSON document on standard output, nothing else.")
def list_tables(as_json: bool) -> None:
    """What is loaded, and what is not.

    Every table with edition, window, source, digest, rows and licence.
    """
    from claimwright.book.tables import not_loaded, tables
    from claimwright.model import to_json

    book = the_book()
    found, missing = tables(book), not_loaded(book)
    if as_json:
        sys.stdout.write(to_json({"tables": found, "not_loaded": missing}) + "\n")
        return
    from claimwright.interfaces.render.tables import tables_text

    sys.stdout.write(tables_text(found, missing))


@command.command("add")
@click.argument("table")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--release", type=Day(), default=None, help="First day the file is for, if its name does not tell.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document on standard output, nothing else.")
def add(table: str, file: Path, release: date | None, as_json: bool) -> None:
    """Add an official FILE as TABLE.

    `data list` names the tables; the book is built with the file.

    The file is read whole first: one that is not as published changes nothing. Adding the same file
    again changes nothing either.
    """
    from claimwright.book import home as homes
    from claimwright.book.tables import NOT_LOADED, addable
    from claimwright.interfaces.cli.progress import building
    from claimwright.model import to_json

    known = addable()
    if table not in known:
        later = f"; {table} has no importer in this release" if table in NOT_LOADED else ""
        raise InputError("TABLE", f"{table!r} cannot be added{later}", f"one of {', '.join(known)}")
    if not file.is_file():
        raise InputError(str(file), "is not a file", f"an official {table} file")
    edition = known[table].read(file, release)
    folder = homes.home()
    first_day = release.isoformat() if release else ""
    homes.add_source(folder, table, file, known[table].licence, first_day, date.today().isoformat())
    book = building()
    answer = {"table": table, "edition": edition, "sha256": homes.sha256(file), "book": book.name}
    sys.stdout.write(to_json(answer) + "\n" if as_json else f"{table}: {edition} is loaded\n")


@command.command("build")
@click.option("--force", is_flag=True, help="Build again even if nothing has changed.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document on standard output, nothing else.")
def build(force: bool, as_json: bool) -> None:
    """Compile the book.

    From the installed data packages and the added files.
    """
    from claimwright.interfaces.cli.progress import building
    from claimwright.model import to_json

    folder = building(force=force)
    sys.stdout.write(to_json({"book": folder.name}) + "\n" if as_json else f"the book is ready ({folder.name})\n")


@command.command("verify")
@click.option("--json", "as_json", is_flag=True, help="One JSON document on standard output, nothing else.")
def verify(as_json: bool) -> None:
    """Compare every file with its digest.

    Exit code 3 when one differs.
    """
    from claimwright.book.tables import verify as compare
    from claimwright.model import to_json

    number = compare(the_book())
    sys.stdout.write(
        to_json({"files": number, "state": "as recorded"}) + "\n" if as_json else f"{number} files as recorded\n"
    )
