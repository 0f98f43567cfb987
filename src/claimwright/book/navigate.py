"""Navigation: from a phrase to codes by the path that a coder walks through the Alphabetic Index.

Every answer is a breadcrumb: the terms from the main term down, the words that evidence each, the
references followed, what was not said and would change the code, and the code as the tabular list has it
on the day. Nothing is chosen that was not said; ties stay ties.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import TYPE_CHECKING, NamedTuple

from claimwright.book import index_evidence
from claimwright.book.index_codes import Verified, verify
from claimwright.book.index_store import SHIPPED, Document, IndexStore, Term, index_of
from claimwright.book.index_walk import State, Walk, weigh
from claimwright.book.index_words import NEC, PRESUMED, SMALL
from claimwright.book.navigate_titles import by_titles
from claimwright.book.wordings import by_lexicons
from claimwright.book.words import tokens
from claimwright.model.codes import dotted
from claimwright.sources.index_rows import DISEASES, DRUGS, EXTERNAL, KINDS, NEOPLASMS

if TYPE_CHECKING:
    from claimwright.book.store import Book

MOST_CHANGES = 12
_JUMP, _ALSO = 0.02, 0.05
"""What a followed `see`, and a followed `see also`, take from the score."""
_CAUSE = 0.01
_ASIDE = 0.5
"""Share of a word's weight when it is said and only in parentheses there."""
_TIED = 0.005
_LEAST = 0.05
_MOST_KEPT = 20_000
_SPARE = 3
_MOST_RIVALS = 2
_LINKING = frozenset(("with", "due", "from", "in", "secondary", "associated", "caused"))
"""Words by which a phrase states the linkage itself."""
_TABLE = "icd10cm-index"
_SOURCES = {DISEASES: _TABLE, EXTERNAL: "icd10cm-eindex", NEOPLASMS: "icd10cm-neoplasm", DRUGS: "icd10cm-drugs"}


class Evidence(NamedTuple):
    """A word of the Index, the words of the text that evidence it, and how they do."""

    word: str
    found: str
    how: str


class Level(NamedTuple):
    """A term on the path; `presumed` when only the linkage (`with`, `in`, `due to`) is taken for granted (I.A.15)."""

    words: str
    evidence: tuple[Evidence, ...]
    nonessential: tuple[str, ...]
    presumed: bool


class Change(NamedTuple):
    """A subterm that was not said, and the code as printed that it would lead to."""

    words: str
    code: str | None


class Found(NamedTuple):
    """A code with its path.

    `code` is dotted: billable on the day, or the family when an axis is open. `score` is the share of the
    phrase's weight that the path says, less the weight of essential words that nothing evidences.
    """

    code: str
    printed: str
    manifestation: str | None
    levels: tuple[Level, ...]
    via: tuple[str, ...]
    score: float
    rules: tuple[str, ...]
    open_axes: tuple[str, ...]
    would_change: tuple[Change, ...]
    source: str


class Navigation(NamedTuple):
    """What a phrase leads to, best first; codes of one `ties` group are not told apart by what was said."""

    found: tuple[Found, ...]
    ties: tuple[tuple[str, ...], ...]
    see_also: tuple[str, ...]
    notes: tuple[str, ...]
    not_evaluated: tuple[str, ...]


def navigate(
    book: Book,
    phrase: str,
    day: date,
    *,
    context: str = "",
    most: int = 10,
    as_of: date | None = None,
    expand: index_evidence.Expansion = by_lexicons,
    titles: bool = True,
) -> Navigation:
    """Codes that `phrase` leads to on `day`; `context` (its sentence) may evidence subterms, never the main term.

    `titles`: add titles and inclusion terms where there is no index to diseases.

    Without the index to diseases the shipped index terms, titles and inclusion terms answer, and
    `not_evaluated` says so. Errors: `EditionMissing` when no tabular list is left under `as_of`.
    """
    store = index_of(book)
    documents = store.on(day, as_of)
    evidence = index_evidence.evidence_of(book, phrase, context, expand)
    walk = Walk(store, documents, evidence)
    ways = _chosen(_ranked(walk.places(), evidence, store), most + _SPARE)
    shown: dict[str, _Candidate] = {}
    found: list[Found] = []
    for each in ways:
        document = store.by_number[each.state.term.document]
        since = document.window.starts if document.window else None
        verified = verify(book, each.printed, evidence.words, day, as_of, since)
        if dotted(verified.code) not in shown:
            shown[dotted(verified.code)] = each
            found.append(_found(each, verified, evidence, store))
    if titles and not any(each.kind == DISEASES for each in documents):
        _add_titles(book, found, evidence, day, as_of, most)
    best = tuple(found[:most])
    return Navigation(
        best,
        _ties(best, [shown.get(each.code) for each in best]),
        tuple(walk.see_also)[:most],
        _notes(documents, day),
        _not_evaluated(documents),
    )


