"""Tables of one model and year as bits and matrices, for the kernel."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from claimwright.book.columns import columns
from claimwright.book.hcc import HccTables, tables
from claimwright.book.store import Book
from claimwright.errors import RuleError

Words = npt.NDArray[np.uint64]
Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int16]

MOST_COUNTED = 10
"""CMS's count variables: D1 to D9, and D10P for ten and more."""


@dataclass(frozen=True, slots=True)
class CompiledEdits:
    """Edits by row: `row` int16 [codes + 1] (-1 for none); `sex` 0 for any; `low` and `high` bounds of age."""

    row: Ints
    sex: npt.NDArray[np.uint8]
    low: Ints
    high: Ints
    bit: Ints


@dataclass(frozen=True, slots=True)
class CompiledException:
    """HCCs (`mask`, and by bit) that count only when a bit of `unless` is set."""

    mask: Words
    unless: Words
    is_member: Bools


@dataclass(frozen=True, slots=True)
class CompiledInteraction:
    """One variable: each of `masks` must have a bit set; `values` by segment, 0 where it is not priced."""

    variable: str
    masks: tuple[Words, ...]
    when: str
    values: npt.NDArray[np.float64]


@dataclass(frozen=True)
class Compiled:
    """A model in bits. Bit b (from 1; 0 is none) stands for the HCC `hccs[b - 1]`.

    `codes` S7 sorted is the code axis; `code_bits` int16 [codes + 1, 2], `code_mask` and `code_drop`
    uint64 [codes + 1, W] (the last row is for no code); `bit_mask` and `bit_drop` uint64 [H + 1, W].
    `values` float64 [segments, 8 W, 256] sums the coefficients of the bits of one byte; `counts`
    float64 [segments, 11]. Without coefficients `priced` is False and every value is NaN.
    """

    source: HccTables
    hccs: tuple[int, ...]
    codes: npt.NDArray[np.bytes_]
    code_bits: Ints
    code_mask: Words
    code_drop: Words
    bit_mask: Words
    bit_drop: Words
    edits: CompiledEdits
    exceptions: tuple[CompiledException, ...]
    interactions: tuple[CompiledInteraction, ...]
    segments: tuple[str, ...]
    values: npt.NDArray[np.float64]
    counts: npt.NDArray[np.float64]
    priced: bool

    def hccs_of(self, words: Words) -> list[int]:
        """The HCCs whose bits are set in one row."""
        return [self.hccs[bit - 1] for bit in range(1, len(self.hccs) + 1) if _has(words, bit)]

    def numbers(self, codes: npt.NDArray[np.bytes_]) -> npt.NDArray[np.int32]:
        """Numbers of codes (no dot) on the code axis; -1 for one that no map has."""
        at = np.searchsorted(self.codes, codes.astype("S7"))
        at[at == len(self.codes)] = 0
        return np.where(self.codes[at] == codes, at, -1).astype(np.int32)


