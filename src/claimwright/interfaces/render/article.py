"""The lint of a text as words."""

from __future__ import annotations

import textwrap

from claimwright.pages.lint import TextReport

_WIDTH = 80


def report_text(report: TextReport) -> str:
    """Each statement with its line, verdict, fact and source; then counts and what could not be judged."""
    lines = [f"{report.file}, on {report.date}"]
    for each in report.statements:
        lines += ["", *_wrapped(f"line {each.line}  {each.verdict.upper()}  {each.statement}", "")]
        lines += _wrapped(each.fact, "  ")
        if each.source:
            lines += _wrapped(f"[{each.source}]", "  ")
    counts = ", ".join(f"{count} {verdict}" for verdict, count in report.counts.items())
    lines += ["", f"{len(report.statements)} statements: {counts}" if counts else "No statement is contradicted."]
    if report.not_evaluated:
        lines += ["", "Not evaluated"]
        for missing in report.not_evaluated:
            lines += _wrapped(f"{missing.rule}: {missing.missing}. {missing.how}", "  ")
    return "\n".join(lines) + "\n"


def _wrapped(text: str, indent: str) -> list[str]:
    return textwrap.wrap(
        text,
        _WIDTH,
        initial_indent=indent,
        subsequent_indent=f"{indent}  ",
        break_on_hyphens=False,
        break_long_words=False,
    )
