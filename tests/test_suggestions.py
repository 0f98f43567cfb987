"""Suggestions: what is accepted, every refusal, the one retry, recorded transcripts, and answers of any kind."""

from __future__ import annotations

import json
import re
import time
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from claimwright.book.store import Book
from claimwright.engine import Engine
from claimwright.errors import InputError
from claimwright.model import CandidateStatus, Reading, Status, to_json
from claimwright.model.suggesting import NOT_DOCUMENTED
from claimwright.notes import provider_calls, suggestions
from claimwright.notes.transcript import CallableProvider, RecordedProvider, Recording
from tests.suggesting import Given, mention, option

pytestmark = pytest.mark.book
DAY = date(2025, 11, 15)
NOTE = (
    "HPI: nightly leg cramps that wake him. Sugar was through the roof. No weakness.\n"
    "Assessment: Nocturnal leg cramps. Likely dehydration."
)


def read(engine: Engine, provider: Any, note: str = NOTE, setting: str = "professional", **more: Any) -> Reading:
    return engine.read(note, setting, DAY, provider=provider, **more)


def codes(reading: Reading) -> dict[str, str]:
    return {each.code: each.status.value for each in reading.candidates}


def reasons(reading: Reading) -> list[str]:
    assert reading.suggestions
    return [each.reason for each in reading.suggestions.refused]


def plain(reading: Reading) -> str:
    """The reading without what was suggested."""
    content = json.loads(to_json(reading))
    content.pop("suggestions", None)
    return json.dumps(content)


# ---- accepted -----------------------------------------------------------------------------------


def test_without_a_provider_nothing_is_added(engine: Engine) -> None:
    told = to_json(engine.read(NOTE, "professional", DAY))
    assert "suggestions" not in told
    assert "origin" not in told


def test_a_mention_that_verifies_is_a_fact_and_its_code_a_question(engine: Engine) -> None:
    reading = read(engine, Given([[mention(NOTE, "Sugar was through the roof", "hyperglycemia")]]))
    (found,) = (each for each in reading.candidates if each.code == "R73.9")
    assert found.status is CandidateStatus.NEEDS_DECISION
    assert found.origin is not None
    assert (found.origin.provider, found.origin.version) == ("given", "1")
    assert re.fullmatch("[0-9a-f]{64}", found.origin.prompt_sha256)
    assert found.origin.checks
    (fact,) = (each for each in reading.facts if each.origin)
    assert (fact.span.text, fact.status) == ("Sugar was through the roof", Status.PRESENT)
    (accepted,) = (each for each in reading.suggestions.accepted if each.call == "propose")  # type: ignore[union-attr]
    assert accepted.codes == ("R73.9",)


def test_a_mention_may_be_a_mapping(engine: Engine) -> None:
    quote, start, end, label, assertion = mention(NOTE, "Sugar was through the roof", "hyperglycemia")
    asked = {"quote": quote, "start": start, "end": end, "label": label, "assertion": assertion}
    assert "R73.9" in codes(read(engine, Given([[asked]])))


def test_what_we_read_ourselves_stays_as_it_is(engine: Engine) -> None:
    agreed = read(engine, Given([[mention(NOTE, "leg cramps", "leg cramps")]], [ValueError()]))
    assert plain(agreed) == plain(engine.read(NOTE, "professional", DAY))
    assert agreed.suggestions.accepted  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("quote", "label", "assertion", "code"),
    [
        ("leg cramps", "leg cramps", "absent", "R25.2"),
        ("weakness", "weakness", "present", "R53.1"),
        ("No weakness", "weakness", "present", "R53.1"),
        ("dehydration", "dehydration", "present", "E86.0"),
    ],
)
def test_another_assertion_is_a_decision(engine: Engine, quote: str, label: str, assertion: str, code: str) -> None:
    reading = read(engine, Given([[mention(NOTE, quote, label, assertion)]]))
    (found,) = (each for each in reading.candidates if each.code == code)
    assert found.status is CandidateStatus.NEEDS_DECISION
    assert assertion in found.because
    assert found.ask
    assert found.origin is not None
    assert not any(fact.origin for fact in reading.facts)


def test_what_both_take_for_denied_leads_to_no_code(engine: Engine) -> None:
    reading = read(engine, Given([[mention(NOTE, "weakness", "weakness", "absent")]]))
    assert "R53.1" not in codes(reading)


