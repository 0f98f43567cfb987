"""Arrow record batches as claims: columns of a table to columns of a `ClaimBatch`, without objects.

One row is one claim. The columns are those of the claim of the contract, flat or nested:

| column | type |
|---|---|
| `setting` | text: inpatient, outpatient, professional, emergency |
| `diagnoses` | list of texts, or list of struct of `code` and `poa` |
| `id` | anything that has a text |
| `service_from`, `service_to` | date, timestamp, or ISO text |
| `age`, `sex`, `birth_date` | whole number; F, M, U; as a date. Or all three in a struct `patient` |
| `poa` | list of texts, one for each diagnosis, where `diagnoses` has codes only |
| `procedures` | list of texts, or list of struct of `code` and `date` |
| `lines` | list of struct of `code`, `modifiers`, `units`, `date`, `pointers`, `charge` |
| `discharge_status` | text or whole number |
| `poa_exempt_hospital` | truth value |
| `charge` | number: what the claim asks for |
| `provider` | anything that has a text: who bills |
| `payer` | text: who pays; or a struct of `id`, `state`, `mac`. Or columns `payer_id`, `state`, `mac` |

`setting` and `diagnoses` have to be there; other columns are left alone. A missing value and a missing
column say the same. Texts are stripped and put into upper case, dots taken out, once for each distinct text.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from claimwright.book.era import ICD10_STARTS
from claimwright.claims.batch import (
    DIAGNOSES,
    EPOCH,
    LINES,
    NO_STATUS,
    NOT_A_STATUS,
    PROCEDURES,
    SETTINGS,
    SEXES,
    STATUSES,
    UNKNOWN_AGE,
    ClaimBatch,
    subset,
)
from claimwright.claims.readers import Chunk, Options, Reject
from claimwright.claims.readers.arrow_values import (
    NO_DAY,
    Ints,
    Lists,
    Places,
    Refusals,
    Written,
    cast,
    choice,
    codes,
    day_text,
    days,
    distinct,
    numbers,
    plain,
    shown,
    taken_apart,
)
from claimwright.claims.readers.table_columns import is_ours
from claimwright.claims.wire import MOST_DIAGNOSES
from claimwright.errors import InputError
from claimwright.model import Payer, Setting

REQUIRED = ("setting", "diagnoses")
COLUMNS = (
    *REQUIRED, "id", "service_from", "service_to", "age", "sex", "birth_date", "patient", "poa", "procedures",
    "lines", "discharge_status", "poa_exempt_hospital", "charge", "payer", "state", "mac",
    "provider",
)  # fmt: skip
"""Columns that mean something here."""

_ALSO = {"payer": "payer_id", "state": "payer_state", "mac": "payer_mac"}
"""Other names of columns."""

OLDEST = 124
_INPATIENT = SETTINGS.index(Setting.INPATIENT)
_FIRST_DAY = (ICD10_STARTS - EPOCH).days
_POA = (b"", b"Y", b"N", b"U", b"W", b"1")


def columns_of(names: list[str], options: Options, place: str) -> dict[str, str]:
    """Column of ours to column of the file, for those that are there.

    Errors: `InputError` when one is missing without which no row is a claim, and for a `--map` that names no column
    of ours, or one that is not in the file.
    """
    for ours, theirs in options.names.items():
        if ours not in (*COLUMNS, "note") and not is_ours(ours):
            raise InputError("--map", f"{ours}={theirs} names no column of ours", f"one of {', '.join(COLUMNS)}")
        if ours in COLUMNS and ours not in REQUIRED and theirs not in names:
            raise InputError(place, f"the column {theirs!r} of --map {ours} is not there", "a column of the file")
    found = {ours: options.names.get(ours, ours) for ours in COLUMNS if options.names.get(ours, ours) in names}
    found |= {ours: other for ours, other in _ALSO.items() if ours not in found and other in names}
    for ours in REQUIRED:
        if ours not in found:
            there = ", ".join(names[:12]) + (", ..." if len(names) > 12 else "")
            raise InputError(place, f"no column {options.names.get(ours, ours)!r} among {there}", "a table of claims")
    return found


def chunk_of(
    table: pa.RecordBatch,
    held: Mapping[str, str],
    options: Options,
    place: str,
    first: int,
    group: str = "",
    rows: Rows | None = None,
) -> Chunk:
    """The claims of some rows; `first` is the number of the first one in the file, from 1.

    `place` names the file and `group` its row group, for refusals; `rows` are those of the file, where a claim
    of `table` is made of several. A chunk has a reject for every row that is no claim, whatever `on_error` says:
    who yields it decides what becomes of them.
    """
    refusals = Refusals(table.num_rows)
    if rows is not None:
        for at, problem in rows.apart.items():
            refusals.same(np.array([at]), "id", problem, "the rows of a claim one after the other")
    batch = _batch(table, held, options, refusals)
    numbers = np.arange(table.num_rows) if rows is None else rows.first[:-1]
    records = (numbers + first).astype(np.int64)
    if not refusals.why:
        return Chunk(batch, records)
    rejects = []
    for row in sorted(refusals.why):
        column, problem, expected = refusals.why[row]
        number = int(records[row])
        where = f"{place}:{group} row {number}, column {held.get(column, column)}"
        raw = _as_json(table, row) if rows is None else rows.as_json(row)
        rejects.append(Reject(number, where, problem, expected, raw))
    kept = np.setdiff1d(np.arange(table.num_rows), np.fromiter(refusals.why, dtype=np.int64))
    return Chunk(subset(batch, kept.tolist()), records[kept], tuple(rejects))


class Rows(Protocol):
    """Where the rows of each claim begin, in the batch they come from, and which claims stand apart."""

    @property
    def first(self) -> npt.NDArray[np.int64]:
        """The first row of each claim, and where the last one's end: int64 [n + 1]."""

    @property
    def apart(self) -> Mapping[int, str]:
        """Claims that are none by their rows alone, and why."""

    def as_json(self, claim: int) -> bytes:
        """The rows of a claim, a line of JSON each."""


