"""The fewest sets that cover everything: exact where the sum is small, greedy beyond."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

MOST_STEPS = 20_000
"""Steps of the exact search before the greedy answer stands."""


def fewest(sets: Sequence[frozenset[Hashable]]) -> list[int]:
    """Indices of the fewest sets whose union is the union of all, ascending; among equals the first found.

    The search picks the element that fewest sets hold and tries those sets in their order.
    """
    everything = frozenset().union(*sets) if sets else frozenset()
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
        holding = {each: [n for n, held in enumerate(sets) if each in held] for each in open_ones}
        rarest = min(holding.values(), key=lambda each: (len(each), each))
        for number in rarest:
            search(open_ones - sets[number], [*taken, number])

    search(everything, [])
    return sorted(best)


def _greedy(sets: Sequence[frozenset[Hashable]], everything: frozenset[Hashable]) -> list[int]:
    open_ones, taken = set(everything), []
    while open_ones:
        number = max(range(len(sets)), key=lambda each: (len(sets[each] & open_ones), -each))
        taken.append(number)
        open_ones -= sets[number]
    return taken