def test_a_question_shows_descriptions_in_alphabetical_order(engine: Engine) -> None:
    provider = Given()
    read(engine, provider)
    (asked,) = provider.questions
    texts = [each.text for each in asked[1]]
    assert texts[-1] == NOT_DOCUMENTED
    assert texts[:-1] == sorted(texts[:-1], key=str.casefold)
    assert {"Cramp and spasm", "Sleep related leg cramps"} <= set(texts)
    assert not any(re.search(r"[A-Z]\d[0-9A-Z]", f"{each.id} {each.text} {asked[0]}") for each in asked[1])


def test_a_choice_is_marked_and_stays_a_question(engine: Engine) -> None:
    before = codes(engine.read(NOTE, "professional", DAY))
    reading = read(engine, Given(choices=[option("Sleep related", "wake him")]))
    assert codes(reading) == before
    (found,) = (each for each in reading.candidates if each.origin)
    assert (found.code, found.status) == ("G47.62", CandidateStatus.NEEDS_DECISION)
    (accepted,) = reading.suggestions.accepted  # type: ignore[union-attr]
    assert accepted.chosen == "Sleep related leg cramps"
    assert f"the code behind the option is billable on {DAY}" in accepted.checks


def test_a_choice_of_what_we_support_is_supported(engine: Engine) -> None:
    reading = read(engine, Given(choices=[option("Cramp and spasm", "leg cramps")]))
    (found,) = (each for each in reading.candidates if each.origin)
    assert (found.code, found.status) == ("R25.2", CandidateStatus.SUPPORTED)


def test_a_choice_for_denied_words_is_a_decision(engine: Engine) -> None:
    reading = read(engine, Given(choices=[option("Cramp and spasm", "weakness")]))
    assert codes(reading)["R25.2"] == "needs-decision"


def test_a_choice_below_a_family_is_a_question(engine: Engine) -> None:
    note = "Assessment: carpal tunnel syndrome."
    reading = read(engine, Given(choices=[lambda _, options, text: (options[0].id, "carpal tunnel syndrome")]), note)
    made = [each for each in reading.candidates if each.origin]
    assert made
    for each in made:
        assert each.billable
        assert each.status is CandidateStatus.NEEDS_DECISION


def test_not_documented_leaves_a_question_to_the_clinician(engine: Engine) -> None:
    reading = read(engine, Given(choices=[(NOT_DOCUMENTED, "")]))
    (accepted,) = reading.suggestions.accepted  # type: ignore[union-attr]
    assert accepted.chosen == NOT_DOCUMENTED
    assert accepted.ask
    assert all(each.ask for each in reading.candidates if each.origin)


# ---- refused ------------------------------------------------------------------------------------

_GOOD = mention(NOTE, "Sugar was through the roof", "hyperglycemia")


class Liar(str):
    """A text that says it equals any other."""

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        return True

    __hash__ = str.__hash__


def endless() -> Any:
    while True:
        yield _GOOD


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (None, "not a list"),
        ("Sugar", "not a list"),
        ({"quote": "Sugar"}, "not a list"),
        (float("nan"), "not a list"),
        (endless(), "not a list"),
        ([_GOOD] * 201, "more than 200"),
        (ValueError("Mrs Smith"), "raised ValueError"),
        (RecursionError(), "raised RecursionError"),
        ([None], "not a quote"),
        ([_GOOD[:4]], "not a quote"),
        ([(*_GOOD, "R73.9")], "not a quote"),
        ([(*_GOOD[:1], float("nan"), *_GOOD[2:])], "not a quote"),
        ([(*_GOOD[:1], True, *_GOOD[2:])], "not a quote"),
        ([(*_GOOD[:3], "x" * 101, "present")], "not a quote"),
        ([(Liar("fever"), *_GOOD[1:])], "not a quote"),
        ([("", 5, 5, "fever", "present")], "not in the note"),
        ([("fever", -5, 0, "fever", "present")], "not in the note"),
        ([("fever", 10**30, 10**30 + 5, "fever", "present")], "not in the note"),
        ([("fever", 0, 5, "fever", "present")], "not the text at its place"),
        ([(*_GOOD[:4], "sure")], "the assertion is none"),
        ([(*_GOOD[:3], "R73.9", "present")], "holds a code"),
        ([(*_GOOD[:3], "r739", "present")], "holds a code"),
        ([(*_GOOD[:3], "diabetes E11.65", "present")], "holds a code"),
        ([(*_GOOD[:3], "visit 99213", "present")], "holds a code"),
        ([(*_GOOD[:3], "\x1b[31m", "present")], "not words"),
        ([(*_GOOD[:3], "", "present")], "not words"),
        ([(NOTE, 0, len(NOTE), "fever", "present")], "one sentence"),
        ([_GOOD, _GOOD], "given before"),
    ],
)
def test_a_proposal_is_refused(engine: Engine, answer: Any, says: str) -> None:
    provider = Given([answer], [ValueError()])
    reading = read(engine, provider)
    assert any(says in each for each in reasons(reading))
    assert not any("Smith" in each for each in reasons(reading))
    if "before" not in says:
        assert plain(reading) == plain(engine.read(NOTE, "professional", DAY))
        assert len(provider.notes) == 2


