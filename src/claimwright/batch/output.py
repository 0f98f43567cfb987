"""Files that appear whole or not at all, and files of findings that can be left and gone on with."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Protocol

from claimwright.batch.findings import schema
from claimwright.errors import ClaimwrightError, InputError

REPEATING = ("rule", "code", "severity", "positions.list.element", "codes.list.element", "file")
"""Columns of findings whose values repeat; the names of claims hardly do."""

LAYOUT = {
    "compression": "zstd",
    "compression_level": 1,
    "use_dictionary": list(REPEATING),
    # Least and greatest help only who looks for a record; over texts of a dictionary they cost a third of the writing.
    "write_statistics": ["record"],
    "column_encoding": {"record": "DELTA_BINARY_PACKED"},
}
"""How Parquet holds findings."""


def need_pyarrow() -> None:
    """Say what is missing, and how to get it, before a file is opened."""
    if find_spec("pyarrow") is None:
        raise ClaimwrightError(
            "pyarrow is not installed, which reads and writes columns: pip install claimwright[batch]"
        )


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """A path to write to, which becomes `path` when all went well and vanishes when not.

    Errors: `InputError` for a directory that is missing, no permission, a full disk.
    """
    work = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        yield work
        work.replace(path)
    except OSError as error:
        raise cannot_write(path, error) from None
    finally:
        with suppress(OSError):
            work.unlink(missing_ok=True)


def cannot_write(path: Path, error: OSError) -> InputError:
    """The refusal of a file that cannot be written."""
    said = os.strerror(error.errno) if error.errno else str(error)
    return InputError(str(path), f"cannot be written ({said})", "a place with room to write to")


def partial_of(path: Path) -> Path:
    """What a file of findings is called until it is whole."""
    return path.with_name(path.name + ".partial")


class Sink(Protocol):
    """A file of findings that is being written."""

    def write(self, table: Any) -> None:
        """Add the findings of a record batch."""

    def close(self) -> None:
        """Make the partial file a whole one of its kind: what is in it can be read."""


def open_sink(path: Path, resumed: bool) -> Sink:
    """The partial file of `path`, Parquet by its ending and one finding a line otherwise; behind what is in it
    already if `resumed`.

    Errors: `InputError` where it cannot be written.
    """
    try:
        kind = ParquetSink if path.suffix == ".parquet" else LineSink
        return kind(partial_of(path), resumed)
    except OSError as error:
        raise cannot_write(path, error) from None


class ParquetSink:
    """Findings as Parquet, a row group for each chunk of claims."""

    def __init__(self, path: Path, resumed: bool) -> None:
        """Begin the file; what it holds already is copied, for no row group can be added to a closed file."""
        import pyarrow.parquet as pq

        old = path.with_name(path.name + ".old")
        if resumed:
            path.replace(old)
        path.open("wb").close()  # a plain error of the system where this cannot be
        self._writer = pq.ParquetWriter(path, schema(), **LAYOUT)
        if resumed:
            with pq.ParquetFile(old, read_dictionary=["rule", "code", "severity", "file"]) as before:
                for group in range(before.metadata.num_row_groups):
                    self._writer.write_table(before.read_row_group(group).cast(schema()))
            old.unlink()

    def write(self, table: Any) -> None:
        """One row group; findings of no claims make none."""
        if table.num_rows:
            self._writer.write_batch(table)

    def close(self) -> None:
        """Write the footer."""
        self._writer.close()


class LineSink:
    """Findings as one JSON object a line."""

    def __init__(self, path: Path, resumed: bool) -> None:
        """Open the file, at its end if `resumed`."""
        self._stream = path.open("ab" if resumed else "wb")

    def write(self, table: Any) -> None:
        """One line a finding, keys in the order of the columns."""
        import msgspec

        self._stream.write(msgspec.json.Encoder().encode_lines(table.to_pylist()))

    def close(self) -> None:
        """All lines to the disk."""
        self._stream.close()


class RejectFile:
    """Rejected records, one a line: file, number, refusal, and the record unchanged.

    `text` is the record; a record that is not UTF-8 stands as `base64` instead.
    """

    def __init__(self, path: Path, size: int | None) -> None:
        """Begin the file, or go on behind its first `size` bytes."""
        try:
            self._stream = path.open("wb" if size is None else "r+b")
            if size is not None:
                self._stream.seek(size)
                self._stream.truncate()
        except OSError as error:
            raise cannot_write(path, error) from None

    def write(self, file: str, number: int, place: str, problem: str, expected: str, record: bytes) -> None:
        """One record."""
        line: dict[str, Any] = {
            "file": file,
            "record": number,
            "place": place,
            "problem": problem,
            "expected": expected,
        }
        try:
            line["text"] = record.decode("utf-8")
        except UnicodeDecodeError:
            from base64 import b64encode

            line["base64"] = b64encode(record).decode("ascii")
        self._stream.write(json.dumps(line, ensure_ascii=False).encode() + b"\n")

    def size(self) -> int:
        """Bytes so far, all of them on the disk."""
        self._stream.flush()
        return self._stream.tell()

    def close(self) -> None:
        """End."""
        self._stream.close()
