"""The compiled Alphabetic Index, read: documents of a day, terms, and the steps that words allow.

One `IndexStore` belongs to one open book; what it has read once it keeps.
"""

from __future__ import annotations

import json
import weakref
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, NamedTuple

from claimwright.book.index_words import TABLES, UNSAID, Column, Need
from claimwright.book.words import stems
from claimwright.model import Interval
from claimwright.sources.index_rows import DISEASES, KINDS

if TYPE_CHECKING:
    from claimwright.book.store import Book

SHIPPED = "index-terms"
"""Kind of the document that is made of the shipped index terms."""
MOST_KEPT = 60_000
_MOST_PARENTS = 5_000
"""Terms kept in memory before they are dropped."""
_IN_ONE_QUERY = 400


class Document(NamedTuple):
    """One edition of one document; `root` is the parent of its main terms."""

    number: int
    kind: str
    name: str
    window: Interval | None

    @property
    def root(self) -> int:
        """Parent of its main terms."""
        return -(self.number + 1)


class Reference(NamedTuple):
    """Where a reference leads: a node or -1, stems still to be met below it, a family of codes or ""."""

    node: int
    pending: tuple[int, ...]
    code: str


@dataclass(frozen=True, slots=True)
class Term:
    """A node of the Index, or one column of a table's row (`column` above 0)."""

    number: int
    document: int
    parent: int
    title: str
    code: str
    manifestation: str
    see: str
    see_also: str
    references: dict[str, tuple[Reference, ...]]
    cells: dict[int, str]
    groups: tuple[tuple[int, ...], ...]
    optional: frozenset[int]
    flags: int
    core: int
    column: int = 0

    @property
    def key(self) -> tuple[int, int]:
        """Identity: node and column."""
        return self.number, self.column


class Step(NamedTuple):
    """A stem that leads from a term to a part of a child's words; `share` is that part's weight, 0 to 1."""

    parent: int
    stem: int
    node: int
    part: int
    share: float


_STORES: weakref.WeakKeyDictionary[Any, IndexStore] = weakref.WeakKeyDictionary()


def index_of(book: Book) -> IndexStore:
    """The index of a book."""
    store = _STORES.get(book)
    if store is None:
        store = _STORES[book] = IndexStore(book)
    return store


