"""The whole book, compiled once into CLAIMWRIGHT_HOME or the user's cache."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from claimwright.book.store import Book, open_book


@pytest.fixture(scope="session")
def book() -> Iterator[Book]:
    with open_book() as opened:
        yield opened
