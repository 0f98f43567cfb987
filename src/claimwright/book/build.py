"""Compile official files into a book: book.sqlite for words, arrays for kernels, a manifest.

The same input gives the same bytes: nothing here reads a clock, an environment or a set's order.
"""

from __future__ import annotations

import contextlib
import errno
import json
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from claimwright.book import home as homes
from claimwright.book.note_phrases import write_note_phrases
from claimwright.book.notes import Moved, Note, moved_references, read_notes
from claimwright.book.parts import Entry, insert, parts
from claimwright.book.relations import edition_arrays, lexicon_spans, set_names
from claimwright.book.schema import INDEXES, SCHEMA
from claimwright.book.search_index import write_search
from claimwright.book.title_words import write_title_needs
from claimwright.book.tree import Tree, grow
from claimwright.errors import BookMissing, SourceError
from claimwright.model import Interval, undotted
from claimwright.sources import lexicon as lexicon_source
from claimwright.sources import mce, tabular
from claimwright.sources.mce_flags import FLAGS

Progress = Callable[[str, float], None]
EPOCH = date(1970, 1, 1)
FAR = 2**31 - 1
"""Day number of an open end."""


@dataclass(frozen=True, slots=True)
class Edition:
    """One tabular edition on its way into the book; `window` is what it answers for."""

    number: int
    file: str
    source: tabular.Tabular
    window: Interval
    tree: Tree
    notes: list[Note]
    moved: list[Moved]


def ensure(folder: Path | None = None, progress: Progress = lambda step, done: None, force: bool = False) -> Path:
    """The book of this home, compiled now if there is none or its inputs have changed.

    Errors: `BookMissing` when it cannot be written, `SourceError` when an official file is not as
    published. On any error the book in use stays as it was.
    """
    folder = folder or homes.home()
    book = homes.current(folder)
    if book and not force:
        return book
    files = homes.inputs(folder)
    name = homes.fingerprint(files)
    place = folder / "books" / name
    if force or not (place / "manifest.json").is_file():
        with homes.writing(folder):
            (folder / "books").mkdir(parents=True, exist_ok=True)
            _compile_beside(place, files, progress, force)
    with homes.writing(folder):
        homes.point(folder, name, files)
    return place


def _compile_beside(place: Path, files: list[homes.Input], progress: Progress, force: bool) -> None:
    homes.sweep(place.parent)
    work = Path(tempfile.mkdtemp(dir=place.parent, prefix=homes.UNFINISHED))
    try:
        try:
            compile_book(files, work, progress)
        except sqlite3.OperationalError as error:
            raise BookMissing(
                f"The book could not be written to {place.parent} ({error}). Free some space, or set "
                "CLAIMWRIGHT_HOME to a folder on another disk"
            ) from None
        _put_in_place(work, place, force)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _put_in_place(work: Path, place: Path, force: bool) -> None:
    """Rename the new book into its place.

    Another process may have built the same book meanwhile. Its readers may be opening it: it stays,
    unless `force` asks for a new one; then the old one is moved aside first, never emptied in place.
    """
    if force and place.exists():
        aside = Path(tempfile.mkdtemp(dir=place.parent, prefix=homes.UNFINISHED))
        with contextlib.suppress(FileNotFoundError):
            place.rename(aside / "old")
        shutil.rmtree(aside, ignore_errors=True)
    elif place.exists() and not (place / "manifest.json").is_file():
        shutil.rmtree(place)  # no whole book: nobody reads it
    try:
        work.rename(place)
    except OSError as error:
        if error.errno not in (errno.EEXIST, errno.ENOTEMPTY):
            raise


