"""The kernels of unknown, ended and wrongly modified procedures against a slow and obvious reading of the tables."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from claimwright.book.build import compile_book
from claimwright.book.procedures import HCPCS, PFS, procedures
from claimwright.book.store import Book
from claimwright.edits.listing import CPT, DENTAL, LEVEL_TWO, NO_CODE, form_of
from claimwright.engine import Engine
from claimwright.model import Claim, Diagnosis, ServiceLine, Setting
from tests import mini, procedure_files

QUARTERS = {"2026 Jul": procedure_files.JULY, "2026 Oct": procedure_files.OCTOBER}
SCHEDULES = {"2026 C": procedure_files.FEES_JULY, "2026 D": procedure_files.FEES_OCTOBER}
CODES = (
    "Z0001",
    "Z0002",
    "Z0003",
    "Z0005",
    "Z0006",
    "z0099",
    "ZZ001",
    "ZZ002",
    "ZZ003",
    "zz006",
    "00000",
    "D0001",
    "95A",
)
DAYS = (date(2026, 6, 30), date(2026, 7, 31), date(2026, 8, 1), date(2026, 8, 16), date(2026, 9, 30), date(2026, 10, 1))
RULES = ("unknown-procedure", "procedure-not-in-effect", "modifier-invalid")
tried = settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])

lines = st.builds(
    ServiceLine,
    code=st.sampled_from(CODES),
    modifiers=st.lists(st.sampled_from(("50", "26", "59", "LT", "zz", "QQ", "TC", "-5")), max_size=4).map(tuple),
    date=st.one_of(st.none(), st.sampled_from(DAYS)),
)
claims = st.lists(
    st.builds(
        Claim,
        setting=st.sampled_from(tuple(Setting)),
        diagnoses=st.just((Diagnosis("R25.2"),)),
        service_from=st.sampled_from(DAYS),
        lines=st.lists(lines, max_size=5).map(tuple),
    ),
    min_size=1,
    max_size=4,
)


@pytest.fixture(scope="module")
def stocked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    folder = tmp_path_factory.mktemp("kernels")
    work = folder / "book"
    work.mkdir()
    compile_book([*mini.inputs(folder), *procedure_files.inputs(folder)], work)
    with Book(work) as book:
        yield Engine(book)


def _release(book: Book, day: date) -> dict[str, tuple[date, date]] | None:
    """First and last day of every code and modifier in the release of the day; None when none is loaded."""
    edition = procedures(book).edition(HCPCS, day)
    if edition is None:
        return None
    return {record[:5].strip(): _days(record) for record in QUARTERS[edition.name]}


def _days(record: str) -> tuple[date, date]:
    first, last = record[268:276], record[284:292].strip() or "99991231"
    return date.fromisoformat(first), date.fromisoformat(last)


def _schedule(book: Book, day: date) -> dict[str, list[str]] | None:
    """Cells of every row without modifier in the schedule of the day."""
    edition = procedures(book).edition(PFS, day)
    if edition is None:
        return None
    rows = [row.replace('"MADE-UP, SECRET WORDS"', "").split(",") for row in SCHEDULES[edition.name]]
    return {cells[0]: cells for cells in rows if not cells[1]}


def _expected(book: Book, claim: Claim, line: ServiceLine) -> list[str]:
    """Names of the rules that find something on a line, once for each finding."""
    day = line.date or claim.date_of_service(date(2026, 1, 1))
    code, release, fees = line.code.upper(), _release(book, day), _schedule(book, day)
    return [*_of_code(code, day, release, fees, claim.setting), *_of_modifiers(line, code, day, release, fees, claim)]


def _of_code(
    code: str,
    day: date,
    release: dict[str, tuple[date, date]] | None,
    fees: dict[str, list[str]] | None,
    setting: Setting,
) -> list[str]:
    out = []
    known = code in (release or {}) or code in (fees or {})
    elsewhere = any(code == record[:5] for records in QUARTERS.values() for record in records)
    scheduled = any(row.startswith(f"{code},") for rows in SCHEDULES.values() for row in rows)
    form = form_of(code)
    judged = {NO_CODE: True, LEVEL_TWO: release is not None, CPT: fees is not None, DENTAL: False}[form]
    if judged and not known and not elsewhere and not scheduled:
        out.append(RULES[0])
    if release and code in release and not release[code][0] <= day <= release[code][1]:
        out.append(RULES[1])
    out += [RULES[1]] * (release is not None and elsewhere and not known)
    out += [RULES[1]] * (fees is not None and scheduled and not known)
    if fees and code in fees and fees[code][3] in "DFGI" and setting is Setting.PROFESSIONAL:
        out.append(RULES[1])
    return out


def _of_modifiers(
    line: ServiceLine,
    code: str,
    day: date,
    release: dict[str, tuple[date, date]] | None,
    fees: dict[str, list[str]] | None,
    claim: Claim,
) -> list[str]:
    carried = [each.upper() for each in line.modifiers]
    wrong = {each for each in carried if not each.isalnum()}
    if release is not None:
        named = [each for each in carried if each[0].isalpha()]
        wrong |= {each for each in named if each not in release or not release[each][0] <= day <= release[each][1]}
    count = len(wrong)
    count += "50" in carried and "LT" in carried
    count += "26" in carried and "TC" in carried
    row = (fees or {}).get(code)
    if row and claim.setting is Setting.PROFESSIONAL:
        component, bilateral = row[13], row[19]
        count += component in "02345" and bool({"26", "TC"} & set(carried))
        count += component == "6" and "TC" in carried
        count += bilateral in "029" and "50" in carried
    return [RULES[2]] * count


@tried
@given(found=claims)
def test_every_fault_of_a_line_is_found_and_no_other(stocked: Engine, found: list[Claim]) -> None:
    for claim, report in zip(found, stocked.check_all(found), strict=True):
        wanted = {
            (number, rule, _expected(stocked.book, claim, line).count(rule))
            for number, line in enumerate(claim.lines, start=1)
            for rule in _expected(stocked.book, claim, line)
        }
        told = [(each.at[0].position, each.rule) for each in report.findings if each.rule in RULES]
        assert {(*each, told.count(each)) for each in told} == wanted


@tried
@given(found=claims)
def test_what_no_table_can_judge_is_told(stocked: Engine, found: list[Claim]) -> None:
    for claim, report in zip(found, stocked.check_all(found), strict=True):
        told = {(each.rule, each.missing) for each in report.not_evaluated if each.rule == RULES[0]}
        wanted = set()
        for line in claim.lines:
            day = line.date or claim.date_of_service(date(2026, 1, 1))
            code, release, fees = line.code.upper(), _release(stocked.book, day), _schedule(stocked.book, day)
            if code in (release or {}) or code in (fees or {}):
                continue
            form = form_of(code)
            if form == DENTAL:
                wanted.add((RULES[0], "dental codes"))
            elif form == LEVEL_TWO and release is None:
                wanted.add((RULES[0], HCPCS))
            elif form == CPT and fees is None:
                wanted.add((RULES[0], PFS))
        assert told == wanted
