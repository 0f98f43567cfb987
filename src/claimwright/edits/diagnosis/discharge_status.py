"""DX311 discharge-status."""

from __future__ import annotations

import numpy as np

from claimwright.book.statuses import status_names, status_windows
from claimwright.claims.batch import NO_STATUS
from claimwright.edits.frame import CLAIM, Bools, Frame
from claimwright.edits.hit import Hit
from claimwright.edits.outcomes import as_stated
from claimwright.edits.registry import rule, since
from claimwright.edits.relations import Membership
from claimwright.edits.told import told
from claimwright.model import Authority, Because, Finding, Fix, Interval, Setting, Severity

TABLE = "mce-discharge-status"


@told("status-not-accepted")
def _not_accepted(frame: Frame) -> Bools:
    """The claim states a status that no row of the table covers on its day."""
    columns, batch = frame.columns, frame.batch
    if not (batch.status != NO_STATUS).any():
        return np.zeros(len(batch), dtype=np.bool_)
    status, starts, ends = (columns.array(f"discharge.{each}", shared=True) for each in ("status", "starts", "ends"))
    accepted = np.zeros(len(batch), dtype=np.bool_)
    for number in range(len(status)):  # some fifty rows
        accepted |= (batch.status == status[number]) & (starts[number] <= batch.day) & (batch.day <= ends[number])
    # A book without the table cannot judge.
    stated: Bools = batch.status != NO_STATUS
    return stated & ~accepted & bool(len(status))


@rule(
    "DX311",
    relation=Membership((_not_accepted,), (TABLE,), (Setting.INPATIENT,), CLAIM),
    severity=Severity.ERROR,
    authority=Authority.TABLE_EDIT,
    in_force=since("2015-10-01"),
    cites=("mce:invalid-discharge-status",),
    outcome=as_stated,
)
def discharge_status(hit: Hit) -> Finding:
    """A discharge status that CMS's table does not accept on the discharge date.

    ## What it checks
    The discharge status of an inpatient claim, if it carries one, against the dated list of statuses of
    the Medicare Code Editor. Statuses come and go: 10, 13, 22, 23, 71 and 72 are closed.

    ## Why it matters
    The Medicare Code Editor returns the claim. The status also decides transfer payment and the MS-DRG
    of some stays.

    ## Example
    Status 08, closed since 2005-09-30, or 99, which never was one.

    ## How to fix
    Report the status that the discharge documents support.
    """
    stated = hit.left.code
    windows = status_windows(hit.book, int(stated)) if stated.isascii() and stated.isdigit() else []
    known = f"it was accepted {' and '.join(map(str, windows))}" if windows else "it is in no row of the table"
    return hit.finding(
        f"discharge status {stated} is not accepted on {hit.day}: {known}",
        because=[_proof(hit, windows[-1] if windows else None, known)],
        fix=Fix(
            say=f"Report a status accepted on {hit.day}: {', '.join(status_names(hit.book, hit.day))}",
            ask="Where did the patient go on discharge?",
        ),
    )


def _proof(hit: Hit, window: Interval | None, text: str) -> Because:
    return hit.dated("list", text, hit.left.code, window, TABLE)
