"""Three values over trees: against brute force, and the smallest sets of missing facts."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations, product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from claimwright.coverage.logic import Judged, Literal, Missing, deciding, joined, judge
from claimwright.model.coverage import State
from claimwright.model.policy import Criterion, Rule

MET, NOT_MET, OPEN = State.MET, State.NOT_MET, State.NOT_DOCUMENTED
NAMES = ("a", "b", "c", "d", "e")


def _leaf(name: str, status: str) -> Criterion:
    return Criterion(name, name, Rule.FACT, fact=name, status=status)


def _node(rule: Rule, children: list[Criterion], count: int) -> Criterion:
    wanted = min(count, len(children)) if rule is Rule.AT_LEAST else 0
    return Criterion("node", "node", rule, children=tuple(children), count=wanted)


LEAVES = st.builds(_leaf, st.sampled_from(NAMES), st.sampled_from(("present", "present", "absent")))
RULES = st.sampled_from((Rule.ALL, Rule.ANY, Rule.NONE, Rule.AT_LEAST))
TREES = st.recursive(
    LEAVES,
    lambda below: st.builds(_node, RULES, st.lists(below, min_size=1, max_size=4), st.integers(1, 4)),
    max_leaves=9,
)
WORLDS = st.dictionaries(st.sampled_from(NAMES), st.booleans())


def _judged(tree: Criterion, world: Mapping[str, bool]) -> Judged:
    """The tree where `world` says of some facts that they are present or absent."""

    def atom(criterion: Criterion) -> State:
        told = world.get(criterion.fact or "")
        if told is None:
            return OPEN
        return MET if told == (criterion.status == "present") else NOT_MET

    return judge(tree, atom)


@pytest.mark.parametrize(
    ("rule", "count", "states", "expected"),
    [
        (Rule.ALL, 0, [MET, MET], MET),
        (Rule.ALL, 0, [MET, OPEN], OPEN),
        (Rule.ALL, 0, [OPEN, NOT_MET], NOT_MET),
        (Rule.ANY, 0, [NOT_MET, OPEN], OPEN),
        (Rule.ANY, 0, [NOT_MET, NOT_MET], NOT_MET),
        (Rule.ANY, 0, [OPEN, MET], MET),
        (Rule.NONE, 0, [NOT_MET, NOT_MET], MET),
        (Rule.NONE, 0, [NOT_MET, OPEN], OPEN),
        (Rule.NONE, 0, [OPEN, MET], NOT_MET),
        (Rule.AT_LEAST, 2, [MET, OPEN, NOT_MET], OPEN),
        (Rule.AT_LEAST, 2, [MET, MET, OPEN], MET),
        (Rule.AT_LEAST, 2, [MET, NOT_MET, NOT_MET], NOT_MET),
    ],
)
def test_a_rule_joins_three_values(rule: Rule, count: int, states: list[State], expected: State) -> None:
    assert joined(rule, count, states) is expected


@given(TREES, WORLDS)
def test_a_decided_tree_is_decided_the_same_in_every_world_that_knows_more(
    tree: Criterion, world: dict[str, bool]
) -> None:
    state = _judged(tree, world).state
    open_ = [name for name in NAMES if name not in world]
    ends = {
        _judged(tree, {**world, **dict(zip(open_, more, strict=True))}).state
        for more in product((True, False), repeat=len(open_))
    }
    assert OPEN not in ends
    if state is not OPEN:
        assert ends == {state}


@given(TREES, WORLDS, st.sampled_from(NAMES), st.booleans())
def test_a_further_fact_never_makes_a_decided_criterion_undecided(
    tree: Criterion, world: dict[str, bool], name: str, told: bool
) -> None:
    if name in world:
        return
    before, after = _flat(_judged(tree, world)), _flat(_judged(tree, {**world, name: told}))
    assert all(new is old for old, new in zip(before, after, strict=True) if old is not OPEN)


def _flat(node: Judged) -> list[State]:
    return [node.state, *(state for child in node.children for state in _flat(child))]


def _world(literals: tuple[Literal, ...]) -> dict[str, bool]:
    return {str(each.fact): bool(each.present) for each in literals}


def _brute(tree: Criterion, world: dict[str, bool], met: bool) -> set[frozenset[tuple[str, bool]]]:
    """Every minimal set of statements on open facts that brings the tree to the value."""
    wanted = MET if met else NOT_MET
    open_ = [name for name in NAMES if name not in world]
    found: set[frozenset[tuple[str, bool]]] = set()
    for size in range(len(open_) + 1):
        for names in combinations(open_, size):
            for told in product((True, False), repeat=size):
                statements = frozenset(zip(names, told, strict=True))
                if any(smaller <= statements for smaller in found):
                    continue
                if _judged(tree, {**world, **dict(statements)}).state is wanted:
                    found.add(statements)
    return found


@given(TREES, WORLDS, st.booleans())
@settings(max_examples=300, deadline=None)
def test_missing_sets_are_all_minimal_ones(tree: Criterion, world: dict[str, bool], met: bool) -> None:
    judged = _judged(tree, world)
    missing = Missing(judged, met)
    assert missing.complete
    found = {frozenset(_world(each).items()) for each in missing.sets}
    assert found == _brute(tree, world, met)
    assert len(found) == len(missing.sets)
    alone = {next(iter(_world((each,)).items())) for each in deciding(judged, met)}
    assert alone == {next(iter(each)) for each in found if len(each) == 1}


def test_what_one_fact_decides_alone() -> None:
    tree = _node(Rule.ANY, [_leaf(name, "present") for name in "abc"], 0)
    missing = Missing(_judged(tree, {"a": False, "b": False}))
    assert [each.asks for each in missing.singles()] == ["c"]


def test_the_contrary_of_a_fact_is_no_second_fact() -> None:
    tree = _node(Rule.ALL, [_leaf("a", "present"), _leaf("a", "absent")], 0)
    assert Missing(_judged(tree, {})).sets == []


def test_a_none_wants_its_facts_absent() -> None:
    tree = _node(Rule.NONE, [_leaf("a", "present"), _leaf("b", "present")], 0)
    (found,) = Missing(_judged(tree, {})).sets
    assert _world(found) == {"a": False, "b": False}


def test_a_wide_tree_gives_the_smallest_sets_and_says_that_there_are_more() -> None:
    groups = [
        _node(Rule.ANY, [_leaf(f"f{group}.{number}", "present") for number in range(10)], 0) for group in range(6)
    ]
    missing = Missing(_judged(_node(Rule.ALL, groups, 0), {}))
    assert not missing.complete
    assert missing.sets
    assert {len(each) for each in missing.sets} == {6}
    judged = _judged(_node(Rule.ALL, groups, 0), _world(missing.sets[0]))
    assert judged.state is MET