def compile_book(files: list[homes.Input], work: Path, progress: Progress = lambda step, done: None) -> None:
    """Write a whole book of `files` into the empty folder `work`."""
    progress("reading the registry of codes", 0.0)
    registry = mce.read(_one(files, "icd10cm-registry").path)
    lexicons = {each.name: each for each in map(lexicon_source.read_lexicon, _paths(files, "lexicons"))}
    editions = []
    read = [
        (each.path.name, tabular.read(each.path, _release(each))) for each in files if each.table == "icd10cm-tabular"
    ]
    for number, (file, source, window) in enumerate(_windows(read)):
        progress(f"reading notes of {source.name}", 0.1 + 0.3 * number / len(read))
        editions.append(_edition(number, file, source, window, registry))
    progress("writing", 0.4)
    arrays_folder = work / "arrays"
    arrays_folder.mkdir()
    with closing(sqlite3.connect(work / "book.sqlite", isolation_level=None)) as db:
        others = parts()
        schema = SCHEMA + "".join(part.schema for part in others)
        db.executescript("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;" + schema)
        db.execute("BEGIN")
        _write_registry(db, registry)
        lexicon_ids = _write_lexicons(db, lexicons)
        for edition in editions:
            _write_edition(db, edition)
            rows = lexicon_spans(edition.tree, lexicons.values(), lexicon_ids)
            insert(db, "lexicon_span", ((edition.number, *row) for row in rows))
        entries: list[Entry] = []
        for part in others:
            progress(f"writing {', '.join(part.tables)}", 0.5)
            entries += part.write(db, [each for each in files if each.table in part.tables], arrays_folder)
        progress("indexing words", 0.6)
        write_search(db, lexicons)
        write_title_needs(db, lexicons)
        write_note_phrases(db, lexicons)
        db.execute("COMMIT")
        db.executescript(INDEXES + "".join(part.indexes for part in others) + "ANALYZE; VACUUM;")
    progress("compressing relations", 0.75)
    codes = write_axis(arrays_folder, "", _code_names(registry, editions), registry.diagnoses, FLAGS)
    for edition in editions:
        progress(f"compressing relations of {edition.source.name}", 0.8)
        flagged = frozenset(row.code for row in registry.diagnoses if "unspecified" in row.flags)
        arrays = edition_arrays(edition.tree, edition.notes, edition.moved, lexicons, flagged)
        arrays |= _positions(codes, edition.tree)
        for name, array in arrays.items():
            np.save(arrays_folder / f"{edition.number}.{name}.npy", array, allow_pickle=False)
    progress("signing", 0.97)
    manifest = _manifest(files, registry, editions, entries, lexicons)
    manifest["files"] = {
        str(file.relative_to(work)): homes.sha256(file) for file in sorted(work.rglob("*")) if file.is_file()
    }
    (work / "manifest.json").write_text(json.dumps(manifest, indent=1, ensure_ascii=False), encoding="utf-8")
    progress("done", 1.0)


def _one(files: list[homes.Input], table: str) -> homes.Input:
    return next(each for each in files if each.table == table)


def _paths(files: list[homes.Input], table: str) -> list[Path]:
    return [each.path for each in files if each.table == table]


def _release(entry: homes.Input) -> date | None:
    return date.fromisoformat(entry.release) if entry.release else None


def _windows(found: list[tuple[str, tabular.Tabular]]) -> list[tuple[str, tabular.Tabular, Interval]]:
    """Editions in order of time, each with the days it answers for.

    The first release of a fiscal year answers from its first day (October 1); a later one takes
    over on its own release day.
    """
    unique = {(each.fiscal_year, each.release): (file, each) for file, each in found}
    ordered = [unique[key] for key in sorted(unique)]
    out = []
    for index, (file, each) in enumerate(ordered):
        before, after = (
            ordered[index - 1][1] if index else None,
            ordered[index + 1][1] if index + 1 < len(ordered) else None,
        )
        starts = each.release if before and before.fiscal_year == each.fiscal_year else each.window.starts
        handed_on = after and after.fiscal_year == each.fiscal_year
        ends = after.release - timedelta(days=1) if after and handed_on else each.window.ends
        out.append((file, each, Interval(starts, ends)))
    return out


def _edition(number: int, file: str, source: tabular.Tabular, window: Interval, registry: mce.MceTables) -> Edition:
    year = source.window
    assert year.ends is not None  # noqa: S101 - a fiscal year ends
    known = frozenset(
        row.code
        for row in registry.diagnoses
        if row.starts <= year.ends and (row.ends is None or row.ends >= year.starts)
    )
    tree = grow(source, known)
    leaves = {node.code for node in tree.leaves()}
    if known and len(leaves & known) < 0.9 * len(leaves):
        raise SourceError(
            source.name,
            f"only {len(leaves & known)} of its {len(leaves)} codes stand in the dated registry",
            "the tabular list of a fiscal year from 2016 on",
        )
    notes = read_notes(source, tree)
    return Edition(number, file, source, window, tree, notes, moved_references(notes, tree))


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day else None


