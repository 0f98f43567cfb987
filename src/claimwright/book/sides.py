"""Laterality of codes, read from their titles.

ICD-10-CM writes the side into the title ("Pain in right knee", "Age-related nuclear cataract,
bilateral"). Codes of one category whose titles differ only in the side form a group: the same
condition, left, right, bilateral or unspecified side.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from claimwright.book.tree import Node, Tree

NONE, LEFT, RIGHT, BILATERAL, UNSPECIFIED = range(5)

_SIDE = {"left": LEFT, "right": RIGHT, "bilateral": BILATERAL}
# Words that name the organ's side only in some members of a group ("right eye" beside "bilateral").
_DROPPED = frozenset(
    ("left", "right", "bilateral", "unilateral", "unspecified", "side", "both", "of", "in", "the", "and", "eye", "ear")
)


def sides(tree: Tree, unspecified: frozenset[str]) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int32]]:
    """Side and group of every position: uint8 and int32 [positions]; group 0 means "in no group".

    `unspecified` holds the codes that MCE flags as of unspecified side.
    """
    side = np.zeros(len(tree.nodes), dtype=np.uint8)
    group = np.zeros(len(tree.nodes), dtype=np.int32)
    numbers: dict[tuple[object, ...], int] = {}
    members: dict[int, set[int]] = {}
    for node in tree.leaves():
        found = {_SIDE[word] for word in _words(node.title) if word in _SIDE}
        if len(found) == 1:
            side[node.pos] = found.pop()
        elif not found and node.code in unspecified:
            side[node.pos] = UNSPECIFIED
        else:
            continue
        number = numbers.setdefault(_key(node), len(numbers) + 1)
        group[node.pos] = number
        members.setdefault(number, set()).add(int(side[node.pos]))
    lonely = [number for number, kinds in members.items() if not kinds & {LEFT, RIGHT}]
    group[np.isin(group, lonely)] = 0
    return side, group


def _words(title: str) -> list[str]:
    return re.findall(r"[a-z0-9]+", title.lower())


def _key(node: Node) -> tuple[object, ...]:
    words = frozenset(word.rstrip("s") for word in _words(node.title) if word not in _DROPPED)
    return node.code[:3], node.code[6:], words
