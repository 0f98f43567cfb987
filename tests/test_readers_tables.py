"""CSV, packed files, JSON with rejects, and how the format of a file is found."""

from __future__ import annotations

import gzip
import io
import json
import zipfile
from collections.abc import Mapping
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from claimwright.claims.reader import read_claims
from claimwright.claims.readers import Chunk, Options, Reject, format_of
from claimwright.claims.readers.streams import records_of
from claimwright.claims.readers.tables import TableRecords
from claimwright.errors import InputError
from claimwright.model import Diagnosis, Patient, Payer, Procedure, ServiceLine, Setting
from tests.claim_files import INSTITUTIONAL, PROFESSIONAL, x12

DAY = date(2026, 1, 1)
WIDE = (
    "Claim ID,setting,service_from,service_to,age,sex,dx1,poa1,dx2,dx3,proc1,proc_date1,"
    "code1,modifiers1,units1,date1,pointers1,charge1,payer,state,discharge_status,remark\n"
    "A,inpatient,2025-01-01,01/05/2025,54,f,R25.2,Y,,E87.6,4A023N7,20250103,"
    'J1885,"JW, LT",2,,1 2,10.5,medicare,WI,01,"a, b"\n'
    "B,professional,2025-01-02,,,,R252,,,,,,,,,,,,,,,\n"
)
LONG = (
    "id;setting;service_from;dx;poa;code;units;pointers\n"
    "A;inpatient;2025-01-01;R252;Y;;;\nA;inpatient;2025-01-01;E876;N;J1885;2;1\n"
    "B;outpatient;2025-01-02;R252;;;;\n"
)
OURS = {"id": "X", "setting": "outpatient", "diagnoses": ["R252"]}


def write(folder: Path, data: str | bytes, name: str = "file") -> Path:
    path = folder / name
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return path


def chunks(path: Path, on_error: str = "skip", names: Mapping[str, str] | None = None, size: int = 1000) -> list[Chunk]:
    return list(format_of(path).open_reader(path, Options(DAY, on_error, names or {}, size)).chunks())


def counts(path: Path) -> tuple[int, int]:
    found = chunks(path)
    return sum(len(each.batch) for each in found), sum(len(each.rejects) for each in found)


# ---- tables -------------------------------------------------------------------------------------


def test_a_wide_table(tmp_path: Path) -> None:
    claims, several = read_claims(str(write(tmp_path, WIDE)))
    a, b = claims
    assert several
    assert (a.id, a.setting, a.service_to, a.patient) == ("A", Setting.INPATIENT, date(2025, 1, 5), Patient(54, "F"))
    assert a.diagnoses == (Diagnosis("R25.2", "Y"), Diagnosis("E87.6"))
    assert a.procedures == (Procedure("4A023N7", date(2025, 1, 3)),)
    assert a.lines == (ServiceLine("J1885", ("JW", "LT"), 2, None, (1, 2), 10.5),)
    assert (a.payer, a.discharge_status) == (Payer("medicare", "WI"), "01")
    assert b.diagnoses == (Diagnosis("R252"),) and b.lines == ()


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
def test_delimiter_and_encoding_are_found(tmp_path: Path, delimiter: str, encoding: str) -> None:
    text = delimiter.join(["id", "setting", "dx1"]) + "\r\n" + delimiter.join(["Müller", "outpatient", "R252"])
    (claim,), several = read_claims(str(write(tmp_path, text.encode(encoding))))
    assert (claim.id, several) == ("Müller", False)


def test_a_long_table_takes_rows_of_one_id_together(tmp_path: Path) -> None:
    (chunk,) = chunks(write(tmp_path, LONG))
    a, b = (chunk.batch.claim(index) for index in range(2))
    assert a.diagnoses == (Diagnosis("R252", "Y"), Diagnosis("E876", "N"))
    assert a.lines == (ServiceLine("J1885", (), 2, None, (1,)),)
    assert b.id == "B"


def test_foreign_names_are_mapped(tmp_path: Path) -> None:
    path = write(tmp_path, "CASE,WHERE,DIAG_01,DIAG_02\nA,outpatient,R252,E876\n")
    names = {"id": "case", "setting": "WHERE", "dx#": "DIAG_#"}
    claim = chunks(path, names=names)[0].batch.claim(0)
    assert (claim.id, [each.code for each in claim.diagnoses]) == ("A", ["R252", "E876"])
    with pytest.raises(InputError, match="the column 'NO' of --map id is not there"):
        chunks(path, names={**names, "id": "NO"})
    with pytest.raises(InputError, match="names no column of ours"):
        chunks(path, names={**names, "nothing": "CASE"})
    with pytest.raises(InputError, match="line 1: no column setting among CASE, WHERE, DIAG_01, DIAG_02"):
        chunks(path)


