"""Articles as resources tell one state of review: that of the database, or that they are as shipped."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest

pytest.importorskip("sqlalchemy")
pytest.importorskip("alembic")
pytest.importorskip("argon2")
pytest.importorskip("mcp")

from claimwright.editorial import articles
from claimwright.editorial.articles import Action
from claimwright.editorial.database import Database, default_file
from claimwright.editorial.renewal import seeds
from claimwright.editorial.states import State
from claimwright.errors import DatabaseMissing, InputError
from claimwright.interfaces.mcp.articles import Shelf, shelf_of
from tests.editorial_world import SmallReader, fast_hashes, four

READER = SmallReader()
NAME = next(name for name, _ in seeds()).removesuffix(".md")


@pytest.fixture
def database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Database]:
    fast_hashes(monkeypatch)
    opened = Database(f"sqlite:///{tmp_path}/e.sqlite")
    yield opened
    opened.close()


def says(shelf: Shelf, name: str) -> str:
    """The banner of an article."""
    found = [line for line in shelf.read(name).splitlines() if line.startswith("> **")]
    assert len(found) == 1
    return found[0]


def test_without_a_database_an_article_is_as_shipped() -> None:
    shelf = Shelf()
    assert says(shelf, NAME).startswith("> **Submitted.** Waiting for a reviewer. Nobody has reviewed it. As shipped")
    assert "No editorial database is configured here" in says(shelf, NAME)
    assert shelf.read(NAME).startswith("---\narticle: ") and "\nstate: submitted\n" in shelf.read(NAME)
    listed = {each.name: each.says for each in shelf.listed()}
    assert set(listed) == {name.removesuffix(".md") for name, _ in seeds()}
    assert listed[NAME].endswith("(submitted, as shipped)")


def test_every_step_of_a_review_is_told_and_only_what_readers_may_read(database: Database) -> None:
    ada, rene, _, _ = four(database)
    shelf = Shelf(database)
    articles.create(database, "cramps | Cramps\nstate: draft\nText.", ada, READER)
    assert "cramps" not in {each.name for each in shelf.listed()}
    with pytest.raises(InputError, match="no approved text of 'cramps'"):
        shelf.read("cramps")

    articles.act(database, "cramps", 1, Action.SUBMIT, ada, READER, State.DRAFT)
    assert says(shelf, "cramps").startswith("> **Submitted.**") and "Submitted by Ada, 20" in says(shelf, "cramps")
    articles.act(database, "cramps", 1, Action.TAKE, rene, READER, State.SUBMITTED)
    assert "**Under review.**" in says(shelf, "cramps") and "Taken into review by Rene" in says(shelf, "cramps")
    due = date.today() + timedelta(days=90)
    articles.act(database, "cramps", 1, Action.APPROVE, rene, READER, State.UNDER_REVIEW, due=due)
    told = says(shelf, "cramps")
    assert told.startswith("> **Approved.** Reviewed and approved. Version 1 by Ada, 20")
    assert "Approved by Rene, 20" in told and told.endswith(f"Next review due {due}.")
    assert {each.name: each.says for each in shelf.listed()}["cramps"] == "Cramps (approved)"

    articles.save(database, "cramps", 1, "cramps | Cramps\nNew words.", ada, READER)
    assert "New words" not in shelf.read("cramps")  # a draft beside it changes nothing for readers


def test_the_head_carries_the_state_of_the_database(database: Database) -> None:
    text = dict(seeds())[f"{NAME}.md"]

    class Whole(SmallReader):
        def head(self, text: str) -> object:
            return super().head(f"{NAME} | Title")

    articles.import_seed(database, text, Whole())  # type: ignore[arg-type]
    ada, rene, _, _ = four(database)
    assert ada
    articles.act(database, NAME, 1, Action.TAKE, rene, Whole(), State.SUBMITTED)  # type: ignore[arg-type]
    found = Shelf(database).read(NAME)
    assert "\nstate: under-review\n" in found and "state: submitted" not in found and "As shipped" not in found


def test_a_database_that_has_gone_is_told(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(_: Database) -> None:
        raise DatabaseMissing("The editorial database does not answer; come again later")

    monkeypatch.setattr(articles, "articles", gone)
    assert "does not answer; come again later: a review is not known" in says(Shelf(database), NAME)


def test_what_counts_as_configured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLAIMWRIGHT_HOME", str(tmp_path))
    assert shelf_of("").database is None and not default_file().exists()
    Database("").close()
    assert shelf_of("").database is not None
    with pytest.raises(InputError):
        shelf_of("mysql://x")
    default_file().write_bytes(b"no database at all, but long enough to be looked at")
    assert "editorial database" in shelf_of("").failed
