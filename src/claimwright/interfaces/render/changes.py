"""The difference of two editions as text."""

from __future__ import annotations

import textwrap

from claimwright.book.diff import Difference


def changes_text(found: Difference) -> str:
    """Counts first, then each list, 80 columns."""
    added = sum(note.change == "added" for note in found.notes)
    lines = [
        f"From {found.before} to {found.after}:",
        f"  {len(found.new)} new codes, {len(found.retired)} retired, {len(found.revised)} revised titles,",
        f"  {added} notes added, {len(found.notes) - added} removed",
        "",
        "Retired, with every successor",
    ]
    for code in found.retired:
        heirs = ", ".join(f"{heir.code} ({heir.effective})" for heir in code.successors) or "no successor in the table"
        lines += _item(f"{code.code} {code.title} -> {heirs}")
    lines += ["", "New"]
    for new in found.new:
        lines += _item(f"{new.code} {new.title}")
    lines += ["", "Revised titles"]
    for title in found.revised:
        lines += _item(f"{title.code} {title.before} -> {title.after}")
    lines += ["", "Notes"]
    for note in found.notes:
        lines += _item(f"{'+' if note.change == 'added' else '-'} {note.holder} {note.kind}: {note.text}")
    return "\n".join(lines) + "\n"


def _item(text: str) -> list[str]:
    return textwrap.wrap(text, 80, initial_indent="  ", subsequent_indent="      ", break_on_hyphens=False)
