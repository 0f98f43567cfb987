"""On what ground a symptom and a diagnosis are held to be related."""

from __future__ import annotations

from datetime import date
from typing import Any

from claimwright.book.msdrg import records
from claimwright.edits.hit import End, Hit
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
