"""What a report of a scan shows beside its summary: findings by month and by provider, money, and examples.

Counted chunk by chunk, so that it costs no memory of its own; each rule keeps its first few findings with
the words of `check`.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt

from claimwright.batch.answer import Checked
from claimwright.batch.findings import SEVERITIES, Findings
from claimwright.batch.tally import asks
from claimwright.claims.batch import EPOCH, ClaimBatch
from claimwright.edits.registry import Rule
from claimwright.engine import Engine
from claimwright.model import Severity, plain

EXAMPLES = 3
"""Findings that each rule keeps, by severity."""

PROVIDERS = 25
"""Providers that a report shows, those with the most failing claims."""

_ERROR = SEVERITIES.index(Severity.ERROR.value)
_RANKS = len(SEVERITIES)


@dataclass
class Survey:
    """Counts of one scan. Months are `YYYY-MM` of the date that decides; a provider is named as the claims do."""

    NAME = "report"

    engine: Engine
    as_of: date | None = None
    months: defaultdict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    providers: defaultdict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    money: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))
    examples: defaultdict[str, list[dict[str, Any]]] = field(default_factory=lambda: defaultdict(list))

    def take(self, checked: Checked) -> None:
        """Count a chunk."""
        batch, found = checked.batch, checked.found
        if not len(batch):
            return
        worst = _worst(found, len(batch))
        self._by_month(batch, worst)
        self._by_provider(batch, worst)
        self._by_rule(batch, found)
        self._keep(checked)

    def _by_month(self, batch: ClaimBatch, worst: npt.NDArray[np.int64]) -> None:
        month = batch.day.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
        first = int(month.min())
        table = np.bincount((month - first) * (_RANKS + 1) + worst).tolist()
        for at, number in enumerate(table):
            if number:
                place, rank = divmod(at, _RANKS + 1)
                year, rest = divmod(first + place, 12)
                self.months[f"{1970 + year}-{rest + 1:02d}"][_word(rank)] += number

    def _by_provider(self, batch: ClaimBatch, worst: npt.NDArray[np.int64]) -> None:
        if batch.claims is None and batch.providers is None:
            return
        for at, rank in enumerate(worst.tolist()):
            name = batch.provider(at)
            if name is not None:
                self.providers[name][_word(rank)] += 1

    def _by_rule(self, batch: ClaimBatch, found: Findings) -> None:
        """What the claims ask for on which a rule found an error, each claim once for a rule."""
        asked = asks(batch)
        if asked is None:
            return
        errors = found.rank == _ERROR
        pairs = np.unique(found.claim[errors] * 4096 + found.rule[errors])
        sums = asked[pairs // 4096]
        for rule, amount in zip((pairs % 4096).tolist(), sums.tolist(), strict=True):
            if np.isfinite(amount):
                self.money[str(rule)] += amount

    def _keep(self, checked: Checked) -> None:
        found = checked.found
        pair = found.rule.astype(np.int64) * _RANKS + found.rank
        for each in np.unique(pair).tolist():
            held = self.examples[str(each)]
            if len(held) < EXAMPLES:
                for at in np.flatnonzero(pair == each)[: EXAMPLES - len(held)].tolist():
                    held.append(self._example(checked, at))

    def _example(self, checked: Checked, at: int) -> dict[str, Any]:
        """A finding with its claim's name and place, and with the words of `check` where it says the same."""
        batch, found = checked.batch, checked.found
        claim = int(found.claim[at])
        first, last = int(found.offsets[at]), int(found.offsets[at + 1])
        positions = found.positions[first:last].tolist()
        out: dict[str, Any] = {
            "claim": batch.name(claim),
            "file": checked.table.column("file")[at].as_py(),
            "record": int(checked.records[claim]),
            "day": (EPOCH + timedelta(days=int(batch.day[claim]))).isoformat(),
            "codes": [found.texts[each] for each in found.codes[first:last].tolist()],
            "positions": positions,
        }
        number, rank = int(found.rule[at]), int(found.rank[at])
        report = self.engine.check(batch.claim(claim), as_of=self.as_of)
        names = list(self.engine.rules.values())
        for each in report.findings:
            same = each.rule == names[number].name and each.severity.value == SEVERITIES[rank]
            if same and [place.position for place in each.at] == positions:
                out |= {"message": each.message, "because": plain(each.because), "fix": each.fix.say}
                break
        return out

    def result(self, rules: Sequence[Rule]) -> dict[str, Any]:
        """For a report: months in order, providers with the most failing claims, rules with money and examples."""
        words = (*SEVERITIES, "none")
        busiest = sorted(self.providers.items(), key=lambda item: (-item[1]["error"], -item[1]["warning"], item[0]))
        return {
            "months": [
                {"month": month, **{word: self.months[month][word] for word in words}} for month in sorted(self.months)
            ],
            "providers": [
                {"provider": name, **{word: counts[word] for word in words}} for name, counts in busiest[:PROVIDERS]
            ],
            "providers_in_all": len(self.providers),
            "money": {rules[int(rule)].name: round(amount, 2) for rule, amount in self.money.items()},
            "examples": [
                {"rule": rules[int(key) // _RANKS].name, "severity": SEVERITIES[int(key) % _RANKS], "findings": held}
                for key, held in sorted(self.examples.items(), key=lambda item: int(item[0]))
            ],
        }

    def as_state(self) -> dict[str, Any]:
        """Everything, as JSON can hold it."""
        return {
            "months": self.months,
            "providers": self.providers,
            "money": self.money,
            "examples": self.examples,
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on from `as_state`."""
        for name in ("months", "providers"):
            held: defaultdict[str, Counter[str]] = getattr(self, name)
            held.update({key: Counter(counts) for key, counts in state[name].items()})
        self.money.update(state["money"])
        self.examples.update(state["examples"])


def _worst(found: Findings, claims: int) -> npt.NDArray[np.int64]:
    """The rank of the worst finding of each claim; one more than the last rank for none."""
    out = np.full(claims, _RANKS, dtype=np.int64)
    for rank in range(_RANKS - 1, -1, -1):
        out[found.claim[found.rank == rank]] = rank
    return out


def _word(rank: int) -> str:
    return SEVERITIES[rank] if rank < _RANKS else "none"
