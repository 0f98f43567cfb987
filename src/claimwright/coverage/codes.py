"""Codes, wildcards and ranges of a policy's lists, ready to be asked for one code after another."""

from __future__ import annotations

from collections.abc import Callable, Iterable

Order = Callable[[str], tuple[int, int] | None]
"""Of a code without dot: its position in the tabular list and the first position behind it; None for an unknown one."""


class CodeSet:
    """Membership of a list of patterns (`R252`, `G560-`, `M501-M509`), without dots.

    Ranges run in the order of the tabular list (C4A stands behind C43, M1A behind M10).
    """

    __slots__ = ("exact", "order", "prefixes", "ranges")

    def __init__(self, patterns: Iterable[str], order: Order) -> None:
        self.order = order
        exact, prefixes, ranges = [], [], []
        for each in patterns:
            low, dash, high = each.partition("-")
            if not dash:
                exact.append(low)
            elif not high:
                prefixes.append(low)
            else:
                ranges.append((low, high))
        self.exact = frozenset(exact)
        self.prefixes = tuple(prefixes)
        self.ranges = tuple(ranges)

    def __contains__(self, code: object) -> bool:
        if not isinstance(code, str):
            return False
        return code in self.exact or code.startswith(self.prefixes) or self._within(code)

    def _within(self, code: str) -> bool:
        if not self.ranges:
            return False
        place = self._place(code)
        for low, high in self.ranges:
            first, last = self.order(low), self.order(high)
            if place is None or first is None or last is None:
                if low <= code and code[: len(high)] <= high:
                    return True
            elif first[0] <= place < last[1]:
                return True
        return False

    def _place(self, code: str) -> int | None:
        """Position of the code; of its nearest category where the edition does not have it."""
        for size in range(len(code), 2, -1):
            place = self.order(code[:size])
            if place is not None:
                return place[0]
        return None
