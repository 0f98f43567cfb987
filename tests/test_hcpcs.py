"""HCPCS Level II and the fee schedule: layouts as published, departures refused; `data add` and its licence.

Codes here cannot exist: Z codes of HCPCS, ZZ001 to ZZ999.
"""

from __future__ import annotations

import json
import zipfile
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner

from claimwright.book.procedures import Procedures
from claimwright.errors import EditionMissing, SourceError
from claimwright.interfaces.cli import data_command
from claimwright.sources import hcpcs, pfs
from tests.mini import home as mini_home
from tests.test_ncci import MUE_NAME, PAGE, added, book_of, file, mue_bytes

NAME = "HCPC2026_OCT_ANWEB.txt"
NOTICE = "***Disclaimers\t\t\r\n*Made-up notice.\xa0\t\r\n\r\n"


def record(
    code: str, kind: str, long: str, short: str = "", days: tuple[str, str, str] = ("20200101", "20200101", "")
) -> str:
    """One record of 320 characters."""
    line = [" "] * 320
    start = {0: code.rjust(5), 5: "00100", 10: kind, 11: long[:80], 91: short[:28]}
    if kind in "37":
        start |= {204: "ZZ999", 229: "C", 256: "Z1A", 268: days[0], 276: days[1], 284: days[2], 292: "N"}
    for at, text in start.items():
        line[at : at + len(text)] = text
    return "".join(line)


RECORDS = (
    record("ZZ", "7", "Made-up modifier", "Made-up mod"),
    record("Z0001", "3", "Made-up supply whose description is long enough to be wrapped over", "Made-up supply"),
    record("Z0001", "4", "two records"),
    record("Z0002", "3", "Made-up service, ended", "Ended", ("20100101", "20261115", "20261114")),
    record("D0001", "3", "Dental", "Dental"),
    record("D0001", "4", "dental goes on"),
    record("Z0003", "3", "Made-up service without effective day", "New", ("20261115", "", "")),
)


def text(records: tuple[str, ...] = RECORDS) -> bytes:
    return (NOTICE + "".join(f"{each}\r\n" for each in records)).encode("cp1252")


def test_the_published_layout_is_read(tmp_path: Path) -> None:
    found = hcpcs.read(file(tmp_path, NAME, text()))
    assert (found.name, str(found.window)) == ("2026 Oct", "2026-10-01 to 2026-12-31")
    assert [(row.code, row.modifier) for row in found.rows] == [
        ("ZZ", True),
        ("Z0001", False),
        ("Z0002", False),
        ("Z0003", False),
    ]
    assert found.rows[1].long == "Made-up supply whose description is long enough to be wrapped over two records"
    assert (found.rows[1].coverage, found.rows[1].betos, found.rows[1].cross_references) == ("C", "Z1A", ("ZZ999",))
    assert (found.dental, found.rejected) == (1, ())
    assert found.rows[3].effective == date(2026, 11, 15)


def test_a_file_without_a_month_is_for_its_year(tmp_path: Path) -> None:
    place = tmp_path / "2026-Alpha-Numeric-HCPCS-File.zip"
    with zipfile.ZipFile(place, "w") as archive:
        archive.writestr("HCPC2026_CONTR_ANWEB.txt", text(RECORDS[:3]))
        archive.writestr("HCPC2026_README.txt", "not read")
    assert str(hcpcs.read(place).window) == "2026-01-01 to 2026-12-31"


@pytest.mark.parametrize(
    ("name", "data", "says"),
    [
        (NAME, text()[:-60], ":10: the file is cut off"),
        (NAME, NOTICE.encode("cp1252"), "no record; the file begins '***Disclaimers"),
        (NAME, PAGE, "a web page, not the file"),
        ("codes.txt", text(), "its name tells no year"),
        ("HCPC2026_OCT_ANWEB.zip", PAGE, "a web page, not the file"),
        (NAME, text((record("99999", "3", "x"),)), "'99999' is no Level II code"),
    ],
)
def test_files_not_as_published_are_refused(tmp_path: Path, name: str, data: bytes, says: str) -> None:
    with pytest.raises(SourceError) as refused:
        hcpcs.read(file(tmp_path, name, data))
    assert says in str(refused.value)


def test_records_not_as_published_are_counted_with_their_lines(tmp_path: Path) -> None:
    odd = (record("Z0004", "3", "x", "x", ("20269999", "", "")), "stray", record("Z0001", "3", "again"))
    found = hcpcs.read(file(tmp_path, NAME, text(RECORDS + odd)))
    assert [each.line for each in found.rejected] == [11, 12, 13]


