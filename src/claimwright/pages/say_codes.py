"""Statements about codes: codes that have ended, headers reported as codes, titles that are not the official ones."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from claimwright.model import dotted, undotted
from claimwright.pages.desk import STALE, WRONG, Desk, Mention, Statement, shown, stems
from claimwright.pages.text import HEADING, ITEM, PROSE, ROW, Block

if TYPE_CHECKING:
    from claimwright.book.store import RegistryEntry

_ENDED = re.compile(
    r"\b(?:retired|deleted|ended|expired|discontinued|no longer|formerly|former|was (?:valid|billable|last)|replaced by"
    r"|expanded|subdivided"
    r"|successors?|until|through (?:september|20\d\d)|before (?:october|20\d\d)|not (?:billable|valid|a code|in effect)"
    r"|non-?billable|invalid|old code)\b",
    re.IGNORECASE,
)
_FAMILY_BEFORE = re.compile(
    r"\b(?:category|categories|family|block|subcategory|range|header|under|within|below|beneath)\s*[:(]?\s*\Z", re.I
)
_FAMILY_AFTER = re.compile(
    r"\A\W{0,3}(?:category|family|block|subcategory|header|series|codes|range|excludes\d?|includes|notes?"
    r"|code (?:first|also)|use additional)\b|\A[^.;|]{0,120}\b(?:category|header|subcategory)\W*\Z",
    re.IGNORECASE,
)
_VALID = re.compile(
    r"\A[\s*]*(?:is|are|remains?)\s+(?:(?P<no>(?:not|no longer)\s+)|an?\s+|still\s+|now\s+){0,2}(?:\w+,?\s+){0,2}?"
    r"(?:(?P<non>non-?billable|(?:unbillable|invalid)|(?:category\s+)?header)|valid|billable|reportable"
    r"|complete(?=,?\s+(?:\w+\s+)?code))\b",
    re.IGNORECASE,
)
_SAID_ENDED = re.compile(
    r"\A[\s*]*(?:(?:is|was|were|has been|have been)\s+(?:now\s+|since\s+)?(?:retired|deleted|discontinued|terminated)"
    r"|(?:has\s+)?(?:expired|ended)|is\s+(?:obsolete|expired))\b",
    re.IGNORECASE,
)
_CODING = re.compile(r"\b(?:icd-?10|diagnos[ei]s|assign|report|billable|submit|bill)\b", re.IGNORECASE)
_TREE = re.compile(
    r"\b(?:tree|hierarchy|categor|famil|parent|related|excludes|includes|header|block|chapter)", re.IGNORECASE
)
_DESCRIPTION = re.compile(r"\b(?:description|title|diagnosis|condition|meaning|name|descriptor)\b", re.IGNORECASE)
_PAIR = re.compile(
    r"\A(?:\*\*)?\s*(?:(?P<sign>[\u2014\u2013:=]|-(?=\s))\s*(?P<title>[A-Za-z].*)"
    r"|(?P<bare>(?<=\s)[A-Z].*|(?<=\s)\([A-Za-z][^()]*\)\W*))\Z",
    re.DOTALL,
)
_SPEECH = re.compile(
    r"^(?:use|for|see|query|add|assign|report|code|review|check|new|how|what|when|why|where|if|only|no|not|all|avoid"
    r"|ask)\b"
    r"|\b(?:is|are|was|were|be|been|used|does|do|did|has|have|had|not(?! elsewhere| specified)|should|must|may|can"
    r"|cannot|will|replace[sd]?|remains?|requires?|needs?|maps?|mapped|never|always|billable|retired|deleted"
    r"|successors?|covers?|covered|pays?|groups?|became|becomes|excludes?\s?[12]?|applies|instead|please|hcc|drg|cc|mcc)\b",
    re.IGNORECASE,
)
"""Words of sentences and instructions, which no title holds."""

_ABOUT = re.compile(
    r"\b(?:cod(?:es|ing|ers?)|guides?|billing|rules?|tips?|explained|documentation|scenarios?|pitfalls?|news"
    r"|cheat sheet|overview|versus|vs)\b",
    re.IGNORECASE,
)
"""Words of headings that tell what a text is about, not what a code is called."""

_MOST_TITLE = 12
_LIKELY = 0.6
_CUT = re.compile(
    r"[(\[\u25c0\u2190\u2192;|\u2022]|\s[\u2014\u2013]\s|\s-\s|\.\s|[\u2600-\u27bf\U0001f300-\U0001faff]|[.:]\s*\Z"
)
_ANY_CODE = re.compile(r"\b[A-Z]\d[0-9A-Z]\.[0-9A-Z]")
_NO = frozenset(("-", "\u2013", "\u2014", "no", "header", "\u274c", "not billable", "non-billable"))
"""What a column of tables shows beside a code that is not billable."""

_OPENING = 30
_HEADER_WORDS = re.compile(r"non-?billable|\bnever\b|\bheader\b|not (?:billable|valid)", re.IGNORECASE)


def codes(desk: Desk) -> Iterator[Statement]:
    """Codes that are not in effect on the day, unknown ones, and headers that are reported as codes."""
    seen: set[tuple[int, str]] = set()
    for block in desk.text.blocks:
        found = desk.mentions(block)
        for each in found:
            key = (block.line_at(each.start), each.code)
            if each.kind not in ("exact", "unknown") or key in seen:
                continue
            says = _unknown(each) if each.kind == "unknown" else _wrong(desk, block, each)
            if says:
                seen.add(key)
                verdict, fact = says
                yield Statement(key[0], _around(block, each), verdict, fact, desk.registry(each.code), "codes")


def _unknown(each: Mention) -> tuple[str, str]:
    return WRONG, f"{each.code} is no code of any loaded edition and was never billable"


def _around(block: Block, each: Mention) -> str:
    return shown(next((text for at, text in block.sentences() if at <= each.start < at + len(text)), block.text))


def _wrong(desk: Desk, block: Block, each: Mention) -> tuple[str, str] | None:
    code = undotted(each.code)
    rows = desk.book.registry(code)
    before, after = block.text[max(0, each.start - 25) : each.start], block.text[each.end :]
    if _FAMILY_BEFORE.search(before) or _FAMILY_AFTER.search(after):
        return None
    valid = _VALID.match(block.text[each.end : each.end + 80])
    on = desk.billable(code)
    if valid and re.match(
        r"\W*(?:as|when|if|unless|together|with|only|for (?:principal|the|an?))\b", block.text[each.end + valid.end() :]
    ):
        valid = None  # a condition follows: it is about the use of the code, not about the code
    if valid and bool(valid["no"]) != bool(valid["non"]):
        return (WRONG, f"{each.code} is billable on {desk.day}") if on else None
    if on:
        ended = _SAID_ENDED.match(block.text[each.end : each.end + 80])
        return (WRONG, f"{each.code} has not ended: it is billable on {desk.day}") if ended else None
    if rows and block.cells[1:2] and block.cells[1].strip().lower() in _NO:
        return None
    if rows:
        if not valid and (_ENDED.search(_around(block, each)) or _names_successor(desk, block, code)):
            return None
        return _ended(desk, each.code, rows)
    if valid or _reported(desk, block, each):
        return WRONG, _header(desk, each.code)
    return None


def _names_successor(desk: Desk, block: Block, code: str) -> bool:
    """Does the text say itself that the code has ended: by its successors, or at the head of the code's own page?"""
    if desk.subject == dotted(code) and any(_said_before(desk, each, block, code) for each in desk.text.blocks[:8]):
        return True
    became = {target for target, _ in desk.book.successors(code)}
    return any(undotted(each.code.split("-")[0]) in became for each in desk.mentions(block))


