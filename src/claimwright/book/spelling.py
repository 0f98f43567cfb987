"""What a word outside the vocabulary was meant to be: trigrams find neighbours, edits judge them."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from claimwright.book.search_index import unpack
from claimwright.book.words import grams

if TYPE_CHECKING:
    from claimwright.book.store import Book

SHORTEST = 4
"""Shorter words have too many neighbours to be corrected."""
LONGEST = 40
"""A longer token is no word of the book with a slip in it."""
_NEIGHBOURS = 60


def corrections(book: Book, word: str, most: int = 3) -> list[str]:
    """Words of the book nearest to `word`, the likeliest first; none when all are too far."""
    if not SHORTEST <= len(word) <= LONGEST or not word.isalpha():
        return []
    reach = 1 if len(word) < 6 else 2 if len(word) < 9 else 3
    found = []
    for other, uses in _neighbours(book, word, reach):
        distance = edits(word, other, reach)
        if distance <= reach:
            # The first letter is seldom the wrong one; then the commoner word is likelier.
            found.append((distance, other[0] != word[0], -uses, other))
    nearest = min(found, default=(0,))[0]
    return [each[-1] for each in sorted(found) if each[0] == nearest][:most]


def halves(book: Book, word: str) -> tuple[str, str] | None:
    """Two words of the book written as one; the split whose rarer half is commonest."""
    if not 6 <= len(word) <= LONGEST or not word.isalpha():
        return None
    splits = [(word[:i], word[i:]) for i in range(3, len(word) - 2)]
    uses = _uses(book, [part for split in splits for part in split])
    whole = [split for split in splits if all(part in uses for part in split)]
    return max(whole, key=lambda split: (min(uses[part] for part in split), split), default=None)


def _uses(book: Book, words: list[str]) -> dict[str, int]:
    sql = f"SELECT word, uses FROM word WHERE (uses > 0 OR spoken) AND word IN ({', '.join('?' * len(words))})"
    return {word: uses for word, uses in book.rows(sql, words)}  # noqa: C416 - typed


def _neighbours(book: Book, word: str, reach: int) -> list[tuple[str, int]]:
    """(word, uses) of the vocabulary that share most trigrams with `word`."""
    wanted = sorted(grams(word))
    sql = f"SELECT words FROM gram WHERE gram IN ({', '.join('?' * len(wanted))})"
    shared: Counter[int] = Counter()
    for (blob,) in book.rows(sql, wanted):
        shared.update(unpack(blob))
    # One edit breaks at most three trigrams (a swap four), so a word within reach shares the rest.
    least = max(1, len(wanted) - 4 * reach)
    near = sorted((-count, number) for number, count in shared.items() if count >= least)[:400]
    sql = f"SELECT word, uses FROM word WHERE id IN ({', '.join('?' * len(near))})"
    rows = book.rows(sql, [number for _, number in near])
    fitting = [(other, uses) for other, uses in rows if abs(len(other) - len(word)) <= reach]
    own = grams(word)
    alike = {other: len(own & grams(other)) / len(own | grams(other)) for other, _ in fitting}
    return sorted(fitting, key=lambda each: (-alike[each[0]], each))[:_NEIGHBOURS]


def edits(one: str, other: str, most: int) -> int:
    """Insertions, deletions, substitutions and swaps of neighbours between two words; `most + 1` when more."""
    before: list[int] = []
    last = list(range(len(other) + 1))
    for row, letter in enumerate(one, start=1):
        line = [row]
        for column, against in enumerate(other, start=1):
            cost = min(last[column] + 1, line[-1] + 1, last[column - 1] + (letter != against))
            if row > 1 and column > 1 and letter == other[column - 2] and one[row - 2] == against:
                cost = min(cost, before[column - 2] + 1)
            line.append(cost)
        if min(line) > most:
            return most + 1
        before, last = last, line
    return last[-1]
