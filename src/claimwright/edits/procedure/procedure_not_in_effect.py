"""PR321 procedure-not-in-effect."""

from __future__ import annotations

from datetime import date

import numpy as np

from claimwright.book.procedure_columns import dated, fees
from claimwright.book.procedures import HCPCS, PFS, TableEdition, procedures
from claimwright.book.store import Book
from claimwright.edits.frame import LINE, Frame
from claimwright.edits.hit import Hit, LineEnd, line_of
from claimwright.edits.line_outcomes import graded
from claimwright.edits.line_relations import Faults, Places
from claimwright.edits.listing import NO_CODE, covered, editions_naming, ever, form_of, known
from claimwright.edits.ncci import by_edition, proof
from claimwright.edits.outcomes import Outcomes
from claimwright.edits.registry import rule, since
from claimwright.edits.relations import Hits
from claimwright.model import Authority, Because, Finding, Fix, Setting, Severity
from claimwright.model.fees import HcpcsEntry

FEE_STATUS = "fee-status"
_DATED, _LEFT_OUT, _STATUS, _NOT_SCHEDULED = range(4)
"""Faults: outside the days of the release; only in releases of other days; by its status; only in other schedules."""


def _faults(frame: Frame) -> tuple[Places, Places]:
    found = [
        (_DATED, _outside_its_days(frame)),
        (_LEFT_OUT, _of_other_days(frame, HCPCS)),
        (_STATUS, _by_status(frame)),
        (_NOT_SCHEDULED, _of_other_days(frame, PFS)),
    ]
    lines = np.concatenate([held for _, held in found])
    return lines, np.concatenate([np.full(len(held), fault) for fault, held in found])


def _outside_its_days(frame: Frame) -> Places:
    """Lines whose Level II code the release of the day lists, with days that do not hold the line's."""
    out = np.zeros(len(frame.lines), dtype=np.bool_)
    days = frame.batch.line_days
    for edition, held in by_edition(frame, HCPCS):
        table = dated(frame.columns.book, edition.number, False)
        at = table.at(frame.lines.texts)[frame.lines.code[held]]
        lines, at = held[at >= 0], at[at >= 0]
        out[lines] = (days[lines] < table.added[at]) | (days[lines] > table.last[at])
    return np.flatnonzero(out)


def _of_other_days(frame: Frame, table: str) -> Places:
    """Lines whose code only editions of other days list; no table of the day knows it."""
    return np.flatnonzero(covered(frame, table) & ever(frame, table) & ~known(frame))


def _by_status(frame: Frame) -> Places:
    """Lines of professional claims whose code the fee schedule of the day has as deleted or not valid."""
    barred = np.array([each.encode("ascii") for each in _meanings(frame.columns.book)], dtype="S2")
    out = np.zeros(len(frame.lines), dtype=np.bool_)
    for edition, held in by_edition(frame, PFS):
        table = fees(frame.columns.book, edition.number)
        at = table.at(frame.lines.texts)[frame.lines.code[held]]
        lines, at = held[at >= 0], at[at >= 0]
        out[lines] = np.isin(table.status[at], barred)
    return np.flatnonzero(out & frame.in_settings(Setting.PROFESSIONAL, kind=LINE))


def _meanings(book: Book) -> dict[str, dict[str, str]]:
    """Rows of the lexicon for status letters that speak against a code."""
    return {row["status"]: row for row in book.lexicon_rows(FEE_STATUS) if row.get("means")}


def _outcome(frame: Frame, hits: Hits) -> Outcomes:
    """A warning for a status other than deleted, and for a code that only other schedules list."""
    mild = hits.key == _NOT_SCHEDULED
    book, status = frame.columns.book, np.flatnonzero(hits.key == _STATUS)
    line = hits.left[status]
    if len(status):
        spared = [each.encode("ascii") for each, row in _meanings(book).items() if row["means"] != "deleted"]
        letter = np.zeros(len(frame.lines), dtype="S2")
        for edition, held in by_edition(frame, PFS):
            table = fees(book, edition.number)
            at = table.at(frame.lines.texts)[frame.lines.code[held]]
            letter[held[at >= 0]] = table.status[at[at >= 0]]
        mild[status] = np.isin(letter[line], np.array(spared, dtype="S2"))
    return graded(mild, Severity.WARNING, Severity.ERROR)


def decided(book: Book, code: str, day: date) -> bool:
    """Nothing but its own table says whether a code is in effect; what is no code at all is another rule's."""
    return form_of(code) == NO_CODE


@rule(
    "PR321",
    relation=Faults(of=_faults, settings=tuple(Setting), tables=(HCPCS, PFS)),
    severity=Severity.ERROR,
    authority=Authority.TABLE_EDIT,
    in_force=since("2015-10-01"),
    outcome=_outcome,
)
def procedure_not_in_effect(hit: Hit) -> Finding:
    """A procedure code that does not apply on the line's date of service.

    ## What it checks
    Level II codes against the days they were added and terminated, in the HCPCS file that covers the
    line's date; the termination date is the last day. A code that only files of other days list. On
    professional claims, a code whose status in the physician fee schedule of the day says deleted
    (error) or not valid for Medicare (warning), and one that only fee schedules of other days list
    (warning). A line whose date no loaded file covers is told as not evaluated.

    ## Why it matters
    A line with a code outside its days is denied, whatever the record says.

    ## Example
    C9014, terminated on 2018-12-31, on a line of 2019-01-01; the file's cross-reference names J0567.

    ## How to fix
    Report the code that was in effect. Where the file names a successor, compare it with the record.
    """
    line = line_of(hit.left)
    if hit.key == _DATED:
        edition = procedures(hit.book).need(HCPCS, line.day)
        entry = procedures(hit.book).hcpcs_in(edition, line.code)
        assert entry is not None  # noqa: S101 - the kernel found it
        return _by_days(hit, line, edition, entry)
    if hit.key == _LEFT_OUT:
        return _left_out(hit, line)
    return _status(hit, line) if hit.key == _STATUS else _unscheduled(hit, line)


