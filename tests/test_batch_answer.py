"""One record batch of claims in, one of findings out."""

from __future__ import annotations

from datetime import date

import pytest

from claimwright.batch.findings import schema
from claimwright.book.store import Book
from claimwright.claims.readers import Options
from claimwright.errors import EditionMissing, InputError

pa = pytest.importorskip("pyarrow")
from claimwright.batch.answer import findings  # noqa: E402 - after pyarrow is known to be there

DAY = date(2026, 1, 15)
ROWS = {
    "id": ["a", "b", "c"],
    "setting": ["outpatient", "professional", "outpatient"],
    "service_from": ["2025-11-15", "2025-11-15", "2025-11-15"],
    "diagnoses": [["R25.2", "R25.2"], ["G25.0"], ["R25.2", "G25.0"]],
}


def test_findings_of_a_record_batch_are_a_record_batch_and_do_not_depend_on_how_it_is_cut(mini_book: Book) -> None:
    claims = pa.RecordBatch.from_pydict(ROWS)
    whole = findings(claims, mini_book, Options(DAY), "here")
    assert whole.schema == schema()
    assert {"duplicate-diagnosis", "excludes1-conflict"} <= set(whole.column("rule").to_pylist())
    parts = [findings(claims.slice(at, 1), mini_book, Options(DAY), "here", at + 1) for at in range(3)]
    assert whole.to_pylist() == [row for part in parts for row in part.to_pylist()]


def test_rows_that_are_no_claims_stop_it_or_are_left_out(mini_book: Book) -> None:
    wrong = pa.RecordBatch.from_pydict(ROWS | {"setting": ["outpatient", "nowhere", "outpatient"]})
    with pytest.raises(InputError):
        findings(wrong, mini_book, Options(DAY))
    assert set(findings(wrong, mini_book, Options(DAY, "skip")).column("claim").to_pylist()) == {"a", "c"}
    late = pa.RecordBatch.from_pydict(ROWS | {"service_from": ["2099-01-01", "2025-11-15", "2025-11-15"]})
    with pytest.raises(EditionMissing):
        findings(late, mini_book, Options(DAY))
    assert "a" not in findings(late, mini_book, Options(DAY, "skip")).column("claim").to_pylist()
