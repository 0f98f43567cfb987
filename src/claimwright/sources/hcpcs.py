"""HCPCS Level II: CMS's fixed-width text of 320 characters a record, its workbook, or the zip of both.

A code is one record of kind 3 (a modifier of kind 7) with all particulars, then records of kind 4
(8) that go on with its long description; the workbook has 48 columns and one row a code. Notices
stand before the first record. The year, and since the quarterly files the month, stand in the name
(`HCPC2026_OCT_ANWEB.txt`). D codes are the American Dental Association's and are left out, whatever
the file holds.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from claimwright.errors import SourceError
from claimwright.model import Interval
from claimwright.model.fees import HcpcsEntry
from claimwright.sources import workbook
from claimwright.sources.cells import plain
from claimwright.sources.ncci import Rejected, check_begins, check_rejected, check_release, quarter_of
from claimwright.sources.packed import read_packed

WIDTH = 320
EXPECTED = "records of 320 characters: code, sequence, record kind (3, 4, 7, 8), description, particulars"
COLUMNS = (
    "hcpc", "seqnum", "recid", "long description", "short description", *(f"price{n}" for n in range(1, 5)), "mult_pi",
    *(f"cim{n}" for n in range(1, 4)), *(f"mcm{n}" for n in range(1, 4)), "statute",
    *(f"labcert{n}" for n in range(1, 9)), *(f"xref{n}" for n in range(1, 6)), "cov", "asc_grp", "asc_dt", "opps",
    "opps_pi", "opps_dt", "procnote", "betos", *(f"tos{n}" for n in range(1, 6)), "anest_bu", "add dt", "act eff dt",
    "term dt", "action cd",
)  # fmt: skip
"""The header of the workbook: 48 columns, in 2019 as in 2026."""

HEADED = f"a header of {len(COLUMNS)} columns: {', '.join(COLUMNS[:5]).upper()}, ... {COLUMNS[-1].upper()}"
NAMED = "a name such as HCPC2026_OCT_ANWEB.txt"
MONTHS = {"JAN": 1, "APR": 2, "JUL": 3, "OCT": 4}

_NAME = re.compile(r"HCPC(20\d\d)_?(JAN|APR|JUL|OCT)?", re.IGNORECASE)
_RECORD = re.compile(r"(?:[0-9A-Z]{5}|   [0-9A-Z]{2})\d{5}[3478]")
_SHAPE = {"3": re.compile(r"[A-Z]\d{4}"), "7": re.compile(r"[0-9A-Z]{2}")}
_LAST_DAY = 292
_PLACES = {
    "long description": (11, 91),
    "short description": (91, 119),
    "cov": (229, 230),
    "betos": (256, 259),
    "add dt": (268, 276),
    "act eff dt": (276, 284),
    "term dt": (284, 292),
    "action cd": (292, 293),
}
"""Where the text has what the workbook heads so."""

_REFERENCES = range(204, 229, 5)


@dataclass(frozen=True, slots=True)
class HcpcsFile:
    """One release; `dental` counts the D codes left out."""

    name: str
    window: Interval
    rows: tuple[HcpcsEntry, ...]
    dental: int
    rejected: tuple[Rejected, ...]


def read(file: Path, release: date | None = None) -> HcpcsFile:
    """Parse one release; `SourceError` names the line that is not as published."""
    stem = r"HCPC20\d\d[^/]*ANWEB[^/]*\."
    expected = "CMS's HCPCS file (text or workbook) or its zip"
    name, data = read_packed(file, stem + "txt", "HCPCS texts", expected, stem + "xlsx")
    title, window = _window(name, file)
    check_release(file, window, release)
    reader = _Reader()
    if data[:2] == b"PK":
        _read_cells(data, file, reader)
    else:
        _read_text(data, file, reader)
    rows, rejected = reader.rows(), tuple(reader.rejected)
    check_rejected(file, len(rows), rejected)
    check_begins(file, window, reader.begins, "a code", few=1)
    return HcpcsFile(title, window, rows, reader.dental, rejected)


def _read_text(data: bytes, file: Path, reader: _Reader) -> None:
    text = data.decode("cp1252", "replace").removeprefix("\xef\xbb\xbf")
    if "\0" in text:
        raise SourceError(str(file), "not a text file", EXPECTED)
    lines = text.split("\n")
    for number, line in enumerate(lines, 1):
        reader.line(number, line.rstrip("\r"))
    last = lines[-1]
    if last and _RECORD.match(last) and len(last) < WIDTH:
        raise SourceError(f"{file}:{len(lines)}", "the file is cut off in this record", "a whole file")
    if not reader.begun:
        raise SourceError(f"{file}:1", f"no record; the file begins {lines[0][:60]!r}", EXPECTED)


def _read_cells(data: bytes, file: Path, reader: _Reader) -> None:
    """A workbook: notices, the header, then a row a code; written out as records of the text."""
    begun = False
    for number, cells in workbook.rows(data, file, HEADED):
        if begun:
            if any(cell.strip() for cell in cells):
                reader.cells(number, dict(zip(COLUMNS, cells, strict=False)))
            continue
        told = [plain(cell).lower() for cell in cells]
        if told[:1] != ["hcpc"]:
            if number > 60:
                break
            continue
        while told and not told[-1]:
            told.pop()
        for place, (cell, known) in enumerate(zip(told, COLUMNS, strict=False), 1):
            if cell != known:
                raise SourceError(f"{file}:{number}", f"column {place} is headed {cells[place - 1]!r}", HEADED)
        if len(told) != len(COLUMNS):
            raise SourceError(f"{file}:{number}", f"{len(told)} columns", HEADED)
        begun = True
    if not begun:
        raise SourceError(f"{file}:1", "no header in the first sheet", HEADED)


def _window(name: str, file: Path) -> tuple[str, Interval]:
    found = _NAME.search(name) or _NAME.search(file.name)
    if not found:
        raise SourceError(str(file), "its name tells no year", NAMED)
    year, month = int(found[1]), (found[2] or "").upper()
    if month:
        return f"{year} {month.title()}", quarter_of(year, MONTHS[month])
    return str(year), Interval(date(year, 1, 1), date(year, 12, 31))


class _Reader:
    """Puts the records of each code together; keeps what is wrong by line."""

    def __init__(self) -> None:
        self.dental = 0
        self.rejected: list[Rejected] = []
        self.begins: list[tuple[int, date]] = []
        self._found: dict[str, tuple[HcpcsEntry, list[str]]] = {}
        self._open: tuple[str, list[str]] | None = None
        self.begun = False

    def line(self, number: int, line: str) -> None:
        """One line: a notice before the records, or a record."""
        if not _RECORD.match(line):
            if self.begun and line.strip():
                self.rejected.append(Rejected(number, "not a record"))
            return
        self.begun = True
        code, kind, text = line[:5].strip(), line[10], line[11:91].strip()
        if code.startswith("D") and kind in "34":
            self.dental += kind == "3"
            self._open = None
        elif kind in "48":
            if self._open and self._open[0] == code:
                self._open[1].append(text)
            elif self._open:
                self.rejected.append(Rejected(number, f"a continuation of {code} without its first record"))
        else:
            if len(line) < _LAST_DAY:
                self.rejected.append(Rejected(number, f"{len(line)} characters instead of {WIDTH}"))
                self._open = None
                return
            cell = {name: line[a:b] for name, (a, b) in _PLACES.items()}
            cell["xref"] = " ".join(line[at : at + 5] for at in _REFERENCES)  # they follow each other without blanks
            self._first(number, code, kind, cell)

    def _first(self, number: int, code: str, kind: str, cell: Mapping[str, str]) -> None:
        self._open = None
        row = _row(code, kind, cell)
        if isinstance(row, str):
            self.rejected.append(Rejected(number, row))
        elif code in self._found:
            self.rejected.append(Rejected(number, f"{code} a second time"))
        else:
            self.begins.append((number, row.added))
            self._found[code] = (row, [cell["long description"].strip()])
            self._open = (code, self._found[code][1])

    def cells(self, number: int, cell: Mapping[str, str]) -> None:
        """One row of a workbook."""
        code, kind = cell["hcpc"].strip(), cell["recid"].strip()
        if code.startswith("D") and kind == "3":
            self.dental += 1
        elif kind in "48" and kind and self._open and self._open[0] == code:
            self._open[1].append(cell["long description"])  # a description too long for one cell (G0503 in 2019)
        elif kind not in _SHAPE:
            self.rejected.append(Rejected(number, f"a record of kind {kind[:12]!r}"))
        else:
            references = " ".join(cell[f"xref{n}"] for n in range(1, 6))
            self._first(number, code, kind, {**cell, "xref": references})

    def rows(self) -> tuple[HcpcsEntry, ...]:
        """The codes with their whole descriptions."""
        out = []
        for row, texts in self._found.values():
            values = {name: getattr(row, name) for name in row.__slots__}
            out.append(HcpcsEntry(**{**values, "long": " ".join(" ".join(texts).split())}))
        return tuple(out)


def _row(code: str, kind: str, cell: Mapping[str, str]) -> HcpcsEntry | str:
    """The particulars of a code by the workbook's headings, or what is wrong in them."""
    if not _SHAPE[kind].fullmatch(code):
        return f"{code!r} is no Level II {'modifier' if kind == '7' else 'code'}"
    try:
        added, effective, terminated = (_day(cell[name]) for name in ("add dt", "act eff dt", "term dt"))
    except ValueError as error:
        return str(error)
    if added is None:
        return "no day it was added"
    return HcpcsEntry(
        code=code,
        modifier=kind == "7",
        long="",
        short=cell["short description"].strip(),
        cross_references=tuple(cell["xref"].split()),
        coverage=cell["cov"].strip(),
        betos=cell["betos"].strip(),
        added=added,
        effective=effective or added,  # CMS leaves it out now and then (A5513 in 2019)
        last=terminated,
        action=cell["action cd"].strip(),
    )


def _day(text: str) -> date | None:
    text = text.strip()
    if not text:
        return None
    try:
        return date(int(text[:4]), int(text[4:6]), int(text[6:]))
    except ValueError:
        raise ValueError(f"a day {text!r} that is not YYYYMMDD") from None
