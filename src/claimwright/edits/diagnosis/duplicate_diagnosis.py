"""DX105 duplicate-diagnosis."""

from __future__ import annotations

import numpy as np

from claimwright.claims.batch import MOST_CHARACTERS
from claimwright.edits.frame import Frame
from claimwright.edits.hit import Hit
from claimwright.edits.outcomes import as_stated
from claimwright.edits.registry import rule, since
from claimwright.edits.relations import Alike, Places
from claimwright.edits.undirected import repeating
from claimwright.model import Authority, Finding, Fix, Severity


def _code(frame: Frame, at: Places) -> Places:
    """The number of the code; a text that no table has is like itself only, if it is short enough to be whole."""
    value = frame.of("code", at).astype(np.int64)
    lost = np.flatnonzero(value < 0)
    if len(lost):
        texts, number = np.unique(frame.batch.codes[at[lost]], return_inverse=True)
        whole = np.char.str_len(texts)[number] < MOST_CHARACTERS
        value[lost[whole]] = len(frame.columns.array("codes", shared=True)) + number[whole]
    return value


@rule(
    "DX105",
    relation=Alike(_code, repeating),
    severity=Severity.ERROR,
    authority=Authority.GUIDELINE,
    in_force=since("2015-10-01"),
    cites=("icd10cm-guidelines:I.B.12", "mce:duplicate-principal"),
    outcome=as_stated,
)
def duplicate_diagnosis(hit: Hit) -> Finding:
    """One code reported twice on a claim.

    ## What it checks
    Every diagnosis against the earlier ones of the claim, whatever their dots and case.

    ## Why it matters
    Each unique code is reported once for an encounter, also for bilateral conditions without a code for
    the side. The Medicare Code Editor returns a secondary diagnosis that repeats the principal one.

    ## Example
    R25.2, E87.6, r252: the third repeats the first.

    ## How to fix
    Remove the later one.
    """
    later, first = hit.left, hit.right
    return hit.finding(
        f"Diagnosis {later.position}, {later.named}, repeats diagnosis {first.position}",
        because=[],
        fix=Fix(say=f"Remove diagnosis {later.position} ({later.code})", remove=(later.code,)),
        authority=Authority.TABLE_EDIT if hit.is_inpatient and first.position == 1 else Authority.GUIDELINE,
    )
