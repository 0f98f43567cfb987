"""`show` for codes of service lines: what the loaded tables say, never a descriptor of the AMA.

Codes are made up (tests/procedure_files.py, tests/ncci_files.py) or only asked for, never listed.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from claimwright.book.build import compile_book
from claimwright.book.home import Input, sha256
from claimwright.book.store import Book
from claimwright.errors import BookError, EditionMissing, InputError
from claimwright.interfaces.render import html, markdown, terminal
from claimwright.model.plain import plain, to_json
from tests import mini, ncci_files, procedure_files

DAY = date(2026, 7, 15)
CONTRACT = {
    "code", "title", "billable", "valid_from", "valid_to", "kind", "parents", "children", "siblings", "notes",
    "reverse_notes", "inclusion_terms", "seventh_characters", "flags", "successors", "predecessors", "msdrg", "hcc",
    "coverage", "editions", "sources",
}  # fmt: skip
OFFICIAL = Path(__file__).parents[2] / "shared" / "data" / "hcpcs" / "2019-Alpha-Numeric-HCPCS-File.zip"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small book with HCPCS releases, fee schedules and NCCI tables, as compiled."""
    folder = tmp_path_factory.mktemp("lines")
    work = folder / "book"
    work.mkdir()
    found = [*mini.inputs(folder), *ncci_files.inputs(folder), *procedure_files.inputs(folder)]
    compile_book(list({(each.table, each.path.name): each for each in found}.values()), work)
    return work


@pytest.fixture(scope="module")
def stocked(folder: Path) -> Iterator[Book]:
    with Book(folder) as book:
        yield book


def test_a_level_two_code_has_cmss_title_days_and_successors(stocked: Book) -> None:
    record = stocked.show("hcpcs:z0002", date(2026, 8, 16))
    assert (record.code, record.kind, record.title) == ("Z0002", "procedure", "Made-up long words of Z0002")
    assert (record.billable, record.valid_from, record.valid_to) == (False, date(2020, 1, 1), date(2026, 8, 15))
    assert [(each.code, each.effective) for each in record.successors] == [
        ("Z0001", date(2026, 8, 16)),
        ("ZZ001", date(2026, 8, 16)),
        ("Z0004", date(2026, 8, 16)),
    ]
    assert stocked.show("Z0002", date(2026, 8, 15)).billable is True


def test_the_nearest_release_answers_outside_its_days_and_says_so(stocked: Book) -> None:
    record = stocked.show("hcpcs:Z0001", date(2027, 2, 1))
    assert record.billable is None  # it may have ended since
    assert record.status == "in effect by 2026 Oct, the nearest release loaded; 2027-02-01 is not covered"
    assert [(each.table, each.edition, each.nearest) for each in record.editions] == [("hcpcs", "2026 Oct", True)]
    assert {"validity", "units", "ptp", "add_on", "fees"} <= {each.part for each in record.not_evaluated}


def test_a_release_that_covers_the_day_and_has_no_such_code_is_named(stocked: Book) -> None:
    record = stocked.show("hcpcs:Z0003", date(2026, 11, 1))
    assert record.billable is None
    assert record.status == "not listed by 2026 Oct, which covers 2026-11-01; 2026 Jul lists it"


def test_every_file_behind_a_record_is_named_with_its_digest(stocked: Book) -> None:
    files = {each.file: each.sha256 for each in stocked.show("ZZ020", DAY).sources}
    assert list(files) == [f"ccipra-v322r0-f{part}.txt" for part in range(1, 5)]
    assert all(len(each) == 64 for each in files.values())


def test_a_code_known_from_tables_only_has_what_they_say_and_no_title(stocked: Book) -> None:
    record = stocked.show("zz001", DAY)
    tables = record.procedure
    assert tables is not None
    assert (record.title, record.billable, record.valid_from) == (None, True, None)
    assert [(each.setting, each.units, each.indicator) for each in tables.units] == [("practitioner", 2, 1)]
    assert tables.primary_of == ("ZZ010", "ZZ013")
    assert [(each.modifier, each.work, each.status) for each in tables.fees] == [("", 1.5, "A"), ("26", 1.5, "A")]
    assert {each.table for each in record.editions} == {"pfs", "opps", "ncci-mue", "ncci-aoc"}


