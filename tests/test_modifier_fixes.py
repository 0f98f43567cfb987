"""The fix of every invalid modifier clears the finding, and no other change of the line is needed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from claimwright.book.build import compile_book
from claimwright.book.store import Book
from claimwright.claims.wire import claim_from_object
from claimwright.engine import Engine
from claimwright.model import Claim, Finding
from tests import mini, procedure_files, rule_cases

CASES = [
    case
    for case in rule_cases.read(rule_cases.FOLDER / "procedure" / "modifier-invalid.yaml")
    if case.book == "mini-with-procedures" and case.expect
]


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """The small book with made-up HCPCS releases and fee schedules of 2026 Q3 and Q4."""
    folder = tmp_path_factory.mktemp("modifiers")
    (work := folder / "book").mkdir()
    compile_book([*mini.inputs(folder), *procedure_files.inputs(folder)], work)
    with Book(work) as book:
        yield Engine(book)


def found(engine: Engine, claim: Claim) -> list[Finding]:
    return [each for each in engine.check(claim).findings if each.rule == "modifier-invalid"]


def done(claim: Claim, finding: Finding) -> Claim:
    """The claim with what the fix says of modifiers done on the finding's line, and nothing else."""
    at, fix = finding.at[0].position - 1, finding.fix
    lines = list(claim.lines)
    kept = [fix.replace.get(each, (each,))[0] for each in lines[at].modifiers if each not in fix.remove]
    lines[at] = replace(lines[at], modifiers=tuple(kept))
    return replace(claim, lines=tuple(lines))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_fix_clears_its_finding(engine: Engine, case: rule_cases.Case) -> None:
    claim = claim_from_object(case.claim, "case")
    first = found(engine, claim)
    assert first
    for finding in first:
        assert finding.fix.ask, "what a modifier says is for the record to tell"
        if finding.fix.remove or finding.fix.replace:
            after = found(engine, done(claim, finding))
            assert len(after) == len(first) - 1 and finding not in after
        else:
            assert finding.fix.say.startswith("Remove ") and ", or " in finding.fix.say
