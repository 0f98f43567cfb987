"""DX501 bilateral-code."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from claimwright.book.columns import Columns
from claimwright.book.sides import BILATERAL, LEFT, RIGHT
from claimwright.edits.digest import Coded, OfCode
from claimwright.edits.frame import Bools, Frame, Ints
from claimwright.edits.hit import Hit
from claimwright.edits.registry import rule, since
from claimwright.edits.relations import Alike, Places
from claimwright.edits.sides import same_condition
from claimwright.model import Authority, Finding, Fix, Severity, dotted


def _one_sided(coded: Coded) -> Bools:
    """In effect, of one side, and of a condition that has a code for both."""
    side, group = (coded.columns.ending(each, 0)[coded.pos] for each in ("side", "side_group"))
    held: Bools = (coded.row >= 0) & ((side == LEFT) | (side == RIGHT)) & _both_sided(coded.columns)[group]
    return held


@lru_cache(maxsize=16)
def _both_sided(columns: Columns) -> Bools:
    """Has a group of codes, which differ in the side alone, one for both sides? Group 0 is none."""
    side, group = columns.array("side"), columns.array("side_group")
    out = np.zeros(int(group.max(initial=0)) + 1, dtype=np.bool_)
    out[group[side == BILATERAL]] = True
    out[0] = False
    return out


_ONE_SIDED = OfCode("one-sided", _one_sided)


def _group(frame: Frame, at: Places) -> Places:
    """Group of the condition."""
    return frame.columns.array("side_group")[frame.of("pos", at)].astype(np.int64)


def _group_of(coded: Coded) -> Ints:
    """As `_group`, of codes; -1 for those that are not one-sided."""
    group = coded.columns.ending("side_group", 0)[coded.pos]
    return np.where(_one_sided(coded), group, -1).astype(np.int32)


@rule(
    "DX501",
    relation=Alike(_group, lambda frame: frame.where(_ONE_SIDED), tables=("icd10cm-tabular",), coded=_group_of),
    severity=Severity.WARNING,
    authority=Authority.GUIDELINE,
    in_force=since("2015-10-01"),
    cites=("icd10cm-guidelines:I.B.13",),
)
def bilateral_code(hit: Hit) -> Finding | None:
    """Left and right reported separately although a bilateral code exists.

    ## What it checks
    Two diagnoses of one category whose titles differ only in the side, one left and one right, where the
    same condition has a bilateral code.

    ## Why it matters
    Separate codes for both sides are for conditions that have no bilateral code.

    ## Example
    H25.11 and H25.12 (age-related nuclear cataract, right and left eye): H25.13.

    ## How to fix
    Report the bilateral code once.
    """
    sides = hit.scene.frame.columns.array("side")
    if sides[hit.left.pos] == sides[hit.right.pos]:
        return None
    both = [dotted(code) for code, _ in same_condition(hit, hit.left, BILATERAL) if hit.book.billable(code, hit.day)]
    if not both:
        return None
    first, later = hit.right, hit.left
    return hit.finding(
        f"{first.named} and {later.named} are one bilateral condition: {both[0]} "
        f"({hit.book.title(both[0].replace('.', ''), hit.day)})",
        because=[],
        fix=Fix(say=f"Report {both[0]} once", replace={first.code: (both[0],), later.code: ()}),
    )
