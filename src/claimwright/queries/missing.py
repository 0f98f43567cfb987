"""Which facts that coverage criteria miss are worth asking: the fewest kinds of fact that can settle every policy.

Facts of one group (`lexicons/query-checklists.yaml`) are asked in one question, so the groups are what counts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations
from typing import Any

from claimwright.model.coverage import Coverage, CriterionAnswer, Determination, PolicyAnswer, State
from claimwright.model.policy import Rule
from claimwright.model.query import Addressee, Settled
from claimwright.queries.matter import rows_of

MOST_ITEMS = 10
"""Facts in one checklist; a longer one is not read."""

_OF_RECORD = frozenset({"age", "sex", "frequency", "setting", "modifier", "diagnosis"})
_RECORD = "record"
_EXAMINATION = "examination"


@dataclass(frozen=True)
class OpenPolicy:
    """A policy whose criteria facts would settle: the minimal sets of them, and the criteria that ask about each.

    Where alternatives are partly documented, the sets are those that complete one of them; `needed` are the
    facts of every set.
    """

    policy: str
    guidance: bool
    sets: tuple[frozenset[str], ...]
    criteria: Mapping[str, tuple[CriterionAnswer, ...]]
    needed: frozenset[str] = frozenset()

    @property
    def kind(self) -> str:
        """What answers settle: a criterion, or guidance that is no payer's rule."""
        return "guidance" if self.guidance else "criterion"


@dataclass(frozen=True)
class Wanted:
    """What to ask: the facts of each group in order, what they settle, and what is left for later."""

    facts: Mapping[str, tuple[str, ...]]
    settles: Mapping[str, tuple[Settled, ...]]
    deferred: tuple[Settled, ...] = ()


def open_policies(coverage: Coverage) -> list[OpenPolicy]:
    """Policies that missing facts would settle.

    Guidance is asked about only where no payer's policy has criteria, and where any one of several facts would
    decide it: what it takes for granted (the complaint that it speaks of) is then documented.
    """
    if any(each.criteria for each in coverage.answers):
        return [_open(each, guidance=False) for each in coverage.answers if _is_open(each)]
    return [_open(each, guidance=True) for each in coverage.editorial if _is_open(each) and len(each.decides) > 1]


def _is_open(each: PolicyAnswer) -> bool:
    return each.criteria is not None and each.verdict is Determination.INSUFFICIENT and bool(each.missing_sets)


def _open(answer: PolicyAnswer, guidance: bool) -> OpenPolicy:
    assert answer.criteria is not None  # noqa: S101 - see _is_open
    criteria: dict[str, tuple[CriterionAnswer, ...]] = {}
    for node in _open_atoms(answer.criteria):
        criteria[node.asks or node.id] = (*criteria.get(node.asks or node.id, ()), node)
    sets = tuple(dict.fromkeys(frozenset(fact.id for fact in each) for each in answer.missing_sets))
    begun = frozenset(_begun(answer.criteria, False))
    fitting = tuple(each for each in sets if each & begun) or sets
    return OpenPolicy(answer.policy, guidance, fitting, criteria, frozenset().union(*sets))


def _open_atoms(node: CriterionAnswer) -> Iterator[CriterionAnswer]:
    """Atoms that are not documented, below nodes that are not decided without them."""
    if node.state is State.NOT_DOCUMENTED:
        if node.asks is not None:
            yield node
        for child in node.children:
            yield from _open_atoms(child)


def _begun(node: CriterionAnswer, choice: bool) -> Iterator[str]:
    """What is missing of alternatives that are partly documented: they fit the patient better than the others."""
    if node.rule == Rule.ALL and choice and any(child.state is State.MET for child in node.children):
        yield from (each.asks for each in _open_atoms(node) if each.asks)
    for child in node.children:
        yield from _begun(child, choice or node.rule in (Rule.ANY, Rule.AT_LEAST))


def wanted(opens: Sequence[OpenPolicy], kinds: Mapping[str, str]) -> Wanted:
    """The facts to ask so that every policy can be settled by as few questions to the provider as possible.

    `kinds` are the kinds of the facts in the lexicon. Guidance never leads to more than one question.
    """
    group_of = _groups_of(opens, kinds)
    if opens and all(each.guidance for each in opens):
        chosen = _one_group(opens, group_of)
    else:
        chosen = _fewest_groups(opens, group_of)
    kept: dict[str, list[str]] = {}
    used = [(each, _kept_sets(each, chosen, group_of, kept)) for each in opens]
    settles: dict[str, list[Settled]] = {}
    for each, sets in used:
        for fact in each.criteria:
            if fact in kept.get(group_of[fact], ()) and any(fact in one for one in sets):
                settles.setdefault(fact, []).extend(_settled(each, fact, sets))
    asked = {(one.policy, one.id) for listed in settles.values() for one in listed}
    later = [
        Settled(each.kind, node.id, policy=each.policy, fact=fact)
        for each in opens
        for fact, nodes in each.criteria.items()
        for node in nodes
        if fact in each.needed and (each.policy, node.id) not in asked
    ]
    order = [row["group"] for row in rows_of("query-checklists")]
    facts = {group: tuple(kept[group]) for group in order if group in kept}
    return Wanted(facts, {fact: tuple(dict.fromkeys(each)) for fact, each in settles.items()}, tuple(later))


