"""PR303 modifier-25."""

from __future__ import annotations

import numpy as np

from claimwright.edits.frame import Frame
from claimwright.edits.hit import Hit, line_of
from claimwright.edits.line_outcomes import of_the_day, stated
from claimwright.edits.line_relations import Together
from claimwright.edits.manual import both, code_sets, line_in, table_says, without_modifier
from claimwright.edits.outcomes import Outcomes, with_ends
from claimwright.edits.registry import rule, since
from claimwright.edits.relations import Hits
from claimwright.model import Authority, Finding, Fix, Severity

_MODIFIER = "25"
_BESIDE = ("nerve-and-muscle-test", "minor-procedure")


def _outcome(frame: Frame, hits: Hits) -> Outcomes:
    """A finding at the visit and at all lines of the day that want the modifier."""
    number, line = of_the_day(frame, hits.left, line_in(*_BESIDE)(frame))
    number, line = np.r_[np.arange(len(hits)), number], np.r_[hits.left, line].astype(np.int64)
    order = np.argsort(number, kind="stable")
    return with_ends(stated(hits), number[order], line[order])


@rule(
    "PR303",
    relation=Together(left_is=both(line_in("visit"), without_modifier(_MODIFIER)), right_is=line_in(*_BESIDE)),
    severity=Severity.WARNING,
    authority=Authority.MANUAL,
    # The first day of any rule here: the edition of the manual that brought this one was not read.
    in_force=since("2015-10-01"),
    cites=("ncci-policy-manual:modifier-25",),
    outcome=_outcome,
)
def modifier_25(hit: Hit) -> Finding:
    """A visit without modifier 25 on the day of a test or minor procedure.

    ## What it checks
    Office and emergency visits (99202-99205, 99211-99215, 99281-99285) without modifier 25 on a day
    with needle EMG, nerve conduction studies or a trigger point injection on the same claim
    (`lexicons/manual-rules.yaml`). A manual rule, whose text was not compared; it needs no table. Not
    asked of inpatient claims. CPT is copyright American Medical Association; the labels are ours.

    ## Why it matters
    The work around a test or a minor procedure is part of it. Only a significant, separately
    identifiable visit is reported beside it, and modifier 25 says that it was one. For EMG and nerve
    conduction studies this is no table edit; the finding says what the tables were read to hold.

    ## Example
    99215 and 95909 on one day, and 99215 has no modifier 25.

    ## How to fix
    Ask whether the record documents such a visit. If it does, append modifier 25; if not, the visit is
    not reported.
    """
    visit = line_of(hit.left)
    known = code_sets(hit.book)
    lines = [each for each in visit.same_day() if any(each.code in known[name].labels for name in _BESIDE)]
    held = [name for name in _BESIDE if any(each.code in known[name].labels for each in lines)]
    beside = ", ".join(dict.fromkeys(each.named for each in lines))
    return hit.finding(
        f"{visit.named} has no modifier {_MODIFIER} and stands beside {beside} of the same day. Manual rule: only a "
        "significant, separately identifiable visit is reported beside a test or minor procedure",
        because=[proof for name in held for proof in table_says(hit.book, name)],
        at=[visit, *lines],
        fix=Fix(
            say=f"Append modifier {_MODIFIER} to {visit.code} only if the record documents such a visit; "
            "otherwise the visit is not reported",
            ask="Was a significant, separately identifiable E/M service documented?",
        ),
    )
