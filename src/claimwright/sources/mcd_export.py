"""The CSV tables inside an export of the Medicare Coverage Database: a zip in a zip.

CMS publishes each export as a zip that holds an Access file and `*_csv.zip`, whose members are the
tables. Cells are quoted, with HTML, line breaks and doubled quotes in them; text is UTF-8, with or
without a mark, or Windows-1252. Tables gain columns now and then: those asked for must be there, the
others are never looked at, so that no descriptor of a CPT code leaves this module.
"""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Iterator
from datetime import date
from pathlib import Path

from claimwright.errors import SourceError
from claimwright.sources.ncci import Rejected
from claimwright.sources.packed import DAMAGED, decoded, member, read_bytes

EXPECTED = "CMS's export as downloaded (current_article.zip, all_article.zip, current_lcd.zip, all_lcd.zip, ncd.zip)"
MAIN = {"article": "article.csv", "lcd": "lcd.csv", "ncd": "ncd_trkg.csv"}
"""The table that tells what kind of documents an export holds."""

LONGEST_CELL = 256 * 1024 * 1024
"""The text of a whole document is one cell; csv's own limit is 128 KB."""


class Export:
    """The tables of one export by name. `rejected` gathers rows that are not as published, table by table."""

    def __init__(self, file: Path) -> None:
        """Open `file`; `SourceError` when it is no export."""
        self.file = file
        self.rejected: list[tuple[str, Rejected]] = []
        data = read_bytes(file, EXPECTED)
        if data[:2] != b"PK":
            raise SourceError(str(file), "not a zip", EXPECTED)
        try:
            with zipfile.ZipFile(io.BytesIO(data)) as outer:
                names = outer.namelist()
                inner = [name for name in names if name.lower().endswith("_csv.zip")]
                if len(inner) == 1:
                    data = member(outer, inner[0], file, EXPECTED)
                elif not any(_base(name) in MAIN.values() for name in names):
                    have = ", ".join(names[:8])
                    raise SourceError(str(file), f"{len(inner)} zips of CSV tables in the zip ({have})", EXPECTED)
            self._archive = zipfile.ZipFile(io.BytesIO(data))
            self._names = {_base(name): name for name in self._archive.namelist()}
        except DAMAGED as error:
            raise SourceError(str(file), f"the zip cannot be read ({error})", EXPECTED) from None
        kinds = [kind for kind, table in MAIN.items() if table in self._names]
        if len(kinds) != 1:
            problem = f"holds {' and '.join(kinds)}" if kinds else "holds neither article.csv, lcd.csv nor ncd_trkg.csv"
            raise SourceError(str(file), problem, EXPECTED)
        self.kind = kinds[0]

    def has(self, table: str) -> bool:
        """Does the export hold this table?"""
        return f"{table}.csv" in self._names

    def rows(self, table: str, *columns: str) -> Iterator[tuple[str, ...]]:
        """Cells of these columns (by name, case apart) of every row, without blanks at their ends.

        Errors: `SourceError` for a table or column that is not there, or a table that is cut off.
        """
        for _, cells in self.numbered(table, *columns):
            yield cells

    def numbered(self, table: str, *columns: str) -> Iterator[tuple[int, tuple[str, ...]]]:
        """As `rows`, each with the line it begins on."""
        name = f"{table}.csv"
        if name not in self._names:
            raise SourceError(str(self.file), f"no table {name} in the export", EXPECTED)
        try:
            text = decoded(member(self._archive, self._names[name], self.file, EXPECTED))
        except DAMAGED as error:
            raise SourceError(f"{self.file}: {name}", f"cannot be unpacked ({error})", EXPECTED) from None
        place = f"{self.file}: {name}"
        records = read_csv(text, place)
        header = [cell.strip().lower() for cell in next(records, (1, [""]))[1]]
        lacking = [column for column in columns if column.lower() not in header]
        if lacking:
            raise SourceError(f"{place}:1", f"no column {lacking[0]}; the table begins {','.join(header)[:80]!r}")
        at = [header.index(column.lower()) for column in columns]
        for line, cells in records:
            if len(cells) == len(header):
                yield line, tuple(cells[place].strip() for place in at)
            elif any(cells):
                self.reject(table, line, f"{len(cells)} cells instead of {len(header)}")

    def reject(self, table: str, line: int, problem: str) -> None:
        """Leave a row out and say why; told once, however often the table is read."""
        entry = (table, Rejected(line, problem))
        if entry not in self.rejected:
            self.rejected.append(entry)


def _base(name: str) -> str:
    return name.rsplit("/", 1)[-1].lower()


def read_csv(text: str, place: str) -> Iterator[tuple[int, list[str]]]:
    """(first line, cells) of every record of quoted CSV; `SourceError` when a quote never ends."""
    if "\0" in text:
        raise SourceError(place, "not a text table", EXPECTED)
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    line = 1
    try:
        while (cells := _next(reader)) is not None:
            yield line, cells
            line = reader.line_num + 1
    except csv.Error as error:
        problem = f"the table is cut off or damaged in this row ({error})"
        raise SourceError(f"{place}:{line}", problem, EXPECTED) from None


def _next(reader: Iterator[list[str]]) -> list[str] | None:
    """The next record. csv has one limit for the whole process: it is given back after every record."""
    before = csv.field_size_limit(LONGEST_CELL)
    try:
        return next(reader, None)
    finally:
        csv.field_size_limit(before)


def day_of(text: str) -> date | None:
    """The day of `YYYY-MM-DD HH:MM:SS`; None for an empty cell. `ValueError` for anything else."""
    if not text:
        return None
    found = re.match(r"(\d{4}-\d\d-\d\d)(?:[ T]\d\d:\d\d:\d\d(?:\.\d+)?)?Z?\Z", text)
    if not found:
        raise ValueError(f"a day {text[:24]!r} that is not YYYY-MM-DD HH:MM:SS")
    return date.fromisoformat(found[1])


_TAG = re.compile(r"<[^>]*>")


def plain_text(markup: str) -> str:
    """What a cell of HTML says, without its tags, blanks made single."""
    import html

    text = html.unescape(html.unescape(_TAG.sub(" ", markup)))  # entities are encoded twice now and then
    return " ".join(_TAG.sub(" ", text).split())
