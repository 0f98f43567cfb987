"""Documents of an imported Medicare Coverage Database answer beside the policies that ship."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from claimwright.book.store import Book
from claimwright.engine import Engine
from claimwright.interfaces.render.coverage import coverage_markdown, coverage_text
from claimwright.interfaces.render.policies import policy_entry, policy_line, policy_text
from claimwright.model import Coverage, PolicyAnswer, plain
from tests import mini
from tests.mcd_files import article, articles, export, lcds, ncds, table
from tests.procedure_files import lexicon
from tests.test_ncci import added, book_of, file

DAY = date(2026, 7, 15)
PARTIAL = """
policy: A54001
title: Made-up article, in part
kind: article
payer: medicare
payer_name: Medicare
contractor: Made-up Services
jurisdiction: {states: [WI]}
related: [{policy: L99999, relation: lcd, says: paired by hand}]
sources:
  text: {title: A part of it, publisher: Nobody, url: "https://example.org", read: 2026-01-01}
versions:
  - version: "2023"
    from: 2023-07-01
    to: null
    verified_on: 2026-01-01
    review: draft
    completeness: partial
    holds: codes
    left_out: ["all other codes"]
    services: {codes: ["ZZ001"]}
    diagnoses:
      - {group: "1", listed: covered, codes: ["R25.1"], cite: {source: text, section: one}}
