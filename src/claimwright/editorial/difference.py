"""What changed between two texts, line by line and, within a changed line, word by word."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher

KEPT, REMOVED, ADDED, SKIPPED = "kept", "removed", "added", "skipped"
"""Kinds of rows."""

_WORDS = re.compile(r"\s+|\w+|[^\w\s]")
_CONTEXT = 3
_MOST_WORDS = 400
"""Words of a line that are compared one by one; a longer line is shown as changed whole."""

_MOST_LINES = 3000
"""Lines that are compared in full; a longer text is compared without the lines it repeats most."""


@dataclass(frozen=True, slots=True)
class Row:
    """A line; `before` and `after` are its numbers, 0 where it is not. Each part is (changed, words)."""

    kind: str
    before: int
    after: int
    parts: tuple[tuple[bool, str], ...]


def difference(old: str, new: str) -> list[Row]:
    """The rows of what changed, with three lines around; empty when nothing did."""
    a, b = old.splitlines(), new.splitlines()
    rows: list[Row] = []
    end = (0, 0)
    endless = max(len(a), len(b)) > _MOST_LINES
    for group in SequenceMatcher(None, a, b, autojunk=endless).get_grouped_opcodes(_CONTEXT):
        skipped = group[0][1] - end[0]
        if skipped:
            rows.append(_skipped(skipped))
        for kind, a1, a2, b1, b2 in group:
            rows += _rows(kind, a, b, range(a1, a2), range(b1, b2))
        end = group[-1][2], group[-1][4]
    if rows and len(a) > end[0]:
        rows.append(_skipped(len(a) - end[0]))
    return rows


def _skipped(count: int) -> Row:
    return Row(SKIPPED, 0, 0, ((False, f"{count} line{'s' * (count > 1)} as before"),))


def _rows(kind: str, a: list[str], b: list[str], olds: range, news: range) -> Iterator[Row]:
    if kind == "equal":
        for i, j in zip(olds, news, strict=True):
            yield Row(KEPT, i + 1, j + 1, ((False, a[i]),))
        return
    pairs = [_words(a[i], b[j]) for i, j in zip(olds, news, strict=False)]
    for at, i in enumerate(olds):
        yield Row(REMOVED, i + 1, 0, pairs[at][0] if at < len(pairs) else ((True, a[i]),))
    for at, j in enumerate(news):
        yield Row(ADDED, 0, j + 1, pairs[at][1] if at < len(pairs) else ((True, b[j]),))


Parts = tuple[tuple[bool, str], ...]


def _words(old: str, new: str) -> tuple[Parts, Parts]:
    a, b = _WORDS.findall(old), _WORDS.findall(new)
    matcher = SequenceMatcher(None, a, b, autojunk=False)
    if max(len(a), len(b)) > _MOST_WORDS or matcher.ratio() < 0.4:
        return ((True, old),), ((True, new),)
    before: list[tuple[bool, str]] = []
    after: list[tuple[bool, str]] = []
    for kind, a1, a2, b1, b2 in matcher.get_opcodes():
        if a2 > a1:
            before.append((kind != "equal", "".join(a[a1:a2])))
        if b2 > b1:
            after.append((kind != "equal", "".join(b[b1:b2])))
    return tuple(before), tuple(after)
