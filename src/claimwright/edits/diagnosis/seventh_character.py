"""DX104 seventh-character."""

from __future__ import annotations

from claimwright.book.store import NodeEntry
from claimwright.edits.conditions import wants_seventh
from claimwright.edits.hit import Hit
from claimwright.edits.outcomes import as_stated
from claimwright.edits.registry import rule, since
from claimwright.edits.relations import Membership
from claimwright.model import Authority, Because, Finding, Fix, Severity, dotted, undotted


@rule(
    "DX104",
    relation=Membership((wants_seventh,), tables=("icd10cm-tabular",)),
    severity=Severity.ERROR,
    authority=Authority.OFFICIAL_NOTE,
    in_force=since("2015-10-01"),
    cites=("icd10cm-guidelines:I.A.5", "icd10cm-guidelines:I.A.4"),
    outcome=as_stated,
)
def seventh_character(hit: Hit) -> Finding:
    """A code without the seventh character it needs, with one it may not have, or without placeholders.

    ## What it checks
    Each diagnosis whose stem the tabular list completes with a seventh character. The list of
    permitted characters nearest to the code wins, and combinations that CMS's dated table never
    listed (S06.307D) are not offered.

    ## Why it matters
    A code that needs a seventh character is not billable without it, and the character must stand in
    seventh place: stems of fewer than six characters are filled with X.

    ## Example
    T78.40A is T78.40XA; S42.001 lacks the encounter.

    ## How to fix
    Where only the placeholder is missing, the code is given whole. Otherwise the permitted characters are
    listed with their meaning, and the record decides.
    """
    code = undotted(hit.left.code)
    stem = _stem(hit)
    allowed = {child.code[-1]: child for child in hit.book.children(stem)}
    meaning = hit.book.seventh_characters(stem)
    given = code[len(stem.code) :].lstrip("X") or (code[len(stem.code) :][-1:] if len(code) == 7 else "")
    proof = _proof(hit, stem, {key: meaning[key] for key in meaning if key in allowed})
    if given in allowed:
        whole = dotted(allowed[given].code)
        return hit.finding(
            f"{hit.left.code} is written {whole}: the seventh character {given} stands in seventh place, "
            f"behind placeholders X ({meaning[given]})",
            because=proof,
            fix=Fix(say=f"Write {whole}", replace={hit.left.code: (whole,)}),
        )
    named = f"{dotted(stem.code)} ({stem.title})"
    wrong = f"{given} is no seventh character of {named}" if given else f"the seventh character of {named} is missing"
    options = ", ".join(f"{key} ({meaning[key]})" for key in meaning if key in allowed)
    names = tuple(dotted(child.code) for child in allowed.values())
    return hit.finding(
        f"{hit.left.code} is not billable as written: {wrong}; permitted are {options}",
        because=proof,
        fix=Fix(
            say=f"Choose from the documentation: {', '.join(names)}",
            replace={hit.left.code: names},
            ask=f"Which of {', '.join(allowed)} does the record support for {dotted(stem.code)}?",
        ),
    )


def _stem(hit: Hit) -> NodeEntry:
    """The stem itself, or the longest beginning of the text that is one."""
    return hit.book.node_at(hit.scene.edition.number, int(hit.scene.frame.nearest[hit.left.index]))


def _proof(hit: Hit, stem: NodeEntry, meaning: dict[str, str]) -> list[Because]:
    holder = hit.book.node_at(stem.edition, stem.seventh)
    path = tuple(dotted(node.code) for node in hit.book.path(stem) if node.pos >= holder.pos)
    listed = hit.tabular(
        kind="sevenChrDef",
        text="; ".join(f"{key} {text}" for key, text in meaning.items()),
        holder=dotted(holder.code),
        level=holder.kind,
        path=path,
    )
    notes = hit.book.notes_at(stem.edition, holder.pos, ("sevenChrNote",))
    return [*(hit.note(note) for note in notes), listed]
