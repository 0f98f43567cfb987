"""DX306 age-conflict."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from claimwright.book.store import Book
from claimwright.edits.conditions import age_limited, age_outside_note, flagged
from claimwright.edits.frame import EPOCH, Bools, Frame
from claimwright.edits.hit import Hit
from claimwright.edits.outcomes import as_stated
from claimwright.edits.registry import rule, since
from claimwright.edits.relations import Membership, OneOf
from claimwright.edits.told import told
from claimwright.model import Authority, Finding, Fix, Severity, dotted

GROUPS = ("newborn", "pediatric", "maternity", "adult")
_BY_TABLE, _BY_NOTE = -1, -2
_NO_END = int(np.iinfo(np.int32).max)


@told("age-outside-group", *GROUPS)
def _outside_group(frame: Frame) -> Bools:
    """The code belongs to an MCE age group that the patient is not in on the day."""
    outside = np.zeros(len(frame), dtype=np.bool_)
    for group in GROUPS:
        member = frame.where(flagged(group))
        claim = frame.claim[member]
        age, day = frame.batch.age[claim], frame.batch.day[claim]
        open_ = age >= 0
        for first, last, low, high in _limits(frame.columns.book, group):
            here = open_ & (day >= first) & (day <= last)
            outside[member[here & ((age < low) | (age > high))]] = True
            open_ &= ~here
    return outside


@lru_cache(maxsize=64)
def _limits(book: Book, group: str) -> tuple[tuple[int, int, int, int], ...]:
    """First and last day, lowest and highest age."""
    return tuple(
        ((window.starts - EPOCH).days, (window.ends - EPOCH).days if window.ends else _NO_END, low, high)
        for window, low, high in book.age_ranges(group)
    )


@rule(
    "DX306",
    relation=OneOf(
        (Membership((_outside_group,)), Membership((age_limited, age_outside_note), tables=("icd10cm-tabular",))),
    ),
    severity=Severity.ERROR,
    authority=Authority.TABLE_EDIT,
    in_force=since("2015-10-01"),
    cites=("mce:age-conflict",),
    outcome=as_stated,
)
def age_conflict(hit: Hit) -> Finding:
    """A code that does not fit the patient's age.

    ## What it checks
    Two authorities, two messages. CMS's table puts codes into age groups (newborn, pediatric, maternity,
    adult), whose limits have dates themselves. The tabular list limits some codes by a note of its own:
    adult body mass index codes are for persons of 20 and older, while CMS's adult group begins at 15.

    ## Why it matters
    The claim is returned, or the code says something that cannot be true of this patient.

    ## Example
    Z68.41 on a patient of 17: the tabular note asks for Z68.5-.

    ## How to fix
    Check age and birth date first; then choose the code for the patient's age.
    """
    age = hit.age
    return _by_table(hit, age) if hit.key == _BY_TABLE else _by_note(hit, age)


def _by_table(hit: Hit, age: int | None) -> Finding:
    row = next(each for each in hit.book.registry(hit.left.code.replace(".", "")) if hit.day in each.window)
    for group in GROUPS:
        limits = hit.book.age_range(group, hit.day)
        if group in row.flags and limits and age is not None and not limits[0] <= age <= limits[1]:
            break
    low, high = limits or (0, 0)
    text = f"{group} group: {low} to {high} years" if low != high else f"{group} group: {low} years"
    return hit.finding(
        f"{hit.left.named} belongs to CMS's {text}, and the patient is {age}",
        because=[hit.flag(hit.left, group, text)],
        fix=Fix(
            say=f"Check the patient's age, then the code {hit.left.code}",
            ask=f"Is {age} the patient's right age, and does the record support {hit.left.named}?",
        ),
    )


def _by_note(hit: Hit, age: int | None) -> Finding:
    row = hit.book.lexicon_rows_at("age-limits", hit.scene.edition.number, {"codes": hit.left.pos})[0]
    holder = next((node for node in hit.left.path if dotted(node.code) == row["holder"]), hit.left.path[0])
    proof = hit.tabular(
        kind="notes",
        text=row["text"],
        holder=row["holder"],
        level=holder.kind,
        path=tuple(dotted(node.code) for node in hit.left.path if node.pos >= holder.pos),
    )
    limit = f"{row['low']} years of age or older" if row["high"] == 255 else f"ages {row['low']} to {row['high']}"
    if row["low"] == row["high"]:
        limit = f"age {row['low']}"
    instead = tuple(row.get("instead", ()))
    return hit.finding(
        f"{hit.left.named} is for {limit} by the note at {row['holder']}, and the patient is {age}",
        because=[proof],
        authority=Authority.OFFICIAL_NOTE,
        fix=Fix(
            say=f"Check the patient's age; for other ages use {', '.join(instead)}"
            if instead
            else "Check the patient's age",
            replace={hit.left.code: instead} if instead else {},
            ask=None if instead else f"Is {age} the patient's right age?",
        ),
    )
