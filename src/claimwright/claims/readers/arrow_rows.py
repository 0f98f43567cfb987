"""Flat tables of Arrow as rows of lists: one row a claim with `dx1`, `dx2`, …, or one row a diagnosis.

The columns are those of `table_columns`, by the same names and `--map`. A flat batch becomes one with the columns
of `arrow_columns`, called as the file calls them, so that both are read, and refused, in the same way.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from claimwright.claims.batch import offsets_of
from claimwright.claims.readers.arrow_values import cast, distinct, numbers, plain
from claimwright.claims.readers.seen import Seen, key_of
from claimwright.claims.readers.table_columns import EXEMPT, SEX, Cell, Columns, day_of
from claimwright.errors import InputError

Places = npt.NDArray[np.int64]

MOST_ROWS = 100_000
"""Rows of one claim at most: more are no claim, and would have to be held at once."""

APART = "were read before, apart from these"
_SEPARATORS = r"[\s,;:|]+"
_INSIDE = {"dx": ("diagnoses", "code"), "proc": ("procedures", "code"), "code": ("lines", "code")}
_PARTS = {
    "diagnoses": {"code": "dx", "poa": "poa"},
    "procedures": {"code": "proc", "date": "proc_date"},
    "lines": {
        "code": "code", "modifiers": "modifiers", "units": "units", "date": "date", "pointers": "pointers",
        "charge": "charge",
    },
}  # fmt: skip
"""Lists of a claim: field of their struct to the repeated column it comes from; the first one says what is there."""

_LEFT_OUT = ("note", "admitting_diagnosis")
"""Columns of a claim that a batch does not hold."""


class Shaped(NamedTuple):
    """Claims of some rows as a batch of `arrow_columns`; what the others are is said in `arrow_columns.Rows`.

    `names`: column of ours to column of `table`; `rows`: the batch as the file has it.
    """

    table: pa.RecordBatch
    names: Mapping[str, str]
    first: Places
    rows: pa.RecordBatch
    apart: Mapping[int, str]

    def as_json(self, claim: int) -> bytes:
        """The rows of a claim as the file has them, a line of JSON each."""
        start, stop = int(self.first[claim]), int(self.first[claim + 1])
        held = self.rows.slice(start, stop - start).to_pylist()
        return "\n".join(json.dumps(each, default=str, ensure_ascii=False) for each in held).encode()


@dataclass(frozen=True, slots=True)
class Flat:
    """How the columns of a flat file are laid out; see `table_columns.Columns`."""

    columns: Columns

    @property
    def wanted(self) -> list[str]:
        """The columns of the file that are read."""
        repeated = [cell.name for each in self.columns.repeated.values() for cell in each.values()]
        held = [cell.name for key, cell in self.columns.claim.items() if key not in _LEFT_OUT]
        return list(dict.fromkeys((*held, *repeated)))

    @property
    def names(self) -> dict[str, str]:
        """Column of ours to column of the table that `shaped` makes."""
        own = {key: cell.name for key, cell in self.columns.claim.items() if key not in _LEFT_OUT}
        return own | {ours: self._cells(keys["code"])[0].name for ours, keys in _PARTS.items() if self._has(keys)}

    def _cells(self, key: str) -> list[Cell]:
        return [cell for _, cell in sorted(self.columns.repeated[key].items())]

    def _has(self, keys: Mapping[str, str]) -> bool:
        return bool(self.columns.repeated[keys["code"]])

    def shaped(self, rows: pa.RecordBatch, first: Places, apart: Mapping[int, str]) -> Shaped:
        """One row a claim; the rows of claim i are `first[i]` to `first[i + 1]`."""
        owner = np.repeat(np.arange(len(first) - 1), np.diff(first))
        if "position" in self.columns.repeated and 0 in self.columns.repeated["position"]:
            order = self._order(rows, owner)
            rows, sorted_rows = rows, rows.take(pa.array(order))
        else:
            sorted_rows = rows
        arrays, names = [], []
        for key, cell in self.columns.claim.items():
            if key not in _LEFT_OUT:
                arrays.append(_tidied(key, plain(rows.column(cell.name))).take(pa.array(first[:-1])))
                names.append(cell.name)
        for keys in _PARTS.values():
            if self._has(keys):
                arrays.append(self._listed(sorted_rows, keys, owner, len(first) - 1))
                names.append(self._cells(keys["code"])[0].name)
        return Shaped(pa.RecordBatch.from_arrays(arrays, names=names), self.names, first, rows, apart)

    def _order(self, rows: pa.RecordBatch, owner: Places) -> Places:
        """Rows by claim and position; where none is stated they stay as they are, behind the others."""
        column = plain(rows.column(self.columns.repeated["position"][0].name))
        place = numbers(cast(column, pa.int64(), "position"), np.int64, np.iinfo(np.int64).max)
        return np.lexsort((place, owner))

    def _listed(self, rows: pa.RecordBatch, keys: Mapping[str, str], owner: Places, claims: int) -> Any:
        """A list for each claim of what its rows, or its numbered columns, hold."""
        stacked = self._numbers(keys["code"])
        fields = {name: self._stacked(rows, key, stacked) for name, key in keys.items()}
        code = fields["code"]
        there = _stated(code)
        owners = np.repeat(owner, len(stacked))[there]
        kept = pa.array(np.flatnonzero(there))
        struct = {name: values.take(kept) for name, values in fields.items() if values is not None}
        offsets = offsets_of(np.bincount(owners, minlength=claims)).astype(np.int32)
        return pa.ListArray.from_arrays(
            pa.array(offsets), pa.StructArray.from_arrays(list(struct.values()), list(struct))
        )

    def _numbers(self, key: str) -> list[int]:
        return sorted(self.columns.repeated[key])

    def _stacked(self, rows: pa.RecordBatch, key: str, among: Sequence[int]) -> Any:
        """The columns of `key` with these numbers, row by row; None where there is none."""
        cells = self.columns.repeated[key]
        if not cells:
            return None
        columns = [
            _text_of(key, plain(rows.column(cells[number].name))) if number in cells else None for number in among
        ]
        kind = next((each.type for each in columns if each is not None), None)
        if kind is None:
            return None
        held = [pa.nulls(len(rows), kind) if each is None else _as(each, kind, key) for each in columns]
        if len(held) == 1:
            return held[0]
        order = np.arange(len(rows) * len(held)).reshape(len(held), len(rows)).T.ravel()
        return pa.concat_arrays(held).take(pa.array(order))


def _as(column: Any, kind: Any, key: str) -> Any:
    return column if column.type == kind else cast(column, kind, key)


def _stated(column: Any) -> npt.NDArray[np.bool_]:
    """Is there a text that is not blank?"""
    held = pc.fill_null(pc.not_equal(pc.utf8_trim_whitespace(cast(column, pa.string(), "code")), ""), False)
    return np.asarray(held.to_numpy(zero_copy_only=False), dtype=np.bool_)


def _mapped(column: Any, name: str, to: Callable[[str], str | None]) -> Any:
    """A column of texts, each distinct one as `to` makes it."""
    texts, number = distinct(column, name)
    values = [None if text is None or not text.strip() else to(text.strip()) for text in texts]
    return pa.array(values, pa.string()).take(pa.array(number))


def _is_text(kind: Any) -> bool:
    held = kind.value_type if pa.types.is_dictionary(kind) else kind
    return bool(pa.types.is_string(held) or pa.types.is_large_string(held) or str(held) == "string_view")


def _iso(text: str) -> str:
    found = day_of(text)
    return found.isoformat() if found else text


def _truth(text: str) -> str:
    found = EXEMPT.get(text.lower())
    return text if found is None else str(found).lower()


def _tidied(key: str, column: Any) -> Any:
    """A column of the claim in the words of the contract, where a table may say it otherwise."""
    if not _is_text(column.type):
        return column
    if key == "setting":
        return _mapped(column, key, str.lower)
    if key == "sex":
        return _mapped(column, key, lambda text: SEX.get(text.upper(), text))
    if key == "poa_exempt_hospital":
        return _mapped(column, key, _truth)
    if key in ("service_from", "service_to", "birth_date"):
        return _mapped(column, key, _iso)
    if key in ("age", "charge"):
        return _mapped(column, key, lambda text: text.replace("$", "").replace(",", ""))
    return column


def _text_of(key: str, column: Any) -> Any:
    """A repeated column as `arrow_columns` wants it."""
    if key in ("modifiers", "pointers") and _is_text(column.type):
        texts = pc.utf8_trim_whitespace(cast(column, pa.string(), key))
        parts = pc.split_pattern_regex(pc.if_else(pc.equal(texts, ""), None, texts), _SEPARATORS)
        return parts.cast(pa.list_(pa.int64())) if key == "pointers" and _all_numbers(parts) else parts
    if key == "poa" and _is_text(column.type):
        return _mapped(column, key, str.upper)
    if key in ("date", "proc_date") and _is_text(column.type):
        return _mapped(column, key, _iso)
    if key in ("units", "charge") and _is_text(column.type):
        return _mapped(column, key, lambda text: text.replace("$", "").replace(",", ""))
    return column if pa.types.is_nested(column.type) or pa.types.is_floating(column.type) else _flat(key, column)


def _flat(key: str, column: Any) -> Any:
    return cast(column, pa.string(), key) if key in ("dx", "proc", "code", "poa") else column


def _all_numbers(parts: Any) -> bool:
    return bool(pc.all(pc.utf8_is_digit(parts.flatten()), min_count=0).as_py())


class Runs:
    """Rows of one claim taken together over batches; a claim is known when the next one begins."""

    def __init__(self, layout: Flat, place: str) -> None:
        """Nothing has been read."""
        self.layout, self.place = layout, place
        self.key = layout.columns.claim["id"].name if layout.columns.long else ""
        self._seen = Seen()
        self._held: pa.RecordBatch | None = None

    def known(self, ids: Any) -> None:
        """Claims that were read before a mark, by their column `id`."""
        for each in ids.to_pylist():
            if each is not None:
                self._seen.add(key_of(str(each)))

    def taken(self, rows: pa.RecordBatch) -> Iterator[Shaped]:
        """The claims that are whole with these rows."""
        if not self.layout.columns.long:
            yield self.layout.shaped(rows, np.arange(len(rows) + 1), {})
            return
        if self._held is not None:
            rows = _joined(self._held, rows)
        starts = _starts(plain(rows.column(self.key)))
        if len(rows) - (starts[-1] if len(starts) else 0) > MOST_ROWS:
            raise InputError(self.place, f"more than {MOST_ROWS:,} rows of one claim", "a column id of claims")
        if len(starts) > 1:
            last = int(starts[-1])
            yield self._shaped(rows.slice(0, last), starts)
            rows = rows.slice(last)
        self._held = rows if len(rows) else None

    def rest(self) -> Iterator[Shaped]:
        """The last claim of the file."""
        if self._held is not None:
            yield self._shaped(self._held, np.array([0, len(self._held)]))
            self._held = None

    def _shaped(self, rows: pa.RecordBatch, first: Places) -> Shaped:
        names = plain(rows.column(self.key)).take(pa.array(first[:-1])).to_pylist()
        apart = {}
        for at, name in enumerate(names):
            if name is None:
                apart[at] = "the row has no id"
            elif self._seen.add(key_of(str(name))):
                apart[at] = f"rows of claim {str(name)[:40]!r} {APART}"
        return self.layout.shaped(rows, first, apart)


def _joined(one: pa.RecordBatch, other: pa.RecordBatch) -> pa.RecordBatch:
    table = pa.Table.from_batches([one, other]).unify_dictionaries().combine_chunks()
    return table.to_batches()[0]


def _starts(ids: Any) -> Places:
    """Where a run of one id begins; rows without an id are runs of their own."""
    if not len(ids):
        return np.zeros(0, np.int64)
    if pa.types.is_dictionary(ids.type):
        ids = ids.dictionary_decode()
    ids = cast(ids, pa.string(), "id")
    same = pc.fill_null(pc.equal(ids[1:], ids[:-1]), False).to_numpy(zero_copy_only=False)
    return np.flatnonzero(np.r_[True, ~same])
