"""A batch of claims through the HCC kernel: codes numbered, and gated by the day of their claim."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from claimwright.book.columns import columns
from claimwright.book.store import Book
from claimwright.claims.batch import ClaimBatch
from claimwright.grouping.hcc_batch import Scores, kernel
from claimwright.grouping.person import People


def scores_of(book: Book, batch: ClaimBatch, people: People, model: str, year: int, variant: str = "") -> Scores:
    """One score a claim; `people` tells who each claim is for, in the same order.

    A code counts only when it was in effect on the day of its claim: the maps keep deleted codes.
    Errors as `claimwright.book.hcc.tables`.
    """
    engine = kernel(book, model, year, variant)
    day = np.repeat(batch.day, np.diff(batch.offsets))
    numbers = engine.model.numbers(batch.codes)
    numbers[~in_effect(book, batch.codes, day, day)] = -1
    return engine.scores(people, numbers, batch.offsets)


def in_effect(
    book: Book, codes: npt.NDArray[np.bytes_], first: npt.NDArray[np.int32], last: npt.NDArray[np.int32]
) -> npt.NDArray[np.bool_]:
    """Was each code (no dot) billable on some day from `first` to `last` (days since 1970-01-01)?"""
    arrays = columns(book, 0)
    axis, pointer, starts, ends = (
        arrays.array(name, shared=True) for name in ("codes", "registry.pointer", "registry.starts", "registry.ends")
    )
    at = np.searchsorted(axis, codes.astype("S7"))
    at[at == len(axis)] = 0
    known = np.flatnonzero(axis[at] == codes)
    row, stop = pointer[at[known]], pointer[at[known] + 1]
    out = np.zeros(len(codes), dtype=np.bool_)
    # A code has a handful of dated rows: one pass for each.
    for step in range(int((stop - row).max(initial=0))):
        here, rows = known[row + step < stop], (row + step)[row + step < stop]
        out[here] |= (starts[rows] <= last[here]) & (ends[rows] >= first[here])
    return out
