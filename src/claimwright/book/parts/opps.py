"""OPPS Addendum B: status indicator, payment group and rate of each code, one edition a quarter."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import astuple
from datetime import date
from pathlib import Path

from claimwright.book.home import Input
from claimwright.book.parts import Addable, Entry, Part, Reading
from claimwright.book.parts.quarterly import reading, release_of, write
from claimwright.sources import opps
from claimwright.sources.ncci import AMA_LICENCE, AMA_TERMS

TABLE = "opps"

SCHEMA = """
CREATE TABLE opps (
  edition INTEGER, code TEXT, status TEXT, apc TEXT, weight REAL, rate REAL, copayment REAL, minimum_copayment REAL,
  changed INTEGER, description TEXT, PRIMARY KEY (code, edition)
) WITHOUT ROWID;
"""


def _write(db: sqlite3.Connection, files: Sequence[Input], arrays: Path) -> list[Entry]:
    return write(
        db, TABLE, "opps", files, lambda file: opps.read(file.path, release_of(file)),
        lambda number, found: ((number, *astuple(row)) for row in found.rows),
        extra=lambda found: {
            "dental_left_out": found.dental,
            "statuses": sorted({row.status for row in found.rows}),
        },
    )  # fmt: skip


def _read(file: Path, release: date | None) -> Reading:
    return reading(opps.read(file, release))


PART = Part(
    tables=(TABLE,),
    schema=SCHEMA,
    write=_write,
    addable=(Addable(TABLE, "OPPS Addendum B, status indicators (CMS)", AMA_LICENCE, _read, AMA_TERMS),),
)
