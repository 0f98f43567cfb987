"""What stands on the page of a CPT or HCPCS code: what the tables say of it, one section a table."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from claimwright.interfaces.render.page import Section, Table

if TYPE_CHECKING:
    from claimwright.book.procedure_record import FeeRecord, ProcedureRecord
    from claimwright.book.record import CodeRecord

MOST_CODES = 60
"""Codes of a long list before the rest becomes a count."""


def sections(record: CodeRecord, tables: ProcedureRecord) -> Iterator[Section]:
    """Sections of the page, in order; a table that is not loaded is told, never passed over."""
    yield from _level_two(tables)
    yield from _units(record, tables)
    yield from _add_on(record, tables)
    yield from _ptp(record, tables)
    yield from _fees(record, tables)
    yield from _outpatient(record, tables)
    if record.not_evaluated:
        rows = tuple((each.part, each.missing, each.how) for each in record.not_evaluated)
        yield Section("Not loaded", table=Table(("Part", "Table", "How"), rows))


def _level_two(tables: ProcedureRecord) -> Iterator[Section]:
    found = tables.level_two
    if found is None:
        return
    rows = [("Short description", found.short), ("Added", str(found.added)), ("Last changed", str(found.effective))]
    if found.last:
        rows.append(("Last day", str(found.last)))
    if found.coverage:
        rows.append(("Coverage", f"{found.coverage}: {found.coverage_says}" if found.coverage_says else found.coverage))
    if found.betos:
        rows.append(("BETOS", found.betos))
    if found.cross_references:
        rows.append(("Cross-reference", ", ".join(found.cross_references)))
    yield Section("HCPCS Level II", table=Table(("Field", "Says"), tuple(rows)))


def _lacks(record: CodeRecord, part: str) -> bool:
    return any(each.part == part for each in record.not_evaluated)


def _units(record: CodeRecord, tables: ProcedureRecord) -> Iterator[Section]:
    if tables.units:
        rows = tuple(
            (e.setting, str(e.units), f"{e.indicator}, {e.adjudication}", e.rationale or "-") for e in tables.units
        )
        yield Section("Units limit (MUE)", table=Table(("Setting", "Units", "Adjudication", "Rationale"), rows))
    elif not _lacks(record, "units"):
        yield Section("Units limit (MUE)", ("No limit in the loaded tables; some limits are not published.",))


def _add_on(record: CodeRecord, tables: ProcedureRecord) -> Iterator[Section]:
    sentences = []
    found = tables.add_on
    if found:
        named = _listed(found.primaries) if found.primaries else "none by name"
        more = "; the contractor may name more" if found.contractor else ""
        sentences.append(f"An add-on code of type {found.type}. Its primaries: {named}{more}.")
        sentences += [f"Instruction: {each}." for each in found.instructions]
    if tables.primary_of:
        sentences.append(f"A primary of the add-on codes {_listed(tables.primary_of)}.")
    if not sentences and not _lacks(record, "add_on"):
        sentences.append("Neither an add-on code nor a named primary of one.")
    if sentences:
        yield Section("Add-on codes", tuple(sentences))


def _listed(codes: tuple[str, ...]) -> str:
    rest = len(codes) - MOST_CODES
    return ", ".join(codes[:MOST_CODES]) + (f" and {rest} more" if rest > 0 else "")


def _ptp(record: CodeRecord, tables: ProcedureRecord) -> Iterator[Section]:
    if tables.ptp:
        rows = tuple((each.setting, f"{each.column_1:,}", f"{each.column_2:,}") for each in tables.ptp)
        says = "Edits in force on the first day of the quarter: in column 1 the code is paid, in column 2 it is not."
        yield Section("PTP edits", (says,), table=Table(("Setting", "As column 1", "As column 2"), rows))


def _fees(record: CodeRecord, tables: ProcedureRecord) -> Iterator[Section]:
    if not tables.fees:
        if not _lacks(record, "fees"):
            yield Section("Physician fee schedule", ("Not in the schedule.",))
        return
    values = tuple(
        (e.modifier or "-", e.status, f"{e.work:.2f}", f"{e.total_nonfacility:.2f}", f"{e.total_facility:.2f}")
        for e in tables.fees
    )
    heads = ("Modifier", "Status", "Work RVU", "Total, non-facility", "Total, facility")
    meant = dict.fromkeys((each.status, each.says) for each in tables.fees if each.says)
    yield Section(
        "Physician fee schedule", tuple(f"Status {a}: {says}." for a, says in meant), table=Table(heads, values)
    )
    yield Section("Payment indicators", table=Table(("Indicator", "Value"), tuple(_indicators(tables.fees[0]))))


_PAID = {
    "yes": "OPPS pays the code itself.",
    "no": "OPPS does not pay the code itself.",
    "depends": "Whether the code itself is paid depends on the rest of the claim or on another system.",
}


def _outpatient(record: CodeRecord, tables: ProcedureRecord) -> Iterator[Section]:
    found = tables.outpatient
    if found is None:
        if not _lacks(record, "outpatient"):
            yield Section("Hospital outpatient payment (OPPS)", ("Not in Addendum B.",))
        return
    said = f": {found.says}" if found.says else ""
    sentences = [f"Status indicator {found.status}{said}."]
    if found.paid:
        sentences.append(_PAID[found.paid])
    rows = [("APC", found.apc)] if found.apc else []
    rows += [
        (name, f"{value:.4f}" if name == "Relative weight" else f"${value:,.2f}")
        for name, value in (
            ("Relative weight", found.weight),
            ("Payment rate", found.rate),
            ("Copayment", found.copayment),
            ("Minimum copayment", found.minimum_copayment),
        )
        if value is not None
    ]
    yield Section(
        "Hospital outpatient payment (OPPS)",
        tuple(sentences),
        table=Table(("National, unadjusted", "Value"), tuple(rows)) if rows else None,
    )


def _indicators(fee: FeeRecord) -> Iterator[tuple[str, str]]:
    yield from (
        ("PC/TC", fee.professional_technical),
        ("Global days", fee.global_days),
        ("Multiple procedures", fee.multiple),
        ("Bilateral surgery", fee.bilateral),
        ("Assistant at surgery", fee.assistant),
        ("Supervision", fee.supervision),
    )
