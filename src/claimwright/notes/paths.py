"""Offers for one mention: codes with the way to each, and the words on it that nothing evidences.

The navigator walks the Alphabetic Index (or the shipped index terms); titles and inclusion terms answer beside
it, as a coder who has found a code in the Index goes on to the Tabular List.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import date
from typing import TYPE_CHECKING, Any, NamedTuple

from claimwright.book.index_codes import members, verify
from claimwright.book.navigate import navigate
from claimwright.book.note_phrases import porter, words
from claimwright.book.title_walk import FAMILY_HISTORY, PERSONAL_HISTORY, PRESENT_ILLNESS, Way, apart, titles_of
from claimwright.book.words import tokens
from claimwright.model.codes import dotted, undotted
from claimwright.model.finding import NotEvaluated
from claimwright.model.reading import PathStep

if TYPE_CHECKING:
    from claimwright.book.store import Book

_LOOKED_AT = 12
_NEAR_TOP = 0.999
"""Answers with this share of the best score are as good as it."""
_MOST_KEPT = 20_000
_EXTERNAL = frozenset("VWXY")
_ALTERNATIVES = re.compile(r"\s+(?:and|or)\s+|[,;]\s*")


class Offer(NamedTuple):
    """A code for a mention. `missing`: essential words of the path that the note does not literally have.

    `history`: a code of history, the person's or a relative's. `unsettled`: axes that the words leave open.
    `further`: the best path there is for the words of the mention, though one of the path's own words is not
    said. `doubted`: what the code excludes and nobody has denied. `width` and `around`: how many words of the
    mention, and how many of its sentence beside it, the path says.
    """

    code: str
    title: str | None
    billable: bool
    path: tuple[PathStep, ...]
    missing: tuple[str, ...] = ()
    unsettled: tuple[str, ...] = ()
    history: bool = False
    further: bool = False
    doubted: tuple[str, ...] = ()
    width: int = 0
    around: float = 0


class Question(NamedTuple):
    """A mention to be looked up, with what else its sentence says, what the note denies, its side, and whose it is.

    `whose`: `present`, `personal history` or `family history`.
    """

    phrase: str
    context: str
    whose: str = "present"
    denied: tuple[str, ...] = ()
    side: str | None = None


class Asked(NamedTuple):
    """A question with the stems of its words, of those that name what ails, of all that is said."""

    question: Question
    phrase: str
    own: frozenset[str]
    main: frozenset[str]
    said: frozenset[str]
    refused: frozenset[str]

    @property
    def history(self) -> bool:
        """Is it a history?"""
        return self.question.whose != "present"


class Finding:
    """Looks up mentions in one book; `general` are stems that name nothing that ails, `terms` are near terms."""

    def __init__(self, book: Book, general: frozenset[str], terms: Iterable[str]) -> None:
        self._book, self._general = book, general
        self._titles = titles_of(book)
        self._nearly = self._titles.stems_about(terms)
        self._kept: dict[Any, tuple[list[Offer], list[NotEvaluated]]] = {}

    def offers(self, question: Question, day: date, as_of: date | None) -> tuple[list[Offer], list[NotEvaluated]]:
        """Offers, best first; the context may evidence further words, never the main term."""
        key = (question, day, as_of)
        found = self._kept.get(key)
        if found is None:
            if len(self._kept) > _MOST_KEPT:
                self._kept.clear()
            found = self._kept[key] = self._offers(question, day, as_of)
        return found

    def _offers(self, question: Question, day: date, as_of: date | None) -> tuple[list[Offer], list[NotEvaluated]]:
        asked = _asked(question, self._general)
        if not asked.main:
            return [], []
        walked, lacking = _walked(self._book, asked, day, as_of)
        titled = self._titled(asked, day, as_of)
        found = [each for each in (*walked, *titled) if _fits(each, question.whose)]
        return _merged(found), lacking

    def _titled(self, asked: Asked, day: date, as_of: date | None) -> list[Offer]:
        """Titles and inclusion terms that answer, and those that lack little."""
        question = asked.question
        edition, _ = self._book.edition_on(day, as_of)
        put = self._titles.asked(
            question.phrase, question.context, self._general, question.denied, question.side, _MODES[question.whose]
        )
        whole, short = self._titles.ways(edition.number, put, self._nearly)
        words_said = frozenset((*tokens(question.phrase), *tokens(question.context), question.side or ""))
        out = [self._offer(way, edition.number, words_said, day, as_of) for way in whole]
        full = any(way.score >= _NEAR_TOP for way in whole)
        for way in short:
            if way.score < _NEAR_TOP and not full:
                continue
            further = not full and len(put.places) > 1 and way.lacks == 1
            full = full or further
            if further or way.near:
                out.append(self._offer(way, edition.number, words_said, day, as_of)._replace(further=further))
        return [each for each in out if each.code]

    def _offer(self, way: Way, edition: int, words_said: frozenset[str], day: date, as_of: date | None) -> Offer:
        node = self._book.node_at(edition, way.pos)
        if way.unsided and node.parent >= 0:
            node = self._book.node_at(edition, node.parent)
        path = (PathStep(way.wording, way.said),)
        if not members(self._book, node, day):  # nothing below to choose from
            offer = _offer(self._book, dotted(node.code), path, way.missing, (), day, as_of)
            offer = offer if offer.billable else offer._replace(code="")
            return offer._replace(doubted=way.doubted, width=way.width, around=way.further)
        verified = verify(self._book, node.code, words_said, day, as_of)
        code = dotted(verified.code) if verified.known else ""
        offer = _offer(self._book, code, path, way.missing, verified.open_axes, day, as_of)
        return offer._replace(doubted=way.doubted, width=way.width, around=way.further)


_MODES = {"present": PRESENT_ILLNESS, "personal history": PERSONAL_HISTORY, "family history": FAMILY_HISTORY}


def _fits(offer: Offer, whose: str) -> bool:
    """Is it a code of the person's illness, of their history, or of their family's, as asked?

    What ails leads to no external cause.
    """
    if whose == "present":
        return not offer.history and offer.code[0] not in _EXTERNAL
    said = " ".join(step.words.lower() for step in offer.path)
    family = "family" in said
    return offer.history and offer.code.startswith("Z") and family == (whose == "family history")


def _merged(found: list[Offer]) -> list[Offer]:
    """Of the offers that lack nothing those that say most of the mention, each category by its best, no family
    beside its members; then the others."""
    widest = max((each.width for each in found if not each.missing or each.further), default=0)
    whole = [each for each in found if not each.missing and each.width >= widest]
    best: dict[str, float] = {}
    for each in whole:
        best[each.code[:3]] = max(best.get(each.code[:3], each.around), each.around)
    whole = [each for each in whole if each.around >= best[each.code[:3]]]
    codes = {each.code for each in whole}
    out: dict[str, Offer] = {}
    for each in whole:
        if not any(other != each.code and other.startswith(each.code) for other in codes):
            out.setdefault(each.code, each)
    for each in found:
        if each.missing:
            out.setdefault(each.code, each)
    return list(out.values())


def _asked(question: Question, general: frozenset[str]) -> Asked:
    own = words(question.phrase)
    around = words(question.context)
    stem_of = porter({*own, *around})
    stems = {stem_of.get(word, word) for word in own if word != "&"}
    named = stems - general
    return Asked(
        question,
        question.phrase if question.whose == "present" else f"{question.whose} of {question.phrase}",
        frozenset(stems),
        frozenset(named or stems),
        frozenset(stems | {stem_of.get(word, word) for word in around}),
        _refused(f"{question.phrase} . {question.context}"),
    )


def _refused(text: str) -> frozenset[str]:
    """Stems that stand only after `without`, `no` or `not`."""
    listed = tokens(text)
    open_, closed = apart(listed)
    stem_of = porter(listed)
    return frozenset(stem_of[listed[at]] for at in closed) - {stem_of[listed[at]] for at in open_}


_NEGATIVE = re.compile(r"\b(?:without|no|not|non\w*)\b", re.IGNORECASE)


def _refuted(found: Any, asked: Asked) -> bool:
    """Does the path take for said what was denied (`with aura` from `without aura`)?"""
    if not asked.refused:
        return False
    for level in found.levels:
        said = words(" ".join(each.found for each in level.evidence))
        stem_of = porter(said)
        if not _NEGATIVE.search(re.sub(r"\([^)]*\)", " ", level.words)) and not asked.refused.isdisjoint(
            stem_of[word] for word in said
        ):
            return True
    return False


# ---- by the Index -------------------------------------------------------------------------------


def _walked(book: Book, asked: Asked, day: date, as_of: date | None) -> tuple[list[Offer], list[NotEvaluated]]:
    question = asked.question
    context = f"{question.context} {question.side or ''}"
    answer = navigate(book, asked.phrase, day, context=context, as_of=as_of, titles=False)
    out: list[Offer] = []
    best: float | None = None
    widest = 0
    literal: set[str] = set()
    for rank, found in enumerate(answer.found[:_LOOKED_AT]):
        if not found.levels[0].evidence or not _main_said(found, asked) or _refuted(found, asked):
            continue
        stands_for = any(each.how == "lay" for each in found.levels[0].evidence)
        missing = tuple(word for level in found.levels for word in _unsaid(level, asked, stands_for))
        meant = {word for each in found.levels[0].evidence for word in each.found.split()}
        if stands_for and not literal.isdisjoint(meant):
            continue  # "muscle cramps" has the main term cramp; that it may stand for spasm too says less
        if not stands_for and not missing:
            literal |= meant
        width = _width(found, asked)
        if not missing:
            if best is not None and found.score < best * _NEAR_TOP:
                continue
            best = found.score if best is None else best
            if width < widest:
                continue  # "knee pain" is not answered by "pain" where a path has the knee
        path = tuple(
            PathStep(step.words, tuple(each.found for each in step.evidence), step.presumed) for step in found.levels
        )
        offer = _offer(book, found.code, path, missing, tuple(found.open_axes), day, as_of)
        offer = offer._replace(width=width, around=_around(found, asked))
        if missing and rank == 0 and width == len(asked.own) > 1 and len(missing) == 1:
            offer, widest = offer._replace(further=True), width
        out.append(offer)
        if not missing:
            out += _changes(book, found, path, asked, day, as_of)
    return out, [_lacks(each) for each in answer.not_evaluated]


def _lacks(said: str) -> NotEvaluated:
    """`Not loaded: this, that (how). What answers instead.` in its parts."""
    what, _, rest = said.partition(" (")
    how, _, instead = rest.partition(")")
    return NotEvaluated(
        "candidates", what.removeprefix("Not loaded: "), "; ".join(filter(None, (how, instead.strip(" ."))))
    )


def _width(found: Any, asked: Asked) -> int:
    """How many of the mention's own words the path has."""
    said = words(
        " ".join(word for level in found.levels for word in (*level.nonessential, *(e.found for e in level.evidence)))
    )
    stem_of = porter(said)
    return len(asked.own & {stem_of[word] for word in said})


