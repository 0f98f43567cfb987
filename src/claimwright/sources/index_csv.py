"""The index family of FY2025 as flat CSV, derived from CDC's XML: one row a term, parents by level.

It keeps neither manifestation codes nor text after a nonessential modifier nor references to categories;
the official XML does. Header and levels are checked, so that another table is not taken for an index.
"""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path

from claimwright.errors import SourceError
from claimwright.sources.index_rows import DISEASES, DRUGS, EXTERNAL, IndexRow, Words, code_of

HEADERS = {
    "RowID,Letter,Level,Term,See,SeeAlso,NonEssModif,Code": DISEASES,
    "RowID,Letter,Level,Term,SeeAlso,NonEssModif,PoisoningAccidental,PoisoningIntentionalSelfHarm,"
    "PoisoningAssault,PoisoningUndetermined,AdverseEffect,Underdosing": DRUGS,
}
"""First lines, and what each file is; the two indexes share theirs and are told apart by name."""
_CELLS = {
    2: "PoisoningAccidental", 3: "PoisoningIntentionalSelfHarm", 4: "PoisoningAssault", 5: "PoisoningUndetermined",
    6: "AdverseEffect", 7: "Underdosing",
}  # fmt: skip
_LONGEST_CODE = re.compile(r"([A-Z]\d[0-9A-Z]\.[0-9A-Z]{4})[0-9A-Z]+")


def rows_of(file: Path, data: bytes, member: str) -> tuple[str, int, list[IndexRow]]:
    """(kind, fiscal year, rows); `SourceError` names the line that is not as expected."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise SourceError(str(file), f"byte {error.start} is not UTF-8", "a CSV in UTF-8") from None
    head = text.split("\n", 1)[0].strip()
    if head not in HEADERS:
        raise SourceError(f"{file}:1", f"the header is {head[:80]!r}", "that of an index or of the table of drugs")
    kind = HEADERS[head]
    if kind == DISEASES and re.search("external", member, re.IGNORECASE):
        kind = EXTERNAL
    year = re.search(r"(20[1-9]\d)", member)
    if not year:
        raise SourceError(str(file), "its name tells no fiscal year", "a name such as ICD10CM_2025_Index.csv")
    return kind, int(year[1]), _rows(file, csv.DictReader(io.StringIO(text, newline="")))


def _rows(file: Path, reader: csv.DictReader[str]) -> list[IndexRow]:
    out: list[IndexRow] = []
    open_at: list[int] = []
    for line in reader:
        place = f"{file}:{reader.line_num}"
        if None in line or None in line.values():
            raise SourceError(place, "another number of columns than the header", "one value a column")
        level = line["Level"]
        if not level.isdigit() or int(level) > len(open_at):
            raise SourceError(place, f"level {level!r} after level {len(open_at) - 1}", "a level one deeper at most")
        depth = int(level)
        del open_at[depth:]
        out.append(_row(line, depth, open_at[-1] if open_at else -1, place))
        open_at.append(len(out) - 1)
    if not out:
        raise SourceError(str(file), "no row", "an index of thousands of rows")
    return out


def _row(line: dict[str, str], level: int, parent: int, place: str) -> IndexRow:
    term, modifiers = " ".join(line["Term"].split()), " ".join(line["NonEssModif"].split())
    if re.fullmatch(r"\((?!s\))[a-z]\)", modifiers):  # Cancer(o)phobia: the rest of the word is lost
        term, modifiers = term + modifiers[1:-1], ""
    glue = "" if not term or modifiers.startswith(("(s)", "(es)")) else " "
    cells = {column: code_of(line[name], place) for column, name in _CELLS.items() if line.get(name)}
    code = _LONGEST_CODE.sub(r"\1", line.get("Code", ""))  # a few rows print a character too many
    return IndexRow(
        level=level,
        parent=parent,
        words=Words((term + glue + modifiers).strip(), term or modifiers.strip("()"), modifiers if term else ""),
        code=code_of(code, place),
        see=tuple(filter(None, [" ".join(line.get("See", "").split())])),
        see_also=tuple(filter(None, [" ".join(line["SeeAlso"].split())])),
        cells=tuple((column, text) for column, text in cells.items() if text),
    )
