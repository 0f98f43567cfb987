"""CMS IPPS Table 5: MS-DRG relative weights and mean lengths of stay, one fiscal year a file.

Tab-separated text (or the zip it is published in): notice and title lines, then a header, which may
be wrapped within its quotes, then one row a DRG, then footnotes. `*` or `**` stands where CMS prints
no number. The fiscal year stands in the title line, in the header or in the file's name. A header
column that is not known stops the reader: a weight is never guessed.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from claimwright.errors import SourceError
from claimwright.model import Interval
from claimwright.sources.packed import read_packed

COLUMNS = {
    "drg": r"ms-?drg",
    "post_acute": r"(fy\s*\d{2,4}\s+)?((final|proposed)(\s+rule)?\s+)?post-?\s?acute(\s+care)?(\s+drg)?",
    "special_pay": r"(fy\s*\d{2,4}\s+)?((final|proposed)(\s+rule)?\s+)?special\s+pay(\s+drg)?",
    "mdc": r"mdc",
    "type": r"type",
    "title": r"ms-?drg\s+title",
    "weight": r"(fy\s*\d{2,4}\s+)?((final|proposed)(\s+rule)?\s+)?(relative\s+)?weights?(\s*\(?with\s+10.*cap.*)?",
    "gmlos": r"geometric\s+mean\s+los|gmlos|geometric\s+mean\s+length\s+of\s+stay",
    "amlos": r"arithmetic\s+mean\s+los|amlos|arithmetic\s+mean\s+length\s+of\s+stay",
}
"""Columns by our name and as CMS heads them (wording differs from year to year)."""

EXPECTED = (
    "a tab-separated header: MS-DRG, Post-Acute DRG, Special Pay DRG, MDC, TYPE, MS-DRG Title, Weights, "
    "Geometric mean LOS, Arithmetic mean LOS"
)

TYPES = {"MED": "medical", "SURG": "surgical", "**": None, "*": None, "": None}
_OPTIONAL = frozenset({"post_acute", "special_pay"})
_YEAR = re.compile(r"FY[\s_-]*(20\d\d|\d\d)(?!\d)", re.IGNORECASE)
_NO_NUMBER = frozenset({"", "*", "**"})


@dataclass(frozen=True, slots=True)
class Row:
    """One DRG; weight and lengths of stay are None where CMS prints none."""

    drg: int
    mdc: str
    type: str | None
    title: str
    weight: float | None
    gmlos: float | None
    amlos: float | None
    post_acute: bool
    special_pay: bool


@dataclass(frozen=True, slots=True)
class Table5:
    """The table of one fiscal year."""

    name: str
    window: Interval
    rows: tuple[Row, ...]


def read(file: Path, release: date | None = None) -> Table5:
    """Parse the table; `SourceError` names the line that is not as published.

    `release` is a day of the fiscal year, for a file that does not tell it.
    """
    name, data = read_packed(file, r"table\s*_?5[^/]*\.txt", "Table 5 texts", "CMS's Table 5 or its zip")
    lines = _lines(data, file)
    at, places = _header(lines, file)
    year = _year([name, file.name], lines[: at + 1], release, file)
    rows = []
    for number, cells in lines[at + 1 :]:
        if not any(cells):
            continue
        if not re.fullmatch(r"\d{1,3}", cells[0]):
            if len([cell for cell in cells if cell]) == 1:
                continue  # a footnote
            raise SourceError(f"{file}:{number}", f"row {cells[:3]}", "a DRG number of three digits")
        rows.append(_row(cells, places, f"{file}:{number}"))
    _check(rows, file)
    return Table5(f"FY{year} Table 5", Interval(date(year - 1, 10, 1), date(year, 9, 30)), tuple(rows))


def _lines(data: bytes, file: Path) -> list[tuple[int, list[str]]]:
    """(line number, cells) of every record; blanks within a cell made one."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("cp1252", "replace")
    if "\0" in text:
        raise SourceError(str(file), "not a text file", EXPECTED)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter="\t")
    out, before = [], 0
    try:
        for cells in reader:
            out.append((before + 1, [" ".join(cell.split()) for cell in cells]))
            before = reader.line_num
    except csv.Error as error:
        raise SourceError(f"{file}:{reader.line_num}", f"not a row of text ({error})", "tab-separated cells") from None
    return out


