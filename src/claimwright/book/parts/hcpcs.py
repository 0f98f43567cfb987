"""HCPCS Level II codes and modifiers with the days they are in force, one edition a release."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path

from claimwright.book.home import Input
from claimwright.book.parts import Addable, Entry, Part, Reading
from claimwright.book.parts.quarterly import reading, release_of, write
from claimwright.model.fees import HcpcsEntry
from claimwright.sources import hcpcs

TABLE = "hcpcs"

SCHEMA = """
CREATE TABLE hcpcs (
  edition INTEGER, code TEXT, modifier INTEGER, long TEXT, short TEXT, cross_references TEXT, coverage TEXT,
  betos TEXT, added TEXT, effective TEXT, terminated TEXT, action TEXT, PRIMARY KEY (code, modifier, edition)
) WITHOUT ROWID;
"""


def _write(db: sqlite3.Connection, files: Sequence[Input], arrays: Path) -> list[Entry]:
    return write(
        db, TABLE, "hcpcs", files, lambda file: hcpcs.read(file.path, release_of(file)),
        lambda number, found: (_stored(number, row) for row in found.rows),
        key=lambda found: (found.window.starts, found.window.ends),
        order=_narrow_first,
        extra=lambda found: {
            "codes": sum(not row.modifier for row in found.rows),
            "modifiers": sum(row.modifier for row in found.rows),
            "dental_left_out": found.dental,
        },
    )  # fmt: skip


def _narrow_first(found: hcpcs.HcpcsFile) -> tuple[timedelta, date]:
    """A quarter's file comes before a whole year's: of two that cover a day the narrower one answers."""
    starts = found.window.starts
    return (found.window.ends or starts) - starts, starts


def _stored(number: int, row: HcpcsEntry) -> tuple[object, ...]:
    return (
        number, row.code, int(row.modifier), row.long, row.short, " ".join(row.cross_references), row.coverage,
        row.betos, row.added.isoformat(), row.effective.isoformat(),
        row.last.isoformat() if row.last else None, row.action,
    )  # fmt: skip


def _read(file: Path, release: date | None) -> Reading:
    return reading(hcpcs.read(file, release))


PART = Part(
    tables=(TABLE,),
    schema=SCHEMA,
    write=_write,
    addable=(Addable(TABLE, "HCPCS Level II (CMS)", "US Government work (CMS), D codes left out", _read),),
)
