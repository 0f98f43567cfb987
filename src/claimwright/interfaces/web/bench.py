"""The workbench's answer to one claim: findings beside its lines, grouping, scores, coverage and questions."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple, TypeVar

from claimwright.claims.fixed import with_fix
from claimwright.engine import Engine
from claimwright.errors import ClaimwrightError
from claimwright.model import (
    Claim,
    Coverage,
    Finding,
    Fix,
    GroupReport,
    Questions,
    Report,
    RiskOverview,
    RiskResult,
    Setting,
    dotted,
    undotted,
)

T = TypeVar("T")

MOST_TITLES = 60
"""Lines and procedures of a claim whose titles are looked up."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A finding with its key, and what a button does that applies its fix (empty: no button may).

    `choose`: the codes among which the record decides, where the fix leaves a choice.
    """

    finding: Finding
    key: str
    applies: str
    choose: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Spot:
    """A diagnosis, procedure or line of the claim (or the claim itself, position 0) with its findings.

    `also` are findings that stand at another spot and concern this one too.
    """

    kind: str
    position: int
    code: str
    title: str | None
    detail: str
    shown: tuple[Shown, ...]
    also: tuple[Shown, ...]


@dataclass(frozen=True, slots=True)
class Bench:
    """Everything the workbench says of a claim; a part that cannot be given has its sentence in `problems`."""

    claim: Claim
    report: Report
    spots: tuple[Spot, ...]
    drg: GroupReport | None
    risk: tuple[RiskResult, ...]
    unmapped: tuple[str, ...]
    coverage: Coverage | None
    questions: Questions | None
    problems: dict[str, str] = field(default_factory=dict)

    def counts(self) -> dict[str, int]:
        """Findings by severity."""
        listed = [each.severity.value for each in self.report.findings]
        return {name: listed.count(name) for name in ("error", "warning", "info")}


def bench_of(engine: Engine, claim: Claim, day: date) -> Bench:
    """The answers of the engine to one claim; `day` is its date of service if it carries none.

    Errors: those of `Engine.check`; what grouping, scores, coverage and questions refuse becomes a sentence.
    """
    report = engine.check(claim, day)
    problems: dict[str, str] = {}
    drg = None
    if claim.setting is Setting.INPATIENT:
        drg = _tried("drg", problems, lambda: engine.group(claim, day))
    risk = _tried("risk", problems, lambda: engine.risk(claim, day=day))
    coverage = _tried("coverage", problems, lambda: engine.cover(claim, day=day)) if claim.lines else None
    questions = _tried("questions", problems, lambda: engine.query(claim, day))
    results: tuple[RiskResult, ...] = ()
    unmapped: tuple[str, ...] = ()
    if isinstance(risk, RiskOverview):
        results, unmapped = risk.results, tuple(each.code for each in risk.unmapped)
    return Bench(claim, report, spots_of(engine, claim, report), drg, results, unmapped, coverage, questions, problems)


def _tried(name: str, problems: dict[str, str], answer: Callable[[], T]) -> T | None:
    try:
        return answer()
    except ClaimwrightError as error:
        problems[name] = str(error)
        return None


def key_of(finding: Finding) -> str:
    """What a button calls a finding: the same for the same finding of the same claim."""
    places = [(each.kind, each.position, each.code) for each in finding.at]
    return hashlib.sha256(repr((finding.rule, places, finding.message)).encode()).hexdigest()[:16]


def shown_of(claim: Claim, finding: Finding) -> Shown:
    """A finding with what can be done about it."""
    applies = _does(finding.fix) if with_fix(claim, finding) else ""
    choose: tuple[str, ...] = ()
    if not applies:
        choose = (*(new for options in finding.fix.replace.values() for new in options), *finding.fix.add)
    return Shown(finding, key_of(finding), applies, choose)


def _does(fix: Fix) -> str:
    """What applying a fix does, in the words of a button."""
    parts = [f"{old} becomes {new[0]}" for old, new in fix.replace.items() if new]
    gone = (*fix.remove, *(old for old, new in fix.replace.items() if not new))
    if gone:
        parts.append(f"remove {', '.join(gone)}")
    if fix.add:
        parts.append(f"add {', '.join(fix.add)}")
    if fix.reorder:
        parts.append(f"order {', '.join(fix.reorder[:6])}{'…' if len(fix.reorder) > 6 else ''}")
    return "; ".join(parts)


def spots_of(engine: Engine, claim: Claim, report: Report) -> tuple[Spot, ...]:
    """The claim line by line, each finding at the first place it names."""
    at: dict[tuple[str, int], list[Shown]] = {}
    also: dict[tuple[str, int], list[Shown]] = {}
    listed = _listed(engine, claim, report.date_of_service)
    known = {(kind, position) for kind, position, *_ in listed}
    for finding in report.findings:
        shown = shown_of(claim, finding)
        places = [(each.kind, each.position) for each in finding.at if (each.kind, each.position) in known]
        first, *others = places or [("claim", 0)]
        at.setdefault(first, []).append(shown)
        for other in dict.fromkeys(others):
            if other != first:
                also.setdefault(other, []).append(shown)
    spots = [Spot(*each, tuple(at.get(each[:2], ())), tuple(also.get(each[:2], ()))) for each in listed]
    general = at.get(("claim", 0), [])
    whole = [Spot("claim", 0, "", None, "", tuple(general), ())] if general else []
    return (*whole, *spots)


_Listed = tuple[str, int, str, str | None, str]


def _listed(engine: Engine, claim: Claim, day: date) -> list[_Listed]:
    """Kind, position, code, title and what else the claim says of it, in the order of the claim."""
    book = engine.book
    out: list[_Listed] = []
    for number, diagnosis in enumerate(claim.diagnoses, 1):
        poa = f"POA {diagnosis.poa}" if diagnosis.poa else ""
        out.append(
            ("diagnosis", number, dotted(undotted(diagnosis.code)), book.title(undotted(diagnosis.code), day), poa)
        )
    for number, procedure in enumerate(claim.procedures, 1):
        when = f"on {procedure.date}" if procedure.date else ""
        out.append(("procedure", number, procedure.code.upper(), _title(engine, procedure.code, day, number), when))
    for number, line in enumerate(claim.lines, 1):
        parts = [
            f"modifier {' '.join(line.modifiers)}" if line.modifiers else "",
            f"{line.units:g} unit{'' if line.units == 1 else 's'}",
            f"on {line.date}" if line.date else "",
            f"for diagnosis {', '.join(map(str, line.pointers))}" if line.pointers else "",
        ]
        title = _title(engine, line.code, day, number)
        out.append(("line", number, line.code.upper(), title, "; ".join(filter(None, parts))))
    return out


def _title(engine: Engine, code: str, day: date, number: int) -> str | None:
    if number > MOST_TITLES:
        return None
    try:
        return engine.book.show(code, day).title
    except ClaimwrightError:
        return None


class Moved(NamedTuple):
    """Something that a fix changed: what it is, before, and after."""

    what: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Change:
    """What the fix of one finding changed, from one answer of the workbench to the next."""

    rule: str
    say: str
    cleared: tuple[Finding, ...]
    arisen: tuple[Finding, ...]
    moved: tuple[Moved, ...]
    same: tuple[str, ...]
    unpointed: tuple[int, ...]


def change_of(before: Bench, after: Bench, finding: Finding, unpointed: Sequence[int]) -> Change:
    """Findings cleared and arisen, and verdict, codes, DRG, scores and coverage before and after."""
    had, have = ({_identity(each): each for each in bench.report.findings} for bench in (before, after))
    pairs = [
        Moved("Diagnoses", _codes(before.claim), _codes(after.claim)),
        Moved("Verdict", before.report.verdict.value, after.report.verdict.value),
    ]
    if before.claim.setting is Setting.INPATIENT:
        pairs.append(Moved("MS-DRG", _drg(before), _drg(after)))
    scores = ({each.model: _score(each) for each in bench.risk} for bench in (before, after))
    pairs += _aligned("Risk score", *scores)
    verdicts = (
        {each.policy: each.verdict.value for each in (bench.coverage.answers if bench.coverage else ())}
        for bench in (before, after)
    )
    pairs += _aligned("Coverage", *verdicts)
    return Change(
        rule=finding.rule,
        say=finding.fix.say,
        cleared=tuple(each for key, each in had.items() if key not in have),
        arisen=tuple(each for key, each in have.items() if key not in had),
        moved=tuple(each for each in pairs if each.before != each.after),
        same=tuple(f"{each.what} {each.after}" for each in pairs if each.before == each.after and each.after),
        unpointed=tuple(unpointed),
    )


def _aligned(what: str, before: dict[str, str], after: dict[str, str]) -> list[Moved]:
    return [Moved(f"{what} {name}", before.get(name, "none"), after.get(name, "none")) for name in {**before, **after}]


def _identity(finding: Finding) -> tuple[str, tuple[str, ...], str]:
    """A finding without its positions, which a fix may move."""
    return (finding.rule, tuple(sorted(each.code for each in finding.at)), finding.severity.value)


def _codes(claim: Claim) -> str:
    return ", ".join(dotted(undotted(each.code)) for each in claim.diagnoses)


def _drg(bench: Bench) -> str:
    if bench.drg is None:
        return "not grouped"
    return f"{bench.drg.drg} {bench.drg.title or ''}".strip() if bench.drg.drg else "not decided"


def _score(result: RiskResult) -> str:
    return "no score" if result.score is None else f"{result.score:.3f}"
