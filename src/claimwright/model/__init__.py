"""The words everyone speaks: claims, findings and their proof. Nothing here reads a file.

Names load when they are first used: a look-up needs no claim and no finding.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from claimwright.model.codes import CODE_SHAPE, dotted, undotted
from claimwright.model.interval import Interval
from claimwright.model.plain import plain, to_json

if TYPE_CHECKING:
    from claimwright.model.claim import Claim, Diagnosis, Fact, Patient, Payer, Procedure, ServiceLine, Setting
    from claimwright.model.coverage import Coverage, PolicyAnswer, StatedFact
    from claimwright.model.edition import EditionUsed
    from claimwright.model.finding import (
        Authority,
        Because,
        Finding,
        Fix,
        NotEvaluated,
        Place,
        Report,
        Severity,
        Verdict,
    )
    from claimwright.model.grouping import (
        Alternative,
        Assumed,
        DrgStage,
        GroupedDiagnosis,
        GroupedProcedure,
        GrouperUsed,
        GroupReport,
        HacRecord,
        Returned,
        Undetermined,
    )
    from claimwright.model.policy import Policy
    from claimwright.model.query import Addressee, BrokenRule, CheckedQuery, Evidence, Question, Questions, Settled
    from claimwright.model.reading import (
        Accepted,
        Candidate,
        CandidateStatus,
        Instruction,
        Measure,
        NoteFact,
        NoteRead,
        Origin,
        PathStep,
        Reading,
        Refused,
        Span,
        Status,
        Suggestions,
    )
    from claimwright.model.risk import (
        DroppedHcc,
        Hcc,
        RiskEdit,
        RiskFactor,
        RiskOverview,
        RiskResult,
        RiskSegment,
        Unmapped,
    )
    from claimwright.model.suggesting import Choice, Option, ProposedMention, SectionPlace, SuggestionProvider

_HOMES = {
    "claim": ("Claim", "Diagnosis", "Fact", "Patient", "Payer", "Procedure", "ServiceLine", "Setting"),
    "coverage": ("Coverage", "PolicyAnswer", "StatedFact"),
    "edition": ("EditionUsed",),
    "finding": ("Authority", "Because", "Finding", "Fix", "NotEvaluated", "Place", "Report", "Severity", "Verdict"),
    "grouping": (
        "Alternative",
        "Assumed",
        "DrgStage",
        "GroupReport",
        "GroupedDiagnosis",
        "GroupedProcedure",
        "GrouperUsed",
        "HacRecord",
        "Returned",
        "Undetermined",
    ),
    "policy": ("Policy",),
    "query": ("Addressee", "BrokenRule", "CheckedQuery", "Evidence", "Question", "Questions", "Settled"),
    "reading": (
        "Accepted",
        "Candidate",
        "CandidateStatus",
        "Instruction",
        "Measure",
        "NoteFact",
        "NoteRead",
        "Origin",
        "PathStep",
        "Reading",
        "Refused",
        "Span",
        "Status",
        "Suggestions",
    ),
    "risk": ("DroppedHcc", "Hcc", "RiskEdit", "RiskFactor", "RiskOverview", "RiskResult", "RiskSegment", "Unmapped"),
    "suggesting": ("Choice", "Option", "ProposedMention", "SectionPlace", "SuggestionProvider"),
}

__all__ = [
    "CODE_SHAPE",
    "Accepted",
    "Addressee",
    "Alternative",
    "Assumed",
    "Authority",
    "Because",
    "BrokenRule",
    "Candidate",
    "CandidateStatus",
    "CheckedQuery",
    "Choice",
    "Claim",
    "Coverage",
    "Diagnosis",
    "DrgStage",
    "DroppedHcc",
    "EditionUsed",
    "Evidence",
    "Fact",
    "Finding",
    "Fix",
    "GroupReport",
    "GroupedDiagnosis",
    "GroupedProcedure",
    "GrouperUsed",
    "HacRecord",
    "Hcc",
    "Instruction",
    "Interval",
    "Measure",
    "NotEvaluated",
    "NoteFact",
    "NoteRead",
    "Option",
    "Origin",
    "PathStep",
    "Patient",
    "Payer",
    "Place",
    "Policy",
    "PolicyAnswer",
    "Procedure",
    "ProposedMention",
    "Question",
    "Questions",
    "Reading",
    "Refused",
    "Report",
    "Returned",
    "RiskEdit",
    "RiskFactor",
    "RiskOverview",
    "RiskResult",
    "RiskSegment",
    "SectionPlace",
    "ServiceLine",
    "Setting",
    "Settled",
    "Severity",
    "Span",
    "StatedFact",
    "Status",
    "SuggestionProvider",
    "Suggestions",
    "Undetermined",
    "Unmapped",
    "Verdict",
    "dotted",
    "plain",
    "to_json",
    "undotted",
]


def __getattr__(name: str) -> Any:
    for module, names in _HOMES.items():
        if name in names:
            return getattr(import_module(f"claimwright.model.{module}"), name)
    raise AttributeError(f"module 'claimwright.model' has no attribute {name!r}")
