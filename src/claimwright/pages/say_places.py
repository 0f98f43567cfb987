"""Statements about where a code stands and what it is: its name, chapter and block, groups, seventh characters."""

from __future__ import annotations

import re
from collections.abc import Iterator

from claimwright.book import msdrg
from claimwright.book.statements import bearers, plain_words
from claimwright.model import dotted, undotted
from claimwright.pages.desk import WRONG, Desk, Mention, Statement, shown, stems
from claimwright.pages.source import Source
from claimwright.pages.text import HEADING, Block

_MEANS = re.compile(
    r"\A[\s*]*(?:(?:is|represents|describes|denotes|identifies|indicates|stands for|means|captures|covers)\s+"
    r"(?:the\s+(?:(?:icd-10(?:-cm)?|diagnosis|correct|right)\s+)*code\s+(?:for|of)\s+|used\s+for\s+|for\s+|coded\s+for\s+)?"
    r"|(?:=|stands for|for)\s*)(?:an?\s+|the\s+)?(?P<name>[A-Za-z].*)\Z",
    re.IGNORECASE | re.DOTALL,
)
_STOP = re.compile(r"[.;:|](?:\s|\Z)|\s[\u2014\u2013-]\s|\s\(|\bcodes?\b")
_CHAPTER = re.compile(
    r"\A[^.;|]{0,30}?\b(?:belongs?|is|sits?|stands?|falls?|classified|found|located|listed)\s+(?:in|to|into|under|within)\s+"
    r"(?:icd-10-cm\s+)?(?P<level>chapter|block)\s+(?P<n>\d{1,2}|[A-Z]\d[0-9A-Z]\s?[-\u2013]\s?[A-Z]\d[0-9A-Z])\b",
    re.IGNORECASE,
)
_GROUPS = re.compile(
    r"\b(?:groups?|grouped|falls?|assigned|assigns|leads?|lands?|goes)\s+(?:in|to|into|under)\s+(?:the\s+)?"
    r"(?P<kind>MS-DRGs?|DRGs?|MDC)\s*(?P<n>\d{1,3}(?:(?:\s*(?:,|/|and|or|to|-|\u2013)\s*)+\d{3})*)\b",
    re.IGNORECASE,
)
_SEVENTH = re.compile(
    r"\b(?:7th|seventh)[\s-]+characters?\s+[\"'\u201c\u2018]?(?P<character>[A-Z])[\"'\u201d\u2019]?\s*"
    r"(?:[:=\u2013\u2014]|-(?=\s)|\(|\b(?:means?|is(?: for| used for)?|stands for|indicates|denotes|describes"
    r"|represents|for)\b)"
    r"\s*(?:an?\s+|the\s+)?(?P<says>[a-z][^.;|()\n]{2,120})",
    re.IGNORECASE,
)
_LEAST_SEVENTH = 2


def names(desk: Desk) -> Iterator[Statement]:
    """A code said to be what another code is, by the official title or inclusion term of that one."""
    for block in desk.text.blocks:
        for at, sentence in block.sentences():
            for each in desk.in_text(sentence):
                found = _MEANS.match(sentence[each.end :]) if each.kind == "exact" else None
                fact = _other(desk, each, found["name"]) if found else None
                if fact:
                    line = block.line_at(at + each.start)
                    yield Statement(line, shown(sentence), WRONG, fact, desk.tabular(each.code), "names")


def _other(desk: Desk, each: Mention, said: str) -> str | None:
    node = desk.node(each.code)
    stop = _STOP.search(said)
    name = (said[: stop.start()] if stop else said).strip(" .,*\"'\u201c\u201d")
    wanted = stems(name)
    if node is None or not wanted or stems(node.title)[: len(wanted)] == wanted:
        return None
    named = bearers(desk.book, desk.edition).get(plain_words(name), [])
    mine = undotted(each.code)
    if not named or any(_kin(undotted(found.code), mine) for found in named):
        return None
    first = named[0]
    return f'{each.code} is "{node.title}"; "{name}" is {first.code} ({first.kind})'


def _kin(one: str, other: str) -> bool:
    return one.startswith(other) or other.startswith(one)


def levels(desk: Desk) -> Iterator[Statement]:
    """A code said to stand in a chapter or block that it is not in."""
    for block in desk.text.blocks:
        for each in desk.mentions(block):
            found = _CHAPTER.match(block.text[each.end :]) if each.kind in ("exact", "family") else None
            path = desk.path(each.code.rstrip("xX-.")) if found else []
            if not found or not path or desk.in_text(block.text[each.end : each.end + found.start("level")]):
                continue
            level, said = found["level"].lower(), re.sub(r"\s", "", found["n"]).replace("\u2013", "-").upper()
            have = [node for node in path if node.kind == level]
            if have and said not in {node.code for node in have}:
                names = ", ".join(f'{node.code} "{node.title}"' for node in have)
                fact = f"{each.code} stands in {level} {names}"
                line = block.line_at(each.start)
                yield Statement(line, _sentence(block, each.start), WRONG, fact, desk.tabular(each.code), "levels")


