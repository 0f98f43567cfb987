"""DX407 newborn-obstetric."""

from __future__ import annotations

import numpy as np

from claimwright.edits.conditions import in_effect, in_set, on_claim_with, sex_is
from claimwright.edits.digest import all_codes, any_code
from claimwright.edits.frame import Frame
from claimwright.edits.hit import End, Hit
from claimwright.edits.outcomes import AS_STATED, NO_FINDING, Outcomes, beside, with_ends
from claimwright.edits.registry import rule, since
from claimwright.edits.relations import Hits, Membership, OneOf
from claimwright.model import Authority, Finding, Fix, Severity

MOTHERS, CHILDREN = ("obstetric", "outcome-of-delivery"), ("perinatal", "liveborn")
_maternal = all_codes(any_code(*map(in_set, MOTHERS)), in_effect)
_newborn = any_code(*map(in_set, CHILDREN))
_WITH_NEWBORN, _ON_MALE = -1, -2


def _outcome(frame: Frame, hits: Hits) -> Outcomes:
    """On a man's claim each code by itself; beside a newborn's codes the first of the mother's, for all of both."""
    together = hits.key == _WITH_NEWBORN
    number, other = beside(frame, hits.left)
    number, other = number[together[number]], other[together[number]]
    mother, child = frame.meets(_maternal, other), frame.meets(_newborn, other)
    rank = np.full(len(hits), AS_STATED, dtype=np.int8)
    rank[number[mother & (other < hits.left[number])]] = NO_FINDING
    everyone = np.r_[np.arange(len(hits)), number[mother], number[child]]
    order = np.argsort(everyone, kind="stable")
    ends = np.r_[hits.left.astype(np.int64), other[mother], other[child]]
    return with_ends(rank, everyone[order], ends[order])


@rule(
    "DX407",
    relation=OneOf(
        (
            Membership((_maternal, on_claim_with(_newborn)), tables=("icd10cm-tabular",)),
            Membership((_maternal, sex_is("M")), tables=("icd10cm-tabular",)),
        )
    ),
    severity=Severity.ERROR,
    authority=Authority.OFFICIAL_NOTE,
    in_force=since("2015-10-01"),
    cites=("icd10cm-guidelines:I.C.15.a.2", "icd10cm-guidelines:I.C.16.a.1"),
    outcome=_outcome,
)
def newborn_obstetric(hit: Hit) -> Finding | None:
    """Codes of the mother's record and codes of the newborn's record on one claim.

    ## What it checks
    Chapter 15 codes (and Z37, outcome of delivery) on the same claim as chapter 16 codes or Z38
    (liveborn), and chapter 15 codes on a claim of a male patient.

    ## Why it matters
    Chapter 15 is for the maternal record only, chapter 16 for the newborn's: such a claim mixes two
    patients.

    ## Example
    O80 (full-term uncomplicated delivery) with Z38.00 (single liveborn infant).

    ## How to fix
    Bill mother and child on their own claims.
    """
    notes = [
        hit.note(note, hit.left)
        for note in (
            hit.book.notes_at(hit.left.path[-1].edition, hit.left.path[-1].pos, ("notes",)) if hit.left.path else ()
        )
    ]
    if hit.key == _ON_MALE:
        return hit.finding(
            f"{hit.left.named} belongs to a mother's record, and the claim says sex M",
            because=notes,
            fix=Fix(
                say=f"Check the patient's sex, then the code {hit.left.code}",
                ask=f"Is this the mother's record, and does it support {hit.left.named}?",
            ),
        )
    mothers = [hit.left, *(end for end in hit.others() if end.in_effect and end.belongs(*MOTHERS))]
    children = [end for end in hit.others() if end.belongs(*CHILDREN)]
    if min(end.index for end in mothers) < hit.left.index:
        return None
    return hit.finding(
        f"{_names(mothers)} {'belong' if mothers[1:] else 'belongs'} to the mother's record, "
        f"{_names(children)} to the newborn's",
        because=notes,
        at=[*mothers, *children],
        fix=Fix(
            say="Bill mother and newborn on separate claims",
            ask="Whose record is this, the mother's or the newborn's?",
        ),
    )


def _names(ends: list[End]) -> str:
    return " and ".join(end.named for end in ends)
