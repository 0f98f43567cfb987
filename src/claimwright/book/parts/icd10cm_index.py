"""The Alphabetic Index and its tables as a graph of terms: words by stem, codes, references by node.

Every edition of every document is kept; the shipped index terms make a small document of their own for a
book without the index. Steps are filed by (parent, stem), so that a walk reads only what a phrase says.
"""

from __future__ import annotations

import json
import math
import re
import sqlite3
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from claimwright.book.home import Input
from claimwright.book.index_references import CONDITION_WORD, Place, Resolver, Target
from claimwright.book.index_words import CONDITION, TABLE, TABLES, Need, need_of
from claimwright.book.parts import Addable, Entry, Part, Reading, insert
from claimwright.book.parts.quarterly import release_of
from claimwright.book.words import stems
from claimwright.model import Interval
from claimwright.sources import index_file
from claimwright.sources.index_rows import COLUMNS, KINDS, IndexFile, IndexRow, Words

TABLE_NAME = "icd10cm-index"
SHIPPED = "index-terms"
"""Kind of the document made of the shipped rows."""

SCHEMA = """
CREATE TABLE index_edition (id INTEGER PRIMARY KEY, kind TEXT, name TEXT, starts TEXT, ends TEXT);
CREATE TABLE index_node (
  id INTEGER PRIMARY KEY, edition INTEGER, parent INTEGER, title TEXT, code TEXT, manifestation TEXT,
  see TEXT, see_also TEXT, targets TEXT, cells TEXT, need TEXT, optional TEXT, flags INTEGER,
  core INTEGER
);
CREATE TABLE index_step (
  parent INTEGER, stem INTEGER, node INTEGER, part INTEGER, share REAL, PRIMARY KEY (parent, stem, node, part)
) WITHOUT ROWID;
CREATE TABLE index_skip (
  parent INTEGER, stem INTEGER, node INTEGER, part INTEGER, share REAL, PRIMARY KEY (parent, stem, node, part)
) WITHOUT ROWID;
CREATE TABLE index_stem (id INTEGER PRIMARY KEY, stem TEXT UNIQUE, weight REAL, qualifier INTEGER);
CREATE TABLE index_word (word TEXT PRIMARY KEY, stem INTEGER) WITHOUT ROWID;
"""
INDEXES = "CREATE INDEX index_parent ON index_node (parent);\n"
_BY_SITE = re.compile(r"\bby (?:site|type)\b")
_PLACEHOLDERS = frozenset(("specified", "site", "sites", "type"))
THROUGH = 0
"""The stem under which a mere linkage is filed: a walk passes through it."""
_LISTED = 60
"""Unresolved references that the manifest lists for each document."""


@dataclass(slots=True)
class _Document:
    """One document on its way into the book; `base` is the id of its first node."""

    kind: str
    name: str
    window: Interval | None
    rows: Sequence[IndexRow]
    file: str
    base: int = 0
    needs: list[Need] = field(default_factory=list)


def _write(db: sqlite3.Connection, files: Sequence[Input], arrays: Path) -> list[Entry]:
    documents = [_shipped(db), *_documents(files)]
    base = 1
    for each in documents:
        each.base, each.needs = base, [_need(row) for row in each.rows]
        base += len(each.rows)
    stem = _write_words(db, documents)
    places = [_places(each, stem) for each in documents]
    entries = []
    for number, document in enumerate(documents):
        starts, ends = (document.window.starts, document.window.ends) if document.window else (None, None)
        row = (number, document.kind, document.name, _iso(starts), _iso(ends))
        insert(db, "index_edition", [row])
        resolver = Resolver(_beside(documents, places, number), stem)
        counts = _write_document(db, number, document, stem, resolver)
        if document.kind != SHIPPED:
            extra = {"kind": KINDS[document.kind], **counts}
            entries.append(
                Entry(
                    TABLE_NAME,
                    f"{document.name}, {KINDS[document.kind]}",
                    starts,
                    ends,
                    document.file,
                    len(document.rows),
                    extra,
                )
            )
    return entries


def _need(row: IndexRow) -> Need:
    """Words of a row; `to specified site - see Neoplasm, secondary, by site` asks for a site, not for these words."""
    need = need_of(row.words.essential, row.words.modifiers)
    if not any(_BY_SITE.search(text) for text in (*row.see, *row.see_also)):
        return need
    kept = tuple(group for group in need.groups if not _PLACEHOLDERS.issuperset(group))
    if row.level == 0 or kept == need.groups:
        return need
    asked = tuple(word for group in need.groups if group not in kept for word in group)
    return need._replace(groups=kept, optional=(*need.optional, *asked), core=min(need.core, len(kept)))


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day else None


