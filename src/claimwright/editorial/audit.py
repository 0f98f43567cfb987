"""Who did what to what, and when. Never a text, a comment, a password, a key or a token."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import select

from claimwright.editorial.clock import now
from claimwright.editorial.schema import AuditRow

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from claimwright.editorial.database import Database

PROGRAM = "claimwright"
"""Who did it, where the program itself did."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the audit log."""

    number: int
    at: datetime
    who: str
    what: str
    subject: str


def record(session: Session, who: str, what: str, subject: str) -> None:
    """Add a line in the transaction of what it tells about: neither is kept without the other."""
    session.add(AuditRow(at=now(), who=who, what=what, subject=subject[:200]))


def entries(database: Database, before: int | None = None, most: int = 100) -> list[Entry]:
    """The newest lines first; `before` is the number of the last line already read."""
    query = select(AuditRow).order_by(AuditRow.id.desc()).limit(most)
    if before is not None:
        query = query.where(AuditRow.id < before)
    with database.reading() as session:
        return [Entry(row.id, row.at, row.who, row.what, row.subject) for row in session.scalars(query)]
