"""Records of codes of service lines: HCPCS Level II, and CPT codes known from tables that the user added.

A CPT code has no title here: its descriptor belongs to the American Medical Association.
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING

from claimwright.book.procedure_record import (
    COVERAGE,
    MUE_SETTINGS,
    PTP_SETTINGS,
    LevelTwoRecord,
    level_two_codes,
    naming,
    nearest_entry,
    tables_of,
)
from claimwright.book.procedures import (
    AOC,
    HCPCS,
    MUE,
    OPPS,
    PFS,
    PTP,
    TableEdition,
    how_to_load,
    procedures,
)
from claimwright.book.record import Change, CodeRecord, SourceRecord, Unloaded, Validity
from claimwright.book.show_pcs import meant
from claimwright.errors import BookError, EditionMissing, InputError
from claimwright.model import EditionUsed, dotted, undotted
from claimwright.model.fees import HcpcsEntry

if TYPE_CHECKING:
    from claimwright.book.show_shelf import Shelf

KIND = "procedure"
PREFIX = re.compile(r"(?:HCPCS|CPT):\s*")
"""Before a code that is written like a diagnosis as well (`hcpcs:J1100`)."""

_WIDTH = 5
_LEVEL_TWO = re.compile(r"[A-V]\d{4}")
_CPT = re.compile(r"\d{5}|\d{4}[FTUMA]")
_OURS = "CPT descriptors belong to the American Medical Association and are not held here"


def asked(name: str) -> str | None:
    """The code of a service line that a name asks for by its form or prefix; None for any other name."""
    plain = name.strip().upper()
    code = PREFIX.sub("", plain, count=1)
    if code != plain or ("." not in plain and (_LEVEL_TWO.fullmatch(plain) or _CPT.fullmatch(plain))):
        return code
    return None


def listed(shelf: Shelf, code: str) -> bool:
    """Does any loaded table of the day name the code, or any HCPCS release?"""
    return code in level_two_codes(shelf.book) or bool(naming(shelf.book, code, shelf.day))


def other_record(shelf: Shelf, name: str) -> CodeRecord:
    """The record of a name that is in no diagnosis table: a modifier, a code of service lines, or of ICD-10-PCS."""
    from claimwright.book import show_modifier, show_pcs

    modifier = show_modifier.modifier_record(shelf, name)
    if modifier is not None:
        return modifier
    code = asked(name)
    if code is None:
        code = name.strip().upper()
        if len(code) == _WIDTH and listed(shelf, code):
            return line_record(shelf, name, code)
        return show_pcs.procedure_record(shelf, name)
    if code == undotted(name) and shelf.book.pcs.known_stem(code) and not listed(shelf, code):
        return show_pcs.procedure_record(shelf, name)
    return line_record(shelf, name, code)


def also(shelf: Shelf, code: str) -> str | None:
    """What the page of a diagnosis says of a Level II code of the same letters; None for nothing."""
    if code not in level_two_codes(shelf.book):
        return None
    return f"{code} is also a code of service lines: claimwright show hcpcs:{code}"


def line_record(shelf: Shelf, name: str, code: str) -> CodeRecord:
    """The record of a CPT or HCPCS code on the shelf's day.

    Errors: `EditionMissing` (exit 3) when no table that is loaded knows the code and the one that could
    is not loaded for the day; `InputError` when that one is, and does not list it.
    """
    book, day = shelf.book, shelf.day
    found = nearest_entry(book, code, day, shelf.as_of)
    named = naming(book, code, day)
    if found is None and not named:
        raise _unknown(shelf, name, code)
    return _Page(shelf, code, found, named).record()


def _unknown(shelf: Shelf, name: str, code: str) -> BookError | InputError:
    """What to say of a code that nothing loaded knows."""
    book, day = shelf.book, shelf.day
    if code.startswith("D") and _LEVEL_TWO.fullmatch(code):
        owner = "those are the American Dental Association's, and no table that can be added holds them"
        return BookError(f"{code} is in no loaded table; it has the form of a dental code, and {owner}")
    table, kind = (PFS, "CPT") if _CPT.fullmatch(code) else (HCPCS, "HCPCS Level II")
    if not (_CPT.fullmatch(code) or _LEVEL_TWO.fullmatch(code)):
        return InputError(
            "code", f"{name!r} is not written as a CPT or HCPCS code", "five digits, or a letter and four"
        )
    edition = procedures(book).edition(table, day)
    if edition is not None:
        return InputError("code", f"{name!r} is in no loaded table; {edition.name} of {table} does not list it")
    loaded = tuple(each.name for each in procedures(book).editions(table))
    form = f"{code} has the form of a {kind} code, and no other table has it{meant(shelf, code)}"
    return EditionMissing(table, day, loaded, f"{form}. {how_to_load(table, day)}")


class _Page:
    """What the record of one code is made of; `found` is its row in the nearest HCPCS release."""

    def __init__(
        self, shelf: Shelf, code: str, found: tuple[TableEdition, HcpcsEntry] | None, named: list[TableEdition]
    ) -> None:
        self.shelf, self.book, self.code, self.day, self.named = shelf, shelf.book, code, shelf.day, named
        self.release = found[0] if found else None
        self.entry = found[1] if found else None
        self.tables = tables_of(self.book, code, self.day, _level_two(self.entry))

    def record(self) -> CodeRecord:
        """The record; keys that concern diagnoses only are empty."""
        entry = self.entry
        spans = (Validity(entry.added, entry.last),) if entry else ()
        return CodeRecord(
            code=self.code,
            title=entry.long or entry.short if entry else None,
            billable=self._billable(),
            valid_from=entry.added if entry else None,
            valid_to=entry.last if entry else None,
            kind=KIND,
            date=self.day,
            status=self._status(),
            parents=(),
            children=(),
            siblings=(),
            notes=(),
            reverse_notes=(),
            inclusion_terms=(),
            seventh_characters={},
            flags=(),
            validity=spans,
            successors=self._successors(),
            predecessors=(),
            editions=tuple(self._editions()),
            sources=tuple(self._sources()),
            title_note=None if entry else self._untitled(),
            also=self._also(),
            procedure=self.tables,
            not_evaluated=tuple(self._unloaded()),
            coverage=self.book.policies.serving(self.code, self.day),
        )

    def _untitled(self) -> str:
        if _LEVEL_TWO.fullmatch(self.code):
            return "No HCPCS release that is loaded lists it: it has no title and no days of its own here"
        return _OURS

    def _billable(self) -> bool | None:
        """By its days for Level II; for CPT by the fee schedule of the day.

        None when no table can tell: a code that stood in an older release may have ended since.
        """
        if self.entry and self.release:
            return self.entry.in_force(self.day) and (True if self.day in self.release.window else None)
        return None if not self.tables.fees else self.tables.fees[0].status not in self._barred()

    def _barred(self) -> set[str]:
        return {row["status"] for row in self.book.lexicon_rows("fee-status") if row.get("means")}

    def _status(self) -> str:
        entry, day = self.entry, self.day
        if entry is None:
            return self._status_by_tables()
        if entry.added > day:
            return f"not yet in effect; added {entry.added}"
        if entry.last and entry.last < day:
            return f"no longer in effect; last day {entry.last}"
        covering = procedures(self.book).edition(HCPCS, day)
        if self.release and covering and day not in self.release.window:
            return f"not listed by {covering.name}, which covers {day}; {self.release.name} lists it"
        if self.release and day not in self.release.window:
            return f"in effect by {self.release.name}, the nearest release loaded; {day} is not covered"
        return "in effect"

    def _status_by_tables(self) -> str:
        if self.tables.fees:
            fee = self.tables.fees[0]
            edition = procedures(self.book).need(PFS, self.day)
            says = f": {fee.says}" if fee.says else ""
            return f"status {fee.status} in the physician fee schedule {edition.name}{says}"
        names = ", ".join(dict.fromkeys(each.table for each in self.named))
        return f"named by {names}; no loaded table says whether Medicare pays it"

    def _successors(self) -> tuple[Change, ...]:
        """Cross-references of a terminated code, with their titles where a release has them."""
        entry = self.entry
        if entry is None or entry.last is None:
            return ()
        following = entry.last + timedelta(days=1)
        out = []
        for code in entry.cross_references:
            other = nearest_entry(self.book, code, self.day, self.shelf.as_of)
            out.append(Change(code, (other[1].long or other[1].short) if other else None, following))
        return tuple(out)

    def _answering(self) -> list[TableEdition]:
        """Editions behind the record: those that name the code, and the release its words come from."""
        own = [self.release] if self.release and self.release not in self.named else []
        return [*own, *self.named]

    def _editions(self) -> list[EditionUsed]:
        return [
            EditionUsed(each.table, each.name, each.window.starts, each.window.ends, self.day not in each.window)
            for each in self._answering()
        ]

    def _sources(self) -> list[SourceRecord]:
        digests = {(each["table"], each["path"]): each["sha256"] for each in self.book.manifest["inputs"]}
        out = []
        for e in self._answering():
            alone = {"file": e.extra["file"], "sha256": digests.get((e.table, e.extra["file"]), "")}
            out += [
                SourceRecord(e.table, e.name, e.window.starts, e.window.ends, each["file"], each["sha256"])
                for each in e.extra.get("files", [alone])
            ]
        return out

    def _also(self) -> str | None:
        """The same letters as a diagnosis or the beginning of a procedure of ICD-10-PCS."""
        if self.book.registry(self.code):
            return f"{dotted(self.code)} is also a diagnosis: claimwright show {dotted(self.code)}"
        if self.book.pcs.known_stem(self.code):
            return f"{self.code} also begins ICD-10-PCS codes; one character more shows them"
        return None

    def _unloaded(self) -> list[Unloaded]:
        """Parts of the page for which no edition covers the day."""
        load, day = procedures(self.book), self.day
        wanted = [("units", MUE, each) for each in MUE_SETTINGS[:2]]
        wanted += [("ptp", PTP, each) for each in PTP_SETTINGS]
        wanted += [("add_on", AOC, ""), ("fees", PFS, ""), ("outpatient", OPPS, "")]
        if self.entry or _LEVEL_TWO.fullmatch(self.code):
            wanted.insert(0, ("validity", HCPCS, ""))
        out = []
        for part, table, setting in wanted:
            if load.edition(table, day, setting) is None:
                missing = f"{table} ({setting})" if setting else table
                out.append(Unloaded(part, missing, how_to_load(table, day)))
        if self._billable() is None:
            table = HCPCS if self.entry else PFS
            release = load.edition(table, day)
            how = f"{release.name} does not list it; no other table says" if release else how_to_load(table, day)
            out.insert(0, Unloaded("billable", table, how))
        return out


def _level_two(entry: HcpcsEntry | None) -> LevelTwoRecord | None:
    if entry is None:
        return None
    return LevelTwoRecord(
        short=entry.short,
        coverage=entry.coverage,
        coverage_says=COVERAGE.get(entry.coverage, ""),
        betos=entry.betos,
        cross_references=entry.cross_references,
        added=entry.added,
        effective=entry.effective,
        last=entry.last,
        action=entry.action,
    )
