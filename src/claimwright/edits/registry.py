"""Rules by name: a decorator registers a relation, its law, and the function that explains a hit.

The docstring of the function is the rule's page; a rule whose page lacks one of the four headings,
or whose code or name is taken, is a `RuleError` at import.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from importlib import import_module
from inspect import cleandoc
from pkgutil import iter_modules
from typing import TYPE_CHECKING

from claimwright.errors import RuleError
from claimwright.model import Authority, Finding, Interval, Severity

if TYPE_CHECKING:
    from claimwright.edits.hit import Hit
    from claimwright.edits.outcomes import Outcome
    from claimwright.edits.relations import Relation

HEADINGS = ("What it checks", "Why it matters", "Example", "How to fix")
EXTRA_TABLES = {
    "poa-exempt": "claimwright data add poa-exempt FILE",
}
"""Tables that the user adds, and how; the others come with the package."""

Explain = Callable[["Hit"], Finding | None]


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: what it asks of the book (`relation`), since when, on whose authority, and its page.

    `lines` asks the same of service lines, where the rule concerns both those and other codes.
    `explain` may return None: a closer look at the words shows that the hit is none. `outcome` says the
    same of many hits in columns, without words.
    """

    code: str
    name: str
    relation: Relation
    severity: Severity
    authority: Authority
    in_force: Interval
    cites: tuple[str, ...]
    page: str
    explain: Explain
    module: str
    outcome: Outcome | None = None
    lines: Relation | None = None

    @property
    def summary(self) -> str:
        """The first line of the page."""
        return self.page.splitlines()[0]

    @property
    def tables(self) -> tuple[str, ...]:
        """Tables without which the rule cannot be applied, or not to service lines."""
        return (*self.relation.tables, *(self.lines.tables if self.lines else ()))

    @property
    def relations(self) -> tuple[Relation, ...]:
        """Everything that the rule asks."""
        return (self.relation,) if self.lines is None else (self.relation, self.lines)


RULES: dict[str, Rule] = {}


def since(day: str) -> Interval:
    """In force from this day on."""
    return Interval(date.fromisoformat(day))


def rule(
    code: str,
    *,
    relation: Relation,
    severity: Severity,
    authority: Authority,
    in_force: Interval,
    cites: Iterable[str] = (),
    lines: Relation | None = None,
    outcome: Outcome | None = None,
) -> Callable[[Explain], Explain]:
    """Register the decorated function as the explanation of rule `code`; its name is the rule's."""

    def register(explain: Explain) -> Explain:
        name = explain.__name__.replace("_", "-")
        page = cleandoc(explain.__doc__ or "")
        missing = [heading for heading in HEADINGS if f"## {heading}" not in page]
        if missing:
            raise RuleError(f"{explain.__module__}: the page of {name} lacks the heading '## {missing[0]}'")
        if name in RULES or any(each.code == code for each in RULES.values()):
            raise RuleError(f"{explain.__module__}: the rule {code} {name} is already taken")
        RULES[name] = Rule(
            code,
            name,
            relation,
            severity,
            authority,
            in_force,
            tuple(cites),
            page,
            explain,
            explain.__module__,
            outcome,
            lines,
        )
        return explain

    return register


def load_rules() -> dict[str, Rule]:
    """Import every rule module once and return the rules by name, in order of code."""
    from claimwright.edits import diagnosis, documentation, procedure

    for package in (diagnosis, documentation, procedure):
        for module in iter_modules(package.__path__):
            import_module(f"{package.__name__}.{module.name}")
    ordered = sorted(RULES.values(), key=lambda each: each.code)
    return {each.name: each for each in ordered}
