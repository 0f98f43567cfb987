"""Days as the contract writes them, wherever somebody types one."""

from __future__ import annotations

import re
from datetime import date

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


def day_of_text(text: str) -> date:
    """A day written YYYY-MM-DD.

    Errors: `ValueError` for any other form, those of ISO 8601 included (20260720, 2026-W30-1): two programs that
    read a claim differ in which of them they know.
    """
    if not _DAY.fullmatch(text):
        raise ValueError("not in the form YYYY-MM-DD")
    return date.fromisoformat(text)