def _add_titles(
    book: Book, found: list[Found], evidence: index_evidence.Evidence, day: date, as_of: date | None, most: int
) -> None:
    """Titles and inclusion terms among the answers, where no path has led to their code."""
    known = {each.code for each in found}
    edition, _ = book.edition_on(day, as_of)
    for code, title, kind, score in by_titles(book, evidence, edition.number, most):
        verified = verify(book, code, evidence.words, day, as_of)
        if verified.known and dotted(verified.code) not in known:
            known.add(dotted(verified.code))
            found.append(_by_title(verified, code, title, kind, score, evidence))
    found.sort(key=lambda each: (-each.score, each.source != SHIPPED, each.code))


class _Candidate(NamedTuple):
    score: float
    classed: bool
    order: int
    printed: str
    state: State


def _ranked(states: Iterable[State], evidence: index_evidence.Evidence, store: IndexStore) -> list[_Candidate]:
    """The best way to each printed code, best first; NEC and NOS after others of the same score."""
    best: dict[tuple[str, str], _Candidate] = {}
    for state in states:
        term = state.term
        printed = state.code or ("" if _leads_on(state) else term.code)
        if not printed:
            continue
        covered = weigh(state.said, evidence.weights) + _ASIDE * weigh(state.aside & ~state.said, evidence.weights)
        jumps = _JUMP * (state.jumps - state.also) + _ALSO * state.also
        unmet = sum(store.weight(stem) for stem in state.pending if not _met(stem, state))
        score = round((covered - state.missing - unmet) / evidence.total - jumps - _penalty(term, store), 4)
        each = _Candidate(score, bool(term.flags & NEC), term.number, printed, state)
        key = (printed.rstrip("-"), term.manifestation)
        if key not in best or _order(each) < _order(best[key]):
            best[key] = each
    return sorted(best.values(), key=_order)


def _chosen(ranked: list[_Candidate], most: int) -> list[_Candidate]:
    """The best that score at all, and those that rival the first by saying more of the phrase."""
    able = [each for each in ranked if each.score >= _LEAST][:most]
    rivals = [each for each in ranked if each not in able and _rivals(each, ranked[0])] if able else []
    rivals = rivals[:_MOST_RIVALS]
    return able[: max(1, most - _SPARE - len(rivals))] + rivals if rivals else able


def _rivals(each: _Candidate, first: _Candidate) -> bool:
    """Same main term, says more of the phrase than `first`, but holds a word that nothing evidences."""
    mine, its = each.state, first.state
    more = bool(mine.said & ~its.said) and not its.said & ~mine.said
    return more and bool(mine.missing) and not its.missing and mine.trail[0].key == its.trail[0].key


def _order(each: _Candidate) -> tuple[float, bool, int, int, int, str]:
    return (-each.score, each.classed, each.state.jumps, len(each.state.trail), each.order, each.printed)


def _met(stem: int, state: State) -> bool:
    """Does the way hold a stem that a reference brought along (`Neoplasm, by site, malignant`)?"""
    return any(
        stem in term.optional or any(stem in group for group in term.groups) for term in state.trail[state.landed :]
    )


def _penalty(term: Term, store: IndexStore) -> float:
    """An external cause is a second code: after a condition that is said as well."""
    return _CAUSE if store.by_number[term.document].kind == EXTERNAL else 0.0


def _leads_on(state: State) -> bool:
    """Is the place only a sign to another (`see`)? A reference that could not be found leaves the code."""
    return bool(state.term.see) and not state.term.code


def _found(each: _Candidate, verified: Verified, evidence: index_evidence.Evidence, store: IndexStore) -> Found:
    state = each.state
    term = state.term
    document = store.by_number[term.document]
    levels = tuple(_level(at, state, evidence, store) for at in range(len(state.trail)))
    rules = list(verified.rules)
    if any(level.presumed for level in levels):
        rules.append("presumed linkage")
    if term.manifestation:
        rules.append(f"etiology first, then manifestation {term.manifestation}")
    if each.classed:
        rules.append("NEC: other specified, a more specific term may fit")
    return Found(
        dotted(verified.code),
        each.printed,
        term.manifestation or None,
        levels,
        state.via,
        each.score,
        tuple(rules),
        verified.open_axes,
        _changes(state, evidence, store),
        SHIPPED if document.kind == SHIPPED else f"{_SOURCES[document.kind]} {document.name}",
    )


