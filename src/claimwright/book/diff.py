"""What changed between two loaded editions of the tabular list."""

from __future__ import annotations

from dataclasses import dataclass

from claimwright.book.record import Change
from claimwright.book.store import Book, TabularEdition
from claimwright.errors import InputError
from claimwright.model import dotted


@dataclass(frozen=True, slots=True)
class NewCode:
    """A code that only the later edition has."""

    code: str
    title: str


@dataclass(frozen=True, slots=True)
class RetiredCode:
    """A code that only the earlier edition has, and every code it became."""

    code: str
    title: str
    successors: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class RevisedTitle:
    """A code, category or block whose title changed."""

    code: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class ChangedNote:
    """A note that one edition has and the other has not; `change` is added or removed."""

    change: str
    holder: str
    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Difference:
    """From edition `before` to edition `after`."""

    before: str
    after: str
    new: tuple[NewCode, ...]
    retired: tuple[RetiredCode, ...]
    revised: tuple[RevisedTitle, ...]
    notes: tuple[ChangedNote, ...]


def named_edition(book: Book, name: str) -> TabularEdition:
    """The loaded edition whose name begins with `name` (FY2026), the last release of several.

    Errors: `InputError` listing what is loaded.
    """
    wanted = name.strip().upper()
    if wanted.isdigit():
        wanted = f"FY{wanted}"
    found = [each for each in book.editions if each.name.upper().startswith(wanted)]
    if not found:
        have = ", ".join(each.name for each in book.editions)
        raise InputError(
            "edition",
            f"{name!r} is not loaded (add its file: claimwright data add icd10cm-tabular FILE)",
            f"one of {have}",
        )
    return found[-1]


def difference(book: Book, before: TabularEdition, after: TabularEdition) -> Difference:
    """New and retired codes, revised titles and changed notes, in tabular order."""
    old, new = _titles(book, before.number), _titles(book, after.number)
    old_leaves, new_leaves = _leaves(book, before.number), _leaves(book, after.number)
    return Difference(
        before=before.name,
        after=after.name,
        new=tuple(NewCode(dotted(code), title) for code, title in new_leaves.items() if code not in old_leaves),
        retired=tuple(
            RetiredCode(dotted(code), title, _successors(book, code, after))
            for code, title in old_leaves.items()
            if code not in new_leaves
        ),
        revised=tuple(
            RevisedTitle(dotted(code), old[kind, code], title)
            for (kind, code), title in new.items()
            if (kind, code) in old and old[kind, code] != title
        ),
        notes=_notes(book, before.number, after.number),
    )


def _titles(book: Book, edition: int) -> dict[tuple[str, str], str]:
    """Titles as the list prints them; those made by a seventh character follow their stem's."""
    sql = (
        "SELECT CASE WHEN kind IN ('chapter', 'block') THEN kind ELSE 'diag' END, code, title FROM node "
        "WHERE edition = ? AND made = 0 ORDER BY pos"
    )
    return {(kind, code): title for kind, code, title in book.rows(sql, (edition,))}


def _leaves(book: Book, edition: int) -> dict[str, str]:
    sql = "SELECT code, title FROM node WHERE edition = ? AND kind = 'code' ORDER BY pos"
    return dict(book.rows(sql, (edition,)))


def _successors(book: Book, code: str, after: TabularEdition) -> tuple[Change, ...]:
    day = after.window.starts
    return tuple(Change(dotted(heir), book.title(heir, day), when) for heir, when in book.successors(code))


def _notes(book: Book, before: int, after: int) -> tuple[ChangedNote, ...]:
    old, new = _note_rows(book, before), _note_rows(book, after)
    known_old, known_new = set(old), set(new)
    removed = [
        ChangedNote("removed", dotted(h), kind, text) for h, kind, text in old if (h, kind, text) not in known_new
    ]
    added = [ChangedNote("added", dotted(h), kind, text) for h, kind, text in new if (h, kind, text) not in known_old]
    return tuple(removed + added)


def _note_rows(book: Book, edition: int) -> list[tuple[str, str, str]]:
    sql = (
        "SELECT h.code, n.kind, n.text FROM note n JOIN node h ON h.edition = n.edition AND h.pos = n.holder "
        "WHERE n.edition = ? ORDER BY n.number"
    )
    return [(holder, kind, text) for holder, kind, text in book.rows(sql, (edition,))]
