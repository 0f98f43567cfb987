"""Synthetic claims, seeded: real codes of the loaded tables, and nothing of any patient.

Every proportion here is made up to be plausible, none is measured:

* `KINDS` of patient (newborn, child, mother, adult), each with its settings and its chapters of the tabular list;
* within a chapter, the code of rank r in a seeded order is drawn with weight r ** -0.9 (Zipf);
* 1 + Poisson(4) diagnoses, at most 25; dates even over the two years up to the end of the newest edition;
* `PROVIDERS` who bill, the one of rank r with weight r ** -0.9;
* `ERRORS`: the share of claims that get a deliberate mistake; other findings arise by themselves.

A claim of a given number is the same for one seed and one book, however many are made.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import numpy.typing as npt

from claimwright.book.columns import FLAG_BIT, columns
from claimwright.book.store import Book
from claimwright.claims.batch import EPOCH, offsets_of

CHUNK = 65_536
ZIPF = 0.9
MOST = 25
MEAN_OTHERS = 4
PROVIDERS = 400
SETTINGS = ("inpatient", "outpatient", "professional", "emergency")


@dataclass(frozen=True, slots=True)
class Kind:
    """Patients of one kind: share of claims, ages from and to, share of women, weight of settings and chapters."""

    share: float
    ages: tuple[int, int]
    women: float
    settings: tuple[float, float, float, float]
    chapters: Mapping[int, float]


_GENERAL: Mapping[int, float] = {
    1: 3, 2: 5, 3: 2, 4: 11, 5: 7, 6: 5, 7: 4, 8: 2, 9: 14, 10: 8, 11: 6, 12: 4, 13: 12, 14: 6, 17: 0.3, 18: 11,
    19: 6, 20: 1, 21: 13,
}  # fmt: skip
_YOUNG = {
    1: 6, 3: 1, 4: 2, 5: 6, 6: 3, 7: 5, 8: 8, 10: 22, 11: 5, 12: 7, 13: 4, 14: 2, 17: 2, 18: 13, 19: 9, 20: 1, 21: 16,
}  # fmt: skip
KINDS = (
    Kind(0.02, (0, 0), 0.5, (0.6, 0.1, 0.3, 0.0), {16: 70, 21: 30}),
    Kind(0.15, (1, 17), 0.5, (0.05, 0.2, 0.6, 0.15), _YOUNG),
    Kind(0.03, (15, 45), 1.0, (0.4, 0.2, 0.35, 0.05), {15: 80, 21: 15, 4: 5}),
    Kind(0.80, (18, 99), 0.55, (0.12, 0.28, 0.5, 0.1), _GENERAL),
)

ERRORS = {"unknown": 0.003, "cut": 0.005, "repeated": 0.005, "sex": 0.002, "any-principal": 0.02}
"""Share of claims with a text that is no code; with a code cut to its heading; with a repeated code; with the
other sex; whose first diagnosis is not looked at (an external cause or a manifestation may stand first)."""

_NOT_FIRST = ("ecodepdx", "manifestation", "unacceptable")
_OF_AGES = ("newborn", "pediatric", "maternity")


@dataclass(frozen=True, slots=True)
class Drawn:
    """n claims as columns, in the shapes of `ClaimBatch`; `code` int32 [L] numbers `Source.texts`.

    `provider` int32 [n] counts from 1.
    """

    first: int
    setting: npt.NDArray[np.int64]
    day: npt.NDArray[np.int32]
    stay: npt.NDArray[np.int32]
    age: npt.NDArray[np.int64]
    woman: npt.NDArray[np.bool_]
    offsets: npt.NDArray[np.int64]
    code: npt.NDArray[np.int32]
    poa: npt.NDArray[np.int8]
    charge: npt.NDArray[np.float64]
    provider: npt.NDArray[np.int32]


class Source:
    """The codes that claims are drawn from: those of the newest edition, with chapter, flags and days in force."""

    def __init__(self, book: Book, seed: int) -> None:
        """Rank the codes of each chapter by `seed`."""
        newest = book.edition_on(date.max)[0]
        held = columns(book, newest.number)
        axis, pointer = held.array("codes", shared=True), held.array("registry.pointer", shared=True)
        position = held.array("position")
        chapter = np.where(position >= 0, held.array("chapter")[np.maximum(position, 0)], 0)
        last = np.maximum(pointer[1:] - 1, 0)
        ends = held.array("registry.ends", shared=True)[last]
        listed = np.diff(pointer) > 0
        self.flags = np.where(listed, held.array("registry.flags", shared=True)[last], 0).astype(np.uint32)
        starts = held.array("registry.starts", shared=True)
        self.starts = np.where(listed, starts[pointer[:-1].clip(0, len(starts) - 1)], 0)
        self.ends = np.where(listed, ends, 0)
        window = newest.window
        final = min(window.ends or book.registry_window.ends or window.starts, book.registry_window.ends or date.max)
        self.until = (final - EPOCH).days
        self.since = max(self.until - 729, (book.registry_window.starts - EPOCH).days)
        self.known = len(axis)
        self.texts = [bytes(each).decode("ascii") for each in axis.tolist()]
        # Behind the codes stand their headings of three characters, and texts that never were codes.
        self.cut = np.searchsorted(axis, axis.astype("S3")).astype(np.int32)
        self.texts += [f"{letter}{number:02d}Q" for letter in "EIJKM" for number in range(20)]
        usable = listed & (chapter > 0) & (self.ends > self.since)
        grown = usable & ((self.flags & _bits(_OF_AGES)) == 0)
        order = np.random.default_rng((seed, 1)).permutation(self.known)
        self.pools = [
            {c: _pool(order, (usable if kind.ages[0] != 18 else grown) & (chapter == c)) for c in kind.chapters}
            for kind in KINDS
        ]


def _bits(flags: tuple[str, ...]) -> np.uint32:
    return np.uint32(sum(int(FLAG_BIT[each]) for each in flags))


def _pool(order: npt.NDArray[np.int64], member: npt.NDArray[np.bool_]) -> tuple[npt.NDArray[np.int64], Any]:
    codes = order[member[order]]
    return codes, np.cumsum(np.arange(1, len(codes) + 1, dtype=np.float64) ** -ZIPF)


def claims(source: Source, count: int, seed: int) -> Iterator[Drawn]:
    """`count` claims in chunks."""
    for number in range(-(-count // CHUNK)):
        first = number * CHUNK
        wanted = min(CHUNK, count - first)
        # Drawn apart from all else, so that it could come later without changing the claims of a seed.
        provider = _providers(np.random.default_rng((seed, 3, number)))[:wanted]
        yield _chunk(source, first, np.random.default_rng((seed, 2, number)), wanted, provider)


def _providers(rng: np.random.Generator) -> npt.NDArray[np.int32]:
    """Who bills each claim of a whole chunk."""
    rising = np.cumsum(np.arange(1, PROVIDERS + 1, dtype=np.float64) ** -ZIPF)
    return (np.searchsorted(rising, rng.random(CHUNK) * rising[-1]) + 1).astype(np.int32)


def _chunk(source: Source, first: int, rng: np.random.Generator, wanted: int, provider: npt.NDArray[np.int32]) -> Drawn:
    n = CHUNK  # a whole chunk is drawn even for its beginning, so that a claim does not depend on `count`
    kind = rng.choice(len(KINDS), n, p=[each.share for each in KINDS])
    setting, age, woman = np.zeros(n, np.int64), np.zeros(n, np.int64), np.zeros(n, np.bool_)
    for number, each in enumerate(KINDS):
        own = np.flatnonzero(kind == number)
        setting[own] = rng.choice(len(SETTINGS), len(own), p=each.settings)
        age[own] = rng.integers(each.ages[0], each.ages[1] + 1, len(own))
        woman[own] = rng.random(len(own)) < each.women
    day = rng.integers(source.since, source.until + 1, n).astype(np.int32)
    stay = np.where(setting == 0, rng.poisson(4, n), 0).astype(np.int32)
    counts = np.minimum(1 + rng.poisson(MEAN_OTHERS, n), MOST)
    offsets = offsets_of(counts)
    of = np.repeat(np.arange(n), counts)
    code = _codes(source, rng, kind, of, day + stay)
    principal = offsets[:-1]
    free = rng.random(n) < ERRORS["any-principal"]
    for _ in range(8):
        barred = ((source.flags[code[principal]] & _bits(_NOT_FIRST)) != 0) & ~free
        if not barred.any():
            break
        code[principal[barred]] = _codes(source, rng, kind, np.flatnonzero(barred), day + stay)
    _repeats_out(code, offsets, of, source, rng, kind, day + stay)
    _mistakes(source, rng, code, offsets, counts, woman)
    poa = rng.choice(5, len(of), p=(0.85, 0.1, 0.03, 0.01, 0.01)).astype(np.int8)
    charge = np.exp(rng.normal(np.where(setting == 0, 9.8, 5.6), 0.8)).astype(np.float64).round(2)
    end = int(offsets[wanted])
    return Drawn(
        first, setting[:wanted], day[:wanted], stay[:wanted], age[:wanted], woman[:wanted], offsets[: wanted + 1],
        code[:end], poa[:end], charge[:wanted], provider,
    )  # fmt: skip


def _codes(
    source: Source,
    rng: np.random.Generator,
    kind: npt.NDArray[np.int64],
    of: npt.NDArray[np.int64],
    day: npt.NDArray[np.int32],
) -> npt.NDArray[np.int32]:
    """One code for each diagnosis `of` these claims, in force on the claim's day where three draws find one."""
    code = np.zeros(len(of), dtype=np.int32)
    left = np.arange(len(of))
    for _ in range(3):
        code[left] = _drawn(source, rng, kind[of[left]])
        in_force = (source.starts[code[left]] <= day[of[left]]) & (day[of[left]] <= source.ends[code[left]])
        left = left[~in_force]
    return code


