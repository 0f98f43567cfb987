"""Medicare Coverage Database: documents, their code lists, groups, jurisdictions and links.

Exports add up: every version of a document that any of them holds is kept, and of two exports with the
same version the one added last answers. Versions of a document follow each other: one without an end
ends the day before the next begins, and one that says it began before the last day of the version
before it (some print the first day of the document, not of the version) begins the day after. A
document without an end that a later export of all current ones no longer lists was in force up to the
last export that does.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from claimwright.book.home import Input
from claimwright.book.parts import Addable, Entry, Part, Reading, insert
from claimwright.book.parts.quarterly import source
from claimwright.errors import SourceError
from claimwright.sources import mcd
from claimwright.sources.mcd import Document, Key, McdFile
from claimwright.sources.ncci import lines_text

TABLE = "mcd"

SCHEMA = """
CREATE TABLE mcd_document (
  id INTEGER PRIMARY KEY, kind TEXT, document INTEGER, version INTEGER, number TEXT, title TEXT, starts TEXT,
  ends TEXT, status TEXT, type INTEGER, published INTEGER, edition INTEGER
);
CREATE TABLE mcd_jurisdiction (
  document INTEGER, contractor TEXT, state TEXT, part TEXT, starts TEXT, ends TEXT
);
CREATE TABLE mcd_code (
  document INTEGER, covered INTEGER, code TEXT, grp INTEGER, last TEXT, asterisk INTEGER,
  PRIMARY KEY (document, covered, code, grp, last)
) WITHOUT ROWID;
CREATE TABLE mcd_service (
  code TEXT, document INTEGER, grp INTEGER, last TEXT, PRIMARY KEY (code, document, grp, last)
) WITHOUT ROWID;
CREATE TABLE mcd_group (
  document INTEGER, list TEXT, grp INTEGER, paragraph TEXT, asterisk TEXT, PRIMARY KEY (document, list, grp)
) WITHOUT ROWID;
CREATE TABLE mcd_related (
  document INTEGER, kind TEXT, other INTEGER, PRIMARY KEY (document, kind, other)
) WITHOUT ROWID;
"""

INDEXES = """
CREATE INDEX mcd_document_key ON mcd_document (kind, document, version);
CREATE INDEX mcd_jurisdiction_document ON mcd_jurisdiction (document);
CREATE INDEX mcd_code_code ON mcd_code (code);
CREATE INDEX mcd_code_range ON mcd_code (last) WHERE last <> '';
CREATE INDEX mcd_service_range ON mcd_service (last) WHERE last <> '';
CREATE INDEX mcd_service_document ON mcd_service (document);
CREATE INDEX mcd_related_other ON mcd_related (kind, other);
"""


@dataclass(frozen=True, slots=True)
class _Added:
    number: int
    file: Input
    found: McdFile


def _write(db: sqlite3.Connection, files: Sequence[Input], arrays: Path) -> list[Entry]:
    ordered = sorted(files, key=lambda each: (each.added, each.sha256))
    added = [_Added(number, file, mcd.read(file.path)) for number, file in enumerate(ordered)]
    owner: dict[tuple[str, Key], int] = {}
    for each in added:
        owner |= {(each.found.kind, key): each.number for key in each.found.documents}
    ids: dict[tuple[str, Key], int] = {name: number for number, name in enumerate(sorted(owner))}
    windows = _windows({name: added[number].found.documents[name[1]] for name, number in owner.items()})
    for name, last in _vanished(added, owner).items():
        starts, ends = windows[name]
        windows[name] = starts, ends or last
    entries = []
    for each in added:
        kind = each.found.kind
        own = {key: ids[kind, key] for key in each.found.documents if owner[kind, key] == each.number}
        insert(db, "mcd_document", _documents(each, own, windows))
        counts = _tables(db, each.found, own)
        entries.append(_entry(each, len(own), counts))
    return entries


def _vanished(added: Sequence[_Added], owner: dict[tuple[str, Key], int]) -> dict[tuple[str, Key], date]:
    """Last day known of documents that a later export of the current ones no longer holds."""
    out: dict[tuple[str, Key], date] = {}
    for kind in mcd.LETTERS:
        dated = [each for each in added if each.found.kind == kind and each.found.current and each.found.as_of]
        dated.sort(key=lambda each: each.found.as_of or date.min)
        if len(dated) < 2:
            continue
        newest = {number for number, _ in dated[-1].found.documents}
        for each in dated[:-1]:
            for key in each.found.documents:
                if key[0] not in newest and each.found.as_of and (kind, key) in owner:
                    out[kind, key] = each.found.as_of
    return out


def _windows(documents: dict[tuple[str, Key], Document]) -> dict[tuple[str, Key], tuple[date, date | None]]:
    """First and last day of every version; a version replaced on its first day ends before it begins."""
    out: dict[tuple[str, Key], tuple[date, date | None]] = {}
    before: tuple[str, Key] | None = None
    for name in sorted(documents):
        starts, ends = documents[name].starts, documents[name].ends
        if before and (before[0], before[1][0]) == (name[0], name[1][0]):
            first, last = out[before]
            if last is None:
                out[before] = first, starts - timedelta(days=1)
            elif starts <= last and (ends is None or last < ends):
                starts = last + timedelta(days=1)
        out[name] = starts, ends
        before = name
    return out


def _documents(
    each: _Added, own: dict[Key, int], windows: dict[tuple[str, Key], tuple[date, date | None]]
) -> Iterable[tuple[Any, ...]]:
    for key, number in own.items():
        row = each.found.documents[key]
        starts, ends = windows[row.kind, key]
        yield (
            number, row.kind, row.id, row.version, row.number, row.title, starts.isoformat(), _iso(ends), row.status,
            row.type, int(row.published), each.number,
        )  # fmt: skip


def _tables(db: sqlite3.Connection, found: McdFile, own: dict[Key, int]) -> dict[str, int]:
    """Everything that hangs on documents, of those that this export answers for; rows by table."""
    counts = dict.fromkeys(("diagnoses", "services", "groups", "jurisdictions", "related"), 0)
    many = "INSERT OR IGNORE INTO {} VALUES ({})".format

    def diagnoses() -> Iterable[tuple[Any, ...]]:
        for row in found.codes():
            if row.document not in own:
                continue
            number = own[row.document]
            if row.list == mcd.SERVICE:
                counts["services"] += 1
                services.append((row.code, number, row.group, row.last))
            else:
                counts["diagnoses"] += 1
                yield number, int(row.list == mcd.COVERED), row.code, row.group, row.last, int(row.asterisk)

    services: list[tuple[str, int, int, str]] = []
    db.executemany(many("mcd_code", "?, ?, ?, ?, ?, ?"), diagnoses())
    db.executemany(many("mcd_service", "?, ?, ?, ?"), sorted(services))
    groups = [(own[g.document], g.list, g.group, g.paragraph, g.asterisk) for g in found.groups() if g.document in own]
    db.executemany(many("mcd_group", "?, ?, ?, ?, ?"), groups)
    served = {
        (own[j.document], j.contractor, j.state, j.part, _iso(j.starts), _iso(j.ends))
        for j in found.jurisdictions()
        if j.document in own
    }
    counts["jurisdictions"] = insert(db, "mcd_jurisdiction", sorted(served, key=str))
    related = [(own[r.document], r.kind, r.id) for r in found.related() if r.document in own]
    db.executemany(many("mcd_related", "?, ?, ?"), related)
    return {**counts, "groups": len(groups), "related": len(related)}


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day else None


def _entry(each: _Added, documents: int, counts: dict[str, int]) -> Entry:
    found = each.found
    starts = min(row.starts for row in found.documents.values())
    extra = {
        "edition_number": each.number,
        "kind": found.kind,
        "as_of": _iso(found.as_of),
        "documents": len(found.documents),
        "answering": documents,
        "drafts_left_out": found.drafts,
        "placeholders_left_out": len(found.placeholders),
        **counts,
        "files": [source(each.file)],
        "rejected": len(found.rejected),
        "rejected_lines": {
            table: lines_text([row for name, row in found.rejected if name == table])
            for table in sorted({name for name, _ in found.rejected})
        },
    }
    rows = documents + sum(counts.values())
    return Entry(TABLE, found.name, starts, None, each.file.path.name, rows, extra)


def _read(file: Path, release: date | None) -> Reading:
    if release:
        raise SourceError(str(file), f"--release says {release}", "none: an export tells the days of its documents")
    found, rows = mcd.check(file)
    return Reading(found.name, rows, tuple((row.line, f"{table}.csv: {row.problem}") for table, row in found.rejected))


PART = Part(
    tables=(TABLE,),
    schema=SCHEMA,
    write=_write,
    indexes=INDEXES,
    addable=(Addable(TABLE, "Medicare Coverage Database (CMS)", mcd.LICENCE, _read, mcd.TERMS),),
)
