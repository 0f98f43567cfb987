"""The text of an article as HTML: Markdown without HTML, links that lead to the web or to us, bound facts and
citations with what the book says of them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from markdown_it import MarkdownIt
from markupsafe import Markup, escape

from claimwright.errors import ClaimwrightError

if TYPE_CHECKING:
    from collections.abc import MutableMapping, Sequence

    from markdown_it.renderer import RendererHTML
    from markdown_it.rules_inline import StateInline
    from markdown_it.token import Token
    from markdown_it.utils import OptionsDict

    from claimwright.engine import Engine
    from claimwright.pages import FactState, Reference, Section

_FACT = re.compile(r"\[\[((?:[^\[\]]|\[(?!\[)|\](?!\]))*)\]\]")
_CITE = re.compile(r"\[(\d{1,3}(?:\s*[,-]\s*\d{1,3})*)\](?![(\]])")
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*:", re.IGNORECASE)
_CONTROL = re.compile(r"[\x00-\x20\x7f\\]|%(?:[01][0-9a-f]|5c|7f)", re.IGNORECASE)
MOST_RANGE = 100
"""Citations of a range such as [1-9] that are written out."""


def safe_link(address: str) -> bool:
    """Does a link lead to the web or to a page of ours? No other scheme, however it is written."""
    address = address.strip()
    if _CONTROL.search(address) or address.startswith("//"):
        return False
    first = re.split(r"[/?#]", address, maxsplit=1)[0]
    return ":" not in first or first.lower() in {"http:", "https:"}


@dataclass(frozen=True, slots=True)
class ShownFact:
    """A bound fact by number: `mark` is what stands behind it, `state` holds, changed or not-loaded."""

    number: int
    says: str
    state: str
    expected: str
    found: str
    source: str
    note: str


@dataclass(frozen=True, slots=True)
class ShownSection:
    """A section: `level` of its heading (0 for words before the first), and its HTML."""

    level: int
    title: str
    anchor: str
    audiences: tuple[str, ...]
    html: Markup


@dataclass(frozen=True, slots=True)
class Shown:
    """An article ready for a template; `plain` is its text where it cannot be read as an article."""

    title: str
    summary: str = ""
    audiences: tuple[str, ...] = ()
    sections: tuple[ShownSection, ...] = ()
    facts: tuple[ShownFact, ...] = ()
    references: tuple[Reference, ...] = ()
    day: str = ""
    plain: str = ""
    problem: str = ""


MARKS = {"holds": "✓", "changed": "✗", "not-loaded": "?"}
WORDS = {"holds": "holds", "changed": "has changed", "not-loaded": "cannot be looked up"}


def shown(text: str, engine: Engine, audience: str = "") -> Shown:
    """The article of a text, for one audience (all sections without one), every fact and citation looked up."""
    from claimwright.pages import check_facts, parse_article, resolve

    try:
        article = parse_article(text, "text")
        states = check_facts(article, engine)
        references = tuple(resolve(each, engine.book, article.day) for each in article.citations)
    except ClaimwrightError as error:
        return Shown("", plain=text, problem=str(error))
    facts = _facts(states)
    known = {each.number: each for each in references if not each.problem}
    sections = article.for_audience(audience) if audience in article.audiences else article.sections
    return Shown(
        article.title,
        article.summary,
        article.audiences,
        tuple(_section(each, at, {"facts": facts, "known": known}) for at, each in enumerate(sections)),
        tuple(facts.values()),
        references,
        article.day.isoformat(),
    )


def _facts(states: Sequence[FactState]) -> dict[str, ShownFact]:
    """Facts by how they are written, numbered: the same fact twice is one row."""
    rows: dict[str, ShownFact] = {}
    for each in states:
        source = str(each.source or "")
        rows.setdefault(
            each.fact.text,
            ShownFact(len(rows) + 1, each.fact.sentence, each.state, each.expected, each.found, source, each.note),
        )
    return rows


def _section(section: Section, at: int, env: dict[str, Any]) -> ShownSection:
    html = _markdown().render(section.text, env).replace("<th></th>", "<td></td>")  # an empty cell heads nothing
    # The renderer escapes, and HTML is off.
    return ShownSection(section.level, section.title, f"section-{at}", section.audiences, Markup(html))  # noqa: S704


@cache
def _markdown() -> MarkdownIt:
    made = MarkdownIt("commonmark", {"html": False, "linkify": False}).enable("table")
    made.disable(["image", "html_block", "html_inline", "heading", "lheading"])
    setattr(made, "validateLink", safe_link)  # noqa: B010 - a method of the class, replaced for this one
    made.inline.ruler.before("link", "fact", _read_fact)
    made.inline.ruler.before("link", "cite", _read_cite)
    made.add_render_rule("fact", _write_fact)
    made.add_render_rule("cite", _write_cite)
    made.add_render_rule("link_open", _write_link)
    made.add_render_rule("table_open", lambda *_: '<div class="scroll" tabindex="0"><table class="data">\n')
    made.add_render_rule("table_close", lambda *_: "</table></div>\n")
    return made


def _read_fact(state: StateInline, silent: bool) -> bool:
    found = _FACT.match(state.src, state.pos, state.posMax)
    if found is None:
        return False
    words, _, query = found[1].rpartition("::")
    if not silent:
        token = state.push("fact", "", 0)
        token.meta = {"words": words.strip(), "query": query.strip()}
    state.pos = found.end()
    return True


def _read_cite(state: StateInline, silent: bool) -> bool:
    found = _CITE.match(state.src, state.pos, state.posMax)
    if found is None:
        return False
    if not silent:
        state.push("cite", "", 0).content = found[1]
    state.pos = found.end()
    return True


def _write_fact(
    _: RendererHTML, tokens: Sequence[Token], at: int, __: OptionsDict, env: MutableMapping[str, Any]
) -> str:
    words, query = tokens[at].meta["words"], tokens[at].meta["query"]
    row = env["facts"].get(query)
    if row is None:
        return str(escape(words or query))
    mark = f'<a href="#fact-{row.number}" aria-label="Checked fact {row.number} {WORDS[row.state]}">'
    return f'<span class="fact {row.state}">{escape(words or row.says)}<sup>{mark}{MARKS[row.state]}</a></sup></span>'


def _write_cite(
    _: RendererHTML, tokens: Sequence[Token], at: int, __: OptionsDict, env: MutableMapping[str, Any]
) -> str:
    out = []
    for piece in re.split(r"\s*,\s*", tokens[at].content):
        ends = [int(each) for each in re.split(r"\s*-\s*", piece) if each]
        for number in range(ends[0], min(ends[-1], ends[0] + MOST_RANGE) + 1):
            if number in env["known"]:
                out.append(f'<a href="#source-{number}" aria-label="Source {number}">{number}</a>')
            else:
                out.append(f'<span class="lost">{number}: no such source</span>')
    return f'<sup class="cite">[{", ".join(out)}]</sup>'


def _write_link(
    renderer: RendererHTML, tokens: Sequence[Token], at: int, options: OptionsDict, env: MutableMapping[str, Any]
) -> str:
    if _SCHEME.match(str(tokens[at].attrGet("href") or "")):
        tokens[at].attrSet("rel", "noopener noreferrer nofollow")
    return renderer.renderToken(tokens, at, options, env)
