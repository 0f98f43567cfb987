"""Service lines that Medicare does not cover, by the status that its own fee schedules print for the code.

Only statuses count whose meaning is cited in the lexicons with `covered: "no"`: a code that is paid
elsewhere, packaged or bundled is none of these.
"""

from __future__ import annotations

from datetime import date

import numpy as np

from claimwright.book.procedure_columns import bearing
from claimwright.book.procedures import OPPS, PFS, STATUS_LEXICON, how_to_load, procedures
from claimwright.book.store import Book
from claimwright.edits.frame import LINE, Bools, Frame, Ints
from claimwright.edits.hit import Hit, LineEnd
from claimwright.edits.line_relations import EDITED, Places
from claimwright.edits.listing import CPT, LEVEL_TWO, form_of, line_days
from claimwright.edits.ncci import by_edition, proof
from claimwright.model import Because, Claim, Finding, Fix, NotEvaluated, Payer, Setting, Severity

FEE_STATUS = "fee-status"
_MEDICARE = "medicare"
_FACILITY = (Setting.OUTPATIENT, Setting.EMERGENCY)
_SCHEDULE, _OUTPATIENT = range(2)
"""Faults: by the physician fee schedule; by Addendum B, which goes before."""

_TABLES = {_SCHEDULE: (PFS, FEE_STATUS, EDITED), _OUTPATIENT: (OPPS, STATUS_LEXICON, _FACILITY)}
_SAID = ("GY", "GZ")
"""Modifiers by which a line says itself that it is not covered: excluded by statute, not reasonable and necessary."""


def lines(frame: Frame) -> tuple[Places, Places]:
    """Lines of Medicare's claims with a code that is not covered, and by which schedule."""
    fault = np.full(len(frame.lines), -1, dtype=np.int64)
    for number, (table, lexicon, settings) in _TABLES.items():
        statuses = tuple(_meanings(frame.columns.book, lexicon))
        if not statuses:
            continue
        where = frame.in_settings(*settings, kind=LINE)
        for edition, held in by_edition(frame, table):
            barred = bearing(frame.columns.book, table, edition.number, statuses)
            asked = held[where[held]]
            fault[asked[np.isin(frame.lines.texts, barred)[frame.lines.code[asked]]]] = number
    found = np.flatnonzero(fault >= 0)
    found = found[_of_medicare(frame, frame.lines.claim[found])]
    return found, fault[found]


def _of_medicare(frame: Frame, claim: Ints) -> Bools:
    """Is Medicare the payer of these claims?"""
    batch = frame.batch
    if batch.claims is not None:
        return np.array([_is_medicare(batch.payer_of(each)) for each in claim.tolist()], dtype=np.bool_)
    if batch.payer is None:
        return np.zeros(len(claim), dtype=np.bool_)
    return np.array([_is_medicare(each) for each in batch.payers], dtype=np.bool_)[batch.payer[claim]]


def says_so(frame: Frame) -> Bools:
    """Lines that say themselves that they are not covered."""
    return np.logical_or.reduce([frame.lines.with_modifier(each) for each in _SAID])


def _is_medicare(payer: Payer) -> bool:
    return payer.id is not None and payer.id.strip().lower() == _MEDICARE


def _meanings(book: Book, lexicon: str) -> dict[str, dict[str, str]]:
    """Rows of the lexicon for statuses that say a service is not covered."""
    return {row["status"]: row for row in book.lexicon_rows(lexicon) if row.get("covered") == "no"}


def finding(hit: Hit, line: LineEnd) -> Finding:
    """What the schedule says of the line's code, with the row and whose words it is."""
    table, lexicon, _ = _TABLES[hit.key]
    load = procedures(hit.book)
    edition = load.need(table, line.day)
    if table == PFS:
        status, name = load.fees(line.code, line.day)[0].status, "physician fee schedule"
    else:
        row = load.outpatient(line.code, line.day)
        assert row is not None  # noqa: S101 - the kernel found it
        status, name = row.status, "OPPS Addendum B"
    meaning = _meanings(hit.book, lexicon)[status]
    source = hit.book.lexicon_source(lexicon, meaning["source"])
    words = Because(
        source=f"lexicon {lexicon}", edition=f"read {source.get('read', '')}", starts=None, ends=None,
        kind="cited-source", text=f"status {status}: {meaning['says']}",
        holder=f"{source.get('title', '')} ({source.get('publisher', '')})", level="source",
    )  # fmt: skip
    said = next((each for each in line.line.modifiers if each.strip().upper() in _SAID), None)
    aside = f"; its modifier {said.strip().upper()} says so" if said else ""
    return hit.finding(
        f"{line.named} has status {status} in the {name} {edition.name}: {meaning['says']}{aside}",
        because=[proof(edition, "status", f"status {status}", line.code), words],
        severity=Severity.INFO if said else None,
        cites=(),
        fix=Fix(
            say=f"Compare {line.code} with the record; a service that was provided and is not covered is billed so",
            ask=None if said else f"Does {line.code} describe what the record documents for {line.day}?",
        ),
    )


def unjudged(rule: str, claim: Claim, book: Book, otherwise: date) -> list[NotEvaluated]:
    """The schedules of the days of a Medicare claim's lines that are not loaded."""
    if claim.setting not in EDITED or not _is_medicare(claim.payer):
        return []
    table = OPPS if claim.setting in _FACILITY else PFS
    days = [day for code, day in line_days(claim, otherwise) if form_of(code) in (CPT, LEVEL_TWO)]
    lacking = [day for day in days if procedures(book).edition(table, day) is None]
    return [NotEvaluated(rule, table, how) for how in dict.fromkeys(how_to_load(table, day) for day in lacking)]
