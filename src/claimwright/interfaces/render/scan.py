"""The summary of a scan as text."""

from __future__ import annotations

from typing import Any

_COLOURS = {"error": "31", "warning": "33", "info": "36"}


def summary_text(summary: dict[str, Any], colour: bool = False) -> str:
    """Claims and verdicts, findings by rule, money at risk, and what became of each file."""
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
    for each in summary["files"]:
        rejected = f", {each['rejected']:,} rejected" if each["rejected"] else ""
        counts = "".join(f"; {number:,} {name}" for name, number in each["counts"].items())
        if each["refused"]:
            out.append(f"  not read to its end: {each['refused']}")
        out.append(f"  {each['file']} ({each['format'] or 'unknown'}): {each['read']:,} records read{rejected}{counts}")
    return "\n".join(out) + "\n"
