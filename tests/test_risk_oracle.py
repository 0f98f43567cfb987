"""Against hccinfhir on the same random people: HCC lists, scores, and what is known to differ.

`CLAIMWRIGHT_PEOPLE` raises the number of people for each model, year and table (default 400).
"""

from __future__ import annotations

import os
from collections import Counter

import numpy as np
import pytest

from claimwright.book.hcc import tables
from claimwright.book.store import Book
from claimwright.grouping.hcc_demographics import place
from tests.risk_people import Package, defaults, demographic_part, diagnosis_part, gaps, members, ours

pytestmark = [pytest.mark.book, pytest.mark.oracle]

NUMBER = int(os.environ.get("CLAIMWRIGHT_PEOPLE", "400"))
TABLES = [
    ("V28", 2025, ""), ("V28", 2026, ""), ("V28", 2027, ""), ("V24", 2025, ""), ("V24", 2026, ""),
    ("ESRD-V24", 2025, ""), ("ESRD-V24", 2026, ""),
    ("RxV08", 2025, "1"), ("RxV08", 2025, "2"), ("RxV08", 2026, "1"), ("RxV08", 2026, "2"),
    ("RxV08", 2027, "PDP_ONLY"), ("RxV08", 2027, "MAPD_ONLY"), ("RxV08", 2027, "PDP_AND_MAPD"),
]  # fmt: skip


@pytest.mark.parametrize(("model", "year", "variant"), TABLES)
def test_same_hccs_and_scores_as_the_package(book: Book, model: str, year: int, variant: str) -> None:
    source, package = tables(book, model, year, variant), Package(book, model, year, variant)
    rows = book.rows("SELECT DISTINCT code FROM hcc_map WHERE model = ? AND year = ? ORDER BY code", (model, year))
    people = list(members(model, [*(code for (code,) in rows), "R252", "E876"], NUMBER, year))
    hccs, scores = ours(book, model, year, variant, people)
    edited = np.split(scores.edited, np.cumsum([len(each.codes) for each in people])[:-1])
    seen, whole = set(), 0
    for number, member in enumerate(people):
        twice = [
            code
            for code, edit in zip(member.codes, edited[number].tolist(), strict=True)
            if edit >= 0 and len(package.maps[code, package.name]) > 1
        ]
        if twice:  # the package edits one of the two HCCs of such a code, whichever its set gives last
            continue
        theirs = package.raf(member)
        assert hccs[number] == sorted(map(int, theirs.hcc_list)), member
        factors = demographic_part(source, member)
        assert scores.score[number] - factors == pytest.approx(diagnosis_part(source, theirs), abs=1e-9), member
        seen.add(int(scores.segment[number]))
        if not gaps(model, member):
            assert scores.score[number] == pytest.approx(theirs.risk_score, abs=1e-9), (member, theirs.coefficients)
            whole += 1
    priced = {name for name in source.segments if name != "TRANSPLANT"}
    assert {list(source.segments)[each] for each in seen} == priced
    assert whole > NUMBER / 2


def test_where_the_package_looks_nothing_up_its_own_table_has_the_factor(book: Book) -> None:
    """Every gap is met: the package adds nothing for age and sex where our factor is the table's own number."""
    reasons = Counter[str]()
    for model, year, variant in (("V28", 2026, ""), ("ESRD-V24", 2026, ""), ("RxV08", 2026, "1")):
        source, package = tables(book, model, year, variant), Package(book, model, year, variant)
        for member in members(model, ["R252"], 600, 7):
            found, theirs = gaps(model, member), package.raf(member).coefficients
            reasons.update(found)
            cell = place(model, member.person).variables[0]
            if any(each.startswith(("institutional new", "RxHCC new", "functioning graft, new")) for each in found):
                assert cell not in theirs
                assert source.coefficient(place(model, member.person).segment, cell) is not None
    assert len(reasons) == 7, reasons


def test_the_packages_own_rxhcc_factors_of_2026_are_of_neither_table(book: Book) -> None:
    """Its loader keeps the last of two rows of one name; the file sorts them by name, not by table."""
    known = [tables(book, "RxV08", 2026, variant).coefficients for variant in ("1", "2")]
    kept = {name: value for (name, model), value in defaults.coefficients_default.items() if model == "RxHCC Model V08"}
    first, second = (
        sum(value == known[which]["Rx_CE_LTI", f"hcc{hcc}"] for hcc, value in _lti(kept)) for which in (0, 1)
    )
    assert 0 < first < 84
    assert 0 < second < 84
    assert ("1", "RxHCC Model V08") not in defaults.hierarchies_default  # named "RxHCC Model R08": never applied


def _lti(kept: dict[str, float]) -> list[tuple[str, float]]:
    prefix = "rx_ce_lti_rxhcc"
    return [(name.removeprefix(prefix), value) for name, value in kept.items() if name.startswith(prefix)]
