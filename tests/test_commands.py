"""A few runs of the real command, end to end: exit codes, one sentence, nothing half-written."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from claimwright.book.store import Book

pytestmark = pytest.mark.book


def run(*words: str, given: str = "", home: Path | None = None) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, **({"CLAIMWRIGHT_HOME": str(home)} if home else {})}
    command = [sys.executable, "-m", "claimwright", *words]
    return subprocess.run(command, input=given, capture_output=True, text=True, check=False, env=environment)


def refused(done: subprocess.CompletedProcess[str], code: int) -> str:
    """The one sentence on standard error; standard output stays empty."""
    assert (done.returncode, done.stdout) == (code, "")
    assert done.stderr.count("\n") == 1 and "Traceback" not in done.stderr
    return done.stderr


@pytest.fixture
def own_home(book: Book, tmp_path: Path) -> Path:
    """A home of its own with a copy of the whole book."""
    home = tmp_path / "home"
    shutil.copytree(book.folder.parent.parent, home)
    return home


CLAIM = '{"setting": "outpatient", "service_from": "2025-11-15", "diagnoses": ["R25.2", "G25.0"]}'


def test_check_answers_in_json_and_says_fail_with_exit_code_1(book: Book) -> None:
    done = run("check", "-", "--json", given=CLAIM)
    report: dict[str, Any] = json.loads(done.stdout)
    assert (done.returncode, report["verdict"], report["findings"][0]["fix"]["remove"]) == (1, "fail", ["R25.2"])


def test_the_same_claim_gives_the_same_bytes(book: Book) -> None:
    assert run("check", "-", "--json", given=CLAIM).stdout == run("check", "-", "--json", given=CLAIM).stdout


def test_a_byte_order_mark_is_no_part_of_the_claim(book: Book) -> None:
    assert run("check", "-", "--json", given="\ufeff" + CLAIM).returncode == 1


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ("", "the file is empty"),
        (CLAIM[:40], "not readable as JSON"),
        (CLAIM.replace("2025-11-15", "2025-02-30"), '$.service_from: "2025-02-30" is not a date'),
        (CLAIM.replace("2025-11-15", "2014-02-03"), "ICD-9-CM era"),
        (CLAIM.replace('"R25.2"', ", ".join(['"R25.2"'] * 1000)), "$.diagnoses: 1001 diagnoses on one claim"),
    ],
)
def test_a_claim_that_cannot_be_read_is_refused_in_one_sentence(book: Book, given: str, says: str) -> None:
    assert says in refused(run("check", "-", given=given), 2)


def test_a_day_past_the_registry_is_data_that_is_missing(book: Book) -> None:
    assert "No edition of icd10cm-registry covers" in refused(run("check", "-", given=CLAIM.replace("2025", "2031")), 3)


def test_verify_finds_one_flipped_byte(own_home: Path) -> None:
    assert run("data", "verify", home=own_home).returncode == 0
    file = next((own_home / "books").glob("*/arrays/0.excludes1.matrix.npy"))
    damaged = bytearray(file.read_bytes())
    damaged[-1] ^= 1
    file.write_bytes(damaged)
    assert "0.excludes1.matrix.npy" in refused(run("data", "verify", home=own_home), 3)


def test_a_book_cut_short_is_told_with_what_to_do(own_home: Path) -> None:
    file = next((own_home / "books").glob("*/book.sqlite"))
    file.write_bytes(file.read_bytes()[:5000])
    assert "data build --force" in refused(run("show", "R25.2", home=own_home), 3)


def test_a_file_that_is_not_as_published_changes_nothing(own_home: Path, tmp_path: Path) -> None:
    before = sorted(path.name for path in own_home.rglob("*"))
    wrong = tmp_path / "tabular.xml"
    wrong.write_text("<ICD10CM.index/>", encoding="utf-8")
    assert "root element is <ICD10CM.index>" in refused(
        run("data", "add", "icd10cm-tabular", str(wrong), home=own_home), 2
    )
    assert sorted(path.name for path in own_home.rglob("*")) == before
