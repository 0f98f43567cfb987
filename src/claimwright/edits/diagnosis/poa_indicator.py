"""DX309 poa-indicator."""

from __future__ import annotations

from datetime import date, timedelta
from functools import lru_cache

import numpy as np

from claimwright.book.columns import columns
from claimwright.book.store import Book
from claimwright.edits.conditions import has_poa, hospital_reports_poa, in_effect, negated
from claimwright.edits.frame import EPOCH, Bools, Frame
from claimwright.edits.hit import Hit
from claimwright.edits.outcomes import AS_STATED, NO_FINDING, Outcomes
from claimwright.edits.registry import rule, since
from claimwright.edits.relations import Hits, Membership, OneOf
from claimwright.model import Authority, Because, Finding, Fix, Setting, Severity, undotted

_MISSING = -1
_NEEDED = ("poa-exempt",)
_OUTDATED = b"1"
"""Stood for an exempt code on claims of earlier years: no finding."""


def _outcome(frame: Frame, hits: Hits) -> Outcomes:
    """A finding without an indicator unless the code is exempt; with one other than 1 only if it is."""
    book, batch = frame.columns.book, frame.batch
    day = batch.day[frame.claim[hits.left]]
    code = frame.of("code", hits.left)
    rank = np.full(len(hits), NO_FINDING, dtype=np.int8)
    missing, exempt = hits.key == _MISSING, np.zeros(len(hits), dtype=np.bool_)
    listed = np.zeros(len(hits), dtype=np.bool_)
    for number in np.unique(day).tolist():
        edition = book.table_edition("poa-exempt", EPOCH + timedelta(days=number))
        if edition is not None:
            at = np.flatnonzero(day == number)
            listed[at], exempt[at] = True, _exempt(book, edition[2])[code[at]]
    rank[listed & missing & ~exempt] = AS_STATED
    rank[listed & ~missing & exempt & (batch.poa[hits.left] != _OUTDATED)] = Severity.INFO.rank
    return Outcomes(rank)


@lru_cache(maxsize=16)
def _exempt(book: Book, edition: int) -> Bools:
    """Does a list of the year have each code of the book's axis?"""
    rows = book.rows("SELECT code FROM poa_exempt WHERE edition = ?", (edition,))
    axis = columns(book, book.edition_on(date.max)[0].number).array("codes", shared=True)
    return np.isin(axis, np.array([code.encode("ascii", "replace") for (code,) in rows], dtype=axis.dtype))


@rule(
    "DX309",
    relation=OneOf(
        (
            Membership((in_effect, negated(has_poa), hospital_reports_poa), _NEEDED, (Setting.INPATIENT,)),
            Membership((in_effect, has_poa, hospital_reports_poa), _NEEDED, (Setting.INPATIENT,)),
        )
    ),
    severity=Severity.ERROR,
    authority=Authority.TABLE_EDIT,
    in_force=since("2015-10-01"),
    cites=("icd10cm-guidelines:Appendix I.general", "icd10cm-guidelines:Appendix I.exempt"),
    outcome=_outcome,
)
def poa_indicator(hit: Hit) -> Finding | None:
    """A present-on-admission indicator that is missing, or given for a code exempt from it.

    ## What it checks
    Every diagnosis in effect on an inpatient claim, against the CMS list of exempt codes of the fiscal
    year of discharge (`claimwright data add poa-exempt FILE`). Hospitals that are exempt from reporting say
    so on the claim (`poa_exempt_hospital`). Without the list of that year the rule is not evaluated.

    ## Why it matters
    The indicator decides whether a condition counts as hospital-acquired. A missing one returns the claim.

    ## Example
    I50.9 without Y, N, U or W on an inpatient claim.

    ## How to fix
    Read from the record whether the condition was present when the order to admit was written.
    """
    exempt = hit.book.poa_exempt(undotted(hit.left.code), hit.day)
    if exempt is None:
        return None
    if hit.key == _MISSING:
        return None if exempt else _missing(hit)
    indicator = (hit.left.diagnosis.poa or "").upper()
    if not exempt or indicator == "1":
        return None
    return hit.finding(
        f"{hit.left.named} is exempt from present-on-admission reporting and carries the indicator {indicator}",
        because=[_proof(hit, f"{hit.left.code} is on the list of exempt codes")],
        severity=Severity.INFO,
        fix=Fix(say=f"Leave the indicator of {hit.left.code} blank"),
    )


def _missing(hit: Hit) -> Finding:
    return hit.finding(
        f"{hit.left.named} has no present-on-admission indicator and is not exempt from it",
        because=[_proof(hit, f"{hit.left.code} is not on the list of exempt codes")],
        fix=Fix(
            say=f"Report Y, N, U or W for {hit.left.code}",
            ask=f"Was {hit.left.named} present when the order for inpatient admission was written?",
        ),
    )


def _proof(hit: Hit, text: str) -> Because:
    found = hit.book.table_edition("poa-exempt", hit.day)
    name, window = found[:2] if found else ("", hit.book.registry_window)
    return Because("poa-exempt", name, window.starts, window.ends, "list", text, hit.left.code, "code")
