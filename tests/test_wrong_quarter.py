"""A table under the name of an earlier quarter is told by what begins after that quarter."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from claimwright.errors import SourceError
from claimwright.model import Interval
from claimwright.sources import hcpcs, ncci_aoc
from claimwright.sources.ncci import check_begins
from tests.ncci_files import _AOC, _AOC_ROWS
from tests.procedure_files import OCTOBER, hcpcs_bytes

AOC = (_AOC + "\r\n".join(_AOC_ROWS)).encode("latin-1")
JULY = Interval(date(2026, 7, 1), date(2026, 9, 30))


@pytest.mark.parametrize(
    ("name", "read", "data", "says"),
    [
        ("AOC_V2025Q3-F-MCR.txt", ncci_aoc.read, AOC, "an edit from 2026-07-15, after the days that the file is for"),
        ("HCPC2026_JAN_ANWEB.txt", hcpcs.read, hcpcs_bytes(OCTOBER), "from 2026-08-01, after the days"),
    ],
)
def test_a_file_renamed_to_an_earlier_quarter_is_refused(
    tmp_path: Path, name: str, read: Callable[[Path], Any], data: bytes, says: str
) -> None:
    place = tmp_path / name
    place.write_bytes(data)
    with pytest.raises(SourceError) as caught:
        read(place)
    assert says in str(caught.value) and "\n" not in str(caught.value)


def test_one_row_of_thousands_that_begins_later_is_let_pass(tmp_path: Path) -> None:
    rows = [(n, date(2026, 7, 1)) for n in range(2_000)]
    check_begins(tmp_path, JULY, [*rows, (2_000, date(2026, 10, 1))], "an edit")
    with pytest.raises(SourceError, match=r":2000: an edit from 2026-10-01"):
        check_begins(tmp_path, JULY, [*rows, *((2_000 + n, date(2026, 10, 1)) for n in range(9))], "an edit")
