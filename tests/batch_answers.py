"""Findings as rows that can be compared, whoever found them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from claimwright.batch.findings import SEVERITIES, Findings
from claimwright.batch.local import Scanner
from claimwright.model import Report

Row = tuple[int, str, str, str, tuple[int, ...], tuple[str, ...]]


def of_reports(reports: Sequence[Report]) -> list[Row]:
    """What `check` found, in its order: (claim, rule, code, severity, positions, codes)."""
    return [
        (
            number,
            each.rule,
            each.code,
            each.severity.value,
            tuple(place.position for place in each.at),
            tuple(place.code for place in each.at),
        )
        for number, report in enumerate(reports)
        for each in report.findings
    ]


def of_columns(found: Findings, scanner: Scanner) -> list[Row]:
    """What the columns hold, in their order."""
    rows: list[Row] = []
    for number in range(len(found)):
        first, last = int(found.offsets[number]), int(found.offsets[number + 1])
        rule = scanner.rules[int(found.rule[number])]
        rows.append(
            (
                int(found.claim[number]),
                rule.name,
                rule.code,
                SEVERITIES[int(found.rank[number])],
                tuple(found.positions[first:last].tolist()),
                tuple(found.texts[each] for each in found.codes[first:last].tolist()),
            )
        )
    return rows


def of_file(rows: Sequence[dict[str, Any]]) -> Counter[tuple[Any, ...]]:
    """What a file of findings holds, by the name of the claim."""
    keys = ("claim", "rule", "code", "severity")
    return Counter((*(row[key] for key in keys), tuple(row["positions"]), tuple(row["codes"])) for row in rows)
