"""Numbered citations of articles: each is a source document, a table of the book, or a policy version."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING

from claimwright.errors import InputError
from claimwright.pages.source import Source

if TYPE_CHECKING:
    from claimwright.book.store import Book
    from claimwright.sources.policy_yaml import At

TYPES = ("document", "table", "policy")
"""Types of citations."""


@dataclass(frozen=True, slots=True)
class ArticleCitation:
    """An entry of the list: `type` and `name` (document, table or policy), and the place in it.

    `place` is a section of a document, a code of a table, or a version of a policy. `edition` is that
    of a table, empty for the one that answers on the day.
    """

    number: int
    type: str
    name: str
    place: str
    edition: str
    line: int


@dataclass(frozen=True, slots=True)
class Reference:
    """A citation looked up: what a reader needs to find it; `problem` says why it leads nowhere."""

    number: int
    type: str
    title: str
    publisher: str
    source: Source | None
    page: int | None = None
    url: str = ""
    quote: str = field(default="", metadata={"omit": True})
    problem: str = field(default="", metadata={"omit": True})


def citation_of(number: int, at: At) -> ArticleCitation:
    """One entry of the head of an article. Errors: `InputError` with the line."""
    if not isinstance(at.value, dict):
        raise at.wrong("is not a mapping", "a document and section, a table, or a policy")
    kind = next((each for each in TYPES if each in at.value), "")
    keys = {
        "document": ("document section", ""),
        "table": ("table", "edition code"),
        "policy": ("policy version", ""),
    }
    if not kind:
        raise at.wrong("names no source", "document, table or policy")
    at.keys(*keys[kind])
    place = {"document": "section", "table": "code", "policy": "version"}[kind]
    found = at.child(place).name() if at.has(place) else ""
    edition = at.child("edition").name() if at.has("edition") else ""
    line = at.paper.lines.get(at.path, 0)
    return ArticleCitation(number, kind, at.child(kind).name(), found, edition, line)


def resolve(citation: ArticleCitation, book: Book, day: date) -> Reference:
    """What a citation leads to on `day`; its `problem` is empty when it leads somewhere."""
    return {"document": _document, "table": _table, "policy": _policy}[citation.type](citation, book, day)


def _lost(citation: ArticleCitation, problem: str) -> Reference:
    return Reference(citation.number, citation.type, citation.name, "", None, problem=problem)


def _document(citation: ArticleCitation, book: Book, day: date) -> Reference:
    found = book.citation(citation.name, citation.place, day)
    if found is None:
        return _lost(citation, f"no section {citation.place!r} of a document {citation.name!r} is in citations/")
    starts, ends = (date.fromisoformat(found[key]) if found[key] else None for key in ("starts", "ends"))
    nearest = starts is not None and not (starts <= day and (ends is None or day <= ends))
    source = Source(citation.name, found["edition"] or "", starts, ends, citation.place, nearest)
    return Reference(
        citation.number, "document", found["title"], "", source, found["page"] or None, quote=found["text"] or ""
    )


def _table(citation: ArticleCitation, book: Book, day: date) -> Reference:
    source = table_source(book, citation.name, day, citation.place)
    if source is None:
        return _lost(citation, f"the table {citation.name!r} is not loaded for {day}")
    if citation.edition and citation.edition != source.edition:
        return _lost(citation, f"{citation.name} answers in {source.edition}, not in {citation.edition!r}")
    if citation.place and citation.name.startswith("icd10cm"):
        try:
            book.show(citation.place, day)
        except InputError:
            return _lost(citation, f"{citation.place!r} is no code of {citation.name}")
    return Reference(citation.number, "table", citation.name, "", source)


def table_source(book: Book, table: str, day: date, place: str = "") -> Source | None:
    """The loaded edition of a table that covers `day` (or bears no days); None when there is none."""
    for used in book.editions_used(day):
        if used.table == table:
            return Source(table, used.edition, used.starts, used.ends, place, used.nearest)
    for entry in book.manifest["parts"]:
        if entry["table"] != table:
            continue
        starts, ends = (date.fromisoformat(entry[key]) if entry[key] else None for key in ("from", "to"))
        if (starts is None or starts <= day) and (ends is None or day <= ends):
            return Source(table, entry["edition"], starts, ends, place)
    return None


def _policy(citation: ArticleCitation, book: Book, day: date) -> Reference:
    try:
        policy = book.policies.get(citation.name)
    except InputError as error:
        return _lost(citation, error.problem)
    version = next((each for each in policy.versions if each.version == citation.place), None)
    if version is None:
        have = ", ".join(each.version for each in policy.versions)
        return _lost(citation, f"policy {policy.id} has no version {citation.place!r} (it has {have})")
    source = Source("policies", f"{policy.id} {version.version}", version.starts, version.ends, "")
    url = next((each.url for each in policy.sources if each.url), "")
    return Reference(citation.number, "policy", policy.title, policy.payer_name or policy.payer, source, url=url)
