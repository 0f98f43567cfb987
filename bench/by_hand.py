"""Excludes1 in plain Python: dictionaries and loops over the notes, nothing precompiled."""

from __future__ import annotations

from collections.abc import Sequence

from claimwright.book.store import Book


class Excludes1:
    """The Excludes1 notes of one edition by their holder, and the tree's parents."""

    def __init__(self, book: Book, edition: int) -> None:
        """Read them from the book's words; the kernel's arrays play no part."""
        self.parent = dict(book.rows("SELECT pos, parent FROM node WHERE edition = ?", (edition,)))
        self.named: dict[int, list[tuple[int, int]]] = {}
        sql = (
            "SELECT n.holder, s.start, s.stop FROM note n "
            "JOIN note_reference l ON l.edition = n.edition AND l.note = n.number "
            "JOIN span s ON s.reference = l.reference WHERE n.edition = ? AND n.kind = 'excludes1'"
        )
        for holder, start, stop in book.rows(sql, (edition,)):
            self.named.setdefault(holder, []).append((start, stop))

    def excludes(self, here: int, other: int) -> bool:
        """Does a note at `here` or above it name the place `other`?"""
        while here >= 0:
            for start, stop in self.named.get(here, ()):
                if start <= other < stop:
                    return True
            here = self.parent[here]
        return False

    def conflicts(self, claims: Sequence[Sequence[tuple[int, int, int]]]) -> list[tuple[int, int]]:
        """Pairs of diagnoses in conflict; a claim is a list of (index, place in the tree, number of the code)."""
        out = []
        for claim in claims:
            for at, (left, here, code) in enumerate(claim):
                for right, there, other in claim[at + 1 :]:
                    if code != other and (self.excludes(here, there) or self.excludes(there, here)):
                        out.append((left, right))
        return out
