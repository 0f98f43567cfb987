"""What happens when a server starts: migrations, the seeds that come with the program, and a look at every fact."""

from __future__ import annotations

import logging
from collections.abc import Iterator
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

    Errors: as `Database`.
    """
    database = Database(url)
    import_seeds(database, reader)
    fallen = recheck(database, reader)
    if fallen:
        _log.warning("%d approved articles need review", len(fallen))
    return database


def import_seeds(database: Database, reader: Reader) -> int:
    """Import what comes with the program; how many texts were new. One that cannot be read is named in the log."""
    new = 0
    for name, text in seeds():
        try:
            new += import_seed(database, text, reader) is not None
        except InputError as error:
            _log.warning("%s is left out: %s", name, error)
    return new


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
