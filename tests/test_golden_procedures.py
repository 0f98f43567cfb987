"""The worked claims of golden_procedures.yaml: manual rules on the numbers, table edits on their stand-ins."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest

from claimwright.book.build import compile_book
from claimwright.book.home import Input, sha256
from claimwright.book.store import Book
from claimwright.engine import Engine
from claimwright.model import Finding, Report
from claimwright.model.plain import plain
from claimwright.sources.lexicon import load_yaml
from tests import mini
from tests.procedure_files import lexicon
from tests.test_ncci import AOC_HEADER, MUE_HEADER, MUE_NOTICE, PTP_HEADER

GOLDEN = load_yaml(Path(__file__).parent / "golden_procedures.yaml")
RELATIONS, CLAIMS = GOLDEN["relations"], GOLDEN["claims"]
TABLES = ("ptp-conflict", "units-exceed-mue", "add-on-without-primary")


def stand_in(code: str) -> str:
    """A code that cannot exist, in place of a number."""
    return f"ZZ{code[2:]}"


def _ptp_rows() -> Iterator[str]:
    """Needle EMG over studies, and more studies over fewer; of the add-on codes complete over limited."""
    pairs = [(one, two, 0) for one in RELATIONS["needle"] for two in RELATIONS["studies"]]
    pairs += [(more, fewer, 0) for fewer, more in combinations(RELATIONS["studies"], 2)]
    pairs += [(RELATIONS["add_on"][1], RELATIONS["add_on"][0], 1)]
    for first, second, indicator in pairs:
        yield f"{stand_in(first)}\t{stand_in(second)}\t\t20200101\t*\t{indicator}\tMade-up reason\r\n"


def _files() -> Iterator[tuple[str, str, str]]:
    other = "ZZ001\tZZ002\t\t20200101\t*\t0\tMade-up reason\r\n"
    for part in range(1, 5):
        yield "ncci-ptp", f"ccipra-v313r0-f{part}.txt", PTP_HEADER + ("".join(_ptp_rows()) if part == 1 else other)
    units = {**dict.fromkeys(RELATIONS["studies"], 1), **RELATIONS["units"]}
    limits = [f"{stand_in(code)},{most},2 Date of Service Edit: Policy,Made-up reason" for code, most in units.items()]
    limits += [f"{stand_in(each)},1,3 Date of Service Edit: Clinical,Made-up reason" for each in RELATIONS["needle"]]
    mue = MUE_NOTICE + MUE_HEADER.format("Practitioner") + "".join(f"{row}\r\n" for row in limits)
    yield "ncci-mue", "MCR_MUE_PractitionerServices_Eff_10-01-2025.csv", mue
    pairs = [(one, two) for one in RELATIONS["add_on"] for two in RELATIONS["studies"]]
    rows = [f"{stand_in(one)}\t{stand_in(two)}\t\t\t2013001\t\t1\t\r\n" for one, two in pairs]
    yield "ncci-aoc", "AOC_V2025Q4-F-MCR.txt", AOC_HEADER + "".join(rows)


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """The small book with tables of 2025 Q4 in the shape of CMS's, and the lexicons of manual rules."""
    folder = tmp_path_factory.mktemp("golden")
    inputs = [*mini.inputs(folder), lexicon("manual-rules"), lexicon("ncci-modifiers")]
    for table, name, content in _files():
        place = folder / name
        place.write_bytes(content.encode("latin-1"))
        inputs.append(Input(table, place, sha256(place), "added by the user", "made up", "", "2026-11-21"))
    work = folder / "book"
    work.mkdir()
    compile_book(inputs, work)
    with Book(work) as book:
        yield Engine(book)


def _claim(entry: dict[str, Any], stood_in: bool) -> dict[str, Any]:
    day = entry["day"].isoformat()
    lines = [{**line, "code": stand_in(line["code"]) if stood_in else line["code"]} for line in entry["lines"]]
    return {
        "setting": "professional", "service_from": day, "service_to": day, "diagnoses": entry["diagnoses"],
        "patient": {"age": entry["age"], "sex": entry["sex"]}, "lines": lines,
    }  # fmt: skip


def _found(report: Report, rule: str) -> list[Finding]:
    return [each for each in report.findings if each.rule == rule]


def _stood_in(text: str) -> str:
    """The text with every number of the relations replaced."""
    for code in (*RELATIONS["needle"], *RELATIONS["add_on"], *RELATIONS["studies"]):
        text = text.replace(code, stand_in(code))
    return text


@pytest.mark.parametrize("case", CLAIMS, ids=lambda case: case["name"])
def test_manual_rules_answer_the_numbers_without_any_row_of_them(tables: Engine, case: dict[str, Any]) -> None:
    report = tables.check(_claim(case, stood_in=False))
    for wanted in case.get("manual", []):
        (finding,) = _found(report, wanted["rule"])
        assert finding.authority == "manual"
        assert finding.severity == "warning"
        assert sorted(place.code for place in finding.at) == sorted(wanted["at"])
        assert wanted.get("message", "anual rule") in finding.message
        assert wanted["ask"] in (finding.fix.ask or "")
        assert all(plain(getattr(finding.fix, key)) == value for key, value in wanted.get("fix", {}).items())
    assert not [rule for rule in case.get("absent", []) if _found(report, rule)]


@pytest.mark.parametrize("case", CLAIMS, ids=lambda case: case["name"])
def test_table_edits_answer_the_stand_ins_with_their_row_as_proof(tables: Engine, case: dict[str, Any]) -> None:
    report = tables.check(_claim(case, stood_in=True))
    wanted_rules = {each["rule"] for each in case.get("tables", [])}
    for wanted in case.get("tables", []):
        (finding,) = _found(report, wanted["rule"])
        assert (finding.severity, finding.authority) == (wanted["severity"], "table-edit")
        assert sorted(place.code for place in finding.at) == sorted(map(stand_in, wanted["at"]))
        assert any(_stood_in(wanted["text"]) in proof.text for proof in finding.because)
        assert all("2025 Q4" in proof.edition for proof in finding.because)
    assert not [rule for rule in case.get("absent", []) if _found(report, rule)]
    assert not [rule for rule in TABLES if rule not in wanted_rules and _found(report, rule)]
    assert not [each for each in report.not_evaluated if each.rule in TABLES]


@pytest.mark.parametrize("case", CLAIMS, ids=lambda case: case["name"])
def test_in_another_quarter_each_edit_is_told_as_not_evaluated(tables: Engine, case: dict[str, Any]) -> None:
    claim = {**_claim(case, stood_in=True), "service_from": "2026-01-01", "service_to": "2026-01-01"}
    report = tables.check(claim)
    assert not [rule for rule in TABLES if _found(report, rule)]
    told = {each.rule: each.how for each in report.not_evaluated}
    assert all("2026 Q1" in told[rule] for rule in TABLES)
    assert "Load the practitioner file of 2026 Q1" in told["ptp-conflict"]
