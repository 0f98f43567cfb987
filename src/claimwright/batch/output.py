"""Files that appear whole or not at all, and files of findings that can be left and gone on with."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from glob import escape
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Protocol

from claimwright.batch.findings import schema
from claimwright.errors import ClaimwrightError, InputError

REPEATING = ("rule", "code", "severity", "positions.list.element", "codes.list.element", "file")
"""Columns of findings whose values repeat; the names of claims hardly do."""

_OTHERS = ("claim", "record")

LAYOUT = {
    # Numbers of a dictionary are packed in bits already: compressed, the file is a quarter smaller, and takes an
    # eighth longer to write.
    "compression": {**dict.fromkeys(REPEATING, "none"), **dict.fromkeys(_OTHERS, "zstd")},
    "compression_level": dict.fromkeys(_OTHERS, 1),
    "use_dictionary": list(REPEATING),
    # Least and greatest help only who looks for a record; over texts of a dictionary they cost a third of the writing.
    "write_statistics": ["record"],
    "column_encoding": {"record": "DELTA_BINARY_PACKED"},
    "write_page_checksum": True,
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
    if path.exists() and not path.is_file() and not path.is_dir():  # a device would be lost to the file
        raise InputError(str(path), "is no plain file", "a file to write to")
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


def parts_of(partial: Path) -> list[Path]:
    """The parts beside a partial file, in order; see `ParquetSink`."""
    return sorted(partial.parent.glob(f"{escape(partial.name)}.[0-9][0-9][0-9][0-9]*"))


class Sink(Protocol):
    """A file of findings that is being written."""

    def write(self, table: Any) -> None:
        """Add the findings of a record batch."""

    def mark(self) -> int:
        """Put everything so far on the disk for good, whatever happens then; what `open_sink` goes on from."""

    def close(self) -> int:
        """Make the partial file a whole one of its kind: what is in it can be read. As `mark`."""

    def clear(self) -> None:
        """Remove what the closed file does not need beside it."""

    def drop(self, mark: int | None) -> None:
        """Remove what came after a mark; without one, everything."""


def open_sink(path: Path, mark: int | None) -> Sink:
    """The partial file of `path`, Parquet by its ending and one finding a line otherwise; behind what was in it at
    a mark, if one is given.

    Errors: `InputError` where it cannot be written.
    """
    try:
        kind = ParquetSink if path.suffix == ".parquet" else LineSink
        return kind(partial_of(path), mark)
    except OSError as error:
        raise cannot_write(path, error) from None


class ParquetSink:
    """Findings as Parquet, a row group for each chunk of claims.

    A Parquet file can be read only when it is closed. So at each mark what is there is closed and put beside as a
    numbered part (`OUT.partial.0001`), and the parts are joined at the end. A mark is the number of parts; 0 says
    that `OUT.partial` is whole and holds everything.
    """

    def __init__(self, path: Path, mark: int | None) -> None:
        """Begin the file, behind the parts of a mark."""
        self._path, self._parts = path, mark or 0
        if mark == 0 and not (self._part(1).exists() and not path.exists()):
            path.replace(self._part(1))
        if mark == 0:
            self._parts = 1
        self._remove(self._parts + 1)
        self._open()

    def write(self, table: Any) -> None:
        """One row group; findings of no claims make none."""
        if table.num_rows:
            self._writer.write_batch(table)
            self._rows += table.num_rows

    def mark(self) -> int:
        """Close what is there as one more part."""
        if self._rows:
            self._writer.close()
            to_disk(self._path)
            self._path.replace(self._part(self._parts + 1))
            self._parts += 1
            self._open()
        return self._parts

    def close(self) -> int:
        """Write the footer, behind the row groups of all parts."""
        self._writer.close()
        if self._parts:
            self._join()
        to_disk(self._path)
        return 0

    def clear(self) -> None:
        """Remove the parts."""
        self._remove(1)

    def drop(self, mark: int | None) -> None:
        """Remove the file that is being written, and the parts behind a mark."""
        with suppress(OSError):
            self._writer.close()
        self._path.unlink(missing_ok=True)
        self._joined.unlink(missing_ok=True)
        self._remove(1 if mark is None else mark + 1)

    @property
    def _joined(self) -> Path:
        return self._path.with_name(self._path.name + ".joined")

    def _part(self, number: int) -> Path:
        return self._path.with_name(f"{self._path.name}.{number:04d}")

    def _remove(self, number: int) -> None:
        while self._part(number).exists():
            self._part(number).unlink()
            number += 1

    def _open(self) -> None:
        self._path.open("wb").close()  # a plain error of the system where this cannot be
        self._writer, self._rows = _writer(self._path), 0

    def _join(self) -> None:
        import pyarrow as pa
        import pyarrow.parquet as pq

        with _writer(self._joined) as out:
            for part in (*(self._part(number) for number in range(1, self._parts + 1)), self._path):
                try:
                    with pq.ParquetFile(part, read_dictionary=["rule", "code", "severity", "file"]) as before:
                        for group in range(before.metadata.num_row_groups):
                            out.write_table(before.read_row_group(group).cast(schema()))
                except pa.ArrowInvalid as error:
                    raise InputError(str(part), f"cannot be read ({error})", "a part of the findings") from None
        self._joined.replace(self._path)


def _writer(path: Path) -> Any:
    import pyarrow.parquet as pq

    return pq.ParquetWriter(path, schema(), **LAYOUT)


def to_disk(path: Path) -> None:
    """Have the system write what it still holds of a file."""
    with path.open("rb") as stream:
        os.fsync(stream.fileno())


class LineSink:
    """Findings as one JSON object a line. A mark is the size of the file."""

    def __init__(self, path: Path, mark: int | None) -> None:
        """Open the file, cut to its size at a mark."""
        self._path = path
        self._stream = path.open("wb" if mark is None else "r+b")
        if mark is not None:
            self._stream.seek(mark)
            self._stream.truncate()

    def write(self, table: Any) -> None:
        """One line a finding, keys in the order of the columns."""
        import msgspec

        self._stream.write(msgspec.json.Encoder().encode_lines(table.to_pylist()))

    def mark(self) -> int:
        """All lines to the disk."""
        self._stream.flush()
        os.fsync(self._stream.fileno())
        return self._stream.tell()

    def close(self) -> int:
        """All lines to the disk, and the end."""
        size = self.mark()
        self._stream.close()
        return size

    def clear(self) -> None:
        """There is nothing beside the file."""

    def drop(self, mark: int | None) -> None:
        """Cut the file to its size at a mark; without one, remove it."""
        with suppress(OSError):
            self._stream.close()
        if mark is None:
            self._path.unlink(missing_ok=True)
        else:
            os.truncate(self._path, mark)


class RejectFile:
    """Rejected records, one a line: file, number, refusal, and the record unchanged.

    `text` is the record; a record that is not UTF-8 stands as `base64` instead.
    """

    def __init__(self, path: Path, size: int | None) -> None:
        """Begin the file, or go on behind its first `size` bytes."""
        self._path = path
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
        with self._told():
            self._stream.write(json.dumps(line, ensure_ascii=False).encode() + b"\n")

    def size(self) -> int:
        """Bytes so far, all of them on the disk."""
        with self._told():
            self._stream.flush()
            os.fsync(self._stream.fileno())
        return self._stream.tell()

    def close(self) -> None:
        """End; what could not be written has been told."""
        with suppress(OSError):
            self._stream.close()

    def drop(self, size: int | None) -> None:
        """End, cut to a size; without one the file is removed."""
        self.close()
        if size is None:
            self._path.unlink(missing_ok=True)
        else:
            os.truncate(self._path, size)

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Errors of the system name this file."""
        try:
            yield
        except OSError as error:
            raise OSError(error.errno, error.strerror, str(self._path)) from None
