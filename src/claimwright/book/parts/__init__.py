"""Parts of the book beyond the diagnosis tree: one module a table, compiled by `build`, listed by `data`.

A part says which official files it is made of (installed or added), how it is laid out in
book.sqlite, and how its rows get there. To add a table: write its source in `claimwright.sources`,
write its part here, name it in `PARTS`. Nothing else needs to know it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from importlib import import_module
from pathlib import Path
from typing import Any

from claimwright.book.home import Input

MODULES = (
    "poa_exempt",
    "icd10cm_index",
    "pcs_registry",
    "pcs_tables",
    "discharge_status",
    "hcc",
    "msdrg",
    "msdrg_weights",
    "ncci_ptp",
    "ncci_mue",
    "ncci_aoc",
    "hcpcs",
    "pfs",
    "opps",
    "mcd",
    "policies",
)
"""Modules of this package, each with a `PART`."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One edition of a table as the manifest lists it; `extra` holds counts worth printing."""

    table: str
    edition: str
    starts: date | None
    ends: date | None
    file: str
    rows: int
    extra: dict[str, Any] = field(default_factory=dict)

    def listed(self) -> dict[str, Any]:
        """The entry as plain JSON."""
        return {
            "table": self.table,
            "edition": self.edition,
            "from": self.starts.isoformat() if self.starts else None,
            "to": self.ends.isoformat() if self.ends else None,
            "file": self.file,
            "rows": self.rows,
            **self.extra,
        }


@dataclass(frozen=True, slots=True)
class Reading:
    """What a file turned out to be: edition, and, of a table read row by row, its rows and those left out.

    `rejected` pairs line numbers with what is wrong in each.
    """

    edition: str
    rows: int = 0
    rejected: tuple[tuple[int, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Addable:
    """A table that a user can add: what it is, its licence, and a check that reads the whole file.

    `read` raises `SourceError` for a file that is not as published. `terms` names what the user must
    have accepted to hold the file; without it the file is free to use. `descriptions`: the file holds
    the AMA's descriptions, which are stored only for users who say that they hold a CPT licence.
    """

    table: str
    title: str
    licence: str
    read: Callable[[Path, date | None], Reading]
    terms: str = ""
    descriptions: bool = False


@dataclass(frozen=True, slots=True)
class Part:
    """One part; `write` fills its tables and returns what the manifest lists.

    `packaged` names the files of installed data packages; `schema` and `indexes` are SQL. `write`
    gets the open transaction, the inputs of its own tables, and the folder for arrays.
    """

    tables: tuple[str, ...]
    schema: str
    write: Callable[[sqlite3.Connection, Sequence[Input], Path], list[Entry]]
    indexes: str = ""
    packaged: Callable[[], list[Input]] = list
    addable: tuple[Addable, ...] = ()


def parts() -> list[Part]:
    """Every part, in the order in which they are compiled."""
    return [import_module(f"{__name__}.{module}").PART for module in MODULES]


def insert(db: sqlite3.Connection, table: str, rows: Iterable[tuple[Any, ...]]) -> int:
    """Write all rows and return how many they were."""
    listed = list(rows)
    if listed:
        marks = ", ".join("?" * len(listed[0]))
        db.executemany(f"INSERT INTO {table} VALUES ({marks})", listed)
    return len(listed)
