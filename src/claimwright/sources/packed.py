"""An official file as it is, or the one file of its kind inside the zip it is published in."""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from pathlib import Path

from claimwright.errors import SourceError

_DAMAGED = (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, ValueError)
"""What zipfile raises for a zip that is cut, damaged, encrypted or packed in a way it does not know."""


def read_packed(file: Path, pattern: str, kind: str, expected: str) -> tuple[str, bytes]:
    """(name, bytes) of `file`, or of the only member whose name ends as `pattern` says; `kind` names it."""
    try:
        data = file.read_bytes()
    except OSError as error:
        raise SourceError(str(file), f"cannot be read ({error.strerror})") from None
    if not data:
        raise SourceError(str(file), "the file is empty", expected)
    if data.lstrip(b"\xef\xbb\xbf \t\r\n")[:15].lower().startswith((b"<!doctype html", b"<html")):
        # Behind a click-through, a download without the click is the page that asks for it.
        raise SourceError(
            str(file), "a web page, not the file: accept the terms in a browser and download it", expected
        )
    if data[:2] != b"PK":
        if file.suffix.lower() == ".zip":
            raise SourceError(str(file), "not a zip, though it is named so", expected)
        return file.name, data
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = [name for name in archive.namelist() if re.search(rf"{pattern}\Z", name, re.IGNORECASE)]
            if len(names) == 1:
                return names[0].rsplit("/", 1)[-1], archive.read(names[0])
            have = ", ".join(archive.namelist()[:8])
    except _DAMAGED as error:
        raise SourceError(str(file), f"the zip cannot be read ({error})", expected) from None
    raise SourceError(str(file), f"{len(names)} {kind} in the zip ({have})", "exactly 1")
