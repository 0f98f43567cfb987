"""CMS ICD-10-PCS tables: what each character of a procedure code means, one edition a release."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from claimwright.book.home import Input
from claimwright.book.parts import Addable, Entry, Part, Reading, insert
from claimwright.sources import pcs_tables

TABLE = "icd10pcs-tables"

SCHEMA = """
CREATE TABLE pcs_axis (id INTEGER PRIMARY KEY, title TEXT, labels TEXT);
CREATE TABLE pcs_table (
  edition INTEGER, code TEXT, axis1 INTEGER, axis2 INTEGER, axis3 INTEGER, definition TEXT, PRIMARY KEY (edition, code)
) WITHOUT ROWID;
CREATE TABLE pcs_row (
  edition INTEGER, code TEXT, ordinal INTEGER, axis4 INTEGER, axis5 INTEGER, axis6 INTEGER, axis7 INTEGER,
  PRIMARY KEY (edition, code, ordinal)
) WITHOUT ROWID;
"""
"""Axes are interned (`labels` is a JSON object by character): 2,661 rows share 1,905 of them."""


def _write(db: sqlite3.Connection, files: Sequence[Input], arrays: Path) -> list[Entry]:
    entries = []
    axes: dict[pcs_tables.Axis, int] = {}
    for number, file in enumerate(files):
        found = pcs_tables.read(file.path, date.fromisoformat(file.release) if file.release else None)
        _write_edition(db, number, found, axes)
        codes = sum(1 for table in found.tables for _ in table.codes())
        extra = {"tables": len(found.tables), "codes": codes}
        rows = sum(len(table.rows) for table in found.tables)
        entries.append(Entry(TABLE, found.name, found.window.starts, found.window.ends, file.path.name, rows, extra))
    listed = ((i, axis.title, json.dumps(dict(axis.labels), ensure_ascii=False)) for axis, i in axes.items())
    insert(db, "pcs_axis", listed)
    return entries


def _write_edition(
    db: sqlite3.Connection, number: int, found: pcs_tables.PcsTables, axes: dict[pcs_tables.Axis, int]
) -> None:
    for table in found.tables:
        head = [axes.setdefault(axis, len(axes)) for axis in table.head]
        insert(db, "pcs_table", [(number, table.code, *head, table.definition)])
        rows = ([axes.setdefault(axis, len(axes)) for axis in row] for row in table.rows)
        insert(db, "pcs_row", [(number, table.code, ordinal, *row) for ordinal, row in enumerate(rows)])


def _name(file: Path, release: date | None) -> Reading:
    return Reading(pcs_tables.read(file, release).name)


PART = Part(
    tables=(TABLE,),
    schema=SCHEMA,
    write=_write,
    addable=(Addable(TABLE, "ICD-10-PCS tables (CMS)", "US Government work (CMS)", _name),),
)
