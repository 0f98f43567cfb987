"""An answer in the terms of the Da Vinci CRD extension `ext-coverage-information` (CRD 2.2.1).

An unknown is never mapped to covered, and of prior authorization nothing is known: no loaded policy holds it.
The guide's invariants hold: no `pa-needed` beside not-covered (crd-ci-q2), `info-needed` exactly where something is
conditional (q3), a `reason` beside `info-needed` OTH (q6) and beside a `doc-purpose` (q8). Codes are those of its
code system CoverageInformationCodes (HL7, https://build.fhir.org/ig/HL7/davinci-crd/).
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import date
from typing import Any

from claimwright.model.coverage import Determination, Listed

COVERED = {
    Determination.SUPPORTED: "covered",
    Determination.NOT_SUPPORTED: "not-covered",
    Determination.INSUFFICIENT: "conditional",
    Determination.NOT_ADDRESSED: "indeterminate",
}
"""Codes of the element `covered`, by verdict, of a policy that is loaded whole."""


def coverage_information(
    verdict: Determination,
    listed: Listed,
    whole: bool,
    missing: Sequence[str],
    services: Sequence[str],
    why: str,
    subject: str,
    today: date,
) -> dict[str, Any]:
    """The elements of the extension; `whole` False makes a supported claim conditionally covered.

    `subject` names what was judged (policy, version, claim); the assertion id is a digest of it.
    """
    covered = COVERED[verdict]
    if covered == "covered" and (not whole or listed is Listed.CONDITIONAL):
        covered = "conditional"
    out: dict[str, Any] = {"covered": covered}
    if covered != "not-covered":
        out["pa-needed"] = "indeterminate"
    if verdict is Determination.INSUFFICIENT and missing:
        out["doc-needed"] = "clinical"
        out["doc-purpose"] = "retain-doc"  # evidence of medical necessity
    if covered == "conditional":
        out["info-needed"] = "OTH"
    out["billingCode"] = list(services)
    out["reason"] = why
    out["detail"] = [{"category": "cat-decisional", "code": "missing-fact", "value": each} for each in missing]
    out["date"] = today.isoformat()
    digest = hashlib.sha256(f"{subject}|{covered}|{','.join(missing)}".encode()).hexdigest()
    out["coverage-assertion-id"] = digest[:32]
    return out
