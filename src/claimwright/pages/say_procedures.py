"""Statements about service lines: pairs, modifiers and families, against NCCI tables where they are loaded."""

from __future__ import annotations

import re
from collections.abc import Iterator

from claimwright.book.procedures import AOC, PRACTITIONER, PTP, how_to_load, procedures
from claimwright.errors import EditionMissing
from claimwright.pages.desk import UNSUPPORTED, WRONG, Desk, Statement, shown
from claimwright.pages.source import Source
from claimwright.pages.text import HEADING

_SERVICE = re.compile(r"(?<![\w.$#-])(\d{5}|[A-V]\d{4})(?:\s?[-\u2013]\s?(\d{5}|[A-V]\d{4}))?(?![\w.%]|-\d)")
_TOGETHER = re.compile(
    r"\b(?:bundl|unbundl|(?:billed|reported|coded) (?:together|with|separately)|inherently included"
    r"|mutually exclusive|ptp|ncci"
    r"|separate e/m|separately identifiable)",
    re.IGNORECASE,
)
_FORBIDS = re.compile(
    r"\b(?:cannot|can't|may not|must not|never|not (?:be )?(?:billed|reported|coded)|included in|bundled|do not)\b",
    re.IGNORECASE,
)
_MODIFIER = re.compile(r"\bmodifiers?\s*[-\u2013]?\s*(?:\d\d|X[EPSU])\b|\s-(?:25|59)\b", re.IGNORECASE)
_MOST = 12
_E_M = re.compile(r"\bE/M\b")


def pairs(desk: Desk) -> Iterator[Statement]:
    """Services said to be bundled or to need a modifier."""
    for block in desk.text.blocks:
        if block.kind == HEADING:
            continue
        for at, sentence in block.sentences():
            groups = [_expanded(found[1], found[2]) for found in _SERVICE.finditer(sentence)]
            if not groups or not (_TOGETHER.search(sentence) or _MODIFIER.search(sentence)):
                continue
            yield from _judged(desk, block.line_at(at), sentence, groups)


def _expanded(first: str, last: str | None) -> list[str]:
    if not last or not (first.isdigit() and last.isdigit()) or not 0 < int(last) - int(first) <= _MOST:
        return [first]
    return [f"{number:05}" for number in range(int(first), int(last) + 1)]


def _judged(desk: Desk, line: int, sentence: str, groups: list[list[str]]) -> Iterator[Statement]:
    tables = procedures(desk.book)
    edition = tables.edition(PTP, desk.day, PRACTITIONER)
    if edition is None:
        how = how_to_load(PTP, desk.day)
        desk.lacks("procedures", PTP, how)
        yield Statement(
            line,
            shown(sentence),
            UNSUPPORTED,
            f"the NCCI pairs of {desk.day} are not loaded. {how}",
            Source(PTP, "not loaded", None, None),
            "procedures",
        )
        return
    source = Source(PTP, edition.name, edition.window.starts, edition.window.ends, PRACTITIONER)
    if len(groups) < 2:
        if _MODIFIER.search(sentence) or _E_M.search(sentence):
            fact = "the sentence names one service; which visit codes it is paired with cannot be looked up"
            yield Statement(line, shown(sentence), UNSUPPORTED, fact, source, "procedures")
        return
    found = _edits(desk, groups[0], groups[1])
    names = f"{groups[0][0]} and {groups[1][0]}"
    if _FORBIDS.search(sentence) and not found:
        fact = f"no NCCI pair joins {names} on {desk.day}; a rule of the manual is not a table edit"
        yield Statement(line, shown(sentence), WRONG, fact, source, "procedures")
    elif (
        found and _MODIFIER.search(sentence) and not re.search(r"\b25\b", sentence) and all(i == 0 for _, _, i in found)
    ):
        fact = f"{found[0][0]} x {found[0][1]} has indicator 0: no modifier separates them"
        yield Statement(line, shown(sentence), WRONG, fact, source, "procedures")


def _edits(desk: Desk, first: list[str], second: list[str]) -> list[tuple[str, str, int]]:
    tables = procedures(desk.book)
    out = []
    for a in first:
        for b in second:
            for one, other in ((a, b), (b, a)):
                try:
                    out += [(e.first, e.second, e.indicator) for e in tables.ptp(PRACTITIONER, one, other, desk.day)]
                except EditionMissing:
                    continue
    return out


def families(desk: Desk) -> Iterator[Statement]:
    """Add-on codes listed together that leave out one with the same primaries (only where the table is loaded)."""
    tables = procedures(desk.book)
    edition = tables.edition(AOC, desk.day)
    if edition is None:
        if any(len(set(_SERVICE.findall(each.text))) > 1 for each in desk.text.blocks):
            desk.lacks("procedures", AOC, how_to_load(AOC, desk.day))
        return
    for block in desk.text.blocks:
        for at, sentence in block.sentences():
            named = {code for found in _SERVICE.finditer(sentence) for code in _expanded(found[1], found[2])}
            add_ons = {code: edit for code in sorted(named) if (edit := tables.add_on(code, desk.day))}
            if len(add_ons) < 2:
                continue
            primaries = {edit.primaries for edit in add_ons.values()}
            if len(primaries) != 1 or not next(iter(primaries)):
                continue
            low, high = int(min(add_ons)) - 2, int(max(add_ons)) + 2
            near = [f"{number:05}" for number in range(low, high + 1)] if min(add_ons).isdigit() else []
            missing = [
                code
                for code in near
                if code not in named and (edit := tables.add_on(code, desk.day)) and edit.primaries in primaries
            ]
            if missing:
                source = Source(AOC, edition.name, edition.window.starts, edition.window.ends)
                fact = f"the table gives {', '.join(missing)} the same primary codes"
                yield Statement(block.line_at(at), shown(sentence), WRONG, fact, source, "procedures")
