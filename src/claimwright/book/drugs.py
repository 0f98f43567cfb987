"""From the name of a drug in a note to its adverse-effect stem in the Table of Drugs and Chemicals.

The whole table answers when it is loaded; the shipped lexicon `adverse-effects` adds class words
("PPI", "diuretic") and answers alone without it. A stem still needs its 7th character, and the code for
the nature of the effect goes before it (guideline I.C.19.e.5.a).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import TYPE_CHECKING, NamedTuple

from claimwright.book.index_store import Document, IndexStore, Term, index_of
from claimwright.book.index_words import SMALL
from claimwright.book.words import tokens
from claimwright.sources.index_rows import DRUGS

if TYPE_CHECKING:
    from claimwright.book.store import Book

ADVERSE = 6
"""Column of the adverse effect."""
LEXICON = "adverse-effects"
_MOST_WORDS = 40
_MOST_JUMPS = 3


class DrugStem(NamedTuple):
    """A stem of T36-T50 as printed (`T47.1X5`) and the entry of the table that gives it."""

    code: str
    term: str


def drug_stem(book: Book, words: str, day: date | None = None) -> DrugStem | None:
    """The adverse-effect stem of the drug that `words` name, on `day` (today's edition by default).

    None when no drug is named, or when two are whose stems differ: nothing is chosen between them.
    """
    said = [word for word in tokens(words[:2000]) if word not in SMALL][:_MOST_WORDS]
    if not said:
        return None
    store = index_of(book)
    listed = _of_lexicon(book, store, said)
    table = next((each for each in store.on(day or date.today()) if each.kind == DRUGS), None)
    found = [*listed, *(_of_table(store, table, said) if table else ())]
    most = max((length for length, _ in found), default=0)
    best = [each for length, each in found if length == most]
    codes = {each.code for each in best}
    return best[0] if len(codes) == 1 else None


def drug_stems(book: Book, parts: Iterable[str], day: date | None = None) -> tuple[DrugStem, ...]:
    """The stems of an enumeration, a drug a part, as `drug_stem` has them; each stem once, unknown drugs left out."""
    found = [drug_stem(book, part, day) for part in parts]
    return tuple({each.code: each for each in reversed(found) if each}.values())[::-1]


def _of_lexicon(book: Book, store: IndexStore, said: Sequence[str]) -> list[tuple[int, DrugStem]]:
    """(number of words, stem) of each drug or class that the lexicon knows, plural or not."""
    if LEXICON not in store.kept:
        rows: dict[str, list[tuple[tuple[str, ...], DrugStem]]] = {}
        for row in book.lexicon_rows(LEXICON):
            name = tuple(tokens(str(row["drug"])))
            rows.setdefault(name[0], []).append((name, DrugStem(str(row["code"]), str(row["path"]))))
        store.kept[LEXICON] = rows
    known: dict[str, list[tuple[tuple[str, ...], DrugStem]]] = store.kept[LEXICON]
    singular = [_singular(word) for word in said]
    out = []
    for at, word in enumerate(said):
        for name, stem in (*known.get(word, ()), *(known.get(singular[at], ()) if singular[at] != word else ())):
            run = tuple(said[at : at + len(name)])
            if name in (run, (*run[:-1], singular[at + len(name) - 1]) if len(run) == len(name) else run):
                out.append((len(name), stem))
    return out


def _singular(word: str) -> str:
    return word[:-1] if len(word) > 3 and word.endswith("s") else word


def _of_table(store: IndexStore, table: Document, said: Sequence[str]) -> list[tuple[int, DrugStem]]:
    """(number of words, stem) of each entry of the table of which every word is said, the subterm before its term."""
    ids = store.stem_ids(said)
    have = frozenset(ids.values())
    out: list[tuple[int, DrugStem]] = []
    frontier: list[tuple[Term, int, str]] = [(term, 0, "") for term in _met(store, table.root, have)]
    while frontier:
        term, length, above = frontier.pop()
        count = length + len(term.groups)
        path = f"{above} > {term.title}" if above else term.title
        code = _stem(store, term, _MOST_JUMPS)
        if code:
            out.append((count, DrugStem(code, path)))
        frontier += [(child, count, path) for child in _met(store, term.number, have)]
    return sorted(out, key=lambda each: (-each[0], each[1]))


def _met(store: IndexStore, parent: int, have: frozenset[int]) -> list[Term]:
    steps = store.steps([parent], sorted(have))
    terms = store.terms({step.node: None for step in steps})
    return [term for term in terms.values() if all(set(group) & have for group in term.groups)]


def _stem(store: IndexStore, term: Term, jumps: int) -> str:
    """The adverse-effect stem of an entry, by `see` when it has none of its own."""
    if ADVERSE in term.cells:
        return term.cells[ADVERSE]
    for reference in term.references.get("see", ()):
        if reference.node > 0 and jumps:
            return _stem(store, store.terms([reference.node])[reference.node], jumps - 1)
    return ""
