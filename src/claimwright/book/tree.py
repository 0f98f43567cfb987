"""The tree of one tabular edition: chapters, blocks, categories, subcategories, codes.

Nodes are numbered in pre-order, so that "everything under N" is the interval [pos, stop) and the
order is the tabular one: C4A stands between C43 and C44, which no string comparison knows.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from claimwright.model import undotted
from claimwright.sources.tabular import ExtensionRow, Tabular


@dataclass(slots=True)
class Node:
    """One place in the tree.

    `code` has no dot; a chapter's is its number, a block's its range. `parent` is a position
    (-1 for chapters), `stop` the position after the last descendant. `kind` is chapter, block,
    category, subcategory or code; only a code has no children. `source` is the index of the row in
    the tabular file, -1 for a code made by a seventh character; `seventh` the position of the
    node whose seventh characters apply, -1 where none do.
    """

    pos: int
    kind: str
    code: str
    title: str
    parent: int
    source: int
    stop: int = 0
    seventh: int = -1
    leaf: bool = False


@dataclass(slots=True)
class Tree:
    """All nodes of one edition by position, and where a name leads."""

    nodes: list[Node]
    extensions: dict[int, list[ExtensionRow]] = field(default_factory=dict)
    phantoms: list[str] = field(default_factory=list)
    where: dict[str, int] = field(default_factory=dict)
    position_of_row: list[int] = field(default_factory=list)

    def path(self, pos: int) -> Iterator[int]:
        """The node at `pos` and its ancestors, nearest first."""
        while pos >= 0:
            yield pos
            pos = self.nodes[pos].parent

    def leaves(self) -> Iterator[Node]:
        """The codes, in tabular order."""
        return (node for node in self.nodes if node.leaf)


def grow(tabular: Tabular, registered: frozenset[str]) -> Tree:
    """The tree of `tabular` with seventh characters written out.

    `registered` holds every code the dated registry ever lists, without dots. A combination of
    stem and seventh character that it does not know is a phantom (S06.-7 and S06.-8: death before
    regaining consciousness takes `A` only, which the XML does not say) and is left out.
    """
    grower = _Grower(tabular, registered)
    for index, row in enumerate(tabular.nodes):
        if row.parent < 0:
            grower.add(index, -1, -1)
    return grower.tree


class _Grower:
    def __init__(self, tabular: Tabular, registered: frozenset[str]) -> None:
        self.tabular, self.registered = tabular, registered
        self.children: list[list[int]] = [[] for _ in tabular.nodes]
        for index, row in enumerate(tabular.nodes):
            if row.parent >= 0:
                self.children[row.parent].append(index)
        self.extensions: dict[int, list[ExtensionRow]] = {}
        for extension in tabular.extensions:
            self.extensions.setdefault(extension.node, []).append(extension)
        self.order = {undotted(row.name): index for index, row in enumerate(tabular.nodes) if row.kind == "diag"}
        self._nest_umbrellas()
        self.tree = Tree(nodes=[], position_of_row=[-1] * len(tabular.nodes))

    def _nest_umbrellas(self) -> None:
        """Put sections under the childless section whose range holds them.

        Twelve section elements hold no diag (C00-C96, V00-V99, T20-T32 ...): they are headings over
        the sections that follow, and four of them carry notes that hold for all of those.
        """
        for chapter, row in enumerate(self.tabular.nodes):
            if row.kind != "chapter":
                continue
            open_umbrellas: list[int] = []
            kept: list[int] = []
            for section in self.children[chapter]:
                while open_umbrellas and not self._holds(open_umbrellas[-1], section):
                    open_umbrellas.pop()
                (self.children[open_umbrellas[-1]] if open_umbrellas else kept).append(section)
                if not self.children[section]:
                    open_umbrellas.append(section)
            self.children[chapter] = kept

    def _holds(self, umbrella: int, section: int) -> bool:
        low, high = self._ends(umbrella)
        first, last = self._ends(section)
        return low <= first and last <= high

    def _ends(self, section: int) -> tuple[str, str]:
        first, _, last = self.tabular.nodes[section].name.partition("-")
        return first, last or first

    def add(self, index: int, parent: int, seventh: int) -> None:
        """The node of tabular row `index` and everything below it."""
        row = self.tabular.nodes[index]
        nodes = self.tree.nodes
        pos = len(nodes)
        children = self.children[index]
        if index in self.extensions:
            seventh = pos
            self.tree.extensions[pos] = self.extensions[index]
        code = undotted(row.name) if row.kind == "diag" else row.name
        stem = row.kind == "diag" and not children and seventh >= 0 and len(code) < 7
        leaf = row.kind == "diag" and not children and not stem
        kind = row.kind if row.kind != "diag" else "code" if leaf else "category" if len(code) == 3 else "subcategory"
        nodes.append(Node(pos, kind, code, row.title, parent, index, seventh=seventh, leaf=leaf))
        self.tree.position_of_row[index] = pos
        # A block of one category (B20, Z68) shares its name with the category: the category wins.
        if row.kind == "diag" or code not in self.tree.where:
            self.tree.where[code] = pos
        for child in children:
            self.add(child, pos, seventh)
        if stem:
            self._expand(nodes[pos])
        nodes[pos].stop = len(nodes)

    def _expand(self, stem: Node) -> None:
        for extension in self.tree.extensions[stem.seventh]:
            code = stem.code.ljust(6, "X") + extension.character
            if code not in self.registered:
                self.tree.phantoms.append(code)
                continue
            pos = len(self.tree.nodes)
            words = extension.text.split(";")[0]
            self.tree.nodes.append(
                Node(pos, "code", code, f"{stem.title}, {words}", stem.pos, -1, pos + 1, stem.seventh, leaf=True)
            )
            self.tree.where[code] = pos
