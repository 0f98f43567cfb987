"""CMS Table 5: the layout as published, and every departure from it refused with its line."""

from __future__ import annotations

import zipfile
from datetime import date
from pathlib import Path

import pytest

from claimwright.book.build import compile_book
from claimwright.book.msdrg import weight
from claimwright.book.store import Book
from claimwright.errors import SourceError
from claimwright.sources import table5
from tests import mini

TITLE = (
    '"TABLE 5.-LIST OF MEDICARE SEVERITY DIAGNOSIS-RELATED GROUPS (MS-DRGS), RELATIVE WEIGHTING FACTORS, '
    'AND GEOMETRIC AND ARITHMETIC MEAN LENGTH OF STAY-FY 2026 Final Rule"'
)
HEADER = (
    'MS-DRG\t"FY 2026 Final\r\nPost-Acute DRG"\t"FY 2026 Final\r\nSpecial Pay DRG"\tMDC\tTYPE\tMS-DRG Title\tWeights\t'
    '"Geometric mean LOS"\t"Arithmetic mean LOS"'
)
# Made-up numbers: no published weight stands in this project.
ROWS = (
    '001\tNo\tNo\tPRE\tSURG\t"MADE-UP TITLE, WITH A COMMA"\t11.1111\t22.2\t33.3',
    "092\tYes\tNo\t01\tMED\tOTHER DISORDERS\xa0OF NERVOUS SYSTEM WITH CC\t1.2345\t3.4\t4.5",
    "998\tNo\tNo\t**\t**\tPRINCIPAL DIAGNOSIS INVALID AS DISCHARGE DIAGNOSIS\t0.0000\t**\t**",
)
FOOT = ("", '"MS-DRGs 998 and 999 contain cases that could not be assigned to valid DRGs."')


def text(header: str = HEADER, rows: tuple[str, ...] = ROWS, title: str = TITLE) -> bytes:
    return "\r\n".join(("CPT is not used in this file.", title, header, *rows, *FOOT)).encode("cp1252")


def file(folder: Path, data: bytes, name: str = "CMS-1833-F Table 5.txt") -> Path:
    place = folder / name
    place.write_bytes(data)
    return place


def test_the_published_layout_is_read(tmp_path: Path) -> None:
    found = table5.read(file(tmp_path, text()))
    assert (found.name, str(found.window)) == ("FY2026 Table 5", "2025-10-01 to 2026-09-30")
    assert [(row.drg, row.type, row.weight, row.gmlos) for row in found.rows] == [
        (1, "surgical", 11.1111, 22.2),
        (92, "medical", 1.2345, 3.4),
        (998, None, 0.0, None),
    ]
    assert found.rows[0].title == "MADE-UP TITLE, WITH A COMMA"
    assert (found.rows[1].title, found.rows[1].post_acute) == ("OTHER DISORDERS OF NERVOUS SYSTEM WITH CC", True)


def test_the_zip_it_is_published_in_is_read(tmp_path: Path) -> None:
    place = tmp_path / "fy2026-table-5.zip"
    with zipfile.ZipFile(place, "w") as archive:
        archive.writestr("CMS-1833-F Table 5.txt", text())
        archive.writestr("CMS-1833-F Table 5.xlsx", b"PK")
    assert len(table5.read(place).rows) == 3


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (text(HEADER.replace("Weights", "Weights\tSurprise")), r":3: column 8 is headed 'Surprise'"),
        (text(HEADER.replace("\tWeights", "")), r":3: no column weight"),
        (text(HEADER.replace("Weights", "MDC")), r":3: column 7 is headed 'MDC'"),
        (text(rows=(ROWS[0].replace("11.1111", "eleven"),)), r":6: weight 'eleven'"),
        (text(rows=(ROWS[0].replace("SURG", "BOTH"),)), r":6: TYPE 'BOTH'"),
        (text(rows=(ROWS[0].replace("001", "A01"),)), r":6: row \['A01'"),
        (text(rows=(ROWS[0], ROWS[0])), "DRG 001 stands twice"),
        (text(rows=("001\tNo\tNo",)), r":6: 3 cells"),
        (text(rows=()), "no DRG"),
        (text("DRG\tWeight"), r":1: no header"),
        (b"", "the file is empty"),
        (b"\x00\x01\x02", "not a text file"),
    ],
)
def test_anything_else_is_refused_with_its_line(tmp_path: Path, data: bytes, says: str) -> None:
    with pytest.raises(SourceError, match=says):
        table5.read(file(tmp_path, data))


def test_the_fiscal_year_is_told_or_given_never_guessed(tmp_path: Path) -> None:
    silent = text(HEADER.replace("FY 2026 Final\r\n", ""), title="TABLE 5")
    place = file(tmp_path, silent)
    with pytest.raises(SourceError, match="--release"):
        table5.read(place)
    assert table5.read(place, date(2025, 10, 1)).name == "FY2026 Table 5"
    assert table5.read(file(tmp_path, silent, "FY 2025 Table 5.txt")).name == "FY2025 Table 5"
    with pytest.raises(SourceError, match=r"tells fiscal year \[2026\]"):
        table5.read(file(tmp_path, text()), date(2024, 10, 1))


def test_a_loaded_table_answers_for_its_year_only(tmp_path: Path) -> None:
    inputs = [*mini.inputs(tmp_path), mini.source("msdrg-weights", file(tmp_path, text()))]
    work = tmp_path / "book"
    work.mkdir()
    compile_book(inputs, work)
    with Book(work) as book:
        assert weight(book, 92, date(2025, 10, 1)) == (1.2345, 3.4, 4.5)
        assert weight(book, 93, date(2025, 10, 1)) is None
        assert weight(book, 92, date(2026, 10, 1)) is None
