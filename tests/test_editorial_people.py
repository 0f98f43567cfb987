"""Accounts, passwords, sessions, keys and the limit on log-ins, on SQLite and on a real PostgreSQL."""

from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import select

from claimwright.editorial import audit, database, passwords, people, sessions
from claimwright.editorial.database import Database
from claimwright.editorial.schema import Base, FailureRow, SessionRow, UserRow
from claimwright.editorial.states import Right, Role
from claimwright.errors import DatabaseMissing, EditorialError, InputError, NotAllowed
from tests.editorial_world import PASSWORD, emptied, four, move_clock

HERE = "192.0.2.1"


def test_names_differ_by_more_than_case(editorial: Database) -> None:
    made = people.add(editorial, "  Zoë ", Role.AUTHOR, PASSWORD)
    assert (made.name, made.role, made.active) == ("Zoë", Role.AUTHOR, True)
    for name in ("zoë", "ZOË", "Zoe\u0308"):
        with pytest.raises(InputError, match="is taken"):
            people.add(editorial, name, Role.READER, PASSWORD)
    assert [each.name for each in people.users(editorial)] == ["Zoë"]


@pytest.mark.parametrize("name", ["", " ", "a" * 61, "a\nb", "a\x00b", "a\u202eb", "claimwright", "Local"])
def test_names_that_cannot_be(editorial: Database, name: str) -> None:
    with pytest.raises(InputError, match="name:"):
        people.add(editorial, name, Role.READER, PASSWORD)
    assert not people.anybody(editorial)


@pytest.mark.parametrize(
    "password, says",
    [("1234qwerty", "at least 12"), ("x" * 1025, "at most"), ("longernamehere", "is made of the name")],
)
def test_passwords_that_cannot_be(editorial: Database, password: str, says: str) -> None:
    with pytest.raises(InputError, match=says) as refused:
        people.add(editorial, "LongerNameHere", Role.READER, password)
    assert password not in str(refused.value)


def test_nothing_secret_is_kept(editorial: Database) -> None:
    four(editorial)
    token = sessions.log_in(editorial, "Ada", PASSWORD, HERE).token
    key = sessions.new_key(editorial, "Ada", "for a test")
    with editorial.reading() as session:
        kept = [str(row) for table in Base.metadata.sorted_tables for row in session.execute(select(table))]
    assert any("$argon2id$" in row for row in kept)
    for secret in (PASSWORD, token, key, HERE):
        assert not any(secret in row for row in kept)


def test_a_session_begins_and_ends(editorial: Database) -> None:
    ada = four(editorial)[0]
    token = sessions.log_in(editorial, "ADA", PASSWORD, HERE).token
    assert sessions.session_user(editorial, token) == ada
    assert sessions.session_user(editorial, token + "x") is None
    sessions.log_out(editorial, token)
    sessions.log_out(editorial, token)
    assert sessions.session_user(editorial, token) is None


@pytest.mark.parametrize(
    "hours, used, ends", [(0.9, False, False), (1.1, False, True), (11.9, True, False), (12.1, True, True)]
)
def test_a_session_ends_by_itself(
    editorial: Database, monkeypatch: pytest.MonkeyPatch, hours: float, used: bool, ends: bool
) -> None:
    four(editorial)
    token = sessions.log_in(editorial, "Ada", PASSWORD, HERE).token
    with monkeypatch.context() as patch:
        for half in range(1, int(hours * 2)) if used else ():
            patch.undo()
            move_clock(patch, hours=half / 2)
            assert sessions.session_user(editorial, token) is not None
        patch.undo()
        move_clock(patch, hours=hours)
        assert (sessions.session_user(editorial, token) is None) is ends


def test_disabling_and_a_new_password_end_sessions(editorial: Database) -> None:
    four(editorial)
    key = sessions.new_key(editorial, "Ada", "test")
    assert sessions.key_owner(editorial, key) is not None
    token = sessions.log_in(editorial, "Ada", PASSWORD, HERE).token
    people.set_password(editorial, "Ada", PASSWORD + "2")
    assert sessions.session_user(editorial, token) is None
    token = sessions.log_in(editorial, "Ada", PASSWORD + "2", HERE).token
    people.set_active(editorial, "Ada", False)
    assert sessions.key_owner(editorial, key) is None
    assert sessions.session_user(editorial, token) is None
    with pytest.raises(sessions.WrongPassword):
        sessions.log_in(editorial, "Ada", PASSWORD + "2", HERE)


