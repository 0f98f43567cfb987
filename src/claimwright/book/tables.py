"""The tables of a book as `data list` and `data verify` show them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from claimwright.book import home as homes
from claimwright.book.parts import Addable, Reading, parts
from claimwright.book.store import Book
from claimwright.errors import BookDamaged
from claimwright.sources import tabular

NOT_LOADED: dict[str, str] = {}
"""Tables that this release has no importer for; answers that need them say so."""


_LISTED = ("table", "edition", "from", "to", "file", "files", "rows")


def addable() -> dict[str, Addable]:
    """Tables that a user can add in this release, by name."""
    known = [TABULAR, *(each for part in parts() for each in part.addable)]
    return {each.table: each for each in known}


def _tabular_name(file: Path, release: date | None) -> Reading:
    return Reading(tabular.read(file, release).name)


TABULAR = Addable("icd10cm-tabular", "ICD-10-CM tabular list (CDC)", "US Government work (CDC/NCHS)", _tabular_name)


def not_loaded(book: Book) -> dict[str, str]:
    """Tables that answers would use if they were loaded, and what each is."""
    have = {each["table"] for each in book.manifest["inputs"]}
    out = dict(NOT_LOADED)
    for each in addable().values():
        if each.table not in have:
            terms = " --accept-licence" if each.terms else ""
            out[each.table] = f"{each.title}; claimwright data add {each.table} FILE{terms}"
    return out


@dataclass(frozen=True, slots=True)
class Table:
    """One loaded table: its edition and window, the files it came from, how many rows they gave.

    `source` and `sha256` are those of the first file; `files` has all of them where there are several.
    """

    table: str
    edition: str
    starts: str | None
    ends: str | None
    source: str = ""
    sha256: str = ""
    rows: int = 0
    licence: str = ""
    detail: dict[str, Any] = field(default_factory=dict)
    files: tuple[dict[str, str], ...] = ()


def tables(book: Book) -> tuple[Table, ...]:
    """Every loaded table, official ones first."""
    manifest = book.manifest
    files = {(each["table"], each["path"]): each for each in manifest["inputs"]}
    out = []
    for entry in manifest["tabular"]:
        source = files["icd10cm-tabular", entry["file"]]
        detail = {key: entry[key] for key in ("billable", "phantoms", "notes", "moved", "unresolved")}
        detail |= {key: entry[key] for key in ("not in tabular", "not in registry") if entry[key]}
        out.append(_table(entry, source, entry["nodes"], detail))
    registry = manifest["registry"]
    source = next(each for (table, _), each in files.items() if table == "icd10cm-registry")
    detail = {"codes": registry["codes"], "billable": registry["billable"], "conversions": registry["conversions"]}
    out.append(_table(registry, source, registry["rows"], detail))
    for entry in manifest["parts"]:
        extra = {key: value for key, value in entry.items() if key not in _LISTED}
        named = entry.get("files", [{"file": entry["file"]}])[0]
        source = next(
            each
            for each in manifest["inputs"]
            if (each["table"], each["path"]) == (entry["table"], named["file"])
            and each["sha256"] == named.get("sha256", each["sha256"])
        )
        out.append(_table(entry, source, entry["rows"], extra))
    for name, entry in manifest["lexicons"].items():
        source = files["lexicons", f"{name}.yaml"]
        out.append(
            Table(f"lexicon {name}", f"reviewed {entry['reviewed']}", None, None, source["origin"], source["sha256"],
                  entry["rows"], source["licence"])
        )  # fmt: skip
    return tuple(out)


def _table(entry: dict[str, Any], source: dict[str, Any], rows: int, detail: dict[str, Any]) -> Table:
    return Table(
        table=source["table"],
        edition=entry["edition"],
        starts=entry["from"],
        ends=entry["to"],
        source=f"{source['origin']}: {source['path']}",
        sha256=source["sha256"],
        rows=rows,
        licence=source["licence"],
        detail=detail,
        files=tuple(entry.get("files", ())) if len(entry.get("files", ())) > 1 else (),
    )


def verify(book: Book) -> int:
    """Compare every file of the book, and every added source, with the digest that was recorded.

    Returns the number of files compared. Errors: `BookDamaged` naming each file that differs.
    """
    wrong = []
    for name, digest in book.manifest["files"].items():
        file = book.folder / name
        if not file.is_file() or homes.sha256(file) != digest:
            wrong.append(name)
    recorded: dict[tuple[str, str], set[str]] = {}
    for entry in book.manifest["inputs"]:
        recorded.setdefault((entry["table"], entry["path"]), set()).add(entry["sha256"])
    sources = [each for each in homes.inputs(homes.home()) if each.origin == "added by the user"]
    for each in sources:
        digests = recorded.get((each.table, each.path.name), {each.sha256})
        if not each.path.is_file() or homes.sha256(each.path) != each.sha256 or each.sha256 not in digests:
            wrong.append(f"sources: {each.table} {each.path.name}")
    if wrong:
        raise BookDamaged(
            f"{len(wrong)} of {len(book.manifest['files']) + len(sources)} files differ from what was recorded: "
            f"{', '.join(wrong)}. Build the book anew: claimwright data build --force"
        )
    return len(book.manifest["files"]) + len(sources)
