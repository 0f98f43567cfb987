"""Three values over a tree of criteria, and the smallest sets of missing facts that would meet it.

`all`: one not met decides; `any`: one met decides; `none`: met when every child is not met; `at least n`:
met with n met, not met when those met and those open together are fewer. What nothing decides is open.

A literal is an undocumented atom with what it would have to be. The sets are computed from the leaves up as
antichains of bit masks: exact while no node has more than `MOST_SETS` of them; beyond, the smallest are kept.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from claimwright.model.coverage import State
from claimwright.model.policy import Criterion, Rule

MOST_SETS = 128
"""Sets kept at a node; more are of no use to a reader."""


@dataclass(frozen=True, slots=True)
class Judged:
    """A criterion with its state and the judged nodes below it."""

    criterion: Criterion
    state: State
    children: tuple[Judged, ...] = ()


def joined(rule: Rule, count: int, states: Sequence[State]) -> State:
    """The state of a rule over the states of its children."""
    met, open_ = states.count(State.MET), states.count(State.NOT_DOCUMENTED)
    if rule is Rule.NONE:
        return State.NOT_MET if met else State.NOT_DOCUMENTED if open_ else State.MET
    needed = {Rule.ALL: len(states), Rule.ANY: 1}.get(rule, count)
    if met >= needed:
        return State.MET
    return State.NOT_DOCUMENTED if met + open_ >= needed else State.NOT_MET


def judge(criterion: Criterion, atom: Callable[[Criterion], State]) -> Judged:
    """The whole tree judged; `atom` gives the state of a leaf."""
    if not criterion.rule.joins:
        return Judged(criterion, atom(criterion))
    children = tuple(judge(each, atom) for each in criterion.children)
    return Judged(criterion, joined(criterion.rule, criterion.count, [each.state for each in children]), children)


@dataclass(frozen=True, slots=True)
class Literal:
    """An undocumented atom: what it asks about (`key`), and whether it has to be met.

    Two criteria that ask the same of the same fact share their key.
    """

    key: tuple[object, ...]
    asks: str
    met: bool
    fact: str | None
    present: bool | None


def literal_of(criterion: Criterion, met: bool) -> Literal:
    """The literal of an atom that has to be `met` (or not). A fact that must be absent is the same fact denied."""
    if criterion.rule is Rule.FACT:
        wanted = met == (criterion.status == "present")
        return Literal((Rule.FACT, criterion.fact), criterion.asks, wanted, criterion.fact, wanted)
    if criterion.fact is None:
        key: tuple[object, ...] = (
            criterion.rule, criterion.least, criterion.most, criterion.unit, criterion.per, criterion.values,
            criterion.group,
        )  # fmt: skip
        return Literal(key, criterion.asks, met, None, None)
    key = (criterion.rule, criterion.fact, criterion.least, criterion.most, criterion.unit, criterion.failed)
    return Literal(key, criterion.asks, met, criterion.fact, True if met else None)


class Missing:
    """The minimal sets of literals that would bring a judged tree to a value.

    `sets` are in order of size, then of the tree; `complete` is False when only the smallest are known.
    """

    def __init__(self, root: Judged, met: bool = True) -> None:
        self.literals: list[Literal] = []
        self.atoms: list[list[Criterion]] = []
        self._numbers: dict[Literal, int] = {}
        self._clashes: list[int] = []
        self._clashing_at_all = False
        self.complete = True
        masks = self._reach(root, met)
        self.sets = [tuple(self.literals[number] for number in _bits(mask)) for mask in sorted(masks, key=_rank)]

    def singles(self) -> list[Literal]:
        """Literals that decide alone."""
        return [each[0] for each in self.sets if len(each) == 1]

    def _number(self, criterion: Criterion, met: bool) -> int:
        literal = literal_of(criterion, met)
        if literal not in self._numbers:
            self._numbers[literal] = len(self.literals)
            self.literals.append(literal)
            self.atoms.append([])
            self._clashes.append(self._clashing(literal))
            for other in _bits(self._clashes[-1]):
                self._clashing_at_all = True
                self._clashes[other] |= 1 << self._numbers[literal]
        number = self._numbers[literal]
        if criterion not in self.atoms[number]:
            self.atoms[number].append(criterion)
        return number

    def _clashing(self, literal: Literal) -> int:
        """Literals that cannot hold together with this one: the contrary; anything of a fact that is absent."""
        mask = 0
        for number, other in enumerate(self.literals):
            contrary = other.key == literal.key and other.met != literal.met
            denied = (
                other.fact is not None
                and other.fact == literal.fact
                and {other.present, literal.present} == {True, False}
            )
            if contrary or denied:
                mask |= 1 << number
        return mask

    def _reach(self, node: Judged, met: bool) -> list[int]:
        """Masks of the minimal sets that bring `node` to met (or not met); [0] when it is there, [] never."""
        if node.state is not State.NOT_DOCUMENTED:
            return [0] if (node.state is State.MET) == met else []
        criterion, rule = node.criterion, node.criterion.rule
        if not rule.joins:
            return [1 << self._number(criterion, met)]
        below = met if rule is not Rule.NONE else not met
        parts = [self._reach(child, below) for child in node.children]
        size = len(parts)
        needed = {Rule.ALL: size, Rule.ANY: 1, Rule.NONE: size if met else 1}.get(rule, criterion.count)
        if not met and rule is not Rule.NONE:
            needed = size - needed + 1
        return self._choose(parts, needed)

    def _choose(self, parts: list[list[int]], needed: int) -> list[int]:
        """Minimal unions that bring `needed` of the parts about."""
        if needed == 1:
            return self._minimal(mask for part in parts for mask in part)
        rows: list[list[int]] = [[0], *([] for _ in range(needed))]
        for number, part in enumerate(parts, start=1):
            least = max(1, needed - (len(parts) - number))  # fewer could not be made up by the parts that follow
            for count in range(needed, least - 1, -1):
                if part and rows[count - 1]:
                    unions = (one | other for one in rows[count - 1] for other in part)
                    rows[count] = self._minimal([*rows[count], *filter(self._holds_together, unions)])
        return rows[needed]

    def _holds_together(self, mask: int) -> bool:
        return not self._clashing_at_all or not any(self._clashes[number] & mask for number in _bits(mask))

    def _minimal(self, masks: Iterable[int]) -> list[int]:
        kept: list[int] = []
        for mask in sorted(set(masks), key=_size):
            if all(other & mask != other for other in kept):
                kept.append(mask)
        if len(kept) > MOST_SETS:
            self.complete = False
            del kept[MOST_SETS:]
        return kept


def deciding(node: Judged, met: bool) -> frozenset[Literal]:
    """Literals that bring a node to met (or not met) alone; what is decided already has none."""
    if node.state is not State.NOT_DOCUMENTED:
        return frozenset()
    rule = node.criterion.rule
    if not rule.joins:
        return frozenset((literal_of(node.criterion, met),))
    below = met if rule is not Rule.NONE else not met
    size = len(node.children)
    needed = {Rule.ALL: size, Rule.ANY: 1, Rule.NONE: size if met else 1}.get(rule, node.criterion.count)
    if not met and rule is not Rule.NONE:
        needed = size - needed + 1
    there = State.MET if below else State.NOT_MET
    needed -= sum(child.state is there for child in node.children)
    counts = Counter(literal for child in node.children for literal in deciding(child, below))
    return frozenset(literal for literal, number in counts.items() if number >= needed)


def _size(mask: int) -> tuple[int, int]:
    return mask.bit_count(), mask


def _rank(mask: int) -> tuple[int, tuple[int, ...]]:
    return mask.bit_count(), tuple(_bits(mask))


def _bits(mask: int) -> list[int]:
    out = []
    while mask:
        low = mask & -mask
        out.append(low.bit_length() - 1)
        mask ^= low
    return out
