"""Callouts of a reference page: what a reader must not miss, each with its source.

Most are what the rules find on a claim that carries the code alone; the rest is read off the record.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from claimwright.model import Because, Finding, Severity
from claimwright.reference.axes import SEVENTH, Axis, axes

if TYPE_CHECKING:
    from claimwright.book.record import CodeRecord
    from claimwright.engine import Engine

KINDS = {Severity.ERROR: "critical", Severity.WARNING: "warning", Severity.INFO: "info"}
SETTINGS = {"professional": "first-listed at a visit", "inpatient": "principal of an inpatient stay"}
SYMPTOMS = "18"
_QUOTED = 300


@dataclass(frozen=True, slots=True)
class Source:
    """What a callout rests on: the document or table with its edition, and the words where they may be quoted."""

    name: str
    says: str = ""


@dataclass(frozen=True, slots=True)
class Callout:
    """`kind` is info, warning, critical or cdi; `rule` is the name of the rule that found it, if one did."""

    kind: str
    title: str
    text: str
    sources: tuple[Source, ...]
    fix: str = ""
    rule: str = ""


def callouts(engine: Engine, record: CodeRecord) -> tuple[Callout, ...]:
    """Callouts in the order of their weight: critical, warning, information, then documentation."""
    found = list(_of(engine, record))
    order = ("critical", "warning", "info", "cdi")
    return tuple(sorted(found, key=lambda each: order.index(each.kind)))


def _of(engine: Engine, record: CodeRecord) -> Iterator[Callout]:
    yield from _editions(record)
    if record.procedure is None and not record.characters:
        if record.kind not in ("chapter", "block"):
            yield from _alone(engine, record)
        yield from _symptom(engine, record)
        yield from _problems(record)
        yield from (_axis(record, each) for each in axes(engine.book, record))
        yield from _unspecified(engine, record)
    elif record.billable is False and not record.status.startswith("not billable"):
        yield Callout("critical", "Not reported on this date", _sentence(record.status), _sources(record))


def _editions(record: CodeRecord) -> Iterator[Callout]:
    for each in record.editions:
        if each.nearest:
            says = f"{each.edition} does not cover {record.date}; it answers as the nearest edition that is loaded."
            yield Callout("info", "Answered by the nearest edition", says, (Source(f"{each.table}, {each.edition}"),))


def _alone(engine: Engine, record: CodeRecord) -> Iterator[Callout]:
    """What the rules find on a claim with nothing but this code, in two settings."""
    claims = [
        {"id": setting, "setting": setting, "service_from": record.date.isoformat(), "diagnoses": [record.code]}
        for setting in SETTINGS
    ]
    reports = engine.check_all(claims)
    found: dict[str, list[tuple[str, Finding]]] = {}
    for setting, report in zip(SETTINGS, reports, strict=True):
        for finding in report.findings:
            found.setdefault(finding.rule, []).append((setting, finding))
    for rule, those in found.items():
        where, finding = min(those, key=lambda each: each[1].severity.rank)
        only = f" ({SETTINGS[where]})" if len(those) < len(SETTINGS) else ""
        title = f"{engine.rules[rule].summary.rstrip('.')}{only}"
        text = f"{finding.message.rstrip('.')}."
        yield Callout(KINDS[finding.severity], title, text, _proofs(finding), finding.fix.say.rstrip("."), rule)


def _proofs(finding: Finding) -> tuple[Source, ...]:
    return tuple(dict.fromkeys(source(each) for each in finding.because))


def source(because: Because) -> Source:
    """A piece of proof as one line with its words."""
    place = f", {because.holder}" if because.holder else ""
    return Source(f"{because.source}{place}, {because.edition}", _short(because.text))


def _short(text: str) -> str:
    return text if len(text) <= _QUOTED else f"{text[:_QUOTED].rsplit(' ', 1)[0]} …"


def _symptom(engine: Engine, record: CodeRecord) -> Iterator[Callout]:
    """Codes of the chapter of symptoms stand under three sections of the guidelines."""
    if not any(each.code == SYMPTOMS and each.kind == "chapter" for each in record.parents):
        return
    cited = []
    for section in ("II.A", "I.B.5", "I.B.6"):
        entry = engine.book.citation("icd10cm-guidelines", section, record.date)
        if entry:
            name = f"icd10cm-guidelines {section}, {entry['title']}, {entry['edition']}"
            cited.append(Source(name, str(entry["text"])))
    if cited:
        says = (
            "A code of the chapter of symptoms and signs. Once a related diagnosis is established, that diagnosis "
            "leads; whether the symptom stays beside it depends on whether the disease routinely brings it."
        )
        yield Callout("warning", "Symptom code", says, tuple(cited))


def _problems(record: CodeRecord) -> Iterator[Callout]:
    for note in record.notes:
        if note.problem:
            says = f"The note of {note.holder} reads “{note.text}”: {note.problem}."
            edition = next((each.edition for each in record.editions if each.table == "icd10cm-tabular"), "")
            named = (Source(f"icd10cm-tabular, {note.holder}, {edition}", note.text),)
            yield Callout("warning", "A note points to what is not there", says, named)


def _axis(record: CodeRecord, axis: Axis) -> Callout:
    if axis.name == SEVENTH:
        letters = ", ".join(each.code for each in axis.choices)
        says = f"The seventh character tells the encounter; the record has to say which of {letters} it is."
    else:
        offered = "; ".join(f"{each.value} ({each.code})" for each in axis.choices[:_MOST_CHOICES])
        more = len(axis.choices) - _MOST_CHOICES
        rest = f"; and {more} more" if more > 0 else ""
        says = f"The codes around {record.code} differ here, so the record has to say which: {offered}{rest}."
    return Callout("cdi", f"Document: {axis.name}", says, _sources(record))


_MOST_CHOICES = 8


def _unspecified(engine: Engine, record: CodeRecord) -> Iterator[Callout]:
    if not record.billable or "unspecified" not in (record.title or "").lower():
        return
    entry = engine.book.citation("icd10cm-guidelines", "I.B.18", record.date)
    if entry:
        says = (
            "The title says “unspecified”. It is right where the record says no more; where it does, a code "
            "beside this one tells more."
        )
        name = f"icd10cm-guidelines I.B.18, {entry['title']}, {entry['edition']}"
        yield Callout("cdi", "Unspecified code", says, (Source(name, str(entry["text"])),))


def _sources(record: CodeRecord) -> tuple[Source, ...]:
    return tuple(Source(f"{each.table}, {each.edition}") for each in record.editions[:1])


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}."