def _drawn(source: Source, rng: np.random.Generator, kind: npt.NDArray[np.int64]) -> npt.NDArray[np.int32]:
    code = np.zeros(len(kind), dtype=np.int32)
    for number, each in enumerate(KINDS):
        own = np.flatnonzero(kind == number)
        weights = np.array(list(each.chapters.values()), dtype=np.float64)
        chapter = rng.choice(len(weights), len(own), p=weights / weights.sum())
        for place, name in enumerate(each.chapters):
            at = own[chapter == place]
            codes, rising = source.pools[number][name]
            if len(at) and len(codes):
                code[at] = codes[np.searchsorted(rising, rng.random(len(at)) * rising[-1])]
    return code


def _repeats_out(
    code: npt.NDArray[np.int32],
    offsets: npt.NDArray[np.int64],
    of: npt.NDArray[np.int64],
    source: Source,
    rng: np.random.Generator,
    kind: npt.NDArray[np.int64],
    day: npt.NDArray[np.int32],
) -> None:
    """Draw anew what repeats an earlier code of its claim; a few repetitions stay."""
    for _ in range(4):
        both = of.astype(np.int64) * (source.known + 1) + code
        _, first = np.unique(both, return_index=True)
        again = np.ones(len(code), np.bool_)
        again[first] = False
        if not again.any():
            return
        places = np.flatnonzero(again)
        code[places] = _codes(source, rng, kind, of[places], day)


def _mistakes(
    source: Source,
    rng: np.random.Generator,
    code: npt.NDArray[np.int32],
    offsets: npt.NDArray[np.int64],
    counts: npt.NDArray[np.int64],
    woman: npt.NDArray[np.bool_],
) -> None:
    """Put in the mistakes of `ERRORS`, each into claims of its own drawing."""
    n = len(counts)
    place = offsets[:-1] + (rng.random(n) * counts).astype(np.int64)
    held = {name: np.flatnonzero(rng.random(n) < share) for name, share in ERRORS.items()}
    code[place[held["unknown"]]] = rng.integers(source.known, len(source.texts), len(held["unknown"]))
    cut = place[held["cut"]]
    cut = cut[code[cut] < source.known]
    code[cut] = source.cut[code[cut]]
    several = held["repeated"][counts[held["repeated"]] > 1]
    code[offsets[several] + counts[several] - 1] = code[offsets[several]]
    woman[held["sex"]] = ~woman[held["sex"]]