def groups(desk: Desk) -> Iterator[Statement]:
    """A code said to group to an MDC or a medical DRG that is not one of its own."""
    version = msdrg.version_on(desk.book, desk.day)
    if version is None:
        return
    for block in desk.text.blocks:
        for at, sentence in block.sentences():
            found = _GROUPS.search(sentence)
            codes = [each for each in desk.in_text(sentence) if each.kind == "exact"] if found else []
            # More codes than one are a claim, whose group is not that of its first code alone.
            if not found or len(codes) != 1 or re.search(r"\bsecondary\b", sentence, re.IGNORECASE):
                continue
            fact = _group(desk, codes[0].code, found, version.number)
            if fact:
                source = Source("msdrg", version.name, version.window.starts, version.window.ends, codes[0].code)
                yield Statement(block.line_at(at + found.start()), shown(sentence), WRONG, fact, source, "groups")


def _group(desk: Desk, code: str, found: re.Match[str], version: int) -> str | None:
    record = msdrg.records(desk.book, [undotted(code)], desk.day).get(undotted(code))
    if record is None or not record.drgs or not desk.billable(code):
        return None
    said = [int(each) for each in re.findall(r"\d+", found["n"])]
    if found["kind"].upper() == "MDC":
        right = any(f"{each:02}" in {record.mdc, *record.mdcs} for each in said)
    else:
        medical = [each for each in said if msdrg.drg_type(desk.book, each, version) == "medical"]
        right = not medical or any(f"{each:03}" in record.drgs for each in medical)
    if right:
        return None
    return f"{code} as principal diagnosis groups to MDC {record.mdc}, DRG {', '.join(record.drgs)}"


def seventh(desk: Desk) -> Iterator[Statement]:
    """A seventh character said to mean what it does not mean at the code that is spoken of."""
    for block in desk.text.blocks:
        for at, sentence in block.sentences():
            for found in _SEVENTH.finditer(sentence):
                near = [each.code.rstrip("xX-.") for each in desk.in_text(sentence) if each.kind in ("exact", "family")]
                code = near[-1] if near else desk.about(block)
                fact = _character(desk, code, found) if code else None
                if code and fact:
                    line = block.line_at(at + found.start())
                    yield Statement(line, shown(sentence), WRONG, fact, desk.tabular(code), "seventh")


def _character(desk: Desk, code: str, found: re.Match[str]) -> str | None:
    node = desk.node(code)
    allowed = desk.book.seventh_characters(node) if node and node.seventh >= 0 else {}
    character = found["character"].upper()
    if not allowed:
        return None
    have = ", ".join(allowed)
    if character not in allowed:
        return f"{dotted(code)} has no seventh character {character}; it has {have}"
    said, right = set(stems(found["says"])), set(stems(allowed[character]))
    others = [each for each, text in allowed.items() if each != character and set(stems(text)) <= said]
    if right <= said or not others or len(set(stems(allowed[others[0]]))) < _LEAST_SEVENTH:
        return None if not _swapped(said, right) else _means(code, character, allowed)
    return _means(code, character, allowed)


def _swapped(said: set[str], right: set[str]) -> bool:
    """Is one encounter said where the character means another?"""
    kinds = {"initial", "subsequent", "sequela"}
    return bool(said & kinds) and bool(right & kinds) and not said & right & kinds


def _means(code: str, character: str, allowed: dict[str, str]) -> str:
    return f'at {dotted(code)} the seventh character {character} means "{allowed[character]}"'


def _sentence(block: Block, at: int) -> str:
    return shown(next((text for start, text in block.sentences() if start <= at < start + len(text)), block.text))


def principal(desk: Desk) -> Iterator[Statement]:
    """A code said to be fit as principal diagnosis that the Medicare Code Editor does not accept there."""
    for block in desk.text.blocks:
        if block.kind == HEADING:
            continue
        for each in desk.mentions(block):
            before, after = block.text[max(0, each.start - 30) : each.start], block.text[each.end : each.end + 120]
            told = _TOLD.search(before) and _AS_FIRST.match(after)
            if each.kind != "exact" or not (told or _FIT.match(after)):
                continue
            rows = [row for row in desk.book.registry(undotted(each.code)) if desk.day in row.window]
            flags = [flag for flag in rows[0].flags if flag in _UNFIT] if rows else []
            if flags:
                fact = f"{each.code} is not accepted as principal diagnosis on {desk.day}: {_UNFIT[flags[0]]}"
                line = block.line_at(each.start)
                yield Statement(line, _sentence(block, each.start), WRONG, fact, desk.registry(each.code), "principal")


_FIT = re.compile(
    r"\A[\s*]*(?:(?:is|are)\s+(?:an?\s+)?(?:acceptable|accepted|valid|allowed|appropriate|permitted)"
    r"|(?:can|may|should|must)\s+(?:be|stand|serve)(?:\s+(?:used|reported|coded|assigned|sequenced|listed))?)\s+"
    r"(?:as\s+)?(?:an?\s+|the\s+)?(?:inpatient\s+)?(?:principal|pdx\b)",
    re.IGNORECASE,
)
_TOLD = re.compile(r"(?:\A|[.:;)]\s)\W*(?:use|report|assign|code|list|sequence|submit)\s+\Z", re.IGNORECASE)
_AS_FIRST = re.compile(r"\A\s+as\s+(?:the\s+|an?\s+)?(?:inpatient\s+)?principal\b", re.IGNORECASE)
_UNFIT = {
    "unacceptable": "unacceptable principal diagnosis",
    "ecodepdx": "external cause of morbidity",
    "manifestation": "manifestation not allowed as principal diagnosis",
}
