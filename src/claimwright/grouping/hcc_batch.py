"""HCCs and scores of many people at once: bit work in numpy, no Python for each person.

Map each diagnosis to bits, apply age and sex edits, OR over the person, take out what does not
count, drop by hierarchy (always read from the set before dropping), then sum: coefficients by byte,
interactions as conjunctions of bit tests, the count, the demographic factors of the person's cell.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from claimwright.book.store import Book
from claimwright.grouping.hcc_compiled import MOST_COUNTED, Bools, Compiled, Words, compiled
from claimwright.grouping.hcc_demographics import place
from claimwright.grouping.person import People, Person

Floats = npt.NDArray[np.float64]

CHUNK = 16_384
"""People worked on at once: their columns stay in the processor's cache."""

_AGE_CELLS = np.array([0, 35, 45, 55, 60, 64, 65, 66, 67, 68, 69, 70, 75, 80, 85, 90, 95])
"""First ages of the cells within which no table tells two ages apart."""

_GRAFT_CELLS = np.array([0, 1, 2, 3, 4, 10])
_GRAFT_MONTHS = (None, 1, 2, 3, 4, 10)
_DUALS = ("NA", "01", "02")
_RADIX = (len(_AGE_CELLS), 2, 3, 4, 2, 2, 2, 2, 2, len(_GRAFT_CELLS))
_MATTERS = {"V28": "aaaa.ss.i.", "V24": "aaaa.ss.i.", "RxV08": "aa.aac.li.", "ESRD-V24": "aaaa.s..ig"}
"""Which of ten traits a model reads: age, sex, dual, orec, ESRD by crec, new, SNP, low income, institutional, graft."""


@dataclass(frozen=True, slots=True)
class Scores:
    """`before` and `after` uint64 [n, W]: HCCs mapped and HCCs that count; `edited` int16 by diagnosis: the edit
    applied, or -1. `segment` int16 (-1 unknown), `score` float64, NaN where age or sex is unknown, or nothing prices.
    """

    before: Words
    after: Words
    edited: npt.NDArray[np.int16]
    segment: npt.NDArray[np.int16]
    score: Floats

    def __len__(self) -> int:
        return len(self.score)


