"""What every importer must survive: one clear sentence, exit code 2, nothing added, the book as it was."""

from __future__ import annotations

import io
import json
import struct
import sys
import zipfile
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from claimwright.errors import ClaimwrightError, SourceError
from claimwright.interfaces.cli import data_command
from tests.import_files import IMPORTERS, Importer
from tests.mini import home as mini_home
from tests.test_ncci import PAGE, file, ptp_bytes

each_importer = pytest.mark.parametrize("one", IMPORTERS, ids=lambda one: one.table)


def zipped(name: str, data: bytes) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, data)
    return stream.getvalue()


def bomb(name: str) -> bytes:
    """A zip whose directory says that its member unpacks to four gigabytes."""
    data = bytearray(zipped(name, b"x" * 1000))
    at = data.index(b"PK\x01\x02")
    data[at + 24 : at + 28] = struct.pack("<I", 2**32 - 2)
    return bytes(data)


def with_mark(data: bytes) -> bytes:
    return b"\xef\xbb\xbf" + data


BROKEN = {
    "empty": lambda one: (one.name, b""),
    "a web page": lambda one: (one.name, PAGE),
    "a web page named zip": lambda one: (str(Path(one.name).with_suffix(".zip")), PAGE),
    "a web page named xlsx": lambda one: (one.sheet_name, PAGE),
    "a web page with a mark": lambda one: (one.name, with_mark(PAGE)),
    "a page in a zip": lambda one: ("release.zip", zipped(one.name, PAGE[2:])),
    "cut off": lambda one: (one.name, one.data[: int(len(one.data) * 0.98) - 3]),
    "only its beginning": lambda one: (one.name, one.data[:40]),
    "a cut zip": lambda one: ("release.zip", zipped(one.name, one.data)[:-30]),
    "a damaged zip": lambda one: ("release.zip", zipped(one.name, one.data * 4).replace(b"\x00\x00\x00", b"\x07", 1)),
    "a zip of something else": lambda one: ("release.zip", zipped("readme.pdf", b"%PDF")),
    "a zip bomb": lambda one: ("release.zip", bomb(one.name)),
    "another header": lambda one: (one.name, b"a,b,c\r\n1,2,3\r\n"),
    "binary": lambda one: (one.name, bytes(range(256)) * 20),
    "zeros": lambda one: (one.name, bytes(4000)),
    "UTF-16": lambda one: (one.name, one.data.decode("cp1252").encode("utf-16")),
    "a cut workbook": lambda one: (one.sheet_name, one.sheet()[:-200]),
    "a workbook without sheets": lambda one: (one.sheet_name, zipped("xl/workbook.xml", b"<workbook/>")),
    "another workbook": lambda one: (one.sheet_name, zipped("xl/workbook.xml", b"not XML")),
    "no quarter": lambda one: (one.wrong_quarter or "-", one.data if one.wrong_quarter else b""),
    "another table": lambda one: (one.name, next(other for other in IMPORTERS if other.table != one.table).data),
}


def one_sentence(error: BaseException | None) -> str:
    assert isinstance(error, ClaimwrightError), repr(error)
    assert error.exit_code == 2
    said = str(error)
    assert "\n" not in said and "Traceback" not in said and len(said) < 600
    return said


@each_importer
@pytest.mark.parametrize("how", BROKEN)
def test_a_broken_file_is_refused_in_one_sentence(tmp_path: Path, one: Importer, how: str) -> None:
    name, data = BROKEN[how](one)
    place = file(tmp_path, name, data)
    with pytest.raises(SourceError) as refused:
        one.read(place)
    assert str(place) in one_sentence(refused.value)


@each_importer
def test_a_byte_order_mark_changes_nothing(tmp_path: Path, one: Importer) -> None:
    plain, marked = tmp_path / "plain", tmp_path / "marked"
    plain.mkdir(), marked.mkdir()
    found = [
        one.read(file(folder, one.name, data)) for folder, data in ((plain, one.data), (marked, with_mark(one.data)))
    ]
    assert _content(found[0]) == _content(found[1])


