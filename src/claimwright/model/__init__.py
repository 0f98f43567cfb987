"""The words everyone speaks: claims, findings and their proof. Nothing here reads a file."""

from claimwright.model.claim import (
    Claim,
    Diagnosis,
    Fact,
    Patient,
    Payer,
    Procedure,
    ServiceLine,
    Setting,
)
from claimwright.model.codes import CODE_SHAPE, dotted, undotted
from claimwright.model.finding import (
    Authority,
    Because,
    EditionUsed,
    Finding,
    Fix,
    NotEvaluated,
    Place,
    Report,
    Severity,
    Verdict,
)
from claimwright.model.interval import Interval
from claimwright.model.plain import plain, to_json

__all__ = [
    "CODE_SHAPE",
    "Authority",
    "Because",
    "Claim",
    "Diagnosis",
    "EditionUsed",
    "Fact",
    "Finding",
    "Fix",
    "Interval",
    "NotEvaluated",
    "Patient",
    "Payer",
    "Place",
    "Procedure",
    "Report",
    "ServiceLine",
    "Setting",
    "Severity",
    "Verdict",
    "dotted",
    "plain",
    "to_json",
    "undotted",
]
