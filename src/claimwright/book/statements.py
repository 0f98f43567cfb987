"""Look-ups for statements of articles: what a pattern of codes means, what a note names, what bears a name."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from claimwright.model import dotted, undotted

if TYPE_CHECKING:
    from claimwright.book.store import Book, NodeEntry, NoteEntry

Spans = tuple[tuple[int, int], ...]

_END = re.compile(r"[.\-xX]*\Z")
_LEAST_CODE = 3
_WORD = re.compile(r"[a-z0-9]+")


class Named(NamedTuple):
    """A place whose title or inclusion term bears a name; `kind` is `title` or `inclusion term`."""

    code: str
    pos: int
    text: str
    kind: str


def places_of(book: Book, edition: int, pattern: str) -> Spans:
    """Positions [start, stop) of a code, a family (`F95.-`, `M62.83x`) or a range (`G20-G26`); none if unknown."""
    found = _bare(book, edition, pattern)
    if found is not None:
        return ((found.pos, found.stop),)
    low, dash, high = pattern.replace("\u2013", "-").partition("-")
    if not dash or not high:
        return ()
    first, last = _bare(book, edition, low), _bare(book, edition, high)
    if first is None or last is None or first.pos >= last.stop:
        return ()
    return ((first.pos, last.stop),)


def _bare(book: Book, edition: int, pattern: str) -> NodeEntry | None:
    name = undotted(_END.sub("", pattern.strip())) if len(pattern.strip()) > _LEAST_CODE else undotted(pattern)
    if len(name) < _LEAST_CODE or not name.isalnum():
        return None
    return book.node(edition, name)


def spans_of(book: Book, note: NoteEntry) -> Spans:
    """Positions that a note names, in order; none for a note that names no code."""
    sql = (
        "SELECT s.start, s.stop FROM note_reference l JOIN span s ON s.reference = l.reference "
        "WHERE l.edition = ? AND l.note = ? ORDER BY s.start"
    )
    return tuple((start, stop) for start, stop in book.rows(sql, (note.edition, note.number)))


def within(inner: Spans, outer: Spans) -> bool:
    """Does every interval of `inner` lie in one of `outer`? False for none."""
    return bool(inner) and all(any(low <= start and stop <= high for low, high in outer) for start, stop in inner)


def overlap(one: Spans, other: Spans) -> bool:
    """Do any two intervals share a position?"""
    return any(start < high and low < stop for start, stop in one for low, high in other)


def named(book: Book, edition: int, words: str, most: int = 40) -> list[Named]:
    """Codes and families whose title or inclusion term begins with `words`, the shortest names first.

    Letters count in either case; codes made by a seventh character repeat their stem and are left out.
    """
    form = words.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
    sql = (
        "SELECT * FROM (SELECT code, pos, title AS says, 'title' FROM node WHERE edition = ? AND made = 0 "
        "AND kind NOT IN ('chapter', 'block') AND title LIKE ? ESCAPE '\\' UNION ALL "
        "SELECT h.code, h.pos, n.text AS says, 'inclusion term' FROM note n JOIN node h ON h.edition = n.edition "
        "AND h.pos = n.holder WHERE n.edition = ? AND n.kind = 'inclusionTerm' AND n.text LIKE ? ESCAPE '\\') "
        "ORDER BY length(says), pos LIMIT ?"
    )
    return [
        Named(dotted(code), pos, text, kind) for code, pos, text, kind in book.rows(sql, (edition, form) * 2 + (most,))
    ]


def plain_words(text: str) -> str:
    """Letters and digits of a text in small letters, one space between words."""
    return " ".join(_WORD.findall(text.lower()))


def bearers(book: Book, edition: int) -> dict[str, list[Named]]:
    """Places by whole title and inclusion term, in `plain_words`; read once for many look-ups."""
    return book.keep(("bearers", edition), lambda: _bearers(book, edition))


def _bearers(book: Book, edition: int) -> dict[str, list[Named]]:
    sql = (
        "SELECT code, pos, title, 'title' FROM node WHERE edition = ? AND made = 0 "
        "AND kind NOT IN ('chapter', 'block') UNION ALL "
        "SELECT h.code, h.pos, n.text, 'inclusion term' FROM note n JOIN node h ON h.edition = n.edition "
        "AND h.pos = n.holder WHERE n.edition = ? AND n.kind = 'inclusionTerm'"
    )
    found: dict[str, list[Named]] = {}
    for code, pos, text, kind in book.rows(sql, (edition, edition)):
        found.setdefault(plain_words(text), []).append(Named(dotted(code), pos, text, kind))
    return found


def families_with(book: Book, codes: Sequence[str], model: str, year: int) -> list[tuple[str, int]]:
    """(code, HCC) of every code of a map that begins with one of `codes` (no dot), for a model and payment year."""
    out: list[tuple[str, int]] = []
    sql = "SELECT code, hcc FROM hcc_map WHERE model = ? AND year = ? AND code >= ? AND code < ? ORDER BY code"
    for stem in codes:
        out += [(code, hcc) for code, hcc in book.rows(sql, (model, year, stem, stem + "~"))]
    return out


def billable_ones(book: Book, codes: Sequence[str], first: str, last: str) -> set[str]:
    """Those of `codes` (no dot) that were billable on some day from `first` to `last` (ISO)."""
    sql = (
        "SELECT DISTINCT code FROM registry WHERE code IN (SELECT value FROM json_each(?)) "
        "AND starts <= ? AND (ends IS NULL OR ends >= ?)"
    )
    return {code for (code,) in book.rows(sql, (json.dumps(sorted(set(codes))), last, first))}


def moved_to(book: Book, note: NoteEntry) -> list[str]:
    """Codes at which the words of a note stand now, where they have left the codes it names."""
    sql = (
        "SELECT DISTINCT h.code, h.stop > h.pos + 1 FROM moved m "
        "JOIN node h ON h.edition = m.edition AND h.pos = m.target "
        "WHERE m.edition = ? AND m.note = ? ORDER BY m.target"
    )
    return [dotted(code) + "-" * header for code, header in book.rows(sql, (note.edition, note.number))]


def sections_on(book: Book, document: str, words: str) -> list[tuple[str, str, str]]:
    """(section, title, text) of a source document where the title or the text holds `words`."""
    sql = (
        "SELECT DISTINCT section, title, text FROM citation WHERE document = ? "
        "AND (instr(lower(title), ?) OR instr(lower(text), ?)) ORDER BY section"
    )
    return [(section, title, text) for section, title, text in book.rows(sql, (document, words.lower(), words.lower()))]


def hcc_labels(book: Book, model: str) -> dict[int, str]:
    """Label of every HCC of a model."""
    return dict(book.rows("SELECT hcc, label FROM hcc_label WHERE model = ?", (model,)))
