"""From a mention to codes by titles and inclusion terms: what was said, what is open, what would change the code.

A wording answers when all that it needs is said (`claimwright.book.title_words`): by the mention, at least one
word of its head, and by the sentence around it. Of those that answer the ones that say most of the mention,
then most of the sentence, are kept; a family gives way to its member of which as much is said, be that the
residual one. Wordings that lack a little are told too, with what they lack.
"""

from __future__ import annotations

import json
import weakref
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from claimwright.book.note_phrases import porter
from claimwright.book.search_index import NOTE_TEXTS
from claimwright.book.title_words import FAMILY, HEAD_END, PERSONAL, RESIDUAL, SIDES, UNSIDED
from claimwright.book.wordings import by_lexicons
from claimwright.book.words import STOP_WORDS, stems, tokens

if TYPE_CHECKING:
    from claimwright.book.store import Book, NodeEntry

PRESENT_ILLNESS, PERSONAL_HISTORY, FAMILY_HISTORY = 0, PERSONAL, FAMILY
"""What kind of wording is asked for."""
SOURCES = ("tabular title", "inclusion term")
_LEAST = 0.4
"""Share of the mention's weight that a wording says at least."""
_UNKNOWN = 6.0
_MOST_NEAR = 12
_MOST = 6
_MOST_KEPT = 4000
_DENIALS = frozenset({"without", "no", "not"})
_DENIED = 3
"""Words after a denial that it reaches within a phrase."""
_SLIGHT = 0.01


class Need(NamedTuple):
    """A wording as compiled, its groups as sets."""

    pos: int
    kind: int
    source: int
    groups: tuple[frozenset[int], ...]
    negations: tuple[frozenset[int], ...]
    side: int
    flags: int
    every: frozenset[int]


class Asked(NamedTuple):
    """A mention: stems at each of its places, what names what ails, what else is said, what is denied, the side.

    `weights` are those of the places.
    """

    places: tuple[frozenset[int], ...]
    weights: tuple[float, ...]
    main: frozenset[int]
    around: frozenset[int]
    denied: frozenset[int]
    side: int
    mode: int
    own: frozenset[int]
    total: float


class Way(NamedTuple):
    """A node and the wording that leads there.

    `width` is how many places of the mention it says, `score` the share of their weight; `missing` the words
    that are not said (`lacks` groups of them, `near`: a paraphrase may say each), `doubted` the conditions it
    excludes and nobody has denied; `unsided`: the side is open. `further` is what it says of the sentence.
    """

    pos: int
    wording: str
    source: str
    width: int
    score: float
    said: tuple[str, ...]
    missing: tuple[str, ...]
    doubted: tuple[str, ...]
    unsided: bool
    residual: bool
    further: float
    lacks: int
    near: bool


