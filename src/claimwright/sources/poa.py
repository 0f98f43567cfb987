"""CMS POA-exempt list: a tab-separated text file, or the zip that holds it.

Header `OrdFY25 POAexemptCode Description`; codes carry the dot; descriptions with a comma are
quoted. The fiscal year stands in the header.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from claimwright.errors import SourceError
from claimwright.model import CODE_SHAPE, Interval, undotted
from claimwright.sources.packed import read_packed


@dataclass(frozen=True, slots=True)
class PoaExempt:
    """The codes of one fiscal year that need no present-on-admission indicator."""

    name: str
    window: Interval
    codes: tuple[str, ...]


def read(file: Path) -> PoaExempt:
    """Parse the list; `SourceError` names the line that is not as published."""
    text = _text(file)
    rows = _rows(text, file)
    header = next(rows, [])
    found = re.fullmatch(r"Ord(?:er)?FY(\d\d)", header[0].strip()) if header else None
    if not found or len(header) < 3 or "poaexemptcode" not in header[1].lower().replace(" ", ""):
        raise SourceError(f"{file}:1", f"header {header[:3]}", "OrdFYnn, POAexemptCode, Description (tab-separated)")
    codes = []
    for number, row in enumerate(rows, start=2):
        if not any(cell.strip() for cell in row):
            continue
        if len(row) < 3 or not CODE_SHAPE.match(row[1].strip()):
            raise SourceError(f"{file}:{number}", f"row {row[:2]}", "order number, ICD-10-CM code, description")
        codes.append(undotted(row[1]))
    if not codes:
        raise SourceError(str(file), "no code", "about 38,000 rows")
    year = 2000 + int(found[1])
    return PoaExempt(f"FY{year}", Interval(date(year - 1, 10, 1), date(year, 9, 30)), tuple(codes))


def _rows(text: str, file: Path) -> Iterator[list[str]]:
    rows = csv.reader(io.StringIO(text), delimiter="\t")
    try:
        yield from rows
    except csv.Error as error:
        raise SourceError(f"{file}:{rows.line_num}", f"not a row of text ({error})", "tab-separated cells") from None


def _text(file: Path) -> str:
    _, data = read_packed(
        file, r"POA\s*exempt\s*Codes\s*FY\d\d\.txt", "POA-exempt lists", "CMS's POA-exempt list or its zip"
    )
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")
