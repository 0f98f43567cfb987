"""Paraphrases: does the note say nearly what the Index prints? Data in `lexicons/near-words.yaml`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from claimwright.book.note_phrases import SKIP, TOKEN, porter
from claimwright.model.reading import Span
from claimwright.notes.reader import Said, Statement

if TYPE_CHECKING:
    from claimwright.book.store import Book
    from claimwright.notes.text import Sentence

_MOST_SENTENCES = 400
_NOT_HERE = frozenset({"family-history", "instructions", "medications", "allergies"})


class Near:
    """The lexicon, with the stems of its words."""

    def __init__(self, book: Book) -> None:
        """Read and stem the rows of the book."""
        rows = book.lexicon_rows("near-words")
        every = {word for row in rows for text in (row["words"], *row["near"]) for word in _words(str(text))}
        self._stem_of = porter(every)
        self._near: dict[frozenset[str], list[tuple[str, ...]]] = {
            frozenset(self._stems(str(row["words"]))): sorted(
                (self._stems(str(text)) for text in row["near"]), key=lambda each: (-len(each), each)
            )
            for row in rows
        }

    def _stems(self, text: str) -> tuple[str, ...]:
        return tuple(self._stem_of.get(word, word) for word in _words(text))

    def words(self, text: str, said: Said, statement: Statement, missing: Iterable[str]) -> Span | None:
        """The words of the note that paraphrase all of `missing`; the longest, the nearest to the statement first.

        None when there is no such row, or when nothing in the note about the patient says it.
        """
        wanted = porter(set(_words(" ".join(missing))))
        asked = frozenset(wanted.get(word, word) for word in _words(" ".join(missing)))
        phrases = self._near.get(asked)
        if not phrases:
            return None
        low, high = max(0, statement.number - _MOST_SENTENCES), statement.number + _MOST_SENTENCES
        around = [each for each, kind in said.sentences[low:high] if kind.name not in _NOT_HERE]
        around.sort(key=lambda each: (each.start != statement.sentence.start, abs(each.start - statement.span.start)))
        stems = porter({token.word for each in around for token in each.tokens if not token.sign})
        best: tuple[int, int, Span] | None = None
        for order, sentence in enumerate(around):
            for phrase in phrases:
                found = _find(sentence, stems, phrase)
                if found and (best is None or (-len(phrase), order) < best[:2]):
                    best = (-len(phrase), order, Span(found[0], found[1], text[found[0] : found[1]]))
        return best[2] if best else None


def _words(text: str) -> list[str]:
    return [word for word in (found.lower() for found in TOKEN.findall(text)) if word[0].isalnum() and word not in SKIP]


def _find(sentence: Sentence, stems: dict[str, str], phrase: tuple[str, ...]) -> tuple[int, int] | None:
    """Where the words of a phrase stand in a row, words of grammar aside."""
    kept = [token for token in sentence.tokens if not token.sign and token.word not in SKIP]
    said = [stems.get(token.word, token.word) for token in kept]
    for at in range(len(said) - len(phrase) + 1):
        if tuple(said[at : at + len(phrase)]) == phrase:
            return kept[at].start, kept[at + len(phrase) - 1].end
    return None