class Titles:
    """The compiled wordings of one book; what was read is kept."""

    def __init__(self, book: Book) -> None:
        self._book = book
        self._needs: dict[tuple[int, int], tuple[Need, ...]] = {}
        self._ids: dict[str, tuple[int, float] | None] = {}
        self._exact: dict[str, int] = {}
        self._said: dict[tuple[object, ...], tuple[frozenset[int], ...]] = {}
        self._texts: dict[tuple[int, int, int], str] = {}

    # ---- words ----------------------------------------------------------------------------------

    def _stem_ids(self, listed: Sequence[str]) -> dict[str, tuple[int, float]]:
        """Number and weight of the stem of each word that some wording has."""
        new = [word for word in listed if word not in self._ids]
        if new:
            if len(self._ids) > 20 * _MOST_KEPT:
                self._ids.clear()
                self._exact.clear()
                new = list(listed)
            stem_of = stems(new)
            asked = sorted(set(stem_of.values()))
            marks = ", ".join("?" * len(asked))
            rows = self._book.rows(f"SELECT stem, id, weight FROM stem WHERE stem IN ({marks})", asked)
            found = {stem: (number, weight) for stem, number, weight in rows}
            self._ids |= {word: found.get(stem_of.get(word, "")) for word in new}
            marks = ", ".join("?" * len(new))
            self._exact |= dict(self._book.rows(f"SELECT word, -1 - id FROM word WHERE word IN ({marks})", new))
        return {word: known for word in listed if (known := self._ids.get(word))}

    def stems_of(self, listed: Sequence[str], spoken: bool) -> tuple[frozenset[int], ...]:
        """Stems that each word says: its own, and those of what the lexicons take it, or its phrase, for.

        Everyday wordings count where they are `spoken` of what ails (not merely beside it), and only where they
        stand for its name: `cramps at night` falls short of `sleep related cramps`, whose head it has already.
        """
        key = (spoken, *listed)
        kept = self._said.get(key)
        if kept is None:
            if len(self._said) > _MOST_KEPT:
                self._said.clear()
            kept = self._said[key] = self._stems_of(tuple(listed), spoken)
        return kept

    def _stems_of(self, listed: tuple[str, ...], spoken: bool) -> tuple[frozenset[int], ...]:
        ids = self._stem_ids(listed)
        own = [ids[word][0] if word in ids else None for word in listed]
        out = [{number} if number is not None else set() for number in own]
        for at, word in enumerate(listed):
            if word in self._exact:
                out[at].add(self._exact[word])
        for each in by_lexicons(self._book, listed):
            if each.how == "lay" and not spoken:
                continue
            held = frozenset(number for number in own[each.start : each.stop] if number is not None)
            for text in each.means:
                head = self._numbers(HEAD_END.split(text, maxsplit=1)[0])
                if each.how == "lay" and not head.isdisjoint(held):
                    continue
                meant = self._numbers(text)
                for at in range(each.start, each.stop):
                    if own[at] not in meant:
                        out[at] |= meant - held
        return tuple(map(frozenset, out))

    def _numbers(self, text: str) -> frozenset[int]:
        found = self._stem_ids([word for word in tokens(text) if word not in STOP_WORDS])
        return frozenset(number for number, _ in found.values())

    def asked(
        self, phrase: str, context: str, general: frozenset[str], denied: Iterable[str], side: str | None, mode: int
    ) -> Asked:
        """A mention and its surroundings; `general` are stems that name nothing that ails."""
        words = tokens(phrase)
        around = [word for word in tokens(context) if word not in STOP_WORDS]
        own, refused = apart(words)
        telling = [at for at in own if words[at] not in STOP_WORDS and words[at] not in SIDES]
        meant = self.stems_of(words, True)
        ids = self._stem_ids(words)
        stem_of = porter(words)
        named = [at for at in telling if stem_of[words[at]] not in general] or telling
        places = [at for at in (*telling, *refused) if words[at] not in STOP_WORDS]
        nearby = self.stems_of(around, False)
        open_, closed = apart(around)
        refusing = list(dict.fromkeys(word for each in denied for word in tokens(each)))
        no = {number for number, _ in self._stem_ids(refusing).values()}
        no |= {self._exact[word] for word in refusing if word in self._exact}
        weights = tuple(ids[words[at]][1] if words[at] in ids else _UNKNOWN for at in places)
        return Asked(
            tuple(meant[at] for at in places),
            weights,
            frozenset().union(*(meant[at] for at in named)),
            frozenset().union(*(meant[at] for at in telling), *(nearby[at] for at in open_)),
            frozenset(no).union(*(meant[at] for at in refused), *(nearby[at] for at in closed)),
            SIDES.get(side or "", 0) or _side(words),
            mode,
            frozenset().union(*(meant[at] for at in places)),
            sum(weights) or 1.0,
        )

    # ---- wordings -------------------------------------------------------------------------------

    def _filed(self, edition: int, stem: int) -> tuple[Need, ...]:
        found = self._needs.get((edition, stem))
        if found is None:
            if len(self._needs) > _MOST_KEPT:
                self._needs.clear()
            rows = self._book.rows("SELECT needs FROM title_need WHERE edition = ? AND stem = ?", (edition, stem))
            found = tuple(_need(row) for row in json.loads(rows[0][0])) if rows else ()
            self._needs[edition, stem] = found
        return found

    def ways(self, edition: int, asked: Asked, nearly: frozenset[int]) -> tuple[list[Way], list[Way]]:
        """Wordings that answer, and wordings that lack something: all of `nearly`, or one group and no more.

        Those that answer are the best ones; those that lack come with the fewest words missing first.
        """
        kind = FAMILY | PERSONAL
        whole: dict[tuple[int, int, int], _Judged] = {}
        short: dict[tuple[int, int, int], _Judged] = {}
        for stem in asked.main:
            for need in self._filed(edition, stem):
                if need.flags & kind != asked.mode:
                    continue
                key = need[:3]
                if key in whole or key in short:
                    continue
                judged = _judge(need, asked, nearly)
                if judged is not None:
                    (short if judged.missing else whole)[key] = judged
        best = _best(list(whole.values()))
        return (
            [self._way(edition, each, asked, nearly) for each in self._deepest(edition, best)][:_MOST],
            [self._way(edition, each, asked, nearly) for each in _nearest(list(short.values()), nearly, best)],
        )

    def stems_about(self, texts: Iterable[str]) -> frozenset[int]:
        """Stems of the words of texts."""
        return self._numbers(" ".join(texts))

    def _deepest(self, edition: int, judged: list[_Judged]) -> list[_Judged]:
        """One wording a node, and no family beside a member of it."""
        by_pos: dict[int, _Judged] = {}
        for each in judged:
            by_pos.setdefault(each.need.pos, each)
        above = set()
        for pos in by_pos:
            node: NodeEntry | None = self._book.node_at(edition, pos)
            while node is not None and node.parent >= 0:
                if node.parent in above:
                    break
                above.add(node.parent)
                node = self._book.node_at(edition, node.parent)
        return [each for pos, each in sorted(by_pos.items()) if pos not in above]

    def _way(self, edition: int, judged: _Judged, asked: Asked, nearly: frozenset[int]) -> Way:
        need = judged.need
        key = (edition, need.kind, need.source)
        text = self._texts.get(key)
        if text is None:
            text = self._book.node_at(edition, need.pos).title
            if need.kind:
                text = str(self._book.rows(NOTE_TEXTS, (edition, need.source, need.source))[0][2])
            if len(self._texts) > _MOST_KEPT:
                self._texts.clear()
            self._texts[key] = text
        words = [word for word in dict.fromkeys(tokens(text)) if word not in STOP_WORDS]
        ids = self._stem_ids(words)
        missing = frozenset().union(*judged.missing)
        doubted = frozenset().union(*judged.doubted)
        return Way(
            need.pos,
            text,
            SOURCES[need.kind],
            judged.width,
            judged.score,
            tuple(word for word in words if word in ids and ids[word][0] in asked.around),
            tuple(word for word in words if word in ids and ids[word][0] in missing),
            tuple(word for word in words if word in ids and ids[word][0] in doubted),
            bool(need.flags & UNSIDED) and not asked.side,
            bool(need.flags & RESIDUAL),
            judged.further,
            len(judged.missing),
            bool(judged.missing) and all(group & nearly for group in judged.missing),
        )


