"""The words of the book, indexed for `search` (SQLite FTS5)."""

from __future__ import annotations

import sqlite3

from claimwright.sources.lexicon import Lexicon


def write_search(db: sqlite3.Connection, terms: Lexicon | None) -> None:
    """Fill the search tables from the nodes and notes already written."""
