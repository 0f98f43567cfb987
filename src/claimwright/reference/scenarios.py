"""Scenarios of a code: small claims made from its official notes, each judged by the rules themselves.

A note that names other codes gives a claim with the code and the first billable code that the note means.
What such a claim is worth is what `Engine.check` says of it: nothing is decided here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from claimwright.book.linking import first_billable
from claimwright.model import Finding, Severity

if TYPE_CHECKING:
    from claimwright.book.record import CodeRecord
    from claimwright.engine import Engine

MOST = 10
"""Scenarios of a page."""
_MOST_OF_A_KIND = 4
_ORDER = ("excludes1", "excludes2", "codeFirst", "useAdditionalCode", "codeAlso")
_KINDS = {
    "excludes1": "Excludes1",
    "excludes2": "Excludes2",
    "codeFirst": "Code first",
    "useAdditionalCode": "Use additional code",
    "codeAlso": "Code also",
}
_BROAD = ("chapter", "block")


@dataclass(frozen=True, slots=True)
class Scenario:
    """A claim with two codes, in the order given, and what the rules find on it.

    `note` is the official note that suggested it, with its kind in words and its holder.
    """

    codes: tuple[str, ...]
    titles: tuple[str, ...]
    setting: str
    kind: str
    note: str
    holder: str
    findings: tuple[Finding, ...]

    @property
    def severity(self) -> str:
        """The worst of its findings, `clear` when there is none."""
        return min((each.severity for each in self.findings), key=lambda each: each.rank).value if self.findings else ""


@dataclass(frozen=True, slots=True)
class _Draft:
    codes: tuple[str, ...]
    titles: tuple[str, ...]
    kind: str
    note: str
    holder: str


def scenarios(engine: Engine, record: CodeRecord) -> tuple[Scenario, ...]:
    """The scenarios of a diagnosis that is billable on the record's day; none for anything else."""
    if not record.billable or record.kind != "code":
        return ()
    drafts = list(_drafts(engine, record))
    claims = [
        {"id": str(number), "setting": "professional", "service_from": record.date.isoformat(), "diagnoses": each.codes}
        for number, each in enumerate(drafts)
    ]
    reports = engine.check_all([{**each, "diagnoses": list(each["diagnoses"])} for each in claims])
    out = []
    for draft, report in zip(drafts, reports, strict=True):
        found = tuple(each for each in report.findings if _about(each, draft.codes))
        out.append(Scenario(draft.codes, draft.titles, "professional", draft.kind, draft.note, draft.holder, found))
    return tuple(out)


def _about(finding: Finding, codes: tuple[str, ...]) -> bool:
    """Is the finding about the two together, and not one that either has alone?"""
    places = {each.code for each in finding.at}
    return len(places) > 1 or finding.rule in _TOGETHER


_TOGETHER = frozenset(("code-first", "combination-code", "moved-reference", "symptom-principal", "symptom-integral"))


def _drafts(engine: Engine, record: CodeRecord) -> Iterator[_Draft]:
    seen: set[str] = set()
    for kind in _ORDER:
        of_kind = 0
        for text, holder, partner in _partners(engine, record, kind):
            if partner[0] in seen or partner[0] == record.code:
                continue
            seen.add(partner[0])
            yield _draft(record, kind, text, holder, partner)
            of_kind += 1
            if of_kind == _MOST_OF_A_KIND or len(seen) == MOST:
                break
        if len(seen) == MOST:
            return


def _draft(record: CodeRecord, kind: str, text: str, holder: str, partner: tuple[str, str]) -> _Draft:
    """The code comes first, except before one that must follow another."""
    own = (record.code, record.title or "")
    pair = (partner, own) if kind == "codeFirst" else (own, partner)
    return _Draft((pair[0][0], pair[1][0]), (pair[0][1], pair[1][1]), _KINDS[kind], text, holder)


def _partners(engine: Engine, record: CodeRecord, kind: str) -> Iterator[tuple[str, str, tuple[str, str]]]:
    """(note, holder, (code, title)) of codes that notes of this kind name; notes elsewhere count both ways."""
    for note in record.notes:
        if note.kind == kind and note.level not in _BROAD:
            yield from _meant(engine, note.text, note.holder, note.targets, record.date)
    if kind not in ("excludes1", "excludes2"):
        return
    for each in record.reverse_notes:
        if each.kind == kind and each.level not in _BROAD:
            yield from _meant(engine, each.text, each.holder, (each.holder,), record.date)


def _meant(
    engine: Engine, text: str, holder: str, targets: tuple[str, ...], day: date
) -> Iterator[tuple[str, str, tuple[str, str]]]:
    for target in targets[:2]:
        found = first_billable(engine.book, target, day)
        if found:
            yield text, holder, found


def worst(scenario: Scenario) -> int:
    """The order of a page: errors first, then warnings, information, and what is clear."""
    return min((each.severity.rank for each in scenario.findings), default=len(Severity))
