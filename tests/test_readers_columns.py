"""Arrow files and streams, long and wide tables of columns, payers: read as the nested Parquet they say the same as."""

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

from claimwright.claims.batch import ClaimBatch
from claimwright.claims.readers import Chunk, Options, Reject, format_of
from claimwright.claims.readers.seen import RECENT, Seen, key_of
from claimwright.errors import InputError
from claimwright.model import Claim, Payer

pa = pytest.importorskip("pyarrow")
pq = pytest.importorskip("pyarrow.parquet")

DAY = date(2026, 1, 15)
FORMS = ("parquet", "arrow-file", "arrow-stream", "csv")
LONG: list[dict[str, Any]] = [
    {"claim_id": "A", "position": 2, "code": "E87.6", "poa": "n", "setting": "inpatient", "payer": "medicare"},
    {"claim_id": "A", "position": 1, "code": "R25.2", "poa": "Y", "setting": "inpatient", "payer": "medicare"},
    {"claim_id": "B", "position": 1, "code": "G25.0", "poa": "", "setting": "outpatient", "payer": ""},
    {"claim_id": "C", "position": 1, "code": "R25.2", "poa": "", "setting": "outpatient", "payer": "x"},
    {"claim_id": "C", "position": 2, "code": "E11.9", "poa": "", "setting": "outpatient", "payer": "x"},
    {"claim_id": "C", "position": 3, "code": "I10", "poa": "", "setting": "outpatient", "payer": "x"},
]


def write(folder: Path, rows: Sequence[dict[str, Any]], form: str = "parquet", size: int = 1 << 20) -> Path:
    """A table in one of the forms, in row groups or batches of `size` rows."""
    table = pa.Table.from_pylist(list(rows))
    path = folder / f"claims.{form}"
    if form == "parquet":
        pq.write_table(table, path, row_group_size=size)
    elif form == "csv":
        import csv

        with path.open("w", newline="") as stream:
            writer = csv.DictWriter(stream, table.column_names)
            writer.writeheader()
            writer.writerows({key: "" if each is None else each for key, each in row.items()} for row in rows)
    else:
        make = pa.ipc.new_file if form == "arrow-file" else pa.ipc.new_stream
        with make(path, table.schema) as writer:
            for batch in table.to_batches(max_chunksize=size):
                writer.write_batch(batch)
    return path


def chunks(path: Path, start: int = 0, **options: Any) -> list[Chunk]:
    return list(format_of(path).open_reader(path, Options(DAY, **options)).chunks(start))


def claims(found: Sequence[Chunk]) -> list[Claim]:
    return [chunk.batch.claim(at) for chunk in found for at in range(len(chunk.batch))]


def rejects(found: Sequence[Chunk]) -> list[Reject]:
    return [each for chunk in found for each in chunk.rejects]


def said(claim: Claim) -> tuple[Any, ...]:
    """What both an object and columns say of a claim."""
    return (
        claim.id, claim.setting, [(each.code.replace(".", ""), each.poa) for each in claim.diagnoses], claim.payer,
        claim.patient.age, claim.patient.sex, [(each.code, each.units, each.modifiers) for each in claim.lines],
    )  # fmt: skip


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("size", [1, 2, 4, 100])
def test_one_row_a_diagnosis_is_a_claim_a_run_of_one_id(tmp_path: Path, form: str, size: int) -> None:
    found = claims(chunks(write(tmp_path, LONG, form, size), size=size))
    assert [each.id for each in found] == ["A", "B", "C"]
    codes = [[(each.code.replace(".", ""), each.poa) for each in claim.diagnoses] for claim in found]
    assert codes == [[("R252", "Y"), ("E876", "N")], [("G250", None)], [("R252", None), ("E119", None), ("I10", None)]]
    assert [each.payer for each in found] == [Payer("medicare"), Payer(), Payer("x")]


@pytest.mark.parametrize("form", FORMS)
def test_rows_of_one_claim_apart_from_each_other_are_refused_by_their_row(tmp_path: Path, form: str) -> None:
    path = write(tmp_path, [*LONG, LONG[2]], form, 2)
    found = chunks(path, on_error="skip", size=2)
    (refused,) = rejects(found)
    assert "7" in refused.place or "line 8" in refused.place
    assert "rows of claim 'B' were read before, apart from these" in refused.problem
    assert len(claims(found)) == 3 and b"G25.0" in refused.record
    with pytest.raises(InputError, match="the rows of a claim one after the other"):
        chunks(path)


