"""Dates in a question: whole ones, months, and those told from the day of asking ("last month")."""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterator
from datetime import date, timedelta
from typing import NamedTuple

_NAMES = {name.lower(): number for number, name in enumerate(calendar.month_name) if name}
_NAMES |= {name.lower(): number for number, name in enumerate(calendar.month_abbr) if name} | {"sept": 9}
_MONTH = "|".join(sorted(_NAMES, key=len, reverse=True))
_ISO = re.compile(r"\b(\d{4})-(\d{1,2})(?:-(\d{1,2}))?\b")
_US = re.compile(r"\b(\d{1,2})/(\d{1,2})/(\d{4}|\d{2})\b")
_US_MONTH = re.compile(r"\b(\d{1,2})/(\d{4})\b")
_MDY = re.compile(rf"\b({_MONTH})\.?\s+(\d{{1,2}})(?:st|nd|rd|th)?\b(?:,?\s+(\d{{4}}))?", re.IGNORECASE)
_DMY = re.compile(rf"\b(\d{{1,2}})(?:st|nd|rd|th)?\s+(?:of\s+)?({_MONTH})\b\.?(?:,?\s+(\d{{4}}))?", re.IGNORECASE)
_MY = re.compile(rf"\b({_MONTH})\.?,?\s+(?:of\s+)?(\d{{4}})\b", re.IGNORECASE)
_IN_MONTH = re.compile(rf"\b(?:(in|during|since|until|for)|(last|next|this))\s+({_MONTH})\b", re.IGNORECASE)
_TOLD = re.compile(r"\b(today|tomorrow|yesterday|(?:last|next|this)\s+(?:week|month|year))\b", re.IGNORECASE)
_YEAR = re.compile(r"\b(?:in|during|of)\s+(20\d{2})\b", re.IGNORECASE)


class Day(NamedTuple):
    """A day that was said: its place, the day, and how much of it was said: day, month or year.

    `assumed` says that the year was not said. A month stands for its first day, a year for January 1.
    """

    start: int
    end: int
    day: date
    precision: str
    assumed: bool = False

    @property
    def said(self) -> str:
        """As far as it was said: 2025-11-15, 2025-11 or 2025."""
        return self.day.isoformat()[: {"day": 10, "month": 7, "year": 4}[self.precision]]


def days_said(text: str, today: date) -> list[Day]:
    """Dates in order of place; one that no calendar has is left out."""
    found: list[Day] = []
    for each in (*_whole(text, today), *_told(text, today), *_months(text, today)):
        if not any(each.start < other.end and other.start < each.end for other in found):
            found.append(each)
    return sorted(found)


def _whole(text: str, today: date) -> Iterator[Day]:
    for match in _ISO.finditer(text):
        yield from _made(match, int(match[1]), int(match[2]), int(match[3]) if match[3] else None)
    for match in _US.finditer(text):
        year = int(match[3])
        yield from _made(match, year + 2000 if year < 100 else year, int(match[1]), int(match[2]))
    for match in _MDY.finditer(text):
        yield from _named(match, match[3], _NAMES[match[1].lower()], int(match[2]), today)
    for match in _DMY.finditer(text):
        yield from _named(match, match[3], _NAMES[match[2].lower()], int(match[1]), today)
    for match in _US_MONTH.finditer(text):
        yield from _made(match, int(match[2]), int(match[1]), None)


def _named(match: re.Match[str], year: str | None, month: int, day: int, today: date) -> Iterator[Day]:
    if year:
        yield from _made(match, int(year), month, day)
    elif day <= 31:
        for each in _made(match, today.year, month, day, assumed=True):
            yield each._replace(day=_nearest(each.day, today))


def _nearest(day: date, today: date) -> date:
    """The same day of the year in the year that brings it nearest to `today`."""
    years = [day.year - 1, day.year, day.year + 1]
    return min((_moved(day, year) for year in years), key=lambda each: abs(each - today))


def _moved(day: date, year: int) -> date:
    return date(year, day.month, min(day.day, calendar.monthrange(year, day.month)[1]))


def _made(match: re.Match[str], year: int, month: int, day: int | None, assumed: bool = False) -> Iterator[Day]:
    try:
        yield Day(match.start(), match.end(), date(year, month, day or 1), "day" if day else "month", assumed)
    except ValueError:
        return


def _months(text: str, today: date) -> Iterator[Day]:
    for match in _MY.finditer(text):
        yield from _made(match, int(match[2]), _NAMES[match[1].lower()], None)
    for match in _IN_MONTH.finditer(text):
        month, which = _NAMES[match[3].lower()], (match[2] or "").lower()
        if len(match[3]) <= 3 and not match[3][0].isupper():  # "in may", "in mar" may be words
            continue
        first = _nearest(date(today.year, month, 1), today)
        if which == "last" and first >= today.replace(day=1):
            first = _moved(first, first.year - 1)
        if which == "next" and first <= today:
            first = _moved(first, first.year + 1)
        yield Day(match.start(), match.end(), first, "month", True)
    for match in _YEAR.finditer(text):
        yield Day(match.start(1), match.end(1), date(int(match[1]), 1, 1), "year")


def _told(text: str, today: date) -> Iterator[Day]:
    for match in _TOLD.finditer(text):
        words = match[1].lower().split()
        if len(words) == 1:
            step = {"yesterday": -1, "today": 0, "tomorrow": 1}[words[0]]
            yield Day(match.start(), match.end(), today + timedelta(step), "day")
            continue
        step = {"last": -1, "this": 0, "next": 1}[words[0]]
        if words[1] == "week":
            yield Day(match.start(), match.end(), today + timedelta(7 * step), "day")
        elif words[1] == "month":
            months = today.year * 12 + today.month - 1 + step
            yield Day(match.start(), match.end(), date(months // 12, months % 12 + 1, 1), "month")
        else:
            yield Day(match.start(), match.end(), date(today.year + step, 1, 1), "year")
