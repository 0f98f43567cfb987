"""How much of one claim is answered over a network: what takes a server long is refused before it is begun.

A claim form holds 25 diagnoses (X12 837 institutional) or 12 (professional) and up to 999 lines. Rules compare
codes in pairs, so that the time grows with the square of their number; a note of the length below takes seconds.
The command line takes claims of any size.
"""

from __future__ import annotations

from collections.abc import Sequence

from claimwright.errors import InputError
from claimwright.model import Claim

MOST_ROWS = {"diagnoses": 400, "procedures": 400, "lines": 1000, "facts": 1000}
"""Entries of each list of a claim."""

MOST_OF_LINE = {"modifiers": 100, "pointers": 400}
"""Entries of each list of a line."""

MOST_CODES = 1000
"""Diagnoses of one person that are scored without a claim."""

MOST_NOTE = 100_000
"""Characters of a note, about fifty printed pages."""

MOST_SEARCHED = 1000
"""Characters of what is searched for."""


def check_bounds(claim: Claim, place: str, root: str = "$") -> Claim:
    """The claim, if it is not larger than is answered here. Errors: `InputError` with the JSON path below `root`."""
    for name, most in MOST_ROWS.items():
        _most(getattr(claim, name), most, f"{place}: {root}.{name}")
    for number, line in enumerate(claim.lines):
        for name, most in MOST_OF_LINE.items():
            _most(getattr(line, name), most, f"{place}: {root}.lines[{number}].{name}")
    check_note(claim.note, f"{place}: {root}.note")
    return claim


def check_note(note: str | None, place: str) -> None:
    """Errors: `InputError` for a note that is longer than is read here."""
    if note and len(note) > MOST_NOTE:
        raise InputError(place, f"has {len(note):,} characters", f"at most {MOST_NOTE:,} here; commands take any")


def check_codes(codes: Sequence[str], place: str) -> None:
    """Errors: `InputError` for more codes than are answered here."""
    _most(codes, MOST_CODES, place)


def rows_of(claim: Claim) -> int:
    """What the time that a claim takes grows with: its diagnoses, procedures and lines."""
    return len(claim.diagnoses) + len(claim.procedures) + len(claim.lines)


def _most(listed: Sequence[object], most: int, place: str) -> None:
    if len(listed) > most:
        raise InputError(place, f"has {len(listed):,} entries", f"at most {most:,} here; commands take any")
