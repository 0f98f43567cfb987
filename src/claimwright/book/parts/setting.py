"""Choices in reading official tables, from the lexicon `ncci-settings`, for parts that are being written."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from typing import Any

from claimwright.errors import RuleError
from claimwright.sources.lexicon import lexicon

LEXICON = "ncci-settings"


def setting(db: sqlite3.Connection, name: str, allowed: Sequence[Any] = ()) -> Any:
    """The value chosen for `name`: as the book in the making holds it, else as shipped."""
    found = [json.loads(data) for (data,) in db.execute("SELECT data FROM lexicon_row WHERE lexicon = ?", (LEXICON,))]
    if not found:  # a book compiled of a few files only
        found = list(lexicon(LEXICON).rows)
    values = [row["value"] for row in found if row["setting"] == name]
    if len(values) != 1 or (allowed and values[0] not in allowed):
        known = f"; allowed are {', '.join(map(str, allowed))}" if allowed else ""
        raise RuleError(f"lexicon {LEXICON}: {name} is {values}{known}")
    return values[0]
