"""Editions of the tabular list as a book holds them: the tree, titles, notes and what notes name."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from claimwright.book.entries import NodeEntry, NoteEntry, TabularEdition
from claimwright.book.opened import Opened

_NODE = "edition, pos, kind, code, title, parent, stop, seventh, made"
_NOTE = "n.edition, n.number, n.holder, n.kind, n.element, n.run, n.head, n.text, n.conditional, n.open"


class TabularLists(Opened):
    """Look-ups in the tabular lists of a book; positions and numbers are those of one edition."""

    # ---- the tree -------------------------------------------------------------------------------

    def node(self, edition: int, code: str) -> NodeEntry | None:
        """The node named `code`: a category or code before a block of the same name."""
        sql = f"SELECT {_NODE} FROM node WHERE code = ? AND edition = ?"
        found = self.keep(("named", edition, code), lambda: [node_of(row) for row in self.rows(sql, (code, edition))])
        return min(found, key=lambda each: each.kind in ("chapter", "block"), default=None)

    def node_at(self, edition: int, pos: int) -> NodeEntry:
        """The node at a position."""
        return self.keep(
            ("node", edition, pos),
            lambda: node_of(self.rows(f"SELECT {_NODE} FROM node WHERE edition = ? AND pos = ?", (edition, pos))[0]),
        )

    def path(self, node: NodeEntry) -> list[NodeEntry]:
        """The node and its ancestors, nearest first."""
        out = [node]
        while out[-1].parent >= 0:
            out.append(self.node_at(node.edition, out[-1].parent))
        return out

    def children(self, node: NodeEntry) -> list[NodeEntry]:
        """Direct children in tabular order."""
        found = self.rows(
            f"SELECT {_NODE} FROM node WHERE edition = ? AND parent = ? ORDER BY pos", (node.edition, node.pos)
        )
        return [node_of(row) for row in found]

    def title(self, code: str, day: date, as_of: date | None = None) -> str | None:
        """Title in the edition nearest to `day` that has the code; None when none has it."""
        if as_of is None:
            return self.keep(("title", code, day), lambda: (self._nearest_title(code, day, self._editions),))[0]
        return self._nearest_title(code, day, [each for each in self._editions if each.window.starts <= as_of])

    def _nearest_title(self, code: str, day: date, editions: Iterable[TabularEdition]) -> str | None:
        for edition in sorted(editions, key=lambda each: (each.window.distance(day), -each.number)):
            node = self.node(edition.number, code)
            if node:
                return node.title
        return None

    def billable_under(self, node: NodeEntry, day: date, most: int = 400) -> list[tuple[str, str]]:
        """(code, title) of the codes under `node` that are billable on `day`, in tabular order."""
        sql = (
            "SELECT code, title FROM node WHERE edition = ? AND pos >= ? AND pos < ? AND EXISTS "
            "(SELECT 1 FROM registry r WHERE r.code = node.code AND r.starts <= ? AND (r.ends IS NULL OR r.ends >= ?)) "
            "ORDER BY pos LIMIT ?"
        )
        iso = day.isoformat()
        return [(c, t) for c, t in self.rows(sql, (node.edition, node.pos, node.stop, iso, iso, most))]

    def seventh_characters(self, node: NodeEntry) -> dict[str, str]:
        """Permitted seventh characters at `node` and below, with their meaning; the nearest list wins."""
        sql = "SELECT character, text FROM extension WHERE edition = ? AND holder = ? ORDER BY ordinal"
        return dict(self.rows(sql, (node.edition, node.seventh)))

    # ---- notes ----------------------------------------------------------------------------------

    def notes_at(self, edition: int, holder: int, kinds: Sequence[str] = ()) -> list[NoteEntry]:
        """Notes held by one node itself, in document order."""
        return self.keep(("notes", edition, holder, *kinds), lambda: self._read_notes(edition, holder, kinds))

    def _read_notes(self, edition: int, holder: int, kinds: Sequence[str]) -> list[NoteEntry]:
        some = f" AND n.kind IN ({', '.join('?' * len(kinds))})" if kinds else ""
        sql = f"SELECT {_NOTE} FROM note n WHERE n.edition = ? AND n.holder = ?{some} ORDER BY n.number"
        found = self.rows(sql, (edition, holder, *kinds))
        return [_note(row) for row in found]

    def note(self, edition: int, number: int) -> NoteEntry:
        """One note by its number."""
        sql = f"SELECT {_NOTE} FROM note n WHERE n.edition = ? AND n.number = ?"
        return self.keep(("note", edition, number), lambda: _note(self.rows(sql, (edition, number))[0]))

    def targets(self, note: NoteEntry) -> list[tuple[str, str, str]]:
        """(text, exact code or "", problem or "") of every reference of a note."""
        sql = (
            "SELECT r.text, r.exact, r.problem FROM note_reference l JOIN reference r ON r.id = l.reference "
            "WHERE l.edition = ? AND l.note = ? ORDER BY l.ordinal"
        )
        key = ("targets", note.edition, note.number)
        return self.keep(key, lambda: [(t, exact, p) for t, exact, p in self.rows(sql, key[1:])])

    def names(self, note: NoteEntry, pos: int) -> bool:
        """Does the note name the node at `pos`, or a family that holds it?"""
        sql = (
            "SELECT 1 FROM note_reference l JOIN span s ON s.reference = l.reference "
            "WHERE l.edition = ? AND l.note = ? AND s.start <= ? AND s.stop > ? LIMIT 1"
        )
        return self.keep(
            ("names", note.edition, note.number, pos),
            lambda: bool(self.rows(sql, (note.edition, note.number, pos, pos))),
        )

    def notes_naming(self, edition: int, start: int, stop: int) -> list[NoteEntry]:
        """Notes anywhere in the edition that name a code in positions [start, stop) or a family around it."""
        sql = (
            f"SELECT DISTINCT {_NOTE} FROM reference r JOIN span s ON s.reference = r.id "
            "JOIN note_reference l ON l.reference = r.id JOIN note n ON n.edition = l.edition AND n.number = l.note "
            "WHERE r.edition = ? AND s.start < ? AND s.stop > ? ORDER BY n.number"
        )
        found = self.rows(sql, (edition, stop, start))
        return [_note(row) for row in found]

    def moved(self, holder: list[NodeEntry], carrier: list[NodeEntry]) -> list[tuple[NoteEntry, int, int]]:
        """Notes held on one path whose words now stand on the other: (note, node, term or -1)."""
        out = []
        for node in holder:
            sql = (
                "SELECT m.note, m.target, m.term FROM moved m "
                "JOIN note n ON n.edition = m.edition AND n.number = m.note "
                "WHERE m.edition = ? AND n.holder = ? ORDER BY m.note, m.target"
            )
            for note, target, term in self.rows(sql, (node.edition, node.pos)):
                if any(each.pos == target for each in carrier):
                    out.append((self.note(node.edition, note), target, term))
        return out


def node_of(row: Sequence[Any]) -> NodeEntry:
    """The node of a row of table `node`."""
    edition, pos, kind, code, title, parent, stop, seventh, made = row
    return NodeEntry(edition, pos, kind, code, title, parent, stop, seventh, bool(made))


def _note(row: tuple[Any, ...]) -> NoteEntry:
    edition, number, holder, kind, element, run, head, text, conditional, is_open = row
    return NoteEntry(edition, number, holder, kind, element, run, head, text, bool(conditional), bool(is_open))
