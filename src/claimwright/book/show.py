"""Assembles records: one code, category, block or chapter on one day, or thousands of them.

Everything is read in batches (`_Batch`), and what many codes share is kept: notes by their holder
(`Notes`, one for each edition) and families by their parent (`_Families`, one for each day).
"""

from __future__ import annotations

import json
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any

from claimwright.book import hcc_records, msdrg
from claimwright.book.provenance import editions_used, sources
from claimwright.book.record import (
    DAYS,
    Change,
    CodeRecord,
    Neighbour,
    NoteRecord,
    Period,
    ReverseNote,
    SourceRecord,
    Validity,
    flags_of,
    in_force,
    joined,
)
from claimwright.book.store import node_of
from claimwright.model import dotted, undotted

if TYPE_CHECKING:
    from claimwright.book.store import Book, NodeEntry

BATCH = 1000
"""Codes read in one batch; more gains nothing."""

_MOST_FAMILIES = 4096
"""Families kept in memory before they are dropped (about 4 MB)."""

_MANY = 24
"""Look-ups after which the index of reverse notes pays for being built."""

_SHORT = 3
"""Letters of a category; longer names of diagnoses begin no procedure code that a reader may mean."""

_LINE = 5
"""Characters of a code of service lines, which may be those of a diagnosis."""

_REVERSE = ("excludes1", "excludes2", "codeFirst", "useAdditionalCode", "codeAlso")
_LEVELS = ("code", "subcategory", "category", "block", "chapter")
_NODE = "n.edition, n.pos, n.kind, n.code, n.title, n.parent, n.stop, n.seventh, n.made"


def record(book: Book, name: str, day: date, as_of: date | None = None) -> CodeRecord:
    """The record of `name` on `day`; see `Book.show`."""
    return next(_Batch(book.shelf(day, as_of), [name]).records())


def records(book: Book, names: Iterable[str], day: date, as_of: date | None = None) -> Iterator[CodeRecord]:
    """Records of many names, in their order; see `Book.records`."""
    shelf = book.shelf(day, as_of)
    chunk: list[str] = []
    for name in names:
        chunk.append(name)
        if len(chunk) == BATCH:
            yield from _Batch(shelf, chunk).records()
            chunk = []
    yield from _Batch(shelf, chunk).records()


