"""Statements about official notes: lists of Excludes, the level a note stands at, pairs, members of a range."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from claimwright.book.statements import moved_to, overlap, within
from claimwright.model import dotted
from claimwright.pages.desk import WRONG, Desk, Mention, Statement, shown, stems
from claimwright.pages.say_codes import regions
from claimwright.pages.text import HEADING, PROSE, ROW, Block

if TYPE_CHECKING:
    from claimwright.book.statements import Spans
    from claimwright.book.store import NodeEntry, NoteEntry

_EXCLUDES = re.compile(r"\b(?:excludes?[\s-]?(?P<n>[12])|type[\s-](?P<m>[12])[\s-]excludes?)\b", re.IGNORECASE)
_INLINE = re.compile(r"\bexcludes?[\s-]?([12])\b[^:;.()|\n]{0,60}:\s*([^;()|\n]+)", re.IGNORECASE)
_LEVEL = r"(?P<level>chapter|block|category|subcategory|code)"
_CODE = r"(?P<code>[A-Z]\d[0-9A-Z](?:\.[0-9A-Z]{1,4})?(?:-[A-Z]\d[0-9A-Z])?)"
_LEVELS = (
    re.compile(
        rf"\b{_LEVEL}[- ]level\s+(?:\w+\s+){{0,2}}?excludes?\s?[12](?:\s+\w+){{0,3}}?"
        rf"\s+(?:at|of|for|on|in|under)\s+{_CODE}\b",
        re.I,
    ),
    re.compile(
        rf"\bexcludes?\s?[12]\s*(?:notes?)?\s*\(?\s*(?:at\s+)?(?:the\s+)?{_LEVEL}[- ]level\s*[:(]?\s*{_CODE}\b", re.I
    ),
    re.compile(rf"\bexcludes?\s?[12]\b[^.;]{{0,60}}?\b{_CODE}\s+{_LEVEL}[- ]level", re.I),
)  # fmt: skip
_OPENS = 24
"""Characters of a heading within which the word Excludes opens a list of notes."""

_NEAR = ("code", "subcategory", "category")
_REACHES = re.compile(r"\b(?:applies|apply|inherit|reach)", re.IGNORECASE)


def _kind(text: str) -> str | None:
    found = {each["n"] or each["m"] for each in _EXCLUDES.finditer(text)}
    return f"excludes{found.pop()}" if len(found) == 1 else None


def _name(kind: str) -> str:
    return kind.replace("excludes", "Excludes")


# ---- lists ------------------------------------------------------------------------------------------


def excludes_lists(desk: Desk) -> Iterator[Statement]:
    """Lists headed Excludes1 or Excludes2 against the official ones: what is missing, foreign, of the other kind."""
    for heading, rows in regions(desk.text.blocks):
        found = _EXCLUDES.search(heading.text[:_OPENS])
        kind = _kind(heading.text) if found else None
        holder = _holder(desk, heading) if kind else None
        if kind and holder:
            entries = [(row, tuple(e for e in _entry(desk, row) if not _heads(desk, e, holder))) for row in rows]
            yield from _compared(desk, kind, holder, heading, heading.line, heading.text, entries)
    for block in desk.text.blocks:
        for found in _INLINE.finditer(block.text):
            kind = f"excludes{found[1]}"
            before = [each for each in desk.in_text(block.text[: found.start()]) if each.kind == "exact"]
            holder = before[-1].code if before else desk.about(block)
            listed = desk.in_text(found[2])
            if listed and holder and desk.node(holder):
                line = block.line_at(found.start())
                yield from _compared(desk, kind, holder, block, line, block.text, [(block, listed)])


def _holder(desk: Desk, heading: Block) -> str | None:
    own = [each.code for each in desk.mentions(heading) if each.kind == "exact"]
    holder = own[0] if own else desk.about(heading)
    return holder if holder and desk.node(holder) else None


def _shared(desk: Desk, kind: str, holder: str, entries: list[tuple[Block, tuple[Mention, ...]]]) -> list[NoteEntry]:
    """Notes of a category or subcategory above, when the list holds at least two of them: then it means them all."""
    out: list[NoteEntry] = []
    for node in desk.path(holder)[1:]:
        notes = desk.book.notes_at(desk.edition, node.pos, (kind,)) if node.kind in _NEAR else []
        told = [e for _, each in entries for e in each if any(within(e.spans, desk.note_spans(n)) for n in notes)]
        out += notes if len(told) > 1 else []
    return out


def _heads(desk: Desk, each: Mention, holder: str) -> bool:
    """Is the entry the holder of the notes below it, or a level above: a heading inside the list?"""
    node = desk.node(holder)
    return node is not None and within(((node.pos, node.stop),), each.spans)


def _entry(desk: Desk, row: Block) -> tuple[Mention, ...]:
    if row.kind == ROW and row.cells:
        found = desk.in_text(row.cells[0])
        return found or desk.in_text(" ".join(row.cells[1:2]))
    return desk.mentions(row)


def _compared(
    desk: Desk,
    kind: str,
    holder: str,
    heading: Block,
    line: int,
    title: str,
    entries: list[tuple[Block, tuple[Mention, ...]]],
) -> Iterator[Statement]:
    shared = _shared(desk, kind, holder, entries)
    own = desk.own_notes(holder, (kind,)) + shared
    has = "comes under" if shared else "has"
    listed: Spans = tuple(span for _, found in entries for each in found for span in each.spans)
    words = " ".join(row.text for row, _ in entries)
    if not listed:
        return
    source = desk.tabular(holder)
    for note in own:
        spans = desk.note_spans(note)
        if not spans or overlap(spans, listed) or set(stems(note.text)) <= set(stems(words)):
            continue
        moved = moved_to(desk.book, note)
        tail = f"; the term now stands at {', '.join(moved)}" if moved else ""
        fact = f'{holder} {has} {len(own)} {_name(kind)} notes; the list leaves out "{note.text}"{tail}'
        yield Statement(line, shown(title), WRONG, fact, source, "excludes-list")
    for row, found in entries:
        for each in found:
            says = _foreign(desk, kind, holder, each)
            if says:
                at = row.line if row is not heading else line
                yield Statement(at, shown(row.text), WRONG, says, source, "excludes-list")


def _foreign(desk: Desk, kind: str, holder: str, each: Mention) -> str | None:
    """What is wrong with one entry; None for one that a note of this kind names."""
    if not each.spans or each.kind == "unknown":
        return None
    between = desk.notes_between(holder, each.spans)
    same = [
        (note, node)
        for note, node in between
        if note.kind == kind and (within(each.spans, desk.note_spans(note)) or each.code in note.text)
    ]
    if not same:
        partly = [(note, node) for note, node in between if note.kind == kind]
        if partly:
            return f'{holder}: the {_name(kind)} note is "{partly[0][0].text}", which is not all of {each.code}'
        if between:
            return f"{_said(*between[0])}; it is no {_name(kind)} note"
        return f"no {_name(kind)} note at or above {holder} names {each.code}"
    return _opposed(desk, kind, holder, each, same[0])


def _said(note: NoteEntry, node: NodeEntry) -> str:
    return f'{dotted(node.code)} ({node.kind}) holds {_name(note.kind)} "{note.text}"'


def _opposed(desk: Desk, kind: str, holder: str, each: Mention, own: tuple[NoteEntry, NodeEntry] | None) -> str | None:
    """The note of the other kind that names the holder back, if there is one near the code."""
    node = desk.node(holder)
    if each.kind == "range" or node is None:
        return None
    back = [
        (note, at)
        for note, at in desk.notes_between(each.code, ((node.pos, node.stop),))
        if at.kind in _NEAR and note.kind != kind and _whole(desk, note, node)
    ]
    if not back or (own and own[1].kind not in _NEAR):
        return None
    said = f"{_said(*own)}, but " if own else ""
    return f"the official notes oppose each other: {said}{_said(*back[0])}; documentation decides"


def _whole(desk: Desk, note: NoteEntry, node: NodeEntry) -> bool:
    """Does a note name all of a code: by its title, not by one of the conditions it holds?"""
    words = [each for each in stems(note.text) if not any(character.isdigit() for character in each)]
    titles = [stems(each.title) for each in desk.book.path(node) if each.kind in _NEAR]
    return within(((node.pos, node.stop),), desk.note_spans(note)) and words in titles


# ---- levels -----------------------------------------------------------------------------------------


def levels(desk: Desk) -> Iterator[Statement]:
    """A note said to stand at a level at which its holder is not."""
    for block in desk.text.blocks:
        for form in _LEVELS:
            for found in form.finditer(block.text):
                node = desk.node(found["code"])
                if node is None or node.kind == found["level"].lower():
                    continue
                if {node.kind, found["level"].lower()} == {"code", "subcategory"}:
                    continue
                fact = f"{dotted(node.code)} is a {node.kind}: its notes stand at {node.kind} level{_above(desk, node)}"
                sentence = next((s for at, s in block.sentences() if at <= found.start() < at + len(s)), block.text)
                line = block.line_at(found.start())
                yield Statement(line, shown(sentence), WRONG, fact, desk.tabular(dotted(node.code)), "levels")


def _above(desk: Desk, node: NodeEntry) -> str:
    block = next((each for each in desk.book.path(node) if each.kind == "block"), None)
    if block is None or block == node:
        return ""
    count = len(desk.book.notes_at(desk.edition, block.pos, ("excludes1", "excludes2")))
    return f"; block {block.code} has {count or 'no'} Excludes notes"


# ---- pairs ------------------------------------------------------------------------------------------


def pairs(desk: Desk) -> Iterator[Statement]:
    """Two codes said to be joined by a note of one kind, where the notes say otherwise."""
    lists = {id(row) for heading, rows in regions(desk.text.blocks) if _kind(heading.text) for row in rows}
    for block in desk.text.blocks:
        if block.kind == HEADING or id(block) in lists or _INLINE.search(block.text):
            continue
        if _kind(block.text) is None and block.kind == ROW:
            continue
        for at, first, others, kind in _joined(desk, block):
            others = [] if _of_subject(desk, block, kind, first, others) else others
            for other in others:
                says = _pair(desk, kind, first, other)
                if says:
                    text = shown(next((s for o, s in block.sentences() if o <= at < o + len(s)), block.text))
                    yield Statement(block.line_at(at), text, WRONG, says, desk.tabular(first), "pairs")


def _joined(desk: Desk, block: Block) -> Iterator[tuple[int, str, list[Mention], str]]:
    """(place, a code, those it is said to be joined to, the kind of note)."""
    if block.kind == ROW and block.cells:
        first = [each for each in desk.in_text(block.cells[0]) if each.kind != "unknown"]
        rest = [each for each in desk.in_text(" | ".join(block.cells[1:])) if each.kind == "exact"]
        about = rest[0].code if rest else desk.about(block)
        if len(first) == 1 and about and about != first[0].code:
            yield 0, about, first, _kind(block.text) or ""
        return
    for at, sentence in block.sentences():
        found, kind = _EXCLUDES.search(sentence), _kind(sentence)
        if not found or kind is None or _REACHES.search(sentence):
            continue
        mentions = [each for each in desk.in_text(sentence) if each.kind != "unknown"]
        holders = {each["code"] for form in _LEVELS for each in form.finditer(sentence)}
        mentions = [each for each in mentions if each.code not in holders]
        if not mentions and block.kind == PROSE and re.search(r"\b(?:these|both|the two)\b", sentence, re.IGNORECASE):
            mentions = [each for each in desk.in_text(block.text[:at]) if each.kind == "exact"]
        codes = [each for each in mentions if each.kind == "exact"]
        if not codes:
            continue
        one = codes[0].code
        others = list({each.code: each for each in mentions if each.code != one}.values())
        yield at + found.start(), one, [each for each in others if not _kin(desk, one, each)], kind


def _of_subject(desk: Desk, block: Block, kind: str, first: str, others: list[Mention]) -> bool:
    """May the codes be said of the text's subject, each rightly, rather than of one another?"""
    about = desk.about(block)
    node = desk.node(first)
    if about is None or about == first or node is None or any(each.code == about for each in others):
        return False
    every = [Mention(first, "exact", 0, 0, ((node.pos, node.stop),)), *others]
    return all(_pair(desk, kind, about, each) is None for each in every)


