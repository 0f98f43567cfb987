"""PR301 emg-with-ncs."""

from __future__ import annotations

from claimwright.edits.hit import Hit
from claimwright.edits.line_relations import Together
from claimwright.edits.manual import code_sets, line_in, table_says
from claimwright.edits.outcomes import as_stated
from claimwright.edits.registry import rule, since
from claimwright.model import Authority, Finding, Fix, Severity

_EMG, _NCS = "needle-emg", "nerve-conduction"


@rule(
    "PR301",
    relation=Together(left_is=line_in(_EMG), right_is=line_in(_NCS)),
    severity=Severity.WARNING,
    authority=Authority.MANUAL,
    # The first day of any rule here: the edition of the manual that brought this one was not read.
    in_force=since("2015-10-01"),
    cites=("ncci-policy-manual:emg-with-ncs",),
    outcome=as_stated,
)
def emg_with_ncs(hit: Hit) -> Finding:
    """Needle EMG reported as a service of its own beside nerve conduction studies of the same day.

    ## What it checks
    95860, 95861, 95863 or 95864 on a day with one of 95907-95913 on the same claim
    (`lexicons/manual-rules.yaml`). A manual rule, whose text was not compared; it needs no table.
    Not asked of inpatient claims. CPT is copyright American Medical Association; the labels are ours.

    ## Why it matters
    Beside nerve conduction studies, needle EMG is reported by the add-on codes 95885, 95886 and 95887.

    ## Example
    95861 and 95909 on one day: 95886 (complete) or 95885 (limited), one unit for each extremity.

    ## How to fix
    Replace the EMG code by the add-on code that the report supports, in units of one an extremity.
    """
    emg, ncs = hit.left, hit.right
    entry = code_sets(hit.book)[_EMG]
    complete, limited = entry.instead
    number = entry.studies[emg.code]
    return hit.finding(
        f"{emg.named} stands beside {ncs.named} of the same day. Manual rule: with nerve conduction studies, "
        f"needle EMG is reported by add-on codes",
        because=table_says(hit.book, _EMG),
        fix=Fix(
            say=f"Replace {emg.code} by {complete} (complete study) or {limited} (limited study), one unit per "
            f"extremity; {emg.code} stands for {number}",
            replace={emg.code: entry.instead},
            ask=f"Limited ({limited}) or complete ({complete}) study, and how many extremities? One unit per extremity",
        ),
    )
