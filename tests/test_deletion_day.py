"""The deletion day of an edit, read both ways: the last day with it (as shipped), or the first without it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from claimwright.book.build import compile_book
from claimwright.book.home import Input, sha256
from claimwright.book.store import Book
from claimwright.engine import Engine
from tests import mini, ncci_files

LEXICON = """lexicon: ncci-settings
says: test
reviewed: 2026-11-21
rows:
  - {{setting: deletion_day, value: {}, says: test}}
  - {{setting: ptp_parts, value: 4, says: test}}
"""


@pytest.fixture(scope="module", params=["inclusive", "exclusive"])
def engine_and_reading(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Engine, str]]:
    folder: Path = tmp_path_factory.mktemp("deletion")
    place = folder / "ncci-settings.yaml"
    place.write_text(LEXICON.format(request.param), encoding="utf-8")
    chosen = Input("lexicons", place, sha256(place), "test", "Apache-2.0")
    work = folder / "book"
    work.mkdir()
    compile_book([*mini.inputs(folder), *ncci_files.inputs(folder), chosen], work)
    with Book(work) as book:
        yield Engine(book), request.param


def _finds(engine: Engine, rule: str, day: str, *codes: str) -> bool:
    claim = {
        "setting": "professional",
        "service_from": day,
        "diagnoses": ["R25.2"],
        "lines": [{"code": c} for c in codes],
    }
    return any(each.rule == rule for each in engine.check(claim).findings)


def test_a_pair_on_the_deletion_day_of_its_edit(engine_and_reading: tuple[Engine, str]) -> None:
    engine, reading = engine_and_reading
    assert _finds(engine, "ptp-conflict", "2026-08-30", "ZZ020", "ZZ021")
    assert _finds(engine, "ptp-conflict", "2026-08-31", "ZZ020", "ZZ021") == (reading == "inclusive")
    assert not _finds(engine, "ptp-conflict", "2026-09-01", "ZZ020", "ZZ021")


def test_a_primary_on_the_deletion_day_of_its_edit(engine_and_reading: tuple[Engine, str]) -> None:
    engine, reading = engine_and_reading
    assert not _finds(engine, "add-on-without-primary", "2026-07-14", "ZZ010", "ZZ002")
    assert _finds(engine, "add-on-without-primary", "2026-07-15", "ZZ010", "ZZ002") == (reading == "exclusive")
    assert _finds(engine, "add-on-without-primary", "2026-07-16", "ZZ010", "ZZ002")
