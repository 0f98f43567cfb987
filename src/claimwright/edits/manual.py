"""The few procedure codes that manual rules speak of, from `lexicons/manual-rules.yaml`.

CPT codes are identifiers here, with labels of our own; CPT is copyright American Medical Association.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from claimwright.book.store import Book
from claimwright.edits.frame import Bools, Frame
from claimwright.model import Because

LEXICON = "manual-rules"


@dataclass(frozen=True)
class Codes:
    """One set of procedure codes: `labels` in our own words, by code, in the order of the lexicon.

    `studies`: how many studies a code stands for. `instead`: codes that take the place of the set's.
    `table`: what the official tables say of the set, as proof beside the manual, with its `source`.
    """

    says: str
    labels: dict[str, str]
    studies: dict[str, str]
    instead: tuple[str, ...]
    table: str
    source: str


@lru_cache(maxsize=16)
def code_sets(book: Book) -> dict[str, Codes]:
    """Every set of the lexicon by its name."""
    return {
        row["set"]: Codes(
            says=row["says"],
            labels=row["codes"],
            studies=row.get("studies", {}),
            instead=tuple(row.get("instead", ())),
            table=row.get("table", ""),
            source=row.get("source", ""),
        )
        for row in book.lexicon_rows(LEXICON)
    }


def label(book: Book, code: str) -> str | None:
    """Our own label for a procedure code of the lexicon; None for any other."""
    return next((each.labels[code] for each in code_sets(book).values() if code in each.labels), None)


def line_in(*sets: str) -> Callable[[Frame], Bools]:
    """The code of the line is in one of these sets of the lexicon; a book without it has no such codes."""

    def met(frame: Frame) -> Bools:
        known = code_sets(frame.columns.book)
        codes = [code for name in sets if name in known for code in known[name].labels]
        return frame.lines.among(np.array(codes, dtype="S8"))

    return met


def without_modifier(modifier: str) -> Callable[[Frame], Bools]:
    """The line does not carry this modifier."""
    return lambda frame: ~frame.lines.with_modifier(modifier)


def both(*conditions: Callable[[Frame], Bools]) -> Callable[[Frame], Bools]:
    """Every condition is met."""
    return lambda frame: np.logical_and.reduce([condition(frame) for condition in conditions])


def table_says(book: Book, name: str) -> list[Because]:
    """What the lexicon says of table edits for a set: beside the manual, and never as its ground."""
    entry = code_sets(book)[name]
    if not entry.table:
        return []
    source = book.lexicon_source(LEXICON, entry.source)
    proof = Because(
        source=f"lexicon {LEXICON}",
        edition=f"read {source['read']}",
        starts=None,
        ends=None,
        kind="cited-source",
        text=entry.table,
        holder=f"{source['title']} ({source['publisher']})",
        level="source",
    )
    return [proof]