def _as_json(table: pa.RecordBatch, row: int) -> bytes:
    """One row as a line of JSON: a row has no text of its own that could be kept."""
    return json.dumps(table.slice(row, 1).to_pylist()[0], default=str, ensure_ascii=False).encode()


def _batch(table: pa.RecordBatch, held: Mapping[str, str], options: Options, refusals: Refusals) -> ClaimBatch:
    def column(ours: str) -> Any:
        return plain(table.column(held[ours])) if ours in held else None

    rows = table.num_rows
    written: Written = {}
    setting = choice(column("setting"), [each.value for each in SETTINGS], rows, None, "setting", refusals)
    person = _person(column)
    sex = choice(person["sex"], list(SEXES), rows, 0, "sex", refusals)
    starts, ends = (days(column(name), rows, name, refusals) for name in ("service_from", "service_to"))
    day = _deciding(setting, starts, ends, options.otherwise, refusals)
    age = _ages(person, rows, np.where(starts == NO_DAY, ends, starts), refusals)
    diagnoses = _diagnoses(column, rows, refusals, written)
    procedures = _procedures(column("procedures"), rows, setting, day, refusals, written)
    lines = _lines(column("lines"), rows, day, np.diff(diagnoses["offsets"]), refusals, written)
    exempt, status = column("poa_exempt_hospital"), column("discharge_status")
    charge = column("charge")
    payers, payer = _payers(column, rows)
    return ClaimBatch(
        claims=None,
        setting=setting,
        day=day,
        age=age,
        sex=sex,
        exempt=np.zeros(rows, np.bool_) if exempt is None else numbers(exempt.cast(pa.bool_()), np.bool_, False),
        status=_statuses(status, rows, written),
        ids=_whole(column("id")),
        written=written,
        totals=None if charge is None else numbers(cast(charge, pa.float64(), "charge"), np.float64, np.nan),
        payers=payers,
        payer=payer,
        providers=_whole(column("provider")),
        **diagnoses,
        **procedures,
        **lines,
    )


def _whole(column: Any) -> Any:
    """A column that goes on as it is. Errors: `ArrowInvalid` where a damaged file left texts that are none."""
    if column is not None:
        column.validate(full=True)
    return column


def _payers(column: Callable[[str], Any], rows: int) -> tuple[tuple[Payer, ...], Ints | None]:
    """Each distinct payer once, and the number of each claim's; None where no column tells."""
    parts = []
    struct = column("payer")
    nested = struct is not None and pa.types.is_struct(struct.type)
    for ours, name in (("payer", "id"), ("state", "state"), ("mac", "mac")):
        own = column(ours) if ours != "payer" or not nested else None
        if own is None and nested and struct.type.get_field_index(name) >= 0:
            own = plain(pc.struct_field(struct, name))
        parts.append(([None], np.zeros(rows, np.int32)) if own is None else distinct(own, ours))
    if all(texts == [None] for texts, _ in parts):
        return (), None
    number = np.zeros(rows, np.int64)
    for texts, each in parts:
        number = number * max(len(texts), 1) + each
    _, first, found = np.unique(number, return_index=True, return_inverse=True)
    stated = [[texts[each[at]] for texts, each in parts] for at in first.tolist()]
    payers = tuple(Payer(*((text or "").strip() or None for text in each)) for each in stated)
    return payers, found.astype(np.int32)