def _settled(each: OpenPolicy, fact: str, sets: Sequence[frozenset[str]]) -> Iterator[Settled]:
    least = min((one for one in sets if fact in one), key=lambda one: (len(one), sorted(one)))
    alone = len(least) == 1
    beside = () if alone else tuple(sorted(least - {fact}))
    for node in each.criteria[fact]:
        yield Settled(each.kind, node.id, policy=each.policy, fact=fact, suffices=alone, beside=beside)


def _groups_of(opens: Sequence[OpenPolicy], kinds: Mapping[str, str]) -> dict[str, str]:
    return {fact: group_of(fact, kinds, nodes) for each in opens for fact, nodes in each.criteria.items()}


def group_of(fact: str, kinds: Mapping[str, str], nodes: Sequence[CriterionAnswer] = ()) -> str:
    """The group in which a fact is asked: its own, that of its kind; what claims carry belongs to the record."""
    label = labels().get(fact, {})
    if "group" in label:
        return str(label["group"])
    if fact in kinds:
        return _group_of_kind().get(kinds[fact], _EXAMINATION)
    return _RECORD if any(node.rule in _OF_RECORD for node in nodes) else _EXAMINATION


@lru_cache(maxsize=1)
def labels() -> dict[str, dict[str, Any]]:
    """Rows of `lexicons/query-labels.yaml` by fact."""
    return {row["fact"]: row for row in rows_of("query-labels")}


@lru_cache(maxsize=1)
def _group_of_kind() -> dict[str, str]:
    return {kind: row["group"] for row in rows_of("query-checklists") for kind in row["kinds"]}


@lru_cache(maxsize=1)
def checklists() -> dict[str, dict[str, Any]]:
    """Rows of `lexicons/query-checklists.yaml` by group."""
    return {row["group"]: row for row in rows_of("query-checklists")}


def _of_provider(facts: frozenset[str], group_of: Mapping[str, str]) -> frozenset[str]:
    groups = (group_of[fact] for fact in facts if fact in group_of)
    return frozenset(each for each in groups if checklists()[each]["to"] == Addressee.PROVIDER)


def _fewest_groups(opens: Sequence[OpenPolicy], group_of: Mapping[str, str]) -> frozenset[str]:
    """The fewest groups within which every policy has a set; of equals those that leave most ways to settle."""
    needs = [[_of_provider(one, group_of) for one in each.sets] for each in opens]
    order = [row["group"] for row in rows_of("query-checklists")]
    there = [group for group in order if any(group in one for each in needs for one in each)]
    for size in range(len(there) + 1):
        able = [
            frozenset(some)
            for some in combinations(there, size)
            if all(any(one <= frozenset(some) for one in each) for each in needs)
        ]
        if able:
            return max(able, key=lambda some: sum(one <= some for each in needs for one in each))
    return frozenset(there)


def _one_group(opens: Sequence[OpenPolicy], group_of: Mapping[str, str]) -> frozenset[str]:
    """The one group whose facts decide most by themselves."""
    order = [row["group"] for row in rows_of("query-checklists")]
    alone = [group_of.get(fact) for each in opens for one in each.sets if len(one) == 1 for fact in one]
    return frozenset((max(order, key=alone.count),))


def _kept_sets(
    each: OpenPolicy, chosen: frozenset[str], group_of: Mapping[str, str], kept: dict[str, list[str]]
) -> list[frozenset[str]]:
    """The sets of a policy within the chosen groups, the smallest; their facts are added to `kept` by group.

    A question that names no facts settles all of its group. A set that would make a checklist too long is left
    out, unless it is the policy's first.
    """
    able = [one for one in each.sets if _of_provider(one, group_of) <= chosen]
    if not able:
        return []
    named = [sum(not _is_named_by_none(group_of.get(fact)) for fact in one) for one in able]
    small = [one for one, count in zip(able, named, strict=True) if count == min(named)]
    taken: list[frozenset[str]] = []
    for one in sorted(small, key=len):
        new = [fact for fact in sorted(one) if fact in group_of and fact not in kept.get(group_of[fact], ())]
        lengths = {group_of[fact]: len(kept.get(group_of[fact], ())) for fact in new}
        for fact in new:
            lengths[group_of[fact]] += 1
        listed = [size for group, size in lengths.items() if not _is_named_by_none(group)]
        if taken and any(size > MOST_ITEMS for size in listed):
            continue
        taken.append(one)
        for fact in new:
            kept.setdefault(group_of[fact], []).append(fact)
    return taken


def _is_named_by_none(group: str | None) -> bool:
    """Is the group asked by an open question that lists no facts?"""
    row = checklists().get(group or "")
    return row is not None and "each" not in row and "{facts}" not in row["ask"]
