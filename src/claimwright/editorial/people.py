"""Accounts and roles; every change is one transaction with its line in the audit log."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import delete, func, select
from sqlalchemy.exc import IntegrityError

from claimwright.editorial import passwords
from claimwright.editorial.audit import PROGRAM, record
from claimwright.editorial.clock import now
from claimwright.editorial.schema import SessionRow, UserRow
from claimwright.editorial.states import NEEDED, Right, Role
from claimwright.errors import EditorialError, InputError, NotAllowed

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from claimwright.editorial.database import Database

_NAME = re.compile(r"[^\s\x00-\x1f\x7f]+(?: [^\s\x00-\x1f\x7f]+)*\Z")
MOST_NAME = 60
MOST_KEY = 200
"""Characters of a name as it is kept, and as it is compared."""


@dataclass(frozen=True, slots=True)
class User:
    """A person with an account; `id` None is the one local person of a server without log-in."""

    id: int | None
    name: str
    role: Role
    active: bool = True

    def may(self, right: Right) -> bool:
        """Does the role allow it?"""
        return self.active and right in self.role.rights


LOCAL = User(None, "local", Role.ADMIN)
"""Everybody, where the server has no log-in."""


def need(user: User | None, right: Right) -> User:
    """The user, if the role allows it; `NotAllowed` otherwise."""
    if user is None or not user.may(right):
        raise NotAllowed(f"This needs the role {NEEDED[right]}")
    return user


def name_key(name: str) -> str:
    """The name as it is compared: neither case nor the way of writing a letter makes another person."""
    return unicodedata.normalize("NFKC", name.strip()).casefold()


def clean_name(name: str) -> str:
    """The name as it is kept. Errors: `InputError` for an empty, long or unprintable one."""
    name = unicodedata.normalize("NFC", name.strip())
    # A few characters are eighteen when folded.
    if len(name) > MOST_NAME or len(name_key(name)) > MOST_KEY or not _NAME.match(name) or not name.isprintable():
        raise InputError("name", "cannot be a user's name", f"1 to {MOST_NAME} printable characters")
    if name_key(name) in {PROGRAM, LOCAL.name}:
        raise InputError("name", f"{name} is taken by the program", "another name")
    return name


def role_of(text: str) -> Role:
    """A role by its word. Errors: `InputError`."""
    try:
        return Role(text)
    except ValueError:
        raise InputError("role", f"{text!r} is no role", ", ".join(Role)) from None


def of_row(row: UserRow) -> User:
    """The person of a row."""
    return User(row.id, row.name, Role(row.role), row.active)


def add(database: Database, name: str, role: Role, password: str, by: str = PROGRAM) -> User:
    """A new account. Errors: `InputError` for a name or password that cannot be, or a name that is taken."""
    name = clean_name(name)
    kept = passwords.hashed(password, name)
    row = UserRow(name=name, key=name_key(name), password=kept, role=role, active=True, created=now())
    try:
        with database.writing() as session:
            session.add(row)
            record(session, by, f"user added as {role}", f"user {name}")
            session.flush()
            return of_row(row)
    except IntegrityError:
        raise InputError("name", f"{name} is taken", "a name that nobody has") from None


def users(database: Database) -> list[User]:
    """Everybody with an account, by name."""
    with database.reading() as session:
        return [of_row(row) for row in session.scalars(select(UserRow).order_by(UserRow.key))]


def find(session: Session, name: str) -> UserRow:
    """The row of a name. Errors: `InputError`."""
    row = session.scalar(select(UserRow).where(UserRow.key == name_key(name)))
    if row is None:
        raise InputError("user", "nobody has this name", "a name of: claimwright user list")
    return row


def set_role(database: Database, name: str, role: Role, by: str = PROGRAM) -> User:
    """Give a person another role."""
    with database.writing() as session:
        row = find(session, name)
        _keep_an_admin(session, row, role is not Role.ADMIN)
        before, row.role = row.role, role
        record(session, by, f"role changed from {before} to {role}", f"user {row.name}")
        return of_row(row)


def set_active(database: Database, name: str, active: bool, by: str = PROGRAM) -> User:
    """Disable an account, which ends its sessions at once, or enable it again."""
    with database.writing() as session:
        row = find(session, name)
        _keep_an_admin(session, row, not active)
        row.active = active
        if not active:
            session.execute(delete(SessionRow).where(SessionRow.user_id == row.id))
        record(session, by, "user enabled" if active else "user disabled", f"user {row.name}")
        return of_row(row)


def set_password(database: Database, name: str, password: str, by: str = PROGRAM, keep: str = "") -> User:
    """Another password; ends every session of the person but the one whose token has the digest `keep`."""
    kept = passwords.hashed(password, name)
    with database.writing() as session:
        row = find(session, name)
        row.password = kept
        session.execute(delete(SessionRow).where(SessionRow.user_id == row.id, SessionRow.token != keep))
        record(session, by, "password changed", f"user {row.name}")
        return of_row(row)


def _keep_an_admin(session: Session, row: UserRow, leaving: bool) -> None:
    """A server whose last admin is gone could be managed from the command line only."""
    if not leaving or row.role != Role.ADMIN or not row.active:
        return
    # Locking the admins' rows keeps two admins from disabling each other at once.
    admins = session.scalars(
        select(UserRow.id).where(UserRow.role == Role.ADMIN, UserRow.active).order_by(UserRow.id).with_for_update()
    ).all()
    if len(admins) <= 1:
        raise EditorialError(f"{row.name} is the only admin; make somebody else one first")


def anybody(database: Database) -> bool:
    """Is there any account?"""
    with database.reading() as session:
        return bool(session.scalar(select(func.count(UserRow.id))))
