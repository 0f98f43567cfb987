"""Search against a plain FTS5 index of the same phrases: inclusion terms left out, slips of the pen, query files.

*Left out*: 500 inclusion terms are taken out of a copy of the book, and each is asked for; right is the
very code that held it, or its category. *Slips*: titles with one random edit in their longest word; right
is the code of that title. The plain side has one row a phrase, Porter stems, stop-words dropped, every word
and else any word, ranked by bm25: what a few lines of SQLite give.
"""

from __future__ import annotations

import random
import shutil
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from datetime import date
from pathlib import Path
from typing import NamedTuple

from bench import DAY, SEED
from bench.figures import Figure
from claimwright.book.search_index import EDITION_BITS, TABLES, write_search
from claimwright.book.store import Book, open_book
from claimwright.book.wordings import TABLES as WORDING_TABLES
from claimwright.book.words import STOP_WORDS, tokens
from claimwright.model.codes import dotted
from claimwright.sources.lexicon import lexicons

TEN = 10
LETTERS = "abcdefghijklmnopqrstuvwxyz"


class Asked(NamedTuple):
    """A question and its right code, dotted."""

    text: str
    code: str


class Score(NamedTuple):
    """Shares right at the first place, in ten, and by category in ten; milliseconds a question (median, p95)."""

    first: float
    ten: float
    category: float
    median: float
    p95: float


Searcher = Callable[[str], list[str]]


def searching(left_out: int, slips: int) -> Iterator[Figure]:
    """The figures of both sides on both sets."""
    day = date.fromisoformat(DAY)
    with open_book() as book, tempfile.TemporaryDirectory() as folder:
        edition = book.edition_on(day)[0].number
        asked = removed_terms(book, edition, left_out)
        with closing(without(book, Path(folder), edition, {number for number, _ in asked})) as less:
            sets = {
                f"{len(asked)} left-out inclusion terms": (less, [each for _, each in asked]),
                f"{slips} titles with a slip": (book, slipped(book, edition, slips)),
            }
            for name, (where, questions) in sets.items():
                ours = score(questions, lambda text, where=where: [h.code for h in where.search(text, day, TEN).hits])
                theirs = score(questions, plain(where, edition))
                yield from _figures(f"search, {name}", ours, theirs)


def _figures(section: str, ours: Score, theirs: Score) -> Iterator[Figure]:
    yield Figure(section, "hit@1", ours.first, "", peer=theirs.first, note="the peer is plain FTS5")
    yield Figure(section, "hit@10", ours.ten, "", peer=theirs.ten)
    yield Figure(section, "category@10", ours.category, "", peer=theirs.category)
    yield Figure(section, "median", ours.median, "ms", peer=theirs.median)
    yield Figure(section, "p95", ours.p95, "ms", peer=theirs.p95)


def score(questions: Sequence[Asked], searcher: Searcher) -> Score:
    """What a searcher reaches; processor time, so that a busy machine does not count."""
    searcher("warm up")
    ranks, families, times = [], [], []
    for text, code in questions:
        start = time.process_time()
        found = searcher(text)[:TEN]
        times.append(1000 * (time.process_time() - start))
        ranks.append(found.index(code) + 1 if code in found else 0)
        families.append(any(each[:3] == code[:3] for each in found))
    times.sort()
    total = len(questions)
    return Score(
        sum(rank == 1 for rank in ranks) / total,
        sum(rank > 0 for rank in ranks) / total,
        sum(families) / total,
        statistics.median(times),
        times[int(0.95 * (total - 1))],
    )


# ---- the sets -----------------------------------------------------------------------------------


