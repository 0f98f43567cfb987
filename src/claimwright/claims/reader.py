"""Claims from a file: one claim, a JSON array, or one claim a line; `-` is standard input."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import msgspec

from claimwright.claims.wire import claim_from_json, not_json
from claimwright.errors import InputError
from claimwright.model import Claim

MOST_BYTES = 256 * 1024 * 1024
"""What `check` reads at once. Larger files are for a scan, which streams."""


def read_text(name: str) -> bytes:
    """The bytes of a file, or of standard input, without blanks around them; UTF-8 for certain."""
    return _bytes(name, "standard input" if name == "-" else name).strip()


def read_claims(name: str, text: bytes | None = None) -> tuple[list[Claim], bool]:
    """All claims of a file in order, and whether the file held several (an array or lines).

    `text` is what `read_text` gave, where that has been read already.
    Errors: `InputError` naming file, line, JSON path, value and what was expected.
    """
    place = "standard input" if name == "-" else name
    data = read_text(name) if text is None else text
    if not data:
        raise InputError(place, "the file is empty", "a claim as JSON")
    if data[:1] == b"[":
        return list(_array(data, place)), True
    if data[:1] != b"{":
        start = data[:12].decode("utf-8", "replace").split("\n")[0]
        raise InputError(place, f"starts with {start!r}", "a claim as JSON: { or [")
    lines = data.split(b"\n")
    if len(lines) > 1 and _whole(lines[0]):
        return list(_lines(lines, place)), True
    return [claim_from_json(data, place)], False


def _bytes(name: str, place: str) -> bytes:
    if not name:
        raise InputError("file", "has an empty name", "a file of claims, or - for standard input")
    try:
        if name == "-":
            data = _limited(sys.stdin.buffer, place)
        else:
            with Path(name).open("rb") as stream:
                data = _limited(stream, place)
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        raise InputError(place, f"cannot be read ({getattr(error, 'strerror', error)})", "a file of claims") from None
    data = data.removeprefix(b"\xef\xbb\xbf")  # a BOM is no part of the text
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise InputError(place, f"byte {error.start} is not UTF-8", "JSON in UTF-8") from None
    return data


def read_note_file(name: str) -> str:
    """The text of a note; `-` is standard input. Any text is a note. Errors: `InputError` naming the file."""
    place = "standard input" if name == "-" else name
    return _bytes(name, place).decode("utf-8")


def _limited(stream: BinaryIO, place: str) -> bytes:
    data = stream.read(MOST_BYTES + 1)
    if len(data) > MOST_BYTES:
        raise InputError(place, f"more than {MOST_BYTES // 2**20} MB", "a smaller file; split it by claim")
    return data


def _whole(line: bytes) -> bool:
    """Is this line a JSON object by itself? Then the file is one claim a line."""
    try:
        return isinstance(msgspec.json.decode(line), dict)
    except (msgspec.DecodeError, RecursionError):
        return False


def _array(data: bytes, place: str) -> Iterator[Claim]:
    try:
        items = msgspec.json.decode(data, type=list[msgspec.Raw])
    except (msgspec.DecodeError, RecursionError) as error:
        raise not_json(place, error) from None
    if not items:
        raise InputError(place, "the array is empty", "at least one claim")
    for index, item in enumerate(items):
        yield claim_from_json(bytes(item), place, f"$[{index}]")


def _lines(lines: list[bytes], place: str) -> Iterator[Claim]:
    for number, line in enumerate(lines, start=1):
        if line.strip():
            yield claim_from_json(line, f"{place}: line {number}")
