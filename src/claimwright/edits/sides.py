"""Codes of the same condition on other sides."""

from __future__ import annotations

import numpy as np

from claimwright.book.sides import BILATERAL, LEFT, RIGHT
from claimwright.edits.hit import End, Hit


def same_condition(hit: Hit, end: End, side: int | None = None) -> list[tuple[str, str]]:
    """(code, title) of the codes that differ from `end` only in the side, in tabular order.

    `side` (a number of `claimwright.book.sides`) keeps only those of one side; without it all known sides.
    """
    columns = hit.scene.frame.columns
    group = int(columns.array("side_group")[end.pos]) if end.pos >= 0 else 0
    if not group:
        return []
    sides = columns.array("side")
    places = np.flatnonzero(columns.array("side_group") == group)
    out = []
    for place in places.tolist():
        known = int(sides[place])
        if place != end.pos and (known in (LEFT, RIGHT, BILATERAL) if side is None else known == side):
            node = hit.book.node_at(hit.scene.edition.number, place)
            out.append((node.code, node.title))
    return out
