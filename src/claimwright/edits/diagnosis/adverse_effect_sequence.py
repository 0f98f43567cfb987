"""DX405 adverse-effect-sequence."""

from __future__ import annotations

import numpy as np

from claimwright.book.columns import FLAG_BIT
from claimwright.edits.conditions import either, flagged, in_effect, in_set
from claimwright.edits.frame import Bools, Frame
from claimwright.edits.hit import End, Hit
from claimwright.edits.outcomes import Outcomes, beside, first_of, with_ends
from claimwright.edits.registry import rule, since
from claimwright.edits.relations import Hits, Membership
from claimwright.model import Authority, Finding, Fix, Severity

FACTORS = 21
"""Chapter of factors that influence health status."""

DRUGS = ("adverse-effect", "underdosing")
_drug = either(*map(in_set, DRUGS))


def _nature(frame: Frame) -> Bools:
    """Could this code be the condition that a drug led to?"""
    chapter = frame.columns.array("chapter")[np.maximum(frame.pos, 0)]
    held: Bools = ~_drug(frame) & ~flagged("ecodepdx")(frame) & in_effect(frame)
    return held & (frame.pos >= 0) & (chapter != FACTORS)


def _is_nature(end: End) -> bool:
    """`_nature` for one code of one hit: the columns of a whole batch are not read again for it."""
    external = int(end.scene.frame.flags[end.index]) & int(FLAG_BIT["ecodepdx"])
    factor = end.chapter == str(FACTORS)
    return end.in_effect and end.pos >= 0 and not external and not factor and not end.belongs(*DRUGS)


def _before_its_nature(frame: Frame) -> Bools:
    """A drug code of this kind stands first: nothing that could be its nature is before it."""
    drug = _drug(frame) & in_effect(frame)
    nature = _nature(frame)
    first, leading = _first_place(frame, nature), _first_place(frame, drug)
    at = np.flatnonzero(drug)
    claim, place = frame.claim[at], frame.place[at]
    drug[at] = (place < first[claim]) & (place == leading[claim])
    return drug


def _first_place(frame: Frame, held: Bools) -> np.ndarray[tuple[int, ...], np.dtype[np.int32]]:
    """The first place of each claim at which it holds; a large number where none does."""
    out = np.full(len(frame.batch), np.iinfo(np.int32).max, dtype=np.int32)
    at = np.flatnonzero(held)[::-1]  # backwards: the first one is written last, and stays
    out[frame.claim[at]] = frame.place[at]
    return out


def _outcome(frame: Frame, hits: Hits) -> Outcomes:
    """At the drug and at the first condition that follows it, if any; without one the first place decides."""
    number, other = beside(frame, hits.left)
    held = _nature(frame)[other]
    number, other = number[held], other[held]
    first = first_of(number, len(hits))
    rank = np.where((first >= 0) | (frame.place[hits.left] == 0), Severity.ERROR.rank, Severity.WARNING.rank)
    met = np.flatnonzero(first >= 0)
    both = np.r_[np.arange(len(hits)), met]
    order = np.argsort(both, kind="stable")
    return with_ends(rank.astype(np.int8), both[order], np.r_[hits.left.astype(np.int64), other[first[met]]][order])


@rule(
    "DX405",
    relation=Membership((_before_its_nature,), tables=("icd10cm-tabular",)),
    severity=Severity.ERROR,
    authority=Authority.GUIDELINE,
    in_force=since("2015-10-01"),
    cites=("icd10cm-guidelines:I.C.19.e.5.a", "icd10cm-guidelines:I.C.19.e.5.c"),
    outcome=_outcome,
)
def adverse_effect_sequence(hit: Hit) -> Finding:
    """A drug code for an adverse effect or underdosing stands before the condition it led to.

    ## What it checks
    Codes of T36-T50 whose intent is adverse effect (fifth or sixth character 5) or underdosing (6): a
    condition has to come before the first of them. External causes and factors of chapter 21 (long-term
    drug use, noncompliance) are no condition. Poisoning codes (1 to 4) go the other way and are left alone.

    ## Why it matters
    For an adverse effect the nature of the effect is coded first, then the drug. An underdosing code is
    never principal or first-listed.

    ## Example
    T47.1X5A (adverse effect of antacids) before E83.42 (hypomagnesemia).

    ## How to fix
    Put the condition first. If none is on the claim, the record has to name it.
    """
    nature = next((end for end in hit.others() if _is_nature(end)), None)
    is_effect = hit.left.belongs("adverse-effect")
    notes = [
        hit.note(note, hit.left)
        for node in hit.left.path
        for note in hit.book.notes_at(node.edition, node.pos, ("codeFirst", "notes"))
        if "adverse effect" in note.text
    ]
    if nature is None:
        return hit.finding(
            f"{hit.left.named} is on the claim without the condition that it led to",
            because=notes,
            severity=Severity.ERROR if hit.left.position == 1 else Severity.WARNING,
            fix=Fix(
                say=f"Report the {'nature of the adverse effect' if is_effect else 'condition'} before {hit.left.code}",
                ask=f"Which condition does the record attribute to the drug of {hit.left.code}?",
            ),
        )
    why = (
        "the nature of the adverse effect comes first, then the drug"
        if is_effect
        else "the condition comes first, and an underdosing code is never principal or first-listed"
    )
    return hit.finding(
        f"{hit.left.named} stands before {nature.named}: {why}",
        because=notes,
        at=[hit.left, nature],
        fix=hit.put_first(nature),
    )