def _kin(desk: Desk, code: str, other: Mention) -> bool:
    """Is one in the family of the other, or are they siblings of one category?"""
    node = desk.node(code)
    if node is None or not other.spans:
        return True
    category = next((each for each in desk.book.path(node) if each.kind == "category"), node)
    return overlap(((category.pos, category.stop),), other.spans) and other.kind != "range"


def _pair(desk: Desk, kind: str, code: str, other: Mention) -> str | None:
    node = desk.node(code)
    if node is None or not other.spans:
        return None
    forth = desk.notes_between(code, other.spans)
    back = [
        (note, at)
        for note, at in desk.notes_between(other.code.split("-")[0], ((node.pos, node.stop),))
        if within(((node.pos, node.stop),), desk.note_spans(note))
    ]
    every = [*forth, *back]
    same = [each for each in every if each[0].kind == kind]
    near = [each for each in every if each[0].kind != kind and each[1].kind in _NEAR]
    if same and near and same[0][1].kind in _NEAR:
        return f"the official notes oppose each other: {_said(*same[0])}, but {_said(*near[0])}; documentation decides"
    if same:
        return None
    if near:
        return f"no {_name(kind)} note joins {code} and {other.code}: {_said(*near[0])}"
    if every:
        return f"no Excludes note joins {code} and {other.code}, except broadly: {_said(*every[0])}"
    return f"no Excludes note joins {code} and {other.code}, in either direction"


