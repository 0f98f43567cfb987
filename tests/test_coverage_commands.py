"""`cover`, `policies`, `policy`, and what of policies stands on a code's page."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from claimwright.book.build import compile_book
from claimwright.book.home import Input
from claimwright.book.parts import policies as part
from claimwright.book.store import Book
from claimwright.engine import Engine
from claimwright.errors import InputError, RuleError
from claimwright.interfaces.cli import cli, cover_command, policies_command, policy_command
from claimwright.interfaces.render.coverage import coverage_markdown, coverage_text
from claimwright.model import plain
from tests import mini
from tests.coverage_world import long, short, toy_reading

POLICY = """
policy: T9
title: Cramp and its tests
kind: article
payer: medicare
payer_name: Medicare
contractor: WPS
jurisdiction: {states: [MI]}
sources:
  text: {title: The text, publisher: Nobody, url: "https://example.org", read: 2026-01-01}
versions:
  - version: "1"
    from: 2025-10-01
    to: null
    review: draft
    completeness: partial
    left_out: [the text]
    holds: both
    services: {families: [nerve-conduction]}
    diagnoses:
      - {group: "1", listed: covered, codes: ["R25.-"], cite: {source: text, section: list}}
    criteria:
      cite: {source: text, section: criteria}
      any: [{fact: motor-loss}, {fact: sensory-loss}, {age: {at_least: 80}}]
"""
FACTS = [("motor-loss", "loss of strength"), ("sensory-loss", "loss of sensation")]


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A small book with one policy."""
    with pytest.MonkeyPatch.context() as patch:
        yield from _shelf(tmp_path_factory.mktemp("policies"), patch)


def _shelf(folder: Path, patch: pytest.MonkeyPatch) -> Any:
    work = folder / "book"
    work.mkdir()
    file = folder / "T9.yaml"
    file.write_text(POLICY, encoding="utf-8")
    words = part.vocabulary(strict=True)
    patch.setattr(part, "vocabulary", lambda strict: replace(words, facts=dict(FACTS), strict=strict))
    lexicon = folder / "service-families.yaml"
    lexicon.write_text((mini.FOLDER.parents[1] / "lexicons" / "service-families.yaml").read_text(encoding="utf-8"))
    inputs = [*mini.inputs(folder), mini.source("lexicons", lexicon), mini.source("policies", file)]
    compile_book(inputs, work)
    with Book(work) as opened:
        yield opened


