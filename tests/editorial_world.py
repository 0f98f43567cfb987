"""A real PostgreSQL of the tests' own, a reader of small texts, and people."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

import pytest

from claimwright.editorial import people
from claimwright.editorial.database import Database
from claimwright.editorial.people import User
from claimwright.editorial.reading import Checked, Examined, Flaw, Head
from claimwright.editorial.states import Role
from claimwright.errors import InputError

PASSWORD = "a long enough password"  # noqa: S105 - of people who exist for a test


def programs() -> Path | None:
    """The folder of initdb and pg_ctl, if PostgreSQL is installed."""
    found = shutil.which("initdb")
    if found:
        return Path(found).resolve().parent
    places = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda each: int(each.parts[-3]))
    return places[-1].parent if places else None


@contextmanager
def postgres(folder: Path) -> Iterator[str]:
    """A server in a temporary folder, reached by its socket alone; its URL. Never run as root."""
    place = Path(tempfile.mkdtemp(prefix="claimwright-pg-"))
    who: dict[str, object] = {}
    if os.getuid() == 0:
        names = {each.pw_name: each for each in pwd.getpwall()}
        account = names.get("postgres") or names["nobody"]
        os.chown(place, account.pw_uid, account.pw_gid)
        who = {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
    data, log = place / "data", place / "log"

    def run(name: str, *words: str) -> None:
        command = [str(folder / name), "-D", str(data), *words]
        subprocess.run(command, check=True, cwd=place, stdout=subprocess.DEVNULL, timeout=60, **who)  # type: ignore[call-overload]

    options = f"-F -k {place} -c listen_addresses= -c shared_buffers=16MB -c max_connections=40 -c jit=off"
    try:
        run("initdb", "-U", "tester", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync", "--no-instructions")
        run("pg_ctl", "-w", "-s", "-l", str(log), "-o", options, "start")
        yield f"postgresql://tester@/postgres?host={place}"
        run("pg_ctl", "-w", "-s", "-m", "immediate", "stop")
    finally:
        shutil.rmtree(place, ignore_errors=True)


@dataclass
class SmallReader:
    """Texts of one line of head and any body: `slug | title`. `changed` are facts that no longer hold."""

    changed: set[str] = field(default_factory=set)

    def head(self, text: str) -> Head:
        slug, bar, title = text.splitlines()[0].partition(" | ")
        if not bar:
            raise InputError("text:1", "has no head", "SLUG | TITLE")
        return Head(slug, "question", title, "R25.2", "", date(2999, 1, 1))

    def examine(self, text: str) -> Examined:
        self.head(text)
        lines = list(enumerate(text.splitlines(), 1))
        flaws = tuple(Flaw(at, "empty-section", "is wrong", "", True) for at, line in lines if "WRONG" in line)
        facts = tuple(
            Checked(
                line[5:], at, "changed" if line[5:] in self.changed else "holds", "yes", "no", "icd10cm-tabular 2026"
            )
            for at, line in lines
            if line.startswith("FACT ")
        )
        return Examined(flaws, facts)


def four(database: Database) -> tuple[User, User, User, User]:
    """An author, two reviewers and an admin."""
    return (
        people.add(database, "Ada", Role.AUTHOR, PASSWORD),
        people.add(database, "Rene", Role.REVIEWER, PASSWORD),
        people.add(database, "Rosa", Role.REVIEWER, PASSWORD),
        people.add(database, "Admin", Role.ADMIN, PASSWORD),
    )


def emptied(url: str) -> Database:
    """The database at `url` in its newest layout, without a row."""
    from sqlalchemy import delete

    from claimwright.editorial.schema import Base

    database = Database(url)
    with database.writing() as session:
        for table in reversed(Base.metadata.sorted_tables):
            session.execute(delete(table))
    return database


def fast_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Argon2 with the least work: what is tested is never how long it takes."""
    from argon2 import PasswordHasher

    from claimwright.editorial import passwords

    monkeypatch.setattr(passwords, "HASHER", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    passwords._nobody.cache_clear()


def move_clock(monkeypatch: pytest.MonkeyPatch, **by: float) -> None:
    """From now on the time is later, for all who ask it."""
    from claimwright.editorial import articles, audit, clock, people, sessions

    later = clock.now() + timedelta(**by)
    for module in (clock, articles, audit, people, sessions):
        monkeypatch.setattr(module, "now", lambda: later)
