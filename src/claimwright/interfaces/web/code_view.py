"""What the page of a code is made of: the record as `show` answers it, cut into what a template lays out."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import quote, urlencode

from claimwright.book.linking import known, named_in, pieces
from claimwright.book.tables import not_loaded
from claimwright.interfaces.render.page import FLAGS, KINDS
from claimwright.interfaces.web.timeline import picture
from claimwright.model import dotted, undotted
from claimwright.reference.applying import applying, manual_sets
from claimwright.reference.axes import axes
from claimwright.reference.callouts import callouts
from claimwright.reference.history import history
from claimwright.reference.scenarios import scenarios, worst

if TYPE_CHECKING:
    from claimwright.book.policies import PolicyListing
    from claimwright.book.record import CodeRecord, NoteRecord, ReverseNote
    from claimwright.book.store import Book
    from claimwright.engine import Engine
    from claimwright.interfaces.render.page import Section

BROAD = ("chapter", "block")
MOST_POLICIES = 40
MOST_SERVICES = 30
_LEVEL = re.compile(
    r"[ ,]+(?P<level>with MCC|with CC/MCC|with CC|without CC/MCC|without MCC|with CC or MCC|w MCC|w CC|w/o CC/MCC)$",
    re.IGNORECASE,
)


class Held(NamedTuple):
    """Notes of one holder under one kind."""

    holder: str
    level: str
    inherited: bool
    notes: tuple[NoteRecord, ...]


class NoteKind(NamedTuple):
    """All notes of a kind: its name, what it means, and who holds them."""

    kind: str
    name: str
    means: str
    held: tuple[Held, ...]


class Drg(NamedTuple):
    """A DRG of the family: `base` is the title without its level, `level` what splits it off."""

    drg: str
    base: str
    level: str


@dataclass(frozen=True, slots=True)
class Concerned:
    """A policy about a code, with the services that it decides on."""

    listing: PolicyListing
    services: tuple[str, ...]
    more: int


def canonical(book: Book, record: CodeRecord) -> str:
    """The name of the page: the code as printed, `hcpcs:` before one that a diagnosis shares its letters with.

    Modifiers go by `modifier:`, as their two characters may be a chapter's or begin a procedure code.
    """
    if record.kind == "modifier":
        return f"modifier:{record.code}"
    return f"hcpcs:{record.code}" if record.procedure and book.registry(record.code) else record.code


def address(code: str, asked: dict[str, str] | None = None) -> str:
    """Where the page of a code is, with the date and other words of the question kept."""
    tail = f"?{urlencode(asked)}" if asked else ""
    return f"/codes/{quote(code, safe=':')}{tail}"


def view(engine: Engine, record: CodeRecord) -> dict[str, Any]:
    """The context of `code.html` without what depends on the request."""
    book = engine.book
    found = callouts(engine, record)
    told = tuple(sorted(scenarios(engine, record), key=worst))
    past = history(book, record, FLAGS)
    texts = [
        *(each.text for each in record.notes),
        *(each.head for each in record.notes if each.head),
        *(each.text for each in record.reverse_notes),
        *(text for each in found for text in (each.text, each.fix)),
        *(text for each in told for finding in each.findings for text in (finding.message, finding.fix.say)),
        *(each.says for each in past.events),
    ]
    there = known(book, {name for text in texts for name in named_in(text)})
    near, broad = _split(record.reverse_notes)
    about = tuple(concerned(book, record.coverage[:MOST_POLICIES]))
    return {
        "record": record,
        "callouts": found,
        "scenarios": told,
        "axes": axes(book, record) if not record.procedure and not record.characters else (),
        "applying": applying(engine, record, found, told),
        "history": past,
        "picture": picture(past.spans, record.date),
        "note_kinds": tuple(note_kinds(record.notes)),
        "seventh_notes": tuple(e.text for e in record.notes if e.kind == "sevenChrNote" and not e.inherited),
        "near": near,
        "broad": broad,
        "flag_words": partial(flag_words, record.kind),
        "segments": {each.model: each.segment for each in record.hcc if each.segment},
        "line_sections": line_sections(record),
        "missing_tables": missing_tables(book, record),
        "drgs": drgs(record),
        "concerned": about,
        "more_policies": max(len(record.coverage) - MOST_POLICIES, 0),
        "manual_sets": _manual(engine, record, about),
        "near_codes": near_codes(record),
        "days": days_of_change(record),
        "cut": partial(pieces, there=there),
        "short_kind": {kind: heading.partition(":")[0] for kind, heading in KINDS.items()},
    }


def flag_words(kind: str, flag: str) -> str:
    """A flag of the code editor in words; its name where we have none."""
    return FLAGS.get(f"{kind} {flag}") or FLAGS.get(flag, flag)


def line_sections(record: CodeRecord) -> tuple[Section, ...]:
    """What the tables of service lines say, in the sections that the command line prints too."""
    if record.procedure is None:
        return ()
    from claimwright.interfaces.render.procedure import sections

    return tuple(each for each in sections(record, record.procedure) if each.heading != "Not loaded")


def missing_tables(book: Book, record: CodeRecord) -> dict[str, str]:
    """Tables that the page of such a code would use and that no file was added for."""
    wanted = _PCS_TABLES if record.characters else _LINE_TABLES if record.procedure else _CM_TABLES
    return {name: how for name, how in not_loaded(book).items() if name in wanted}


_CM_TABLES = ("icd10cm-index", "msdrg-weights", "poa-exempt", "mcd")
_PCS_TABLES = ("icd10pcs-tables", "msdrg-weights")
_LINE_TABLES = ("hcpcs", "pfs", "opps", "ncci-ptp", "ncci-mue", "ncci-aoc", "mcd")


def note_kinds(notes: Sequence[NoteRecord]) -> Iterator[NoteKind]:
    """Notes by kind in the order of the page, by holder within a kind."""
    for kind, heading in KINDS.items():
        own = [each for each in notes if each.kind == kind]
        name, _, means = heading.partition(": ")
        held = tuple(
            Held(holder, level, inherited, tuple(those))
            for (holder, level, inherited), those in groupby(own, lambda e: (e.holder, e.level, e.inherited))
        )
        if held:
            yield NoteKind(kind, name, means, held)


def _manual(engine: Engine, record: CodeRecord, about: Iterable[Concerned]) -> dict[str, str]:
    """Sets of the manual's rules with the code, or with a service of a policy that lists the diagnosis."""
    codes = [record.code] if record.procedure else dict.fromkeys(code for each in about for code in each.services)
    return {name: says for code in codes for name, says in manual_sets(engine, code).items()}


