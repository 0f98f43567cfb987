"""PR312 add-on-without-primary."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt

from claimwright.book.ncci_columns import NOT_NAMED, AddOns, add_ons
from claimwright.book.procedures import AOC, procedures
from claimwright.book.store import Book
from claimwright.edits.frame import Bools, Frame, Ints
from claimwright.edits.hit import Hit, line_of
from claimwright.edits.line_outcomes import graded
from claimwright.edits.line_relations import EDITED, Attended, Places
from claimwright.edits.ncci import answered, edition_on, proof
from claimwright.edits.outcomes import Outcomes
from claimwright.edits.registry import rule, since
from claimwright.edits.relations import Hits
from claimwright.model import Authority, Claim, Finding, Fix, NotEvaluated, Severity, undotted

_CLOSED = 1
"""Type of an add-on code whose primaries are all named; of the others the contractor may name more."""


@dataclass(frozen=True, slots=True)
class _Attached:
    """The edition of each line (an index of `tables`, -1 for none), the place of its code there as an add-on code
    and as a primary (-1 for neither), and the type of its edit on its day (`NOT_NAMED` for none)."""

    tables: list[AddOns]
    edition: npt.NDArray[np.int32]
    add_on: Places
    primary: Places
    type: npt.NDArray[np.int8]


def _attached(frame: Frame) -> _Attached:
    """As `_looked_up`, once for a frame."""
    found: _Attached = frame.once(AOC, lambda: _looked_up(frame))
    return found


def _looked_up(frame: Frame) -> _Attached:
    lines, days = frame.lines, frame.batch.line_days
    none, place = np.full(len(lines), -1, np.int32), np.full(len(lines), -1, np.int64)
    out = _Attached([], none, place, place.copy(), np.full(len(lines), NOT_NAMED, np.int8))
    for edition, held in answered(frame, AOC):
        table = add_ons(frame.columns.book, edition.number)
        out.edition[held] = len(out.tables)
        out.add_on[held] = table.at(lines.texts)[lines.code[held]]
        out.primary[held] = table.primary(lines.texts)[lines.code[held]]
        listed = held[out.add_on[held] >= 0]
        out.type[listed] = table.type_on(out.add_on[listed], days[listed])
        out.tables.append(table)
    return out


def unjudged(rule: str, claim: Claim, book: Book, otherwise: date) -> list[NotEvaluated]:
    """Add-on codes of type 2 on the claim: the table leaves their primaries to the contractor."""
    if claim.setting not in EDITED:
        return []
    out = {}
    for line in claim.lines:
        code, day = undotted(line.code), line.date or claim.date_of_service(otherwise)
        if code not in out and edition_on(book, AOC, claim.setting, day):
            edit = procedures(book).add_on(code, day)
            if edit is not None and not edit.primaries:
                how = "The table leaves them to the Medicare contractor: look at what the contractor publishes"
                out[code] = NotEvaluated(rule, f"the primary procedures of add-on code {code} (type {edit.type})", how)
    return list(out.values())


def _add_on(frame: Frame) -> Bools:
    """Add-on codes with named primaries on their day."""
    held: Bools = _attached(frame).type != NOT_NAMED
    return held


def _has_primary(frame: Frame, left: Places, right: Places) -> Ints:
    held, days = _attached(frame), frame.batch.line_days
    out = np.full(len(left), -1, dtype=np.int32)
    able = np.flatnonzero((held.add_on[left] >= 0) & (held.primary[right] >= 0))
    edition = held.edition[left[able]]  # lines of one claim and day have one edition
    for number, table in enumerate(held.tables):
        at = able[edition == number]
        named = table.names(held.add_on[left[at]], held.primary[right[at]], days[left[at]])
        out[at[named]] = 0
    return out


def _outcome(frame: Frame, hits: Hits) -> Outcomes:
    return graded(_attached(frame).type[hits.left] == _CLOSED, Severity.ERROR, Severity.WARNING)


@rule(
    "PR312",
    relation=Attended(left_is=_add_on, stands=_has_primary, tables=(AOC,)),
    severity=Severity.ERROR,
    authority=Authority.TABLE_EDIT,
    in_force=since("2015-10-01"),
    outcome=_outcome,
)
def add_on_without_primary(hit: Hit) -> Finding | None:
    """An add-on code without any of its primary codes on the same day.

    ## What it checks
    Lines whose code the NCCI table of add-on codes lists with named primaries on the line's date: is
    one of these on the claim, on the same day? Type 1 names all primaries: an error. Of type 3 the
    contractor may name more: a warning. Type 2 names none: its primaries are the contractor's, and the
    line is told as not evaluated, as is one whose quarter is not loaded.

    ## Why it matters
    An add-on code is never paid without its primary procedure by the same practitioner on that day.

    ## Example
    An add-on code of type 1 alone on a claim.

    ## How to fix
    Add the primary procedure if it was performed and left out; else the add-on code is not reported.
    """
    line = line_of(hit.left)
    edition = edition_on(hit.book, AOC, hit.setting, line.day)
    edit = procedures(hit.book).add_on(line.code, line.day)
    if edition is None or edit is None:
        return None
    closed = edit.type == _CLOSED
    named = ", ".join(edit.primaries)
    more = "" if closed else "; the contractor may name more"
    return hit.finding(
        f"{line.named} is an add-on code (type {edit.type}), and none of its primaries stands on {line.day}: "
        f"{named}{more}",
        because=[proof(edition, "add-on", f"type {edit.type}, primaries {named}{more}", line.code)],
        severity=Severity.ERROR if closed else Severity.WARNING,
        fix=Fix(
            say=f"Add the primary procedure if it was performed on {line.day}; otherwise {line.code} is not reported"
            + ("" if closed else ", unless the contractor names another primary"),
            ask=f"Does the record document {named} for {line.day}?"
            if len(edit.primaries) == 1
            else f"Which of {named} does the record document for {line.day}?",
        ),
    )