def test_a_quote_that_is_a_code_is_refused(engine: Engine) -> None:
    note = "Seen for G20.A1 and R25.2 today."
    reading = read(engine, Given([[mention(note, "R25.2", "cramp"), mention(note, "G20.A1", "tremor")]]), note)
    assert reasons(reading)[:2] == ["a code is no quote"] * 2
    assert not any(each.origin for each in reading.candidates)


def test_words_of_the_quote_that_look_like_a_code_are_words(engine: Engine) -> None:
    note = "Assessment: vitamin B12 deficiency."
    reading = read(engine, Given([[mention(note, "vitamin B12 deficiency", "vitamin B12 deficiency")]]), note)
    assert not [each for each in reading.suggestions.refused if each.call == "propose"]  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (None, "not an option with a quote"),
        (("option-1",), "not an option with a quote"),
        (("option-1", "leg cramps", "R25.2"), "not an option with a quote"),
        ((1, "leg cramps"), "not a text"),
        (("option-1", 7), "not a text"),
        (("option-99", "leg cramps"), "none of those offered"),
        (("R25.2", "leg cramps"), "none of those offered"),
        (("Cramp and spasm", "leg cramps"), "none of those offered"),
        (("option-1", ""), "has no quote"),
        (("option-1", "fever"), "not in the note"),
        (("not documented", "fever"), "not in the note"),
        (("option-1", "."), "no word"),
        (("option-1", "x" * 501), "not a text"),
        (OSError("no connection"), "raised OSError"),
    ],
)
def test_a_choice_is_refused(engine: Engine, answer: Any, says: str) -> None:
    provider = Given(choices=[answer])
    reading = read(engine, provider)
    assert [says in each for each in reasons(reading)] == [True, True]
    assert len(provider.questions) == 2
    assert plain(reading) == plain(engine.read(NOTE, "professional", DAY))


