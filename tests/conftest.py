"""The whole book, compiled once into CLAIMWRIGHT_HOME or the user's cache, and the small one for units."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from claimwright.book.build import compile_book
from claimwright.book.index_store import SHIPPED, index_of
from claimwright.book.store import Book, open_book
from claimwright.book.tree import Tree, grow
from claimwright.engine import Engine
from claimwright.sources import tabular
from tests import mini

FIRST = {"spark", "browser"}
"""Marks of files that take longest: they begin first, lest one worker wait at the end for the other."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whole files in order of what they take: the marked ones, then those of many tests (`make test` keeps this)."""
    tests = Counter(item.path for item in items)
    marked = {item.path for item in items if any(item.get_closest_marker(mark) for mark in FIRST)}
    items.sort(key=lambda item: (item.path not in marked, -tests[item.path], item.path))


@pytest.fixture(scope="session")
def book() -> Iterator[Book]:
    with open_book() as opened:
        yield opened


@pytest.fixture(scope="session")
def plain_book(book: Book) -> Iterator[Book]:
    """The whole book without the Alphabetic Index that a user may have added: shipped terms answer."""
    with Book(book.folder) as opened:
        index = index_of(opened)
        index.documents = tuple(each for each in index.documents if each.kind == SHIPPED)
        index.by_number = {each.number: each for each in index.documents}
        yield opened


@pytest.fixture(scope="session")
def engine(book: Book) -> Engine:
    return Engine(book)


@pytest.fixture(scope="session")
def mini_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small book as compiled; nobody writes into it."""
    folder = tmp_path_factory.mktemp("mini")
    work = folder / "book"
    work.mkdir()
    compile_book(mini.inputs(folder), work)
    return work


@pytest.fixture(scope="session")
def mini_book(mini_folder: Path) -> Iterator[Book]:
    with Book(mini_folder) as opened:
        yield opened


@pytest.fixture(scope="session")
def mini_tabular() -> tabular.Tabular:
    return tabular.read(mini.TABULAR)


@pytest.fixture(scope="session")
def mini_tree(mini_tabular: tabular.Tabular) -> Tree:
    known = frozenset(row.code for row in mini.registry_rows() if row.ends is None)
    return grow(mini_tabular, known)


@pytest.fixture(scope="session")
def spark() -> Iterator[Any]:
    """A session of two workers, each task tried up to four times."""
    from tests import spark_session

    yield from spark_session.session()


@pytest.fixture
def killing(spark: Any) -> Callable[[Callable[[], None]], int]:
    """Runs a job and kills its workers when it is in the middle; the number of attempts that failed."""
    from tests import spark_session

    return lambda job: spark_session.killing(spark, job)


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """The URL of a real PostgreSQL, started for the tests of this process."""
    from tests.editorial_world import postgres, programs

    pytest.importorskip("psycopg", reason="psycopg is not installed")
    folder = programs()
    if folder is None:
        pytest.skip("PostgreSQL is not installed")
    with postgres(folder) as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def editorial(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """An empty editorial database of each kind; passwords hash fast."""
    from tests.editorial_world import emptied, fast_hashes

    fast_hashes(monkeypatch)
    url = f"sqlite:///{tmp_path}/e.sqlite" if request.param == "sqlite" else request.getfixturevalue("postgres_url")
    database = emptied(url)
    yield database
    database.close()
