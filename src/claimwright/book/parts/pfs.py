"""Physician fee schedule: status and payment indicators of each code, one edition a quarter."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import astuple
from datetime import date
from pathlib import Path

from claimwright.book.home import Input
from claimwright.book.parts import Addable, Entry, Part, Reading, insert
from claimwright.book.parts.setting import release_of
from claimwright.sources import pfs
from claimwright.sources.ncci import AMA_LICENCE, AMA_TERMS, lines_text

TABLE = "pfs"

SCHEMA = """
CREATE TABLE pfs (
  edition INTEGER, code TEXT, modifier TEXT, status TEXT, work REAL, total_nonfacility REAL, total_facility REAL,
  professional_technical TEXT, global_days TEXT, multiple TEXT, bilateral TEXT, assistant TEXT, co_surgeons TEXT,
  team TEXT, endoscopic_base TEXT, supervision TEXT, PRIMARY KEY (code, modifier, edition)
) WITHOUT ROWID;
"""


def _write(db: sqlite3.Connection, files: Sequence[Input], arrays: Path) -> list[Entry]:
    editions = {}
    for file in sorted(files, key=lambda each: (each.added, each.sha256)):  # of two for one quarter, the last added
        found = pfs.read(file.path, release_of(file))
        editions[found.window.starts] = (file, found)
    entries = []
    for number, key in enumerate(sorted(editions)):
        file, found = editions[key]
        rows = insert(db, "pfs", ((number, *astuple(row)) for row in found.rows))
        extra = {
            "number": number,
            "rejected": len(found.rejected),
            "rejected_lines": lines_text(found.rejected),
        }
        entries.append(Entry(TABLE, found.name, found.window.starts, found.window.ends, file.path.name, rows, extra))
    return entries


def _read(file: Path, release: date | None) -> Reading:
    found = pfs.read(file, release)
    return Reading(found.name, len(found.rows), tuple((each.line, each.problem) for each in found.rejected))


PART = Part(
    tables=(TABLE,),
    schema=SCHEMA,
    write=_write,
    addable=(Addable(TABLE, "physician fee schedule, relative values (CMS)", AMA_LICENCE, _read, AMA_TERMS),),
)
