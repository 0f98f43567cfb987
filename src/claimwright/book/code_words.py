"""The words of a code: its wordings as stems, what is essential of each, and the codes that a wording names.

Wordings are titles, inclusion terms and the shipped index terms of one edition. `lexicons/documentation-words.yaml`
says which words of a title are axes, which are left out in speech and which tell nothing apart.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, NamedTuple

from claimwright.book.note_phrases import SKIP, TOKEN, porter
from claimwright.book.search_index import EDITION_BITS
from claimwright.book.wordings import expand

if TYPE_CHECKING:
    from claimwright.book.store import Book, NodeEntry

Stems = frozenset[str]
LEXICON = "documentation-words"
_ASIDE = re.compile(
    r"\([^)]*\)|\[[^\]]*\]|, unspecified\b[^,;]*|, [a-z ]*\bnot (?:otherwise|elsewhere) [a-z]+\b|\bwithout\b.*"
)
_NOT_THERE = re.compile(r"\([^)]*\)|\[[^\]]*\]|\bwithout\b.*?(?=,|$)")
_SPLIT = re.compile(r"\s+(?:and|or)\s+|[,;/]\s*")
_SMALL = SKIP | {"and", "or", "with"}
_SIDES = frozenset({"left", "right", "bilateral", "both"})
_MOST_LEAVES = 700
"""Codes that are compared with one another at most: the largest family around a code that has no more."""
_MOST_NAMED = 60
_MOST_KEPT = 20_000


class Wording(NamedTuple):
    """A wording of a code: all its stems, and the sets of stems each of which is enough to name it."""

    text: str
    kind: str
    stems: Stems
    cores: tuple[Stems, ...]


class Leaf(NamedTuple):
    """A billable code with the words of its title that count, sides among them."""

    code: str
    title: str
    stems: Stems


class NearTerm(NamedTuple):
    """A row of `lexicons/near-terms.yaml`: the stems that are said, in order, and the term they fall short of."""

    stems: tuple[str, ...]
    term: str
    says: str


class CodeWords:
    """The words of the codes of one edition; what was read once is kept."""

    def __init__(self, book: Book, edition: int) -> None:
        """Read the small lexicon."""
        self.book, self.edition = book, edition
        self.lists: dict[str, tuple[str, ...]] = {}
        for row in book.lexicon_rows(LEXICON):
            kind = str(row["kind"])
            self.lists[kind] = (*self.lists.get(kind, ()), *map(str, row["words"]))
        self.axis, self.qualifier, self.generic = (self._stems_of(kind) for kind in ("axis", "qualifier", "generic"))
        self._own: dict[int, tuple[Wording, ...]] = {}
        self._lineage: dict[int, tuple[Wording, ...]] = {}
        self._leaves: dict[tuple[int, int, str], tuple[Leaf, ...]] = {}
        self._means: dict[str, tuple[Stems, ...]] = {}
        self._word: dict[str, str] = {}
        self._firm: dict[str, tuple[Stems, ...]] = {}
        self._named: dict[Stems, tuple[NodeEntry, ...]] = {}
        self._index: dict[str, list[str]] | None = None

    @cached_property
    def near_terms(self) -> dict[str, list[NearTerm]]:
        """Paraphrases of words of the Index, by their first stem."""
        rows = self.book.lexicon_rows("near-terms")
        said = [[word for word in map(str.lower, TOKEN.findall(str(row["near"]))) if word[0].isalnum()] for row in rows]
        stem_of = porter({word for each in said for word in each})
        out: dict[str, list[NearTerm]] = {}
        for each, row in zip(said, rows, strict=True):
            stems = tuple(stem_of[word] for word in each if word not in SKIP)
            if stems:
                out.setdefault(stems[0], []).append(NearTerm(stems, str(row["term"]), str(row["says"])))
        return out

    @cached_property
    def _passing(self) -> frozenset[Stems]:
        rows = self.book.lexicon_rows("acute-conditions")
        return frozenset(self.stems(str(word)) for row in rows if row["kind"] == "acute" for word in row["words"])

    def is_acute(self, pos: int) -> bool:
        """Does the title speak of a condition that passes?"""
        said = self.stems(self.book.node_at(self.edition, pos).title)
        return any(each <= said for each in self._passing)

    def _stems_of(self, kind: str) -> Stems:
        listed = self.lists.get(kind, ())
        stem_of = porter(listed)
        return frozenset(stem_of[word] for word in listed)

    # ---- words ----------------------------------------------------------------------------------

    def stems(self, text: str) -> Stems:
        """Stems of the words of `text` that are no grammar, sides among them."""
        listed = [word for word in (found.lower() for found in TOKEN.findall(text)) if word[0].isalnum()]
        stem_of = porter(listed)
        found = {stem_of[word]: word for word in listed if word not in _SMALL}
        if len(self._word) > _MOST_KEPT:
            self._word.clear()
        self._word.update(found)
        return frozenset(found)

    def means(self, said: str) -> tuple[Stems, ...]:
        """What a mention stands for, in stems without sides: its own words first, then what our lexicons say."""
        kept = self._means.get(said)
        if kept is None:
            if len(self._means) > _MOST_KEPT:
                self._means.clear()
            texts = [said, *(each.means for each in expand(self.book, said))]
            found = (self.stems(text) - _SIDES for text in texts)
            kept = self._means[said] = tuple(dict.fromkeys(each for each in found if each - self.generic))
        return kept

    def firm(self, said: str) -> tuple[Stems, ...]:
        """As `means`, without everyday words: those widen a question and do not name a code by themselves."""
        kept = self._firm.get(said)
        if kept is None:
            if len(self._firm) > _MOST_KEPT:
                self._firm.clear()
            texts = [said, *(each.means for each in expand(self.book, said) if each.lexicon != "lay-terms")]
            found = (self.stems(text) - _SIDES for text in texts)
            kept = self._firm[said] = tuple(dict.fromkeys(each for each in found if each - self.generic))
        return kept

    # ---- wordings of a code ---------------------------------------------------------------------

    def lineage(self, pos: int) -> tuple[Wording, ...]:
        """Wordings of the code at `pos` and of what is above it up to its category, nearest first."""
        kept = self._lineage.get(pos)
        if kept is None:
            kept = self._lineage[pos] = tuple(each for node in self._up(pos) for each in self._wordings(node))
        return kept

    def own(self, pos: int) -> tuple[Wording, ...]:
        """Wordings of the code itself (of its stem, for a code that a seventh character made)."""
        node = self.book.node_at(self.edition, pos)
        while node.made:
            node = self.book.node_at(self.edition, node.parent)
        return self._wordings(node)

    def _up(self, pos: int) -> list[NodeEntry]:
        node = self.book.node_at(self.edition, pos)
        return [each for each in self.book.path(node) if each.kind not in ("chapter", "block") and not each.made]

    def _wordings(self, node: NodeEntry) -> tuple[Wording, ...]:
        kept = self._own.get(node.pos)
        if kept is None:
            said = [("title", node.title)]
            for note in self.book.notes_at(self.edition, node.pos, ("inclusionTerm", "includes")):
                head = f"{self.book.note(self.edition, note.head).text.rstrip(':')} " if note.head >= 0 else ""
                said.append((note.kind, f"{head}{note.text}"))
            said += [("index", term) for term in self._index_terms(node.code)]
            kept = self._own[node.pos] = tuple(self._wording(kind, text) for kind, text in said)
        return kept

    def _wording(self, kind: str, text: str) -> Wording:
        bare = _ASIDE.sub(" ", text.lower())
        whole = self._essential(bare)
        pieces = _SPLIT.split(bare) if kind == "title" else []
        parts = [self._essential(part) for part in pieces] if len(pieces) == 2 else []
        # "Cramp and spasm" is either; of "Pain in ankle and joints of foot" the first part names it.
        cores = dict.fromkeys(each for each in (whole, *parts) if each - self.generic)
        return Wording(text, kind, self.stems(text) - _SIDES, tuple(cores))

    def _essential(self, text: str) -> Stems:
        return self.stems(text) - self.qualifier - _SIDES

    def _index_terms(self, code: str) -> list[str]:
        if self._index is None:
            self._index = {}
            for row in self.book.lexicon_rows("index-terms"):
                self._index.setdefault(str(row["code"]).rstrip("-").replace(".", ""), []).append(str(row["term"]))
        return self._index.get(code, [])

    # ---- codes of a wording, codes beside a code -------------------------------------------------

    def named(self, said: Stems) -> tuple[NodeEntry, ...]:
        """Categories and codes that a mention of these stems names in full, in tabular order."""
        wanted = said - self.qualifier - _SIDES
        kept = self._named.get(wanted)
        if kept is None:
            if len(self._named) > _MOST_KEPT:
                self._named.clear()
            kept = self._named[wanted] = tuple(self._find(wanted)) if wanted - self.generic else ()
        return kept

    def _find(self, wanted: Stems) -> Iterable[NodeEntry]:
        for pos in sorted(self.holding(wanted)):
            node = self.book.node_at(self.edition, pos)
            if any(wanted == each.cores[0] for each in self._wordings(node) if each.cores):
                yield node

    def holding(self, stems: Stems) -> list[int]:
        """Positions of which some wording has all these stems, the shortest wordings first."""
        # The index stems what it is asked for: a stem would be stemmed twice, so a word that has it asks.
        match = " AND ".join(f'"{self._word.get(stem, stem)}"' for stem in sorted(stems) if stem.isalnum())
        if not match:
            return []
        low, high = self.edition << EDITION_BITS, (self.edition + 1) << EDITION_BITS
        sql = (
            "SELECT p.pos FROM phrase p WHERE p.id IN (SELECT rowid FROM phrase_words WHERE phrase_words MATCH ? "
            "AND rowid >= ? AND rowid < ?) ORDER BY length(p.stems), p.pos LIMIT ?"
        )
        return list(dict.fromkeys(int(pos) for (pos,) in self.book.rows(sql, (match, low, high, _MOST_NAMED))))

    def around(self, pos: int, day: date) -> tuple[Leaf, ...]:
        """Billable codes of the largest family around `pos`, within its category, that is not too large to compare."""
        family: NodeEntry | None = None
        for node in self.book.path(self.book.node_at(self.edition, pos)):
            if node.kind in ("chapter", "block") or node.stop - node.pos > _MOST_LEAVES:
                break
            family = node
        if family is None:
            return ()
        key = family.pos, family.stop, day.isoformat()
        kept = self._leaves.get(key)
        if kept is None:
            if len(self._leaves) > 500:
                self._leaves.clear()
            listed = self.book.billable_under(family, day, _MOST_LEAVES)
            kept = self._leaves[key] = tuple(Leaf(code, title, self.title_stems(title)) for code, title in listed)
        return kept

    def title_stems(self, title: str) -> Stems:
        """The words of a title that count: without asides and what is not there, with the sides."""
        return self.stems(_NOT_THERE.sub(" ", title.lower())) - {"unspecifi", "type"}


@lru_cache(maxsize=16)
def code_words(book: Book, edition: int) -> CodeWords:
    """The words of an edition's codes, shared by everyone who asks."""
    return CodeWords(book, edition)
