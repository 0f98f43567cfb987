"""The checker of questions: case files, files in every form, wrong input, and the command."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from claimwright.errors import InputError
from claimwright.interfaces.cli import cli
from claimwright.queries.files import read_queries
from claimwright.queries.lint import RULES, check_query, is_other, is_unable
from claimwright.queries.words import lexicon
from claimwright.sources.lexicon import load_yaml

CASES = Path(__file__).parent / "cases"
FILES = (CASES / "query-lint.yaml", *sorted((CASES / "queries").glob("lint*.yaml")))
ROWS = [row for file in FILES for row in load_yaml(file)]
CLEAN = 'Sodium 118 on 3/4, "confusion" in the note of 3/4. Please clarify the diagnosis, if any.'
LEADING = "Please document sepsis for the DRG."


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["text"][:60])
def test_a_text_is_judged_as_its_row_says(row: dict[str, Any]) -> None:
    checked = check_query(row["text"], row.get("options", ()))
    assert checked.ok == row["ok"], [(each.rule, each.words) for each in checked.broken]
    assert set(row.get("breaks", ())) <= {each.rule for each in checked.broken}
    assert all(each.words and each.says for each in checked.broken)


def test_every_rule_is_broken_by_some_row_and_stands_in_the_lexicon() -> None:
    broken = {each.rule for row in ROWS for each in check_query(row["text"], row.get("options", ())).broken}
    assert broken == set(RULES)
    assert set(RULES) <= set(lexicon())


@pytest.mark.parametrize(
    "words",
    [
        "CC: cough since 3/1. Patient denies fever.",
        "Estimated blood loss 900 cc on 2/2.",
        "Visual acuity 20/40 on 2/2. Patient pays attention, alert.",
        "Lives in a quality assisted residence, seen 3/3; risk of falls noted.",
    ],
)
def test_clinical_words_are_no_words_on_payment(words: str) -> None:
    assert check_query(f"{words} Please clarify the diagnosis, if any.").ok


@pytest.mark.parametrize(
    "words",
    [
        "the RAF score",
        "an MCC",
        "the MS-DRG",
        "our CMI",
        "a denial",
        "the payer",
        "reimbursement",
        "SOI and ROM",
        "the HCC",
    ],
)
def test_words_on_payment_are_found_in_answers_too(words: str) -> None:
    checked = check_query(CLEAN, ["Hyponatremia", f"SIADH, for {words}", "Other", "Unable to determine"])
    assert [each.rule for each in checked.broken] == ["no-payment"]


@pytest.mark.parametrize(
    "option", ["Other", "other (please specify)", "Other: ____", "Another diagnosis", "None of the above"]
)
def test_ways_to_say_other(option: str) -> None:
    assert is_other(option)
    assert not is_unable(option)


@pytest.mark.parametrize("option", ["Other muscle spasm", "Other specified anemias", "Left"])
def test_a_description_that_begins_with_other_is_not_other(option: str) -> None:
    assert not is_other(option)


@pytest.mark.parametrize(
    "option",
    ["Unable to determine", "Clinically undetermined", "Cannot be determined", "Clinically unable to determine"],
)
def test_ways_to_say_that_it_cannot_be_told(option: str) -> None:
    assert is_unable(option)


@given(st.text(max_size=300), st.lists(st.text(max_size=40), max_size=5))
def test_any_text_is_judged(text: str, options: list[str]) -> None:
    checked = check_query(text, options)
    assert checked.ok == (not checked.broken)
    assert {*checked.passed, *(each.rule for each in checked.broken)} == set(RULES)


def test_a_long_text_is_judged_in_time() -> None:
    assert check_query("the patient has " * 5000).broken


# ---- files ------------------------------------------------------------------------------------------


def written(folder: Path, name: str, text: str | bytes) -> str:
    file = folder / name
    file.write_bytes(text.encode() if isinstance(text, str) else text)
    return str(file)


@pytest.mark.parametrize(
    "name, text, options",
    [
        ("q.txt", f"{CLEAN}\n[ ] Hyponatremia\n[ ] SIADH\n[ ] Other\n", ("Hyponatremia", "SIADH", "Other")),
        ("q.txt", f"- Sodium 118\n- Confusion\n{CLEAN}\n- One\n- Two\n", ("One", "Two")),
        ("q.txt", f"{CLEAN}\nOptions: One; Two; Other", ("One", "Two", "Other")),
        ("q.yaml", f"text: '{CLEAN}'\noptions: [Yes, No, Unable to determine]", ("Yes", "No", "Unable to determine")),
        ("q.json", json.dumps({"text": CLEAN, "options": ["One", "Two"]}), ("One", "Two")),
        ("q", json.dumps([{"text": CLEAN}]), ()),
        ("q.json", json.dumps({"questions": [{"id": "Q1", "to": "provider", "text": CLEAN, "check": []}]}), ()),
    ],
)
def test_files_of_questions(tmp_path: Path, name: str, text: str, options: tuple[str, ...]) -> None:
    (found,) = read_queries(written(tmp_path, name, text))
    assert found.options == options
    assert "Sodium 118" in found.text


def test_several_questions_of_one_file(tmp_path: Path) -> None:
    assert len(read_queries(written(tmp_path, "q.txt", f"{CLEAN}\n---\n{LEADING}\n"))) == 2
    assert len(read_queries(str(FILES[0]))) == 60


WRONG = [
    ("q.txt", "", "the file is empty"),
    ("q.txt", b"\xff\xfe\x00", "byte 0 is not UTF-8"),
    ("q.yaml", "text: [", "not readable as YAML"),
    ("q.json", '{"text": ', "line 1: not readable as JSON"),
    ("q.yaml", "[]", "$: the list is empty"),
    ("q.yaml", "- 7", "$[0]: found int"),
    ("q.yaml", "text: a\nwords: b", "$.words: unknown key"),
    ("q.yaml", "options: [a]", "$.text: missing or empty"),
    ("q.yaml", "text: 5", "$.text: found int"),
    ("q.yaml", "text: a\noptions: b", "$.options: not a list of texts"),
    ("q.json", '{"text": "a", "options": [1]}', "$.options: not a list of texts"),
    ("q.json", "7", "$: found int"),
    ("q.txt", "Options: a; b", "no text beside the answers"),
]


@pytest.mark.parametrize("name, text, says", WRONG, ids=[says for _, _, says in WRONG])
def test_wrong_files_are_told_in_one_sentence(tmp_path: Path, name: str, text: str | bytes, says: str) -> None:
    with pytest.raises(InputError, match=re.escape(says)) as error:
        read_queries(written(tmp_path, name, text))
    assert "\n" not in str(error.value)


# ---- the command ------------------------------------------------------------------------------------


def run(*words: str, given: str | None = None) -> Any:
    return CliRunner().invoke(cli, ["query", *words], input=given, standalone_mode=False)


def test_the_command_names_each_broken_rule_with_its_words(tmp_path: Path) -> None:
    clean, leading = written(tmp_path, "a.txt", CLEAN), written(tmp_path, "b.txt", LEADING)
    assert (run("--lint", clean).return_value, run("--lint", leading).return_value) == (0, 1)
    said = run("--lint", leading).stdout
    assert 'no-payment: "DRG"' in said
    assert "no-command" in said
    document = json.loads(run("--lint", leading, "--json").stdout)
    assert document["queries"][0]["ok"] is False
    assert {each["rule"] for each in document["queries"][0]["broken"]} >= {"no-payment", "no-command"}


def test_standard_input_is_a_file_too() -> None:
    assert run("--lint", "-", given=CLEAN).return_value == 0


@pytest.mark.parametrize(
    "words, says",
    [
        ((), "neither CLAIM nor --lint"),
        (("a.json", "--lint", "b.txt"), "both CLAIM and --lint"),
        (("--lint", "b.txt", "--note", "n.txt"), "given with --lint"),
        (("--lint", "no-such-file.txt"), "cannot be read"),
        (("no-such-file.json",), "cannot be read"),
        (("-", "--note", "-"), "standard input is the claim already"),
    ],
)
def test_wrong_words_of_the_command(words: tuple[str, ...], says: str) -> None:
    found = run(*words)
    assert isinstance(found.exception, InputError)
    assert says in str(found.exception)


@pytest.mark.book
def test_the_command_on_claims(tmp_path: Path, book: object) -> None:
    claim = {"setting": "professional", "service_from": "2026-05-15", "diagnoses": ["S72.009A"]}
    one, two = written(tmp_path, "a.json", json.dumps(claim)), written(tmp_path, "b.json", json.dumps([claim, claim]))
    note = written(tmp_path, "n.txt", "Hip pain after a fall. Left hip film ordered.")
    assert [each["to"] for each in json.loads(run(one, "--json").stdout)["questions"]] == ["provider"]
    assert len(json.loads(run(two, "--json").stdout)) == 2
    said = run(one, "--note", note).stdout
    assert "QUESTION TO THE PROVIDER" in said
    assert "[ ] Unable to determine" in said
    found = run(two, "--note", note)
    assert isinstance(found.exception, InputError)
    for file in (one, two):
        answered = written(tmp_path, "answered.json", run(file, "--json").stdout)
        assert run("--lint", answered).return_value == 0
