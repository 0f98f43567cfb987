"""The resources: pages of codes, rules, policies and articles as text."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple
from urllib.parse import quote, unquote

from claimwright.engine import Engine
from claimwright.errors import InputError
from claimwright.interfaces.mcp.articles import Shelf
from claimwright.interfaces.mcp.tools import rule_named

ARTICLE = "article"
MARKDOWN, PLAIN = "text/markdown", "text/plain"


class Page(NamedTuple):
    """A resource by its address."""

    uri: str
    name: str
    says: str
    kind: str = MARKDOWN


TEMPLATES = (
    Page("icd10cm://{code}", "code page", "The reference page of a code, category, block or chapter, as of today."),
    Page("rule://{name}", "rule page", "What a rule checks, why it matters, an example, how to fix."),
    Page("policy://{id}", "policy page", "A coverage policy: versions, lists, criteria, sources.", PLAIN),
    Page("article://{name}", "article", "An article on a code or a question, its state of review first."),
)


def listed(engine: Engine, shelf: Shelf) -> list[Page]:
    """Every rule, policy and article; codes are too many to list."""
    rules = [Page(f"rule://{each.name}", each.name, each.summary) for each in engine.rules.values()]
    held = engine.book.policies
    own = [held.get(each) for each in held.ids]
    policies = [Page(f"policy://{quote(each.id, safe='')}", each.id, each.title, PLAIN) for each in own]
    articles = [Page(f"article://{each.name}", each.name, each.says) for each in shelf.listed()]
    return [*rules, *policies, *articles]


def read(engine: Engine, uri: str, shelf: Shelf) -> tuple[str, str]:
    """(media type, text) of a page. Errors: `InputError` for an address or a thing that is not there."""
    scheme, _, rest = uri.partition("://")
    if scheme == ARTICLE and rest:
        return MARKDOWN, shelf.read(unquote(rest))
    if scheme not in _READERS or not rest:
        raise InputError("uri", f"found {uri[:80]!r}", ", ".join(each.uri for each in TEMPLATES))
    return _READERS[scheme](engine, unquote(rest))


def _code(engine: Engine, name: str) -> tuple[str, str]:
    from claimwright.interfaces.render import markdown

    return MARKDOWN, markdown.render(engine.book.show(name))


def _rule(engine: Engine, name: str) -> tuple[str, str]:
    from claimwright.interfaces.render.rules import rule_page

    return MARKDOWN, rule_page(rule_named(engine, name))


def _policy(engine: Engine, name: str) -> tuple[str, str]:
    from claimwright.interfaces.render.policies import policy_text

    return PLAIN, policy_text(engine.book.policies.get(name))


_READERS: dict[str, Callable[[Engine, str], tuple[str, str]]] = {
    "icd10cm": _code,
    "rule": _rule,
    "policy": _policy,
}
