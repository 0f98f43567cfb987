"""A report as text: the verdict first, then each finding with its proof and its fix."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from claimwright.model import Because, EditionUsed, Finding, NotEvaluated, Report, Severity

_MARKS = {Severity.ERROR: "ERROR  ", Severity.WARNING: "WARNING", Severity.INFO: "info   "}
_COLOURS = {Severity.ERROR: "31", Severity.WARNING: "33", Severity.INFO: "36"}
KINDS = {
    "excludes1": "Excludes1",
    "excludes2": "Excludes2",
    "codeFirst": "Code first",
    "useAdditionalCode": "Use additional code",
    "codeAlso": "Code also",
    "inclusionTerm": "Inclusion term",
    "includes": "Includes",
    "notes": "Note",
    "sevenChrNote": "Seventh character",
    "sevenChrDef": "Seventh characters",
    "guideline": "Guideline",
    "table-edit": "Edit",
    "official-note": "Convention",
    "cited-source": "Source",
    "validity": "Registry",
    "table": "ICD-10-PCS table",
    "flags": "Registry",
    "conversion": "Conversion table",
    "children": "Tabular list",
    "title": "Title",
    "list": "List",
    "manual": "Manual rule",
    "units-limit": "Units limit",
    "add-on": "Add-on edit",
    "ptp-edit": "PTP edit",
    "hcpcs-days": "HCPCS file",
    "modifier": "HCPCS file",
    "not-listed": "Table",
    "fee-status": "Fee schedule",
    "fee-indicator": "Fee schedule",
    "same-mdc": "MS-DRG",
    "note": "The note says",
    "index-path": "Alphabetic Index",
}
"""Kinds of proof, as they are printed."""
WIDTH = 80


def report_text(report: Report, width: int = WIDTH, colour: bool = False) -> str:
    """The report in lines of at most `width` columns; `colour` adds ANSI colours to severities."""
    counts = {each: sum(f.severity is each for f in report.findings) for each in Severity}
    name = f"Claim {report.claim}" if report.claim else "Claim"
    head = f"{name}: {report.verdict.value.upper()}  (date of service {report.date_of_service}"
    head += ", assumed: the claim states none)" if report.date_assumed else ")"
    tally = ", ".join(f"{number} {_plural(each, number)}" for each, number in counts.items())
    lines = [head, f"  {tally}", ""]
    for finding in report.findings:
        lines += _finding(finding, width, colour)
    for how, entries in by_remedy(report.not_evaluated).items():
        lacking = ", ".join(f"{each.rule} (lacks {each.missing})" for each in entries)
        lines += _wrap(f"Not evaluated: {lacking}: {how}", "  ", width)
    if report.not_evaluated:
        lines.append("")
    lines += _wrap("Answered by " + "; ".join(_edition(each) for each in report.editions), "  ", width)
    return "\n".join(lines) + "\n"


def by_remedy(entries: Sequence[NotEvaluated]) -> dict[str, list[NotEvaluated]]:
    """What was not evaluated, by how to get what it lacks."""
    out: dict[str, list[NotEvaluated]] = {}
    for each in entries:
        out.setdefault(each.how, []).append(each)
    return out


def _plural(severity: Severity, number: int) -> str:
    return severity.value if number == 1 or severity is Severity.INFO else f"{severity.value}s"


def _edition(used: EditionUsed) -> str:
    window = f"{used.starts} to {used.ends}"
    return f"{used.table} {used.edition}, {window}" + (" (nearest loaded)" if used.nearest else "")


def _finding(finding: Finding, width: int, colour: bool) -> list[str]:
    mark = _MARKS[finding.severity]
    if colour:
        mark = f"\x1b[{_COLOURS[finding.severity]}m{mark}\x1b[0m"
    places = ", ".join(f"{place.kind} {place.position}" for place in finding.at)
    out = [f"{mark} {finding.rule} ({finding.code}) at {places}"]
    out += _wrap(finding.message, "  ", width)
    for because in finding.because:
        out += _wrap(_proof(because), "    | ", width)
    out += _wrap(f"Fix: {finding.fix.say}", "  > ", width)
    if finding.fix.reorder:
        out += _wrap(f"Order: {', '.join(finding.fix.reorder)}", "  > ", width)
    if finding.fix.ask:
        out += _wrap(f"Ask: {finding.fix.ask}", "  ? ", width)
    return [*out, ""]


def _proof(because: Because) -> str:
    kind = kind_words(because.kind)
    holder = f" {'' if because.level == 'section' else 'at '}{because.holder}" if because.holder else ""
    level = f" ({because.level})" if because.level not in (None, "section", "source", "table") else ""
    via = f", inherited by {' < '.join(reversed(because.path))}" if len(because.path) > 1 else ""
    edition = f" [{because.edition}]" if because.edition else ""
    return f"{kind}{holder}{level}: {because.text}{via}{edition}"


def kind_words(kind: str) -> str:
    """The kind of a proof in words."""
    if kind.startswith("mce-flag"):
        return f"MCE flag {kind.removeprefix('mce-flag ')!r}"
    return KINDS.get(kind, kind)


def _wrap(text: str, margin: str, width: int) -> list[str]:
    blank = " " * len(margin)
    return textwrap.wrap(text, width, initial_indent=margin, subsequent_indent=blank, break_on_hyphens=False) or [
        margin
    ]
