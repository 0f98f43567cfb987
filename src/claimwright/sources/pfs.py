"""Medicare physician fee schedule: relative values of a quarter, CSV, workbook or zip.

Five rows of preamble, a header split over the rows that follow, the last of them beginning
`HCPCS,MOD,DESCRIPTION`. Descriptions are the AMA's: they are dropped while reading, unless the user
says that they hold a CPT licence. Since 2026 there are two files,
for two conversion factors; the one for clinicians outside a qualifying model (nonQPP) is taken.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from claimwright.errors import SourceError
from claimwright.model import Interval
from claimwright.model.fees import FeeEntry
from claimwright.sources.cells import plain, records, unended
from claimwright.sources.ncci import Rejected, check_rejected, check_release, quarter_of
from claimwright.sources.packed import read_packed

COLUMNS = (
    "hcpcs", "mod", "description", "status code", "not used for medicare payment", "work rvu", "non-fac pe rvu",
    "non-fac na indicator", "facility pe rvu", "facility na indicator", "mp rvu", "non-facility total",
    "facility total", "pctc ind", "glob days", "pre op", "intra op", "post op", "mult proc", "bilat surg",
    "asst surg", "co- surg", "team surg", "pric ind", "endo base", "conv factor",
    "physician supervision of diagnostic procedures", "calculation flag", "diagnostic imaging family indicator",
    "non-facility pe used for opps payment amount", "facility pe used for opps payment amount",
    "mp used for opps payment amount",
)  # fmt: skip
"""The header, its rows joined cell by cell (2026: 32 columns)."""

SINCE_2026 = frozenset({"pric ind"})
"""Columns that earlier files do not have."""

EXPECTED = f"the header of PPRRVU, split over rows: {', '.join(COLUMNS[:4]).upper()}, ... ({len(COLUMNS)} columns)"

_MONTHS = {"jan": 1, "apr": 2, "jul": 3, "oct": 4}
_TITLE = re.compile(r"(20\d\d)\s+National Physician Fee Schedule", re.IGNORECASE)
_RELEASE = re.compile(r"\b(jan|apr|jul|oct)[a-z]*\s+release", re.IGNORECASE)
_NUMBER = re.compile(r"-?\d*\.?\d+")


@dataclass(frozen=True, slots=True)
class PfsFile:
    """The table of one quarter."""

    name: str
    window: Interval
    rows: tuple[FeeEntry, ...]
    rejected: tuple[Rejected, ...]


def read(file: Path, release: date | None = None, descriptions: bool = False) -> PfsFile:
    """Parse the table; `descriptions` keeps them. `SourceError` names the line that is not as published."""
    stem = r"PPRRVU(?:(?!_QPP)[^/])*\."
    expected = "CMS's PPRRVU file (CSV or workbook) or its zip"
    _, data = read_packed(file, stem + "csv", "PPRRVU tables", expected, stem + "xlsx")
    lines = [(line, [plain(cell) for cell in cells]) for line, cells in records(data, file, EXPECTED, strict=False)]
    at, places = _header(lines, file)
    if unended(data):  # amounts stand last: a shorter one would be believed
        raise SourceError(f"{file}:{lines[-1][0]}", "the file is cut off in this row", "a whole file")
    name, window = _window(lines[:at], file)
    check_release(file, window, release)
    rows: dict[tuple[str, str], FeeEntry] = {}
    rejected = []
    for line, cells in lines[at + 1 :]:
        if not any(cells):
            continue
        found = _row(cells, places, descriptions)
        if isinstance(found, str):
            rejected.append(Rejected(line, found))
        elif (found.code, found.modifier) in rows:
            rejected.append(Rejected(line, f"{found.code} {found.modifier}".strip() + " a second time"))
        else:
            rows[found.code, found.modifier] = found
    check_rejected(file, len(rows), rejected)
    return PfsFile(name, window, tuple(rows.values()), tuple(rejected))


def _header(lines: Sequence[tuple[int, list[str]]], file: Path) -> tuple[int, dict[str, int]]:
    """Where the header ends, and the place of each column by its joined heading."""
    first = ["HCPCS", "MOD", "DESCRIPTION"]
    at = next((n for n, (_, cells) in enumerate(lines[:60]) if [c.upper() for c in cells[:3]] == first), -1)
    if at < 0:
        begins = lines[0][1][:3] if lines else []
        raise SourceError(f"{file}:1", f"no header; the file begins {begins}", EXPECTED)
    begin = at
    while begin and not any(lines[begin - 1][1][:3]) and any(lines[begin - 1][1]):
        begin -= 1  # rows of the header leave the first three cells empty; the preamble stands in the third
    line, cells = lines[at]
    places: dict[str, int] = {}
    for place in range(len(cells)):
        words = [row[place] for _, row in lines[begin : at + 1] if place < len(row) and row[place]]
        told = " ".join(words).lower()
        if told not in COLUMNS or told in places:
            raise SourceError(f"{file}:{line}", f"column {place + 1} is headed {told.upper()!r}", EXPECTED)
        places[told] = place
    lacking = [name for name in COLUMNS if name not in places and name not in SINCE_2026]
    if lacking:
        raise SourceError(f"{file}:{line}", f"no column {lacking[0].upper()}", EXPECTED)
    return at, places


def _window(preamble: Sequence[tuple[int, list[str]]], file: Path) -> tuple[str, Interval]:
    words = " ".join(cell for _, cells in preamble for cell in cells if cell)
    year, month = _TITLE.search(words), _RELEASE.search(words)
    if not year:
        raise SourceError(f"{file}:1", "the title tells no year", "2026 National Physician Fee Schedule ...")
    number = _MONTHS[month[1].lower()] if month else 1  # the first file of a year names no month
    return f"{year[1]} {'ABCD'[number - 1]}", quarter_of(int(year[1]), number)


def _row(cells: list[str], places: dict[str, int], descriptions: bool) -> FeeEntry | str:
    """The row, or what is wrong in it."""
    if len(cells) < len(places):
        return f"{len(cells)} cells"
    cell = {name: cells[place] for name, place in places.items() if descriptions or name != "description"}
    if not re.fullmatch(r"[0-9A-Z]{5}", cell["hcpcs"]):
        return f"a code {cell['hcpcs'][:12]!r} that is not 5 characters"
    if cell["hcpcs"].startswith("D"):
        return "a dental code"
    numbers = [cell[name] for name in ("work rvu", "non-facility total", "facility total")]
    if not all(_NUMBER.fullmatch(each) for each in numbers):
        return "relative values that are no numbers"
    work, nonfacility, facility = map(float, numbers)
    return FeeEntry(
        cell["hcpcs"], cell["mod"], cell["status code"], work, nonfacility, facility, cell["pctc ind"],
        cell["glob days"], cell["mult proc"], cell["bilat surg"], cell["asst surg"], cell["co- surg"],
        cell["team surg"], cell["endo base"], cell["physician supervision of diagnostic procedures"],
        cell.get("description", ""),
    )  # fmt: skip
