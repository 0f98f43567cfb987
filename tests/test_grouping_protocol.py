"""Grouping through its protocol: what is asked of a grouper, and the changes that are tried."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import pytest

from claimwright.book.store import Book
from claimwright.grouping.batch import group_batch
from claimwright.grouping.cases import assumptions, deciding, in_words
from claimwright.grouping.changes import applied, changes, choices
from claimwright.grouping.explain import explain
from claimwright.grouping.protocol import Case, DiagnosisResult, Grouped, Outcome, ProcedureResult, Stage, Version
from claimwright.interfaces.render.grouping import group_text
from claimwright.model import Claim, Fix, GroupReport, Interval, Patient, Procedure, undotted
from tests.grouping_claims import DAY, claim


class Fake:
    """A grouper with three rules: DRG 100, 101 with an MCC anywhere; men with the code `SEX` get 200."""

    name = "fake 1"

    def __init__(self) -> None:
        """Remember what was asked."""
        self.asked: list[Case] = []

    def versions(self) -> tuple[Version, ...]:
        """One version."""
        return (Version(1, "v0.1", Interval(date(2025, 10, 1), date(2026, 3, 31))),)

    def version_on(self, day: date) -> Version:
        """The one version."""
        return self.versions()[0]

    def group(self, cases: Sequence[Case]) -> list[Grouped]:
        """Results in order."""
        self.asked += cases
        return [self._one(case) for case in cases]

    def outcomes(self, cases: Sequence[Case]) -> list[Outcome]:
        """The DRGs alone."""
        return [Outcome(e.final.drg, e.final.mdc, e.final.severity, e.returned) for e in self.group(cases)]

    def _one(self, case: Case) -> Grouped:
        levels = ["MCC" if code == "E43" else "none" for code, _ in case.diagnoses]
        has = "MCC" in levels[1:]
        drg = 200 if case.sex == "M" and case.diagnoses[0][0] == "SEX" else 101 if has else 100
        stage = Stage(drg, 1, "MCC" if has else "none")
        first = levels.index("MCC", 1) if has else -1
        marks = [at in (0, first) for at in range(len(levels))]
        return Grouped(
            stage,
            stage,
            "OK",
            "NOT_APPLICABLE",
            tuple(DiagnosisResult(e, True, False, m, m, 0) for e, m in zip(levels, marks, strict=True)),
            tuple(ProcedureResult(False, False) for _ in case.procedures),
        )


def faked(asked: Claim, mini_book: Book, grouper: Fake | None = None) -> GroupReport:
    return explain(asked, DAY, mini_book, grouper or Fake(), ())


# ---- another grouper in its place ---------------------------------------------------------------


def test_another_grouper_answers_through_the_same_protocol(mini_book: Book) -> None:
    report = faked(claim("R25.2", "E43"), mini_book)
    assert (report.drg, report.mdc, report.grouper.engine) == ("101", "01", "fake 1")
    assert report.fragile_on == ("E43",)
    assert report.weight is None
    assert [each.missing for each in report.not_evaluated] == ["msdrg-weights"]


def test_codes_are_asked_without_dot_in_upper_case(mini_book: Book) -> None:
    grouper = Fake()
    faked(claim("r25.2", "e43", procedures=(Procedure("3e0337z"),)), mini_book, grouper)
    assert grouper.asked[0].diagnoses == (("R252", ""), ("E43", ""))
    assert grouper.asked[0].procedures == ("3E0337Z",)


def test_a_missing_age_that_does_not_matter_is_named(mini_book: Book) -> None:
    report = faked(claim("R25.2", patient=Patient(sex="F")), mini_book)
    assert (report.drg, report.assumed) == ("100", ("patient.age",))


def test_an_unknown_sex_that_matters_leaves_the_drg_open(mini_book: Book) -> None:
    report = faked(claim("SEX", patient=Patient(age=60)), mini_book)
    assert (report.drg, report.alternatives, report.returned.code) == (None, (), "UNDETERMINED")
    assert report.undetermined
    assert {each.drg: each.assuming for each in report.undetermined.drgs} == {"100": "female", "200": "male"}
    assert "NOT DECIDED" in group_text(report)


def test_a_batch_gives_the_same_and_none_where_it_is_open() -> None:
    claims = [claim("R25.2", "E43"), claim("SEX", patient=Patient(age=60)), claim("SEX")]
    assert [each.drg for each in group_batch(Fake(), claims, DAY)] == ["101", None, "100"]


# ---- changes ------------------------------------------------------------------------------------


def test_every_single_change_is_tried_once(mini_book: Book) -> None:
    tried = changes(claim("R25.2", "E43", "E87.1"), (), frozenset({"E43"}))
    assert [each.says for each in tried] == [
        "E43 as principal diagnosis",
        "E87.1 as principal diagnosis",
        "without E43",
        "without E87.1",
        "E43 with POA Y (present on admission)",
        "E43 with POA N (not present on admission)",
    ]


@pytest.mark.parametrize(
    ("fix", "codes"),
    [
        (Fix("", remove=("E43",)), ["R252", "I10"]),
        (Fix("", reorder=("I10", "R25.2", "E43")), ["I10", "R252", "E43"]),
        (Fix("", replace={"I10": ("I11.9",)}), ["R252", "E43", "I119"]),
        (Fix("", replace={"I10": ("I11.9", "I12.9")}), None),
        (Fix("", add=("T47.1X5A",), reorder=("R25.2", "T47.1X5A", "E43", "I10")), ["R252", "T471X5A", "E43", "I10"]),
        (Fix("", ask="Is it so?"), None),
    ],
)
def test_a_fix_is_applied_when_it_leaves_no_choice(fix: Fix, codes: list[str] | None) -> None:
    after = applied(claim("R252", "E43", "I10").diagnoses, fix)
    assert (after and [each.code.replace(".", "") for each in after]) == codes


@pytest.mark.parametrize(
    ("fix", "after"),
    [
        (Fix("", replace={"I10": ("I11.9", "I12.9")}), ["R252 E43 I119", "R252 E43 I129"]),
        (Fix("", add=("Z79.4", "Z79.84")), ["R252 E43 I10 Z794", "R252 E43 I10 Z7984"]),
        (Fix("", replace={"I10": ("I11-",)}), []),
        (Fix("", replace={"I10": tuple(f"I11.{n}" for n in range(13))}), []),
    ],
)
def test_a_choice_becomes_one_change_a_code_and_never_all_of_them(fix: Fix, after: list[str]) -> None:
    diagnoses = claim("R252", "E43", "I10").diagnoses
    tried = [applied(diagnoses, each) for each in choices(fix)]
    assert [" ".join(undotted(each.code) for each in some) for some in tried if some] == after


def test_what_a_claim_lacks_is_told_only_where_it_decides() -> None:
    ways = assumptions(claim("R25.2", patient=Patient(), discharge_status=None))
    assert deciding(ways, [each.status == 20 for each in ways]) == ("discharge_status",)
    assert deciding(ways, [each.age < 18 for each in ways]) == ("patient.age",)
    died = [each for each in ways if each.status == 20]
    assert in_words(died, ("discharge_status",)) == "died"
    young = [each for each in ways if 1 <= each.age < 18 and each.sex == "F"]
    assert in_words(young, ("patient.age", "patient.sex")) == "age 1 to 17, female"
    assert in_words([each for each in ways if each.age in (0, 65, 90)], ("patient.age",)) == "age 0 or 65 or older"


def test_of_a_duplicate_the_first_stays() -> None:
    after = applied(claim("R252", "E43", "E43").diagnoses, Fix("", remove=("E43",)))
    assert after == claim("R252", "E43").diagnoses
