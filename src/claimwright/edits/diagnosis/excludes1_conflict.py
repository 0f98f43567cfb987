"""DX201 excludes1-conflict."""

from __future__ import annotations

import re

import numpy as np

from claimwright.edits.frame import Frame
from claimwright.edits.hit import FACTORS, End, Hit, holder_of
from claimwright.edits.outcomes import Outcomes, stands
from claimwright.edits.registry import rule, since
from claimwright.edits.relations import Hits, Pair
from claimwright.edits.told import ALL_HITS, leaves
from claimwright.model import Authority, Because, Finding, Fix, Severity

SYMPTOMS = "18"


@leaves(ALL_HITS)
def _outcome(frame: Frame, hits: Hits) -> Outcomes:
    """An opposite Excludes2 note of any level but a chapter's makes it a question."""
    opposite = stands(frame, "excludes2", hits.left, hits.right) | stands(frame, "excludes2", hits.right, hits.left)
    return Outcomes(np.where(opposite, Severity.WARNING.rank, Severity.ERROR.rank).astype(np.int8))


@rule(
    "DX201",
    relation=Pair("excludes1"),
    severity=Severity.ERROR,
    authority=Authority.OFFICIAL_NOTE,
    in_force=since("2015-10-01"),
    cites=("icd10cm-guidelines:I.A.12.a", "icd10cm-guidelines:I.A.12.a.exception"),
    outcome=_outcome,
)
def excludes1_conflict(hit: Hit) -> Finding:
    """Two diagnoses that an Excludes1 note says are not reported together.

    ## What it checks
    Every two diagnoses of the claim against the Excludes1 notes of both, own and inherited from
    subcategory, category, block and chapter. A note counts in both directions, whichever of the two
    codes holds it. Ranges follow the tabular order, and conditions such as "E08-E13 with .42" are
    applied. An Excludes2 note of a chapter never cancels an Excludes1 note.

    ## Why it matters
    Excludes1 means "not coded here": the excluded condition is classified elsewhere, and the two codes
    contradict each other unless the record shows two unrelated conditions.

    ## Example
    R25.2 (cramp and spasm) with G25.0 (essential tremor): category R25 excludes specific movement
    disorders (G20-G26).

    ## How to fix
    Keep the code that owns the condition: the disorder before the symptom, the disease before a
    history of it, what is specified before what is not (NOS), otherwise the code that the note points
    to. Where official notes oppose each other (Excludes1 one way, Excludes2 the other), or both codes
    exclude each other alike, only the record can tell: the fix is a question.
    """
    left, right = hit.left, hit.right
    forward, backward = hit.notes_between("excludes1", left, right), hit.notes_between("excludes1", right, left)
    proof = forward + backward
    opposite = [
        each
        for each in hit.notes_between("excludes2", left, right) + hit.notes_between("excludes2", right, left)
        if each.level != "chapter"
    ]
    says = proof[0]
    message = f"{left.named} is not reported with {right.named}: {holder_of(says)} excludes {says.text}"
    if opposite:
        other = opposite[0]
        return hit.finding(
            f"{message}, while {holder_of(other)} lists {other.text} under Excludes2, which allows both",
            because=[*proof, *opposite],
            severity=Severity.WARNING,
            fix=Fix(
                say=f"The official notes oppose each other. Keep both only if the record shows that {left.code} and "
                f"{right.code} are unrelated; otherwise keep the one that the documentation names",
                ask=f"Are {_what(left)} and {_what(right)} one and the same problem, or two separate, unrelated ones?",
            ),
        )
    drop = _yields(left, right, forward, backward)
    if drop is None:
        return hit.finding(
            message,
            because=proof,
            fix=Fix(
                say=f"Keep one of {left.code} and {right.code}, or document that the two conditions are unrelated",
                ask=f"Which describes the condition: {_what(left)}, or {_what(right)}? Or are the two unrelated?",
            ),
        )
    return hit.finding(
        message,
        because=proof,
        fix=Fix(
            say=f"Remove {drop.code}, or document that it is unrelated to {(right if drop is left else left).code}",
            remove=(drop.code,),
        ),
    )


def _what(end: End) -> str:
    return f"{end.title.lower()} ({end.code})" if end.title else end.code


def _yields(left: End, right: End, forward: list[Because], backward: list[Because]) -> End | None:
    """Which of the two goes; None where only the record can tell.

    A symptom yields to a disorder (I.B.4, I.C.18), a history or status to a disease, a condition that
    the note calls NOS to the specified one, a code whose title is contained in the other's to that
    combination (I.B.9), and otherwise the code under the note to the code that the note points to.
    """
    for chapter in (SYMPTOMS, FACTORS):
        if (left.chapter == chapter) != (right.chapter == chapter):
            return left if left.chapter == chapter else right
    vague = _vague(backward), _vague(forward)
    if vague[0] != vague[1]:
        return left if vague[0] else right
    inside = _inside(left, right), _inside(right, left)
    if inside[0] != inside[1]:
        return left if inside[0] else right
    if forward and backward:
        return None
    return left if forward else right


def _vague(notes: list[Because]) -> bool:
    """Do the notes name the other code as the condition that is not otherwise specified?"""
    return bool(notes) and all(re.search(r"\bNOS\b", note.text) for note in notes)


def _inside(part: End, whole: End) -> bool:
    words = [set(re.findall(r"[a-z]{4,}", (end.title or "").lower())) for end in (part, whole)]
    return bool(words[0]) and words[0] < words[1]
