"""What `show` answers: one code, category, block or chapter on one day, with its proof.

The small records are named tuples: a process that shows one code spends more on making dataclasses
than on the answer. Those of one table only stand in the module that reads it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from claimwright.book.hcc_records import HccRecord
    from claimwright.book.msdrg import MsdrgRecord
    from claimwright.book.pcs import Character
    from claimwright.book.policies import PolicyListing
    from claimwright.book.procedure_record import ProcedureRecord
    from claimwright.model import EditionUsed


class Neighbour(NamedTuple):
    """A parent, child or sibling; `billable` on the day asked for."""

    code: str
    title: str | None
    billable: bool
    kind: str


@dataclass(frozen=True, slots=True)
class NoteRecord:
    """An official note that applies here; `head` is the heading it stands under.

    `targets` are the codes it names, as printed. `problem` says which of them do not exist.
    """

    kind: str
    text: str
    holder: str
    level: str
    inherited: bool
    targets: tuple[str, ...]
    head: str | None = None
    problem: str | None = field(default=None, metadata={"omit": True})


class ReverseNote(NamedTuple):
    """A note elsewhere that names this code; `holder_title` tells what is speaking."""

    kind: str
    text: str
    holder: str
    level: str
    holder_title: str
    targets: tuple[str, ...]


class FlagRecord(NamedTuple):
    """An MCE flag and the days it is in force."""

    flag: str
    starts: date
    ends: date | None


class Change(NamedTuple):
    """A successor or predecessor and the first day of the change."""

    code: str
    title: str | None
    effective: date


class Validity(NamedTuple):
    """One uninterrupted period in which the code was billable."""

    starts: date
    ends: date | None


class SourceRecord(NamedTuple):
    """A table that answered: its edition, window, file and digest."""

    table: str
    edition: str
    starts: date | None
    ends: date | None
    file: str
    sha256: str


class Unloaded(NamedTuple):
    """A part of the page that no loaded table can fill, and how to get it."""

    part: str
    missing: str
    how: str


@dataclass(frozen=True, slots=True)
class CodeRecord:
    """Everything the official tables say of `code` on `date`.

    `title` is None when no loaded edition names the code; `title_note` then says so.
    `seventh_characters` maps each permitted character to its meaning. `characters` are those of an
    ICD-10-PCS code or its beginning; `also` says what else the same letters may mean. `procedure` is
    what the tables of service lines say of a CPT or HCPCS code, whose `billable` is None when no table
    that is loaded can tell.
    """

    code: str
    title: str | None
    billable: bool | None
    valid_from: date | None
    valid_to: date | None
    kind: str
    date: date
    status: str
    parents: tuple[Neighbour, ...]
    children: tuple[Neighbour, ...]
    siblings: tuple[Neighbour, ...]
    notes: tuple[NoteRecord, ...]
    reverse_notes: tuple[ReverseNote, ...]
    inclusion_terms: tuple[str, ...]
    seventh_characters: dict[str, str]
    flags: tuple[FlagRecord, ...]
    validity: tuple[Validity, ...]
    successors: tuple[Change, ...]
    predecessors: tuple[Change, ...]
    editions: tuple[EditionUsed, ...]
    sources: tuple[SourceRecord, ...]
    title_note: str | None = None
    characters: tuple[Character, ...] = field(default=(), metadata={"omit": True})
    also: str | None = field(default=None, metadata={"omit": True})
    procedure: ProcedureRecord | None = field(default=None, metadata={"omit": True})
    msdrg: MsdrgRecord | None = None
    hcc: tuple[HccRecord, ...] = ()
    coverage: tuple[PolicyListing, ...] = ()
    not_evaluated: tuple[Unloaded, ...] = ()


class Period(NamedTuple):
    """A row of the dated registry: billable from `starts` to `ends`, flags separated by blanks."""

    starts: date
    ends: date | None
    flags: str


class _Days(dict[str, date]):
    """Days by their ISO text, read once each: the registry has some twenty of them."""

    def __missing__(self, text: str) -> date:
        self[text] = day = date.fromisoformat(text)
        return day


DAYS = _Days()
"""The day of an ISO text."""


def joined(windows: Iterable[tuple[date, date | None]]) -> tuple[Validity, ...]:
    """Dated rows joined where one follows the other: flags change, validity does not."""
    out: list[tuple[date, date | None]] = []
    for starts, ends in windows:
        last = out[-1][1] if out else None
        if last and (starts - last).days == 1:
            out[-1] = (out[-1][0], ends)
        else:
            out.append((starts, ends))
    return tuple(Validity(*each) for each in out)


def in_force(spans: Iterable[Validity], day: date) -> Validity | None:
    """The period that holds the day."""
    return next((each for each in spans if each.starts <= day and (each.ends is None or day <= each.ends)), None)


def flags_of(periods: list[Period]) -> tuple[FlagRecord, ...]:
    """Flags with their days; touching periods of one flag joined."""
    spans: dict[str, list[tuple[date, date | None]]] = {}
    for row in periods:
        for flag in row.flags.split():
            spans.setdefault(flag, []).append((row.starts, row.ends))
    return tuple(FlagRecord(flag, each.starts, each.ends) for flag in sorted(spans) for each in joined(spans[flag]))
