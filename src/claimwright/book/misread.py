"""What a diagnosis code that no table has may be a misreading of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from claimwright.model import dotted

if TYPE_CHECKING:
    from claimwright.book.store import Book


def near_diagnoses(book: Book, code: str) -> tuple[str, ...]:
    """Known codes and headings that one misread letter, or an ending too long, would explain (with dot)."""
    read = [code[:1] + code[1:].replace(letter, digit) for letter, digit in (("O", "0"), ("I", "1"), ("L", "1"))]
    read += [code[:length] for length in range(len(code) - 1, 2, -1)]
    found = [each for each in dict.fromkeys(read) if each != code and _known(book, each)]
    return tuple(dotted(each) for each in found[:1])


def _known(book: Book, code: str) -> bool:
    return any(book.node(each.number, code) for each in book.editions) or bool(book.registry(code))
