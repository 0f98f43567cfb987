"""The book for a warehouse: Parquet tables, the rules as SQL, and a manifest of what is there and what is not."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from claimwright.batch.output import cannot_write
from claimwright.batch.warehouse_sql import SETUP, NoSql, query_of
from claimwright.batch.warehouse_tables import TABLES, Table, licensed
from claimwright.book.home import sha256
from claimwright.book.store import Book
from claimwright.book.tables import tables
from claimwright.edits.registry import Rule, load_rules
from claimwright.errors import InputError

FORM = 1
"""Form of the manifest."""

MANIFEST = "manifest.json"
_LEFT_OUT = "it stands under terms that you accepted for yourself ({}); --include-licensed exports it to you"


def export(book: Book, folder: Path, include_licensed: bool = False) -> dict[str, Any]:
    """Write the book into a folder that is missing or empty, and return the manifest.

    The folder appears whole or not at all. One that holds this very export is left as it is.
    Errors: `InputError` for a folder that holds anything else, or that cannot be written.
    """
    folder = folder.absolute()
    work = folder.with_name(f".{folder.name}.{os.getpid()}.part")
    try:
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            return _again(book, folder, include_licensed)
        work.mkdir()
        try:
            manifest = _write(book, work, include_licensed)
            if folder.exists():
                folder.rmdir()
            work.rename(folder)
        finally:
            shutil.rmtree(work, ignore_errors=True)
    except OSError as error:
        raise cannot_write(folder, error) from None
    return manifest


def _again(book: Book, folder: Path, include_licensed: bool) -> dict[str, Any]:
    """The manifest of a folder that holds this export already."""
    refused = InputError(str(folder), "is not empty, and holds no export of this book", "an empty directory")
    try:
        manifest: dict[str, Any] = json.loads((folder / MANIFEST).read_text())
        same = (manifest["form"], manifest["book"], manifest["licensed"]) == (FORM, book.folder.name, include_licensed)
        files = manifest["files"]
        found = {str(each.relative_to(folder)) for each in folder.rglob("*") if each.is_file()} - {MANIFEST}
        whole = same and found == set(files) and all(sha256(folder / name) == files[name] for name in files)
    except (OSError, ValueError, KeyError, TypeError):
        raise refused from None
    if not whole:
        raise refused
    return manifest


def _write(book: Book, folder: Path, include_licensed: bool) -> dict[str, Any]:
    (folder / "tables").mkdir()
    (folder / "sql").mkdir()
    left_out, held = [], list(TABLES)
    for table, terms in licensed(book):
        if terms and not include_licensed:
            left_out.append({"table": table.name, "why": _LEFT_OUT.format(terms)})
        else:
            held.append(table)
    made = [_table(book, each, folder) for each in held]
    names = [each["name"] for each in made]
    (folder / "sql" / "setup.sql").write_text(_views(names) + SETUP)
    rules, without = _rules(folder)
    manifest = {
        "form": FORM,
        "book": book.folder.name,
        "licensed": include_licensed,
        "tables": made,
        "left_out": left_out,
        "rules": rules,
        "rules_without_sql": without,
        "sources": [
            {"table": each.table, "edition": each.edition, "from": each.starts, "to": each.ends, "sha256": each.sha256,
             "licence": each.licence}
            for each in tables(book)
        ],
    }  # fmt: skip
    files = sorted(str(each.relative_to(folder)) for each in folder.rglob("*") if each.is_file())
    manifest["files"] = {name: sha256(folder / name) for name in files}
    (folder / MANIFEST).write_text(json.dumps(manifest, indent=1, ensure_ascii=False) + "\n")
    return manifest


def _table(book: Book, table: Table, folder: Path) -> dict[str, Any]:
    held: pa.Table = table.make(book)
    name = f"tables/{table.name}.parquet"
    pq.write_table(held, folder / name, compression="zstd", write_page_checksum=True)
    return {"name": table.name, "file": name, "says": table.says, "rows": held.num_rows, "columns": held.column_names}


def _views(names: list[str]) -> str:
    """The tables as views, from the directory of the export: the SQL runs there, or with `tables` beside it."""
    lines = [f"create or replace view {each} as select * from read_parquet('tables/{each}.parquet');" for each in names]
    return "-- Run in the directory of the export.\n" + "\n".join(lines) + "\n\n"


def _rules(folder: Path) -> tuple[list[dict[str, str]], list[dict[str, str]]]:
    """Write the SQL of every rule that has some; (rules written, rules without and why)."""
    written, without = [], []
    for rule in load_rules().values():
        try:
            query = query_of(rule)
        except NoSql as reason:
            without.append({"rule": rule.name, "code": rule.code, "why": str(reason)})
            continue
        name = f"sql/{rule.code}.sql"
        (folder / name).write_text("\n".join(_head(rule)) + "\n" + query.sql + ";\n")
        written.append({"rule": rule.name, "code": rule.code, "severity": rule.severity.value, "file": name})
    counts = "\nunion all\n".join(
        f"select '{each['code']}' as code, '{each['rule']}' as rule, count(*) as findings\nfrom (\n"
        f"{_body(folder, each)}\n)"
        for each in written
    )
    (folder / "sql" / "counts.sql").write_text(
        "-- Findings of every rule, after setup.sql.\n" + counts + "\norder by code;\n"
    )
    return written, without


def _head(rule: Rule) -> Iterator[str]:
    yield f"-- {rule.code} {rule.name}: {rule.summary}"
    yield f"-- Severity {rule.severity.value}, authority {rule.authority.value}; a row a finding, after setup.sql."


def _body(folder: Path, entry: dict[str, str]) -> str:
    lines = (folder / entry["file"]).read_text().splitlines()
    return "\n".join(each for each in lines if not each.startswith("--")).rstrip(";")