def _write_registry(db: sqlite3.Connection, registry: mce.MceTables) -> None:
    insert(
        db,
        "registry",
        ((row.code, _iso(row.starts), _iso(row.ends), " ".join(row.flags)) for row in registry.diagnoses),
    )
    insert(db, "age_range", ((a.name, a.low, a.high, _iso(a.starts), _iso(a.ends)) for a in registry.age_ranges))
    insert(db, "conversion", ((c.source, c.target, _iso(c.effective)) for c in registry.conversions))


def _write_lexicons(db: sqlite3.Connection, lexicons: dict[str, lexicon_source.Lexicon]) -> dict[tuple[str, int], int]:
    keys = [(name, ordinal) for name in sorted(lexicons) for ordinal in range(len(lexicons[name].rows))]
    numbers = {key: number for number, key in enumerate(keys)}
    insert(
        db,
        "lexicon_row",
        (
            (number, name, ordinal, json.dumps(lexicons[name].rows[ordinal], ensure_ascii=False, default=str))
            for (name, ordinal), number in numbers.items()
        ),
    )
    insert(
        db,
        "lexicon_source",
        (
            (name, key, json.dumps(entry, ensure_ascii=False, default=str))
            for name in sorted(lexicons)
            for key, entry in sorted(lexicons[name].sources.items())
        ),
    )
    insert(
        db,
        "citation",
        (
            (c.document, c.section, c.edition, c.starts, c.ends, c.authority, c.title, c.page, c.text)
            for c in lexicon_source.citations()
        ),
    )
    return numbers


def _write_edition(db: sqlite3.Connection, edition: Edition) -> None:
    number, source = edition.number, edition.source
    insert(
        db,
        "edition",
        [
            (number, "icd10cm-tabular", source.name, _iso(edition.window.starts), _iso(edition.window.ends),
             _iso(source.release), source.fiscal_year)
        ],
    )  # fmt: skip
    insert(
        db,
        "node",
        (
            (number, n.pos, n.kind, n.code, n.title, n.parent, n.stop, n.seventh, int(n.source < 0))
            for n in edition.tree.nodes
        ),
    )
    insert(
        db,
        "note",
        (
            (number, n.number, n.holder, n.kind, n.element, n.run, n.head, n.text, int(n.conditional), int(n.open))
            for n in edition.notes
        ),
    )
    _write_references(db, edition)
    insert(
        db,
        "extension",
        (
            (number, holder, ordinal, row.character, row.text)
            for holder, rows in edition.tree.extensions.items()
            for ordinal, row in enumerate(rows)
        ),
    )
    insert(db, "moved", ((number, each.note, each.to, each.term) for each in edition.moved))


def _write_references(db: sqlite3.Connection, edition: Edition) -> None:
    """References interned: the same words in the same edition mean the same places."""
    base = db.execute("SELECT coalesce(max(id), -1) + 1 FROM reference").fetchone()[0]
    ids: dict[Any, int] = {}
    links = []
    for note in edition.notes:
        for ordinal, reference in enumerate(note.references):
            number = ids.setdefault(reference, base + len(ids))
            links.append((edition.number, note.number, ordinal, number))
    insert(db, "reference", ((i, edition.number, r.text, undotted(r.exact), r.problem) for r, i in ids.items()))
    insert(db, "span", ((i, start, stop) for r, i in ids.items() for start, stop in r.spans))
    insert(db, "note_reference", links)


def days(day: date | None) -> int:
    """Days since 1970-01-01; an open end is the largest number."""
    return FAR if day is None else (day - EPOCH).days


def _code_names(registry: mce.MceTables, editions: list[Edition]) -> set[str]:
    """Every code and category ever listed."""
    names = {row.code for row in registry.diagnoses}
    for edition in editions:
        names |= {node.code for node in edition.tree.nodes if node.kind not in ("chapter", "block")}
    return names


