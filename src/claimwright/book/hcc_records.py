"""The HCCs of a code, as `show` tells them. Imports neither numpy nor a data package."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from claimwright.book.store import Book

MODELS = {
    "V28": "CMS-HCC V28",
    "V24": "CMS-HCC V24",
    "RxV08": "RxHCC V08",
    "ESRD-V24": "CMS-HCC ESRD V24",
}
"""Models by the contract's name, with the name that CMS uses."""


class HccRecord(NamedTuple):
    """The HCC of a code in one model and year; `coefficient` is that of `segment`, None where none is settled."""

    model: str
    year: int
    hcc: int
    label: str
    coefficient: float | None
    segment: str | None
    proposed: bool


def records(book: Book, codes: Iterable[str]) -> dict[str, tuple[HccRecord, ...]]:
    """The HCCs of each code (no dot), by model and year; a code that no model maps is left out.

    The maps keep deleted codes: a payment year counts the diagnoses of the year before it, so a code
    that was billable on no day of that year has no HCC in it.

    The coefficient is that of the first segment of the model (community, non-dual, aged); None when
    several tables stand beside each other or none is loaded.
    """
    sql = (
        "SELECT m.code, m.model, m.year, m.hcc, l.label, c.value FROM hcc_map m JOIN json_each(?) s ON s.key = m.model "
        "JOIN hcc_label l ON l.model = m.model AND l.hcc = m.hcc "
        "LEFT JOIN hcc_coefficient c ON c.model = m.model AND c.year = m.year AND c.variant = '' "
        "AND c.segment = s.value AND c.variable = 'HCC' || m.hcc "
        "WHERE m.code IN (SELECT value FROM json_each(?)) AND EXISTS (SELECT 1 FROM registry r WHERE r.code = m.code "
        "AND r.starts <= (m.year - 1) || '-12-31' AND (r.ends IS NULL OR r.ends >= (m.year - 1) || '-01-01'))"
    )
    shown, order = _shown_segments(book), list(MODELS)
    names = json.dumps({model: name for model, (name, _) in shown.items()})
    out: dict[str, list[HccRecord]] = defaultdict(list)
    for code, model, year, hcc, label, value in book.rows(sql, (names, json.dumps(sorted(set(codes))))):
        segment = shown[model][1] if value is not None else None
        out[code].append(HccRecord(model, year, hcc, label, value, segment, (model, year) in proposals(book)))
    return {
        code: tuple(sorted(found, key=lambda each: (order.index(each.model), each.year, each.hcc)))
        for code, found in out.items()
    }


@lru_cache(maxsize=4)
def _shown_segments(book: Book) -> dict[str, tuple[str, str]]:
    """Name and words of the segment shown when nobody says who the person is: the model's first."""
    out: dict[str, tuple[str, str]] = {}
    for row in book.lexicon_rows("hcc-segments"):
        out.setdefault(row["model"], (row["segment"], row["says"]))
    return out


@lru_cache(maxsize=4)
def proposals(book: Book) -> frozenset[tuple[str, int]]:
    """Models and years whose coefficients are CMS's proposal, not yet final."""
    parts = (each for each in book.manifest["parts"] if each["table"] == "hcc-coefficients")
    years = [each["year"] for each in parts if "proposed" in each["edition"]]
    sql = "SELECT DISTINCT model, year FROM hcc_coefficient WHERE year IN (SELECT value FROM json_each(?))"
    return frozenset((model, year) for model, year in book.rows(sql, (json.dumps(years),)))
