"""Words: how a text becomes tokens, and tokens stems. Phrases, wordings and questions share it."""

from __future__ import annotations

import re
import sqlite3
import unicodedata
from collections.abc import Iterable
from threading import Lock

_STOP = """
a about after an and any are as at be been but by can do does due during for from had has have he her his i if
in including into is it its me my of on or our patient patients pt she some such than that the their them
there these they this those through to was we were what when which who with would you your
"""
STOP_WORDS = frozenset(_STOP.split())
"""Words that tell nothing apart. `without`, `not` and `no` are kept: they change what is meant."""

_POSSESSIVE = re.compile(r"['\u2019\u02bc](?:[sS]\b)?")
_TOKEN = re.compile(r"[A-Za-z0-9]+")
_MOST_KEPT = 200_000
"""Words whose stems are remembered before they are forgotten (some 20 MB)."""


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


class _Stemmer:
    """Porter stems by FTS5, remembered; one for the process, with a lock, since the answers never differ."""

    def __init__(self) -> None:
        self._stems: dict[str, str] = {}
        self._lock = Lock()
        self._db: sqlite3.Connection | None = None

    def of(self, listed: list[str]) -> dict[str, str]:
        known = self._stems
        unknown = sorted({word for word in listed if word not in known})
        if unknown:
            with self._lock:
                if len(known) > _MOST_KEPT:
                    known, unknown = {}, sorted(set(listed))
                known |= self._read(unknown)
                self._stems = known
        return {word: stem for word in listed if (stem := known[word])}

    def _read(self, listed: list[str]) -> dict[str, str]:
        if self._db is None:
            self._db = sqlite3.connect(":memory:", check_same_thread=False, isolation_level=None)
            self._db.execute("CREATE VIRTUAL TABLE t USING fts5(w, content='', tokenize='porter unicode61')")
            self._db.execute("CREATE VIRTUAL TABLE v USING fts5vocab(t, 'instance')")
        self._db.execute("BEGIN")
        self._db.executemany("INSERT INTO t (rowid, w) VALUES (?, ?)", enumerate(listed))
        found = {listed[doc]: term for term, doc in self._db.execute("SELECT term, doc FROM v")}
        self._db.execute("INSERT INTO t (t) VALUES ('delete-all')")
        self._db.execute("COMMIT")
        return {word: found.get(word, "") for word in listed}


_STEMMER = _Stemmer()


def stems(words: Iterable[str]) -> dict[str, str]:
    """Porter stem of each token, as FTS5 makes it."""
    return _STEMMER.of(list(words))


def grams(word: str) -> set[str]:
    """Trigrams of a word with its ends marked."""
    marked = f"^{word}$"
    return {marked[i : i + 3] for i in range(len(marked) - 2)}
