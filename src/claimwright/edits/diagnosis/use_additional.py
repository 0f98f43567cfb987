"""DX204 use-additional."""

from __future__ import annotations

import re

from claimwright.book.store import NoteEntry
from claimwright.edits.hit import Hit, holder_of
from claimwright.edits.registry import rule, since
from claimwright.edits.relations import Companion
from claimwright.model import Authority, Finding, Fix, Severity, dotted

_LEAD = re.compile(r"^codes?(?:\(s\))?(?=[\s,])(?! from)[\s,]*")
"""What the note's words repeat of "use additional code"."""


@rule(
    "DX204",
    relation=Companion("useAdditionalCode"),
    severity=Severity.INFO,
    authority=Authority.OFFICIAL_NOTE,
    in_force=since("2015-10-01"),
    cites=("icd10cm-guidelines:I.A.13",),
)
def use_additional(hit: Hit) -> Finding | None:
    """An official note asks for an additional code, and none of those it names is on the claim.

    ## What it checks
    "Use additional code" notes, own and inherited, that name codes. Each headed list asks for one
    fact; any code of the list answers it. Several diagnoses under the same note are reported once.
    Notes of a whole chapter, and those of a block that hold only "if applicable", are left out unless
    they ask for what is known of every patient (weeks of gestation): "any retained foreign body" would
    speak on every injury. Notes on underdosing speak only of underdosing.

    ## Why it matters
    The additional code completes the picture (control of diabetes, the organism, the stage), and some
    carry weight in grouping. The note is an instruction only where the fact is documented.

    ## Example
    E11.9 without Z79.4: category E11 asks for the kind of control (insulin, oral drugs, injectables).

    ## How to fix
    Add the code that the record supports; add nothing that it does not show.
    """
    note = hit.book.note(hit.scene.edition.number, hit.key)
    if not hit.left.in_effect:
        return None  # the code itself is in question; its companions can wait
    if not _speaks_of(hit, note):
        return None
    stop = hit.book.node_at(note.edition, note.holder).stop
    if any(end.index < hit.left.index and note.holder <= end.pos < stop for end in hit.others()):
        return None  # an earlier diagnosis stands under the same note and has said so
    run = [
        each for each in hit.book.notes_at(note.edition, note.holder, ("useAdditionalCode",)) if each.run == note.run
    ]
    exact = [code for each in run for _, code, _ in hit.book.targets(each) if code]
    add = tuple(dotted(code) for code in dict.fromkeys(exact) if hit.book.billable(code, hit.day))
    proof = [hit.note(each, hit.left) for each in run]
    holder = holder_of(proof[0])
    listed = [each for each in run if hit.book.targets(each)]
    asked = _LEAD.sub("", note.text.rstrip(":.")).strip(", ")
    items = "; ".join(each.text for each in listed if each.number != note.number)
    return hit.finding(
        f"{holder[:1].upper()}{holder[1:]} asks for an additional code beside {hit.left.named}: {asked}"
        + (f": {items}" if items else ""),
        because=proof,
        fix=Fix(
            say="Add the code that the record supports" + (f": {', '.join(add)}" if add else ""),
            add=add,
            ask=f"Does the record show one of these for {hit.left.code}: {items or asked}?",
        ),
    )


def _speaks_of(hit: Hit, note: NoteEntry) -> bool:
    """Is the note meant for this diagnosis, and not only for some of the many that inherit it?"""
    level = hit.book.node_at(note.edition, note.holder).kind
    if level == "chapter" or (level == "block" and note.conditional):
        return "if known" in note.text
    run = [
        each for each in hit.book.notes_at(note.edition, note.holder, ("useAdditionalCode",)) if each.run == note.run
    ]
    items = [each.text for each in run if hit.book.targets(each)]
    if all("underdosing" in text for text in items):
        return hit.left.belongs("underdosing")
    return True
