"""Candidates of one note held against each other: Excludes1 between two of them, and what wants a code before it.

The same official notes as `check` uses, own and inherited. Which of two goes is said, as a coder would be told
by a finding; only where the notes leave it to the record do both become questions.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from itertools import combinations
from typing import TYPE_CHECKING, NamedTuple

from claimwright.book.instructions import Held, first_groups, held_by, wording
from claimwright.model.codes import dotted, undotted
from claimwright.model.reading import Candidate, CandidateStatus, Instruction

if TYPE_CHECKING:
    from claimwright.book.store import Book

_YIELDING = ("18", "21")
"""Chapters of symptoms and of factors: they yield to a disorder."""
_NOS = re.compile(r"\bNOS\b")


class Placed(NamedTuple):
    """A candidate with its place in the tabular list and its chapter."""

    code: str
    title: str
    pos: int
    chapter: str


class Beside(NamedTuple):
    """What official notes add to one candidate."""

    note: Instruction
    because: str
    ask: str | None = None
    decide: bool = False


def instructed(book: Book, candidates: Sequence[Candidate], day: date, as_of: date | None) -> list[Candidate]:
    """The candidates with the official notes that bear on them beside the others, in the same order."""
    edition = book.edition_on(day, as_of)[0].number
    placed = [_placed(book, edition, each) for each in candidates]
    added: dict[str, list[Beside]] = {}
    kept = [
        here
        for each, here in zip(candidates, placed, strict=True)
        if here is not None and each.status is CandidateStatus.SUPPORTED
    ]
    for left, right in combinations(kept, 2):
        for code, beside in _excluded(book, edition, left, right):
            added.setdefault(code, []).append(beside)
    open_ = [
        here
        for each, here in zip(candidates, placed, strict=True)
        if here is not None and each.status is not CandidateStatus.NOT_CODABLE
    ]
    for here in open_:
        for beside in _first(book, edition, here, open_):
            added.setdefault(here.code, []).append(beside)
    return [_with(each, added.get(each.code, ())) for each in candidates]


def _placed(book: Book, edition: int, each: Candidate) -> Placed | None:
    node = book.node(edition, undotted(each.code))
    if node is None:
        return None
    chapter = next((above.code for above in book.path(node) if above.kind == "chapter"), "")
    return Placed(each.code, each.title or each.code, node.pos, chapter)


def _with(each: Candidate, added: Sequence[Beside]) -> Candidate:
    if not added:
        return each
    because = ". ".join(dict.fromkeys((each.because, *(beside.because for beside in added))))
    decide = any(beside.decide for beside in added) and each.status is CandidateStatus.SUPPORTED
    return replace(
        each,
        because=because,
        status=CandidateStatus.NEEDS_DECISION if decide else each.status,
        ask=each.ask or next((beside.ask for beside in added if beside.ask), None),
        notes=tuple(dict.fromkeys(beside.note for beside in added)),
    )


# ---- Excludes1 ----------------------------------------------------------------------------------


def _excluded(book: Book, edition: int, left: Placed, right: Placed) -> list[tuple[str, Beside]]:
    """What an Excludes1 note between two candidates says at each of them."""
    forward = _naming(book, edition, "excludes1", left, right)
    backward = _naming(book, edition, "excludes1", right, left)
    if not forward and not backward:
        return []
    allowed = [
        held
        for one, other in ((left, right), (right, left))
        for held in _naming(book, edition, "excludes2", one, other)
        if held.holder.kind != "chapter"
    ]
    goes = None if allowed else _goes(left, right, forward, backward)
    says = (forward or backward)[0]
    where = f"{_holder(says)} excludes {wording(book, says.note)}"
    ask = None
    if goes is None:
        ask = (
            f"Are {left.title} and {right.title} one and the same problem, or two separate, unrelated ones?"
            if allowed
            else f"Which does the record describe: {_either(left, right)}? Or are the two unrelated?"
        )
    out = []
    for one, other in ((left, right), (right, left)):
        if goes is None:
            beside = (
                f", while {_holder(allowed[0])} lists {wording(book, allowed[0].note)} under Excludes2"
                if allowed
                else ""
            )
            because = f"Excludes1 with {other.code}: {where}{beside}; the record decides"
        elif goes is one:
            because = f"Not reported with {other.code} unless the two are unrelated: {where} (Excludes1)"
        else:
            because = f"Excludes1 with {other.code}, which yields to it: {where}"
        note = Instruction("excludes1", _code(says), says.holder.kind, wording(book, says.note), (other.code,))
        out.append((one.code, Beside(note, because, ask, goes is None)))
    return out


def _naming(book: Book, edition: int, kind: str, holder: Placed, other: Placed) -> list[Held]:
    return [held for held in held_by(book, edition, holder.pos, kind) if held.names(other.pos)]


def _goes(left: Placed, right: Placed, forward: list[Held], backward: list[Held]) -> Placed | None:
    """Which of the two is not reported; None where only the record can tell.

    A symptom or a factor yields to a disorder, what a note calls NOS to what is specified, and otherwise the code
    under the note to the code that the note points to.
    """
    for chapter in _YIELDING:
        if (left.chapter == chapter) != (right.chapter == chapter):
            return left if left.chapter == chapter else right
    vague = _vague(backward), _vague(forward)
    if vague[0] != vague[1]:
        return left if vague[0] else right
    if forward and backward:
        return None
    return left if forward else right


def _vague(notes: list[Held]) -> bool:
    return bool(notes) and all(_NOS.search(held.note.text) for held in notes)


def _either(left: Placed, right: Placed) -> str:
    return ", or ".join(sorted((left.title, right.title), key=str.casefold))


# ---- code first ---------------------------------------------------------------------------------


def _first(book: Book, edition: int, here: Placed, others: Sequence[Placed]) -> list[Beside]:
    """The codes that an official note wants before a candidate: other candidates, or what the record must name."""
    manifestation = any("manifestation" in row.flags for row in book.registry(undotted(here.code))[-1:])
    out = []
    for group in first_groups(book, edition, here.pos):
        named = [held for held in group if held.spans]
        found = {other.code: held for other in others if other.code != here.code
                 for held in named if held.names(other.pos)}  # fmt: skip
        says = next(iter(found.values()), named[0])
        text, holder = wording(book, says.note), _holder(says)
        note = Instruction("codeFirst", _code(says), says.holder.kind, text, tuple(found))
        if found:
            out.append(Beside(note, f"Sequenced after {', '.join(found)}: {holder} says code first {text}"))
            continue
        underlying = any("underlying" in held.note.text.lower() for held in group)
        if not manifestation and (not underlying or all(held.note.conditional for held in named)):
            continue
        more = " and others" if len(named) > 1 else ""
        out.append(
            Beside(
                note,
                f"Reported only after its cause: {holder} says code first {text}{more}",
                f"Which underlying condition does the record name for {here.title}?",
            )
        )
    return out


def _code(held: Held) -> str:
    code = held.holder.code
    return code if held.holder.kind in ("chapter", "block") else dotted(code)


def _holder(held: Held) -> str:
    return f"{held.holder.kind} {_code(held)}"