def _header(lines: Sequence[tuple[int, list[str]]], file: Path) -> tuple[int, dict[str, int]]:
    """Where the header stands, and the place of each column."""
    for at, (number, cells) in enumerate(lines):
        if len(cells) < 5 or not re.fullmatch(COLUMNS["drg"], cells[0], re.IGNORECASE):
            continue
        places: dict[str, int] = {}
        for place, cell in enumerate(cells):
            if not cell and place >= len(COLUMNS):
                continue  # tabs at the end of the line
            found = [name for name, form in COLUMNS.items() if re.fullmatch(form, cell, re.IGNORECASE)]
            if len(found) != 1 or found[0] in places:
                raise SourceError(f"{file}:{number}", f"column {place + 1} is headed {cell!r}", EXPECTED)
            places[found[0]] = place
        lacking = set(COLUMNS) - set(places) - _OPTIONAL
        if lacking:
            raise SourceError(f"{file}:{number}", f"no column {sorted(lacking)[0]}", EXPECTED)
        return at, places
    first = lines[0][1][:4] if lines else []
    raise SourceError(f"{file}:1", f"no header; the file begins {first}", EXPECTED)


def _year(names: Sequence[str], before: Sequence[tuple[int, list[str]]], release: date | None, file: Path) -> int:
    """The fiscal year as the file tells it; `release` decides only when it does not."""
    told = [found[1] for _, cells in before for cell in cells if (found := _YEAR.search(cell))]
    told = told or [found[1] for name in names if (found := _YEAR.search(name))]
    years = {int(each) if len(each) == 4 else 2000 + int(each) for each in told}
    if release:
        chosen = release.year + (release.month >= 10)
        if years and years != {chosen}:
            raise SourceError(str(file), f"tells fiscal year {sorted(years)}, --release {release} is in FY{chosen}")
        return chosen
    if len(years) != 1:
        raise SourceError(
            str(file), f"tells {len(years)} fiscal years", "one, in its title (FY 2026) or by --release 2025-10-01"
        )
    return years.pop()


def _row(cells: Sequence[str], places: dict[str, int], place: str) -> Row:
    if len(cells) <= max(places.values()):
        raise SourceError(place, f"{len(cells)} cells", f"{max(places.values()) + 1}")
    cell = {name: cells[at] for name, at in places.items()}
    kind = cell["type"].upper()
    if kind not in TYPES:
        raise SourceError(place, f"TYPE {cell['type']!r}", "MED or SURG")
    if not cell["title"]:
        raise SourceError(place, "no title", "the title of the DRG")
    return Row(
        drg=int(cell["drg"]),
        mdc=cell["mdc"],
        type=TYPES[kind],
        title=cell["title"],
        weight=_number(cell["weight"], "weight", place),
        gmlos=_number(cell["gmlos"], "geometric mean length of stay", place),
        amlos=_number(cell["amlos"], "arithmetic mean length of stay", place),
        post_acute=cell.get("post_acute", "").lower() in ("yes", "y"),
        special_pay=cell.get("special_pay", "").lower() in ("yes", "y"),
    )


def _number(text: str, what: str, place: str) -> float | None:
    if text in _NO_NUMBER:
        return None
    if not re.fullmatch(r"\d{1,3}(\.\d+)?|\.\d+", text):
        raise SourceError(place, f"{what} {text!r}", "a number such as 0.8713, or ** for none")
    return float(text)


def _check(rows: Sequence[Row], file: Path) -> None:
    if not rows:
        raise SourceError(str(file), "no DRG", "one row for each MS-DRG")
    seen: set[int] = set()
    for row in rows:
        if row.drg in seen:
            raise SourceError(str(file), f"DRG {row.drg:03} stands twice", "one row for each MS-DRG")
        seen.add(row.drg)
