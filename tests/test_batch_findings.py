"""The rules in columns find what `check` finds claim by claim."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from claimwright.batch.local import Scanner
from claimwright.batch.synthetic import write_claims
from claimwright.book.store import Book
from claimwright.claims.batch import ClaimBatch, batch_of
from claimwright.claims.readers import Options, format_of
from claimwright.claims.wire import claim_from_object
from claimwright.edits.relations import MANY
from claimwright.engine import Engine
from claimwright.errors import EditionMissing
from claimwright.model import Claim
from tests import kitchen_sink
from tests.batch_answers import of_columns, of_reports
from tests.test_rule_cases import engine_with_ncci, engine_with_poa_exempt, engine_with_procedures

__all__ = ["engine_with_ncci", "engine_with_poa_exempt", "engine_with_procedures"]

pytest.importorskip("pyarrow")
DAY = date(2026, 1, 15)
FEW = 20
assert FEW * 100 < MANY
PLAIN = {"setting": "outpatient", "service_from": "2025-11-15"}


def same(book: Book, claims: Sequence[Claim], *batches: ClaimBatch) -> None:
    """Every batch, and the claims themselves, find the same in columns and by few.

    Few: large batches take ways of their own through the kernels, which `check` of a claim never takes.
    """
    engine = Engine(book)
    few = [engine.check_all(claims[at : at + FEW], DAY) for at in range(0, len(claims), FEW)]
    expected = of_reports([report for reports in few for report in reports])
    scanner = Scanner(book)
    for batch in (*batches, batch_of(claims, DAY)):
        assert of_columns(scanner.findings(batch), scanner) == expected


def _without_note(value: dict[str, Any]) -> Claim:
    """A claim of the cases; a scan reads no notes."""
    return replace(claim_from_object(value), note=None)


def without_objects(claims: Sequence[Claim]) -> ClaimBatch:
    """The columns of the claims alone."""
    return replace(batch_of(claims, DAY), claims=None)


@pytest.mark.book
def test_every_case_of_every_rule_is_answered_alike(book: Book) -> None:
    claims = [_without_note(each) for each in kitchen_sink.claims()]
    same(book, claims)


@pytest.mark.book
def test_many_copies_of_the_cases_are_answered_alike(book: Book) -> None:
    """Large batches take other ways through the kernels, and say everything from memory the second time."""
    claims = [_without_note(each) for each in kitchen_sink.claims()] * 12
    same(book, claims)


@pytest.mark.book
def test_generated_claims_are_answered_alike(book: Book, tmp_path: Path) -> None:
    write_claims(book, 3000, 11, tmp_path / "claims.parquet")
    write_claims(book, 3000, 11, tmp_path / "claims.ndjson")
    lines = (tmp_path / "claims.ndjson").read_text().splitlines()
    claims = [claim_from_object(json.loads(line)) for line in lines]
    path = tmp_path / "claims.parquet"
    chunks = list(format_of(path).open_reader(path, Options(DAY)).chunks())
    assert len(chunks) == 1
    same(book, claims, chunks[0].batch)


@pytest.mark.parametrize("name", ["engine_with_ncci", "engine_with_poa_exempt", "engine_with_procedures"])
def test_rules_with_added_tables_are_answered_alike(name: str, request: pytest.FixtureRequest) -> None:
    engine: Engine = request.getfixturevalue(name)
    wanted = f"mini-with-{name.removeprefix('engine_with_').replace('_', '-')}"
    from tests import rule_cases

    claims = [claim_from_object(case.claim) for case in rule_cases.every() if case.book == wanted]
    assert claims
    same(engine.book, claims)
    bare = [each for each in claims if each.payer.id is None]  # columns hold no payer
    same(engine.book, bare, without_objects(bare))


LINES: list[dict[str, Any]] = [
    {"code": "ZZ001", "modifiers": ["LT"], "pointers": [1]},
    {"code": "ZZ002", "modifiers": ["RT", "QQ"], "units": 3},
    {"code": "ZZ001", "date": "2025-11-16"},
]


@pytest.mark.parametrize("setting", ["outpatient", "professional", "inpatient", "emergency"])
@pytest.mark.book
def test_columns_without_claim_objects_say_the_same(book: Book, setting: str) -> None:
    objects: list[dict[str, Any]] = [
        {"diagnoses": ["M25.561", "M25.562"], "lines": LINES},
        {"diagnoses": ["r252", "G25.0", "r25.2"], "patient": {"age": 3, "sex": "M"}},
        {"diagnoses": ["S52.001AAAX", "T78.40A", "E11", "Ä1"]},
        {"diagnoses": [{"code": "I10", "poa": "Y"}, "N18.4", "I50.9"], "discharge_status": "77"},
        {"diagnoses": ["O80", "Z38.00"], "patient": {"sex": "M"}, "procedures": [{"code": "10E0XZZ"}, {"code": "1"}]},
        {"diagnoses": ["T47.1X5A", "E83.42"]},
        {"diagnoses": ["Z68.41"], "patient": {"age": 17}, "discharge_status": "x"},
    ]
    claims = [claim_from_object(PLAIN | {"setting": setting, "id": str(at)} | each) for at, each in enumerate(objects)]
    made = replace(without_objects(claims), written=_written(claims))
    same(book, claims, made)


def _written(claims: Sequence[Claim]) -> dict[tuple[str, int], str]:
    """Texts that columns cannot hold, as readers keep them."""
    texts = [each.code for claim in claims for each in claim.diagnoses]
    held = {("diagnoses", at): text for at, text in enumerate(texts) if len(text) > 8 or not text.isascii()}
    odd = {("statuses", at): text for at, claim in enumerate(claims) if (text := claim.discharge_status or "") == "x"}
    return {**held, **odd}


def test_what_was_found_keeps_its_texts_when_the_next_batch_comes(mini_book: Book) -> None:
    scanner = Scanner(mini_book)
    first, second = (
        batch_of([claim_from_object(PLAIN | {"diagnoses": ["R25.2", code]})], DAY) for code in ("QQQ1", "QQQ2")
    )
    found = scanner.findings(first)
    scanner.findings(second)
    assert "QQQ.1" in {found.texts[each] for each in found.codes.tolist()}


def test_no_claims_have_no_findings(mini_book: Book) -> None:
    scanner = Scanner(mini_book)
    assert len(scanner.findings(batch_of([], DAY))) == 0


def test_a_day_that_no_table_reaches_is_an_error_as_in_check(mini_book: Book) -> None:
    claim = claim_from_object(PLAIN | {"service_from": "2099-01-01", "diagnoses": ["R25.2"]})
    scanner = Scanner(mini_book)
    assert scanner.beyond(batch_of([claim], DAY)).tolist() == [True]
    with pytest.raises(EditionMissing):
        scanner.findings(batch_of([claim], DAY))


@pytest.mark.book
def test_findings_of_a_claim_come_worst_first(book: Book) -> None:
    claim = claim_from_object(PLAIN | {"diagnoses": ["E11.9", "R25.2", "G25.0", "E11.9"]})
    scanner = Scanner(book)
    found = scanner.findings(batch_of([claim, claim], DAY))
    assert found.claim.tolist() == sorted(found.claim.tolist())
    half = len(found) // 2
    assert found.rank[:half].tolist() == sorted(found.rank[:half].tolist()) == found.rank[half:].tolist()
