"""What the loaded exports of the Medicare Coverage Database say: documents by service, place and day, and their lists.

    for document in documents_for(book, "ZZ001", state="WI", day=day):
        listing(book, document, "R25.2")      # listed, conditional, not-listed, list-not-loaded
        related(book, document)               # LCDs, articles and NCDs it names

Listed is not covered: a listing says what the list says. A list whose group stands under a paragraph,
or whose row carries an asterisk, is conditional: the paragraph may tie the group to certain services or
ask for a second diagnosis, and nobody has evaluated it. Pages open no numpy here.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any

from claimwright.book.store import Book
from claimwright.errors import EditionMissing
from claimwright.model import Interval, undotted

MCD = "mcd"
ARTICLE, LCD, NCD = "article", "lcd", "ncd"
LISTED, CONDITIONAL, NOT_LISTED, LIST_NOT_LOADED = "listed", "conditional", "not-listed", "list-not-loaded"
"""What a list says of a diagnosis, in the words of the contract."""

BILLING_AND_CODING = 6
"""Type of the articles that hold code lists for an LCD."""

HOW = (
    "claimwright data add mcd FILE --accept-licence (current_article.zip, current_lcd.zip, ncd.zip; all_article.zip "
    "and all_lcd.zip for history)"
)
"""How exports come into the book."""


@dataclass(frozen=True, slots=True)
class McdDocument:
    """One version of a document as an answer names it.

    `key` is its number in this book; `number` what it is called (A54969, L36524, 160.23); `window` the
    days it is for; `published`: no effective day is printed, the day of publication stands for it.
    `states` are the states its contractors serve on the day asked (all its days without one), `parts`
    the parts of states among them. `groups` are the groups of services that hold the service asked for.
    """

    key: int
    kind: str
    id: int
    version: int
    number: str
    title: str
    window: Interval
    status: str
    type: int
    published: bool
    edition: str
    contractors: tuple[str, ...] = ()
    states: tuple[str, ...] = ()
    parts: tuple[str, ...] = ()
    groups: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class ListedIn:
    """A group whose list names the diagnosis.

    `by_range` is the range (first, last) when no row names the code itself. `paragraph` and
    `asterisk_text` are the user's own copy of the document: show them to this user, nobody else.
    """

    group: int
    covered: bool
    asterisk: bool
    by_range: tuple[str, str] | None
    paragraph: str
    asterisk_text: str

    @property
    def conditional(self) -> bool:
        """Does the list alone not decide?"""
        return bool(self.paragraph) or self.asterisk or self.by_range is not None


@dataclass(frozen=True, slots=True)
class Listing:
    """What a document's lists say of one diagnosis; `groups` are those that name it, covered ones first."""

    state: str
    groups: tuple[ListedIn, ...]


def loaded(book: Book, kind: str = "") -> tuple[str, ...]:
    """Editions of exports in the book, of one kind or of all; empty when none is loaded."""
    return tuple(
        entry["edition"] for entry in book.manifest["parts"] if entry["table"] == MCD and kind in ("", entry["kind"])
    )


def documents_for(
    book: Book,
    service: str,
    state: str = "",
    contractor: str = "",
    day: date | None = None,
    kinds: tuple[str, ...] = (ARTICLE, LCD),
) -> tuple[McdDocument, ...]:
    """Documents that list `service`, of contractors that serve `state`, in the version in force on `day`.

    `state`: two letters, or CMS's letters for a part of one; `contractor`: some of the contractor's name,
    case apart; without either, everywhere. Of several versions in force the highest answers; without `day`,
    every version. In order of kind, number and version.
    Errors: `EditionMissing` when no export of articles or LCDs is loaded.
    """
    _need(book, day, kinds)
    code = undotted(service)
    sql = (
        f"SELECT {_COLUMNS}, group_concat(DISTINCT s.grp) FROM mcd_service s JOIN mcd_document d ON d.id = s.document "
        f"WHERE (s.code = ? OR (s.last <> '' AND s.code <= ? AND ? <= s.last)) {_ON_DAY if day else ''} GROUP BY d.id"
    )
    on = [day.isoformat()] * 3 if day else []
    found = [
        _document(book, row[:-1], day, tuple(sorted(map(int, str(row[-1]).split(",")))))
        for row in book.rows(sql, (code, code, code, *on))
        if row[1] in kinds
    ]
    return _ordered(each for each in found if _serves(each, state, contractor, _parents(book)))


