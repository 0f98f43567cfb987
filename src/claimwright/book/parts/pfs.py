"""Physician fee schedule: status and payment indicators of each code, one edition a quarter.

Descriptions are the AMA's. They are stored only of a file that the user added with `--cpt-licence`.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import astuple
from datetime import date
from pathlib import Path

from claimwright.book.home import Input
from claimwright.book.parts import Addable, Entry, Part, Reading
from claimwright.book.parts.quarterly import reading, release_of, write
from claimwright.sources import pfs
from claimwright.sources.ncci import AMA_LICENCE, AMA_TERMS

TABLE = "pfs"

SCHEMA = """
CREATE TABLE pfs (
  edition INTEGER, code TEXT, modifier TEXT, status TEXT, work REAL, total_nonfacility REAL, total_facility REAL,
  professional_technical TEXT, global_days TEXT, multiple TEXT, bilateral TEXT, assistant TEXT, co_surgeons TEXT,
  team TEXT, endoscopic_base TEXT, supervision TEXT, description TEXT, PRIMARY KEY (code, modifier, edition)
) WITHOUT ROWID;
"""


def _write(db: sqlite3.Connection, files: Sequence[Input], arrays: Path) -> list[Entry]:
    return write(
        db, TABLE, "pfs", files, lambda file: pfs.read(file.path, release_of(file), file.cpt_licence),
        lambda number, found: ((number, *astuple(row)) for row in found.rows),
        extra=lambda found: {"descriptions": sum(bool(row.description) for row in found.rows)},
    )  # fmt: skip


def _read(file: Path, release: date | None) -> Reading:
    return reading(pfs.read(file, release))


PART = Part(
    tables=(TABLE,),
    schema=SCHEMA,
    write=_write,
    addable=(
        Addable(
            TABLE, "physician fee schedule, relative values (CMS)", AMA_LICENCE, _read, AMA_TERMS, descriptions=True
        ),
    ),
)
