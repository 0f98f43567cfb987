"""DX205 moved-reference."""

from __future__ import annotations

from claimwright.edits.hit import Hit
from claimwright.edits.registry import rule, since
from claimwright.edits.relations import Pair
from claimwright.model import Authority, Because, Finding, Fix, Severity, dotted


@rule(
    "DX205",
    relation=Pair("moved", directed=True),
    severity=Severity.INFO,
    authority=Authority.OFFICIAL_NOTE,
    in_force=since("2015-10-01"),
)
def moved_reference(hit: Hit) -> Finding | None:
    """An official note points to a code that the condition it names has left.

    ## What it checks
    Excludes notes whose words are, to the letter, an inclusion term or title elsewhere in the tabular
    list, and nowhere under the codes that the note names: the list was revised and the note was not.
    Reported when both the code under the note and the code that carries the words now are on the claim.

    ## Why it matters
    By its code the note does not reach the pair; by its words it does. A coder who reads the note and
    an encoder that follows the code come to different answers.

    ## Example
    R25.2 lists "infantile spasms (G40.4-)" under Excludes2, while "Infantile spasms" is an inclusion term
    of G40.82-.

    ## How to fix
    Read the note by its words; nothing on the claim needs to change for it.
    """
    for note, target, term in hit.book.moved(hit.left.path, hit.right.path):
        kind = "Excludes1" if note.kind == "excludes1" else "Excludes2"
        new = hit.book.node_at(note.edition, target)
        edition = hit.scene.edition
        carrier = (
            hit.note(hit.book.note(note.edition, term))
            if term >= 0
            else Because(
                "icd10cm-tabular",
                edition.name,
                edition.window.starts,
                edition.window.ends,
                "title",
                new.title,
                dotted(new.code),
                new.kind,
            )
        )
        proof = hit.note(note, hit.left)
        return hit.finding(
            f"{proof.holder} names {note.text} under {kind}, but the condition now stands at {dotted(new.code)} "
            f"({new.title}), where {hit.right.code} belongs",
            because=[proof, carrier],
            fix=Fix(
                say=f"Read the note as naming {dotted(new.code)}; "
                f"by its printed code it does not reach {hit.right.code}"
            ),
        )
    return None
