"""What a claim carries that no rule can judge: said, so that silence is never taken for consent."""

from __future__ import annotations

from datetime import date

from claimwright.book.store import Book
from claimwright.edits import uncovered
from claimwright.edits.documentation import more_specific_code
from claimwright.edits.listing import unjudged
from claimwright.edits.ncci import lacking
from claimwright.edits.procedure import (
    add_on_without_primary,
    modifier_invalid,
    procedure_not_in_effect,
    unknown_procedure,
)
from claimwright.model import Claim, NotEvaluated

_BY_TABLE = (
    ("ptp-conflict", "ncci-ptp"),
    ("units-exceed-mue", "ncci-mue"),
    ("add-on-without-primary", "ncci-aoc"),
)
"""Rules over tables of quarters and settings, which a book may have for some lines and not for others."""

_BY_CODE = (
    ("unknown-procedure", unknown_procedure.decided),
    ("procedure-not-in-effect", procedure_not_in_effect.decided),
)
"""Rules whose table depends on the form of a line's code."""


def pending(claim: Claim, book: Book, otherwise: date) -> list[NotEvaluated]:
    """Rules of the catalogue that concern this claim and could not be applied to it."""
    out = []
    if claim.lines:
        out += [each for rule, table in _BY_TABLE for each in lacking(book, rule, table, claim, otherwise)]
        out += [each for rule, decided in _BY_CODE for each in unjudged(rule, claim, book, otherwise, decided)]
        out += add_on_without_primary.unjudged("add-on-without-primary", claim, book, otherwise)
        out += uncovered.unjudged("noncovered-procedure", claim, book, otherwise)
        out += modifier_invalid.unjudged("modifier-invalid", claim, book, otherwise)
    if claim.note and claim.note.strip():
        out += more_specific_code.lacking(book)
    return out


def unread_notes(code: str, edition: str) -> NotEvaluated:
    """A code in effect whose own notes no rule has seen: the edition that answered does not have it."""
    return NotEvaluated(
        "excludes1-conflict",
        f"the notes of {code}, which {edition} does not have",
        "claimwright data add icd10cm-tabular FILE (the edition in force on the date of service)",
    )
