"""NCCI medically unlikely edits: one setting's table of a quarter, CSV, workbook or zip.

Latin-1. The first record is a notice of several lines within quotes; the second the header, with a
line break in its first cell. The setting stands in the header and in the name; the quarter only in
the name (`MCR_MUE_PractitionerServices_Eff_07-01-2026.csv`).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from claimwright.errors import SourceError
from claimwright.model import Interval
from claimwright.sources.cells import Records, cut_off, records, unended
from claimwright.sources.ncci import (
    DME,
    OUTPATIENT,
    PRACTITIONER,
    Rejected,
    check_rejected,
    check_release,
    quarter,
    quarter_name,
)
from claimwright.sources.packed import read_packed

EXPECTED = (
    "a header: HCPCS/CPT Code, Practitioner (or Outpatient Hospital, or DME Supplier) Services MUE Values, "
    "MUE Adjudication Indicator, MUE Rationale"
)
NAMED = "a name such as MCR_MUE_PractitionerServices_Eff_07-01-2026.csv"

_HEADED = {"practitioner": PRACTITIONER, "outpatient hospital": OUTPATIENT, "dme supplier": DME}
_NAMED = {"practitioner": PRACTITIONER, "outpatienthospital": OUTPATIENT, "dmesupplier": DME}
_VALUES = re.compile(r"(practitioner|outpatient hospital|dme supplier)( services)? mue values?")
_DAY = re.compile(r"(?<!\d)(\d\d)[-_](\d\d)[-_](20\d\d)(?!\d)")
_INDICATOR = re.compile(r"([123])(?!\d)")


@dataclass(frozen=True, slots=True)
class Mue:
    """Most units of one code; `indicator` 1 line edit, 2 date of service by policy, 3 by clinical data."""

    code: str
    units: int
    indicator: int
    rationale: str


@dataclass(frozen=True, slots=True)
class MueFile:
    """The table of one setting and quarter."""

    setting: str
    window: Interval
    rows: tuple[Mue, ...]
    rejected: tuple[Rejected, ...]

    @property
    def name(self) -> str:
        """The edition."""
        return f"{quarter_name(self.window)} {self.setting}"


def read(file: Path, release: date | None = None) -> MueFile:
    """Parse the table; `SourceError` names the line that is not as published."""
    named = r"MUE[^/]*\."
    expected = "CMS's MUE file (CSV or workbook) or its zip"
    name, data = read_packed(file, named + "csv", "MUE tables", expected, named + "xlsx")
    table = records(data, file, EXPECTED)
    setting = _header(table, file)
    _check_setting(setting, name, file)
    window = _window(name, file, release)
    rows: dict[str, Mue] = {}
    rejected, last = [], 0
    for last, cells in table:
        if not any(cell.strip() for cell in cells):
            continue
        problem = _problem(cells, rows)
        if problem:
            rejected.append(Rejected(last, problem))
        else:
            rows[cells[0].strip()] = _row(cells)
    line = rejected[-1].line if rejected else 0
    if (rejected and cut_off(data, line)) or (unended(data) and _odd_words(list(rows.values()))):
        raise SourceError(f"{file}:{max(line, last)}", "the file is cut off in this row", "a whole file")
    check_rejected(file, len(rows), rejected)
    return MueFile(setting, window, tuple(rows.values()), tuple(rejected))


def _header(table: Records, file: Path) -> str:
    """Read up to the header; the setting it tells."""
    first = ""
    for line, cells in table:
        told = [" ".join(cell.replace("/", "/ ").lower().split()) for cell in cells]
        first = first or " ".join(cells[:1])[:60]
        if told[:1] != ["hcpcs/ cpt code"]:
            if line > 60:
                break
            continue
        while told and not told[-1]:
            told.pop()
        values = _VALUES.fullmatch(told[1]) if len(told) > 1 else None
        if not values or told[2:] != ["mue adjudication indicator", "mue rationale"]:
            raise SourceError(f"{file}:{line}", f"header {told}", EXPECTED)
        return _HEADED[values[1]]
    raise SourceError(f"{file}:1", f"no header; the file begins {first!r}", EXPECTED)


def _check_setting(setting: str, *named: str | Path) -> None:
    file = named[-1]
    for each in named:
        plain = re.sub(r"[^a-z]", "", Path(each).name.lower())
        for word, told in _NAMED.items():
            if word in plain and told != setting:
                raise SourceError(str(file), f"named {told}, its header says {setting}", "the file under its own name")


def _window(name: str, file: Path, release: date | None) -> Interval:
    told = [found for each in (name, file.name) if (found := _DAY.search(each))]
    days = set()
    for month, day, year in (found.groups() for found in told):
        try:
            days.add(date(int(year), int(month), int(day)))
        except ValueError:
            raise SourceError(str(file), f"its name tells the day {month}-{day}-{year}", NAMED) from None
    if not days and release:
        return quarter(release)
    if len(days) != 1:
        raise SourceError(str(file), f"its name tells {len(days)} days", f"{NAMED}, or --release 2026-07-01")
    window = quarter(days.pop())
    check_release(file, window, release)
    return window


def _problem(cells: list[str], seen: dict[str, Mue]) -> str:
    if len(cells) < 4 or any(cell.strip() for cell in cells[4:]):
        return "not 4 cells"
    code, units, indicator = (cell.strip() for cell in cells[:3])
    if not re.fullmatch(r"[0-9A-Z]{5}", code):
        return f"a code {code[:12]!r} that is not 5 characters"
    if not re.fullmatch(r"\d{1,7}", units):
        return f"units {units[:12]!r} that are not a number"
    if not _INDICATOR.match(indicator):
        return f"an adjudication indicator {indicator[:12]!r} that does not begin with 1, 2 or 3"
    if code in seen and seen[code] != _row(cells):
        return f"code {code} a second time, with other values"
    return ""


def _row(cells: list[str]) -> Mue:
    return Mue(cells[0].strip(), int(cells[1]), int(cells[2].strip()[0]), " ".join(cells[3].split()))


def _odd_words(rows: Sequence[Mue]) -> bool:
    """Does no other row give the last one's rationale? There are some twenty for thousands of codes."""
    return len(rows) > 1 and all(row.rationale != rows[-1].rationale for row in rows[:-1])
