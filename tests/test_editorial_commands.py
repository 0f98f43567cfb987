"""`claimwright user` and `claimwright articles`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from claimwright.book.store import Book
from claimwright.editorial import articles, people, sessions
from claimwright.editorial.database import Database
from claimwright.editorial.reading import BookReader
from claimwright.engine import Engine
from claimwright.errors import InputError
from claimwright.interfaces.cli import articles_command, user_command
from tests.editorial_world import PASSWORD, fast_hashes


@pytest.fixture
def url(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    fast_hashes(monkeypatch)
    made = f"sqlite:///{tmp_path}/e.sqlite"
    monkeypatch.setenv("CLAIMWRIGHT_DATABASE", made)
    return made


def run(*words: str, given: str = "", fails: bool = False) -> str:
    done = CliRunner().invoke(user_command.command, list(words), input=given)
    if fails:
        assert done.exception is not None and not isinstance(done.exception, SystemExit), done.output
        raise done.exception
    assert done.exit_code == 0, done.output
    return done.stdout


def test_accounts_from_the_command_line(url: str) -> None:
    assert run("add", "Ada", "--role", "author", given=f"{PASSWORD}\n") == "Ada has an account as author\n"
    assert run("add", "Root", "--role", "admin", given=f"{PASSWORD}\n") == "Root has an account as admin\n"
    assert run("role", "ada", "reviewer") == "Ada is reviewer now\n"
    assert run("disable", "Ada") == "Ada is disabled\n"
    assert run("list") == "Ada: reviewer, disabled\nRoot: admin\n"
    assert json.loads(run("list", "--json"))["users"][0] == {"name": "Ada", "role": "reviewer", "active": False}
    assert run("enable", "Ada") == "Ada is enabled\n"
    assert run("password", "Ada", given="another long password\n") == "Ada has another password\n"
    assert sessions.log_in(Database(url), "Ada", "another long password", "::1").user.name == "Ada"


def test_nobody_yet(url: str) -> None:
    assert run("list") == "Nobody has an account: claimwright user add NAME --role admin\n"


@pytest.mark.parametrize(
    "words, given, says",
    [
        (("add", "Ada"), "short\n", "password: is too short"),
        (("add", "Ada"), "", "password: is missing"),
        (("add", " "), f"{PASSWORD}\n", "name: cannot be"),
        (("role", "Nobody", "admin"), "", "nobody has this name"),
        (("revoke", "7"), "", "no key 7"),
        (("list", "--database", "nonsense"), "", "database: is no URL"),
    ],
)
def test_what_cannot_be_is_one_sentence(url: str, words: tuple[str, ...], given: str, says: str) -> None:
    with pytest.raises(InputError, match=says):
        run(*words, given=given, fails=True)


def test_a_password_is_no_argument(url: str) -> None:
    done = CliRunner().invoke(user_command.command, ["add", "Ada", "--password", PASSWORD])
    assert done.exit_code == 2 and not people.anybody(Database(url))


def test_keys_from_the_command_line(url: str) -> None:
    run("add", "Ada", given=f"{PASSWORD}\n")
    key = run("key", "Ada", "--label", "nightly").strip()
    owner = sessions.key_owner(Database(url), key)
    assert owner is not None and owner.name == "Ada"
    assert "1: Ada, nightly, made " in run("keys") and key not in run("keys", "Ada", "--json")
    assert run("revoke", "1") == "key 1 is revoked\n"
    assert sessions.key_owner(Database(url), key) is None
    assert json.loads(run("keys", "--json"))["keys"][0]["revoked"]


@pytest.mark.book
def test_articles_are_imported_listed_and_compared(url: str, book: Book, monkeypatch: pytest.MonkeyPatch) -> None:
    def invoke(*words: str) -> Any:
        return CliRunner().invoke(articles_command.command, list(words))

    monkeypatch.setattr(articles_command, "the_book", lambda: book)
    assert "There are no articles yet" in invoke("list").stdout
    first = json.loads(invoke("recheck", "--json").stdout)
    assert first["imported"] == first["checked"] > 0 and first["needs_review"] == []
    assert json.loads(invoke("recheck", "--json").stdout)["imported"] == 0
    listed = json.loads(invoke("list", "--json").stdout)["articles"]
    assert {each["state"] for each in listed} == {"submitted"}
    assert "code-r25-2: version 1 is submitted" in invoke("list").stdout

    from claimwright.editorial.people import User
    from claimwright.editorial.states import Action, Role, State
    from tests.editorial_world import SmallReader

    run("add", "Rene", "--role", "reviewer", given=f"{PASSWORD}\n")
    opened, reader = Database(url), BookReader(Engine(book))
    (rene,) = people.users(opened)
    assert isinstance(rene, User) and rene.role is Role.REVIEWER
    articles.act(opened, "code-r25-2", 1, Action.TAKE, rene, reader, State.SUBMITTED)
    articles.act(opened, "code-r25-2", 1, Action.APPROVE, rene, reader, State.UNDER_REVIEW)
    assert invoke("recheck").exit_code == 0
    changed = SmallReader().examine("x | y\nFACT R25.2 is billable\n").facts[0]
    monkeypatch.setattr(BookReader, "examine", lambda self, text: _gone(changed))
    done = invoke("recheck")
    assert done.exit_code == 1
    assert "code-r25-2, version 1: needs review. A bound fact has changed" in done.stdout
    assert "  R25.2 is billable: expected yes, found no (icd10cm-tabular 2026)" in done.stdout


def _gone(fact: Any) -> Any:
    from dataclasses import replace

    from claimwright.editorial.reading import Examined

    return Examined((), (replace(fact, state="changed"),))
