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


@_kernel(_I4, _I8, _I4, _I4, _U1, types.int64, _BOOL, types.int64, types.uint8)
def _pairs(entry, offsets, kinds, codes, matrix, width, coarse, across, same):  # type: ignore[no-untyped-def]
    room = 1024
    left, right, bits = np.empty(room, np.int64), np.empty(room, np.int64), np.empty(room, np.uint8)
    held = 0
    own = np.empty(64, np.int64)
    for claim in range(len(offsets) - 1):
        first, last = offsets[claim], offsets[claim + 1]
        if last - first > len(own):
            own = np.empty(2 * (last - first), np.int64)
        for two in range(last - first):
            kind = np.int64(kinds[entry[first + two]])
            own[two] = kind
            if kind < 0:
                continue
            row = (kind >> 3) * across
            for one in range(two):
                other = own[one]
                if other < 0 or not coarse[row + (other >> 3)]:
                    continue
                found = matrix[kind * width + other]
                if found == 0:
                    continue
                if codes[entry[first + one]] == codes[entry[first + two]]:
                    found = same
                else:
                    found &= same - np.uint8(1)
                    if found == 0:
                        continue
                if held == room:
                    room *= 2
                    lefts, rights, more = np.empty(room, np.int64), np.empty(room, np.int64), np.empty(room, np.uint8)
                    lefts[:held], rights[:held], more[:held] = left, right, bits
                    left, right, bits = lefts, rights, more
                # In order of the left one: behind those of this claim that have no greater left end.
                at = held
                while at > 0 and left[at - 1] > first + one:
                    left[at], right[at], bits[at] = left[at - 1], right[at - 1], bits[at - 1]
                    at -= 1
                left[at], right[at], bits[at] = first + one, first + two, found
                held += 1
    return left[:held].copy(), right[:held].copy(), bits[:held].copy()


@_kernel(_I4, _I8, _I4, _I4, _I4, _I4, _I4, _in(types.boolean, 2))
def _wants(entry, offsets, begins, ends, columns, codes, members, satisfied):  # type: ignore[no-untyped-def]
    room = len(entry) // 4 + 1024
    left, group, right = np.empty(room, np.int32), np.empty(room, np.int32), np.empty(room, np.int32)
    held = 0
    column, place = np.empty(64, np.int64), np.empty(64, np.int64)
    for claim in range(len(offsets) - 1):
        first, last = offsets[claim], offsets[claim + 1]
        if last - first > len(column):
            column, place = np.empty(2 * (last - first), np.int64), np.empty(2 * (last - first), np.int64)
        many = -1
        for at in range(first, last):
            own = entry[at]
            if begins[own] == ends[own]:
                continue
            if many < 0:
                many = 0
                for other in range(first, last):
                    found = columns[entry[other]]
                    column[many], place[many] = found, other
                    many += found != 0
            while held + ends[own] - begins[own] > room:
                room *= 2
                lefts, groups, rights = np.empty(room, np.int32), np.empty(room, np.int32), np.empty(room, np.int32)
                lefts[:held], groups[:held], rights[:held] = left[:held], group[:held], right[:held]
                left, group, right = lefts, groups, rights
            for member in range(begins[own], ends[own]):
                wanted, answer = members[member], np.int64(-1)
                for number in range(many):
                    if satisfied[wanted, column[number]] and codes[entry[place[number]]] != codes[own]:
                        answer = place[number]
                        break
                if answer < 0 or answer > at:
                    left[held], group[held], right[held] = at, wanted, answer
                    held += 1
    return left[:held].copy(), group[:held].copy(), right[:held].copy()


_SEQUENCE = np.uint64(0x03F79D71B4CB0A89)
"""Holds every number of six bits once: times a power of two, its top six bits tell which power (de Bruijn)."""
_BIT = np.zeros(64, np.int64)
_BIT[[(int(_SEQUENCE) << bit & 0xFFFFFFFFFFFFFFFF) >> 58 for bit in range(64)]] = np.arange(64)


@_kernel(_U8, _I8, types.int64)
def _sorted_by_bit(words, numbers, bits):  # type: ignore[no-untyped-def]
    offsets = np.zeros(bits + 1, np.int64)
    for each in words:
        word = each
        while word != 0:
            low = word & (~word + np.uint64(1))
            offsets[_BIT[(low * _SEQUENCE) >> np.uint64(58)] + 1] += 1
            word ^= low
    offsets = np.cumsum(offsets)
    at = np.empty(offsets[-1], np.int64)
    into = offsets[:-1].copy()
    for number in range(len(words)):
        word = words[number]
        while word != 0:
            low = word & (~word + np.uint64(1))
            bit = _BIT[(low * _SEQUENCE) >> np.uint64(58)]
            at[into[bit]] = numbers[number]
            into[bit] += 1
            word ^= low
    return offsets, at


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
def _ordered(claim, rank, rule, counts, positions, codes, size):  # type: ignore[no-untyped-def]
    many = len(claim)
    into = np.zeros(size + 1, np.int64)
    starts = np.empty(many, np.int64)
    keys = np.empty(many, np.int64)
    total = 0
    for at in range(many):
        into[claim[at] + 1] += 1
        starts[at] = total
        key = (np.int64(rank[at]) * 1024 + positions[total]) * 128 + rule[at]
        total += counts[at]
        keys[at] = key * 1024 + positions[total - 1]
    into = np.cumsum(into)
    order = np.empty(many, np.int64)
    begins = into[:-1].copy()
    for at in range(many):
        # Behind all of its claim that have no greater key: findings of a claim are few.
        to = into[claim[at]]
        into[claim[at]] += 1
        while to > begins[claim[at]] and keys[order[to - 1]] > keys[at]:
            order[to] = order[to - 1]
            to -= 1
        order[to] = at
    offsets = np.empty(many + 1, np.int64)
    placed, coded = np.empty(total, np.int32), np.empty(total, np.int32)
    offsets[0] = 0
    for number in range(many):
        at, to = order[number], offsets[number]
        for step in range(counts[at]):
            placed[to + step], coded[to + step] = positions[starts[at] + step], codes[starts[at] + step]
        offsets[number + 1] = to + counts[at]
    return order, offsets, placed, coded


@_kernel(_I4, _I4, _I4, _I8, _I4, _I4, _I1, _BOOL, _BOOL, _I4, _I4, _I8)
def _asks(left, group, claim, offsets, entry, pos, meant, able, drugged, start, stop, words):  # type: ignore[no-untyped-def]
    out = np.zeros(len(left), np.bool_)
    for number in range(len(left)):
        at, asked = left[number], group[number]
        own = entry[at]
        if not ((meant[asked] == 1 and able[own]) or (meant[asked] == 2 and drugged[own])):
            continue
        speaks = True
        for other in range(offsets[claim[at]], at):
            place = pos[entry[other]]
            if start[asked] <= place and place < stop[asked]:
                speaks = False
                break
        before = number - 1
        while speaks and before >= 0 and left[before] == at:
            speaks = not (out[before] and words[group[before]] == words[asked])
            before -= 1
        out[number] = speaks
    return out


class Loops:
    """The compiled kernels; who calls them says what they take and give."""

    pairs = staticmethod(_pairs)
    wants = staticmethod(_wants)
    sorted_by_bit = staticmethod(_sorted_by_bit)
    ordered = staticmethod(_ordered)
    repeated = staticmethod(_repeated)
    asks = staticmethod(_asks)


config.CACHE_DIR = _HELD
