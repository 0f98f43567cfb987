"""NCCI procedure-to-procedure edits as a dated relation: arrays by edition, one edition a quarter and setting.

    ptp.N.codes      sorted code axis (S5)
    ptp.N.pointer    rows of each column 1 code, [codes + 1]
    ptp.N.keys       column 1 id * codes + column 2 id, ascending
    ptp.N.effective  first day with the edit, days since 1970
    ptp.N.last       last day with it, after the setting `deletion_day`; FAR without deletion
    ptp.N.indicator  0 or 1
    ptp.N.rationale  number among the edition's rationales (manifest)

An edit of indicator 9 was deleted on the day it began: it has never applied and is only counted.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from claimwright.book.home import Input
from claimwright.book.parts import Addable, Entry, Part, Reading, insert
from claimwright.book.parts.quarterly import release_of, source
from claimwright.book.parts.setting import setting
from claimwright.sources import ncci_ptp
from claimwright.sources.ncci import AMA_LICENCE, AMA_TERMS, lines_text
from claimwright.sources.ncci_ptp import NO_DAY, PtpFile

TABLE = "ncci-ptp"
FAR = 2**31 - 1
NEVER = 9
"""Indicator of an edit that has never applied."""

SCHEMA = """
CREATE TABLE ptp_count (edition INTEGER, code TEXT, as_first INTEGER, as_second INTEGER, PRIMARY KEY (code, edition))
  WITHOUT ROWID;
"""


def _write(db: sqlite3.Connection, files: Sequence[Input], arrays: Path) -> list[Entry]:
    editions: dict[tuple[str, date], dict[int, tuple[Input, PtpFile]]] = {}
    # Of two files for one part the higher release answers (v32.2r1 replaces v32.2r0), then the one added last.
    for file in sorted(files, key=lambda each: (each.added, each.sha256)):
        found = ncci_ptp.read(file.path, release_of(file))
        chosen = editions.setdefault((found.setting, found.window.starts), {})
        if found.part not in chosen or chosen[found.part][1].version <= found.version:
            chosen[found.part] = (file, found)
    inclusive = str(setting(db, "deletion_day", ("inclusive", "exclusive"))) == "inclusive"
    wanted = int(setting(db, "ptp_parts"))
    entries = []
    for number, key in enumerate(sorted(editions)):
        held = [editions[key][part] for part in sorted(editions[key])]
        entries.append(_edition(db, number, held, arrays, inclusive, wanted))
    return entries


def _edition(
    db: sqlite3.Connection, number: int, held: list[tuple[Input, PtpFile]], folder: Path, inclusive: bool, wanted: int
) -> Entry:
    found = [each for _, each in held]
    columns, rationales = _together(found, inclusive)
    applies = columns["indicator"] != NEVER
    never = int((~applies).sum())
    columns = {name: column[applies] for name, column in columns.items()}
    stored, repeated = _relation(columns)
    for name, array in stored.items():
        np.save(folder / f"ptp.{number}.{name}.npy", array, allow_pickle=False)
    window = found[0].window
    assert window.ends is not None  # noqa: S101 - a quarter ends
    _write_counts(db, number, stored, window.starts)
    have = [each.part for each in found]
    extra: dict[str, Any] = {
        "setting": found[0].setting,
        "number": number,
        "parts": have,
        "missing_parts": sorted(set(range(1, wanted + 1)) - set(have)),
        "files": [source(file) for file, _ in held],
        "never_in_force": never,
        "repeated": repeated,
        "rejected": sum(len(each.rejected) for each in found),
        "rejected_lines": {file.path.name: lines_text(each.rejected) for file, each in held if each.rejected},
        "deletion_day": "inclusive" if inclusive else "exclusive",
        "rationales": rationales,
    }
    name = found[0].name
    return Entry(TABLE, name, window.starts, window.ends, held[0][0].path.name, len(stored["keys"]), extra)


def _together(found: Sequence[PtpFile], inclusive: bool) -> tuple[dict[str, npt.NDArray[Any]], list[str]]:
    """The parts of one edition as one table; rationales numbered alike."""
    names = sorted({name for each in found for name in each.rationales})
    renumber = [np.array([names.index(name) for name in each.rationales], np.uint8) for each in found]
    deletion = np.concatenate([each.deletion for each in found])
    return {
        "first": np.concatenate([each.first for each in found]),
        "second": np.concatenate([each.second for each in found]),
        "effective": np.concatenate([each.effective for each in found]),
        "last": np.where(deletion == NO_DAY, FAR, deletion - (0 if inclusive else 1)).astype(np.int32),
        "indicator": np.concatenate([each.indicator for each in found]),
        "rationale": np.concatenate([new[each.rationale] for new, each in zip(renumber, found, strict=True)]),
    }, names


def _relation(columns: dict[str, npt.NDArray[Any]]) -> tuple[dict[str, npt.NDArray[Any]], int]:
    """Sorted keys over the code axis with their dates; rows that say the same twice are kept once."""
    first, second = _packed(columns["first"]), _packed(columns["second"])
    axis = np.unique(np.concatenate([np.unique(first), np.unique(second)]))
    size = len(axis)
    begin = np.searchsorted(axis, first).astype(np.int64)
    keys = begin * size + np.searchsorted(axis, second)
    order = np.lexsort((columns["last"], columns["effective"], keys))
    keys = keys[order]
    rest = {name: columns[name][order] for name in ("effective", "last", "indicator", "rationale")}
    same = np.zeros(len(keys), np.bool_)
    if len(keys):
        same[1:] = keys[1:] == keys[:-1]
        for column in rest.values():
            same[1:] &= column[1:] == column[:-1]
    keys = keys[~same]
    pointer = np.searchsorted(keys, np.arange(size + 1, dtype=np.int64) * size)
    stored = {
        "codes": axis.astype(">u8").view("S8").astype("S5"),
        "pointer": pointer.astype(np.int32),
        "keys": keys.astype(np.uint32 if size < 2**16 else np.uint64),
        **{name: column[~same] for name, column in rest.items()},
    }
    return stored, int(same.sum())


def _packed(codes: npt.NDArray[np.bytes_]) -> npt.NDArray[np.uint64]:
    """Codes as numbers in the same order: numbers sort many times faster than text."""
    return codes.astype("S8").view(">u8").astype(np.uint64)


def _write_counts(db: sqlite3.Connection, number: int, stored: dict[str, npt.NDArray[Any]], day: date) -> None:
    """How many edits each code stands in on the first day of the quarter, for pages that open no array."""
    on = (day - date(1970, 1, 1)).days
    size = len(stored["codes"])
    keys = stored["keys"][(stored["effective"] <= on) & (on <= stored["last"])].astype(np.int64)
    first, second = np.bincount(keys // size, minlength=size), np.bincount(keys % size, minlength=size)
    codes = [code.decode("ascii") for code in stored["codes"].tolist()]
    insert(
        db,
        "ptp_count",
        ((number, code, a, b) for code, a, b in zip(codes, first.tolist(), second.tolist(), strict=True)),
    )


def _read(file: Path, release: date | None) -> Reading:
    found = ncci_ptp.read(file, release)
    return Reading(
        f"{found.name} part {found.part}", len(found.first), tuple((each.line, each.problem) for each in found.rejected)
    )


PART = Part(
    tables=(TABLE,),
    schema=SCHEMA,
    write=_write,
    addable=(Addable(TABLE, "procedure-to-procedure edits (CMS)", AMA_LICENCE, _read, AMA_TERMS),),
)
