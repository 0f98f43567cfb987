"""Assembles the record of one code, category, block or chapter."""

from __future__ import annotations

from datetime import date

from claimwright.book.record import (
    Change,
    CodeRecord,
    FlagRecord,
    Neighbour,
    NoteRecord,
    ReverseNote,
    SourceRecord,
    Validity,
)
from claimwright.book.store import Book, NodeEntry, NoteEntry, RegistryEntry
from claimwright.errors import InputError
from claimwright.model import Interval, dotted, undotted

_REVERSE = ("excludes1", "excludes2", "codeFirst", "useAdditionalCode", "codeAlso")
_LEVELS = ("code", "subcategory", "category", "block", "chapter")


def record(book: Book, name: str, day: date, as_of: date | None = None) -> CodeRecord:
    """The record of `name` on `day`; see `Book.show`."""
    code = undotted(name)
    edition, _ = book.edition_on(day, as_of)
    node = book.node(edition.number, code)
    elsewhere = None if node else _in_another_edition(book, code, day)
    entries = tuple(row for row in book.registry(code) if as_of is None or row.window.starts <= as_of)
    if node is None and elsewhere is None and not entries:
        raise InputError("code", f"{name!r} is in no loaded table", "an ICD-10-CM code, category, block or chapter")
    place = node or elsewhere
    now = [row for row in entries if day in row.window]
    periods = _periods(entries)
    period = next((each for each in periods if day in Interval(each.starts, each.ends)), None)
    shown = period or (periods[-1] if periods else None)
    title = place.title if place else None
    return CodeRecord(
        code=dotted(code),
        title=title,
        billable=bool(now),
        valid_from=shown.starts if shown else None,
        valid_to=shown.ends if shown else None,
        kind=_kind(place, bool(now)),
        date=day,
        status=_status(place, entries, period, day),
        parents=tuple(_neighbour(book, each, day) for each in book.path(place)[1:]) if place else (),
        children=tuple(_neighbour(book, each, day) for each in book.children(place)) if place else (),
        siblings=_siblings(book, place, day),
        notes=_notes(book, place),
        reverse_notes=_reverse(book, place),
        inclusion_terms=_terms(book, place),
        seventh_characters=_seventh(book, place),
        flags=_flags(entries),
        validity=periods,
        successors=tuple(Change(dotted(c), book.title(c, d), d) for c, d in book.successors(code)),
        predecessors=tuple(Change(dotted(c), book.title(c, d), d) for c, d in book.predecessors(code)),
        editions=book.editions_used(day, as_of),
        sources=_sources(book, place),
        title_note=None if title else "No loaded edition of the tabular list gives this code a title",
    )


def _in_another_edition(book: Book, code: str, day: date) -> NodeEntry | None:
    for edition in sorted(book.editions, key=lambda each: each.window.distance(day)):
        node = book.node(edition.number, code)
        if node:
            return node
    return None


def _kind(node: NodeEntry | None, billable: bool) -> str:
    """Kind in the tree; a header of this edition that was billable on the day is a code."""
    if node is None or billable:
        return "code"
    return node.kind


def _periods(entries: tuple[RegistryEntry, ...]) -> tuple[Validity, ...]:
    """Dated rows joined where one follows the other: flags change, validity does not."""
    out: list[Validity] = []
    for row in entries:
        window = row.window
        if out and out[-1].ends and (window.starts - out[-1].ends).days == 1:
            out[-1] = Validity(out[-1].starts, window.ends)
        else:
            out.append(Validity(window.starts, window.ends))
    return tuple(out)


def _status(node: NodeEntry | None, entries: tuple[RegistryEntry, ...], period: Validity | None, day: date) -> str:
    if period:
        return "billable"
    if entries and entries[0].window.starts > day:
        return f"not yet in effect; billable from {entries[0].window.starts}"
    if entries:
        return f"no longer in effect; last day {entries[-1].window.ends}"
    if node and node.kind in ("chapter", "block"):
        return f"not a code: a {node.kind} of the tabular list"
    if node and node.seventh >= 0:
        return "not billable: a seventh character is required"
    return "not billable: a header; one of the codes below it is reported"


