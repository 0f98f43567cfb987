"""Words: how a text becomes tokens, and tokens stems. Phrases, wordings and questions share it."""

from __future__ import annotations

import re
import sqlite3
import unicodedata
from collections.abc import Iterable
from contextlib import closing

_STOP = """
a about after an and any are as at be been but by can do does due during for from had has have he her his i if
in including into is it its me my of on or our patient patients pt she some such than that the their them
there these they this those through to was we were what when which who with would you your
"""
STOP_WORDS = frozenset(_STOP.split())
"""Words that tell nothing apart. `without`, `not` and `no` are kept: they change what is meant."""

_POSSESSIVE = re.compile(r"['\u2019\u02bc](?:[sS]\b)?")
_TOKEN = re.compile(r"[A-Za-z0-9]+")


def tokens(text: str) -> list[str]:
    """Words of `text` in ASCII and lower case, possessive endings gone; stop-words still there."""
    return _TOKEN.findall(_plain(text).lower())


def raw_tokens(text: str) -> tuple[list[str], list[bool]]:
    """`tokens`, and which of them are written in capitals."""
    raw = _TOKEN.findall(_plain(text))
    return [each.lower() for each in raw], [each.isupper() for each in raw]


def _plain(text: str) -> str:
    if not text.isascii():
        # Quotes first: compatibility forms would turn some of them into spaces.
        text = unicodedata.normalize("NFKD", _POSSESSIVE.sub("", text)).encode("ascii", "ignore").decode()
    return _POSSESSIVE.sub("", text)


def stems(words: Iterable[str]) -> dict[str, str]:
    """Porter stem of each token, as FTS5 makes it."""
    listed = list(words)
    with closing(sqlite3.connect(":memory:")) as db:
        db.execute("CREATE VIRTUAL TABLE t USING fts5(w, content='', tokenize='porter unicode61')")
        db.execute("CREATE VIRTUAL TABLE v USING fts5vocab(t, 'instance')")
        db.executemany("INSERT INTO t (rowid, w) VALUES (?, ?)", enumerate(listed))
        return {listed[doc]: term for term, doc in db.execute("SELECT term, doc FROM v")}


def grams(word: str) -> set[str]:
    """Trigrams of a word with its ends marked."""
    marked = f"^{word}$"
    return {marked[i : i + 3] for i in range(len(marked) - 2)}
