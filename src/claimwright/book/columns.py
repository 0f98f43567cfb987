"""The arrays of a book that kernels read, memory-mapped. Imports numpy; `store` does not."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from claimwright.book.store import Book
from claimwright.errors import BookDamaged
from claimwright.sources.mce_flags import FLAGS, PROCEDURE_FLAGS

FLAG_BIT = {flag: np.uint32(1 << number) for number, flag in enumerate(FLAGS)}
PROCEDURE_FLAG_BIT = {flag: np.uint32(1 << number) for number, flag in enumerate(PROCEDURE_FLAGS)}


@dataclass(frozen=True, slots=True)
class PairTable:
    """A relation as classes: a stands in it to b when `matrix[row[a], column[b]]`."""

    row: npt.NDArray[np.int32]
    column: npt.NDArray[np.int32]
    matrix: npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class CompanionTable:
    """Instructions to accompany a code; see `claimwright.book.classes.Groups`."""

    group_class: npt.NDArray[np.int32]
    offsets: npt.NDArray[np.int32]
    members: npt.NDArray[np.int32]
    column: npt.NDArray[np.int32]
    satisfied: npt.NDArray[np.bool_]
    keys: npt.NDArray[np.int32]


class Columns:
    """Arrays of one book and one edition, opened when first used and kept."""

    def __init__(self, book: Book, edition: int) -> None:
        """Nothing is read yet."""
        self.book, self.edition = book, edition
        self._folder = book.folder / "arrays"
        self._arrays: dict[str, npt.NDArray[Any]] = {}
        self.last: tuple[npt.NDArray[np.bytes_], npt.NDArray[np.int32]] | None = None
        """Texts whose numbers were looked up last, and these numbers."""
        self.kept: dict[Any, Any] = {}
        """What kernels made of the arrays and use again."""

    def array(self, name: str, shared: bool = False) -> npt.NDArray[Any]:
        """One array by name; `shared` ones belong to the book, the others to the edition."""
        file = f"{name}.npy" if shared else f"{self.edition}.{name}.npy"
        if file not in self._arrays:
            self._arrays[file] = _load(self._folder / file)
        return self._arrays[file]

    def ending(self, name: str, value: int, shared: bool = False) -> npt.NDArray[Any]:
        """As `array`, with `value` behind the last entry: the number -1, which stands for none, reads it."""
        key = f"{name} then {value}"
        if key not in self._arrays:
            held = self.array(name, shared)
            self._arrays[key] = np.append(held, held.dtype.type(value))
        return self._arrays[key]

    def pair(self, name: str) -> PairTable:
        """A relation over two codes."""
        return PairTable(self.array(f"{name}.row"), self.array(f"{name}.column"), self.array(f"{name}.matrix"))

    def companion(self, kind: str) -> CompanionTable:
        """A relation that wants a companion."""
        parts = ("group_class", "offsets", "members", "column", "satisfied", "keys")
        return CompanionTable(*(self.array(f"{kind}.{part}") for part in parts))

    def set_bit(self, name: str) -> np.uint32:
        """The bit of a code set in the array `sets`; 0 for a set this book does not have."""
        names = self.book.manifest["sets"]
        return np.uint32(1 << names.index(name)) if name in names else np.uint32(0)


def _load(file: Path) -> npt.NDArray[Any]:
    try:
        loaded: npt.NDArray[Any] = np.load(file, mmap_mode="r", allow_pickle=False)
    except (OSError, EOFError, ValueError) as error:
        raise BookDamaged(
            f"The book's array {file.name} cannot be read ({error}). Build it anew: claimwright data build --force"
        ) from None
    return np.asarray(loaded)


@lru_cache(maxsize=16)
def columns(book: Book, edition: int) -> Columns:
    """The columns of an edition, shared by everyone who asks for them."""
    return Columns(book, edition)
