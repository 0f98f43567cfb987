"""`see` and `see also` of the Alphabetic Index, from text to places.

References are words with commas between the levels (`Pain, abdominal`), not ids. A target is the deepest
term they lead to; what comes after `by site` or `by type` is left to be said on the way down from there
(`Neoplasm, by site, malignant`). What cannot be found is counted and listed, never guessed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from claimwright.book.index_words import content
from claimwright.sources.index_rows import COLUMNS, DISEASES, DRUGS, EXTERNAL, NEOPLASMS

CONDITION_WORD = re.compile(r"\s*(?:also )?condition\b", re.IGNORECASE)
"""`see condition`: this is no main term; the word for what the patient has is."""
_BY = re.compile(r"\s*(?:by|specified|in|unspecified site)\b[^,]*\b(?:site|type|drug|category|trimester|kind|cause)\b")
_ASIDE = re.compile(r"\((?:e?s)\)|\b(?:NEC|NOS)\b")
_CODE = re.compile(r"(?:sub)?categor(?:y|ies)\s+([A-Z][0-9A-Z]{2}(?:\.[0-9A-Z]+)?)", re.IGNORECASE)
_TABLES = (
    (re.compile(r"\s*neoplasm|table of neoplasms", re.IGNORECASE), NEOPLASMS),
    (re.compile(r".*table of drugs", re.IGNORECASE), DRUGS),
    (re.compile(r".*(?:external cause|index to external)", re.IGNORECASE), EXTERNAL),
)
_TABLE_OF = re.compile(r"table of neoplasms", re.IGNORECASE)
_DEEPEST = 12
_MOST_MAINS = 12
"""Main terms of the same words that a reference is tried from."""


@dataclass(slots=True)
class Place:
    """A node as the resolver sees it: stems of each group and how many come before a comma, every stem, children."""

    number: int
    groups: tuple[frozenset[int], ...]
    every: frozenset[int]
    core: int
    children: list[Place] = field(default_factory=list)
    below: dict[int, list[Place]] | None = None

    def holding(self, stems: frozenset[int]) -> list[Place]:
        """Children, and those behind a mere linkage, that hold one of `stems`."""
        if self.below is None:
            self.below = _filed(list(_children(self, 0)))
        found = {each.number: each for stem in stems for each in self.below.get(stem, ())}
        return [found[number] for number in sorted(found)]


class Target(NamedTuple):
    """Where a reference leads: a node, the stems still to be said below it, or a family of codes.

    `how` is "whole", "part" (the last words were not found), "table", "code" or "none".
    """

    node: int
    pending: tuple[int, ...]
    how: str
    code: str = ""


class Resolver:
    """Targets within one document, or in the tables beside it."""

    def __init__(self, roots: dict[str, list[Place]], stem: dict[str, int]) -> None:
        """`roots`: main terms by kind of document; `stem`: stem ids of words."""
        self._roots, self._stem = roots, stem
        words = [word for text in COLUMNS[NEOPLASMS].values() for word in content(text)]
        self._columns = frozenset(stem[word] for word in words if word in stem)
        self._by_stem = {kind: _filed(places) for kind, places in roots.items()}

    def targets(self, text: str, kind: str) -> list[Target]:
        """Targets of one reference: one, or one for each part that a semicolon separates."""
        return [self._target(part, kind) for part in text.split(";") if part.strip()]

    def _target(self, text: str, kind: str) -> Target:
        code = _CODE.match(text.strip())
        if code:
            return Target(-1, (), "code", code[1].upper())
        for pattern, table in _TABLES:
            if pattern.match(text) and self._roots.get(table) and (table != kind or table == NEOPLASMS):
                return self._in_table(text, table)
            if pattern.match(text) and table == DRUGS:
                return Target(-1, (), "table")
        for each in dict.fromkeys((kind, DISEASES)):
            found = self._walk(text, each)
            if found.how != "none":
                return found
        return Target(-1, (), "none")

    def _in_table(self, text: str, table: str) -> Target:
        if table == NEOPLASMS:
            found = self._walk(_TABLE_OF.sub("Neoplasm", text), table)
            return found if found.how != "none" else Target(self._roots[table][0].number, (), "table")
        return Target(-1, (), "table")

    def _walk(self, text: str, kind: str) -> Target:
        parts = [part for part in (text.split(",")) if part.strip()]
        heads: list[tuple[Place, int]] = []
        for length in range(1, min(3, len(parts)) + 1):  # a main term may hold a comma itself
            wanted = self._stems(", ".join(parts[:length]))
            heads += [(place, length) for place in self._mains(wanted, kind)]
        best = Target(-1, (), "none")
        for place, length in heads:
            found = self._down(place, parts[length:], kind)
            if found.how == "whole":
                return found
            best = found if best.how == "none" else best
        return best

    def _stems(self, text: str) -> frozenset[int]:
        words = content(_ASIDE.sub(" ", text))
        return frozenset(self._stem[word] for word in words if word in self._stem)

    def _mains(self, wanted: frozenset[int], kind: str) -> list[Place]:
        """Main terms that the words may name, the closest first: `Embolic` and `Embolism` share their stem."""
        filed = self._by_stem.get(kind, {})
        near = {id(place): place for stem in wanted for place in filed.get(stem, ())}
        fitting = [place for place in near.values() if _met(place, wanted) and wanted <= place.every]
        loose = [place for place in near.values() if wanted <= place.every and _met(place, wanted, place.core)]
        near_first = sorted(fitting, key=lambda each: (not each.children, len(each.every - wanted), each.number))
        rest = sorted(set(map(id, loose)) - set(map(id, fitting)))
        # `Fracture` may be any of several with a word after the comma: the one with the most below it first.
        wider = sorted((near[each] for each in rest), key=lambda each: (-len(each.children), each.number))
        return (near_first + wider)[:_MOST_MAINS]

    def _down(self, place: Place, parts: Sequence[str], kind: str) -> Target:
        rest = list(parts)
        while rest:
            left = self._stems(",".join(part for part in rest if not _BY.match(part)))
            pending = tuple(sorted(left))
            columns = kind == NEOPLASMS and left <= self._columns
            if _BY.match(rest[0]) or columns:
                return Target(place.number, pending, "whole")
            wanted = self._stems(rest[0])
            if not wanted or wanted <= place.every:  # a linkage, or a word in parentheses
                rest.pop(0)
                continue
            both = wanted | self._stems(rest[1]) if len(rest) > 1 else wanted
            found = self._step(place, wanted) or self._step(place, both)
            if not found:
                return Target(place.number, pending, "part")
            place = found
            del rest[: 2 if both > wanted and found.every >= both else 1]
        return Target(place.number, (), "whole")

    def _step(self, place: Place, wanted: frozenset[int]) -> Place | None:
        below = place.holding(wanted)
        exact = [child for child in below if _met(child, wanted) and wanted <= child.every]
        wider = [child for child in below if wanted <= child.every and _half(child, wanted)]
        chosen = exact or wider
        if not chosen:  # `by laceration perineum`: two levels in one part
            for child in below:
                if _met(child, wanted) and child.groups:
                    further = self._step(child, wanted - child.every)
                    if further:
                        return further
        return min(chosen, key=lambda each: (len(each.every - wanted), each.number), default=None)


def _met(place: Place, wanted: frozenset[int], first: int | None = None) -> bool:
    return bool(place.groups) and all(group & wanted for group in place.groups[:first])


def _half(place: Place, wanted: frozenset[int]) -> bool:
    """Is at least half of the title named? A qualifier alone (`malignant`) names nothing."""
    return 2 * sum(bool(group & wanted) for group in place.groups) >= len(place.groups)


def _children(place: Place, depth: int) -> Iterable[Place]:
    """Children, and those behind a mere linkage (`with`)."""
    for child in place.children:
        yield child
        if not child.groups and depth < _DEEPEST:
            yield from _children(child, depth + 1)


def _filed(places: list[Place]) -> dict[int, list[Place]]:
    out: dict[int, list[Place]] = {}
    for place in places:
        for stem in place.every:
            out.setdefault(stem, []).append(place)
    return out
