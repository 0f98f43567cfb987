"""DX404 combination-code."""

from __future__ import annotations

from typing import Any

import numpy as np

from claimwright.edits.conditions import in_effect
from claimwright.edits.established import established
from claimwright.edits.frame import Frame
from claimwright.edits.hit import End, Hit
from claimwright.edits.outcomes import AS_STATED, NO_FINDING, Outcomes, beside, first_of, stands, with_ends
from claimwright.edits.registry import rule, since
from claimwright.edits.relations import Hits, Pair
from claimwright.edits.told import FIRST_RELATED, leaves
from claimwright.model import Authority, Finding, Fix, Severity

LEXICON = "combination-codes"


@leaves(FIRST_RELATED, LEXICON, True)
def _outcome(frame: Frame, hits: Hits) -> Outcomes:
    """The first partner speaks for all of them."""
    number, other = beside(frame, hits.left)
    held = stands(frame, LEXICON, hits.left[number], other) & frame.meets(in_effect, other)
    number, other = number[held], other[held]
    first = first_of(number, len(hits))
    speaks = (first >= 0) & (other[first] == hits.right) if len(other) else np.zeros(len(hits), dtype=np.bool_)
    everyone = np.r_[number, np.arange(len(hits))]
    order = np.argsort(everyone, kind="stable")
    ends = np.r_[other, hits.left.astype(np.int64)][order]
    return with_ends(np.where(speaks, AS_STATED, NO_FINDING).astype(np.int8), everyone[order], ends)


@rule(
    "DX404",
    relation=Pair("combination-codes", directed=True, left_is=(in_effect,), right_is=(in_effect,)),
    severity=Severity.WARNING,
    authority=Authority.GUIDELINE,
    in_force=since("2015-10-01"),
    cites=("icd10cm-guidelines:I.B.9",),
    outcome=_outcome,
)
def combination_code(hit: Hit) -> Finding | None:
    """Two codes for what one combination code says.

    ## What it checks
    Pairs of diagnoses that ICD-10-CM classifies to one code, from `lexicons/combination-codes.yaml`: each
    row names the guideline that joins the two. Several partners of one code are reported together. A code that
    the claim's own note denies, or doubts where uncertain diagnoses are not reported, is no partner.

    ## Why it matters
    Multiple codes are not used where the classification provides a combination code. "With" presumes
    the link between the two, unless the record says that they are unrelated.

    ## Example
    E11.9 (type 2 diabetes without complications) with G62.9 (polyneuropathy): E11.42.

    ## How to fix
    Report the combination code, if the record does not say that the two are unrelated.
    """
    partners = [(end, row) for end in hit.others() for row in _rows(hit, end) if established(end)]
    if not established(hit.left) or not partners or min(end.index for end, _ in partners) != hit.right.index:
        return None
    combined = _combined([row for _, row in partners])
    replace: dict[str, tuple[str, ...]] = {hit.left.code: combined}
    for end, row in partners:
        if _goes(hit, end, row):
            replace[end.code] = ()
    others = list(dict.fromkeys(end.named for end, _ in partners))
    return hit.finding(
        f"{hit.left.named} with {' and '.join(others)} is one combination: {', '.join(combined)}",
        because=[hit.cite(cite) for cite in dict.fromkeys(row["cite"] for _, row in partners)],
        at=[hit.left, *dict.fromkeys(end for end, _ in partners)],
        fix=Fix(
            say="; ".join(dict.fromkeys(row["says"] for _, row in partners)),
            replace=replace,
            ask=f"Does the record say that {hit.left.named} is unrelated to {' or to '.join(others)}?",
        ),
    )


def _rows(hit: Hit, end: End) -> list[dict[str, Any]]:
    if end.pos < 0 or hit.scene.frame.row[end.index] < 0:
        return []
    sides = {"first": hit.left.pos, "second": end.pos}
    return hit.book.lexicon_rows_at(LEXICON, hit.scene.edition.number, sides)


def _combined(rows: list[dict[str, Any]]) -> tuple[str, ...]:
    """The code that joins all partners (I13.0 of I10, N18.4 and I50.9), if one does; else each one's own."""
    shared = [code for code in rows[0]["combined"] if all(code in row["combined"] for row in rows)]
    return tuple(shared or dict.fromkeys(code for row in rows for code in row["combined"]))


def _goes(hit: Hit, end: End, row: dict[str, Any]) -> bool:
    """Is the second code replaced too? Only when the row says so, or says nothing of it."""
    replaces = row.get("replaces")
    return replaces is None or any(pattern in row["second"] for pattern in replaces)
