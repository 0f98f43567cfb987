"""CMS POA-exempt list: a tab-separated text file, or the zip that holds it.

Header `OrdFY25 POAexemptCode Description`; codes carry the dot; descriptions with a comma are
quoted. The fiscal year stands in the header.
"""

from __future__ import annotations

import csv
import io
import re
import zipfile
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from claimwright.errors import SourceError
from claimwright.model import CODE_SHAPE, Interval, undotted


@dataclass(frozen=True, slots=True)
class PoaExempt:
    """The codes of one fiscal year that need no present-on-admission indicator."""

    name: str
    window: Interval
    codes: tuple[str, ...]


def read(file: Path) -> PoaExempt:
    """Parse the list; `SourceError` names the line that is not as published."""
    text = _text(file)
    rows = csv.reader(io.StringIO(text), delimiter="\t")
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


def _text(file: Path) -> str:
    try:
        data = file.read_bytes()
        if data[:2] == b"PK":
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                wanted = [
                    name
                    for name in archive.namelist()
                    if re.search(r"POAexemptCodesFY\d\d\.txt\Z", name.replace(" ", ""), re.IGNORECASE)
                ]
                if len(wanted) != 1:
                    have = ", ".join(archive.namelist()[:8])
                    raise SourceError(str(file), f"{len(wanted)} POA-exempt lists in the zip ({have})", "exactly 1")
                data = archive.read(wanted[0])
    except OSError as error:
        raise SourceError(str(file), f"cannot be read ({error.strerror})") from None
    except zipfile.BadZipFile as error:
        raise SourceError(str(file), f"the zip cannot be read ({error})") from None
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")
