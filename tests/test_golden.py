"""The worked examples of golden.yaml, each as written, without dots, and inside a batch."""

from __future__ import annotations

from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from claimwright.book.store import Book
from claimwright.engine import Engine
from claimwright.model import Finding, Report, undotted
from claimwright.model.plain import plain
from claimwright.sources.lexicon import load_yaml
from tests import kitchen_sink

pytestmark = pytest.mark.book

GOLDEN = load_yaml(Path(__file__).parent / "golden.yaml")
CHECKS, SHOWS = GOLDEN["check"], GOLDEN["show"]


def _claim(entry: dict[str, Any]) -> dict[str, Any]:
    day = entry["day"].isoformat()
    patient = {"age": entry["age"], "sex": entry["sex"]}
    listed = {"setting": entry["setting"], "diagnoses": entry["diagnoses"], "patient": patient}
    return {**listed, "service_from": day, "service_to": day}


def _verify(report: Report, case: dict[str, Any]) -> None:
    for wanted in case.get("findings", []):
        assert any(_is(finding, wanted) for finding in report.findings), (wanted, report.findings)
    for wanted in case.get("absent", []):
        authority = wanted.get("authority")
        found = [
            each for each in report.findings if each.rule == wanted["rule"] and authority in (None, each.authority)
        ]
        assert not found


def _is(finding: Finding, wanted: dict[str, Any]) -> bool:
    fix = wanted.get("fix", {})
    offered = {code for codes in finding.fix.replace.values() for code in codes}
    return (
        finding.rule == wanted["rule"]
        and sorted(place.code for place in finding.at) == sorted(wanted["at"])
        and finding.severity in wanted["severity"]
        and finding.authority == wanted["authority"]
        and wanted.get("message", "") in finding.message
        and set(wanted.get("children", [])) <= offered
        and set(wanted.get("adds", [])) <= set(finding.fix.add)
        and all(plain(getattr(finding.fix, key)) == value for key, value in fix.items() if key != "asks")
        and fix.get("asks", finding.fix.ask is not None) == (finding.fix.ask is not None)
        and set(wanted.get("cites", [])) <= {proof.holder for proof in finding.because}
        and all(any(_fits(plain(each), proof) for each in finding.because) for proof in wanted.get("because", []))
    )


def _fits(have: dict[str, Any], wanted: dict[str, Any]) -> bool:
    return all(value in have[key] if key == "text" else have.get(key) == value for key, value in wanted.items())


@pytest.mark.parametrize("case", CHECKS, ids=lambda case: case["name"])
def test_a_worked_claim_is_answered_as_known(engine: Engine, case: dict[str, Any]) -> None:
    _verify(engine.check(_claim(case["claim"])), case)


@pytest.mark.parametrize("case", CHECKS, ids=lambda case: case["name"])
def test_undotted_and_in_lower_case_it_is_answered_alike(engine: Engine, case: dict[str, Any]) -> None:
    bare = [undotted(code).lower() for code in case["claim"]["diagnoses"]]
    _verify(engine.check(_claim({**case["claim"], "diagnoses": bare})), case)


def test_inside_a_batch_every_worked_claim_is_answered_alike(engine: Engine) -> None:
    worked = [_claim(case["claim"]) for case in CHECKS]
    reports = engine.check_all([*kitchen_sink.claims(), *worked])[-len(worked) :]
    assert reports == [engine.check(claim) for claim in worked]


@pytest.mark.parametrize("case", SHOWS, ids=lambda case: case["name"])
def test_a_record_holds_what_the_official_files_say(book: Book, case: dict[str, Any]) -> None:
    day: date = case["day"]
    record = plain(book.show(case["code"], day))
    assert {key: record[key] for key in case["equal"]} == case["equal"]
    for key, codes in case.get("codes", {}).items():
        assert {each["code"] for each in record[key]} >= set(codes)
    for key, texts in case.get("contains", {}).items():
        assert set(texts) <= set(record[key])
    for key in ("notes", "reverse_notes"):
        for wanted in case.get(key, []):
            assert any(all(each.get(name) == value for name, value in wanted.items()) for each in record[key]), wanted
    for kind, holders in case.get("count", {}).items():
        counted = Counter(each["holder"] for each in record["notes"] if each["kind"] == kind)
        assert {holder: counted[holder] for holder in holders} == holders


def test_siblings_are_all_the_others_and_no_more(book: Book) -> None:
    wanted = next(case for case in SHOWS if case["code"] == "R25.2")["codes"]["siblings"]
    assert [each.code for each in book.show("R25.2", date(2025, 11, 15)).siblings] == wanted
