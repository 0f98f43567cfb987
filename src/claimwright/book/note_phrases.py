"""The wordings that `read` looks for in a note, compiled once, looked up by their first word.

Three kinds of wording lead to an entry: official ones (titles, inclusion terms, terms of the Index), which
may be coded; everyday words and abbreviations, which stand for official ones; and the terms of
`lexicons/facts.yaml`, which policies ask for. An entry only *finds* a mention. Which code may follow is the
navigator's question: a dictionary of every Index path would fire on bare anatomy and adjectives.

A wording is kept as the stems of its words. Words of grammar and sides are left out, `with` and `and` are
one word, and an aside in brackets is no part of it. SQLite's own Porter stemmer makes the stems, as in
`claimwright.book.search_index`.
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Collection, Iterable, Iterator, Mapping
from threading import Lock
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from claimwright.book.store import Book
    from claimwright.sources.lexicon import Lexicon

TABLE = "CREATE TABLE note_phrase (first TEXT PRIMARY KEY, entries TEXT) WITHOUT ROWID"
"""`entries`: JSON object of the further stems, joined by spaces, to an entry (1: official wording, no more)."""

TOKEN = re.compile(r"\w+(?:['\u2019]\w+)?|[^\w\s]")
"""A word, or one character that is neither a word nor white space."""
LONGEST = 6
"""Stems of the longest wording kept; longer titles are not found in notes word by word."""
_GRAMMAR = "a an the of in on at to for is are was were be been her his my their your its our this that"
SKIP = frozenset(_GRAMMAR.split())
"""Words of grammar that a wording may lose or gain."""
_SHORTEST = 3
"""Letters of a wording that may stand in small letters, and of a word that has endings to lose."""
SIDES = frozenset({"left", "right", "bilateral", "bilaterally", "both", "unspecified", "nos", "nec", "other"})
"""Axes of a code, which a note may put anywhere or leave out."""
JOINED = {"and": "&", "with": "&", "or": "&"}

_ASIDE = re.compile(r"\([^)]*\)|\[[^\]]*\]|, unspecified\b[^,;]*|, [a-z ]*\bnot (?:otherwise|elsewhere) [a-z]+\b")
_CONTEXT = re.compile(
    r"\b(?:history|encounter|screening|sequelae?|complicating|supervision|newborn|examination|observation|counseling"
    r"|underdosing|exposure|poisoning|adverse effect|status|without|not)\b",
    re.IGNORECASE,
)
"""A wording with one of these says more than what ails the person, or says what is not there."""
_NO_CONDITION = "VWXYZU"
"""Chapters of external causes, factors and special purposes: their titles are no findings of a note."""
_KEPT_APART = ("U07", "U09")
_OF = re.compile(r"^(\w+(?: \w+)?) (?:of|in) (?:the )?((?:\w+ )?\w+)$")


class Entry(NamedTuple):
    """What a wording stands for. `facts` and `absent` are ids of facts that it states or denies by itself.

    `condition`: it may be looked up in the Index. `means` holds the official words an everyday word or an
    abbreviation stands for; `short` marks an abbreviation, whose meaning is one of them. `written` is how it
    must be written (small letters: in any case), or empty. Without one of the words `needs` in its sentence, or
    with one of `bars`, an ambiguous short form means something else.
    """

    condition: bool = False
    facts: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()
    means: tuple[str, ...] = ()
    written: str = ""
    short: bool = False
    needs: frozenset[str] = frozenset()
    bars: frozenset[str] = frozenset()


# ---- building -----------------------------------------------------------------------------------


def write_note_phrases(db: sqlite3.Connection, lexicons: Mapping[str, Lexicon]) -> None:
    """Fill `note_phrase` from the nodes and notes already written and from the lexicons."""
    db.execute(TABLE)
    stop = {_key(str(row["term"])) for row in _rows(lexicons, "note-stop-terms")}
    said = [
        (key, {"c": 1})
        for key in dict.fromkeys(map(_key, dict.fromkeys(_official(db, lexicons))))
        if key and len(key) <= LONGEST and key not in stop and len("".join(key)) >= _SHORTEST
    ]
    official = {key for key, _ in said}
    for text, payload in _ours(lexicons):
        # A short form of anatomy, of an order or of a test is no finding.
        if "m" not in payload or (
            _key(text) not in stop and any(_names(meaning, official) for meaning in payload["m"])
        ):
            said.append((_key(text), payload))
    said += _ambiguous(lexicons, {key for key, _ in said})
    entries: dict[str, dict[str, dict[str, Any]]] = {}
    for stems, payload in said:
        if stems and len(stems) <= LONGEST:
            kept = entries.setdefault(stems[0], {}).setdefault(" ".join(stems[1:]), {})
            for key, value in payload.items():
                kept[key] = value if isinstance(value, int | str) else list(dict.fromkeys([*kept.get(key, []), *value]))
    db.executemany(
        "INSERT INTO note_phrase VALUES (?, ?)",
        (
            (first, json.dumps({rest: _packed(entries[first][rest]) for rest in sorted(entries[first])}))
            for first in sorted(entries)
        ),
    )


def _key(text: str) -> tuple[str, ...]:
    """A wording as it is compared."""
    own = words(text)
    stem_of = porter(own)
    return tuple(stem_of[word] for word in own)


def _names(meaning: str, official: set[tuple[str, ...]]) -> bool:
    """Does a meaning hold an official wording of a condition?"""
    stems = _key(meaning)
    return any(stems[low:high] in official for low in range(len(stems)) for high in range(low + 1, len(stems) + 1))


def _packed(payload: dict[str, Any]) -> Any:
    return 1 if payload == {"c": 1} else payload


def _rows(lexicons: Mapping[str, Lexicon], name: str) -> tuple[dict[str, Any], ...]:
    return lexicons[name].rows if name in lexicons else ()


def _official(db: sqlite3.Connection, lexicons: Mapping[str, Lexicon]) -> Iterator[str]:
    """Wordings of conditions, from every edition; a title `X of Y` also as `Y X`."""
    titles = db.execute(
        "SELECT DISTINCT code, title FROM node WHERE made = 0 AND kind IN ('category', 'subcategory', 'code')"
    )
    notes = db.execute(
        "SELECT DISTINCT p.code, n.text FROM note n JOIN node p ON p.edition = n.edition AND p.pos = n.holder "
        "WHERE n.kind = 'inclusionTerm' AND p.kind IN ('category', 'subcategory', 'code')"
    )
    for code, text in sorted({*titles, *notes}):
        if (code[0] in _NO_CONDITION and not code.startswith(_KEPT_APART)) or _CONTEXT.search(text):
            continue
        yield from _variants(_ASIDE.sub(" ", text))
    for row in _rows(lexicons, "index-terms"):
        yield from _variants(str(row["term"]))
        yield from _main_terms(str(row["path"]).split(" > ")[0].split(" - ")[0])
    yield from _index_terms(db)


def _index_terms(db: sqlite3.Connection) -> Iterator[str]:
    """Main terms of a loaded Alphabetic Index."""
    if db.execute("SELECT 1 FROM sqlite_master WHERE name = 'index_node'").fetchone():
        sql = (
            "SELECT DISTINCT n.title FROM index_node n JOIN index_edition e ON e.id = n.edition "
            "WHERE n.parent < 0 AND e.kind = 'index' AND n.see NOT LIKE 'condition%' ORDER BY n.title"
        )
        for (text,) in db.execute(sql):
            yield from _main_terms(text)


def _main_terms(text: str) -> Iterator[str]:
    """`Cramp(s)` and `Abnormal, abnormality` as the wordings they pack."""
    for part in re.sub(r"\([^)]*\)", "", text).split(","):
        if not _CONTEXT.search(part):
            yield part


def _variants(text: str) -> Iterator[str]:
    text = " ".join(text.split())
    yield text
    turned = _OF.match(text)
    if turned:
        yield f"{turned[2]} {turned[1]}"
    pair = re.match(r"^(\w{4,}) and (\w{4,})$", text)
    if pair:
        yield from pair.groups()


def _ours(lexicons: Mapping[str, Lexicon]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Wordings of our lexicons, with what they stand for."""
    for row in _rows(lexicons, "facts"):
        for term in row["terms"]:
            yield str(term), {"f": [row["fact"]]}
        for term in row.get("absent_terms") or ():
            yield str(term), {"a": [row["fact"]]}
    for row in _rows(lexicons, "lay-terms"):
        # "the runs" is only meant as written; a note says "runs" of other things.
        if row["means"] and (" " not in row["lay"] or len(words(str(row["lay"]))) > 1):
            yield str(row["lay"]), {"c": 1, "m": list(map(str, row["means"]))}
    for row in _rows(lexicons, "eponyms"):
        yield str(row["eponym"]), {"c": 1, "m": list(map(str, row["means"]))}
    for row in _rows(lexicons, "abbreviations"):
        if row["means"]:
            short = str(row["short"])
            capitals = row.get("capitals") or len(short) < _SHORTEST
            meanings = [*map(str, row["means"]), *map(str, row.get("beyond") or ())]
            yield short, {"c": 1, "m": meanings, "s": 1, "w": short if capitals else short.lower()}


