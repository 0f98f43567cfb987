"""DX405 adverse-effect-sequence."""

from __future__ import annotations

import numpy as np

from claimwright.edits.conditions import either, flagged, in_effect, in_set
from claimwright.edits.frame import Bools, Frame
from claimwright.edits.hit import Hit
from claimwright.edits.registry import rule, since
from claimwright.edits.relations import Membership
from claimwright.model import Authority, Finding, Fix, Severity

_drug = either(in_set("adverse-effect"), in_set("underdosing"))


def _before_its_nature(frame: Frame) -> Bools:
    """A drug code of this kind stands first: nothing that could be its nature is before it."""
    drug = _drug(frame)
    nature = ~drug & ~flagged("ecodepdx")(frame) & in_effect(frame)
    first = np.full(len(frame.batch), np.iinfo(np.int32).max, dtype=np.int64)
    np.minimum.at(first, frame.claim[nature], frame.place[nature])
    leading = np.full(len(frame.batch), np.iinfo(np.int32).max, dtype=np.int64)
    np.minimum.at(leading, frame.claim[drug], frame.place[drug])
    return drug & (frame.place < first[frame.claim]) & (frame.place == leading[frame.claim])


@rule(
    "DX405",
    relation=Membership((_before_its_nature,), tables=("icd10cm-tabular",)),
    severity=Severity.ERROR,
    authority=Authority.GUIDELINE,
    in_force=since("2015-10-01"),
    cites=("icd10cm-guidelines:I.C.19.e.5.a", "icd10cm-guidelines:I.C.19.e.5.c"),
)
def adverse_effect_sequence(hit: Hit) -> Finding:
    """A drug code for an adverse effect or underdosing stands before the condition it led to.

    ## What it checks
    Codes of T36-T50 whose intent is adverse effect (fifth or sixth character 5) or underdosing (6): a
    condition has to come before the first of them. Poisoning codes (1 to 4) go the other way and are
    left alone.

    ## Why it matters
    For an adverse effect the nature of the effect is coded first, then the drug. An underdosing code is
    never principal or first-listed.

    ## Example
    T47.1X5A (adverse effect of antacids) before E83.42 (hypomagnesemia).

    ## How to fix
    Put the condition first. If none is on the claim, the record has to name it.
    """
    drugs = {end.code for end in [hit.left, *hit.others()] if _is_drug(hit, end.index)}
    nature = next((end for end in hit.others() if end.code not in drugs and _could_be_nature(hit, end.index)), None)
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
            fix=Fix(
                say=f"Report the nature of the adverse effect before {hit.left.code}",
                ask=f"Which condition does the record attribute to the drug of {hit.left.code}?",
            ),
        )
    return hit.finding(
        f"{hit.left.named} stands before {nature.named}: the nature of the adverse effect comes first, then the drug",
        because=notes,
        at=[hit.left, nature],
        fix=Fix(say=f"Put {nature.code} before {hit.left.code}", reorder=hit.order(nature)),
    )


def _is_drug(hit: Hit, index: int) -> bool:
    return bool(_drug(hit.scene.frame)[index])


def _could_be_nature(hit: Hit, index: int) -> bool:
    frame = hit.scene.frame
    return bool(frame.row[index] >= 0) and not bool(flagged("ecodepdx")(frame)[index])
