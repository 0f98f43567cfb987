"""What a scan did not evaluate: the same as `check` says of each claim, counted."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from claimwright.batch.scan import Task, scan
from claimwright.book.build import compile_book
from claimwright.book.store import Book
from claimwright.claims.readers import Options
from claimwright.claims.wire import claim_from_object
from claimwright.engine import Engine
from claimwright.interfaces.render.scan import summary_text
from tests import mini
from tests.ncci_files import inputs

pa = pytest.importorskip("pyarrow")
pq = pytest.importorskip("pyarrow.parquet")

DAY = date(2026, 1, 15)


@pytest.fixture(scope="module")
def ncci_book(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Book]:
    """The small book with tables of one quarter."""
    folder = tmp_path_factory.mktemp("ncci")
    work = folder / "book"
    work.mkdir()
    compile_book([*mini.inputs(folder), *inputs(folder)], work)
    with Book(work) as opened:
        yield opened


def told(book: Book, folder: Path, claims: Sequence[dict[str, Any]], form: str) -> dict[str, Any]:
    """The summary of a scan of the claims."""
    path = folder / f"claims.{form}"
    if form == "parquet":
        pq.write_table(pa.Table.from_pylist(list(claims)), path)
    else:
        path.write_text("\n".join(json.dumps(each) for each in claims))
    task = Task((path,), folder / "out.ndjson", Options(DAY, size=7))
    return scan(book, task).summary


def counted(summary: dict[str, Any]) -> Counter[tuple[str, str, str]]:
    return Counter({(each["rule"], each["missing"], each["how"]): each["claims"] for each in summary["not_evaluated"]})


def meant(book: Book, claims: Sequence[dict[str, Any]]) -> Counter[tuple[str, str, str]]:
    read = [claim_from_object({key: value for key, value in each.items() if key != "note"}) for each in claims]
    out: Counter[tuple[str, str, str]] = Counter()
    for report in Engine(book).check_all(read, DAY):
        out.update({(each.rule, each.missing, each.how) for each in report.not_evaluated})
    return out


LINES = st.lists(
    st.fixed_dictionaries(
        {
            "code": st.sampled_from(["ZZ001", "ZZ010", "ZZ011", "J1885", "99213", "D0120", "x"]),
            "modifiers": st.lists(st.sampled_from(["LT", "59", "26", "97", "JW"]), max_size=2, unique=True),
            "units": st.just(1.0),
            "date": st.sampled_from(["2025-11-15", "2026-07-14", "2026-07-15", "2026-08-01"]),
        }
    ),
    max_size=3,
)
CLAIMS = st.lists(
    st.fixed_dictionaries(
        {
            "setting": st.sampled_from(["inpatient", "outpatient", "professional"]),
            "service_from": st.sampled_from(["2025-11-15", "2026-07-15"]),
            "diagnoses": st.just(["R25.2", "I10"]),
            "payer": st.sampled_from([{"id": "medicare"}, {"id": "other"}]),
            "lines": LINES,
        }
    ),
    min_size=1,
    max_size=20,
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(claims=CLAIMS, form=st.sampled_from(["parquet", "ndjson"]), loaded=st.booleans())
def test_a_scan_counts_what_check_does_not_evaluate(
    mini_book: Book, ncci_book: Book, tmp_path: Path, claims: list[dict[str, Any]], form: str, loaded: bool
) -> None:
    book = ncci_book if loaded else mini_book
    assert counted(told(book, tmp_path, claims, form)) == meant(book, claims)


def test_notes_are_told_as_not_read(mini_book: Book, tmp_path: Path) -> None:
    row = {"setting": "outpatient", "diagnoses": ["R25.2"], "service_from": "2025-11-15"}
    claims = [row | {"note": "Cramps."}, row, row | {"note": " "}, row | {"note": "Tremor."}]
    summary = told(mini_book, tmp_path, claims, "ndjson")
    documented = {each["rule"]: each["claims"] for each in summary["not_evaluated"] if "note" in each["missing"]}
    assert {"uncertain-diagnosis": 2, "more-specific-code": 2, "not-supported-by-note": 2}.items() <= documented.items()
    text = summary_text(summary)
    assert "not evaluated for 2 claims" in text and "claims with a note, which a scan does not read" in text


def test_what_the_reader_has_to_say_is_in_the_summary(mini_book: Book, tmp_path: Path) -> None:
    bundle = {"resourceType": "Bundle", "entry": []}
    path = tmp_path / "b.json"
    path.write_text(json.dumps(bundle))
    summary = scan(mini_book, Task((path,), tmp_path / "out.ndjson", Options(DAY))).summary
    assert any("a Bundle without a claim" in each for each in summary["files"][0]["notes"])
    assert "a Bundle without a claim" in summary_text(summary)
