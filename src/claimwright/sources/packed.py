"""An official file as it is, or the one file of its kind inside the zip it is published in."""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, cast

from claimwright.errors import SourceError

MOST_BYTES = 2_000_000_000
"""No table unpacks to more; a zip that says so is made to fill the memory."""

WORKBOOK = "xl/workbook.xml"
"""The member that every Excel workbook has."""

DAMAGED = (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, ValueError)
"""What zipfile raises for a zip that is cut, damaged, encrypted or packed in a way it does not know."""


def read_bytes(file: Path, expected: str) -> bytes:
    """The bytes of a file that is there, is not empty and is no web page; else `SourceError`."""
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
    if data[:2] != b"PK" and file.suffix.lower() in (".zip", ".xlsx"):
        raise SourceError(str(file), f"not a {file.suffix.lower()[1:]}, though it is named so", expected)
    return data


def read_packed(file: Path, pattern: str, kind: str, expected: str, workbook: str = "") -> tuple[str, bytes]:
    """(name, bytes) of `file`, or of the only member whose name ends as `pattern` says; `kind` names it.

    With `workbook`, a pattern too, an Excel workbook is taken where there is no such text: its bytes
    begin with `PK`.
    """
    data = read_bytes(file, expected)
    if data[:2] != b"PK":
        return file.name, data
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            all_names = archive.namelist()
            if WORKBOOK in all_names:
                if not workbook:
                    raise SourceError(str(file), "an Excel workbook, which is not read for this table", expected)
                return file.name, data
            names = _ending(all_names, pattern) or (_ending(all_names, workbook) if workbook else [])
            if len(names) == 1:
                return names[0].rsplit("/", 1)[-1], member(archive, names[0], file, expected)
            have = ", ".join(all_names[:8])
    except DAMAGED as error:
        raise SourceError(str(file), f"the zip cannot be read ({error})", expected) from None
    raise SourceError(str(file), f"{len(names)} {kind} in the zip ({have})", "exactly 1")


def member(archive: zipfile.ZipFile, name: str, file: Path, expected: str) -> bytes:
    """One member unpacked; `SourceError` before memory is filled with what cannot be a table."""
    size = archive.getinfo(name).file_size
    if size > MOST_BYTES:
        raise SourceError(str(file), f"{name} unpacks to {size:,} bytes, more than any such table has", expected)
    return archive.read(name)


def _ending(names: list[str], pattern: str) -> list[str]:
    return [name for name in names if re.search(rf"{pattern}\Z", name, re.IGNORECASE)]


def decoded(data: bytes) -> str:
    """Text as CMS writes it: UTF-8 with or without a mark, else Windows-1252."""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")


def members(stream: BinaryIO, file: str) -> Iterator[tuple[str, BinaryIO]]:
    """(name, stream) of each file in a zip, in order, folders left out. Errors: `SourceError` for a damaged zip."""
    try:
        with zipfile.ZipFile(stream) as archive:
            for each in archive.infolist():
                if not each.is_dir():
                    with archive.open(each) as member_stream:
                        yield each.filename, cast(BinaryIO, member_stream)
    except DAMAGED as error:
        raise SourceError(file, f"the zip cannot be read ({error})", "a whole zip without a password") from None
