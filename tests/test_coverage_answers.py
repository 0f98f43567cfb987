"""What one claim is told: facts and their conflicts, atoms, lists, selection, versions by day."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from claimwright.coverage.codes import CodeSet
from claimwright.coverage.determine import cites_of
from claimwright.coverage.shelf import list_policy
from claimwright.model import plain
from tests.coverage_world import DAY, answer, claim, covered, criteria, facts, long, order, short, states, toy_reading

ANY = {"any_of": ["neuropathic-pain", "sensory-loss", "motor-loss"]}


# ---- facts ------------------------------------------------------------------------------------------


def test_silence_is_not_documented_and_a_denial_is_not_met() -> None:
    found = answer(claim(facts=facts(motor_loss="absent")), short(criteria=ANY))
    assert states(found) == {
        "root": "not-documented",
        "neuropathic-pain": "not-documented",
        "sensory-loss": "not-documented",
        "motor-loss": "not-met",
    }
    assert found.verdict == "insufficient-documentation"
    assert set(found.missing) == {"neuropathic-pain", "sensory-loss"}
    assert set(found.decides) == {"neuropathic-pain", "sensory-loss"}


@pytest.mark.parametrize("status", ["uncertain", "hypothetical", "family", "historical"])
def test_other_statuses_document_no_finding(status: str) -> None:
    found = answer(claim(facts=facts(motor_loss=status)), criteria("fact: motor-loss"))
    assert states(found)["motor-loss"] == "not-documented"
    assert found.criteria is not None
    assert status in (found.criteria.reason or "")


def test_history_and_family_count_where_the_fact_is_one() -> None:
    tree = "any:\n  - {fact: family-history-neuromuscular}\n  - {tried: {fact: stretching, failed: false}}"
    found = answer(claim(facts=facts(family_history_neuromuscular="family", stretching="historical")), criteria(tree))
    assert set(states(found).values()) == {"met"}


def test_a_narrower_fact_stands_for_the_broader_and_its_absence_for_the_narrower() -> None:
    met = answer(claim(facts=facts(foot_drop="present")), criteria("fact: motor-loss"))
    denied = answer(claim(facts=facts(motor_loss="absent")), criteria("fact: foot-drop"))
    silent = answer(claim(facts=facts(foot_drop="absent")), criteria("fact: motor-loss"))
    assert [each.verdict for each in (met, denied, silent)] == [
        "supported",
        "not-supported",
        "insufficient-documentation",
    ]


def test_opposed_statements_leave_a_fact_open_and_show_both() -> None:
    asked = claim(note="Weakness of both legs. No weakness.")
    found = answer(asked, criteria("fact: motor-loss"), read=toy_reading(asked))
    assert found.criteria is not None
    assert (found.criteria.state, found.criteria.reason) == ("not-documented", "conflicting")
    assert {each.span.text for each in found.criteria.facts if each.span} == {"Weakness of both legs", "No weakness"}


def test_claim_and_note_may_conflict_too() -> None:
    asked = claim(note="No weakness.", facts=facts(motor_loss="present"))
    found = answer(asked, criteria("fact: motor-loss"), read=toy_reading(asked))
    assert found.criteria is not None
    assert found.criteria.reason == "conflicting"
    assert {each.source for each in found.criteria.facts} == {"claim", "note"}


def test_an_absent_fact_can_be_asked_for() -> None:
    tree = "fact: motor-loss\nstatus: absent"
    open_ = answer(claim(), criteria(tree))
    assert answer(claim(facts=facts(motor_loss="absent")), criteria(tree)).verdict == "supported"
    assert answer(claim(facts=facts(motor_loss="present")), criteria(tree)).verdict == "not-supported"
    assert [each.needed for one in open_.missing_sets for each in one] == ["absent"]


# ---- atoms ------------------------------------------------------------------------------------------

ATOMS = [
    ("duration: {fact: motor-loss, at_least: 6 weeks}", {}, "not-documented"),
    ("duration: {fact: motor-loss, at_least: 6 weeks}", {"motor-loss": ("present", None)}, "not-documented"),
    ("duration: {fact: motor-loss, at_least: 6 weeks}", {"motor-loss": ("present", "2 months")}, "met"),
    ("duration: {fact: motor-loss, at_least: 6 weeks}", {"motor-loss": ("present", "6 weeks")}, "met"),
    ("duration: {fact: motor-loss, at_least: 6 weeks}", {"motor-loss": ("present", "41 days")}, "not-met"),
    ("duration: {fact: motor-loss, at_least: 6 weeks}", {"motor-loss": ("absent", None)}, "not-met"),
    ("duration: {fact: motor-loss, at_least: 1 year}", {"motor-loss": ("present", "12 months")}, "met"),
    ("tried: {fact: stretching}", {"stretching": ("present", None)}, "not-documented"),
    ("tried: {fact: stretching}", {"stretching": ("present", "failed")}, "met"),
    ("tried: {fact: stretching}", {"stretching": ("present", "relieved")}, "not-met"),
    ("tried: {fact: stretching, at_least: 6 weeks}", {"stretching": ("historical", "8 weeks, failed")}, "met"),
    ("tried: {fact: stretching, at_least: 6 weeks}", {"stretching": ("present", "2 weeks, failed")}, "not-met"),
    ("tried: {fact: stretching}", {"stretching": ("absent", None)}, "not-met"),
    ("measure: {fact: oxygen-saturation, at_most: 88, unit: '%'}", {}, "not-documented"),
    ("measure: {fact: oxygen-saturation, at_most: 88, unit: '%'}", {"oxygen-saturation": ("present", 88)}, "met"),
    ("measure: {fact: oxygen-saturation, at_most: 88, unit: '%'}", {"oxygen-saturation": ("present", 89)}, "not-met"),
    ("measure: {fact: oxygen-saturation, at_most: 88, unit: '%'}", {"oxygen-saturation": ("present", "87 %")}, "met"),
    (
        "measure: {fact: oxygen-saturation, at_most: 88, unit: '%'}",
        {"oxygen-saturation": ("present", "55 mmHg")},
        "not-documented",
    ),
    (
        "measure: {fact: oxygen-saturation, at_least: 20, unit: mm Hg}",
        {"oxygen-saturation": ("present", "20 mmHg")},
        "met",
    ),
    (
        "measure: {fact: oxygen-saturation, at_most: 88}",
        {"oxygen-saturation": ("present", "2 weeks")},
        "not-documented",
    ),
    ("age: {at_least: 45, at_most: 68}", {}, "met"),
    ("age: {at_least: 69}", {}, "not-met"),
    ("sex: F", {}, "met"),
    ("sex: M", {}, "not-met"),
    ("setting: [professional]", {}, "met"),
    ("setting: [inpatient]", {}, "not-met"),
    ("modifier: ['25']", {}, "not-met"),
    ("diagnosis: {codes: ['R25.-']}", {}, "met"),
    ("diagnosis: {codes: [R25.3]}", {}, "not-met"),
    ("frequency: {at_most: 1, per: 12 months, service: nerve-conduction}", {}, "not-documented"),
    (
        "frequency: {at_most: 1, per: 12 months, service: nerve-conduction}",
        {"last-service:nerve-conduction": ("absent", None)},
        "met",
    ),
    (
        "frequency: {at_most: 1, per: 12 months, service: nerve-conduction}",
        {"last-service:nerve-conduction": ("present", "2024-11-15")},
        "met",
    ),
    (
        "frequency: {at_most: 1, per: 12 months, service: nerve-conduction}",
        {"last-service:nerve-conduction": ("present", "2024-11-16")},
        "not-met",
    ),
    (
        "frequency: {at_most: 1, per: 12 months, service: nerve-conduction}",
        {"last-service:nerve-conduction": ("present", 11)},
        "not-met",
    ),
    (
        "frequency: {at_most: 2, per: 12 months, service: nerve-conduction}",
        {"last-service:nerve-conduction": ("present", 11)},
        "not-documented",
    ),
]


@pytest.mark.parametrize(("tree", "stated", "state"), ATOMS, ids=str)
def test_an_atom(tree: str, stated: dict[str, tuple[str, Any]], state: str) -> None:
    told = [{"id": name, "status": status, "value": value} for name, (status, value) in stated.items()]
    found = answer(claim(facts=told), criteria(tree))
    assert found.criteria is not None
    assert found.criteria.state == state


def test_unknown_age_and_sex_are_not_documented() -> None:
    tree = criteria("all:\n  - {age: {at_least: 45}}\n  - {sex: F}")
    found = answer(claim(patient={}), tree)
    assert set(states(found).values()) == {"not-documented"}
    assert found.missing == ("root.1", "root.2")


def test_two_measures_on_both_sides_of_a_limit_conflict() -> None:
    told = [{"id": "oxygen-saturation", "status": "present", "value": each} for each in (86, 92)]
    found = answer(claim(facts=told), criteria("measure: {fact: oxygen-saturation, at_most: 88, unit: '%'}"))
    assert found.criteria is not None
    assert (found.criteria.state, found.criteria.reason) == ("not-documented", "conflicting")


# ---- lists ------------------------------------------------------------------------------------------


def test_ranges_follow_the_tabular_list() -> None:
    inside = CodeSet(["C43-C4A"], order)
    assert [code in inside for code in ("C430", "C44", "C4A0", "C450", "R252")] == [True, True, True, False, False]


GROUP = """diagnoses:
  - {{group: "1", listed: {listed}, codes: [R25.2], cite: {{source: text, section: list}}{more}}}"""


@pytest.mark.parametrize(
    ("code", "listed", "more", "expected", "verdict"),
    [
        ("R25.2", "covered", "", "listed", "supported"),
        ("R25.3", "covered", "", "not-listed", "not-supported"),
        ("R25.3", "covered", ", known_within: ['R25.-']", "not-listed", "not-supported"),
        ("C43.0", "covered", ", known_within: ['R25.-']", "list-not-loaded", "insufficient-documentation"),
        ("R25.2", "covered", ", conditional: with a report", "conditional", "insufficient-documentation"),
        ("R25.2", "noncovered", "", "not-listed", "not-supported"),
        ("R25.3", "noncovered", "", "list-not-loaded", "insufficient-documentation"),
        ("R25.2", "covered", ", services: {codes: ['95907']}", "list-not-loaded", "insufficient-documentation"),
    ],
)
def test_where_a_diagnosis_stands(code: str, listed: str, more: str, expected: str, verdict: str) -> None:
    found = answer(claim(diagnoses=[code]), long(GROUP.format(listed=listed, more=more), holds="codes"))
    assert (found.diagnosis_listed, found.verdict) == (expected, verdict)


def test_pointers_choose_the_diagnoses_of_a_line() -> None:
    policy = short(diagnosis_list=["R25.2"])
    lines = [{"code": "95909", "pointers": [2]}]
    assert answer(claim(diagnoses=["R25.2", "R25.3"]), policy).diagnosis_listed == "listed"
    assert answer(claim(diagnoses=["R25.2", "R25.3"], lines=lines), policy).diagnosis_listed == "not-listed"


def test_a_list_that_lacks_the_code_decides_whatever_the_criteria() -> None:
    found = answer(claim(diagnoses=["R25.3"]), short(diagnosis_list=["R25.2"], criteria=ANY))
    assert (found.verdict, found.missing) == ("not-supported", ())


def test_a_policy_without_list_and_criteria_addresses_nothing() -> None:
    found = answer(claim(), short())
    assert (found.verdict, found.coverage_information["covered"]) == ("not-addressed", "indeterminate")


def test_listing_is_not_coverage_where_more_is_left_out() -> None:
    policy = list_policy("A1", "An article", ["95909"], {"1": ["R252"]}, "3", DAY, left_out=["the text"])
    found = answer(claim(), policy)
    assert (found.diagnosis_listed, found.verdict) == ("listed", "insufficient-documentation")
    whole = list_policy("A1", "An article", ["95909"], {"1": ["R25-"]}, "3", DAY, noncovered={"2": ["R253"]})
    assert answer(claim(), whole).verdict == "supported"


# ---- selection --------------------------------------------------------------------------------------


def _article(name: str, contractor: str, states: list[str] | None) -> Any:
    return list_policy(name, name, ["95909"], {"1": ["R252"]}, "1", DAY, contractor=contractor, states=states)


ARTICLES = (_article("A1", "WPS", ["MI", "IN"]), _article("A2", "NGS", ["WI", "NY"]), _article("A3", "CGS", None))


@pytest.mark.parametrize(
    ("payer", "ids", "unknown"),
    [
        ({"id": "medicare"}, ["A1", "A2", "A3"], ["state or MAC jurisdiction"]),
        ({"id": "Medicare", "mac": "wps"}, ["A1"], []),
        ({"id": "medicare", "state": "wi"}, ["A2"], []),
        ({"id": "medicare", "state": "WI", "mac": "WPS"}, ["A1"], []),
        ({"id": "medicare", "mac": "CGS Administrators"}, ["A3"], []),
        ({"id": "aetna"}, [], ["payer", "state or MAC jurisdiction", "date of service", "a policy for this procedure"]),
        ({}, [], ["payer", "state or MAC jurisdiction", "date of service", "a policy for this procedure"]),
    ],
)
def test_payer_and_jurisdiction_choose(payer: dict[str, str], ids: list[str], unknown: list[str]) -> None:
    found = covered(claim(payer=payer), *ARTICLES, given=False)
    assert ([each.policy for each in found.answers], list(found.unknown)) == (ids, unknown)


def test_a_policy_whose_states_are_not_loaded_says_so() -> None:
    found = covered(claim(payer={"id": "medicare", "state": "WI"}), *ARTICLES, given=False)
    assert [(each.policy, each.why) for each in found.not_selected] == [
        ("A3", "its states are not loaded: give the MAC")
    ]


def test_another_procedure_is_not_answered() -> None:
    assert covered(claim(lines=[{"code": "99213"}]), short()).answers == ()


def test_a_policy_for_another_setting_says_so() -> None:
    policy = long(GROUP.format(listed="covered", more="") + "\nplaces: [inpatient]", holds="codes")
    found = covered(claim(), policy)
    assert [each.why for each in found.not_selected] == ["it is for setting inpatient, not professional"]


def test_a_claim_without_service_is_told_to_name_one() -> None:
    assert covered(claim(lines=[]), short()).unknown[0] == "procedure"


def test_a_misspelt_fact_is_told() -> None:
    told = facts(motor_loss="present", weaknes="present", own_fact="absent")
    found = covered(claim(facts=told), short(criteria={"any_of": ["own-fact"]}))
    assert found.unknown_facts == ("weaknes",)


@given(st.text(max_size=30) | st.floats(allow_nan=False))
def test_any_value_of_a_fact_is_read(value: str | float) -> None:
    found = answer(
        claim(facts=[{"id": "motor-loss", "status": "present", "value": value}]),
        criteria("duration: {fact: motor-loss, at_least: 6 weeks}"),
    )
    assert found.criteria is not None
    assert found.criteria.state in ("met", "not-met", "not-documented")


def test_policies_that_differ_are_a_conflict_and_guidance_takes_no_part() -> None:
    yes, no = short(diagnosis_list=["R25.2"]), short(id="P2", diagnosis_list=["R25.3"])
    guidance = long("criteria: {cite: {source: text, section: x}, sex: M}", kind="editorial", payer="any")
    assert covered(claim(), yes, no).conflict
    found = covered(claim(), yes, guidance)
    assert not found.conflict
    assert [each.policy for each in found.editorial] == ["T1"]
    assert "verdict" not in plain(found)


@pytest.mark.parametrize(
    ("day", "version", "in_force", "verdict"),
    [
        ("2024-12-31", None, False, "not-addressed"),
        ("2025-01-01", "1", True, "not-supported"),
        ("2025-12-31", "1", True, "not-supported"),
        ("2026-01-01", "2", True, "supported"),
        ("2026-06-30", "2", True, "supported"),
        ("2026-07-01", None, False, "not-addressed"),
    ],
)
def test_the_version_of_the_day_answers(day: str, version: str | None, in_force: bool, verdict: str) -> None:
    from dataclasses import replace

    old = short(version="1", diagnosis_list=["R25.3"], **{"from": "2025-01-01", "to": "2025-12-31"})
    new = short(version="2", diagnosis_list=["R25.2"], **{"from": "2026-01-01", "to": "2026-06-30"})
    both = replace(old, versions=(*old.versions, *new.versions))
    found = answer(claim(service_from=day), both)
    assert (found.version, found.in_force, found.verdict) == (version, in_force, verdict)
    assert [each.version for each in found.versions] == ["1", "2"]


def test_lines_of_two_days_are_asked_of_two_versions() -> None:
    from dataclasses import replace

    old = short(version="1", diagnosis_list=["R25.3"], **{"from": "2025-01-01", "to": "2025-12-31"})
    new = short(version="2", diagnosis_list=["R25.2"], **{"from": "2026-01-01"})
    lines = [{"code": "95909", "date": "2025-12-31"}, {"code": "95907", "date": "2026-01-01"}]
    found = covered(claim(lines=lines), replace(old, versions=(*old.versions, *new.versions)))
    assert [(each.version, each.services) for each in found.answers] == [("1", ("95909",)), ("2", ("95907",))]


def test_a_text_of_unread_effective_date_never_supports_an_earlier_day() -> None:
    policy = short(diagnosis_list=["R25.2"], **{"from": None, "known_on": "2026-01-01"})
    before, after = (answer(claim(service_from=day), policy) for day in ("2025-12-31", "2026-01-01"))
    assert (before.in_force, before.verdict) == (None, "insufficient-documentation")
    assert "was not read" in before.why
    assert (after.in_force, after.verdict) == (True, "supported")


# ---- the answer -------------------------------------------------------------------------------------


def test_the_tree_answers_by_id_with_the_words_of_the_note() -> None:
    asked = claim(note="No weakness. Sensation intact.")
    found = plain(answer(asked, short(criteria=ANY), read=toy_reading(asked)))["criteria"]
    assert found["motor-loss"] == {"id": "motor-loss", "state": "not-met", "span_text": "No weakness"}
    assert [each["id"] for each in found["children"]] == ["neuropathic-pain", "sensory-loss", "motor-loss"]
    assert found["children"][2]["facts"][0]["span"] == {"start": 0, "end": 11, "text": "No weakness"}


def test_every_citation_resolves() -> None:
    found = answer(claim(diagnoses=["R25.3"]), long(GROUP.format(listed="covered", more=""), holds="codes"))
    sources = {each.id for each in found.citations}
    assert {each.source for each in cites_of(found)} == sources == {"text"}


def test_the_fact_that_settles_most_comes_first() -> None:
    one = short(criteria={"all_of": ["motor-loss", "sensory-loss"]})
    two = short(id="P2", criteria={"any_of": ["neuropathic-pain", "sensory-loss"]})
    found = covered(claim(), one, two).next_facts
    assert (found[0].id, found[0].settles, found[0].policies) == ("sensory-loss", 2, ("P1", "P2"))
    assert (found[0].decides, found[0].decides_against) == (("P2",), ("P1",))


def test_coverage_information_never_calls_an_unknown_covered() -> None:
    partial = list_policy("A1", "An article", ["95909"], {"1": ["R252"]}, "3", DAY, left_out=["the text"])
    told = [
        answer(claim(), each).coverage_information["covered"]
        for each in (short(diagnosis_list=["R25.2"]), short(diagnosis_list=["R25.3"]), short(criteria=ANY), partial)
    ]
    assert told == ["covered", "not-covered", "conditional", "conditional"]


@pytest.mark.parametrize("code", ["R25.2", "R25.3"])
@pytest.mark.parametrize("tree", [None, ANY, {"all_of": ["motor-loss"]}, {"none_of": ["motor-loss"]}], ids=str)
@pytest.mark.parametrize("listed", [None, ["R25.2"]])
@pytest.mark.parametrize("status", ["present", "absent", "uncertain"])
def test_the_invariants_of_the_guide_hold(code: str, tree: Any, listed: Any, status: str) -> None:
    asked = claim(diagnoses=[code], facts=facts(motor_loss=status))
    told = answer(asked, short(criteria=tree, diagnosis_list=listed)).coverage_information
    conditional = "conditional" in (told["covered"], told.get("pa-needed"), told.get("doc-needed"))
    assert not (told["covered"] == "not-covered" and "pa-needed" in told)
    assert ("info-needed" in told) == conditional
    assert told["reason"]
    assert told["date"] and told["coverage-assertion-id"]


def test_documents_and_denials_follow_the_facts() -> None:
    policy = long(
        """criteria: {cite: {source: text, section: a}, id: strength, fact: motor-loss}
documentation: [{says: strength, cite: {source: text, section: b}, facts: [motor-loss]}]
denial_risks:
  - {says: without strength, cite: {source: text, section: c}, when: "not-documented:strength"}
  - {says: with strength, cite: {source: text, section: d}, when: "not-met:strength"}"""
    )
    silent, denied = answer(claim(), policy), answer(claim(facts=facts(motor_loss="absent")), policy)
    assert [(each.state, each.missing) for each in silent.documentation] == [("missing", ("motor-loss",))]
    assert [each.says for each in silent.denial_risks] == ["without strength"]
    assert [each.state for each in denied.documentation] == ["met"]
    assert [each.says for each in denied.denial_risks] == ["with strength"]


def test_a_note_that_nobody_reads_is_not_evaluated() -> None:
    found = covered(claim(note="No weakness."), short(criteria=ANY))
    assert [each.rule for each in found.not_evaluated] == ["facts of the note"]
