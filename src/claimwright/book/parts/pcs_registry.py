"""The dated registry of ICD-10-PCS codes with their MCE flags, and what became of codes."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from pathlib import Path

from claimwright.book.home import Input, from_mce
from claimwright.book.parts import Entry, Part, insert
from claimwright.sources import mce
from claimwright.sources.mce_flags import PROCEDURE_FLAGS

TABLE = "icd10pcs-registry"

SCHEMA = """
CREATE TABLE pcs_registry (
  code TEXT, starts TEXT, ends TEXT, flags TEXT, PRIMARY KEY (code, starts)
) WITHOUT ROWID;
CREATE TABLE pcs_conversion (
  source TEXT, target TEXT, effective TEXT, PRIMARY KEY (source, target, effective)
) WITHOUT ROWID;
"""

INDEXES = """
CREATE INDEX pcs_conversion_target ON pcs_conversion (target);
"""


def _packaged() -> list[Input]:
    return [from_mce(TABLE)]


def _write(db: sqlite3.Connection, files: Sequence[Input], arrays: Path) -> list[Entry]:
    """Rows and arrays; without the file the arrays are empty, so that kernels need not ask."""
    if not files:
        _write_arrays([], arrays)
        return []
    read = mce.read_procedures(files[0].path)
    rows = sorted(read.procedures, key=lambda row: (row.code, row.starts))
    iso = ((r.code, r.starts.isoformat(), r.ends.isoformat() if r.ends else None, " ".join(r.flags)) for r in rows)
    insert(db, "pcs_registry", iso)
    # A conversion from nothing says that the code is new; the registry says so already.
    changes = [each for each in read.conversions if each.source]
    insert(db, "pcs_conversion", ((each.source, each.target, each.effective.isoformat()) for each in changes))
    _write_arrays(rows, arrays)
    extra = {"codes": len({row.code for row in rows}), "conversions": len(changes), "billable": _counts(rows)}
    name, first = f"MCE dated tables to {read.ends}", min(row.starts for row in rows)
    return [Entry(TABLE, name, first, read.ends, files[0].path.name, len(rows), extra)]


def _counts(rows: Sequence[mce.RegistryRow]) -> dict[str, int]:
    """Valid codes on every day on which their number may change."""
    changes = sorted({row.starts for row in rows})
    return {
        str(day): sum(row.starts <= day and (row.ends is None or day <= row.ends) for row in rows) for day in changes
    }


def _write_arrays(rows: Sequence[mce.RegistryRow], folder: Path) -> None:
    from claimwright.book.build import write_axis

    write_axis(folder, "pcs.", {row.code for row in rows}, rows, PROCEDURE_FLAGS)


PART = Part(tables=(TABLE,), schema=SCHEMA, indexes=INDEXES, write=_write, packaged=_packaged)
