"""The MS-DRG of one claim with its reasons: what counted, what did not, what one change would give."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property

from claimwright.book import msdrg
from claimwright.book.store import Book
from claimwright.grouping.cases import (
    Assumption,
    assumptions,
    case_of,
    deciding,
    in_words,
    missing,
    need_inpatient,
    with_diagnoses,
    with_pair,
)
from claimwright.grouping.changes import MOST, Change, changes
from claimwright.grouping.protocol import NO_DRG, UNGROUPABLE, Case, DiagnosisResult, Grouped, Grouper, Stage, Version
from claimwright.grouping.words import HAC_OUTCOMES, hac_state, returned, why_principal, why_secondary
from claimwright.model import Claim, Diagnosis, EditionUsed, Finding, NotEvaluated, dotted, undotted
from claimwright.model.grouping import (
    Alternative,
    Assumed,
    DrgStage,
    GroupedDiagnosis,
    GroupedProcedure,
    GrouperUsed,
    GroupReport,
    HacRecord,
    Returned,
    Undetermined,
)

_WEIGHTS_HOW = "claimwright data add msdrg-weights FILE (CMS IPPS final rule, Table 5, of the fiscal year)"
_SPLIT = ("MCC", "CC")


def explain(
    claim: Claim, day: date, book: Book, grouper: Grouper, findings: Sequence[Finding], version: Version | None = None
) -> GroupReport:
    """The report of an inpatient claim discharged on `day`.

    `findings` are those of `check`: their fixes are tried. Errors: `InputError` for another setting,
    `EditionMissing` when no version of the grouper covers the day.
    """
    need_inpatient(claim)
    used = version or grouper.version_on(day)
    ways = assumptions(claim)
    cases = [case_of(claim, used.number, way) for way in ways]
    answers = grouper.group(cases)
    return _Explanation(claim, day, book, grouper, used, ways, cases, answers).report(findings)


@dataclass(frozen=True)
class _Explanation:
    """A claim, grouped under every assumption it leaves open."""

    claim: Claim
    day: date
    book: Book
    grouper: Grouper
    version: Version
    ways: tuple[Assumption, ...]
    cases: list[Case]
    answers: list[Grouped]
    titles: dict[tuple[str, int], str | None] = field(default_factory=dict)
    weights: dict[int, msdrg.Weight | None] = field(default_factory=dict)

    @property
    def answer(self) -> Grouped:
        """The answer under the first assumption: the only one, unless the claim is silent on something."""
        return self.answers[0]

    @cached_property
    def decided(self) -> bool:
        """Do all assumptions lead to one answer?"""
        return len({(each.final.drg, each.final.mdc, each.returned) for each in self.answers}) == 1

    @cached_property
    def lacking(self) -> tuple[str, ...]:
        """What the claim does not say and the DRG does depend on."""
        return deciding(self.ways, [(each.final.drg, each.final.mdc, each.returned) for each in self.answers])

    def report(self, findings: Sequence[Finding]) -> GroupReport:
        """Everything of the claim."""
        final = self.stage(self.answer.final) if self.decided else None
        drg = self.answer.final.drg if self.decided else 0
        table = self.weight(drg) if drg else None
        alternatives, left_open = self.alternatives(findings) if self.decided else ((), ())
        fragile = self.fragile(alternatives)
        return GroupReport(
            claim=self.claim.id,
            discharge_date=self.day,
            drg=final.drg if final else None,
            title=final.title if final else None,
            mdc=final.mdc if final else None,
            mdc_title=self.mdc_title(self.answer.final) if final else None,
            type=msdrg.drg_type(self.book, drg, self.version.number) if drg else None,
            severity=final.severity if final else None,
            weight=table.weight if table else None,
            gmlos=table.gmlos if table else None,
            amlos=table.amlos if table else None,
            grouper=self.used(),
            returned=self.returned(),
            initial=self.stage(self.answer.initial) if self.decided else None,
            final=final,
            hac=HAC_OUTCOMES.get(self.answer.hac_status, self.answer.hac_status),
            diagnoses=self.diagnoses(),
            procedures=self.procedures(),
            fragile=bool(fragile),
            fragile_on=fragile,
            alternatives=alternatives,
            undetermined=None if self.decided else self.undetermined(),
            assumed=tuple(each for each in missing(self.claim) if each not in self.lacking),
            editions=self.editions(),
            not_evaluated=(*self.not_evaluated(drg, table), *left_open),
            date_assumed=not (self.claim.service_from or self.claim.service_to),
        )

    # ---- the answer -----------------------------------------------------------------------------

    def title(self, drg: int) -> str | None:
        """Title of a DRG in this version."""
        return self.named("drg", drg)

    def mdc_title(self, stage: Stage) -> str | None:
        """Title of the MDC of a stage; None for an ungroupable claim."""
        return None if stage.drg == NO_DRG else self.named("mdc", stage.mdc)

    def named(self, kind: str, number: int) -> str | None:
        """A title, read once a claim: alternatives lead to the same few DRGs."""
        if (kind, number) not in self.titles:
            self.titles[kind, number] = msdrg.title(self.book, kind, number, self.version.number)
        return self.titles[kind, number]

    def weight(self, drg: int) -> msdrg.Weight | None:
        """The row of Table 5, read once a claim."""
        if drg not in self.weights:
            self.weights[drg] = msdrg.weight(self.book, drg, self.day)
        return self.weights[drg]

    def stage(self, stage: Stage) -> DrgStage:
        """A stage in the words of the contract."""
        mdc = f"{stage.mdc:02}" if stage.drg != NO_DRG else None
        return DrgStage(f"{stage.drg:03}", self.title(stage.drg), mdc, stage.severity)

    def used(self) -> GrouperUsed:
        """The grouper that answered."""
        window = self.version.window
        return GrouperUsed(
            name="CMS MS-DRG",
            version=self.version.name,
            number=self.version.number,
            starts=window.starts,
            ends=window.ends,
            engine=self.grouper.name,
            tables=self.tables,
        )

    @property
    def tables(self) -> str:
        """The document that levels, exclusions and logic are from, with its edition."""
        return f"CMS MS-DRG Definitions {self.version.name}"

    def returned(self) -> Returned:
        """The return code in words."""
        if not self.decided:
            return Returned("UNDETERMINED", "the claim leaves open what the DRG depends on")
        return Returned(self.answer.returned, self.says(self.claim.diagnoses, self.answer))

    def says(self, diagnoses: Sequence[Diagnosis], answer: Grouped) -> str:
        """The return code of an answer in words, with the codes that caused it."""
        pairs = zip(diagnoses[1:], answer.diagnoses[1:], strict=True)
        silent = dict.fromkeys(dotted(undotted(each.code)) for each, got in pairs if got.demoted and not _poa(each))
        return returned(answer.returned, answer.final.drg, tuple(silent))

    def undetermined(self) -> Undetermined:
        """The DRG by assumption; assumptions that give the same are listed once."""
        lacking = self.lacking
        by: dict[int, list[Assumption]] = {}
        for way, answer in zip(self.ways, self.answers, strict=True):
            by.setdefault(answer.final.drg, []).append(way)
        drgs = tuple(Assumed(in_words(ways, lacking), f"{drg:03}", self.title(drg)) for drg, ways in by.items())
        says = f"The DRG depends on {' and '.join(lacking)}, which the claim does not give"
        return Undetermined(lacking, says, drgs, in_words(self.ways[:1], lacking))

    def editions(self) -> tuple[EditionUsed, ...]:
        """The grouper's tables, and Table 5 where it answered."""
        window = self.version.window
        out = [EditionUsed("msdrg", f"MS-DRG {self.version.name}", window.starts, window.ends)]
        weights = self.book.table_edition("msdrg-weights", self.day)
        if weights:
            out.append(EditionUsed("msdrg-weights", weights[0], weights[1].starts, weights[1].ends))
        return tuple(out)

    def not_evaluated(self, drg: int, table: msdrg.Weight | None) -> tuple[NotEvaluated, ...]:
        """A DRG left open, the weight when Table 5 cannot say it, and changes beyond the number that is tried."""
        out = []
        if not self.decided:
            out.append(NotEvaluated("drg", " and ".join(self.lacking), "give it on the claim"))
        if table is None or (table.weight is None and drg < UNGROUPABLE):
            out.append(NotEvaluated("weight", "msdrg-weights", _WEIGHTS_HOW))
        if len(self.claim.diagnoses) > MOST:
            out.append(NotEvaluated("alternatives", f"diagnoses after the {MOST}th", "changes of these were not tried"))
        return tuple(out)

    # ---- the codes ------------------------------------------------------------------------------

    @cached_property
    def counted(self) -> tuple[bool, ...]:
        """Does the level of each diagnosis count towards the DRG?"""
        results = self.answer.diagnoses
        eligible = [
            at > 0
            and each.valid
            and each.severity in _SPLIT
            and not (each.excluded or each.demoted or self.twin(at))
            and self.answer.final.drg < UNGROUPABLE
            for at, each in enumerate(results)
        ]
        asked = [at for at, yes in enumerate(eligible) if yes]
        # Some DRGs count no CC of their own (neonates, HIV, burns). A code that still gives no level
        # when it stands alone beside the principal diagnosis is such a one.
        alone = [with_pair(self.cases[0], ((self.codes[at], "Y"),)) for at in asked]
        for at, answer in zip(asked, self.grouper.group(alone), strict=True):
            eligible[at] = answer.final.severity == results[at].severity
        return tuple(eligible)

    @cached_property
    def codes(self) -> tuple[str, ...]:
        """Codes of the claim without dots."""
        return tuple(undotted(each.code) for each in self.claim.diagnoses)

    def twin(self, at: int) -> int:
        """Position from 1 of an equal code before this one; 0 for none."""
        before = self.codes[:at]
        return before.index(self.codes[at]) + 1 if self.codes[at] in before else 0

    @cached_property
    def driving(self) -> frozenset[int]:
        """Diagnoses that the final DRG rests on.

        The grouper's own marks. The package marks none where a DRG is divided by level among those
        unrelated to the principal diagnosis, nor for neonates; there it is the most significant
        diagnosis that gives the DRG, as the CMS software marks it.
        """
        results = self.answer.diagnoses
        marked = {at for at, each in enumerate(results) if each.final and not each.demoted}
        level = self.answer.final.severity
        if level in _SPLIT and _divided(self.title(self.answer.final.drg), level):
            of_level = [at for at, yes in enumerate(self.counted) if yes and results[at].severity == level]
            if of_level and not marked.intersection(of_level):
                marked.add(min(of_level, key=lambda at: results[at].rank))
        if self.answer.final.drg < UNGROUPABLE and not marked - {0}:
            marked |= self.sufficient()
        return frozenset(marked)

    def sufficient(self) -> set[int]:
        """The most significant secondary diagnosis that gives the DRG beside the principal one alone."""
        case, results = self.cases[0], self.answer.diagnoses
        order = sorted(range(1, len(results)), key=lambda at: results[at].rank)
        order = [at for at in order if results[at].valid and not results[at].demoted]
        if not order:
            return set()
        pairs = [with_pair(case, ())] + [with_pair(case, (case.diagnoses[at],)) for at in order]
        alone, *beside = [each.final.drg for each in self.grouper.group(pairs)]
        drg = self.answer.final.drg
        return {next((at for at, got in zip(order, beside, strict=True) if got == drg), 0)} if alone != drg else set()

    def diagnoses(self) -> tuple[GroupedDiagnosis, ...]:
        """Every diagnosis in the order of the claim."""
        principal = dotted(self.codes[0])
        out = []
        for at, (each, result) in enumerate(zip(self.claim.diagnoses, self.answer.diagnoses, strict=True)):
            why = (
                why_secondary(result, principal, self.twin(at), self.counted[at], self.answer, _poa(each), self.tables)
                if at
                else why_principal(result, self.answer)
            )
            if at and at in self.driving and result.severity in _SPLIT:
                why += ", and the DRG rests on it" if self.counted[at] else "; the DRG rests on the code itself"
            out.append(
                GroupedDiagnosis(
                    position=at + 1,
                    code=dotted(self.codes[at]),
                    title=self.book.title(self.codes[at], self.day),
                    severity=result.severity,
                    counted=self.counted[at],
                    drove_drg=at in self.driving,
                    excluded_by=principal if at and result.excluded else None,
                    poa=each.poa,
                    hac=_hac(result, _poa(each)),
                    why=why,
                )
            )
        return tuple(out)

    def procedures(self) -> tuple[GroupedProcedure, ...]:
        """Every procedure in the order of the claim."""
        codes = [undotted(each.code) for each in self.claim.procedures]
        known = msdrg.operating(self.book, codes, self.version.number)
        out = []
        for at, (code, result) in enumerate(zip(codes, self.answer.procedures, strict=True)):
            room = known.get(code)
            kind = "not a procedure of this grouper version: ignored" if room is None else _ROOM[room]
            link = ", and" if room else ", but"
            why = kind + (f"{link} the DRG rests on it" if result.final else "")
            out.append(GroupedProcedure(at + 1, code, self.book.title(code, self.day), room, result.final, why))
        return tuple(out)

    # ---- one change -----------------------------------------------------------------------------

    def alternatives(self, findings: Sequence[Finding]) -> tuple[tuple[Alternative, ...], tuple[NotEvaluated, ...]]:
        """What each single change gives, in the order: fixes, principal, dropped, present on admission.

        And those that do depend on what the claim does not say, although its own DRG does not.
        """
        with_hac = frozenset(
            code for code, each in zip(self.codes, self.answer.diagnoses, strict=True) if each.hac and code
        )
        tried = changes(self.claim, findings, with_hac)
        answers = self.grouper.group([with_diagnoses(self.cases[0], each.diagnoses) for each in tried])
        given = [with_diagnoses(case, each.diagnoses) for each in tried for case in self.cases[1:]]
        others = [each.drg for each in self.grouper.outcomes(given)]
        step, out, left_open = len(self.cases) - 1, [], []
        for at, (change, answer) in enumerate(zip(tried, answers, strict=True)):
            if set(others[at * step : (at + 1) * step]) - {answer.final.drg}:
                left_open.append(change.says)
            elif change.kind != "fix" or self.whole(change, answer):
                out.append(self.alternative(change, answer))
        if not left_open:
            return tuple(out), ()
        says = f"the DRG of: {'; '.join(left_open)}"
        return tuple(out), (NotEvaluated("alternatives", " or ".join(missing(self.claim)), says),)

    def whole(self, change: Change, answer: Grouped) -> bool:
        """Does a fix put only codes that this version knows? A header is not one: it leaves a choice."""
        pairs = zip(change.diagnoses, answer.diagnoses, strict=True)
        return all(got.valid for each, got in pairs if undotted(each.code) not in self.codes)

    def alternative(self, change: Change, answer: Grouped) -> Alternative:
        """One change with the DRG it gives and the reason."""
        drg = answer.final.drg
        table = self.weight(drg)
        return Alternative(
            kind=change.kind,
            change=change.says,
            drg=f"{drg:03}",
            title=self.title(drg),
            changes_drg=drg != self.answer.final.drg,
            weight=table.weight if table else None,
            why=self.why(change, answer),
        )

    def why(self, change: Change, answer: Grouped) -> str:
        """Why a change gives what it gives."""
        before, after = self.answer.final, answer.final
        said = f"{change.reason}; " if change.reason else ""
        if after.drg >= UNGROUPABLE:
            return said + self.says(change.diagnoses, answer)
        if after.drg == before.drg:
            return said + self.unmoved(change, answer)
        moved = []
        if after.mdc != before.mdc or before.drg >= UNGROUPABLE:
            moved.append(f"MDC {after.mdc:02} ({self.mdc_title(after)})")
        if after.severity != before.severity:
            moved.append(f"level: {_named(after.severity)}, before: {_named(before.severity)}")
        if change.kind == "poa":
            moved.append(HAC_OUTCOMES.get(answer.hac_status, answer.hac_status))
        same = "another DRG of the same MDC at the same level"
        if change.kind == "drop":
            same = f"the DRG rests on {change.code} itself, not on its level"
        return said + ("; ".join(moved) or same)

    def unmoved(self, change: Change, answer: Grouped) -> str:
        """Why a change does not move the DRG."""
        if change.kind != "drop":
            return "the same DRG"
        at = self.codes.index(undotted(change.code), 1)
        if self.counted[at] and answer.final.severity == self.answer.final.severity:
            others = [
                dotted(self.codes[other])
                for other, yes in enumerate(self.counted)
                if yes
                and self.codes[other] != self.codes[at]
                and self.answer.diagnoses[other].severity == answer.final.severity
            ]
            if others:
                return f"the same DRG: {', '.join(others)} gives the level {answer.final.severity}"
        if self.counted[at]:
            return "the same DRG: it is not divided by this level"
        return "the same DRG: this code did not count"

    def fragile(self, alternatives: Sequence[Alternative]) -> tuple[str, ...]:
        """Every secondary code without which the claim has another DRG; none when it does not group."""
        if self.answer.final.drg >= UNGROUPABLE:
            return ()
        falls = {each.change for each in alternatives if each.kind == "drop" and each.changes_drg}
        return tuple(code for code in dict.fromkeys(map(dotted, self.codes[1:])) if f"without {code}" in falls)


_ROOM = {True: "operating room procedure", False: "not an operating room procedure"}


def _poa(diagnosis: Diagnosis) -> str:
    """The present-on-admission indicator that the grouper reads; empty for none."""
    indicator = (diagnosis.poa or "").strip().upper()
    return indicator if indicator in ("Y", "N", "U", "W") else ""


def _hac(result: DiagnosisResult, poa: str) -> HacRecord | None:
    if not result.hac:
        return None
    return HacRecord(result.hac, result.hac_title, result.demoted, hac_state(result.hac_status, poa))


def _named(severity: str) -> str:
    return "no CC or MCC" if severity == "none" else severity


def _divided(title: str | None, level: str) -> bool:
    """Does the title of a DRG say that this level leads to it (with CC, with CC/MCC, with MCC)?"""
    words = (title or "").replace("/", " ").replace(",", " ").split()
    if "with" not in words:
        return False
    tail = words[len(words) - words[::-1].index("with") :]
    return level in tail
