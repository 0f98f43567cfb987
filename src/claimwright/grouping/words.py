"""The words of a grouping: what a return code means, why a code counted or did not."""

from __future__ import annotations

from claimwright.grouping.protocol import UNGROUPABLE, DiagnosisResult, Grouped

RETURNS = {
    "OK": "grouped",
    "INVALID_PDX": "ungroupable: the principal diagnosis is not a code of this version",
    "DX_CANNOT_BE_PDX": "ungroupable: this diagnosis cannot be principal (an external cause is always secondary)",
    "HAC_MISSING_ONE_POA": (
        "ungroupable: a code of a hospital-acquired condition has no valid present-on-admission indicator"
    ),
    "HAC_MISSING_MULTIPLE_POA": (
        "ungroupable: codes of hospital-acquired conditions have no valid present-on-admission indicator"
    ),
    "HAC_STATUS_INVALID_MULT_HACS_POA_NOT_Y_W": (
        "ungroupable: several hospital-acquired conditions, one with a present-on-admission indicator that is not valid"
    ),
    "HAC_STATUS_INVALID_POA_N_OR_U": (
        "ungroupable: whether the hospital is exempt from present-on-admission reporting is not known"
    ),
    "INVALID_SEX": "ungroupable: the diagnosis needs the patient's sex",
    "INVALID_AGE": "ungroupable: the age is not valid",
    "INVALID_DISCHARGE_STATUS": "ungroupable: the discharge status is not valid",
    "UNGROUPABLE": "ungroupable",
}
"""Return codes of the CMS grouper in words; a code that is not here is shown as it is."""

HAC_STATES = {
    "HAC_CRITERIA_MET": "not present on admission: it does not count towards the DRG",
    "HAC_CRITERIA_NOT_MET": "the criteria are not met",
    "HAC_NOT_APPLICABLE_EXEMPT": "does not apply: the hospital is exempt from present-on-admission reporting",
}

HAC_OUTCOMES = {
    "NOT_APPLICABLE": "no hospital-acquired condition applies",
    "FINAL_DRG_NO_CHANGE": "a hospital-acquired condition was considered; the DRG stays the same",
    "FINAL_DRG_CHANGES": "a hospital-acquired condition lowered the DRG",
    "FINAL_DRG_UNGROUPABLE": "a hospital-acquired condition makes the claim ungroupable",
}


def returned(code: str, drg: int) -> str:
    """A return code in words."""
    if code == "OK" and drg >= UNGROUPABLE:
        return "not a valid discharge diagnosis by itself: this principal diagnosis needs a further code or procedure"
    return RETURNS.get(code, code.lower().replace("_", " "))


def hac_state(status: str) -> str:
    """The state of a hospital-acquired condition in words."""
    return HAC_STATES.get(status, status.lower().replace("_", " "))


def why_principal(result: DiagnosisResult, answer: Grouped) -> str:
    """Why the principal diagnosis leads where it does."""
    if not result.valid:
        return "principal diagnosis; not a code of this grouper version"
    if answer.returned == "DX_CANNOT_BE_PDX":
        return "cannot be principal diagnosis"
    own = f"; its own level as a secondary diagnosis ({result.severity}) does not count here"
    return f"principal diagnosis: decides MDC {answer.final.mdc:02}" + (own if result.severity != "none" else "")


def why_secondary(result: DiagnosisResult, principal: str, twin: int, counted: bool, answer: Grouped) -> str:
    """Why a secondary diagnosis counted, or did not; `twin` is the position of an equal code before it, or 0."""
    level = result.severity
    if not result.valid:
        return "not a code of this grouper version: ignored"
    if twin == 1:
        return "the same code as the principal diagnosis: does not count"
    if twin:
        return f"duplicate of diagnosis {twin}: counts once"
    if level == "none":
        return "neither CC nor MCC" + ("; the DRG rests on it all the same" if result.final else "")
    if result.excluded:
        return f"{level}, but excluded by the principal diagnosis {principal} (CC exclusion list)"
    if result.demoted:
        return f"{level}, but hospital-acquired (HAC {result.hac}, {result.hac_title}): {hac_state(result.hac_status)}"
    if answer.final.drg >= UNGROUPABLE:
        return f"{level}; the claim does not group"
    if not counted:
        return f"{level}, but the logic of this DRG does not count it as one"
    return f"counts as {level}"