def _deciding(setting: npt.NDArray[np.uint8], starts: Ints, ends: Ints, otherwise: date, refusals: Refusals) -> Ints:
    """The day that decides for each claim, as `Claim.date_of_service` says."""
    for column, stated in (("service_from", starts), ("service_to", ends)):
        _check_era(stated, column, refusals)
    reversed_ = (starts != NO_DAY) & (ends != NO_DAY) & (ends < starts)
    refusals.where(
        reversed_,
        "service_to",
        "the same day or later",
        lambda row: f"{day_text(ends[row])} is before service_from {day_text(starts[row])}",
    )
    first = np.where(starts != NO_DAY, starts, ends)
    day = np.where((setting == _INPATIENT) & (ends != NO_DAY), ends, first)
    return np.where(day == NO_DAY, (otherwise - EPOCH).days, day).astype(np.int32)


def _check_era(days: Ints, column: str, refusals: Refusals, of: Places | None = None) -> None:
    if days.min(initial=_FIRST_DAY) >= _FIRST_DAY:
        return
    bad = np.flatnonzero((days != NO_DAY) & (days < _FIRST_DAY))
    if len(bad):
        expected = f"a date of service from {ICD10_STARTS} on, when ICD-10-CM took effect"
        owner = bad if of is None else of[bad]
        said = "lies in the ICD-9-CM era, whose codes are not loaded"
        refusals.add(owner, column, expected, lambda at: f"{day_text(days[bad[at]])} {said}")


def _person(column: Callable[[str], Any]) -> dict[str, Any]:
    """Columns of the patient, from the struct or from columns of their own."""
    struct = column("patient")
    out = {}
    for name in ("age", "sex", "birth_date"):
        inner = None
        if struct is not None and pa.types.is_struct(struct.type) and struct.type.get_field_index(name) >= 0:
            inner = pc.struct_field(struct, name)
        own = column(name)
        out[name] = own if own is not None else inner
    return out


def _ages(person: Mapping[str, Any], rows: int, day: Ints, refusals: Refusals) -> npt.NDArray[np.int16]:
    column = person["age"]
    if column is None:
        age = np.full(rows, UNKNOWN_AGE, dtype=np.int64)
    else:
        age = numbers(cast(column, pa.int64(), "age"), np.int64, UNKNOWN_AGE)
        stated = np.ones(rows, np.bool_) if not column.null_count else numbers(column.is_valid(), np.bool_, False)
        bad = stated & ((age < 0) | (age > OLDEST))
        refusals.where(bad, "age", f"a whole number from 0 to {OLDEST}", lambda row: f"found {age[row]}")
    born = days(person["birth_date"], rows, "birth_date", refusals)
    if age.min(initial=0) >= 0 and age.max(initial=0) <= OLDEST:
        return age.astype(np.int16)
    unknown = np.flatnonzero((age == UNKNOWN_AGE) & (born != NO_DAY) & (day != NO_DAY))
    if len(unknown):
        age = age.copy()  # what Arrow lends is not written to
        age[unknown] = _completed(born[unknown], day[unknown])
        early = np.zeros(rows, np.bool_)
        early[unknown] = (born > day)[unknown]
        refusals.where(
            early,
            "birth_date",
            "an earlier day",
            lambda row: f"{day_text(born[row])} is after the date of service {day_text(day[row])}",
        )
        refusals.where(
            age > OLDEST,
            "birth_date",
            f"at most {OLDEST}",
            lambda row: f"{day_text(born[row])} makes the patient {age[row]} years old",
        )
    return np.clip(age, UNKNOWN_AGE, OLDEST).astype(np.int16)


def _completed(born: Ints, day: Ints) -> Places:
    """Completed years from the birth to the day."""
    births, days = (each.astype("datetime64[D]") for each in (born, day))
    years = days.astype("datetime64[Y]").astype(np.int64) - births.astype("datetime64[Y]").astype(np.int64)
    month, birth_month = (each.astype("datetime64[M]").astype(np.int64) % 12 for each in (days, births))
    inside, birth_inside = (
        (each - each.astype("datetime64[M]").astype("datetime64[D]")).astype(np.int64) for each in (days, births)
    )
    return years - ((month < birth_month) | ((month == birth_month) & (inside < birth_inside)))


