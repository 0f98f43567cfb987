"""What the kernels read of one edition: class matrices, companion groups, sets, limits, sides.

Explanations never come from here: they are looked up in book.sqlite by the keys of the rows.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from claimwright.book.classes import Row, companion_groups, compress
from claimwright.book.notes import Moved, Note
from claimwright.book.references import ReferenceParser, Spans, merged
from claimwright.book.sides import LEFT, RIGHT, sides
from claimwright.book.tree import Tree
from claimwright.errors import RuleError
from claimwright.sources.lexicon import Lexicon

Arrays = dict[str, npt.NDArray[Any]]

PAIRS = {"integral-symptoms": ("symptom", "diagnosis"), "combination-codes": ("first", "second")}
"""Lexicons that state a relation between two families of codes: left and right key of a row."""


class LexiconSpans:
    """Resolves the code patterns of lexicon rows in one edition."""

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        self.parser = ReferenceParser(tree)

    def spans(self, patterns: str | Sequence[str]) -> Spans:
        """Intervals of `patterns`; those that do not exist in this edition are left out."""
        listed = [patterns] if isinstance(patterns, str) else patterns
        return merged(
            span for pattern in listed for reference in self.parser.parse(pattern) for span in reference.spans
        )


def edition_arrays(
    tree: Tree,
    notes: Sequence[Note],
    moved: Sequence[Moved],
    lexicons: Mapping[str, Lexicon],
    unspecified: frozenset[str],
) -> Arrays:
    """Every array of the edition by file name."""
    size = len(tree.nodes)
    resolve = LexiconSpans(tree)
    arrays: Arrays = {"leaf": np.array([node.leaf for node in tree.nodes]), "stem": _stems(tree)}
    arrays["side"], arrays["side_group"] = sides(tree, unspecified)
    arrays["chapter"] = _chapters(tree)
    pairs = {
        "excludes1": _note_rows(tree, notes, "excludes1", chapters=True),
        "excludes2": _note_rows(tree, notes, "excludes2", chapters=False),
        "moved": [
            Row(number, _below(tree, notes[each.note].holder), _below(tree, each.to))
            for number, each in enumerate(moved)
        ],
    }
    for name, (left, right) in PAIRS.items():
        lexicon = lexicons.get(name)
        rows = lexicon.rows if lexicon else ()
        pairs[name] = [
            Row(number, resolve.spans(row[left]), resolve.spans(row[right])) for number, row in enumerate(rows)
        ]
    for name, relation in pairs.items():
        matrix = compress(relation, size)
        arrays |= {f"{name}.{part}": array for part, array in matrix.arrays().items()}
    for kind in ("codeFirst", "useAdditionalCode"):
        groups = companion_groups(_groups(tree, notes, kind), size)
        arrays |= {f"{kind}.{part}": array for part, array in groups.arrays().items()}
    arrays["modifiers"], arrays["modifier_sides"] = _modifier_sides(lexicons.get("modifier-sides"))
    arrays["sets"] = _sets(lexicons.get("code-sets"), resolve, size)
    arrays["age_low"], arrays["age_high"] = _ages(lexicons.get("age-limits"), resolve, size)
    return arrays


def set_names(lexicon: Lexicon | None) -> list[str]:
    """Names of the code sets, in the order of their bits."""
    return sorted({row["set"] for row in lexicon.rows}) if lexicon else []


def _below(tree: Tree, pos: int) -> Spans:
    return ((pos, tree.nodes[pos].stop),)


def _note_rows(tree: Tree, notes: Sequence[Note], kind: str, chapters: bool) -> list[Row]:
    return [
        Row(note.number, _below(tree, note.holder), note.spans)
        for note in notes
        if note.kind == kind and note.spans and (chapters or tree.nodes[note.holder].kind != "chapter")
    ]


def _groups(tree: Tree, notes: Sequence[Note], kind: str) -> list[Row]:
    """Instructions to accompany a code; the key of a group is the number of its first note.

    Code first is satisfied by any code that the whole XML group names (the reasons for one order);
    use additional code by any that one headed run names (each run asks for another fact). The
    block note "for adverse effects" on T36-T50 speaks of order by intent and has a rule of its own.
    """
    groups: dict[tuple[int, int], list[Note]] = {}
    for note in notes:
        if note.kind == kind:
            groups.setdefault((note.holder, note.element if kind == "codeFirst" else note.run), []).append(note)
    return [
        Row(members[0].number, _below(tree, holder), merged(span for note in members for span in note.spans))
        for (holder, _), members in groups.items()
        if any(note.spans for note in members) and "for adverse effects" not in members[0].text
    ]


def _stems(tree: Tree) -> npt.NDArray[np.bool_]:
    """Nodes that only a seventh character makes into a code."""
    out = np.zeros(len(tree.nodes), dtype=np.bool_)
    for node in tree.leaves():
        if node.source < 0:
            out[node.parent] = True
    return out


def _modifier_sides(lexicon: Lexicon | None) -> tuple[npt.NDArray[np.bytes_], npt.NDArray[np.uint8]]:
    """Modifiers (S2, sorted) and the side each states (numbers of `sides`)."""
    number = {"left": LEFT, "right": RIGHT}
    found = sorted((m, number[row["side"]]) for row in (lexicon.rows if lexicon else ()) for m in row["modifiers"])
    return np.array([m for m, _ in found], dtype="S2"), np.array([side for _, side in found], dtype=np.uint8)


def _chapters(tree: Tree) -> npt.NDArray[np.uint8]:
    out = np.zeros(len(tree.nodes), dtype=np.uint8)
    for node in tree.nodes:
        if node.kind == "chapter":
            out[node.pos : node.stop] = int(node.code)
    return out


def _sets(lexicon: Lexicon | None, resolve: LexiconSpans, size: int) -> npt.NDArray[np.uint32]:
    out = np.zeros(size, dtype=np.uint32)
    names = set_names(lexicon)
    if len(names) > 32:
        raise RuleError("lexicons/code-sets.yaml: more than 32 sets")
    for row in lexicon.rows if lexicon else ():
        for start, stop in resolve.spans(row["codes"]):
            out[start:stop] |= np.uint32(1 << names.index(row["set"]))
    return out


def _ages(
    lexicon: Lexicon | None, resolve: LexiconSpans, size: int
) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8]]:
    low = np.zeros(size, dtype=np.uint8)
    high = np.full(size, 255, dtype=np.uint8)
    for row in lexicon.rows if lexicon else ():
        for start, stop in resolve.spans(row["codes"]):
            low[start:stop], high[start:stop] = row["low"], row["high"]
    return low, high


def lexicon_spans(
    tree: Tree, lexicons: Iterable[Lexicon], numbers: Mapping[tuple[str, int], int]
) -> list[tuple[int, str, int, int]]:
    """(row id, side, start, stop) of every code pattern of the pair, set and age lexicons."""
    resolve = LexiconSpans(tree)
    out = []
    for lexicon in lexicons:
        for ordinal, row in enumerate(lexicon.rows):
            for side in ("symptom", "diagnosis", "first", "second", "codes"):
                for start, stop in resolve.spans(row[side]) if side in row else ():
                    out.append((numbers[lexicon.name, ordinal], side, start, stop))
    return out
