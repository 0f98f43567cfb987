"""The words that policies are written in: facts, service families, payers, states, contractors."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from claimwright.sources.lexicon import Lexicon, load_yaml, read_lexicon

ROOT = Path(__file__).parent.parent
KINDS = {"finding", "symptom", "history", "treatment", "test", "measure", "condition", "service"}
POLICIES = sorted((ROOT / "policies").rglob("*.yaml"))


def lexicon(name: str) -> Lexicon:
    return read_lexicon(ROOT / "lexicons" / f"{name}.yaml")


FACTS = {row["fact"]: row for row in lexicon("facts").rows}
STATES = {row["state"] for row in lexicon("states").rows}


def test_every_fact_stands_once_and_has_a_kind() -> None:
    ids = Counter(row["fact"] for row in lexicon("facts").rows)
    assert [name for name, times in ids.items() if times > 1] == []
    assert {row["kind"] for row in FACTS.values()} <= KINDS
    assert [name for name in FACTS if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name)] == []


def test_a_measure_has_a_unit_and_nothing_else_has() -> None:
    assert [name for name, row in FACTS.items() if (row["kind"] == "measure") != ("unit" in row)] == []


def test_no_wording_states_a_fact_and_its_absence() -> None:
    both = {
        name: found
        for name, row in FACTS.items()
        if (found := _lower(row["terms"]) & _lower(row.get("absent_terms") or ()))
    }
    assert both == {}


def _lower(words: Any) -> set[str]:
    return {word.lower() for word in words}


def test_narrower_facts_exist_and_never_lead_back() -> None:
    def below(name: str, seen: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
        for each in FACTS[name].get("narrower") or ():
            assert each in FACTS, f"{name}: narrower {each} is no fact"
            assert each not in (*seen, name), f"{each} is narrower than itself"
            yield from below(each, (*seen, name))

    for name in FACTS:
        list(below(name))


@pytest.mark.parametrize("file", POLICIES, ids=lambda file: file.stem)
def test_a_policy_names_only_facts_and_families_of_the_lexicons(file: Path) -> None:
    families = {row["family"] for row in lexicon("service-families").rows}
    for key, value in _walk(load_yaml(file)):
        if key == "fact":
            assert value in FACTS, value
        if key == "facts":
            assert [each for each in value if each not in FACTS] == []
        if key == "families":
            assert [each for each in value if each not in families] == []


def _walk(value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for key, each in value.items():
            yield key, each
            yield from _walk(each)
    elif isinstance(value, list):
        for each in value:
            yield from _walk(each)


def test_every_payer_of_a_policy_is_known_by_words() -> None:
    known = {row["payer"] for row in lexicon("payers").rows}
    assert {load_yaml(file)["payer"] for file in POLICIES} - known == {"any"}


def test_every_state_has_one_contractor() -> None:
    served = Counter(state for row in lexicon("contractors").rows for state in row["states"])
    assert set(served) == STATES
    assert [state for state, times in served.items() if times > 1] == []


def test_a_contractors_policy_reaches_the_states_of_its_contractor() -> None:
    served: dict[str, set[str]] = {}
    for row in lexicon("contractors").rows:
        served.setdefault(row["contractor"], set()).update(row["states"])
    for file in POLICIES:
        policy = load_yaml(file)
        if "contractor" in policy:
            assert set(policy["jurisdiction"]["states"]) == served[policy["contractor"]], file.stem


def test_service_codes_are_shaped_like_service_codes() -> None:
    codes = [code for row in lexicon("service-families").rows for code in row["codes"]]
    assert [code for code in codes if not re.fullmatch(r"[A-Z]\d{4}|\d{5}", code)] == []
    assert [code for code, times in Counter(codes).items() if times > 1] == []
