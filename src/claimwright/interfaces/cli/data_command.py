"""`claimwright data list|add|build|verify|export`."""

from __future__ import annotations

import sys
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from claimwright.errors import ClaimwrightError, InputError
from claimwright.interfaces.cli.options import Day, the_book

if TYPE_CHECKING:
    from claimwright.book.parts import Addable, Reading


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
@click.argument("files", metavar="FILE...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--release", type=Day(), default=None, help="First day the file is for, if its name does not tell.")
@click.option(
    "--accept-licence",
    is_flag=True,
    help="You accept the terms the file is published under (AMA, for files with CPT codes); recorded.",
)
@click.option(
    "--cpt-licence",
    is_flag=True,
    help="You hold a CPT licence for the AMA's descriptions in the file: keep them; recorded.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON document on standard output, nothing else.")
def add(
    table: str,
    files: tuple[Path, ...],
    release: date | None,
    accept_licence: bool,
    cpt_licence: bool,
    as_json: bool,
) -> None:
    """Add an official FILE as TABLE.

    `data list` names the tables; the book is built with the file, once for several.

    Every file is read whole first: one that is not as published changes nothing. Adding the same file
    again changes nothing either.
    """
    from claimwright.book import home as homes
    from claimwright.interfaces.cli.progress import building
    from claimwright.model import to_json

    kind = _addable(table)
    for file in files:
        if not file.is_file():
            raise InputError(str(file), "is not a file", f"an official {table} file")
    if kind.terms and not accept_licence:
        raise InputError(table, f"adding it needs your acceptance of {kind.terms}", "--accept-licence")
    if cpt_licence and not kind.descriptions:
        raise InputError("--cpt-licence", f"{table} has no descriptions to keep", "it only where a file has some: pfs")
    readings = [kind.read(file, release) for file in files]
    first_day = release.isoformat() if release else ""
    accepted = homes.acceptance(kind.terms) if kind.terms else None
    holds = homes.acceptance(homes.CPT_LICENCE) if cpt_licence else None
    folder, today = homes.home(), date.today().isoformat()
    new: list[Path] = []
    try:
        for file, reading in zip(files, readings, strict=True):
            known = homes.has_source(folder, table, file, reading.edition)
            place = homes.add_source(
                folder, table, file, kind.licence, first_day, today, accepted, holds, reading.edition
            )
            new += [] if known else [place]
        book = building()
    except (ClaimwrightError, KeyboardInterrupt):
        for place in new:  # a file of which no book can be made would stop every later command
            homes.remove_source(place)
        raise
    told = [_told(reading, homes.sha256(file)) for reading, file in zip(readings, files, strict=True)]
    answer = {"table": table, **(told[0] if len(told) == 1 else {"files": told}), "book": book.name}
    sys.stdout.write(to_json(answer) + "\n" if as_json else "".join(_line(table, reading) for reading in readings))


def _addable(table: str) -> Addable:
    from claimwright.book.tables import NOT_LOADED, addable

    known = addable()
    if table not in known:
        later = f"; {table} has no importer in this release" if table in NOT_LOADED else ""
        raise InputError("TABLE", f"{table!r} cannot be added{later}", f"one of {', '.join(known)}")
    return known[table]


def _told(reading: Reading, sha256: str) -> dict[str, Any]:
    counts: dict[str, Any] = {}
    if reading.rows:
        counts = {
            "rows": reading.rows,
            "rejected": [{"line": line, "problem": problem} for line, problem in reading.rejected],
        }
    return {"edition": reading.edition, "sha256": sha256, **counts}


def _line(table: str, reading: Reading) -> str:
    counts = f", {reading.rows:,} rows" if reading.rows else ""
    if reading.rejected:
        lines = ", ".join(f"line {line}: {problem}" for line, problem in reading.rejected[:5])
        more = ", ..." if len(reading.rejected) > 5 else ""
        counts += f", {len(reading.rejected):,} left out ({lines}{more})"
    return f"{table}: {reading.edition} is loaded{counts}\n"


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


@command.command("export")
@click.option("--parquet", "folder", required=True, type=click.Path(path_type=Path), help="A directory for it all.")
@click.option(
    "--include-licensed",
    is_flag=True,
    help="Also the tables you added under terms (AMA): for your own use, as those terms say.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON document on standard output, nothing else.")
def export_tables(folder: Path, include_licensed: bool, as_json: bool) -> None:
    """Write the book for a warehouse.

    Codes, notes, relations and loaded tables as Parquet, and the membership and pair rules as SQL for DuckDB.
    The directory has to be missing or empty; it appears whole or not at all.
    """
    from claimwright.batch.output import need_pyarrow
    from claimwright.model import to_json

    need_pyarrow()
    from claimwright.batch.warehouse import export

    manifest = export(the_book(), folder, include_licensed)
    if as_json:
        sys.stdout.write(to_json(manifest) + "\n")
        return
    sys.stdout.write(
        f"{len(manifest['tables'])} tables, {len(manifest['rules'])} rules as SQL in {folder}; "
        f"{len(manifest['rules_without_sql'])} rules have no SQL form (why: {folder / 'manifest.json'})\n"
    )
    for each in manifest["left_out"]:
        sys.stdout.write(f"left out: {each['table']}: {each['why']}\n")
