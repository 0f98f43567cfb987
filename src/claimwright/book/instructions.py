"""Official notes that bear on a place of the tabular list, own and inherited, with the places that they name.

For look-ups that may not wait for the arrays of the kernels: the rows of `book.sqlite` answer.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from claimwright.book.store import Book, NodeEntry, NoteEntry

_ADVERSE = "for adverse effects"
"""The block note on T36-T50 speaks of order by intent; it is no instruction for the codes below."""


class Held(NamedTuple):
    """A note and the node that holds it; `spans` are the intervals of places that it names."""

    note: NoteEntry
    holder: NodeEntry
    spans: tuple[tuple[int, int], ...]

    def names(self, pos: int) -> bool:
        """Does it name this place, or a family that holds it?"""
        return any(start <= pos < stop for start, stop in self.spans)


@lru_cache(maxsize=20_000)
def held_by(book: Book, edition: int, pos: int, kind: str) -> tuple[Held, ...]:
    """Notes of one kind that the node at `pos` and its ancestors hold, nearest first."""
    return tuple(
        Held(note, node, _spans(book, note))
        for node in book.path(book.node_at(edition, pos))
        for note in book.notes_at(edition, node.pos, (kind,))
    )


def first_groups(book: Book, edition: int, pos: int) -> Iterator[tuple[Held, ...]]:
    """The "code first" notes of a place, by the group that they stand in; a group that names no code is left out."""
    groups: dict[tuple[int, int], list[Held]] = {}
    for held in held_by(book, edition, pos, "codeFirst"):
        groups.setdefault((held.note.holder, held.note.element), []).append(held)
    for group in groups.values():
        if any(held.spans for held in group) and _ADVERSE not in group[0].note.text:
            yield tuple(group)


def wording(book: Book, note: NoteEntry) -> str:
    """The text of a note, after the words that head it."""
    head = book.note(note.edition, note.head).text.rstrip(":") + ": " if note.head >= 0 else ""
    return (head + note.text).lstrip(", ").rstrip(".")


@lru_cache(maxsize=20_000)
def _spans(book: Book, note: NoteEntry) -> tuple[tuple[int, int], ...]:
    sql = (
        "SELECT DISTINCT s.start, s.stop FROM note_reference l JOIN span s ON s.reference = l.reference "
        "WHERE l.edition = ? AND l.note = ? ORDER BY s.start"
    )
    return tuple((start, stop) for start, stop in book.rows(sql, (note.edition, note.number)))
