"""Every shipped policy against its cases: met, not met, not documented, and the days on which it changes."""

from __future__ import annotations

import pytest

from claimwright.engine import Engine
from tests.policy_cases import Case, cases, run

CASES = cases()


@pytest.mark.book
@pytest.mark.parametrize("case", CASES, ids=lambda each: f"{each.policy}: {each.name}")
def test_the_policy_answers_as_its_case_says(engine: Engine, case: Case) -> None:
    assert run(case, engine) == []


@pytest.mark.book
def test_every_shipped_policy_has_cases(engine: Engine) -> None:
    assert set(engine.book.policies.ids) - {case.policy for case in CASES} == set()


@pytest.mark.book
def test_criteria_have_cases_for_every_state(engine: Engine) -> None:
    """A policy with criteria has a case that supports, one that does not, and one that lacks documents."""
    told: dict[str, set[str]] = {}
    for case in CASES:
        told.setdefault(case.policy, set()).add(case.row["expect"].get("verdict", ""))
    lacking = {}
    for name in engine.book.policies.ids:
        judged = any(each.criteria for each in engine.book.policies.get(name).versions)
        wanted = {"not-supported", "insufficient-documentation"} if judged else set()
        if wanted - told.get(name, set()):
            lacking[name] = sorted(wanted - told.get(name, set()))
    assert lacking == {}
