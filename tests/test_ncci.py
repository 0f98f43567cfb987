"""NCCI tables: the layouts as published, every departure refused, and both boundary days.

Codes here cannot exist (ZZ001 to ZZ999): no row of a published table stands in this project.
"""

from __future__ import annotations

import json
import zipfile
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest

from claimwright.book.build import compile_book
from claimwright.book.home import Input, sha256
from claimwright.book.procedures import Procedures
from claimwright.book.store import Book
from claimwright.errors import EditionMissing, RuleError, SourceError
from claimwright.sources import ncci_aoc, ncci_mue, ncci_ptp
from claimwright.sources.ncci import quarter
from tests import mini

PTP_HEADER = (
    "Notice of a made-up owner.\t\t\t\t\t\t\r\n"
    "Column1/Column2 Edits\t\t\t\t\t\t\r\n"
    "Column 1\tColumn 2\t*=in existence\tEffective\tDeletion\tModifier\tPTP Edit Rationale\r\n"
    "\t\tprior to 1996\tDate\tDate\t0=not allowed\t\r\n"
    "\t\t\t\t*=no data\t1=allowed\t\r\n"
    "\t\t\t\t\t9=not applicable\t\r\n"
)
PTP_ROWS = (
    "ZZ001\tZZ002\t\t20200101\t*\t0\tMade-up reason",
    "ZZ001\tZZ003\t\t20200101\t20260630\t1\tMade-up reason",
    "ZZ001\tZZ003\t\t20260901\t*\t1\tOther made-up reason",
    "ZZ004\tZZ001\t*\t19960101\t20260815\t1\tMade-up reason",
    "ZZ005\tZZ001\t\t20220101\t20220101\t9\tMade-up reason",
)
PTP_NAME = "ccipra-v322r0-f1.txt"
MUE_NOTICE = '"Notice of a made-up owner\xae.\r\n\r\nOf several lines, with a ""quoted"" word.",,,\r\n'
MUE_HEADER = '"HCPCS/\r\nCPT Code",{} Services MUE Values,MUE Adjudication Indicator,MUE Rationale\r\n'
MUE_ROWS = (
    "ZZ001,1,1 Line Edit,Made-up reason",
    "ZZ002,2,2 Date of Service Edit: Policy,Made-up reason",
    "ZZ003,3,3 Date of Service Edit: Clinical,Made-up: reason / other",
)
MUE_NAME = "MCR_MUE_PractitionerServices_Eff_07-01-2026.csv"
AOC_HEADER = (
    "Add-On Code\tPrimary Code\tAOC Del Dt\tPrimary Code Del Dt\tAOC Edit Eff Dt\tAOC Edit Del Dt\tAOC Edit Type\t"
    "Special Instruction/Notes\r\n"
)
AOC_ROWS = (
    "ZZ010\tZZ001\t\t\t2013001\t\t1\t",
    "ZZ010\tZZ002\t\t\t2013001\t2026196\t1\tMade-up instruction",
    "ZZ011\tCCCCC\t\t\t2013001\t\t2\t",
    "ZZ012\tCCCCC\t\t\t2013001\t\t3\t",
    "ZZ012\tZZ003\t\t\t2024366\t\t3\t",
)
AOC_NAME = "AOC_V2026Q3-F-MCR.txt"
PAGE = b"\r\n<!DOCTYPE html><html><body>License Agreement</body></html>"
DAY = date(2026, 7, 15)


def ptp_bytes(rows: tuple[str, ...] = PTP_ROWS, header: str = PTP_HEADER) -> bytes:
    return (header + "".join(f"{row}\r\n" for row in rows)).encode("latin-1")


def mue_bytes(rows: tuple[str, ...] = MUE_ROWS, setting: str = "Practitioner") -> bytes:
    return (MUE_NOTICE + MUE_HEADER.format(setting) + "".join(f"{row}\r\n" for row in rows)).encode("latin-1")