def _by_days(hit: Hit, line: LineEnd, edition: TableEdition, entry: HcpcsEntry) -> Finding:
    """Added later, or terminated before."""
    named = f"{line.code} ({entry.short or entry.long})" if entry.short or entry.long else line.code
    because = [_days_proof(hit, edition, entry), hit.cite("hcpcs-record-layout:termination")]
    if line.day < entry.added:
        return hit.finding(
            f"{named} is not in effect on {line.day}: it was added on {entry.added}",
            because=because,
            fix=Fix(
                say=f"Report the code that was in effect on {line.day}",
                ask=f"Is the date of service right, and which code stood for this service on {line.day}?",
            ),
        )
    instead = _instead(hit, line, entry)
    if entry.cross_references:
        because.append(hit.cite("hcpcs-record-layout:cross-reference"))
    to = f"; the file's cross-reference names {', '.join(entry.cross_references)}" if entry.cross_references else ""
    return hit.finding(
        f"{named} is no longer in effect on {line.day}: its last day was {entry.last}{to}",
        because=because,
        fix=_successor(line, instead),
    )


def _instead(hit: Hit, line: LineEnd, entry: HcpcsEntry) -> tuple[str, ...]:
    """Cross-references of the code, but none of Level II that the file itself has outside its days."""
    look_up = procedures(hit.book).hcpcs
    found = [(code, look_up(code, line.day)) for code in entry.cross_references]
    return tuple(code for code, listed in found if listed is None or listed.in_force(line.day))


def _successor(line: LineEnd, instead: tuple[str, ...]) -> Fix:
    if not instead:
        return Fix(
            say=f"Report the code that is in effect on {line.day} for this service; the file names no successor",
            ask=f"Which code in effect on {line.day} describes what the record documents?",
        )
    return Fix(
        say=f"Compare {' or '.join(instead)} with the record, and report it if it describes the service",
        replace={line.code: instead},
        ask=f"Does the record document {' or '.join(instead)}?",
    )


def _days_proof(hit: Hit, edition: TableEdition, entry: HcpcsEntry) -> Because:
    until = f", terminated {entry.last}" if entry.last else ""
    references = f"; cross-reference {', '.join(entry.cross_references)}" if entry.cross_references else ""
    return proof(edition, "hcpcs-days", f"added {entry.added}{until}{references}", entry.code)


def _left_out(hit: Hit, line: LineEnd) -> Finding:
    """A Level II code that releases of other days list, and that of the day does not."""
    here = procedures(hit.book).need(HCPCS, line.day)
    others = editions_naming(hit.book, HCPCS, line.code)
    nearest = min(others, key=lambda each: each.window.distance(line.day))
    entry = procedures(hit.book).hcpcs_in(nearest, line.code)
    assert entry is not None  # noqa: S101 - the edition names it
    if entry.added > line.day:
        told = f"{nearest.name} has it as added on {entry.added}"
    elif entry.last and entry.last < line.day:
        told = f"its last day was {entry.last} ({nearest.name})"
    else:
        told = f"{nearest.name} still lists it"
    return hit.finding(
        f"{line.code} is not in effect on {line.day}: the HCPCS Level II file {here.name} does not list it; {told}",
        because=[proof(here, "not-listed", f"no row for {line.code}", line.code), _days_proof(hit, nearest, entry)],
        fix=_successor(line, _instead(hit, line, entry)),
    )


def _status(hit: Hit, line: LineEnd) -> Finding:
    """What the status letter of the fee schedule says."""
    edition = procedures(hit.book).need(PFS, line.day)
    fee = procedures(hit.book).fees(line.code, line.day)[0]
    meaning = _meanings(hit.book)[fee.status]
    deleted = meaning["means"] == "deleted"
    source = hit.book.lexicon_source(FEE_STATUS, meaning["source"])
    word = Because(
        source=f"lexicon {FEE_STATUS}", edition=f"read {source.get('read', '')}", starts=None, ends=None,
        kind="cited-source", text=f"status {fee.status}: {meaning['says']}",
        holder=f"{source.get('title', '')} ({source.get('publisher', '')})", level="source",
    )  # fmt: skip
    return hit.finding(
        f"{line.named} has status {fee.status} in the physician fee schedule {edition.name}: {meaning['says']}",
        because=[proof(edition, "fee-status", f"status {fee.status}", line.code), word],
        severity=Severity.ERROR if deleted else Severity.WARNING,
        fix=Fix(
            say=f"Report the code that Medicare takes for this service on {line.day}; the schedule does not name it",
            ask=f"Is the payer Medicare, and which code does it take for what the record documents in {line.code}?",
        ),
    )


def _unscheduled(hit: Hit, line: LineEnd) -> Finding:
    """A code that fee schedules of other quarters list."""
    here = procedures(hit.book).need(PFS, line.day)
    others = ", ".join(each.name for each in editions_naming(hit.book, PFS, line.code))
    return hit.finding(
        f"{line.named} is not in the physician fee schedule {here.name}, which covers {line.day}; {others} lists it",
        because=[proof(here, "not-listed", f"no row for {line.code}", line.code)],
        severity=Severity.WARNING,
        fix=Fix(
            say=f"Compare {line.code} with the code set in force on {line.day}",
            ask=f"Was {line.code} in effect on {line.day}, or has another code taken its place?",
        ),
    )
