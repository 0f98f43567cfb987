"""Any text as blocks: headings, list items, table rows and paragraphs, each with its lines and headings above.

Markdown, HTML and plain text are understood. In plain text a short line in title case is a heading, a line
that begins with a pictograph one of the first rank, a short line that ends with a colon a label.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser

HEADING, ITEM, ROW, PROSE = "heading", "item", "row", "prose"
"""Kinds of blocks."""

LABEL = 7
"""Rank of a label, below every heading."""

MOST_BLOCK = 4000
"""Characters of a block: what is judged together. A longer line or paragraph is several blocks."""

_MOST_WORDS = 14
_LONG_LINE = 60
_SHORT = 5
_HASHES = re.compile(r"(#{1,6})\s+(.*?)(?:\s*\{[^{}]*\})?\s*#*\s*\Z")
_BULLET = re.compile(r"(?:[-*+\u2022\u25cf\u25e6]|\d{1,3}[.)]|\[\d{1,3}\])\s+")
_RULE = re.compile(r"\|?[\s:|-]+\|?\Z")
_HTML = re.compile(r"<(?:!doctype|html|body|p|div|h[1-6]|table|ul|ol|br)\b", re.IGNORECASE)
_SAME = "\x01"
"""Stands before a line that surely belongs to the paragraph or item above it."""

_BRANCHES = "\u251c\u2514\u2502"
"""Box drawing of trees."""

_LINK = re.compile(r"\[([^\[\]]*)\]\(<?([^()]*)>?\)")
_FENCE = re.compile(r"\s*(`{3,}|~{3,})")
_BEGINS = re.compile(r"[A-Z]\d[0-9A-Z](?:\.|\b)")
_URL = re.compile(r"https?://[^\s<>()\"']+")
_SENTENCE = re.compile(r"(?<=[.!?])[\"\u201d)]?\s+(?=[A-Z\u201c\"(\[])")
_ABBREVIATED = re.compile(r"\b(?:e\.g|i\.e|vs|etc|Dr|approx|No|incl|St)\.\s*\Z", re.IGNORECASE)


@dataclass(slots=True)
class Block:
    """One heading, item, row or paragraph; `lines` are (offset, line number) of its pieces.

    `rank` is that of a heading (1 the highest), `sure` tells that the text says so itself. `above` are the
    headings over it, highest first. `head` is the header row of a table.
    """

    kind: str
    text: str
    lines: list[tuple[int, int]]
    rank: int = 0
    sure: bool = False
    cells: tuple[str, ...] = ()
    head: tuple[str, ...] = ()
    above: tuple[Block, ...] = field(default=(), repr=False)

    @property
    def line(self) -> int:
        """Number of its first line."""
        return self.lines[0][1]

    def line_at(self, offset: int) -> int:
        """Number of the line that holds a place of the text."""
        return self.lines[bisect_right([start for start, _ in self.lines], offset) - 1][1]

    @property
    def under(self) -> str:
        """The headings above as one text, nearest last."""
        return " / ".join(each.text for each in self.above)

    def sentences(self) -> Iterator[tuple[int, str]]:
        """(offset, sentence); a row or an item without full stops is one sentence."""
        start = 0
        for found in _SENTENCE.finditer(self.text):
            if _ABBREVIATED.search(self.text[start : found.start()]):
                continue
            yield start, self.text[start : found.start()]
            start = found.end()
        if self.text[start:].strip():
            yield start, self.text[start:]


@dataclass(slots=True)
class Text:
    """A whole text in blocks; `words` is all of it."""

    blocks: list[Block]

    @property
    def body(self) -> list[Block]:
        """Blocks that are not headings."""
        return [each for each in self.blocks if each.kind != HEADING]


def read_text(text: str) -> Text:
    """The blocks of a text in any of the three forms."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\x00", " ").replace(_SAME, " ")
    lines = _html_lines(text) if _HTML.search(text[:4000]) else _written(text)
    blocks = list(_blocks(lines))
    stack: list[Block] = []
    for each in blocks:
        if each.kind == HEADING:
            while stack and stack[-1].rank >= each.rank:
                stack.pop()
        each.above = tuple(stack)
        if each.kind == HEADING:
            stack.append(each)
    return Text(blocks)


