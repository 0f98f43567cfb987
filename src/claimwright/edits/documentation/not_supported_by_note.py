"""DC102 not-supported-by-note."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from claimwright.edits.documented import Documented, noted
from claimwright.edits.hit import Hit
from claimwright.edits.registry import rule, since
from claimwright.model import Authority, Finding, Fix, Severity, Status

if TYPE_CHECKING:
    from claimwright.edits.noted import Noted

UNSHOWN = (Status.ABSENT, Status.FAMILY, Status.HYPOTHETICAL, Status.HISTORICAL)
SILENT = -1
LAST_CHAPTER = 19
"""Chapters of diseases, symptoms and injuries; factors and external causes are told in other words."""
_KINDS = {
    Status.ABSENT: "says that it is absent",
    Status.FAMILY: "tells it of a relative",
    Status.HYPOTHETICAL: "speaks of it only as something that may come",
    Status.HISTORICAL: "tells it as history",
}
_TOLD_IN_NUMBERS = ("secondary-only", "adverse-effect", "underdosing", "poisoning", "toxic-effect", "sequela-of-cva")


def _unshown(told: Noted) -> Iterator[tuple[int, int]]:
    """Diagnoses that the note only denies (the key is the fact's number), or does not speak of (`SILENT`)."""
    if not told.facts:
        return
    for index in told.diagnoses:
        pos = told.pos(index)
        if pos < 0 or not _told_in_words(told, pos):
            continue
        near = told.near(index)
        if not near:
            if _is_silent(told, pos):
                yield index, SILENT
            continue
        number = _against(told, index)
        if number is not None:
            yield index, number


def _against(told: Noted, index: int) -> int | None:
    """The mention by which the note leaves a diagnosis unshown; None where another one shows it."""
    pos = told.pos(index)
    exact = [number for number in told.naming(index) if _unshown_by(told, pos, told.facts[number].status)]
    if not exact or any(told.facts[number].status not in UNSHOWN for number in told.near(index)):
        return None
    return max(exact, key=lambda number: (told.facts[number].status is not Status.HISTORICAL, number))


def denied(told: Noted, index: int) -> bool:
    """Does the note only deny a diagnosis, tell it of a relative, or of what may come? A history denies nothing."""
    number = _against(told, index) if told.pos(index) >= 0 else None
    return number is not None and told.facts[number].status is not Status.HISTORICAL


def _unshown_by(told: Noted, pos: int, status: Status) -> bool:
    """Does such a mention leave the diagnosis unshown? A history does for what passes; much else lasts."""
    if status is not Status.HISTORICAL:
        return status in UNSHOWN
    columns = told.frame.columns
    neoplasm = int(columns.array("sets")[pos]) & int(columns.set_bit("neoplasm"))
    return bool(neoplasm) or told.words.is_acute(pos)


def _told_in_words(told: Noted, pos: int) -> bool:
    columns = told.frame.columns
    if int(columns.array("chapter")[pos]) > LAST_CHAPTER:
        return False
    bits = sum(int(columns.set_bit(name)) for name in _TOLD_IN_NUMBERS)
    return not int(np.uint32(columns.array("sets")[pos])) & bits


def _is_silent(told: Noted, pos: int) -> bool:
    """Does the note have no telling word of any wording of the code, up to its category?"""
    telling = frozenset(stem for each in told.words.lineage(pos) for stem in each.stems) - told.words.generic
    return bool(telling) and not told.has_word(telling)


@rule(
    "DC102",
    relation=Documented(_unshown),
    severity=Severity.WARNING,
    authority=Authority.GUIDELINE,
    in_force=since("2015-10-01"),
    cites=("icd10cm-guidelines:I.A.19",),
)
def not_supported_by_note(hit: Hit) -> Finding:
    """A reported diagnosis that the note on the claim does not show.

    ## What it checks
    Claims that bring their note. A diagnosis that the note only denies, tells of a relative, or mentions as
    something that may come (a warning, with the words). For information: one that passes and is told only as
    history; and one of which the note has no word at all, neither of its title and inclusion terms nor of their
    everyday forms, since a note is often one document of several. Factors of chapter 21, external
    causes, drug codes, body mass index and scores are left out: notes tell them in other words or in numbers.

    ## Why it matters
    A code rests on the provider's statement that the condition exists. Without the statement a payer may deny
    the claim on review.

    ## Example
    J18.9 (pneumonia) where the note says "no evidence of pneumonia" and nothing else of it.

    ## How to fix
    Find the document that states the diagnosis, or ask the provider; remove the code if there is none.
    """
    told = noted(hit)
    if hit.key == SILENT:
        return hit.finding(
            f"This note does not show {hit.left.named}: it has no word of it",
            because=[],
            severity=Severity.INFO,
            fix=Fix(
                say=f"Keep {hit.left.code} if another document of the encounter states it",
                ask=f"Which document of the record states {(hit.left.title or hit.left.code).lower()}?",
            ),
        )
    fact = told.facts[hit.key]
    if fact.status is Status.HISTORICAL:
        return hit.finding(
            f"The note does not show {hit.left.named} as present: it {_KINDS[fact.status]}",
            because=[told.proof(fact)],
            severity=Severity.INFO,
            fix=Fix(
                say=f"Keep {hit.left.code} if the condition is still present or under treatment",
                ask="Is it still present or treated, or is a code of personal history (Z85-Z87) meant?",
            ),
        )
    return hit.finding(
        f"The note does not show {hit.left.named}: it {_KINDS[fact.status]}",
        because=[told.proof(fact)],
        fix=Fix(
            say=f"Keep {hit.left.code} only if another document of the encounter states it",
            ask=f"Does the provider state that the patient has it? The note says {told.evidence(fact).text!r}",
        ),
    )