def removed_terms(book: Book, edition: int, number: int) -> list[tuple[int, Asked]]:
    """(note number, question) of sampled inclusion terms without a heading, held by a code without children."""
    sql = (
        "SELECT n.number, n.text, h.code FROM note n JOIN node h ON h.edition = n.edition AND h.pos = n.holder "
        "WHERE n.edition = ? AND n.kind = 'inclusionTerm' AND n.head < 0 AND h.made = 0 AND NOT EXISTS "
        "(SELECT 1 FROM node c WHERE c.edition = h.edition AND c.parent = h.pos AND c.made = 0) ORDER BY n.number"
    )
    found = [(note, Asked(text, dotted(code))) for note, text, code in book.rows(sql, (edition,))]
    return random.Random(SEED).sample(found, min(number, len(found)))  # noqa: S311 - a sample


def without(book: Book, folder: Path, edition: int, notes: set[int]) -> Book:
    """A copy of the book without those notes of an edition, its search tables written anew."""
    copy = folder / "book"
    copy.mkdir()
    shutil.copy(book.folder / "manifest.json", copy)
    shutil.copy(book.folder / "book.sqlite", copy)
    with closing(sqlite3.connect(copy / "book.sqlite", isolation_level=None)) as db:
        db.execute("PRAGMA synchronous = OFF")
        db.execute("BEGIN")
        db.executemany("DELETE FROM note WHERE edition = ? AND number = ?", ((edition, each) for each in sorted(notes)))
        for statement in (TABLES + WORDING_TABLES).split(";\n"):
            words = statement.split()
            if words[:2] in (["CREATE", "TABLE"], ["CREATE", "VIRTUAL"]):
                db.execute(f"DROP TABLE {words[2] if words[1] == 'TABLE' else words[3]}")
        write_search(db, {each.name: each for each in lexicons()})
        db.execute("COMMIT")
    return Book(copy)


def slipped(book: Book, edition: int, number: int) -> list[Asked]:
    """Titles of billable-sized nodes with one letter of their longest word dropped, doubled, changed or swapped."""
    dice = random.Random(SEED)  # noqa: S311 - a sample
    sql = (
        "SELECT min(code), title FROM node WHERE edition = ? AND made = 0 AND kind = 'code' "
        "GROUP BY title HAVING count(*) = 1 ORDER BY title"
    )
    out = []
    for code, title in dice.sample(book.rows(sql, (edition,)), number):
        words = title.split()
        at = max(range(len(words)), key=lambda index: (len(words[index]), -index))
        words[at] = _slip(words[at], dice)
        out.append(Asked(" ".join(words), dotted(code)))
    return out


def _slip(word: str, dice: random.Random) -> str:
    place = dice.randrange(1, max(2, len(word) - 1))
    kind = dice.randrange(4)
    if kind == 0:
        return word[:place] + word[place + 1 :]
    if kind == 1:
        return word[:place] + word[place] + word[place:]
    if kind == 2:
        return word[:place] + dice.choice(LETTERS) + word[place + 1 :]
    return word[:place] + word[place + 1 : place + 2] + word[place] + word[place + 2 :]


# ---- the plain side -----------------------------------------------------------------------------


def plain(book: Book, edition: int) -> Searcher:
    """A searcher over an FTS5 table of the same phrases: AND, then OR, ranked by bm25, one hit a code."""
    low, high = edition << EDITION_BITS, (edition + 1) << EDITION_BITS
    sql = (
        "SELECT n.code FROM phrase_words w JOIN phrase p ON p.id = w.rowid "
        "JOIN node n ON n.edition = ? AND n.pos = p.pos "
        "WHERE phrase_words MATCH ? AND w.rowid >= ? AND w.rowid < ? ORDER BY rank, p.id LIMIT 60"
    )

    def searcher(text: str) -> list[str]:
        words = [f'"{word}"' for word in dict.fromkeys(tokens(text)) if word not in STOP_WORDS]
        codes: dict[str, None] = {}
        for join in (" AND ", " OR "):
            if words and len(codes) < TEN:
                found = book.rows(sql, (edition, join.join(words), low, high))
                codes |= dict.fromkeys(dotted(code) for (code,) in found)
        return list(codes)[:TEN]

    return searcher
