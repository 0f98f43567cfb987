"""Large batches, by numpy and compiled, find bit for bit what the plain way of a few claims finds."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from claimwright.batch.local import Scanner
from claimwright.book.columns import columns
from claimwright.book.store import Book
from claimwright.claims.batch import batch_of
from claimwright.edits import compiled
from claimwright.edits.frame import Frame
from claimwright.edits.registry import load_rules
from claimwright.edits.relations import Hits, Relation
from claimwright.model import Claim, Diagnosis, Patient, Procedure, Setting
from tests.batch_ways import PLAIN, WAYS, go

ODD = ("", "X", "QQQ99", "R252.", "TOOLONGCODE", "Z99999", "E11")
COLUMNS = ("code", "row", "listed", "flags", "pos", "exact", "sets", "nearest", "odd", "place", "principal")
needs_numba = pytest.mark.skipif(find_spec("numba") is None, reason="numba is not installed: pip install .[fast]")
tried = settings(
    max_examples=20,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.fixture
def ways(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    yield monkeypatch


def _codes(book: Book) -> list[str]:
    axis = columns(book, 0).array("codes", shared=True)
    return [*(bytes(each).decode("ascii") for each in axis.tolist()), *ODD]


@st.composite
def _claims(draw: st.DrawFn, codes: list[str]) -> list[Claim]:
    """Claims whose codes stand near each other, so that they have something to do with each other."""
    middle = draw(st.integers(0, len(codes) - 1))
    near = st.integers(-40, 40).map(lambda step: codes[(middle + step) % len(codes)])
    code = st.one_of(near, st.sampled_from(codes))
    day = st.dates(date(2022, 1, 1), date(2026, 9, 30))
    claim = st.builds(
        lambda setting, on, age, sex, own: Claim(
            setting=setting,
            service_from=on,
            service_to=on,
            patient=Patient(age, sex),
            diagnoses=tuple(Diagnosis(each) for each in own),
        ),
        st.sampled_from(Setting), day, st.one_of(st.none(), st.integers(0, 110)), st.sampled_from("FMU"),
        st.lists(code, min_size=0, max_size=14),
    )  # fmt: skip
    return draw(st.lists(claim, min_size=1, max_size=8))


def _rows(hits: Hits) -> list[tuple[int, int, int]]:
    return list(zip(hits.left.tolist(), hits.right.tolist(), hits.key.tolist(), strict=True))


def _relations() -> list[tuple[str, Relation]]:
    return [(rule.name, each) for rule in load_rules().values() for each in rule.relations]


@tried
@given(data=st.data())
def test_every_relation_finds_the_same_in_every_way(
    mini_book: Book, ways: pytest.MonkeyPatch, data: st.DataObject
) -> None:
    claims = data.draw(_claims(_codes(mini_book)))
    batch = batch_of(claims, date(2026, 1, 1))
    if not len(batch.codes):
        return
    found, told = [], []
    for way in WAYS:
        go(way, ways)
        seen = Frame(batch, columns(mini_book, 0))
        assert (seen.digest is None) == (way == PLAIN)
        told.append({name: getattr(seen, name).tolist() for name in COLUMNS})
        found.append({name: _rows(each.find(seen)) for name, each in _relations()})
    assert all(each == told[0] for each in told)
    assert all(each == found[0] for each in found)


@tried
@given(data=st.data())
def test_findings_are_bit_for_bit_the_same(mini_book: Book, ways: pytest.MonkeyPatch, data: st.DataObject) -> None:
    claims = data.draw(_claims(_codes(mini_book)))
    batch = batch_of(claims, date(2026, 1, 1))
    answers = []
    for way in WAYS:
        go(way, ways)
        scanner = Scanner(mini_book)
        inside = np.flatnonzero(~scanner.beyond(batch))
        found = scanner.findings(batch_of([claims[each] for each in inside.tolist()], date(2026, 1, 1)))
        columns_ = (found.claim, found.rule, found.rank, found.offsets, found.positions)
        answers.append([*(each.tolist() for each in columns_), [found.texts[each] for each in found.codes.tolist()]])
    assert all(each == answers[0] for each in answers)


@needs_numba
def test_the_switch_turns_the_compiled_kernels_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(compiled.SWITCH, "0")
    assert compiled.kernels() is None
    monkeypatch.delenv(compiled.SWITCH)
    assert compiled.kernels() is not None


def test_without_numba_or_a_place_to_keep_code_numpy_does_the_work(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv(compiled.SWITCH, raising=False)
    compiled._compiled.cache_clear()
    try:
        monkeypatch.setattr(compiled, "find_spec", lambda name: None)
        assert compiled.kernels() is None
        monkeypatch.undo()
        compiled._compiled.cache_clear()
        (tmp_path / "file").write_text("no directory")
        monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "file" / "cache"))
        assert compiled.kernels() is None
    finally:
        compiled._compiled.cache_clear()


@needs_numba
def test_the_second_start_compiles_nothing(tmp_path: Path) -> None:
    program = (
        "from claimwright.edits.compiled import kernels\n"
        "made = kernels()\n"
        "loops = [getattr(made, name) for name in vars(made) if not name.startswith('_')]\n"
        "print(sum(sum(each.stats.cache_misses.values()) for each in loops))"
    )
    source = str(Path(__file__).parent.parent / "src")
    setting = {**os.environ, "PYTHONPATH": source, "CLAIMWRIGHT_HOME": str(tmp_path)}
    setting.pop("NUMBA_CACHE_DIR", None)
    setting.pop(compiled.SWITCH, None)
    said = [
        subprocess.run([sys.executable, "-c", program], env=setting, capture_output=True, text=True, check=True).stdout
        for _ in range(2)
    ]
    assert int(said[0]) > 0
    assert int(said[1]) == 0
    assert list((tmp_path / compiled.FOLDER).rglob("*.nbc"))


def test_places_beyond_the_last_that_is_ordered_leave_claims_in_order(
    mini_book: Book, ways: pytest.MonkeyPatch
) -> None:
    many = tuple(Procedure(f"!{number:06d}") for number in range(40_000))
    day = date(2025, 11, 15)
    claims = [
        Claim(Setting.INPATIENT, (Diagnosis("R25.2"),), service_from=day, service_to=day, procedures=own)
        for own in (many, many[:2])
    ]
    found = []
    for way in WAYS:
        go(way, ways)
        held = Scanner(mini_book).findings(batch_of(claims, day))
        found.append((held.claim.tolist(), held.positions.tolist()))
    assert all(each == found[0] for each in found)
    owners, positions = found[0]
    assert owners == sorted(owners)
    assert len(owners) > len(many)
    assert positions[: len(many)] == list(range(1, len(many) + 1))