def _has(words: Words, bit: int) -> bool:
    return bool(int(words[bit // 64]) >> (bit % 64) & 1)


def _mask(hccs: frozenset[int], axis: tuple[int, ...]) -> Words:
    out = np.zeros(len(axis) // 64 + 1, dtype=np.uint64)
    for hcc in hccs:
        if hcc not in axis:
            raise RuleError(f"A definition names HCC {hcc}, which the model does not have")
        bit = axis.index(hcc) + 1
        out[bit // 64] |= np.uint64(1 << (bit % 64))
    return out


@lru_cache(maxsize=16)
def compiled(book: Book, model: str, year: int, variant: str = "") -> Compiled:
    """The model of a payment year in bits; errors as `claimwright.book.hcc.tables`."""
    source = tables(book, model, year, variant)
    hccs = tuple(source.labels)
    arrays = columns(book, 0)
    codes = arrays.array("hcc.codes", shared=True)
    mapped = arrays.array(f"hcc.{model}.{year}", shared=True)
    bit_of = np.zeros(1000, dtype=np.int16)
    bit_of[list(hccs)] = np.arange(1, len(hccs) + 1)
    code_bits = np.vstack([bit_of[mapped], np.zeros((1, 2), dtype=np.int16)])
    nothing = np.zeros((1, len(hccs) // 64 + 1), dtype=np.uint64)
    bit_mask = np.vstack([nothing, *(_mask(frozenset({hcc}), hccs) for hcc in hccs)])
    bit_drop = np.vstack([nothing, *(_mask(source.children.get(hcc, frozenset()), hccs) for hcc in hccs)])
    segments = tuple(source.segments)
    return Compiled(
        source=source,
        hccs=hccs,
        codes=codes,
        code_bits=code_bits,
        code_mask=bit_mask[code_bits[:, 0]] | bit_mask[code_bits[:, 1]],
        code_drop=bit_drop[code_bits[:, 0]] | bit_drop[code_bits[:, 1]],
        bit_mask=bit_mask,
        bit_drop=bit_drop,
        edits=_edits(source, codes, hccs),
        exceptions=_exceptions(source, hccs),
        interactions=_interactions(source, hccs, segments),
        segments=segments,
        values=_values(source, hccs, segments),
        counts=_counts(source, segments),
        priced=bool(source.coefficients),
    )


def _edits(source: HccTables, codes: npt.NDArray[np.bytes_], hccs: tuple[int, ...]) -> CompiledEdits:
    row = np.full(len(codes) + 1, -1, dtype=np.int16)
    listed = list(source.edits.items())
    names = np.array([code for code, _ in listed], dtype="S7")
    at = np.searchsorted(codes, names)
    at[at == len(codes)] = 0
    found = codes[at] == names if len(names) else np.zeros(0, dtype=np.bool_)
    row[at[found]] = np.flatnonzero(found)
    return CompiledEdits(
        row=row,
        sex=np.array([" FM".index(each.sex or " ") for _, each in listed], dtype=np.uint8),
        # An age below no bound and above none: the rule limits sex alone.
        low=np.array([999 if each.low is None else each.low for _, each in listed], dtype=np.int16),
        high=np.array([-1 if each.high is None else each.high for _, each in listed], dtype=np.int16),
        bit=np.array([0 if each.hcc is None else hccs.index(each.hcc) + 1 for _, each in listed], dtype=np.int16),
    )


def _exceptions(source: HccTables, hccs: tuple[int, ...]) -> tuple[CompiledException, ...]:
    out = []
    for each in source.exceptions:
        member = np.array([False, *(hcc in each.hccs for hcc in hccs)])
        out.append(CompiledException(_mask(each.hccs, hccs), _mask(each.unless_any, hccs), member))
    return tuple(out)


def _interactions(
    source: HccTables, hccs: tuple[int, ...], segments: tuple[str, ...]
) -> tuple[CompiledInteraction, ...]:
    """Interactions are defined for the model; a segment that does not list one does not price it."""
    out = []
    for each in source.interactions:
        values = [source.coefficients.get((segment, each.variable.lower()), 0.0) for segment in segments]
        masks = tuple(_mask(group, hccs) for group in each.groups)
        out.append(CompiledInteraction(each.variable, masks, each.when, np.array(values)))
    return tuple(out)


def _values(source: HccTables, hccs: tuple[int, ...], segments: tuple[str, ...]) -> npt.NDArray[np.float64]:
    """Sums over the bits of each byte; bits lie in memory as the machine stores words (little-endian)."""
    places = 8 * (len(hccs) // 64 + 1)
    out = np.zeros((len(segments), places, 256))
    if not source.coefficients:
        return np.full_like(out, np.nan)
    byte = np.arange(256)
    for number, segment in enumerate(segments):
        if source.segments[segment].scores != "diagnoses":
            continue
        for at, hcc in enumerate(hccs):
            bit = at + 1
            holds = (byte >> (bit % 8)) & 1
            out[number, bit // 8] += holds * source.coefficient(segment, f"HCC{hcc}")
    return out


def _counts(source: HccTables, segments: tuple[str, ...]) -> npt.NDArray[np.float64]:
    """What the number of HCCs adds, by segment; a segment prices all numbers or none."""
    out = np.zeros((len(segments), MOST_COUNTED + 1))
    priced = {segment for segment, variable in source.coefficients if re.fullmatch(r"d\d+p?", variable)}
    for number, segment in enumerate(segments):
        for many in range(1, MOST_COUNTED + 1) if segment in priced else ():
            out[number, many] = source.coefficient(segment, count_variable(many))
    return out


def count_variable(many: int) -> str:
    """`D3` for three HCCs, `D10P` for ten and more."""
    return f"D{many}" if many < MOST_COUNTED else f"D{MOST_COUNTED}P"
