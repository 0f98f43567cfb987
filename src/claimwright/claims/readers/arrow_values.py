"""Columns of Arrow as numpy arrays: numbers, days, words of a list, codes; what is none of them is refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from claimwright.claims.batch import EPOCH, MOST_CHARACTERS, offsets_of
from claimwright.errors import InputError
from claimwright.model import undotted
from claimwright.model.dates import day_of_text

Ints = npt.NDArray[np.int32]
Places = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
Written = dict[tuple[str, int], str]

LONGEST_CODE = 40
NO_DAY = int(np.iinfo(np.int32).min)


@dataclass
class Refusals:
    """Rows that are no claims, each with the column and the reason of its first refusal."""

    size: int
    why: dict[int, tuple[str, str, str]] = field(default_factory=dict)

    def add(self, rows: npt.NDArray[np.integer], column: str, expected: str, told: Callable[[int], str]) -> None:
        """Refuse these rows, unless they are already; `told(k)` says what stands in `rows[k]`."""
        for number, row in enumerate(rows.tolist()):
            if row not in self.why:
                self.why[row] = (column, told(number), expected)

    def same(self, rows: npt.NDArray[np.integer], column: str, problem: str, expected: str) -> None:
        """Refuse these rows, all with one problem."""
        self.add(rows, column, expected, lambda _: problem)

    def where(self, bad: Bools, column: str, expected: str, told: Callable[[int], str]) -> None:
        """Refuse the rows where `bad`; `told(row)` says what stands there."""
        if bad.any():
            rows = np.flatnonzero(bad)
            self.add(rows, column, expected, lambda number: told(int(rows[number])))


def plain(column: Any) -> Any:
    """The column as one array, without extension types."""
    if isinstance(column, pa.ChunkedArray):
        column = column.combine_chunks()
    return column.storage if isinstance(column, pa.ExtensionArray) else column


def cast(column: Any, to: Any, name: str) -> Any:
    """The column as another type. Errors: `InputError` naming the column where its values are none of that type."""
    try:
        return column.cast(to)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        raise InputError(f"column {name}", f"holds {column.type}", f"{to}") from None


def numbers(column: Any, kind: Any, otherwise: Any) -> npt.NDArray[Any]:
    """A flat column of numbers, with `otherwise` for what is missing."""
    if column.null_count:
        column = column.fill_null(otherwise)
    return np.asarray(column.to_numpy(zero_copy_only=False)).astype(kind, copy=False)


def distinct(column: Any, name: str) -> tuple[list[str | None], Ints]:
    """Each distinct text once, and its number in each row; missing ones are the text None."""
    if not pa.types.is_dictionary(column.type):
        column = cast(column, pa.string(), name).dictionary_encode()
    texts: list[str | None] = cast(column.dictionary, pa.string(), name).to_pylist()
    number = column.indices
    if number.null_count:
        number = number.cast(pa.int32()).fill_null(len(texts))
        texts = [*texts, None]
    return texts, number.to_numpy(zero_copy_only=False).astype(np.int32, copy=False)


def choice(
    column: Any, words: list[str], rows: int, otherwise: int | None, name: str, refusals: Refusals
) -> npt.NDArray[np.uint8]:
    """Place among `words` of each text; a text that is none of them is refused, and so is a missing one without
    `otherwise`."""
    if column is None:
        return np.full(rows, otherwise or 0, np.uint8)
    texts, number = distinct(column, name)
    places = np.array([_place(text, words, otherwise) for text in texts] or [0], dtype=np.int16)
    found = places[number] if len(number) else np.zeros(0, np.int16)
    refusals.where(found < 0, name, f"one of {', '.join(words)}", lambda row: f"found {shown(texts[number[row]])}")
    return np.maximum(found, 0).astype(np.uint8)


def _place(text: str | None, words: list[str], otherwise: int | None) -> int:
    if text is None:
        return -1 if otherwise is None else otherwise
    stripped = text.strip()
    return words.index(stripped) if stripped in words else -1


def shown(value: object) -> str:
    """A value as an error may show it."""
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 60 else text[:57] + "..."


def days(column: Any, rows: int, name: str, refusals: Refusals, of: Places | None = None) -> Ints:
    """Days since 1970-01-01, NO_DAY where none is stated; `of` gives the row of each value of an inner column."""
    if column is None:
        return np.full(rows, NO_DAY, dtype=np.int32)
    kind = column.type
    if pa.types.is_date(kind) or pa.types.is_timestamp(kind):
        return numbers(column.cast(pa.date32(), safe=False).cast(pa.int32()), np.int32, NO_DAY)
    if pa.types.is_null(kind):
        return np.full(len(column), NO_DAY, dtype=np.int32)
    texts, number = distinct(column, name)
    values = np.array([_day(text) for text in texts] or [NO_DAY], dtype=np.int64)
    found = values[number] if len(number) else np.zeros(0, np.int64)
    bad = np.flatnonzero(found == NO_DAY - 1)
    if len(bad):
        owner = bad if of is None else of[bad]
        refusals.add(owner, name, "YYYY-MM-DD", lambda at: f"{shown(texts[number[bad[at]]])} is not a date")
    return np.maximum(found, NO_DAY).astype(np.int32)


def _day(text: str | None) -> int:
    if text is None or not text.strip():
        return NO_DAY
    try:
        bare = text.strip()
        compact = len(bare) == 8 and bare.isdigit()
        return ((date.fromisoformat(bare) if compact else day_of_text(bare)) - EPOCH).days
    except ValueError:
        return NO_DAY - 1


def day_text(number: int) -> str:
    """A day since 1970-01-01 as ISO text."""
    return str(np.datetime64(int(number), "D"))


# ---- lists --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Lists:
    """A column of lists taken apart: `offsets` [n + 1], the inner values, and the row of each of them."""

    offsets: Places
    values: Any

    @property
    def rows(self) -> Places:
        """Row of each value."""
        counts = np.diff(self.offsets)
        return np.repeat(np.arange(len(counts)), counts)

    def field(self, name: str) -> Any:
        """An inner column by name, None when the struct has none."""
        kind = self.values.type
        if not pa.types.is_struct(kind) or kind.get_field_index(name) < 0:
            return None
        return plain(pc.struct_field(self.values, name))


def taken_apart(column: Any, name: str) -> Lists:
    """A column of lists as offsets and values; a missing list is an empty one. Errors: `InputError` for no lists."""
    kind = column.type
    if not (pa.types.is_list(kind) or pa.types.is_large_list(kind)):
        told = kind.value_type if pa.types.is_dictionary(kind) else kind
        raise InputError(f"column {name}", f"holds {told}", "a list")
    values = plain(column.flatten())  # without what missing lists might hide
    if column.null_count:
        return Lists(offsets_of(numbers(pc.list_value_length(column), np.int64, 0)), values)
    offsets = column.offsets.to_numpy().astype(np.int64)
    return Lists(offsets - offsets[0], values)


def codes(
    column: Any, of: Lists, name: str, key: str, refusals: Refusals, written: Written
) -> tuple[npt.NDArray[np.bytes_], Ints]:
    """Distinct codes as a batch holds them, and the number of each; a blank or endless one is refused.

    Texts that the packed form cannot say (too long, not ASCII) go into `written` under `key`.
    """
    texts, number = encoded(column, name)
    tidy = _tidy(texts)
    bare = pc.replace_substring(texts if tidy else pc.utf8_upper(pc.utf8_trim_whitespace(texts)), ".", "")
    length = numbers(pc.binary_length(bare), np.int32, 0)
    packed = packed_texts(bare, length)
    plain = np.ones(len(length), np.bool_) if tidy else numbers(pc.string_is_ascii(texts), np.bool_, False)
    for at in np.flatnonzero((length == 0) | (length > MOST_CHARACTERS) | ~plain).tolist():
        text = texts[at].as_py() or ""
        code = undotted(text)
        packed[at] = code.encode("ascii", "replace")[:MOST_CHARACTERS]
        places = np.flatnonzero(number == at)
        if not code or len(text) > LONGEST_CODE:
            expected = f"a code of 1 to {LONGEST_CODE} characters"
            refusals.same(of.rows[places], name, f"found {shown(texts[at].as_py())}", expected)
        else:
            written.update(((key, index), text) for index in places.tolist())
    return packed, number


_TIDY = np.zeros(256, dtype=np.bool_)
_TIDY[list(b"0123456789.ABCDEFGHIJKLMNOPQRSTUVWXYZ")] = True


def _tidy(texts: Any) -> bool:
    """Are these texts nothing but digits, capital letters and dots? Most files' codes are, and need no tidying."""
    _, offsets, data = texts.buffers()
    if data is None or not len(texts) or texts.null_count:
        return False
    ends = np.frombuffer(offsets, dtype=np.int32)[texts.offset : texts.offset + len(texts) + 1]
    return bool(_TIDY[np.frombuffer(data, dtype=np.uint8)[ends[0] : ends[-1]]].all())


