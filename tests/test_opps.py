"""OPPS Addendum B: the layout as published, quarters side by side, indicators in our words."""

from __future__ import annotations

import zipfile
from datetime import date
from pathlib import Path

import pytest

from claimwright.book.home import Input, sha256
from claimwright.book.procedures import Procedures
from claimwright.errors import EditionMissing, SourceError
from claimwright.model.fees import OutpatientEntry
from claimwright.sources import opps
from claimwright.sources.lexicon import read_lexicon
from tests.import_files import OPPS_HEADER, OPPS_NAME, OPPS_ROWS, opps_bytes
from tests.test_ncci import added, book_of, file

LEXICON = Path(__file__).parents[1] / "lexicons" / "opps-status.yaml"
DAY = date(2026, 7, 15)


def test_the_published_layout_is_read(tmp_path: Path) -> None:
    found = opps.read(file(tmp_path, OPPS_NAME, opps_bytes()))
    assert (found.name, str(found.window), found.dental, found.rejected) == (
        "2026 Q3", "2026-07-01 to 2026-09-30", 1, (),
    )  # fmt: skip
    assert found.rows == (
        OutpatientEntry("ZZ001", "J1", "5012", 12.3456, 1234.5, None, 246.9, False),
        OutpatientEntry("Z0001", "N", "", None, None, None, None, True, "Made-up supply"),
        OutpatientEntry("Z0002", "K", "9999", None, 0.125, None, 0.03, False, "Made-up drug"),
        OutpatientEntry("ZZ002", "Q1", "5733", 0.7, 60.06, None, 12.02, False),
    )
    assert "SECRET" not in repr(found)


@pytest.mark.parametrize(
    ("name", "quarter"),
    [
        ("2026_january_web_addendum_b.12292025.csv", "2026 Q1"),
        ("April 2026 Addendum B.csv", "2026 Q2"),
        ("2026_OCT_Addendum_B CORRECTION.csv", "2026 Q4"),
    ],
)
def test_the_name_tells_the_quarter(tmp_path: Path, name: str, quarter: str) -> None:
    assert opps.read(file(tmp_path, name, opps_bytes())).name == quarter


def test_a_name_without_a_quarter_needs_its_first_day(tmp_path: Path) -> None:
    place = file(tmp_path, "addendum_b.csv", opps_bytes())
    assert opps.read(place, date(2026, 4, 1)).name == "2026 Q2"
    with pytest.raises(SourceError, match="its name tells no quarter; expected a name such as"):
        opps.read(place)
    with pytest.raises(SourceError, match="the title tells 2026, the name 2025 Q1"):
        opps.read(place, date(2025, 1, 1))
    with pytest.raises(SourceError, match="--release says 2026-04-01"):
        opps.read(file(tmp_path, OPPS_NAME, opps_bytes()), date(2026, 4, 1))


def test_tabs_separate_the_cells_of_the_text(tmp_path: Path) -> None:
    header = "HCPCS Code\tShort Descriptor\tSI\tAPC\tRelative Weight\tPayment Rate\tNational Unadjusted Copayment\t"
    header += "Minimum Unadjusted Copayment\tNote\t* Indicates a Change from the Previous Quarter\r\n"
    row = 'ZZ001\t"WORDS, SECRET"\tS\t5012\t1.5\t" $1,234.50 "\t\t$2.00\t\t*\r\n'
    place = file(tmp_path, "2026 July Addendum B.txt", opps_bytes((row,), header))
    assert opps.read(place).rows == (OutpatientEntry("ZZ001", "S", "5012", 1.5, 1234.5, None, 2.0, True),)


def test_of_the_zip_the_csv_is_read(tmp_path: Path) -> None:
    place = tmp_path / "july-2026-opps-addendum-b.zip"
    with zipfile.ZipFile(place, "w") as archive:
        archive.writestr("508 Version/2026_July_Web_Addendum_B.csv", opps_bytes())
        archive.writestr("508 Version/2026_July_Web_Addendum_B.txt", b"not read")
        archive.writestr("508 Version/2026_July_Web_Addendum_B.xlsx", b"not read")
    assert len(opps.read(place).rows) == 4


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (opps_bytes(header=OPPS_HEADER.replace(",APC", ",Group")), ":4: column 4 is headed 'Group'"),
        (opps_bytes(header=OPPS_HEADER.replace(",Payment Rate", "")), ":4: no column rate"),
        (opps_bytes()[:-4], ":9: the file is cut off in this row"),
        (opps_bytes(year=2025), ":1: the title tells 2025, the name 2026 Q3"),
        (opps_bytes(("ZZ1,x,A,,,,,,,,,\r\n",)), ":5: no row could be read (a code 'ZZ1' that is not 5 characters)"),
        (opps_bytes(("ZZ001,x,paid,,,,,,,,,\r\n",)), "a status indicator 'paid'"),
        (opps_bytes(("ZZ001,x,A,,,many,,,,,,\r\n",)), "an amount 'many' that is no number"),
    ],
)
def test_files_not_as_published_are_refused(tmp_path: Path, data: bytes, says: str) -> None:
    with pytest.raises(SourceError, match=r"^[^\n]*$") as refused:
        opps.read(file(tmp_path, OPPS_NAME, data))
    assert says in str(refused.value)


