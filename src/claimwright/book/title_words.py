"""What a title or inclusion term of the tabular list needs to have been said, compiled with the book.

Titles say more words than people do. `Pneumonia, unspecified organism` needs pneumonia; the rest names an axis
that is left open. `Urinary tract infection, site not specified` needs three words, `Cramp and spasm` either of
two, `Sprain of unspecified ligament of right ankle` a sprain, an ankle and the right side. `Migraine without
aura` is refuted by an aura, and shown by the words themselves. A title that begins with `Other` says only
that it is none of its neighbours: no words of a note lead to it.

The head of a wording, its words before the first preposition or comma, names what ails the patient; a mention
must hold one of them. Wordings are filed by the stems of their heads.
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Container, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, NamedTuple

from claimwright.book.search_index import NOTE_TEXTS, ROLES, SITE
from claimwright.book.words import STOP_WORDS, stems, tokens

if TYPE_CHECKING:
    from claimwright.sources.lexicon import Lexicon

TABLE = "CREATE TABLE title_need (edition INTEGER, stem INTEGER, needs TEXT, PRIMARY KEY (edition, stem)) WITHOUT ROWID"
"""`needs`: JSON list of [pos, kind, source, groups, negations, side, flags, optional] with stems as ids of `stem`.

A word that shares its stem with another one of its wording stands for itself: -1 less its id in `word`.
"""
RESIDUAL, FAMILY, PERSONAL, UNSIDED = 1, 2, 4, 8
"""Flags: an axis is left open; family history; personal history; the side is left open."""
SIDES = {"right": 1, "left": 2, "bilateral": 4}
"""Bits of sides."""

_CODES = re.compile(r"[(\[]\s*[A-Z]\d[0-9A-Z][^)\]]*[)\]]")
_BRACKETS = re.compile(r"\([^)]*\)|\[[^\]]*\]")
_HISTORY = re.compile(r"^(family|personal) history of (?:\(corrected\) )?")
_OPEN = re.compile(
    r"\bwith or without [^,;]*|\bnot (?:elsewhere classified|otherwise specified)\b|\b(?:nos|nec)\b"
    r"|(?:(?<=, )|(?<=^))[^,;]*\bnot specified\b(?: as [^,;]*)?|\bunspecified (?:as to|whether)\b[^,;]*"
)
_UNSPECIFIED = re.compile(r"\bunspecified\b((?: (?!(?:of|with|without|in|due|to|and|or|during|for|on)\b)[\w'-]+)*)")
_OTHER = re.compile(r"\bother\b|\bclassifi(?:able|ed)\b|\bspecified\b|\bconditions? in\b|\belsewhere\b")
_AND_OTHER = re.compile(r",? (?:and|or) other\b.*")
_NEGATION = re.compile(
    r"\b(?:without|not|no)\b (?:mention of |evidence of )?(.*?)"
    r"(?=[,;]|\b(?:with|without|not)\b| of (?:right|left|unspecified|bilateral)\b|$)"
)
_UNCOMPLICATED = re.compile(r"\buncomplicated\b")
HEAD_END = re.compile(r"[,;:]|\b(?:of|in|with|due|by|for|during|associated|from|to|on|at|following|complicating)\b")
_NAMING = (" with", " and", " to", " by")
"""After these words `unspecified` names something that is there."""
_EITHER = frozenset({"and", "or"})
_PIECE = re.compile(r"[a-z0-9]+|[,;/]")
_SPOKEN_LEFT_OPEN = frozenset({"unilateral", "specified"})
_LONGEST_HEAD = 8
_DISEASE = re.compile(r"(?:itis|osis|oma|emia|pathy|algia)$")
"""Endings that make another thing of a site: esophageal, esophagitis. Diabetes and diabetic are one."""
_HEADLESS = re.compile(r"^(?:encounter|screening|contact|exposure|acquired absence|presence|long term)\b")


class Saying(NamedTuple):
    """Groups of words (one of each must be said), head, negations, bits of sides, flags."""

    groups: tuple[tuple[str, ...], ...]
    head: tuple[str, ...]
    negations: tuple[tuple[str, ...], ...]
    side: int
    flags: int


def saying(text: str, sided: Container[str] = frozenset(), idle: Mapping[str, frozenset[str]] = {}) -> Saying | None:
    """What a wording needs; None where no words of a note can lead to it.

    `sided` are titles in lower case, among them those that name a right side: `unspecified knee` leaves the side
    open, not the knee. `idle` are words that need not be said beside others (`mellitus` beside `diabetes`).
    """
    said, flags = _history(_plain(text))
    for pattern in (_OPEN, _UNCOMPLICATED):
        if pattern.search(said):
            said, flags = pattern.sub(" ", said), flags | RESIDUAL
    said, more = _unspecified(said, sided)
    if _OTHER.search(said) or _HEADLESS.match(said):
        return None
    negations = tuple(
        filter(None, (_content(part) for found in _NEGATION.finditer(said) for part in _either(found[1])))
    )
    said = _NEGATION.sub(" ", said)
    side = sum(SIDES[word] for word in set(tokens(said)) & SIDES.keys())
    groups = _groups(said)
    spoken = {word for group in groups for word in group}
    unsaid = frozenset().union(*(words for word, words in idle.items() if word in spoken))
    groups = tuple(group for group in groups if not unsaid.issuperset(group))
    head = _content(HEAD_END.split(said, maxsplit=1)[0]) or (groups[0] if groups else ())
    if not groups or len(head) > _LONGEST_HEAD:
        return None
    return Saying(groups, head, negations, side, flags | more)


def _plain(text: str) -> str:
    """A wording in lower case without brackets."""
    return " ".join(_BRACKETS.sub(" ", _CODES.sub(" ", text.replace("(s)", ""))).lower().split())


def _history(said: str) -> tuple[str, int]:
    found = _HISTORY.match(said)
    if not found:
        return said, 0
    said = _AND_OTHER.sub("", said[found.end() :])
    return re.sub(r"\b(?:other|specified)\b", " ", said).strip(), FAMILY if found[1] == "family" else PERSONAL


def _unspecified(said: str, sided: Container[str]) -> tuple[str, int]:
    """The wording without the axes that it leaves open."""
    flags = 0

    def kept(found: re.Match[str]) -> str:
        nonlocal flags
        flags |= RESIDUAL
        before = said[: found.start()].rstrip()
        if f"{said[: found.start()]}right{found[1]}{said[found.end() :]}" in sided:
            flags |= UNSIDED
            return found[1]
        if not before or before.endswith(_NAMING):
            return found[1]  # "Unspecified asthma" is asthma
        last = found[1].split()[-1:]
        if last and ROLES.get(last[0]) == SITE:
            return found[1]  # a site must be said, whatever its side
        return f" {' '.join(found[1].split()[:-1])} "  # of "unspecified digestive organ" digestive is said

    return _UNSPECIFIED.sub(kept, said), flags


def _either(text: str) -> list[str]:
    return re.split(r"\b(?:and|or)\b|/", text)


def _content(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(word for word in tokens(text) if _telling(word)))


def _telling(word: str) -> bool:
    return word not in STOP_WORDS and word not in SIDES and word not in _SPOKEN_LEFT_OPEN


def _groups(said: str) -> tuple[tuple[str, ...], ...]:
    """Words in order; two that `and`, `or` or a slash joins are one group."""
    out: list[list[str]] = []
    joined, last = False, False
    for piece in _PIECE.findall(said.replace("'s", "").replace("\u2019s", "")):
        if piece in _EITHER or piece == "/":
            joined = last
        elif not _telling(piece) or piece in ",;":
            joined, last = False, False
        elif joined and out:
            out[-1].append(piece)
            joined, last = False, True
        else:
            out.append([piece])
            last = True
    return tuple(tuple(dict.fromkeys(group)) for group in out)


# ---- building -----------------------------------------------------------------------------------


def write_title_needs(db: sqlite3.Connection, lexicons: Mapping[str, Lexicon]) -> None:
    """Fill `title_need` from nodes and notes; `stem` is filled."""
    rows = lexicons["nonessential-words"].rows if "nonessential-words" in lexicons else ()
    idle = {str(row["beside"]): frozenset(map(str, row["words"])) for row in rows}
    db.execute(TABLE)
    for (edition,) in db.execute("SELECT id FROM edition ORDER BY id").fetchall():
        wordings = [*_wordings(db, edition)]
        sided = {_plain(text) for _, kind, _, text in wordings if kind == 0}
        said = [(*each, saying(each[3], sided, idle)) for each in wordings]
        _write(db, edition, [(pos, kind, source, text, need) for pos, kind, source, text, need in said if need])


def _wordings(db: sqlite3.Connection, edition: int) -> Iterator[tuple[int, int, int, str]]:
    """(pos, kind, source, text) as in `phrase`."""
    sql = (
        "SELECT pos, title FROM node WHERE edition = ? AND made = 0 "
        "AND kind IN ('category', 'subcategory', 'code') ORDER BY pos"
    )
    for pos, title in db.execute(sql, (edition,)):
        yield pos, 0, pos, title
    sql = "SELECT pos FROM node WHERE edition = ? AND made = 0 AND kind IN ('category', 'subcategory', 'code')"
    holders = {pos for (pos,) in db.execute(sql, (edition,))}
    for number, holder, text in db.execute(NOTE_TEXTS, (edition, 0, 2**62)):
        if holder in holders:
            yield holder, 1, number, text


def _write(db: sqlite3.Connection, edition: int, needs: list[tuple[int, int, int, str, Saying]]) -> None:
    stem_of = stems({word for *_, text, _ in needs for word in tokens(text)} | {"complicated"})
    rows = list(db.execute("SELECT id, stem, weight FROM stem"))
    ids = {stem: number for number, stem, _ in rows}
    weight = {number: each for number, _, each in rows}
    exact = {word: -1 - number for number, word in db.execute("SELECT id, word FROM word")}

    def of(listed: Iterable[str], alike: Container[str]) -> list[int]:
        known = (word for word in listed if stem_of.get(word) in ids)
        return sorted({exact[word] if word in alike and word in exact else ids[stem_of[word]] for word in known})

    filed: dict[int, list[object]] = {}
    for pos, kind, source, text, need in needs:
        alike = _alike(need, stem_of)
        groups = [of(group, alike) for group in need.groups]
        if not all(groups):
            continue  # a word that no phrase has, such as one of a cut-off reference
        groups.sort(key=lambda group: (-max(weight.get(stem, 0.0) for stem in group), group))
        negations = [of(each, alike) for each in need.negations]
        needed = {stem for group in (*groups, *negations) for stem in group}
        optional = [stem for stem in of((word for word in tokens(text) if _telling(word)), ()) if stem not in needed]
        row = [pos, kind, source, groups, negations, need.side, need.flags, optional]
        for stem in of(need.head, ()):
            filed.setdefault(stem, []).append(row)
    db.executemany(
        "INSERT INTO title_need VALUES (?, ?, ?)",
        ((edition, stem, json.dumps(filed[stem], separators=(",", ":"))) for stem in sorted(filed)),
    )


def _alike(need: Saying, stem_of: Mapping[str, str]) -> frozenset[str]:
    """Words that the stemmer cuts alike though they are different ones: esophageal and esophagitis."""
    by_stem: dict[str, set[str]] = {}
    for group in (*need.groups, *need.negations):
        for word in group:
            by_stem.setdefault(stem_of.get(word, word), set()).add(word)
    several = [words for words in by_stem.values() if len(words) > 1]
    return frozenset(word for words in several if any(map(_DISEASE.search, words)) for word in words)
