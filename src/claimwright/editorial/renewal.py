"""What happens when a server starts: migrations, the seeds that come with the program, and a look at every fact."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from claimwright.editorial.articles import import_seed, recheck
from claimwright.editorial.database import Database
from claimwright.errors import BookMissing, InputError, SourceError
from claimwright.sources.installed import shipped

if TYPE_CHECKING:
    from claimwright.editorial.reading import Reader

_log = logging.getLogger(__name__)


def open_renewed(url: str, reader: Reader) -> Database:
    """The database at `url`, with the seeds of this release and its approved texts compared with the book.

    Errors: as `Database`. A seed that cannot be read is left out, and named in the log.
    """
    database = Database(url)
    for name, text in seeds():
        try:
            import_seed(database, text, reader)
        except InputError as error:
            _log.warning("%s is left out: %s", name, error)
    fallen = recheck(database, reader)
    if fallen:
        _log.warning("%d approved articles need review", len(fallen))
    return database


def seeds() -> Iterator[tuple[str, str]]:
    """(file name, text) of the articles that come with the program; nothing where none do."""
    try:
        folder = shipped("pages")
    except BookMissing:
        return
    for file in sorted(folder.glob("*.md")):
        try:
            yield file.name, file.read_text(encoding="utf-8-sig")
        except (OSError, UnicodeDecodeError):
            raise SourceError(file.name, "cannot be read", "a text in UTF-8") from None


def import_seeds(database: Database, texts: Iterable[str], reader: Reader) -> int:
    """Import several; how many were new."""
    return sum(import_seed(database, text, reader) is not None for text in texts)
