"""The Alphabetic Index in a search: what its navigator finds, and how its list and the tabular one become one.

A book without an Index is searched by the tabular list and our rows of the Index.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING, NamedTuple

from claimwright.book.ranking import TOP, Scored
from claimwright.book.search_index import KINDS
from claimwright.model.codes import undotted

if TYPE_CHECKING:
    from claimwright.book.store import Book

_MOST = 10
_WHOLE = 0.999
INDEX, BOTH = 0.9, 0.1
"""What a walk of the whole question through the Index is worth, and what a second list adds."""
_OFFICIAL = "icd10cm-"
"""How the names of the documents of an added Index begin; our own rows of it are searched as they are."""


class IndexHit(NamedTuple):
    """An entry of the Index that leads to the node `pos`: its breadcrumb, and the rules on the way."""

    score: float
    pos: int
    matched: str
    via: tuple[str, ...]
    rules: tuple[str, ...]
    source: str


class IndexHits(NamedTuple):
    """Entries, best first; `loaded` when a whole Index was asked and not only our rows of it."""

    hits: tuple[IndexHit, ...] = ()
    loaded: bool = False


def index_hits(book: Book, edition: int, text: str, day: date, as_of: date | None) -> IndexHits:
    """What the navigator finds for the question as it was read."""
    from claimwright.book.navigate import navigate

    if not text:
        return IndexHits()
    walked = navigate(book, text, day, most=_MOST, as_of=as_of, titles=False).found
    found = [each for each in walked if each.source.startswith(_OFFICIAL)]
    out: dict[int, IndexHit] = {}
    for each in found:
        node = book.node(edition, undotted(each.code))
        share = min(1.0, each.score)
        if node and share > 0:
            trail = " > ".join(level.words for level in each.levels)
            out.setdefault(node.pos, IndexHit(share, node.pos, trail, tuple(each.via), tuple(each.rules), each.source))
    return IndexHits(tuple(out.values()), bool(found))


def fused(
    phrases: Sequence[Scored], entries: Sequence[IndexHit], most: int, billable: frozenset[int] = frozenset()
) -> list[tuple[float, Scored | IndexHit]]:
    """Both lists as one by score, each code once; at most `most`.

    A code scores what its better list gives it, and a little more when it is `billable` and the other list has
    it too: a family is printed with a dash for many codes, and must not push its codes down. It is told by the
    tabular wording where that covers the whole question as asked, else by the list that knows it better.
    """
    said = {each.pos: each for each in phrases}
    walked: dict[int, IndexHit] = {}
    for entry in entries:
        walked.setdefault(entry.pos, entry)
    out: list[tuple[float, Scored | IndexHit]] = []
    for pos in dict.fromkeys((*said, *walked)):
        phrase, path = said.get(pos), walked.get(pos)
        tabular = phrase.score / TOP if phrase else 0.0
        index = INDEX * path.score if path else 0.0
        best: Scored | IndexHit | None = phrase if path is None or tabular >= index or _whole(phrase) else path
        if best is not None:
            lift = BOTH * min(tabular, index) if pos in billable else 0.0
            out.append((max(tabular, index) + lift, best))
    out.sort(key=lambda each: (-round(each[0], 6), each[1].pos))
    return [(min(1.0, score), each) for score, each in out[:most]]


def _whole(phrase: Scored | None) -> bool:
    """Does an official wording of the tabular list cover the question in its own words?"""
    return phrase is not None and phrase.coverage >= _WHOLE and not phrase.turn and KINDS[phrase.kind] != "index"