def encoded(column: Any, name: str) -> tuple[Any, Ints]:
    """Each distinct text once as an Arrow array, and its number in each row; missing ones are one more, null."""
    if not pa.types.is_dictionary(column.type):
        column = cast(column, pa.string(), name).dictionary_encode()
    texts, number = plain(cast(column.dictionary, pa.string(), name)), column.indices
    if number.null_count:
        number = number.cast(pa.int32()).fill_null(len(texts))
        texts = pa.concat_arrays([texts, pa.nulls(1, pa.string())])
    return texts, number.to_numpy(zero_copy_only=False).astype(np.int32, copy=False)


def packed_texts(texts: Any, length: npt.NDArray[np.int32]) -> npt.NDArray[np.bytes_]:
    """Arrow texts of these lengths in bytes as S8 [D], cut; at least one."""
    out = np.zeros((max(len(texts), 1), MOST_CHARACTERS), dtype=np.uint8)
    texts = pa.concat_arrays([texts])  # own buffers, that begin where the array does
    _, offsets, data = texts.buffers()
    if len(texts) and data is not None:
        starts = np.frombuffer(offsets, dtype=np.int32)[texts.offset : texts.offset + len(texts)]
        octets = np.frombuffer(data, dtype=np.uint8)
        for place in range(min(MOST_CHARACTERS, int(length.max(initial=0)))):
            held = np.flatnonzero(length > place)
            out[held, place] = octets[starts[held] + place]
    return out.view("S8").ravel()
