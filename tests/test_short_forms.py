"""Short forms of notes that stand for several things: none of them states a policy's fact by accident."""

from __future__ import annotations

from pathlib import Path

import pytest

from claimwright.book.store import Book
from claimwright.notes.reader import NoteReader
from claimwright.sources.lexicon import load_yaml

LEXICONS = Path(__file__).parents[1] / "lexicons"


def _rows(name: str) -> list[dict[str, object]]:
    return list(load_yaml(LEXICONS / f"{name}.yaml")["rows"])


def test_every_short_term_of_a_fact_has_been_looked_at() -> None:
    looked_at = {str(row["short"]) for row in _rows("ambiguous-short-forms")}
    short = {
        str(term)
        for row in _rows("facts")
        for term in (*row["terms"], *row.get("absent_terms", ()))  # type: ignore[misc, attr-defined]
        if len(str(term)) <= 3 and not str(term).islower()
    }
    assert not short - looked_at


TRAPS = {
    "CTs of the head and neck were normal.": "suspected-carpal-tunnel",
    "CT of the wrist shows no fracture.": "suspected-carpal-tunnel",
    "Wears hearing aids.": "hiv-infection",
    "This aids in the differential.": "hiv-infection",
    "Transported by the ALS crew.": "suspected-motor-neuron-disease",
    "APAP 500 mg as needed.": "cpap-use",
    "ST elevation in aVR.": "heart-valve-surgery",
    "CVA tenderness on the right.": "history-of-stroke",
    "GBS culture positive at 36 weeks.": "guillain-barre",
    "Hep B immune.": "home-exercise",
    "NCS diet ordered.": "ncs-done",
    "losartan/HCT daily": "hematocrit",
    "Dilated CMP with EF 30%.": "electrolytes-checked",
    "Tussin DM syrup for cough.": "diabetes-mellitus",
    "PT and OT evaluated the patient; MS morphine given.": "multiple-sclerosis",
}
MEANT = {
    "Bilateral CTS, worse at night.": "suspected-carpal-tunnel",
    "Known AIDS, CD4 150.": "hiv-infection",
    "Concern for ALS.": "suspected-motor-neuron-disease",
    "On APAP at night for sleep apnea.": "cpap-use",
    "History of CVA.": "history-of-stroke",
    "Ascending weakness, GBS.": "guillain-barre",
    "Uses HEP daily.": "home-exercise",
    "NCS performed last year.": "ncs-done",
    "DM for ten years.": "diabetes-mellitus",
}


@pytest.fixture(scope="module")
def reader(book: Book) -> NoteReader:
    return NoteReader(book)


@pytest.mark.book
@pytest.mark.parametrize(("text", "fact"), TRAPS.items())
def test_a_short_form_that_means_something_else_is_no_fact(reader: NoteReader, text: str, fact: str) -> None:
    assert fact not in {each.id for each in reader.facts_of(text)}


@pytest.mark.book
@pytest.mark.parametrize(("text", "fact"), MEANT.items())
def test_a_short_form_in_its_own_meaning_is_the_fact(reader: NoteReader, text: str, fact: str) -> None:
    assert fact in {each.id for each in reader.facts_of(text)}


@pytest.mark.book
def test_saturation_on_room_air_is_no_arthritis(reader: NoteReader) -> None:
    assert not [each for each in reader.facts_of("RA sat 98%.") if "arthritis" in each.term]
    assert [each for each in reader.facts_of("RA on methotrexate.") if each.term == "rheumatoid arthritis"]
