"""The Alphabetic Index in a search: what its navigator finds, and how the two lists are taken in turn.

A book without a navigator or an Index is searched by the tabular list alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple

from claimwright.book.ranking import COVERAGE, PRECISION, Scored
from claimwright.book.search_index import KINDS
from claimwright.model.codes import undotted

if TYPE_CHECKING:
    from claimwright.book.store import Book

NAVIGATOR = "claimwright.book.navigate"
_MOST = 10
_WHOLE = 0.999
_TERMS_ONLY = "index-terms"


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
    navigate = _navigator()
    if navigate is None or not text:
        return IndexHits()
    found = [each for each in navigate(book, text, day, most=_MOST, as_of=as_of).found if each.source != _TERMS_ONLY]
    best = max((each.score for each in found), default=0.0)
    out: dict[int, IndexHit] = {}
    for each in found:
        node = book.node(edition, undotted(each.code))
        if node and best > 0:
            share = max(0.0, min(1.0, each.score / best)) * (COVERAGE + PRECISION)
            trail = " > ".join(level.words for level in each.levels)
            out.setdefault(node.pos, IndexHit(share, node.pos, trail, tuple(each.via), tuple(each.rules), each.source))
    return IndexHits(tuple(out.values()), bool(found))


def _navigator() -> Any:
    """`navigate`, or None in a release without it."""
    try:
        return import_module(NAVIGATOR).navigate
    except ModuleNotFoundError as error:
        if error.name != NAVIGATOR:
            raise
        return None


def in_turn(phrases: Sequence[Scored], entries: Sequence[IndexHit], most: int) -> Iterator[Scored | IndexHit]:
    """Both lists, one of each at a time, each code once.

    The Index goes first, unless the best phrase is the question word for word. A code of both lists keeps
    the wording of the tabular list where that covers the whole question, and the breadcrumb otherwise.
    """
    if not entries:
        yield from phrases[:most]
        return
    official = [each for each in phrases if KINDS[each.kind] != "index"]
    whole = {each.pos: each for each in official if each.coverage >= _WHOLE and not each.turn}
    literal = bool(phrases) and phrases[0].pos in whole and phrases[0].precision >= _WHOLE
    seen: set[int] = set()
    left: list[Sequence[Scored | IndexHit]] = [phrases, entries] if literal else [entries, phrases]
    for index in range(max(len(phrases), len(entries))):
        for side in left:
            if index < len(side) and side[index].pos not in seen and len(seen) < most:
                each = side[index]
                seen.add(each.pos)
                yield whole.get(each.pos, each)
