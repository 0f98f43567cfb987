"""A record as Markdown: headings, lists, tables."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from claimwright.interfaces.render.page import Line, Section, Table, page

if TYPE_CHECKING:
    from claimwright.book.record import CodeRecord

_SPECIAL = re.compile(r"([\\`*_\[\]<>|#~&])")


def render(record: CodeRecord) -> str:
    """The reference page as Markdown; official text is escaped."""
    whole = page(record)
    lines = [f"# {_safe(whole.code)} {_safe(whole.title)}", ""]
    lines += [f"- {_safe(fact)}" for fact in whole.facts]
    for section in whole.sections:
        lines += ["", f"## {_safe(section.heading)}", "", *_section(section)]
    return "\n".join(lines)


def _safe(text: str) -> str:
    return _SPECIAL.sub(r"\\\1", text)


def _section(section: Section) -> Iterator[str]:
    for sentence in section.sentences:
        yield _safe(sentence)
    if section.sentences and (section.lines or section.table):
        yield ""
    for line in section.lines:
        yield _item(line)
    if section.table:
        yield from _rows(section.table)


def _item(line: Line) -> str:
    lead = f"**{_safe(line.lead)}**" if line.lead else ""
    aside = f"*{_safe(line.aside)}*" if line.aside else ""
    return "  " * line.depth + "- " + " ".join(part for part in (lead, _safe(line.text), aside) if part)


def _rows(table: Table) -> Iterator[str]:
    yield f"| {' | '.join(table.headers)} |"
    yield "|" + " --- |" * len(table.headers)
    for number, row in enumerate(table.rows):
        cells = (_safe(cell) for cell in row)
        yield "| " + " | ".join(f"**{cell}**" if number == table.marked else cell for cell in cells) + " |"
