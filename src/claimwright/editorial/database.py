"""Opening the editorial database: where it is, its migrations, and its transactions.

SQLite by default (`editorial.sqlite`), PostgreSQL by URL. Every step of editorial work is one transaction:
`writing` takes the write lock at once on SQLite, so that what is read inside it stays true until it ends.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from claimwright.errors import DatabaseMissing, InputError

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine
    from sqlalchemy.orm import Session

P = ParamSpec("P")
R = TypeVar("R")

FILE = "editorial.sqlite"
MIGRATIONS = Path(__file__).parent / "migrations"
_LOCK = 0x636C61696D
"""Number of the PostgreSQL advisory lock under which a migration runs: two servers may start at once."""


def need_libraries(*names: str) -> None:
    """`DatabaseMissing` naming the extra that brings a library which is not installed."""
    for name in names or ("sqlalchemy", "alembic", "argon2"):
        if find_spec(name) is None:
            extra = "postgres" if name == "psycopg" else "web"
            raise DatabaseMissing(f"{name} is not installed. Install it: pip install 'claimwright[{extra}]'")


def default_file() -> Path:
    """`editorial.sqlite` under CLAIMWRIGHT_HOME, else in the user's data folder: people's work is no cache."""
    chosen = os.environ.get("CLAIMWRIGHT_HOME")
    if chosen:
        return Path(chosen).expanduser() / FILE
    import platformdirs

    return platformdirs.user_data_path("claimwright") / FILE


class Database:
    """One open editorial database; safe to share between threads."""

    def __init__(self, url: str = "") -> None:
        """Open the database at `url` (empty: `default_file`), and bring it to the newest layout.

        Errors: `InputError` for a URL that is none or of another kind of database, `DatabaseMissing` where
        a library is missing or the database does not answer.
        """
        need_libraries()
        from sqlalchemy.exc import DBAPIError
        from sqlalchemy.orm import sessionmaker

        self.engine = _engine(url)
        self._sessions = sessionmaker(self.engine, expire_on_commit=False)
        try:
            self.migrate()
        except DBAPIError as error:
            kind = "file" if self.engine.dialect.name == "sqlite" else "server"
            first = (str(error.orig).strip().splitlines() or ["no answer"])[0]
            raise DatabaseMissing(f"The {kind} of the editorial database cannot be used ({first})") from None

    def migrate(self) -> None:
        """Run the migrations that this database has not had; nothing when it is new enough."""
        from alembic import command
        from alembic.config import Config
        from sqlalchemy import text

        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
        with self.engine.connect().execution_options(writing=True) as connection, connection.begin():
            if connection.dialect.name == "postgresql":
                connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": _LOCK})
            config.attributes["connection"] = connection
            command.upgrade(config, "head")

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A session that only reads."""
        with self._sessions() as session:
            yield session

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """A session in one transaction: all of it is kept, or nothing."""
        opened = self.engine.connect().execution_options(writing=True)
        with opened as connection, connection.begin(), self._sessions(bind=connection) as session:
            yield session
            session.flush()

    def close(self) -> None:
        """Give every connection back."""
        self.engine.dispose()


def _engine(url: str) -> Engine:
    from sqlalchemy import create_engine, make_url
    from sqlalchemy.exc import ArgumentError

    if not url:
        return _sqlite(default_file())
    try:
        made = make_url(url)
    except (ArgumentError, ValueError):
        raise InputError("database", "is no URL", "postgresql://user@host/name or sqlite:///file") from None
    kind = made.drivername.split("+")[0]
    if kind == "sqlite":
        return _sqlite(Path(made.database) if made.database and made.database != ":memory:" else None)
    if kind not in {"postgresql", "postgres"}:
        raise InputError("database", f"{kind} is not supported", "postgresql://user@host/name or sqlite:///file")
    need_libraries("psycopg")
    return create_engine(
        made.set(drivername="postgresql+psycopg"), pool_pre_ping=True, connect_args={"connect_timeout": 10}
    )


def _sqlite(file: Path | None) -> Engine:
    from sqlalchemy import create_engine, event
    from sqlalchemy.pool import StaticPool

    if file is None:
        engine = create_engine("sqlite://", poolclass=StaticPool, connect_args={"check_same_thread": False})
    else:
        _create(file)
        engine = create_engine(f"sqlite:///{file}", connect_args={"timeout": 15})

    def connected(connection: Any, _: Any) -> None:
        """Leave transactions to the engine, and turn on what SQLite leaves off."""
        connection.isolation_level = None
        for setting in ("journal_mode=WAL", "foreign_keys=ON", "synchronous=NORMAL"):
            connection.execute(f"PRAGMA {setting}")

    def begun(connection: Connection) -> None:
        """Take the write lock before the first read of a transaction that will write."""
        writing = connection.get_execution_options().get("writing")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")

    event.listen(engine, "connect", connected)
    event.listen(engine, "begin", begun)
    return engine


def _create(file: Path) -> None:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        # Only its owner may read it: it holds hashes of passwords.
        os.close(os.open(file, os.O_RDWR | os.O_CREAT, 0o600))
    except OSError as error:
        raise DatabaseMissing(
            f"{file} cannot be opened ({error.strerror}). Set CLAIMWRIGHT_HOME to a folder that you may write to"
        ) from None


def answering(call: Callable[P, R]) -> Callable[P, R]:
    """`call`, with `DatabaseMissing` for a database that does not answer: what SQLAlchemy says quotes statements."""

    @wraps(call)
    def asked(*args: P.args, **named: P.kwargs) -> R:
        """As `call`."""
        try:
            return call(*args, **named)
        except Exception as error:
            if _gone(error):
                raise DatabaseMissing("The editorial database does not answer; come again later") from None
            raise

    return asked


def _gone(error: Exception) -> bool:
    from sqlalchemy import exc

    return isinstance(error, (exc.InterfaceError, exc.OperationalError, exc.TimeoutError))
