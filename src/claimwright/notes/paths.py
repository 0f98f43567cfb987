"""Offers for one mention: codes with the way to each, and the words on it that nothing evidences.

The navigator walks the Alphabetic Index (or the shipped index terms). A book without a navigator answers
from titles and inclusion terms by search.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import date
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, NamedTuple

from claimwright.book.note_phrases import porter, words
from claimwright.book.search import search
from claimwright.model.codes import undotted
from claimwright.model.finding import NotEvaluated
from claimwright.model.reading import PathStep

if TYPE_CHECKING:
    from claimwright.book.store import Book

_NAVIGATOR = "claimwright.book.navigate"
_LOOKED_AT = 12
_NEAR_TOP = 0.999
"""Answers with this share of the best score are as good as it."""
_HISTORY = "personal history of"
_ALTERNATIVES = re.compile(r"\s+(?:and|or)\s+|[,;]\s*")
_WITHOUT_INDEX = NotEvaluated(
    "candidates",
    "paths of the Alphabetic Index",
    "claimwright data add icd10cm-index FILE; titles and inclusion terms answer until then",
)


class Offer(NamedTuple):
    """A code for a mention. `missing`: essential words of the path that the note does not literally have.

    `history`: a code of personal history. `unsettled`: axes that the words leave open. `further`: the best
    path there is for the words of the mention, though one of the path's own words is not said.
    """

    code: str
    title: str | None
    billable: bool
    path: tuple[PathStep, ...]
    missing: tuple[str, ...] = ()
    unsettled: tuple[str, ...] = ()
    history: bool = False
    further: bool = False


class Asked(NamedTuple):
    """A mention to be looked up: its words, the stems of them, of those that name what ails, of its sentence."""

    phrase: str
    context: str
    own: frozenset[str]
    main: frozenset[str]
    said: frozenset[str]
    history: bool


def offers(
    book: Book, phrase: str, context: str, history: bool, general: frozenset[str], day: date, as_of: date | None
) -> tuple[list[Offer], list[NotEvaluated]]:
    """Offers for `phrase`, best first; `context` may evidence further words, never the main term.

    `general`: stems that name nothing that ails.
    """
    asked = _asked(phrase, context, history, general)
    if not asked.main:
        return [], []
    found, lacking = _walked(book, asked, day, as_of) if find_spec(_NAVIGATOR) else _searched(book, asked, day, as_of)
    kept = [each for each in found if history == (each.history and each.code.startswith("Z"))]
    return kept, lacking


def _asked(phrase: str, context: str, history: bool, general: frozenset[str]) -> Asked:
    own = words(phrase)
    around = words(context)
    stem_of = porter({*own, *around})
    stems = {stem_of.get(word, word) for word in own if word != "&"}
    named = stems - general
    return Asked(
        f"{_HISTORY} {phrase}" if history else phrase,
        context,
        frozenset(stems),
        frozenset(named or stems),
        frozenset(stems | {stem_of.get(word, word) for word in around}),
        history,
    )


# ---- by the Index -------------------------------------------------------------------------------


def _walked(book: Book, asked: Asked, day: date, as_of: date | None) -> tuple[list[Offer], list[NotEvaluated]]:
    navigate = import_module(_NAVIGATOR).navigate
    answer = navigate(book, asked.phrase, day, context=asked.context, as_of=as_of)
    out: list[Offer] = []
    best: float | None = None
    widest = 0
    for rank, found in enumerate(answer.found[:_LOOKED_AT]):
        if not found.levels[0].evidence or not _main_said(found, asked):
            continue
        stands_for = any(each.how == "lay" for each in found.levels[0].evidence)
        missing = tuple(word for level in found.levels for word in _unsaid(level, asked, stands_for))
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
    said = words(" ".join(each.found for level in found.levels for each in level.evidence))
    stem_of = porter(said)
    return len(asked.own & {stem_of[word] for word in said})


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
    known = code.rstrip("-.")
    history = any("history" in step.words.lower() for step in path)
    billable = book.billable(plain, day)
    return Offer(known, book.title(plain, day, as_of), billable, path, missing, axes, history)


# ---- by titles ----------------------------------------------------------------------------------


def _searched(book: Book, asked: Asked, day: date, as_of: date | None) -> tuple[list[Offer], list[NotEvaluated]]:
    out: list[Offer] = []
    complete = False
    for hit in search(book, asked.phrase, day, _LOOKED_AT, as_of).hits:
        missing = _lacking(hit.matched, asked)
        if missing is None or (complete and not missing):
            continue
        complete = complete or not missing
        path = (PathStep(hit.matched, tuple(_evidenced(hit.matched, asked))),)
        history = "history" in hit.matched.lower()
        out.append(Offer(hit.code, hit.title, hit.billable, path, missing, (), history))
    return out, [_WITHOUT_INDEX]


def _lacking(wording: str, asked: Asked) -> tuple[str, ...] | None:
    """Words of a wording that are not said; None when it does not name what ails.

    Of `Cramp and spasm` either is enough.
    """
    best: tuple[str, ...] | None = None
    for part in re.split(r"\s+and\s+", wording):
        own = [word for word in words(part) if word != "&" and word not in ("history", "personal")]
        stem_of = porter(own)
        if asked.main.isdisjoint(stem_of.get(word, word) for word in own):
            continue
        missing = tuple(word for word in own if stem_of.get(word, word) not in asked.said)
        if best is None or len(missing) < len(best):
            best = missing
    return best


def _evidenced(wording: str, asked: Asked) -> Iterable[str]:
    own = words(wording)
    stem_of = porter(own)
    return (word for word in own if stem_of.get(word, word) in asked.said)
