"""Rules as entries of the catalogue and as pages."""

from __future__ import annotations

from typing import Any

from claimwright.edits.registry import Rule


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