def document(book: Book, number: str, day: date | None = None) -> McdDocument | None:
    """The version in force on `day` of the document called so (A54969, L36524, 160.23); without `day` the highest."""
    sql = f"SELECT {_COLUMNS} FROM mcd_document d WHERE d.number = ? {_ON_DAY if day else ''} ORDER BY d.version DESC"
    on = [day.isoformat()] * 3 if day else []
    found = book.rows(sql, (number.strip().upper(), *on))
    return _document(book, found[0], day) if found else None


def versions(book: Book, kind: str, number: int) -> tuple[McdDocument, ...]:
    """Every loaded version of the document with this id, oldest first."""
    sql = f"SELECT {_COLUMNS} FROM mcd_document d WHERE d.kind = ? AND d.document = ? ORDER BY d.version"
    return tuple(_document(book, row, None) for row in book.rows(sql, (kind, number)))


def listing(book: Book, document: McdDocument, diagnosis: str) -> Listing:
    """What the lists of this version say of a diagnosis.

    `listed`: a group of covered diagnoses names it and nothing stands above the group. `conditional`: one
    does, but a paragraph, an asterisk or a range must be read, or another list names it as not covered.
    `not-listed`: there is a covered list without it, or the noncovered list names it. `list-not-loaded`:
    the document has no covered list, and no other names the code.
    """
    code = undotted(diagnosis)
    sql = (
        "SELECT c.grp, c.covered, c.asterisk, c.code, c.last, coalesce(g.paragraph, ''), coalesce(g.asterisk, '') "
        "FROM mcd_code c LEFT JOIN mcd_group g ON g.document = c.document AND g.grp = c.grp "
        "AND g.list = CASE c.covered WHEN 1 THEN 'covered' ELSE 'noncovered' END "
        "WHERE c.document = ? AND c.covered IN (0, 1) AND c.code <= ? "
        "AND (c.code = ? OR (c.last <> '' AND ? <= c.last || '~'))"  # codes that go on from the last are in its range
    )
    rows = book.rows(sql, (document.key, code, code, code))
    named = {(grp, covered) for grp, covered, _, own, *_ in rows if own == code}
    groups: dict[tuple[int, int, bool], ListedIn] = {}
    for grp, covered, asterisk, own, last, paragraph, words in rows:
        exact = own == code
        if exact or (grp, covered) not in named:
            key = (grp, covered, exact)
            starred = bool(asterisk) or (key in groups and groups[key].asterisk)
            groups[key] = ListedIn(grp, bool(covered), starred, None if exact else (own, last), paragraph, words)
    found = tuple(sorted(groups.values(), key=lambda each: (not each.covered, each.group)))
    return Listing(_state(book, document, found), found)


def _state(book: Book, document: McdDocument, groups: tuple[ListedIn, ...]) -> str:
    covered = [each for each in groups if each.covered]
    if covered and len(covered) < len(groups):
        return CONDITIONAL
    if covered:
        return LISTED if any(not each.conditional for each in covered) else CONDITIONAL
    if groups:
        return CONDITIONAL if all(each.by_range for each in groups) else NOT_LISTED
    some = book.rows("SELECT 1 FROM mcd_code WHERE document = ? AND covered = 1 LIMIT 1", (document.key,))
    return NOT_LISTED if some else LIST_NOT_LOADED


def codes(book: Book, document: McdDocument, covered: bool = True) -> tuple[tuple[int, str, str], ...]:
    """(group, code, last of its range or empty) of a list, in order of group and code."""
    sql = "SELECT grp, code, last FROM mcd_code WHERE document = ? AND covered = ? ORDER BY grp, code, last"
    return tuple(book.rows(sql, (document.key, int(covered))))


def services(book: Book, document: McdDocument) -> tuple[tuple[int, str, str], ...]:
    """(group, code, last of its range or empty) of the services of a document: codes, never descriptions."""
    sql = "SELECT grp, code, last FROM mcd_service WHERE document = ? ORDER BY grp, code, last"
    return tuple(book.rows(sql, (document.key,)))


def group_text(book: Book, document: McdDocument, list_name: str, group: int) -> str:
    """What stands above a group of the list `covered`, `noncovered` or `service`; the user's own copy."""
    sql = "SELECT paragraph FROM mcd_group WHERE document = ? AND list = ? AND grp = ?"
    found = book.rows(sql, (document.key, list_name, group))
    return str(found[0][0]) if found else ""


