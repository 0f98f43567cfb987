"""Files as streams of bytes: how far they have been read."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from claimwright.claims.readers.records import Opened
from claimwright.errors import InputError


@contextmanager
def plain(path: Path) -> Iterator[Opened]:
    """A file as it is. Errors: `InputError` when it cannot be opened or read."""
    try:
        with path.open("rb") as stream:
            size = path.stat().st_size or 1
            yield Opened(stream, lambda: min(1.0, stream.tell() / size))
    except OSError as error:
        raise InputError(str(path), f"cannot be read ({error.strerror or error})", "a file of claims") from None
