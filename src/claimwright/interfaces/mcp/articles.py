"""Articles as resources: the text that readers of the site get, its one state of review before it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from claimwright import __version__
from claimwright.editorial.states import BANNERS, PAST, State
from claimwright.errors import BookMissing, DatabaseMissing, InputError
from claimwright.pages import parse_article
from claimwright.sources.installed import shipped

if TYPE_CHECKING:
    from claimwright.editorial.database import Database
    from claimwright.editorial.records import Article, Step, Version

_HEAD = re.compile(r"\A---[ \t]*\r?\n(?P<head>.*?\r?\n)---[ \t]*\r?\n", re.DOTALL)
_WRITTEN = ("write", "import")
"""Actions by which a text comes into being: the version tells of them already."""


class Listed(NamedTuple):
    """An article by its name, and what it is about."""

    name: str
    says: str


class Shelf:
    """The articles of an editorial database, and those that ship and are not in it.

    `failed` says why a database that is configured is not read: its articles are then shown as shipped.
    """

    def __init__(self, database: Database | None = None, failed: str = "") -> None:
        self.database, self.failed = database, failed

    def listed(self) -> list[Listed]:
        """Every article that a reader without log-in may read, by name."""
        known = self._known()
        out = {
            each.slug: f"{each.title} ({shown.state.value})"
            for each in known.values()
            if (shown := each.shown_to(None)) is not None
        }
        for name, file in _files().items():
            if name not in known:
                title, state = _told(file.read_text(encoding="utf-8-sig"), name)
                out[name] = f"{title} ({state.value}, as shipped)"
        return [Listed(name, out[name]) for name in sorted(out)]

    def read(self, name: str) -> str:
        """An article as Markdown. Errors: `InputError` for one that is not there, or not to be read yet."""
        found = self._known().get(name)
        if found is not None:
            return self._kept(found)
        file = _files().get(name)
        if file is None:
            raise InputError("uri", f"there is no article {name[:60]!r}", "one that the list of resources has")
        text = file.read_text(encoding="utf-8-sig")
        why = self.failed or "No editorial database is configured here, or it does not hold this article"
        state = _told(text, name)[1]
        says = f"As shipped with claimwright {__version__}. {why}: a review is not known."
        return _with_state(text, state, [says])

    def _known(self) -> dict[str, Article]:
        if self.database is None:
            return {}
        from claimwright.editorial.articles import articles
        from claimwright.editorial.database import answering

        try:
            found = {each.slug: each for each in answering(articles)(self.database)}
        except DatabaseMissing as error:
            self.failed = str(error).rstrip(".")
            return {}
        self.failed = ""
        return found

    def _kept(self, found: Article) -> str:
        from claimwright.editorial.articles import history, text_of
        from claimwright.editorial.database import answering

        assert self.database is not None  # noqa: S101 - it has told of the article
        version = found.shown_to(None)
        if version is None:
            raise InputError("uri", f"there is no approved text of {found.slug!r} at present", "another article")
        text = answering(text_of)(self.database, found.slug, version.number)
        told = answering(history)(self.database, found.slug)
        return _with_state(text, version.state, list(_review(found, version, told)))


def shelf_of(url: str) -> Shelf:
    """The shelf of the database at `url`; without one, of the file that a server keeps, where it exists.

    Errors: as `Database`, for a URL that is given and cannot be used.
    """
    from claimwright.editorial.database import Database, default_file

    if not url and not default_file().exists():
        return Shelf()
    try:
        return Shelf(Database(url))
    except DatabaseMissing as error:
        if url:
            raise
        return Shelf(failed=str(error).rstrip("."))


def _files() -> dict[str, Path]:
    """Articles that ship, by name; a name is only ever looked up here, never made a path."""
    try:
        folder = shipped("pages")
    except BookMissing:
        return {}
    return {each.relative_to(folder).with_suffix("").as_posix(): each for each in folder.rglob("*.md")}


def _told(text: str, name: str) -> tuple[str, State]:
    """Title and state as the head of a text has them."""
    article = parse_article(text, name)
    return article.title, State(article.state.replace("-", " "))


def _review(found: Article, version: Version, told: list[Step]) -> Iterator[str]:
    """Who wrote it, who reviewed it, when, and when it is due again."""
    yield f"Version {version.number} by {version.author}, {version.created.date()}."
    last = next((each for each in told if each.number == version.number and each.after == version.state), None)
    if last is not None and last.action not in _WRITTEN:
        past = {str(action): said for action, said in PAST.items()}.get(last.action, last.action)
        yield f"{past.capitalize()} by {last.who}, {last.at.date()}."
        if last.comment and version.state is State.NEEDS_REVIEW:
            yield f"{last.comment.rstrip('.')}."
    if version == found.standing:
        if version.approved is not None and (last is None or last.after is not State.APPROVED):
            yield f"Last approved {version.approved.date()}."
        if found.review_due is not None:
            yield f"Next review due {found.review_due}."


def _with_state(text: str, state: State, says: list[str]) -> str:
    """The text with one state in its head, and told in a sentence below it."""
    banner = BANNERS[state]
    told = f"> **{banner.title}.** {banner.sentence} {' '.join(says)}\n\n"
    head = _HEAD.match(text)
    if head is None:
        return told + text
    rows = re.sub(r"(?m)^state:.*$", f"state: {state.value.replace(' ', '-')}", head["head"])
    return f"---\n{rows}---\n\n{told}{text[head.end() :].lstrip()}"
