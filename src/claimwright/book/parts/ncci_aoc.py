"""NCCI add-on code edits: add-on codes with their primaries, one edition a quarter."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path

from claimwright.book.home import Input
from claimwright.book.parts import Addable, Entry, Part, Reading, insert
from claimwright.book.parts.setting import release_of, setting
from claimwright.sources import ncci_aoc
from claimwright.sources.ncci import AMA_LICENCE, AMA_TERMS, lines_text

TABLE = "ncci-aoc"

SCHEMA = """
CREATE TABLE add_on (
  edition INTEGER, code TEXT, "primary" TEXT, type INTEGER, effective TEXT, last TEXT, instruction TEXT
);
"""

INDEXES = (
    'CREATE INDEX add_on_code ON add_on (edition, code); CREATE INDEX add_on_primary ON add_on (edition, "primary");'
)


def _write(db: sqlite3.Connection, files: Sequence[Input], arrays: Path) -> list[Entry]:
    spare = 0 if setting(db, "deletion_day", ("inclusive", "exclusive")) == "inclusive" else 1
    editions = {}
    for file in sorted(files, key=lambda each: (each.added, each.sha256)):  # of two for one quarter, the last added
        found = ncci_aoc.read(file.path, release_of(file))
        editions[found.window.starts] = (file, found)
    entries = []
    for number, key in enumerate(sorted(editions)):
        file, found = editions[key]
        rows = insert(
            db,
            "add_on",
            (
                (number, r.code, r.primary, r.type, r.effective.isoformat(), _last(r, spare), r.instruction)
                for r in found.rows
            ),
        )
        extra = {
            "number": number,
            "add_on_codes": len({row.code for row in found.rows}),
            "rejected": len(found.rejected),
            "rejected_lines": lines_text(found.rejected),
        }
        entries.append(Entry(TABLE, found.name, found.window.starts, found.window.ends, file.path.name, rows, extra))
    return entries


def _last(row: ncci_aoc.AddOn, spare: int) -> str | None:
    """Last day of the edit: the edit's own deletion, or that of either code if it comes before."""
    days = [day for day in (row.deleted, row.code_deleted, row.primary_deleted) if day]
    return (min(days) - timedelta(days=spare)).isoformat() if days else None


def _read(file: Path, release: date | None) -> Reading:
    found = ncci_aoc.read(file, release)
    return Reading(found.name, len(found.rows), tuple((each.line, each.problem) for each in found.rejected))


PART = Part(
    tables=(TABLE,),
    schema=SCHEMA,
    write=_write,
    indexes=INDEXES,
    addable=(Addable(TABLE, "add-on code edits (CMS)", AMA_LICENCE, _read, AMA_TERMS),),
)
