"""What a claim carries that no rule looks at yet: said, so that silence is never taken for consent."""

from __future__ import annotations

from claimwright.model import Claim, NotEvaluated

_LINES = (
    ("ptp-conflict", "ncci-ptp"),
    ("units-exceed-mue", "ncci-mue"),
    ("add-on-without-primary", "ncci-aoc"),
    ("unknown-procedure", "hcpcs"),
    ("modifier-invalid", "hcpcs"),
)
_HOW = "this release does not edit service lines"


def pending(claim: Claim) -> list[NotEvaluated]:
    """Rules of the catalogue that concern this claim and cannot be applied in this release."""
    out = []
    if claim.lines:
        out += [NotEvaluated(rule, table, _HOW) for rule, table in _LINES]
    if claim.note:
        out.append(NotEvaluated("not-supported-by-note", "note reading", "this release does not read notes"))
    return out
