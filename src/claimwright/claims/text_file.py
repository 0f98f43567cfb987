"""A file, or standard input, as bytes or as text: read to a limit, refused in one sentence.

Readers of claims, notes, questions and articles share it, so that the same fault has the same words everywhere.
"""

from __future__ import annotations

import sys
from pathlib import Path

from claimwright.errors import InputError

MOST_NOTE_BYTES = 64 * 1024 * 1024
"""Size of a note that a command reads."""

BOM = b"\xef\xbb\xbf"
"""The byte order mark of UTF-8, which is no part of a text."""


def place_of(name: str) -> str:
    """What refusals call a file: its name, or standard input for `-`."""
    return "standard input" if name == "-" else name


def read_bytes(name: str, most: int, expected: str, smaller: str) -> bytes:
    """The bytes of a file, or of standard input for `-`, at most `most` of them.

    `expected` is what the caller reads ("a text file"), `smaller` what to give where there is too much.
    Errors: `InputError` for no name, a file that is missing, a directory or not to be opened, and one that is larger.
    """
    if not name:
        raise InputError("file", "has an empty name", expected)
    place = place_of(name)
    try:
        if name == "-":
            if sys.stdin is None:  # a program without a terminal, such as a service, has none
                raise InputError(place, "is closed", expected)
            data = sys.stdin.buffer.read(most + 1)
        else:
            with Path(name).open("rb") as stream:
                data = stream.read(most + 1)
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name, or standard input closed
        reason = getattr(error, "strerror", None) or error
        raise InputError(place, f"cannot be read ({reason})", expected) from None
    if len(data) > most:
        raise InputError(place, f"more than {most // 2**20} MB", smaller)
    return data


def in_utf8(data: bytes, place: str, expected: str = "text in UTF-8") -> str:
    """The bytes as text, without a byte order mark. Errors: `InputError` naming the first byte that is not UTF-8."""
    try:
        return data.removeprefix(BOM).decode("utf-8")
    except UnicodeDecodeError as error:
        at = error.start + (len(BOM) if data.startswith(BOM) else 0)
        raise InputError(place, f"byte {at} is not UTF-8", expected) from None


def not_blank(text: str, place: str, expected: str) -> str:
    """The text. Errors: `InputError` where there is nothing but white space."""
    if not text.strip():
        raise InputError(place, "the file is empty", expected)
    return text


def read_note(name: str) -> str:
    """The text of a note; `-` is standard input. Any text is a note, none included. Errors: as `read_bytes`, UTF-8."""
    return in_utf8(read_bytes(name, MOST_NOTE_BYTES, "a text file", "one note a file"), place_of(name))