def _split(notes: Iterable[ReverseNote]) -> tuple[list[ReverseNote], list[ReverseNote]]:
    every = list(notes)
    return [e for e in every if e.level not in BROAD], [e for e in every if e.level in BROAD]


def drgs(record: CodeRecord) -> tuple[Drg, ...]:
    """The DRG family with the level that splits each DRG off its base."""
    if record.msdrg is None:
        return ()
    out = []
    for drg, title in record.msdrg.titles.items():
        split = _LEVEL.search(title)
        out.append(Drg(drg, title[: split.start()] if split else title, split["level"] if split else "no split"))
    return tuple(out)


def concerned(book: Book, listings: Iterable[PolicyListing]) -> Iterator[Concerned]:
    """Policies with the services of the version that lists the code; each policy and version once."""
    seen: set[tuple[str, str, str]] = set()
    for each in listings:
        key = each.policy, each.version, each.group
        if key in seen:
            continue
        seen.add(key)
        codes = _services(book, each)
        yield Concerned(each, codes[:MOST_SERVICES], max(len(codes) - MOST_SERVICES, 0))


def _services(book: Book, listing: PolicyListing) -> tuple[str, ...]:
    policy = book.policies.get(listing.policy)
    version = next((each for each in policy.versions if each.version == listing.version), None)
    if version is None:
        return ()
    families = (code for name in version.services.families for code in sorted(book.policies.families.get(name, ())))
    return tuple(dict.fromkeys((*version.services.codes, *families)))


def near_codes(record: CodeRecord, most: int = 10) -> tuple[str, ...]:
    """Codes to compare this one with: named by its own notes and by those that name it, then siblings."""
    if record.procedure or record.characters or record.kind in BROAD:
        return ()
    named = [
        dotted(undotted(target))
        for note in record.notes
        if note.kind in ("excludes1", "excludes2") and note.level not in BROAD
        for target in note.targets
        if re.fullmatch(r"[A-Z][0-9][0-9A-Z](?:\.[0-9A-Z]{1,4})?", target)
    ]
    named += [each.holder for each in record.reverse_notes if each.level not in BROAD]
    named += [each.code for each in record.siblings]
    return tuple(each for each in dict.fromkeys(named) if each != record.code)[:most]


def days_of_change(record: CodeRecord, most: int = 8) -> tuple[str, ...]:
    """Days on which the answer about the code changes, for the date picker; the first day of all is no change."""
    days = {each.ends for each in record.validity if each.ends}
    days |= {each.effective for each in (*record.successors, *record.predecessors)}
    days |= {each.starts for each in record.validity[1:]}
    return tuple(day.isoformat() for day in sorted(days))[-most:]
