"""The loops that numba compiles; imported by `compiled` alone, for numba takes a quarter of a second to import.

Each does in one pass over the claims what its caller does in many passes of numpy, and gives the same arrays in the
same order. Signatures are fixed, so that importing this module compiles, or reads what was compiled before.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

import numba
import numpy as np
from numba import types

from claimwright.edits.compiled import cache_folder
from claimwright.edits.outcomes import AS_STATED

config: Any = import_module("numba").config  # its stubs do not tell what is in there
_HELD = config.CACHE_DIR
config.CACHE_DIR = _HELD or str(cache_folder())


def _in(kind: Any, dimensions: int = 1) -> Any:
    """An array that is only read: those of the book are mapped from files, and cannot be written to."""
    return types.Array(kind, dimensions, "C", readonly=True)


_BOOL, _I1, _I2, _I4, _I8 = (_in(each) for each in (types.boolean, types.int8, types.int16, types.int32, types.int64))
_U1, _U8 = _in(types.uint8), _in(types.uint64)


def _kernel(*arguments: Any) -> Any:
    return numba.njit(arguments, cache=True, nogil=True, boundscheck=False)


@_kernel(_I4, _I4, _I4, _U8, _U8)
def _meeting(entry, claim, kinds, barred, bucket):  # type: ignore[no-untyped-def]
    """Diagnoses with an earlier one on their claim in a bucket that their kind has to do with."""
    found = np.empty(len(entry) + 1, np.int32)
    held, here, last = 0, np.uint64(0), np.int32(-1)
    for at in range(len(entry)):
        kind = kinds[entry[at]]
        if claim[at] != last:
            here = np.uint64(0)
        last = claim[at]
        found[held] = at
        held += (barred[kind] & here) != 0  # without a branch: which way it goes cannot be foreseen
        here |= bucket[kind]
    return found[:held].copy()


@_kernel(_I4, _I4, _I8, _I4, _I4, _BOOL, types.int64)
def _near(later, entry, offsets, claim, kinds, coarse, across):  # type: ignore[no-untyped-def]
    """Pairs (one, two) of these diagnoses with the earlier ones of their claims, where their blocks hold anything."""
    room, held = 1, 0
    for two in later:
        room += two - offsets[claim[two]]
    left, right = np.empty(room, np.int32), np.empty(room, np.int32)
    for two in later:
        first = offsets[claim[two]]
        row = (kinds[entry[two]] >> 3) * across
        for one in range(first, two):
            kind = kinds[entry[one]]
            left[held], right[held] = one, two
            held += (kind >= 0) & coarse[row + (kind >> 3)]
    return left[:held], right[:held]


@_kernel(_I4, _I8, _I4, _I4, _I4, _U8, _U8, _BOOL, types.int64, _in(types.uint64, 2), types.uint8)
def _pairs(entry, offsets, claim, kinds, codes, barred, bucket, coarse, across, tiles, same):  # type: ignore[no-untyped-def]
    left, right = _near(_meeting(entry, claim, kinds, barred, bucket), entry, offsets, claim, kinds, coarse, across)
    bits = np.empty(len(left), np.uint8)
    held = 0
    for number in range(len(left)):
        one, two = left[number], right[number]
        low, high = kinds[entry[one]], kinds[entry[two]]
        tile = (high >> 3) * across + (low >> 3)
        cell = np.uint64(((high & 7) << 3) | (low & 7))
        if codes[entry[one]] == codes[entry[two]]:
            found = same if (tiles[-1, tile] >> cell) & np.uint64(1) else np.uint8(0)
        else:
            found = np.uint8(0)
            for bit in range(len(tiles) - 1):
                found |= np.uint8(((tiles[bit, tile] >> cell) & np.uint64(1)) << np.uint64(bit))
        if found == 0:
            continue
        # In order of the left one: behind those of this claim that have no greater left end.
        at = held
        while at > 0 and left[at - 1] > one:
            left[at], right[at], bits[at] = left[at - 1], right[at - 1], bits[at - 1]
            at -= 1
        left[at], right[at], bits[at] = one, two, found
        held += 1
    return left[:held].copy(), right[:held].copy(), bits[:held].copy()


@_kernel(
    *(_I4, _I8, _I4, _U1, _I4, _I4, _I4, _I4, _I4, _I4, _in(types.boolean, 2), _U8, _U8, _U1, _I4, _I4, _I8, _BOOL)
)
def _wants(  # type: ignore[no-untyped-def]
    entry, offsets, claim, met, begins, ends, columns, codes, pos, members, satisfied, sought, given, groups,
    start, stop, words, rivals,
):  # fmt: skip
    asking = np.empty(len(entry) + 1, np.int32)
    present = np.zeros(len(offsets), np.uint64)
    many = 0
    for at in range(len(entry)):
        own = entry[at]
        asking[many] = at
        many += met[own] >> 7  # without a branch: which way it goes cannot be foreseen
        present[claim[at]] |= given[columns[own]]
    room, held = 1, 0
    for at in asking[:many]:
        room += ends[entry[at]] - begins[entry[at]]
    left, group, right = np.empty(room, np.int32), np.empty(room, np.int32), np.empty(room, np.int32)
    for at in asking[:many]:
        own, of = entry[at], claim[at]
        first = offsets[of]
        for member in range(begins[own], ends[own]):
            wanted, answer = members[member], -1
            if sought[wanted] & present[of]:
                for other in range(first, offsets[of + 1]):
                    if satisfied[wanted, columns[entry[other]]] and codes[entry[other]] != codes[own]:
                        answer = other
                        break
            speaks = answer < 0 and (groups[wanted] & met[own]) != 0
            if len(start) > 0:
                low, high = start[wanted], stop[wanted]
                for other in range(first, at):
                    place = pos[entry[other]]
                    speaks &= place < low or place >= high
                if rivals[member]:
                    before = held - 1
                    while speaks and before >= 0 and left[before] == at:
                        speaks = right[before] >= 0 or words[group[before]] != words[wanted]
                        before -= 1
            left[held], group[held], right[held] = at, wanted, answer
            held += speaks or answer > at
    return left[:held].copy(), group[:held].copy(), right[:held].copy()


_SEQUENCE = np.uint64(0x03F79D71B4CB0A89)
"""Holds every number of six bits once: times a power of two, its top six bits tell which power (de Bruijn)."""
_BIT = np.zeros(64, np.int64)
_BIT[[(int(_SEQUENCE) << bit & 0xFFFFFFFFFFFFFFFF) >> 58 for bit in range(64)]] = np.arange(64)


@_kernel(_I4, _I8, _I4, _U8, types.int64, types.uint64, types.uint64, _U8)
def _sorted_by_bit(entry, offsets, claim, words, bits, always, firsts, both):  # type: ignore[no-untyped-def]
    # One pass for each step, without branches: which way one goes cannot be foreseen.
    met = np.zeros(len(offsets), np.uint64)
    for at in range(len(entry)):
        met[claim[at]] |= words[entry[at]]
    for of in range(len(offsets) - 1):
        wanted = always
        for pair in both:
            wanted |= pair if met[of] & pair == pair else np.uint64(0)
        met[of] = wanted
    marked, kept, held = np.empty(len(entry) + 1, np.int32), np.empty(len(entry) + 1, np.uint64), 0
    last = np.int32(-1)
    for at in range(len(entry)):
        of = claim[at]
        word = words[entry[at]] & (met[of] | (firsts if of != last else np.uint64(0)))
        last = of
        marked[held], kept[held] = at, word
        held += word != 0
    into = np.zeros(bits + 1, np.int64)
    for each in kept[:held]:
        word = each
        while word != 0:
            low = word & (~word + np.uint64(1))
            into[_BIT[(low * _SEQUENCE) >> np.uint64(58)] + 1] += 1
            word ^= low
    offsets_of_bits = np.cumsum(into)
    sorted_, into = np.empty(offsets_of_bits[-1], np.int64), offsets_of_bits[:-1].copy()
    for number in range(held):
        word = kept[number]
        while word != 0:
            low = word & (~word + np.uint64(1))
            bit = _BIT[(low * _SEQUENCE) >> np.uint64(58)]
            sorted_[into[bit]] = marked[number]
            into[bit] += 1
            word ^= low
    return offsets_of_bits, sorted_


@_kernel(_I8, _I8, _I4)
def _with_each(left, others, claim):  # type: ignore[no-untyped-def]
    room = 0
    for step in range(2):
        if step == 1:
            ones, twos = np.empty(room, np.int64), np.empty(room, np.int64)
        held, begin = 0, 0
        for one in left:
            while begin < len(others) and claim[others[begin]] < claim[one]:
                begin += 1
            at = begin
            while at < len(others) and claim[others[at]] == claim[one]:
                if step == 1:
                    ones[held], twos[held] = one, others[at]
                held += 1
                at += 1
        room = held
    return ones, twos


@_kernel(_I4, _I4, _BOOL)
def _entries(number, entries, varies):  # type: ignore[no-untyped-def]
    entry, varying, held = np.empty(len(number), np.int32), np.empty(len(number) + 1, np.int64), 0
    for at in range(len(number)):
        entry[at] = entries[number[at]]
        varying[held] = at
        held += varies[number[at]]
    return entry, varying[:held].copy()


@_kernel(_I4, _I4, _I8, _I4)
def _alike(entry, claim, offsets, values):  # type: ignore[no-untyped-def]
    maybe, held = np.empty(len(entry) + 1, np.int32), 0
    here, last = np.uint64(0), np.int32(-1)
    for at in range(len(entry)):
        value = values[entry[at]]
        if claim[at] != last:
            here = np.uint64(0)
        last = claim[at]
        bucket = (np.uint64(1) << np.uint64(value & 63)) if value >= 0 else np.uint64(0)
        maybe[held] = at
        held += (bucket & here) != 0
        here |= bucket
    left, right, many = np.empty(held, np.int32), np.empty(held, np.int32), 0
    for at in maybe[:held]:
        for other in range(offsets[claim[at]], at):
            if values[entry[other]] == values[entry[at]]:
                left[many], right[many] = at, other
                many += 1
                break
    return left[:many].copy(), right[:many].copy()


@_kernel(_I4, _I8)
def _repeated(claim, value):  # type: ignore[no-untyped-def]
    out = np.zeros(len(claim), np.bool_)
    begin = 0
    while begin < len(claim):
        end = begin + 1
        again = False
        while end < len(claim) and claim[end] == claim[begin]:
            for other in range(begin, end):
                again |= value[other] == value[end]
            end += 1
        if again:
            out[begin:end] = True
        begin = end
    return out


@_kernel(_I4, _I1, _I2, _I4, _I4, _I4, types.int64)
def _ordered(claim, grade, rule, counts, positions, codes, size):  # type: ignore[no-untyped-def]
    many = len(claim)
    into = np.zeros(size + 1, np.int64)
    for of in claim:
        into[of + 1] += 1
    into = np.cumsum(into)
    begins = into[:-1].copy()
    starts = np.empty(many, np.int64)
    # Findings of each claim as one number each: what they are ordered by, and in the low half which they are.
    slots = np.empty(many, np.int64)
    total = 0
    for at in range(many):
        starts[at] = total
        first = min(positions[total], 1023) if counts[at] > 0 else 0
        second = min(positions[total + 1], 1023) if counts[at] > 1 else 0
        total += counts[at]
        slot = (((np.int64(grade[at]) * 1024 + first) * 1024 + second) * 128 + rule[at]) << 32 | at
        of = claim[at]
        to = into[of]
        into[of] += 1
        while to > begins[of] and slots[to - 1] > slot:
            slots[to] = slots[to - 1]
            to -= 1
        slots[to] = slot
    order, offsets = np.empty(many, np.int64), np.empty(many + 1, np.int64)
    placed, coded = np.empty(total, np.int32), np.empty(total, np.int32)
    offsets[0] = to = 0
    for number in range(many):
        at = slots[number] & 0xFFFFFFFF
        order[number] = at
        for step in range(starts[at], starts[at] + counts[at]):
            placed[to], coded[to] = positions[step], codes[step]
            to += 1
        offsets[number + 1] = to
    return order, offsets, placed, coded


@_kernel(_I1, types.int8, _I4, _I4, _I4, _I8, _I4, _I4)
def _settled(rank, stated, left, right, claim, offsets, entry, codes):  # type: ignore[no-untyped-def]
    many = len(rank)
    owner, ranks, counts = np.empty(many, np.int32), np.empty(many, np.int8), np.empty(many, np.int32)
    positions, coded = np.empty(2 * many, np.int32), np.empty(2 * many, np.int32)
    ends = np.empty(2 * many, np.int32)
    held, total = 0, 0
    for number in range(many):
        one, two = left[number], right[number]
        of = claim[one]
        first = offsets[of] - 1
        if two >= 0 and two < one:
            one, two = two, one
        owner[held], counts[held] = of, 1 + (two >= 0)
        ranks[held] = stated if rank[number] == AS_STATED else rank[number]
        kept = rank[number] >= 0
        ends[total], positions[total], coded[total] = one, one - first, codes[entry[one]]
        total += kept
        if two >= 0:
            ends[total], positions[total], coded[total] = two, two - first, codes[entry[two]]
            total += kept
        held += kept
    return owner[:held], ranks[:held], counts[:held], ends[:total], positions[:total], coded[:total]


class Loops:
    """The compiled kernels; who calls them says what they take and give."""

    pairs = staticmethod(_pairs)
    wants = staticmethod(_wants)
    sorted_by_bit = staticmethod(_sorted_by_bit)
    entries = staticmethod(_entries)
    with_each = staticmethod(_with_each)
    alike = staticmethod(_alike)
    ordered = staticmethod(_ordered)
    repeated = staticmethod(_repeated)
    settled = staticmethod(_settled)


config.CACHE_DIR = _HELD
