"""Short notes: the facts and candidates that a reading of each must give, with and without an Alphabetic Index."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from claimwright.book.store import Book
from claimwright.model.reading import CandidateStatus, Reading
from claimwright.notes.reading import Notes
from claimwright.sources.lexicon import load_yaml

CASES = Path(__file__).parent / "cases"
VIGNETTES: list[dict[str, Any]] = [
    row for name in ("vignettes", "vignettes-more") for row in load_yaml(CASES / f"{name}.yaml")
]

MISSED = {
    ("night-cramps-b", "facts", "cramps of the leg"): "a mention ends at the cramps; its site follows it",
    ("runner-b", "facts", "loss of consciousness"): "no wording of the tabular list or of the lexicons names it alone",
    ("pregnancy-28-weeks", "facts", "preeclampsia"): "the tabular list writes it with a hyphen",
    ("finger-laceration", "facts", "tendon"): "injury of a tendon is named by no wording without its site",
    ("diverticulitis", "candidates", "K57"): "every title of diverticulitis names a part of the intestine",
}
"""What is not found, and why; of the last one only an Index leads to the code."""
INDEX_FINDS = {("diverticulitis", "candidates", "K57")}

pytestmark = pytest.mark.book


@pytest.fixture(scope="module", params=["plain", "as installed"])
def reading(request: pytest.FixtureRequest, plain_book: Book, book: Book) -> Any:
    """Readings of the notes by id, once without and once with what this home has loaded."""
    reader = Notes(plain_book if request.param == "plain" else book)
    indexed = request.param != "plain" and _indexed(book)

    @cache
    def read(name: str) -> Reading:
        row = next(each for each in VIGNETTES if each["id"] == name)
        return reader.read(row["note"], row["setting"], date.fromisoformat(str(row["date"])))

    read.indexed = indexed  # type: ignore[attr-defined]
    return read


def _indexed(book: Book) -> bool:
    return bool(book.rows("SELECT 1 FROM index_edition WHERE kind = 'index'"))


def _wanted(key: str) -> Iterator[Any]:
    for row in VIGNETTES:
        for each in row.get(key, ()):
            what = each if isinstance(each, str) else each.get("mention") or each["code"]
            marks = []
            reason = MISSED.get((row["id"], key, what))
            if reason and (row["id"], key, what) not in INDEX_FINDS:
                marks = [pytest.mark.xfail(strict=True, reason=reason)]
            yield pytest.param(row, each, id=f"{row['id']}: {' '.join(what.split())}", marks=marks)


@pytest.mark.parametrize(("row", "fact"), list(_wanted("facts")))
def test_a_fact_is_read_with_its_status(reading: Any, row: dict[str, Any], fact: dict[str, str]) -> None:
    start = row["note"].index(fact["mention"])
    end = start + len(fact["mention"])
    found = [
        each.status.value
        for each in reading(row["id"]).facts
        if (start <= each.span.start and each.span.end <= end) or (each.span.start <= start and end <= each.span.end)
    ]
    assert fact["status"] in found


@pytest.mark.parametrize(("row", "candidate"), list(_wanted("candidates")))
def test_a_code_is_offered(reading: Any, row: dict[str, Any], candidate: dict[str, Any]) -> None:
    found = [each.status.value for each in reading(row["id"]).candidates if each.code.startswith(candidate["code"])]
    hit = bool(set(found) & set(candidate["status_in"]))
    if (row["id"], "candidates", candidate["code"]) in INDEX_FINDS and not reading.indexed:
        assert not hit, "found without an Index: no longer a known miss"
        pytest.xfail(MISSED[row["id"], "candidates", candidate["code"]])
    assert hit, found


@pytest.mark.parametrize(("row", "code"), list(_wanted("never")))
def test_a_code_is_never_offered(reading: Any, row: dict[str, Any], code: str) -> None:
    assert not [each for each in reading(row["id"]).candidates if each.code.startswith(code)]


@pytest.mark.parametrize(("row", "code"), list(_wanted("not_coded")))
def test_what_is_denied_or_doubted_is_not_coded(reading: Any, row: dict[str, Any], code: str) -> None:
    found = [each for each in reading(row["id"]).candidates if each.code.startswith(code)]
    assert all(each.status is CandidateStatus.NOT_CODABLE for each in found)


@pytest.mark.parametrize("row", VIGNETTES, ids=lambda row: str(row["id"]))
def test_spans_slice_the_note(reading: Any, row: dict[str, Any]) -> None:
    answer = reading(row["id"])
    spans = [each.span for each in answer.facts] + [span for each in answer.candidates for span in each.spans]
    assert all(row["note"][span.start : span.end] == span.text for span in spans)
