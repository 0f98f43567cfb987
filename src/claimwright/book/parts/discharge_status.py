"""Discharge statuses (patient status codes) and the days on which the MCE accepts each."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from pathlib import Path

from claimwright.book.home import Input, from_mce
from claimwright.book.parts import Entry, Part, insert
from claimwright.sources import mce

TABLE = "mce-discharge-status"

SCHEMA = """
CREATE TABLE discharge_status (status INTEGER, starts TEXT, ends TEXT, PRIMARY KEY (status, starts)) WITHOUT ROWID;
"""


def _packaged() -> list[Input]:
    return [from_mce(TABLE)]


def _write(db: sqlite3.Connection, files: Sequence[Input], arrays: Path) -> list[Entry]:
    """Rows and arrays; without the file the arrays are empty, so that kernels need not ask."""
    if not files:
        _write_arrays((), arrays)
        return []
    ends, rows = mce.read_statuses(files[0].path)
    _write_arrays(rows, arrays)
    listed = ((row.status, row.starts.isoformat(), row.ends.isoformat() if row.ends else None) for row in rows)
    count = insert(db, "discharge_status", listed)
    first = min(row.starts for row in rows)
    return [Entry(TABLE, f"MCE dated tables to {ends}", first, ends, files[0].path.name, count)]


def _write_arrays(rows: Sequence[mce.StatusRow], folder: Path) -> None:
    import numpy as np

    from claimwright.book.build import days

    found = {
        "discharge.status": [row.status for row in rows],
        "discharge.starts": [days(row.starts) for row in rows],
        "discharge.ends": [days(row.ends) for row in rows],
    }
    for name, values in found.items():
        np.save(folder / f"{name}.npy", np.array(values, dtype=np.int32), allow_pickle=False)


PART = Part(tables=(TABLE,), schema=SCHEMA, write=_write, packaged=_packaged)
