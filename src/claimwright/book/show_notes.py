"""Notes as records of codes show them: read once for their holder, handed down the tree, and found from elsewhere."""

from __future__ import annotations

import json
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from claimwright.book.record import NoteRecord, ReverseNote
from claimwright.model import dotted

if TYPE_CHECKING:
    from claimwright.book.store import Book, NodeEntry

_MANY = 24
"""Look-ups after which the index of reverse notes pays for being built."""

_REVERSE = ("excludes1", "excludes2", "codeFirst", "useAdditionalCode", "codeAlso")
_LEVELS = ("code", "subcategory", "category", "block", "chapter")


class Notes:
    """Notes of one edition by their holder, and the notes elsewhere that name a node."""

    def __init__(self, book: Book, edition: int) -> None:
        self.book, self.edition = book, edition
        self.own: dict[int, tuple[NoteRecord, ...]] = {}
        self._handed: dict[int, tuple[NoteRecord, ...]] = {}
        self._spoken: dict[int, ReverseNote] = {}
        self._answers: dict[tuple[int, ...], tuple[ReverseNote, ...]] = {}
        self._naming: Naming | None = None
        self._asked = 0

    def load(self, holders: Iterable[int]) -> None:
        """Read the notes that these positions hold, unless they are here already."""
        new = [pos for pos in holders if pos not in self.own]
        if not new:
            return
        found: dict[int, dict[int, list[Any]]] = {pos: {} for pos in new}
        sql = (
            "SELECT n.holder, n.number, n.kind, n.text, k.code, k.kind, h.text, r.text, r.problem "
            "FROM note n JOIN node k ON k.edition = n.edition AND k.pos = n.holder "
            "LEFT JOIN note h ON h.edition = n.edition AND h.number = n.head "
            "LEFT JOIN note_reference l ON l.edition = n.edition AND l.note = n.number "
            "LEFT JOIN reference r ON r.id = l.reference "
            "WHERE n.edition = ? AND n.holder IN (SELECT value FROM json_each(?)) ORDER BY n.number, l.ordinal"
        )
        for holder, number, *rest, target, problem in self.book.rows(sql, (self.edition, json.dumps(new))):
            entry = found[holder].setdefault(number, [rest, [], []])
            if target is not None:
                entry[1].append(target)
            if problem:
                entry[2].append(problem)
        for pos, notes in found.items():
            self.own[pos] = tuple(_note(*entry) for entry in notes.values())

    def handed_down(self, node: NodeEntry, up: dict[int, NodeEntry]) -> tuple[NoteRecord, ...]:
        """Notes that hold below `node`: its own and its ancestors', nearest first.

        Seventh-character sentences and inclusion terms describe one node: they do not pass down as notes.
        """
        if node.pos not in self._handed:
            own = [each for each in self.own[node.pos] if each.kind not in ("inclusionTerm", "sevenChrNote")]
            above = self.handed_down(up[node.parent], up) if node.parent >= 0 else ()
            self._handed[node.pos] = (*(replace(each, inherited=True) for each in own), *above)
        return self._handed[node.pos]

    def naming(self, node: NodeEntry) -> tuple[ReverseNote, ...]:
        """Notes elsewhere that name this node, nearest level first: the broad ones of chapters come last."""
        if node.kind in ("chapter", "block"):
            return ()
        numbers = self._numbers(node.pos, node.stop)
        if numbers not in self._answers:
            self._speak([each for each in numbers if each not in self._spoken])
            spoken = [self._spoken[each] for each in numbers]
            spoken.sort(key=lambda each: (_LEVELS.index(each.level), _REVERSE.index(each.kind)))
            self._answers[numbers] = tuple(spoken)
        return self._answers[numbers]

    def _numbers(self, start: int, stop: int) -> tuple[int, ...]:
        """Numbers of those notes: from the database at first, from memory when many are asked for."""
        self._asked += 1
        if self._naming is None and self._asked > _MANY:
            self._naming = Naming(self.book, self.edition, _REVERSE)
        if self._naming is not None:
            return self._naming.elsewhere(start, stop)
        sql = (
            "SELECT DISTINCT n.number FROM span s CROSS JOIN note_reference l ON l.reference = s.reference "
            "CROSS JOIN note n ON n.edition = l.edition AND n.number = l.note "
            "CROSS JOIN node h ON h.edition = n.edition AND h.pos = n.holder WHERE s.start < ? AND s.stop > ? "
            "AND l.edition = ? AND NOT (h.pos < ? AND h.stop > ?) AND instr(?, n.kind) ORDER BY n.number"
        )
        values = (stop, start, self.edition, stop, start, json.dumps(_REVERSE))
        return tuple(number for (number,) in self.book.rows(sql, values))

    def _speak(self, numbers: list[int]) -> None:
        sql = (
            "SELECT n.number, n.kind, n.text, h.code, h.kind, h.title, r.text FROM note n "
            "JOIN node h ON h.edition = n.edition AND h.pos = n.holder "
            "JOIN note_reference l ON l.edition = n.edition AND l.note = n.number "
            "JOIN reference r ON r.id = l.reference "
            "WHERE n.edition = ? AND n.number IN (SELECT value FROM json_each(?)) ORDER BY n.number, l.ordinal"
        )
        found: dict[int, tuple[list[Any], list[str]]] = {}
        for number, *rest, target in self.book.rows(sql, (self.edition, json.dumps(numbers))):
            found.setdefault(number, (rest, []))[1].append(target)
        for number, ((kind, text, code, level, title), targets) in found.items():
            self._spoken[number] = ReverseNote(kind, text, dotted(code), level, title, tuple(targets))


