"""Records of ICD-10-PCS: a code, or the beginning of one with the way down from it."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from claimwright.book.misread import near_diagnoses
from claimwright.book.pcs import DIGITS, LENGTH, Character, Listed, joined_labels, spelled
from claimwright.book.record import (
    Change,
    CodeRecord,
    Neighbour,
    Period,
    SourceRecord,
    Validity,
    flags_of,
    in_force,
    joined,
)
from claimwright.errors import InputError
from claimwright.model import EditionUsed

if TYPE_CHECKING:
    from claimwright.book.show_shelf import Shelf

KINDS = ("section", "body-system", "table", "procedure-stem", "procedure-stem", "procedure-stem", "procedure")
"""What the first one, two, ... seven characters are."""

HOW = "claimwright data add icd10pcs-tables FILE (official XML of CMS)"


def procedure_record(shelf: Shelf, name: str) -> CodeRecord:
    """The record of an ICD-10-PCS code or stem on the shelf's day, where no diagnosis table has the name.

    Errors: `InputError` when no procedure code of any day begins so either.
    """
    code, pcs = spelled(name), shelf.book.pcs
    periods = pcs.periods(code, shelf.as_of)
    # A whole code that is listed only after --as-of is not known.
    if not (periods or (len(code) < LENGTH and code.isalnum() and pcs.known_stem(code))):
        likely = meant(shelf, code)
        raise InputError("code", f"{name!r} is in no loaded table{likely}", "a code, category, block or chapter")
    return _Page(shelf, code).record(
        [Period(each.window.starts, each.window.ends, " ".join(each.flags)) for each in periods]
    )


def meant(shelf: Shelf, code: str) -> str:
    """What an unknown name may be a misreading of; empty when nothing."""
    digits = code.translate(DIGITS)
    if digits != code and shelf.book.pcs.known_stem(digits):
        return f"; ICD-10-PCS has no letters I and O, and with digits it is {digits}"
    near = near_diagnoses(shelf.book, code) or shelf.book.pcs.near(code, shelf.day, 3)
    return f" (did you mean {' or '.join(near)}?)" if near else ""


def namesake(shelf: Shelf, stem: str) -> str | None:
    """What the letters of a diagnosis chapter or category mean in ICD-10-PCS, and how to go there; None if nothing."""
    if not shelf.book.pcs.known_stem(stem):
        return None
    found = shelf.book.pcs.characters(stem, shelf.day)
    label = f", {found[1][-1].label}" if found and found[1][-1].label else ""
    longer = stem + next(iter(shelf.book.pcs.next_characters(stem, shelf.day)), "0")
    return (
        f"{stem} also begins ICD-10-PCS codes ({KINDS[len(stem) - 1]}{label}); one character more shows them: {longer}"
    )


class _Page:
    """What the record of one code is made of."""

    def __init__(self, shelf: Shelf, code: str) -> None:
        self.pcs, self.shelf, self.code, self.day = shelf.book.pcs, shelf, code, shelf.day
        # What was not yet published on --as-of is not known to be valid.
        self.seen = min(shelf.day, shelf.as_of or shelf.day)
        found = self.pcs.characters(code, self.day)
        self.edition: Listed | None = found[0] if found else None
        self.characters = found[1] if found else _unnamed(code)

    def record(self, periods: list[Period]) -> CodeRecord:
        """The record; `periods` are the dated rows of a whole code, none for a stem."""
        spans = joined((each.starts, each.ends) for each in periods)
        span = in_force(spans, self.day)
        shown = span or (spans[-1] if spans else None)
        return CodeRecord(
            code=self.code,
            title=self._title(),
            billable=span is not None,
            valid_from=shown.starts if shown else None,
            valid_to=shown.ends if shown else None,
            kind=KINDS[len(self.code) - 1],
            date=self.day,
            status=self._status(spans, span),
            parents=self._parents(),
            children=self._below(self.code) if len(self.code) < LENGTH else (),
            siblings=tuple(each for each in self._below(self.code[:-1]) if each.code != self.code),
            notes=(),
            reverse_notes=(),
            inclusion_terms=(),
            seventh_characters={},
            flags=flags_of(periods),
            validity=spans,
            successors=self._changes(self.pcs.successors(self.code)),
            predecessors=self._changes(self.pcs.predecessors(self.code)),
            editions=self._editions(),
            sources=self._sources(),
            title_note=self._title_note(),
            characters=self.characters,
        )

    def _title(self) -> str | None:
        """The labels joined, for a whole code; of a stem the label of its last character."""
        return self.characters[-1].label if len(self.code) < LENGTH else joined_labels(self.characters)

    def _title_note(self) -> str | None:
        if self.edition is None:
            return f"The ICD-10-PCS tables, which say what each character means, are not loaded: {HOW}"
        if not all(each.label for each in self.characters):
            return (
                f"The ICD-10-PCS tables {self.edition.edition} do not have this code, so some characters are not named"
                f". An edition that has it can be added: {HOW}"
            )
        if len(self.code) == LENGTH:
            return f"The title is the labels of the ICD-10-PCS tables {self.edition.edition}, joined"
        return None

    def _status(self, spans: tuple[Validity, ...], span: Validity | None) -> str:
        window = self.pcs.registry.window if self.pcs.registry else None
        if span and window and window.ends and self.day > window.ends:
            return f"billable on {window.ends}, the last day the registry covers; {self.day} is not covered"
        if span:
            return "billable"
        if spans and spans[0].starts > self.day:
            return f"not yet in effect; billable from {spans[0].starts}"
        if spans:
            return f"no longer in effect; last day {max(e.ends for e in spans if e.ends)}"
        count = sum(self.pcs.next_characters(self.code, self.seen).values())
        begin = "1 valid code begins" if count == 1 else f"{count} valid codes begin"
        return f"not billable: {len(self.code)} of {LENGTH} characters; {begin} so"

    def _parents(self) -> tuple[Neighbour, ...]:
        return tuple(
            Neighbour(self.code[:size], self.characters[size - 1].label, False, KINDS[size - 1])
            for size in range(len(self.code) - 1, 0, -1)
        )

    def _below(self, stem: str) -> tuple[Neighbour, ...]:
        """The way down from `stem`: what the next character may be, by the registry of the day."""
        if not stem:
            return ()
        named = self.pcs.labels(stem, self.edition)[1] if self.edition else {}
        last = len(stem) + 1 == LENGTH
        ways = self.pcs.next_characters(stem, self.seen)
        return tuple(Neighbour(stem + each, named.get(each), last, KINDS[len(stem)]) for each in ways)

    def _changes(self, found: list[tuple[str, date]]) -> tuple[Change, ...]:
        latest = self.shelf.as_of or date.max
        return tuple(Change(other, self.pcs.title(other, day), day) for other, day in found if day <= latest)

    def _used(self) -> list[Listed]:
        return [each for each in (self.edition, self.pcs.registry) if each]

    def _editions(self) -> tuple[EditionUsed, ...]:
        return tuple(each.used(self.day) for each in self._used())

    def _sources(self) -> tuple[SourceRecord, ...]:
        digests = {(each["table"], each["path"]): each["sha256"] for each in self.shelf.book.manifest["inputs"]}
        return tuple(
            SourceRecord(e.table, e.edition, e.window.starts, e.window.ends, e.file, digests.get((e.table, e.file), ""))
            for e in self._used()
        )


def _unnamed(code: str) -> tuple[Character, ...]:
    return tuple(Character(number, each, None, None) for number, each in enumerate(code, start=1))
