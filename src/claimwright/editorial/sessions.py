"""Log-in, sessions and API keys. Tokens and keys are long random words; only their SHA-256 is kept."""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import math
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import delete, func, select, update

from claimwright.editorial import passwords
from claimwright.editorial.audit import PROGRAM, record
from claimwright.editorial.clock import now
from claimwright.editorial.people import User, find, name_key, of_row
from claimwright.editorial.schema import FailureRow, KeyRow, SessionRow, UserRow
from claimwright.errors import EditorialError, InputError

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from claimwright.editorial.database import Database

LIFE = timedelta(hours=12)
"""A session ends so long after the log-in."""

IDLE = timedelta(hours=1)
"""A session ends so long after it was last used."""

_TOUCH = timedelta(seconds=60)
"""How often its use is written down."""

WINDOW = timedelta(minutes=15)
"""Failed log-ins count for so long."""

MOST_BY_NAME = 5
MOST_BY_ADDRESS = 30
"""Failed log-ins in the window: of one name, and from one address, behind which a whole clinic may be."""


class TooManyAttempts(EditorialError):
    """Too many log-ins failed; `seconds` is how long to wait."""

    def __init__(self, seconds: int) -> None:
        self.seconds = seconds
        super().__init__(f"Too many log-ins have failed; try again in {math.ceil(seconds / 60)} minutes")


class WrongPassword(EditorialError):
    """Nobody has the name, the account is disabled, or the password is another: it is not told which."""

    def __init__(self) -> None:
        super().__init__("The name or the password is wrong")


