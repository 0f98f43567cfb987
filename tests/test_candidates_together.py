"""Candidates of one note beside each other: Excludes1 between two of them, and what is sequenced first."""

from __future__ import annotations

from datetime import date

import pytest

from claimwright.book.store import Book
from claimwright.model import Candidate, Instruction
from claimwright.model.reading import CandidateStatus
from claimwright.notes.reading import Notes
from claimwright.notes.together import instructed

DAY = date(2025, 11, 15)
pytestmark = pytest.mark.book


def both(book: Book, *codes: str, status: CandidateStatus = CandidateStatus.SUPPORTED) -> dict[str, Candidate]:
    given = [Candidate(each, book.title(each.replace(".", ""), DAY), True, (), "Said", status) for each in codes]
    return {each.code: each for each in instructed(book, given, DAY, None)}


@pytest.mark.parametrize(
    ("goes", "stays"), [("R25.2", "G25.0"), ("J40", "J20.9"), ("E10.9", "O24.419"), ("Z87.01", "J18.9")]
)
def test_one_of_two_that_exclude_each_other_yields(book: Book, goes: str, stays: str) -> None:
    for order in ((goes, stays), (stays, goes)):
        found = both(book, *order)
        if not found[goes].notes:
            pytest.skip("this edition has no such note")
        assert f"Not reported with {stays} unless the two are unrelated" in found[goes].because
        assert "yields to it" in found[stays].because
        assert {each.status for each in found.values()} == {CandidateStatus.SUPPORTED}


def test_the_note_is_shown_with_holder_and_level(book: Book) -> None:
    assert both(book, "R25.2", "G25.0")["R25.2"].notes == (
        Instruction("excludes1", "R25", "category", "specific movement disorders (G20-G26)", ("G25.0",)),
    )


def test_notes_that_oppose_each_other_leave_it_to_the_record(book: Book) -> None:
    for each in both(book, "R25.2", "M62.830").values():
        assert each.status is CandidateStatus.NEEDS_DECISION
        assert "under Excludes2" in each.because
        assert each.ask
        assert "two separate, unrelated ones" in each.ask


def test_only_what_the_note_supports_excludes(book: Book) -> None:
    found = both(book, "R25.2", "G25.0", status=CandidateStatus.NEEDS_DECISION)
    assert not any(each.notes for each in found.values())


@pytest.mark.parametrize("order", [("D63.1", "N18.4"), ("N18.4", "D63.1")])
def test_a_manifestation_stands_after_its_cause(book: Book, order: tuple[str, str]) -> None:
    found = both(book, *order)
    assert "Sequenced after N18.4" in found["D63.1"].because
    assert found["D63.1"].notes[0][0] == "codeFirst"
    assert not found["N18.4"].notes


@pytest.mark.parametrize("code", ["D63.1", "F02.80", "G63"])
def test_a_manifestation_alone_asks_for_its_cause(book: Book, code: str) -> None:
    found = both(book, code)[code]
    assert "Reported only after its cause" in found.because
    assert found.ask
    assert found.status is CandidateStatus.SUPPORTED


def test_a_conditional_note_asks_nothing(book: Book) -> None:
    assert both(book, "J18.9")["J18.9"].ask is None


def test_a_reading_shows_it(book: Book) -> None:
    reading = Notes(book).read("Assessment: leg cramps. Essential tremor.", "professional", DAY)
    said = {each.code: each.because for each in reading.candidates}
    assert "category R25 excludes specific movement disorders (G20-G26)" in said["R25.2"]