def write_axis(
    folder: Path, prefix: str, names: Iterable[str], rows: Iterable[mce.RegistryRow], flags: Sequence[str]
) -> npt.NDArray[np.bytes_]:
    """A code axis (`names`, sorted) and the dated rows of each of its codes, with a bit for each of `flags`."""
    dated = sorted(rows, key=lambda row: (row.code, row.starts))
    codes = np.array(sorted(names), dtype="S7")
    owner = np.searchsorted(codes, np.array([row.code for row in dated], dtype="S7"))
    bit = {flag: 1 << number for number, flag in enumerate(flags)}
    arrays = {
        "codes": codes,
        "registry.pointer": np.searchsorted(owner, np.arange(len(codes) + 1)).astype(np.int32),
        "registry.starts": np.array([days(row.starts) for row in dated], dtype=np.int32),
        "registry.ends": np.array([days(row.ends) for row in dated], dtype=np.int32),
        "registry.flags": np.array([sum(bit[flag] for flag in row.flags) for row in dated], dtype=np.uint32),
    }
    for name, array in arrays.items():
        np.save(folder / f"{prefix}{name}.npy", array, allow_pickle=False)
    return codes


def _positions(codes: npt.NDArray[np.bytes_], tree: Tree) -> dict[str, npt.NDArray[Any]]:
    """Where each code of the axis stands in this edition: int32 [codes], -1 for nowhere.

    A code that this edition does not have takes the place of its nearest category, so that inherited
    notes still apply to it; `exact` tells the two apart.
    """
    position = np.full(len(codes), -1, dtype=np.int32)
    exact = np.zeros(len(codes), dtype=np.bool_)
    where = {node.code: node.pos for node in tree.nodes if node.kind not in ("chapter", "block")}
    for index, name in enumerate(codes.tolist()):
        code = name.decode("ascii")
        if code in where:
            position[index], exact[index] = where[code], True
            continue
        for length in range(len(code) - 1, 2, -1):
            if code[:length] in where:
                position[index] = where[code[:length]]
                break
    return {"position": position, "exact": exact}


def _manifest(
    files: list[homes.Input],
    registry: mce.MceTables,
    editions: list[Edition],
    entries: list[Entry],
    lexicons: dict[str, lexicon_source.Lexicon],
) -> dict[str, Any]:
    """What the book was made of, what it holds, and what could not be resolved."""
    return {
        "format": homes.FORMAT,
        "inputs": homes.describe(files),
        "registry": {
            "edition": f"MCE dated tables to {registry.ends}",
            "from": _iso(min(row.starts for row in registry.diagnoses)),
            "to": _iso(registry.ends),
            "rows": len(registry.diagnoses),
            "codes": len({row.code for row in registry.diagnoses}),
            "billable": _counts(registry),
            "conversions": len(registry.conversions),
        },
        "tabular": [_edition_entry(edition, registry) for edition in editions],
        "parts": [each.listed() for each in entries],
        "lexicons": {
            name: {"rows": len(each.rows), "reviewed": each.reviewed, "says": each.says}
            for name, each in sorted(lexicons.items())
        },
        "sets": set_names(lexicons.get("code-sets")),
    }


def _counts(registry: mce.MceTables) -> dict[str, int]:
    """Billable codes on every day on which their number may change."""
    changes = sorted({row.starts for row in registry.diagnoses})
    return {
        str(day): sum(row.starts <= day and (row.ends is None or day <= row.ends) for row in registry.diagnoses)
        for day in changes
    }


def _edition_entry(edition: Edition, registry: mce.MceTables) -> dict[str, Any]:
    leaves = {node.code for node in edition.tree.leaves()}
    kinds: dict[str, int] = {}
    for note in edition.notes:
        kinds[note.kind] = kinds.get(note.kind, 0) + 1
    starts, ends = edition.window.starts, edition.window.ends
    on = {
        row.code
        for row in registry.diagnoses
        if ends and row.starts <= ends and (row.ends is None or row.ends >= starts)
    }
    nodes = edition.tree.nodes
    return {
        "edition": edition.source.name,
        "file": edition.file,
        "release": _iso(edition.source.release),
        "from": _iso(starts),
        "to": _iso(ends),
        "nodes": len(nodes),
        "billable": len(leaves),
        "phantoms": len(edition.tree.phantoms),
        "not in tabular": sorted(on - leaves)[:50],
        "not in registry": sorted(leaves - on)[:50],
        "notes": kinds,
        "moved": len(edition.moved),
        "unresolved": [
            {"holder": nodes[n.holder].code, "kind": n.kind, "text": n.text, "reference": r.text, "problem": r.problem}
            for n in edition.notes
            for r in n.references
            if r.problem
        ],
    }
