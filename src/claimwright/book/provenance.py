"""Where the answers of a record come from: editions and files."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

from claimwright.book.record import SourceRecord
from claimwright.model import EditionUsed

if TYPE_CHECKING:
    from claimwright.book.store import Book


def editions_used(book: Book, day: date, as_of: date | None) -> tuple[EditionUsed, ...]:
    """Editions that answer; the registry too is only the nearest when it does not reach the day."""
    return tuple(
        replace(each, nearest=True) if each.table == "icd10cm-registry" and day not in book.registry_window else each
        for each in book.editions_used(day, as_of)
    )


def sources(book: Book, edition: int | None) -> tuple[SourceRecord, ...]:
    """The files behind an answer of the diagnosis tables; `edition` None when no tabular list has the code."""
    registry = book.registry_window
    tabular = book.editions[edition] if edition is not None else None
    out = []
    for each in book.manifest["inputs"]:
        table, file, digest = each["table"], each["path"], each["sha256"]
        if table == "icd10cm-registry":
            name = book.manifest["registry"]["edition"]
            out.append(SourceRecord(table, name, registry.starts, registry.ends, file, digest))
        elif tabular and table == "icd10cm-tabular" and book.manifest["tabular"][tabular.number]["file"] == file:
            out.append(SourceRecord(table, tabular.name, tabular.window.starts, tabular.window.ends, file, digest))
    return tuple(sorted(out, key=lambda each: each.table, reverse=True))