def _written(text: str) -> list[tuple[int, str]]:
    """Numbered lines without a head of YAML and without fenced code."""
    lines = list(enumerate(text.split("\n"), 1))
    if lines[0][1].rstrip() == "---":
        end = next((at for at, (_, line) in enumerate(lines[1:], 1) if line.rstrip() in ("---", "...")), None)
        lines = lines[end + 1 :] if end else lines
    out: list[tuple[int, str]] = []
    fence = ""
    for number, line in lines:
        mark = _FENCE.match(line)
        if mark and (not fence or line.strip().startswith(fence)):
            fence = "" if fence else mark[1]
            out.append((number, "(code)" if fence else ""))
        else:
            out.append((number, "" if fence else line))
    return out if not fence else lines


def bare(text: str) -> str:
    """A text without Markdown emphasis and without what stands in addresses."""
    # What an address holds is no statement; that there is one is kept.
    text = _URL.sub("https://\u2026", text)
    text = _LINK.sub(lambda found: f"{found[1]} https://\u2026" if "://" in found[2] else found[1], text)
    return re.sub(r"\*\*|__|`", "", text).strip()


def _blocks(lines: list[tuple[int, str]]) -> Iterator[Block]:
    lines = [piece for number, line in lines for piece in _pieces(number, line)]
    builder = _Builder(lines)
    for at, (number, raw) in enumerate(lines):
        yield from builder.take(at, number, raw)
    yield from builder.close()


def _pieces(number: int, line: str) -> Iterator[tuple[int, str]]:
    """A line in pieces of bounded length, cut at the end of a sentence or a word where there is one."""
    while len(line) > MOST_BLOCK:
        cut = max(line.rfind(". ", 0, MOST_BLOCK) + 1, 0) or line.rfind(" ", 0, MOST_BLOCK)
        cut = cut if cut > 0 else MOST_BLOCK
        yield number, line[:cut]
        line = line[cut:].lstrip()
    yield number, line


class _Builder:
    """Blocks as the lines come; one paragraph or item is open at a time."""

    def __init__(self, lines: list[tuple[int, str]]) -> None:
        self.lines = lines
        self.open: Block | None = None
        self.head: tuple[str, ...] = ()
        self.in_table = self.waits = False

    def close(self) -> list[Block]:
        """The open block, if there is one; it is open no longer."""
        done, self.open = [self.open] if self.open else [], None
        return done

    def take(self, at: int, number: int, raw: str) -> list[Block]:
        """The blocks that a line ends or is."""
        line = bare(raw)
        if not line:
            self.in_table = False
            return self.close()
        if self.waits:
            line, self.waits = f"- {line}", False
        if line in ("-", "*", "\u2022"):
            self.waits = True
            return []
        sure = line.startswith(_SAME)
        line = line.lstrip(_SAME)
        sure = sure and self.open is not None and len(self.open.text) < MOST_BLOCK
        if self.open and (sure or _continues(self.open, line, raw)):
            self.open.lines.append((len(self.open.text) + 1, number))
            self.open.text += " " + line
            return []
        if line.startswith("|"):
            return self.close() + self._row(at, number, line)
        self.in_table = False
        done, block = self.close(), _one(line, number)
        if block.kind == PROSE and self._stands_over(at, line):
            block = Block(HEADING, line, [(0, number)], rank=2)
        if block.kind in (PROSE, ITEM):
            self.open = block
            return done
        return [*done, block]

    def _stands_over(self, at: int, line: str) -> bool:
        """Does a short line without a stop stand between an empty line and a line that begins something?"""
        if len(line.split()) > _SHORT or not line[0].isupper() or line[-1] in ".;,!?:" or _BEGINS.match(line):
            return False
        before = self.lines[at - 1][1].strip() if at else ""
        after = self.lines[at + 1][1].strip() if at + 1 < len(self.lines) else ""
        return not before and bool(_BULLET.match(after) or after.startswith("|") or after.endswith(":"))

    def _row(self, at: int, number: int, line: str) -> list[Block]:
        if _RULE.match(line):
            return []
        cells = tuple(each.strip() for each in line.strip("|").split("|"))
        if not self.in_table:
            self.in_table, self.head = True, ()
            if at + 1 < len(self.lines) and _RULE.match(self.lines[at + 1][1].strip() or "x"):
                self.head = cells
                return []
        text = line.strip("| ")
        return [Block(ROW, text, [(0, number)], cells=cells, head=self.head)] if text else []