def aoc_bytes(rows: tuple[str, ...] = AOC_ROWS, header: str = AOC_HEADER) -> bytes:
    return ("Made-up notice\r\n" + header + "".join(f"{row}\r\n" for row in rows)).encode("latin-1")


def file(folder: Path, name: str, data: bytes) -> Path:
    place = folder / name
    place.write_bytes(data)
    return place


def packed(folder: Path, name: str, member: str, data: bytes) -> Path:
    place = folder / name
    with zipfile.ZipFile(place, "w") as archive:
        archive.writestr(member, data)
        archive.writestr(Path(member).with_suffix(".xlsx").name, b"not read")
    return place


def added(table: str, path: Path, day: str = "2026-11-21") -> Input:
    return Input(table, path, sha256(path), "added by the user", "made up", "", day)


def book_of(folder: Path, *inputs: Input, lexicon: str = "") -> Book:
    work = folder / "book"
    work.mkdir()
    files = list(mini.inputs(folder))
    if lexicon:
        place = file(folder, "ncci-settings.yaml", lexicon.encode())
        files.append(Input("lexicons", place, sha256(place), "test", "Apache-2.0"))
    compile_book([*files, *inputs], work)
    return Book(work)


def every_part(folder: Path, rows: tuple[str, ...] = PTP_ROWS) -> list[Input]:
    """Part 1 with the rows, parts 2 to 4 with one that nobody asks for."""
    other = ("ZZ900\tZZ901\t\t20200101\t*\t0\tMade-up reason",)
    return [
        added("ncci-ptp", file(folder, f"ccipra-v322r0-f{part}.txt", ptp_bytes(rows if part == 1 else other)))
        for part in range(1, 5)
    ]


# ---- PTP ------------------------------------------------------------------------------------------


def test_ptp_layout_is_read_as_published(tmp_path: Path) -> None:
    found = ncci_ptp.read(file(tmp_path, PTP_NAME, ptp_bytes()))
    assert (found.name, found.part) == ("2026 Q3 (v32.2r0) practitioner", 1)
    assert str(found.window) == "2026-07-01 to 2026-09-30"
    assert found.first.tolist() == [b"ZZ001", b"ZZ001", b"ZZ001", b"ZZ004", b"ZZ005"]
    assert found.before_1996.tolist() == [False, False, False, True, False]
    assert found.indicator.tolist() == [0, 1, 1, 1, 9]
    assert found.deletion[0] == ncci_ptp.NO_DAY
    assert date(1970, 1, 1) + timedelta(days=int(found.deletion[1])) == date(2026, 6, 30)
    assert [found.rationales[n] for n in found.rationale[1:3]] == ["Made-up reason", "Other made-up reason"]
    assert found.rejected == ()


def test_ptp_zip_is_read_and_tells_the_setting(tmp_path: Path) -> None:
    place = packed(
        tmp_path, "medicare-ncci-2026q3-hospital-ptp-edits-ccioph-v322r0-f2.zip", "ccioph-v322r0-f2.TXT", ptp_bytes()
    )
    found = ncci_ptp.read(place)
    assert (found.setting, found.part) == ("outpatient-hospital", 2)


def test_ptp_rows_not_as_published_are_counted_with_their_lines(tmp_path: Path) -> None:
    odd = (
        "ZZ01\tZZ002\t\t20200101\t*\t0\tshort code",
        "ZZ001\tzz002\t\t20200101\t*\t0\tlower case",
        "ZZ001\tZZ002\t\t20200230\t*\t0\tno such day",
        "ZZ001\tZZ002\t\t20200101\t*\t7\tno such indicator",
        "ZZ001\tZZ002\t\t20200101\t*",
        "ZZ001\tZZ002\tx\t20200101\t*\t0\tno such mark",
        "",
    )
    found = ncci_ptp.read(file(tmp_path, PTP_NAME, ptp_bytes(PTP_ROWS[:1] + odd + PTP_ROWS[1:])))
    assert [each.line for each in found.rejected] == [8, 9, 10, 11, 12, 13]
    assert found.rejected[2].problem == "a day that does not exist"
    assert len(found.first) == len(PTP_ROWS)


