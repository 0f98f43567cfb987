"""Official notes of one edition, with what their words imply.

A note ending in ":" heads the notes that follow it in its group ("Code first underlying disease,
such as:"). "if applicable", "if known", "any associated" make an instruction conditional; "such as"
leaves its list open. Both may stand in the head.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from claimwright.book.references import Reference, ReferenceParser, Spans, merged
from claimwright.book.tree import Tree
from claimwright.sources.tabular import Tabular

ENFORCED = ("excludes1", "excludes2", "codeFirst", "useAdditionalCode", "codeAlso")
"""Kinds whose references are instructions; in the other kinds they are part of a description."""

_CONDITIONAL = re.compile(
    r"\b(?:if|where|when) (?:applicable|known|present|documented|appropriate)\b|\bany\b", re.IGNORECASE
)
_OPEN = re.compile(r"\bsuch as\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Note:
    """One official sentence at the node `holder` (a position).

    `element` numbers the XML group it stands in and `run` the part of the group under one head.
    `head` is the number of the heading note, or -1.
    """

    number: int
    holder: int
    kind: str
    element: int
    run: int
    head: int
    text: str
    conditional: bool
    open: bool
    references: tuple[Reference, ...]

    @property
    def spans(self) -> Spans:
        """Every place the note names, as one set of intervals."""
        return merged(span for reference in self.references for span in reference.spans)


def read_notes(tabular: Tabular, tree: Tree) -> list[Note]:
    """All notes of the edition in document order, references resolved against `tree`."""
    parser = ReferenceParser(tree)
    notes: list[Note] = []
    element = run = -1
    head: Note | None = None
    place: tuple[int, int] | None = None
    for number, row in enumerate(tabular.notes):
        if (row.node, row.group) != place:
            place, head = (row.node, row.group), None
            element += 1
        if row.text.endswith(":") or head is None:
            run += 1
        if row.text.endswith(":"):
            head = None
        note = Note(
            number=number,
            holder=tree.position_of_row[row.node],
            kind=row.kind,
            element=element,
            run=run,
            head=head.number if head else -1,
            text=row.text,
            conditional=bool(_CONDITIONAL.search(row.text)) or bool(head and head.conditional),
            open=bool(_OPEN.search(row.text)) or bool(head and head.open),
            references=parser.parse(row.text, conditions=row.kind in ENFORCED),
        )
        notes.append(note)
        if row.text.endswith(":"):
            head = note
    return notes


@dataclass(frozen=True, slots=True)
class Moved:
    """A note whose words now stand at `term`, another note (an inclusion term), or at a title.

    `to` is the position of the node that carries the words today; `term` is -1 for a title.
    """

    note: int
    to: int
    term: int


def moved_references(notes: list[Note], tree: Tree) -> list[Moved]:
    """Excludes notes that name a code which the condition they describe has left.

    R25.2 excludes "infantile spasms (G40.4-)", while "Infantile spasms" is an inclusion term of
    G40.82. Only an exact match of the words counts, only where every place that carries them lies
    outside the codes named and outside the holder itself, and only where no title or term under
    the codes named still has those words.
    """
    parser = ReferenceParser(tree)
    terms: dict[str, list[tuple[int, int]]] = {}
    words_at: list[tuple[int, frozenset[str]]] = []
    for node in tree.nodes:
        if node.source >= 0:
            terms.setdefault(_plain(node.title), []).append((node.pos, -1))
            words_at.append((node.pos, _stems(node.title)))
    for note in notes:
        if note.kind == "inclusionTerm":
            terms.setdefault(_plain(note.text), []).append((note.holder, note.number))
        if note.kind in ("inclusionTerm", "includes"):
            words_at.append((note.holder, _stems(note.text)))
    out: list[Moved] = []
    for note in notes:
        if note.kind not in ("excludes1", "excludes2") or len(note.references) != 1 or note.head >= 0:
            continue
        phrase = parser.strip(note.text)
        found = terms.get(_plain(phrase), [])
        holder = tree.nodes[note.holder]
        if not found or any(_within(pos, tree, note.spans, holder.pos, holder.stop) for pos, _ in found):
            continue
        wanted = _stems(phrase)
        if not any(wanted <= words and _inside(pos, note.spans) for pos, words in words_at):
            out.extend(Moved(note.number, pos, term) for pos, term in found)
    return out


def _stems(text: str) -> frozenset[str]:
    return frozenset(word.rstrip("s") for word in _plain(text).split())


def _inside(pos: int, spans: Spans) -> bool:
    return any(low <= pos < high for low, high in spans)


def _within(pos: int, tree: Tree, spans: Spans, start: int, stop: int) -> bool:
    """Does the node touch the codes named (above or below them), or lie in the holder?"""
    last = tree.nodes[pos].stop
    return any(pos < high and low < last for low, high in spans) or start <= pos < stop


def _plain(text: str) -> str:
    return " ".join(re.findall(r"[a-z0-9]+", text.lower()))