def _around(found: Any, asked: Asked) -> int:
    """How many words beside the mention the path has."""
    said = words(" ".join(each.found for level in found.levels for each in level.evidence))
    stem_of = porter(said)
    return len({stem_of[word] for word in said} - asked.own)


def _main_said(found: Any, asked: Asked) -> bool:
    """Does the mention itself hold a word of the main term (of a history: of the path), or stand for it?"""
    levels = found.levels if asked.history else found.levels[:1]
    proofs = [each for level in levels for each in level.evidence]
    if not asked.history and any(each.how not in ("word", "form", "spelling") for each in proofs):
        return True
    said = words(" ".join((*(level.words for level in found.levels[:1]), *(each.found for each in proofs))))
    stem_of = porter(said)
    return not asked.main.isdisjoint(stem_of[word] for word in said)


def _unsaid(level: Any, asked: Asked, stands_for: bool) -> Iterator[str]:
    """Essential words of a level that neither the navigator nor the sentence evidences.

    An everyday wording may stand for a main term with its subterms (`stands_for`); beside a main term that
    is said in its own words it is a paraphrase.
    """
    evidenced = {each.word for each in level.evidence if stands_for or each.how != "lay"}
    if not level.words or level.presumed:
        return
    parts = [
        part for part in _ALTERNATIVES.split(re.sub(r"\([^)]*\)|\b(?:NEC|NOS)\b", "", level.words)) if part.strip()
    ]
    lacking = []
    for part in parts:
        own = [word for word in words(part) if word not in level.nonessential and word != "&"]
        stem_of = porter(own)
        lacking.append([w for w in own if w not in evidenced and stem_of.get(w, w) not in asked.said])
    if lacking and evidenced and any(not each for each in lacking) and len(parts) > 1 and _alike(parts):
        return
    for each in lacking:
        yield from each


def _alike(parts: list[str]) -> bool:
    """Are the parts wordings of one thing (`Infarct, infarction`), not a thing and its quality?"""
    return len({part.strip().lower()[:4] for part in parts}) == 1


def _changes(
    book: Book, found: Any, path: tuple[PathStep, ...], asked: Asked, day: date, as_of: date | None
) -> Iterator[Offer]:
    """Subterms one step further, with what they would need."""
    for change in found.would_change:
        if not change.code:
            continue
        needed = words(re.sub(r"\([^)]*\)|: not said in full", "", change.words))
        stem_of = porter(needed)
        missing = tuple(word for word in needed if word != "&" and stem_of.get(word, word) not in asked.said)
        if missing:
            yield _offer(book, change.code, (*path, PathStep(change.words)), missing, (), day, as_of)


def _offer(
    book: Book, code: str, path: tuple[PathStep, ...], missing: tuple[str, ...], axes: tuple[str, ...], day: date,
    as_of: date | None,
) -> Offer:  # fmt: skip
    plain = undotted(code).rstrip("-")
    known = dotted(plain)
    history = any("history" in step.words.lower() for step in path)
    billable = book.billable(plain, day)
    return Offer(known, book.title(plain, day, as_of), billable, path, missing, axes, history)