@pytest.fixture
def command(shelf: Book, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Runs the command line on the small book."""
    for each in (cover_command, policies_command, policy_command):
        monkeypatch.setattr(each, "the_book", lambda: shelf)

    def run(*arguments: str, text: str | None = None) -> Result:
        return CliRunner().invoke(cli, list(arguments), input=text, catch_exceptions=True)

    return run


ASKED = ("cover", "--procedure", "95909", "--diagnosis", "r252", "--payer", "medicare", "--date", "2025-11-15")


def test_options_describe_a_claim(command: Any) -> None:
    found = json.loads(command(*ASKED, "--mac", "WPS", "--fact", "motor-loss=present", "--json").stdout)
    (answer,) = found["answers"]
    assert (answer["policy"], answer["verdict"], answer["diagnosis_listed"]) == ("T9", "supported", "listed")
    assert answer["criteria"]["motor-loss"]["state"] == "met"
    assert answer["coverage_information"]["covered"] == "conditional"
    assert found["unknown"] == []


def test_without_payer_what_to_supply_is_said(command: Any) -> None:
    found = json.loads(command("cover", "--procedure", "95909", "--diagnosis", "R25.2", "--json").stdout)
    assert (found["answers"], found["conflict"]) == ([], False)
    assert found["unknown"] == [
        "payer",
        "state or MAC jurisdiction",
        "date of service",
        "a policy for this procedure",
    ]
    assert "NO POLICY ANSWERS" in command("cover", "--procedure", "95909", "--diagnosis", "R25.2").stdout


def test_a_document_brings_its_own_policies(command: Any) -> None:
    claim = {"setting": "professional", "diagnoses": ["R25.2"], "lines": [{"code": "95909"}], "patient": {"age": 68}}
    policy = {"id": "P", "version": "1", "payer": "x", "from": None, "to": None, "procedures": ["95909"],
              "diagnosis_list": ["R25.2"], "criteria": {"all_of": ["own-fact"]}, "known_on": "2020-01-01"}  # fmt: skip
    document = {"policies": [policy], "claim": {**claim, "service_from": "2025-11-15"}}
    found = json.loads(command("cover", "-", "--json", text=json.dumps(document)).stdout)
    assert [(each["policy"], each["missing"]) for each in found["answers"]] == [("P", ["own-fact"])]
    several = json.loads(command("cover", "-", "--json", text=json.dumps([document, document])).stdout)
    assert [len(each["answers"]) for each in several] == [1, 1]
    lines = "\n".join((json.dumps(document), json.dumps(claim)))
    told = json.loads(command("cover", "-", "--json", text=lines).stdout)
    assert [len(each["answers"]) for each in told] == [1, 0]


def test_policies_of_a_file_answer_instead(command: Any, tmp_path: Path) -> None:
    file = tmp_path / "own.yaml"
    file.write_text("{id: P, version: 1, payer: medicare, from: , to: , procedures: [95909]}", encoding="utf-8")
    found = json.loads(command(*ASKED, "--policies", str(file), "--json").stdout)
    assert [each["policy"] for each in found["answers"]] == ["P"]


WRONG = {
    ("cover",): "found neither CLAIM nor --procedure",
    ("cover", "-", "--procedure", "95909"): "found both CLAIM and --procedure",
    ("cover", "-", "--payer", "medicare"): "--payer",
    ("cover", "--procedure", "95909"): "--diagnosis: is missing",
    (*ASKED, "--fact", "motor-loss"): "expected ID=STATUS",
    (*ASKED, "--fact", "motor-loss=maybe"): "$.facts[0].status",
    (*ASKED, "--setting", "moon"): "$.setting",
    (*ASKED, "--age", "200"): "$.patient.age",
    (*ASKED, "--note", "nowhere.txt"): "nowhere.txt",
    (*ASKED, "--policies", "nowhere.yaml"): "nowhere.yaml",
    ("policy", "nothing"): "'nothing' is not loaded",
}


@pytest.mark.parametrize(("arguments", "said"), WRONG.items(), ids=str)
def test_wrong_usage_is_one_sentence(command: Any, arguments: tuple[str, ...], said: str) -> None:
    done = command(*arguments, text="{}")
    assert isinstance(done.exception, InputError)
    assert said in str(done.exception)
    assert done.stdout == ""


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"claim": 7}', "$.claim"),
        ('{"claim": {"setting": "professional", "diagnoses": ["R25.2"], "lines": [{"units": 1}]}}', "$.claim.lines[0]"),
        ('{"claim": {}, "policy": []}', "'policy' is unknown"),
        ('{"claim": {"setting": "professional", "diagnoses": ["R25.2"]}, "policies": "all"}', "$.policies"),
        ('{"claim": {"setting": "professional", "diagnoses": ["R25.2"]}, "policies": [{}]}', "lacks the key 'id'"),
        ("[]", "the array is empty"),
        ("", "the file is empty"),
    ],
)
def test_a_wrong_document_is_refused(command: Any, text: str, said: str) -> None:
    done = command("cover", "-", text=text)
    assert isinstance(done.exception, InputError)
    assert said in str(done.exception)


def test_the_text_says_what_is_missing_before_the_criteria(shelf: Book) -> None:
    engine = Engine(shelf)
    claim = {"setting": "professional", "service_from": "2025-11-15", "diagnoses": ["R25.2"], "id": "C1",
             "lines": [{"code": "95909"}], "payer": {"id": "medicare", "mac": "WPS"},
             "note": "No weakness."}  # fmt: skip
    found = engine.cover(claim, facts_from_note=toy_reading)
    text = coverage_text(found)
    lines = text.splitlines()
    assert max(map(len, lines)) <= 80
    assert text.index("Missing") < text.index("ids: sensory-loss") < text.index("Criteria")
    assert '[-] loss of strength: not met <- note: "No weakness"' in " ".join(text.split())
    assert "**not documented**" in coverage_markdown(found)


def test_the_catalogue_and_the_page_of_a_policy(command: Any) -> None:
    (entry,) = json.loads(command("policies", "--json").stdout)["policies"]
    assert (entry["policy"], entry["versions"][0]["completeness"]) == ("T9", "partial")
    page = json.loads(command("policy", "t9", "--json").stdout)
    assert page["versions"][0]["left_out"] == ["the text"]
    assert [each["id"] for each in page["versions"][0]["criteria"]["children"]] == [
        "motor-loss",
        "sensory-loss",
        "root.3",
    ]
    assert "Not loaded: the text" in command("policy", "T9").stdout
    assert "T9" in command("policies", "--procedure", "95909").stdout
    assert "No policy is loaded" in command("policies", "--payer", "nobody").stdout


def test_a_code_names_the_policies_that_list_it(shelf: Book) -> None:
    record = plain(shelf.show("R25.2", date(2025, 11, 15)))
    assert [(each["policy"], each["group"], each["listed"], each["in_force"]) for each in record["coverage"]] == [
        ("T9", "1", "covered", True)
    ]
    assert record["not_evaluated"] == []
    assert shelf.show("R29.0", date(2025, 11, 15)).coverage == ()


def test_a_policy_comes_back_from_the_book_as_it_was_read(shelf: Book) -> None:
    words = replace(part.vocabulary(strict=True), facts=dict(FACTS))
    file = next(Path(each) for each in [shelf.folder.parent / "T9.yaml"])
    from claimwright.sources.policy import read_policy

    assert shelf.policies.get("T9") == read_policy(file, words)


def test_a_dead_code_keeps_a_policy_out_of_the_book(shelf: Book, tmp_path: Path) -> None:
    file = tmp_path / "T9.yaml"
    file.write_text(POLICY.replace('"R25.-"', "R25.7").replace("T9", "T8"), encoding="utf-8")
    with closing(sqlite3.connect(shelf.folder / "book.sqlite")) as db, pytest.raises(RuleError) as refused:
        part._write(db, [Input("policies", file, "", "tests", "")], tmp_path)
    assert "T9.yaml:21: version 1 lists R25.7, billable on no day from 2025-10-01 to open" in str(refused.value)
    with pytest.raises(InputError, match="lists R25, billable on no day"):
        shelf.policies.check([short(diagnosis_list=["R25"])])


def test_two_shipped_policies_of_one_id_are_refused(shelf: Book, tmp_path: Path) -> None:
    files = [tmp_path / "a.yaml", tmp_path / "b.yaml"]
    for file in files:
        file.write_text(POLICY, encoding="utf-8")
    inputs = [Input("policies", file, "", "tests", "") for file in files]
    words = replace(part.vocabulary(strict=True), facts=dict(FACTS))
    with (
        closing(sqlite3.connect(shelf.folder / "book.sqlite")) as db,
        pytest.MonkeyPatch.context() as patch,
        pytest.raises(RuleError, match=r"the policy T9 stands in a\.yaml too"),
    ):
        patch.setattr(part, "vocabulary", lambda strict: words)
        part._write(db, inputs, tmp_path)


def test_editorial_policies_are_listed_as_such() -> None:
    found = long("criteria: {cite: {source: text, section: x}, sex: F}", kind="editorial", payer="any")
    assert found.editorial
