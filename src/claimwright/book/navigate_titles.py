"""Titles and inclusion terms as one-step paths, for a book without the Alphabetic Index."""

from __future__ import annotations

from typing import TYPE_CHECKING

from claimwright.book.index_evidence import Evidence
from claimwright.book.index_words import SMALL
from claimwright.book.search_index import EDITION_BITS, KINDS, NOTE_TEXTS, unpack
from claimwright.book.words import STOP_WORDS, stems

if TYPE_CHECKING:
    from claimwright.book.store import Book

_SHORTLIST = 60
_MOST_KINDS = KINDS.index("index")
"""Titles and inclusion terms; index terms are walked, not searched."""
SOURCES = ("tabular title", "inclusion term")


def by_titles(book: Book, evidence: Evidence, edition: int, most: int) -> list[tuple[str, str, str, float]]:
    """(code, wording, source, score) of the wordings that the phrase says best, in a fixed order.

    The score is that of a path: weight of the words said less the weight of words that were not.
    """
    said = sorted(word for word in evidence.words if word not in SMALL | STOP_WORDS)
    stem_of = stems(said)
    if not stem_of:
        return []
    asked = sorted(set(stem_of.values()))
    marks = ", ".join("?" * len(asked))
    known: dict[int, float] = dict(book.rows(f"SELECT id, weight FROM stem WHERE stem IN ({marks})", asked))
    if not known:
        return []
    total = sum(known.values()) + 6.0 * (len(asked) - len(known))
    match = " OR ".join(f'"{word}"' for word in said)
    sql = (
        "SELECT p.pos, p.kind, p.source, p.weight, p.stems FROM (SELECT rowid AS id FROM phrase_words WHERE "
        "phrase_words MATCH ? AND rowid >= ? AND rowid < ? ORDER BY rank LIMIT ?) f JOIN phrase p ON p.id = f.id "
        "WHERE p.kind < ? ORDER BY p.id"
    )
    low = edition << EDITION_BITS
    out = []
    for pos, kind, source, weight, blob in book.rows(
        sql, (match, low, low + (1 << EDITION_BITS), _SHORTLIST, _MOST_KINDS)
    ):
        count, *held = unpack(blob)
        needed = held[:count]
        covered = sum(known.get(stem, 0.0) for stem in set(held))
        missing = weight - sum(known.get(stem, 0.0) for stem in set(needed))
        score = round((covered - max(0.0, missing)) / total, 4)
        if score > 0:
            out.append((score, pos, kind, source))
    out.sort(key=lambda each: (-each[0], each[1], each[2]))
    answer = []
    for score, pos, kind, source in out[:most]:
        node = book.node_at(edition, pos)
        answer.append((node.code, _wording(book, edition, kind, source, node.title), SOURCES[kind], score))
    return answer


def _wording(book: Book, edition: int, kind: int, source: int, title: str) -> str:
    if kind == 0:
        return title
    found = book.rows(NOTE_TEXTS, (edition, source, source))
    return str(found[0][2]) if found else title
