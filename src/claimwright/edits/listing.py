"""Which loaded procedure table lists the code of a line, and which one could judge it.

A Level II code (a letter and four digits) is judged by CMS's HCPCS file, a CPT code by the physician
fee schedule. Codes that begin with D are dental and in no table here. A code that any table of the
day names is known, whatever its form.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import date

import numpy as np

from claimwright.book.procedure_columns import listed, lists, places
from claimwright.book.procedures import AOC, HCPCS, MUE, OPPS, PFS, PTP, TableEdition, how_to_load, procedures
from claimwright.book.store import Book
from claimwright.edits.frame import Bools, Frame, Ints
from claimwright.edits.ncci import by_edition
from claimwright.model import Claim, NotEvaluated, undotted

NO_CODE, LEVEL_TWO, CPT, DENTAL = range(4)
"""What a text is by its form."""

JUDGE = {LEVEL_TWO: HCPCS, CPT: PFS}
"""The table that lists all codes of a form."""

DENTAL_TABLE = "dental codes"
_HOW_DENTAL = "codes that begin with D are the American Dental Association's, and no table here holds them"

_TABLES = (HCPCS, PFS, OPPS, MUE, PTP, AOC)
_FORMS = (
    (DENTAL, re.compile(r"D\d{4}")),
    (LEVEL_TWO, re.compile(r"[A-Z]\d{4}")),
    # Five digits, or four and a letter: F performance, T emerging, U laboratory, M multianalyte, A immunization.
    (CPT, re.compile(r"\d{5}|\d{4}[FTUMA]")),
)


def form_of(code: str) -> int:
    """The form of a code as tables write it."""
    return next((form for form, pattern in _FORMS if pattern.fullmatch(code)), NO_CODE)


def forms(frame: Frame) -> Ints:
    """The form of each line's code."""
    found = [form_of(bytes(text).decode("ascii")) for text in frame.lines.texts.tolist()]
    return np.array(found, dtype=np.int32)[frame.lines.code]


def known(frame: Frame) -> Bools:
    """Does any table that covers the line's day name its code?"""
    found: Bools = frame.once("known", lambda: _known(frame))
    return found


def _known(frame: Frame) -> Bools:
    out = np.zeros(len(frame.lines), dtype=np.bool_)
    book = frame.columns.book
    for table in _TABLES:
        for setting in dict.fromkeys(each.setting for each in procedures(book).editions(table)):
            for edition, held in by_edition(frame, table, setting):
                out[held] |= _named(frame, edition)[frame.lines.code[held]]
    return out


def covered(frame: Frame, table: str) -> Bools:
    """Is an edition of this table loaded for the line's day?"""
    out = np.zeros(len(frame.lines), dtype=np.bool_)
    for _, held in by_edition(frame, table):
        out[held] = True
    return out


def ever(frame: Frame, table: str) -> Bools:
    """Does any loaded edition of this table, of whatever day, name the line's code?"""
    book = frame.columns.book
    out = np.zeros(len(frame.lines.texts), dtype=np.bool_)
    for edition in procedures(book).editions(table):
        out |= _named(frame, edition)
    return out[frame.lines.code]


def _named(frame: Frame, edition: TableEdition) -> Bools:
    """Which of the batch's codes an edition names."""
    asked = "named", edition.table, edition.number
    codes = listed(frame.columns.book, edition.table, edition.number)
    found: Bools = frame.once(asked, lambda: places(codes, frame.lines.texts) >= 0)
    return found


def editions_naming(book: Book, table: str, code: str) -> list[TableEdition]:
    """Loaded editions of a table that name a code, in the order of their days."""
    found = [each for each in procedures(book).editions(table) if lists(book, each, code)]
    return sorted(found, key=lambda each: each.window.starts)


def named_on(book: Book, code: str, day: date) -> list[TableEdition]:
    """Editions covering `day` that name a code."""
    return [
        edition
        for table in _TABLES
        for edition in procedures(book).editions(table)
        if day in edition.window and lists(book, edition, code)
    ]


def line_days(claim: Claim, otherwise: date) -> Iterator[tuple[str, date]]:
    """(code as tables write it, day) of every line."""
    for line in claim.lines:
        yield undotted(line.code), line.date or claim.date_of_service(otherwise)


def unjudged(
    rule: str, claim: Claim, book: Book, otherwise: date, decided: Callable[[Book, str, date], bool]
) -> list[NotEvaluated]:
    """Tables without which some line's code cannot be judged; `decided` says of a code that it needs none."""
    out: dict[tuple[str, str], NotEvaluated] = {}
    for code, day in line_days(claim, otherwise):
        lacking = _lacking(book, code, day)
        if lacking and lacking not in out and not decided(book, code, day):
            out[lacking] = NotEvaluated(rule, *lacking)
    return list(out.values())


def _lacking(book: Book, code: str, day: date) -> tuple[str, str] | None:
    """(table, how to get it) that would judge a code and is not loaded; None where it is, or none could."""
    form = form_of(code)
    if form == DENTAL:
        return DENTAL_TABLE, _HOW_DENTAL
    table = JUDGE.get(form)
    if table is None or procedures(book).edition(table, day):
        return None
    return table, how_to_load(table, day)
