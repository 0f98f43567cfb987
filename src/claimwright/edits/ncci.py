"""What rules over the NCCI tables share: which edition answers for a line, and proof from its rows."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import numpy as np

from claimwright.book.procedures import MUE, OUTPATIENT, PRACTITIONER, PTP, TableEdition, how_to_load, procedures
from claimwright.book.store import Book
from claimwright.edits.frame import EPOCH, LINE, Frame
from claimwright.edits.line_relations import EDITED, Places
from claimwright.model import Because, Claim, NotEvaluated, Setting

TABLE_SETTING = {
    Setting.PROFESSIONAL: PRACTITIONER,
    Setting.OUTPATIENT: OUTPATIENT,
    Setting.EMERGENCY: OUTPATIENT,
}
"""The table that edits a claim's lines. Emergency departments bill as outpatient facilities."""

_BY_SETTING = (PTP, MUE)
"""Tables of which there is one for each setting."""


def edition_on(book: Book, table: str, setting: Setting, day: date) -> TableEdition | None:
    """The edition for lines of such a claim on `day`; None when none is loaded."""
    return procedures(book).edition(table, day, TABLE_SETTING[setting] if table in _BY_SETTING else "")


def answered(frame: Frame, table: str) -> Iterator[tuple[TableEdition, Places]]:
    """The lines that each loaded edition of a table answers for, by the setting of their claims."""
    if table not in _BY_SETTING:
        edited = frame.in_settings(*EDITED, kind=LINE)
        for edition, held in by_edition(frame, table):
            yield edition, held[edited[held]]
        return
    for name in dict.fromkeys(TABLE_SETTING.values()):
        edited = frame.in_settings(*(each for each in EDITED if TABLE_SETTING[each] == name), kind=LINE)
        for edition, held in by_edition(frame, table, name) if edited.any() else ():
            yield edition, held[edited[held]]


def by_edition(frame: Frame, table: str, setting: str = "") -> Iterator[tuple[TableEdition, Places]]:
    """The lines that each edition of a table (of one setting, as the tables name it) answers for.

    Of two editions that cover a day the first listed answers, as in `Procedures.edition`.
    """
    days = frame.batch.line_days
    unanswered = np.ones(len(days), dtype=np.bool_)
    for edition in procedures(frame.columns.book).editions(table, setting):
        first, last = edition.window.starts, edition.window.ends or date.max
        held = unanswered & (days >= (first - EPOCH).days) & (days <= (last - EPOCH).days)
        unanswered &= ~held
        if held.any():
            yield edition, np.flatnonzero(held)


def proof(edition: TableEdition, kind: str, text: str, holder: str) -> Because:
    """A row of an edition as proof."""
    window = edition.window
    return Because(edition.table, edition.name, window.starts, window.ends, kind, text, holder, "table")


def lacking(book: Book, rule: str, table: str, claim: Claim, otherwise: date) -> list[NotEvaluated]:
    """The quarters that the lines of a claim need and the book lacks; none for settings without such edits."""
    if claim.setting not in EDITED:
        return []
    days = sorted({line.date or claim.date_of_service(otherwise) for line in claim.lines})
    setting = TABLE_SETTING[claim.setting] if table in _BY_SETTING else ""
    hows = [_how(table, setting, day, edition_on(book, table, claim.setting, day)) for day in days]
    return [NotEvaluated(rule, table, how) for how in dict.fromkeys(hows) if how]


def _how(table: str, setting: str, day: date, edition: TableEdition | None) -> str:
    """What to load for a whole answer; empty when the edition of the day is complete."""
    load = how_to_load(table, day)
    if setting:
        load = load.replace("Load the file", f"Load the {setting} file", 1)
    if edition is None:
        return load
    parts = ", ".join(map(str, edition.missing))
    return f"Of {edition.name} part {parts} is missing. {load}" if parts else ""
