"""Sections of a note: where each header of `lexicons/note-sections.yaml` begins, and what it says of its mentions."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from claimwright.model.reading import Status


class Kind(NamedTuple):
    """A section: `status` of its mentions unless their sentence says otherwise, `rank` for candidates.

    `acute_only`: the status is that of acute conditions alone. `final`: it speaks at discharge.
    """

    name: str
    rank: int = 2
    status: Status | None = None
    acute_only: bool = False
    candidates: bool = True
    final: bool = False


BODY, OTHER, KEEP = Kind("body"), Kind("other"), Kind("keep")
"""Text before any header; a header that the lexicon does not have; a sub-heading."""

_HEADER = re.compile(
    r"^[ \t]*(?:[#*\u2022\-]+[ \t]*|\d{1,2}[.)][ \t]*)?\**_{0,2}"
    r"(?P<name>[A-Za-z][A-Za-z/&,'.() \t\-]{0,58}?)_{0,2}\**[ \t]*"
    r"(?:(?P<colon>[:\uff1a])\**|(?P<dash>[ \t][-\u2013\u2014][ \t])|(?P<bare>\r?$))",
    re.MULTILINE,
)
_INLINE = re.compile(r"(?<=[.;!?])[ \t]+(?P<name>[A-Z][A-Za-z/& ]{1,40}):")
_SPACE = re.compile(r"[^a-z/&,]+")


class Part(NamedTuple):
    """Characters `start` to `end` of a note, below a header."""

    start: int
    end: int
    kind: Kind


def kinds(rows: Iterable[dict[str, Any]]) -> dict[str, Kind]:
    """Sections by header, from the rows of the lexicon."""
    out: dict[str, Kind] = {}
    for row in rows:
        kind = Kind(
            row["section"],
            row.get("rank", 2),
            Status(row["status"]) if "status" in row else None,
            row.get("acute_only", False),
            row.get("candidates", True),
            row.get("final", False),
        )
        out |= {_key(str(header)): kind for header in row["headers"]}
    return out


def _key(name: str) -> str:
    return _SPACE.sub(" ", name.lower()).strip()


def sections(text: str, known: dict[str, Kind]) -> Iterator[Part]:
    """The parts of a note in order; the headers themselves are in none of them."""
    start, kind = 0, BODY
    for low, high, found in _headers(text, known):
        if found is KEEP:
            found = kind
        if low > start:
            yield Part(start, low, kind)
        start, kind = high, found
    if start < len(text):
        yield Part(start, len(text), kind)


def _headers(text: str, known: dict[str, Kind]) -> list[tuple[int, int, Kind]]:
    out: dict[int, tuple[int, int, Kind]] = {}
    for found in _HEADER.finditer(text):
        kind = known.get(_key(found["name"]))
        if kind is None:
            kind = _unknown(text, found)
        elif kind.name == KEEP.name:
            kind = KEEP if found["colon"] else None
        elif not found["colon"] and len(found["name"].strip()) < 2:
            kind = None  # a letter alone is a header only before a colon
        if kind is not None:
            out[found.start("name")] = (found.start("name"), found.end(), kind)
    for found in _INLINE.finditer(text):
        kind = known.get(_key(found["name"]))
        if kind is not None and kind.name != KEEP.name and len(found["name"]) > 2:
            out.setdefault(found.start("name"), (found.start("name"), found.end(), kind))
    return sorted(out.values())


def _unknown(text: str, found: re.Match[str]) -> Kind | None:
    """A header that the lexicon does not have: a short line in capitals, or one with nothing after its colon."""
    name = found["name"].strip()
    if len(name) < 4 or len(name.split()) > 6:
        return None
    rest = text[found.end() : found.end() + 80].split("\n", 1)[0].strip()
    if found["bare"] is not None:
        return OTHER if name.isupper() and len(name.split()) > 1 else None
    return OTHER if found["colon"] and (name.isupper() or not rest) and not name.endswith(".") else None
