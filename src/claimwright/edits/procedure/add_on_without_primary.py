"""PR312 add-on-without-primary."""

from __future__ import annotations

from datetime import date

import numpy as np

from claimwright.book.procedures import AOC, AddOnEdit, procedures
from claimwright.book.store import Book
from claimwright.edits.frame import Bools, Frame, Ints
from claimwright.edits.hit import Hit, line_of
from claimwright.edits.line_relations import EDITED, Attended, Places
from claimwright.edits.ncci import answered, edition_on, proof, text_of
from claimwright.edits.registry import rule, since
from claimwright.model import Authority, Claim, Finding, Fix, NotEvaluated, Severity, undotted

_CLOSED = 1
"""Type of an add-on code whose primaries are all named; of the others the contractor may name more."""


def _edits(frame: Frame) -> dict[int, AddOnEdit]:
    """The edit of every line that is an add-on code with named primaries on its day."""
    look_up = procedures(frame.columns.book).add_on
    out: dict[int, AddOnEdit] = {}
    for _, day, _, lines in answered(frame, AOC):
        code = frame.lines.code[lines]
        _, first = np.unique(code, return_index=True)
        for line in lines[first].tolist():
            edit = look_up(text_of(frame, line), day)
            if edit is not None and edit.primaries:
                out |= dict.fromkeys(lines[code == frame.lines.code[line]].tolist(), edit)
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
    held = np.zeros(len(frame.lines), dtype=np.bool_)
    held[list(_edits(frame))] = True
    return held


def _has_primary(frame: Frame, left: Places, right: Places) -> Ints:
    edits = _edits(frame)
    met = [
        0 if one in edits and text_of(frame, two) in edits[one].primaries else -1
        for one, two in zip(left.tolist(), right.tolist(), strict=True)
    ]
    return np.array(met, dtype=np.int32)


@rule(
    "PR312",
    relation=Attended(left_is=_add_on, stands=_has_primary, tables=(AOC,)),
    severity=Severity.ERROR,
    authority=Authority.TABLE_EDIT,
    in_force=since("2015-10-01"),
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