def _statuses(column: Any, rows: int, written: Written) -> npt.NDArray[np.int16]:
    if column is None:
        return np.full(rows, NO_STATUS, dtype=np.int16)
    texts, number = distinct(column, "discharge_status")
    values = np.array([_status(text) for text in texts] or [NO_STATUS], dtype=np.int16)
    found = values[number] if len(number) else np.zeros(0, np.int16)
    for row in np.flatnonzero(found == NOT_A_STATUS).tolist():
        written[STATUSES, row] = texts[number[row]] or ""
    for wide in [at for at, text in enumerate(texts) if text and values[at] >= 0 and len(text.strip()) == 1]:
        for row in np.flatnonzero(number == wide).tolist():
            written[STATUSES, row] = (texts[wide] or "").strip()
    return found


def _status(text: str | None) -> int:
    stated = (text or "").strip()
    if not stated:
        return NO_STATUS
    return int(stated) if len(stated) <= 2 and stated.isascii() and stated.isdigit() else NOT_A_STATUS


def _diagnoses(column: Callable[[str], Any], rows: int, refusals: Refusals, written: Written) -> dict[str, Any]:
    of = taken_apart(column("diagnoses"), "diagnoses")
    nested = of.field("code")
    texts, number = codes(of.values if nested is None else nested, of, "diagnoses", DIAGNOSES, refusals, written)
    counts = np.diff(of.offsets)
    refusals.where(counts == 0, "diagnoses", "at least one diagnosis", lambda _: "the list is empty")
    refusals.where(
        counts > MOST_DIAGNOSES,
        "diagnoses",
        f"at most {MOST_DIAGNOSES}",
        lambda row: f"{counts[row]} diagnoses on one claim",
    )
    return {
        "offsets": of.offsets,
        "codes": texts.view(np.int64).take(number).view("S8") if len(number) else np.zeros(0, "S8"),
        "texts": texts,
        "number": number,
        "poa": _poa(column("poa"), of, refusals),
    }


def _poa(column: Any, of: Lists, refusals: Refusals) -> npt.NDArray[np.bytes_]:
    """The indicator of each diagnosis: of its struct, or of a list beside the codes, as long or missing."""
    nested = of.field("poa")
    if nested is not None:
        return _indicators(nested, of, refusals)
    size = int(of.offsets[-1])
    if column is None or pa.types.is_null(column.type):
        return np.zeros(size, dtype="S1")
    lists = taken_apart(column, "poa")
    wanted, there = np.diff(of.offsets), np.diff(lists.offsets)
    uneven = (there != wanted) & (there > 0)
    refusals.where(uneven, "poa", "as many as diagnoses", lambda row: f"{there[row]} indicators")
    values = _indicators(lists.values, lists, refusals)
    if (there == wanted).all():
        return values
    out = np.zeros(size, dtype="S1")
    stated = there == wanted
    out[stated[of.rows]] = values[stated[lists.rows]]
    return out


def _indicators(column: Any, of: Lists, refusals: Refusals) -> npt.NDArray[np.bytes_]:
    if pa.types.is_null(column.type):
        return np.zeros(len(column), dtype="S1")
    texts, number = distinct(column, "poa")
    values = [(text or "").strip().upper().encode("ascii", "replace") for text in texts]
    for at, value in enumerate(values):
        if value not in _POA:
            bad = np.flatnonzero(number == at)
            refusals.same(of.rows[bad], "poa", f"found {shown(texts[at])}", "one of Y, N, U, W, 1")
    return np.array(values or [b""], dtype="S1").view(np.uint8).take(number).view("S1")


def _procedures(
    column: Any,
    rows: int,
    setting: npt.NDArray[np.uint8],
    day: Ints,
    refusals: Refusals,
    written: Written,
) -> dict[str, Any]:
    if column is None or pa.types.is_null(column.type):
        return {
            "procedure_offsets": np.zeros(rows + 1, np.int64),
            "procedure_codes": np.zeros(0, "S8"),
            "procedure_days": np.zeros(0, np.int32),
        }
    of = taken_apart(column, "procedures")
    nested = of.field("code")
    texts, number = codes(of.values if nested is None else nested, of, "procedures", PROCEDURES, refusals, written)
    own = days(of.field("date"), len(number), "procedures.date", refusals, of.rows)
    claims = day[of.rows]
    stated = (own != NO_DAY) & (setting[of.rows] != _INPATIENT)
    _check_era(np.where(stated, own, NO_DAY).astype(np.int32), "procedures.date", refusals, of.rows)
    return {
        "procedure_offsets": of.offsets,
        "procedure_codes": texts[number] if len(number) else np.zeros(0, "S8"),
        "procedure_days": np.where(stated, own, claims).astype(np.int32),
    }