def _neighbour(book: Book, node: NodeEntry, day: date) -> Neighbour:
    return Neighbour(dotted(node.code), node.title, book.billable(node.code, day), node.kind)


def _siblings(book: Book, node: NodeEntry | None, day: date) -> tuple[Neighbour, ...]:
    if node is None or node.parent < 0:
        return ()
    family = book.children(book.node_at(node.edition, node.parent))
    return tuple(_neighbour(book, each, day) for each in family if each.pos != node.pos)


def _notes(book: Book, node: NodeEntry | None) -> tuple[NoteRecord, ...]:
    """Notes that apply: own first, then inherited from each level upwards.

    Seventh-character sentences and inclusion terms describe one node: they do not pass down as notes.
    """
    out: list[NoteRecord] = []
    for holder in book.path(node) if node else ():
        own = node is not None and holder.pos == node.pos
        for note in book.notes_at(holder.edition, holder.pos):
            if own or note.kind not in ("inclusionTerm", "sevenChrNote"):
                out.append(_note(book, note, holder, not own))
    return tuple(out)


def _note(book: Book, note: NoteEntry, holder: NodeEntry, inherited: bool) -> NoteRecord:
    targets = book.targets(note)
    return NoteRecord(
        kind=note.kind,
        text=note.text,
        holder=dotted(holder.code),
        level=holder.kind,
        inherited=inherited,
        targets=tuple(text for text, _, _ in targets),
        head=book.note(note.edition, note.head).text if note.head >= 0 else None,
        problem="; ".join(problem for _, _, problem in targets if problem) or None,
    )


def _reverse(book: Book, node: NodeEntry | None) -> tuple[ReverseNote, ...]:
    """Notes elsewhere that name this node, nearest level first: the broad ones of chapters come last."""
    if node is None or node.kind in ("chapter", "block"):
        return ()
    found = []
    for note in book.notes_naming(node.edition, node.pos, node.stop):
        holder = book.node_at(note.edition, note.holder)
        if note.kind in _REVERSE and not holder.pos <= node.pos < holder.stop:
            targets = tuple(text for text, _, _ in book.targets(note))
            found.append(ReverseNote(note.kind, note.text, dotted(holder.code), holder.kind, holder.title, targets))
    return tuple(sorted(found, key=lambda each: (_LEVELS.index(each.level), _REVERSE.index(each.kind))))


def _terms(book: Book, node: NodeEntry | None) -> tuple[str, ...]:
    """Inclusion terms of the node; a code made by a seventh character has those of its stem."""
    if node is None:
        return ()
    holder = book.node_at(node.edition, node.parent) if node.made else node
    return tuple(note.text for note in book.notes_at(node.edition, holder.pos, ("inclusionTerm",)))


def _seventh(book: Book, node: NodeEntry | None) -> dict[str, str]:
    return book.seventh_characters(node) if node and node.seventh >= 0 else {}


def _flags(entries: tuple[RegistryEntry, ...]) -> tuple[FlagRecord, ...]:
    """Flags with their days; touching periods of one flag joined."""
    spans: dict[str, list[FlagRecord]] = {}
    for row in entries:
        for flag in row.flags:
            known = spans.setdefault(flag, [])
            if known and known[-1].ends and (row.window.starts - known[-1].ends).days == 1:
                known[-1] = FlagRecord(flag, known[-1].starts, row.window.ends)
            else:
                known.append(FlagRecord(flag, row.window.starts, row.window.ends))
    return tuple(each for flag in sorted(spans) for each in spans[flag])


def _sources(book: Book, node: NodeEntry | None) -> tuple[SourceRecord, ...]:
    registry = book.registry_window
    out = []
    files = {(each["table"], each["path"]): each["sha256"] for each in book.manifest["inputs"]}
    tabular = book.editions[node.edition] if node else None
    for (table, file), digest in files.items():
        if table == "icd10cm-registry":
            name = book.manifest["registry"]["edition"]
            out.append(SourceRecord(table, name, registry.starts, registry.ends, file, digest))
        elif tabular and table == "icd10cm-tabular" and book.manifest["tabular"][tabular.number]["file"] == file:
            out.append(SourceRecord(table, tabular.name, tabular.window.starts, tabular.window.ends, file, digest))
    return tuple(sorted(out, key=lambda each: each.table, reverse=True))