# ---- members of a range -----------------------------------------------------------------------------

_LISTED = re.compile(r"\(([^()]{3,300})\)")
_MOST_NAMES = 12


def members(desk: Desk) -> Iterator[Statement]:
    """A condition named as a member of a range or family that its code does not belong to."""
    for block in desk.text.blocks:
        ranges = [each for each in desk.mentions(block) if each.kind in ("range", "family")]
        if not ranges:
            continue
        for found in _LISTED.finditer(block.text):
            over = [each for each in ranges if each.end <= found.start()]
            near = over[-1] if over else None
            if near is None or found.start() - near.end > 80 or desk.in_text(found[1]):
                continue
            for name in _names(found[1]):
                says = _outside(desk, name, near)
                if says:
                    line = block.line_at(found.start())
                    yield Statement(line, shown(block.text), WRONG, says, desk.tabular(near.code), "members")


def _names(text: str) -> list[str]:
    if "," not in text:
        return []
    pieces = [
        re.sub(r"^(?:and|or|e\.g\.,?|eg|such as|including)\s+", "", each.strip(), flags=re.I)
        for each in text.split(",")
    ]
    return [each for each in pieces if each and not each.lower().startswith("etc") and len(each) > 3][:_MOST_NAMES]


def _outside(desk: Desk, name: str, over: Mention) -> str | None:
    wanted = stems(name)
    found = [each for each in desk.named(name) if stems(each.text)[: len(wanted)] == wanted]
    if not found or any(within(((each.pos, each.pos + 1),), over.spans) for each in found):
        return None
    first = found[0]
    return f'{name} is not in {over.code}: {first.code} "{first.text}" ({first.kind})'
