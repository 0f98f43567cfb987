"""Rows of the first sheet of an Excel workbook (`.xlsx`), as text.

CMS publishes each of its tables as text too; a workbook is read for those who have only that. The
library that reads it (openpyxl) is an extra, imported when a workbook comes.
"""

from __future__ import annotations

import io
import warnings
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from itertools import islice
from pathlib import Path
from typing import Any

from claimwright.errors import SourceError

INSTALL = "pip install 'claimwright[xlsx]', or the text file that CMS publishes beside the workbook"

MOST_BYTES = 1_500_000_000
"""Unpacked, a sheet of a quarter of the largest table (700,000 rows) stays far below this."""

_DAMAGED = (zipfile.BadZipFile, zlib.error, EOFError, OSError, LookupError, ValueError, TypeError, AttributeError)
"""What openpyxl and zipfile raise for a workbook that is cut, damaged or of another make."""


def is_workbook(data: bytes) -> bool:
    """Is this zip an Excel workbook?"""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return "xl/workbook.xml" in archive.namelist()
    except _DAMAGED:
        return False


def rows(data: bytes, file: Path, expected: str) -> Iterator[tuple[int, list[str]]]:
    """(row number from 1, cells) of the first sheet; empty rows too, cells with their blanks.

    Whole numbers lose their `.0`, dates become `YYYYMMDD` as in CMS's text files.
    Errors: `SourceError` for a workbook that cannot be read, or without the library that reads one.
    """
    try:
        from openpyxl import load_workbook
    except ImportError:
        raise SourceError(str(file), "an Excel workbook, and openpyxl is not installed", INSTALL) from None
    _check_size(data, file, expected)
    import xml.etree.ElementTree as ET  # for its error; expat itself bounds what entities may grow to

    try:
        with _quietly():
            book = load_workbook(io.BytesIO(data), read_only=True, data_only=True)
            sheet = iter(book.worksheets[0].iter_rows(values_only=True))
        number = 0
        while True:
            with _quietly():
                chunk = list(islice(sheet, 1000))
            if not chunk:
                return
            for cells in chunk:
                number += 1
                yield number, [_text(cell) for cell in cells]
    except (*_DAMAGED, ET.ParseError) as error:
        raise SourceError(
            str(file), f"the workbook cannot be read ({' '.join(str(error).split())[:120]})", expected
        ) from None


@contextmanager
def _quietly() -> Iterator[None]:
    """Without openpyxl's warnings about headers, footers and styles, which nobody reads here."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _check_size(data: bytes, file: Path, expected: str) -> None:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            unpacked = sum(each.file_size for each in archive.infolist())
    except _DAMAGED as error:
        raise SourceError(str(file), f"the workbook cannot be read ({error})", expected) from None
    if unpacked > MOST_BYTES:
        raise SourceError(str(file), f"unpacks to {unpacked:,} bytes, more than any such table has", expected)


def _text(cell: Any) -> str:
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return str(cell).upper()
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, (datetime, date)):
        return cell.strftime("%Y%m%d")
    return str(cell)
