"""Rules as entries of the catalogue and as pages."""

from __future__ import annotations

from difflib import get_close_matches
from typing import Any

from claimwright.edits.registry import Rule, load_rules
from claimwright.errors import InputError


def named_rule(name: str) -> Rule:
    """The rule of a name (excludes1-conflict) or code (DX201), in any case; `InputError` names what is near."""
    rules = load_rules()
    found = rules.get(name.lower()) or next((each for each in rules.values() if each.code == name.upper()), None)
    if found is None:
        near = get_close_matches(name.lower(), rules, n=3)
        raise InputError(
            "NAME", f"no rule is called {name!r}", f"one of {', '.join(near)}" if near else "a name that `rules` lists"
        )
    return found


def rule_entry(rule: Rule) -> dict[str, Any]:
    """What the catalogue says of a rule, with its page."""
    return {
        "rule": rule.name,
        "code": rule.code,
        "severity": rule.severity.value,
        "authority": rule.authority.value,
        "from": rule.in_force.starts.isoformat(),
        "to": rule.in_force.ends.isoformat() if rule.in_force.ends else None,
        "tables": list(rule.tables),
        "cites": list(rule.cites),
        "summary": rule.summary,
        "page": rule.page,
    }


def rule_page(rule: Rule) -> str:
    """The page as Markdown: law first, then the docstring."""
    cites = ", ".join(rule.cites) or "none"
    return (
        f"# {rule.name} ({rule.code})\n\n"
        f"| severity | authority | in force | tables | cites |\n|---|---|---|---|---|\n"
        f"| {rule.severity.value} | {rule.authority.value} | {rule.in_force} "
        f"| {', '.join(rule.tables) or 'none'} | {cites} |\n\n"
        f"{rule.page}\n"
    )
