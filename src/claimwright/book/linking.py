"""Codes inside official texts: which words of a note name something that the book can show.

Notes print codes as `R25.2`, families as `G40.4-` or `F95.-`, and ranges as `G20-G26`. Whether such a name
leads anywhere is asked of the book, never guessed from its form.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from datetime import date
from typing import TYPE_CHECKING, NamedTuple

from claimwright.model import dotted, undotted

if TYPE_CHECKING:
    from claimwright.book.store import Book

_NAME = re.compile(r"(?<![A-Z0-9.])[A-Z][0-9][0-9A-Z](?:\.[0-9A-Z]{1,4})?(?![0-9A-Z])")
_RANGE = re.compile(rf"{_NAME.pattern}-{_NAME.pattern[len('(?<![A-Z0-9.])') :]}")


class Piece(NamedTuple):
    """A stretch of a text; `code` is what it leads to, as printed, or None for plain words."""

    text: str
    code: str | None


def named_in(text: str) -> list[str]:
    """Codes, families and ranges that a text prints, without dots (`G20-G26` and both its ends)."""
    found = [each.group() for each in _RANGE.finditer(text)]
    return [undotted(each) for each in (*found, *(each.group() for each in _NAME.finditer(text)))]


def known(book: Book, names: Iterable[str]) -> frozenset[str]:
    """Those of the names (no dots) that some loaded edition or the dated registry has."""
    wanted = json.dumps(sorted(set(names)))
    sql = (
        "WITH wanted AS MATERIALIZED (SELECT value FROM json_each(?)) "
        "SELECT code FROM node WHERE code IN wanted UNION SELECT code FROM registry WHERE code IN wanted"
    )
    return frozenset(code for (code,) in book.rows(sql, (wanted,)))


def pieces(text: str, there: frozenset[str]) -> Iterator[Piece]:
    """The text cut where it names something of `there`; a range is one link where it is a block."""
    at = 0
    for found in _names(text, there):
        if found.start() < at:
            continue
        if found.start() > at:
            yield Piece(text[at : found.start()], None)
        yield Piece(found.group(), dotted(undotted(found.group())))
        at = found.end()
    if at < len(text):
        yield Piece(text[at:], None)


def _names(text: str, there: frozenset[str]) -> list[re.Match[str]]:
    both = [*_RANGE.finditer(text), *_NAME.finditer(text)]
    return sorted((each for each in both if undotted(each.group()) in there), key=lambda e: (e.start(), -e.end()))


def first_billable(book: Book, target: str, day: date) -> tuple[str, str] | None:
    """(code, title) of the first code that a note's target means and that is billable on `day`.

    The target is as the note prints it: a code, a family, a range, or a family with a condition
    (`E08-E13 with .42`), of which only the family is read. None where nothing of it is billable.
    """
    names = _NAME.findall(target.upper())
    if not names:
        return None
    edition, _ = book.edition_on(day)
    node = book.node(edition.number, undotted(names[0]))
    found = book.billable_under(node, day, 1) if node else []
    return (dotted(found[0][0]), found[0][1]) if found else None
