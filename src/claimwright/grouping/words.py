"""The words of a grouping: what a return code means, why a code counted or did not."""

from __future__ import annotations

from collections.abc import Sequence

from claimwright.grouping.protocol import NO_DRG, UNGROUPABLE, DiagnosisResult, Grouped

RETURNS = {
    "OK": "grouped",
    "INVALID_PDX": "ungroupable: the principal diagnosis is not a code of this version",
    "DX_CANNOT_BE_PDX": (
        "ungroupable: this diagnosis cannot be principal, an external cause is always secondary "
        "(edit external-cause-principal)"
    ),
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
    "HAC_NOT_APPLICABLE_EXCLUSION": "does not apply: the principal diagnosis excludes this code as a CC",
}

HAC_STATES_BY_POA = {
    ("HAC_CRITERIA_MET", "U"): "POA U is taken as not present on admission: it does not count towards the DRG",
    ("HAC_CRITERIA_MET", ""): "it has no valid present-on-admission indicator, and the claim does not group",
    ("HAC_CRITERIA_NOT_MET", "Y"): "present on admission: it is not hospital-acquired",
    ("HAC_CRITERIA_NOT_MET", "W"): "POA W is taken as present on admission: it is not hospital-acquired",
}
"""Where the indicator itself is the reason; empty for one that is missing or not valid."""

HAC_OUTCOMES = {
    "NOT_APPLICABLE": "no hospital-acquired condition applies",
    "FINAL_DRG_NO_CHANGE": "a hospital-acquired condition was considered; the DRG stays the same",
    "FINAL_DRG_CHANGES": "a hospital-acquired condition lowered the DRG",
    "FINAL_DRG_UNGROUPABLE": "a hospital-acquired condition makes the claim ungroupable",
}


def returned(code: str, drg: int, silent: Sequence[str] = ()) -> str:
    """A return code in words; `silent` are the codes whose missing present-on-admission indicator caused it."""
    if silent and code.startswith("HAC_"):
        they = "it belongs" if len(silent) == 1 else "they belong"
        condition = "a hospital-acquired condition" if len(silent) == 1 else "hospital-acquired conditions"
        return f"ungroupable: {', '.join(silent)} without a valid present-on-admission indicator; {they} to {condition}"
    if code == "OK" and drg >= UNGROUPABLE:
        return "not a valid discharge diagnosis by itself: this principal diagnosis needs a further code or procedure"
    return RETURNS.get(code, code.lower().replace("_", " "))


def hac_state(status: str, poa: str) -> str:
    """The state of a hospital-acquired condition in words; `poa` is empty for none that is valid."""
    if (status, poa) in HAC_STATES_BY_POA:
        return HAC_STATES_BY_POA[status, poa]
    return HAC_STATES.get(status, status.lower().replace("_", " "))


def why_principal(result: DiagnosisResult, answer: Grouped) -> str:
    """Why the principal diagnosis leads where it does."""
    if not result.valid:
        return "principal diagnosis; not a code of this grouper version"
    if answer.returned == "DX_CANNOT_BE_PDX":
        return "cannot be principal diagnosis"
    if answer.final.drg == NO_DRG:
        return "principal diagnosis; the claim does not group"
    if answer.final.drg == UNGROUPABLE:
        return f"principal diagnosis: leads to MDC {answer.final.mdc:02}, but is not a discharge diagnosis by itself"
    own = f"; its own level as a secondary diagnosis ({result.severity}) does not count here"
    return f"principal diagnosis: decides MDC {answer.final.mdc:02}" + (own if result.severity != "none" else "")


def why_secondary(
    result: DiagnosisResult, principal: str, twin: int, counted: bool, answer: Grouped, poa: str, tables: str
) -> str:
    """Why a secondary diagnosis counted, or did not.

    `twin` is the position of an equal code before it, or 0; `poa` its indicator, empty for none that is
    valid; `tables` the edition that says so.
    """
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
        return f"{level}, but excluded by the principal diagnosis {principal} (CC exclusion list, {tables})"
    if result.demoted:
        return f"{level}, but of HAC {result.hac} ({result.hac_title}): {hac_state(result.hac_status, poa)}"
    if result.alive:
        return f"{level}, but only for a patient discharged alive, and this one died"
    if answer.final.drg >= UNGROUPABLE:
        return f"{level}; the claim does not group"
    if not counted:
        return f"{level}, but the logic of this DRG does not count it as one"
    return f"counts as {level}"
