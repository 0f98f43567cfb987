"""What a scan has counted so far."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from claimwright.batch.findings import SEVERITIES, Findings
from claimwright.batch.unanswered import Lacking, notes_unread
from claimwright.claims.batch import ClaimBatch
from claimwright.claims.readers import COUNTED_NOTES as NOTES
from claimwright.edits.registry import Rule
from claimwright.model import NotEvaluated

_ERROR, _WARNING = SEVERITIES.index("error"), SEVERITIES.index("warning")


@dataclass
class FileTally:
    """Records of one file: read = accepted + rejected; `counts` are the reader's own; `refused` why the file
    could not be read, or not to its end; `notes` what the reader has to say."""

    file: str
    format: str
    accepted: int = 0
    rejected: int = 0
    counts: dict[str, int] = field(default_factory=dict)
    refused: str = ""
    notes: list[str] = field(default_factory=list)

    def join(self, other: FileTally, whole: bool) -> None:
        """Add another part of the same file; `whole`: the counters of either part are of the whole file."""
        self.accepted, self.rejected = self.accepted + other.accepted, self.rejected + other.rejected
        for name, number in other.counts.items():
            own = self.counts.get(name, 0)
            self.counts[name] = max(own, number) if whole else own + number
        self.refused = self.refused or other.refused
        self.notes += [each for each in other.notes if each not in self.notes]

    def as_json(self) -> dict[str, Any]:
        """For the summary."""
        read = self.accepted + self.rejected
        return {
            "file": self.file,
            "format": self.format,
            "read": read,
            "accepted": self.accepted,
            "rejected": self.rejected,
            "counts": self.counts,
            "refused": self.refused or None,
            "notes": self.notes,
        }


@dataclass
class Tally:
    """Counts over all files. `found` by (rule, severity); money only of claims that state what they ask for."""

    files: list[FileTally] = field(default_factory=list)
    verdicts: dict[str, int] = field(default_factory=lambda: {"fail": 0, "review": 0, "pass": 0})
    found: dict[tuple[int, int], int] = field(default_factory=dict)
    priced: int = 0
    charges: float = 0.0
    at_risk: float = 0.0
    lacking: Lacking = field(default_factory=Counter)

    @property
    def claims(self) -> int:
        """Claims checked."""
        return sum(each.accepted for each in self.files)

    @property
    def errors(self) -> int:
        """Findings that are errors."""
        return sum(number for (_, rank), number in self.found.items() if rank == _ERROR)

    def add(self, batch: ClaimBatch, findings: Findings, lacking: Lacking) -> None:
        """Count the findings of a batch, and what could not be asked."""
        self.lacking.update(lacking)
        pair = findings.rule * np.int16(len(SEVERITIES)) + findings.rank
        for at, number in enumerate(np.bincount(pair).tolist()):
            if number:
                key = divmod(at, len(SEVERITIES))
                self.found[key] = self.found.get(key, 0) + number
        # The findings of a claim stand together, the gravest first.
        first = np.ones(len(findings), dtype=np.bool_)
        np.not_equal(findings.claim[1:], findings.claim[:-1], out=first[1:])
        failing = (findings.rank == _ERROR) & first
        fail, review = (int(np.count_nonzero(each)) for each in (failing, (findings.rank == _WARNING) & first))
        for name, number in (("fail", fail), ("review", review), ("pass", len(batch) - fail - review)):
            self.verdicts[name] += number
        asked = asks(batch)
        if asked is not None:
            stated = np.isfinite(asked)
            self.priced += int(stated.sum())
            self.charges += float(asked[stated].sum())
            failed = np.zeros(len(batch), dtype=np.bool_)
            failed[findings.claim[failing]] = True
            self.at_risk += float(asked[stated & failed].sum())

    def join(self, other: Tally) -> None:
        """Add what was counted elsewhere, but for its files."""
        self.lacking.update(other.lacking)
        for name, number in other.verdicts.items():
            self.verdicts[name] += number
        for key, number in other.found.items():
            self.found[key] = self.found.get(key, 0) + number
        self.priced, self.charges = self.priced + other.priced, self.charges + other.charges
        self.at_risk += other.at_risk

    def summary(self, rules: Sequence[Rule]) -> dict[str, Any]:
        """For people and machines: rules in order of severity and number of findings."""
        order = sorted(self.found.items(), key=lambda item: (item[0][1], -item[1], item[0][0]))
        return {
            "claims": self.claims,
            "verdicts": self.verdicts,
            "findings": sum(self.found.values()),
            "rules": [
                {
                    "rule": rules[rule].name,
                    "code": rules[rule].code,
                    "severity": SEVERITIES[rank],
                    "findings": number,
                }
                for (rule, rank), number in order
            ],
            "charges": {
                "claims": self.priced,
                "stated": round(self.charges, 2),
                "at_risk": round(self.at_risk, 2),
            }
            if self.priced
            else None,
            "not_evaluated": self._not_evaluated(rules),
            "files": [each.as_json() for each in self.files],
        }

    def _not_evaluated(self, rules: Sequence[Rule]) -> list[dict[str, Any]]:
        """What could not be asked, of how many claims, the most first; as `check` has it, with the number."""
        noted = sum(number for file in self.files for name, number in file.counts.items() if name in NOTES)
        lacking = self.lacking + notes_unread(rules, noted)
        order = sorted(lacking.items(), key=lambda item: (-item[1], item[0].rule, item[0].missing, item[0].how))
        return [
            {"rule": each.rule, "missing": each.missing, "how": each.how, "claims": number} for each, number in order
        ]

    def as_state(self) -> dict[str, Any]:
        """Everything, as JSON can hold it."""
        return {
            "files": [vars(each) for each in self.files],
            "verdicts": self.verdicts,
            "found": [[*key, number] for key, number in self.found.items()],
            "money": [self.priced, self.charges, self.at_risk],
            "lacking": [[each.rule, each.missing, each.how, number] for each, number in self.lacking.items()],
        }


def tally_of(state: dict[str, Any]) -> Tally:
    """The tally that `as_state` wrote down."""
    found = {(rule, rank): number for rule, rank, number in state["found"]}
    priced, charges, at_risk = state["money"]
    files = [FileTally(**each) for each in state["files"]]
    lacking = Counter({NotEvaluated(*each): number for *each, number in state["lacking"]})
    return Tally(files, state["verdicts"], found, priced, charges, at_risk, lacking)


def asks(batch: ClaimBatch) -> npt.NDArray[np.float64] | None:
    """What each claim asks for: its own total, else the sum of its lines; NaN where neither is stated."""
    lines: npt.NDArray[np.float64] | None = None
    if batch.charges is not None and len(batch.charges):
        owner = np.repeat(np.arange(len(batch)), np.diff(batch.line_offsets))
        stated = np.isfinite(batch.charges)
        sums = np.bincount(owner[stated], weights=batch.charges[stated], minlength=len(batch)).astype(np.float64)
        sums[np.bincount(owner[stated], minlength=len(batch)) == 0] = np.nan
        lines = sums
    if batch.totals is None:
        return lines
    return batch.totals if lines is None else np.where(np.isfinite(batch.totals), batch.totals, lines)