class Naming:
    """The tree cut into cells within which every place is named by the same notes.

    What a note says of its own holder's family is left out: that is inherited, not said elsewhere.
    """

    def __init__(self, book: Book, edition: int, kinds: Sequence[str]) -> None:
        """Read every reference of the notes of these kinds."""
        sql = (
            "SELECT n.number, h.pos, h.stop, s.start, s.stop FROM note n "
            "JOIN node h ON h.edition = n.edition AND h.pos = n.holder "
            "JOIN note_reference l ON l.edition = n.edition AND l.note = n.number "
            "JOIN span s ON s.reference = l.reference WHERE n.edition = ? AND instr(?, n.kind)"
        )
        self._holders: dict[int, tuple[int, int]] = {}
        changes: dict[int, list[tuple[int, int]]] = defaultdict(list)
        for number, low, high, start, stop in book.rows(sql, (edition, json.dumps(kinds))):
            self._holders[number] = (low, high)
            for first, last in ((start, min(stop, low)), (max(start, high), stop)):
                if first < last:
                    changes[first].append((number, 1))
                    changes[last].append((number, -1))
        self._sweep(changes)

    def _sweep(self, changes: dict[int, list[tuple[int, int]]]) -> None:
        self._starts = sorted(changes)
        self._cells: list[tuple[int, ...]] = []
        depth: dict[int, int] = {}
        same: dict[tuple[int, ...], tuple[int, ...]] = {}
        for start in self._starts:
            for number, change in changes[start]:
                depth[number] = depth.get(number, 0) + change
                if not depth[number]:
                    del depth[number]
            cell = tuple(sorted(depth))
            self._cells.append(same.setdefault(cell, cell))

    def elsewhere(self, start: int, stop: int) -> tuple[int, ...]:
        """Numbers of the notes held outside [start, stop) and its ancestors that name a place in it."""
        first = bisect_right(self._starts, start) - 1
        last = bisect_right(self._starts, stop - 1) - 1
        if last < 0:
            return ()
        if first == last and stop == start + 1:
            return self._cells[first]
        found = {number for cell in self._cells[max(first, 0) : last + 1] for number in cell}
        return tuple(sorted(each for each in found if not self._touches(each, start, stop)))

    def _touches(self, number: int, start: int, stop: int) -> bool:
        low, high = self._holders[number]
        return low < stop and high > start


def _note(rest: Sequence[Any], targets: list[str], problems: list[str]) -> NoteRecord:
    kind, text, code, level, head = rest
    return NoteRecord(kind, text, dotted(code), level, False, tuple(targets), head, "; ".join(problems) or None)
