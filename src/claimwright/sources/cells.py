"""Tables of cells: comma- or tab-separated text, or the workbook that CMS publishes of the same table."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path

from claimwright.errors import SourceError
from claimwright.sources import workbook
from claimwright.sources.packed import decoded

Records = Iterator[tuple[int, list[str]]]
"""(line on which a record begins, its cells)."""


def records(data: bytes, file: Path, expected: str, separator: str = ",", strict: bool = True) -> Records:
    """Every record of a text or workbook, with the line (row) it begins on.

    Errors: `SourceError` for what is no text, an open quote, or a workbook that cannot be read.
    """
    if data[:2] == b"PK":
        return workbook.rows(data, file, expected)
    return _text_records(decoded(data), file, expected, separator, strict)


def _text_records(text: str, file: Path, expected: str, separator: str, strict: bool) -> Records:
    if "\0" in text:
        raise SourceError(str(file), "not a text file", expected)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=strict)
    line = 1
    try:
        for cells in reader:
            yield line, cells
            line = reader.line_num + 1
    except csv.Error as error:
        raise SourceError(f"{file}:{line}", f"not a row of text ({error})", "separated cells") from None


def unended(data: bytes) -> bool:
    """Has the last line of a text no end? A workbook has none to miss."""
    return data[:2] != b"PK" and data[-1:] not in (b"\r", b"\n")


def cut_off(data: bytes, line: int) -> bool:
    """Is `line`, which is not as published, the last of a text whose last line has no end?"""
    return unended(data) and line >= data.count(b"\n")


def plain(cell: str) -> str:
    """A cell with its blanks (line breaks and no-break spaces too) made single and its ends cut."""
    return " ".join(cell.split())
