"""NCCI add-on code edits: the tab-separated text of a quarter, its workbook, or the zip of both.

Columns are found by their headings, whose order and spelling CMS does not promise. Days are Julian
(`YYYYDDD`). `CCCCC` as primary code means that the Medicare contractor decides. The quarter stands in
the name (`AOC_V2026Q2-F-MCR.txt`).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from claimwright.errors import SourceError
from claimwright.model import Interval
from claimwright.sources import workbook
from claimwright.sources.cells import cut_off, plain, unended
from claimwright.sources.ncci import (
    Rejected,
    check_begins,
    check_rejected,
    check_release,
    plausible_quarter,
    quarter,
    quarter_name,
)
from claimwright.sources.packed import decoded, read_packed

CONTRACTOR = "CCCCC"
"""Primary code of an add-on whose primaries the contractor defines."""

COLUMNS = {
    "add_on": r"(add_?on|aoc)(_code|_cd)?",
    "primary": r"primary(_procedure)?(_code|_cd)?",
    "add_on_deleted": r"(add_?on|aoc)(_code|_cd)?_del(etion)?_(dt|date)",
    "primary_deleted": r"primary(_procedure)?(_code|_cd)?_del(etion)?_(dt|date)",
    "effective": r"(aoc_)?(edit_)?eff(ective)?_(dt|date)",
    "deleted": r"(aoc_)?edit_del(etion)?_(dt|date)",
    "type": r"(aoc_)?(edit_)?type",
    "instruction": r"special_instructions?(_notes?)?|notes?",
}
"""Columns by our name and as they are headed, blanks and signs made `_`."""

EXPECTED = (
    "a tab-separated header: add_on_code, primary_code, aoc_del_dt, primary_code_del_dt, aoc_edit_eff_dt, "
    "aoc_edit_del_dt, aoc_edit_type, special_instruction_notes"
)
NAMED = "a name such as AOC_V2026Q2-F-MCR.txt, or --release 2026-04-01"
_OPEN = frozenset({"", "*", "0", "0000000", "9999999", "9999365", "9999366"})
_QUARTER = re.compile(r"(20\d\d)[-_ ]?q([1-4])(?!\d)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class AddOn:
    """An add-on code and one of its primaries, or `CONTRACTOR`; days None where CMS prints none."""

    code: str
    primary: str
    type: int
    effective: date
    deleted: date | None
    code_deleted: date | None
    primary_deleted: date | None
    instruction: str


@dataclass(frozen=True, slots=True)
class AocFile:
    """The table of one quarter."""

    window: Interval
    rows: tuple[AddOn, ...]
    rejected: tuple[Rejected, ...]

    @property
    def name(self) -> str:
        """The edition."""
        return quarter_name(self.window)


def read(file: Path, release: date | None = None) -> AocFile:
    """Parse the table; `SourceError` names the line that is not as published."""
    named = r"AOC[^/]*\."
    expected = "CMS's add-on code file (tab-separated or workbook) or its zip"
    name, data = read_packed(file, named + "txt", "add-on texts", expected, named + "xlsx")
    lines = _lines(data, file)
    at, places = _header(lines, file)
    window = _window(name, file, release)
    rows, at_line, rejected = [], [], []
    for line, cells in lines[at + 1 :]:
        if not any(cells):
            continue
        found = _row(cells, places)
        if isinstance(found, str):
            rejected.append(Rejected(line, found))
        else:
            rows.append(found)
            at_line.append((line, found.effective))
    short = unended(data) and len(lines[-1][1]) < len(lines[at][1])
    if short or (rejected and cut_off(data, rejected[-1].line)):
        raise SourceError(f"{file}:{lines[-1][0]}", "the file is cut off in this row", "a whole file")
    check_rejected(file, len(rows), rejected)
    check_begins(file, window, at_line, "an edit")
    return AocFile(window, tuple(dict.fromkeys(rows)), tuple(rejected))


def _lines(data: bytes, file: Path) -> list[tuple[int, list[str]]]:
    """Every line with its cells; a text may quote cells, but a quote never spans lines in it."""
    if data[:2] == b"PK":
        return [(line, [plain(cell) for cell in cells]) for line, cells in workbook.rows(data, file, EXPECTED)]
    text = decoded(data)
    if "\0" in text:
        raise SourceError(str(file), "not a text file", EXPECTED)
    return [
        (n, [plain(cell).strip('"').strip() for cell in line.split("\t")]) for n, line in enumerate(text.split("\n"), 1)
    ]


def _header(lines: Sequence[tuple[int, list[str]]], file: Path) -> tuple[int, dict[str, int]]:
    for at, (line, cells) in enumerate(lines[:60]):
        told = [re.sub(r"[^a-z0-9]+", "_", cell.lower()).strip("_") for cell in cells]
        if sum(bool(re.fullmatch(COLUMNS[name], cell)) for name in ("add_on", "primary") for cell in told) < 2:
            continue
        places: dict[str, int] = {}
        for place, cell in enumerate(told):
            if not cell:
                continue
            found = [name for name, form in COLUMNS.items() if re.fullmatch(form, cell)]
            if len(found) != 1 or found[0] in places:
                raise SourceError(f"{file}:{line}", f"column {place + 1} is headed {cells[place]!r}", EXPECTED)
            places[found[0]] = place
        lacking = [name for name in COLUMNS if name not in places and name != "instruction"]
        if lacking:
            raise SourceError(f"{file}:{line}", f"no column {lacking[0]}", EXPECTED)
        return at, places
    begins = lines[0][1][0][:60] if lines and lines[0][1] else ""
    raise SourceError(f"{file}:1", f"no header; the file begins {begins!r}", EXPECTED)


def _window(name: str, file: Path, release: date | None) -> Interval:
    told = {found.groups() for each in (name, file.name) if (found := _QUARTER.search(each))}
    if not told and release:
        return quarter(release)
    if len(told) != 1:
        raise SourceError(str(file), f"its name tells {len(told)} quarters", NAMED)
    year, number = told.pop()
    window = plausible_quarter(int(year), int(number), file)
    check_release(file, window, release)
    return window


def _row(cells: list[str], places: dict[str, int]) -> AddOn | str:
    """The row, or what is wrong in it."""
    needed = max(place for name, place in places.items() if name != "instruction")
    if len(cells) <= needed:
        return f"{len(cells)} cells"
    cell = {name: cells[place] if place < len(cells) else "" for name, place in places.items()}
    for name in ("add_on", "primary"):
        if not re.fullmatch(r"[0-9A-Z]{5}", cell[name]):
            return f"a code {cell[name][:12]!r} that is not 5 characters"
    if cell["type"] not in ("1", "2", "3"):
        return f"a type {cell['type'][:12]!r} that is not 1, 2 or 3"
    try:
        days = {n: julian(cell[n]) for n in ("effective", "deleted", "add_on_deleted", "primary_deleted")}
    except ValueError as error:
        return str(error)
    effective = days["effective"]
    if effective is None:
        return "no effective day"
    return AddOn(
        cell["add_on"], cell["primary"], int(cell["type"]), effective, days["deleted"], days["add_on_deleted"],
        days["primary_deleted"], " ".join(cell.get("instruction", "").split()),
    )  # fmt: skip


def julian(text: str) -> date | None:
    """A day as `YYYYDDD`, the day of the year last; None for an open one. `ValueError` for no such day."""
    if text in _OPEN:
        return None
    found = re.fullmatch(r"((?:19|20)\d\d)(\d{3})", text)
    day = date(int(found[1]), 1, 1) + timedelta(days=int(found[2]) - 1) if found else None
    if found is None or day is None or day.year != int(found[1]):
        raise ValueError(f"a day {text[:12]!r} that is not YYYYDDD")
    return day
