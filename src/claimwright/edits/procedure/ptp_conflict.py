"""PR310 ptp-conflict."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from claimwright.book.procedures import PTP, procedures
from claimwright.book.ptp import PtpTable
from claimwright.book.store import Book
from claimwright.edits.frame import EPOCH, LINE, Bools, Frame, Ints
from claimwright.edits.hit import Hit, LineEnd, line_of
from claimwright.edits.line_outcomes import stated
from claimwright.edits.line_relations import LinePair, Places
from claimwright.edits.ncci import answered, edition_on, proof
from claimwright.edits.outcomes import NO_FINDING, Outcomes
from claimwright.edits.registry import rule, since
from claimwright.edits.relations import Hits
from claimwright.model import Authority, Finding, Fix, Setting, Severity

_NEVER = 0
"""Indicator of an edit that no modifier lifts."""


@dataclass(frozen=True, slots=True)
class _Edited:
    """The edition of each line (an index of `tables`, -1 for none) and the id of its code there, -1 for none."""

    tables: list[PtpTable]
    edition: npt.NDArray[np.int32]
    code: Places


def _edited(frame: Frame) -> _Edited:
    """As `_looked_up`, once for a frame."""
    found: _Edited = frame.once(PTP, lambda: _looked_up(frame))
    return found


def _looked_up(frame: Frame) -> _Edited:
    out = _Edited([], np.full(len(frame.lines), -1, np.int32), np.full(len(frame.lines), -1, np.int64))
    for edition, lines in answered(frame, PTP):
        table = procedures(frame.columns.book).ptp_table(edition)
        out.edition[lines] = len(out.tables)
        out.code[lines] = table.ids(frame.lines.texts)[frame.lines.code[lines]]
        out.tables.append(table)
    return out


def _edit(frame: Frame, left: Places, right: Places) -> Ints:
    """The row of the edit in force with the left line as column 1 and the right one as column 2."""
    held = _edited(frame)
    out = np.full(len(left), -1, dtype=np.int32)
    # Lines of one claim and day have one edition. Most codes stand in some edit, most pairs in none.
    able = np.flatnonzero((held.code[left] >= 0) & (held.code[right] >= 0))
    edition = held.edition[left[able]]
    for number, table in enumerate(held.tables):
        at = able[edition == number]
        out[at] = table.in_force(held.code[left[at]], held.code[right[at]], frame.batch.line_days[left[at]])
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


def _outcome(frame: Frame, hits: Hits) -> Outcomes:
    """A finding unless a modifier lifts the edit; two lines of one code that an edit joins to itself say it once."""
    held, rank = _edited(frame), stated(hits)
    liftable = np.zeros(len(hits), dtype=np.bool_)
    for number, table in enumerate(held.tables):
        at = np.flatnonzero(held.edition[hits.left] == number)
        liftable[at] = table.indicator[hits.key[at]] != _NEVER
    anywhere, on_first = _carried(frame)
    rank[liftable & (anywhere[hits.right] | on_first[hits.left])] = NO_FINDING
    alike = np.flatnonzero((frame.lines.code[hits.left] == frame.lines.code[hits.right]) & (rank != NO_FINDING))
    pair = np.sort(np.stack((hits.left[alike], hits.right[alike])), axis=0).astype(np.int64)
    once = np.zeros(len(alike), dtype=np.bool_)
    once[np.unique(pair[0] * len(frame.lines) + pair[1], return_index=True)[1]] = True
    rank[alike[~once]] = NO_FINDING
    return Outcomes(rank)


def _carried(frame: Frame) -> tuple[Bools, Bools]:
    """Lines with a modifier that lifts an edit from column 2, and those with one that does so from column 1."""
    batch, lines = frame.batch, frame.lines
    known = _lifting(frame.columns.book)
    anywhere, on_first = np.zeros(len(lines), dtype=np.bool_), np.zeros(len(lines), dtype=np.bool_)
    practitioner = frame.in_settings(Setting.PROFESSIONAL, kind=LINE)
    for until in set(known.values()):
        named = [each.encode("ascii") for each, day in known.items() if day == until]
        line = lines.of_modifier[np.isin(batch.modifiers, np.array(named, dtype="S2"))]
        anywhere[line] = True
        if until:
            last = (date.fromisoformat(until) - EPOCH).days
            line = line[(batch.line_days[line] > last) | ~practitioner[line]]
        on_first[line] = True
    return anywhere, on_first


@rule(
    "PR310",
    relation=LinePair(stands=_edit, tables=(PTP,)),
    severity=Severity.ERROR,
    authority=Authority.TABLE_EDIT,
    in_force=since("2015-10-01"),
    outcome=_outcome,
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