def _ambiguous(
    lexicons: Mapping[str, Lexicon], said: Collection[tuple[str, ...]]
) -> Iterator[tuple[tuple[str, ...], dict[str, Any]]]:
    """For short forms already said: how they must be written, and which words allow or bar their meaning."""
    for row in _rows(lexicons, "ambiguous-short-forms"):
        key = _key(str(row["short"]))
        if key in said:
            payload = {"n": list(row.get("needs") or ()), "b": list(row.get("bars") or ())}
            yield (
                key,
                {
                    **{name: words for name, words in payload.items() if words},
                    **({"w": str(row["short"])} if row.get("capitals") else {}),
                },
            )


def words(text: str) -> list[str]:
    """Words of a wording as they are compared: lower case, without grammar, sides and possessive endings."""
    out = [word.lower() for word in TOKEN.findall(text) if word[0].isalnum() or word[0] == "_"]
    out = [JOINED.get(word, word) for word in map(bare, out) if word not in SKIP and word not in SIDES]
    while out and out[-1] == "&":
        out.pop()
    while out and out[0] == "&":
        out.pop(0)
    return out


def bare(word: str) -> str:
    """A lower-case word without its possessive ending."""
    return word[:-2] if word[-2:] in ("'s", "\u2019s") else word


_MOST_KEPT = 200_000
"""Words whose stems are remembered before they are forgotten (some 20 MB)."""


