"""Files packed as gz or zip: read as what is in them, by its content again; every file of a zip in turn."""

from __future__ import annotations

import io
import zlib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, cast

from claimwright.claims.readers import HEAD, Options, Reader, Reject
from claimwright.claims.readers.records import Record, RecordReader, reject
from claimwright.claims.readers.streams import plain, records_of
from claimwright.errors import InputError, SourceError
from claimwright.sources.packed import DAMAGED, members

NAME = "packed"
MOST_KEPT = 1 << 24
"""Bytes of a file of a zip that is none of claims, kept as it is; a larger one is only named."""

_GZ, _ZIP = b"\x1f\x8b", b"PK\x03\x04"


def recognises(head: bytes) -> bool:
    """The first bytes of a gz or a zip."""
    return head.startswith((_GZ, _ZIP))


def open_reader(path: Path, options: Options) -> Reader:
    """A reader of what is packed in the file."""
    return RecordReader(path, options, plain, PackedRecords)


class PackedRecords:
    """The claims of a packed stream."""

    def __init__(self, stream: BinaryIO, name: str, options: Options | None = None) -> None:
        self.stream, self.name, self.options = stream, name, options
        self.counts: Counter[str] = Counter()
        self.notes: list[str] = []
        self.records = 0

    def __iter__(self) -> Iterator[Record | Reject]:
        """Every claim in order. Errors: `InputError` for a damaged archive, after what could be read of it."""
        start = self.stream.read(4)
        self.stream.seek(0)
        if start.startswith(_GZ):
            yield from self._one(_Gz(self.stream), self.name)
            return
        try:
            for name, stream in members(self.stream, self.name):
                yield from self._member(stream, f"{self.name}/{name}")
        except SourceError as error:
            raise InputError(error.file, error.problem, error.expected) from None

    def _member(self, raw: BinaryIO, name: str) -> Iterator[Record | Reject]:
        """The claims of one file of a zip; when refusals are skipped, one that is no such file is itself a record."""
        kept = _Kept(raw)
        try:
            yield from self._one(kept, name)
        except InputError as refusal:
            if self.options is None or self.options.on_error != "skip":
                raise
            self.records += 1
            yield reject(self.records, refusal, kept.all())

    def _one(self, raw: object, name: str) -> Iterator[Record | Reject]:
        unpacked = _Unpacked(cast(BinaryIO, raw))
        stream = io.BufferedReader(unpacked, HEAD)
        head = stream.peek(HEAD)
        if not head:
            raise InputError(name, unpacked.problem or "the file is empty", "a file of claims")
        records = records_of(head, name)(cast(BinaryIO, stream), name, self.options)
        for each in records:
            self.records += 1
            yield each._replace(number=self.records) if isinstance(each, Record) else _renumbered(each, self.records)
        self.counts.update(records.counts)
        self.notes.extend(records.notes)
        if unpacked.problem:
            raise InputError(name, unpacked.problem, "a whole file; what came before has been read")


class _Kept:
    """A stream that remembers its beginning, in case nothing of it can be read as claims."""

    def __init__(self, stream: BinaryIO) -> None:
        self.stream = stream
        self._head: bytes | None = b""

    def read(self, size: int) -> bytes:
        """As a stream does."""
        data = self.stream.read(size)
        if self._head is not None:
            self._head = data if not self._head else None
        return data

    def all(self) -> bytes:
        """All of it, when no more than the beginning has been read and it is not large; else nothing."""
        try:
            rest = self.stream.read(MOST_KEPT) if self._head is not None else b""
        except DAMAGED:
            return b""
        return b"" if self._head is None or len(rest) == MOST_KEPT else self._head + rest


class _Gz:
    """The text of a gz, member after member; what a cut one still holds is given before it is refused."""

    def __init__(self, stream: BinaryIO) -> None:
        self.stream = stream
        self._inner, self._rest, self._ended = zlib.decompressobj(31), b"", False

    def read(self, size: int) -> bytes:
        """At most `size` bytes; none at the end. Errors: `EOFError`, `zlib.error`."""
        while True:
            data = self._rest or self.stream.read(HEAD)
            self._rest = b""
            if not data:
                if self._ended:
                    return b""
                raise EOFError("the gz is cut off")
            if self._ended:  # another member, or padding
                data = data.lstrip(b"\x00")
                self._inner, self._ended = (zlib.decompressobj(31), False) if data else (self._inner, True)
                self._rest = data
                continue
            out = self._inner.decompress(data, size)
            self._rest = self._inner.unconsumed_tail
            if self._inner.eof:
                self._ended, self._rest = True, self._inner.unused_data
            if out:
                return out


class _Unpacked(io.RawIOBase):
    """A stream that ends where unpacking fails, remembering why: what came before is read nevertheless."""

    def __init__(self, stream: BinaryIO) -> None:
        super().__init__()
        self.stream, self.problem = stream, ""

    def readable(self) -> bool:
        """Always."""
        return True

    def readinto(self, buffer: object) -> int:
        """As `io.RawIOBase`; 0 also where the archive is damaged."""
        view = memoryview(cast(bytearray, buffer))
        try:
            data = self.stream.read(len(view))
        except DAMAGED as error:
            self.problem = f"cannot be unpacked to the end ({error})"
            return 0
        view[: len(data)] = data
        return len(data)


def _renumbered(each: Reject, number: int) -> Reject:
    return Reject(number, each.place, each.problem, each.expected, each.record)


RECORDS = PackedRecords
"""What reads a packed stream; it has to be one that can be read from its beginning again."""
