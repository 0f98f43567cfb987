"""Articles on SQLite and on a real PostgreSQL: versions, steps, two people at once, seeds, facts that change."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import inspect, text
from sqlalchemy.exc import IntegrityError

from claimwright.editorial import articles, audit
from claimwright.editorial.database import Database
from claimwright.editorial.people import LOCAL, User
from claimwright.editorial.records import Article
from claimwright.editorial.schema import Base, VersionRow
from claimwright.editorial.states import Action, State
from claimwright.errors import EditorialError, InputError, NoSuchArticle, NotAllowed, OutOfDate
from tests.editorial_world import SmallReader, four

TEXT = "cramp | About cramp\nFACT R25.2 is billable\n"


class World:
    """A database with people, and short words for what they do."""

    def __init__(self, database: Database) -> None:
        self.database, self.reader = database, SmallReader()
        self.ada, self.rene, self.rosa, self.admin = four(database)

    def write(self, who: User, body: str = TEXT) -> Article:
        return articles.create(self.database, body, who, self.reader)

    def save(self, who: User, base: int, body: str) -> Article:
        return articles.save(self.database, "cramp", base, body, who, self.reader)

    def act(self, who: User, number: int, action: Action, seen: State, **more: Any) -> Article:
        return articles.act(self.database, "cramp", number, action, who, self.reader, seen, **more)

    def approve(self, number: int, submitter: User, reviewer: User, **more: Any) -> Article:
        self.act(submitter, number, Action.SUBMIT, State.DRAFT)
        self.act(reviewer, number, Action.TAKE, State.SUBMITTED)
        return self.act(reviewer, number, Action.APPROVE, State.UNDER_REVIEW, **more)

    def states(self) -> list[State]:
        return [each.state for each in articles.article(self.database, "cramp").versions]

    def history(self) -> list[tuple[int, str, str, str]]:
        told = articles.history(self.database, "cramp")
        return [(each.number, each.action, each.after.value, each.who) for each in reversed(told)]

    def seed(self, body: str) -> Any:
        return articles.import_seed(self.database, body, self.reader)


@pytest.fixture
def world(editorial: Database) -> World:
    return World(editorial)


def test_a_text_goes_its_way_and_every_step_is_told(world: World) -> None:
    made = world.write(world.ada)
    assert (made.current.number, made.current.state, made.title) == (1, State.DRAFT, "About cramp")
    world.act(world.ada, 1, Action.SUBMIT, State.DRAFT)
    world.act(world.rene, 1, Action.TAKE, State.SUBMITTED)
    world.act(world.rene, 1, Action.RETURN, State.UNDER_REVIEW, comment=" Cite a source. ")
    world.save(world.ada, 1, TEXT + "More.\n")
    done = world.approve(2, world.ada, world.rosa, due=date(2998, 5, 1))
    assert world.states() == [State.REPLACED, State.APPROVED]
    assert done.review_due == date(2998, 5, 1)
    assert world.history() == [
        (1, "write", "draft", "Ada"),
        (1, "submit", "submitted", "Ada"),
        (1, "take into review", "under review", "Rene"),
        (1, "return", "returned", "Rene"),
        (1, "replace", "replaced", "claimwright"),
        (2, "write", "draft", "Ada"),
        (2, "submit", "submitted", "Ada"),
        (2, "take into review", "under review", "Rosa"),
        (2, "approve", "approved", "Rosa"),
    ]
    comments = [each.comment for each in articles.history(world.database, "cramp")]
    assert "Cite a source." in comments
    assert articles.text_of(world.database, "cramp", 1) == TEXT
    told = [(each.who, each.what, each.subject) for each in audit.entries(world.database)]
    assert told[0] == ("Rosa", "article: approve", "cramp version 2")
    assert not any("Cite" in word or "cramp |" in word for row in told for word in row)


def test_the_approved_text_stays_visible_while_a_new_one_is_written(world: World) -> None:
    world.write(world.ada)
    world.approve(1, world.ada, world.rene)
    found = world.save(world.ada, 1, "cramp | A new title\nother\n")
    assert world.states() == [State.APPROVED, State.DRAFT]
    assert found.title == "About cramp"
    assert found.shown_to(None) == found.versions[0]
    assert not found.versions[1].readable_by(None) and found.versions[1].readable_by(world.ada)
    done = world.approve(2, world.ada, world.rene)
    assert world.states() == [State.REPLACED, State.APPROVED]
    assert done.title == "A new title"
    assert done.versions[0].readable_by(None), "what was approved once stays readable"


def test_nobody_approves_or_returns_a_text_they_wrote_a_part_of(world: World) -> None:
    world.write(world.rene)
    world.save(world.ada, 1, TEXT + "by Ada\n")
    world.act(world.ada, 2, Action.SUBMIT, State.DRAFT)
    for action, seen in ((Action.TAKE, State.SUBMITTED),):
        with pytest.raises(NotAllowed, match="somebody else has to review it"):
            world.act(world.rene, 2, action, seen)
    world.act(world.rosa, 2, Action.TAKE, State.SUBMITTED)
    for action in (Action.APPROVE, Action.RETURN):
        with pytest.raises(NotAllowed, match="somebody else has to review it"):
            world.act(world.rene, 2, action, State.UNDER_REVIEW, comment="mine")
    world.act(world.rosa, 2, Action.APPROVE, State.UNDER_REVIEW)
    # Since the approval Rene has written nothing: he may review what Ada writes next.
    world.save(world.ada, 2, TEXT + "by Ada again\n")
    world.approve(3, world.ada, world.rene)
    with pytest.raises(NotAllowed, match="role reviewer"):
        world.save(world.rene, 3, "cramp | T\nx\n")
        world.approve(4, world.rene, world.ada)


def test_the_author_of_a_text_in_doubt_does_not_confirm_it(world: World) -> None:
    world.write(world.rene)
    world.approve(1, world.rene, world.rosa)
    world.reader.changed.add("R25.2 is billable")
    articles.recheck(world.database, world.reader)
    with pytest.raises(NotAllowed, match="somebody else"):
        world.act(world.rene, 1, Action.TAKE, State.NEEDS_REVIEW)


def test_who_has_no_account_is_known_by_the_name(world: World) -> None:
    made = world.write(LOCAL)
    assert made.own(1, LOCAL) and not made.own(1, world.ada)


def test_a_reader_writes_nothing(world: World) -> None:
    from claimwright.editorial.states import Role

    reader = User(None, "somebody", Role.READER)
    with pytest.raises(NotAllowed, match="role author"):
        world.write(reader)
    world.write(world.ada)
    with pytest.raises(NotAllowed):
        world.save(reader, 1, TEXT + "x\n")
    with pytest.raises(NotAllowed):
        world.act(reader, 1, Action.SUBMIT, State.DRAFT)
    with pytest.raises(NotAllowed, match="role admin"):
        articles.recheck(world.database, world.reader, world.rene)


@pytest.mark.parametrize(
    "body, says",
    [
        ("no head\n", "has no head"),
        ("new | A page of the program\n", "taken by the program"),
        ("cramp | Again\n", "cramp is taken"),
        ("x" * (articles.MOST_TEXT + 1), "too long"),
    ],
)
def test_what_is_no_article_is_refused(world: World, body: str, says: str) -> None:
    world.write(world.ada)
    with pytest.raises(InputError, match=says):
        world.write(world.ada, body)


def test_saving_is_refused_when_it_would_lose_something(world: World) -> None:
    world.write(world.ada)
    with pytest.raises(InputError, match="has not changed"):
        world.save(world.ada, 1, TEXT.replace("\n", "\r\n") + "\n\n")
    with pytest.raises(InputError, match="the name of the article, which stays"):
        world.save(world.ada, 1, "other | Title\n")
    world.save(world.ada, 1, TEXT + "two\n")
    with pytest.raises(OutOfDate, match="Ada has saved version 2 since you read version 1"):
        world.save(world.rene, 1, TEXT + "three\n")
    world.act(world.ada, 2, Action.SUBMIT, State.DRAFT)
    with pytest.raises(EditorialError, match="is submitted is not changed"):
        world.save(world.ada, 2, TEXT + "four\n")
    with pytest.raises(NoSuchArticle):
        articles.save(world.database, "nothing", 1, "nothing | T\n", world.ada, world.reader)
    assert world.states() == [State.REPLACED, State.SUBMITTED]


def test_a_text_with_problems_is_neither_submitted_nor_approved(world: World) -> None:
    world.write(world.ada, TEXT + "WRONG\nWRONG\n")
    with pytest.raises(EditorialError, match="2 problems that must be settled first: line 3: is wrong"):
        world.act(world.ada, 1, Action.SUBMIT, State.DRAFT)
    assert world.states() == [State.DRAFT]


def test_the_next_review_is_a_day_to_come(world: World) -> None:
    world.write(world.ada)
    with pytest.raises(InputError, match="has passed"):
        world.approve(1, world.ada, world.rene, due=date(2020, 1, 1))
    assert world.states() == [State.UNDER_REVIEW]


# ---- two at once ------------------------------------------------------------------------------------


def at_once(*work: Callable[[], Any]) -> list[Any]:
    """Do all at the same moment; results, or the errors."""
    gate = Barrier(len(work))

    def one(each: Callable[[], Any]) -> Any:
        gate.wait(20)
        try:
            return each()
        except EditorialError as error:
            return error

    with ThreadPoolExecutor(len(work)) as pool:
        return list(pool.map(one, work))


def test_two_reviewers_approving_at_once_leave_one_step(world: World) -> None:
    world.write(world.ada)
    world.act(world.ada, 1, Action.SUBMIT, State.DRAFT)
    world.act(world.rene, 1, Action.TAKE, State.SUBMITTED)
    results = at_once(
        *(lambda who=who: world.act(who, 1, Action.APPROVE, State.UNDER_REVIEW) for who in (world.rene, world.rosa))
    )
    assert sorted(type(each).__name__ for each in results) == ["Article", "OutOfDate"]
    assert [action for _, action, _, _ in world.history()].count("approve") == 1


def test_of_many_saving_at_once_one_wins(world: World) -> None:
    world.write(world.ada)
    results = at_once(*(lambda n=n: world.save(world.ada, 1, TEXT + f"from {n}\n") for n in range(6)))
    assert [isinstance(each, OutOfDate) for each in results].count(False) == 1
    assert world.states() == [State.REPLACED, State.DRAFT]


def test_the_database_itself_refuses_two_texts_that_stand(world: World) -> None:
    world.write(world.ada)
    world.approve(1, world.ada, world.rene)
    world.save(world.ada, 1, TEXT + "two\n")
    with pytest.raises(IntegrityError), world.database.writing() as session:
        session.query(VersionRow).update({"state": "approved"})
    assert world.states() == [State.APPROVED, State.DRAFT]


def test_what_fails_halfway_leaves_nothing(world: World) -> None:
    before = len(audit.entries(world.database))
    with pytest.raises(ZeroDivisionError), world.database.writing() as session:
        audit.record(session, "x", "y", "z")
        session.flush()
        raise ZeroDivisionError
    assert len(audit.entries(world.database)) == before


# ---- facts that change ------------------------------------------------------------------------------


def test_a_changed_fact_asks_for_a_review_with_its_reason(world: World) -> None:
    world.write(world.ada)
    world.approve(1, world.ada, world.rene)
    assert articles.recheck(world.database, world.reader) == []
    world.reader.changed.add("R25.2 is billable")
    (fallen,) = articles.recheck(world.database, world.reader, world.admin)
    assert (fallen.slug, fallen.number, fallen.before, fallen.after) == ("cramp", 1, "approved", State.NEEDS_REVIEW)
    assert fallen.comment == "A bound fact has changed"
    assert fallen.details == (
        {"fact": "R25.2 is billable", "expected": "yes", "found": "no", "source": "icd10cm-tabular 2026"},
    )
    assert articles.recheck(world.database, world.reader) == [], "once is enough"
    assert articles.article(world.database, "cramp").shown_to(None) is not None
    world.act(world.rosa, 1, Action.TAKE, State.NEEDS_REVIEW)
    world.reader.changed.clear()
    world.act(world.rosa, 1, Action.APPROVE, State.UNDER_REVIEW)
    assert world.states() == [State.APPROVED]


def test_an_overdue_review_asks_for_one(world: World) -> None:
    world.write(world.ada)
    world.approve(1, world.ada, world.rene, due=date(2998, 1, 1))
    assert articles.recheck(world.database, world.reader, today=date(2998, 1, 1)) == []
    (fallen,) = articles.recheck(world.database, world.reader, today=date(2998, 1, 2))
    assert fallen.comment == "The review was due on 2998-01-01"


def test_a_draft_beside_a_text_in_doubt_is_what_is_reviewed(world: World) -> None:
    world.write(world.ada)
    world.approve(1, world.ada, world.rene)
    world.save(world.ada, 1, "cramp | T\nnew\n")
    world.reader.changed.add("R25.2 is billable")
    assert len(articles.recheck(world.database, world.reader)) == 1
    assert world.states() == [State.NEEDS_REVIEW, State.DRAFT]
    with pytest.raises(EditorialError, match="Version 2 is being worked on"):
        world.act(world.rosa, 1, Action.TAKE, State.NEEDS_REVIEW)
    world.approve(2, world.ada, world.rene)
    assert world.states() == [State.REPLACED, State.APPROVED]


# ---- seeds ------------------------------------------------------------------------------------------


def test_a_seed_is_imported_once_as_submitted(world: World) -> None:
    first = world.seed(TEXT)
    assert (first.state, first.seed, first.author) == (State.SUBMITTED, True, "claimwright")
    assert world.seed(TEXT) is None
    assert world.states() == [State.SUBMITTED]
    world.act(world.rene, 1, Action.TAKE, State.SUBMITTED)
    world.act(world.rene, 1, Action.APPROVE, State.UNDER_REVIEW)
    assert world.seed(TEXT) is None


def test_a_changed_seed_is_a_new_version(world: World) -> None:
    world.seed(TEXT)
    assert world.seed(TEXT + "two\n").number == 2
    assert world.states() == [State.REPLACED, State.SUBMITTED]
    assert world.seed(TEXT).number == 3, "back to the first is a change too"
    world.act(world.rene, 3, Action.TAKE, State.SUBMITTED)
    world.act(world.rene, 3, Action.APPROVE, State.UNDER_REVIEW)
    world.seed(TEXT + "four\n")
    assert world.states()[2:] == [State.APPROVED, State.SUBMITTED]


def test_a_changed_seed_never_replaces_what_people_write(world: World) -> None:
    world.seed(TEXT)
    world.act(world.ada, 1, Action.WITHDRAW, State.SUBMITTED)
    world.save(world.ada, 1, TEXT + "by Ada\n")
    aside = world.seed(TEXT + "changed\n")
    assert aside.state is State.REPLACED
    found = articles.article(world.database, "cramp")
    assert found.current.author == "Ada" and found.current.number == 2
    assert "set aside, for version 2" in articles.history(world.database, "cramp")[0].comment
    world.act(world.ada, 2, Action.SUBMIT, State.DRAFT)
    assert world.seed(TEXT + "changed\n") is None


def test_two_servers_importing_at_once_make_one_article(world: World) -> None:
    results = at_once(*(lambda: world.seed(TEXT) for _ in range(4)))
    assert sum(each is not None for each in results) == 1
    assert world.states() == [State.SUBMITTED]


# ---- layout -----------------------------------------------------------------------------------------


def test_migrations_make_what_the_tables_say_and_again_change_nothing(world: World) -> None:
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    world.write(world.ada)
    world.database.migrate()
    assert world.states() == [State.DRAFT]
    with world.database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []


def test_migrations_lead_from_nothing_and_back(world: World) -> None:
    from alembic import command
    from alembic.config import Config

    from claimwright.editorial.database import MIGRATIONS

    engine = world.database.engine
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with engine.connect().execution_options(writing=True) as connection, connection.begin():
        config.attributes["connection"] = connection
        command.downgrade(config, "base")
    assert inspect(engine).get_table_names() == ["alembic_version"]
    at_once(world.database.migrate, world.database.migrate)
    assert {*Base.metadata.tables, "alembic_version"} == set(inspect(engine).get_table_names())
    with engine.connect() as connection:
        assert connection.execute(text("SELECT version_num FROM alembic_version")).scalars().all() == ["0001"]