def test_codes_by_day(tmp_path: Path) -> None:
    with book_of(tmp_path, added("hcpcs", file(tmp_path, NAME, text()))) as book:
        found = Procedures(book)
        ended = found.hcpcs("Z0002", date(2026, 11, 14))
        assert ended and ended.in_force(date(2026, 11, 14)) and not ended.in_force(date(2026, 11, 15))
        begun = found.hcpcs("Z0003", date(2026, 11, 14))
        assert begun and not begun.in_force(date(2026, 11, 14)) and begun.in_force(date(2026, 11, 15))
        assert found.hcpcs("D0001", date(2026, 11, 14)) is None
        assert found.hcpcs("ZZ", date(2026, 11, 14)) is None
        assert found.hcpcs("ZZ", date(2026, 11, 14), modifier=True) is not None
        with pytest.raises(EditionMissing, match=r"Load the file of 2026 Q3: claimwright data add hcpcs FILE$"):
            found.hcpcs("Z0001", date(2026, 9, 30))


# ---- fee schedule ---------------------------------------------------------------------------------

PFS_NAME = "PPRRVU2026_Jul_nonQPP.csv"
PFS_TOP = (
    ",,2026 National Physician Fee Schedule Relative Value File July Release",
    ",,Made-up notice.",
    "," * 31,
    ",,RELEASED 06/30/2026",
)


def pfs_bytes(rows: tuple[str, ...], columns: tuple[str, ...] = pfs.COLUMNS) -> bytes:
    """The header split over rows as CMS does: the last word of each heading in the last row."""
    upper = [" ".join(name.upper().split()[:-1]) for name in columns]
    lower = [name.upper().split()[-1] for name in columns]
    return "\r\n".join((*PFS_TOP, ",".join(upper), ",".join(lower), *rows, "")).encode("cp1252")


def fee(code: str, modifier: str = "", work: str = "1.50") -> str:
    return (
        f'{code},{modifier},"MADE-UP, SECRET WORDS",A,,{work},1.00,,2.00,NA,0.10,2.60,3.60,1,010,0.1,0.8,0.1,2,1,0,0,0,'
        "1,ZZ998,33.4009,09,0,99,0.00,0.00,0.00"
    )


def test_the_fee_schedule_is_read_without_descriptions(tmp_path: Path) -> None:
    found = pfs.read(file(tmp_path, PFS_NAME, pfs_bytes((fee("ZZ001"), fee("ZZ001", "26"), fee("D0001")))))
    assert (found.name, str(found.window)) == ("2026 C", "2026-07-01 to 2026-09-30")
    assert [(row.code, row.modifier, row.work, row.global_days) for row in found.rows] == [
        ("ZZ001", "", 1.5, "010"),
        ("ZZ001", "26", 1.5, "010"),
    ]
    assert [each.problem for each in found.rejected] == ["a dental code"]
    assert "SECRET" not in repr(found)


def test_earlier_files_have_one_column_less(tmp_path: Path) -> None:
    columns = tuple(name for name in pfs.COLUMNS if name not in pfs.SINCE_2026)
    cells = fee("ZZ001").split(",")
    row = ",".join(cells[:24] + cells[25:])  # the description holds a comma
    assert pfs.read(file(tmp_path, PFS_NAME, pfs_bytes((row,), columns))).rows[0].endoscopic_base == "ZZ998"


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (pfs_bytes((fee("ZZ001"),), (*pfs.COLUMNS[:5], "work value", *pfs.COLUMNS[6:])), ":6: column 6 is headed"),
        (pfs_bytes((fee("ZZ001"),), pfs.COLUMNS[:-1]), ":6: no column MP USED FOR OPPS PAYMENT AMOUNT"),
        (pfs_bytes((fee("ZZ001"), fee("ZZ002")))[:-60], ":8: the file is cut off"),
        (PAGE, "a web page, not the file"),
        (pfs_bytes((fee("ZZ001"),)).replace(b"2026 National", b"National"), "the title tells no year"),
    ],
)
def test_fee_schedules_not_as_published_are_refused(tmp_path: Path, data: bytes, says: str) -> None:
    with pytest.raises(SourceError) as refused:
        pfs.read(file(tmp_path, PFS_NAME, data))
    assert says in str(refused.value)


