"""Parquet files of claims: the columns that are read, and what is refused in which words."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from claimwright.claims.batch import ClaimBatch, batch_of
from claimwright.claims.readers import Chunk, Options, format_of
from claimwright.claims.wire import claim_from_object
from claimwright.errors import InputError

pa = pytest.importorskip("pyarrow")
pq = pytest.importorskip("pyarrow.parquet")

DAY = date(2026, 1, 15)
GOOD: dict[str, Any] = {"setting": "outpatient", "diagnoses": ["R25.2", "g250"], "service_from": date(2025, 11, 15)}
COLUMNS = (
    "setting", "day", "age", "sex", "exempt", "offsets", "codes", "poa", "status", "procedure_offsets",
    "procedure_codes", "procedure_days", "line_offsets", "line_codes", "line_days", "units", "modifier_offsets",
    "modifiers", "pointer_offsets", "pointers",
)  # fmt: skip


def write(path: Path, rows: Sequence[dict[str, Any]], **options: Any) -> Path:
    pq.write_table(pa.Table.from_pylist(list(rows)), path, **options)
    return path


def chunks(path: Path, start: int = 0, **options: Any) -> list[Chunk]:
    return list(format_of(path).open_reader(path, Options(DAY, **options)).chunks(start))


def refusal(path: Path, **options: Any) -> str:
    with pytest.raises(InputError) as caught:
        chunks(path, **options)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def same(one: ClaimBatch, other: ClaimBatch) -> None:
    for name in COLUMNS:
        assert np.array_equal(getattr(one, name), getattr(other, name)), name


WHOLE: dict[str, Any] = {
    "id": "c-1",
    "setting": "professional",
    "service_from": "2025-11-15",
    "service_to": "2025-11-16",
    "patient": {"age": 40, "sex": "F"},
    "diagnoses": [{"code": " r25.2 ", "poa": None}, {"code": "E11.9", "poa": "Y"}],
    "procedures": [{"code": "3E0337Z", "date": "2025-11-15"}],
    "lines": [
        {"code": "zz001", "modifiers": ["lt", "59"], "units": 2.0, "date": "2025-11-16", "pointers": [2, 1]},
        {"code": "ZZ002", "modifiers": [], "units": None, "date": None, "pointers": []},
    ],
    "discharge_status": "01",
    "poa_exempt_hospital": True,
}


def as_json(row: dict[str, Any]) -> dict[str, Any]:
    """The row as the contract writes it: what is missing is left out."""
    if isinstance(row, dict):
        return {key: as_json(value) for key, value in row.items() if value is not None}
    return [as_json(each) for each in row] if isinstance(row, list) else row  # type: ignore[unreachable]


def test_nested_columns_are_the_claim_of_the_contract(tmp_path: Path) -> None:
    rows = [WHOLE, WHOLE | {"setting": "inpatient", "id": "c-2", "lines": None, "procedures": []}]
    [chunk] = chunks(write(tmp_path / "c.parquet", rows))
    same(chunk.batch, batch_of([claim_from_object(as_json(each)) for each in rows], DAY))
    assert [chunk.batch.name(at) for at in range(2)] == ["c-1", "c-2"]


def test_a_claim_made_of_columns_is_the_claim(tmp_path: Path) -> None:
    [chunk] = chunks(write(tmp_path / "c.parquet", [WHOLE]))
    made, meant = chunk.batch.claim(0), claim_from_object(as_json(WHOLE))
    assert (made.id, made.setting, made.patient) == (meant.id, meant.setting, meant.patient)
    assert [each.poa for each in made.diagnoses] == [None, "Y"]
    assert [each.code for each in made.lines] == ["ZZ001", "ZZ002"]
    assert (made.lines[0].modifiers, made.lines[0].pointers, made.lines[0].units) == (("LT", "59"), (2, 1), 2.0)
    assert made.discharge_status == "01" and made.poa_exempt_hospital


def test_flat_columns_and_indicators_beside_the_codes(tmp_path: Path) -> None:
    row = GOOD | {"age": 12, "sex": "M", "poa": ["Y", None], "charge": 99.5}
    [chunk] = chunks(write(tmp_path / "c.parquet", [row]))
    assert chunk.batch.poa.tolist() == [b"Y", b""]
    assert (chunk.batch.age.tolist(), chunk.batch.codes.tolist()) == ([12], [b"R252", b"G250"])
    assert chunk.batch.totals is not None and chunk.batch.totals.tolist() == [99.5]


def test_a_birth_date_gives_completed_years(tmp_path: Path) -> None:
    born = [date(2000, 11, 15), date(2000, 11, 16), date(2004, 2, 29), None]
    [chunk] = chunks(write(tmp_path / "c.parquet", [GOOD | {"birth_date": each} for each in born]))
    assert chunk.batch.age.tolist() == [25, 24, 21, -1]


def test_a_birth_date_stands_in_where_no_age_is_stated(tmp_path: Path) -> None:
    stated = [{"age": None, "birth_date": date(2000, 11, 15)}, {"age": 12, "birth_date": None}]
    [chunk] = chunks(write(tmp_path / "c.parquet", [GOOD | each for each in stated]))
    assert chunk.batch.age.tolist() == [25, 12]


@pytest.mark.parametrize("name", ["id", "provider", "setting", "sex"])
def test_a_text_that_is_none_names_the_file_and_its_row_group(tmp_path: Path, name: str) -> None:
    table = pa.Table.from_pylist([GOOD])
    octets = pa.array([b"\xd4\xff"], pa.binary())
    text = pa.StringArray.from_buffers(1, octets.buffers()[1], octets.buffers()[2])
    others = table.drop_columns([name]) if name in table.column_names else table
    pq.write_table(others.append_column(name, text), tmp_path / "c.parquet")
    with pytest.raises(InputError, match=r"c\.parquet: row group 1: cannot be read"):
        chunks(tmp_path / "c.parquet")


def test_foreign_names_are_mapped(tmp_path: Path) -> None:
    row = {"pos": "outpatient", "dx": ["R25.2"]}
    [chunk] = chunks(write(tmp_path / "c.parquet", [row]), names={"setting": "pos", "diagnoses": "dx"})
    assert chunk.batch.codes.tolist() == [b"R252"]


def test_texts_that_are_no_codes_are_kept_as_written(tmp_path: Path) -> None:
    row = GOOD | {"diagnoses": ["S52.001AAAX", "R25.2é", "R25.2"], "discharge_status": "x"}
    [chunk] = chunks(write(tmp_path / "c.parquet", [row]))
    assert [chunk.batch.diagnosis(at).code for at in range(3)] == ["S52.001AAAX", "R25.2é", "R252"]
    assert chunk.batch.discharge_status(0) == "x"


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"setting": "office"}, 'row 2, column setting: found "office"; expected one of inpatient'),
        ({"setting": None}, "row 2, column setting: found null"),
        ({"diagnoses": []}, "row 2, column diagnoses: the list is empty"),
        ({"diagnoses": ["R25.2", ""]}, 'row 2, column diagnoses: found ""'),
        ({"diagnoses": ["R" * 41]}, "row 2, column diagnoses: found"),
        ({"sex": "female"}, 'row 2, column sex: found "female"; expected one of U, F, M'),
        ({"age": 125}, "row 2, column age: found 125; expected a whole number from 0 to 124"),
        ({"age": -1}, "row 2, column age: found -1"),
        ({"service_from": date(2015, 9, 30)}, "row 2, column service_from: 2015-09-30 lies in the ICD-9-CM era"),
        ({"service_to": date(2025, 11, 14)}, "row 2, column service_to: 2025-11-14 is before service_from 2025-11-15"),
        ({"birth_date": date(2026, 1, 1)}, "row 2, column birth_date: 2026-01-01 is after the date of service"),
        ({"poa": ["X", "Y"]}, 'row 2, column poa: found "X"'),
        ({"poa": ["Y"]}, "row 2, column poa: 1 indicators"),
        ({"lines": [{"code": "ZZ1", "pointers": [3]}]}, "row 2, column lines.pointers: points to diagnosis 3"),
        ({"lines": [{"code": "ZZ1", "units": -1.0}]}, "row 2, column lines.units: found -1.0"),
        ({"lines": [{"code": "ZZ1", "modifiers": ["259"]}]}, 'row 2, column lines.modifiers: found "259"'),
    ],
)
def test_a_row_that_is_no_claim_is_refused_by_its_place(tmp_path: Path, change: dict[str, Any], says: str) -> None:
    full = dict.fromkeys(change)
    path = write(tmp_path / "c.parquet", [full | GOOD, GOOD | change, full | GOOD])
    assert f"{path}: row group 1, {says}" in refusal(path)
    [chunk] = chunks(path, on_error="skip")
    assert (len(chunk.batch), [each.number for each in chunk.rejects], chunk.read) == (2, [2], 3)
    assert chunk.records.tolist() == [1, 3]
    kept, meant = json.loads(chunk.rejects[0].record), json.loads(json.dumps(change, default=str))
    assert all(str(kept[key])[:6] == str(value)[:6] for key, value in meant.items())


def test_what_stands_before_a_refusal_is_given_first(tmp_path: Path) -> None:
    path = write(tmp_path / "c.parquet", [GOOD, GOOD, GOOD | {"setting": "x"}, GOOD])
    seen: list[Chunk] = []
    with pytest.raises(InputError):
        seen.extend(format_of(path).open_reader(path, Options(DAY)).chunks())
    assert [each.records.tolist() for each in seen][-1] == [1, 2]


def test_marks_go_on_where_a_chunk_ended(tmp_path: Path) -> None:
    rows = [GOOD | {"id": str(number)} for number in range(25)]
    path = write(tmp_path / "c.parquet", rows, row_group_size=10)
    whole = chunks(path, size=4)
    assert [len(each.batch) for each in whole] == [4, 4, 2, 4, 4, 2, 4, 1]
    assert whole[-1].done == 1.0
    for number, chunk in enumerate(whole):
        rest = chunks(path, chunk.mark, size=4)
        assert [each.records.tolist() for each in rest] == [each.records.tolist() for each in whole[number + 1 :]]


def test_a_table_without_claims_names_its_columns(tmp_path: Path) -> None:
    path = write(tmp_path / "c.parquet", [{"a": 1}])
    assert refusal(path) == f"{path}: no column 'setting' among a; expected a table of claims"


@pytest.mark.parametrize("cut", [4, 60, -9])
def test_a_damaged_file_is_one_sentence(tmp_path: Path, cut: int) -> None:
    path = write(tmp_path / "c.parquet", [GOOD])
    path.write_bytes(path.read_bytes()[:cut])
    assert "expected a whole Parquet file" in refusal(path)


def test_a_bit_flip_is_an_error_or_changes_nothing_unseen(tmp_path: Path) -> None:
    path = write(tmp_path / "c.parquet", [GOOD] * 2000, write_page_checksum=True, compression="zstd")
    data = bytearray(path.read_bytes())
    data[len(data) // 4] ^= 0x10
    path.write_bytes(bytes(data))
    try:
        assert sum(len(each.batch) for each in chunks(path)) <= 2000
    except InputError as error:
        assert str(path) in str(error)


def test_a_column_of_the_wrong_type_is_named(tmp_path: Path) -> None:
    path = write(tmp_path / "c.parquet", [GOOD | {"diagnoses": "R25.2"}])
    assert refusal(path) == f"{path}: column diagnoses: holds string; expected a list"


@pytest.mark.parametrize("content", [b"", b"hello", b"\x00" * 20])
def test_a_file_of_no_format_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "c.parquet"
    path.write_bytes(content)
    assert str(path) in refusal(path)


CODE = st.sampled_from(["R25.2", "G250", " e11.9", "I10", "S52.001AAAX", "Z9", "ä"])
ROW = st.fixed_dictionaries(
    {
        "setting": st.sampled_from(["inpatient", "outpatient", "professional", "emergency"]),
        "diagnoses": st.lists(CODE, min_size=1, max_size=6),
        "service_from": st.sampled_from([None, "2025-11-15", "2024-01-01"]),
        "age": st.none() | st.integers(0, 124),
        "sex": st.sampled_from([None, "F", "M", "U"]),
        "discharge_status": st.sampled_from([None, "01", "1", "99", "xx"]),
    }
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(ROW, min_size=1, max_size=8), size=st.integers(1, 5))
def test_any_table_is_read_as_its_claims(tmp_path: Path, rows: list[dict[str, Any]], size: int) -> None:
    schema = pa.schema(
        [("setting", pa.string()), ("diagnoses", pa.list_(pa.string())), ("service_from", pa.string()),
         ("age", pa.int64()), ("sex", pa.string()), ("discharge_status", pa.string())]
    )  # fmt: skip
    path = tmp_path / "any.parquet"
    pq.write_table(pa.Table.from_pylist(rows, schema=schema), path)
    at = 0
    for chunk in chunks(path, size=size):
        claims = []
        for row in rows[at : at + len(chunk.batch)]:
            person = {key: row[key] for key in ("age", "sex") if row[key] is not None}
            flat = {key: value for key, value in row.items() if key not in ("age", "sex") and value is not None}
            claims.append(claim_from_object(flat | ({"patient": person} if person else {})))
        at += len(claims)
        meant = batch_of(claims, DAY)
        same(chunk.batch, meant)
        for number in range(len(meant)):
            stated = meant.discharge_status(number)
            assert chunk.batch.discharge_status(number) == stated
    assert at == len(rows)


@pytest.mark.parametrize(
    ("names", "says"),
    [
        ({"setings": "setting"}, "--map: setings=setting names no column of ours; expected one of setting"),
        ({"": "setting"}, "--map: =setting names no column of ours"),
        ({"provider": "npi"}, "the column 'npi' of --map provider is not there"),
    ],
)
def test_a_mapping_that_leads_nowhere_is_refused(tmp_path: Path, names: dict[str, str], says: str) -> None:
    with pytest.raises(InputError, match=says):
        chunks(write(tmp_path / "c.parquet", [GOOD]), names=names)
