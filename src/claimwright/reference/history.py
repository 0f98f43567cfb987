"""What changed for one code, and when: validity, flags, severity, HCCs, titles and notes, by edition.

Every event names the table that says so. A day before the first edition of a table is no event: the table
begins there, not the code.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

from claimwright.book import msdrg
from claimwright.book.store import FIRST_DAY
from claimwright.model import dotted, undotted

if TYPE_CHECKING:
    from claimwright.book.record import CodeRecord
    from claimwright.book.store import Book, TabularEdition

_MOST_NOTES = 6


@dataclass(frozen=True, slots=True)
class Event:
    """On `day`, `says` (a sentence without its full stop) by `source`."""

    day: date
    says: str
    source: str


@dataclass(frozen=True, slots=True)
class Span:
    """A bar of the timeline: from `starts` to `ends` (None: no end known), in `row`."""

    row: str
    label: str
    starts: date
    ends: date | None


@dataclass(frozen=True, slots=True)
class History:
    """The events in order of time, and the spans that a picture shows."""

    events: tuple[Event, ...]
    spans: tuple[Span, ...]


def history(book: Book, record: CodeRecord, flags: dict[str, str]) -> History:
    """The history of a code as far as loaded tables reach; `flags` puts flags into words."""
    events = [*_validity(record), *_flags(record, flags), *_drgs(book, record), *_hccs(record), *_texts(book, record)]
    return History(tuple(sorted(events, key=lambda each: each.day)), tuple(_spans(book, record, flags)))


def _table(record: CodeRecord) -> str:
    if record.procedure:
        return "hcpcs"
    return "icd10pcs-registry" if record.characters else "icd10cm-registry"


def _validity(record: CodeRecord) -> Iterator[Event]:
    source = _table(record)
    for each in record.validity:
        began = "Billable since the code set came into force" if each.starts == FIRST_DAY else "Billable from this day"
        yield Event(each.starts, began, source)
        if each.ends:
            yield Event(each.ends, "Last day on which it is billable", source)
    ended = any(each.ends for each in record.validity)
    onwards = "Became" if ended else "Made from it, while it stands:"
    for verb, changes in ((onwards, record.successors), ("Came from", record.predecessors)):
        for day in sorted({each.effective for each in changes}):
            codes = ", ".join(each.code for each in changes if each.effective == day)
            yield Event(day, f"{verb} {codes}", "conversion table")


def _flags(record: CodeRecord, words: dict[str, str]) -> Iterator[Event]:
    begins = {each.starts for each in record.validity}
    for flag in record.flags:
        says = words.get(f"{record.kind} {flag.flag}") or words.get(flag.flag, flag.flag)
        if flag.starts not in begins:
            yield Event(flag.starts, f"Flag begins: {says}", _table(record))
        if flag.ends and all(flag.ends != each.ends for each in record.validity):
            yield Event(flag.ends + timedelta(days=1), f"Flag no longer set: {says}", _table(record))


def _drgs(book: Book, record: CodeRecord) -> Iterator[Event]:
    """Changes of MDC, level and family from one grouper version to the next."""
    code = undotted(record.code)
    before: tuple[object, ...] | None = None
    for version in msdrg.versions(book):
        found = msdrg.records(book, [code], version.window.starts).get(code)
        if found is None:
            before = None
            continue
        now = (found.severity, found.mdc, found.drgs)
        level = "neither CC nor MCC" if found.severity == "none" else found.severity
        family = f"MDC {found.mdc}, DRG {', '.join(found.drgs)}" if found.drgs else f"MDC {found.mdc or 'none'}"
        if before is not None and now != before:
            yield Event(version.window.starts, f"MS-DRG {version.name}: {level}; {family}", "msdrg")
        before = now


def _hccs(record: CodeRecord) -> Iterator[Event]:
    """HCCs that a model has in one payment year and not in the year before."""
    models: dict[str, dict[int, set[int]]] = {}
    for each in record.hcc:
        models.setdefault(each.model, {}).setdefault(each.year, set()).add(each.hcc)
    for model, years in models.items():
        for year in sorted(years)[1:]:
            if years[year] != years.get(year - 1, years[year]):
                hccs = ", ".join(map(str, sorted(years[year])))
                yield Event(date(year, 1, 1), f"{model}, payment year {year}: HCC {hccs}", "hcc-map")


def _texts(book: Book, record: CodeRecord) -> Iterator[Event]:
    """Titles and own notes that differ between one loaded edition of the tabular list and the next."""
    if record.procedure or record.characters:
        return
    for before, after in zip(book.editions, book.editions[1:], strict=False):
        yield from _between(book, undotted(record.code), before, after)


def _between(book: Book, code: str, before: TabularEdition, after: TabularEdition) -> Iterator[Event]:
    old, new = book.node(before.number, code), book.node(after.number, code)
    day, source = after.window.starts, f"icd10cm-tabular {after.name}"
    if old and not new:
        yield Event(day, "No longer in the tabular list", source)
    elif new and not old:
        yield Event(day, f"New in the tabular list: {new.title}", source)
    elif old and new:
        if old.title != new.title:
            yield Event(day, f"Title changed from “{old.title}” to “{new.title}”", source)
        if old.kind != new.kind:
            yield Event(day, f"Was a {old.kind}, is a {new.kind}", source)
        held = [{(e.kind, e.text) for e in book.notes_at(n.edition, n.pos)} for n in (old, new)]
        for verb, notes in (("added", held[1] - held[0]), ("removed", held[0] - held[1])):
            for kind, text in sorted(notes)[:_MOST_NOTES]:
                yield Event(day, f"Note {verb} at {dotted(code)} ({kind}): {text}", source)


def _spans(book: Book, record: CodeRecord, words: dict[str, str]) -> Iterator[Span]:
    for each in record.validity:
        yield Span("Billable", "", each.starts, each.ends)
    for flag in record.flags:
        says = words.get(f"{record.kind} {flag.flag}") or words.get(flag.flag, flag.flag)
        yield Span(says, "", flag.starts, flag.ends)
    if record.kind == "code" and not record.procedure and not record.characters:
        yield from (Span("MS-DRG", each.name, each.window.starts, each.window.ends) for each in msdrg.versions(book))
    if not record.procedure and not record.characters:
        for edition in book.editions:
            yield Span("Notes loaded", f"FY{edition.fiscal_year}", edition.window.starts, edition.window.ends)
    for used in record.editions if record.procedure or record.characters else ():
        if used.starts:
            yield Span(f"Loaded: {used.table}", "", used.starts, used.ends)