def test_a_role_changes_what_a_session_may_at_once(editorial: Database) -> None:
    four(editorial)
    token = sessions.log_in(editorial, "Rene", PASSWORD, HERE).token
    people.set_role(editorial, "Rene", Role.READER)
    user = sessions.session_user(editorial, token)
    with pytest.raises(NotAllowed, match="needs the role reviewer"):
        people.need(user, Right.REVIEW)


def test_the_last_admin_stays(editorial: Database) -> None:
    four(editorial)
    for change in (
        lambda: people.set_role(editorial, "Admin", Role.AUTHOR),
        lambda: people.set_active(editorial, "Admin", False),
    ):
        with pytest.raises(EditorialError, match="the only admin"):
            change()
    people.set_role(editorial, "Rosa", Role.ADMIN)
    with ThreadPoolExecutor(2) as pool:
        work = [pool.submit(people.set_active, editorial, name, False) for name in ("Admin", "Rosa")]
    assert sum(each.exception() is not None for each in work) == 1
    with pytest.raises(InputError, match="nobody has this name"):
        people.set_role(editorial, "Nobody", Role.ADMIN)


# ---- log-in -----------------------------------------------------------------------------------------


def test_a_name_that_nobody_has_is_hashed_for_as_well(editorial: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    four(editorial)
    people.set_active(editorial, "Rosa", False)
    looked: list[str] = []
    real = passwords.HASHER

    class Counting:
        def verify(self, kept: str, password: str) -> bool:
            looked.append(kept)
            return real.verify(kept, password)

        def hash(self, password: str) -> str:
            return real.hash(password)

        def check_needs_rehash(self, kept: str) -> bool:
            return real.check_needs_rehash(kept)

    monkeypatch.setattr(passwords, "HASHER", Counting())
    for name, password in (("Nobody", PASSWORD), ("Ada", "wrong"), ("Rosa", PASSWORD), ("", ""), ("Ada", "x" * 5000)):
        with pytest.raises(sessions.WrongPassword, match="The name or the password is wrong"):
            sessions.log_in(editorial, name, password, HERE)
    assert len(looked) == 5 and all(each.startswith("$argon2id$") for each in looked)


def test_wrong_passwords_of_a_name_are_limited_and_time_heals(
    editorial: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    four(editorial)
    for number in range(sessions.MOST_BY_NAME):
        with pytest.raises(sessions.WrongPassword):
            sessions.log_in(editorial, "ada", "wrong", f"192.0.2.{number}")
    with pytest.raises(sessions.TooManyAttempts, match="try again in 15 minutes") as refused:
        sessions.log_in(editorial, "Ada", PASSWORD, "198.51.100.7")
    assert 0 < refused.value.seconds <= 900
    assert sessions.log_in(editorial, "Rene", PASSWORD, HERE).user.name == "Rene", "others are not locked out"
    move_clock(monkeypatch, minutes=15, seconds=1)
    assert sessions.log_in(editorial, "Ada", PASSWORD, HERE).user.name == "Ada"


def test_wrong_passwords_from_an_address_are_limited(editorial: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    four(editorial)
    monkeypatch.setattr(sessions, "MOST_BY_ADDRESS", 3)
    for number in range(3):
        with pytest.raises(sessions.WrongPassword):
            sessions.log_in(editorial, f"name{number}", "wrong", f"2001:db8::{number}")
    for address, locked in (("2001:db8::99", True), ("2001:db8:0:1::1", False), (HERE, False)):
        error = sessions.TooManyAttempts if locked else sessions.WrongPassword
        with pytest.raises(error):
            sessions.log_in(editorial, "other", "wrong", address)


def test_a_right_password_takes_failures_back(editorial: Database) -> None:
    four(editorial)
    for _ in range(3):
        for _ in range(sessions.MOST_BY_NAME - 1):
            with pytest.raises(sessions.WrongPassword):
                sessions.log_in(editorial, "Ada", "wrong", HERE)
        sessions.log_in(editorial, "Ada", PASSWORD, HERE)
    with editorial.reading() as session:
        assert len(session.scalars(select(FailureRow)).all()) == 3 * (sessions.MOST_BY_NAME - 1)


def test_many_wrong_passwords_at_once_are_counted(editorial: Database) -> None:
    four(editorial)

    def one(_: int) -> str:
        try:
            sessions.log_in(editorial, "Ada", "wrong", HERE)
        except EditorialError as error:
            return type(error).__name__
        return "in"

    with ThreadPoolExecutor(8) as pool:
        said = list(pool.map(one, range(16)))
    assert said.count("WrongPassword") <= sessions.MOST_BY_NAME
    assert set(said) == {"WrongPassword", "TooManyAttempts"}


def test_a_weaker_hash_is_made_anew_at_the_log_in(editorial: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    from argon2 import PasswordHasher

    four(editorial)
    monkeypatch.setattr(passwords, "HASHER", PasswordHasher(time_cost=2, memory_cost=16, parallelism=1))
    sessions.log_in(editorial, "Ada", PASSWORD, HERE)
    with editorial.reading() as session:
        kept = session.scalar(select(UserRow.password).where(UserRow.name == "Ada"))
    assert kept is not None and "m=16,t=2" in kept


def test_what_failed_is_in_the_audit_log_without_unknown_names(editorial: Database) -> None:
    four(editorial)
    for name in ("Ada", "my secret password"):
        with pytest.raises(sessions.WrongPassword):
            sessions.log_in(editorial, name, "wrong", HERE)
    told = [(each.who, each.what, each.subject) for each in audit.entries(editorial)][:2]
    assert told == [("unknown", "log-in failed", ""), ("Ada", "log-in failed", "user Ada")]


def test_the_audit_log_is_read_page_by_page(editorial: Database) -> None:
    four(editorial)
    first = audit.entries(editorial, most=3)
    assert [each.subject for each in audit.entries(editorial, before=first[-1].number)] == ["user Ada"]


# ---- keys -------------------------------------------------------------------------------------------


def test_a_key_is_its_owners_until_it_is_revoked(editorial: Database) -> None:
    ada, rene, *_ = four(editorial)
    key = sessions.new_key(editorial, "ada", " nightly ")
    assert sessions.key_owner(editorial, key) == ada
    (listed,) = sessions.keys(editorial, "Ada")
    assert (listed.user, listed.label, listed.revoked) == ("Ada", "nightly", None)
    for word in ("", "cw_", key[:-1], key + "x", "x" * 10_000, "cw_" + "ä" * 20):
        assert sessions.key_owner(editorial, word) is None
    with pytest.raises(InputError, match="no key"):
        sessions.revoke_key(editorial, listed.id, owner=rene.id)
    sessions.revoke_key(editorial, listed.id, owner=ada.id)
    assert sessions.key_owner(editorial, key) is None
    with pytest.raises(InputError, match="no key"):
        sessions.revoke_key(editorial, listed.id)


# ---- opening ----------------------------------------------------------------------------------------


def test_the_default_is_a_file_that_only_its_owner_reads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLAIMWRIGHT_HOME", str(tmp_path / "home"))
    opened = Database()
    opened.close()
    file = tmp_path / "home" / "editorial.sqlite"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    monkeypatch.delenv("CLAIMWRIGHT_HOME")
    assert database.default_file().name == "editorial.sqlite"


@pytest.mark.parametrize("url", ["nonsense", "mysql://someone:secret@host/name", "postgresql://u:secret@:x/y", "://"])
def test_a_url_that_is_none_is_refused_without_its_password(url: str) -> None:
    with pytest.raises(InputError, match="database") as refused:
        Database(url)
    assert "secret" not in str(refused.value)


def test_a_database_that_does_not_answer_is_one_sentence(tmp_path: Path) -> None:
    broken = tmp_path / "broken.sqlite"
    broken.write_bytes(b"this is no database, however long one looks at it" * 100)
    for url in (f"sqlite:///{broken}", f"postgresql://u:secret@/x?host={tmp_path}"):
        if url.startswith("post"):
            pytest.importorskip("psycopg")
        with pytest.raises(DatabaseMissing, match="cannot be used") as refused:
            Database(url)
        assert "secret" not in str(refused.value) and "\n" not in str(refused.value)
    (tmp_path / "file").write_text("")
    with pytest.raises(DatabaseMissing, match="CLAIMWRIGHT_HOME"):
        Database(f"sqlite:///{tmp_path}/file/e.sqlite")


def test_a_missing_library_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "find_spec", lambda name: None)
    with pytest.raises(
        DatabaseMissing, match=r"sqlalchemy is not installed. Install it: pip install 'claimwright\[web"
    ):
        Database()
    monkeypatch.setattr(database, "find_spec", lambda name: None if name == "psycopg" else name)
    with pytest.raises(DatabaseMissing, match=r"claimwright\[postgres\]"):
        Database("postgresql://u@h/n")


def test_a_database_in_memory_is_one_for_all_threads() -> None:
    opened = emptied("sqlite://")
    with ThreadPoolExecutor(1) as pool:
        pool.submit(people.anybody, opened).result()
    with opened.reading() as session:
        assert session.scalars(select(SessionRow)).all() == []
    opened.close()
