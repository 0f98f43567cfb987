"""`risk`: HCCs with their codes, what is dropped or gated and why, and where no score can be told."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import pytest

from claimwright.book.hcc import tables
from claimwright.book.store import Book
from claimwright.claims.batch import batch_of
from claimwright.claims.wire import claim_from_object
from claimwright.engine import Engine
from claimwright.errors import EditionMissing, InputError, RuleError
from claimwright.grouping.hcc_batch import kernel
from claimwright.grouping.hcc_claims import scores_of
from claimwright.grouping.person import Person, people_of
from claimwright.interfaces.render.risk import risk_text
from claimwright.model import RiskOverview, RiskResult

pytestmark = pytest.mark.book


def scored(engine: Engine, codes: str, model: str = "V28", year: int | None = 2026, **rest: Any) -> RiskResult:
    found = engine.risk_of_codes(codes.split(), model=model, year=year, **rest)
    assert isinstance(found, RiskResult)
    return found


def hccs(found: RiskResult) -> list[int]:
    return [each.hcc for each in found.hccs]


def run(*words: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "claimwright", "risk", *words], input=stdin, capture_output=True, text=True, check=False
    )


# ---- what the maps say ------------------------------------------------------------------------------

SECTION_8 = [
    ("R25.2", None, None, None, None), ("R25.3", None, None, None, None), ("E83.42", None, None, None, None),
    ("E87.1", None, None, None, None), ("M62.838", None, None, None, None), ("G62.9", None, None, None, None),
    ("G12.21", 190, 1.175, 73, 154), ("G35.A", 198, 0.647, 77, 159), ("G35.D", 198, 0.647, 77, 159),
    ("G81.91", 253, 0.387, 103, None), ("G81.11", 253, 0.387, 103, 207), ("G20.A1", 199, 0.615, 78, 161),
    ("E11.40", 37, 0.166, 18, 30), ("E11.42", 37, 0.166, 18, 30), ("E11.65", 38, 0.166, 18, 30),
    ("E11.9", 38, 0.166, 19, 31), ("E43", None, None, 21, None), ("E46", None, None, 21, None),
    ("I73.9", None, None, 108, None), ("I70.213", None, None, 108, None),
]  # fmt: skip


@pytest.mark.parametrize(("code", "v28", "coefficient", "v24", "rx"), SECTION_8)
def test_verified_facts_of_2026(
    book: Book, engine: Engine, code: str, v28: int | None, coefficient: float | None, v24: int | None, rx: int | None
) -> None:
    found = engine.risk_of_codes([code], year=2026)
    assert isinstance(found, RiskOverview)
    maps = {model: each[code] for model, each in found.maps.items()}
    assert (maps["CMS-HCC V28"], maps["CMS-HCC V24"], maps["RxHCC V08"]) == (v28, v24, rx)
    shown = {(each.model, each.year): each for each in book.show(code, date(2025, 11, 15)).hcc}
    assert (shown["V28", 2026].coefficient if v28 else None) == coefficient
    assert (("V24", 2026) in shown, ("RxV08", 2026) in shown) == (v24 is not None, rx is not None)


def test_a_code_in_no_map_says_so_once(engine: Engine) -> None:
    found = engine.risk_of_codes(["R25.2", "E43"], year=2026)
    assert isinstance(found, RiskOverview)
    assert [each.code for each in found.unmapped] == ["R25.2"]
    assert "no model's map" in found.unmapped[0].reason


# ---- the date comes first ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "on", "counts"),
    [("G35", "2025-09-30", True), ("G35", "2025-10-01", False), ("G35", "2025-11-15", False),
     ("G35.D", "2025-09-30", False), ("G35.D", "2025-10-01", True)],
)  # fmt: skip
def test_a_code_counts_only_while_it_is_in_effect(engine: Engine, code: str, on: str, counts: bool) -> None:
    found = scored(engine, code, day=date.fromisoformat(on))
    assert (hccs(found) == [198]) is counts
    assert bool(found.unmapped) is not counts


def test_a_deleted_code_names_its_last_day_and_every_successor(engine: Engine) -> None:
    reason = scored(engine, "G35", day=date(2025, 11, 15)).unmapped[0].reason
    assert "last day 2025-09-30" in reason
    assert all(code in reason for code in ("G35.A", "G35.B0", "G35.C2", "G35.D"))


def test_without_a_date_any_day_of_the_diagnosis_year_will_do(engine: Engine) -> None:
    assert hccs(scored(engine, "G35 G35.D", year=2026)) == [198]
    assert hccs(scored(engine, "G35", year=2027)) == []


def test_a_claim_is_scored_on_its_own_date_for_the_next_year(engine: Engine) -> None:
    claim = {"setting": "outpatient", "service_from": "2025-11-15", "diagnoses": ["G35", "E11.42"],
             "patient": {"birth_date": "1955-02-02", "sex": "F"}}  # fmt: skip
    found = engine.risk(claim, model="V28")
    assert isinstance(found, RiskResult)
    assert (found.year, hccs(found), found.valid_from) == (2026, [37], date(2025, 11, 15))
    assert [each.variable for each in found.demographics] == ["F70_74"]


def test_age_is_that_of_february_first(engine: Engine) -> None:
    claim = {"setting": "outpatient", "service_from": "2025-11-15", "diagnoses": ["E11.42"],
             "patient": {"birth_date": "1951-02-02", "sex": "F"}}  # fmt: skip
    found = engine.risk(claim, model="V28")
    assert isinstance(found, RiskResult)
    assert [each.variable for each in found.demographics] == ["F70_74"]
    later = engine.risk({**claim, "patient": {"birth_date": "1951-02-01", "sex": "F"}}, model="V28")
    assert isinstance(later, RiskResult)
    assert [each.variable for each in later.demographics] == ["F75_79"]


# ---- the score --------------------------------------------------------------------------------------


def test_the_example_of_the_reference(engine: Engine) -> None:
    found = scored(engine, "G20A1 E1165 R252 G35.D", age=70, sex="F")
    assert found.score == 1.823
    assert [(each.variable, each.coefficient) for each in found.demographics] == [("F70_74", 0.395)]


def test_a_hierarchy_names_what_dropped_what(engine: Engine) -> None:
    found = scored(engine, "E11.42 E11.65")
    assert [(each.hcc, each.codes) for each in found.hccs] == [(37, ("E11.42",))]
    assert [(each.hcc, each.by, each.codes) for each in found.dropped] == [(38, 37, ("E11.65",))]


def test_interactions_and_counts_are_named(engine: Engine) -> None:
    found = scored(engine, "E11.42 I50.22 N18.4 J44.9", age=72, sex="M")
    variables = [each.variable for each in found.interactions]
    assert variables == ["DIABETES_HF_V28", "HF_CHR_LUNG_V28", "HF_KIDNEY_V28"]
    parts = [*found.interactions, *found.demographics, *found.hccs]
    assert found.score == pytest.approx(sum(each.coefficient or 0 for each in parts))


def test_an_hcc_that_counts_only_beside_another_is_dropped_with_the_reason(book: Book, engine: Engine) -> None:
    code = book.rows("SELECT min(code) FROM hcc_map WHERE model = 'V28' AND year = 2026 AND hcc = 223")[0][0]
    found = scored(engine, code)
    assert hccs(found) == []
    assert [(each.hcc, each.by) for each in found.dropped] == [(223, None)]
    assert "only beside a heart failure HCC" in found.dropped[0].reason


def test_an_age_edit_is_told(engine: Engine) -> None:
    found = scored(engine, "J44.9", model="V24", age=10, sex="F")
    assert [(each.code, each.hcc) for each in found.edits] == [("J44.9", 112)]
    gone = scored(engine, "J44.9", age=10, sex="F")
    assert hccs(gone) == []
    assert "age or sex edit" in gone.unmapped[0].reason


def test_edits_that_cannot_be_decided_are_named(engine: Engine) -> None:
    found = scored(engine, "J44.9")
    assert found.score is None
    assert {each.rule for each in found.not_evaluated} == {"risk-score", "age-and-sex-edits"}
    assert found.segment is not None
    assert found.segment.assumed


SEGMENTS = [
    ("V28", {"age": 70, "sex": "F"}, "CNA"), ("V28", {"age": 60, "sex": "F", "orec": "1"}, "CND"),
    ("V28", {"age": 70, "sex": "F", "dual": "full"}, "CFA"), ("V28", {"age": 50, "sex": "M", "dual": "02"}, "CFD"),
    ("V28", {"age": 70, "sex": "F", "dual": "partial"}, "CPA"), ("V24", {"age": 50, "sex": "M", "dual": "03"}, "CPD"),
    ("V24", {"age": 80, "sex": "F", "institutional": True}, "INS"),
    ("V24", {"age": 66, "sex": "F", "new_enrollee": True}, "NE"),
    ("V28", {"age": 66, "sex": "F", "new_enrollee": True, "snp": True}, "SNPNE"),
    ("ESRD-V24", {"age": 66, "sex": "F", "orec": "2"}, "DI"),
    ("ESRD-V24", {"age": 66, "sex": "F", "orec": "2", "new_enrollee": True}, "DNE"),
    ("ESRD-V24", {"age": 66, "sex": "F", "graft_months": 2}, "TRANSPLANT"),
    ("ESRD-V24", {"age": 66, "sex": "F", "graft_months": 12, "dual": "full"}, "GFA"),
    ("ESRD-V24", {"age": 40, "sex": "F", "graft_months": 12, "dual": "full"}, "GFN"),
    ("ESRD-V24", {"age": 66, "sex": "F", "graft_months": 4}, "GNPA"),
    ("ESRD-V24", {"age": 40, "sex": "F", "graft_months": 4}, "GNPN"),
    ("ESRD-V24", {"age": 66, "sex": "F", "graft_months": 9, "institutional": True}, "GI"),
    ("ESRD-V24", {"age": 66, "sex": "F", "graft_months": 9, "new_enrollee": True}, "GNE"),
    ("RxV08", {"age": 70, "sex": "F"}, "Rx_CE_NoLowAged"), ("RxV08", {"age": 50, "sex": "F"}, "Rx_CE_NoLowNoAged"),
    ("RxV08", {"age": 70, "sex": "F", "low_income": True}, "Rx_CE_LowAged"),
    ("RxV08", {"age": 50, "sex": "F", "low_income": True}, "Rx_CE_LowNoAged"),
    ("RxV08", {"age": 50, "sex": "F", "institutional": True}, "Rx_CE_LTI"),
    ("RxV08", {"age": 65, "sex": "F", "new_enrollee": True}, "Rx_NE_NoLo"),
    ("RxV08", {"age": 65, "sex": "F", "new_enrollee": True, "low_income": True}, "Rx_NE_Lo"),
    ("RxV08", {"age": 65, "sex": "F", "new_enrollee": True, "institutional": True}, "Rx_NE_LTI"),
]  # fmt: skip


@pytest.mark.parametrize(("model", "who", "segment"), SEGMENTS)
def test_every_segment_is_found_and_its_factors_add_up(
    engine: Engine, model: str, who: dict[str, Any], segment: str
) -> None:
    found = scored(engine, "E11.42 I50.22", model=model, variant="1" if model == "RxV08" else "", **who)
    assert found.segment is not None
    assert (found.segment.name, found.segment.assumed) == (segment, False)
    parts = [*found.interactions, *found.demographics, *found.hccs]
    assert found.score == pytest.approx(sum(each.coefficient or 0 for each in parts), abs=1e-9)
    assert found.demographics
    assert hccs(found)


def test_every_person_has_a_priced_place(book: Book) -> None:
    """All ages, both sexes, every status: no demographic variable is missing from any table."""
    for model, variant in (("V28", ""), ("V24", ""), ("ESRD-V24", ""), ("RxV08", "1")):
        engine = kernel(book, model, 2026, variant)
        persons = [
            Person(age, sex, dual, orec, crec, new, snp, low, institutional, graft)
            for age in (0, 34, 35, 44, 45, 54, 55, 59, 60, 63, 64, 65, 66, 67, 68, 69, 70, 75, 80, 85, 90, 95, 124)
            for sex in "FM"
            for dual in ("NA", "01", "02")
            for orec, crec in (("0", "0"), ("0", "2"), ("1", "0"), ("2", "2"), ("3", "3"))
            for new in (False, True)
            for snp, low in ((False, False), (True, True))
            for institutional in (False, True)
            for graft in (None, 1, 3, 4, 9, 10)
        ]
        nobody = np.zeros(len(persons) + 1, dtype=np.int64)
        found = engine.scores(people_of(persons), np.zeros(0, dtype=np.int32), nobody)
        assert not np.isnan(found.score).any()


def test_a_batch_of_claims_scores_as_each_claim_alone(book: Book, engine: Engine) -> None:
    """Same gate, same HCCs, same numbers: codes of all times on days of one year."""
    chance = random.Random(11)  # noqa: S311 - a sample, no secret
    known = [code for (code,) in book.rows("SELECT DISTINCT code FROM hcc_map ORDER BY code")]
    gone = [code for (code,) in book.rows("SELECT code FROM registry GROUP BY code HAVING max(ends) < '2026-01-01'")]
    claims = [
        claim_from_object(
            {
                "setting": "outpatient",
                "service_from": f"2025-{chance.randint(1, 12):02}-{chance.randint(1, 28):02}",
                "patient": {"age": chance.randint(0, 99), "sex": chance.choice("FMU")},
                "diagnoses": [*chance.choices(known, k=8), *chance.choices(gone, k=2), "HELLO"],
            }
        )
        for _ in range(300)
    ]
    people = people_of([Person(each.patient.age, each.patient.sex) for each in claims])
    for model in ("V28", "V24"):
        found = scores_of(book, batch_of(claims, date(2025, 1, 1)), people, model, 2026)
        for number, claim in enumerate(claims):
            alone = engine.risk(claim, model=model)
            assert isinstance(alone, RiskResult)
            assert hccs(alone) == kernel(book, model, 2026).model.hccs_of(found.after[number])
            score = float(found.score[number])
            assert (alone.score is None and np.isnan(score)) or alone.score == pytest.approx(score, abs=1e-6)


# ---- years, proposals, and what is not there -------------------------------------------------------


def test_a_proposal_is_called_one(engine: Engine) -> None:
    found = scored(engine, "E11.42", year=2027, age=70, sex="F")
    assert found.proposed
    assert found.score == pytest.approx(0.155 + 0.378)
    assert "PROPOSED" in risk_text(found)
    assert any("proposed" in each.edition for each in found.editions)
    assert not scored(engine, "E11.42", year=2026).proposed


def test_v24_has_no_2027(engine: Engine) -> None:
    with pytest.raises(EditionMissing, match="V24"):
        scored(engine, "E11.42", model="V24", year=2027)
    found = engine.risk_of_codes(["E11.42"], year=2027)
    assert isinstance(found, RiskOverview)
    assert "CMS-HCC V24" not in found.maps
    assert [each.missing for each in found.not_evaluated] == ["V24 2027"]


def test_a_map_without_coefficients_gives_hccs_and_no_score(engine: Engine) -> None:
    found = scored(engine, "E11.42", model="ESRD-V24", year=2027, age=70, sex="F", orec="2")
    assert (hccs(found), found.score, found.hccs[0].coefficient, found.proposed) == ([18], None, None, False)
    assert "coefficients of ESRD-V24 2027" in found.not_evaluated[0].missing


@pytest.mark.parametrize(("year", "variants"), [(2025, 2), (2026, 2), (2027, 3)])
def test_where_several_tables_stand_beside_each_other_none_is_chosen(engine: Engine, year: int, variants: int) -> None:
    found = scored(engine, "E11.42", model="RxV08", year=year, age=70, sex="F")
    assert (hccs(found), found.score) == ([30], None)
    assert f"which of the {variants}" in found.not_evaluated[0].missing


def test_mixed_tables_of_2026_are_those_of_2025(book: Book) -> None:
    for variant in ("1", "2"):
        assert tables(book, "RxV08", 2026, variant).coefficients == tables(book, "RxV08", 2025, variant).coefficients
    first = tables(book, "RxV08", 2026, "1").coefficients
    assert first["Rx_CE_NoLowAged", "hcc1"] == 7.892
    assert first["Rx_CE_NoLowAged", "f65_69"] == 0.118


def test_nobody_is_put_on_dialysis_by_default(engine: Engine) -> None:
    found = scored(engine, "E11.42", model="ESRD-V24", age=70, sex="F")
    assert found.score is None
    assert "ESRD" in found.not_evaluated[0].missing


def test_a_missing_coefficient_raises(book: Book) -> None:
    whole = tables(book, "V28", 2026)
    less = replace(whole, coefficients={k: v for k, v in whole.coefficients.items() if k != ("CNA", "hcc37")})
    with pytest.raises(RuleError, match="prices no 'HCC37' in segment CNA"):
        less.coefficient("CNA", "HCC37")


@pytest.mark.parametrize(
    "who", [{"age": -1}, {"age": 125}, {"sex": "X"}, {"dual": "07"}, {"orec": "9"}, {"graft_months": 0}]
)
def test_a_person_that_cannot_be_is_refused(engine: Engine, who: dict[str, Any]) -> None:
    with pytest.raises(InputError):
        scored(engine, "E11.42", **who)


# ---- the command ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (("--codes", "E11.9", "--model", "V99"), 2, "V99"),
        (("--codes", "E11.9", "--model", "V24", "--year", "2027"), 3, "V24"),
        (("--codes", "E11.9", "--year", "2031"), 3, "2031"),
        (("--codes", "E11.9", "--year", "-3"), 2, "-3"),
        (("--codes", "E11.9", "--year", "soon"), 2, "soon"),
        (("--codes", "E11.9", "--age", "-1"), 2, "-1"),
        (("--codes", "E11.9", "--sex", "X"), 2, "X"),
        (("--codes", " , "), 2, "diagnosis codes"),
        (("--codes", "E11.9", "--model", "RxV08", "--year", "2026", "--variant", "9"), 2, "9"),
        (("--codes", "E11.9", "--year", "2026", "--variant", "x"), 2, "RxV08: 1, 2"),
        (("--codes", "E11.9", "--date", "9999-12-31"), 2, "10000"),
        (("--codes", "E11.9", "--graft-months", "99999"), 2, "99999"),
        ((), 2, "neither"),
        (("--codes", "E11.9", "--date", "2014-01-01"), 2, "ICD-9-CM"),
        (("--codes", "E11.9", "--year", "2027", "--date", "2029-01-01"), 3, "icd10cm-registry"),
    ],
)
def test_bad_input_is_one_sentence(words: tuple[str, ...], code: int, says: str) -> None:
    done = run(*words)
    assert (done.returncode, done.stdout) == (code, "")
    assert says in done.stderr
    assert done.stderr.count("\n") == 1


def test_every_line_fits_80_columns_and_says_where_numbers_are_from() -> None:
    text = run("--codes", "E11.42,E11.65,I50.22,G35,J44.9,R25.2", "--year", "2026", "--age", "60", "--sex", "M").stdout
    assert max(map(len, text.splitlines())) <= 80
    for said in ("HCC 37", "stands above it", "G35", "maps to no HCC", "hcc-coefficients: payment year 2026"):
        assert said in text


def test_several_claims_give_an_array_in_order() -> None:
    claims = [
        {"id": name, "setting": "outpatient", "service_from": "2025-11-15", "diagnoses": [code]}
        for name, code in (("a", "E11.42"), ("b", "R25.2"))
    ]
    done = run("-", "--model", "V28", "--json", stdin=json.dumps(claims))
    assert [(each["claim"], len(each["hccs"])) for each in json.loads(done.stdout)] == [("a", 1), ("b", 0)]


def test_an_unknown_code_is_no_bad_input() -> None:
    done = run("--codes", "HELLO,e1142", "--model", "v28", "--year", "2026", "--json")
    found = json.loads(done.stdout)
    assert [each["code"] for each in found["unmapped"]] == ["HEL.LO"]
    assert [each["codes"] for each in found["hccs"]] == [["E11.42"]]


def test_without_a_model_the_keys_of_the_contract_are_those_of_the_first() -> None:
    words = ("--codes", "E11.42 E11.65,R25.2", "--year", "2026", "--age", "70", "--sex", "F", "--json")
    found = json.loads(run(*words).stdout)
    alone = json.loads(run(*words, "--model", "V28").stdout)
    for key in ("model", "year", "score", "hccs", "dropped", "interactions", "demographics"):
        assert found[key] == alone[key]
    assert found["CMS-HCC V28"] == {"E11.42": 37, "E11.65": 38, "R25.2": None}
    assert [each["code"] for each in found["unmapped"]] == ["R25.2"]


def test_a_long_text_that_is_no_code_does_not_break_the_table() -> None:
    long = "A" * 150
    text = run("--codes", f"HELLOWORLD1,{long},E11.9", "--year", "2026").stdout
    assert "  HEL.LOWORLD1\n" in text
    assert "  E11.9     38 " in text
    assert max(map(len, text.splitlines())) <= 80


def test_a_header_is_told_from_a_text_that_is_no_code(engine: Engine) -> None:
    found = scored(engine, "E11 ZZZ")
    assert [each.reason for each in found.unmapped] == [
        "a header, not a billable code (Type 2 diabetes mellitus)",
        "not a code of the dated registry",
    ]


def test_an_age_edit_says_whom_it_concerns(engine: Engine) -> None:
    found = scored(engine, "J41.0", age=10, sex="M")
    assert found.edits[0].says.startswith("ages up to 17; table: ")
    assert "ages up to 17" in found.unmapped[0].reason


def test_an_interaction_names_the_hcc_it_is_of(engine: Engine) -> None:
    found = scored(engine, "E11.42 I50.22", model="V24", age=70, sex="F")
    assert [each.says for each in found.interactions] == ["diabetes and HCC 85 (Congestive Heart Failure)"]


def test_a_page_shows_no_hcc_for_a_year_in_which_the_code_was_not_billable(book: Book) -> None:
    shown = {(each.model, each.year) for each in book.show("G35", date(2025, 11, 15)).hcc}
    assert ("V28", 2026) in shown  # diagnoses of 2025, until September 30
    assert ("V28", 2027) not in shown
    shown = {(each.model, each.year) for each in book.show("G35.A", date(2025, 11, 15)).hcc}
    assert ("V28", 2026) in shown
    assert ("V28", 2025) not in shown
