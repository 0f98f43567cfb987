"""Any file as text, or a refusal in one sentence."""

from __future__ import annotations

import contextlib
import re
import sys
from pathlib import Path

from claimwright.errors import InputError

MOST_BYTES = 4 * 1024 * 1024
"""Size of a text that is judged: some thousand pages."""

_ARTICLE = re.compile(r"\A---[ \t]*\n(?:[^\n]*\n){0,40}?article:[ \t]")


def read_any(name: str) -> str:
    """The text of a file, or of standard input for `-`.

    Errors: `InputError` for a file that is missing, empty, too large, neither UTF-8 nor
    UTF-16 with its mark, or no text.
    """
    if not name:
        raise InputError("file", "has an empty name", "a text file")
    place = "standard input" if name == "-" else name
    try:
        if name == "-":
            data = sys.stdin.buffer.read(MOST_BYTES + 1)
        else:
            with Path(name).open("rb") as stream:
                data = stream.read(MOST_BYTES + 1)
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        raise InputError(
            place, f"cannot be read ({getattr(error, 'strerror', None) or error})", "a text file"
        ) from None
    if len(data) > MOST_BYTES:
        raise InputError(place, f"more than {MOST_BYTES // 2**20} MB", "one article a file")
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        with contextlib.suppress(UnicodeDecodeError):
            data = data.decode("utf-16").encode("utf-8")
    if b"\x00" in data:
        raise InputError(
            place, f"byte {data.index(0)} is a NUL: this is no text", "plain text, Markdown or HTML in UTF-8"
        )
    try:
        text = data.removeprefix(b"\xef\xbb\xbf").decode("utf-8")
    except UnicodeDecodeError as error:
        raise InputError(place, f"byte {error.start} is not UTF-8", "plain text, Markdown or HTML in UTF-8") from None
    if not text.strip():
        raise InputError(place, "is empty", "plain text, Markdown or HTML")
    return text


def is_article(text: str) -> bool:
    """Does the text say that it is an article in our format?"""
    return bool(_ARTICLE.match(text.replace("\r\n", "\n")))