def related(book: Book, document: McdDocument, day: date | None = None) -> tuple[McdDocument, ...]:
    """LCDs, articles and NCDs that this version names, or that name it, in the versions in force on `day`.

    Only those that are loaded: an article of which no LCD is loaded has none here.
    """
    then = _ON_DAY if day else ""
    on = [day.isoformat()] * 3 if day else []
    sql = (
        f"SELECT {_COLUMNS} FROM mcd_related r JOIN mcd_document d ON d.kind = r.kind AND d.document = r.other "
        f"WHERE r.document = ? {then} UNION SELECT {_COLUMNS} FROM mcd_related r JOIN mcd_document d "
        f"ON d.id = r.document WHERE r.kind = ? AND r.other = ? {then}"
    )
    rows = book.rows(sql, (document.key, *on, document.kind, document.id, *on))
    return _ordered(_document(book, row, day) for row in rows)


# ---- how ----------------------------------------------------------------------------------------

_COLUMNS = (
    "d.id, d.kind, d.document, d.version, d.number, d.title, d.starts, d.ends, d.status, d.type, d.published, d.edition"
)

_ON_DAY = (
    "AND d.starts <= ? AND (d.ends IS NULL OR d.ends >= ?) AND NOT EXISTS (SELECT 1 FROM mcd_document h "
    "WHERE h.kind = d.kind AND h.document = d.document AND h.version > d.version AND h.starts <= ? "
    "AND (h.ends IS NULL OR h.ends >= h.starts))"
)
"""In force on the day, and not replaced by a later version that has begun."""


def _need(book: Book, day: date | None, kinds: tuple[str, ...]) -> None:
    have = loaded(book)
    if not any(loaded(book, kind) for kind in kinds):
        raise EditionMissing(f"{MCD} ({' or '.join(kinds)})", day or date.today(), have, f"Load one: {HOW}")


def _document(book: Book, row: tuple[Any, ...], day: date | None, groups: tuple[int, ...] = ()) -> McdDocument:
    key, kind, number, version, name, title, starts, ends, status, type_, published, edition = row
    served = book.rows("SELECT contractor, state, part, starts, ends FROM mcd_jurisdiction WHERE document = ?", (key,))
    on = [each for each in served if day is None or _covers(each[3], each[4], day)]
    return McdDocument(
        key=key,
        kind=kind,
        id=number,
        version=version,
        number=name,
        title=title,
        window=Interval.of(starts, ends),
        status=status,
        type=type_,
        published=bool(published),
        edition=_edition(book, edition),
        contractors=tuple(sorted({each[0] for each in on if each[0]})),
        states=tuple(sorted({each[1] for each in on if each[1]})),
        parts=_parts(on),
        groups=groups,
    )


def _parts(served: list[tuple[Any, ...]]) -> tuple[str, ...]:
    """Parts of states that are not served whole."""
    whole = {state for _, state, part, *_ in served if not part}
    return tuple(sorted({part for _, state, part, *_ in served if part and state not in whole}))


def _covers(starts: str | None, ends: str | None, day: date) -> bool:
    on = day.isoformat()
    return (starts is None or starts <= on) and (ends is None or on <= ends)


def _edition(book: Book, number: int) -> str:
    entries = (each for each in book.manifest["parts"] if each["table"] == MCD)
    return next(str(each["edition"]) for each in entries if each["edition_number"] == number)


def _serves(document: McdDocument, state: str, contractor: str, parents: dict[str, str]) -> bool:
    """`parents` tells of which state a part is: who serves a whole state serves its parts."""
    wanted = state.strip().upper()
    if wanted and document.kind != NCD and wanted not in (*document.states, *document.parts):
        parent = parents.get(wanted, "")
        if parent not in document.states or any(parents.get(part) == parent for part in document.parts):
            return False
    return not contractor or any(contractor.strip().lower() in each.lower() for each in document.contractors)


@lru_cache(maxsize=4)
def _parents(book: Book) -> dict[str, str]:
    """Of which state each part is."""
    return {part: state for part, state in book.rows("SELECT DISTINCT part, state FROM mcd_jurisdiction") if part}


def _ordered(found: Iterable[McdDocument]) -> tuple[McdDocument, ...]:
    return tuple(sorted(found, key=lambda each: (each.kind, each.id, each.version)))
