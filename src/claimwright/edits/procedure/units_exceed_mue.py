"""PR311 units-exceed-mue."""

from __future__ import annotations

import numpy as np

from claimwright.book.ncci_columns import limits
from claimwright.book.procedure_record import ADJUDICATION
from claimwright.book.procedures import MUE, procedures
from claimwright.edits.frame import Bools, Frame
from claimwright.edits.hit import Hit, line_of
from claimwright.edits.line_outcomes import of_the_day, stated
from claimwright.edits.line_relations import Amounts, Limit
from claimwright.edits.ncci import TABLE_SETTING, answered, edition_on, proof
from claimwright.edits.outcomes import Outcomes, with_ends
from claimwright.edits.registry import rule, since
from claimwright.edits.relations import Hits
from claimwright.model import Authority, Finding, Fix, Severity

_LINE_EDIT = 1


def _limits(frame: Frame) -> tuple[Amounts, Bools]:
    """As `_looked_up`, once for a frame."""
    found: tuple[Amounts, Bools] = frame.once(MUE, lambda: _looked_up(frame))
    return found


def _looked_up(frame: Frame) -> tuple[Amounts, Bools]:
    """The limit of each line, infinity for none, and whether it is one of the day."""
    most, daily = np.full(len(frame.lines), np.inf), np.zeros(len(frame.lines), dtype=np.bool_)
    for edition, lines in answered(frame, MUE):
        table = limits(frame.columns.book, edition.number)
        at = table.at(frame.lines.texts)[frame.lines.code[lines]]
        lines, at = lines[at >= 0], at[at >= 0]
        most[lines] = table.units[at]
        daily[lines] = table.indicator[at] != _LINE_EDIT
    return most, daily


def _most(frame: Frame) -> Amounts:
    return _limits(frame)[0]


def _by_day(frame: Frame) -> Bools:
    return _limits(frame)[1]


def _outcome(frame: Frame, hits: Hits) -> Outcomes:
    """A finding at the line, or at all lines of its code on the day."""
    number, line = of_the_day(frame, hits.left)
    code, single = frame.lines.code, hits.right[number] < 0
    held = np.where(single, line == hits.left[number], code[line] == code[hits.left[number]])
    return with_ends(stated(hits), number[held], line[held])


@rule(
    "PR311",
    relation=Limit(limit=_most, daily=_by_day, tables=(MUE,)),
    severity=Severity.ERROR,
    authority=Authority.TABLE_EDIT,
    in_force=since("2015-10-01"),
    outcome=_outcome,
)
def units_exceed_mue(hit: Hit) -> Finding | None:
    """More units than the medically unlikely edit of the code allows.

    ## What it checks
    Units against the NCCI table of the claim's setting (practitioner, or outpatient hospital) for the
    quarter of the line's date. Adjudication indicator 1 compares each line; indicators 2 and 3 add up
    the lines of the code on a day. A line whose quarter is not loaded is told as not evaluated.

    ## Why it matters
    The Medicare contractor denies the units. By indicator 2 the limit follows from policy.

    ## Example
    Six units of a code whose limit for a date of service is four.

    ## How to fix
    Compare the units with the record. Correct them if they are wrong; units that were provided are not
    split over lines or dates to pass the edit.
    """
    line = line_of(hit.left)
    edition = edition_on(hit.book, MUE, hit.setting, line.day)
    limit = procedures(hit.book).mue(TABLE_SETTING[hit.setting], line.code, line.day)
    if edition is None or limit is None:
        return None
    lines = [line] if hit.right_index < 0 else [each for each in line.same_day() if each.code == line.code]
    total = sum(each.line.units for each in lines)
    of = "on one line" if hit.right_index < 0 else f"on {line.day}"
    noun = "unit" if total == 1 else "units"
    return hit.finding(
        f"{line.named} is reported with {total:g} {noun} {of}; the limit is {limit.units} "
        f"(adjudication indicator {limit.indicator})",
        because=[
            proof(
                edition,
                "units-limit",
                f"{limit.units} units, indicator {limit.indicator}, {ADJUDICATION[limit.indicator]}; "
                f"rationale: {limit.rationale}",
                line.code,
            )
        ],
        at=lines,
        fix=Fix(
            say=f"Compare the units of {line.code} with the record, and report no more than were provided",
            ask=f"How many units of {line.code} does the record document for {line.day}?",
        ),
    )
