"""What one note says of any of its words, looked up by place."""

from __future__ import annotations

from bisect import bisect_right

from claimwright.model.reading import Span, Status
from claimwright.notes.reader import NoteReader
from claimwright.notes.sections import sections
from claimwright.notes.text import sentences


class Asserted:
    """The sentences of one note, cut once, with the status that each gives its words."""

    def __init__(self, reader: NoteReader, text: str) -> None:
        """Cut `text` as `reader` does; section headers are in no sentence."""
        self._reader = reader
        self._cut = [
            (sentence, part.kind)
            for number, part in enumerate(sections(text, reader.sections))
            for sentence in sentences(text, part.start, part.end, number)
        ]
        self._starts = [sentence.start for sentence, _ in self._cut]
        self.sentences = tuple(Span(each.start, each.end, text[each.start : each.end]) for each, _ in self._cut)

    def status(self, start: int, end: int) -> Status | None:
        """The status of characters `start` to `end`; None when they hold no word, or words of two sentences."""
        at = bisect_right(self._starts, start) - 1
        if at < 0 or end > self._cut[at][0].end:
            return None
        sentence, kind = self._cut[at]
        if not any(token.start < end and start < token.end for token in sentence.tokens):
            return None
        return self._reader.status_in(sentence, kind, start, end)