class IndexStore:
    """Reads of the index tables of one book."""

    def __init__(self, book: Book) -> None:
        self._rows = book.rows
        self.documents = tuple(self._documents())
        self.by_number = {each.number: each for each in self.documents}
        self._terms: dict[int, Term] = {}
        self._weights: dict[int, tuple[float, bool]] = {}
        self._stems: dict[str, int | None] = {}
        self._below: dict[tuple[str, int], dict[int, list[Step]]] = {}
        self._roots: dict[tuple[str, int, int], list[Step]] = {}
        self._children: dict[int, list[int]] = {}
        self.kept: dict[Any, Any] = {}
        """Small answers of other modules about this book."""

    def _documents(self) -> Iterable[Document]:
        if not self._rows("SELECT 1 FROM sqlite_master WHERE name = 'index_edition'"):
            return  # a book compiled of a few parts only
        for number, kind, name, starts, ends in self._rows("SELECT id, kind, name, starts, ends FROM index_edition"):
            yield Document(number, kind, name, Interval.of(starts, ends) if kind != SHIPPED else None)

    def on(self, day: date, as_of: date | None = None) -> list[Document]:
        """One document of each kind: that of the day, else the nearest; the shipped terms without an index."""
        out = []
        for kind in KINDS:
            known = [
                each
                for each in self.documents
                if each.kind == kind and each.window and (as_of is None or each.window.starts <= as_of)
            ]
            if known:
                out.append(min(known, key=lambda each: (_away(each, day), -each.number)))
        if not any(each.kind == DISEASES for each in out):
            out += [each for each in self.documents if each.kind == SHIPPED]
        return out

    # ---- words ----------------------------------------------------------------------------------

    def stem_ids(self, words: Iterable[str]) -> dict[str, int]:
        """Stem of each word that the index knows in some form."""
        asked = list(dict.fromkeys(words))
        new = [word for word in asked if word not in self._stems]
        if new and self.documents:
            self._read_stems(new)
        return {word: found for word in asked if (found := self._stems.get(word)) is not None}

    def _read_stems(self, words: list[str]) -> None:
        if len(self._stems) > MOST_KEPT:
            self._stems.clear()
        marks = ", ".join("?" * len(words))
        found = dict(self._rows(f"SELECT word, stem FROM index_word WHERE word IN ({marks})", words))
        rest = [word for word in words if word not in found]
        if rest:
            stem_of = stems(rest)
            asked = sorted(set(stem_of.values()))
            marks = ", ".join("?" * len(asked))
            ids = dict(self._rows(f"SELECT stem, id FROM index_stem WHERE stem IN ({marks})", asked))
            found |= {word: ids[stem] for word, stem in stem_of.items() if stem in ids}
        self._stems |= {word: found.get(word) for word in words}

    def weight(self, stem: int) -> float:
        """How much a stem tells (inverse frequency over titles)."""
        return self._weigh(stem)[0]

    def qualifies(self, stem: int) -> bool:
        """Is the stem of a word that the Index sends to the condition word: a site or a quality?"""
        return self._weigh(stem)[1]

    def _weigh(self, stem: int) -> tuple[float, bool]:
        if not self._weights:
            rows = self._rows("SELECT id, weight, qualifier FROM index_stem")
            self._weights = {number: (weight, bool(mark)) for number, weight, mark in rows}
        return self._weights.get(stem, (0.0, False))

    # ---- terms ----------------------------------------------------------------------------------

    def terms(self, numbers: Iterable[int]) -> dict[int, Term]:
        """Terms by number."""
        asked = list(dict.fromkeys(numbers))
        new = [number for number in asked if number not in self._terms]
        if new and len(self._terms) > MOST_KEPT:
            self._terms.clear()
            new = asked
        for at in range(0, len(new), _IN_ONE_QUERY):
            some = new[at : at + _IN_ONE_QUERY]
            sql = (
                "SELECT id, edition, parent, title, code, manifestation, see, see_also, targets, cells, need, optional,"
                f" flags, core FROM index_node WHERE id IN ({', '.join('?' * len(some))})"
            )
            for row in self._rows(sql, some):
                self._terms[row[0]] = self._term(row)
        return {number: self._terms[number] for number in asked}

    def _term(self, row: tuple[Any, ...]) -> Term:
        (
            number,
            document,
            parent,
            title,
            code,
            manifestation,
            see,
            see_also,
            targets,
            cells,
            need,
            optional,
            flags,
            core,
        ) = row
        references = {
            name: tuple(Reference(node, tuple(pending), code) for node, pending, code in found)
            for name, found in (json.loads(targets) if targets else {}).items()
        }
        columns = {int(column): text for column, text in json.loads(cells).items()} if cells else {}
        unsaid = UNSAID.get(self.by_number[document].kind)
        return Term(
            number, document, parent, title, code or columns.get(unsaid or 0, ""), manifestation or "", see or "",
            see_also or "", references, columns, tuple(tuple(group) for group in json.loads(need)),
            frozenset(json.loads(optional)), flags, core,
        )  # fmt: skip

    def steps(self, parents: Sequence[int], stems_said: Sequence[int], table: str = "index_step") -> list[Step]:
        """What the stems lead to from each parent, in a fixed order; `index_skip` leads to children's children."""
        out: list[Step] = []
        asked = tuple(dict.fromkeys(stems_said))
        roots = {each.root for each in self.documents}
        for parent in parents if self.documents else ():
            if parent in roots:
                out += self._from_root(table, parent, asked)
            else:
                below = self._from_term(table, parent)
                out += [step for stem in asked for step in below.get(stem, ())]
        out.sort(key=lambda step: (step.parent, step.node, step.part, step.stem))
        return out

    def _from_term(self, table: str, parent: int) -> dict[int, list[Step]]:
        """All steps below a term, by stem; there are few, and the next phrase asks for others of them."""
        key = (table, parent)
        found = self._below.get(key)
        if found is None:
            if len(self._below) > _MOST_PARENTS:
                self._below.clear()
            found = {}
            for row in self._rows(f"SELECT parent, stem, node, part, share FROM {table} WHERE parent = ?", (parent,)):
                found.setdefault(row[1], []).append(Step(*row))
            self._below[key] = found
        return found

    def _from_root(self, table: str, root: int, asked: Sequence[int]) -> list[Step]:
        """Steps from the root of a document, read by stem: it has every main term below it."""
        if len(self._roots) > MOST_KEPT:
            self._roots.clear()
        held = {stem: self._roots.get((table, root, stem)) for stem in asked}
        new = [stem for stem, steps in held.items() if steps is None]
        for at in range(0, len(new), _IN_ONE_QUERY):
            some = new[at : at + _IN_ONE_QUERY]
            held |= {stem: [] for stem in some}
            sql = (
                f"SELECT parent, stem, node, part, share FROM {table} WHERE parent = ?"
                f" AND stem IN ({', '.join('?' * len(some))})"
            )
            for row in self._rows(sql, (root, *some)):
                held[row[1]].append(Step(*row))  # type: ignore[union-attr]
            self._roots |= {(table, root, stem): held[stem] or [] for stem in some}
        return [step for steps in held.values() for step in steps or ()]

    def children(self, parent: int) -> list[Term]:
        """Subterms in printed order."""
        numbers = self._children.get(parent)
        if numbers is None:
            if len(self._children) > _MOST_PARENTS:
                self._children.clear()
            rows = self._rows("SELECT id FROM index_node WHERE parent = ? ORDER BY id", (parent,))
            numbers = self._children[parent] = [row[0] for row in rows]
        found = self.terms(numbers)
        return [found[number] for number in numbers]

    def columns(self, term: Term) -> tuple[Column, ...]:
        """Columns of a table's row that words choose; none for a term of an index."""
        return TABLES.get(self.by_number[term.document].kind, ()) if term.cells and not term.column else ()

    def column_need(self, column: Column) -> tuple[tuple[tuple[int, ...], ...], frozenset[int]]:
        """Stems of a column's heading: groups, and what may be said."""
        key = ("column", column.words)
        if key not in self.kept:
            need: Need = column.need
            ids = self.stem_ids([*(word for group in need.groups for word in group), *need.optional])
            groups = tuple(tuple(ids[word] for word in group) for group in need.groups)
            self.kept[key] = (groups, frozenset(ids[word] for word in need.optional))
        found: tuple[tuple[tuple[int, ...], ...], frozenset[int]] = self.kept[key]
        return found


def _away(document: Document, day: date) -> int:
    return document.window.distance(day) if document.window else 0
