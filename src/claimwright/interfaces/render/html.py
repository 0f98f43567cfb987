"""A record as one HTML page that needs nothing else: no script, no font, no other file."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import escape
from typing import TYPE_CHECKING

from claimwright.interfaces.render.page import Line, Section, Table, page

if TYPE_CHECKING:
    from claimwright.book.record import CodeRecord

STYLE = """
:root { color-scheme: light dark; --ink: #1b1f24; --paper: #fff; --rule: #d0d7de; --soft: #57606a; --mark: #fff3c4; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6edf3; --paper: #0d1117; --rule: #30363d; --soft: #9aa4af; --mark: #4d3f12; }
}
body { color: var(--ink); background: var(--paper); font: 1rem/1.5 system-ui, sans-serif; margin: 0 auto;
  max-width: 60rem; padding: 1rem; overflow-wrap: break-word; }
h1 { font-size: 1.6rem; line-height: 1.25; } h2 { font-size: 1.15rem; margin-top: 2rem; }
table { border-collapse: collapse; width: 100%; } caption { text-align: left; color: var(--soft); }
th, td { border-bottom: 1px solid var(--rule); padding: .3rem .6rem .3rem 0; text-align: left; vertical-align: top; }
tr.own { background: var(--mark); } small { color: var(--soft); }
"""
"""The page's own style; light or dark as the reader's system asks."""


def render(record: CodeRecord) -> str:
    """The reference page as a complete HTML document; every text is escaped."""
    whole = page(record)
    head = f"{escape(whole.code)} {escape(whole.title)}"
    lines = [
        "<!DOCTYPE html>",
        '<html lang="en">',
        '<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{head}</title>",
        f"<style>{STYLE}</style></head>",
        f"<body><main><header><h1>{head}</h1>",
        *(f"<p>{escape(fact)}</p>" for fact in whole.facts),
        "</header>",
    ]
    for section in whole.sections:
        lines += _section(section)
    return "\n".join([*lines, "</main></body></html>"])


def _section(section: Section) -> Iterator[str]:
    name = re.sub(r"[^a-z0-9]+", "-", section.heading.lower()).strip("-")
    yield f'<section aria-labelledby="{name}"><h2 id="{name}">{escape(section.heading)}</h2>'
    for sentence in section.sentences:
        yield f"<p>{escape(sentence)}</p>"
    if section.lines:
        yield from _list(section.lines)
    if section.table:
        yield from _rows(section.table)
    yield "</section>"


def _list(lines: tuple[Line, ...]) -> Iterator[str]:
    """Nested lists: a deeper item opens a list inside the item before it."""
    depth = -1
    for line in lines:
        if line.depth > depth:
            yield "<ul>" + "<li><ul>" * (line.depth - depth - 1)
        else:
            yield "</li></ul>" * (depth - line.depth) + "</li>"
        depth = line.depth
        yield "<li>" + " ".join(_parts(line))
    yield "</li></ul>" * (depth + 1)


def _parts(line: Line) -> Iterator[str]:
    if line.lead:
        yield f"<strong>{escape(line.lead)}</strong>"
    if line.text:
        yield escape(line.text)
    if line.aside:
        yield f"<small>{escape(line.aside)}</small>"


def _rows(table: Table) -> Iterator[str]:
    heads = "".join(f'<th scope="col">{escape(each)}</th>' for each in table.headers)
    yield f"<table><thead><tr>{heads}</tr></thead><tbody>"
    for number, (first, *rest) in enumerate(table.rows):
        own = ' class="own" aria-current="true"' if number == table.marked else ""
        cells = "".join(f"<td>{escape(each)}</td>" for each in rest)
        yield f'<tr{own}><th scope="row">{escape(first)}</th>{cells}</tr>'
    yield "</tbody></table>"
