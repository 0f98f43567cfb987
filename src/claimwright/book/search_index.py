"""The words of the book, indexed for `search` (SQLite FTS5).

A phrase is one official wording that leads to one node: a title, an inclusion term, a row of the
index terms. Excludes notes are no phrases: they say what a code is not. Seventh-character codes
have none either, since they only repeat the words of their stem.

Each phrase keeps the stems of its words, how many of them a query should name (they come first) and
what those weigh, so that `search` ranks without reading texts. SQLite's own Porter stemmer makes the
stems: phrases, queries and the FTS5 table cannot disagree about them.
"""

from __future__ import annotations

import math
import re
import sqlite3
import struct
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, NamedTuple

from claimwright.book import wordings
from claimwright.book.words import STOP_WORDS, grams, stems, tokens
from claimwright.model.codes import undotted

if TYPE_CHECKING:
    from claimwright.sources.lexicon import Lexicon

TABLES = """
CREATE TABLE phrase (
  id INTEGER PRIMARY KEY, pos INTEGER, kind INTEGER, source INTEGER, weight REAL, stems BLOB
);
CREATE VIRTUAL TABLE phrase_words USING fts5(
  words, content='', tokenize='porter unicode61 remove_diacritics 2'
);
CREATE TABLE stem (id INTEGER PRIMARY KEY, stem TEXT UNIQUE, weight REAL, role INTEGER, held INTEGER);
CREATE INDEX stem_role ON stem (role) WHERE role > 0;
CREATE TABLE word (id INTEGER PRIMARY KEY, word TEXT UNIQUE, stem INTEGER, uses INTEGER, spoken INTEGER);
CREATE TABLE gram (gram TEXT PRIMARY KEY, words BLOB) WITHOUT ROWID;
"""

NOTE_TEXTS = (
    "SELECT n.number, n.holder, coalesce(h.text || ' ', '') || n.text FROM note n "
    "LEFT JOIN note h ON h.edition = n.edition AND h.number = n.head "
    "WHERE n.edition = ? AND n.number BETWEEN ? AND ? AND n.kind IN ('inclusionTerm', 'includes') ORDER BY n.number"
)
"""(number, holder, text) of the inclusion notes of an edition in a range of numbers, under their headings."""
KINDS = ("title", "inclusion", "index")
"""What a phrase is, by the number in `phrase.kind`; `source` is the position, note or lexicon row."""
EDITION_BITS = 24
"""A phrase id is `edition << EDITION_BITS | number`: one edition is one interval of row ids."""

_CONTEXT = """
history family encounter screening sequela pregnancy complicating childbirth delivery abortion puerperium puerperal
maternal gestational newborn neonatal perinatal congenital postprocedural intraoperative poisoning underdosing
"""
_SITES = """
abdomen abdominal ankle anus arm artery back bladder blood body bone bowel brain breast cervix cheek chest chin colon
ear elbow eye eyelid eyes face feet femur finger fingers foot forearm forehead hand hands head heart heel hip intestine
jaw joint joints kidney knee larynx leg legs limb lip lips liver lower lung lungs mouth muscle muscles nail neck nerve
nose ovary palm pelvis penis prostate rectum rib scalp shin shoulder side skin skull spine spleen stomach testis thigh
throat thumb thyroid toe toes tongue tooth teeth trunk upper urine uterus vagina vein wrist
"""
VAGUE, SIDE, CONTEXT, OTHER, SITE = 1, 2, 3, 4, 5
HEAVY_ROLES = frozenset({0, CONTEXT, SITE})
"""Roles of words that weigh by their rarity; the others weigh `LIGHT`."""
ROLES = {
    **dict.fromkeys(_SITES.split(), SITE),
    **dict.fromkeys(("unspecified", "nos", "specified"), VAGUE),
    **dict.fromkeys(("other", "nec"), OTHER),
    **dict.fromkeys(("left", "right", "bilateral"), SIDE),
    **dict.fromkeys(_CONTEXT.split(), CONTEXT),
}
"""Words with a part of their own in the ranking.

Sites tell where and not what: a phrase that shares nothing else with a question is seldom meant.
Context words make another kind of code of the same condition (a history of it, a screening for it,
the condition in pregnancy or of the newborn), which is seldom meant when it is not said."""
LIGHT = 0.5

_CODES = re.compile(r"[(\[]\s*[A-Z]\d[0-9A-Z][^)\]]*[)\]]")
_ASIDE = re.compile(r"\([^)]*\)|\[[^\]]*\]|, unspecified\b[^,;]*|, [a-z ]*\bnot (?:otherwise )?specified\b")
"""Brackets, and the axis that is left open (`Pneumonia, unspecified organism`)."""


class Phrase(NamedTuple):
    """A wording on its way into the index; `aside` holds words that a question need not name."""

    pos: int
    kind: int
    source: int
    words: tuple[str, ...]
    aside: tuple[str, ...]


def pack(numbers: Iterable[int]) -> bytes:
    """Numbers as little-endian 32-bit integers: the same bytes on every machine."""
    listed = list(numbers)
    return struct.pack(f"<{len(listed)}I", *listed)


def unpack(blob: bytes) -> tuple[int, ...]:
    """What `pack` packed."""
    return struct.unpack(f"<{len(blob) // 4}I", blob)


