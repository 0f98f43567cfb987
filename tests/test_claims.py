"""Claims from files and objects: read strictly, and each refusal says place, value and what was expected."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from claimwright.claims import reader
from claimwright.claims.batch import batch_of, subset
from claimwright.claims.reader import read_claims
from claimwright.claims.wire import claim_from_json, claim_from_object
from claimwright.errors import ClaimwrightError, InputError
from claimwright.model import Claim, Diagnosis, Setting

DAY = date(2025, 11, 15)
PLAIN: dict[str, Any] = {"setting": "outpatient", "diagnoses": ["R25.2"], "service_from": "2025-11-15"}
WHOLE: dict[str, Any] = {
    "id": "c-1",
    "setting": "inpatient",
    "service_from": "2025-11-10",
    "service_to": "2025-11-15",
    "patient": {"age": 40, "sex": "F", "birth_date": "1985-01-31"},
    "payer": {"id": "medicare", "state": "NY", "mac": "JK"},
    "diagnoses": ["R25.2", {"code": "E11.9", "poa": "Y"}],
    "admitting_diagnosis": "R25.2",
    "procedures": [{"code": "0BH17EZ", "date": "2025-11-11"}],
    "lines": [{"code": "95860", "modifiers": ["LT"], "units": 2, "pointers": [1, 2], "charge": 10.5}],
    "discharge_status": "01",
    "poa_exempt_hospital": True,
    "facts": [{"id": "weakness", "status": "present", "value": 3}],
    "note": "text",
}


def write(folder: Path, data: str | bytes | object, name: str = "claims.json") -> str:
    file = folder / name
    text = data if isinstance(data, str | bytes) else json.dumps(data)
    file.write_bytes(text.encode() if isinstance(text, str) else text)
    return str(file)


def refusal(action: Callable[[], object], *says: str) -> None:
    """`action` is refused with one line that holds each of `says`."""
    with pytest.raises(InputError) as error:
        action()
    text = str(error.value)
    assert "\n" not in text
    for each in says:
        assert each in text, text


# ---- what is read -------------------------------------------------------------------------------


def test_every_key_of_the_contract_arrives() -> None:
    claim = claim_from_object(WHOLE)
    assert claim.diagnoses == (Diagnosis("R25.2"), Diagnosis("E11.9", "Y"))
    assert (claim.id, claim.setting, claim.service_to) == ("c-1", Setting.INPATIENT, DAY)
    assert (claim.patient.age, claim.patient.sex, claim.payer.mac) == (40, "F", "JK")
    assert claim.lines[0].pointers == (1, 2)
    assert claim.procedures[0].date == date(2025, 11, 11)
    assert (claim.facts[0].id, claim.facts[0].value, claim.poa_exempt_hospital) == ("weakness", 3, True)


def test_an_object_and_its_json_text_give_the_same_claim() -> None:
    assert claim_from_object(WHOLE) == claim_from_json(json.dumps(WHOLE).encode(), "claim")


LINES = json.dumps(PLAIN) + "\n" + json.dumps(WHOLE)


@pytest.mark.parametrize(
    ("data", "count", "several"),
    [
        (json.dumps(PLAIN), 1, False),
        (json.dumps(PLAIN, indent=2), 1, False),
        (json.dumps(PLAIN, indent=2).replace("\n", "\r\n"), 1, False),
        (json.dumps([PLAIN, WHOLE]), 2, True),
        (json.dumps([PLAIN], indent=2), 1, True),
        (LINES, 2, True),
        (LINES.replace("\n", "\r\n") + "\r\n", 2, True),
        ("\n\n" + LINES.replace("\n", "\n\n\n") + "\n", 2, True),
        (b"\xef\xbb\xbf" + json.dumps(PLAIN).encode(), 1, False),
        (b"\xef\xbb\xbf" + LINES.encode(), 2, True),
    ],
    ids=[
        "one",
        "indented",
        "windows",
        "array",
        "array of one",
        "lines",
        "lines of windows",
        "blank lines",
        "mark",
        "mark and lines",
    ],
)
def test_one_claim_an_array_and_one_a_line_are_told_apart(
    tmp_path: Path, data: str | bytes, count: int, several: bool
) -> None:
    claims, found = read_claims(write(tmp_path, data))
    assert (len(claims), found) == (count, several)
    assert claims[0] == claim_from_object(PLAIN)


def test_a_dash_reads_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO(json.dumps(PLAIN).encode())))
    assert read_claims("-")[0] == [claim_from_object(PLAIN)]
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO(b"")))
    refusal(lambda: read_claims("-"), "standard input: the file is empty")


# ---- files that cannot be read ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "says"),
    [
        ("", "the file is empty; expected a claim as JSON"),
        (" \n\t\n", "the file is empty"),
        (b"\xef\xbb\xbf", "the file is empty"),
        ("[]", "the array is empty; expected at least one claim"),
        ("hello", "starts with 'hello'"),
        ("null", "starts with 'null'"),
        (json.dumps(PLAIN)[:-8], "not readable as JSON"),
        (json.dumps([PLAIN])[:-8], "not readable as JSON"),
        (json.dumps([PLAIN]) + "x", "not readable as JSON"),
        (LINES[:-8], "line 2: not readable as JSON"),
        (LINES + "\nhello", "line 3: not readable as JSON"),
        (json.dumps(PLAIN).replace("R25.2", "R25\xff").encode("latin-1"), "is not UTF-8; expected JSON in UTF-8"),
        (json.dumps(PLAIN).encode("utf-16"), "is not UTF-8"),
        (b"\x1f\x8b\x08\x00", "cannot be unpacked to the end"),
        ("[1]", "$[0]: found 1; expected an object"),
        ("[[]]", "$[0]: found []; expected an object"),
        ("[" * 100_000, "not readable as JSON"),
        ('{"a":' * 100_000, "not readable as JSON"),
    ],
)
def test_a_file_that_holds_no_claim_is_refused_by_name(tmp_path: Path, data: str | bytes, says: str) -> None:
    name = write(tmp_path, data)
    refusal(lambda: read_claims(name), name, says)


@pytest.mark.parametrize("name", ["absent.json", ".", "a\0b"])
def test_a_file_that_is_not_there_or_a_folder_is_refused(tmp_path: Path, name: str) -> None:
    refusal(lambda: read_claims(str(tmp_path / name)), "cannot be read", "expected a file of claims")


def test_a_file_beyond_the_limit_is_refused_before_it_is_read_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reader, "MOST_BYTES", 1024 * 1024)
    assert read_claims(write(tmp_path, json.dumps(PLAIN).ljust(1024 * 1024)))[0]
    name = write(tmp_path, json.dumps(PLAIN).ljust(1024 * 1024 + 1))
    refusal(lambda: read_claims(name), name, "more than 1 MB", "expected a smaller file; split it by claim")


# ---- claims that are refused --------------------------------------------------------------------


def changed(**keys: Any) -> dict[str, Any]:
    return WHOLE | keys


LINE = {"code": "95860"}
REFUSED: dict[str, tuple[dict[str, Any], tuple[str, ...]]] = {
    "unknown key": (changed(settings=1), ("$.settings: unknown key", "expected one of setting, diagnoses")),
    "unknown key of the patient": (
        changed(patient={"agee": 1}),
        ("$.patient.agee: unknown key", "age, sex, birth_date"),
    ),
    "unknown key of a line": (changed(lines=[LINE, LINE | {"unit": 1}]), ("$.lines[1].unit: unknown key", "units")),
    "unknown key of a diagnosis": (
        changed(diagnoses=[{"code": "R25.2", "por": "Y"}]),
        ("$.diagnoses[0].por: unknown key", "code, poa"),
    ),
    "no setting": ({"diagnoses": ["R25.2"]}, ("$: the key 'setting' is missing",)),
    "no code": (changed(lines=[{}]), ("$.lines[0]: the key 'code' is missing",)),
    "another setting": (changed(setting="home"), ('$.setting: found "home"', "expected one of inpatient, outpatient")),
    "setting a number": (changed(setting=1), ("$.setting: found 1", "expected")),
    "diagnoses a text": (changed(diagnoses="R25.2"), ('$.diagnoses: found "R25.2"', "expected a list")),
    "diagnosis a number": (changed(diagnoses=["R25.2", 252]), ("$.diagnoses[1]: found 252", "expected")),
    "no diagnosis": (changed(diagnoses=[]), ("$.diagnoses: the list is empty", "at least one")),
    "an empty code": (changed(diagnoses=[""]), ('$.diagnoses[0]: found ""', "expected")),
    "an endless code": (changed(diagnoses=["R" * 5000]), ('$.diagnoses[0]: found "RRR', "...", "expected")),
    "a thousand diagnoses": (changed(diagnoses=["R25.2"] * 1000), ("$.diagnoses: 1000 diagnoses", "at most 999")),
    "a day that is none": (
        changed(service_from="2025-02-30"),
        ('$.service_from: "2025-02-30" is not a date', "YYYY-MM-DD"),
    ),
    "a day in another form": (
        changed(service_from="11/15/2025"),
        ('$.service_from: "11/15/2025" is not a date', "YYYY-MM-DD"),
    ),
    "a day as a number": (changed(service_from=20251115), ("$.service_from: ", "20251115")),
    "days the wrong way round": (
        changed(service_from="2025-11-16"),
        ("$.service_to: 2025-11-15 is before service_from 2025-11-16", "the same day or later"),
    ),
    "ICD-9 era": (
        changed(service_from="2015-09-30", service_to=None),
        ("$.service_from: 2015-09-30 lies in the ICD-9-CM era", "2015-10-01"),
    ),
    "ICD-9 era at the end": (
        changed(service_from=None, service_to="2001-01-01"),
        ("$.service_to: 2001-01-01 lies in the ICD-9-CM era",),
    ),
    "age below zero": (changed(patient={"age": -1}), ("$.patient.age: found -1", "a whole number of at least 0")),
    "age of 125": (changed(patient={"age": 125}), ("$.patient.age: found 125", "a whole number of at most 124")),
    "age a text": (changed(patient={"age": "40"}), ('$.patient.age: found "40"', "expected a whole number")),
    "age with a fraction": (changed(patient={"age": 40.5}), ("$.patient.age: found 40.5", "expected a whole number")),
    "born after the service": (
        changed(patient={"birth_date": "2025-11-11"}),
        ("$.patient.birth_date: 2025-11-11 is after",),
    ),
    "older than anyone": (
        changed(patient={"birth_date": "1890-01-01"}),
        ("$.patient.birth_date: 1890-01-01 makes the patient 135",),
    ),
    "another sex": (changed(patient={"sex": "female"}), ('$.patient.sex: found "female"', "expected one of F, M, U")),
    "pointer past the end": (
        changed(lines=[LINE | {"pointers": [1, 3]}]),
        ("$.lines[0].pointers[1]: points to diagnosis 3", "1 to 2"),
    ),
    "pointer zero": (
        changed(lines=[LINE | {"pointers": [0]}]),
        ("$.lines[0].pointers[0]: found 0", "a whole number of at least 1"),
    ),
    "units below zero": (
        changed(lines=[LINE | {"units": -1}]),
        ("$.lines[0].units: found -1", "a number of at least 0"),
    ),
    "a long modifier": (
        changed(lines=[LINE | {"modifiers": ["LEFT"]}]),
        ('$.lines[0].modifiers[0]: found "LEFT"', "at most 2 characters"),
    ),
    "a long poa": (
        changed(diagnoses=[{"code": "R25.2", "poa": "yes"}]),
        ('$.diagnoses[0].poa: found "yes"', "one of Y, N, U, W, 1"),
    ),
    "another fact status": (
        changed(facts=[{"id": "a", "status": "maybe"}]),
        ('$.facts[0].status: found "maybe"', "one of present, absent"),
    ),
    "a fact's value a list": (
        changed(facts=[{"id": "a", "status": "present", "value": []}]),
        ("$.facts[0].value: found []",),
    ),
}


@pytest.mark.parametrize("fault", REFUSED)
def test_a_claim_that_breaks_the_contract_is_refused_with_path_and_value(tmp_path: Path, fault: str) -> None:
    value, says = REFUSED[fault]
    name = write(tmp_path, value)
    refusal(lambda: read_claims(name), name, *says)
    refusal(lambda: claim_from_object(value), "claim: ", *says)
    array = write(tmp_path, [PLAIN, value])
    refusal(
        lambda: read_claims(array), *(each.replace("$", "$[1]", 1) if each.startswith("$") else each for each in says)
    )
    lines = write(tmp_path, json.dumps(PLAIN) + "\n" + json.dumps(value))
    refusal(lambda: read_claims(lines), f"{name}: line 2: ", *says)


@pytest.mark.parametrize("text", ["NaN", "Infinity", "-Infinity", "1e999"])
def test_a_number_that_is_none_is_refused(text: str) -> None:
    data = json.dumps(changed(lines=[LINE | {"units": 7}])).replace('"units": 7', f'"units": {text}')
    with pytest.raises(InputError):
        claim_from_json(data.encode(), "claim")


@pytest.mark.parametrize("key", ["units", "charge"])
@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_python_nan_is_refused_as_the_same_claim_in_json_is(key: str, value: float) -> None:
    refusal(lambda: claim_from_object(changed(lines=[LINE | {key: value}])), f"$.lines[0].{key}")


def test_999_diagnoses_are_a_claim() -> None:
    assert len(claim_from_object(changed(diagnoses=["R25.2"] * 999)).diagnoses) == 999


@pytest.mark.parametrize(
    ("born", "age"), [("1985-11-10", 40), ("1985-11-11", 39), ("2025-11-10", 0), ("1901-11-10", 124)]
)
def test_the_age_is_counted_in_completed_years_on_the_first_day(born: str, age: int) -> None:
    assert claim_from_object(changed(patient={"birth_date": born})).patient.age == age


def test_someone_born_on_a_leap_day_is_a_year_older_on_the_first_of_march() -> None:
    for day, age in (("2025-02-28", 0), ("2025-03-01", 1)):
        claim = claim_from_object(PLAIN | {"service_from": day, "patient": {"birth_date": "2024-02-29"}})
        assert claim.patient.age == age


def test_a_given_age_goes_before_the_birth_date() -> None:
    assert claim_from_object(changed(patient={"age": 3, "birth_date": "1985-01-01"})).patient.age == 3


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**20), 10**20) | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


@given(st.sampled_from(sorted(WHOLE)), JSON)
@settings(max_examples=300, deadline=None)
def test_any_value_under_any_key_is_read_or_refused_in_one_sentence(key: str, value: object) -> None:
    try:
        assert isinstance(claim_from_object(WHOLE | {key: value}), Claim)
    except InputError as error:
        assert "\n" not in str(error)
        assert "$" in str(error)


@given(st.binary(max_size=200))
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_bytes_are_read_or_refused(tmp_path: Path, data: bytes) -> None:
    for start in (b"", b"{", b"[{", json.dumps(PLAIN).encode() + b"\n"):
        try:
            read_claims(write(tmp_path, start + data))
        except ClaimwrightError as error:
            assert "\n" not in str(error)


# ---- columns ------------------------------------------------------------------------------------


def test_a_batch_holds_what_the_claims_hold() -> None:
    batch = batch_of([claim_from_object(PLAIN), claim_from_object(WHOLE)], DAY)
    assert batch.offsets.tolist() == [0, 1, 3]
    assert batch.codes.tolist() == [b"R252", b"R252", b"E119"]
    assert batch.poa.tolist() == [b"", b"", b"Y"]
    assert batch.age.tolist() == [-1, 40]
    assert batch.pointers.tolist() == [0, 1]
    assert (batch.day - batch.day[0]).tolist() == [0, 0]


def test_a_subset_is_the_batch_of_those_claims() -> None:
    claims = [claim_from_object(each) for each in (PLAIN, WHOLE, PLAIN | {"lines": [LINE]}, WHOLE | {"id": "c-2"})]
    for owners in ([0, 1, 2, 3], [3, 1], [2], [1, 1], []):
        found = subset(batch_of(claims, DAY), owners)
        expected = batch_of([claims[each] for each in owners], DAY)
        assert found.claims == expected.claims
        for name in ("setting", "day", "age", "sex", "exempt", "offsets", "codes", "poa", "line_offsets", "pointers"):
            assert np.array_equal(getattr(found, name), getattr(expected, name)), name


def test_a_claim_without_a_day_takes_the_day_asked_for() -> None:
    batch = batch_of([claim_from_object({"setting": "outpatient", "diagnoses": ["R25.2"]})], DAY)
    assert batch.day.tolist() == [(DAY - date(1970, 1, 1)).days]


def test_a_text_too_long_to_be_a_code_never_becomes_one_by_cutting() -> None:
    batch = batch_of([claim_from_object(changed(diagnoses=["S52.001AAA", "R25.2é"]))], DAY)
    assert all(len(code) == 8 or b"?" in code for code in batch.codes.tolist())