def test_a_code_that_is_not_billable_is_refused(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    billable, chosen = engine.book.billable, option("Sleep related", "wake him")

    def choose(*asked: Any) -> tuple[str, str]:
        monkeypatch.setattr(engine.book, "billable", lambda code, day: code != "G4762" and billable(code, day))
        return chosen(*asked)

    assert set(reasons(read(engine, Given(choices=[choose])))) == {
        "the code behind the option is not billable on the date of service"
    }


def test_the_second_answer_counts(engine: Engine) -> None:
    provider = Given([ValueError(), [_GOOD]], [None, option("Sleep related", "wake him")])
    reading = read(engine, provider)
    assert "R73.9" in codes(reading)
    assert {each.attempt for each in reading.suggestions.accepted} == {2}  # type: ignore[union-attr]
    assert {each.attempt for each in reading.suggestions.refused} == {1}  # type: ignore[union-attr]


def test_there_is_no_third_answer(engine: Engine) -> None:
    provider = Given([ValueError(), ValueError(), [_GOOD]])
    assert "R73.9" not in codes(read(engine, provider))


def test_a_provider_that_hangs_is_left_behind(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(provider_calls, "SECONDS", 0.05)
    monkeypatch.setattr(suggestions.Suggester.__init__, "__defaults__", (0.05,))
    provider = Given([lambda *_: time.sleep(1)])
    reading = read(engine, provider)
    assert reasons(reading) == ["no answer in 0.05 seconds"]
    assert not provider.questions
    assert plain(reading) == plain(engine.read(NOTE, "professional", DAY))


@pytest.mark.parametrize("names", [("", "1"), ("x", ""), (None, "1"), ("x\n", "1"), ("x" * 101, "1")])
def test_a_provider_without_a_name_is_not_asked(engine: Engine, names: tuple[Any, Any]) -> None:
    provider = Given([[_GOOD]])
    provider.name, provider.version = names
    reading = read(engine, provider)
    assert not provider.notes
    assert "no name" in reasons(reading)[0]


def test_something_that_is_no_provider_is_refused(engine: Engine) -> None:
    assert plain(read(engine, object())) == plain(engine.read(NOTE, "professional", DAY))


# ---- redaction ----------------------------------------------------------------------------------


def _without_names(text: str) -> str:
    return re.sub(r"Smith|Jones", lambda found: "#" * len(found[0]), text)


def test_the_provider_sees_only_the_redacted_note(engine: Engine) -> None:
    note = "HPI: Mrs Smith's sugar was through the roof. Smith, leg cramps waking her from sleep."
    provider = Given([lambda text, _: [mention(text, "#####'s sugar was through the roof", "hyperglycemia")]])
    reading = read(engine, provider, note, redact=_without_names)
    assert "Smith" not in repr((provider.notes, provider.questions))
    (found,) = (each for each in reading.candidates if each.code == "R73.9")
    assert found.origin is not None
    assert found.origin.quote == "Smith's sugar was through the roof"


def test_what_was_redacted_cannot_be_quoted(engine: Engine) -> None:
    note = "Seen by Smith Jones. Leg cramps."
    reading = read(engine, Given([lambda text, _: [mention(text, "##### #####", "gout")]]), note, redact=_without_names)
    assert reasons(reading)[0] == "the quote has no word that the redaction left"


@pytest.mark.parametrize("redact", [lambda text: text[1:], lambda text: None, lambda text: 1 / 0, lambda text: b"x"])
def test_a_redaction_that_moves_places_is_wrong_input(engine: Engine, redact: Any) -> None:
    provider = Given([[_GOOD]])
    with pytest.raises(InputError, match="as long as the note"):
        read(engine, provider, redact=redact)
    assert not provider.notes


# ---- transcripts --------------------------------------------------------------------------------


def _recorded(engine: Engine, file: Path, provider: Any, note: str = NOTE) -> Reading:
    recording = Recording(provider)
    reading = read(engine, recording, note)
    recording.save(file)
    return reading


@pytest.mark.parametrize(
    "provider",
    [
        Given([[_GOOD]], [option("Sleep related", "wake him")]),
        Given([ValueError(), [_GOOD]], [("option-9", "x"), (NOT_DOCUMENTED, "")]),
        Given([{1, 2}], [float("nan")]),
    ],
)
def test_a_transcript_gives_the_same_bytes(engine: Engine, tmp_path: Path, provider: Given) -> None:
    file = tmp_path / "t.json"
    first = _recorded(engine, file, provider)
    replayed = RecordedProvider.read(file)
    assert to_json(read(engine, replayed)) == to_json(first)
    assert to_json(read(engine, replayed)) == to_json(first)
    again = tmp_path / "again.json"
    _recorded(engine, again, RecordedProvider.read(file))
    assert again.read_bytes() == file.read_bytes()


def test_another_note_is_an_unknown_request(engine: Engine, tmp_path: Path) -> None:
    file = tmp_path / "t.json"
    _recorded(engine, file, Given([[_GOOD]]))
    reading = read(engine, RecordedProvider.read(file), "Leg cramps.")
    assert set(reasons(reading)) == {"the transcript has no answer to this request"}


_SHELL: dict[str, Any] = {"format": "claimwright-suggestions-1", "provider": "x", "version": "1", "answers": {}}


@pytest.mark.parametrize(
    "content",
    [
        b"", b"{", b"[]", b"\xff", b"[" * 100_000, json.dumps({**_SHELL, "format": "2"}).encode(),
        json.dumps({**_SHELL, "provider": 1}).encode(), json.dumps({**_SHELL, "answers": []}).encode(),
        json.dumps({**_SHELL, "answers": {"x": [{"answer": 1}]}}).encode(),
        json.dumps({**_SHELL, "answers": {"0" * 64: []}}).encode(),
        json.dumps({**_SHELL, "answers": {"0" * 64: [{"failed": 1}]}}).encode(),
        json.dumps({**_SHELL, "more": 1}).encode(),
    ],
)  # fmt: skip
def test_a_damaged_transcript_is_wrong_input(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "t.json"
    file.write_bytes(content)
    with pytest.raises(InputError, match=r"t\.json"):
        RecordedProvider.read(file)


def test_a_missing_transcript_is_wrong_input(tmp_path: Path) -> None:
    for name in (tmp_path / "none.json", tmp_path, "a\x00b"):
        with pytest.raises(InputError, match="cannot be read"):
            RecordedProvider.read(name)


def test_two_functions_are_a_provider(engine: Engine) -> None:
    provider = CallableProvider("rules", "2", lambda note, sections: [_GOOD])  # type: ignore[list-item]
    assert "R73.9" in codes(read(engine, provider))
    assert "it does not choose" in reasons(read(engine, provider))


# ---- any answer ---------------------------------------------------------------------------------

_LEAF = st.one_of(
    st.none(), st.booleans(), st.integers(-5, 200), st.floats(), st.text(max_size=8), st.binary(max_size=4),
    st.sampled_from([
        "leg cramps", "weakness", "present", "absent", "G35", "R25.2", "option-1", "not documented", "E11.9",
        "multiple sclerosis", "quote", "Sugar was through the roof", 54, 80, 10, 21, 85, 93,
    ]),
)  # fmt: skip
_ANY = st.recursive(
    _LEAF,
    lambda inner: st.one_of(
        st.lists(inner, max_size=6),
        st.tuples(inner, inner, inner, inner, inner),
        st.dictionaries(st.sampled_from(["quote", "start", "end", "label", "assertion", "option"]), inner, max_size=5),
    ),
    max_leaves=25,
)
_NEAR = st.lists(
    st.tuples(
        st.sampled_from(["leg cramps", "weakness", "Sugar was through the roof", "fever"]), st.integers(-2, 140),
        st.integers(-2, 140), st.sampled_from(["gout", "E11.9", "weakness", "x", "multiple sclerosis"]),
        st.sampled_from([*Status, "present", "absent", "uncertain", "maybe"]),
    ),
    max_size=5,
)  # fmt: skip


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(proposal=st.one_of(_ANY, _NEAR), choice=_ANY)
def test_no_answer_breaks_or_adds_what_is_not_verified(engine: Engine, proposal: Any, choice: Any) -> None:
    own = engine.read(NOTE, "professional", DAY)
    reading = read(engine, Given([proposal], [choice]))
    json.loads(to_json(reading))
    assert reading.suggestions is not None
    for accepted in reading.suggestions.accepted:
        assert accepted.quote is None or NOTE[accepted.quote.start : accepted.quote.end] == accepted.quote.text
    before = {each.code: each.status for each in own.candidates}
    for each in reading.candidates:
        assert each.origin or each in own.candidates
        assert each.origin is None or each.origin.quote == "" or each.origin.quote in NOTE
        if each.status is CandidateStatus.SUPPORTED:
            assert before.get(each.code) is CandidateStatus.SUPPORTED
    for fact in reading.facts:
        assert NOTE[fact.span.start : fact.span.end] == fact.span.text
    assert {each.code for each in own.candidates} <= {each.code for each in reading.candidates}
    assert not {"E11.9", "G35"} & {each.code for each in reading.candidates if "sclerosis" not in str(proposal)}


def test_what_is_not_documented_keeps_the_words_of_the_suggestion(book: Book) -> None:
    def propose(note: str, sections: object) -> object:
        return [("Leg cramps", 0, 10, "sepsis", "present")]

    provider = CallableProvider("example", "1", propose, lambda question, options, note: (options[-1].id, ""))
    reading = Engine(book).read("Leg cramps at night.", "professional", date(2025, 11, 15), provider=provider)
    brought = next(each for each in reading.candidates if each.code == "A41.9")
    assert brought.status is CandidateStatus.NEEDS_DECISION and brought.origin is not None
    assert brought.origin.quote == "Leg cramps"
