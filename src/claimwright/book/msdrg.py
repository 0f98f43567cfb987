"""What the book knows of MS-DRG: versions, titles, types, weights, and a code's MDC, level and family."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import date
from typing import TYPE_CHECKING, NamedTuple

from claimwright.model import Interval

if TYPE_CHECKING:
    from claimwright.book.store import Book


class MsdrgVersion(NamedTuple):
    """A grouper version and the discharge dates it is in force on."""

    number: int
    name: str
    window: Interval


class MsdrgRecord(NamedTuple):
    """A code in MS-DRG: MDC and medical DRGs as principal diagnosis, level as a secondary one.

    `drgs` are those it groups to alone, with a CC and with an MCC, without a procedure, discharged
    home; `mdcs` has two where the MDC depends on the sex. `mdc` is None for a code that cannot be
    principal.
    """

    mdc: str | None
    drgs: tuple[str, ...]
    severity: str
    mdc_title: str | None
    mdcs: tuple[str, ...]
    titles: dict[str, str]
    version: str
    starts: date
    ends: date | None


class Weight(NamedTuple):
    """A row of Table 5: relative weight and mean lengths of stay, None where the table prints none."""

    weight: float | None
    gmlos: float | None
    amlos: float | None


def versions(book: Book) -> tuple[MsdrgVersion, ...]:
    """Versions that are both dated in our list and loaded with their tables, oldest first."""
    loaded = {number for entry in book.manifest["parts"] if entry["table"] == "msdrg" for number in entry["versions"]}
    rows = book.lexicon_rows("msdrg-versions")
    return tuple(
        MsdrgVersion(row["version"], row["name"], Interval.of(row["starts"], row["ends"]))
        for row in rows
        if row["version"] in loaded
    )


def version_on(book: Book, day: date) -> MsdrgVersion | None:
    """The version in force on `day`; None when none is loaded."""
    return next((each for each in versions(book) if day in each.window), None)


def title(book: Book, kind: str, number: int, version: int) -> str | None:
    """Title of a DRG, MDC or HAC (`drg`, `mdc`, `hac`) in a version."""
    sql = "SELECT text FROM msdrg_title WHERE kind = ? AND number = ? AND first <= ? AND last >= ?"
    found = book.rows(sql, (kind, number, version, version))
    return found[0][0] if found else None


def drg_type(book: Book, drg: int, version: int) -> str | None:
    """`medical` or `surgical`; None for an ungroupable DRG."""
    sql = "SELECT type FROM msdrg_type WHERE drg = ? AND first <= ? AND last >= ?"
    found = book.rows(sql, (drg, version, version))
    return found[0][0] if found else None


def operating(book: Book, codes: Iterable[str], version: int) -> dict[str, bool]:
    """Is each procedure an operating room procedure? Codes that the version does not know are left out."""
    sql = (
        "SELECT code, operating FROM msdrg_procedure "
        "WHERE code IN (SELECT value FROM json_each(?)) AND first <= ? AND last >= ?"
    )
    return {code: bool(yes) for code, yes in book.rows(sql, (json.dumps(sorted(set(codes))), version, version))}


def titles(book: Book, kind: str, numbers: Iterable[int], version: int) -> dict[int, str]:
    """Titles of many DRGs or MDCs at once."""
    sql = (
        "SELECT number, text FROM msdrg_title "
        "WHERE kind = ? AND number IN (SELECT value FROM json_each(?)) AND first <= ? AND last >= ?"
    )
    return dict(book.rows(sql, (kind, json.dumps(sorted(set(numbers))), version, version)))


def records(book: Book, codes: Iterable[str], day: date) -> dict[str, MsdrgRecord]:
    """MDC, level and DRG family of each code (no dot) that the version of `day` knows."""
    version = version_on(book, day)
    if version is None:
        return {}
    # A code whose MDC depends on the sex has a family of its own: it comes before that of its scheme.
    sql = (
        "SELECT d.code, s.mdc, s.level, f.mdcs, f.drgs FROM msdrg_diagnosis d JOIN msdrg_scheme s ON s.id = d.scheme "
        "LEFT JOIN msdrg_family f ON f.version = ? AND f.scheme = d.scheme AND f.code IN ('', d.code) "
        "WHERE d.code IN (SELECT value FROM json_each(?)) AND d.first <= ? AND d.last >= ? ORDER BY d.code, f.code DESC"
    )
    found: dict[str, tuple[int, str, list[str], list[str]]] = {}
    values = (version.number, json.dumps(sorted(set(codes))), version.number, version.number)
    for code, mdc, level, mdcs, drgs in book.rows(sql, values):
        found.setdefault(code, (mdc, level, (mdcs or "").split(), (drgs or "").split()))
    names = titles(book, "drg", (int(drg) for *_, drgs in found.values() for drg in drgs), version.number)
    majors = titles(book, "mdc", (mdc for mdc, *_ in found.values()), version.number)
    return {
        code: MsdrgRecord(
            mdc=f"{mdc:02}" if mdc else None,
            drgs=tuple(drgs),
            severity=level,
            mdc_title=majors.get(mdc) if mdc else None,
            mdcs=tuple(mdcs),
            titles={drg: names.get(int(drg), "") for drg in drgs},
            version=version.name,
            starts=version.window.starts,
            ends=version.window.ends,
        )
        for code, (mdc, level, mdcs, drgs) in found.items()
    }


def weight(book: Book, drg: int, day: date) -> Weight | None:
    """Table 5 of the fiscal year of `day`; None when it is not loaded or has no such DRG."""
    edition = book.table_edition("msdrg-weights", day)
    if edition is None:
        return None
    sql = "SELECT weight, gmlos, amlos FROM msdrg_weight WHERE edition = ? AND drg = ?"
    found = book.rows(sql, (edition[2], drg))
    return Weight(*found[0]) if found else None
