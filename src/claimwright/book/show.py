"""Assembles records: one code, category, block or chapter on one day, or thousands of them.

Everything is read in batches (`_Batch`), and what many codes share is kept: notes by their holder
(`show_notes.Notes`, one for each edition) and families by their parent (`show_shelf.Families`, one for each day).
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import date
from typing import TYPE_CHECKING

from claimwright.book import hcc_records, msdrg
from claimwright.book.record import (
    DAYS,
    Change,
    CodeRecord,
    NoteRecord,
    Period,
    Validity,
    flags_of,
    in_force,
    joined,
)
from claimwright.book.show_shelf import NODE, Families, Shelf
from claimwright.book.store import node_of
from claimwright.model import dotted, undotted

if TYPE_CHECKING:
    from claimwright.book.store import Book, NodeEntry

BATCH = 1000
"""Codes read in one batch; more gains nothing."""

_SHORT = 3
"""Letters of a category; longer names of diagnoses begin no procedure code that a reader may mean."""

_LINE = 5
"""Characters of a code of service lines, which may be those of a diagnosis."""


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
        sql = f"SELECT {NODE} FROM node n WHERE edition = ? AND code IN (SELECT value FROM json_each(?))"
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

    def _notes(self, tree: Families | None, node: NodeEntry | None, place: NodeEntry | None) -> tuple[NoteRecord, ...]:
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


def _terms(tree: Families | None, node: NodeEntry | None) -> tuple[str, ...]:
    """Inclusion terms of the node; a code made by a seventh character has those of its stem."""
    if tree is None or node is None:
        return ()
    pos = node.parent if node.made else node.pos
    return tuple(each.text for each in tree.notes.own[pos] if each.kind == "inclusionTerm")
