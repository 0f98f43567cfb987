"""Outcomes of rules over lines, procedures, claims and indicators against their explanations, on the same claims.

Several quarters of every table stand side by side, with edits that begin and end within them. Codes cannot exist,
apart from those of manual rules.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from claimwright.batch.local import Scanner
from claimwright.book.build import compile_book
from claimwright.book.home import Input, sha256
from claimwright.book.ncci_columns import NOT_NAMED, add_ons
from claimwright.book.procedures import AOC, procedures
from claimwright.book.store import Book
from claimwright.claims.batch import ClaimBatch, batch_of
from claimwright.edits.registry import Rule
from claimwright.engine import Engine
from claimwright.model import Claim, Diagnosis, Patient, Payer, Procedure, ServiceLine, Setting
from tests import mini, ncci_files, procedure_files, test_rule_cases
from tests.batch_answers import of_columns, of_reports

DAY = date(2026, 1, 15)
PTP = (
    "ZZ020\tZZ020\t\t20150101\t*\t1\tMade-up reason",
    "ZZ020\tZZ021\t\t20150101\t20260815\t0\tMade-up reason",
    "ZZ020\tZZ022\t\t20150101\t*\t1\tOther made-up reason",
    "ZZ021\tZZ020\t\t20260816\t*\t1\tMade-up reason",
    "ZZ022\tZZ020\t\t20150101\t*\t1\tMade-up reason",
)
MUE = (
    "ZZ001,1,1 Line Edit,Made-up reason",
    "ZZ020,3,2 Date of Service Edit: Policy,Made-up reason",
    "Z0001,1,3 Date of Service Edit: Clinical,Made-up reason",
)
AOC_ROWS = (
    "ZZ010\tZZ001\t\t\t2013001\t2026227\t1\t",
    "ZZ010\tZZ002\t\t\t2026228\t\t2\t",
    "ZZ010\tCCCCC\t\t\t2026228\t2026243\t3\t",
    "ZZ012\tCCCCC\t\t\t2013001\t\t3\t",
    "ZZ012\tZZ003\t\t\t2013001\t2026226\t3\t",
    "ZZ013\tZZ013\t\t\t2026196\t\t1\t",
)  # fmt: skip
DAYS = (
    date(2019, 6, 30), date(2019, 7, 1), date(2026, 6, 30), date(2026, 7, 1), date(2026, 7, 15), date(2026, 8, 1),
    date(2026, 8, 15), date(2026, 8, 16), date(2026, 8, 31), date(2026, 9, 30), date(2026, 10, 1),
)  # fmt: skip
PLAIN = (
    "ZZ001", "ZZ002", "ZZ003", "ZZ004", "ZZ005", "ZZ007", "ZZ008", "ZZ010", "ZZ012", "ZZ013", "ZZ020", "ZZ021", "ZZ022",
    "Z0001", "Z0002", "Z0003", "Z0005", "Z0006",
)  # fmt: skip
MANUAL = ("95861", "95907", "95909", "99215")
ODD = ("zz020", "95A", "1AB2C", "R252", "0450", "Ä9999", "ZZ0200000", "Z 001", "D0001", "00000", "10E0XZZ")
MODIFIERS = ("25", "59", "xs", "LT", "RT", "50", "26", "TC", "GY", "GZ", "ZZ", "QQ", "qq", "-5", "5-", "7")
DIAGNOSES = ("R25.2", "M25.561", "Z68.41")
PAIRED = ("ZZ020", "ZZ021", "ZZ022", "zz022")
MET = {
    ("add-on-without-primary", "error"), ("add-on-without-primary", "warning"), ("emg-with-ncs", "warning"),
    ("modifier-25", "warning"), ("modifier-invalid", "error"), ("modifier-invalid", "warning"),
    ("noncovered-procedure", "error"), ("noncovered-procedure", "info"), ("one-code-per-date", "warning"),
    ("pcs-invalid", "error"), ("poa-indicator", "error"), ("poa-indicator", "info"),
    ("procedure-not-in-effect", "error"), ("procedure-not-in-effect", "warning"), ("ptp-conflict", "error"),
    ("units-exceed-mue", "error"), ("unknown-procedure", "error"), ("unknown-procedure", "warning"),
}  # fmt: skip
"""Rules and severities that the drawn claims have to come to."""
tried = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])

lines = st.builds(
    ServiceLine,
    code=st.one_of(*(st.sampled_from(each) for each in (PLAIN, PAIRED, MANUAL, ODD))),
    modifiers=st.lists(st.sampled_from(MODIFIERS), max_size=4).map(tuple),
    units=st.sampled_from((0.0, 0.5, 1.0, 1.0, 2.0, 4.0)),
    date=st.one_of(st.none(), st.none(), st.sampled_from(DAYS)),
    pointers=st.sampled_from(((), (), (1,))),
)
claims = st.lists(
    st.builds(
        Claim,
        setting=st.sampled_from(tuple(Setting)),
        diagnoses=st.lists(
            st.builds(
                Diagnosis,
                code=st.sampled_from(("R25.2", "M25.561", "Z68.41", "W19.XXXA", "I10")),
                poa=st.sampled_from((None, "Y", "1", "N")),
            ),
            min_size=1,
            max_size=3,
        ).map(tuple),
        service_from=st.sampled_from(DAYS),
        patient=st.builds(Patient, age=st.sampled_from((None, 3, 70)), sex=st.sampled_from(("F", "M", "U"))),
        payer=st.sampled_from((Payer(), Payer("Medicare"), Payer("medicare "), Payer("other"))),
        procedures=st.lists(
            st.builds(Procedure, code=st.sampled_from(("10e0xzz", "1", "XXXXXXXXX", "0UT90ZZ"))), max_size=2
        ).map(tuple),
        lines=st.lists(lines, max_size=6).map(tuple),
        discharge_status=st.sampled_from((None, "01", "8", "99", " x", "077")),
    ),
    min_size=1,
    max_size=6,
)


def _inputs(folder: Path) -> Iterator[Input]:
    """Two quarters around each of the boundaries, for both settings, and a list of exempt codes."""
    yield from mini.inputs(folder)
    yield from procedure_files.inputs(folder)
    yield procedure_files.lexicon("ncci-settings")
    texts: dict[tuple[str, str], str] = {("poa-exempt", "POAexemptCodesFY26.txt"): test_rule_cases.POA_EXEMPT}
    for version in ("251", "252", "321", "322", "323"):
        begun = [row for row in PTP if "\t20150101\t" in row or version > "321"]
        for setting in ("pra", "oph"):  # the first part of four is enough for an answer
            rows = "".join(f"{row}\r\n" for row in begun)
            texts["ncci-ptp", f"cci{setting}-v{version}r0-f1.txt"] = ncci_files._PTP + rows
    for quarter in ("04-01-2026", "07-01-2026", "10-01-2026"):
        for name, title in (("Practitioner", "Practitioner"), ("OutpatientHospital", "Outpatient Hospital")):
            rows = "\r\n".join(MUE if title == "Practitioner" else MUE[1:])
            texts["ncci-mue", f"MCR_MUE_{name}Services_Eff_{quarter}.csv"] = ncci_files._MUE.format(title) + rows
    for quarter in ("2026Q2", "2026Q3"):
        begun = [row for row in AOC_ROWS if "\t2013001\t" in row or quarter == "2026Q3"]
        texts["ncci-aoc", f"AOC_V{quarter}-F-MCR.txt"] = ncci_files._AOC + "\r\n".join(begun)
    for (table, name), text in texts.items():
        place = folder / name
        place.write_bytes(text.encode("latin-1"))
        yield Input(table, place, sha256(place), "added by the user", "made up", "", "2026-11-21")


@pytest.fixture(scope="module")
def stocked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Book]:
    folder = tmp_path_factory.mktemp("outcomes")
    work = folder / "book"
    work.mkdir()
    compile_book(list({(each.table, each.path.name): each for each in _inputs(folder)}.values()), work)
    with Book(work) as book:
        yield book


@pytest.fixture(scope="module")
def telling(stocked: Book) -> Scanner:
    """All rules with their outcomes."""
    return Scanner(stocked)


@pytest.fixture(scope="module")
def explaining(stocked: Book) -> Scanner:
    """The same rules by their explanations alone."""
    scanner = Scanner(stocked)
    scanner.rules = [replace(each, outcome=None) for each in scanner.rules]
    return scanner


def without_objects(found: Sequence[Claim]) -> ClaimBatch:
    """The claims as a file of columns has them: payers by number, and texts that columns cannot hold beside them."""
    texts = {
        "diagnoses": [each.code for claim in found for each in claim.diagnoses],
        "procedures": [each.code for claim in found for each in claim.procedures],
        "lines": [each.code for claim in found for each in claim.lines],
        "statuses": [claim.discharge_status or "" for claim in found],
    }
    payers = tuple(dict.fromkeys(each.payer for each in found))
    return replace(
        batch_of(found, DAY),
        claims=None,
        written={
            (column, at): text
            for column, every in texts.items()
            for at, text in enumerate(every)
            if len(text) > 8 or not text.isascii() or (column == "statuses" and text.strip() and len(text) != 2)
        },
        payers=payers,
        payer=np.array([payers.index(each.payer) for each in found], dtype=np.int32),
    )


@tried
@given(found=claims)
def test_an_outcome_is_what_the_explanation_says(
    stocked: Book, telling: Scanner, explaining: Scanner, found: list[Claim]
) -> None:
    expected = of_reports(Engine(stocked).check_all(found, DAY))
    assert of_columns(telling.findings(batch_of(found, DAY)), telling) == expected
    bare = without_objects(found)
    assert of_columns(telling.findings(bare), telling) == of_columns(explaining.findings(bare), explaining)


def drawn(chance: random.Random) -> Claim:
    """A claim whose lines are of few codes and days, so that they meet."""
    codes = chance.choice((PLAIN, PLAIN, PAIRED, PAIRED, MANUAL, ODD))
    of = [
        ServiceLine(
            chance.choice(codes if chance.random() < 0.8 else PLAIN),
            tuple(chance.choices((*MODIFIERS, "GY", "gz"), k=chance.choice((0, 0, 1, 1, 2, 4)))),
            chance.choice((0.5, 1.0, 1.0, 2.0, 4.0)),
            chance.choice((None, None, None, None, chance.choice(DAYS))),
        )
        for _ in range(chance.choice((0, 1, 2, 3, 5)))
    ]
    return Claim(
        chance.choice(tuple(Setting)),
        tuple(Diagnosis(each, chance.choice((None, "Y", "1"))) for each in chance.sample(DIAGNOSES, 2)),
        service_from=chance.choice(DAYS),
        patient=Patient(chance.choice((None, 30)), chance.choice(("F", "M"))),
        payer=Payer(chance.choice((None, "Medicare", "Medicare"))),
        procedures=tuple(Procedure(each) for each in chance.choices(("10E0XZZ", "1"), k=chance.choice((0, 1)))),
        lines=tuple(of),
        discharge_status=chance.choice((None, "8", "01")),
    )  # fmt: skip


def test_many_claims_whose_lines_meet_are_told_as_explained(
    stocked: Book, telling: Scanner, explaining: Scanner
) -> None:
    found = list(map(drawn, [random.Random(number) for number in range(1500)]))  # noqa: S311 - no secret
    bare = without_objects(found)
    expected = of_columns(explaining.findings(bare), explaining)
    assert of_columns(telling.findings(bare), telling) == expected
    assert {(rule, severity) for _, rule, _, severity, _, _ in expected} >= MET
    some = found[:200]
    assert of_columns(telling.findings(batch_of(some, DAY)), telling) == of_reports(
        Engine(stocked).check_all(some, DAY)
    )


def test_every_rule_over_lines_procedures_and_claims_has_an_outcome(telling: Scanner) -> None:
    def kinds(rule: Rule) -> set[str]:
        return {type(each).__name__ for each in rule.relations} | {getattr(each, "kind", "") for each in rule.relations}

    over = {"Attended", "Faults", "FirstMet", "Limit", "LinePair", "Together", "procedure", "claim"}
    asked = [each for each in telling.rules if kinds(each) & over]
    assert len(asked) > 12
    assert [each.name for each in asked if each.outcome is None] == []


@pytest.mark.parametrize("code", ["ZZ010", "ZZ012", "ZZ013", "ZZ001"])
def test_an_add_on_code_has_the_same_edit_in_columns(stocked: Book, code: str) -> None:
    names = ("ZZ001", "ZZ002", "ZZ003", "ZZ013", "CCCCC")
    for day in (each for each in DAYS if date(2026, 4, 1) <= each < date(2026, 10, 1)):
        edit = procedures(stocked).add_on(code, day)
        table = add_ons(stocked, procedures(stocked).need(AOC, day).number)
        at = table.at(np.array([code], "S8"))
        number = np.array([(day - date(1970, 1, 1)).days], np.int32)
        type_ = int(table.type_on(at, number)[0]) if at[0] >= 0 else NOT_NAMED
        assert type_ == (edit.type if edit and edit.primaries else NOT_NAMED), day
        named = [each for each in names if table.names(at, table.primary(np.array([each], "S8")), number)[0]]
        assert named == sorted(edit.primaries if edit else ())