def test_status_by_quarter_and_no_descriptor_of_cpt_in_the_book(tmp_path: Path) -> None:
    later = opps_bytes(("ZZ001,SECRET WORDS,D,,,,,,,,,*\r\n",))
    inputs = [
        added("opps", file(tmp_path, OPPS_NAME, opps_bytes())),
        added("opps", file(tmp_path, "2026_October_Web_Addendum_B.csv", later)),
        Input("lexicons", LEXICON, sha256(LEXICON), "claimwright", "Apache-2.0"),
    ]
    with book_of(tmp_path, *inputs) as book:
        found = Procedures(book)
        assert [each.name for each in found.editions("opps")] == ["2026 Q3", "2026 Q4"]
        told = [found.outpatient("ZZ001", day) for day in (date(2026, 9, 30), date(2026, 10, 1))]
        assert [(each.status, each.rate, each.changed) for each in told if each] == [
            ("J1", 1234.5, False),
            ("D", None, True),
        ]
        assert found.outpatient("ZZ999", DAY) is None
        with pytest.raises(EditionMissing, match="Load the file of 2026 Q2: claimwright data add opps FILE"):
            found.outpatient("ZZ001", date(2026, 6, 30))
        says = found.status_indicator("E1")
        assert says and says.paid == "no" and says.source == "noridian"
        assert found.status_indicator("Z9") is None
        assert all(b"SECRET" not in each.read_bytes() for each in book.folder.rglob("*") if each.is_file())


def test_every_letter_is_explained_once_with_its_source() -> None:
    rows = read_lexicon(LEXICON).rows
    letters = [row["status"] for row in rows]
    assert len(set(letters)) == len(letters) == 28
    assert {row["paid"] for row in rows} == {"yes", "no", "depends"}
    assert {row.split(",")[2] for row in OPPS_ROWS} <= set(letters)


def test_the_shared_list_of_letters_is_covered() -> None:
    """Retired X and the third party's own K2 to K4 apart, every letter of the list has our words."""
    shared = Path(__file__).parents[2] / "shared" / "data" / "opps" / "opps_status_indicators.csv"
    if not shared.is_file():
        pytest.skip("shared data not present: opps/opps_status_indicators.csv")
    letters = {line.split(",")[0].strip() for line in shared.read_text(encoding="utf-8").splitlines()[1:] if line}
    assert letters - {row["status"] for row in read_lexicon(LEXICON).rows} == {"X", "K2", "K3", "K4"}


def test_the_page_of_a_code_says_its_indicator_in_our_words(tmp_path: Path) -> None:
    from claimwright.interfaces.render.page import page

    lexicon = Input("lexicons", LEXICON, sha256(LEXICON), "claimwright", "Apache-2.0")
    with book_of(tmp_path, lexicon, added("opps", file(tmp_path, OPPS_NAME, opps_bytes()))) as opened:
        record = opened.show("ZZ001", DAY)
        found = record.procedure.outpatient if record.procedure else None
        assert found and (found.status, found.paid, found.apc, found.rate) == ("J1", "yes", "5012", 1234.5)
        assert found.says.startswith("paid by a comprehensive APC")
        (section,) = (each for each in page(record).sections if each.heading.startswith("Hospital outpatient"))
        assert section.sentences[0].startswith("Status indicator J1: paid by a comprehensive APC")
        assert section.table and ("Payment rate", "$1,234.50") in section.table.rows
        assert "SECRET" not in repr(record)
        packaged = opened.show("hcpcs:Z0001", DAY)
        assert packaged.procedure and packaged.procedure.outpatient and packaged.procedure.outpatient.paid == "no"