def _continues(block: Block, line: str, raw: str) -> bool:
    """Is the line the wrapped rest of a paragraph or item?"""
    last = block.text[block.lines[-1][0] :]
    if (
        len(block.text) + len(line) > MOST_BLOCK
        or line.startswith(("|", "#"))
        or _BULLET.match(line)
        or (_BEGINS.match(line) and not last.endswith((",", ";")))
        or (len(last) < _LONG_LINE and not line[0].islower())
        or last.endswith((".", ":", "!", "?"))
    ):
        return False
    if block.kind == ITEM:
        return line[0].islower() or raw[:2].isspace()
    return line[0].islower() or line[0] in "([0123456789" or last.endswith((",", ";")) or not _titled(line)


def _one(line: str, number: int) -> Block:
    hashes = _HASHES.match(line)
    if hashes and hashes[2]:
        return Block(HEADING, hashes[2], [(0, number)], rank=len(hashes[1]), sure=True)
    bullet = _BULLET.match(line)
    if bullet:
        return Block(ITEM, line[bullet.end() :], [(0, number)])
    words = line.split()
    if len(words) <= _MOST_WORDS and line[-1] not in ".;,!?":
        if line.endswith(":"):
            return Block(HEADING, line, [(0, number)], rank=LABEL)
        if _pictograph(line[0]) and len(words) > 1:
            return Block(HEADING, line, [(0, number)], rank=1, sure=True)
        if _titled(line):
            return Block(HEADING, line, [(0, number)], rank=2)
    return Block(PROSE, line, [(0, number)])


def _pictograph(character: str) -> bool:
    return unicodedata.category(character) in ("So", "Cn") and character not in _BRANCHES and ord(character) > 0x2300


def _titled(line: str) -> bool:
    """Is it written in title case, as headings are?"""
    words = [each for each in re.findall(r"[A-Za-z][\w'\u2019-]*", line) if len(each) > 3 or each[0].isupper()]
    return bool(words) and line[0].isupper() and sum(each[0].isupper() for each in words) >= 0.6 * len(words)


class _Stripper(HTMLParser):
    """Text of a page line by line, in the marks of Markdown; scripts and styles are left out."""

    _BREAKS = frozenset(
        ("p", "div", "br", "section", "article", "table", "ul", "ol", "tr", "header", "footer", "dd", "dt")
    )
    _SILENT = frozenset(("script", "style", "head", "noscript", "template"))

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.out: list[tuple[int, str]] = []
        self.now, self.start, self.silent, self.cells = "", 1, 0, 0

    def flush(self) -> None:
        text = " ".join(self.now.split())
        if text and text != "|":
            lines = [text] if text[0] in "#|" else self.now.split("\n")
            told = False
            for number, line in enumerate(lines, self.start):
                words = " ".join(line.split())
                if words in ("", "-"):
                    continue
                mark = "" if told else "- " if text.startswith("- ") and not words.startswith("- ") else ""
                self.out.append((number, (_SAME if told else mark) + words))
                told = True
        self.now = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in self._SILENT:
            self.silent += 1
        elif re.fullmatch(r"h[1-6]", tag):
            self._begin("#" * int(tag[1]) + " ")
        elif tag == "li":
            self._begin("- ")
        elif tag == "tr":
            self._begin("")
            self.cells = 0
        elif tag in ("td", "th"):
            self.now += " | " if self.now else "| "
            self.cells += tag == "th"
        elif tag in self._BREAKS:
            self._begin("")

    def _begin(self, mark: str) -> None:
        self.flush()
        self.out.append((self.getpos()[0], "")) if mark != "- " and not self.now and mark != "" else None
        self.now, self.start = mark, self.getpos()[0]

    def handle_endtag(self, tag: str) -> None:
        if tag in self._SILENT:
            self.silent = max(0, self.silent - 1)
        elif tag == "tr":
            heads = self.cells
            self.flush()
            if heads:
                self.out.append((self.getpos()[0], "|---|"))
        elif tag in self._BREAKS or tag == "li" or re.fullmatch(r"h[1-6]", tag):
            self.flush()
            if tag in ("p", "table", "ul", "ol", "div"):
                self.out.append((self.getpos()[0], ""))

    def handle_data(self, data: str) -> None:
        if self.silent:
            return
        if not self.now.strip("#-| \n"):
            empty = data[: len(data) - len(data.lstrip())]
            self.start = self.getpos()[0] + empty.count("\n")
            self.now, data = self.now.replace("\n", " "), data.lstrip("\n \t")
        self.now += data


def _html_lines(text: str) -> list[tuple[int, str]]:
    page = _Stripper()
    page.feed(text)
    page.close()
    page.flush()
    return page.out