@pytest.mark.parametrize(
    ("column", "value", "says"),
    [
        ("service_from", "2025-02-30", "line 2, column service_from: '2025-02-30' is not a date"),
        ("service_from", "2014-01-01", "line 2, column service_from: 2014-01-01 lies in the ICD-9-CM era"),
        ("setting", "hospital", "line 2, column setting: found 'hospital'; expected one of inpatient, outpatient"),
        ("age", "x", "line 2, column age: found 'x'"),
        ("age", "140", "line 2, column age: found 140; expected 0 to 124"),
        ("sex", "Q", "line 2, column sex: found 'Q'"),
        ("poa1", "Q", "line 2, column poa1: found 'Q'; expected Y, N, U, W or 1"),
        ("dx1", "", "line 2, column dx1: the record has no ICD-10-CM diagnosis"),
        ("units1", "many", "line 2, column units1: found 'many'; expected a number"),
        ("units1", "-1", "line 2, column code1: found -1"),
        ("pointers1", "2", "line 2, column code1: points to diagnosis 2; expected 1 to 1"),
        ("pointers1", "A", "line 2, column pointers1: found 'A'"),
        ("setting", "outpatient,more", "line 2: 10 fields instead of 9"),
        ("setting", '"outpatient', "line 2: 2 fields instead of 9"),
    ],
)
def test_a_refused_row_names_line_and_column_and_stays_as_it_is(
    tmp_path: Path, column: str, value: str, says: str
) -> None:
    row = {"id": "A", "setting": "outpatient", "service_from": "2025-01-01", "age": "5", "sex": "F", "dx1": "R252",
           "poa1": "", "code1": "J1885", "units1": "1"}  # fmt: skip
    if column == "pointers1":
        row = {**{key: each for key, each in row.items() if key != "age"}, "pointers1": ""}
    row[column] = value
    line = ",".join(row.values()) + "\n"
    rejects = [each for chunk in chunks(write(tmp_path, ",".join(row) + "\n" + line)) for each in chunk.rejects]
    assert says in str(rejects[0].error)
    assert rejects[0].record.decode() == line


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=80), st.integers(0, len(WIDE)), st.sampled_from([WIDE, LONG]))
def test_bytes_of_any_kind_in_a_table_raise_nothing_but_a_refusal(noise: bytes, at: int, table: str) -> None:
    data = table.encode()[:at] + noise + table.encode()[at:]
    try:
        found = list(TableRecords(io.BytesIO(data), "f"))
    except InputError as error:
        assert "\n" not in str(error)
        return
    assert all(each.record in data for each in found if isinstance(each, Reject))
    assert [each.number for each in found] == list(range(1, len(found) + 1))


# ---- packed files, mixed folders ----------------------------------------------------------------


def test_gz_and_zip_are_read_as_what_is_in_them(tmp_path: Path) -> None:
    packed = gzip.compress(PROFESSIONAL)
    assert counts(write(tmp_path, packed, "a")) == (3, 0)
    assert counts(write(tmp_path, gzip.compress(WIDE[:300].encode()) + gzip.compress(WIDE[300:].encode()), "b")) == (
        2,
        0,
    )
    with zipfile.ZipFile(tmp_path / "c", "w") as archive:
        archive.writestr("in/one.edi", PROFESSIONAL)
        archive.writestr("two.csv", WIDE)
        archive.writestr("three", json.dumps([OURS, {}]))
    found = chunks(tmp_path / "c")
    assert counts(tmp_path / "c") == (6, 1)
    assert found[0].records.tolist() == [1, 2, 3, 4, 5, 6]
    assert found[0].rejects[0].place == f"{tmp_path / 'c'}/three: $[1]"
    assert read_claims(str(tmp_path / "a"))[0] == [each.claim for each in x12(PROFESSIONAL)[0]]