def write_search(db: sqlite3.Connection, lexicons: Mapping[str, Lexicon]) -> None:
    """Fill the search tables from the nodes and notes already written, and from the lexicons of words."""
    terms = lexicons.get("index-terms")
    for statement in (TABLES + wordings.TABLES).split(";\n"):
        if statement.strip():
            db.execute(statement)
    editions = [number for (number,) in db.execute("SELECT id FROM edition ORDER BY id")]
    phrases = {number: list(_phrases(db, number, terms)) for number in editions}
    flat = [phrase for number in editions for phrase in phrases[number]]
    uses = Counter(word for phrase in flat for word in (*phrase.words, *phrase.aside))
    spoken = wordings.said_words(lexicons)
    stem_of = stems(uses.keys() | ROLES.keys() | spoken)
    ids = _write_words(db, uses, spoken, stem_of)
    weights = _write_stems(db, stem_of, ids, flat)
    for number in editions:
        _write_phrases(db, number, phrases[number], ids, weights)
    wordings.write_wordings(db, lexicons)
    db.execute("INSERT INTO phrase_words (phrase_words) VALUES ('optimize')")


def _phrases(db: sqlite3.Connection, edition: int, terms: Lexicon | None) -> Iterator[Phrase]:
    places = {}
    sql = (
        "SELECT pos, code, title FROM node WHERE edition = ? AND made = 0 "
        "AND kind IN ('category', 'subcategory', 'code') ORDER BY pos"
    )
    for pos, code, title in db.execute(sql, (edition,)):
        places[code] = pos
        yield _phrase(pos, 0, pos, title)
    holders = frozenset(places.values())
    for number, holder, text in db.execute(NOTE_TEXTS, (edition, 0, 2**62)):
        if holder in holders:
            yield from (_phrase(holder, 1, number, part) for part in _parts(text))
    for ordinal, row in enumerate(terms.rows if terms else ()):
        pos = places.get(undotted(str(row["code"])).rstrip("-"))
        if pos is not None:
            yield _phrase(pos, 2, ordinal, str(row["term"]))


def _parts(text: str) -> list[str]:
    """The text, and what it names after `including`: a whole term of its own."""
    _, found, instance = text.partition(" including ")
    return [text, instance] if found and len(tokens(instance)) > 1 else [text]


def _phrase(pos: int, kind: int, source: int, text: str) -> Phrase:
    text = _CODES.sub(" ", text)  # a code in brackets is a reference, not a word of the term
    main = dict.fromkeys(word for word in tokens(_ASIDE.sub(" ", text)) if word not in STOP_WORDS)
    every = dict.fromkeys(word for word in tokens(text) if word not in STOP_WORDS)
    return Phrase(pos, kind, source, tuple(main), tuple(word for word in every if word not in main))


def _write_words(
    db: sqlite3.Connection, uses: Counter[str], spoken: set[str], stem_of: dict[str, str]
) -> dict[str, int]:
    """Vocabulary and its trigrams; gives the number of each word's stem."""
    words = sorted(stem_of)
    number = {stem: index for index, stem in enumerate(sorted(set(stem_of.values())))}
    ids = {word: number[stem_of[word]] for word in words}
    db.executemany(
        "INSERT INTO word VALUES (?, ?, ?, ?, ?)",
        ((index, word, ids[word], uses[word], word in spoken) for index, word in enumerate(words)),
    )
    holding: dict[str, list[int]] = {}
    for index, word in enumerate(words):
        if len(word) > 3 and word.isalpha() and (uses[word] or word in spoken):
            for gram in grams(word):
                holding.setdefault(gram, []).append(index)
    db.executemany("INSERT INTO gram VALUES (?, ?)", ((gram, pack(holding[gram])) for gram in sorted(holding)))
    return ids


def _write_stems(
    db: sqlite3.Connection, stem_of: dict[str, str], ids: dict[str, int], phrases: list[Phrase]
) -> dict[int, float]:
    """Weight of each stem: the rarer, the more it tells."""
    holding: Counter[int] = Counter()
    for phrase in phrases:
        holding.update({ids[word] for word in (*phrase.words, *phrase.aside)})
    roles = {ids[word]: role for word, role in ROLES.items()}
    text = {ids[word]: stem for word, stem in stem_of.items()}
    weights = {}
    for stem in sorted(text):
        light = roles.get(stem, 0) not in HEAVY_ROLES
        weights[stem] = LIGHT if light else round(math.log(1 + len(phrases) / max(1, holding[stem])), 4)
    rows = ((s, text[s], weights[s], roles.get(s, 0), holding[s]) for s in weights)
    db.executemany("INSERT INTO stem VALUES (?, ?, ?, ?, ?)", rows)
    return weights


def _write_phrases(
    db: sqlite3.Connection, edition: int, phrases: list[Phrase], ids: dict[str, int], weights: dict[int, float]
) -> None:
    rows, texts = [], []
    for number, phrase in enumerate(phrases, start=edition << EDITION_BITS):
        held = dict.fromkeys(ids[word] for word in phrase.words)
        every = dict.fromkeys([*held, *(ids[word] for word in phrase.aside)])
        # Words aside may be named but need not be: they do not weigh.
        weight = round(sum(weights[stem] for stem in held or every), 4)
        stored = pack([len(held or every), *every])
        rows.append((number, phrase.pos, phrase.kind, phrase.source, weight, stored))
        texts.append((number, " ".join((*phrase.words, *phrase.aside))))
    db.executemany("INSERT INTO phrase VALUES (?, ?, ?, ?, ?, ?)", rows)
    db.executemany("INSERT INTO phrase_words (rowid, words) VALUES (?, ?)", texts)