def _level(at: int, state: State, evidence: index_evidence.Evidence, store: IndexStore) -> Level:
    term = state.trail[at]
    words = dict.fromkeys(word for word in tokens(term.title) if word not in SMALL)
    stem_of = store.stem_ids(words)
    proofs = {stem: evidence.proofs[stem][0] for stem in stem_of.values() if stem in evidence.proofs}
    essential = {stem for group in term.groups for stem in group}
    shown = tuple(
        Evidence(word, proofs[stem].found, proofs[stem].how)
        for word, stem in stem_of.items()
        if stem in essential and stem in proofs
    )
    aside = tuple(word for word, stem in stem_of.items() if stem in term.optional and stem not in essential)
    linkage = bool(term.flags & PRESUMED) or (at > 1 and bool(state.trail[at - 1].flags & PRESUMED & _bare(state, at)))
    linked = linkage and not _LINKING & set(evidence.phrase)
    return Level(term.title, shown, aside, linked)


def _bare(state: State, at: int) -> int:
    """The linkage flag, if the level before is nothing but a linkage."""
    return 0 if state.trail[at - 1].groups else PRESUMED


def _changes(state: State, evidence: index_evidence.Evidence, store: IndexStore) -> tuple[Change, ...]:
    """Subterms below the place, and columns of its row, that were not said and print another code."""
    term = state.term
    out: list[tuple[int, Change]] = []
    if term.column:
        row = store.terms([term.number])[term.number]
        for column in store.columns(row):
            code = row.cells.get(column.number)
            if code and code != term.code:
                out.append((0, Change(column.words, code)))
    else:
        proved = evidence.proofs.keys()
        for child in _subterms(store, term):
            missing = sum(map(proved.isdisjoint, child.groups))
            if (missing or not child.groups) and child.code != term.code and (child.code or child.see):
                out.append((missing - len(child.groups), Change(child.title, child.code or None)))
        if state.missed:
            out.insert(0, (-9, Change(f"{term.title}: not said in full", term.code)))
        for column in store.columns(term):
            code = term.cells.get(column.number)
            if code and code != term.code:
                out.append((0, Change(column.words, code)))
    out.sort(key=lambda each: each[0])
    return tuple(dict.fromkeys(change for _, change in out))[:MOST_CHANGES]


def _subterms(store: IndexStore, term: Term) -> tuple[Term, ...]:
    """Subterms with words of their own, those below bare linkages included; the same for every phrase."""
    key = ("subterms", term.number)
    found: tuple[Term, ...] | None = store.kept.get(key)
    if found is None:
        if len(store.kept) > _MOST_KEPT:
            store.kept.clear()
        found = store.kept[key] = tuple(_below(store, term, 0))
    return found


def _below(store: IndexStore, term: Term, depth: int) -> Iterable[Term]:
    for child in store.children(term.number):
        if child.groups:
            yield child
        elif depth < 2:
            yield from _below(store, child, depth + 1)


def _by_title(
    verified: Verified, code: str, title: str, kind: str, score: float, evidence: index_evidence.Evidence
) -> Found:
    words = dict.fromkeys(word for word in tokens(title) if word not in SMALL)
    said = tuple(Evidence(word, word, "word") for word in words if word in evidence.words)
    return Found(
        dotted(verified.code), dotted(code), None, (Level(title, said, (), False),), (), score, verified.rules,
        verified.open_axes, (), kind,
    )  # fmt: skip


def _ties(best: tuple[Found, ...], ways: list[_Candidate | None]) -> tuple[tuple[str, ...], ...]:
    """Groups that the words said do not tell apart.

    The first answer and those of its score; or the first and one of the same main term that says more of
    the phrase but holds a word that nothing evidences.
    """
    if not best:
        return ()
    out = []
    equal = [each.code for each in best if abs(each.score - best[0].score) < _TIED]
    if len(equal) > 1:
        out.append(tuple(equal))
    first = ways[0]
    for each, way in zip(best[1:], ways[1:], strict=True):
        if first and way and each.code not in equal and _rivals(way, first):
            out.append((best[0].code, each.code))
    return tuple(out)


def _notes(documents: list[Document], day: date) -> tuple[str, ...]:
    return tuple(
        f"{day}: the {KINDS[each.kind]} {each.name} ({each.window}) answers, the nearest that is loaded"
        for each in documents
        if each.window and day not in each.window
    )


def _not_evaluated(documents: list[Document]) -> tuple[str, ...]:
    have = {each.kind for each in documents}
    missing = [KINDS[kind] for kind in KINDS if kind not in have]
    if not missing:
        return ()
    instead = " Shipped index terms, titles and inclusion terms answer instead." if DISEASES not in have else ""
    return (f"Not loaded: {', '.join(missing)} (claimwright data add {_TABLE} FILE).{instead}",)