@pytest.mark.parametrize(
    ("name", "data", "says"),
    [
        (PTP_NAME, ptp_bytes(header=PTP_HEADER.replace("Modifier", "Modifer")), ":3: column 6 is headed"),
        (PTP_NAME, ptp_bytes(header=PTP_HEADER.replace("9=not applicable", "8=unknown")), ":3: column 6 is headed"),
        (PTP_NAME, ptp_bytes(())[:-40], ":3: column 5 is headed"),
        (PTP_NAME, ptp_bytes(()), "no edit after the header"),
        (PTP_NAME, ptp_bytes()[:-30], ":11: the file is cut off"),
        (PTP_NAME, ptp_bytes((*PTP_ROWS, PTP_ROWS[0]))[:-5], ":12: the file is cut off"),
        (PTP_NAME, PAGE, "a web page, not the file"),
        (PTP_NAME, b"", "the file is empty"),
        ("ccipra-v322r0-f1.zip", PAGE, "a web page, not the file"),
        ("ccipra-v322r0-f1.zip", b"PK\3\4cut", "the zip cannot be read"),
        ("ccipra-v322r0-f1.zip", ptp_bytes(), "not a zip, though it is named so"),
        ("edits.txt", ptp_bytes(), "its name tells no setting"),
        ("hospital-ccipra-v322r0-f1.txt", ptp_bytes(), "named hospital, holds the practitioner table"),
        ("medicare-2026q2-ccipra-v322r0-f1.txt", ptp_bytes(), "named 2026 Q2"),
        ("ccipra-v312r0-f1.txt", ptp_bytes(), ":9: an edit effective 2026-09-01, after the quarter"),
        (PTP_NAME, ptp_bytes(PTP_ROWS + tuple(f"{n}" for n in range(30))), "rows are not as published"),
    ],
)
def test_ptp_files_not_as_published_are_refused(tmp_path: Path, name: str, data: bytes, says: str) -> None:
    with pytest.raises(SourceError, match=r"^[^\n]*$") as refused:
        ncci_ptp.read(file(tmp_path, name, data))
    assert says in str(refused.value)


def test_a_zip_under_the_other_settings_name_is_refused(tmp_path: Path) -> None:
    place = packed(tmp_path, "ccioph-v322r0-f1.zip", "ccipra-v322r0-f1.txt", ptp_bytes())
    with pytest.raises(SourceError, match="contradict each other"):
        ncci_ptp.read(place)


def test_release_of_another_quarter_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="--release says 2026-04-01"):
        ncci_ptp.read(file(tmp_path, PTP_NAME, ptp_bytes()), date(2026, 4, 1))


@pytest.mark.parametrize(
    ("pair", "day", "indicators"),
    [
        (("ZZ001", "ZZ002"), DAY, [0]),
        (("ZZ002", "ZZ001"), DAY, []),  # the order of the columns counts
        (("ZZ001", "ZZ003"), date(2026, 7, 1), []),  # deleted the day before
        (("ZZ001", "ZZ003"), date(2026, 8, 31), []),
        (("ZZ001", "ZZ003"), date(2026, 9, 1), [1]),  # recurs
        (("ZZ004", "ZZ001"), date(2026, 8, 15), [1]),  # its deletion day is its last
        (("ZZ004", "ZZ001"), date(2026, 8, 16), []),
        (("ZZ005", "ZZ001"), DAY, []),  # indicator 9 has never applied
        (("ZZ777", "ZZ001"), DAY, []),
    ],
)
def test_ptp_edits_by_day(tmp_path: Path, pair: tuple[str, str], day: date, indicators: list[int]) -> None:
    with book_of(tmp_path, *every_part(tmp_path)) as book:
        assert [edit.indicator for edit in Procedures(book).ptp("practitioner", *pair, day)] == indicators


