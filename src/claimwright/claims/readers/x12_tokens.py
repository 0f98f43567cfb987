"""X12 cut into segments, tolerantly: delimiters, interchanges, newlines, and nothing lost.

The text is read as Latin-1, which maps every byte to one character and back, so that what comes out
joined again is the file, byte for byte. Delimiters come from the ISA (element separator at position 4,
component separator at 105, segment terminator at 106; the repetition separator is ISA11 from version
00402 on: ASC X12, interchange control structures). An ISA that is not 106 characters long is read by
counting its sixteen elements; a file without ISA by its first GS or ST.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

from claimwright.errors import InputError

BLOCK = 1 << 20
"""Bytes read at a time."""

LONGEST = 1 << 20
"""Characters of one segment at most; beyond it the terminator is not the one the ISA names."""

BLANKS = " \t\r\n"
BOM = "\xef\xbb\xbf"
_AFTER = re.compile(r"[ \t\r\n]*(?:GS|TA1|ISA|IEA|ISB|ISE)(?P<element>[^A-Za-z0-9 ])")
_NEXT = re.compile(r"ISA(?P<element>[^A-Za-z0-9 ])\d\d(?P=element)")
_WITHOUT = re.compile(r"(?:GS|ST)(?P<element>[^A-Za-z0-9\s])")
_ISA_ROOM = 400
"""Characters from the start of an ISA that certainly hold the ISA and the segment id after it."""


class Delimiters(NamedTuple):
    """One character each; `repetition` is empty where the version has none."""

    element: str
    component: str
    repetition: str
    segment: str


class Block(NamedTuple):
    """Segments of one interchange: `parts` are each segment as it stands in the file, with the blanks
    around it but without its terminator; `tail` is the text after the last terminator where the file or
    the interchange ends inside a segment, else empty.
    """

    delimiters: Delimiters
    parts: list[str]
    tail: str = ""


class Tokens:
    """Blocks of a stream. `counts` are oddities by name, `notes` the first of each in words."""

    def __init__(self, stream: BinaryIO, name: str) -> None:
        self.stream, self.name = stream, name
        self.counts: Counter[str] = Counter()
        self.notes: list[str] = []
        self.read = self.blocks = 0
        self.ended = False

    def __iter__(self) -> Iterator[Block]:
        """Blocks in order. Errors: `InputError` for a text that begins as no X12 does or never ends a segment."""
        text, at = self._more(""), 0
        delimiters: Delimiters | None = None
        while at < len(text):
            if not self.ended and len(text) - at < BLOCK // 2:
                text, at = self._more(text[at:]), 0
            begins = at + (_begin(text) if self.blocks == 0 else _blanks(text, at))
            if delimiters is None:
                delimiters = self._first(text, begins)
            stop = self._next_interchange(text, begins + 3, delimiters)
            if stop is not None:
                yield self._cut(text[at:stop], delimiters)
                at, delimiters = stop, None
                continue
            stop = len(text) if self.ended else self._whole(text, at, delimiters)
            if stop == at:
                text, at = self._more(text[at:]), 0
                continue
            yield self._cut(text[at:stop], delimiters)
            at = stop

    def _cut(self, text: str, delimiters: Delimiters) -> Block:
        self.blocks += 1
        parts = text.split(delimiters.segment)
        return Block(delimiters, parts, parts.pop())

    def _more(self, rest: str) -> str:
        data = self.stream.read(BLOCK)
        self.read += len(data)
        self.ended = len(data) == 0
        if 0 < len(data) < BLOCK:  # a pipe or a packed file gives what it has
            more = self.stream.read(BLOCK)
            self.read += len(more)
            data += more
            self.ended = not more
        return rest + data.decode("latin-1")

    def _whole(self, text: str, at: int, delimiters: Delimiters) -> int:
        """Up to where segments are whole, leaving room for an ISA that begins near the end."""
        stop = text.rfind(delimiters.segment, at, len(text) - _ISA_ROOM) + 1
        if stop == 0 and len(text) - at > LONGEST:
            expected = f"the terminator {delimiters.segment!r}"
            raise InputError(self.name, f"no segment ends within {LONGEST:,} characters", expected)
        return max(stop, at)

    def _next_interchange(self, text: str, start: int, now: Delimiters) -> int | None:
        """Where the next interchange begins (its blanks included), if a whole ISA stands in the text."""
        if text.find("ISA", start) < 0:
            return None
        for found in _NEXT.finditer(text, start):
            at = found.start()
            if not self.ended and at + _ISA_ROOM > len(text):
                return None
            if _placed(text, at) is None and _counted(text, at) is None:
                continue
            before = at
            while before > start and text[before - 1] in BLANKS and text[before - 1] != now.segment:
                before -= 1
            return before if text[before - 1] == now.segment else at
        return None

    def _first(self, text: str, start: int) -> Delimiters:
        if text.startswith("ISA", start):
            return self._isa(text, start)
        return self._guess(text, start)

    def _isa(self, text: str, start: int) -> Delimiters:
        placed, counted = _placed(text, start), _counted(text, start)
        found = counted or placed  # a separator inside a field spoils the count, a field too short the place
        if found is None:
            return self._guess(text, start)
        if placed != counted:
            self.note("ISA of the wrong length", "the ISA is not 106 characters long; its elements were counted")
        return found

    def _guess(self, text: str, start: int) -> Delimiters:
        first = _WITHOUT.search(text, start)
        if first is None:
            head = text[start : start + 12].encode("latin-1", "replace")
            raise InputError(self.name, f"starts with {head!r}", "X12: an ISA, GS or ST segment")
        element = first["element"]
        apart = re.escape(element)
        end = re.search(rf"([^A-Za-z0-9 ])\s*(?:ST|BHT|BPR|HL){apart}", text[first.start() + 3 :])
        if end is None or end[1] == element:
            raise InputError(self.name, "the end of the first segment cannot be found", "X12 with its ISA")
        component = re.search(rf"(?:HC|A?BK|AD){'([^A-Za-z0-9' + apart + '])'}", text)
        self.note("ISA missing or damaged", "no ISA could be read; the delimiters were guessed from the first segments")
        return Delimiters(element, component[1] if component else ":", "^", end[1])

    def note(self, name: str, words: str) -> None:
        """Count an oddity; the first of its name is kept in words."""
        self.counts[name] += 1
        if self.counts[name] == 1:
            self.notes.append(f"{self.name}: {words}")


def _begin(text: str) -> int:
    start = len(BOM) if text.startswith(BOM) else 0
    return start + _blanks(text, start)


def _blanks(text: str, at: int) -> int:
    start = at
    while start < len(text) and text[start] in BLANKS:
        start += 1
    return start - at


def _placed(text: str, start: int) -> Delimiters | None:
    """Delimiters by position, if what follows the 106 characters looks like the next segment."""
    if len(text) < start + 106:
        return None
    found = _delimiters(
        text[start + 3], text[start + 104], text[start + 105], text[start + 82], text[start + 84 : start + 89]
    )
    return found if found and _follows(text, start + 106, found) else None


def _counted(text: str, start: int) -> Delimiters | None:
    """Delimiters by counting elements: the sixteenth is the component separator, then comes the terminator."""
    if len(text) < start + 4:
        return None
    elements = text[start : start + _ISA_ROOM].split(text[start + 3], 16)
    if len(elements) < 17 or len(elements[16]) < 2:
        return None
    found = _delimiters(text[start + 3], elements[16][0], elements[16][1], elements[11][:1], elements[12])
    end = start + sum(map(len, elements[:16])) + 16 + 2
    return found if found and _follows(text, end, found) else None


def _delimiters(element: str, component: str, segment: str, repetition: str, version: str) -> Delimiters | None:
    three = (element, component, segment)
    if len(set(three)) < 3 or any(each.isalnum() or each == " " for each in three):
        return None
    repeats = repetition if version >= "00402" and not repetition.isalnum() else ""
    return Delimiters(element, component, repeats, segment)


def _follows(text: str, end: int, found: Delimiters) -> bool:
    after = _AFTER.match(text, end)
    if after is None:
        return not text[end:].strip(BLANKS)  # nothing but the ISA
    return after["element"] == found.element