def test_units_are_told_by_setting_and_edits_by_column(stocked: Book) -> None:
    limits = stocked.show("ZZ002", DAY).procedure
    edits = stocked.show("ZZ020", DAY).procedure
    assert limits is not None and edits is not None
    assert [(each.setting, each.units, each.indicator) for each in limits.units] == [
        ("practitioner", 4, 2),
        ("outpatient-hospital", 1, 3),
    ]
    assert [(each.setting, each.column_1, each.column_2) for each in edits.ptp] == [("practitioner", 1, 0)]


def test_an_add_on_code_names_its_primaries_of_the_day(stocked: Book) -> None:
    before, after = (stocked.show("ZZ010", date(2026, 7, day)).procedure for day in (15, 16))
    assert before and before.add_on and after and after.add_on
    assert (before.add_on.type, before.add_on.primaries) == (1, ("ZZ001", "ZZ002"))
    assert after.add_on.primaries == ("ZZ001",)


def test_whether_it_is_billable_is_not_known_without_the_schedule(stocked: Book) -> None:
    record = stocked.show("ZZ010", DAY)
    assert record.billable is None
    assert [each.missing for each in record.not_evaluated if each.part == "billable"] == ["pfs"]
    assert stocked.show("ZZ003", DAY).billable is False  # status I


@pytest.mark.parametrize(
    ("name", "day", "says"),
    [
        ("95909", date(2026, 6, 15), "Load the file of 2026 Q2: claimwright data add pfs FILE --accept-licence"),
        ("G0283", date(2026, 1, 15), "Load the file of 2026 Q1: claimwright data add hcpcs FILE"),
    ],
)
def test_a_code_whose_table_is_not_loaded_is_exit_3_with_how_to_get_it(
    stocked: Book, name: str, day: date, says: str
) -> None:
    with pytest.raises(EditionMissing) as refused:
        stocked.show(name, day)
    assert (refused.value.exit_code, says in str(refused.value)) == (3, True)


def test_a_dental_code_is_said_to_be_out_of_reach(stocked: Book) -> None:
    with pytest.raises(BookError, match="American Dental Association"):
        stocked.show("hcpcs:D0001", DAY)


@pytest.mark.parametrize("name", ["G9999", "00000", "hcpcs:12", "cpt:"])
def test_a_code_that_the_loaded_table_does_not_list_is_exit_2(stocked: Book, name: str) -> None:
    with pytest.raises(InputError):
        stocked.show(name, DAY)


def test_the_page_is_the_same_in_every_form_and_holds_no_words_of_the_ama(stocked: Book) -> None:
    record = stocked.show("ZZ001", DAY)
    pages = [terminal.render(record), markdown.render(record), html.render(record), to_json(record)]
    assert all("Made-up reason" in page and "ZZ010" in page and "SECRET" not in page for page in pages)
    assert "<script" not in pages[2]
    assert set(plain(record)) >= CONTRACT
    assert json.loads(pages[3])["procedure"]["units"][0]["units"] == 2


def test_a_record_alone_and_among_others_is_the_same(stocked: Book) -> None:
    names = ["ZZ001", "R25.2", "hcpcs:Z0002", "ZZ010"]
    assert list(stocked.records(names, DAY)) == [stocked.show(name, DAY) for name in names]


def test_the_page_of_a_service_line_opens_no_array(folder: Path) -> None:
    code = (
        "import sys; from datetime import date; from pathlib import Path; from claimwright.book.store import Book\n"
        "from claimwright.interfaces.render import terminal\n"
        "book = Book(Path(sys.argv[1])); terminal.render(book.show('ZZ001', date(2026, 7, 15)))\n"
        "print([name for name in ('numpy', 'pyarrow', 'msdrg', 'hccinfhir') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code, str(folder)], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.skipif(not OFFICIAL.exists(), reason="the official HCPCS file of 2019 is not at hand")
def test_the_official_file_answers_for_a_code_that_is_a_diagnosis_too(tmp_path: Path) -> None:
    work = tmp_path / "book"
    work.mkdir()
    added = Input(
        "hcpcs", OFFICIAL, sha256(OFFICIAL), "added by the user", "US Government work (CMS)", "", "2026-11-21"
    )
    compile_book([*mini.inputs(tmp_path), added], work)
    with Book(work) as book:
        record = book.show("C9014", date(2019, 1, 1))
        assert (record.valid_to, record.billable) == (date(2018, 12, 31), False)
        assert [each.code for each in record.successors] == ["J0567"]
        double = book.show("E0970", date(2019, 1, 1)).procedure
        assert double and double.level_two and double.level_two.cross_references == ("K0037", "K0042")
