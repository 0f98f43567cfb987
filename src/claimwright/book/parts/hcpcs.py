"""HCPCS Level II codes and modifiers with the days they are in force, one edition a release."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from claimwright.book.home import Input
from claimwright.book.parts import Addable, Entry, Part, Reading, insert
from claimwright.book.parts.setting import release_of
from claimwright.sources import hcpcs
from claimwright.sources.ncci import lines_text

TABLE = "hcpcs"

SCHEMA = """
CREATE TABLE hcpcs (
  edition INTEGER, code TEXT, modifier INTEGER, long TEXT, short TEXT, cross_references TEXT, coverage TEXT,
  betos TEXT, added TEXT, effective TEXT, terminated TEXT, action TEXT, PRIMARY KEY (code, modifier, edition)
) WITHOUT ROWID;
"""


def _write(db: sqlite3.Connection, files: Sequence[Input], arrays: Path) -> list[Entry]:
    editions = {}
    for file in sorted(files, key=lambda each: (each.added, each.sha256)):  # of two for one release, the last added
        found = hcpcs.read(file.path, release_of(file))
        editions[found.window.starts, found.window.ends] = (file, found)
    entries = []
    # A quarter's file comes before a whole year's: of two that cover a day the narrower one answers.
    for number, key in enumerate(sorted(editions, key=lambda each: ((each[1] or each[0]) - each[0], each[0]))):
        file, found = editions[key]
        rows = insert(db, "hcpcs", (_stored(number, row) for row in found.rows))
        extra = {
            "number": number,
            "codes": sum(not row.modifier for row in found.rows),
            "modifiers": sum(row.modifier for row in found.rows),
            "dental_left_out": found.dental,
            "rejected": len(found.rejected),
            "rejected_lines": lines_text(found.rejected),
        }
        entries.append(Entry(TABLE, found.name, found.window.starts, found.window.ends, file.path.name, rows, extra))
    return entries


def _stored(number: int, row: hcpcs.Hcpcs) -> tuple[object, ...]:
    return (
        number, row.code, int(row.modifier), row.long, row.short, " ".join(row.cross_references), row.coverage,
        row.betos, row.added.isoformat(), row.effective.isoformat(),
        row.terminated.isoformat() if row.terminated else None, row.action,
    )  # fmt: skip


def _read(file: Path, release: date | None) -> Reading:
    found = hcpcs.read(file, release)
    return Reading(found.name, len(found.rows), tuple((each.line, each.problem) for each in found.rejected))


PART = Part(
    tables=(TABLE,),
    schema=SCHEMA,
    write=_write,
    addable=(Addable(TABLE, "HCPCS Level II (CMS)", "US Government work (CMS), D codes left out", _read),),
)
