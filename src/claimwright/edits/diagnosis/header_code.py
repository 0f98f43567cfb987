"""DX103 header-code."""

from __future__ import annotations

from claimwright.edits.conditions import header
from claimwright.edits.hit import Hit
from claimwright.edits.outcomes import as_stated
from claimwright.edits.registry import rule, since
from claimwright.edits.relations import Membership
from claimwright.model import Authority, Finding, Fix, Severity, dotted

MOST_OFFERED = 40


@rule(
    "DX103",
    relation=Membership((header,), tables=("icd10cm-tabular",)),
    severity=Severity.ERROR,
    authority=Authority.OFFICIAL_NOTE,
    in_force=since("2015-10-01"),
    cites=("icd10cm-guidelines:I.B.2",),
    outcome=as_stated,
)
def header_code(hit: Hit) -> Finding | None:
    """A heading of the tabular list reported as if it were a code.

    ## What it checks
    Each diagnosis that the tabular list divides further, and that was never billable itself. A heading
    that used to be a code is `code-not-in-effect`; one that lacks only its last character is
    `seventh-character`.

    ## Why it matters
    Codes are reported with the highest number of characters available. Claims with a heading are
    returned.

    ## Example
    R25 has six codes below it: R25.0, R25.1, R25.2, R25.3, R25.8, R25.9.

    ## How to fix
    The finding lists what stands below the heading; the record decides.
    """
    node = hit.left.node
    if node is None:
        return None
    children = hit.book.children(node)
    below = hit.book.billable_under(node, hit.day, MOST_OFFERED + 1)
    many = len(below) > MOST_OFFERED
    names = tuple(f"{dotted(child.code)}-" for child in children) if many else tuple(dotted(code) for code, _ in below)
    proof = hit.tabular(
        kind="children",
        text="; ".join(f"{dotted(child.code)} {child.title}" for child in children),
        holder=hit.left.code,
        level=node.kind,
        path=(hit.left.code,),
    )
    return hit.finding(
        f"{hit.left.named} is a heading and not a billable code; it is divided into "
        + ", ".join(dotted(child.code) for child in children),
        because=[proof],
        fix=Fix(
            say=f"Choose from the documentation: {', '.join(names)}",
            replace={hit.left.code: names},
            ask=f"Which code below {hit.left.code} does the record support?",
        ),
    )
