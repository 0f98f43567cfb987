"""OPPS Addendum B: how Medicare pays each code in a hospital outpatient department, text, CSV, workbook or zip.

A title and a notice stand before the header, whose columns change a little from year to year and are
found by their headings. Money has `$` and thousands separators; a lone `.` means none. Some codes
carry a no-break space or byte 255 at their end. Short descriptors of CPT codes are the AMA's: they
are dropped while reading, those of HCPCS Level II are kept, D codes are left out. The quarter stands
in the name (`2026_April_Web_Addendum_B.csv`), only the year in the title.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from claimwright.errors import SourceError
from claimwright.model import Interval
from claimwright.model.fees import OutpatientEntry
from claimwright.sources.cells import plain, records, unended
from claimwright.sources.ncci import Rejected, check_rejected, check_release, quarter, quarter_name, quarter_of
from claimwright.sources.packed import read_packed

COLUMNS = {
    "code": r"hcpcs( code)?",
    "description": r"short descriptor",
    "status": r"si|status indicator",
    "apc": r"apc",
    "weight": r"relative weight",
    "rate": r"payment rate",
    "copayment": r"national unadjusted copayment",
    "minimum_copayment": r"minimum unadjusted copayment",
    "adjusted_copayment": r"adjusted beneficiary copayment",
    "coinsurance": r"ira coinsurance percentage",
    "note": r"note.*",
    "expiration": r"(drug and device )?pass-through expiration.*",
    "changed": r"\*? ?indicates a change.*",
}
"""Columns by our name and as they are headed, case and blanks apart."""

REQUIRED = ("code", "description", "status", "apc", "weight", "rate", "copayment", "minimum_copayment")

EXPECTED = (
    "a header: HCPCS Code, Short Descriptor, SI, APC, Relative Weight, Payment Rate, National Unadjusted Copayment, "
    "Minimum Unadjusted Copayment, ..."
)
NAMED = "a name such as 2026_April_Web_Addendum_B.csv, or --release 2026-04-01"

_MONTH = re.compile(r"(?<![a-z])(jan|apr|jul|oct)(?:uary|il|y|ober)?(?![a-z])", re.IGNORECASE)
_MONTHS = {"jan": 1, "apr": 2, "jul": 3, "oct": 4}
_YEAR = re.compile(r"(?<!\d)(20\d\d)(?!\d)")
_TITLE = re.compile(r"addendum b\b.*?\b(?:cy|calendar year) ?(20\d\d)", re.IGNORECASE)
_STATUS = re.compile(r"[A-Z]\d?")
_LEVEL_TWO = re.compile(r"[A-CE-Z]\d{4}")
_ODD_ENDS = " \t\xa0\xff\ufeff\u200b"


@dataclass(frozen=True, slots=True)
class OppsFile:
    """The table of one quarter; `dental` counts the D codes left out."""

    window: Interval
    rows: tuple[OutpatientEntry, ...]
    dental: int
    rejected: tuple[Rejected, ...]

    @property
    def name(self) -> str:
        """The edition."""
        return quarter_name(self.window)


def read(file: Path, release: date | None = None) -> OppsFile:
    """Parse the table; `SourceError` names the line that is not as published."""
    stem = r"addendum[ _.-]*b[^/]*\."
    expected = "CMS's OPPS Addendum B (text, CSV or workbook) or its zip"
    name, data = _packed(file, stem, expected)
    separator = "\t" if data[:2] != b"PK" and b"\t" in data[:20_000] else ","
    lines = [(line, [plain(cell) for cell in cells]) for line, cells in records(data, file, EXPECTED, separator, False)]
    at, places = _header(lines, file)
    if unended(data):  # amounts stand last: a shorter one would be believed
        raise SourceError(f"{file}:{lines[-1][0]}", "the file is cut off in this row", "a whole file")
    window = _window(lines[:at], name, file, release)
    rows: dict[str, OutpatientEntry] = {}
    rejected, dental = [], 0
    for line, cells in lines[at + 1 :]:
        if not any(cells):
            continue
        found = _row(cells, places)
        if isinstance(found, str):
            rejected.append(Rejected(line, found))
        elif found.code.startswith("D"):
            dental += 1
        elif found.code in rows:
            rejected.append(Rejected(line, f"{found.code} a second time"))
        else:
            rows[found.code] = found
    check_rejected(file, len(rows), rejected)
    return OppsFile(window, tuple(rows.values()), dental, tuple(rejected))


def _packed(file: Path, stem: str, expected: str) -> tuple[str, bytes]:
    """CMS's zip may hold the same table as CSV and as tab-separated text: the CSV is taken then."""
    try:
        return read_packed(file, stem + "csv", "Addendum B tables", expected, stem + "(xlsx|txt)")
    except SourceError as error:
        if "Addendum B tables in the zip" not in error.problem:
            raise
        return read_packed(file, stem + "txt", "Addendum B tables", expected, stem + "xlsx")