@each_importer
def test_a_workbook_says_the_same_as_the_text(tmp_path: Path, one: Importer) -> None:
    text = one.read(file(tmp_path, one.name, one.data))
    sheet = one.read(file(tmp_path, one.sheet_name, one.sheet()))
    packed = one.read(file(tmp_path, "release.zip", zipped(one.sheet_name, one.sheet())))
    assert _content(text) == _content(sheet) == _content(packed)


def _content(found: Any) -> Any:
    if hasattr(found, "rows"):
        return found.name, found.window, found.rows, [each.problem for each in found.rejected]
    names = ("first", "second", "before_1996", "effective", "deletion", "indicator")
    return found.name, [getattr(found, name).tolist() for name in names], [found.rationales[n] for n in found.rationale]


@each_importer
def test_without_the_library_a_workbook_says_how_to_get_it(
    tmp_path: Path, one: Importer, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = file(tmp_path, one.sheet_name, one.sheet())
    monkeypatch.setitem(sys.modules, "openpyxl", None)
    with pytest.raises(SourceError) as refused:
        one.read(place)
    said = one_sentence(refused.value)
    assert "openpyxl is not installed" in said and "pip install 'claimwright[xlsx]'" in said


@each_importer
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_damaged_file_is_read_or_refused_never_more(tmp_path: Path, one: Importer, data: st.DataObject) -> None:
    """Bytes overwritten, cut or put in anywhere: a reading with fewer rows, or one sentence."""
    broken = bytearray(one.data)
    at = data.draw(st.integers(0, len(broken)))
    broken[at : at + data.draw(st.integers(0, 40))] = data.draw(st.binary(max_size=40))
    place = file(tmp_path, one.name, bytes(broken))
    try:
        one.read(place)
    except SourceError as error:
        one_sentence(error)


# ---- the command ----------------------------------------------------------------------------------


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    from claimwright.book import parts

    mini_home.use(monkeypatch, mini_home.packages(tmp_path / "packages"))
    monkeypatch.setattr(parts, "MODULES", ("ncci_ptp", "ncci_mue", "ncci_aoc", "hcpcs", "pfs", "opps"))
    monkeypatch.setenv("CLAIMWRIGHT_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def run(*words: str) -> Any:
    return CliRunner().invoke(data_command.command, list(words))


def state(home: Path) -> dict[str, bytes]:
    return {str(each.relative_to(home)): each.read_bytes() for each in sorted(home.rglob("*")) if each.is_file()}


def test_wrong_files_add_nothing_and_leave_the_book(own: Path, tmp_path: Path) -> None:
    place = tmp_path / "good"
    place.mkdir()
    for one in IMPORTERS:
        assert run("add", one.table, str(file(place, one.name, one.data)), "--accept-licence").exit_code == 0
    before = state(own)
    for number, (one, (how, broken)) in enumerate((one, each) for one in IMPORTERS for each in BROKEN.items()):
        folder = tmp_path / str(number)
        folder.mkdir()
        name, data = broken(one)
        refused = run("add", one.table, str(file(folder, name, data)), "--accept-licence")
        assert refused.exception, (one.table, how)
        one_sentence(refused.exception)
        assert refused.output == "", how
    assert state(own) == before


def test_adding_again_changes_nothing(own: Path, tmp_path: Path) -> None:
    for one in IMPORTERS:
        words = ("add", one.table, str(file(tmp_path, one.name, one.data)), "--accept-licence", "--json")
        told = run(*words).stdout
        before = state(own)
        assert run(*words).stdout == told
        assert state(own) == before


def test_a_file_of_which_no_book_can_be_made_is_taken_back(
    own: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from claimwright.interfaces.cli import progress

    one = next(each for each in IMPORTERS if each.table == "opps")
    assert run("add", "hcpcs", str(file(tmp_path, IMPORTERS[3].name, IMPORTERS[3].data))).exit_code == 0
    before = state(own)

    def fail(**_: object) -> Path:
        raise SourceError("x", "made to fail")

    monkeypatch.setattr(progress, "building", fail)
    refused = run("add", one.table, str(file(tmp_path, one.name, one.data)), "--accept-licence")
    assert "made to fail" in str(refused.exception)
    assert state(own) == before


def test_descriptions_are_kept_only_under_a_cpt_licence(own: Path, tmp_path: Path) -> None:
    from claimwright.book.procedures import Procedures
    from claimwright.book.store import Book

    one = next(each for each in IMPORTERS if each.table == "pfs")
    words = ("add", "pfs", str(file(tmp_path, one.name, one.data)), "--accept-licence", "--json")
    day = date(2026, 7, 15)
    said = []
    for more in ((), ("--cpt-licence",), ()):
        name = json.loads(run(*words, *more).stdout)["book"]
        with Book(own / "books" / name) as book:
            said.append(Procedures(book).fees("ZZ001", day)[0].description)
    assert said == ["", "MADE-UP, SECRET WORDS", "MADE-UP, SECRET WORDS"]
    (record,) = (json.loads(each.read_text()) for each in own.glob("sources/pfs/*/record.json"))
    assert record["cpt_licence"]["sha256"] == record["sha256"] and record["cpt_licence"]["by"]
    assert "CPT licence" in record["cpt_licence"]["terms"]


def test_a_cpt_licence_helps_nothing_where_there_are_no_descriptions(own: Path, tmp_path: Path) -> None:
    one = IMPORTERS[3]
    refused = run("add", "hcpcs", str(file(tmp_path, one.name, one.data)), "--cpt-licence")
    assert "hcpcs has no descriptions to keep" in one_sentence(refused.exception)


def test_the_list_names_every_file_of_an_edition_and_the_days_covered(own: Path, tmp_path: Path) -> None:
    rows = [(f"ZZ90{part}\tZZ901\t\t20200101\t*\t0\tMade-up reason",) for part in range(1, 5)]
    parts = [str(file(tmp_path, f"ccipra-v322r0-f{n}.txt", ptp_bytes(row))) for n, row in enumerate(rows, 1)]
    assert run("add", "ncci-ptp", *parts, "--accept-licence").exit_code == 0
    for quarter in ("04", "07"):
        name = f"MCR_MUE_PractitionerServices_Eff_{quarter}-01-2026.csv"
        assert run("add", "ncci-mue", str(file(tmp_path, name, IMPORTERS[1].data)), "--accept-licence").exit_code == 0
    text = run("list").stdout
    for part in range(1, 5):
        assert f"  ccipra-v322r0-f{part}.txt sha256 " in text
    assert "  ncci-mue practitioner: 2026-04-01 to 2026-06-30, 2026-07-01 to 2026-09-30\n" in text
    assert "  ncci-ptp practitioner: 2026-07-01 to 2026-09-30\n" in text
    listed = json.loads(run("list", "--json").stdout)["tables"]
    (ptp,) = [each for each in listed if each["table"] == "ncci-ptp"]
    assert len({each["sha256"] for each in ptp["files"]}) == 4
    assert run("verify").exit_code == 0


def test_two_files_of_one_name_are_both_verified(own: Path, tmp_path: Path) -> None:
    one = IMPORTERS[1]
    for folder, data in (("a", one.data), ("b", one.data.replace(b"ZZ001,1", b"ZZ001,2"))):
        (tmp_path / folder).mkdir()
        assert run("add", one.table, str(file(tmp_path / folder, one.name, data)), "--accept-licence").exit_code == 0
    assert run("verify").exit_code == 0
    assert run("list").exit_code == 0
