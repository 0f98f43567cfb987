"""CMS lists of codes exempt from present-on-admission reporting, one a fiscal year."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from claimwright.book.home import Input
from claimwright.book.parts import Addable, Entry, Part, Reading, insert
from claimwright.sources import poa

SCHEMA = """
CREATE TABLE poa_exempt (edition INTEGER, code TEXT, PRIMARY KEY (code, edition)) WITHOUT ROWID;
"""


def _write(db: sqlite3.Connection, files: Sequence[Input], arrays: Path) -> list[Entry]:
    entries = []
    for number, file in enumerate(files):
        found = poa.read(file.path)
        rows = insert(db, "poa_exempt", ((number, code) for code in sorted(set(found.codes))))
        entries.append(Entry("poa-exempt", found.name, found.window.starts, found.window.ends, file.path.name, rows))
    return entries


def _name(file: Path, release: date | None) -> Reading:
    return Reading(poa.read(file).name)


PART = Part(
    tables=("poa-exempt",),
    schema=SCHEMA,
    write=_write,
    addable=(
        Addable(
            "poa-exempt",
            "codes exempt from present-on-admission reporting (CMS)",
            "US Government work (CMS)",
            _name,
        ),
    ),
)
