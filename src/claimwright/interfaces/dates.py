"""Dates as the contract writes them."""

from __future__ import annotations

import re
from datetime import date

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


def day_of_text(text: str) -> date:
    """A day written YYYY-MM-DD. Errors: `ValueError` for any other form, those of ISO 8601 included."""
    if not _DAY.fullmatch(text):
        raise ValueError
    return date.fromisoformat(text)
