"""Policies are read strictly; a refusal names file, line and place."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from claimwright.errors import ClaimwrightError, InputError, RuleError
from claimwright.model.policy import Rule
from claimwright.sources.policy import Vocabulary, policies_of_object, read_policies, read_policy
from claimwright.sources.policy_yaml import document
from tests.coverage_world import LONG, STRICT, criteria, long, short

CITE = "cite: {source: text, section: one}"


def _read(text: str, tmp_path: Path, users: bool = False) -> object:
    file = tmp_path / "some.yaml"
    file.write_text(text, encoding="utf-8")
    return read_policy(file, STRICT, users)


def _long(rest: str, holds: str = "criteria", **more: str) -> str:
    body = "\n".join(f"    {line}" for line in rest.splitlines())
    return LONG.format(rest=body, holds=holds, **{"kind": "commercial", "payer": "test-payer", **more})


GOOD = f"criteria: {{{CITE}, fact: motor-loss}}"
WRONG = {
    "an unknown key": ("colour: red", "some.yaml:17: versions[0].colour: is an unknown key"),
    "a criterion without citation": ("criteria: {fact: motor-loss}", "is a criterion without citation"),
    "a fact nobody knows": (f"criteria: {{{CITE}, fact: telepathy}}", "'telepathy', which lexicons/facts.yaml"),
    "a source that is not defined": (
        "criteria: {cite: {source: nowhere, section: x}, fact: motor-loss}",
        "criteria.cite.source: is 'nowhere'",
    ),
    "two rules in one node": (
        f"criteria: {{{CITE}, any: [{{fact: motor-loss}}], all: [{{fact: motor-loss}}]}}",
        "has all and any",
    ),
    "a rule over nothing": (f"criteria: {{{CITE}, any: []}}", "criteria.any: is empty"),
    "a count beyond its children": (
        f"criteria: {{{CITE}, at_least: {{count: 2, of: [{{fact: motor-loss}}]}}}}",
        "counts 2; expected 1 to 1",
    ),
    "an id twice": (
        f"criteria: {{{CITE}, any: [{{id: x, fact: motor-loss}}, {{id: x, fact: sensory-loss}}]}}",
        "'x' stands twice",
    ),
    "a length without unit": (
        f"criteria: {{{CITE}, duration: {{fact: motor-loss, at_least: '6'}}}}",
        "a number to 2000 with one of day",
    ),
    "a repeated key": (f"{GOOD}\n{GOOD}", "some.yaml:18: the key 'criteria' stands twice"),
    "a group that is not there": (f"criteria: {{{CITE}, diagnosis: {{group: '7'}}}}", "a group of `diagnoses`"),
    "no limit": (f"criteria: {{{CITE}, age: {{}}}}", "at_least, at_most, or both"),
}


@pytest.mark.parametrize(("rest", "said"), WRONG.values(), ids=WRONG)
def test_a_wrong_policy_is_refused_by_line(rest: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(RuleError) as refused:
        _read(_long(rest), tmp_path)
    assert said in str(refused.value)
    assert str(refused.value).startswith("some.yaml:")


@pytest.mark.parametrize(
    ("codes", "said"),
    [("[R25-2-3]", "R25-2-3"), ("['25.2']", "25.2"), ("[R25.2XXXXX]", "R25.2XXXXX"), ("[R25.2, 7]", "'7'")],
)
def test_a_malformed_code_is_refused(codes: str, said: str, tmp_path: Path) -> None:
    rest = f'diagnoses:\n  - {{group: "1", listed: covered, codes: {codes}, {CITE}}}'
    with pytest.raises(RuleError, match="an ICD-10-CM code, a wildcard") as refused:
        _read(_long(rest, holds="codes"), tmp_path)
    assert said in str(refused.value)


def test_what_a_version_holds_must_be_true(tmp_path: Path) -> None:
    with pytest.raises(RuleError, match="is 'codes', but the version has criteria"):
        _read(_long(GOOD, holds="codes"), tmp_path)


def test_a_partial_version_says_what_is_left_out(tmp_path: Path) -> None:
    with pytest.raises(RuleError, match="is partial, but `left_out` says nothing"):
        _read(_long(GOOD).replace("completeness: full", "completeness: partial"), tmp_path)


def test_windows_of_one_policy_do_not_overlap(tmp_path: Path) -> None:
    text = _long(GOOD)
    head, version = text.split("versions:\n")
    second = version.replace('"1"', '"2"').replace("from: 2025-10-01", "from: 2026-01-01")
    with pytest.raises(RuleError, match="versions '1' and '2' overlap"):
        _read(f"{head}versions:\n{version}{second}", tmp_path)
    apart = version.replace("to: null", "to: 2025-12-31")
    found = read_policy(_file(tmp_path, f"{head}versions:\n{second}{apart}"), STRICT)
    assert [each.version for each in found.versions] == ["1", "2"]


def _file(folder: Path, text: str, name: str = "some.yaml") -> Path:
    file = folder / name
    file.write_text(text, encoding="utf-8")
    return file


def test_editorial_guidance_is_of_no_payer(tmp_path: Path) -> None:
    with pytest.raises(RuleError, match="`any` for editorial guidance"):
        _read(_long(GOOD, payer="any"), tmp_path)
    with pytest.raises(RuleError, match="`any` for editorial guidance"):
        _read(_long(GOOD, kind="editorial"), tmp_path)


def test_a_user_is_told_of_an_input_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"some.yaml:17: versions\[0\].colour"):
        _read(_long("colour: red"), tmp_path, users=True)


def test_an_alias_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RuleError, match="an alias repeats a part"):
        _read("a: &x [1]\nb: *x\n", tmp_path)


def test_children_inherit_the_citation_and_ids_are_made_of_facts() -> None:
    found = criteria("any:\n  - {fact: motor-loss}\n  - {fact: motor-loss, status: absent}\n  - {age: {at_least: 45}}")
    tree = found.versions[0].criteria
    assert tree is not None
    assert [each.id for each in tree.children] == ["motor-loss", "motor-loss-2", "root.3"]
    assert {each.cite for each in tree.children} == {tree.cite}
    assert [each.rule for each in tree.children] == [Rule.FACT, Rule.FACT, Rule.AGE]


def test_the_short_form_is_read_from_json_and_yaml(tmp_path: Path) -> None:
    text = """{"id": "P2", "version": "2024-10", "payer": "example payer B", "from": "2024-10-01", "to": null,
      "procedures": ["95907"], "diagnosis_list": ["R25.2", "G56.0-"],
      "criteria": {"any_of": ["own-fact", {"all_of": ["motor-loss", {"none_of": ["sensory-loss"]}]},
                              {"at_least": {"count": 1, "of": ["x"]}}]}}"""
    words = Vocabulary({}, frozenset(), strict=False)
    yaml = """
