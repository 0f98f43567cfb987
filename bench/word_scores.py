"""How well words are understood: assertions of sentences and everyday queries, each in an open and a held half.

The open halves may be looked at while the rules are worked on, the held ones may not: of those only totals are
told, here as everywhere.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench.figures import Figure
from bench.lay_scores import read, score
from claimwright.book.store import Book, open_book
from claimwright.notes.reading import Notes

CASES = Path(__file__).resolve().parents[1] / "tests" / "cases"
HALVES = ("open", "held")


def assertion_score(notes: Notes, half: str) -> tuple[float, int]:
    """Share of mentions with the right status, and how many there are; words of two sentences are wrong."""
    import yaml

    rows = yaml.safe_load((CASES / "assertion" / f"{half}.yaml").read_text(encoding="utf-8"))
    asked = [(row["text"], each) for row in rows for each in row.get("expect") or [row]]
    return sum(_right(notes, text, each) for text, each in asked) / len(asked), len(asked)


def _right(notes: Notes, text: str, expected: dict[str, Any]) -> bool:
    start = text.index(expected["mention"])
    try:
        return notes.status_at(text, start, start + len(expected["mention"])).value == expected["status"]
    except ValueError:
        return False


def lay_score(book: Book, half: str) -> tuple[float, float, int]:
    """Shares of queries answered by the first and by one of the first ten hits, and how many there are."""
    found = score(book, half, read(CASES / "lay" / f"{half}.yaml"))
    return found.first, found.ten, found.queries


def words() -> Iterator[Figure]:
    """All four scores; a home with an Alphabetic Index is told by the section."""
    with open_book() as book:
        indexed = bool(book.rows("SELECT 1 FROM index_edition WHERE kind = 'index'"))
        section = f"words understood ({'with' if indexed else 'without'} an Alphabetic Index)"
        notes = Notes(book)
        for half in HALVES:
            share, count = assertion_score(notes, half)
            yield Figure(section, f"assertions, {half}", share, "share right", note=f"{count} mentions")
        for half in HALVES:
            first, ten, count = lay_score(book, half)
            yield Figure(section, f"everyday queries, {half}: first hit", first, "share right", note=f"{count} queries")
            yield Figure(section, f"everyday queries, {half}: first ten", ten, "share right", note=f"{count} queries")