def _header(lines: Sequence[tuple[int, list[str]]], file: Path) -> tuple[int, dict[str, int]]:
    for at, (line, cells) in enumerate(lines[:60]):
        told = [cell.lower() for cell in cells]
        if not re.fullmatch(COLUMNS["code"], told[0] if told else "") or "si" not in told:
            continue
        places: dict[str, int] = {}
        for place, cell in enumerate(told):
            if not cell:
                continue
            found = [name for name, form in COLUMNS.items() if re.fullmatch(form, cell)]
            if not found or found[0] in places:
                raise SourceError(f"{file}:{line}", f"column {place + 1} is headed {cells[place][:60]!r}", EXPECTED)
            places[found[0]] = place
        lacking = [name for name in REQUIRED if name not in places]
        if lacking:
            raise SourceError(f"{file}:{line}", f"no column {lacking[0].replace('_', ' ')}", EXPECTED)
        return at, places
    begins = lines[0][1][:1] if lines else []
    raise SourceError(f"{file}:1", f"no header; the file begins {' '.join(begins)[:60]!r}", EXPECTED)


def _window(title: Sequence[tuple[int, list[str]]], name: str, file: Path, release: date | None) -> Interval:
    words = " ".join(cell for _, cells in title for cell in cells if cell)
    year = _TITLE.search(words)
    # The file's own name tells more than that of the zip; a correction keeps both.
    named = next((told for each in (name, file.name) if (told := _quarter(each))), None)
    if named is None and release is None:
        raise SourceError(str(file), "its name tells no quarter", NAMED)
    window = quarter_of(*named) if named else quarter(release) if release else None
    assert window is not None  # noqa: S101 - one of the two is there
    check_release(file, window, release)
    if year and int(year[1]) != window.starts.year:
        raise SourceError(
            f"{file}:1", f"the title tells {year[1]}, the name {quarter_name(window)}", "the file under its own name"
        )
    return window


def _quarter(name: str) -> tuple[int, int] | None:
    """(year, quarter) that a file's name tells."""
    words = re.sub(r"[^A-Za-z0-9]+", " ", name)
    month, year = _MONTH.search(words), _YEAR.search(words)
    return (int(year[1]), _MONTHS[month[1].lower()]) if month and year else None


def _row(cells: list[str], places: dict[str, int]) -> OutpatientEntry | str:
    """The row, or what is wrong in it."""
    needed = max(places[name] for name in REQUIRED)
    if len(cells) <= needed:
        return f"{len(cells)} cells"
    cell = {name: cells[place] if place < len(cells) else "" for name, place in places.items()}
    code = cell["code"].strip(_ODD_ENDS)
    if not re.fullmatch(r"[0-9A-Z]{5}", code):
        return f"a code {code[:12]!r} that is not 5 characters"
    if not _STATUS.fullmatch(cell["status"]):
        return f"a status indicator {cell['status'][:12]!r} that is not a letter, with or without a digit"
    try:
        weight, rate, copayment, minimum = (
            _amount(cell[name]) for name in ("weight", "rate", "copayment", "minimum_copayment")
        )
    except ValueError as error:
        return str(error)
    words = cell["description"] if _LEVEL_TWO.fullmatch(code) else ""
    changed = cell.get("changed", "").startswith("*")
    return OutpatientEntry(code, cell["status"], cell["apc"], weight, rate, copayment, minimum, changed, words)


def _amount(text: str) -> float | None:
    bare = text.replace("$", "").replace(",", "").strip(_ODD_ENDS)
    if bare in ("", ".", "-"):
        return None
    if not re.fullmatch(r"\d*\.?\d+|\d+\.", bare):
        raise ValueError(f"an amount {text[:16]!r} that is no number")
    return float(bare)