EXCLUSIVE = """lexicon: ncci-settings
says: test
reviewed: 2026-11-21
rows:
  - {setting: deletion_day, value: exclusive, says: test}
  - {setting: ptp_parts, value: 1, says: test}
"""


def test_the_deletion_day_is_a_setting(tmp_path: Path) -> None:
    inputs = [added("ncci-ptp", file(tmp_path, PTP_NAME, ptp_bytes()))]
    with book_of(tmp_path, *inputs, lexicon=EXCLUSIVE) as book:
        found = Procedures(book)
        assert found.ptp("practitioner", "ZZ004", "ZZ001", date(2026, 8, 15)) == ()
        (edit,) = found.ptp("practitioner", "ZZ004", "ZZ001", date(2026, 8, 14))
        assert (edit.last, edit.rationale) == (date(2026, 8, 14), "Made-up reason")


def test_another_word_for_the_deletion_day_is_refused(tmp_path: Path) -> None:
    inputs = [added("ncci-ptp", file(tmp_path, PTP_NAME, ptp_bytes()))]
    with pytest.raises(RuleError, match="deletion_day is \\['perhaps'\\]; allowed are inclusive, exclusive"):
        book_of(tmp_path, *inputs, lexicon=EXCLUSIVE.replace("exclusive", "perhaps"))


def test_days_settings_and_parts_that_are_not_loaded_are_said(tmp_path: Path) -> None:
    with book_of(tmp_path, added("ncci-ptp", file(tmp_path, PTP_NAME, ptp_bytes()))) as book:
        found = Procedures(book)
        with pytest.raises(EditionMissing, match="Load the file of 2026 Q4"):
            found.ptp("practitioner", "ZZ001", "ZZ002", date(2026, 10, 1))
        with pytest.raises(EditionMissing, match="ncci-ptp \\(outpatient-hospital\\)"):
            found.ptp("outpatient-hospital", "ZZ001", "ZZ002", DAY)
        with pytest.raises(EditionMissing, match="part 2, 3, 4 is not loaded"):
            found.ptp("practitioner", "ZZ009", "ZZ002", DAY)
        assert found.ptp("practitioner", "ZZ001", "ZZ002", DAY)  # what is found needs no other part


def test_quarters_stand_side_by_side_and_a_later_release_replaces(tmp_path: Path) -> None:
    before = ptp_bytes(("ZZ001\tZZ002\t\t20200101\t*\t1\tMade-up reason",))
    after = ptp_bytes(("ZZ001\tZZ002\t\t20200101\t*\t1\tMade-up reason", PTP_ROWS[3]))
    inputs = [
        *every_part(tmp_path),
        added("ncci-ptp", file(tmp_path, "ccipra-v321r0-f1.txt", before)),
        added("ncci-ptp", file(tmp_path, "ccipra-v322r1-f1.txt", after), "2026-11-01"),
    ]
    with book_of(tmp_path, *inputs) as book:
        found = Procedures(book)
        names = [each.name for each in found.editions("ncci-ptp")]
        assert names == ["2026 Q2 (v32.1r0) practitioner", "2026 Q3 (v32.2r1) practitioner"]
        assert found.ptp("practitioner", "ZZ001", "ZZ002", date(2026, 5, 1))[0].indicator == 1
        assert found.ptp("practitioner", "ZZ001", "ZZ002", DAY)[0].indicator == 1  # r1 said so


def test_ptp_kernel_answers_as_the_look_up(tmp_path: Path) -> None:
    with book_of(tmp_path, *every_part(tmp_path)) as book:
        found = Procedures(book)
        edition = found.edition("ncci-ptp", DAY, "practitioner")
        assert edition is not None
        table = found.ptp_table(edition)
        codes = [f"ZZ00{n}" for n in range(1, 10)]
        pairs = [(a, b, date(2026, m, d)) for a in codes for b in codes for m, d in ((7, 1), (8, 15), (8, 16), (9, 1))]
        first = table.ids(np.array([a for a, _, _ in pairs], dtype="S5"))
        second = table.ids(np.array([b for _, b, _ in pairs], dtype="S5"))
        days = np.array([(day - date(1970, 1, 1)).days for _, _, day in pairs], dtype=np.int32)
        rows = table.in_force(first, second, days)
        assert [row >= 0 for row in rows.tolist()] == [bool(found.ptp("practitioner", *pair)) for pair in pairs]
        assert found.ptp_counts("practitioner", "ZZ001", DAY) == (1, 1)
        assert found.ptp_counts("practitioner", "ZZ999", DAY) == (0, 0)