class Notes:
    """Notes of one edition by their holder, and the notes elsewhere that name a node."""

    def __init__(self, book: Book, edition: int) -> None:
        self.book, self.edition = book, edition
        self.own: dict[int, tuple[NoteRecord, ...]] = {}
        self._handed: dict[int, tuple[NoteRecord, ...]] = {}
        self._spoken: dict[int, ReverseNote] = {}
        self._answers: dict[tuple[int, ...], tuple[ReverseNote, ...]] = {}
        self._naming: Naming | None = None
        self._asked = 0

    def load(self, holders: Iterable[int]) -> None:
        """Read the notes that these positions hold, unless they are here already."""
        new = [pos for pos in holders if pos not in self.own]
        if not new:
            return
        found: dict[int, dict[int, list[Any]]] = {pos: {} for pos in new}
        sql = (
            "SELECT n.holder, n.number, n.kind, n.text, k.code, k.kind, h.text, r.text, r.problem "
            "FROM note n JOIN node k ON k.edition = n.edition AND k.pos = n.holder "
            "LEFT JOIN note h ON h.edition = n.edition AND h.number = n.head "
            "LEFT JOIN note_reference l ON l.edition = n.edition AND l.note = n.number "
            "LEFT JOIN reference r ON r.id = l.reference "
            "WHERE n.edition = ? AND n.holder IN (SELECT value FROM json_each(?)) ORDER BY n.number, l.ordinal"
        )
        for holder, number, *rest, target, problem in self.book.rows(sql, (self.edition, json.dumps(new))):
            entry = found[holder].setdefault(number, [rest, [], []])
            if target is not None:
                entry[1].append(target)
            if problem:
                entry[2].append(problem)
        for pos, notes in found.items():
            self.own[pos] = tuple(_note(*entry) for entry in notes.values())

    def handed_down(self, node: NodeEntry, up: dict[int, NodeEntry]) -> tuple[NoteRecord, ...]:
        """Notes that hold below `node`: its own and its ancestors', nearest first.

        Seventh-character sentences and inclusion terms describe one node: they do not pass down as notes.
        """
        if node.pos not in self._handed:
            own = [each for each in self.own[node.pos] if each.kind not in ("inclusionTerm", "sevenChrNote")]
            above = self.handed_down(up[node.parent], up) if node.parent >= 0 else ()
            self._handed[node.pos] = (*(replace(each, inherited=True) for each in own), *above)
        return self._handed[node.pos]

    def naming(self, node: NodeEntry) -> tuple[ReverseNote, ...]:
        """Notes elsewhere that name this node, nearest level first: the broad ones of chapters come last."""
        if node.kind in ("chapter", "block"):
            return ()
        numbers = self._numbers(node.pos, node.stop)
        if numbers not in self._answers:
            self._speak([each for each in numbers if each not in self._spoken])
            spoken = [self._spoken[each] for each in numbers]
            spoken.sort(key=lambda each: (_LEVELS.index(each.level), _REVERSE.index(each.kind)))
            self._answers[numbers] = tuple(spoken)
        return self._answers[numbers]

    def _numbers(self, start: int, stop: int) -> tuple[int, ...]:
        """Numbers of those notes: from the database at first, from memory when many are asked for."""
        self._asked += 1
        if self._naming is None and self._asked > _MANY:
            self._naming = Naming(self.book, self.edition, _REVERSE)
        if self._naming is not None:
            return self._naming.elsewhere(start, stop)
        sql = (
            "SELECT DISTINCT n.number FROM span s CROSS JOIN note_reference l ON l.reference = s.reference "
            "CROSS JOIN note n ON n.edition = l.edition AND n.number = l.note "
            "CROSS JOIN node h ON h.edition = n.edition AND h.pos = n.holder WHERE s.start < ? AND s.stop > ? "
            "AND l.edition = ? AND NOT (h.pos < ? AND h.stop > ?) AND instr(?, n.kind) ORDER BY n.number"
        )
        values = (stop, start, self.edition, stop, start, json.dumps(_REVERSE))
        return tuple(number for (number,) in self.book.rows(sql, values))

    def _speak(self, numbers: list[int]) -> None:
        sql = (
            "SELECT n.number, n.kind, n.text, h.code, h.kind, h.title, r.text FROM note n "
            "JOIN node h ON h.edition = n.edition AND h.pos = n.holder "
            "JOIN note_reference l ON l.edition = n.edition AND l.note = n.number "
            "JOIN reference r ON r.id = l.reference "
            "WHERE n.edition = ? AND n.number IN (SELECT value FROM json_each(?)) ORDER BY n.number, l.ordinal"
        )
        found: dict[int, tuple[list[Any], list[str]]] = {}
        for number, *rest, target in self.book.rows(sql, (self.edition, json.dumps(numbers))):
            found.setdefault(number, (rest, []))[1].append(target)
        for number, ((kind, text, code, level, title), targets) in found.items():
            self._spoken[number] = ReverseNote(kind, text, dotted(code), level, title, tuple(targets))


class Naming:
    """The tree cut into cells within which every place is named by the same notes.

    What a note says of its own holder's family is left out: that is inherited, not said elsewhere.
    """

    def __init__(self, book: Book, edition: int, kinds: Sequence[str]) -> None:
        """Read every reference of the notes of these kinds."""
        sql = (
            "SELECT n.number, h.pos, h.stop, s.start, s.stop FROM note n "
            "JOIN node h ON h.edition = n.edition AND h.pos = n.holder "
            "JOIN note_reference l ON l.edition = n.edition AND l.note = n.number "
            "JOIN span s ON s.reference = l.reference WHERE n.edition = ? AND instr(?, n.kind)"
        )
        self._holders: dict[int, tuple[int, int]] = {}
        changes: dict[int, list[tuple[int, int]]] = defaultdict(list)
        for number, low, high, start, stop in book.rows(sql, (edition, json.dumps(kinds))):
            self._holders[number] = (low, high)
            for first, last in ((start, min(stop, low)), (max(start, high), stop)):
                if first < last:
                    changes[first].append((number, 1))
                    changes[last].append((number, -1))
        self._sweep(changes)

    def _sweep(self, changes: dict[int, list[tuple[int, int]]]) -> None:
        self._starts = sorted(changes)
        self._cells: list[tuple[int, ...]] = []
        depth: dict[int, int] = {}
        same: dict[tuple[int, ...], tuple[int, ...]] = {}
        for start in self._starts:
            for number, change in changes[start]:
                depth[number] = depth.get(number, 0) + change
                if not depth[number]:
                    del depth[number]
            cell = tuple(sorted(depth))
            self._cells.append(same.setdefault(cell, cell))

    def elsewhere(self, start: int, stop: int) -> tuple[int, ...]:
        """Numbers of the notes held outside [start, stop) and its ancestors that name a place in it."""
        first = bisect_right(self._starts, start) - 1
        last = bisect_right(self._starts, stop - 1) - 1
        if last < 0:
            return ()
        if first == last and stop == start + 1:
            return self._cells[first]
        found = {number for cell in self._cells[max(first, 0) : last + 1] for number in cell}
        return tuple(sorted(each for each in found if not self._touches(each, start, stop)))

    def _touches(self, number: int, start: int, stop: int) -> bool:
        low, high = self._holders[number]
        return low < stop and high > start


