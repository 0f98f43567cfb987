"""Denials against findings: which rule would have caught which denial, and how often each rule is right here.

A remittance is tied to a claim by CLP01 = the claim's id. What is a denial is read from money, not from a
list of reasons: a claim whose status is 4 (denied), or a claim or line with a charge of which nothing is
paid and not all is left to the patient (adjustments of group PR). Of several remittances of one claim the
latest that is no reversal (status 22) counts. Reasons are CARC with their group, as identifiers.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

from claimwright.batch.answer import Checked
from claimwright.batch.findings import SEVERITIES
from claimwright.claims.remits import Adjustment, Remit, RemitLine, read_remits
from claimwright.edits.registry import Rule
from claimwright.model import undotted

PATIENT = "PR"
DENIED, REVERSAL = "4", "22"
_CENT = 0.005
_COUNTING = tuple(each for each in SEVERITIES if each != "info")
"""Severities of a finding that would have held a claim back: an `info` would not."""


@dataclass(frozen=True, slots=True)
class Denial:
    """What was denied of one claim: `reasons` as (group, CARC), the money, the codes of the lines, and the whole?"""

    reasons: tuple[tuple[str, str], ...]
    amount: float
    codes: tuple[str, ...]
    whole: bool


@dataclass
class Matched:
    """A claim of the scan that has a remittance: what was denied, and the rules that found something."""

    denial: Denial | None
    rules: tuple[tuple[int, str, bool], ...] = ()
    """(number of the rule, severity, does it name a code of a denied line)."""


def denial_of(remit: Remit) -> Denial | None:
    """What a remittance denies; None where it pays, or leaves to the patient what it does not."""
    if remit.status == DENIED or _refused(remit.charge, remit.paid, (*remit.adjustments, *_of_lines(remit))):
        reasons = _reasons((*remit.adjustments, *_of_lines(remit)))
        return Denial(reasons, remit.charge, tuple(sorted(map(_code, remit.lines))), whole=True)
    lines = [each for each in remit.lines if _refused(each.charge, each.paid, each.adjustments)]
    if not lines:
        return None
    reasons = _reasons(adjustment for each in lines for adjustment in each.adjustments)
    return Denial(reasons, sum(each.charge for each in lines), tuple(sorted(map(_code, lines))), whole=False)


def _refused(charge: float, paid: float, adjustments: Sequence[Adjustment]) -> bool:
    owed = sum(each.amount for each in adjustments if each.group == PATIENT)
    return charge > _CENT and abs(paid) < _CENT and bool(adjustments) and owed < charge - _CENT


def _of_lines(remit: Remit) -> Iterator[Adjustment]:
    return (each for line in remit.lines for each in line.adjustments)


def _reasons(adjustments: Iterable[Adjustment]) -> tuple[tuple[str, str], ...]:
    return tuple(sorted({(each.group, each.reason) for each in adjustments if each.group != PATIENT}))


def _code(line: RemitLine) -> str:
    return (line.submitted or line.code).strip().upper()


@dataclass
class Backtest:
    """Gathers, while a scan runs, what its rules said of the claims that have remittances."""

    NAME = "remits"

    remits: dict[str, Remit]
    read: int
    files: list[dict[str, Any]]
    matched: dict[str, Matched] = field(default_factory=dict)
    scanned: int = 0

    @classmethod
    def of_files(cls, files: Sequence[Path], on_error: str = "stop") -> Backtest:
        """Read all remittances. Errors: `InputError` for a file that is no 835, or with "stop" a refused record."""
        kept: dict[str, Remit] = {}
        read, told = 0, []
        for path in files:
            remits, rejects, records = read_remits(path, on_error)
            read += len(remits)
            told.append(
                {"file": str(path), "remittances": len(remits), "rejected": len(rejects), "notes": list(records.notes)}
            )
            for each in remits:
                if each.status != REVERSAL and _later(each, kept.get(each.claim)):
                    kept[each.claim] = each
        return cls(kept, read, told)

    def take(self, checked: Checked) -> None:
        """The claims of a chunk that have remittances, with their findings."""
        batch, found = checked.batch, checked.found
        self.scanned += len(batch)
        names = [batch.name(at) for at in range(len(batch))] if self.remits else []
        starts = np.searchsorted(found.claim, np.arange(len(batch) + 1)) if names else None
        for at, name in enumerate(names):
            remit = self.remits.get(name or "")
            if remit is None or name is None or starts is None:
                continue
            denial = denial_of(remit)
            rules = []
            for row in range(int(starts[at]), int(starts[at + 1])):
                codes = found.codes[int(found.offsets[row]) : int(found.offsets[row + 1])].tolist()
                named = denial is not None and any(undotted(found.texts[each]) in denial.codes for each in codes)
                rules.append((int(found.rule[row]), SEVERITIES[int(found.rank[row])], named))
            self.matched[name] = Matched(denial, tuple(rules))

    def summary(self, rules: Sequence[Rule]) -> dict[str, Any]:
        """Precision of each rule, denials by reason with the rules that would have caught them, and the rest."""
        denied = {name: each for name, each in self.matched.items() if each.denial}
        caught = {name for name, each in denied.items() if _held_back(each)}
        return {
            "files": self.files,
            "remittances": self.read,
            "claims": {
                "scanned": self.scanned,
                "with_remittance": len(self.matched),
                "denied": len(denied),
                "denied_amount": round(sum(each.denial.amount for each in denied.values() if each.denial), 2),
                "caught": len(caught),
                "caught_amount": round(sum(each.denial.amount for n in caught if (each := denied[n]).denial), 2),
            },
            "remittances_without_claim": len(self.remits.keys() - self.matched.keys()),
            "rules": self._by_rule(rules),
            "reasons": _by_reason(denied, caught, rules),
            "counting": "a denial counts as caught when a finding of severity error or warning stands on its claim",
        }

    def _by_rule(self, rules: Sequence[Rule]) -> list[dict[str, Any]]:
        flagged: Counter[tuple[int, str]] = Counter()
        right: Counter[tuple[int, str]] = Counter()
        naming: Counter[tuple[int, str]] = Counter()
        for each in self.matched.values():
            said = {(rule, severity) for rule, severity, _ in each.rules}
            flagged.update(said)
            if each.denial:
                right.update(said)
                naming.update({(rule, severity) for rule, severity, named in each.rules if named})
        order = sorted(flagged, key=lambda key: (-right[key] / flagged[key], -flagged[key], key))
        return [
            {
                "rule": rules[key[0]].name,
                "code": rules[key[0]].code,
                "severity": key[1],
                "claims": flagged[key],
                "denied": right[key],
                "naming_a_denied_line": naming[key],
                "precision": round(right[key] / flagged[key], 4),
            }
            for key in order
        ]

    # ---- a scan that is left and gone on with -------------------------------------------------------

    def as_state(self) -> dict[str, Any]:
        """Everything that a scan has gathered, as JSON can hold it; denials are read again."""
        return {"scanned": self.scanned, "matched": {name: each.rules for name, each in self.matched.items()}}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on from `as_state`."""
        self.scanned = state["scanned"]
        for name, said in state["matched"].items():
            remit = self.remits.get(name)
            if remit is not None:
                self.matched[name] = Matched(denial_of(remit), tuple((each[0], each[1], each[2]) for each in said))


