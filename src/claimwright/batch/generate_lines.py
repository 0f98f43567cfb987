"""Service lines for synthetic claims: codes of the HCPCS and PTP tables that are loaded, and of nothing else.

Every proportion here is made up to be plausible, none is measured:

* claims that are not inpatient have 1 + Poisson(1) lines, at most 6, all of the claim's day;
* the code of rank r in a seeded order is drawn with weight r ** -0.9 (Zipf);
* of claims with two lines or more, `PAIRED` have the two codes of a PTP edit first, if such a table is loaded;
* `SEVERAL` of the lines have more than one unit, `MODIFIED` a modifier of the HCPCS table, if that is loaded.

The lines of a claim are drawn apart from all else of it, so claims are the same with lines and without.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from claimwright.batch.generate import CHUNK, ZIPF, Drawn
from claimwright.book.procedure_columns import dated, listed
from claimwright.book.procedures import HCPCS, PTP, procedures
from claimwright.book.store import Book
from claimwright.claims.batch import offsets_of
from claimwright.errors import BookError

MOST = 6
MEAN_OTHERS = 1
PAIRED, SEVERAL, MODIFIED = 0.1, 0.08, 0.1
PAIRS = 50_000
"""PTP edits of an edition that pairs are drawn from, at most."""

_INPATIENT = 0


@dataclass(frozen=True, slots=True)
class DrawnLines:
    """Lines of n claims: `offsets` int64 [n + 1]; `code`, `units`, `modifier` int32 [S]; `modifier` -1 for none.

    `code` and `modifier` number `LineSource.texts` and `LineSource.modifiers`.
    """

    offsets: npt.NDArray[np.int64]
    code: npt.NDArray[np.int32]
    units: npt.NDArray[np.int32]
    modifier: npt.NDArray[np.int32]


class LineSource:
    """The codes that lines are drawn from. Errors: `BookError` when no table that has any is loaded."""

    def __init__(self, book: Book, seed: int) -> None:
        """Rank the codes by `seed`."""
        held = procedures(book)
        releases, edits = held.editions(HCPCS), held.editions(PTP)
        codes = [listed(book, each.table, each.number) for each in (*releases, *edits)]
        axis = np.unique(np.concatenate(codes)) if codes else np.zeros(0, "S8")
        if not len(axis):
            raise BookError(
                "No table with codes of service lines is loaded, and lines are made of loaded codes only: "
                f"claimwright data add {HCPCS} FILE, or claimwright data add {PTP} FILE --accept-licence"
            )
        rng = np.random.default_rng((seed, 4))
        self.seed = seed
        self.texts = [bytes(each).decode("ascii") for each in axis.tolist()]
        self.ranked = rng.permutation(len(axis)).astype(np.int32)
        self.rising = np.cumsum(np.arange(1, len(axis) + 1, dtype=np.float64) ** -ZIPF)
        pairs = [np.zeros((0, 2), np.int32)]
        for each in edits:
            table = held.ptp_table(each)
            number = np.searchsorted(axis, table.codes.astype("S8"))
            chosen = rng.integers(0, len(table.keys), min(PAIRS, len(table.keys)))
            keys = table.keys[chosen].astype(np.int64)
            pairs.append(number[np.stack((keys // len(number), keys % len(number)), axis=1)].astype(np.int32))
        self.pairs = np.concatenate(pairs)
        of_releases = [dated(book, each.number, True).codes for each in releases]
        modifiers = np.unique(np.concatenate(of_releases)) if of_releases else np.zeros(0, "S8")
        self.modifiers = [bytes(each).decode("ascii") for each in modifiers.tolist()]

    def lines(self, drawn: Drawn) -> DrawnLines:
        """The lines of a chunk of claims."""
        # A place for every line that a claim might have, so that a claim does not depend on how many are made.
        rng = np.random.default_rng((self.seed, 5, drawn.first // CHUNK))
        counts = np.minimum(1 + rng.poisson(MEAN_OTHERS, CHUNK), MOST)
        shape = (CHUNK, MOST)
        code = self.ranked[np.searchsorted(self.rising, rng.random(shape) * self.rising[-1])]
        paired = rng.random(CHUNK) < PAIRED
        if len(self.pairs):
            code[paired, :2] = self.pairs[rng.integers(0, len(self.pairs), CHUNK)[paired]]
        units = np.where(rng.random(shape) < SEVERAL, 2 + rng.poisson(2, shape), 1).astype(np.int32)
        modifier = np.full(shape, -1, np.int32)
        if self.modifiers:
            given = rng.random(shape) < MODIFIED
            modifier = np.where(given, rng.integers(0, len(self.modifiers), shape), -1).astype(np.int32)
        size = len(drawn.setting)
        counts = np.where(drawn.setting == _INPATIENT, 0, counts[:size])
        held = np.arange(MOST) < counts[:, None]
        return DrawnLines(offsets_of(counts), code[:size][held], units[:size][held], modifier[:size][held])
