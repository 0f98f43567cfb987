"""Records of modifiers of service lines: HCPCS Level II by CMS's file, CPT's as numbers without words.

What a modifier does to edits comes from lexicons with their sources: its side, whether NCCI counts it, and what it
does not stand with.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from claimwright.book.procedures import HCPCS, TableEdition, how_to_load, procedures
from claimwright.book.record import CodeRecord, NoteRecord, SourceRecord, Unloaded, Validity
from claimwright.errors import EditionMissing, InputError
from claimwright.model import EditionUsed
from claimwright.model.fees import HcpcsEntry

if TYPE_CHECKING:
    from claimwright.book.show_shelf import Shelf

KIND = "modifier"
PREFIX = re.compile(r"MODIFIER:\s*")
"""Before a modifier that is written like a chapter, or the beginning of an ICD-10-PCS code (`modifier:22`)."""

_FORM = re.compile(r"[A-Z][0-9A-Z]|[0-9][0-9A-Z]")
_LEVEL_TWO = re.compile(r"[A-Z][0-9A-Z]")
_OURS = "The words of CPT modifiers belong to the American Medical Association and are not held here"
_LEXICONS = ("modifier-sides", "ncci-modifiers", "modifier-rules", "cpt-modifiers")


def modifier_record(shelf: Shelf, name: str) -> CodeRecord | None:
    """The record of a modifier; None for a name that asks for something else.

    A bare name is a modifier where a table or lexicon knows it as one, and no ICD-10-PCS code begins so.
    Errors: `InputError` for a name after the prefix that is none; `EditionMissing` (exit 3) for a Level II modifier
    while no HCPCS release is loaded.
    """
    plain = name.strip().upper()
    modifier = PREFIX.sub("", plain, count=1)
    if not _FORM.fullmatch(modifier):
        if modifier == plain:
            return None
        raise InputError("code", f"{name!r} is not written as a modifier", "two letters or digits after modifier:")
    found = _nearest(shelf, modifier)
    told = tuple(_told(shelf, modifier))
    if found is None and not told:
        if modifier == plain:
            return None
        raise _unknown(shelf, modifier)
    if modifier == plain and shelf.book.pcs.known_stem(modifier):
        return None
    return _record(shelf, modifier, found, told)


def _nearest(shelf: Shelf, modifier: str) -> tuple[TableEdition, HcpcsEntry] | None:
    """The release nearest to the day that lists a Level II modifier, and its row."""
    held = procedures(shelf.book)
    known = [each for each in held.editions(HCPCS) if shelf.as_of is None or each.window.starts <= shelf.as_of]
    for edition in sorted(known, key=lambda each: each.window.distance(shelf.day)):
        entry = held.hcpcs_in(edition, modifier, modifier=True)
        if entry is not None:
            return edition, entry
    return None


def _unknown(shelf: Shelf, modifier: str) -> InputError | EditionMissing:
    held = procedures(shelf.book)
    if _LEVEL_TWO.fullmatch(modifier) and held.edition(HCPCS, shelf.day) is None:
        loaded = tuple(each.name for each in held.editions(HCPCS))
        return EditionMissing(HCPCS, shelf.day, loaded, how_to_load(HCPCS, shelf.day))
    return InputError("code", f"the modifier {modifier!r} is in no loaded table", "a modifier of HCPCS or CPT")


def _told(shelf: Shelf, modifier: str) -> Iterator[NoteRecord]:
    """What the lexicons say of it, each with its source."""
    for lexicon in _LEXICONS:
        for row in shelf.book.lexicon_rows(lexicon):
            if modifier in (*row["modifiers"], *row.get("others", ())):
                yield _note(shelf, lexicon, row, modifier)


def _note(shelf: Shelf, lexicon: str, row: dict[str, Any], modifier: str) -> NoteRecord:
    if lexicon == "modifier-sides":
        says = f"States the {row['side']} side"
    elif lexicon == "ncci-modifiers":
        says = f"NCCI-associated: may lift a pair edit of indicator 1; {row['says']}"
    elif lexicon == "modifier-rules":
        says = _rule(row, modifier)
    else:
        says = "A CPT modifier in use"
    source = shelf.book.lexicon_source(lexicon, row["source"])
    return NoteRecord("notes", f"{says} ({source['title']}, {source['publisher']})", modifier, KIND, False, ())


def _rule(row: dict[str, Any], modifier: str) -> str:
    if "others" in row:
        other = row["others"] if modifier in row["modifiers"] else row["modifiers"]
        return f"Does not stand with {' or '.join(other)}: {row['says']}"
    column = "bilateral surgery" if row["column"] == "bilateral" else "PC/TC"
    return f"Ruled out where the fee schedule's {column} indicator is {', '.join(row['values'])}: {row['says']}"


def _record(
    shelf: Shelf, modifier: str, found: tuple[TableEdition, HcpcsEntry] | None, told: tuple[NoteRecord, ...]
) -> CodeRecord:
    release, entry = found or (None, None)
    level_two = bool(_LEVEL_TWO.fullmatch(modifier))
    missing = level_two and procedures(shelf.book).edition(HCPCS, shelf.day) is None
    how = how_to_load(HCPCS, shelf.day)
    note = None if entry else f"Its words are not loaded: {how}" if missing else _OURS if not level_two else None
    return CodeRecord(
        code=modifier,
        title=entry.long or entry.short if entry else None,
        billable=False,
        valid_from=entry.added if entry else None,
        valid_to=entry.last if entry else None,
        kind=KIND,
        date=shelf.day,
        status=f"a modifier, which stands on a service line and is no code; {_status(shelf, release, entry)}",
        parents=(),
        children=(),
        siblings=(),
        notes=told,
        reverse_notes=(),
        inclusion_terms=(),
        seventh_characters={},
        flags=(),
        validity=(Validity(entry.added, entry.last),) if entry else (),
        successors=(),
        predecessors=(),
        editions=tuple(_editions(shelf, release)),
        sources=tuple(_sources(shelf, release)),
        title_note=note,
        not_evaluated=(Unloaded("validity", HCPCS, how),) if missing else (),
    )


def _status(shelf: Shelf, release: TableEdition | None, entry: HcpcsEntry | None) -> str:
    if release is None or entry is None:
        return "no loaded table says on which days it is in effect"
    if entry.added > shelf.day:
        return f"not yet in effect, added {entry.added}"
    if entry.last and entry.last < shelf.day:
        instead = f"; the file refers to {', '.join(entry.cross_references)}" if entry.cross_references else ""
        return f"no longer in effect, last day {entry.last}{instead}"
    if shelf.day in release.window:
        return "in effect"
    covering = procedures(shelf.book).edition(HCPCS, shelf.day)
    if covering is not None:
        return f"not listed by {covering.name}, which covers {shelf.day}; {release.name} lists it"
    return f"in effect by {release.name}, the nearest release loaded; {shelf.day} is not covered"


def _editions(shelf: Shelf, release: TableEdition | None) -> Iterator[EditionUsed]:
    if release is not None:
        window = release.window
        yield EditionUsed(release.table, release.name, window.starts, window.ends, shelf.day not in window)


def _sources(shelf: Shelf, release: TableEdition | None) -> Iterator[SourceRecord]:
    if release is None:
        return
    digests = {(each["table"], each["path"]): each["sha256"] for each in shelf.book.manifest["inputs"]}
    file, window = release.extra["file"], release.window
    yield SourceRecord(
        release.table, release.name, window.starts, window.ends, file, digests.get((release.table, file), "")
    )
