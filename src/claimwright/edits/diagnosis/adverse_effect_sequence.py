"""DX405 adverse-effect-sequence."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from claimwright.book.columns import FLAG_BIT
from claimwright.book.store import NodeEntry
from claimwright.edits.conditions import flagged, in_effect, in_set
from claimwright.edits.digest import Coded, OfCode, all_codes, any_code
from claimwright.edits.documented import Documented, noted
from claimwright.edits.frame import Bools, Frame
from claimwright.edits.hit import End, Hit
from claimwright.edits.outcomes import Outcomes, beside, first_of, with_ends
from claimwright.edits.registry import rule, since
from claimwright.edits.relations import Hits, Membership, OneOf
from claimwright.model import Authority, Because, Finding, Fix, Setting, Severity, dotted, undotted

if TYPE_CHECKING:
    from claimwright.edits.drug_effects import DrugEffect
    from claimwright.edits.noted import Noted

FACTORS = 21
"""Chapter of factors that influence health status."""

DRUGS = ("adverse-effect", "underdosing")
_drug = any_code(*map(in_set, DRUGS))
_drug_in_effect = all_codes(_drug, in_effect)


def _could_be_nature(coded: Coded) -> Bools:
    """Could this code be the condition that a drug led to?"""
    chapter = coded.columns.ending("chapter", FACTORS)[coded.pos]
    held: Bools = ~_drug(coded) & ~flagged("ecodepdx")(coded) & in_effect(coded) & (chapter != FACTORS)
    return held


_nature = OfCode("nature", _could_be_nature)


def _is_nature(end: End) -> bool:
    """`_nature` for one code of one hit: the columns of a whole batch are not read again for it."""
    external = int(end.scene.frame.flags[end.index]) & int(FLAG_BIT["ecodepdx"])
    factor = end.chapter == str(FACTORS)
    return end.in_effect and end.pos >= 0 and not external and not factor and not end.belongs(*DRUGS)


def _before_its_nature(frame: Frame) -> Bools:
    """A drug code of this kind stands first: nothing that could be its nature is before it."""
    drug = np.zeros(len(frame), dtype=np.bool_)
    at = frame.where(_drug_in_effect)
    claim = frame.claim[at]
    at = at[np.r_[True, claim[1:] != claim[:-1]]] if len(at) else at
    number, other = beside(frame, at)
    before = (other < at[number]) & frame.meets(_nature, other)
    drug[at] = True
    drug[at[number[before]]] = False
    return drug


def _outcome(frame: Frame, hits: Hits) -> Outcomes:
    """At the drug and at the first condition that follows it, if any; without one the first place decides."""
    number, other = beside(frame, hits.left)
    held = frame.meets(_nature, other)
    number, other = number[held], other[held]
    first = first_of(number, len(hits))
    rank = np.where((first >= 0) | (frame.places(hits.left) == 0), Severity.ERROR.rank, Severity.WARNING.rank)
    met = np.flatnonzero(first >= 0)
    both = np.r_[np.arange(len(hits)), met]
    order = np.argsort(both, kind="stable")
    return with_ends(rank.astype(np.int8), both[order], np.r_[hits.left.astype(np.int64), other[first[met]]][order])


def _attributed(told: Noted) -> Iterator[tuple[int, int]]:
    """Conditions that the note attributes to a drug properly used, whose code is not on the claim."""
    for number, each in enumerate(told.drug_effects):
        yield each.diagnosis, number


@rule(
    "DX405",
    relation=OneOf((Membership((_before_its_nature,), tables=("icd10cm-tabular",)), Documented(_attributed))),
    severity=Severity.ERROR,
    authority=Authority.GUIDELINE,
    in_force=since("2015-10-01"),
    cites=("icd10cm-guidelines:I.C.19.e.5.a", "icd10cm-guidelines:I.C.19.e.5.c"),
    outcome=_outcome,
)
def adverse_effect_sequence(hit: Hit) -> Finding | None:
    """A drug code for an adverse effect or underdosing stands before the condition it led to, or is missing.

    ## What it checks
    Codes of T36-T50 whose intent is adverse effect (fifth or sixth character 5) or underdosing (6): a
    condition has to come before the first of them. External causes and factors of chapter 21 (long-term
    drug use, noncompliance) are no condition. Poisoning codes (1 to 4) go the other way and are left alone.
    On a claim that brings its note: a reported condition that the note attributes to a drug ("from", "due to",
    "-induced") without a code for the drug. Overdose, underdosing and uncertain wordings are left alone.

    ## Why it matters
    For an adverse effect the nature of the effect is coded first, then the drug. An underdosing code is
    never principal or first-listed.

    ## Example
    T47.1X5A (adverse effect of antacids) before E83.42 (hypomagnesemia).

    ## How to fix
    Put the condition first. If none is on the claim, the record has to name it. A missing drug code goes right
    after the condition, from the Table of Drugs and Chemicals.
    """
    if hit.key >= 0:
        return _missing(hit, noted(hit).drug_effects[hit.key])
    nature = next((end for end in hit.others() if _is_nature(end)), None)
    is_effect = hit.left.belongs("adverse-effect")
    notes = _notes(hit, hit.left.path, hit.left)
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


def _notes(hit: Hit, path: list[NodeEntry], end: End | None = None) -> list[Because]:
    """Official notes on the way up from a drug code that speak of adverse effects."""
    return [
        hit.note(note, end)
        for node in path
        for note in hit.book.notes_at(node.edition, node.pos, ("codeFirst", "notes"))
        if "adverse effect" in note.text
    ]


def _missing(hit: Hit, effect: DrugEffect) -> Finding | None:
    """The note attributes the condition to drugs, and no code says so."""
    told = noted(hit)
    nodes = {
        dotted(undotted(each.code)): node
        for each in effect.drugs
        if (node := hit.book.node(hit.scene.edition.number, undotted(each.code))) is not None
        and hit.book.billable(undotted(f"{each.code}A"), hit.day)
    }
    if not nodes:
        return None
    acute = hit.claim.setting in (Setting.INPATIENT, Setting.EMERGENCY) or effect.active
    certain = acute and not effect.later
    codes = tuple(f"{stem}A" for stem in nodes)
    listed = sorted([hit.left, *hit.others()], key=lambda end: end.index)
    at = next(number for number, end in enumerate(listed) if end.index == hit.left.index) + 1
    order = (*(end.code for end in listed[:at]), *codes, *(end.code for end in listed[at:]))
    stems = " and ".join(nodes)
    asked = f"Is this active treatment (A), a later encounter in recovery (D) or a sequela (S): which code of {stems}?"
    said = " and ".join(repr(each.text) for each in (effect.span, *effect.also))
    drugs = "a drug" if len(nodes) == 1 else f"{len(nodes)} drugs"
    titles = "; ".join(f"{stem} ({node.title})" for stem, node in nodes.items())
    whose = "the drug" if len(nodes) == 1 else "them"
    return hit.finding(
        f"The note says {said}: {hit.left.named} as an adverse effect of {drugs}, and no code of T36-T50 "
        f"for {whose} is on the claim; the table of drugs leads to {titles}",
        because=[
            *(told.because(each, effect.fact.section) for each in (effect.span, *effect.also)),
            *dict.fromkeys(note for node in nodes.values() for note in _notes(hit, hit.book.path(node))),
        ],
        severity=Severity.WARNING,
        fix=Fix(
            say=f"Add {' and '.join(codes if certain else [f'{stem}-' for stem in nodes])} right after {hit.left.code}",
            add=codes if certain else (),
            reorder=order if certain else (),
            ask=None if certain else asked,
        ),
    )
