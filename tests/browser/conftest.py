"""One server for all tests of this folder that one process runs, and one browser a module."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from claimwright.book.store import Book
from tests.browser import world


@pytest.fixture(scope="session")
def database(tmp_path_factory: pytest.TempPathFactory, book: Book) -> str:
    """An editorial database with an author, a reviewer and an admin, made by the real command."""
    url = f"sqlite:///{tmp_path_factory.mktemp('editorial')}/e.sqlite"
    for name, role in world.PEOPLE.items():
        world.run("user", "add", name, "--role", role, "--database", url, says=world.PASSWORD + "\n")
    return url


@pytest.fixture(scope="session")
def site(database: str) -> Iterator[world.Served]:
    with world.served(database) as served:
        yield served


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """For one module and no longer: while Playwright runs, this thread has an event loop, and no test has its own."""
    if importlib.util.find_spec("playwright") is None:
        pytest.skip("playwright is not installed")
    if world.CHROMIUM is None:
        pytest.skip("Chromium is not installed")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=world.CHROMIUM, args=list(world.FLAGS))
        yield started
        started.close()


@pytest.fixture
def watch(browser: Any, site: world.Served) -> Iterator[tuple[Any, world.Watch]]:
    """A page at 1280 px and what it disliked; nothing may be left of it at the end."""
    with world.opened(browser, site.address) as both:
        yield both


@pytest.fixture
def page(watch: tuple[Any, world.Watch]) -> Any:
    return watch[0]


@pytest.fixture(scope="session")
def home() -> Path:
    from claimwright.book import home as homes

    return homes.home()
