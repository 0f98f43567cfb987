"""HCPCS Level II: CMS's fixed-width text of 320 characters a record, or its zip.

A code is one record of kind 3 (a modifier of kind 7) with all particulars, then records of kind 4
(8) that go on with its long description. Notices stand before the first record. The year, and since
the quarterly files the month, stand in the name (`HCPC2026_OCT_ANWEB.txt`). D codes are the American
Dental Association's and are left out, whatever the file holds.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from claimwright.errors import SourceError
from claimwright.model import Interval
from claimwright.sources.ncci import Rejected, check_rejected, check_release, quarter_of
from claimwright.sources.packed import read_packed

WIDTH = 320
EXPECTED = "records of 320 characters: code, sequence, record kind (3, 4, 7, 8), description, particulars"
NAMED = "a name such as HCPC2026_OCT_ANWEB.txt"
MONTHS = {"JAN": 1, "APR": 2, "JUL": 3, "OCT": 4}

_NAME = re.compile(r"HCPC(20\d\d)_?(JAN|APR|JUL|OCT)?", re.IGNORECASE)
_RECORD = re.compile(r"(?:[0-9A-Z]{5}|   [0-9A-Z]{2})\d{5}[3478]")
_SHAPE = {"3": re.compile(r"[A-Z]\d{4}"), "7": re.compile(r"[0-9A-Z]{2}")}
_LAST_DAY = 292


@dataclass(frozen=True, slots=True)
class Hcpcs:
    """A code or modifier. `terminated` is its last day; `action` is CMS's letter for the last change."""

    code: str
    modifier: bool
    long: str
    short: str
    cross_references: tuple[str, ...]
    coverage: str
    betos: str
    added: date
    effective: date
    terminated: date | None
    action: str


@dataclass(frozen=True, slots=True)
class HcpcsFile:
    """One release; `dental` counts the D codes left out."""

    name: str
    window: Interval
    rows: tuple[Hcpcs, ...]
    dental: int
    rejected: tuple[Rejected, ...]


def read(file: Path, release: date | None = None) -> HcpcsFile:
    """Parse one release; `SourceError` names the line that is not as published."""
    name, data = read_packed(file, r"HCPC20\d\d[^/]*ANWEB[^/]*\.txt", "HCPCS texts", "CMS's HCPCS file or its zip")
    title, window = _window(name, file)
    check_release(file, window, release)
    text = data.decode("cp1252", "replace")
    if "\0" in text:
        raise SourceError(str(file), "not a text file", EXPECTED)
    lines = text.split("\n")
    reader = _Reader()
    for number, line in enumerate(lines, 1):
        reader.line(number, line.rstrip("\r"))
    last = lines[-1]
    if last and _RECORD.match(last) and len(last) < WIDTH:
        raise SourceError(f"{file}:{len(lines)}", "the file is cut off in this record", "a whole file")
    rows, rejected = reader.rows(), tuple(reader.rejected)
    if not rows and not rejected:
        raise SourceError(f"{file}:1", f"no record; the file begins {lines[0][:60]!r}", EXPECTED)
    check_rejected(file, len(rows), rejected)
    return HcpcsFile(title, window, rows, reader.dental, rejected)


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
        self._found: dict[str, tuple[Hcpcs, list[str]]] = {}
        self._open: tuple[str, list[str]] | None = None
        self._begun = False

    def line(self, number: int, line: str) -> None:
        """One line: a notice before the records, or a record."""
        if not _RECORD.match(line):
            if self._begun and line.strip():
                self.rejected.append(Rejected(number, "not a record"))
            return
        self._begun = True
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
            self._first(number, code, kind, line)

    def _first(self, number: int, code: str, kind: str, line: str) -> None:
        self._open = None
        row = _row(code, kind, line)
        if isinstance(row, str):
            self.rejected.append(Rejected(number, row))
        elif code in self._found:
            self.rejected.append(Rejected(number, f"{code} a second time"))
        else:
            self._found[code] = (row, [line[11:91].strip()])
            self._open = (code, self._found[code][1])

    def rows(self) -> tuple[Hcpcs, ...]:
        """The codes with their whole descriptions."""
        out = []
        for row, texts in self._found.values():
            values = {name: getattr(row, name) for name in row.__slots__}
            out.append(Hcpcs(**{**values, "long": " ".join(" ".join(texts).split())}))
        return tuple(out)


def _row(code: str, kind: str, line: str) -> Hcpcs | str:
    """The particulars of a first record, or what is wrong in it."""
    if not _SHAPE[kind].fullmatch(code):
        return f"{code!r} is no Level II {'modifier' if kind == '7' else 'code'}"
    if len(line) < _LAST_DAY:
        return f"{len(line)} characters instead of {WIDTH}"
    try:
        added, effective, terminated = (_day(line[at : at + 8]) for at in (268, 276, 284))
    except ValueError as error:
        return str(error)
    if added is None:
        return "no day it was added"
    return Hcpcs(
        code=code,
        modifier=kind == "7",
        long="",
        short=line[91:119].strip(),
        cross_references=tuple(line[204:229].split()),
        coverage=line[229:230].strip(),
        betos=line[256:259].strip(),
        added=added,
        effective=effective or added,  # CMS leaves it out now and then (A5513 in 2019)
        terminated=terminated,
        action=line[292:293].strip(),
    )


def _day(text: str) -> date | None:
    text = text.strip()
    if not text:
        return None
    try:
        return date(int(text[:4]), int(text[4:6]), int(text[6:]))
    except ValueError:
        raise ValueError(f"a day {text!r} that is not YYYYMMDD") from None