def digest(token: str) -> str:
    """What is kept of a token: SHA-256, hexadecimal."""
    return hashlib.sha256(token.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Login:
    """A session just begun: the person, and the token for the cookie."""

    user: User
    token: str


def log_in(database: Database, name: str, password: str, address: str) -> Login:
    """Begin a session. Errors: `WrongPassword`, `TooManyAttempts`.

    The attempt is written down as failed before the password is looked at, so that many at once are
    counted too; a right password takes it back.
    """
    about = (_about("name", name_key(name)), _about("address", _network(address)))
    attempt = _attempt(database, about)
    with database.reading() as session:
        row = session.scalar(select(UserRow).where(UserRow.key == name_key(name)))
        known = (row.id, row.password, row.active) if row else None
    right = passwords.matches(password, known[1] if known else None)
    with database.writing() as session:
        row = session.get(UserRow, known[0]) if known else None
        # Disabled, or another password, since it was looked at: the log-in fails.
        if not right or row is None or known is None or not row.active or row.password != known[1]:
            # A name that nobody has is not written down: it may be a password in the wrong field.
            record(session, row.name if row else "unknown", "log-in failed", f"user {row.name}" if row else "")
            wrong = True
        else:
            wrong = False
            session.execute(delete(FailureRow).where(FailureRow.id.in_(attempt)))
            session.execute(delete(FailureRow).where(FailureRow.about == about[0]))
            if passwords.is_old(row.password):
                row.password = passwords.HASHER.hash(password)
            login = Login(of_row(row), _begin(session, row.id))
            record(session, row.name, "logged in", f"user {row.name}")
    if wrong:
        raise WrongPassword
    return login


def _about(kind: str, value: str) -> str:
    return digest(f"{kind}:{value}")


def _network(address: str) -> str:
    """An address, or the /64 network of an IPv6 one: whoever has one of it has all."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv6Address):
        return str(parsed.ipv4_mapped or ipaddress.ip_network((parsed, 64), strict=False))
    return str(parsed)


def _attempt(database: Database, about: tuple[str, str]) -> list[int]:
    since = now() - WINDOW
    with database.writing() as session:
        session.execute(delete(FailureRow).where(FailureRow.at <= since))
        for each, most in zip(about, (MOST_BY_NAME, MOST_BY_ADDRESS), strict=True):
            if session.get_bind().dialect.name == "postgresql":
                # Attempts at the same moment would not see each other; SQLite writes one after the other anyway.
                session.execute(select(func.pg_advisory_xact_lock(int(each[:15], 16))))
            count, oldest = session.execute(
                select(func.count(FailureRow.id), func.min(FailureRow.at)).where(FailureRow.about == each)
            ).one()
            if count >= most:
                raise TooManyAttempts(max(1, int((oldest + WINDOW - now()).total_seconds())))
        rows = [FailureRow(about=each, at=now()) for each in about]
        session.add_all(rows)
        session.flush()
        return [row.id for row in rows]


def _begin(session: Session, user_id: int) -> str:
    token = secrets.token_urlsafe(32)
    at = now()
    session.execute(delete(SessionRow).where(SessionRow.expires <= at))
    session.add(SessionRow(token=digest(token), user_id=user_id, created=at, seen=at, expires=at + LIFE))
    return token


def begin(database: Database, user: User) -> str:
    """A session of somebody who has just shown to be the person; its token."""
    if user.id is None:
        raise WrongPassword
    with database.writing() as session:
        return _begin(session, user.id)


def session_user(database: Database, token: str) -> User | None:
    """Whose session it is; None for one that has ended, or of a disabled account."""
    at = now()
    with database.reading() as session:
        found = session.execute(
            select(SessionRow, UserRow).join(UserRow).where(SessionRow.token == digest(token))
        ).one_or_none()
    if found is None:
        return None
    begun, row = found
    if not row.active or begun.expires <= at or begun.seen + IDLE <= at:
        return None
    if begun.seen + _TOUCH <= at:
        with database.writing() as session:
            session.execute(update(SessionRow).where(SessionRow.id == begun.id).values(seen=at))
    return of_row(row)


def log_out(database: Database, token: str) -> None:
    """End a session; nothing for one that has ended."""
    with database.writing() as session:
        found = session.execute(
            select(SessionRow, UserRow).join(UserRow).where(SessionRow.token == digest(token))
        ).one_or_none()
        if found is not None:
            session.delete(found[0])
            record(session, found[1].name, "logged out", f"user {found[1].name}")


def confirm(database: Database, user: User, password: str) -> None:
    """The person's own password, asked again before it is changed. Errors: `WrongPassword`, `TooManyAttempts`."""
    about = (_about("name", name_key(user.name)), _about("address", f"account {user.id}"))
    attempt = _attempt(database, about)
    with database.reading() as session:
        row = session.get(UserRow, user.id)
        kept = row.password if row else None
    if not passwords.matches(password, kept):
        raise WrongPassword
    with database.writing() as session:
        session.execute(delete(FailureRow).where(FailureRow.id.in_(attempt)))


# ---- keys of the HTTP API ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key as it is listed: never the key itself."""

    id: int
    user: str
    label: str
    created: datetime
    revoked: datetime | None


_PREFIX = "cw_"


def new_key(database: Database, name: str, label: str, by: str = PROGRAM) -> str:
    """A key for the person `name`; shown this once. Errors: `InputError`."""
    label = label.strip()
    if not label or len(label) > 100 or not label.isprintable():
        raise InputError("label", "cannot name a key", "1 to 100 printable characters")
    key = _PREFIX + secrets.token_urlsafe(32)
    with database.writing() as session:
        row = find(session, name)
        session.add(KeyRow(user_id=row.id, label=label, digest=digest(key), created=now(), revoked=None))
        record(session, by, "API key made", f"user {row.name}")
    return key


def keys(database: Database, name: str = "") -> list[ApiKey]:
    """The keys of a person, or of everybody, the oldest first."""
    query = select(KeyRow, UserRow.name).join(UserRow).order_by(KeyRow.id)
    if name:
        query = query.where(UserRow.key == name_key(name))
    with database.reading() as session:
        return [ApiKey(row.id, user, row.label, row.created, row.revoked) for row, user in session.execute(query)]


def revoke_key(database: Database, number: int, by: str = PROGRAM, owner: int | None = None) -> None:
    """Make a key useless; with `owner` only if it is that person's. Errors: `InputError`."""
    with database.writing() as session:
        row = session.get(KeyRow, number)
        if row is None or row.revoked is not None or (owner is not None and row.user_id != owner):
            raise InputError("key", f"there is no key {number} in use", "a number of the list of keys")
        row.revoked = now()
        user = session.get(UserRow, row.user_id)
        record(session, by, "API key revoked", f"user {user.name if user else ''}")


def key_owner(database: Database, key: str) -> User | None:
    """Whose key it is; None for a word that is no key, a revoked one, or one of a disabled account."""
    if not key.startswith(_PREFIX) or len(key) > 100:
        return None
    with database.reading() as session:
        found = session.execute(select(KeyRow, UserRow).join(UserRow).where(KeyRow.digest == digest(key))).one_or_none()
    if found is None or found[0].revoked is not None or not found[1].active:
        return None
    return of_row(found[1])


def form_token(token: str) -> str:
    """The word that every form of a session carries, made of its token and useless without it."""
    return hmac.new(token.encode(), b"form", hashlib.sha256).hexdigest()


def same(given: str, wanted: str) -> bool:
    """Compare two words in a time that does not tell where they differ."""
    return hmac.compare_digest(given.encode(), wanted.encode())
