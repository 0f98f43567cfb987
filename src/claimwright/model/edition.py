"""An edition that answered."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date


@dataclass(frozen=True, slots=True)
class EditionUsed:
    """An edition that answered; `nearest` when it does not cover the day itself."""

    table: str
    edition: str
    starts: date | None
    ends: date | None
    nearest: bool = field(default=False, metadata={"omit": True})