"""
WITH_CRITERIA = (
    PARTIAL.replace("A54001", "A54002")
    .replace("holds: codes", "holds: both")
    .replace("Made-up Services", "Other Made-up")
    .replace("[WI]", "[NY]")
    + '    criteria: {id: old, says: "over 50", age: {at_least: 50}, cite: {source: text, section: two}}\n'
)


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Book]:
    folder = tmp_path_factory.mktemp("mcd-cover")
    inputs = [
        lexicon("contractors"),
        lexicon("facts"),
        lexicon("service-families"),
        mini.source("policies", file(folder, "a54001.yaml", PARTIAL.encode())),
        mini.source("policies", file(folder, "a54002.yaml", WITH_CRITERIA.encode())),
        added("mcd", export(folder, "all_article", articles())),
        added("mcd", export(folder, "current_lcd", lcds())),
        added("mcd", export(folder, "ncd", ncds())),
    ]
    with book_of(folder, *inputs) as opened:
        yield opened


@pytest.fixture(scope="module")
def engine(book: Book) -> Engine:
    return Engine(book)


def claim(code: str = "R25.2", day: date = DAY, service: str = "ZZ001", **payer: str) -> dict[str, Any]:
    return {
        "setting": "professional", "service_from": day.isoformat(), "service_to": day.isoformat(),
        "patient": {"age": 68, "sex": "F"}, "payer": {"id": "medicare", **payer}, "diagnoses": [code],
        "lines": [{"code": service}],
    }  # fmt: skip


def answers(found: Coverage) -> dict[str, PolicyAnswer]:
    return {each.policy: each for each in found.answers}


def told(found: Coverage) -> list[tuple[str, str | None]]:
    return [(each.policy, each.version) for each in found.answers]


# ---- what a list says -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "service", "listed", "verdict", "groups"),
    [
        ("M62.82", "ZZ001", "listed", "insufficient-documentation", ("3",)),
        ("G56.00", "ZZ001", "listed", "insufficient-documentation", ("3",)),  # an end of the range is named itself
        ("R25.2", "ZZ001", "listed", "insufficient-documentation", ("2",)),  # no words stand above group 2
        ("G25.0", "ZZ001", "conditional", "insufficient-documentation", ("2",)),  # an asterisk
        ("G56.01", "ZZ001", "conditional", "insufficient-documentation", ("3",)),  # inside a range only
        ("R29.6", "ZZ001", "conditional", "insufficient-documentation", ("3", "1")),  # in both lists
        ("G56.1", "ZZ001", "not-listed", "not-supported", ()),
        ("R25.1", "ZZ001", "not-listed", "not-supported", ()),  # a draft lists it
        ("Z00.00", "ZZ001", "not-listed", "not-supported", ("1",)),  # listed as not covered
        ("R25.2", "ZZ015", "listed", "insufficient-documentation", ("2",)),  # a service inside a range
    ],
)
def test_where_a_diagnosis_stands(
    engine: Engine, code: str, service: str, listed: str, verdict: str, groups: tuple[str, ...]
) -> None:
    answer = answers(engine.cover(claim(code, service=service, state="WI")))["A54001"]
    assert (answer.diagnosis_listed, answer.verdict, answer.version) == (listed, verdict, "4")
    assert answer.diagnoses[0].groups == groups
    assert (answer.source, answer.criteria, answer.completeness, answer.review) == (
        "imported", None, "partial", "imported",
    )  # fmt: skip
    assert any("the text of the article and of its LCD" in each for each in answer.left_out)


def test_a_noncovered_list_is_cited(engine: Engine) -> None:
    answer = answers(engine.cover(claim("Z00.00", state="WI")))["A54001"]
    (one,) = answer.diagnoses
    assert one.noncovered and one.cites[0].section == "ICD-10 codes that do not support medical necessity, group 1"
    assert "list of diagnoses that are not covered" in answer.why
    assert any(each.because == "not-listed" and each.cite == one.cites[0] for each in answer.denial_risks)
    two = claim("R25.2", state="WI") | {"diagnoses": ["R25.2", "Z00.00"]}
    beside = answers(engine.cover(two))["A54001"]
    assert beside.diagnosis_listed == "listed"
    assert any("Z00.00 is listed as not covered" in each.says for each in beside.denial_risks)


def test_a_condition_is_quoted_with_its_source(engine: Engine) -> None:
    asked = engine.cover(claim("G25.0", state="WI"))
    answer = answers(asked)["A54001"]
    assert answer.diagnoses[0].condition == "the code carries an asterisk: “Starred: with another.”"
    (cite,) = answer.diagnoses[0].cites
    (source,) = (each for each in answer.citations if each.id == cite.source)
    assert source.title == "A54001 version 4: Made-up article"
    assert "articleid=54001&ver=4" in source.url
    assert "all article 2026-09-03, file all_article.zip, sha256 " in source.note
    ids = {each.id for each in answer.citations}
    assert all(each.cite is None or each.cite.source in ids for each in answer.denial_risks)
    assert "Starred: with another." in coverage_text(asked)


def test_a_document_without_a_covered_list(engine: Engine, tmp_path: Path) -> None:
    with book_of(tmp_path, added("mcd", export(tmp_path, "all_article", articles()))) as opened:
        bare = Engine(opened)
        answer = answers(bare.cover(claim("R25.2", state="NY")))["A54002"]
        assert (answer.diagnosis_listed, answer.verdict) == ("list-not-loaded", "insufficient-documentation")
        answer = answers(bare.cover(claim("R25.3", state="NY")))["A54002"]
        assert (answer.diagnosis_listed, answer.verdict) == ("not-listed", "not-supported")
        found = bare.cover(claim("R25.2", service="ZZ003", state="CA"))
        assert [(each.policy, each.verdict) for each in found.answers] == [("A54003", "not-addressed")]
        assert any("its effective day" in each for each in found.answers[0].left_out)
        found = bare.cover(claim("R25.2", state="WI"))
        assert ("L34001", "lcd", "named by the document, not loaded") in answers(found)["A54001"].related


# ---- whose, where, when ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("payer", "expected"),
    [
        ({"state": "WI"}, ["A54001", "L34001"]),
        ({"state": "wi", "mac": "Made-up Services"}, ["A54001", "L34001"]),
        ({"state": "NY"}, ["A54001", "A54002", "L34001"]),  # of the first a part of New York
        ({"mac": "Other Made-up Carrier"}, ["A54002"]),
        ({"state": "WI", "mac": "Other Made-up Carrier"}, ["A54002"]),  # of a policy that ships the contractor decides
        ({"state": "TX", "mac": "Made-up Services"}, []),  # of a document both must fit
        ({"state": "TX"}, []),
        ({"mac": "Nobody"}, []),
        ({}, ["A54001", "A54002", "L34001"]),
    ],
)
def test_who_answers_where(engine: Engine, payer: dict[str, str], expected: list[str]) -> None:
    found = engine.cover(claim(**payer))
    assert sorted(each for each, _ in told(found)) == expected
    assert ("state or MAC jurisdiction" in found.unknown) == (not payer or not expected)
    why = {each.policy: each.why for each in found.not_selected}
    assert ("A54001" in why) == (payer == {"state": "TX", "mac": "Made-up Services"})
    assert why.get("A54001", "its contractor does not serve TX with it") == "its contractor does not serve TX with it"
    assert not found.not_evaluated


def test_part_of_a_state_is_said(engine: Engine) -> None:
    answer = answers(engine.cover(claim(state="NY")))["A54001"]
    assert any("parts of states only (DN)" in each for each in answer.left_out)
    assert answer.jurisdiction["states"] == ["NY", "WI", "DN"]
    assert "A54001" in answers(engine.cover(claim(state="DN")))


def test_another_payer_is_not_answered_by_medicare(engine: Engine) -> None:
    found = engine.cover(claim() | {"payer": {"id": "aetna"}})
    assert not found.answers and not found.not_evaluated
    assert not engine.cover(claim() | {"payer": {}}).answers


@pytest.mark.parametrize(
    ("state", "day", "expected"),
    [
        ("WI", date(2026, 3, 31), [("A54001", "3"), ("L34001", "7"), ("L34002", "2")]),
        ("WI", date(2026, 4, 1), [("A54001", "4"), ("L34001", "7"), ("L34002", "2")]),
        ("WI", date(2026, 5, 31), [("A54001", "4"), ("L34001", "7"), ("L34002", "2")]),  # its last day
        ("WI", date(2026, 6, 1), [("A54001", "4"), ("L34001", "7")]),
        ("WI", date(2024, 1, 1), [("A54001", "3"), ("L34002", "2")]),
        ("WI", date(2023, 12, 31), [("A54001", "2023"), ("L34002", "2")]),  # before the export: the one that ships
        ("IL", date(2026, 6, 30), [("A54001", "4"), ("L34001", "7")]),  # the contractor served it to that day
        ("IL", date(2026, 7, 1), []),
    ],
)
def test_the_version_of_the_day(engine: Engine, state: str, day: date, expected: list[tuple[str, str]]) -> None:
    assert sorted(told(engine.cover(claim(day=day, state=state)))) == expected


def test_what_has_ended_says_so(engine: Engine) -> None:
    found = engine.cover(claim(state="WI"))
    assert ("L34002", "medicare", "no version is in force on 2026-07-15: its last loaded day is 2026-05-31") in [
        tuple(each) for each in found.not_selected
    ]
    early = engine.cover(claim(state="WI", day=date(2016, 1, 1)))
    assert [each for each, _ in told(early)] == ["L34002"]
    why = {each.policy: each.why for each in early.not_selected}
    assert why["A54001"] == "its first loaded version is in force from 2023-07-01, after 2016-01-01"


def test_lines_of_two_days_are_judged_by_two_versions(engine: Engine) -> None:
    two = claim("G25.0", state="WI") | {
        "service_from": "2026-03-31", "service_to": "2026-04-01",
        "lines": [{"code": "ZZ001", "date": "2026-03-31"}, {"code": "ZZ001", "date": "2026-04-01"}],
    }  # fmt: skip
    found = [each for each in engine.cover(two).answers if each.policy == "A54001"]
    assert [(each.version, each.diagnosis_listed) for each in found] == [("3", "not-listed"), ("4", "conditional")]


# ---- beside those that ship -----------------------------------------------------------------------


def test_a_whole_list_stands_in_place_of_a_part(engine: Engine) -> None:
    answer = answers(engine.cover(claim("R25.1", state="WI")))["A54001"]
    assert (answer.version, answer.diagnosis_listed) == ("4", "not-listed")  # the part lists it
    assert answer.note == "From 2024-01-01 on it stands in place of A54001 2023, of which only a part is loaded."
    assert [each.version for each in answer.versions] == ["2023", "3", "4"]
    assert ("L99999", "lcd") in [(each.policy, each.relation) for each in answer.related]
    before = answers(engine.cover(claim("R25.1", date(2023, 12, 31), state="WI")))["A54001"]
    assert (before.version, before.diagnosis_listed, before.source) == ("2023", "listed", "policies")
    assert before.note == "" and str(before.ends) == "2023-12-31"


def test_criteria_are_worth_more_than_the_list(engine: Engine) -> None:
    answer = answers(engine.cover(claim("R25.1", state="NY")))["A54002"]
    assert (answer.version, answer.source, answer.verdict) == ("2023", "policies", "supported")


def test_related_documents_are_shown(engine: Engine) -> None:
    found = engine.cover(claim(state="WI"))
    answer = answers(found)["A54001"]
    assert {(each.policy, each.relation) for each in answer.related} == {
        ("A54002", "article"), ("L34001", "lcd"), ("160.99", "ncd"), ("L99999", "lcd"),
    }  # fmt: skip
    text = coverage_text(found)
    assert "Related LCD: L34001, Made-up LCD" in text and "all article 2026-09-03" in text
    assert "stands in place of A54001 2023" in coverage_markdown(found)
    lcd = answers(found)["L34001"]
    assert (lcd.verdict, lcd.kind, lcd.holds) == ("not-addressed", "lcd", "neither")


def test_the_contractor_is_called_as_policies_call_it(tmp_path: Path) -> None:
    tables = articles()
    keys = ("contractor_id", "contractor_type_id", "contractor_version", "contractor_bus_name")
    names = [(10, 1, 2, "Wisconsin Physicians Service Insurance Corporation"), (11, 1, 1, "Other"), (12, 2, 1, "X")]
    tables["contractor.csv"] = table(keys, names)
    inputs = [lexicon("contractors"), added("mcd", export(tmp_path, "all_article", tables))]
    with book_of(tmp_path, *inputs) as opened:
        for mac in ("WPS", "Wisconsin Physicians Service"):
            answer = answers(Engine(opened).cover(claim(mac=mac)))["A54001"]
            assert answer.jurisdiction["contractor"] == "WPS"


# ---- the catalogue and pages ----------------------------------------------------------------------


def test_the_catalogue_has_them(book: Book) -> None:
    entries = {each.id: policy_entry(each) for each in book.policies.all()}
    assert sorted(entries) == ["A54001", "A54002", "A54003", "L34001", "L34002"]
    assert entries["A54001"]["source"] == "imported"
    assert [each["source"] for each in entries["A54001"]["versions"]] == ["policies", "imported", "imported"]
    assert entries["A54002"]["source"] == "policies"
    assert [each.id for each in book.policies.for_services(["zz002"])] == ["A54001"]
    assert "imported (all article 2026-09-03)" in policy_line(book.policies.get("A54001"))


def test_a_page_of_one(book: Book) -> None:
    found = book.policies.get("a54001")
    text = " ".join(policy_text(found).split())
    assert "From the imported export all article 2026-09-03." in text and "Group 1 (not covered): R29.6, Z00.00" in text
    assert "G56.00-G56.03" in text
    assert policy_text(book.policies.get("L34001"))
    assert json.dumps(plain(found)).count("SECRET") == 0


@pytest.mark.parametrize(
    ("code", "day", "expected"),
    [
        ("R25.2", DAY, [("A54001", "4", "1", "conditional"), ("A54001", "4", "2", "covered")]),
        ("R25.2", date(2026, 3, 31), [("A54001", "3", "1", "covered")]),
        ("Z00.00", DAY, [("A54001", "4", "1", "noncovered")]),
        ("G56.01", DAY, [("A54001", "4", "3", "conditional")]),
    ],
)
def test_pages_of_codes_list_them(book: Book, code: str, day: date, expected: list[tuple[str, ...]]) -> None:
    found = book.policies.listing(code, day)
    assert [(e.policy, e.version, e.group, e.listed) for e in found if e.source == "imported"] == expected


def test_what_is_spoken_for_is_not_listed_twice(book: Book) -> None:
    assert [(e.policy, e.source) for e in book.policies.listing("R25.1", DAY)] == [("A54002", "policies")]
    assert [e.policy for e in book.policies.listing("R25.1", date(2023, 12, 31))] == ["A54001", "A54002"]
    found = book.policies.serving("ZZ001", DAY)
    assert [(e.policy, e.listed, e.source) for e in found] == [
        ("A54002", "service", "policies"), ("A54001", "service", "imported"), ("L34001", "service", "imported"),
    ]  # fmt: skip


def test_without_exports_what_to_load_is_told(tmp_path: Path) -> None:
    with book_of(tmp_path) as opened:
        found = Engine(opened).cover(claim(state="WI"))
        (lacking,) = found.not_evaluated
        assert lacking.missing == "mcd" and "claimwright data add mcd FILE --accept-licence" in lacking.how
        (supply,) = (each for each in found.supply if each.topic == "a policy for this procedure")
        assert "claimwright data add mcd FILE" in supply.says
        assert not Engine(opened).cover(claim() | {"payer": {"id": "aetna"}}).not_evaluated


def test_an_import_answers_on_the_command_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from claimwright.book import parts
    from claimwright.book.parts import policies as policies_part
    from claimwright.interfaces.cli import cli
    from tests.mini import home as mini_home

    mini_home.use(monkeypatch, mini_home.packages(tmp_path / "packages"))
    monkeypatch.setattr(parts, "MODULES", ("mcd", "policies"))
    monkeypatch.setattr(policies_part, "PART", replace(policies_part.PART, packaged=list))  # none that ships
    monkeypatch.setenv("CLAIMWRIGHT_HOME", str(tmp_path / "home"))
    documents = [article(54001, 3, "2024-01-01", "2026-03-31"), article(54001, 4, "2026-04-01")]
    places = [export(tmp_path, "all_article", articles(documents)), export(tmp_path, "current_lcd", lcds())]

    def run(*words: str) -> str:
        return CliRunner().invoke(cli, list(words), catch_exceptions=False).stdout

    run("data", "add", "mcd", *map(str, places), "--accept-licence", "--json")
    asked = ("cover", "--procedure", "ZZ001", "--diagnosis", "R25.2", "--payer", "medicare", "--state", "WI")
    found = json.loads(run(*asked, "--date", "2026-07-15", "--json"))
    assert [(each["policy"], each["source"], each["verdict"]) for each in found["answers"]] == [
        ("A54001", "imported", "insufficient-documentation"), ("L34001", "imported", "not-addressed"),
    ]  # fmt: skip
    assert found["conflict"] is False and found["answers"][0]["from"] == "2026-04-01"
    assert "all article 2026-09-03" in run(*asked, "--date", "2026-07-15")
    assert json.loads(run("policy", "a54001", "--json"))["source"] == "imported"
    listed = json.loads(run("policies", "--procedure", "ZZ001", "--json"))["policies"]
    assert [each["policy"] for each in listed] == ["A54001", "L34001", "L34002"]
