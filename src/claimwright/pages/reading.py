"""Any file as text, or a refusal in one sentence."""

from __future__ import annotations

import contextlib
import re

from claimwright.claims.text_file import in_utf8, not_blank, place_of, read_bytes
from claimwright.errors import InputError

MOST_BYTES = 4 * 1024 * 1024
"""Size of a text that is judged: some thousand pages."""

_EXPECTED = "plain text, Markdown or HTML in UTF-8"
_ARTICLE = re.compile(r"\A---[ \t]*\n(?:[^\n]*\n){0,40}?article:[ \t]")


def read_any(name: str) -> str:
    """The text of a file, or of standard input for `-`.

    Errors: `InputError` for a file that is missing, empty, too large, neither UTF-8 nor
    UTF-16 with its mark, or no text.
    """
    place = place_of(name)
    data = read_bytes(name, MOST_BYTES, "a text file", "one article a file")
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        with contextlib.suppress(UnicodeDecodeError):
            data = data.decode("utf-16").encode("utf-8")
    if b"\x00" in data:
        raise InputError(place, f"byte {data.index(0)} is a NUL: this is no text", _EXPECTED)
    return not_blank(in_utf8(data, place, _EXPECTED), place, _EXPECTED)


def is_article(text: str) -> bool:
    """Does the text say that it is an article in our format?"""
    return bool(_ARTICLE.match(text.replace("\r\n", "\n")))
