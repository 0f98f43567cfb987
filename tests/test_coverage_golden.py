"""Worked example: coverage is per policy. Two policies, one note, four questions."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from claimwright.engine import Engine
from claimwright.model import plain
from tests.coverage_world import toy_reading

GOLDEN = Path(__file__).parents[2] / "shared" / "spec" / "golden.json"

pytestmark = pytest.mark.book


def _parts() -> dict[str, Any]:
    if not GOLDEN.is_file():
        return {}
    case = next(each for each in json.loads(GOLDEN.read_text(encoding="utf-8"))["cases"] if each["id"] == "V20")
    return {part["part"]: part for part in case["parts"]}


PARTS = _parts()


def _holds(got: Any, want: Any) -> bool:
    if isinstance(want, dict):
        return isinstance(got, dict) and all(
            got.get(key.removesuffix("_in")) in value if key.endswith("_in") else _holds(got.get(key), value)
            for key, value in want.items()
        )
    return got == want


def _at(value: Any, path: str) -> Any:
    for step in path.replace("[", ".[").split("."):
        if step == "[]":
            continue
        if step.startswith("["):
            value = value[int(step[1:-1])]
        elif isinstance(value, list):
            value = [each[step] for each in value]
        else:
            value = value[step]
    return value


@pytest.mark.skipif(not PARTS, reason="the worked examples are not beside the repository")
@pytest.mark.parametrize("name", ["b", "c", "d", "e"])
def test_each_policy_answers_by_itself(engine: Engine, name: str) -> None:
    given = PARTS[name]["input"]
    policies = engine.policies_of(given["policies"])
    found = plain(engine.cover(given["claim"], policies, facts_from_note=toy_reading))
    for want in PARTS[name]["expected"]:
        if want["verdict"] == "absent":
            assert "verdict" not in found
            continue
        got = _at(found, want["key"])
        if want.get("match") == "set":
            assert set(got) == set(want["value"])
        else:
            assert _holds(got, want["value"]), (want["key"], got)


@pytest.mark.skipif(not PARTS, reason="the worked examples are not beside the repository")
@pytest.mark.parametrize("name", ["f", "g"])
def test_medicare_articles_answer_for_their_contractors(engine: Engine, name: str) -> None:
    if "A57668" not in engine.book.policies.ids:
        pytest.skip("the articles are not loaded")
    part = PARTS[name]
    found = plain(engine.cover(part["input"]["claim"]))
    (want,) = part["expected"]
    if name == "f":
        assert len(found["answers"]) == 1
        assert _holds(found["answers"][0], want["value"])
    else:
        listed = {each["policy"]: each["diagnosis_listed"] for each in found["answers"] if each["kind"] == "article"}
        assert listed == want["value"]
        assert "state or MAC jurisdiction" in found["unknown"]


@pytest.mark.skipif(not PARTS, reason="the worked examples are not beside the repository")
def test_without_policy_nothing_is_answered_and_what_to_supply_is_said(engine: Engine) -> None:
    found = engine.cover(PARTS["a"]["input"]["claim"], [])
    assert found.answers == ()
    assert list(found.unknown) == PARTS["a"]["expected"][1]["value"]