id: P2
version: 2024-10
payer: example payer B
from: 2024-10-01
to:
procedures: [95907]
diagnosis_list: [R25.2, G56.0-]
criteria: {any_of: [own-fact, {all_of: [motor-loss, {none_of: [sensory-loss]}]}, {at_least: {count: 1, of: [x]}}]}
"""
    (one,) = read_policies(_file(tmp_path, text, "p.json"), words)
    (other,) = read_policies(_file(tmp_path, yaml, "p.yaml"), words)
    assert one.versions == other.versions
    assert one.versions[0].review == "draft"
    assert one.versions[0].holds == "both"


@pytest.mark.parametrize(
    "wrong",
    [
        {"criteria": {"any_of": []}},
        {"criteria": {"some_of": ["a"]}},
        {"criteria": {"any_of": ["a"], "all_of": ["b"]}},
        {"criteria": {"at_least": {"count": 3, "of": ["a"]}}},
        {"criteria": {"any_of": [7]}},
        {"procedures": []},
        {"procedures": "95907"},
        {"diagnosis_list": "R25.2"},
        {"from": "soon"},
        {"to": "2020-01-01"},
        {"id": None},
        {"colour": "red"},
    ],
    ids=str,
)
def test_a_wrong_short_form_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(InputError):
        short(**wrong)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda below: st.lists(below, max_size=3) | st.dictionaries(st.text(max_size=8), below, max_size=3),
    max_leaves=8,
)
KEYS = st.sampled_from(("criteria", "diagnosis_list", "procedures", "from", "to", "id", "payer", "version", "states"))


@given(KEYS, JSON)
def test_any_value_is_read_or_refused(key: str, value: object) -> None:
    try:
        short(**{key: value})
    except ClaimwrightError as refused:
        assert isinstance(refused, InputError)


@given(JSON)
def test_any_document_is_read_or_refused(value: object) -> None:
    with pytest.raises(InputError):
        policies_of_object([value], STRICT, "test")


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        document(text, "x.yaml")
    except ClaimwrightError as refused:
        assert isinstance(refused, RuleError)


def test_the_long_form_keeps_everything() -> None:
    found = long(
        f"""diagnoses:
  - {{group: "1", listed: covered, codes: ["R25.-", "C43-C44"], known_within: ["R25.-"], {CITE}}}
criteria: {{{CITE}, all: [{{tried: {{fact: stretching, at_least: 6 weeks}}}}, {{diagnosis: {{group: "1"}}}}]}}
documentation: [{{says: the finding, {CITE}, facts: [motor-loss]}}]
denial_risks: [{{says: not listed, {CITE}, when: not-listed}}]""",
        holds="both",
    ).versions[0]
    assert found.diagnoses is not None
    assert found.diagnoses[0].codes == ("R25-", "C43-C44")
    assert found.documentation[0].facts == ("motor-loss",)
    assert found.denial_risks[0].when == "not-listed"
