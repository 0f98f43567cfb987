"""What the NCCI files have in common: settings, quarters, terms, and how much may be wrong in one.

The tables carry CPT codes and are published behind the AMA's click-through, so each needs the user's
acceptance. What a file is for stands in its name (`ccipra-v322r0-f1`: practitioners, version 32.2,
part 1), not in its rows; names that contradict each other or the rows stop the import.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from claimwright.errors import SourceError
from claimwright.model import Interval

AMA_TERMS = "the AMA's terms for files with CPT codes, which CMS shows before the download"
"""What the user accepts with `--accept-licence`, as the refusal names it."""

AMA_LICENCE = "CMS file with CPT codes, (c) American Medical Association; the user's copy, internal use only"

PRACTITIONER, OUTPATIENT, DME = "practitioner", "outpatient-hospital", "dme-supplier"
SETTINGS = (PRACTITIONER, OUTPATIENT, DME)
"""Settings in which an edit can apply, as every table of this package names them."""

_FEW = 10
_SHARE = 0.001


@dataclass(frozen=True, slots=True)
class Rejected:
    """A row that is not as published: where it stands and what is wrong."""

    line: int
    problem: str


def quarter(day: date) -> Interval:
    """The calendar quarter that holds `day`."""
    first = date(day.year, day.month - (day.month - 1) % 3, 1)
    following = first + timedelta(days=92)  # a quarter has 90 to 92 days
    return Interval(first, following.replace(day=1) - timedelta(days=1))


def quarter_of(year: int, number: int) -> Interval:
    """Quarter `number` (1 to 4) of `year`."""
    return quarter(date(year, 3 * number - 2, 1))


def quarter_name(window: Interval) -> str:
    """`2026 Q3`."""
    return f"{window.starts.year} Q{(window.starts.month + 2) // 3}"


def check_release(file: Path, window: Interval, release: date | None) -> None:
    """`--release` may confirm the quarter that the file tells, never change it."""
    if release and release not in window:
        raise SourceError(str(file), f"is for {window}, --release says {release}", "the file of that quarter")


def check_begins(file: Path, window: Interval, begins: Sequence[tuple[int, date]], what: str, few: int = 0) -> None:
    """What a table lists begins in its days or before: much that begins later is another quarter's table.

    `begins`: line and first day of each row. As with odd rows, a few of a long table are let pass, and `few` of any.
    """
    late = [(line, day) for line, day in begins if window.ends and day > window.ends]
    if len(late) > max(few, _SHARE * len(begins)):
        line, day = late[0]
        problem = f"{what} from {day}, after the days that the file is for ({window})"
        raise SourceError(f"{file}:{line}", problem, "the file under its own name")


def check_rejected(file: Path, rows: int, rejected: Sequence[Rejected]) -> None:
    """A few odd rows are counted and told; more than that is another layout, or no such file."""
    if not rows:
        first = rejected[0] if rejected else None
        place = f"{file}:{first.line}" if first else str(file)
        raise SourceError(place, f"no row could be read{f' ({first.problem})' if first else ''}", "the table's rows")
    if len(rejected) > max(_FEW, _SHARE * rows):
        raise SourceError(
            f"{file}:{rejected[0].line}",
            f"{rejected[0].problem}; {len(rejected):,} of {len(rejected) + rows:,} rows are not as published",
        )


def lines_text(rejected: Sequence[Rejected], most: int = 20) -> list[int]:
    """Line numbers of rejected rows, the first ones."""
    return [each.line for each in rejected[:most]]


def plausible_quarter(year: int, number: int, file: Path) -> Interval:
    """The quarter a file name tells, if NCCI existed then."""
    if not (1996 <= year <= 2099 and 1 <= number <= 4):
        raise SourceError(str(file), f"its name tells quarter {number} of {year}", "a quarter from 1996 on")
    return quarter_of(year, number)
