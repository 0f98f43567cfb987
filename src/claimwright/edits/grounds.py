"""On what ground a symptom and a diagnosis are held to be related."""

from __future__ import annotations

from datetime import date
from functools import lru_cache
from typing import Any

import numpy as np

from claimwright.book.msdrg import records
from claimwright.book.store import Book
from claimwright.edits.frame import Bools, Frame
from claimwright.edits.hit import End, Hit
from claimwright.edits.outcomes import beside, stands
from claimwright.edits.relations import Hits
from claimwright.model import Because, undotted

LEXICON = "integral-symptoms"


def grounds(hit: Hit, symptom: End, diagnosis: End) -> list[dict[str, Any]]:
    """Rows of the cited table that join the two; the surest relation first."""
    if symptom.pos < 0 or diagnosis.pos < 0:
        return []
    table = hit.scene.frame.columns.pair(LEXICON)
    if not table.matrix[table.row[symptom.pos], table.column[diagnosis.pos]]:
        return []  # the kernel's own table says no: no need to look for words
    sides = {"symptom": symptom.pos, "diagnosis": diagnosis.pos}
    rows = hit.book.lexicon_rows_at(LEXICON, hit.scene.edition.number, sides)
    return sorted(rows, key=lambda row: row["relation"] != "integral")


def because_related(hit: Hit, rows: list[dict[str, Any]]) -> list[Because]:
    """The sources of the rows as proof: who says so, where, in which words."""
    out = []
    for row in rows:
        source = hit.book.lexicon_source(LEXICON, row["source"])
        read = date.fromisoformat(str(source["read"]))
        usual = "a usual symptom" if row["relation"] == "integral" else "a possible symptom"
        out.append(
            Because(
                source=f"lexicon {LEXICON}",
                edition=f"read {read}",
                starts=None,
                ends=None,
                kind="cited-source",
                text=f"{row['clinical']}, {usual}: “{row['quote']}”",
                holder=f"{source['title']} ({source['publisher']}, {source['url']})",
                level="source",
            )
        )
    return [*out, *_same_category(hit)]


def _same_category(hit: Hit) -> list[Because]:
    """Supporting evidence, never the ground: MS-DRG puts both codes into one major diagnostic category."""
    codes = [undotted(end.code) for end in (hit.left, hit.right)]
    found = [records(hit.book, [code], hit.day).get(code) for code in codes]
    if found[0] is None or found[1] is None or not found[0].mdc or found[0].mdc != found[1].mdc:
        return []
    return [
        Because(
            source="msdrg",
            edition=found[0].version,
            starts=found[0].starts,
            ends=found[0].ends,
            kind="same-mdc",
            text=f"both belong to MDC {found[0].mdc}, {found[0].mdc_title} (supporting evidence)",
            holder=f"{hit.left.code}, {hit.right.code}",
            level="table",
        )
    ]


def first_ground(frame: Frame, hits: Hits) -> Bools:
    """Is the right end of each hit the first diagnosis of its claim that is related to the left one?"""
    number, other = beside(frame, hits.left)
    earlier = (other < hits.right[number]) & stands(frame, LEXICON, hits.left[number], other)
    out = np.ones(len(hits), dtype=np.bool_)
    out[number[earlier]] = False
    return out


def integral(frame: Frame, hits: Hits) -> Bools:
    """Is the left end of each hit a usual symptom of the right one? Each pair of codes is looked up once."""
    left, right = frame.of("pos", hits.left), frame.of("pos", hits.right)
    size = int(right.max(initial=0)) + 1
    pair = left.astype(np.int64) * size + right
    pairs, number = np.unique(pair, return_inverse=True)
    book, edition = frame.columns.book, frame.columns.edition
    found = [_usual(book, edition, *divmod(each, size)) for each in pairs.tolist()]
    return np.array(found, dtype=np.bool_)[number]


@lru_cache(maxsize=100_000)
def _usual(book: Book, edition: int, symptom: int, diagnosis: int) -> bool:
    rows = book.lexicon_rows_at(LEXICON, edition, {"symptom": symptom, "diagnosis": diagnosis})
    return any(row["relation"] == "integral" for row in rows)
