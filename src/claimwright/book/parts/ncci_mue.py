"""NCCI medically unlikely edits: most units of a code, one edition a quarter and setting."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from claimwright.book.home import Input
from claimwright.book.parts import Addable, Entry, Part, Reading
from claimwright.book.parts.quarterly import reading, release_of, write
from claimwright.sources import ncci_mue
from claimwright.sources.ncci import AMA_LICENCE, AMA_TERMS
from claimwright.sources.ncci_mue import MueFile

TABLE = "ncci-mue"

SCHEMA = """
CREATE TABLE mue (
  edition INTEGER, code TEXT, units INTEGER, indicator INTEGER, rationale TEXT, PRIMARY KEY (code, edition)
) WITHOUT ROWID;
"""


def _write(db: sqlite3.Connection, files: Sequence[Input], arrays: Path) -> list[Entry]:
    def stored(number: int, found: MueFile) -> list[tuple[object, ...]]:
        return [(number, row.code, row.units, row.indicator, row.rationale) for row in found.rows]

    return write(
        db, TABLE, "mue", files, lambda file: ncci_mue.read(file.path, release_of(file)), stored,
        key=lambda found: (found.window.starts, found.setting),
        order=lambda found: (found.window.starts, found.setting),
        extra=lambda found: {"setting": found.setting},
    )  # fmt: skip


def _read(file: Path, release: date | None) -> Reading:
    return reading(ncci_mue.read(file, release))


PART = Part(
    tables=(TABLE,),
    schema=SCHEMA,
    write=_write,
    addable=(Addable(TABLE, "medically unlikely edits (CMS)", AMA_LICENCE, _read, AMA_TERMS),),
)
