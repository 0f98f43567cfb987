"""What the records of one day share: editions, families, ancestors, sources."""

from __future__ import annotations

import json
from datetime import date
from typing import TYPE_CHECKING

from claimwright.book.provenance import editions_used, sources
from claimwright.book.record import Neighbour, SourceRecord
from claimwright.book.store import node_of
from claimwright.model import dotted

if TYPE_CHECKING:
    from claimwright.book.store import Book, NodeEntry

NODE = "n.edition, n.pos, n.kind, n.code, n.title, n.parent, n.stop, n.seventh, n.made"
"""Columns of a node `n`, as `node_of` reads them."""

_MOST_FAMILIES = 4096
"""Families kept in memory before they are dropped (about 4 MB)."""

_BILLABLE = (
    "EXISTS (SELECT 1 FROM registry b WHERE b.code = n.code AND b.starts <= ? AND (b.ends IS NULL OR b.ends >= ?))"
)


class Shelf:
    """What the records of one day share: the tree's upper part, families, editions, sources."""

    def __init__(self, book: Book, day: date, as_of: date | None) -> None:
        """A shelf is kept by the book: see `Book.shelf`."""
        self.book, self.day, self.as_of = book, day, as_of
        answering, _ = book.edition_on(day, as_of)
        known = [each for each in book.editions if as_of is None or each.window.starts <= as_of]
        others = sorted((each for each in known if each is not answering), key=lambda each: each.window.distance(day))
        self.order = [answering.number, *(each.number for each in others)]
        self.editions = editions_used(book, day, as_of)
        self._families = {number: Families(self, number) for number in self.order}
        self._sources: dict[int | None, tuple[SourceRecord, ...]] = {}

    def families(self, edition: int) -> Families:
        """The tree of one edition as it stands on this day."""
        return self._families[edition]

    def sources(self, edition: int | None) -> tuple[SourceRecord, ...]:
        """The files behind an answer; `edition` None when no tabular list has the code."""
        if edition not in self._sources:
            self._sources[edition] = sources(self.book, edition)
        return self._sources[edition]


class Families:
    """Ancestors and children in one edition, billable or not on one day."""

    def __init__(self, shelf: Shelf, edition: int) -> None:
        self.shelf, self.edition = shelf, edition
        self.notes = shelf.book.notes_shelf(edition)
        self.up: dict[int, NodeEntry] = {}
        self._lines: dict[int, tuple[Neighbour, ...]] = {}
        self._neighbours: dict[int, Neighbour] = {}
        self._children: dict[int, tuple[tuple[int, Neighbour], ...]] = {}
        day, as_of = shelf.day, shelf.as_of
        self._days = (min(day, as_of or day).isoformat(), day.isoformat())

    def load(self, nodes: list[NodeEntry], stems: list[NodeEntry]) -> None:
        """Read what is not here yet: families of these nodes, and notes down to them and to these stems."""
        parents = {node.parent for node in nodes if node.parent >= 0} | {stem.pos for stem in stems}
        self._climb(parents)
        holders = {node.pos for node in nodes}
        for pos in parents:
            while pos >= 0 and pos not in self.notes.own:
                holders.add(pos)
                pos = self.up[pos].parent
        self.notes.load(holders)
        self._gather(parents | {node.pos for node in nodes if node.stop > node.pos + 1})

    def _climb(self, new: set[int]) -> None:
        """Level by level: a recursive query makes SQLite scan the tree."""
        sql = (
            f"SELECT {NODE}, {_BILLABLE} FROM node n WHERE n.edition = ? AND n.pos IN (SELECT value FROM json_each(?))"
        )
        while new := {pos for pos in new if pos >= 0 and pos not in self.up}:
            found = self.shelf.book.rows(sql, (*self._days, self.edition, json.dumps(list(new))))
            for *row, billable in found:
                node = node_of(row)
                self.up[node.pos] = node
                self._neighbours[node.pos] = Neighbour(dotted(node.code), node.title, bool(billable), node.kind)
            new = {self.up[pos].parent for pos in new}

    def _gather(self, parents: set[int]) -> None:
        if len(self._children) > _MOST_FAMILIES:
            self._children = {}
        new = [pos for pos in parents if pos not in self._children]
        if not new:
            return
        sql = (
            f"SELECT n.parent, n.pos, n.code, n.title, n.kind, {_BILLABLE} FROM node n "
            "WHERE n.edition = ? AND n.parent IN (SELECT value FROM json_each(?)) ORDER BY n.parent, n.pos"
        )
        found: dict[int, list[tuple[int, Neighbour]]] = {pos: [] for pos in new}
        values = (*self._days, self.edition, json.dumps(new))
        for parent, pos, code, title, kind, billable in self.shelf.book.rows(sql, values):
            found[parent].append((pos, Neighbour(dotted(code), title, bool(billable), kind)))
        self._children.update((pos, tuple(entries)) for pos, entries in found.items())

    def children(self, pos: int, leaving_out: int = -1) -> tuple[Neighbour, ...]:
        """Children of a position in tabular order, one of them left out if asked."""
        if pos not in self._children:  # another thread has emptied the shelf
            self._gather({pos})
        return tuple(each for place, each in self._children[pos] if place != leaving_out)

    def line(self, pos: int) -> tuple[Neighbour, ...]:
        """The node at `pos` and its ancestors, nearest first; none for -1."""
        if pos < 0:
            return ()
        if pos not in self._lines:
            self._lines[pos] = (self._neighbours[pos], *self.line(self.up[pos].parent))
        return self._lines[pos]