@pytest.mark.parametrize("form", ["parquet", "arrow-file", "arrow-stream"])
@pytest.mark.parametrize("size", [1, 3, 100])
def test_reading_goes_on_from_any_mark(tmp_path: Path, form: str, size: int) -> None:
    path = write(tmp_path, [*LONG, LONG[0]], form, 2)
    whole = chunks(path, on_error="skip", size=size)
    for at, chunk in enumerate(whole):
        rest = chunks(path, chunk.mark, on_error="skip", size=size)
        assert list(map(said, claims(rest))) == list(map(said, claims(whole[at + 1 :])))
        assert [each.number for each in rejects(rest)] == [each.number for each in rejects(whole[at + 1 :])]
    assert whole[-1].done == pytest.approx(1.0, abs=0.01)


WIDE: list[dict[str, Any]] = [
    {"Claim ID": 1, "setting": "Professional", "dx1": "R25.2", "dx2": "E876", "dx3": None, "sex": "female",
     "age": "54", "code1": "J1885", "modifiers1": "JW, LT", "units1": "2", "pointers1": "1 2", "charge1": "10.50",
     "code2": None, "modifiers2": None, "units2": None, "pointers2": None, "charge2": None,
     "service_from": "01/05/2025", "payer": "medicare", "state": "WI", "mac": "NGS"},
    {"Claim ID": 2, "setting": "outpatient", "dx1": "R25.2", "dx2": None, "dx3": "I10", "sex": None, "age": None,
     "code1": None, "modifiers1": None, "units1": None, "pointers1": None, "charge1": None, "code2": "A4550",
     "modifiers2": None, "units2": None, "pointers2": "1", "charge2": "7", "service_from": "20250106", "payer": None,
     "state": None, "mac": None},
]  # fmt: skip


@pytest.mark.parametrize("form", ["parquet", "arrow-file"])
def test_a_wide_table_of_columns_is_the_csv_it_says_the_same_as(tmp_path: Path, form: str) -> None:
    columns, table = (claims(chunks(write(tmp_path, WIDE, each))) for each in (form, "csv"))
    assert list(map(said, columns)) == list(map(said, table))
    assert [each.service_from for each in columns] == [each.service_from for each in table]
    assert columns[0].lines[0].pointers == (1, 2) and columns[0].payer == Payer("medicare", "WI", "NGS")


def test_foreign_names_of_a_flat_table_are_mapped(tmp_path: Path) -> None:
    rows = [{"CASE": "A", "WHERE": "outpatient", "DIAG_01": "R252", "DIAG_02": "I10", "PLAN": "medicare"}]
    names = {"id": "case", "setting": "WHERE", "dx#": "DIAG_#", "payer": "PLAN"}
    for form in FORMS:
        (claim,) = claims(chunks(write(tmp_path, rows, form), names=names))
        assert said(claim)[:1] == ("A",) and len(claim.diagnoses) == 2 and claim.payer.id == "medicare"
    rows = [{"CASE": "A", "WHERE": "outpatient", "ICD": "R252"}, {"CASE": "A", "WHERE": "outpatient", "ICD": "I10"}]
    for form in FORMS:
        (claim,) = claims(chunks(write(tmp_path, rows, form), names={"id": "CASE", "setting": "WHERE", "dx": "ICD"}))
        assert len(claim.diagnoses) == 2


@pytest.mark.parametrize(
    "payer",
    [
        {"payer": {"id": " medicare ", "state": "WI", "mac": None}},
        {"payer_id": "medicare", "payer_state": "WI"},
        {"payer": "medicare", "state": "WI", "mac": ""},
    ],
)
@pytest.mark.parametrize("form", ["parquet", "arrow-stream"])
def test_the_payer_of_a_nested_table(tmp_path: Path, form: str, payer: dict[str, Any]) -> None:
    row = {"setting": "outpatient", "diagnoses": ["R25.2"]}
    found = claims(chunks(write(tmp_path, [row | payer, row | dict.fromkeys(payer)], form)))
    assert [each.payer for each in found] == [Payer("medicare", "WI"), Payer()]