def _note(rest: Sequence[Any], targets: list[str], problems: list[str]) -> NoteRecord:
    kind, text, code, level, head = rest
    return NoteRecord(kind, text, dotted(code), level, False, tuple(targets), head, "; ".join(problems) or None)


class Shelf:
    """What the records of one day share: the tree's upper part, families, editions, sources."""

    def __init__(self, book: Book, day: date, as_of: date | None) -> None:
        """A shelf is kept by the book: see `Book.shelf`."""
        self.book, self.day, self.as_of = book, day, as_of
        answering, _ = book.edition_on(day, as_of)
        known = [each for each in book.editions if as_of is None or each.window.starts <= as_of]
        others = sorted((each for each in known if each is not answering), key=lambda each: each.window.distance(day))
        self.order = [answering.number, *(each.number for each in others)]
        self.editions = editions_used(book, day, as_of)
        self._families = {number: _Families(self, number) for number in self.order}
        self._sources: dict[int | None, tuple[SourceRecord, ...]] = {}

    def families(self, edition: int) -> _Families:
        """The tree of one edition as it stands on this day."""
        return self._families[edition]

    def sources(self, edition: int | None) -> tuple[SourceRecord, ...]:
        """The files behind an answer; `edition` None when no tabular list has the code."""
        if edition not in self._sources:
            self._sources[edition] = sources(self.book, edition)
        return self._sources[edition]


class _Families:
    """Ancestors and children in one edition, billable or not on one day."""

    def __init__(self, shelf: Shelf, edition: int) -> None:
        self.shelf, self.edition = shelf, edition
        self.notes = shelf.book.notes_shelf(edition)
        self.up: dict[int, NodeEntry] = {}
        self._lines: dict[int, tuple[Neighbour, ...]] = {}
        self._neighbours: dict[int, Neighbour] = {}
        self._children: dict[int, tuple[tuple[int, Neighbour], ...]] = {}
        day, as_of = shelf.day, shelf.as_of
        self._days = (min(day, as_of or day).isoformat(), day.isoformat())

    def load(self, nodes: list[NodeEntry], stems: list[NodeEntry]) -> None:
        """Read what is not here yet: families of these nodes, and notes down to them and to these stems."""
        parents = {node.parent for node in nodes if node.parent >= 0} | {stem.pos for stem in stems}
        self._climb(parents)
        holders = {node.pos for node in nodes}
        for pos in parents:
            while pos >= 0 and pos not in self.notes.own:
                holders.add(pos)
                pos = self.up[pos].parent
        self.notes.load(holders)
        self._gather(parents | {node.pos for node in nodes if node.stop > node.pos + 1})

    def _climb(self, new: set[int]) -> None:
        """Level by level: a recursive query makes SQLite scan the tree."""
        sql = (
            f"SELECT {_NODE}, {_BILLABLE} FROM node n WHERE n.edition = ? AND n.pos IN (SELECT value FROM json_each(?))"
        )
        while new := {pos for pos in new if pos >= 0 and pos not in self.up}:
            found = self.shelf.book.rows(sql, (*self._days, self.edition, json.dumps(list(new))))
            for *row, billable in found:
                node = node_of(row)
                self.up[node.pos] = node
                self._neighbours[node.pos] = Neighbour(dotted(node.code), node.title, bool(billable), node.kind)
            new = {self.up[pos].parent for pos in new}

    def _gather(self, parents: set[int]) -> None:
        if len(self._children) > _MOST_FAMILIES:
            self._children = {}
        new = [pos for pos in parents if pos not in self._children]
        if not new:
            return
        sql = (
            f"SELECT n.parent, n.pos, n.code, n.title, n.kind, {_BILLABLE} FROM node n "
            "WHERE n.edition = ? AND n.parent IN (SELECT value FROM json_each(?)) ORDER BY n.parent, n.pos"
        )
        found: dict[int, list[tuple[int, Neighbour]]] = {pos: [] for pos in new}
        values = (*self._days, self.edition, json.dumps(new))
        for parent, pos, code, title, kind, billable in self.shelf.book.rows(sql, values):
            found[parent].append((pos, Neighbour(dotted(code), title, bool(billable), kind)))
        self._children.update((pos, tuple(entries)) for pos, entries in found.items())

    def children(self, pos: int, leaving_out: int = -1) -> tuple[Neighbour, ...]:
        """Children of a position in tabular order, one of them left out if asked."""
        if pos not in self._children:  # another thread has emptied the shelf
            self._gather({pos})
        return tuple(each for place, each in self._children[pos] if place != leaving_out)

    def line(self, pos: int) -> tuple[Neighbour, ...]:
        """The node at `pos` and its ancestors, nearest first; none for -1."""
        if pos < 0:
            return ()
        if pos not in self._lines:
            self._lines[pos] = (self._neighbours[pos], *self.line(self.up[pos].parent))
        return self._lines[pos]


