"""Which of our rules speak about a code, and why: from its notes, flags, siblings and lexicon rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, NamedTuple

from claimwright.edits.manual import code_sets
from claimwright.model import undotted

if TYPE_CHECKING:
    from claimwright.book.record import CodeRecord
    from claimwright.edits.registry import Rule
    from claimwright.engine import Engine
    from claimwright.reference.callouts import Callout
    from claimwright.reference.scenarios import Scenario

_BY_NOTE = {
    "excludes1": ("excludes1-conflict", "an Excludes1 note applies"),
    "excludes2": ("excludes2-note", "an Excludes2 note applies"),
    "codeFirst": ("code-first", "a “code first” note applies"),
    "useAdditionalCode": ("use-additional", "a “use additional code” note applies"),
}
_BY_FLAG = {
    "adult": "age-conflict",
    "ecodepdx": "external-cause-principal",
    "female": "sex-conflict",
    "male": "sex-conflict",
    "manifestation": "manifestation-principal",
    "maternity": "age-conflict",
    "newborn": "age-conflict",
    "pediatric": "age-conflict",
    "qadm": "questionable-admission",
    "reqsdx": "secondary-required",
    "unacceptable": "unacceptable-principal",
    "unspecified": "unspecified-side",
    "wrngproc": "wrong-procedure-performed",
}
_PCS_FLAGS = {"female": "sex-conflict-procedure", "male": "sex-conflict-procedure", "los": "noncovered-procedure"}
_PCS_BIRTH = ("vagdel", "csect")
_BY_SET = {
    "needle-emg": ("emg-with-ncs",),
    "emg-add-on": ("emg-with-ncs",),
    "nerve-conduction": ("emg-with-ncs", "one-code-per-date"),
    "visit": ("modifier-25",),
    "nerve-and-muscle-test": ("modifier-25",),
    "minor-procedure": ("modifier-25",),
}
_BY_LEXICON = (
    ("integral-symptoms", "symptom", ("symptom-principal", "symptom-integral"), "a symptom of listed diseases"),
    ("integral-symptoms", "diagnosis", ("symptom-principal", "symptom-integral"), "a disease with listed symptoms"),
    ("combination-codes", "first", ("combination-code",), "may be part of a combination code"),
    ("combination-codes", "second", ("combination-code",), "may be part of a combination code"),
    ("age-limits", "codes", ("age-conflict",), "the list of ages names it"),
)


class Applying(NamedTuple):
    """A rule, and why it is on this page."""

    rule: Rule
    why: str


def applying(
    engine: Engine, record: CodeRecord, callouts: Iterable[Callout], scenarios: Iterable[Scenario]
) -> tuple[Applying, ...]:
    """Rules of ours that speak about codes like this one, in the order of their codes."""
    named: dict[str, str] = {}
    for each in callouts:
        if each.rule:
            named.setdefault(each.rule, "it finds something on a claim with this code alone")
    for name, why in _reasons(engine, record):
        named.setdefault(name, why)
    for scenario in scenarios:
        for finding in scenario.findings:
            named.setdefault(finding.rule, "it finds something in a scenario above")
    return tuple(Applying(rule, named[name]) for name, rule in engine.rules.items() if name in named)


def _reasons(engine: Engine, record: CodeRecord) -> Iterator[tuple[str, str]]:
    if record.procedure:
        yield from _of_line(engine, record)
        return
    if record.characters:
        yield "pcs-invalid", "an ICD-10-PCS code"
        for flag in record.flags:
            name = "delivery-outcome" if flag.flag in _PCS_BIRTH else _PCS_FLAGS.get(flag.flag, "noncovered-procedure")
            yield name, "the code editor flags it"
        return
    for note in record.notes:
        if note.kind in _BY_NOTE:
            yield _BY_NOTE[note.kind]
    for flag in record.flags:
        if flag.flag in _BY_FLAG:
            yield _BY_FLAG[flag.flag], "the code editor flags it"
    if record.seventh_characters:
        yield "seventh-character", "a seventh character completes it"
    words = f" {(record.title or '').lower().replace(',', ' ')} "
    if any(f" {side} " in words for side in ("left", "right", "bilateral")):
        yield "laterality-mismatch", "its title names a side"
        yield "bilateral-code", "its title names a side"
    yield from _of_lexicons(engine, record)


def _of_lexicons(engine: Engine, record: CodeRecord) -> Iterator[tuple[str, str]]:
    edition, _ = engine.book.edition_on(record.date)
    node = engine.book.node(edition.number, undotted(record.code))
    if node is None:
        return
    for lexicon, side, rules, why in _BY_LEXICON:
        if engine.book.lexicon_rows_at(lexicon, edition.number, {side: node.pos}):
            yield from ((name, why) for name in rules)
    for row in engine.book.lexicon_rows_at("code-sets", edition.number, {"codes": node.pos}):
        if row["set"] in _SETS:
            yield _SETS[row["set"]], f"in the set “{row['set']}”"


_SETS = {
    "obstetric": "newborn-obstetric",
    "abortive-outcome": "newborn-obstetric",
    "weeks-of-gestation": "newborn-obstetric",
    "outcome-of-delivery": "newborn-obstetric",
    "perinatal": "newborn-obstetric",
    "liveborn": "newborn-obstetric",
    "secondary-only": "secondary-only",
    "bmi": "secondary-only",
    "symptom": "symptom-principal",
    "adverse-effect": "adverse-effect-sequence",
    "poisoning": "adverse-effect-sequence",
    "underdosing": "adverse-effect-sequence",
    "drug-toxicity": "adverse-effect-sequence",
}


def _of_line(engine: Engine, record: CodeRecord) -> Iterator[tuple[str, str]]:
    yield "procedure-not-in-effect", "a code of service lines"
    tables = record.procedure
    if tables and tables.units:
        yield "units-exceed-mue", "a units limit is loaded"
    if tables and any(each.column_1 or each.column_2 for each in tables.ptp):
        yield "ptp-conflict", "it stands in PTP edits"
    if tables and tables.add_on:
        yield "add-on-without-primary", "an add-on code"
    for name in manual_sets(engine, record.code):
        yield from ((rule, f"in the set “{name}” of the manual's rules") for rule in _BY_SET.get(name, ()))


def manual_sets(engine: Engine, code: str) -> dict[str, str]:
    """Sets of the manual's rules that hold a code of service lines: what each set is, in our words."""
    return {name: each.says for name, each in code_sets(engine.book).items() if code in each.labels}