class _Stemmer:
    """Porter stems by FTS5, remembered; one for the process, with a lock, since the answers never differ."""

    def __init__(self) -> None:
        self._stems: dict[str, str] = {}
        self._lock = Lock()
        self._db: sqlite3.Connection | None = None

    def of(self, listed: Collection[str]) -> dict[str, str]:
        """The stem of each lower-case word; what FTS5 does not take for one word stands for itself."""
        stems = self._stems
        unknown = {word for word in listed if word not in stems}
        if unknown:
            with self._lock:
                if len(stems) > _MOST_KEPT:
                    stems, unknown = {}, set(listed)
                stems |= self._read(sorted(unknown))
                self._stems = stems
        return stems

    def _read(self, listed: list[str]) -> dict[str, str]:
        if self._db is None:
            self._db = sqlite3.connect(":memory:", check_same_thread=False, isolation_level=None)
            self._db.execute(
                "CREATE VIRTUAL TABLE t USING fts5(w, content='', tokenize='porter unicode61 remove_diacritics 2')"
            )
            self._db.execute("CREATE VIRTUAL TABLE v USING fts5vocab(t, 'instance')")
        found: dict[int, list[str]] = {}
        self._db.execute("BEGIN")
        self._db.executemany("INSERT INTO t (rowid, w) VALUES (?, ?)", enumerate(map(_plain, listed)))
        for term, doc in self._db.execute("SELECT term, doc FROM v"):
            found.setdefault(doc, []).append(term)
        self._db.execute("INSERT INTO t (t) VALUES ('delete-all')")
        self._db.execute("COMMIT")
        return {
            word: found[number][0] if len(found.get(number, ())) == 1 and len(word) > _SHORTEST else word
            for number, word in enumerate(listed)
        }


def _plain(word: str) -> str:
    """A word without apostrophes, as FTS5 keeps it in one piece."""
    return bare(word).replace("'", "").replace("\u2019", "")


_STEMMER = _Stemmer()


def porter(listed: Collection[str]) -> dict[str, str]:
    """At least the stems of the given words (lower case, without signs)."""
    return _STEMMER.of(listed)


# ---- looking up ---------------------------------------------------------------------------------

_NONE: dict[str, Entry] = {}


class Phrases:
    """The wordings of a book, read as notes need them. Safe to share between threads."""

    def __init__(self, book: Book) -> None:
        """Nothing is read until a word asks for it."""
        self._book = book
        self._entries: dict[str, dict[str, Entry]] = {}
        self._official: dict[str, bool] = {}
        rows = book.lexicon_rows("note-stop-terms")
        self.heads = frozenset(_key(str(row["term"]))[0] for row in rows if row.get("head"))
        """Stems that name a condition only with words before them."""
        self.general = frozenset(stem for row in rows for stem in _key(str(row["term"])))
        """Stems of anatomy, qualities and general words, which by themselves name nothing that ails."""

    def stems(self, listed: list[str]) -> list[str]:
        """The stem of each lower-case word; a sign stands for itself."""
        stem_of = porter(listed)
        return [stem_of[word] for word in listed]

    def official(self, word: str) -> bool:
        """Is a lower-case word one of the official lists?"""
        known = self._official.get(word)
        if known is None:
            if len(self._official) > _MOST_KEPT:
                self._official.clear()
            known = bool(self._book.rows("SELECT 1 FROM word WHERE word = ? AND uses > 0", (word,)))
            self._official[word] = known
        return known

    def starting(self, stems: Iterable[str]) -> dict[str, dict[str, Entry]]:
        """Entries by first stem, then by the further stems joined by spaces; of stems that begin none, nothing."""
        wanted = list(dict.fromkeys(stem for stem in stems if stem not in self._entries))
        for start in range(0, len(wanted), 500):
            some = wanted[start : start + 500]
            sql = f"SELECT first, entries FROM note_phrase WHERE first IN ({', '.join('?' * len(some))})"
            found = dict(self._book.rows(sql, some))
            if len(self._entries) > _MOST_KEPT:
                self._entries = {first: each for first, each in self._entries.items() if each}
            for stem in some:
                self._entries[stem] = _read(found[stem]) if stem in found else _NONE
        return self._entries


_OFFICIAL = Entry(True)


def _read(data: str) -> dict[str, Entry]:
    return {
        rest: _OFFICIAL
        if payload == 1
        else Entry(
            "c" in payload,
            tuple(payload.get("f", ())),
            tuple(payload.get("a", ())),
            tuple(payload.get("m", ())),
            payload.get("w", ""),
            "s" in payload,
            frozenset(payload.get("n", ())),
            frozenset(payload.get("b", ())),
        )
        for rest, payload in json.loads(data).items()
    }
