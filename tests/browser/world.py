"""The server as a process, people made by the real command, and a browser that tells of everything it disliked."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

PASSWORD = "a long enough password"  # noqa: S105 - of people who exist for a test
PEOPLE = {"Ada": "author", "Rene": "reviewer", "Admin": "admin"}
COMMAND = (sys.executable, "-m", "claimwright")
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip
CHROMIUM = next((found for name in ("chromium", "chromium-browser") if (found := shutil.which(name))), None)


@dataclass
class Served:
    """A server: its address, its process, and what it has written to standard error so far."""

    address: str
    process: subprocess.Popen[str]
    log: list[str] = field(default_factory=list)


@contextmanager
def served(database: str, *options: str, home: Path | None = None) -> Iterator[Served]:
    """`claimwright serve` on a free port of the loopback, ended by SIGTERM; it must end with 0."""
    process = subprocess.Popen(
        [*COMMAND, "serve", "--port", "0", *(("--database", database) if database else ()), *options],
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, env=environment(home),
    )  # fmt: skip
    assert process.stderr is not None
    out = Served("", process)
    try:
        for line in process.stderr:
            out.log.append(line)
            found = re.search(r"listening on (http://127\.0\.0\.1:\d+)", line)
            if found:
                out.address = found[1]
                break
        else:
            raise AssertionError(f"the server said no address: {out.log}")
        reader = threading.Thread(target=out.log.extend, args=(process.stderr,), daemon=True)
        reader.start()
        yield out
        process.terminate()
        assert process.wait(30) == 0
        reader.join(5)
        assert "Traceback" not in "".join(out.log)
    finally:
        if process.poll() is None:
            process.kill()
            process.wait(10)
        process.stderr.close()


def environment(home: Path | None = None) -> dict[str, str]:
    return {**os.environ, **({"CLAIMWRIGHT_HOME": str(home)} if home else {})}


def run(*words: str, says: str = "", home: Path | None = None) -> str:
    """Standard output of a command, which must succeed; `says` is its standard input."""
    done = subprocess.run(
        [*COMMAND, *words], input=says, capture_output=True, text=True, timeout=120, env=environment(home)
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def copied(home: Path, to: Path) -> Path:
    """Another home with the same book, which takes no room: the files of a book never change."""

    def linked(source: str, target: str) -> None:
        try:
            os.link(source, target)
        except OSError:
            shutil.copy2(source, target)

    shutil.copytree(home / "books", to / "books", copy_function=linked)
    shutil.copy2(home / "current.json", to / "current.json")
    if (home / "sources").is_dir():
        shutil.copytree(home / "sources", to / "sources")
    return to


@dataclass
class Watch:
    """What the browser met that no page of ours should give it."""

    address: str
    errors: list[str] = field(default_factory=list)
    foreign: list[str] = field(default_factory=list)

    def over(self, context: Any) -> None:
        """Listen to every page of a context; what is not of this machine is kept from leaving it."""
        context.add_init_script(
            "document.addEventListener('securitypolicyviolation', (event) => "
            "console.error('CSP ' + event.violatedDirective + ' ' + event.blockedURI));"
        )
        context.route(re.compile(r"^(?!(http://127\.0\.0\.1:\d+/|data:|blob:|about:))"), self._stop)
        context.on("console", lambda said: self.errors.append(said.text) if said.type == "error" else None)
        context.on("weberror", lambda said: self.errors.append(str(said.error)))

    def _stop(self, route: Any) -> None:
        self.foreign.append(urlsplit(route.request.url).netloc)
        route.abort()

    def clean(self, expected: Sequence[str] = ()) -> None:
        """Nothing was wrong but what each word of `expected` is part of."""
        left = [each for each in self.errors if not any(word in each for word in expected)]
        assert (left, self.foreign) == ([], [])
        self.errors.clear()


@contextmanager
def opened(browser: Any, address: str, **options: Any) -> Iterator[tuple[Any, Watch]]:
    """A page of a context of its own, and its watch; the watch is asked at the end."""
    settings: Mapping[str, Any] = {"viewport": {"width": 1280, "height": 900}, "base_url": address, **options}
    context = browser.new_context(**settings)
    context.set_default_timeout(15_000)
    watch = Watch(address)
    watch.over(context)
    try:
        yield context.new_page(), watch
        watch.clean()
    finally:
        context.close()


def log_in(page: Any, name: str) -> None:
    """As a person does it."""
    page.goto("/")
    page.get_by_role("link", name="Log in").click()
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    page.get_by_role("link", name=re.compile(rf"^{name} ")).wait_for()


def log_out(page: Any) -> None:
    page.get_by_role("button", name="Log out").click()
    page.get_by_role("link", name="Log in").wait_for()
