"""DX406 secondary-only."""

from __future__ import annotations

from claimwright.edits.conditions import in_effect, in_set, principal
from claimwright.edits.hit import Hit
from claimwright.edits.outcomes import as_stated
from claimwright.edits.registry import rule, since
from claimwright.edits.relations import Membership
from claimwright.model import Authority, Finding, Fix, Severity


@rule(
    "DX406",
    relation=Membership((principal, in_effect, in_set("secondary-only")), tables=("icd10cm-tabular",)),
    severity=Severity.ERROR,
    authority=Authority.GUIDELINE,
    in_force=since("2015-10-01"),
    cites=("icd10cm-guidelines:I.B.14",),
    outcome=as_stated,
)
def secondary_only(hit: Hit) -> Finding:
    """A code that is reported only beside another diagnosis stands first or alone.

    ## What it checks
    The first diagnosis against the codes that the guidelines or a note of the tabular list allow only as
    secondary diagnoses (`lexicons/code-sets.yaml`, set `secondary-only`): body mass index, coma scale,
    stroke scale, organisms, weeks of gestation and others, each with its section.

    ## Why it matters
    Such a code qualifies a condition and means nothing by itself.

    ## Example
    Z68.41 (body mass index 40.0-44.9) alone on a claim, without a diagnosis such as obesity.

    ## How to fix
    Put the associated diagnosis, which the provider must have documented, before it.
    """
    rows = [
        row
        for row in hit.book.lexicon_rows_at("code-sets", hit.scene.edition.number, {"codes": hit.left.pos})
        if row["set"] == "secondary-only"
    ]
    first = hit.acceptable_principal()
    says = rows[0]["says"] if rows else ""
    return hit.finding(
        f"{hit.left.named} is reported only as a secondary diagnosis, and here it "
        + ("stands alone" if not hit.others() else "stands first")
        + (f": {says}" if says else ""),
        because=[hit.cite(row["cite"]) for row in rows if "cite" in row],
        fix=Fix(
            say=f"Put {first.code} first" if first else f"Report the associated diagnosis before {hit.left.code}",
            reorder=hit.order(first) if first else (),
            ask=None if first else f"With which diagnosis did the provider document {hit.left.named}?",
        ),
    )
