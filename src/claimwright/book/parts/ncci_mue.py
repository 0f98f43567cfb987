"""NCCI medically unlikely edits: most units of a code, one edition a quarter and setting."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from claimwright.book.home import Input
from claimwright.book.parts import Addable, Entry, Part, Reading, insert
from claimwright.book.parts.setting import release_of
from claimwright.sources import ncci_mue
from claimwright.sources.ncci import AMA_LICENCE, AMA_TERMS, lines_text

TABLE = "ncci-mue"

SCHEMA = """
CREATE TABLE mue (
  edition INTEGER, code TEXT, units INTEGER, indicator INTEGER, rationale TEXT, PRIMARY KEY (code, edition)
) WITHOUT ROWID;
"""


def _write(db: sqlite3.Connection, files: Sequence[Input], arrays: Path) -> list[Entry]:
    editions = {}
    for file in sorted(files, key=lambda each: (each.added, each.sha256)):  # of two for one quarter, the last added
        found = ncci_mue.read(file.path, release_of(file))
        editions[found.window.starts, found.setting] = (file, found)
    entries = []
    for number, key in enumerate(sorted(editions)):
        file, found = editions[key]
        rows = insert(db, "mue", ((number, r.code, r.units, r.indicator, r.rationale) for r in found.rows))
        extra = {
            "setting": found.setting,
            "number": number,
            "rejected": len(found.rejected),
            "rejected_lines": lines_text(found.rejected),
        }
        entries.append(Entry(TABLE, found.name, found.window.starts, found.window.ends, file.path.name, rows, extra))
    return entries


def _read(file: Path, release: date | None) -> Reading:
    found = ncci_mue.read(file, release)
    return Reading(found.name, len(found.rows), tuple((each.line, each.problem) for each in found.rejected))


PART = Part(
    tables=(TABLE,),
    schema=SCHEMA,
    write=_write,
    addable=(Addable(TABLE, "medically unlikely edits (CMS)", AMA_LICENCE, _read, AMA_TERMS),),
)