def _documents(files: Sequence[Input]) -> list[_Document]:
    """Every document of the added files; of two for one day the last added, and XML before the flat CSV.

    The first release of a fiscal year answers from its first day; a later one takes over on its own.
    """
    found: dict[tuple[str, int, date], tuple[IndexFile, str]] = {}
    for file in sorted(files, key=lambda each: (each.path.suffix.lower() != ".csv", each.added, each.sha256)):
        for each in index_file.read(file.path, release_of(file)):
            found[each.kind, each.fiscal_year, each.release] = (each, file.path.name)
    out = []
    order = list(KINDS)
    keys = sorted(found, key=lambda key: (order.index(key[0]), key[1], key[2]))
    for at, key in enumerate(keys):
        document, name = found[key]
        same = [other for other in keys if other[:2] == key[:2]]
        first = date(key[1] - 1, 10, 1) if key == same[0] else key[2]
        after = keys[at + 1] if key != same[-1] else None
        ends = after[2] - timedelta(days=1) if after else document.window.ends
        out.append(_Document(key[0], document.name, Interval(first, ends), document.rows, name))
    return out


def _shipped(db: sqlite3.Connection) -> _Document:
    """The rows of the lexicon `index-terms` as a document: their paths give the levels."""
    found = [json.loads(data) for (data,) in db.execute(
        "SELECT data FROM lexicon_row WHERE lexicon = ? ORDER BY ordinal", (SHIPPED,)
    )]  # fmt: skip
    rows: list[IndexRow] = []
    at: dict[tuple[str, ...], int] = {}
    for row in found:
        for path, code, see in _paths(str(row["path"]), str(row["code"])):
            for depth in range(1, len(path) + 1):
                key = path[:depth]
                if key not in at:
                    at[key] = len(rows)
                    rows.append(IndexRow(depth - 1, at[key[:-1]] if depth > 1 else -1, _words(path[depth - 1])))
            number, old = at[path], rows[at[path]]
            rows[number] = IndexRow(
                old.level, old.parent, old.words, old.code or code, "", tuple(dict.fromkeys((*old.see, *see)))
            )
    return _Document(SHIPPED, "index terms", None, rows, "")


def _paths(text: str, code: str) -> Iterable[tuple[tuple[str, ...], str, tuple[str, ...]]]:
    """The path to the reference and the path that it leads to; the code stands at the end of the last."""
    levels = [part.strip() for part in text.split(">")]
    path: tuple[str, ...] = ()
    for at, level in enumerate(levels):
        title, mark, reference = re.split(r"( - see(?: also)? )", level, maxsplit=1) if " - see " in level else (
            level, "", ""
        )  # fmt: skip
        path = (*path, title)
        if mark:
            rest = [re.split(r" - see ", each)[0] for each in levels[at + 1 :]]
            yield path, "", (", ".join(_words(each).essential.split(",")[0] for each in rest) or reference,)
            path = ()
    if path:
        yield path, code, ()


def _words(title: str) -> Words:
    essential = " ".join(re.sub(r"\([^)]*\)", " ", title).split())
    return Words(title, essential, " ".join(re.findall(r"\([^)]*\)", title)))


def _write_words(db: sqlite3.Connection, documents: Sequence[_Document]) -> dict[str, int]:
    """Vocabulary with the weight of each stem (the rarer, the more it tells); gives the stem of each word."""
    words: Counter[str] = Counter()
    titles = 0
    for document in documents:
        for need in document.needs:
            titles += 1
            words.update({*(word for group in need.groups for word in group), *need.optional})
    for columns in TABLES.values():
        words.update(word for column in columns for group in column.need.groups for word in (*group,))
        words.update(word for column in columns for word in column.need.optional)
    stem_of = stems(sorted(words))
    ids = {stem: number for number, stem in enumerate(sorted(set(stem_of.values())), start=THROUGH + 1)}
    held: Counter[int] = Counter()
    for word, times in words.items():
        held[ids[stem_of[word]]] += times
    qualifiers = {ids[stem_of[word]] for document in documents for word in _qualifiers(document)}
    insert(
        db,
        "index_stem",
        (
            (number, stem, round(math.log(1 + titles / held[number]), 4), int(number in qualifiers))
            for stem, number in ids.items()
        ),
    )
    insert(db, "index_word", ((word, ids[stem_of[word]]) for word in sorted(stem_of)))
    return {word: ids[stem] for word, stem in stem_of.items()}


def _only_condition(row: IndexRow) -> bool:
    """Does the row lead only to the condition word? `Spasm` has a code of its own and does not."""
    return not row.code and any(CONDITION_WORD.match(text) for text in (*row.see, *row.see_also))


def _qualifiers(document: _Document) -> Iterable[str]:
    """Words that name a site or a quality and no condition: main terms that say `see condition`."""
    for row, need in zip(document.rows, document.needs, strict=True):
        if row.level == 0 and _only_condition(row) and len(need.groups) == 1:
            yield from need.groups[0]


def _places(document: _Document, stem: dict[str, int]) -> list[Place]:
    out: list[Place] = []
    for number, (row, need) in enumerate(zip(document.rows, document.needs, strict=True)):
        groups = tuple(frozenset(stem[word] for word in group) for group in need.groups)
        every = frozenset().union(*groups) | {stem[word] for word in need.optional}
        out.append(Place(document.base + number, groups, every, need.core))
        if row.parent >= 0:
            out[row.parent].children.append(out[-1])
    return out


