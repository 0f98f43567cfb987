"""Parquet files of claims, one row group after the other; see `column_reader` for the layouts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from claimwright.claims.readers import Options
from claimwright.claims.readers.column_reader import Batch, ColumnReader, damaged

NAME = "parquet"
_MAGIC = b"PAR1"


def recognises(head: bytes) -> bool:
    """A Parquet file begins with the four bytes of its name."""
    return head.startswith(_MAGIC)


def open_reader(path: Path, options: Options) -> ParquetReader:
    """A reader of the file. Errors: `InputError` for a file without a footer, or without the columns of a claim."""
    return ParquetReader(path, options)


class ParquetReader(ColumnReader):
    """One Parquet file. Marks are numbers of rows; memory is that of one row group and one chunk."""

    def __init__(self, path: Path, options: Options) -> None:
        """Read the footer."""
        try:
            with pq.ParquetFile(path) as file:
                schema, self._rows = file.schema_arrow, file.metadata.num_rows
                self._groups = [file.metadata.row_group(at).num_rows for at in range(file.metadata.num_row_groups)]
                leaves = [file.schema.column(number) for number in range(len(file.schema))]
                texts = [each.path for each in leaves if each.physical_type == "BYTE_ARRAY"]
                super().__init__(path, options, schema)
                self._noted = _noted(file.metadata, self.layout.note)
        except (OSError, pa.ArrowException) as error:
            raise damaged(path, "", error) from None
        repeating = self.layout.repeating
        self._repeating = [each for each in texts if each.split(".")[0] in repeating]

    @property
    def groups(self) -> int:
        """Row groups of the file."""
        return len(self._groups)

    @property
    def group_rows(self) -> tuple[int, ...]:
        """Rows of each row group, where the file may be split: no chunk crosses from one to the next.

        Empty where a claim has several rows, which may lie on both sides.
        """
        flat = self.layout.flat
        return () if flat is not None and flat.columns.long else tuple(self._groups)

    def done(self, row: int) -> float:
        """Share of the rows."""
        return row / max(self._rows, 1)

    def batches(self, start: int, columns: list[str]) -> Iterator[Batch]:
        """The rows from number `start` on. Errors: `InputError` naming the row group that is damaged."""
        before = 0
        for group, rows in enumerate(self._groups):
            if start < before + rows:
                yield from self._group(group, before, max(start - before, 0), columns)
            before += rows

    def _group(self, group: int, at: int, skip: int, columns: list[str]) -> Iterator[Batch]:
        for rows in self.tables(group, columns):
            if skip >= len(rows):
                skip, at = skip - len(rows), at + len(rows)
                continue
            yield Batch(rows.slice(skip), at + skip, f" row group {group + 1},")
            at, skip = at + len(rows), 0

    def tables(self, group: int, columns: list[str] | None = None) -> Iterator[pa.RecordBatch]:
        """The columns that are read, of one row group, as Arrow has them."""
        wanted = self.layout.wanted if columns is None else columns
        try:
            with pq.ParquetFile(self.path, read_dictionary=self._repeating, page_checksum_verification=True) as file:
                yield from file.iter_batches(self.options.size, row_groups=[group], columns=wanted)
        except (OSError, pa.ArrowException) as error:
            raise damaged(self.path, f" row group {group + 1}", error) from None


def _noted(metadata: Any, note: str) -> int:
    """Rows with a note, by the statistics of the file: a note itself is never read."""
    if not note:
        return 0
    count = 0
    for number in range(metadata.num_row_groups):
        group = metadata.row_group(number)
        column = next((c for at in range(group.num_columns) if (c := group.column(at)).path_in_schema == note), None)
        stated = column.statistics.null_count if column and column.statistics else None
        count += group.num_rows - (stated or 0)
    return count
