"""Files as streams of bytes: how far they have been read."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import cast

from claimwright.claims.readers import FORMATS, unknown
from claimwright.claims.readers.records import Opened, Records, Streamed
from claimwright.errors import InputError

_COLUMNS = {b"PAR1": "Parquet", b"ARROW1": "Arrow", b"\xff\xff\xff\xff": "Arrow"}
"""Beginnings of files of columns."""


@contextmanager
def plain(path: Path) -> Iterator[Opened]:
    """A file as it is. Errors: `InputError` when it cannot be opened or read."""
    try:
        with path.open("rb") as stream:
            size = path.stat().st_size or 1
            yield Opened(stream, lambda: min(1.0, stream.tell() / size))
    except OSError as error:
        raise InputError(str(path), f"cannot be read ({error.strerror or error})", "a file of claims") from None


def records_of(head: bytes, name: str, packed: bool = False) -> type[Records]:
    """What reads a stream that begins with these bytes; `packed`: it may be a gz or zip.

    Errors: `InputError` when nothing does; Parquet is read by a scan of files alone.
    """
    for start, kind in _COLUMNS.items():
        if head.startswith(start):
            raise InputError(name, f"is {kind}, which is read by a scan of files alone", "X12, FHIR, CSV or JSON")
    for each in FORMATS:
        if each in ("parquet", "arrow_ipc") or (each == "packed" and not packed):
            continue
        module = cast(Streamed, import_module(f"claimwright.claims.readers.{each}"))
        if module.recognises(head):
            return module.RECORDS
    raise unknown(name, head)
