"""Floors of what words are understood, on the halves that may be looked at and on those that may not.

Of a held half nothing but its total is read, and a failure here shows nothing else.
"""

from __future__ import annotations

import pytest
from bench.word_scores import assertion_score, lay_score

from claimwright.book.store import Book
from claimwright.notes.reading import Notes

pytestmark = pytest.mark.book


@pytest.mark.parametrize(("half", "floor"), [("open", 0.98), ("held", 0.89)])
def test_assertions(book: Book, half: str, floor: float) -> None:
    share, count = assertion_score(Notes(book), half)
    print(f"assertions, {half}: {share:.3f} of {count}")  # noqa: T201 - the score is the point
    assert share >= floor


@pytest.mark.parametrize(("half", "first_floor", "ten_floor"), [("open", 0.84, 0.97), ("held", 0.74, 0.90)])
def test_everyday_queries(book: Book, half: str, first_floor: float, ten_floor: float) -> None:
    first, ten, count = lay_score(book, half)
    print(f"everyday queries, {half}: first {first:.3f}, ten {ten:.3f} of {count}")  # noqa: T201 - the score is the point
    assert first >= first_floor
    assert ten >= ten_floor