# ---- MUE ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "headed", "setting"),
    [
        (MUE_NAME, "Practitioner", "practitioner"),
        ("MCR_MUE_OutpatientHospitalServices_Eff_07-01-2026.csv", "Outpatient Hospital", "outpatient-hospital"),
        ("MCR_MUE_DMESupplierServices_Eff_07-01-2026.csv", "DME Supplier", "dme-supplier"),
    ],
)
def test_mue_layout_is_read_as_published(tmp_path: Path, name: str, headed: str, setting: str) -> None:
    found = ncci_mue.read(file(tmp_path, name, mue_bytes(setting=headed)))
    assert (found.name, str(found.window)) == (f"2026 Q3 {setting}", "2026-07-01 to 2026-09-30")
    assert [(row.code, row.units, row.indicator) for row in found.rows] == [
        ("ZZ001", 1, 1),
        ("ZZ002", 2, 2),
        ("ZZ003", 3, 3),
    ]


@pytest.mark.parametrize(
    ("name", "data", "says"),
    [
        (MUE_NAME, mue_bytes(setting="Outpatient Hospital"), "named practitioner, its header says outpatient-hospital"),
        (MUE_NAME, mue_bytes(setting="Dental"), ":4: header"),
        (MUE_NAME, mue_bytes().replace(b"MUE Rationale", b"Reason"), ":4: header"),
        (MUE_NAME, mue_bytes()[:-40], ":8: the file is cut off"),
        (MUE_NAME, mue_bytes()[:60], "not a row of text"),
        (MUE_NAME, PAGE, "a web page, not the file"),
        ("MCR_MUE_PractitionerServices.csv", mue_bytes(), "its name tells 0 days"),
        ("MCR_MUE_PractitionerServices_Eff_13-01-2026.csv", mue_bytes(), "its name tells the day 13-01-2026"),
        ("mue.zip", PAGE, "a web page, not the file"),
    ],
)
def test_mue_files_not_as_published_are_refused(tmp_path: Path, name: str, data: bytes, says: str) -> None:
    with pytest.raises(SourceError) as refused:
        ncci_mue.read(file(tmp_path, name, data))
    assert says in str(refused.value)


def test_mue_rows_not_as_published_are_counted_with_their_lines(tmp_path: Path) -> None:
    odd = ("ZZ004,many,1 Line Edit,x", "ZZ005,1,4 Else,x", "ZZ001,9,1 Line Edit,other value")
    found = ncci_mue.read(file(tmp_path, MUE_NAME, mue_bytes(MUE_ROWS + odd)))
    assert [each.line for each in found.rejected] == [9, 10, 11]


def test_mue_by_setting_and_quarter(tmp_path: Path) -> None:
    hospital = file(tmp_path, "MCR_MUE_OutpatientHospitalServices_Eff_07-01-2026.csv",
                    mue_bytes(("ZZ001,8,3 Date of Service Edit: Clinical,x",), "Outpatient Hospital"))  # fmt: skip
    inputs = [added("ncci-mue", file(tmp_path, MUE_NAME, mue_bytes())), added("ncci-mue", hospital)]
    with book_of(tmp_path, *inputs) as book:
        found = Procedures(book)
        limits = [found.mue(setting, "ZZ001", DAY) for setting in ("practitioner", "outpatient-hospital")]
        assert [(each.units, each.indicator) for each in limits if each] == [(1, 1), (8, 3)]
        assert found.mue("practitioner", "ZZ999", DAY) is None
        with pytest.raises(EditionMissing, match="2026 Q2"):
            found.mue("practitioner", "ZZ001", date(2026, 6, 30))
        with pytest.raises(EditionMissing, match="dme-supplier"):
            found.mue("dme-supplier", "ZZ001", DAY)


