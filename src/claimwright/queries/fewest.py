"""The fewest sets that cover everything: exact where the sum is small, greedy beyond."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

MOST_STEPS = 5_000
"""Steps of the exact search among sets that touch each other before the greedy answer stands."""


def fewest(sets: Sequence[frozenset[Hashable]]) -> list[int]:
    """Indices of the fewest sets whose union is the union of all, ascending; among equals the first found.

    Sets that share no element, directly or through others, are searched apart.
    """
    chosen: list[int] = []
    for group in _touching(sets):
        if len(group) == 1:
            chosen += group if sets[group[0]] else []
        else:
            chosen += [group[number] for number in _search([sets[each] for each in group])]
    return sorted(chosen)


def _touching(sets: Sequence[frozenset[Hashable]]) -> list[list[int]]:
    """Indices in groups that share elements, each ascending."""
    groups: list[list[int]] = []
    group_of: dict[Hashable, list[int]] = {}
    for number, held in enumerate(sets):
        met = {id(group): group for element in held if (group := group_of.get(element)) is not None}
        joined = sorted([number, *(each for group in met.values() for each in group)])
        groups = [group for group in groups if id(group) not in met] + [joined]
        for each in joined:
            group_of.update(dict.fromkeys(sets[each], joined))
    return groups


def _search(sets: Sequence[frozenset[Hashable]]) -> list[int]:
    """The search takes the element that fewest sets hold and tries those sets in their order."""
    everything: frozenset[Hashable] = frozenset().union(*sets)
    best = _greedy(sets, everything)
    left = [MOST_STEPS]

    def search(open_ones: frozenset[Hashable], taken: list[int]) -> None:
        nonlocal best
        left[0] -= 1
        if not open_ones:
            if len(taken) < len(best):
                best = list(taken)
            return
        if left[0] < 0 or len(taken) + 1 >= len(best):
            return
        holding = ([n for n, held in enumerate(sets) if each in held] for each in open_ones)
        for number in min(holding, key=lambda each: (len(each), each)):
            search(open_ones - sets[number], [*taken, number])

    search(everything, [])
    return best


def _greedy(sets: Sequence[frozenset[Hashable]], everything: frozenset[Hashable]) -> list[int]:
    open_ones, taken = set(everything), []
    while open_ones:
        number = max(range(len(sets)), key=lambda each: (len(sets[each] & open_ones), -each))
        taken.append(number)
        open_ones -= sets[number]
    return taken
