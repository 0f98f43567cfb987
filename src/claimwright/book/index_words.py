"""Words of an index title: which of them a phrase must say, and which it may.

A title becomes groups: every group must be evidenced, by any word of the group. `Abnormal, abnormality,
abnormalities` is one group; `device or implant` is one group; the comma of `leg, sleep related` inverts,
so that each of its words is a group. `with`, `due to` and `in` before the words are the linkage that
guideline I.A.15 presumes: no group, but remembered. NEC and NOS say how the code classifies, not what the
patient has.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from claimwright.book.words import tokens
from claimwright.sources.index_rows import COLUMNS, DRUGS, NEOPLASMS

SMALL = frozenset(
    ("a", "an", "and", "as", "at", "by", "due", "for", "from", "in", "is", "its", "of", "on", "or", "the", "to", "with")
)
"""Words that no title turns on. `without`, `no` and `not` are none of them."""
_LINK = re.compile(
    r"(?:caused by, due to|due to, caused by|with or following|(?:associated |complicated )?with|in \(due to\)"
    r"|(?:caused |complicated )?by|due to|in)(?!\w)[, ]*",
    re.IGNORECASE,
)
_PLURAL = re.compile(r"\((?:e?s)\)")
_CLASSED = re.compile(r"\b(?:NEC|NOS)\b")
_WHERE = re.compile(r"[a-z0-9]")

NEC, PRESUMED, CONDITION, TABLE = 1, 2, 4, 8
"""Flags of a node: other or unspecified; linkage; leads only to the condition word; a row of a table."""


class Need(NamedTuple):
    """Groups of words of a title, words that may be said, flags, and how many groups stand before a comma."""

    groups: tuple[tuple[str, ...], ...]
    optional: tuple[str, ...]
    flags: int
    core: int


def need_of(essential: str, modifiers: str) -> Need:
    """What must and may be evidenced for a title; no group at all for a mere linkage (`with`) or a note."""
    if essential.startswith("Note:"):  # a remark that the flat file takes for a term, with terms below it
        return Need((), tuple(dict.fromkeys(content(essential))), 0, 0)
    flags = NEC if _CLASSED.search(essential) else 0
    text = _CLASSED.sub(" ", _PLURAL.sub("", essential))
    link = _LINK.match(text)
    if link:
        flags |= PRESUMED
        text = text[link.end() :]
    optional = [word for word in content(modifiers) if len(word) > 1]
    segments = [part.strip() for part in text.split(",") if _WHERE.search(part.lower())]
    groups: list[list[str]] = []
    core = 0
    if segments:
        groups, extra, core = _groups(segments)
        optional += extra
    said = {word for group in groups for word in group}
    return Need(
        tuple(tuple(dict.fromkeys(group)) for group in groups),
        tuple(dict.fromkeys(word for word in optional if word not in said)),
        flags,
        core,
    )


def content(text: str) -> list[str]:
    """Words of a text that carry meaning, in order."""
    return [word for word in tokens(text) if word not in SMALL]


def _groups(segments: list[str]) -> tuple[list[list[str]], list[str], int]:
    singles = [content(part) for part in segments]
    first = singles[0]
    if len(singles) > 2 and all(len(part) == 1 for part in singles):
        return [[part[0] for part in singles]], [], 1  # defect, disorder, disturbance
    groups = _joined(segments[0])
    core = len(groups)
    optional: list[str] = []
    for words, part in zip(singles[1:], segments[1:], strict=True):
        if words and first and _akin(first[-1], words[0]) and groups:
            groups[core - 1].append(words[0])  # abdomen, abdominal; tympanum, tympanic membrane
            optional += words[1:]
        else:
            groups += _joined(part)
    return groups, optional, core


def _joined(segment: str) -> list[list[str]]:
    """Groups of a segment; words joined by `or` or a slash are one."""
    out: list[list[str]] = []
    for chunk in re.split(r"\s+", segment):
        either = content(chunk.replace("/", " ")) if "/" in chunk else content(chunk)
        if "/" in chunk and len(either) > 1:
            out.append(either)
        elif either:
            out += [[word] for word in either]
        elif chunk.lower() == "or" and out:
            out.append([])  # a mark: the next word belongs to the group before
        else:
            continue
        if (len(out) > 2 and not out[-2] and out[-1]) or (len(out) == 3 and not out[-2]):
            joined = out.pop()
            out.pop()
            out[-1] += joined
    return [group for group in out if group]


def _akin(one: str, other: str) -> bool:
    """Forms of one word: they begin alike, or one ends the other."""
    if one != other and (one.endswith(other) or other.endswith(one)) and min(len(one), len(other)) > 3:
        return True  # acute, subacute
    shared = 0
    for left, right in zip(one, other, strict=False):
        if left != right:
            break
        shared += 1
    return shared >= 4 or (shared == 3 and min(len(one), len(other)) <= 5) or (
        shared == 2 and max(len(one), len(other)) <= 5
    )  # fmt: skip


class Column(NamedTuple):
    """A column of a table as the subterm it stands for; `number` is its column."""

    number: int
    words: str
    need: Need


def _column(kind: str, number: int, essential: str) -> Column:
    words = COLUMNS[kind][number]
    said = content(essential)
    rest = tuple(word for word in content(words) if word not in said)
    return Column(number, words, Need(tuple((word,) for word in said), rest, 0, len(said)))


TABLES: dict[str, tuple[Column, ...]] = {
    NEOPLASMS: (
        _column(NEOPLASMS, 2, "malignant"),
        _column(NEOPLASMS, 3, "secondary"),
        _column(NEOPLASMS, 4, "situ"),
        _column(NEOPLASMS, 5, "benign"),
        _column(NEOPLASMS, 6, "uncertain"),
    ),
    DRUGS: (
        _column(DRUGS, 2, "poisoning"),
        _column(DRUGS, 3, "self harm"),
        _column(DRUGS, 4, "assault"),
        _column(DRUGS, 5, "poisoning undetermined"),
        _column(DRUGS, 6, "adverse"),
        _column(DRUGS, 7, "underdosing"),
    ),
}
"""The columns that words choose, and the word of each that must be said."""
UNSAID = {NEOPLASMS: 7}
"""The column that answers when nothing is said: `neoplasm` alone is of unspecified behavior."""