# ---- add-on codes ---------------------------------------------------------------------------------


def test_add_on_layout_is_read_by_its_headings(tmp_path: Path) -> None:
    found = ncci_aoc.read(file(tmp_path, AOC_NAME, aoc_bytes()))
    assert (found.name, len(found.rows), found.rejected) == ("2026 Q3", 5, ())
    assert (found.rows[1].deleted, found.rows[4].effective) == (date(2026, 7, 15), date(2024, 12, 31))
    turned = "\t".join(reversed(AOC_HEADER.strip().split("\t"))) + "\r\n"
    rows = tuple("\t".join(reversed(row.split("\t"))) for row in AOC_ROWS)
    assert ncci_aoc.read(file(tmp_path, AOC_NAME, aoc_bytes(rows, turned))).rows == found.rows


@pytest.mark.parametrize("text", ["2025366", "2026000", "20260715", "x"])
def test_days_that_are_not_julian_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not YYYYDDD"):
        ncci_aoc.julian(text)


@pytest.mark.parametrize(
    ("name", "data", "says"),
    [
        (AOC_NAME, aoc_bytes(header=AOC_HEADER.replace("AOC Edit Type", "Kind")), ":2: column 7 is headed 'Kind'"),
        (AOC_NAME, aoc_bytes(header=AOC_HEADER.replace("\tAOC Edit Type", "")), ":2: no column type"),
        (AOC_NAME, aoc_bytes()[:-20], ":7: the file is cut off"),
        (AOC_NAME, PAGE, "a web page, not the file"),
        ("AOC.txt", aoc_bytes(), "its name tells 0 quarters"),
    ],
)
def test_add_on_files_not_as_published_are_refused(tmp_path: Path, name: str, data: bytes, says: str) -> None:
    with pytest.raises(SourceError) as refused:
        ncci_aoc.read(file(tmp_path, name, data))
    assert says in str(refused.value)


def test_add_on_edits_by_type_and_day(tmp_path: Path) -> None:
    with book_of(tmp_path, added("ncci-aoc", file(tmp_path, AOC_NAME, aoc_bytes()))) as book:
        found = Procedures(book)
        told = {code: found.add_on(code, DAY) for code in ("ZZ010", "ZZ011", "ZZ012", "ZZ001")}
        assert [(each.type, each.primaries, each.contractor) for each in told.values() if each] == [
            (1, ("ZZ001", "ZZ002"), False),
            (2, (), True),
            (3, ("ZZ003",), True),
        ]
        assert told["ZZ001"] is None
        later = found.add_on("ZZ010", date(2026, 7, 16))
        assert later and later.primaries == ("ZZ001",)  # the deletion day, July 15, was the last


# ---- adding ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("day", "window"),
    [(date(2026, 1, 1), "2026-01-01 to 2026-03-31"), (date(2026, 12, 31), "2026-10-01 to 2026-12-31")],
)
def test_quarters(day: date, window: str) -> None:
    assert str(quarter(day)) == window


def test_the_manifest_tells_settings_parts_and_rows_left_out(tmp_path: Path) -> None:
    with book_of(tmp_path, added("ncci-ptp", file(tmp_path, PTP_NAME, ptp_bytes((*PTP_ROWS, "odd"))))) as book:
        (entry,) = [each for each in book.manifest["parts"] if each["table"] == "ncci-ptp"]
    told = {key: entry[key] for key in ("setting", "missing_parts", "never_in_force", "rejected", "rows")}
    assert told == {
        "setting": "practitioner", "missing_parts": [2, 3, 4], "never_in_force": 1, "rejected": 1, "rows": 4,
    }  # fmt: skip
    assert entry["rejected_lines"] == {PTP_NAME: [12]}
    assert json.dumps(entry)
