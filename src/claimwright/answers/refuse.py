"""Questions that the data cannot answer: why, where to turn, and what can be asked."""

from __future__ import annotations

from claimwright.answers.understand import Reading
from claimwright.model.asking import Refused

CAN_ANSWER = (
    "whether the loaded policies of a payer support a service for a diagnosis",
    "when a policy calls a service appropriate",
    "what a policy wants documented, and what is missing",
    "why a policy would deny a claim",
    "which alternatives a policy names",
)
"""What `ask` answers, in words."""


def refusal(reading: Reading, more: bool) -> Refused | None:
    """Why a question is not answered; None for one that is.

    `more`: it follows a question or comes with a claim; then anything that was understood is a question on it.
    """
    refused = [each for each in reading.cues if each.kind == "refuse"]
    strong = any(each.strong for each in reading.cues if each.kind in ("cue", "asks"))
    weak = any(each.kind in ("cue", "asks") for each in reading.cues)
    firm = next((each for each in refused if each.strong), None)
    if firm:
        return Refused(firm.says, firm.topic, firm.instead, CAN_ANSWER)
    said = reading.said
    place = said.payer or said.state or said.mac
    if strong:
        return None
    if refused:
        return Refused(refused[0].says, refused[0].topic, refused[0].instead, CAN_ANSWER)
    if said.procedures and (weak or place or said.diagnoses):
        return None
    if weak and (said.diagnoses or said.procedures or said.service):
        return None
    person = said.age is not None or said.sex is not None
    if more and (place or said.procedures or said.diagnoses or said.facts or said.date or person or weak):
        return None
    instead = "name a service, a diagnosis and a payer, in English"
    return Refused("no question on coverage was recognised in it", "unknown", instead, CAN_ANSWER)
