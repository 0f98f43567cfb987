"""Codes as findings print them, by number: those of a book's axis made once in columns, then what else is met."""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from typing import Any, overload

import numpy as np
import numpy.typing as npt

from claimwright.book.columns import Columns
from claimwright.model import dotted, undotted

BEFORE_THE_DOT = 3
"""Characters before the dot of an ICD-10-CM code."""

_DIGIT, _ALNUM = (
    np.array([chr(each).isascii() and test(chr(each)) for each in range(256)], dtype=np.bool_)
    for test in (str.isdigit, str.isalnum)
)


class Texts(Sequence[str]):
    """Texts of codes by number: those of the book's axis, then others in the order in which they are met."""

    def __init__(self, columns: Columns) -> None:
        """Number the codes of the axis."""
        self._columns = columns
        self._axis = columns.array("codes", shared=True)
        self._others: list[str] = []
        self._numbers: dict[str, int] = {}

    def __len__(self) -> int:
        return len(self._axis) + len(self._others)

    @overload
    def __getitem__(self, index: int, /) -> str: ...
    @overload
    def __getitem__(self, index: slice, /) -> list[str]: ...
    def __getitem__(self, index: int | slice, /) -> str | list[str]:
        """The text of a number."""
        if isinstance(index, slice):
            return [self[each] for each in range(*index.indices(len(self)))]
        if index >= len(self._axis):
            return self._others[index - len(self._axis)]
        return dotted(bytes(self._axis[index]).decode("ascii"))

    def taken(self, numbers: npt.NDArray[np.integer]) -> Any:
        """The texts of rising numbers as an Arrow array."""
        import pyarrow as pa

        known = int(np.searchsorted(numbers, len(self._axis)))
        held = _written(self._columns).take(pa.array(numbers[:known]))
        if known == len(numbers):
            return held
        others = [self._others[each - len(self._axis)] for each in numbers[known:].tolist()]
        return pa.concat_arrays([held, pa.array(others, pa.string())])

    def number(self, text: str) -> int:
        """The number of a text that is met: that of the axis, or one given when it is first met.

        No text has two numbers: Parquet takes a dictionary with repetitions apart, at four times the cost.
        """
        known = self._numbers.get(text)
        if known is None:
            packed = np.array(undotted(text).encode("ascii", "replace"))
            at = int(np.searchsorted(self._axis, packed))
            if at < len(self._axis) and self._axis[at] == packed and self[at] == text:
                known = at
            else:
                known = len(self)
                self._others.append(text)
            self._numbers[text] = known
        return known

    def anew(self) -> Texts:
        """Texts for another batch, without those that are no codes; what was found before keeps these."""
        out = copy(self)
        out._others, out._numbers = [], {}
        return out


def taken(texts: Sequence[str], numbers: npt.NDArray[np.integer]) -> Any:
    """The texts of rising numbers as an Arrow array."""
    if isinstance(texts, Texts):
        return texts.taken(numbers)
    import pyarrow as pa

    return pa.array([texts[each] for each in numbers.tolist()], pa.string())


def _written(columns: Columns) -> Any:
    """The codes of the axis as an Arrow array of texts, made once for all scanners of a book."""
    made = columns.kept.get("texts")
    if made is None:
        made = columns.kept["texts"] = dotted_texts(columns.array("codes", shared=True))
    return made


def dotted_texts(codes: npt.NDArray[np.bytes_]) -> Any:
    """Codes without dots (S [n]) as an Arrow array of texts, each as `dotted` writes it."""
    import pyarrow as pa

    count, width = len(codes), codes.dtype.itemsize
    octets = np.ascontiguousarray(codes).view(np.uint8).reshape(count, width)
    length = (octets != 0).sum(axis=1)
    shape = _ALNUM[octets] | (octets == 0)
    pointed = (length > BEFORE_THE_DOT) & shape.all(axis=1) & ~_DIGIT[octets[:, 0]]
    out = np.zeros((count, width + 1), dtype=np.uint8)
    out[:, :BEFORE_THE_DOT] = octets[:, :BEFORE_THE_DOT]
    out[:, BEFORE_THE_DOT] = np.where(pointed, ord("."), 0)
    out[:, BEFORE_THE_DOT + 1 :] = octets[:, BEFORE_THE_DOT:]
    offsets = np.zeros(count + 1, dtype=np.int32)
    np.cumsum(length + pointed, out=offsets[1:])
    return pa.StringArray.from_buffers(count, pa.py_buffer(offsets), pa.py_buffer(out[out != 0]))
