"""Two codes side by side: what they share, what they say of each other, and what the rules make of both."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from claimwright.model import Finding

if TYPE_CHECKING:
    from claimwright.book.record import CodeRecord, NoteRecord
    from claimwright.engine import Engine


@dataclass(frozen=True, slots=True)
class Comparison:
    """`findings` are about the two together, on one professional claim that holds both, in both orders.

    `shared` are notes that apply to both, `only` those of either one alone. `judged` is False where a claim
    cannot hold both (a header, a procedure code).
    """

    left: CodeRecord
    right: CodeRecord
    shared: tuple[NoteRecord, ...]
    only: tuple[tuple[NoteRecord, ...], tuple[NoteRecord, ...]]
    findings: tuple[Finding, ...]
    judged: bool

    @property
    def excluded(self) -> str:
        """`no` when nothing keeps them apart, `yes`, or `open` when official notes oppose each other."""
        severities = {each.severity.value for each in self.findings if each.rule == "excludes1-conflict"}
        return "yes" if "error" in severities else "open" if severities else "no"


def compare(engine: Engine, left: CodeRecord, right: CodeRecord) -> Comparison:
    """Compare two records of one day."""
    judged = left.kind == right.kind == "code" and left.code != right.code
    ours, theirs = ({_key(each): each for each in one.notes if not _described(each)} for one in (left, right))
    return Comparison(
        left=left,
        right=right,
        shared=tuple(each for key, each in ours.items() if key in theirs),
        only=(
            tuple(each for key, each in ours.items() if key not in theirs),
            tuple(each for key, each in theirs.items() if key not in ours),
        ),
        findings=_findings(engine, left, right) if judged else (),
        judged=judged,
    )


def _key(note: NoteRecord) -> tuple[str, str, str]:
    return note.kind, note.text, note.holder


def _described(note: NoteRecord) -> bool:
    """Seventh-character sentences and inclusion terms describe one code and compare nothing."""
    return note.kind in ("inclusionTerm", "sevenChrNote")


def _findings(engine: Engine, left: CodeRecord, right: CodeRecord) -> tuple[Finding, ...]:
    orders = ([left.code, right.code], [right.code, left.code])
    claims = [
        {"id": "", "setting": "professional", "service_from": left.date.isoformat(), "diagnoses": order}
        for order in orders
    ]
    found: dict[tuple[str, frozenset[str]], Finding] = {}
    for report in engine.check_all(claims):
        for each in report.findings:
            codes = frozenset(place.code for place in each.at)
            if len(codes) > 1:
                found.setdefault((each.rule, codes), each)
    return tuple(found.values())
