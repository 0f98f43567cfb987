"""Which claims have been read already, by the number that stands for their name: rows of one claim stand together."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import blake2b

import numpy as np
import numpy.typing as npt

Keys = npt.NDArray[np.uint64]

RECENT = 65_536
"""Keys held one by one before they are sorted away: eight bytes each from then on."""


def key_of(name: str) -> int:
    """64 bits that stand for a name, the same in every process."""
    return int.from_bytes(blake2b(name.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "little")


class Seen:
    """A set of 64-bit keys that grows by eight bytes a key."""

    def __init__(self) -> None:
        """Nothing has been seen."""
        self._recent: set[int] = set()
        self._sorted: list[Keys] = []

    def add(self, key: int) -> bool:
        """Add a key; was it there before?"""
        if key in self._recent or any(_holds(each, key) for each in self._sorted):
            return True
        self._recent.add(key)
        if len(self._recent) >= RECENT:
            self._put_away()
        return False

    def add_all(self, keys: Iterable[int]) -> list[bool]:
        """Add keys in order; which of them were there before?"""
        return [self.add(each) for each in keys]

    def _put_away(self) -> None:
        """Sorted arrays of doubling size: few of them to look into, each key moved a few times."""
        held = np.fromiter(self._recent, dtype=np.uint64, count=len(self._recent))
        held.sort()
        self._recent.clear()
        while self._sorted and len(self._sorted[-1]) <= len(held):
            held = np.sort(np.concatenate([self._sorted.pop(), held]))
        self._sorted.append(held)


def _holds(keys: Keys, key: int) -> bool:
    at = int(keys.searchsorted(np.uint64(key)))
    return at < len(keys) and int(keys[at]) == key
