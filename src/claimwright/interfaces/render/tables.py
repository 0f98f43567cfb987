"""Loaded tables as text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from claimwright.book.tables import Table


def tables_text(found: Sequence[Table], missing: Mapping[str, str]) -> str:
    """One paragraph a table, 80 columns; then what is not loaded."""
    lines = []
    for table in found:
        window = (
            f", {table.starts} to {table.ends}" if table.ends else f", since {table.starts}" if table.starts else ""
        )
        lines.append(f"{table.table}: {table.edition}{window}")
        if table.files:
            lines.append(f"  {table.rows:,} rows from {len(table.files)} files added by the user ({table.licence})")
            lines += [f"  {each['file']} sha256 {each['sha256']}" for each in table.files]
        else:
            lines.append(f"  {table.rows:,} rows {_from(table.source)} ({table.licence})")
            lines.append(f"  sha256 {table.sha256}")
        lines += _details(table)
    lines += _procedures(found)
    lines.append("")
    lines.append("Not loaded (answers that need them say so):")
    lines += [f"  {name}: {what}" for name, what in sorted(missing.items())]
    return "\n".join(lines) + "\n"


def _from(source: str) -> str:
    """`added by the user: FILE` has its preposition already."""
    return source if source.startswith("added ") else f"from {source}"


def _procedures(found: Sequence[Table]) -> list[str]:
    """Quarters and settings of the added tables at one glance."""
    loaded: dict[str, list[str]] = {}
    for table in found:
        if "number" in table.detail and table.starts:
            setting = table.detail.get("setting", "")
            name = f"{table.table} {setting}".strip()
            loaded.setdefault(name, []).append(f"{table.starts} to {table.ends}")
    if not loaded:
        return []
    return [
        "",
        "Days that added tables cover:",
        *(f"  {name}: {', '.join(sorted(days))}" for name, days in loaded.items()),
    ]


def _details(table: Table) -> list[str]:
    out = []
    billable = table.detail.get("billable")
    if isinstance(billable, int):
        notes = sum(table.detail["notes"].values())
        unresolved = len(table.detail["unresolved"])
        out.append(
            f"  {billable:,} billable codes, {notes:,} notes, "
            f"{table.detail['phantoms']} phantom seventh characters left out"
        )
        out.append(
            f"  {unresolved} references to codes that do not exist, {table.detail['moved']} references that moved"
        )
    elif isinstance(billable, dict):
        days = [f"{day} {count:,}" for day, count in billable.items()]
        out.append("  billable codes from:")
        out += [f"    {'   '.join(days[at : at + 3])}" for at in range(0, len(days), 3)]
    missing = table.detail.get("missing_parts")
    if missing:
        out.append(f"  not loaded of it: part {', '.join(map(str, missing))}; what it lacks is not evaluated")
    if table.detail.get("rejected"):
        out.append(f"  {table.detail['rejected']:,} rows not as published were left out")
    if table.detail.get("descriptions"):
        out.append(f"  {table.detail['descriptions']:,} descriptions of the AMA, under the user's CPT licence")
    if table.detail.get("deletion_day"):
        out.append(f"  deletion day: {table.detail['deletion_day']} (lexicon ncci-settings)")
    for key in ("not in tabular", "not in registry"):
        if table.detail.get(key):
            out.append(f"  codes {key}: {', '.join(table.detail[key])}")
    return out
