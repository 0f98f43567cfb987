"""The summary of a scan as text."""

from __future__ import annotations

from typing import Any

_COLOURS = {"error": "31", "warning": "33", "info": "36"}
MOST_LINES, MOST_NOTES, MOST_REASONS = 12, 4, 20


def summary_text(summary: dict[str, Any], colour: bool = False) -> str:
    """Claims and verdicts, findings by rule, money at risk, what was not evaluated, and what became of each file."""
    verdicts = summary["verdicts"]
    out = [
        f"{counted(summary['claims'], 'claim')}: {verdicts['fail']:,} fail, {verdicts['review']:,} to review, "
        f"{verdicts['pass']:,} pass; {counted(summary['findings'], 'finding')} in {summary['output']}"
    ]
    charges = summary["charges"]
    if charges:
        out.append(
            f"${charges['at_risk']:,.2f} of ${charges['stated']:,.2f} charged is on claims that fail "
            f"({charges['claims']:,} of {counted(summary['claims'], 'claim')} with a stated charge)"
        )
    width = max((len(each["rule"]) for each in summary["rules"]), default=0)
    for each in summary["rules"]:
        mark = f"{each['severity']:<8}"
        if colour:
            mark = f"\033[{_COLOURS[each['severity']]}m{mark}\033[0m"
        out.append(f"  {mark} {each['rule']:<{width}}  {each['code']}  {each['findings']:>12,}")
    out += _remits(summary["remits"]) if summary.get("remits") else []
    out += _not_evaluated(summary["not_evaluated"])
    for each in summary["files"]:
        rejected = f", {each['rejected']:,} rejected" if each["rejected"] else ""
        counts = "".join(f"; {number:,} {name}" for name, number in each["counts"].items())
        if each["refused"]:
            out.append(f"  {'not read to its end' if each['read'] else 'not read'}: {each['refused']}")
            if not each["read"]:
                continue
        read = counted(each["read"], "record")
        out.append(f"  {each['file']} ({each['format'] or 'unknown'}): {read} read{rejected}{counts}")
        out += [f"    {note}" for note in each["notes"][:MOST_NOTES]]
        if len(each["notes"]) > MOST_NOTES:
            out.append(f"    and {len(each['notes']) - MOST_NOTES:,} more of this kind")
    return "\n".join(out) + "\n"


def counted(number: int, noun: str) -> str:
    """A number and what it counts: 1 claim, 2,000 claims."""
    return f"{number:,} {noun}" + ("" if number == 1 else "s")


def comparison_text(summary: dict[str, Any]) -> str:
    """How many claims change verdict between two editions, and the findings that come or go on them."""
    before, after = summary["before"], summary["after"]
    out = [
        f"{summary['changed']:,} of {summary['claims']:,} claims change verdict from {before['edition']} "
        f"({before['day']}) to {after['edition']} ({after['day']}); {summary['output']} has their findings"
    ]
    out += [
        f"  {each['before']} to {each['after']}: {counted(each['claims'], 'claim')}" for each in summary["verdicts"]
    ]
    for each in summary["reasons"][:MOST_REASONS]:
        codes = " and ".join(each["codes"]) or "the claim"
        comes = "new" if each["change"] == "new" else "gone"
        out.append(f"  {counted(each['claims'], 'claim'):>16} with {codes}: {comes} {each['severity']} {each['rule']}")
    left = len(summary["reasons"]) - MOST_REASONS + summary["reasons_left_out"]
    if left > 0:
        out.append(f"  and {left:,} more reasons")
    if summary["rejected"]:
        out.append(f"  {counted(summary['rejected'], 'record')} could not be read as claims and were left out")
    out += [f"  could not be read, or not to its end: {each}" for each in summary["refused"]]
    return "\n".join(out) + "\n"


def _remits(remits: dict[str, Any]) -> list[str]:
    """Denials, what would have caught them, and how often each rule is right on this site's own remittances."""
    claims = remits["claims"]
    others = counted(remits["remittances_without_claim"], "remittance")
    out = [
        f"  remittances: {counted(claims['with_remittance'], 'claim')} with one; {claims['denied']:,} denied, wholly "
        f"or in part (${claims['denied_amount']:,.2f}); {claims['caught']:,} of these would have been held back "
        f"(${claims['caught_amount']:,.2f}); {others} of other claims"
    ]
    for each in remits["reasons"][:MOST_LINES]:
        name = "-".join(part for part in (each["group"], each["reason"]) if part) or "no reason stated"
        by = ", ".join(f"{rule['rule']} ({rule['denials']:,})" for rule in each["by"][:MOST_NOTES])
        caught = f"{each['caught']:,} caught by {by}" if each["caught"] else "none caught"
        out.append(f"    {name}: {counted(each['denials'], 'denial')}, {caught}")
    for each in remits["rules"][:MOST_LINES]:
        told = f"{each['denied']:,} of {counted(each['claims'], 'claim')} denied ({each['precision']:.0%})"
        out.append(f"    {each['severity']:<8} {each['rule']}: {told}")
    return out


def _not_evaluated(entries: list[dict[str, Any]]) -> list[str]:
    """A line for each remedy and number of claims: the rules, and what they lack."""
    by_remedy: dict[tuple[int, str], list[str]] = {}
    for each in entries:
        by_remedy.setdefault((each["claims"], each["how"]), []).append(f"{each['rule']} (lacks {each['missing']})")
    lines = [
        f"  not evaluated for {counted(number, 'claim')}: {_some(rules)}: {how}"
        for (number, how), rules in by_remedy.items()
    ]
    if len(lines) > MOST_LINES:
        lines[MOST_LINES:] = [f"  and {len(lines) - MOST_LINES:,} more lines of what was not evaluated, in --json"]
    return lines


def _some(rules: list[str]) -> str:
    return ", ".join(rules[:MOST_NOTES]) + (f" and {len(rules) - MOST_NOTES:,} more" if len(rules) > MOST_NOTES else "")
