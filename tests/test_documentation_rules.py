"""Claims that bring their note: how the note reaches the rules, what a finding shows of it, and what it costs."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from claimwright.engine import Engine
from claimwright.errors import InputError
from claimwright.interfaces.cli import cli
from claimwright.model import Report
from claimwright.model.plain import plain

pytestmark = pytest.mark.book

DAY = "2025-11-15"
RULES = ("uncertain-diagnosis", "not-supported-by-note", "more-specific-code")
WORDS = (
    *("no", "possible", "cough", "pneumonia", "right", "ankle", "pain", "due to", "ibuprofen", "mother had", "stage"),
    *(",", ".", ";", "-", "?", "\n", "\x00", "\u00e9", "3"),
)


def claim(note: str | None, *codes: str, setting: str = "professional", day: str = DAY) -> dict[str, Any]:
    listed = {"setting": setting, "service_from": day, "service_to": day, "diagnoses": list(codes)}
    return listed if note is None else {**listed, "note": note}


def of_notes(report: Report) -> list[dict[str, Any]]:
    return [plain(each) for each in report.findings if each.rule in RULES]


def test_a_finding_shows_the_words_of_the_note_and_their_place(engine: Engine) -> None:
    note = "Chief complaint: cough.\nAssessment: suspected pneumonia, films ordered."
    (found,) = of_notes(engine.check(claim(note, "R05.9", "J18.9")))
    proof = found["because"][0]
    assert (proof["source"], proof["kind"], proof["holder"]) == ("note", "note", "assessment")
    span = proof["span"]
    assert note[span["start"] : span["end"]] == span["text"] == proof["text"] == "suspected pneumonia"
    assert all("span" not in each for each in found["because"][1:])


def test_the_same_claim_answers_alike_alone_and_in_a_batch(engine: Engine) -> None:
    claims = [
        claim("Suspected pneumonia.", "R05.9", "J18.9"),
        claim(None, "J18.9"),
        claim("No evidence of pneumonia. Cough.", "J18.9", day="2024-11-15"),
        claim("Right ankle pain.", "m25579"),
        claim("   ", "J18.9"),
    ]
    together = engine.check_all(claims)
    assert [plain(each) for each in together] == [plain(engine.check(each)) for each in claims]
    assert [bool(of_notes(each)) for each in together] == [True, False, True, True, False]


def test_the_setting_decides(engine: Engine) -> None:
    note = "Discharge diagnosis: possible appendicitis."
    codes = {
        setting: [each["code"] for each in of_notes(engine.check(claim(note, "K37", setting=setting)))]
        for setting in ("inpatient", "outpatient", "professional", "emergency")
    }
    assert codes == {"inpatient": [], "outpatient": ["DC101"], "professional": ["DC101"], "emergency": ["DC101"]}


def test_wording_never_says_wrong(engine: Engine) -> None:
    notes = ("No pneumonia.", "Possible pneumonia.", "Mother had pneumonia.", "Gout.", "Lobar pneumonia.")
    for note in notes:
        for found in of_notes(engine.check(claim(note, "J18.9"))):
            assert not re.search(r"\b(wrong|false|error|incorrect)\b", json.dumps(found), re.IGNORECASE)


def test_an_unspecified_code_whose_axis_the_note_leaves_open_is_only_told(engine: Engine) -> None:
    (found,) = of_notes(engine.check(claim("Anemia in pregnancy, iron started.", "O99.019")))
    assert (found["rule"], found["severity"], found["fix"]["replace"]) == ("more-specific-code", "info", {})
    assert "O99.013" in found["fix"]["ask"]


def test_what_cannot_be_seen_without_the_index_is_said(engine: Engine) -> None:
    report = engine.check(claim("Cough.", "R05.9"))
    lacking = {each.rule: each.how for each in report.not_evaluated}
    assert "not-supported-by-note" not in lacking
    if "more-specific-code" in lacking:
        assert "data add icd10cm-index" in lacking["more-specific-code"]
    assert not any(each.rule in RULES for each in engine.check(claim(None, "R05.9")).not_evaluated)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(parts=st.lists(st.sampled_from(WORDS), max_size=30), setting=st.sampled_from(["inpatient", "emergency"]))
def test_any_text_is_a_note(engine: Engine, parts: list[str], setting: str) -> None:
    note = " ".join(parts)
    report = engine.check(claim(note, "J18.9", "M25.579", "K29.70", setting=setting))
    for found in report.findings:
        for proof in found.because:
            if proof.span is not None:
                assert note[proof.span.start : proof.span.end] == proof.text == proof.span.text
        if found.rule == "more-specific-code" and found.fix.replace:
            assert "right" in note


@pytest.mark.parametrize(
    "text",
    [
        "Cough and fever for days. Suspected pneumonia. Right ankle pain from a fall. ",
        "Rash due to penicillin. Right ankle pain, left ankle pain. ",
        "Right ankle pain, suspected pneumonia, ",  # one sentence
    ],
)
def test_a_long_note_is_read_in_linear_time(engine: Engine, text: str) -> None:
    def seconds(copies: int) -> float:
        note = claim(text * copies, "J18.9", "M25.579")
        start = time.process_time()
        assert of_notes(engine.check(note))
        return time.process_time() - start

    seconds(1)
    assert seconds(2500) < 15 * max(seconds(500), 0.1)


# ---- the command --------------------------------------------------------------------------------


def test_the_command_takes_a_note_from_a_file(tmp_path: Path) -> None:
    file, note = tmp_path / "claim.json", tmp_path / "note.txt"
    note.write_text("Cough. Suspected pneumonia.", encoding="utf-8")
    file.write_text(json.dumps(claim(None, "R05.9", "J18.9")), encoding="utf-8")
    done = CliRunner().invoke(cli, ["check", str(file), "--note", str(note), "--json"])
    found = json.loads(done.stdout)["findings"]
    assert [each["rule"] for each in found if each["rule"] in RULES] == ["uncertain-diagnosis"]
    assert "replaced" not in done.stderr
    file.write_text(json.dumps(claim("No pneumonia.", "R05.9", "J18.9")), encoding="utf-8")
    done = CliRunner().invoke(cli, ["check", str(file), "--note", str(note), "--json"])
    assert "the claim's own note is replaced" in done.stderr
    assert "No pneumonia" not in done.stderr


@pytest.mark.parametrize("second", ["-", "missing.txt"])
def test_a_note_that_cannot_be_had_is_told(second: str) -> None:
    text = json.dumps(claim(None, "R05.9"))
    done = CliRunner().invoke(cli, ["check", "-", "--note", second], input=text)
    assert isinstance(done.exception, InputError)
    assert "expected" in str(done.exception)


def test_a_note_belongs_to_one_claim(tmp_path: Path) -> None:
    note = tmp_path / "note.txt"
    note.write_text("Cough.", encoding="utf-8")
    text = json.dumps([claim(None, "R05.9"), claim(None, "I10")])
    done = CliRunner().invoke(cli, ["check", "-", "--note", str(note)], input=text)
    assert isinstance(done.exception, InputError)
    assert "2 claims" in str(done.exception)


def test_a_claim_without_a_note_does_not_enter_the_room_of_notes() -> None:
    program = (
        "import sys; from claimwright.engine import Engine; "
        f"Engine().check({claim(None, 'R05.9', 'J18.9')!r}); "
        "print([each for each in sys.modules if each.startswith(('claimwright.notes', 'claimwright.edits.noted', "
        "'claimwright.book.code_words', 'claimwright.book.navigate'))])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