@pytest.mark.parametrize("form", ["arrow-file", "arrow-stream"])
def test_a_nested_table_of_arrow_is_read_as_parquet_is(tmp_path: Path, form: str) -> None:
    row = {"id": "a", "setting": "outpatient", "diagnoses": [{"code": "R25.2", "poa": None}], "age": 40, "sex": "F"}
    rows = [row | {"id": str(each)} for each in range(7)]
    one, other = (chunks(write(tmp_path, rows, each, 3), size=2) for each in ("parquet", form))
    assert list(map(said, claims(one))) == list(map(said, claims(other)))
    with pytest.raises(InputError, match=r"record batch 1, row 2, column setting: found \"x\""):
        chunks(write(tmp_path, [row, row | {"setting": "x"}], form))


@pytest.mark.parametrize("form", ["parquet", "arrow-file", "arrow-stream", "csv"])
def test_notes_are_counted_and_not_read(tmp_path: Path, form: str) -> None:
    rows = [{"setting": "outpatient", "dx1": "R25.2", "dx2": "I10", "note": each} for each in ("a word", None, "b")]
    path = write(tmp_path, rows, form)
    reader = format_of(path).open_reader(path, Options(DAY))
    assert sum(len(each.batch) for each in reader.chunks()) == 3
    assert [number for name, number in reader.counts.items() if "which a scan does not read" in name] == [2]


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        ([{"setting": "outpatient", "dx": "R25.2"}], "no column tells which; expected a column id"),
        ([{"id": "A", "dx": "R25.2"}], "no column 'setting' among id, dx"),
        ([{"id": "A", "setting": "office", "dx": "R25.2"}], 'row 1, column setting: found "office"'),
        ([{"id": "A", "setting": "outpatient", "dx": ""}], "row 1, column dx: the list is empty"),
        ([{"id": None, "setting": "outpatient", "dx": "R25.2"}], "row 1, column id: the row has no id"),
        ([{"id": "A", "setting": "outpatient", "dx": "I10", "service_from": "soon"}], '"soon" is not a date'),
    ],
)
def test_a_flat_table_that_is_none_is_one_sentence(tmp_path: Path, rows: list[dict[str, Any]], says: str) -> None:
    with pytest.raises(InputError) as caught:
        chunks(write(tmp_path, rows))
    assert says in str(caught.value).replace('"id"', "id") and "\n" not in str(caught.value)


def test_a_refused_claim_of_several_rows_keeps_them_all(tmp_path: Path) -> None:
    rows = [LONG[0] | {"setting": "office"}, LONG[1] | {"setting": "office"}, LONG[2]]
    found = chunks(write(tmp_path, rows), on_error="skip")
    (refused,) = rejects(found)
    assert [json.loads(each)["code"] for each in refused.record.splitlines()] == ["E87.6", "R25.2"]
    assert [each.batch.name(0) for each in found if len(each.batch)] == ["B"]


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_changed_bytes_of_columns_raise_nothing_but_a_refusal(tmp_path: Path, data: st.DataObject) -> None:
    form = data.draw(st.sampled_from(["parquet", "arrow-file", "arrow-stream"]))
    whole = bytearray(write(tmp_path, data.draw(st.sampled_from([LONG, WIDE])), form, 2).read_bytes())
    for _ in range(data.draw(st.integers(1, 3))):
        whole[data.draw(st.integers(0, len(whole) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    path = tmp_path / "changed"
    path.write_bytes(bytes(whole[: data.draw(st.integers(len(whole) // 2, len(whole)))]))
    try:
        found = chunks(path, on_error="skip")
    except InputError as error:
        assert "\n" not in str(error)
    else:
        assert all(isinstance(each.batch, ClaimBatch) for each in found)


def test_a_set_of_keys_holds_what_was_added() -> None:
    seen = Seen()
    keys = np.random.default_rng(1).integers(0, 2**63, 3 * RECENT + 5).tolist()
    assert not any(seen.add_all(keys)) and all(seen.add_all(keys[::1000]))
    assert key_of("a") == key_of("a") != key_of("b")
