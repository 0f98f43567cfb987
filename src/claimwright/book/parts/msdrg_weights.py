"""CMS Table 5: relative weight and mean lengths of stay of every MS-DRG, one fiscal year a file."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from claimwright.book.home import Input
from claimwright.book.parts import Addable, Entry, Part, Reading, insert
from claimwright.sources import table5

SCHEMA = """
CREATE TABLE msdrg_weight (
  edition INTEGER, drg INTEGER, mdc TEXT, type TEXT, title TEXT, weight REAL, gmlos REAL, amlos REAL,
  post_acute INTEGER, special_pay INTEGER, PRIMARY KEY (edition, drg)
) WITHOUT ROWID;
"""


def _write(db: sqlite3.Connection, files: Sequence[Input], arrays: Path) -> list[Entry]:
    entries = []
    # Of two tables for one year the one added last answers: a correction notice replaces the final rule.
    for number, file in enumerate(sorted(files, key=lambda each: (each.added, each.sha256), reverse=True)):
        found = table5.read(file.path, date.fromisoformat(file.release) if file.release else None)
        rows = insert(
            db,
            "msdrg_weight",
            (
                (number, r.drg, r.mdc, r.type, r.title, r.weight, r.gmlos, r.amlos, r.post_acute, r.special_pay)
                for r in found.rows
            ),
        )
        window = found.window
        entries.append(Entry("msdrg-weights", found.name, window.starts, window.ends, file.path.name, rows))
    return entries


def _name(file: Path, release: date | None) -> Reading:
    return Reading(table5.read(file, release).name)


PART = Part(
    tables=("msdrg-weights",),
    schema=SCHEMA,
    write=_write,
    addable=(Addable("msdrg-weights", "MS-DRG weights, Table 5 (CMS)", "US Government work (CMS)", _name),),
)
