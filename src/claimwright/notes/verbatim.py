"""Is it the text of the note, and is there no code in it? The checks of every quote and label that is suggested."""

from __future__ import annotations

import re
from datetime import date
from typing import TYPE_CHECKING

from claimwright.book.note_phrases import TOKEN
from claimwright.model.codes import undotted

if TYPE_CHECKING:
    from claimwright.book.store import Book

_DOTTED = re.compile(r"[A-Z]\d[0-9A-Z]\.[0-9A-Z]{1,4}")
_SHAPE = re.compile(r"[A-Z]\d[0-9A-Z]{1,5}")
"""ICD-10-CM without its dot, or HCPCS."""
_PROCEDURE = re.compile(r"[0-9A-HJ-NP-Z]{7}")
_NUMBER = re.compile(r"[A-Z]{0,2}\d{5,}[A-Z]?|\d{4}[A-Z]")
"""CPT and the numbers of terminologies."""
_PIECE = re.compile(r"[A-Za-z0-9]+(?:\.[A-Za-z0-9]+)*")


class Verbatim:
    """One note and what the provider saw of it."""

    def __init__(self, book: Book, text: str, hidden: str, day: date, as_of: date | None) -> None:
        """`hidden` is as long as `text`; codes are those of the book's edition on `day`."""
        self._book, self.text, self.hidden = book, text, hidden
        self._edition = book.edition_on(day, as_of)[0].number

    def refuses(self, quote: str, start: int, end: int) -> str:
        """Why the quote is not taken; empty when it is the text at `start` to `end`."""
        if not 0 <= start < end <= len(self.hidden):
            return "the place is not in the note"
        if self.hidden[start:end] != quote:
            return "the quote is not the text at its place"
        if not self._seen(start, end):
            return "the quote has no word that the redaction left"
        if self.only_codes(quote):
            return "a code is no quote"
        return ""

    def refuses_label(self, label: str, quote: str) -> str:
        """Why the label is not taken; empty when it is words, with no code that the quote does not have."""
        if not label.isprintable() or not any(letter.isalpha() for letter in label):
            return "the label is not words on one line"
        held = {piece.upper() for piece in _PIECE.findall(quote)}
        if self.only_codes(label) or any(piece.upper() not in held for piece in self._codes(label)):
            return "the label holds a code"
        return ""

    def only_codes(self, text: str) -> bool:
        """Is every word of a text a code?"""
        pieces = _PIECE.findall(text)
        return bool(pieces) and len(self._codes(text)) == len(pieces)

    def nearest(self, quote: str, at: int) -> int:
        """Where the quote stands, nearest to a place; -1 when it does not."""
        before, after = self.hidden.rfind(quote, 0, at + len(quote)), self.hidden.find(quote, at)
        if before < 0 or after < 0:
            return max(before, after)
        return before if at - before <= after - at else after

    def _seen(self, start: int, end: int) -> bool:
        return any(
            found.group()[0].isalnum() and self.text[found.start() : found.end()] == found.group()
            for found in TOKEN.finditer(self.hidden, start, end)
        )

    def _codes(self, text: str) -> list[str]:
        return [piece for piece in _PIECE.findall(text) if self._is_code(piece.upper())]

    def _is_code(self, piece: str) -> bool:
        if _DOTTED.fullmatch(piece) or _NUMBER.fullmatch(piece):
            return True
        if _PROCEDURE.fullmatch(piece) and any(letter.isdigit() for letter in piece):
            return True
        if not _SHAPE.fullmatch(piece):
            return False
        return (
            len(piece) > 3
            or self._book.node(self._edition, undotted(piece)) is not None
            or bool(self._book.registry(undotted(piece)))
        )
