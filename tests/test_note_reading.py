"""`read`: assertions, spans, attributes, candidates by setting, and what no text may break."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from claimwright.book.store import Book
from claimwright.model import to_json
from claimwright.model.reading import NoteFact, Reading
from claimwright.notes.reading import Notes
from claimwright.notes.sections import kinds, sections
from claimwright.notes.text import sentences
from claimwright.sources.lexicon import load_yaml

DAY = date(2025, 11, 15)
ASSERTIONS = load_yaml(Path(__file__).parent / "cases/notes/assertions.yaml")
SEEN = Path(__file__).parent / "cases/assertion/open.yaml"

pytestmark = pytest.mark.book


@pytest.fixture(scope="module")
def notes(book: Book) -> Notes:
    return Notes(book)


def says(notes: Notes, text: str, words: str) -> str:
    start = text.index(words)
    return notes.status_at(text, start, start + len(words)).value


@pytest.mark.parametrize("case", ASSERTIONS, ids=lambda case: case["note"][:50])
def test_each_trap_is_read_as_a_clinician_means_it(notes: Notes, case: dict[str, Any]) -> None:
    assert {words: says(notes, case["note"], words) for words in case["says"]} == case["says"]


@pytest.mark.skipif(not SEEN.is_file(), reason="the set of sentences that may be looked at is not here")
def test_sentences_written_apart_from_the_rules(notes: Notes) -> None:
    rows = load_yaml(SEEN)
    asked = [(row["text"], each) for row in rows for each in row.get("expect") or [row]]
    right = sum(says(notes, text, each["mention"]) == each["status"] for text, each in asked)
    assert right >= 0.97 * len(asked)


def by_id(notes: Notes, text: str) -> dict[str | None, NoteFact]:
    return {each.id: each for each in reversed(notes.facts(text))}


def test_a_denied_fact_shows_the_words_that_deny_it(notes: Notes) -> None:
    text = "Isolated nocturnal leg cramps. No weakness. Sensation intact. No burning or shooting pain."
    found = by_id(notes, text)
    shown = {each: (found[each].status.value, found[each].evidence.text) for each in found if each}
    assert shown["motor-loss"] == ("absent", "No weakness")
    assert shown["sensory-loss"] == ("absent", "Sensation intact")
    assert shown["neuropathic-pain"] == ("absent", "No burning or shooting pain")


def test_a_denied_family_history_is_absent(notes: Notes) -> None:
    assert by_id(notes, "No family history of ALS.")["family-history-neuromuscular"].status.value == "absent"


@pytest.mark.parametrize(
    ("text", "kind", "value", "unit"),
    [
        ("3-month history of leg cramps", "duration", 3, "month"),
        ("leg cramps x 6 weeks", "duration", 6, "week"),
        ("Leg cramps for two years.", "duration", 2, "year"),
        ("3/7 hx leg cramps", "duration", 3, "day"),
        ("nightly leg cramps", "frequency", 7, "per week"),
        ("leg cramps three times a week", "frequency", 3, "per week"),
        ("leg cramps twice daily", "frequency", 14, "per week"),
    ],
)
def test_how_long_and_how_often(notes: Notes, text: str, kind: str, value: float, unit: str) -> None:
    (fact,) = (each for each in notes.facts(text) if each.id)
    assert [(each.kind, each.value, each.unit) for each in fact.measures] == [(kind, value, unit)]


@pytest.mark.parametrize(
    ("text", "value", "unit"),
    [
        ("SpO2 86% on room air", 86, "%"),
        ("A1c of 9.2", 9.2, "%"),
        ("EF 30-35%", 30, "%"),
        ("BMI: 41", 41, "kg/m2"),
        ("oxygen saturation was 93 percent", 93, "%"),
    ],
)
def test_values_stand_with_what_was_measured(notes: Notes, text: str, value: float, unit: str) -> None:
    measure = notes.facts(text)[0].measures[0]
    assert (measure.value, measure.unit) == (value, unit)


@pytest.mark.parametrize(
    ("text", "side"),
    [
        ("right leg cramps", "right"),
        ("leg cramps, left", "left"),
        ("bilateral leg cramps", "bilateral"),
        ("bright leg cramps", None),
        ("copyright leg cramps", None),
        ("leg cramps right away", None),
    ],
)
def test_sides_are_whole_words(notes: Notes, text: str, side: str | None) -> None:
    assert notes.facts(text)[0].side == side


@pytest.mark.parametrize(
    ("text", "status", "tried"),
    [
        ("No relief after 6 weeks of physical therapy.", "present", "failed"),
        ("Pain persists despite physical therapy.", "present", "failed"),
        ("Physical therapy did not help.", "present", "failed"),
        ("Better with physical therapy.", "present", "helped"),
        ("Completed physical therapy.", "present", "tried"),
        ("Has not tried physical therapy.", "absent", None),
        ("Will start physical therapy.", "hypothetical", None),
    ],
)
def test_treatments_and_what_became_of_them(notes: Notes, text: str, status: str, tried: str | None) -> None:
    fact = by_id(notes, text)["physical-therapy"]
    assert (fact.status.value, fact.tried) == (status, tried)


# ---- candidates ---------------------------------------------------------------------------------


def offered(reading: Reading) -> dict[str, str]:
    return {each.code: each.status.value for each in reading.candidates}


@pytest.mark.parametrize(
    ("note", "setting", "status"),
    [
        ("Assessment: likely dehydration.", "emergency", "not-codable"),
        ("Assessment: likely dehydration.", "professional", "not-codable"),
        ("Discharge diagnosis: likely dehydration.", "inpatient", "supported"),
        ("HPI: likely dehydration.", "inpatient", "needs-decision"),
        ("Discharge diagnosis: rule out dehydration.", "inpatient", "needs-decision"),
        ("Discharge diagnosis: dehydration is unlikely.", "inpatient", "not-codable"),
        ("Likely dehydration.", None, "needs-decision"),
        ("Dehydration.", "professional", "supported"),
    ],
)
def test_the_setting_decides_an_uncertain_diagnosis(notes: Notes, note: str, setting: str | None, status: str) -> None:
    assert offered(notes.read(note, setting, DAY)).get("E86.0") == status


def test_what_is_coded_only_when_confirmed(notes: Notes) -> None:
    found = offered(notes.read("Discharge diagnosis: probable COVID-19.", "inpatient", DAY))
    assert found.get("U07.1") == "not-codable"


@pytest.mark.parametrize(
    "note", ["No dehydration.", "Mother had dehydration.", "Return if dehydration develops.", "FH: dehydration"]
)
def test_the_denied_the_relatives_and_the_imagined_lead_to_no_code(notes: Notes, note: str) -> None:
    assert not notes.read(note, "inpatient", DAY).candidates


def test_a_paraphrase_is_a_question(notes: Notes) -> None:
    note = "Right leg cramping waking her from sleep. Leg cramps, idiopathic."
    (found,) = (each for each in notes.read(note, "professional", DAY).candidates if each.code == "G47.62")
    assert found.status.value == "needs-decision"
    assert found.evidence == "waking her from sleep"
    assert found.ask


def test_no_code_is_offered_without_its_main_term(notes: Notes) -> None:
    assert "M62.831" not in offered(notes.read("Leg cramps at night, calf tender.", "professional", DAY))


# ---- any text -----------------------------------------------------------------------------------

_WORDS = st.sampled_from(
    ["No", "weakness", "leg cramps", "likely", "pneumonia", ",", ".", "\n", "FH:", "Plan", "?", "3", "weeks", "\x00",
     "<b>", "mother", "if", "history of", "(", "- ", "%", "\u00b2", "\u0663", "\u00e9t\u00e9", "\u75db", "SpO2", "/7",
     "hx",
     "right"]
)  # fmt: skip
ANY_NOTE = st.one_of(st.text(max_size=300), st.lists(_WORDS, max_size=60).map(" ".join))
_SLOW = settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@_SLOW
@given(text=ANY_NOTE)
def test_every_span_slices_back(notes: Notes, text: str) -> None:
    for fact in notes.facts(text):
        for span in (fact.span, fact.trigger, fact.sentence, fact.evidence, *(each.span for each in fact.measures)):
            assert span is None or text[span.start : span.end] == span.text


@_SLOW
@given(text=ANY_NOTE)
def test_the_same_note_reads_the_same(book: Book, notes: Notes, text: str) -> None:
    assert to_json(notes.facts(text)) == to_json(Notes(book).facts(text))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=ANY_NOTE)
def test_any_text_has_candidates_or_none(notes: Notes, text: str) -> None:
    for each in notes.read(text, "inpatient", DAY).candidates:
        assert all(text[span.start : span.end] == span.text for span in each.spans)


@_SLOW
@given(rows=st.lists(st.sampled_from(ASSERTIONS), max_size=6))
def test_an_unrelated_sentence_changes_no_fact(notes: Notes, rows: list[dict[str, Any]]) -> None:
    text = "\n\n".join(row["note"] for row in rows)
    told = [(each.id, each.status, each.span) for each in notes.facts(text)]
    more = [(each.id, each.status, each.span) for each in notes.facts(text + "\n\nThe chair is green.")]
    assert told == more


@given(text=ANY_NOTE)
def test_sections_and_sentences_keep_their_order(text: str) -> None:
    known = kinds([{"section": "plan", "headers": ["plan"]}])
    last = 0
    for number, part in enumerate(sections(text, known)):
        assert last <= part.start <= part.end <= len(text)
        for each in sentences(text, part.start, part.end, number):
            assert last <= each.start < each.end <= part.end
            last = each.end


@pytest.mark.parametrize("text", ["", " \n\t ", "PLAN:\n\nASSESSMENT:\n", "\x00\x01\x02", "<html><p></p></html>"])
def test_a_note_that_says_nothing_states_nothing(notes: Notes, text: str) -> None:
    reading = notes.read(text, None, DAY)
    assert reading.facts == reading.candidates == ()


def test_a_long_note_takes_time_in_proportion(notes: Notes) -> None:
    import time

    def seconds(text: str) -> float:
        start = time.process_time()
        notes.facts(text)
        return time.process_time() - start

    # What takes long is read in half the size, and held to half the bound.
    dear, cheap = ("no weakness and leg cramps ",), ("(((((", "a-", "No, ", "1. ", "Plan:\n", "<b", "x" * 50, "??? ")
    for unit, size, most in (*((unit, 30_000, 20) for unit in dear), *((unit, 60_000, 40) for unit in cheap)):
        small, large = unit * (size // len(unit)), unit * (8 * size // len(unit))
        seconds(small)
        assert seconds(large) < most * max(seconds(small), 0.02), unit
