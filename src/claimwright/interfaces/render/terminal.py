"""A record for a terminal: plain text, wrapped, bold headings when asked for."""

from __future__ import annotations

from collections.abc import Iterator
from textwrap import wrap
from typing import TYPE_CHECKING

from claimwright.interfaces.render.page import Line, Section, Table, page

if TYPE_CHECKING:
    from claimwright.book.record import CodeRecord

LEAST, MOST = 60, 100
"""Bounds of the line width: narrower cannot hold a table, wider is hard to read."""


def render(record: CodeRecord, width: int = 80, bold: bool = False) -> str:
    """The reference page as text with lines of at most `width` characters."""
    width = min(max(width, LEAST), MOST)
    whole = page(record)
    lines = [_strong(each, bold) for each in _wrapped(f"{whole.code}  ", whole.title, width)]
    for fact in whole.facts:
        lines += _wrapped("  ", fact, width)
    for section in whole.sections:
        lines += ["", _strong(section.heading.upper() if not bold else section.heading, bold)]
        lines += _section(section, width)
    return "\n".join(lines)


def _strong(text: str, bold: bool) -> str:
    return f"\x1b[1m{text}\x1b[0m" if bold else text


def _section(section: Section, width: int) -> Iterator[str]:
    for sentence in section.sentences:
        yield from _wrapped("  ", sentence, width)
    for line in section.lines:
        yield from _item(line, width)
    if section.table:
        yield from _rows(section.table, width)


def _item(line: Line, width: int) -> list[str]:
    indent = "  " * (line.depth + 1)
    aside = f"  [{line.aside}]" if line.aside else ""
    if not line.lead:
        return _wrapped(f"{indent}- ", line.text + aside, width)
    if not line.text:
        return _wrapped(indent, f"{line.lead}{aside}", width)
    return _wrapped(f"{indent}{line.lead}  ", line.text + aside, width)


def _wrapped(first: str, text: str, width: int) -> list[str]:
    """`text` after `first`, further lines under the beginning of the text."""
    hanging = " " * min(len(first), width // 2)
    return wrap(text, width, initial_indent=first, subsequent_indent=hanging, break_on_hyphens=False) or [first]


def _rows(table: Table, width: int) -> Iterator[str]:
    """Columns side by side; the widest gives way when the line is full."""
    grid = [table.headers, *table.rows]
    sizes = [max(len(row[column]) for row in grid) for column in range(len(table.headers))]
    room = width - 2 - 2 * (len(sizes) - 1) - 2 * (table.marked >= 0)
    while sum(sizes) > room:
        sizes[sizes.index(max(sizes))] -= 1
    for number, row in enumerate(grid):
        mark = "  " if table.marked < 0 else "  > " if number - 1 == table.marked else "    "
        cells = [wrap(cell, size) or [""] for cell, size in zip(row, sizes, strict=True)]
        for level in range(max(map(len, cells))):
            texts = (cell[level] if level < len(cell) else "" for cell in cells)
            line = "  ".join(text.ljust(size) for text, size in zip(texts, sizes, strict=True))
            yield (mark if level == 0 else " " * len(mark)) + line.rstrip()
