"""What a phrase evidences: stems of the Index, each with the word that was said and how it answers.

The lexicons of lay terms, abbreviations, word forms and eponyms expand the phrase; they never name a code.
Another expansion can take their place: it maps words to the words they stand for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from claimwright.book.index_store import IndexStore, index_of
from claimwright.book.index_words import SMALL, content
from claimwright.book.wordings import Said
from claimwright.book.words import tokens

if TYPE_CHECKING:
    from claimwright.book.store import Book

MOST_WORDS = 32
"""Words of a phrase that are read; a longer one is a note, not a phrase."""
MOST_CONTEXT = 80
UNKNOWN_WEIGHT = 6.0
"""A word that the Index has in no form counts against the coverage like a rare one."""
_OF_CONTEXT = 0.3
_ROMAN = {"i": "1", "ii": "2", "iii": "3", "iv": "4", "v": "5"}


Expansion = Callable[["Book", Sequence[str]], Iterable[Said]]
"""From the words of a phrase to what they stand for."""


class Proof(NamedTuple):
    """How a stem is evidenced: the words said, the way, and their places as bits."""

    found: str
    how: str
    places: int


class Evidence(NamedTuple):
    """Stems that are evidenced; `own` are those of the phrase itself, without its context.

    `weights` are those of the places (phrase first, then context); `total` is that of the phrase.
    """

    proofs: dict[int, tuple[Proof, ...]]
    own: frozenset[int]
    weights: tuple[float, ...]
    total: float
    words: frozenset[str]
    phrase: tuple[str, ...]


def evidence_of(book: Book, phrase: str, context: str, expand: Expansion) -> Evidence:
    """What `phrase` and its `context` evidence, for the walk through the Index."""
    store = index_of(book)
    said = tokens(phrase[:2000])[:MOST_WORDS]
    around = tokens(context[:4000])[:MOST_CONTEXT]
    proofs: dict[int, list[Proof]] = {}
    weights = _gather(book, store, said, 0, expand, proofs)
    own = frozenset(proofs)
    if around:
        further: dict[int, list[Proof]] = {}
        outer = _gather(book, store, around, len(said), expand, further)
        for stem in sorted(further.keys() - proofs.keys()):
            proofs[stem] = further[stem]
        weights += [weight * _OF_CONTEXT for weight in outer]
    total = sum(weights[: len(said)]) or 1.0
    known = {stem: tuple(dict.fromkeys(found)) for stem, found in proofs.items()}
    return Evidence(known, own, tuple(weights), total, frozenset((*said, *around)), tuple(said))


def _gather(
    book: Book, store: IndexStore, words: Sequence[str], base: int, expand: Expansion, proofs: dict[int, list[Proof]]
) -> list[float]:
    """Fill `proofs` from a run of words; gives the weight of each place."""
    ids = store.stem_ids([*words, *(_ROMAN[word] for word in words if word in _ROMAN)])
    weights = []
    for at, word in enumerate(words):
        stem = ids.get(word)
        if word in SMALL:
            weights.append(0.0)
            continue
        weights.append(UNKNOWN_WEIGHT if stem is None else store.weight(stem))
        for other, how in ((word, "word"), (_ROMAN.get(word, ""), "form")):
            if other in ids:
                proofs.setdefault(ids[other], []).append(Proof(word, how, 1 << (base + at)))
    for each in expand(book, words):
        bits = sum(1 << (base + at) for at in range(each.start, each.stop) if words[at] not in SMALL)
        found = " ".join(words[each.start : each.stop])
        meant = [word for text in each.means for word in content(text)]
        for stem in dict.fromkeys(store.stem_ids(meant).values()):
            proofs.setdefault(stem, []).append(Proof(found, each.how, bits))
            for at in range(each.start, each.stop):
                if weights[at] == UNKNOWN_WEIGHT:
                    weights[at] = max(store.weight(stem), 1.0)
    return weights
