"""JSON documents of a stream one by one: one a line, the items of an array, or a single document."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

import msgspec

from claimwright.claims.wire import not_json
from claimwright.errors import InputError

MOST_BYTES = 1 << 30
"""What is read at once of an array or a single document. Larger files hold one record a line."""

LONGEST_LINE = 1 << 28
BOM = b"\xef\xbb\xbf"


class Item(NamedTuple):
    """One document as it stands in the file: its bytes, its place (`file: line 3`), its path there (`$[2]`)."""

    raw: bytes
    place: str
    root: str = "$"


def json_items(stream: BinaryIO, name: str) -> Iterator[Item]:
    """Every document in order. Errors: `InputError` for an array that is no JSON or too large to be read at once."""
    first = _first_line(stream)
    number = 1
    while not first.strip():
        if not first:
            raise InputError(name, "the file is empty", "JSON")
        first = stream.readline(LONGEST_LINE)
        number += 1
    start = first.lstrip()[:1]
    second = stream.readline(LONGEST_LINE) if start == b"{" else b""
    if start == b"{" and second and (_whole(first) or second.lstrip()[:1] == b"{"):
        yield from _lines(stream, name, number, first, second)
        return
    data = (first + second + stream.read(MOST_BYTES)).strip()
    if len(data) >= MOST_BYTES:
        raise InputError(name, f"one document of more than {MOST_BYTES // 2**20} MB", "one record a line")
    if start != b"[":
        yield Item(data, name)
        return
    try:
        items = msgspec.json.decode(data, type=list[msgspec.Raw])
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise not_json(name, error) from None
    for index, each in enumerate(items):
        yield Item(bytes(each), name, f"$[{index}]")


def _first_line(stream: BinaryIO) -> bytes:
    return stream.readline(LONGEST_LINE).removeprefix(BOM)


def _whole(line: bytes) -> bool:
    try:
        msgspec.json.decode(line, type=msgspec.Raw)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        return False
    return True


def _lines(stream: BinaryIO, name: str, number: int, *read: bytes) -> Iterator[Item]:
    for line in read:
        if line.strip():
            yield Item(line, f"{name}: line {number}")
        number += 1
    while line := stream.readline(LONGEST_LINE):
        if line.strip():
            yield Item(line, f"{name}: line {number}")
        number += 1
