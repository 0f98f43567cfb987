"""The Alphabetic Index from its files: layouts as published, departures refused in one sentence, titles split."""

from __future__ import annotations

import string
import zipfile
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from claimwright.book.index_words import NEC, PRESUMED, content, need_of
from claimwright.errors import SourceError
from claimwright.sources import index_file
from claimwright.sources.index_rows import IndexFile, IndexRow
from tests.mini import index_book

OFFICIAL = Path(__file__).parents[2] / "shared" / "data" / "icd10cm"
CSV_HEAD = "RowID,Letter,Level,Term,See,SeeAlso,NonEssModif,Code\n"


def diseases() -> IndexFile:
    return index_file.read(index_book.DISEASES)[0]


def row(file: IndexFile, *path: str) -> IndexRow:
    at = -1
    for title in path:
        at = next(
            number
            for number, each in enumerate(file.rows)
            if each.parent == at and each.words.printed.startswith(title)
        )
    return file.rows[at]


def changed(tmp_path: Path, old: str, new: str, name: str = "icd10cm-index-2026.xml") -> Path:
    text = (index_book.FOLDER / name).read_text(encoding="utf-8")
    assert old in text
    out = tmp_path / name
    out.write_text(text.replace(old, new, 1), encoding="utf-8")
    return out


def test_terms_keep_modifiers_with_text_on_either_side() -> None:
    found = diseases()
    assert (found.kind, found.name, str(found.window)) == ("index", "FY2026", "2025-10-01 to 2026-09-30")
    spasm = row(found, "Spasm")
    assert spasm.words == ("Spasm(s), spastic", "Spasm, spastic", "(s)")
    assert row(found, "Cramp", "muscle").words == ("muscle (general) NEC", "muscle NEC", "(general)")


def test_manifestations_and_references_are_kept() -> None:
    found = diseases()
    pair = row(found, "Deficiency", "vitamin B12", "with", "polyneuropathy")
    assert (pair.code, pair.manifestation, pair.level) == ("E53.8", "G63", 3)
    assert row(found, "Cramp", "back").see == ("Spasm, muscle, back",)
    assert row(found, "Cancer").see_also == ("Neoplasm, by site, malignant",)


def test_a_reference_to_a_subcategory_is_an_incomplete_code() -> None:
    file = index_file.read(index_book.FOLDER / "icd10cm-eindex-2026.xml")[0]
    assert (file.kind, row(file, "Heat", "stage").code) == ("eindex", "T67.2-")


def test_tables_give_their_cells_by_column_and_no_code_for_dashes() -> None:
    neoplasms = index_file.read(index_book.FOLDER / "icd10cm-neoplasm-2026.xml")[0]
    assert neoplasms.kind == "neoplasm"
    assert row(neoplasms, "Neoplasm", "prostate").cells == ((2, "C61"), (7, "R25.9"))
    drugs = index_file.read(index_book.FOLDER / "icd10cm-drug-2026.xml")[0]
    assert dict(row(drugs, "Penicillin").cells) == {2: "T36.0X1", 6: "T36.0X5", 7: "T36.0X6"}


def test_a_zip_gives_every_document_it_holds(tmp_path: Path) -> None:
    packed = tmp_path / "april-1-2026-tables-and-index.zip"
    with zipfile.ZipFile(packed, "w") as archive:
        for file in index_book.FILES:
            archive.write(file, f"Table and Index/{file.name}")
        archive.writestr("Table and Index/icd10cm-tabular-2026.xml", "<x/>")
        archive.writestr("Table and Index/icd10cm-index-addenda-2026.xml", "<x/>")
    assert [each.kind for each in index_file.read(packed)] == ["index", "eindex", "neoplasm", "drugs"]
    empty = tmp_path / "empty.zip"
    with zipfile.ZipFile(empty, "w") as archive:
        archive.writestr("readme.txt", "x")
    with pytest.raises(SourceError, match="no file of the index family"):
        index_file.read(empty)


def test_the_release_comes_from_the_name_or_the_user(tmp_path: Path) -> None:
    named = tmp_path / "icd10cm-index-April-1-2026-XML.xml"
    named.write_bytes(index_book.DISEASES.read_bytes())
    assert index_file.read(named)[0].name == "FY2026 (April 2026)"
    assert index_file.read(index_book.DISEASES, date(2026, 4, 1))[0].release == date(2026, 4, 1)
    with pytest.raises(SourceError, match="fiscal year 2026"):
        index_file.read(index_book.DISEASES, date(2024, 4, 1))


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("<ICD10CM.index>", '<ICD10CM.index isAddenda="true">', "an addenda"),
        ("<code>R25.2</code>", "<warning>x</warning>", "unknown element <warning>"),
        ("<code>R25.2</code>", "<code>R25.2 or so</code>", "no printed code"),
        ("<code>R25.2</code>", "<code>R25.2</code><code>R25.1</code>", "2 codes"),
        ("<manif>G63</manif>", "<manif>words</manif>", "no printed code"),
        ('<term level="3">', '<term level="5">', "level '5' inside level 2"),
        ("<title>heat</title>", "", "without a title"),
        ("<title>heat</title>", "<title>heat<b>x</b></title>", "unknown element <b> in a title"),
        ("INDEX TO DISEASES and INJURIES", "LIST OF THINGS", "the title is"),
        ("<letter>", "<leaflet/><letter>", "unknown element <leaflet>"),
        ("<version>2026</version>", "", "<version> is ''"),
        ("<code>R25.2</code>", '<cell col="2">R25.2</cell>', "a cell of column '2'"),
    ],
)
def test_a_departure_from_the_layout_is_refused_in_one_sentence(tmp_path: Path, old: str, new: str, says: str) -> None:
    with pytest.raises(SourceError) as caught:
        index_file.read(changed(tmp_path, old, new))
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_table_with_other_columns_is_refused(tmp_path: Path) -> None:
    file = changed(tmp_path, ">Underdosing<", ">Dose<", "icd10cm-drug-2026.xml")
    with pytest.raises(SourceError, match="its columns are"):
        index_file.read(file)


