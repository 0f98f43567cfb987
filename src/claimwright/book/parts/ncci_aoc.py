"""NCCI add-on code edits: add-on codes with their primaries, one edition a quarter."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path

from claimwright.book.home import Input
from claimwright.book.parts import Addable, Entry, Part, Reading
from claimwright.book.parts.quarterly import reading, release_of, write
from claimwright.book.parts.setting import setting
from claimwright.sources import ncci_aoc
from claimwright.sources.ncci import AMA_LICENCE, AMA_TERMS
from claimwright.sources.ncci_aoc import AocFile

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

    def stored(edition: int, found: AocFile) -> list[tuple[object, ...]]:
        return [
            (edition, r.code, r.primary, r.type, r.effective.isoformat(), _last(r, spare), r.instruction)
            for r in found.rows
        ]

    return write(
        db, TABLE, "add_on", files, lambda file: ncci_aoc.read(file.path, release_of(file)), stored,
        extra=lambda found: {"add_on_codes": len({row.code for row in found.rows})},
    )  # fmt: skip


def _last(row: ncci_aoc.AddOn, spare: int) -> str | None:
    """Last day of the edit: the edit's own deletion, or that of either code if it comes before."""
    days = [day for day in (row.deleted, row.code_deleted, row.primary_deleted) if day]
    return (min(days) - timedelta(days=spare)).isoformat() if days else None


def _read(file: Path, release: date | None) -> Reading:
    return reading(ncci_aoc.read(file, release))


PART = Part(
    tables=(TABLE,),
    schema=SCHEMA,
    write=_write,
    indexes=INDEXES,
    addable=(Addable(TABLE, "add-on code edits (CMS)", AMA_LICENCE, _read, AMA_TERMS),),
)
