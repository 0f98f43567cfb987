"""Codes that stand in a question: procedures, ranges of them with their modifiers, diagnoses."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date
from typing import TYPE_CHECKING, NamedTuple

from claimwright.model import dotted

if TYPE_CHECKING:
    from claimwright.book.store import Book

_SERVICE = r"(?:\d{5}|\d{4}[A-Z]|[A-Z]\d{4})"
_RANGE = re.compile(rf"\b({_SERVICE})\s*(?:-|\u2013|\u2014|to|through|thru)\s*({_SERVICE})\b", re.IGNORECASE)
_PROCEDURE = re.compile(rf"\b({_SERVICE})(?:-([A-Z0-9]{{2}}))?\b(?!-\d{{4}})", re.IGNORECASE)
_DIAGNOSIS = re.compile(r"\b([A-TV-Z]\d[0-9A-Z])(?:\.([0-9A-Z]{1,4})|([0-9A-Z]{1,4}))?(?:-|\b)", re.IGNORECASE)
_ZIP = re.compile(r"\b(?:in|zip|zip code|[A-Z]{2})\s+\Z")
"""What stands before five digits that are a place."""
_MOST = 60
"""The most codes of one range."""


class CodeSaid(NamedTuple):
    """A code as it stands in the question; `known` False for a diagnosis that no loaded table has."""

    start: int
    end: int
    code: str
    kind: str
    modifier: str | None = None
    known: bool = True


class Known:
    """What tells a service code from a diagnosis: codes of families and policies, and the book."""

    def __init__(self, book: Book, families: Mapping[str, frozenset[str]], day: date) -> None:
        self.book, self.day = book, day
        self.services = frozenset(code for codes in families.values() for code in codes)
        self._edition = book.edition_on(day)[0].number

    def diagnosis(self, code: str) -> bool:
        """Does the book have the code, as a header or in its dated registry?"""
        return self.book.node(self._edition, code) is not None or bool(self.book.registry(code))

    def between(self, low: str, high: str) -> list[str]:
        """The service codes of a range; those that nothing loaded names too where the range is short."""
        if low.isdigit() and high.isdigit() and 0 <= int(high) - int(low) < _MOST:
            return [f"{number:05d}" for number in range(int(low), int(high) + 1)]
        if low[0] == high[0] and low[1:].isdigit() and high[1:].isdigit() and 0 <= int(high[1:]) - int(low[1:]) < _MOST:
            every = [f"{low[0]}{number:04d}" for number in range(int(low[1:]), int(high[1:]) + 1)]
            return [code for code in every if code in self.services or code in (low, high)]
        return [low, high]


def codes_said(text: str, known: Known) -> list[CodeSaid]:
    """Every code in order of place."""
    found = [*_ranges(text, known)]
    found += [each for each in _procedures(text, known) if _free(each, found)]
    found += [each for each in _diagnoses(text, known) if _free(each, found)]
    return sorted(found, key=lambda each: (each.start, each.code))


def _free(each: CodeSaid, found: list[CodeSaid]) -> bool:
    return not any(each.start < other.end and other.start < each.end for other in found)


def _ranges(text: str, known: Known) -> Iterator[CodeSaid]:
    for match in _RANGE.finditer(text):
        low, high = match[1].upper(), match[2].upper()
        if low[0].isdigit() == high[0].isdigit():
            for code in known.between(low, high):
                yield CodeSaid(match.start(), match.end(), code, "procedure")


def _procedures(text: str, known: Known) -> Iterator[CodeSaid]:
    for match in _PROCEDURE.finditer(text):
        code, modifier = match[1].upper(), match[2]
        if code not in known.services:
            if code[0].isalpha() and known.diagnosis(code):
                continue
            if code.isdigit() and _ZIP.search(text, 0, match.start()):
                continue
        yield CodeSaid(match.start(), match.end(), code, "procedure", modifier.upper() if modifier else None)


def _diagnoses(text: str, known: Known) -> Iterator[CodeSaid]:
    """Codes with a point are codes whether or not they exist; others only where the book has them."""
    for match in _DIAGNOSIS.finditer(text):
        pointed = match[2] is not None
        code = (match[1] + (match[2] or match[3] or "")).upper()
        has = known.diagnosis(code)
        end = match.end() - (text[match.end() - 1] == "-")
        if has or pointed:
            yield CodeSaid(match.start(), end, dotted(code), "diagnosis", known=has)
