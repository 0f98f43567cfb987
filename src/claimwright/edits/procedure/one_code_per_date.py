"""PR302 one-code-per-date."""

from __future__ import annotations

import numpy as np

from claimwright.edits.frame import Bools, Frame, Ints
from claimwright.edits.hit import Hit, line_of
from claimwright.edits.line_outcomes import of_the_day, stated
from claimwright.edits.line_relations import Amounts, Limit
from claimwright.edits.manual import code_sets, line_in, table_says
from claimwright.edits.outcomes import Outcomes, with_ends
from claimwright.edits.registry import rule, since
from claimwright.edits.relations import Hits
from claimwright.model import Authority, Finding, Fix, Severity

_NCS = "nerve-conduction"


def _one(frame: Frame) -> Amounts:
    return np.ones(len(frame.lines))


def _of_the_day(frame: Frame) -> Bools:
    return np.ones(len(frame.lines), dtype=np.bool_)


def _nerve_conduction(frame: Frame) -> Ints:
    return np.where(line_in(_NCS)(frame), 0, -1).astype(np.int32)


def _reported(frame: Frame) -> Amounts:
    """A line reports its code once at least, whatever its units."""
    return np.maximum(frame.batch.units, 1)


def _outcome(frame: Frame, hits: Hits) -> Outcomes:
    """A finding at all nerve conduction codes of the day."""
    return with_ends(stated(hits), *of_the_day(frame, hits.left, line_in(_NCS)(frame)))


@rule(
    "PR302",
    relation=Limit(limit=_one, daily=_of_the_day, together=_nerve_conduction, amount=_reported),
    severity=Severity.WARNING,
    authority=Authority.MANUAL,
    # The first day of any rule here: the edition of the manual that brought this one was not read.
    in_force=since("2015-10-01"),
    cites=("ncci-policy-manual:one-code-per-date",),
    outcome=_outcome,
)
def one_code_per_date(hit: Hit) -> Finding:
    """More than one nerve conduction code, or one more than once, on a date.

    ## What it checks
    95907-95913 of one claim and date: two lines, or a line of several units
    (`lexicons/manual-rules.yaml`). A manual rule, whose text was not compared; it needs no table.
    Not asked of inpatient claims. CPT is copyright American Medical Association; the labels are ours.

    ## Why it matters
    The studies of a date are counted together, and one code is reported for the total: 95907 for 1-2,
    95908 for 3-4, 95909 for 5-6, 95910 for 7-8, 95911 for 9-10, 95912 for 11-12, 95913 for 13 or more.

    ## Example
    95907 and 95908 on one day.

    ## How to fix
    Count the studies in the report and keep the one code for their total, with one unit.
    """
    first = line_of(hit.left)
    entry = code_sets(hit.book)[_NCS]
    lines = [each for each in first.same_day() if each.code in entry.labels]
    named = " and ".join(each.named + (f" x {each.line.units:g}" if each.line.units > 1 else "") for each in lines)
    bands = ", ".join(f"{code} for {number}" for code, number in entry.studies.items())
    return hit.finding(
        f"{named} on {first.day}. Manual rule: one nerve conduction code is reported for a date, "
        "by the total number of studies",
        because=table_says(hit.book, _NCS),
        at=lines,
        fix=Fix(
            say=f"Report one unit of the one code for the total: {bands}",
            ask=f"What is the total number of nerve conduction studies on {first.day}?",
        ),
    )