def _lines(
    column: Any, rows: int, day: Ints, diagnoses: Places, refusals: Refusals, written: Written
) -> dict[str, Any]:
    if column is None or pa.types.is_null(column.type):
        return {
            "line_offsets": np.zeros(rows + 1, np.int64),
            "line_codes": np.zeros(0, "S8"),
            "line_days": np.zeros(0, np.int32),
            "units": np.zeros(0, np.float64),
            "modifier_offsets": np.zeros(1, np.int64),
            "modifiers": np.zeros(0, "S2"),
            "pointer_offsets": np.zeros(1, np.int64),
            "pointers": np.zeros(0, np.int32),
        }
    of = taken_apart(column, "lines")
    nested = of.field("code")
    texts, number = codes(of.values if nested is None else nested, of, "lines", LINES, refusals, written)
    count = len(number)
    own = days(of.field("date"), count, "lines.date", refusals, of.rows)
    modifier_offsets, modifiers = _modifiers(of, refusals)
    pointer_offsets, pointers = _pointers(of, diagnoses, refusals)
    charge = of.field("charge")
    return {
        "line_offsets": of.offsets,
        "line_codes": texts[number] if count else np.zeros(0, "S8"),
        "line_days": np.where(own != NO_DAY, own, day[of.rows]).astype(np.int32),
        "units": _units(of, refusals),
        "modifier_offsets": modifier_offsets,
        "modifiers": modifiers,
        "pointer_offsets": pointer_offsets,
        "pointers": pointers,
        "charges": None if charge is None else numbers(cast(charge, pa.float64(), "charge"), np.float64, np.nan),
    }


def _units(of: Lists, refusals: Refusals) -> npt.NDArray[np.float64]:
    column = of.field("units")
    if column is None:
        return np.ones(int(of.offsets[-1]))
    units = numbers(cast(column, pa.float64(), "lines.units"), np.float64, 1.0)
    bad = np.flatnonzero(~np.isfinite(units) | (units < 0))
    if len(bad):
        refusals.add(of.rows[bad], "lines.units", "a number of at least 0", lambda at: f"found {units[bad[at]]}")
    return units


def _modifiers(of: Lists, refusals: Refusals) -> tuple[Places, npt.NDArray[np.bytes_]]:
    column = of.field("modifiers")
    if column is None or pa.types.is_null(column.type):
        return np.zeros(int(of.offsets[-1]) + 1, np.int64), np.zeros(0, "S2")
    inner = taken_apart(column, "lines.modifiers")
    texts, number = distinct(inner.values, "lines.modifiers")
    values = [(text or "").strip().upper() for text in texts]
    for at, text in enumerate(texts):
        if text is None or len(text) != 2:
            bad = np.flatnonzero(number == at)
            said = f"found {shown(text)}"
            owner = of.rows[inner.rows[bad]]
            refusals.same(owner, "lines.modifiers", said, "a text of 2 characters")
    packed = [value.encode("ascii", "replace") if len(value) == 2 else b"" for value in values]
    return inner.offsets, np.array(packed or [b""], dtype="S2")[number]


def _pointers(of: Lists, diagnoses: Places, refusals: Refusals) -> tuple[Places, Ints]:
    column = of.field("pointers")
    if column is None or pa.types.is_null(column.type):
        return np.zeros(int(of.offsets[-1]) + 1, np.int64), np.zeros(0, np.int32)
    inner = taken_apart(column, "lines.pointers")
    values = numbers(cast(inner.values, pa.int64(), "lines.pointers"), np.int64, 0)
    owner = of.rows[inner.rows]
    bad = np.flatnonzero((values < 1) | (values > diagnoses[owner]))
    if len(bad):
        refusals.add(
            owner[bad],
            "lines.pointers",
            "the number of a diagnosis",
            lambda at: f"points to diagnosis {values[bad[at]]}",
        )
    return inner.offsets, (np.clip(values, 1, MOST_DIAGNOSES) - 1).astype(np.int32)