def _said_before(desk: Desk, each: Block, block: Block, code: str) -> bool:
    """Does a block no later than `block` say of the code that it has ended?"""
    named = any(undotted(found.code) == code for found in desk.mentions(each))
    return each.line <= block.line and named and bool(_ENDED.search(each.text))


def _ended(desk: Desk, code: str, rows: tuple[RegistryEntry, ...]) -> tuple[str, str]:
    starts, ends = rows[0].window.starts, rows[-1].window.ends
    if starts > desk.day:
        return STALE, f"{code} is not in effect before {starts}"
    became = desk.book.successors(undotted(code))
    follow = ", ".join(f"{dotted(each)} (from {day})" for each, day in became)
    tail = f"; it became {follow}" if follow else "; the conversion table names no successor"
    node = desk.node(code)
    header = " and is a header now" if node and node.stop > node.pos + 1 else ""
    return STALE, f"{code} was billable to {ends}{header}{tail}"


def _header(desk: Desk, code: str) -> str:
    node = desk.node(code)
    below = desk.book.billable_under(node, desk.day, 6) if node else []
    more = ", ".join(dotted(each) for each, _ in below[:5]) + (" \u2026" if len(below) > 5 else "")
    return f"{code} is a header and not billable on {desk.day}; codes below it: {more}"


def _reported(desk: Desk, block: Block, each: Mention) -> bool:
    """Does the block list the code as one to report? A tree, a list of notes or of families does not."""
    if block.kind == HEADING or each.start > 4 or _HEADER_WORDS.search(block.text):
        return False
    if block.kind == ROW and (not block.cells or stems(block.cells[0]) != stems(each.code)):
        return False
    if block.kind == PROSE:
        return False
    near = block.above[-1].text if block.above else ""
    if _TREE.search(near) or not _CODING.search(near):
        return False
    at = desk.text.blocks.index(block)
    later = desk.text.blocks[at + 1 : at + 12]
    return not any(
        other.code.startswith(each.code) and other.code != each.code
        for line in later
        for other in desk.mentions(line)[:1]
    )


# ---- titles -----------------------------------------------------------------------------------------


