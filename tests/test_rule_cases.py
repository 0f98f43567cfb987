"""Every rule against its case file, and every case file against its rule."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from claimwright.book.build import compile_book
from claimwright.book.home import Input, sha256
from claimwright.book.store import Book
from claimwright.edits.registry import HEADINGS, Rule, load_rules
from claimwright.engine import Engine
from claimwright.sources.lexicon import load_yaml
from tests import mini, ncci_files, procedure_files, rule_cases
from tests.rule_cases import Case

RULES = load_rules()
CASES = rule_cases.every()
CITATIONS = Path(__file__).parents[1] / "citations"


POA_EXEMPT = "OrdFY26\tPOAexemptCode\tDescription\n1\tZ68.41\tBMI\n2\tW19.XXXA\tFall\n"
"""A list in the layout of CMS, with two codes that are exempt in truth."""


@pytest.fixture(scope="session")
def engine_with_poa_exempt(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """The small book with a list of codes exempt from present-on-admission reporting."""
    folder = tmp_path_factory.mktemp("poa")
    file, work = folder / "POAexemptCodesFY26.txt", folder / "book"
    file.write_text(POA_EXEMPT, encoding="utf-8")
    work.mkdir()
    listed = Input("poa-exempt", file, sha256(file), "added by the user", "US Government work (CMS)")
    compile_book([*mini.inputs(folder), listed], work)
    with Book(work) as book:
        yield Engine(book)


@pytest.fixture(scope="session")
def engine_with_ncci(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """The small book with made-up NCCI tables of 2026 Q3."""
    folder = tmp_path_factory.mktemp("ncci")
    work = folder / "book"
    work.mkdir()
    compile_book([*mini.inputs(folder), *ncci_files.inputs(folder)], work)
    with Book(work) as book:
        yield Engine(book)


@pytest.fixture(scope="session")
def engine_with_procedures(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """The small book with made-up HCPCS releases and fee schedules of 2026 Q3 and Q4."""
    folder = tmp_path_factory.mktemp("procedures")
    work = folder / "book"
    work.mkdir()
    compile_book([*mini.inputs(folder), *procedure_files.inputs(folder)], work)
    with Book(work) as book:
        yield Engine(book)


_ENGINES = {
    "whole": "engine",
    "mini-with-poa-exempt": "engine_with_poa_exempt",
    "mini-with-ncci": "engine_with_ncci",
    "mini-with-procedures": "engine_with_procedures",
}


@pytest.mark.book
@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.file}: {case.name}")
def test_the_rule_finds_what_the_case_says_and_nothing_else(case: Case, request: pytest.FixtureRequest) -> None:
    engine: Engine = request.getfixturevalue(_ENGINES[case.book])
    assert rule_cases.differences(case, engine.check(case.claim)) == []


def _of(rule: Rule) -> list[Case]:
    return [case for case in CASES if case.file == rule.name]


@pytest.mark.parametrize("rule", RULES.values(), ids=lambda rule: rule.name)
def test_every_rule_has_a_case_file_with_a_hit_and_a_miss(rule: Rule) -> None:
    cases = _of(rule)
    room = rule.module.split(".")[-2]
    assert cases, f"tests/cases/edits/{room}/{rule.name}.yaml is missing"
    assert {case.rule for case in cases} == {rule.code}
    assert any(case.expect for case in cases)
    assert any(not case.expect and not case.not_evaluated for case in cases)


@pytest.mark.parametrize("rule", RULES.values(), ids=lambda rule: rule.name)
def test_every_rule_is_tried_on_both_sides_of_a_boundary_date(rule: Rule) -> None:
    dated: dict[str, dict[str, str]] = defaultdict(dict)
    for case in _of(rule):
        dated[case.apart_from_date][case.day] = repr(case.expect) + case.not_evaluated
    assert any(len(set(outcomes.values())) > 1 for outcomes in dated.values()), (
        f"{rule.name}: no two cases differ by date"
    )


@pytest.mark.parametrize("file", sorted(rule_cases.FOLDER.rglob("*.yaml")), ids=lambda file: file.stem)
def test_every_case_file_belongs_to_a_rule_and_names_its_cases_apart(file: Path) -> None:
    names = [case.name for case in rule_cases.read(file)]
    assert file.stem in RULES
    assert len(names) == len(set(names))


@pytest.mark.parametrize("rule", RULES.values(), ids=lambda rule: rule.name)
def test_every_rule_has_a_page_with_the_four_headings(rule: Rule) -> None:
    assert re.findall(r"^## (.+)$", rule.page, re.MULTILINE) == list(HEADINGS)
    assert rule.summary.endswith(".")


@pytest.mark.parametrize("rule", RULES.values(), ids=lambda rule: rule.name)
def test_every_citation_of_a_rule_resolves(rule: Rule) -> None:
    for reference in rule.cites:
        document, _, section = reference.partition(":")
        assert section in _sections(document), reference


@cache
def _sections(document: str) -> frozenset[str]:
    return frozenset(load_yaml(CITATIONS / f"{document}.yaml")["sections"])
