"""Arrow IPC files and streams of claims (also called Feather), one record batch after the other.

See `column_reader` for the layouts. A stream has no end that could be known before it is read.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa

from claimwright.claims.readers import Options
from claimwright.claims.readers.column_reader import Batch, ColumnReader, damaged, notes_in
from claimwright.errors import InputError

NAME = "arrow"
_FILE, _STREAM = b"ARROW1\x00\x00", b"\xff\xff\xff\xff"
_LONGEST_SCHEMA = 1 << 24


def recognises(head: bytes) -> bool:
    """The name of the file form, or the mark of a stream's first message and the length of its schema."""
    return head.startswith(_FILE) or (
        head.startswith(_STREAM) and 0 < int.from_bytes(head[4:8], "little") <= _LONGEST_SCHEMA and len(head) > 8
    )


def open_reader(path: Path, options: Options) -> ArrowReader:
    """A reader of the file. Errors: `InputError` for a file without a schema, or without the columns of a claim."""
    return ArrowReader(path, options)


class ArrowReader(ColumnReader):
    """One file or stream. Memory is that of one record batch, cut into chunks."""

    whole_counts = False

    def __init__(self, path: Path, options: Options) -> None:
        """Read the schema."""
        with self._opened(path) as (reader, _):
            schema = reader.schema
        super().__init__(path, options, schema)
        self._size = path.stat().st_size or 1
        self._share = 0.0

    @contextmanager
    def _opened(self, path: Path) -> Iterator[tuple[Any, Any]]:
        try:
            with pa.OSFile(str(path)) as source:
                is_file = source.read(len(_FILE)) == _FILE
                source.seek(0)
                with pa.ipc.open_file(source) if is_file else pa.ipc.open_stream(source) as reader:
                    yield reader, source
        except InputError:
            raise
        except (OSError, pa.ArrowException, EOFError) as error:
            raise damaged(path, "", error, "Arrow") from None

    def done(self, row: int) -> float:
        """Share of the batches of a file, or of the bytes of a stream, with the batch at hand."""
        return self._share

    def batches(self, start: int, columns: list[str]) -> Iterator[Batch]:
        """The rows from number `start` on. Errors: `InputError` naming the record batch that is damaged."""
        at = 0
        with self._opened(self.path) as (reader, source):
            count = getattr(reader, "num_record_batches", 0)
            for number, rows in enumerate(_each(reader, self.path), start=1):
                self._share = number / count if count else min(1.0, source.tell() / self._size)
                skip = max(start - at, 0)
                if skip < len(rows) and self.layout.note and columns == self.layout.wanted:
                    self._noted += notes_in(rows.slice(skip), self.layout.note)
                chosen = rows.select(columns)
                for begin in range(skip, len(rows), self.options.size):
                    yield Batch(chosen.slice(begin, self.options.size), at + begin, f" record batch {number},")
                at += len(rows)


def _each(reader: Any, path: Path) -> Iterator[pa.RecordBatch]:
    """Every record batch, looked at for what does not fit: bytes that were changed would be read out of bounds."""
    count = getattr(reader, "num_record_batches", None)
    number = 0
    while count is None or number < count:
        number += 1
        try:
            rows = reader.read_next_batch() if count is None else reader.get_batch(number - 1)
            rows.validate(full=True)
        except StopIteration:
            return
        except (OSError, pa.ArrowException, ValueError) as error:
            raise damaged(path, f" record batch {number}", error, "Arrow") from None
        yield rows