def test_the_flat_form_gives_the_same_rows(tmp_path: Path) -> None:
    file = tmp_path / "ICD10CM_2025_Index.csv"
    file.write_text(
        CSV_HEAD + "1,C,0,Cramp,,,(s),R25.2\n2,C,1,muscle,,,(general),R25.2\n3,C,2,heat,,,,T67.2\n"
        '4,C,1,back,"Spasm, back",,,\n5,C,0,Cancer,,,(o),F45.29\n',
        encoding="utf-8",
    )
    found = index_file.read(file)[0]
    assert (found.kind, found.name) == ("index", "FY2025")
    assert [each.parent for each in found.rows] == [-1, 0, 1, 0, -1]
    assert row(found, "Cramp(s)", "back").see == ("Spasm, back",)
    assert found.rows[4].words.essential == "Cancero"  # the rest of the word was lost: never a word of its own


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("a,b\n1,2\n", "the header is"),
        (CSV_HEAD, "no row"),
        (CSV_HEAD + "1,C,1,heat,,,,T67.2\n", "level '1' after level -1"),
        (CSV_HEAD + "1,C,0,heat,,,\n", "another number of columns"),
        (CSV_HEAD + "1,C,0,heat,,,,somewhere\n", "no printed code"),
    ],
)
def test_another_table_is_not_taken_for_an_index(tmp_path: Path, text: str, says: str) -> None:
    file = tmp_path / "ICD10CM_2025_Index.csv"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(SourceError, match=says):
        index_file.read(file)


@pytest.mark.parametrize(
    ("title", "modifiers", "groups"),
    [
        ("Abnormal, abnormality, abnormalities", "", [{"abnormal", "abnormality", "abnormalities"}]),
        ("leg, sleep related", "", [{"leg"}, {"sleep"}, {"related"}]),
        ("device or implant", "", [{"device", "implant"}]),
        ("defect, disorder, disturbance", "", [{"defect", "disorder", "disturbance"}]),
        ("tympanum, tympanic membrane", "", [{"tympanum", "tympanic"}]),
        ("acute, subacute", "", [{"acute", "subacute"}]),
        ("muscle NEC", "(general)", [{"muscle"}]),
        ("with", "", []),
        ("in", "(due to)", []),
        ("without aura", "", [{"without"}, {"aura"}]),
    ],
)
def test_titles_are_split_at_load(title: str, modifiers: str, groups: list[set[str]]) -> None:
    assert [set(group) for group in need_of(title, modifiers).groups] == groups


def test_linkage_and_nec_are_remembered() -> None:
    assert need_of("with polyneuropathy", "").flags == PRESUMED
    assert need_of("muscle NEC", "").flags == NEC
    assert need_of("Cramp", "(s) (lower)").optional == ("lower",)


@given(st.text(string.printable, max_size=60), st.text(string.printable, max_size=30))
def test_any_title_splits_without_losing_or_making_words(title: str, modifiers: str) -> None:
    need = need_of(title, modifiers)
    said = {word for group in need.groups for word in group}
    assert said | set(need.optional) <= set(content(f"{title} {modifiers}")) | set(content(title.replace("/", " ")))
    assert not said & set(need.optional)


@pytest.mark.skipif(not OFFICIAL.is_dir(), reason="the official files are not beside the repository")
@pytest.mark.parametrize(
    ("name", "kind", "rows"),
    [
        ("fy2026/icd10cm-drug-April-1-2026-XML.xml", "drugs", 7430),
        ("fy2026/icd10cm-eindex-April-1-2026-XML.xml", "eindex", 8090),
        ("fy2026/icd10cm-neoplasm-April-1-2026-XML.xml", "neoplasm", 1940),
        ("fy2025/icd10cm_eindex_2025.xml", "eindex", 8064),
        ("index-fy2025/ICD10CM_2025_Index.csv", "index", 81024),
        ("index-fy2025/ICD10CM_2025_ExternalIndex.csv", "eindex", 8064),
        ("index-fy2025/ICD10CM_2025_Drugs.csv", "drugs", 7428),
    ],
)
def test_official_files_are_read_whole(name: str, kind: str, rows: int) -> None:
    found = index_file.read(OFFICIAL / name)[0]
    assert (found.kind, len(found.rows)) == (kind, rows)