def test_fees_by_day_and_no_description_in_the_book(tmp_path: Path) -> None:
    inputs = [added("pfs", file(tmp_path, PFS_NAME, pfs_bytes((fee("ZZ001"), fee("ZZ001", "26")))))]
    with book_of(tmp_path, *inputs) as book:
        fees = Procedures(book).fees("ZZ001", date(2026, 7, 15))
        assert [(each.modifier, each.status, each.multiple, each.bilateral) for each in fees] == [
            ("", "A", "2", "1"),
            ("26", "A", "2", "1"),
        ]
        assert all(b"SECRET" not in each.read_bytes() for each in book.folder.rglob("*") if each.is_file())


# ---- data add -------------------------------------------------------------------------------------


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    from claimwright.book import parts

    mini_home.use(monkeypatch, mini_home.packages(tmp_path / "packages"))
    monkeypatch.setattr(parts, "MODULES", ("poa_exempt", "ncci_mue", "hcpcs"))
    monkeypatch.setenv("CLAIMWRIGHT_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("LOGNAME", "biller")
    return tmp_path / "home"


def test_a_file_under_terms_needs_their_acceptance(own: Path, tmp_path: Path) -> None:
    place = file(tmp_path, MUE_NAME, mue_bytes())
    refused = CliRunner().invoke(data_command.command, ["add", "ncci-mue", str(place)])
    assert refused.exception is not None and getattr(refused.exception, "exit_code", 0) == 2
    assert str(refused.exception) == (
        "ncci-mue: adding it needs your acceptance of the AMA's terms for files with CPT codes, "
        "which CMS shows before the download; expected --accept-licence"
    )
    assert not own.exists()


def test_acceptance_is_recorded_and_adding_again_changes_nothing(own: Path, tmp_path: Path) -> None:
    place = file(tmp_path, MUE_NAME, mue_bytes())
    told = [
        CliRunner().invoke(
            data_command.command, ["add", "ncci-mue", str(place), "--accept-licence", "--json"], catch_exceptions=False
        )
        for _ in range(2)
    ]
    assert told[0].stdout == told[1].stdout
    answer = json.loads(told[0].stdout)
    assert (answer["edition"], answer["rows"], answer["rejected"]) == ("2026 Q3 practitioner", 3, [])
    (record_file,) = own.glob("sources/ncci-mue/*/record.json")
    accepted = json.loads(record_file.read_text())["accepted"]
    assert (accepted["by"], accepted["sha256"]) == ("biller", answer["sha256"])
    assert accepted["at"].endswith("+00:00") and "AMA" in accepted["terms"]


def test_several_files_are_added_at_once_and_need_no_terms_where_there_are_none(own: Path, tmp_path: Path) -> None:
    places = [str(file(tmp_path, name, text())) for name in (NAME, "HCPC2026_JUL_ANWEB.txt")]
    told = CliRunner().invoke(data_command.command, ["add", "hcpcs", *places], catch_exceptions=False)
    assert told.stdout == "hcpcs: 2026 Oct is loaded, 4 rows\nhcpcs: 2026 Jul is loaded, 4 rows\n"


def test_one_wrong_file_of_several_adds_none(own: Path, tmp_path: Path) -> None:
    places = [str(file(tmp_path, NAME, text())), str(file(tmp_path, "HCPC2026_JUL_ANWEB.txt", PAGE))]
    refused = CliRunner().invoke(data_command.command, ["add", "hcpcs", *places])
    assert "a web page" in str(refused.exception)
    assert not (own / "sources").exists()


def test_the_2019_workbook_says_the_same_as_its_text(tmp_path: Path) -> None:
    shared = Path(__file__).parents[2] / "shared" / "data" / "hcpcs" / "2019-Alpha-Numeric-HCPCS-File.zip"
    if not shared.is_file():
        pytest.skip("shared data not present: hcpcs/2019-Alpha-Numeric-HCPCS-File.zip")
    with zipfile.ZipFile(shared) as archive:
        sheet = hcpcs.read(file(tmp_path, "HCPC2019_CONTR_ANWEB.xlsx", archive.read("HCPC2019_CONTR_ANWEB.xlsx")))
    text = hcpcs.read(shared)
    assert sorted(sheet.rows, key=lambda row: (row.code, row.modifier)) == sorted(
        text.rows, key=lambda row: (row.code, row.modifier)
    )
    assert next(row for row in text.rows if row.code == "E0970").cross_references == ("K0037", "K0042")
