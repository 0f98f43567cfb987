"""The summary of a scan as text."""

from __future__ import annotations

from typing import Any

_COLOURS = {"error": "31", "warning": "33", "info": "36"}
MOST_LINES, MOST_NOTES = 12, 4


def summary_text(summary: dict[str, Any], colour: bool = False) -> str:
    """Claims and verdicts, findings by rule, money at risk, what was not evaluated, and what became of each file."""
    verdicts = summary["verdicts"]
    out = [
        f"{summary['claims']:,} claims: {verdicts['fail']:,} fail, {verdicts['review']:,} to review, "
        f"{verdicts['pass']:,} pass; {summary['findings']:,} findings in {summary['output']}"
    ]
    charges = summary["charges"]
    if charges:
        out.append(
            f"${charges['at_risk']:,.2f} of ${charges['stated']:,.2f} charged stand on claims that fail "
            f"({charges['claims']:,} claims state a charge)"
        )
    width = max((len(each["rule"]) for each in summary["rules"]), default=0)
    for each in summary["rules"]:
        mark = f"{each['severity']:<8}"
        if colour:
            mark = f"\033[{_COLOURS[each['severity']]}m{mark}\033[0m"
        out.append(f"  {mark} {each['rule']:<{width}}  {each['code']}  {each['findings']:>12,}")
    out += _not_evaluated(summary["not_evaluated"])
    for each in summary["files"]:
        rejected = f", {each['rejected']:,} rejected" if each["rejected"] else ""
        counts = "".join(f"; {number:,} {name}" for name, number in each["counts"].items())
        if each["refused"]:
            out.append(f"  not read to its end: {each['refused']}")
        out.append(f"  {each['file']} ({each['format'] or 'unknown'}): {each['read']:,} records read{rejected}{counts}")
        out += [f"    {note}" for note in each["notes"][:MOST_NOTES]]
        if len(each["notes"]) > MOST_NOTES:
            out.append(f"    and {len(each['notes']) - MOST_NOTES:,} more of this kind")
    return "\n".join(out) + "\n"


def _not_evaluated(entries: list[dict[str, Any]]) -> list[str]:
    """A line for each remedy and number of claims: the rules, and what they lack."""
    by_remedy: dict[tuple[int, str], list[str]] = {}
    for each in entries:
        by_remedy.setdefault((each["claims"], each["how"]), []).append(f"{each['rule']} (lacks {each['missing']})")
    lines = [
        f"  not evaluated for {number:,} claims: {_some(rules)}: {how}" for (number, how), rules in by_remedy.items()
    ]
    if len(lines) > MOST_LINES:
        lines[MOST_LINES:] = [f"  and {len(lines) - MOST_LINES:,} more lines of what was not evaluated, in --json"]
    return lines


def _some(rules: list[str]) -> str:
    return ", ".join(rules[:MOST_NOTES]) + (f" and {len(rules) - MOST_NOTES:,} more" if len(rules) > MOST_NOTES else "")
