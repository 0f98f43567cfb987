"""DX203 code-first."""

from __future__ import annotations

from claimwright.book.columns import FLAG_BIT
from claimwright.book.store import NoteEntry
from claimwright.edits.hit import FACTORS, Hit
from claimwright.edits.registry import rule, since
from claimwright.edits.relations import Companion, OneOf, Order
from claimwright.model import Authority, Because, Finding, Fix, Severity


@rule(
    "DX203",
    relation=OneOf((Companion("codeFirst"), Order("codeFirst"))),
    severity=Severity.ERROR,
    authority=Authority.OFFICIAL_NOTE,
    in_force=since("2015-10-01"),
    cites=("icd10cm-guidelines:I.A.13", "icd10cm-guidelines:I.B.7.code-first"),
)
def code_first(hit: Hit) -> Finding | None:
    """A code whose official note wants another code before it, and that code is missing or comes after.

    ## What it checks
    "Code first" notes, own and inherited, that name codes. Present but later: the order is wrong. Not
    present at all: wrong for a manifestation code (flagged in CMS's table), a question where the note
    speaks of the underlying condition, and nothing where the note only says what comes first if it applies.
    A list that begins with "such as" is open: another cause may stand for those named.

    ## Why it matters
    The underlying condition is sequenced before its manifestation. A manifestation code without it is
    half a statement, and cannot be principal.

    ## Example
    D63.1 (anemia in chronic kidney disease) before N18.4: the kidney disease comes first.

    ## How to fix
    Move the underlying condition to the front, or add it from the record. Which one it is, is never guessed.
    """
    note = hit.book.note(hit.scene.edition.number, hit.key)
    group = [
        each for each in hit.book.notes_at(note.edition, note.holder, ("codeFirst",)) if each.element == note.element
    ]
    if hit.right_index >= 0:
        return _late(hit, group)
    return _absent(hit, group)


def _late(hit: Hit, group: list[NoteEntry]) -> Finding | None:
    naming = [each for each in group if hit.book.names(each, hit.right.pos)]
    if not naming:
        return None
    says = naming[0]
    conditional = says.conditional
    return hit.finding(
        f"{hit.right.named} is sequenced before {hit.left.named}: code first {_text(hit, says)}",
        because=[hit.note(each, hit.left) for each in naming],
        severity=Severity.WARNING if conditional else Severity.ERROR,
        fix=Fix(
            say=f"Put {hit.right.code} before {hit.left.code}" + (", if the note applies" if conditional else ""),
            reorder=_before(hit),
            ask=_asks(hit) if conditional else None,
        ),
    )


def _asks(hit: Hit) -> str:
    """The question behind "any" and "if applicable": an encounter is no cause of what it looks after."""
    if hit.right.chapter == FACTORS:
        return f"Is {hit.right.named} part of this encounter?"
    return f"Is {hit.right.named} the condition behind {hit.left.named}?"


def _before(hit: Hit) -> tuple[str, ...]:
    """The claim's codes with the right one moved to just before the left one."""
    ends = sorted([hit.left, *hit.others()], key=lambda end: end.index)
    kept = [end for end in ends if end.index != hit.right.index]
    at = next(number for number, end in enumerate(kept) if end.index == hit.left.index)
    return tuple(end.code for end in [*kept[:at], hit.right, *kept[at:]])


def _absent(hit: Hit, group: list[NoteEntry]) -> Finding | None:
    if not hit.left.in_effect:
        return None  # the code itself is in question; its cause can wait
    manifestation = bool(int(hit.scene.frame.flags[hit.left.index]) & int(FLAG_BIT["manifestation"]))
    named = [each for each in group if hit.book.targets(each)]
    underlying = any("underlying" in each.text.lower() for each in group) and not all(
        each.conditional for each in named
    )
    if not manifestation and not underlying:
        return None
    is_open = any(each.open for each in group)
    first = hit.left.position == 1
    if is_open:
        severity = Severity.WARNING if first else Severity.INFO
    else:
        severity = Severity.ERROR if manifestation else Severity.WARNING
    proof: list[Because] = [hit.note(each, hit.left) for each in group]
    also = "; the list is open, so another cause may stand there" if is_open else ""
    return hit.finding(
        f"{hit.left.named} wants its underlying condition before it, and none of the codes named is on the claim: "
        f"code first {_text(hit, named[0])}{' and others' if len(named) > 1 else ''}{also}",
        because=proof,
        severity=severity,
        fix=Fix(
            say=f"Report the underlying condition before {hit.left.code}",
            ask=f"Which underlying condition does the record name for {hit.left.named}?",
        ),
    )


def _text(hit: Hit, note: NoteEntry) -> str:
    head = hit.book.note(note.edition, note.head).text.rstrip(":") + ": " if note.head >= 0 else ""
    return (head + note.text).lstrip(", ").rstrip(".")
