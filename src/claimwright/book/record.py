"""What `show` answers: one code, category, block or chapter on one day, with its proof."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple

from claimwright.model import EditionUsed


@dataclass(frozen=True, slots=True)
class Neighbour:
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


@dataclass(frozen=True, slots=True)
class ReverseNote:
    """A note elsewhere that names this code; `holder_title` tells what is speaking."""

    kind: str
    text: str
    holder: str
    level: str
    holder_title: str
    targets: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FlagRecord:
    """An MCE flag and the days it is in force."""

    flag: str
    starts: date = field(metadata={"json": "from"})
    ends: date | None = field(metadata={"json": "to"})


@dataclass(frozen=True, slots=True)
class Change:
    """A successor or predecessor and the first day of the change."""

    code: str
    title: str | None
    effective: date


@dataclass(frozen=True, slots=True)
class Validity:
    """One uninterrupted period in which the code was billable."""

    starts: date = field(metadata={"json": "from"})
    ends: date | None = field(metadata={"json": "to"})


@dataclass(frozen=True, slots=True)
class SourceRecord:
    """A table that answered: its edition, window, file and digest."""

    table: str
    edition: str
    starts: date | None = field(metadata={"json": "from"})
    ends: date | None = field(metadata={"json": "to"})
    file: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Character:
    """One character of an ICD-10-PCS code: what it decides (`axis`) and what it says here.

    `axis` and `label` are None where no loaded edition of the tables has it.
    """

    position: int
    character: str
    axis: str | None
    label: str | None
    definition: str | None = field(default=None, metadata={"omit": True})


@dataclass(frozen=True, slots=True)
class MsdrgRecord:
    """A code in MS-DRG: MDC and medical DRGs as principal diagnosis, level as a secondary one.

    `drgs` are those it groups to alone, with a CC and with an MCC, without a procedure, discharged
    home; `mdcs` has two where the MDC depends on the sex. `mdc` is None for a code that cannot be
    principal.
    """

    mdc: str | None
    drgs: tuple[str, ...]
    severity: str
    mdc_title: str | None
    mdcs: tuple[str, ...]
    titles: dict[str, str]
    version: str
    starts: date = field(metadata={"json": "from"})
    ends: date | None = field(metadata={"json": "to"})


@dataclass(frozen=True, slots=True)
class HccRecord:
    """The HCC of a code in one model and year; `coefficient` is that of `segment`, None where none is settled."""

    model: str
    year: int
    hcc: int
    label: str
    coefficient: float | None
    segment: str | None
    proposed: bool


@dataclass(frozen=True, slots=True)
class CodeRecord:
    """Everything the official tables say of `code` on `date`.

    `title` is None when no loaded edition names the code; `title_note` then says so.
    `seventh_characters` maps each permitted character to its meaning. `characters` are those of an
    ICD-10-PCS code or its beginning; `also` says what else the same letters may mean.
    """

    code: str
    title: str | None
    billable: bool
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
    msdrg: MsdrgRecord | None = None
    hcc: tuple[HccRecord, ...] = ()


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


def flags_of(periods: list[Period]) -> tuple[FlagRecord, ...]:
    """Flags with their days; touching periods of one flag joined."""
    spans: dict[str, list[tuple[date, date | None]]] = {}
    for row in periods:
        for flag in row.flags.split():
            spans.setdefault(flag, []).append((row.starts, row.ends))
    return tuple(FlagRecord(flag, each.starts, each.ends) for flag in sorted(spans) for each in joined(spans[flag]))