class _Judged(NamedTuple):
    """A wording against a mention; `further` is what it says of the sentence, beside the mention."""

    need: Need
    width: int
    score: float
    further: float
    missing: tuple[frozenset[int], ...]
    doubted: tuple[frozenset[int], ...]


_KEPT: weakref.WeakKeyDictionary[Any, Titles] = weakref.WeakKeyDictionary()


def titles_of(book: Book) -> Titles:
    """The wordings of a book."""
    found = _KEPT.get(book)
    if found is None:
        found = _KEPT[book] = Titles(book)
    return found


def _need(row: list[Any]) -> Need:
    pos, kind, source, groups, negations, side, flags, optional = row
    sets = tuple(map(frozenset, groups))
    refused = tuple(frozenset(each) for each in negations if each)
    return Need(pos, kind, source, sets, refused, side, flags, frozenset(optional).union(*sets, *refused))


def _side(words: Sequence[str]) -> int:
    return sum(SIDES[word] for word in set(words) & SIDES.keys())


def apart(words: Sequence[str]) -> tuple[list[int], list[int]]:
    """Places of what is said, and of what `without`, `no` or `not` denies."""
    said: list[int] = []
    denied: list[int] = []
    left = 0
    for at, word in enumerate(words):
        if word in _DENIALS:
            left = _DENIED
        elif left and word not in ("or", "of"):
            denied.append(at)
            left -= 1
        elif word not in ("or", "of"):
            said.append(at)
    return said, denied


def _judge(need: Need, asked: Asked, nearly: frozenset[int]) -> _Judged | None:
    """None when a wording is refuted, or lacks too much to be told."""
    around = asked.around
    lacking, far = 0, 0
    for group in need.groups:
        if group.isdisjoint(around):
            lacking += 1
            far += group.isdisjoint(nearly)
            if far and lacking > 1:
                return None
    if need.side and need.side != asked.side:
        return None
    for negation in need.negations:
        if negation <= around:
            return None
    doubted = tuple(negation for negation in need.negations if negation.isdisjoint(asked.denied))
    covered = 0.0
    width = 0
    for stems_said, weight in zip(asked.places, asked.weights, strict=True):
        if not need.every.isdisjoint(stems_said):
            covered += weight
            width += 1
    if covered < _LEAST * asked.total:
        return None
    own = asked.own
    further = sum(1.0 for group in need.groups if group.isdisjoint(own) and not group.isdisjoint(around))
    further += 0.5 * (len(need.negations) - len(doubted)) + (1.0 if need.side else 0.0)
    further -= _SLIGHT * len(doubted)
    missing = tuple(group for group in need.groups if group.isdisjoint(around)) if lacking else ()
    return _Judged(need, width, round(covered / asked.total, 4), further, missing, doubted)


def _best(judged: list[_Judged]) -> list[_Judged]:
    """Those that say most of the mention, then of the sentence."""
    if not judged:
        return []
    most = max((each.score, each.further) for each in judged)
    return [each for each in judged if (each.score, each.further) == most]


def _nearest(judged: list[_Judged], nearly: frozenset[int], best: list[_Judged]) -> list[_Judged]:
    """Wordings that lack something and say as much as the best; first those that lack what a paraphrase may say."""
    least = best[0].score if best else 0.0
    able = [each for each in judged if each.score >= least]
    able.sort(key=lambda each: (-each.score, -each.further, each.need.pos, each.need.kind))
    near = [each for each in able if all(group & nearly for group in each.missing)]
    other = next((each for each in able if len(each.missing) == 1 and each not in near), None)
    return [*near[:_MOST_NEAR], *([other] if other else [])]