def test_a_gz_cut_off_gives_what_it_holds_and_then_its_refusal(tmp_path: Path) -> None:
    data = b"".join(json.dumps({**OURS, "id": str(number)}).encode() + b"\n" for number in range(5000))
    path = write(tmp_path, gzip.compress(data)[:-2000])
    read = []
    with pytest.raises(InputError, match="cannot be unpacked to the end"):
        for chunk in format_of(path).open_reader(path, Options(DAY, "skip", size=100)).chunks():
            read.append(chunk.read)  # noqa: PERF401 - what came before the refusal counts
    assert 1000 < sum(read) < 5000


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_a_damaged_file_of_any_format_raises_nothing_but_a_refusal(data: st.DataObject) -> None:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as writing:
        writing.writestr("a", PROFESSIONAL)
        writing.writestr("b", WIDE)
    ours = json.dumps([OURS, OURS]).encode()
    kinds = [archive.getvalue(), gzip.compress(PROFESSIONAL), ours, ours[1:-1].replace(b"}, ", b"}\n"), WIDE.encode()]
    whole = bytearray(data.draw(st.sampled_from(kinds)))
    whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    damaged = bytes(whole[: data.draw(st.integers(1, len(whole)))])
    try:
        found = list(records_of(damaged, "f", packed=True)(io.BytesIO(damaged), "f"))
    except InputError as error:
        assert "\n" not in str(error)
    else:
        assert [each.number for each in found] == list(range(1, len(found) + 1))


def test_a_folder_of_mixed_formats_is_told_by_content(tmp_path: Path) -> None:
    eob = {"resourceType": "ExplanationOfBenefit", "diagnosis": []}
    files = {
        "a.json": PROFESSIONAL, "b.txt": INSTITUTIONAL, "c.edi": WIDE.encode(), "d": LONG.encode(),
        "e.csv": json.dumps(OURS).encode(), "f.837": json.dumps(eob).encode(), "g.zip": gzip.compress(PROFESSIONAL),
    }  # fmt: skip
    names = [format_of(write(tmp_path, data, name)).NAME for name, data in files.items()]
    assert names == ["x12-837", "x12-837", "csv", "csv", "json", "fhir", "packed"]


@pytest.mark.parametrize(
    "data", [b"\x00\x01\x02", b"hello world", b"<xml/>", b"\xff\xfea\x00", b"%PDF-1.7,x\n", b"one,\x02two\n"]
)
def test_an_unknown_content_is_refused_in_a_sentence_that_names_what_is_known(tmp_path: Path, data: bytes) -> None:
    with pytest.raises(InputError, match="no known format; expected X12 837, FHIR Claim or ExplanationOfBenefit, CSV"):
        format_of(write(tmp_path, data))


# ---- chunks, rejects, marks ---------------------------------------------------------------------


def files(folder: Path) -> dict[str, Path]:
    bad = PROFESSIONAL.replace(b"ABK:E119", b"ABK:E\x019")
    lines = b"".join(json.dumps(each).encode() + b"\n" for each in (OURS, {**OURS, "x": 1}, OURS))
    return {
        "x12": write(folder, bad, "x12"),
        "csv": write(folder, WIDE.replace("professional", "nowhere"), "csv"),
        "json": write(folder, lines, "json"),
        "array": write(folder, json.dumps([OURS, {"setting": 1}, OURS]), "array"),
        "long": write(folder, LONG.replace("E876;N", "E876;Q"), "long"),
    }


@pytest.mark.parametrize("name", ["x12", "csv", "json", "array", "long"])
def test_accepted_and_refused_are_what_was_read(tmp_path: Path, name: str) -> None:
    path = files(tmp_path)[name]
    for size in (1, 2, 1000):
        found = chunks(path, size=size)
        numbers = sorted(n for each in found for n in (*each.records.tolist(), *(r.number for r in each.rejects)))
        assert numbers == list(range(1, len(numbers) + 1))
        assert sum(len(each.rejects) for each in found) == 1
        assert all(each.record in path.read_bytes() for chunk in found for each in chunk.rejects)
        assert found[-1].done == 1.0 and all(each.read <= size for each in found)
    again = list(format_of(path).open_reader(path, Options(DAY, "skip")).chunks(found[0].mark))
    assert again == []


@pytest.mark.parametrize("name", ["x12", "csv", "json", "array", "long"])
def test_stopping_gives_what_came_before(tmp_path: Path, name: str) -> None:
    path = files(tmp_path)[name]
    (refused,) = [each for chunk in chunks(path) for each in chunk.rejects]
    read = 0
    with pytest.raises(InputError) as error:
        for chunk in format_of(path).open_reader(path, Options(DAY, "stop")).chunks():
            read += len(chunk.batch)
    assert str(error.value) == str(refused.error)
    assert read == refused.number - 1


def test_charges_of_claims_are_totals(tmp_path: Path) -> None:
    (chunk,) = chunks(write(tmp_path, PROFESSIONAL))
    assert chunk.batch.totals is not None and chunk.batch.totals.tolist() == [250.0, 10.0, 20.0]
