"""What every form of the Alphabetic Index turns into: rows in document order, each with its parent.

The index family of ICD-10-CM (CDC/NCHS) is four documents: the index to diseases and injuries, the index
to external causes, the table of neoplasms and the table of drugs and chemicals. The two tables have
columns of codes instead of one code; `COLUMNS` names them as their headings do.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from claimwright.errors import SourceError
from claimwright.model import Interval

DISEASES, EXTERNAL, NEOPLASMS, DRUGS = "index", "eindex", "neoplasm", "drugs"
KINDS = {
    DISEASES: "index to diseases and injuries",
    EXTERNAL: "index to external causes",
    NEOPLASMS: "table of neoplasms",
    DRUGS: "table of drugs and chemicals",
}
"""Documents of the family, and what each is."""

COLUMNS: dict[str, dict[int, str]] = {
    NEOPLASMS: {
        1: "Neoplasm",
        2: "Malignant Primary",
        3: "Malignant Secondary",
        4: "Ca in situ",
        5: "Benign",
        6: "Uncertain Behavior",
        7: "Unspecified Behavior",
    },
    DRUGS: {
        1: "Substance",
        2: "Poisoning Accidental (unintentional)",
        3: "Poisoning Intentional self-harm",
        4: "Poisoning Assault",
        5: "Poisoning Undetermined",
        6: "Adverse effect",
        7: "Underdosing",
    },
}
"""Headings of the tables by column; a file with other headings is not read."""

_CODE = re.compile(r"[A-Z][0-9A-Z]{2}(?:\.[0-9A-Z]{0,4})?-?")
DEEPEST = 12
"""Levels of nested terms; the official index has 9."""


class Words(NamedTuple):
    """A title: `printed` whole, `essential` without what stands in its parentheses, which is `modifiers`."""

    printed: str
    essential: str
    modifiers: str


@dataclass(frozen=True, slots=True)
class IndexRow:
    """A term in document order; `parent` is an index of the same list, -1 for a main term.

    `code` is as printed, a dash at its end for an incomplete one; `cells` are codes by column of a table.
    """

    level: int
    parent: int
    words: Words
    code: str = ""
    manifestation: str = ""
    see: tuple[str, ...] = ()
    see_also: tuple[str, ...] = ()
    cells: tuple[tuple[int, str], ...] = ()


@dataclass(frozen=True, slots=True)
class IndexFile:
    """One document of the family, whole. `release` is the first day it says it is for."""

    kind: str
    name: str
    member: str
    fiscal_year: int
    release: date
    window: Interval
    rows: tuple[IndexRow, ...]


def code_of(text: str, place: str) -> str:
    """A printed code, its dash kept; empty for a cell without one; `SourceError` for anything else."""
    text = "".join(text.split())
    if text.strip("-") == "":
        return ""
    if not _CODE.fullmatch(text):
        raise SourceError(place, f"{text!r} is no printed code", "a code such as M25.55- or T75.0")
    return text


def named(kind: str, member: str, year: int, release: date | None, rows: list[IndexRow]) -> IndexFile:
    """The document under its edition: fiscal year, and the month of release if the name or the user tells one."""
    window = Interval(date(year - 1, 10, 1), date(year, 9, 30))
    told = release or _release(member, window)
    starts = told if told and told in window else window.starts
    if release and release not in window:
        raise SourceError(member, f"is of fiscal year {year}, not of {release}", f"a day in {window}")
    name = f"FY{year}" if starts == window.starts else f"FY{year} ({starts:%B} {starts.year})"
    return IndexFile(kind, name, member, year, starts, Interval(starts, window.ends), tuple(rows))


_MONTHS = (
    "january", "february", "march", "april", "may", "june",
    "july", "august", "september", "october", "november", "december",
)  # fmt: skip


def _release(name: str, window: Interval) -> date | None:
    found = re.search(r"([A-Za-z]+)[-_ ](?:1[-_ ])?(20\d\d)", name)
    if found and found[1].lower() in _MONTHS:
        day = date(int(found[2]), _MONTHS.index(found[1].lower()) + 1, 1)
        return day if day in window else None
    return None