def _beside(documents: Sequence[_Document], places: list[list[Place]], number: int) -> dict[str, list[Place]]:
    """Main terms by kind that a reference of one document may lead to: its own, and the nearest of the others."""
    own = documents[number]
    out = {}
    for kind in KINDS:
        other = [at for at, each in enumerate(documents) if each.kind == kind]
        if not other:
            continue
        nearest = number if number in other else min(other, key=lambda at: _apart(own, documents[at]))
        out[kind] = _roots(documents[nearest], places[nearest])
    if own.kind == SHIPPED:
        out[SHIPPED] = _roots(own, places[number])
    return out


def _apart(own: _Document, other: _Document) -> int:
    """Days from the start of one edition to the other; from the shipped terms, the latest is the nearest."""
    if other.window is None:
        return 0
    return other.window.distance(own.window.starts) if own.window else -other.window.starts.toordinal()


def _roots(document: _Document, places: list[Place]) -> list[Place]:
    return [place for place, row in zip(places, document.rows, strict=True) if row.level == 0]


def _write_document(
    db: sqlite3.Connection, number: int, document: _Document, stem: dict[str, int], resolver: Resolver
) -> dict[str, Any]:
    weight = dict(db.execute("SELECT id, weight FROM index_stem"))
    nodes: list[tuple[Any, ...]] = []
    steps: list[tuple[Any, ...]] = []
    skips: list[tuple[Any, ...]] = []
    counted: dict[str, Counter[str]] = {"see": Counter(), "see also": Counter()}
    lost: list[str] = []
    for at, (row, need) in enumerate(zip(document.rows, document.needs, strict=True)):
        node = document.base + at
        parent = document.base + row.parent if row.parent >= 0 else -(number + 1)
        groups = [sorted({stem[word] for word in group}) for group in need.groups]
        flags = need.flags | (CONDITION if _only_condition(row) else 0) | (TABLE if document.kind in COLUMNS else 0)
        targets: dict[str, list[Target]] = {}
        for name, texts in (("see", row.see), ("see also", row.see_also)):
            for text in texts:
                if CONDITION_WORD.match(text):
                    counted[name]["condition word"] += 1
                    continue
                found = resolver.targets(text, document.kind)
                targets.setdefault(name, []).extend(each for each in found if each.node > 0 or each.code)
                worst = next((how for how in ("none", "part") if any(each.how == how for each in found)), found[0].how)
                counted[name][worst] += 1
                if worst in ("none", "part"):
                    lost.append(f"{_path(document.rows, at)}: {name} {text}")
        nodes.append(
            (node, number, parent, row.words.printed, row.code or None, row.manifestation or None,
             "; ".join(row.see) or None, "; ".join(row.see_also) or None, _plain(targets),
             json.dumps(dict(row.cells)) if row.cells else None, json.dumps(groups),
             json.dumps(sorted({stem[word] for word in need.optional})), flags,
             need.core)
        )  # fmt: skip
        heavy = [min(weight[each] for each in group) for group in groups]
        whole = sum(heavy) or 1.0
        if not groups:
            steps.append((parent, THROUGH, node, 0, 0.0))
        for part, group in enumerate(groups):
            steps += [(parent, each, node, part, round(heavy[part] / whole, 4)) for each in group]
            if (
                row.parent >= 0
                and (above := document.rows[row.parent].parent) >= 0
                and document.needs[row.parent].groups
            ):
                skips += [(document.base + above, *step[1:]) for step in steps[-len(group) :]]
    insert(db, "index_node", nodes)
    insert(db, "index_step", sorted(steps))
    insert(db, "index_skip", sorted(skips))
    return {
        "codes": sum(bool(row.code) + len(row.cells) for row in document.rows),
        "main_terms": sum(row.level == 0 for row in document.rows),
        **{name: dict(sorted(counts.items())) for name, counts in counted.items() if counts},
        "unresolved": sum(counts["none"] + counts["part"] for counts in counted.values()),
        "unresolved_first": lost[:_LISTED],
    }


def _plain(targets: dict[str, list[Target]]) -> str | None:
    plain = {name: [[each.node, list(each.pending), each.code] for each in found] for name, found in targets.items()}
    return json.dumps(plain) if any(plain.values()) else None


def _path(rows: Sequence[IndexRow], at: int) -> str:
    out: list[str] = []
    while at >= 0:
        out.insert(0, rows[at].words.printed)
        at = rows[at].parent
    return " > ".join(out)


def _read(file: Path, release: date | None) -> Reading:
    found = index_file.read(file, release)
    names = ", ".join(f"{KINDS[each.kind]} {each.name}" for each in found)
    return Reading(names, sum(len(each.rows) for each in found))


PART = Part(
    tables=(TABLE_NAME,),
    schema=SCHEMA,
    write=_write,
    indexes=INDEXES,
    addable=(
        Addable(
            TABLE_NAME,
            "ICD-10-CM Alphabetic Index, external causes, tables of neoplasms and drugs (CDC)",
            "US Government work (CDC/NCHS)",
            _read,
        ),
    ),
)