class Kernel:
    """The kernel of one model, year and variant; what a demographic cell adds is kept once it is known."""

    def __init__(self, model: Compiled) -> None:
        """Nothing is computed yet."""
        self.model = model
        size = int(np.prod(_RADIX))
        self._segment = np.full(size + 1, -2, dtype=np.int16)
        self._factors = np.full(size + 1, np.nan)
        self._segment[size] = -1

    def scores(self, people: People, codes: npt.NDArray[np.int32], offsets: npt.NDArray[np.int64]) -> Scores:
        """Scores of n people whose diagnoses are `codes[offsets[i]:offsets[i + 1]]`.

        Codes are numbers of the model's code axis; -1 for one that does not count (not mapped, or not
        valid on its day).
        """
        parts = []
        for start in range(0, max(len(people), 1), CHUNK):
            stop = min(start + CHUNK, len(people))
            inside = slice(int(offsets[start]), int(offsets[stop]))
            own = offsets[start : stop + 1] - offsets[start]
            parts.append(self._chunk(_slice(people, start, stop), codes[inside], own))
        return parts[0] if len(parts) == 1 else _joined(parts)

    def _chunk(self, people: People, codes: npt.NDArray[np.int32], offsets: npt.NDArray[np.int64]) -> Scores:
        model = self.model
        masks, drops = model.code_mask[codes], model.code_drop[codes]
        bits, edited = self._edit(people, codes, offsets, masks, drops)
        before = _over(masks, offsets)
        counting = self._except(before, bits, codes, offsets, masks, drops)
        after = counting & ~_over(drops, offsets)
        segment, factors = self._demographics(people)
        score = factors + self._diagnoses(people, after, segment)
        return Scores(before, after, edited, segment, score)

    def _edit(
        self,
        people: People,
        codes: npt.NDArray[np.int32],
        offsets: npt.NDArray[np.int64],
        masks: Words,
        drops: Words,
    ) -> tuple[dict[int, int], npt.NDArray[np.int16]]:
        """Apply age and sex edits to `masks` and `drops` in place; the new bit of each edited diagnosis."""
        edits = self.model.edits
        edited = edits.row[codes]
        at = np.flatnonzero(edited >= 0)
        row, owner = edited[at], np.searchsorted(offsets, at, side="right") - 1
        age, sex = people.age[owner], people.sex[owner]
        by_sex = (edits.sex[row] > 0) & (edits.sex[row] == sex)
        by_age = (edits.sex[row] == 0) & (age >= 0) & ((age <= edits.high[row]) | (age >= edits.low[row]))
        applies = by_sex | by_age
        edited[at[~applies]] = -1
        at, row = at[applies], row[applies]
        masks[at], drops[at] = self.model.bit_mask[edits.bit[row]], self.model.bit_drop[edits.bit[row]]
        return dict(zip(at.tolist(), edits.bit[row].tolist(), strict=True)), edited

    def _except(
        self,
        before: Words,
        edited: dict[int, int],
        codes: npt.NDArray[np.int32],
        offsets: npt.NDArray[np.int64],
        masks: Words,
        drops: Words,
    ) -> Words:
        """Take out HCCs that do not count for a person, with what they would have dropped."""
        counting = before
        for each in self.model.exceptions:
            lacking = _any(before & each.mask) & ~_any(before & each.unless)
            if not lacking.any():
                continue
            counting = np.where(lacking[:, None], counting & ~each.mask, counting)
            concerned = np.repeat(lacking, np.diff(offsets)) & _any(masks & each.mask)
            for at in np.flatnonzero(concerned).tolist():
                bits = [edited[at]] if at in edited else self.model.code_bits[codes[at]].tolist()
                kept = [bit for bit in bits if not each.is_member[bit]]
                drops[at] = np.bitwise_or.reduce(self.model.bit_drop[[0, *kept]], axis=0)
        return counting

    def _diagnoses(self, people: People, after: Words, segment: npt.NDArray[np.int16]) -> Floats:
        """What HCCs, interactions and their number add."""
        model = self.model
        octets = np.ascontiguousarray(after).view(np.uint8)
        total = np.zeros(len(after))
        for place_of in range(octets.shape[1]):
            total += model.values[segment, place_of, octets[:, place_of]]
        many = np.bitwise_count(after).sum(axis=1, dtype=np.int64)
        total += model.counts[segment, np.minimum(many, MOST_COUNTED)]
        if model.priced:
            present: dict[bytes, Bools] = {}
            conditions = {"": None, "nonaged": people.age < 65, "disabled": (people.age < 65) & (people.orec > 0)}
            for each in model.interactions:
                holds = conditions[each.when]
                for mask in each.masks:
                    key = mask.tobytes()
                    if key not in present:
                        present[key] = _any(after & mask)
                    holds = present[key] if holds is None else holds & present[key]
                if holds is not None:
                    total += each.values[segment] * holds
        return total

    def _demographics(self, people: People) -> tuple[npt.NDArray[np.int16], Floats]:
        """Segment and demographic factors, looked up by the cell that a person stands in."""
        keys = self._keys(people)
        lacking = np.unique(keys[self._segment[keys] == -2])
        for key in lacking.tolist():
            self._fill(key)
        return self._segment[keys], self._factors[keys]

    def _keys(self, people: People) -> npt.NDArray[np.int64]:
        traits: tuple[npt.NDArray[Any], ...] = (
            np.searchsorted(_AGE_CELLS, people.age, side="right") - 1,
            people.sex.astype(np.int64) - 1,
            people.dual,
            people.orec,
            people.crec >= 2,
            people.new_enrollee,
            people.snp,
            people.low_income,
            people.institutional,
            np.searchsorted(_GRAFT_CELLS, people.graft_months, side="right") - 1,
        )
        key = np.zeros(len(people), dtype=np.int64)
        for trait, size, matters in zip(traits, _RADIX, _MATTERS[self.model.source.model], strict=True):
            key = key * size + (trait if matters != "." else 0)
        return np.where((people.age < 0) | (people.sex == 0), len(self._segment) - 1, key)

    def _fill(self, key: int) -> None:
        rest, traits = key, []
        for size in reversed(_RADIX):
            rest, trait = divmod(rest, size)
            traits.append(trait)
        age, sex, dual, orec, crec, new, snp, low, institutional, graft = reversed(traits)
        person = Person(
            age=int(_AGE_CELLS[age]),
            sex="FM"[sex],
            dual=_DUALS[dual],
            orec=str(orec),
            crec="2" if crec else "0",
            new_enrollee=bool(new),
            snp=bool(snp),
            low_income=bool(low),
            institutional=bool(institutional),
            graft_months=_GRAFT_MONTHS[graft],
        )
        found = place(self.model.source.model, person)
        self._segment[key] = self.model.segments.index(found.segment)
        if self.model.priced:
            source = self.model.source
            self._factors[key] = sum(source.coefficient(found.segment, each) for each in found.variables)


def _any(words: Words) -> Bools:
    """Is any bit set, by row?"""
    out: Bools = words[:, 0] != 0
    for column in range(1, words.shape[1]):
        out = out | (words[:, column] != 0)
    return out


def _over(rows: Words, offsets: npt.NDArray[np.int64]) -> Words:
    """OR of the rows of each person; nothing for a person without rows."""
    out = np.zeros((len(offsets) - 1, rows.shape[1]), dtype=np.uint64)
    some = np.flatnonzero(np.diff(offsets))
    if len(some):
        out[some] = np.bitwise_or.reduceat(rows, offsets[some], axis=0)
    return out


def _slice(people: People, start: int, stop: int) -> People:
    return People(*(getattr(people, name)[start:stop] for name in People.__dataclass_fields__))


def _joined(parts: list[Scores]) -> Scores:
    return Scores(*(np.concatenate([getattr(each, name) for each in parts]) for name in Scores.__dataclass_fields__))


@lru_cache(maxsize=16)
def kernel(book: Book, model: str, year: int, variant: str = "") -> Kernel:
    """The kernel of a model and payment year, kept; errors as `claimwright.book.hcc.tables`."""
    return Kernel(compiled(book, model, year, variant))
