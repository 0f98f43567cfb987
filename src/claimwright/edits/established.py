"""Is a diagnosis established, as far as the note of its claim tells? What a note doubts or denies proves nothing.

Advice that builds on a diagnosis ("put it first", "the symptom is part of it", "both are one combination code")
would contradict the finding that the diagnosis is not to be reported at all. Without a note every code stands.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from claimwright.edits.hit import End


def established(end: End) -> bool:
    """False where the note only denies the diagnosis, or doubts it and the setting bars uncertain ones."""
    notes = end.scene.frame.notes
    if end.claim_index not in notes:
        return True
    from claimwright.edits.documentation.not_supported_by_note import denied
    from claimwright.edits.documentation.uncertain_diagnosis import unreported

    told = end.scene.frame.noted[end.claim_index]
    return not denied(told, end.index) and not unreported(told, end.index)
