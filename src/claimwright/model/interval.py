"""Intervals of days, both ends included, as CMS and CDC print them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Interval:
    """From `starts` to `ends`, both included; `ends` None means that no end is known."""

    starts: date
    ends: date | None = None

    @classmethod
    def of(cls, starts: str, ends: str | None) -> Interval:
        """The interval between two days in ISO form, as books and manifests hold them."""
        return cls(date.fromisoformat(starts), date.fromisoformat(ends) if ends else None)

    def __contains__(self, day: date) -> bool:
        return self.starts <= day and (self.ends is None or day <= self.ends)

    def __str__(self) -> str:
        return f"{self.starts} to {self.ends}" if self.ends else f"since {self.starts}"

    def distance(self, day: date) -> int:
        """Days between `day` and the nearest day of the interval; 0 inside it."""
        if day < self.starts:
            return (self.starts - day).days
        return 0 if self.ends is None or day <= self.ends else (day - self.ends).days