def _by_reason(denied: Mapping[str, Matched], caught: set[str], rules: Sequence[Rule]) -> list[dict[str, Any]]:
    counts: Counter[tuple[str, str]] = Counter()
    amounts: defaultdict[tuple[str, str], float] = defaultdict(float)
    held: Counter[tuple[str, str]] = Counter()
    by: defaultdict[tuple[str, str], Counter[int]] = defaultdict(Counter)
    for name, each in denied.items():
        assert each.denial is not None  # noqa: S101 - only denials are given
        for reason in each.denial.reasons or (("", ""),):
            counts[reason] += 1
            amounts[reason] += each.denial.amount
            held[reason] += name in caught
            by[reason].update({rule for rule, severity, _ in each.rules if severity in _COUNTING})
    return [
        {
            "group": reason[0] or None,
            "reason": reason[1] or None,
            "denials": number,
            "amount": round(amounts[reason], 2),
            "caught": held[reason],
            "by": [{"rule": rules[rule].name, "denials": times} for rule, times in by[reason].most_common()],
        }
        for reason, number in sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    ]


def _held_back(each: Matched) -> bool:
    return any(severity in _COUNTING for _, severity, _ in each.rules)


def _later(one: Remit, other: Remit | None) -> bool:
    return other is None or (one.paid_on or date.min) >= (other.paid_on or date.min)
