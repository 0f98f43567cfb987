"""Facts that policies ask for, said in many ways: id, status, and the words that show it."""

from __future__ import annotations

import pytest

from claimwright.book.store import Book
from claimwright.model.reading import NoteFact
from claimwright.notes.reading import Notes

pytestmark = pytest.mark.book


@pytest.fixture(scope="module")
def notes(book: Book) -> Notes:
    return Notes(book)


def facts(notes: Notes, text: str, name: str) -> list[NoteFact]:
    found = [each for each in notes.facts(text) if each.id == name]
    assert all(text[each.span.start : each.span.end] == each.span.text for each in found)
    return found


SAID = [
    ("No weakness.", "motor-loss", "absent", "No weakness"),
    ("Denies weakness.", "motor-loss", "absent", "Denies weakness"),
    ("Strength is full throughout.", "motor-loss", "absent", "Strength is full"),
    ("Strength 5/5 in both legs.", "motor-loss", "absent", "Strength 5/5"),
    ("Full strength in all four limbs.", "motor-loss", "absent", "Full strength"),
    ("Progressive weakness of the right hand.", "progressive-weakness", "present", "Progressive weakness"),
    ("Foot drop on the left.", "foot-drop", "present", "Foot drop"),
    ("Sensation intact.", "sensory-loss", "absent", "Sensation intact"),
    ("Sensory exam normal.", "sensory-loss", "absent", "Sensory exam normal"),
    ("Denies numbness.", "numbness", "absent", "Denies numbness"),
    ("Numbness of the soles.", "numbness", "present", "Numbness"),
    ("No burning or shooting pain.", "neuropathic-pain", "absent", "No burning or shooting pain"),
    ("No burning pain.", "neuropathic-pain", "absent", "No burning pain"),
    ("Burning pain in both feet at night.", "neuropathic-pain", "present", "Burning pain"),
    ("He denies any shooting pain.", "neuropathic-pain", "absent", "denies any shooting pain"),
]


@pytest.mark.parametrize(("text", "name", "status", "evidence"), SAID, ids=[each[0] for each in SAID])
def test_a_fact_in_many_wordings(notes: Notes, text: str, name: str, status: str, evidence: str) -> None:
    found = facts(notes, text, name)
    assert [each.status.value for each in found] == [status]
    assert found[0].evidence.text == evidence


def test_pins_and_needles(notes: Notes) -> None:
    (found,) = facts(notes, "Pins and needles in both feet.", "paresthesia")
    assert (found.status.value, found.span.text, found.side) == ("present", "Pins and needles", "bilateral")


@pytest.mark.parametrize(
    ("text", "name", "kind", "value"),
    [
        ("SpO2 86% on room air at rest.", "oxygen-saturation", "value", 86),
        ("BMI 41.", "body-mass-index", "value", 41),
        ("Smokes 1 ppd, 30 pack-years.", "pack-years", "value", 30),
        ("A 30-pack-year history.", "pack-years", "value", 30),
        ("Pack-years: 42.", "pack-years", "value", 42),
    ],
)
def test_a_measure_with_its_number(notes: Notes, text: str, name: str, kind: str, value: float) -> None:
    found = facts(notes, text, name)
    assert found
    assert [(each.kind, each.value) for each in found[0].measures if each.kind == kind] == [(kind, value)]


def test_a_treatment_that_failed(notes: Notes) -> None:
    (found,) = facts(notes, "Failed 8 weeks of physical therapy.", "physical-therapy")
    assert (found.status.value, found.tried) == ("present", "failed")
    assert [(each.kind, each.value, each.unit) for each in found.measures] == [("duration", 8, "week")]
