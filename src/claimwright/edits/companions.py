"""The kernels about codes that a code wants beside it.

| kernel | question |
|---|---|
| `Companion` | is a code that this one wants present at all? |
| `Order` | does a code that belongs before this one stand after it? |

What a code wants comes in groups (the notes of one list): any code of the group answers it.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from claimwright.book.columns import Columns
from claimwright.claims.batch import offsets_of
from claimwright.edits.compiled import kernels
from claimwright.edits.digest import Digest, OfCode
from claimwright.edits.frame import Bools, Frame, Ints
from claimwright.edits.outcomes import repeated
from claimwright.edits.relations import Always, Hits, fresh, sorted_hits

Places = npt.NDArray[np.int64]
Bytes = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Voices:
    """What has to be true of a code for a group that nothing answers to be worth a word.

    `of_group` gives, by the key of a group, the conditions of which one is enough, as bits. A group with none is not
    looked for at all.
    """

    conditions: tuple[OfCode, ...]
    of_group: Callable[[Columns, int], int]

    def of_codes(self, digest: Digest) -> Bytes:
        """The conditions that each entry of a digest meets, as bits."""
        out = np.zeros(len(digest), dtype=np.uint8)
        for bit, condition in enumerate(self.conditions):
            out |= digest.test(condition).astype(np.uint8) << np.uint8(bit)
        return out

    def heard(self, frame: Frame, left: Ints, bits: Bytes) -> Bools:
        """Is the wish of each diagnosis, for a group of these bits, worth a word?"""
        out = np.zeros(len(left), dtype=np.bool_)
        for bit, condition in enumerate(self.conditions):
            at = np.flatnonzero(bits & np.uint8(1 << bit))
            out[at] |= frame.meets(condition, left[at])
        return out


@dataclass(frozen=True, slots=True)
class Once:
    """Which wishes a claim has said before: a wish is left out where an earlier diagnosis stands within the span of
    the tree of its group, and where the same diagnosis wants the same in the same words.

    `of_group` gives, by the key of a group, the span (its start and stop) and the words.
    """

    of_group: Callable[[Columns, int], tuple[int, int, Hashable]]


class Said(NamedTuple):
    """What `Once` says of groups: their spans, and a number for their words."""

    start: Ints
    stop: Ints
    words: Places

    def fresh(self, frame: Frame, left: Ints) -> Bools:
        """Which of these wishes (in order of `left`, then of the groups' keys) are said for the first time."""
        out = ~_told_before(frame, left, self.start, self.stop)
        at = np.flatnonzero(out)
        at = at[repeated(left[at])]
        if len(at):
            both = left[at].astype(np.int64) * (int(self.words.max(initial=0)) + 1) + self.words[at]
            _, first = np.unique(both, return_index=True)
            out[at] = False
            out[at[first]] = True
        return out

    def of(self, number: Places) -> Said:
        """The same of some of the groups."""
        return Said(self.start[number], self.stop[number], self.words[number])


def _bits(columns: Columns, voices: Voices, keys: Ints) -> Bytes:
    return np.array([voices.of_group(columns, key) for key in keys.tolist()], dtype=np.uint8)


def _said(columns: Columns, once: Once, keys: Ints) -> Said:
    found = [once.of_group(columns, key) for key in keys.tolist()]
    numbers: dict[Hashable, int] = {}
    start, stop = (np.array([each[at] for each in found], dtype=np.int32) for at in (0, 1))
    return Said(start, stop, np.array([numbers.setdefault(words, len(numbers)) for _, _, words in found], np.int64))


@lru_cache(maxsize=32)
def _all_bits(columns: Columns, kind: str, voices: Voices) -> Bytes:
    """The bits of every group."""
    return _bits(columns, voices, columns.companion(kind).keys)


@lru_cache(maxsize=32)
def _all_said(columns: Columns, kind: str, once: Once) -> Said:
    """What is said of every group."""
    return _said(columns, once, columns.companion(kind).keys)


def _told_before(frame: Frame, own: Ints, start: Ints, stop: Ints) -> Bools:
    """Stands an earlier diagnosis of its claim within this span of the tree?"""
    out = np.zeros(len(own), dtype=np.bool_)
    left: Ints = np.arange(len(own), dtype=np.int32)
    place: Ints = frame.places(own)
    for back in range(1, int(place.max(initial=0)) + 1):
        going = np.flatnonzero(place >= back)
        if len(going) < len(left):
            left, own, place, start, stop = (each[going] for each in (left, own, place, start, stop))
        pos = frame.of("pos", own - back)
        out[left[(start <= pos) & (pos < stop)]] = True
    return out


@dataclass(frozen=True, slots=True)
class _Wanted:
    """Each group that applies to a diagnosis (`left`, `group`) and that nothing before it on the claim satisfies;
    `right` is the first diagnosis behind it that does, -1 for none. In order of `left`, then of the groups' keys.

    Where nothing does, only wishes that are worth a word.
    """

    left: Ints
    group: Ints
    right: Ints


def _wanted(frame: Frame, kind: str, voices: Voices | None, once: Once | None = None) -> _Wanted:
    """As `_sought`, once for a frame."""
    found: _Wanted = frame.once(("wanted", kind, voices, once), lambda: _sought(frame, kind, voices, once))
    return found


def _sought(frame: Frame, kind: str, voices: Voices | None, once: Once | None) -> _Wanted:
    table, digest = frame.columns.companion(kind), frame.digest
    # Few claims ask about the groups that they meet; for many it pays to know all groups beforehand.
    offsets, members = _members(frame.columns, kind, voices if digest is not None else None)
    fast = kernels() if digest is not None else None
    if digest is not None and fast is not None:
        spans = digest.once(("spans", kind, voices), lambda: _spans(frame, digest, kind, voices))
        args = frame.entry, frame.offsets, frame.claim, *spans, digest.code
        columns = frame.columns
        groups = np.ones(len(table.satisfied), np.uint8) if voices is None else _all_bits(columns, kind, voices)
        said = _NEVER if once is None else (*_all_said(columns, kind, once), _rivals(columns, kind, voices, once))
        sieve = _sieve(frame.columns, kind)
        return _Wanted(*fast.wants(*args, digest.pos, members, table.satisfied, *sieve, groups, *said))
    group_class = frame.columns.ending(f"{kind}.group_class", 0)
    holding = frame.where(OfCode((kind, "holds", voices), lambda coded: np.diff(offsets)[group_class[coded.pos]] > 0))
    own = group_class[frame.of("pos", holding)]
    counts, first = np.diff(offsets)[own], offsets[own]
    left = np.repeat(holding.astype(np.int32), counts)
    group = members[_runs(first, counts)]
    # A code of column class 0 satisfies nothing: only the others are looked at.
    able = frame.where(_answers(kind))
    column = frame.columns.ending(f"{kind}.column", 0)[frame.of("pos", able)]
    starts = offsets_of(np.bincount(frame.claim[able], minlength=len(frame.batch))).astype(np.int32)
    claim = frame.claim[left]
    first = starts[claim]
    others = starts[1:][claim] - first
    want = np.repeat(np.arange(len(left), dtype=np.int32), others)
    at = _runs(first, others)
    held = np.flatnonzero(table.satisfied[group[want], column[at]])
    want, other = want[held], able[at[held]]
    different = frame.of("code", other) != frame.of("code", left[want])
    want, other = want[different], other[different]
    found = _first_answers(left, group, want, other)
    return _worded(frame, kind, found, voices, once)


def _worded(frame: Frame, kind: str, found: _Wanted, voices: Voices | None, once: Once | None) -> _Wanted:
    """Of wishes that nothing satisfies only those that are worth a word, and are not said before."""
    columns, number = frame.columns, found.group.astype(np.int64)
    few = np.zeros(0, np.int32)
    if frame.digest is None:
        few, number = _met(found.group)
    keys = columns.companion(kind).keys[few]
    open_ = found.right < 0
    kept = np.ones(len(open_), dtype=np.bool_)
    if voices is not None:
        bits = (_all_bits(columns, kind, voices) if frame.digest is not None else _bits(columns, voices, keys))[number]
        kept = bits != 0
        at = np.flatnonzero(open_)
        kept[at] = voices.heard(frame, found.left[at], bits[at])
    if once is not None:
        at = np.flatnonzero(open_ & kept)
        said = _all_said(columns, kind, once) if frame.digest is not None else _said(columns, once, keys)
        kept[at] = said.of(number[at]).fresh(frame, found.left[at])
    return _Wanted(found.left[kept], found.group[kept], found.right[kept])


def _met(group: Ints) -> tuple[Ints, Places]:
    """The groups that are met, rising, and the number of each among them."""
    met = sorted(set(group.tolist()))
    place = {each: at for at, each in enumerate(met)}
    return np.array(met, dtype=np.int32), np.array([place[each] for each in group.tolist()], dtype=np.int64)


_NEVER = np.zeros(0, np.int32), np.zeros(0, np.int32), np.zeros(0, np.int64), np.zeros(0, np.bool_)


@lru_cache(maxsize=16)
def _rivals(columns: Columns, kind: str, voices: Voices | None, once: Once) -> Bools:
    """Of each member: wants another one of its class the same in the same words?"""
    offsets, members = _members(columns, kind, voices)
    words = _all_said(columns, kind, once).words
    said = np.stack((np.repeat(np.arange(len(offsets) - 1), np.diff(offsets)), words[members]))
    _, number, counts = np.unique(said, axis=1, return_inverse=True, return_counts=True)
    many: Bools = counts[number.ravel()] > 1
    return many


def _first_answers(left: Ints, group: Ints, want: Ints, other: Places) -> _Wanted:
    """Of all answers (`want` the number of a wish, `other` a diagnosis; both rise) the first of each wish."""
    right = np.full(len(left), -1, dtype=np.int32)
    first = fresh(want)
    right[want[first]] = other[first]
    open_ = np.flatnonzero((right < 0) | (right > left))
    return _Wanted(left[open_], group[open_], right[open_])


def _spans(frame: Frame, digest: Digest, kind: str, voices: Voices | None) -> tuple[Bytes, Ints, Ints, Ints]:
    """Of each entry of the digest: what of `voices` it meets (and bit 7: has it groups at all), where its groups begin
    and end among the members, and its class as a companion."""
    own, column = (frame.columns.ending(f"{kind}.{each}", 0)[digest.pos] for each in ("group_class", "column"))
    offsets, _ = _members(frame.columns, kind, voices)
    begins, ends = offsets[own], offsets[own + 1]
    met = np.ones(len(digest), np.uint8) if voices is None else voices.of_codes(digest)
    return met | ((begins != ends).astype(np.uint8) << np.uint8(7)), begins, ends, column


@lru_cache(maxsize=32)
def _members(columns: Columns, kind: str, voices: Voices | None) -> tuple[Ints, Ints]:
    """`offsets` and `members` of the groups that are looked for; those of a class in order of their keys."""
    table = columns.companion(kind)
    owner = np.repeat(np.arange(len(table.offsets) - 1), np.diff(table.offsets))
    order = np.lexsort((table.keys[table.members], owner))
    members = table.members[order]
    if voices is None:
        return table.offsets, members
    looked_for = _all_bits(columns, kind, voices)[members] != 0
    return offsets_of(looked_for.astype(np.int64))[table.offsets].astype(np.int32), members[looked_for]


@lru_cache(maxsize=16)
def _sieve(columns: Columns, kind: str) -> tuple[npt.NDArray[np.uint64], npt.NDArray[np.uint64]]:
    """Of each group the bits of the columns that satisfy it, and the bit of each column: who shares none with a claim
    finds nothing there. Columns share bits; column 0, which satisfies nothing, has none."""
    satisfied = columns.companion(kind).satisfied
    bit = np.uint64(1) << (np.arange(satisfied.shape[1], dtype=np.uint64) % np.uint64(64))
    bit[:1] = 0
    return np.bitwise_or.reduce(np.where(satisfied, bit, np.uint64(0)), axis=1, initial=np.uint64(0)), bit


def _runs(first: Ints, counts: Ints) -> Ints:
    """The numbers from each `first` on, as many as `counts` says, one run behind the other."""
    ends = np.cumsum(counts, dtype=np.int32)
    out = np.repeat(first - ends + counts, counts)
    out += np.arange(len(out), dtype=np.int32)
    return out


@lru_cache(maxsize=8)
def _answers(kind: str) -> OfCode:
    """May the code be the companion of some group?"""
    return OfCode((kind, "answers"), lambda coded: coded.columns.ending(f"{kind}.column", 0)[coded.pos] != 0)


@dataclass(frozen=True, slots=True)
class Companion(Always):
    """Every diagnosis that wants a companion (`kind` of note) which is not on the claim at all.

    `key` is the number of the group's first note. `voices` says of which codes and groups that is worth a word, and
    `once` what has been said before.
    """

    kind: str
    tables: tuple[str, ...] = ("icd10cm-tabular",)
    voices: Voices | None = None
    once: Once | None = None

    def find(self, frame: Frame) -> Hits:
        """Hits with `right` -1."""
        wanted = _wanted(frame, self.kind, self.voices, self.once)
        absent = wanted.right < 0
        if not absent.all():
            at = np.flatnonzero(absent)
            wanted = _Wanted(wanted.left[at], wanted.group[at], wanted.right[at])
        # They are in order: of the diagnoses, and of the keys of what each wants.
        return Hits(wanted.left, wanted.right, frame.columns.companion(self.kind).keys[wanted.group])


@dataclass(frozen=True, slots=True)
class Order(Always):
    """Every diagnosis whose wanted companion stands after it, and none before it.

    `right` is the first such companion; `key` is the number of the group's first note. `voices` as those of the
    `Companion` beside it, so that both are answered by one search; they narrow nothing here.
    """

    kind: str
    tables: tuple[str, ...] = ("icd10cm-tabular",)
    voices: Voices | None = None

    def find(self, frame: Frame) -> Hits:
        """Hits (code, companion that should come first)."""
        wanted = _wanted(frame, self.kind, self.voices)
        late = np.flatnonzero(wanted.right >= 0)
        left, group = wanted.left[late], wanted.group[late]
        return sorted_hits(left, wanted.right[late], frame.columns.companion(self.kind).keys[group])
