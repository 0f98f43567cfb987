"""PR320 unknown-procedure."""

from __future__ import annotations

import re
from datetime import date
from functools import lru_cache

import numpy as np

from claimwright.book.procedures import procedures
from claimwright.book.store import Book
from claimwright.edits.frame import LINE, Frame
from claimwright.edits.hit import Hit, LineEnd, line_of
from claimwright.edits.line_outcomes import graded
from claimwright.edits.line_relations import Faults, Places
from claimwright.edits.listing import CPT, JUDGE, LEVEL_TWO, NO_CODE, covered, ever, form_of, forms, known, named_on
from claimwright.edits.ncci import proof
from claimwright.edits.outcomes import Outcomes
from claimwright.edits.registry import rule, since
from claimwright.edits.relations import Hits
from claimwright.model import Authority, Because, Finding, Fix, Setting, Severity, dotted

_LIKE_RATE, _LIKE_REVENUE = re.compile(r"[A-Z0-9]{5}"), re.compile(r"0?\d{3}")


def _unknown(frame: Frame) -> tuple[Places, Places]:
    """Lines whose code no table lists, with the form of the code."""
    form = forms(frame)
    unlisted = form == NO_CODE
    for judged, table in JUDGE.items():
        unlisted |= (form == judged) & covered(frame, table)
    for table in JUDGE.values():
        # A code of another date is known, and another rule's concern.
        unlisted &= ~ever(frame, table)
    held = np.flatnonzero(unlisted & ~known(frame))
    return held, form[held].astype(np.int64)


def _outcome(frame: Frame, hits: Hits) -> Outcomes:
    """A warning for a CPT code, and for what may be a rate code on a facility's claim."""
    mild = hits.key == CPT
    shapeless = np.flatnonzero(hits.key == NO_CODE)
    if len(shapeless):
        line = hits.left[shapeless]
        used, number = np.unique(frame.lines.code[line], return_inverse=True)
        texts = [bytes(each).decode("ascii") for each in frame.lines.texts[used].tolist()]
        rate = np.array([_may_be_rate(frame.columns.book, each) for each in texts], dtype=np.bool_)[number]
        mild[shapeless] = rate & ~frame.in_settings(Setting.PROFESSIONAL, kind=LINE)[line]
    return graded(mild, Severity.WARNING, Severity.ERROR)


@lru_cache(maxsize=4096)
def _may_be_rate(book: Book, code: str) -> bool:
    """Is a text that is no procedure code written as a HIPPS rate code, and as nothing else?"""
    other = book.registry(code) or book.pcs.periods(code) or _LIKE_REVENUE.fullmatch(code)
    return bool(_LIKE_RATE.fullmatch(code)) and not other


def decided(book: Book, code: str, day: date) -> bool:
    """Is the code known from a table of the day, so that no other table is needed?"""
    return bool(named_on(book, code, day))


@rule(
    "PR320",
    relation=Faults(of=_unknown, settings=tuple(Setting)),
    severity=Severity.ERROR,
    authority=Authority.TABLE_EDIT,
    in_force=since("2015-10-01"),
    cites=("hcpcs-record-layout:code",),
    outcome=_outcome,
)
def unknown_procedure(hit: Hit) -> Finding:
    """A service line whose code is in no table.

    ## What it checks
    A text that is written as no procedure code at all (CPT: five digits, or four and one of F, T, U, M,
    A; HCPCS Level II: a letter and four digits) is an error without any table; on a facility's claim five
    letters and digits may be a HIPPS rate code, and are a warning. A Level II code that the
    HCPCS file of the day does not list is an error. A CPT code that the physician fee schedule of the
    day does not list is a warning, since the schedule is no list of CPT. A code that any loaded table of
    the day names (PTP, MUE, add-on, fee schedule) is known. Without the table that could judge, and for
    dental codes (D), the line is told as not evaluated.

    ## Why it matters
    A line with a code that does not exist is returned or denied.

    ## Example
    95A on a line; a letter and four digits that the HCPCS file of the quarter does not have.

    ## How to fix
    Compare the code with the charge and the record.
    """
    line = line_of(hit.left)
    if hit.key == NO_CODE:
        return _no_code(hit, line)
    table = JUDGE[hit.key]
    edition = procedures(hit.book).edition(table, line.day)
    assert edition is not None  # noqa: S101 - the kernel asked for it
    if hit.key == LEVEL_TWO:
        lists = f"the HCPCS Level II file {edition.name}, which covers {line.day}, does not list"
        after = "; codes that ended years before a release are no longer in it"
    else:
        lists = f"the physician fee schedule {edition.name}, which covers {line.day}, does not list"
        after = ", and no other table that is loaded for the day names it; the schedule is no list of all CPT codes"
    return hit.finding(
        f"{line.code} is a code that {lists}{after}",
        because=[proof(edition, "not-listed", f"no row for {line.code}", line.code)],
        severity=Severity.WARNING if hit.key == CPT else Severity.ERROR,
        fix=Fix(
            say=f"Compare {line.code} with the charge and the record",
            ask=f"Which service of {line.day} does the record document in place of {line.code}?",
        ),
    )


def _no_code(hit: Hit, line: LineEnd) -> Finding:
    likely, because = _looks_like(hit, line.code)
    # Rate codes share the field with HCPCS codes on institutional claims, and no table here holds them.
    rate = hit.setting is not Setting.PROFESSIONAL and _may_be_rate(hit.book, line.code)
    if rate:
        likely, because = "; it may be a HIPPS rate code, which no table here holds", [hit.cite("hipps-codes:use")]
    return hit.finding(
        f"{line.line.code.strip()} is not written as a procedure code: CPT has five digits, or four and a letter; "
        f"HCPCS Level II a letter and four digits{likely}",
        because=because,
        severity=Severity.WARNING if rate else Severity.ERROR,
        fix=Fix(
            say=f"Put the CPT or HCPCS code of the service in place of {line.line.code.strip()}",
            ask=f"Which service does the record document for {line.day}?",
        ),
    )


def _looks_like(hit: Hit, code: str) -> tuple[str, list[Because]]:
    """What else the text may be."""
    rows = hit.book.registry(code)
    if rows:
        row = next((each for each in rows if hit.day in each.window), rows[-1])
        return f"; {dotted(code)} is a diagnosis code", [
            hit.validity(row, f"{dotted(code)} is a diagnosis code", dotted(code))
        ]
    if hit.book.pcs.periods(code):
        return f"; {code} is an ICD-10-PCS procedure, which stands in the list of procedures", []
    if _LIKE_REVENUE.fullmatch(code):
        return "; it looks like a revenue code", []
    if re.fullmatch(r"[A-Z0-9]{5}[A-Z0-9]{2}", code) and form_of(code[:5]) != NO_CODE:
        return f"; it looks like {code[:5]} with the modifier {code[5:]}, which is a field of its own", []
    return "", []
