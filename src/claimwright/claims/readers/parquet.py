"""Parquet files of claims, one row group after the other; see `arrow_columns` for the columns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from claimwright.claims.readers import Chunk, Options
from claimwright.claims.readers.arrow_columns import chunk_of, columns_of
from claimwright.errors import InputError

NAME = "parquet"
_MAGIC = b"PAR1"


def recognises(head: bytes) -> bool:
    """A Parquet file begins with the four bytes of its name."""
    return head.startswith(_MAGIC)


def open_reader(path: Path, options: Options) -> ParquetReader:
    """A reader of the file. Errors: `InputError` for a file without a footer, or without the columns of a claim."""
    return ParquetReader(path, options)


class ParquetReader:
    """One Parquet file. Marks are numbers of rows; memory is that of one row group and one chunk."""

    def __init__(self, path: Path, options: Options) -> None:
        """Read the footer."""
        self.path, self.options = path, options
        try:
            with pq.ParquetFile(path) as file:
                names, self._rows = file.schema_arrow.names, file.metadata.num_rows
                self._groups = [file.metadata.row_group(at).num_rows for at in range(file.metadata.num_row_groups)]
        except (OSError, pa.ArrowException) as error:
            raise _damaged(path, "", error) from None
        self.columns = columns_of(names, options, str(path))
        lists = [self.columns[name] for name in ("diagnoses", "poa", "setting", "sex") if name in self.columns]
        self._repeating = _texts_of(path, set(lists))

    @property
    def groups(self) -> int:
        """Row groups of the file."""
        return len(self._groups)

    @property
    def group_rows(self) -> tuple[int, ...]:
        """Rows of each row group: where the file may be split, for a chunk never crosses from one to the next."""
        return tuple(self._groups)

    @property
    def counts(self) -> Mapping[str, int]:
        """A table has nothing that could fail to be understood."""
        return {}

    def chunks(self, start: int = 0) -> Iterator[Chunk]:
        """Every chunk from row `start` on. Errors: `InputError` naming file, row group, row and column."""
        before = 0
        for group, rows in enumerate(self._groups):
            if start < before + rows:
                yield from self._group(group, before, max(start - before, 0))
            before += rows

    def _group(self, group: int, before: int, skip: int) -> Iterator[Chunk]:
        at = before
        for table in self.tables(group):
            rows = table.num_rows
            if skip >= rows:
                skip, at = skip - rows, at + rows
                continue
            table = table.slice(skip)
            at, skip = at + skip, 0
            chunk = self._chunk(table, at, group)
            at += table.num_rows
            chunk = replace(chunk, mark=at, done=at / max(self._rows, 1))
            if chunk.rejects and self.options.on_error == "stop":
                yield _before(chunk, chunk.rejects[0].number)
                raise chunk.rejects[0].error
            yield chunk

    def _chunk(self, table: pa.RecordBatch, at: int, group: int) -> Chunk:
        try:
            return chunk_of(table, self.columns, self.options, str(self.path), at + 1, f" row group {group + 1},")
        except InputError as error:
            if error.place.startswith("column "):
                raise InputError(f"{self.path}: {error.place}", error.problem, error.expected) from None
            raise
        except pa.ArrowException as error:
            raise _damaged(self.path, f" row group {group + 1}", error) from None

    def tables(self, group: int) -> Iterator[pa.RecordBatch]:
        """The columns that are read, of one row group, as Arrow has them."""
        try:
            with pq.ParquetFile(self.path, read_dictionary=self._repeating) as file:
                wanted = list(self.columns.values())
                yield from file.iter_batches(self.options.size, row_groups=[group], columns=wanted)
        except (OSError, pa.ArrowException) as error:
            raise _damaged(self.path, f" row group {group + 1}", error) from None


def _texts_of(path: Path, columns: set[str]) -> list[str]:
    """Leaves of these columns whose texts repeat: they stay numbers of a dictionary, as the file has them."""
    with pq.ParquetFile(path) as file:
        leaves = [file.schema.column(number) for number in range(len(file.schema))]
        return [
            leaf.path for leaf in leaves if leaf.path.split(".")[0] in columns and leaf.physical_type == "BYTE_ARRAY"
        ]


def _before(chunk: Chunk, number: int) -> Chunk:
    """The claims before a record, without rejects: what may still be answered when reading stops there."""
    from claimwright.claims.batch import subset

    kept = [at for at, record in enumerate(chunk.records.tolist()) if record < number]
    return replace(chunk, batch=subset(chunk.batch, kept), records=chunk.records[kept], rejects=(), mark=number - 1)


def _damaged(path: Path, where: str, error: Exception) -> InputError:
    said = str(getattr(error, "strerror", None) or error).split("\n")[0].rstrip(".")
    return InputError(f"{path}:{where}" if where else str(path), f"cannot be read ({said})", "a whole Parquet file")
