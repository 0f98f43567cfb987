"""Codes of a batch on the axis of a book, and the dated rows of the registry that hold on a day."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt

from claimwright.book.columns import Columns

Ints = npt.NDArray[np.int32]
Bools = npt.NDArray[np.bool_]
MANY = 4096
"""Codes from which on it pays to compare them as numbers."""


def owners(offsets: npt.NDArray[np.int64]) -> Ints:
    """The claim of each of what claims have, of which those of claim i stand from `offsets[i]` on."""
    if not int(offsets[-1]):
        return np.zeros(0, dtype=np.int32)
    return np.repeat(np.arange(len(offsets) - 1, dtype=np.int32), np.diff(offsets))


def resolved(columns: Columns, texts: npt.NDArray[np.bytes_]) -> Ints:
    """Numbers of the distinct texts of a batch on the axis of diagnoses; the parts of a batch share them."""
    known = columns.last
    if known is None or known[0] is not texts:
        columns.last = known = (texts, numbers_on(columns, "codes", texts))
    return known[1]


def numbers_on(columns: Columns, axis: str, wanted: npt.NDArray[np.bytes_]) -> Ints:
    """Numbers of codes on a sorted axis of the book, -1 for a text that is none of its codes."""
    codes = columns.array(axis, shared=True)
    if not len(codes):
        return np.full(len(wanted), -1, dtype=np.int32)
    if len(wanted) < MANY:
        near = np.searchsorted(codes, wanted.astype("S7"))
        near[near == len(codes)] = 0
        return np.where(codes[near] == wanted, near, -1).astype(np.int32)
    keys, slots, shift = _slots(columns, axis)
    asked = _keys(wanted)
    at: Ints = slots[_hashed(asked, shift)]
    lost = np.flatnonzero(keys[at] != asked)
    if len(lost):  # another code has the slot, or it is no code of the axis
        place = np.searchsorted(keys, asked[lost])
        place[place == len(keys)] = 0
        at[lost] = np.where(keys[place] == asked[lost], place, -1)
    return at


def _keys(texts: npt.NDArray[np.bytes_]) -> npt.NDArray[np.uint64]:
    """Eight characters as one big-endian number: it keeps the order of texts, and compares in one step."""
    return texts.astype("S8").view(">u8").astype(np.uint64)


def _hashed(keys: npt.NDArray[np.uint64], shift: int) -> npt.NDArray[np.int64]:
    """The slot of each key: the upper bits of a product, which depend on all of the key (Fibonacci hashing)."""
    return ((keys * np.uint64(0x9E3779B97F4A7C15)) >> np.uint64(shift)).astype(np.int64)


@lru_cache(maxsize=16)
def _slots(columns: Columns, axis: str) -> tuple[npt.NDArray[np.uint64], Ints, int]:
    """The keys of an axis, a table that tells for most of them where they stand, and the shift of its hash.

    Of keys with one slot the last has it; eight slots a key leave few without.
    """
    keys = _keys(columns.array(axis, shared=True))
    bits = len(keys).bit_length() + 3
    slots = np.zeros(1 << bits, dtype=np.int32)
    slots[_hashed(keys, 64 - bits)] = np.arange(len(keys), dtype=np.int32)
    return keys, slots, 64 - bits


def rows_in_force(
    columns: Columns, registry: str, code: Ints, day: npt.NDArray[np.int32], horizon: int
) -> tuple[Ints, Bools]:
    """The dated row of each code on its day (-1 for none), and whether the registry lists it on some day."""
    pointer = columns.array(f"{registry}.pointer", shared=True)
    # What is behind the last row never begins: codes that no table knows, and headings at the end of the axis.
    starts = columns.ending(f"{registry}.starts", np.iinfo(np.int32).max, shared=True)
    ends = columns.ending(f"{registry}.ends", np.iinfo(np.int32).min, shared=True)
    count = columns.ending(f"{registry}.pointer", int(pointer[-1]) if len(pointer) else 0, shared=True)
    rows, more = count[code], np.diff(count)[code]
    rows[code < 0] = len(starts) - 1
    more[code < 0] = 0
    rows[more == 0] = len(starts) - 1
    begins = starts[rows]
    listed = (begins <= horizon) & (more > 0)
    row = np.where(listed & (begins <= day) & (day <= ends[rows]), rows, np.int32(-1)).astype(np.int32, copy=False)
    # Most codes have one dated row, some a handful (flags change): a pass for each, ever shorter.
    here = np.flatnonzero(more > 1)
    step = 1
    while len(here):
        at, on = rows[here] + step, day[here]
        begins = starts[at]
        seen = begins <= horizon
        listed[here] |= seen
        now = seen & (begins <= on) & (on <= ends[at])
        row[here[now]] = at[now]
        step += 1
        here = here[more[here] > step]
    return row, listed


def flags_in_force(columns: Columns, registry: str, row: Ints) -> npt.NDArray[np.uint32]:
    """The flags of dated rows; none for -1."""
    flags: npt.NDArray[np.uint32] = columns.ending(f"{registry}.flags", 0, shared=True)[row]
    return flags
