"""A code as the Index prints it, verified in the tabular list: the Index is not the last word.

A dash, or a code that is no billable one on the day, is a family: the words that were said choose among
its members (side, encounter, trimester...), and what they do not choose is an axis to ask. A code that
has ended leads to its successors. No member is chosen because it says "unspecified".
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import TYPE_CHECKING

from claimwright.book.index_store import index_of
from claimwright.book.index_words import content
from claimwright.book.store import node_of
from claimwright.model.codes import dotted, undotted

if TYPE_CHECKING:
    from claimwright.book.store import Book, NodeEntry

_AXES = (
    ("laterality", frozenset(("left", "right", "bilateral"))),
    ("encounter", frozenset(("encounter", "initial", "subsequent", "sequela"))),
    ("sex", frozenset(("male", "female"))),
    ("trimester", frozenset(("trimester",))),
    ("fetus", frozenset(("fetus",))),
)
_DEEPEST = 6
_MOST_FITTING = 6
_MOST_KEPT = 20_000


_MEMBERS = (
    "SELECT edition, pos, kind, code, title, parent, stop, seventh, made FROM node c WHERE edition = ? AND parent = ? "
    "AND EXISTS (SELECT 1 FROM node n CROSS JOIN registry r ON r.code = n.code WHERE n.edition = c.edition "
    "AND n.pos >= c.pos AND n.pos < c.stop AND r.starts <= ? AND (r.ends IS NULL OR r.ends >= ?)) ORDER BY pos"
)


@dataclass(frozen=True, slots=True)
class Verified:
    """`code` (no dot) as far as the words decide it; `rules` applied; `open_axes` that are left to ask.

    `known` is False when no edition has the code on the day.
    """

    code: str
    rules: tuple[str, ...]
    open_axes: tuple[str, ...]
    known: bool = True


def verify(
    book: Book, printed: str, said: frozenset[str], day: date, as_of: date | None = None, since: date | None = None
) -> Verified:
    """The code that `printed` leads to on `day`, with the words `said` (lower case) choosing among members.

    `since` is the first day of the edition that prints it: an end after that day is told.
    """
    edition, _ = book.edition_on(day, as_of)
    code = undotted(printed.rstrip("-"))
    rules: list[str] = []
    code, known = _in_force(book, edition.number, code, day, since, rules)
    if not known:
        return Verified(code, (*rules, "not in the tabular list on this day"), (), False)
    node = book.node(edition.number, code)
    if node is None or not members(book, node, day):
        return Verified(code, tuple(rules), ())
    dashed = printed.endswith("-")
    for _ in range(_DEEPEST):
        below = members(book, node, day)
        if not below:
            break
        chosen = below[0] if len(below) == 1 else _chosen(below, said)
        if chosen is None:
            axis = _axis(below)
            rules += [
                f"7th character asked: {axis}"
                if below[0].made
                else f"{'dash' if dashed else 'not billable'}: {axis} asked"
            ]
            if below[0].made and "X" in below[0].code[len(node.code) :]:
                rules.append("placeholder X")
            fitting = _fitting(book, below, said, day)
            if fitting:
                rules.append(f"what is said fits {', '.join(dotted(each) for each in fitting)}")
            return Verified(node.code, tuple(rules), (axis, *_further(book, below, day, axis)))
        if len(below) > 1:
            rules.append(f"{_axis(below)} said: {dotted(chosen.code)}")
        elif not dashed and not chosen.made:
            rules.append(f"the tabular list goes on to {dotted(chosen.code)}")
        node = chosen
    return Verified(node.code, tuple(rules), ())


def _in_force(book: Book, edition: int, code: str, day: date, since: date | None, rules: list[str]) -> tuple[str, bool]:
    """The code, or what it became by the day: a single successor, or the family that holds all of them."""
    for step in range(_DEEPEST):
        node = book.node(edition, code)
        ended = None if step else _ended(book, code, day)
        if ended and node is not None and (since is None or ended >= since):
            after = ", ".join(dotted(target) for target, _ in book.successors(code))
            rules.append(f"{dotted(code)} ended on {ended}" + (f", became {after}" if after else ""))
        if book.billable(code, day) or (node is not None and members(book, node, day)):
            return code, True
        became = [target for target, since in book.successors(code) if since <= day]
        if not became:
            break
        shared = became[0]
        for target in became[1:]:
            while not target.startswith(shared):
                shared = shared[:-1]
        rules.append(f"{dotted(code)} became {', '.join(dotted(target) for target in became)}")
        if len(shared) < 3 or (shared == code and node is None):
            return code, False
        code = shared
    return code, False


def _ended(book: Book, code: str, day: date) -> date | None:
    """The last day on which a code was billable, when that is past."""
    rows = book.registry(code)
    last = rows[-1].window.ends if rows else None
    return last if last and last < day else None


def members(book: Book, node: NodeEntry, day: date) -> list[NodeEntry]:
    """Children of a node under which some code is billable on the day."""
    store = index_of(book)
    key = ("members", node.edition, node.pos, day)
    found: list[NodeEntry] | None = store.kept.get(key)
    if found is None:
        if len(store.kept) > _MOST_KEPT:
            store.kept.clear()
        iso = day.isoformat()
        found = [node_of(row) for row in book.rows(_MEMBERS, (node.edition, node.pos, iso, iso))]
        store.kept[key] = found
    return found


def _words(node: NodeEntry) -> frozenset[str]:
    return _title_words(node.title)


@lru_cache(maxsize=20_000)
def _title_words(title: str) -> frozenset[str]:
    return frozenset(_plain(word) for word in content(title))


def _plain(word: str) -> str:
    return word[:-1] if len(word) > 3 and word.endswith("s") else word


def _chosen(below: list[NodeEntry], said: frozenset[str]) -> NodeEntry | None:
    """The one member whose own words are all said; None when no member or more than one is."""
    plain = {_plain(word) for word in said}
    words = [_words(child) for child in below]
    shared = frozenset.intersection(*words)
    fitting = []
    for child, mine in zip(below, words, strict=True):
        others = frozenset().union(*(other for other in words if other is not mine))
        own = mine - others
        apart = mine - shared
        alone = own and own <= plain and own - {"unspecified", "other"}
        if alone or (not own and apart and apart <= plain):
            fitting.append((child, apart))
    if len(fitting) > 1:
        most = max(len(words) for _, words in fitting)
        fitting = [each for each in fitting if len(each[1]) == most]
    return fitting[0][0] if len(fitting) == 1 else None


def _axis(below: list[NodeEntry]) -> str:
    words = [_words(child) for child in below]
    differing = frozenset().union(*words) - frozenset.intersection(*words)
    for name, marks in _AXES:
        if differing & marks:
            return name
    return "specificity"


def _fitting(book: Book, below: list[NodeEntry], said: frozenset[str], day: date) -> list[str]:
    """Codes under several members that the words choose below each: `left`, whatever the sex."""
    out = []
    for child in below:
        further = members(book, child, day)
        chosen = _chosen(further, said) if len(further) > 1 else None
        if chosen is not None:
            out.append(chosen.code)
    return out[:_MOST_FITTING]


def _further(book: Book, below: list[NodeEntry], day: date, axis: str) -> tuple[str, ...]:
    """Axes that every member goes on to leave open."""
    out: list[str] = []
    level = below
    for _ in range(_DEEPEST):
        first = next((found for child in level if (found := members(book, child, day))), [])
        if not first:
            break
        if len(first) > 1:
            name = _axis(first)
            if name not in (axis, *out):
                out.append(name)
        level = first
    return tuple(out)
