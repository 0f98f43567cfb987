"""On which line a modifier lifts a PTP edit: up to 2019-06-30 the column 2 line for 59 and the X modifiers."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from claimwright.book.build import compile_book
from claimwright.book.home import Input, sha256
from claimwright.book.store import Book
from claimwright.engine import check
from tests import mini
from tests.ncci_files import _PTP
from tests.procedure_files import lexicon

LAST, NEXT = "2019-06-30", "2019-07-01"
VERSIONS = ("251", "252")
"""The quarters that end and begin with these days."""


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Book]:
    """The quarters before and after the change, practitioners and hospitals."""
    folder = tmp_path_factory.mktemp("columns")
    found = [*mini.inputs(folder), lexicon("ncci-modifiers")]
    other = "ZZ900\tZZ901\t\t20150101\t*\t0\tMade-up reason\r\n"
    row = "ZZ020\tZZ022\t\t20150101\t*\t1\tMade-up reason\r\n"
    for setting in ("pra", "oph"):
        for version in VERSIONS:
            for part in range(1, 5):
                place = folder / f"cci{setting}-v{version}r0-f{part}.txt"
                place.write_bytes((_PTP + (row if part == 1 else other)).encode())
                found.append(Input("ncci-ptp", place, sha256(place), "added by the user", "made up", "", "2026-11-21"))
    work = folder / "book"
    work.mkdir()
    compile_book(list({(each.table, each.path.name): each for each in found}.values()), work)
    with Book(work) as opened:
        yield opened


@pytest.mark.parametrize(
    ("day", "setting", "first", "second", "found"),
    [
        (LAST, "professional", "59", "", True),
        (LAST, "professional", "xs", "", True),
        (LAST, "professional", "", "59", False),
        (LAST, "professional", "LT", "", False),
        (LAST, "outpatient", "59", "", False),
        (NEXT, "professional", "59", "", False),
        (NEXT, "professional", "", "59", False),
    ],
)
def test_the_line_that_carries_the_modifier(
    book: Book, day: str, setting: str, first: str, second: str, found: bool
) -> None:
    lines = [
        {"code": code, "modifiers": [each] if each else []} for code, each in (("ZZ020", first), ("ZZ022", second))
    ]
    claim = {"service_from": day, "setting": setting, "diagnoses": ["R25.2"], "lines": lines}
    hits = [each for each in check(claim, book=book).findings if each.rule == "ptp-conflict"]
    assert bool(hits) is found
    for hit in hits:
        assert hit.fix is not None
        assert "It belongs on the line of ZZ022 (column 2)" in hit.fix.say
        assert f"{first.upper()} stands on the column 1 line, where it did not count on {day}" in hit.fix.say
