"""A grouping as text: the DRG first, then what it rests on, then what one change would give."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from claimwright.model.grouping import Alternative, GroupedDiagnosis, GroupReport

WIDTH = 80
UNGROUPABLE = 998
"""The DRG of a principal diagnosis that is none by itself."""

_HEADS = {
    "fix": "With the fix of a finding",
    "principal": "With another principal diagnosis",
    "drop": "With a code left out",
    "poa": "With another present-on-admission indicator",
}


def group_text(report: GroupReport, width: int = WIDTH, bold: bool = False) -> str:
    """The report in lines of at most `width` columns."""
    lines = list(_head(report, width, bold))
    lines += _diagnoses(report, width)
    lines += _procedures(report, width)
    lines += _alternatives(report, width)
    lines += _foot(report, width)
    return "\n".join(lines) + "\n"


def _head(report: GroupReport, width: int, bold: bool) -> Iterator[str]:
    name = f"Claim {report.claim}: " if report.claim else "Claim: "
    if report.undetermined:
        yield from _wrap(f"{name}NOT DECIDED. {report.undetermined.says}.", "", width, hanging=4)
        for each in report.undetermined.drgs:
            yield from _wrap(f"DRG {each.drg}  {each.title or ''}: if {each.assuming}", "  ", width, hanging=4)
    else:
        first, *rest = _wrap(f"{name}DRG {report.drg}  {report.title or ''}", "", width, hanging=4)
        yield f"\x1b[1m{first}\x1b[0m" if bold else first
        yield from rest
        mdc = f"MDC {report.mdc} {report.mdc_title}" if report.mdc else "no MDC"
        kind = f", {report.type}" if report.type else ""
        yield from _wrap(f"{mdc}{kind}; {_level_words(report.severity)}", "  ", width)
    yield from _weight(report, width)
    if not report.undetermined and (report.returned.code != "OK" or report.drg == f"{UNGROUPABLE}"):
        yield from _wrap(_sentence(report.returned.says), "  ", width)
    if report.initial and report.final and report.initial.drg != report.final.drg:
        before = f"Before: DRG {report.initial.drg} {report.initial.title}. "
        yield from _wrap(before + _sentence(report.hac), "  ", width)
    if report.fragile:
        alone = "alone" if len(report.fragile_on) == 1 else "(without any one of them it is another DRG)"
        yield from _wrap(f"FRAGILE: rests on {', '.join(report.fragile_on)} {alone}.", "  ", width)
    if report.assumed:
        silent = ", ".join(report.assumed)
        yield from _wrap(f"Not on the claim, and the DRG does not depend on it: {silent}.", "  ", width)


def _weight(report: GroupReport, width: int) -> Iterator[str]:
    if report.weight is not None:
        stay = f"; mean stay {report.gmlos} days (geometric), {report.amlos} (arithmetic)"
        yield from _wrap(f"Weight {report.weight}{stay}", "  ", width)


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}." if text else ""


def _diagnoses(report: GroupReport, width: int) -> Iterator[str]:
    yield ""
    shown = report.undetermined.shown if report.undetermined else ""
    yield f"Diagnoses (as if {shown})" if shown else "Diagnoses"
    for each in report.diagnoses:
        mark = "*" if each.drove_drg else " "
        lead = f"{mark} {each.position:2}  {each.code:9}{_level(each):5}"
        poa = f" (POA {each.poa})" if each.poa else ""
        yield from _wrap(f"{each.title or '(no title loaded)'}{poa}", lead, width)
        yield from _wrap(each.why, " " * len(lead), width)


def _level_words(severity: str | None) -> str:
    return f"level {severity}" if severity in ("CC", "MCC") else "no CC or MCC"


def _level(each: GroupedDiagnosis) -> str:
    return "PDX" if each.position == 1 else each.severity if each.severity != "none" else "-"


def _procedures(report: GroupReport, width: int) -> Iterator[str]:
    if not report.procedures:
        return
    yield ""
    yield "Procedures"
    for each in report.procedures:
        mark = "*" if each.drove_drg else " "
        lead = f"{mark} {each.position:2}  {each.code:9}{'O.R.' if each.operating else '-':5}"
        yield from _wrap(each.title or each.why, lead, width)
        if each.title:
            yield from _wrap(each.why, " " * len(lead), width)


def _alternatives(report: GroupReport, width: int) -> Iterator[str]:
    if not report.alternatives:
        return
    yield ""
    yield "What one change would give (in the order of the claim, not ranked)"
    for kind, head in _HEADS.items():
        listed = [each for each in report.alternatives if each.kind == kind]
        moving = [each for each in listed if each.changes_drg]
        if not listed:
            continue
        yield f"  {head}"
        together: dict[tuple[str, str], list[Alternative]] = {}
        for each in moving:
            together.setdefault((each.drg, each.why), []).append(each)
        for alike in together.values():
            yield from _change(alike, width)
        same = [each.change for each in listed if not each.changes_drg]
        if same:
            yield from _wrap(f"DRG {report.drg} stays: {'; '.join(same)}", "    ", width)


def _change(alike: list[Alternative], width: int) -> Iterator[str]:
    """Changes that give the same DRG for the same reason."""
    each = alike[0]
    weight = f" (weight {each.weight})" if each.weight is not None else ""
    changed = "; ".join(one.change for one in alike)
    yield from _wrap(f"{changed}: {each.title or ''}{weight}", f"    {each.drg}  ", width)
    yield from _wrap(each.why, "         ", width)


def _foot(report: GroupReport, width: int) -> Iterator[str]:
    yield ""
    used = report.grouper
    assumed = ", assumed: the claim states none" if report.date_assumed else ""
    yield from _wrap(f"* the DRG rests on it. Discharged {report.discharge_date}{assumed}.", "  ", width)
    if used.tables:
        yield from _wrap(f"Levels, exclusions and logic: {used.tables}.", "  ", width)
    yield from _wrap(
        f"Grouped by {used.name} {used.version} ({used.starts} to {used.ends}), {used.engine}.", "  ", width
    )
    for each in report.editions[1:]:
        yield from _wrap(f"Weights: {each.edition}, {each.starts} to {each.ends}.", "  ", width)
    for entry in report.not_evaluated:
        yield from _wrap(f"not evaluated: {entry.rule} lacks {entry.missing} ({entry.how})", "  ", width)


def _wrap(text: str, lead: str, width: int, hanging: int = 0) -> list[str]:
    blank = " " * (len(lead) + hanging)
    return textwrap.wrap(text, width, initial_indent=lead, subsequent_indent=blank, break_on_hyphens=False) or [lead]
