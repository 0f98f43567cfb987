"""Paraphrases: does the note say nearly what the Index prints? Data in `lexicons/near-terms.yaml`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

from claimwright.book.note_phrases import SKIP, TOKEN, porter
from claimwright.model.reading import Span, Status
from claimwright.notes.reader import NoteReader, Said, Statement

if TYPE_CHECKING:
    from claimwright.book.store import Book
    from claimwright.notes.text import Sentence

_AROUND = 1
"""Sentences before and after, of the same section, in which a paraphrase still speaks of the mention."""
_MOST_PATHS = 10_000
_NOT_HERE = frozenset({"family-history", "instructions", "medications", "allergies"})


class Paraphrase(NamedTuple):
    """Words of the Index that the note falls short of, and the words of the note."""

    term: str
    span: Span


class Near:
    """The lexicon, with the stems of its words."""

    def __init__(self, book: Book, reader: NoteReader) -> None:
        """Read and stem the rows of the book; `reader` says whether the note denies a paraphrase."""
        self._reader = reader
        rows = [(str(row["term"]), str(row["near"])) for row in book.lexicon_rows("near-terms")]
        self._stem_of = porter({word for row in rows for text in row for word in _words(text)})
        self._paths: dict[tuple[tuple[str, ...], tuple[str, ...]], list[str]] = {}
        self._near: dict[str, list[tuple[str, ...]]] = {}
        for term, near in rows:
            self._near.setdefault(term, []).append(self._stems(near))
        self._terms = {term: frozenset(self._stems(term)) for term in self._near}
        for phrases in self._near.values():
            phrases.sort(key=lambda each: (-len(each), each))

    def _stems(self, text: str) -> tuple[str, ...]:
        return tuple(self._stem_of.get(word, word) for word in _words(text))

    def _on_path(self, missing: tuple[str, ...], path: tuple[str, ...]) -> list[str]:
        """Terms that have all of `missing` and nothing beside the path, in the order in which they are tried."""
        key = (missing, path)
        found = self._paths.get(key)
        if found is None:
            if len(self._paths) > _MOST_PATHS:
                self._paths.clear()
            lacking, there = _stemmed(missing), _stemmed(path)
            terms = [term for term, own in self._terms.items() if lacking <= own <= there] if lacking else []
            found = self._paths[key] = sorted(terms, key=lambda each: (len(each), each))
        return found

    def find(
        self, text: str, said: Said, statement: Statement, missing: Iterable[str], path: Iterable[str]
    ) -> Paraphrase | None:
        """The words of the note that paraphrase what of `path` is `missing`: the longest, then the nearest.

        None when no term of the lexicon on the path has all of `missing`, or when nothing that the note says of
        the patient paraphrases it.
        """
        terms = self._on_path(tuple(missing), tuple(path))
        if not terms:
            return None
        low, high = max(0, statement.number - _AROUND), statement.number + _AROUND + 1
        around = [
            (each, kind)
            for each, kind in said.sentences[low:high]
            if kind.name not in _NOT_HERE and each.section == said.sentences[statement.number][0].section
        ]
        around.sort(key=lambda each: (abs(each[0].start - statement.sentence.start), each[0].start))
        stems = porter({token.word for each, _ in around for token in each.tokens if not token.sign})
        best: tuple[int, int, Paraphrase] | None = None
        for order, (sentence, kind) in enumerate(around):
            for term in terms:
                for phrase in self._near[term]:
                    found = _find(sentence, stems, phrase)
                    if not found or (best is not None and (-len(phrase), order) >= best[:2]):
                        continue
                    if self._reader.status_in(sentence, kind, *found) is Status.PRESENT:
                        span = Span(found[0], found[1], text[found[0] : found[1]])
                        best = (-len(phrase), order, Paraphrase(term, span))
        return best[2] if best else None


def _stemmed(said: Iterable[str]) -> set[str]:
    listed = _words(" ".join(said))
    stem_of = porter(listed)
    return {stem_of.get(word, word) for word in listed}


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
