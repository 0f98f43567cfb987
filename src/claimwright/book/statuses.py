"""Discharge statuses in the book: on which days each is accepted."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from claimwright.model import Interval

if TYPE_CHECKING:
    from claimwright.book.store import Book


def status_windows(book: Book, status: int) -> list[Interval]:
    """The days on which CMS's table accepts a discharge status; none for a number that never was one."""
    sql = "SELECT starts, ends FROM discharge_status WHERE status = ? ORDER BY starts"
    return [Interval.of(starts, ends) for starts, ends in book.rows(sql, (status,))]


def status_names(book: Book, day: date) -> list[str]:
    """Every status accepted on `day`, in two digits."""
    sql = "SELECT status FROM discharge_status WHERE starts <= ? AND (ends IS NULL OR ends >= ?) ORDER BY status"
    iso = day.isoformat()
    return [f"{status:02d}" for (status,) in book.rows(sql, (iso, iso))]