def titles(desk: Desk) -> Iterator[Statement]:
    """A code with a title that is not the official one."""
    for block in desk.text.blocks:
        found = _titled(desk, block)
        if found is None:
            continue
        each, whole = found
        node, said = desk.node(each.code), _cut(whole)
        if node is None or not said or _begins(whole, node.title):
            continue
        says = _other_title(desk, each.code, node.title, said, bool(block.cells))
        if says:
            yield Statement(
                block.line_at(each.start), shown(f"{each.code}: {said}"), WRONG, says, desk.tabular(each.code), "titles"
            )


def _begins(whole: str, title: str) -> bool:
    """Does a text begin with a title, whole or without what stands in brackets?"""
    forms = (stems(title), stems(re.sub(r"[(\[].*?[)\]]", " ", title)))
    return any(form and stems(whole)[: len(form)] == form for form in forms)


def _titled(desk: Desk, block: Block) -> tuple[Mention, str] | None:
    """The code that a block begins with, and the title it gives."""
    mentions = desk.mentions(block)
    if not mentions or mentions[0].kind != "exact" or mentions[0].start > _OPENING:
        return None
    first = mentions[0]
    if block.kind == ROW:
        if len(block.cells) < 2 or stems(block.cells[0]) != stems(first.code):
            return None
        if block.head and len(block.head) > 1 and not _DESCRIPTION.search(block.head[1]):
            return None
        return first, block.cells[1]
    pair = _PAIR.match(block.text[first.end :])
    if not pair or (
        block.kind == PROSE and first.start > 4 and "\u251c" not in block.text and "\u2514" not in block.text
    ):
        return None
    if pair["bare"]:
        named = first.start <= 4 and not block.sure and len(pair["bare"].split()) <= _MOST_TITLE
        whole = pair["bare"].strip("() .") if pair["bare"].startswith("(") else pair["bare"]
        if not named or (block.kind != ITEM and pair["bare"].startswith("(")):
            return None
    else:
        whole = pair["title"]
    said = _cut(whole)
    if _SPEECH.search(said) or (block.kind == HEADING and _ABOUT.search(whole)):
        return None
    return first, whole


def _cut(text: str) -> str:
    found = _CUT.search(text)
    text = text[: found.start()] if found else text
    return _ANY_CODE.split(text)[0].strip(" *_,\u2014\u2013-")


def _other_title(desk: Desk, code: str, official: str, said: str, listed: bool) -> str | None:
    mine, theirs = stems(said), stems(official)
    if mine == theirs or not mine or len(said) > 200:
        return None
    whole = [each for each in stems(re.sub(r"[(\[].*?[)\]]", " ", official)) if each]
    if mine == whole:
        return None
    terms = [note.text for note in desk.own_notes(code, ("inclusionTerm",))]
    term = next((each for each in terms if stems(each) == mine), None)
    if term:
        return f'the official title of {code} is "{official}"; "{term}" is an inclusion term of it'
    if not set(mine) & set(theirs) and not listed and not _lay(desk, code, said):
        return None
    return f'the official title of {code} is "{official}"'


def _lay(desk: Desk, code: str, said: str) -> bool:
    """Are these other words for something in the category of the code, so that they stand in place of its title?"""
    if len(said.split()) > _MOST_TITLE:
        return False
    hits = desk.book.search(said, desk.day, most=6).hits
    return any(hit.score >= _LIKELY and hit.code[:3] == code[:3] and hit.kind != "code" for hit in hits)


# ---- families ---------------------------------------------------------------------------------------

_WHOLE = re.compile(r"\b(?:family|siblings?|code tree|hierarchy|subcodes|all codes)\b", re.IGNORECASE)


def families(desk: Desk) -> Iterator[Statement]:
    """A list that is headed as a family and leaves out a code of it."""
    for heading, rows in regions(desk.text.blocks):
        if not _WHOLE.search(heading.text):
            continue
        listed = [each for row in rows for each in desk.mentions(row)[:1] if each.kind == "exact"]
        parents = {node.parent for each in listed if (node := desk.node(each.code)) and node.parent >= 0}
        if len(listed) < 3 or len(parents) != 1:
            continue
        parent = desk.node_at(parents.pop())
        if parent.kind in ("chapter", "block"):
            continue
        have = {each.code for each in listed}
        missing = [node for node in desk.book.children(parent) if dotted(node.code) not in have and not node.made]
        if missing:
            names = ", ".join(f"{dotted(each.code)} {each.title}" for each in missing)
            fact = f"the family of {dotted(parent.code)} also has {names}"
            yield Statement(
                heading.line, shown(heading.text), WRONG, fact, desk.tabular(dotted(parent.code)), "families"
            )


def regions(blocks: list[Block]) -> Iterator[tuple[Block, list[Block]]]:
    """Each heading with the items and rows that follow it, up to the next heading."""
    heading: Block | None = None
    rows: list[Block] = []
    for each in blocks:
        if each.kind == HEADING:
            if heading is not None and rows:
                yield heading, rows
            heading, rows = each, []
        elif each.kind in (ITEM, ROW):
            rows.append(each)
    if heading is not None and rows:
        yield heading, rows
