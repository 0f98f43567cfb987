"""Statements that a term leads to a code: Includes lists, arrows, examples."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from claimwright.model import undotted
from claimwright.pages.desk import STALE, UNSUPPORTED, WRONG, Desk, Statement, shown, stems
from claimwright.pages.say_codes import regions
from claimwright.pages.source import Source
from claimwright.pages.source import part as loaded_part
from claimwright.pages.text import HEADING, Block

if TYPE_CHECKING:
    from claimwright.book.navigate import Found

_INCLUDES = re.compile(r"\b(?:includes|inclusion terms?|included (?:terms|conditions))\b", re.IGNORECASE)
_ARROW = re.compile(r"\s*(?:\u2192|->|=>|\bmap(?:s|ped)? to\b|\bcodes? to\b|\bis coded (?:to|as)\b)\s*")
_EXAMPLES = re.compile(
    r"\(\s*(?:e\.g\.|eg|for example|such as|i\.e\.),?\s*([^()]{3,200})\)[^.;()]{0,60}?"
    r"\b(?:consider|use|assign|report|code|select)\s+(?=[A-Z]\d)",
    re.I,
)
_CUT = re.compile(r"[(,;:\u2014\u2013]|\s-\s|\b(?:when|without|with no|if|as an?|not|in an|pre-|due)\b", re.IGNORECASE)
_HOLDER = re.compile(r"\A\W*[A-Z0-9.-]+\W+(?:chapter|block|category|subcategory|code)(?:, inherited)?\W*\Z")
_APPOSED = re.compile(
    r"(?:\A|[.!?]\s)([A-Z][^.;:(|\u2014\u2013]{3,60}?)\s[\u2014\u2013-]\s(?:one|an?|the)\s[^.;|\u2014\u2013]*\Z"
)
"""A term and what is added to it between dashes: "Heat cramps - one of the conditions mapped to"."""

_SURE = 0.9
_MOST_WORDS = 8
_TRIVIAL = re.compile(r"\b(?:nos|nec|unspecified|the|an?|of|movement|disorders?)\b", re.IGNORECASE)
_OFFICIAL = ("inclusionTerm", "includes")


def _term(text: str) -> str:
    """The term that a piece of text begins with."""
    found = _CUT.search(text)
    return (text[: found.start()] if found and found.start() > 3 else text).strip(" *\u2019'\".-")


def leads(desk: Desk, term: str, codes: list[str]) -> tuple[str, Source] | None:
    """Where a term leads instead of `codes`; None where it leads to one of them, or nowhere for certain.

    The whole term is tried, then its last words: "dystonic writer's cramp" is a writer's cramp.
    """
    words = term.replace("\u2019", "'").split()
    if not words or len(words) > _MOST_WORDS:
        return None
    for first in range(min(len(words), 3)):
        part = " ".join(words[first:])
        if first and len(words) - first < 2:
            break
        found = [each for each in desk.walk(part).found if each.score >= _SURE]
        if not found:
            continue
        if any(_same(each.code, code) for each in found for code in codes):
            return None
        return _elsewhere(desk, part, codes, [each.code for each in found], found[0])
    return _near(desk, term, codes)


def _elsewhere(
    desk: Desk, part: str, codes: list[str], others: list[str], best: Found, caution: str = ""
) -> tuple[str, Source]:
    path = " > ".join(level.words for level in best.levels)
    where = desk.tabular(best.code)
    if best.source not in _TABULAR:
        where = loaded_part(desk.book, best.source, path) or Source(
            best.source, _reviewed(desk, best.source), None, None, path
        )
    longer = [
        f"{row['term']}: {row['code']}"
        for row in desk.index_terms
        if row["term"].lower().endswith(f" {part.lower()}") and row["code"].rstrip("-") not in others
    ]
    also = f"; {', '.join(longer[:3])}" if longer else ""
    leads_to = ", ".join(dict.fromkeys(others))
    return f'"{part}" leads to {leads_to} ({best.source}: {path}), not to {", ".join(codes)}{also}{caution}', where


def _reviewed(desk: Desk, name: str) -> str:
    """The edition of a list that ships with the book: the day of its review."""
    return f"reviewed {desk.book.manifest['lexicons'].get(name, {}).get('reviewed', 'with the book')}"


def _near(desk: Desk, term: str, codes: list[str]) -> tuple[str, Source] | None:
    """A term that is near an official one and not the same: where the official one leads."""
    for row in desk.near_terms:
        if not re.search(rf"\b{re.escape(row['near'])}\b", term, re.IGNORECASE):
            continue
        other = re.sub(rf"\b{re.escape(row['near'])}\b", row["term"], term, flags=re.IGNORECASE)
        found = [each for each in desk.walk(other).found if each.score >= _SURE]
        if found and not any(_same(each.code, code) for each in found for code in codes):
            caution = f"; the text says {row['near']}, {row['says']}: ask which is meant"
            return _elsewhere(desk, other, codes, [each.code for each in found], found[0], caution)
    return None


_TABULAR = ("tabular title", "inclusion term")


def _same(one: str, other: str) -> bool:
    a, b = undotted(one.rstrip("-")), undotted(other.rstrip("-"))
    return a.startswith(b) or b.startswith(a)


def includes(desk: Desk) -> Iterator[Statement]:
    """Includes lists against the official inclusion terms, and each item against where its words lead."""
    for heading, rows in regions(desk.text.blocks):
        if not _INCLUDES.search(heading.text) or re.search(r"excludes", heading.text, re.IGNORECASE):
            continue
        own = [each.code for each in desk.mentions(heading) if each.kind == "exact"]
        code = own[0] if own else desk.about(heading)
        if not code or not desk.node(code):
            continue
        held = [
            (node, note) for node in desk.path(code) for note in desk.book.notes_at(desk.edition, node.pos, _OFFICIAL)
        ]
        official = [note.text for node, note in held if node.kind not in ("chapter", "block")]
        every = {tuple(stems(note.text)) for _, note in held}
        items = [row for row in rows if not _HOLDER.search(row.text) and tuple(stems(row.text)) not in every]
        if not official and items:
            fact = f"{code} has no inclusion terms and no Includes note in the tabular list; the items are an editor's"
            yield Statement(heading.line, shown(heading.text), WRONG, fact, desk.tabular(code), "includes")
        for row in items:
            yield from _item(desk, row, code, official)


def _item(desk: Desk, row: Block, code: str, official: list[str]) -> Iterator[Statement]:
    term = _term(re.sub(r"\s*\([^()]*\)", "", row.text) if row.text.startswith("(") else row.text)
    said = (stems(term), stems(row.text))
    if any(stems(each) in said or stems(re.sub(r"\([^()]*\)", " ", each)) in said for each in official):
        return
    found = leads(desk, term, [code])
    if found:
        yield Statement(row.line, shown(row.text), WRONG, found[0], found[1], "includes")
    elif official:
        fact = f"no inclusion term of {code} says this; it has: {'; '.join(official[:8])}"
        yield Statement(row.line, shown(row.text), UNSUPPORTED, fact, desk.tabular(code), "includes")


def arrows(desk: Desk) -> Iterator[Statement]:
    """`term -> code`, and examples in brackets before the code they are said to belong to."""
    for block in desk.text.blocks:
        if block.kind == HEADING:
            continue
        for found in _ARROW.finditer(block.text):
            rest = [each for each in desk.in_text(block.text[found.end() : found.end() + 60]) if each.kind == "exact"]
            if not rest or rest[0].start > 2:
                continue
            before = re.split(r"[(;|.,:\u2014\u2013]|\b(?:if|as|when|the)\b", block.text[: found.start()])[-1].strip(
                " *\u2019'\""
            )
            if told := _APPOSED.search(block.text[: found.start()]):
                before = told[1]
            stop = re.search(r"[;.]\s", block.text[found.end() :])
            near = [each.code for each in rest if not stop or each.start < stop.start()]
            yield from _points(desk, block, found.start(), before, near)
        for found in _EXAMPLES.finditer(block.text):
            rest = [each for each in desk.in_text(block.text[found.end() : found.end() + 12]) if each.kind == "exact"]
            for each in re.split(r",|\band\b|\bor\b", found[1]) if rest else ():
                term = _TRIVIAL.sub(" ", each).strip()
                yield from _points(desk, block, found.start(), " ".join(term.split()), [rest[0].code])


def _points(desk: Desk, block: Block, at: int, term: str, codes: list[str]) -> Iterator[Statement]:
    if desk.in_text(term) or len(term) < 4:
        return
    found = leads(desk, term, codes)
    if found:
        sentence = next((s for o, s in block.sentences() if o <= at < o + len(s)), block.text)
        verdict = (
            STALE if all(desk.book.registry(undotted(each)) and not desk.billable(each) for each in codes) else WRONG
        )
        yield Statement(block.line_at(at), shown(sentence), verdict, found[0], found[1], "terms")
