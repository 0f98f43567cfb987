"""The kernel over notes: what does the note of a claim say of its diagnoses?

Light, since every rule is imported at each start: the comparison itself (`claimwright.edits.noted`) is imported
for the first claim that brings a note.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from claimwright.edits.frame import Frame
from claimwright.edits.relations import Hits, sorted_hits
from claimwright.model import Claim

if TYPE_CHECKING:
    from claimwright.edits.hit import Hit
    from claimwright.edits.noted import Noted

Join = Callable[["Noted"], Iterator[tuple[int, int]]]
"""From a claim with its note to (diagnosis in the frame, key) of each hit."""


@dataclass(frozen=True, slots=True)
class Documented:
    """Every diagnosis that the note of its claim speaks of, or fails to speak of, in a certain way.

    `join` compares the diagnoses of one claim with the facts of its note; the key is the join's own, -1 for none.
    Claims without a note have no hits.
    """

    join: Join
    tables: tuple[str, ...] = ("icd10cm-tabular",)

    def concerns(self, claim: Claim) -> bool:
        """Only claims that bring a note."""
        return bool(claim.note and claim.note.strip())

    def find(self, frame: Frame) -> Hits:
        """Hits with `right` -1."""
        found = [each for told in frame.noted.values() for each in self.join(told)]
        left = np.array([each[0] for each in found], dtype=np.int64)
        key = np.array([each[1] for each in found], dtype=np.int64)
        return sorted_hits(left, np.full(len(left), -1), key)


def noted(hit: Hit) -> Noted:
    """The claim of a hit beside its note."""
    return hit.scene.frame.noted[hit.claim_index]
