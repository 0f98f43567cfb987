"""What stands on the reference page of a code, in order; the same for every form of output."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from claimwright.book.record import CodeRecord, FlagRecord, Neighbour, NoteRecord, ReverseNote

MOST_RELATIVES = 40
"""Rows of a long family before the rest becomes a count."""

KINDS = {
    "excludes1": "Excludes1: not coded with it",
    "excludes2": "Excludes2: not part of it, may be coded beside it",
    "codeFirst": "Code first: these stand before it",
    "useAdditionalCode": "Use additional code: these follow it",
    "codeAlso": "Code also: in the order that the encounter decides",
    "includes": "Includes",
    "notes": "Notes on use",
}
"""Kinds of notes in the order of the page, with their headings."""

FLAGS = {
    "adult": "Adult diagnosis (age edit)",
    "ecodepdx": "External cause: not as principal diagnosis",
    "female": "Female diagnosis (sex edit)",
    "male": "Male diagnosis (sex edit)",
    "manifestation": "Manifestation: not as principal diagnosis",
    "maternity": "Maternity diagnosis (age edit)",
    "newborn": "Newborn diagnosis (age edit)",
    "pediatric": "Pediatric diagnosis (age edit)",
    "qadm": "Questionable admission when principal diagnosis",
    "reqsdx": "Unacceptable as principal diagnosis without a secondary diagnosis",
    "unacceptable": "Unacceptable as principal diagnosis",
    "unspecified": "Unspecified side although codes for a side exist",
    "wrngproc": "Wrong procedure performed",
    "procedure female": "Female procedure (sex edit)",
    "procedure male": "Male procedure (sex edit)",
    "noncovered": "Procedure that Medicare does not cover",
    "lcov": "Limited coverage",
    "lcov_artheartxpa": "Not covered with the other ventricle's device, unless in a clinical trial",
    "lcov_artheartxpb": "Not covered with the other ventricle's device, unless in a clinical trial",
    "ncov_z302": "Not covered with Z30.2 (encounter for sterilization)",
    "ncov6": "Not covered with the leukemias that carry the same flag",
    "ncov7": "Not covered with the myelomas that carry the same flag",
    "ncov12agele60": "Not covered over 60 years of age",
    "ncov45": "Not covered without type 1 diabetes or a kidney transplant",
    "kidneyxp": "Kidney transplant (condition of another edit)",
    "vagdel": "Vaginal delivery: wants an outcome of delivery as secondary diagnosis",
    "csect": "Cesarean delivery: wants an outcome of delivery as secondary diagnosis",
    "los": "Inconsistent with a short stay (length of stay edit)",
}
"""MCE flags in words, first by kind and flag; a flag that is not here is shown by its name."""

_SHORT = {kind: heading.partition(":")[0] for kind, heading in KINDS.items()}
_BROAD = ("chapter", "block")


class Line(NamedTuple):
    """An item of a list: `lead` (a code or holder), its text, an aside; `depth` from 0."""

    lead: str
    text: str = ""
    aside: str = ""
    depth: int = 0


class Table(NamedTuple):
    """Columns with their headings; `marked` is the row of the code itself, or -1."""

    headers: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    marked: int = -1


class Section(NamedTuple):
    """A heading, sentences, and lists or tables in order."""

    heading: str
    sentences: tuple[str, ...] = ()
    lines: tuple[Line, ...] = ()
    table: Table | None = None


class Page(NamedTuple):
    """The whole page: head line, what holds on the day, sections."""

    code: str
    title: str
    facts: tuple[str, ...]
    sections: tuple[Section, ...]


def page(record: CodeRecord) -> Page:
    """The page of a record; sections without content are left out unless their absence says something."""
    title = record.title or ("(no descriptor is held)" if record.procedure else "(no title in any loaded edition)")
    return Page(record.code, title, tuple(_facts(record)), tuple(each for each in _sections(record) if each))


def _sections(record: CodeRecord) -> Iterator[Section | None]:
    if record.procedure:
        from claimwright.interfaces.render import procedure

        yield from procedure.sections(record, record.procedure)
        yield from _changes(record)
        yield _editions(record)
        yield _sources(record)
        return
    if record.kind == "modifier":
        yield from _notes(record)
        yield _editions(record) if record.editions else None
        yield _sources(record) if record.sources else None
        return
    yield from (
        _place(record),
        _family(record),
        _characters(record),
        *(() if record.characters else _notes(record)),
        _reverse(record),
        None if record.characters else _terms(record),
        _seventh(record),
        _flags(record),
        _msdrg(record),
        _hcc(record),
        _coverage(record),
        *_changes(record),
        _editions(record),
        _sources(record),
    )


def _facts(record: CodeRecord) -> Iterator[str]:
    if record.status == "billable":
        yield f"BILLABLE on {record.date}."
    elif record.billable is None:
        yield f"On {record.date}: {record.status}."
    else:
        yield f"{'BILLABLE' if record.billable else 'NOT BILLABLE'} on {record.date}: {_stripped(record.status)}."
    for each in record.validity:
        yield f"Valid from {each.starts} " + (f"to {each.ends}." if each.ends else "with no end known.")
    if record.title_note:
        yield f"{record.title_note}."
    if record.also:
        yield f"{record.also}."
    for edition in record.editions:
        if edition.nearest:
            yield f"{edition.edition} does not cover {record.date}: it answers as the nearest edition loaded."


def _stripped(status: str) -> str:
    return status.removeprefix("not billable: ")


def _place(record: CodeRecord) -> Section:
    above = [(each.code, each.title or "", each.kind) for each in reversed(record.parents)]
    path = [*above, (record.code, record.title or "", record.kind)]
    lines = tuple(Line(code, title, kind, depth) for depth, (code, title, kind) in enumerate(path))
    return Section("Where it stands", lines=lines)


def _family(record: CodeRecord) -> Section | None:
    if record.children:
        return _relatives(f"Below {record.code}", record.children)
    if record.siblings and _differ_in_seventh(record):
        letters = ", ".join(each.code[-1] for each in record.siblings)
        off = [each.code for each in record.siblings if not each.billable]
        says = f"Differing in the seventh character only (meanings below): {letters}."
        also = f"Not billable on the day: {', '.join(off)}." if off else "All of them are billable on the day."
        return Section(f"Beside it, under {record.parents[0].code}", (says, also))
    if record.siblings:
        return _relatives(f"Beside it, under {record.parents[0].code}", record.siblings)
    return None


def _differ_in_seventh(record: CodeRecord) -> bool:
    stems = {each.code[:-1] for each in record.siblings}
    return len(record.code) == 8 and bool(record.seventh_characters) and stems == {record.code[:-1]}


def _relatives(heading: str, family: Sequence[Neighbour]) -> Section:
    rows = tuple((each.code, "billable" if each.billable else "-", each.title or "") for each in family)
    rest = len(rows) - MOST_RELATIVES
    sentences = (f"{len(rows)} in all; the first {MOST_RELATIVES} are shown.",) if rest > 0 else ()
    return Section(heading, sentences, table=Table(("Code", "On the day", "Title"), rows[:MOST_RELATIVES]))


def _notes(record: CodeRecord) -> Iterator[Section]:
    shown = [each for each in record.notes if each.kind in KINDS]
    for kind, heading in KINDS.items():
        lines = tuple(_held([each for each in shown if each.kind == kind]))
        if lines:
            yield Section(heading, lines=lines)
    if not shown:
        yield Section("Notes", ("No official note applies.",))


def _held(notes: list[NoteRecord]) -> Iterator[Line]:
    """Notes under their holder, list heads once above their items."""
    for (holder, level, inherited), held in groupby(notes, lambda each: (each.holder, each.level, each.inherited)):
        yield Line(f"{holder}, {level}{', inherited' if inherited else ''}")
        head: str | None = None
        for note in held:
            if note.head and note.head != head:
                yield Line("", note.head, depth=1)
            head = note.head or note.text
            problem = f"problem: {note.problem}" if note.problem else ""
            yield Line("", note.text, problem, depth=2 if note.head else 1)


def _reverse(record: CodeRecord) -> Section | None:
    near = [each for each in record.reverse_notes if each.level not in _BROAD]
    broad = [each for each in record.reverse_notes if each.level in _BROAD]
    if not near and not broad:
        return None
    lines = [Line(each.holder, f"{_SHORT[each.kind]}: {each.text}", each.holder_title) for each in near]
    lines += [_summary(level, kind, broad) for level in reversed(_BROAD) for kind in KINDS if _of(broad, level, kind)]
    return Section("Named by notes elsewhere", lines=tuple(lines))


def _of(notes: list[ReverseNote], level: str, kind: str) -> list[ReverseNote]:
    return [each for each in notes if (each.level, each.kind) == (level, kind)]


def _summary(level: str, kind: str, broad: list[ReverseNote]) -> Line:
    found = _of(broad, level, kind)
    holders = list(dict.fromkeys(each.holder for each in found))
    who = f"{len(holders)} {level}{'s' if len(holders) > 1 else ''}"
    return Line(f"{_SHORT[kind]} of {who}", ", ".join(holders))


def _terms(record: CodeRecord) -> Section:
    if not record.inclusion_terms:
        return Section("Inclusion terms", ("No official inclusion terms.",))
    return Section("Inclusion terms", lines=tuple(Line("", term) for term in record.inclusion_terms))


def _characters(record: CodeRecord) -> Section | None:
    """What each character of a procedure code says, under the title of its axis."""
    if not any(each.label for each in record.characters):
        return None
    rows = tuple((f"{e.position}", e.character, e.axis or "?", e.label or "not named") for e in record.characters)
    sentences = tuple(f"{each.label}: {each.definition}." for each in record.characters if each.definition)
    return Section("Character by character", sentences, table=Table(("Place", "Is", "Decides", "Means"), rows))


def _seventh(record: CodeRecord) -> Section | None:
    if not record.seventh_characters:
        return None
    rows = tuple(record.seventh_characters.items())
    sentences = tuple(each.text for each in record.notes if each.kind == "sevenChrNote" and not each.inherited)
    letters = list(record.seventh_characters)
    own = record.code[-1] if len(record.code) == 8 else ""
    marked = letters.index(own) if own in letters else -1
    return Section("Seventh character", sentences, table=Table(("Character", "Meaning"), rows, marked))


def _flags(record: CodeRecord) -> Section | None:
    if not record.flags:
        return Section("MCE flags", ("No MCE flag.",)) if record.validity else None
    rows = tuple(_flag(each, record.kind) for each in record.flags)
    return Section("MCE flags", table=Table(("Flag", "From", "To"), rows))


def _flag(flag: FlagRecord, kind: str) -> tuple[str, str, str]:
    words = FLAGS.get(f"{kind} {flag.flag}") or FLAGS.get(flag.flag, flag.flag)
    return words, str(flag.starts), str(flag.ends or "open")


def _hcc(record: CodeRecord) -> Section | None:
    """HCCs by model and year; what a coefficient is for, once."""
    if record.kind not in ("code", "procedure") or record.characters:
        return None
    if not record.hcc:
        return Section("Risk adjustment (HCC)", ("In no model's map.",))
    rows = tuple(
        (
            each.model,
            f"{each.year}{' proposed' if each.proposed else ''}",
            str(each.hcc),
            "-" if each.coefficient is None else f"{each.coefficient:.3f}",
            each.label,
        )
        for each in record.hcc
    )
    segments = dict.fromkeys((each.model, each.segment) for each in record.hcc if each.segment)
    sentences = tuple(f"Coefficient of {model}: {segment}." for model, segment in segments)
    also = ("The maps keep deleted codes: a code counts only on days when it is billable.",)
    return Section(
        "Risk adjustment (HCC)",
        (*sentences, *also),
        table=Table(("Model", "Payment year", "HCC", "Coefficient", "Label"), rows),
    )


def _coverage(record: CodeRecord) -> Section | None:
    """Policies whose lists name the code; none is worth no section."""
    if not record.coverage:
        return None
    rows = tuple(
        (
            each.policy,
            each.contractor or each.payer,
            each.group,
            {"covered": "listed", "noncovered": "not covered", "service": "is about it"}.get(each.listed, each.listed),
            f"{each.starts or 'not read'} to {each.ends or 'open'}",
            "imported" if each.source == "imported" else "shipped or yours",
        )
        for each in record.coverage[:_MOST_LISTED]
    )
    says = ["A listed code is not coverage: `claimwright cover` asks each policy for a claim."]
    more = len(record.coverage) - _MOST_LISTED
    if more > 0:
        says.append(f"{more} more are not shown here: see `--json`.")
    return Section("Coverage policies that list it", tuple(says), table=Table(_LISTING, rows))


_LISTING = ("Policy", "Of", "Group", "List", "In force", "From")
_MOST_LISTED = 40
"""Policies on a page; imported exports name a common code hundreds of times."""


def _msdrg(record: CodeRecord) -> Section | None:
    found = record.msdrg
    if found is None:
        return None
    level = "neither CC nor MCC" if found.severity == "none" else found.severity
    sentences = [f"As a secondary diagnosis: {level}.", f"CMS MS-DRG {found.version}, {found.starts} to {found.ends}."]
    if found.mdc is None:
        return Section("MS-DRG", ("Cannot be principal diagnosis (DRG 999).", *sentences))
    mdcs = f" (MDC {' or '.join(found.mdcs)}, by sex)" if len(found.mdcs) > 1 else ""
    sentences.insert(0, f"As principal diagnosis: MDC {found.mdc} {found.mdc_title}{mdcs}.")
    if not found.drgs:
        needs = "By itself it is no valid discharge diagnosis: it groups with a procedure or further codes."
        return Section("MS-DRG", (*sentences, needs))
    sentences.append("DRGs alone, with a CC and with an MCC (no procedure, discharged home):")
    return Section("MS-DRG", tuple(sentences), table=Table(("DRG", "Title"), tuple(found.titles.items())))


def _changes(record: CodeRecord) -> Iterator[Section]:
    # A code that still stands has not become another: part of what it said has a code of its own now.
    onwards = "Codes made from it, while it stands" if record.billable else "Became"
    for heading, changes in ((onwards, record.successors), ("Came from", record.predecessors)):
        if changes:
            rows = tuple((each.code, str(each.effective), each.title or "(no title loaded)") for each in changes)
            several = heading == "Became" and len({each.code for each in changes}) > 1
            choice = ("All successors are listed; the documentation decides which one.",) if several else ()
            yield Section(heading, choice, table=Table(("Code", "From", "Title"), rows))


def _editions(record: CodeRecord) -> Section:
    rows = tuple(
        (each.table, each.edition, f"{each.starts} to {each.ends}", "nearest only" if each.nearest else "yes")
        for each in record.editions
    )
    return Section("Editions that answered", table=Table(("Table", "Edition", "In force", "Covers the day"), rows))


def _sources(record: CodeRecord) -> Section:
    rows = tuple((each.file, each.sha256[:12]) for each in record.sources)
    return Section("Sources", table=Table(("File", "SHA-256 begins"), rows))
