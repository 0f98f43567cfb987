"""PR310 ptp-conflict."""

from __future__ import annotations

from datetime import date
from functools import lru_cache

import numpy as np

from claimwright.book.procedures import PTP, procedures
from claimwright.book.store import Book
from claimwright.edits.frame import Frame, Ints
from claimwright.edits.hit import Hit, LineEnd, line_of
from claimwright.edits.line_relations import LinePair, Places
from claimwright.edits.ncci import answered, edition_on, proof
from claimwright.edits.registry import rule, since
from claimwright.model import Authority, Finding, Fix, Setting, Severity

_NEVER = 0
"""Indicator of an edit that no modifier lifts."""


def _edit(frame: Frame, left: Places, right: Places) -> Ints:
    """The row of the edit in force with the left line as column 1 and the right one as column 2."""
    editions = {}
    of_line = np.full(len(frame.lines), -1, dtype=np.int64)
    for edition, _, _, lines in answered(frame, PTP):
        editions[edition.number] = edition
        of_line[lines] = edition.number
    out = np.full(len(left), -1, dtype=np.int32)
    for number, edition in editions.items():
        table = procedures(frame.columns.book).ptp_table(edition)
        ids = table.ids(frame.lines.texts)[frame.lines.code]
        # Lines of one claim and day have one edition.
        at = np.flatnonzero(of_line[left] == number)
        out[at] = table.in_force(ids[left[at]], ids[right[at]], frame.batch.line_days[left[at]])
    return out


@lru_cache(maxsize=4)
def _lifting(book: Book) -> dict[str, str]:
    """CMS's NCCI PTP-associated modifiers: no other lifts an edit of indicator 1.

    With each the last day (ISO) on which practitioners' claims had to carry it on column 2; empty for none.
    """
    return {
        str(modifier): row.get("column_2_until", "")
        for row in book.lexicon_rows("ncci-modifiers")
        for modifier in row["modifiers"]
    }


def _only_column_2(hit: Hit, modifier: str, day: date) -> bool:
    until = _lifting(hit.book)[modifier]
    return bool(until) and day.isoformat() <= until and hit.claim.setting is Setting.PROFESSIONAL


def _lifted(hit: Hit, first: LineEnd, second: LineEnd) -> bool:
    """Does a modifier on either line, or on the one that had to carry it on that day, lift the edit?"""
    known = _lifting(hit.book)
    if any(modifier in known for modifier in _modifiers(second)):
        return True
    return any(each in known and not _only_column_2(hit, each, first.day) for each in _modifiers(first))


def _modifiers(line: LineEnd) -> list[str]:
    return [each.strip().upper() for each in line.line.modifiers]


@rule(
    "PR310",
    relation=LinePair(stands=_edit, tables=(PTP,)),
    severity=Severity.ERROR,
    authority=Authority.TABLE_EDIT,
    in_force=since("2015-10-01"),
)
def ptp_conflict(hit: Hit) -> Finding | None:
    """Two codes of one day that an NCCI procedure-to-procedure edit does not pay together.

    ## What it checks
    Every two lines of a day against the PTP table of the claim's setting for the quarter, in both
    directions. Indicator 0: no modifier lifts the edit. Indicator 1: one of CMS's PTP-associated
    modifiers may, on either line (`lexicons/ncci-modifiers.yaml`; 59, XE, XP, XS and XU of practitioners up
    to 2019-06-30 on the column 2 line only): of a side, eyelid, finger, toe or
    coronary artery; 24, 25, 57, 58, 78, 79; 27, 59, 91, XE, XP, XS, XU. With one of them the rule is
    quiet, and whether the record documents what it says is the coder's to know. Any other modifier (22,
    76, 77) leaves the edit as it is. A line whose quarter is not loaded is told as not evaluated.

    ## Why it matters
    The column 2 code is denied beside the column 1 code.

    ## Example
    Two codes with an edit of indicator 0 on one day.

    ## How to fix
    Report the code that the record supports. A modifier is right only where the record documents what
    it says, such as another encounter, structure or practitioner.
    """
    first, second = line_of(hit.left), line_of(hit.right)
    edition = edition_on(hit.book, PTP, hit.setting, first.day)
    if edition is None:
        return None
    row = procedures(hit.book).ptp_table(edition).row(hit.key)
    if row.indicator != _NEVER and _lifted(hit, first, second):
        return None
    lifts = "no modifier lifts it" if row.indicator == _NEVER else "a modifier may lift it"
    until = f" to {row.last}" if row.last else ""
    rationale = edition.extra["rationales"][row.rationale]
    text = (
        f"column 1 {first.code}, column 2 {second.code}, modifier indicator {row.indicator}: {lifts}; "
        f"from {row.effective}{until}; rationale: {rationale}"
    )
    return hit.finding(
        f"{second.named} (column 2) is not paid beside {first.named} (column 1) on {first.day}: "
        f"modifier indicator {row.indicator}, {lifts}",
        because=[proof(edition, "ptp-edit", text, f"{first.code}, {second.code}")],
        fix=_never(first, second) if row.indicator == _NEVER else _may(hit, first, second),
    )


def _never(first: LineEnd, second: LineEnd) -> Fix:
    return Fix(
        say=f"Report {first.code} or {second.code}, whichever the record supports; no modifier lifts this edit",
        ask=f"Which of {first.code} and {second.code} does the record support?",
    )


def _may(hit: Hit, first: LineEnd, second: LineEnd) -> Fix:
    carried = sorted({*_modifiers(first), *_modifiers(second)})
    known = _lifting(hit.book)
    listed, misplaced = (", ".join(each for each in carried if (each in known) is here) for here in (False, True))
    other = f" {listed} on these lines: none is an NCCI PTP-associated modifier." if listed else ""
    other += f" {misplaced} stands on the column 1 line, where it did not count on {first.day}." if misplaced else ""
    narrow = any(_only_column_2(hit, each, first.day) for each in known)
    where = f"the line of {second.code} (column 2)" if narrow else f"the line of {second.code} or of {first.code}"
    return Fix(
        say=f"Leave out {second.code}, unless the record documents a service of its own: XE for a separate encounter, "
        f"XS for a separate structure, XP for a separate practitioner, XU for one without the usual overlap, 25 for "
        f"a visit, one of a side or digit for another site; 59 only where none of these fits. "
        f"It belongs on {where}.{other}",
        ask="Does the record document a separate encounter, structure or practitioner, or a service without overlap?",
    )