_BILLABLE = (
    "EXISTS (SELECT 1 FROM registry b WHERE b.code = n.code AND b.starts <= ? AND (b.ends IS NULL OR b.ends >= ?))"
)


class _Batch:
    """Everything read for some names at once."""

    def __init__(self, shelf: Shelf, names: list[str]) -> None:
        self.shelf, self.book, self.names = shelf, shelf.book, names
        self.codes = [undotted(name) for name in names]
        self.wanted = json.dumps(sorted(set(self.codes)))
        self.nodes = self._find(self.codes)
        self.periods = self._read_periods()
        self.became, self.came_from = self._read_conversions()
        self.stems = self._find_stems()
        self.msdrg = msdrg.records(self.book, self.codes, shelf.day)
        self.hcc = hcc_records.records(self.book, self.codes)
        for edition in shelf.order:
            nodes, stems = ([e for e in each.values() if e.edition == edition] for each in (self.nodes, self.stems))
            if nodes or stems:
                shelf.families(edition).load(nodes, stems)

    def _find(self, codes: Iterable[str]) -> dict[str, NodeEntry]:
        """The node of each code: in the edition that answers for the day, else in the nearest that has it.

        A block of one category (B20, Z68) shares its name with the category: the category wins.
        """
        found: dict[str, NodeEntry] = {}
        missing = set(codes)
        sql = f"SELECT {_NODE} FROM node n WHERE edition = ? AND code IN (SELECT value FROM json_each(?))"
        for edition in self.shelf.order if missing else ():
            for row in self.book.rows(sql, (edition, json.dumps(sorted(missing)))):
                if row[3] not in found or found[row[3]].kind in ("block", "chapter"):
                    found[row[3]] = node_of(row)
            missing -= found.keys()
        return found

    def _find_stems(self) -> dict[str, NodeEntry]:
        """Where a code that no loaded edition has would stand: below its longest known beginning."""
        lost = [code for code in self.periods if code not in self.nodes]
        known = self._find(code[:size] for code in lost for size in range(3, len(code)))
        out = {}
        for code in lost:
            stem = next((code[:size] for size in range(len(code) - 1, 2, -1) if code[:size] in known), None)
            if stem:
                out[code] = known[stem]
        return out

    def _read_periods(self) -> dict[str, list[Period]]:
        sql = "SELECT * FROM registry WHERE code IN (SELECT value FROM json_each(?)) ORDER BY code, starts"
        out: dict[str, list[Period]] = defaultdict(list)
        latest = self.shelf.as_of.isoformat() if self.shelf.as_of else "9"
        for code, starts, ends, flags in self.book.rows(sql, (self.wanted,)):
            if starts <= latest:
                out[code].append(Period(DAYS[starts], DAYS[ends] if ends else None, flags))
        return dict(out)

    def _read_conversions(self) -> tuple[dict[str, list[Change]], dict[str, list[Change]]]:
        became: dict[str, list[Change]] = defaultdict(list)
        came_from: dict[str, list[Change]] = defaultdict(list)
        sql = (
            "WITH wanted AS MATERIALIZED (SELECT value FROM json_each(?)) "
            "SELECT 1, source, target, effective FROM conversion WHERE source IN wanted UNION ALL "
            "SELECT 0, target, source, effective FROM conversion WHERE target IN wanted ORDER BY 4, 3"
        )
        latest = self.shelf.as_of.isoformat() if self.shelf.as_of else "9"
        for forward, code, other, effective in self.book.rows(sql, (self.wanted,)):
            if other and other != code and effective <= latest:
                day = DAYS[effective]
                change = Change(dotted(other), self.book.title(other, day, self.shelf.as_of), day)
                (became if forward else came_from)[code].append(change)
        return became, came_from

    def records(self) -> Iterator[CodeRecord]:
        """The records, in the order of the names."""
        for name, code in zip(self.names, self.codes, strict=True):
            periods = self.periods.get(code, [])
            node = self.nodes.get(code)
            if node is None and not periods:
                from claimwright.book.show_line import other_record

                yield other_record(self.shelf, name)
                continue
            yield self._record(code, node, periods)

    def _record(self, code: str, node: NodeEntry | None, periods: list[Period]) -> CodeRecord:
        day = self.shelf.day
        place = node or self.stems.get(code)
        tree = self.shelf.families(place.edition) if place else None
        spans = joined((each.starts, each.ends) for each in periods)
        span = in_force(spans, day)
        shown = span or (spans[-1] if spans else None)
        children = tree.children(node.pos) if tree and node and node.stop > node.pos + 1 else ()
        return CodeRecord(
            code=dotted(code),
            title=node.title if node else None,
            billable=span is not None,
            valid_from=shown.starts if shown else None,
            valid_to=shown.ends if shown else None,
            # A header of the answering edition that was billable on the day was a code.
            kind="code" if node is None or span else node.kind,
            date=day,
            status=self._status(node, spans, span),
            parents=tree.line(node.parent if node else place.pos) if tree and place else (),
            children=children,
            siblings=tree.children(node.parent, node.pos) if tree and node and node.parent >= 0 else (),
            notes=self._notes(tree, node, place),
            reverse_notes=tree.notes.naming(node) if tree and node else (),
            inclusion_terms=_terms(tree, node),
            seventh_characters=self.book.seventh_characters(node) if node and node.seventh >= 0 else {},
            flags=flags_of(periods),
            validity=spans,
            successors=tuple(self.became.get(code, ())),
            predecessors=tuple(self.came_from.get(code, ())),
            editions=self.shelf.editions,
            sources=self.shelf.sources(place.edition if place else None),
            title_note=None if node else self._placed(place),
            msdrg=self.msdrg.get(code),
            hcc=self.hcc.get(code, ()),
            coverage=self.book.policies.listing(code, day),
            also=self._namesake(code),
        )

    def _notes(self, tree: _Families | None, node: NodeEntry | None, place: NodeEntry | None) -> tuple[NoteRecord, ...]:
        """Notes that apply: own first, then inherited from each level upwards."""
        if tree is None or place is None:
            return ()
        if node is None:
            return tree.notes.handed_down(place, tree.up)
        above = tree.notes.handed_down(tree.up[node.parent], tree.up) if node.parent >= 0 else ()
        return tree.notes.own[node.pos] + above

    def _namesake(self, code: str) -> str | None:
        """What the same letters mean elsewhere: short ones in ICD-10-PCS, five on service lines."""
        if len(code) == _LINE and code[1:].isdecimal():
            from claimwright.book.show_line import also

            return also(self.shelf, code)
        if len(code) > _SHORT:
            return None
        from claimwright.book.show_pcs import namesake

        return namesake(self.shelf, code)

    def _placed(self, stem: NodeEntry | None) -> str:
        says = "No loaded edition of the tabular list names this code: it has no title and no notes of its own"
        if stem:
            edition = self.book.editions[stem.edition].name
            says += f". By its characters it belongs to {dotted(stem.code)} of {edition}, whose notes are shown"
        return says

    def _status(self, node: NodeEntry | None, spans: tuple[Validity, ...], span: Validity | None) -> str:
        day, reach = self.shelf.day, self.book.registry_window.ends
        if span and reach and day > reach:
            return f"billable on {reach}, the last day the registry covers; {day} is not covered"
        if span:
            return "billable"
        if spans and spans[0].starts > day:
            return f"not yet in effect; billable from {spans[0].starts}"
        if spans:
            header = "; now a header: a code below it is reported" if node and node.stop > node.pos + 1 else ""
            return f"no longer in effect; last day {max(e.ends for e in spans if e.ends and e.ends < day)}{header}"
        if node and node.kind in ("chapter", "block"):
            return f"not a code: a {node.kind} of the tabular list"
        if node and self._seventh_next(node):
            return "not billable: a seventh character is required"
        return "not billable: a header; one of the codes below it is reported"

    def _seventh_next(self, node: NodeEntry) -> bool:
        """Is the next character the seventh (made from the list, not printed as codes)?"""
        if node.seventh < 0 or node.stop == node.pos + 1:
            return False
        return self.book.node_at(node.edition, node.pos + 1).made


def _terms(tree: _Families | None, node: NodeEntry | None) -> tuple[str, ...]:
    """Inclusion terms of the node; a code made by a seventh character has those of its stem."""
    if tree is None or node is None:
        return ()
    pos = node.parent if node.made else node.pos
    return tuple(each.text for each in tree.notes.own[pos] if each.kind == "inclusionTerm")
