"""DX203 code-first."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from claimwright.book.columns import FLAG_BIT, Columns
from claimwright.book.store import Book, NoteEntry
from claimwright.edits.companions import Companion, Order, Voices
from claimwright.edits.conditions import flagged, in_effect
from claimwright.edits.digest import all_codes
from claimwright.edits.frame import Frame
from claimwright.edits.hit import FACTORS, Hit
from claimwright.edits.outcomes import NO_FINDING, Outcomes, repeated
from claimwright.edits.registry import rule, since
from claimwright.edits.relations import Hits, OneOf
from claimwright.model import Authority, Because, Finding, Fix, Severity

_LATE = {None: NO_FINDING, True: Severity.WARNING.rank, False: Severity.ERROR.rank}
"""What comes late is said by the first note that names it: one with a condition warns."""


def _outcome(frame: Frame, hits: Hits) -> Outcomes:
    """What comes late by the note that names it; what is absent by what the notes ask for. Each said once."""
    rank = np.full(len(hits), NO_FINDING, dtype=np.int8)
    words = np.zeros(len(hits), dtype=np.int64)
    numbers: dict[str, int] = {}
    late = np.flatnonzero(hits.right >= 0)
    size = int(hits.key.max(initial=0)) + 1
    asked = frame.of("pos", hits.right[late]).astype(np.int64) * size + hits.key[late]
    asked, number = np.unique(asked, return_inverse=True)
    named = [_naming(frame.columns, each % size, each // size) for each in asked.tolist()]
    rank[late] = np.array([_LATE[None if each is None else each[0]] for each in named], dtype=np.int8)[number]
    told = [numbers.setdefault("" if each is None else each[1], len(numbers)) for each in named]
    words[late] = np.array(told, dtype=np.int64)[number]
    gone = np.flatnonzero(hits.right < 0)
    marked = np.bincount(hits.key[gone]) > 0
    keys, number = np.flatnonzero(marked), (np.cumsum(marked) - 1)[hits.key[gone]]
    wishes = [_wish_of(frame.columns, key) for key in keys.tolist()]
    is_open = np.array([w.open for w in wishes], dtype=np.bool_)[number]
    left = hits.left[gone]
    manifestation = (frame.of("flags", left) & FLAG_BIT["manifestation"]) != 0
    from_open = np.where(frame.first(left), Severity.WARNING.rank, Severity.INFO.rank)
    from_closed = np.where(manifestation, Severity.ERROR.rank, Severity.WARNING.rank)
    rank[gone] = np.where(is_open, from_open, from_closed)
    said = np.array([numbers.setdefault(f"without {w.words}", len(numbers)) for w in wishes], dtype=np.int64)
    words[gone] = said[number]
    held = np.flatnonzero(rank != NO_FINDING)
    held = held[repeated(hits.left[held])]
    same = (hits.left[held].astype(np.int64) * (len(frame) + 1) + hits.right[held] + 1) * (len(numbers) + 1)
    _, first = np.unique((same + words[held]) * 4 + rank[held], return_index=True)
    kept = rank[held[first]]
    rank[held] = NO_FINDING
    rank[held[first]] = kept
    return Outcomes(rank)


@lru_cache(maxsize=20_000)
def _naming(columns: Columns, key: int, pos: int) -> tuple[bool, str] | None:
    """Of the first note of the group that names this place of the tree: is it conditional, and its words."""
    group = _group(columns.book, columns.book.note(columns.edition, key))
    note = next((each for each in group if columns.book.names(each, pos)), None)
    return (note.conditional, _text(columns.book, note)) if note else None


@lru_cache(maxsize=2_000)
def _wish_of(columns: Columns, key: int) -> _Wish:
    return _wish(columns.book, _group(columns.book, columns.book.note(columns.edition, key)))


def _heard(columns: Columns, key: int) -> int:
    """Which of the conditions below, as bits, is enough: a note on the underlying condition speaks of every code."""
    return 3 if _wish_of(columns, key).underlying else 2


_VOICES = Voices((in_effect, all_codes(in_effect, flagged("manifestation"))), _heard)


@rule(
    "DX203",
    relation=OneOf((Companion("codeFirst", voices=_VOICES), Order("codeFirst", voices=_VOICES))),
    severity=Severity.ERROR,
    authority=Authority.OFFICIAL_NOTE,
    in_force=since("2015-10-01"),
    cites=("icd10cm-guidelines:I.A.13", "icd10cm-guidelines:I.B.7.code-first"),
    outcome=_outcome,
)
def code_first(hit: Hit) -> Finding | None:
    """A code whose official note wants another code before it, and that code is missing or comes after.

    ## What it checks
    "Code first" notes, own and inherited, that name codes. Present but later: the order is wrong. Not
    present at all: wrong for a manifestation code (flagged in CMS's table), a question where the note
    speaks of the underlying condition, and nothing where the note only says what comes first if it applies.
    A list that begins with "such as" is open: another cause may stand for those named.

    ## Why it matters
    The underlying condition is sequenced before its manifestation. A manifestation code without it is
    half a statement, and cannot be principal.

    ## Example
    D63.1 (anemia in chronic kidney disease) before N18.4: the kidney disease comes first.

    ## How to fix
    Move the underlying condition to the front, or add it from the record. Which one it is, is never guessed.
    """
    note = hit.book.note(hit.scene.edition.number, hit.key)
    group = _group(hit.book, note)
    if hit.right_index >= 0:
        return _late(hit, group)
    return _absent(hit, group)


def _late(hit: Hit, group: list[NoteEntry]) -> Finding | None:
    naming = [each for each in group if hit.book.names(each, hit.right.pos)]
    if not naming:
        return None
    says = naming[0]
    conditional = says.conditional
    return hit.finding(
        f"{hit.right.named} is sequenced before {hit.left.named}: code first {_text(hit.book, says)}",
        because=[hit.note(each, hit.left) for each in naming],
        severity=Severity.WARNING if conditional else Severity.ERROR,
        fix=Fix(
            say=f"Put {hit.right.code} before {hit.left.code}" + (", if the note applies" if conditional else ""),
            reorder=_before(hit),
            ask=_asks(hit) if conditional else None,
        ),
    )


def _asks(hit: Hit) -> str:
    """The question behind "any" and "if applicable": an encounter is no cause of what it looks after."""
    if hit.right.chapter == FACTORS:
        return f"Is {hit.right.named} part of this encounter?"
    return f"Is {hit.right.named} the condition behind {hit.left.named}?"


def _before(hit: Hit) -> tuple[str, ...]:
    """The claim's codes with the right one moved to just before the left one."""
    ends = sorted([hit.left, *hit.others()], key=lambda end: end.index)
    kept = [end for end in ends if end.index != hit.right.index]
    at = next(number for number, end in enumerate(kept) if end.index == hit.left.index)
    return tuple(end.code for end in [*kept[:at], hit.right, *kept[at:]])


def _absent(hit: Hit, group: list[NoteEntry]) -> Finding | None:
    if not hit.left.in_effect:
        return None  # the code itself is in question; its cause can wait
    manifestation = bool(int(hit.scene.frame.flags[hit.left.index]) & int(FLAG_BIT["manifestation"]))
    asks = _wish(hit.book, group)
    if not manifestation and not asks.underlying:
        return None
    first = hit.left.position == 1
    if asks.open:
        severity = Severity.WARNING if first else Severity.INFO
    else:
        severity = Severity.ERROR if manifestation else Severity.WARNING
    proof: list[Because] = [hit.note(each, hit.left) for each in group]
    return hit.finding(
        f"{hit.left.named} wants its underlying condition before it, and none of the codes named is on the claim: "
        f"code first {asks.words}",
        because=proof,
        severity=severity,
        fix=Fix(
            say=f"Report the underlying condition before {hit.left.code}",
            ask=f"Which underlying condition does the record name for {hit.left.named}?",
        ),
    )


@dataclass(frozen=True, slots=True)
class _Wish:
    """What the notes of a group ask for: of the underlying condition? from an open list? in which words?"""

    underlying: bool
    open: bool
    words: str


def _group(book: Book, note: NoteEntry) -> list[NoteEntry]:
    return [each for each in book.notes_at(note.edition, note.holder, ("codeFirst",)) if each.element == note.element]


def _wish(book: Book, group: list[NoteEntry]) -> _Wish:
    named = [each for each in group if book.targets(each)]
    underlying = any("underlying" in each.text.lower() for each in group)
    is_open = any(each.open for each in group)
    also = "; the list is open, so another cause may stand there" if is_open else ""
    words = f"{_text(book, named[0])}{' and others' if len(named) > 1 else ''}{also}"
    return _Wish(underlying and not all(each.conditional for each in named), is_open, words)


def _text(book: Book, note: NoteEntry) -> str:
    head = book.note(note.edition, note.head).text.rstrip(":") + ": " if note.head >= 0 else ""
    return (head + note.text).lstrip(", ").rstrip(".")
