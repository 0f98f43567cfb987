"""Codes that the note's own words lead to instead of a reported one: beside it, narrower, or nearly stated."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from typing import NamedTuple

from claimwright.book.code_words import Leaf, Stems
from claimwright.edits.noted import Noted, Word
from claimwright.model import NoteFact, Span, Status, undotted

_REACH = 3
"""So many words may stand between the name of a condition and the value of its axis that chooses the code."""
_NO = frozenset({"no", "not", "without", "denies", "denied", "negative", "never", "nor", "neither", "normal"})
_BEFORE = 4
_MOST = 4
_CLAUSE = frozenset({",", "but", ":"})
_SIDES = frozenset({"left", "right", "bilateral", "bilaterally", "both"})
_BESIDE_SIDE = frozenset(
    {"and", "or", "left", "right", "sided", "side", "lower", "upper", "distal", "proximal", "medial"}
)
_IMPLIED = frozenset({"unilater", "primari"})
"""Stems that titles spell out where a note with one side, or with no cause, leaves them to be asked."""
_VALUE = re.compile(r"\d+[ab]?|i{1,3}|iv")
_COUNTED = frozenset({"stage", "grade", "type", "class"})
"""A number chooses a code only right behind what it counts."""
_ASKED = frozenset({"stage", "trimest", "grade", "mild", "moder", "sever"})
"""Stems of axes that a note is expected to state."""
_ORDINALS = frozenset({"first", "second", "third"})
_FORE = 2
"""Words before a mention that may be part of a longer name (`heat cramps`)."""


class Alternative(NamedTuple):
    """Codes that fit the note better than a reported one.

    `kind`: `axis` (the same condition with a side, stage or course that the note states beside it), `stated` (words
    of the title that the note has), `narrower` (a mention that names another code in full), `near` (a paraphrase:
    `term` is the word that the note falls short of) or `open` (an axis of which the note states nothing). `span`:
    the words of the note.
    """

    kind: str
    codes: tuple[str, ...]
    titles: tuple[str, ...]
    span: Span
    section: str
    term: str = ""
    gap: str = ""


def alternative(told: Noted, index: int) -> Alternative | None:
    """The best alternative to a diagnosis; None when the note names nothing closer."""
    pos = told.pos(index)
    if pos < 0:
        return None
    homes = list(_homes(told, index, pos))
    if not homes:
        return None
    found = _beside(told, index, pos, homes) or _narrower(told, index, pos) or _near(told, pos, homes)
    return found or _open(told, index, pos, homes)


def _homes(told: Noted, index: int, pos: int) -> Iterator[tuple[list[Word], Stems]]:
    """Sentences that speak of the diagnosis as present: their words that count, and the stems that name it there."""
    near = {number for number in told.near(index) if told.facts[number].status is Status.PRESENT}
    cores = {core for each in told.words.own(pos) for core in each.cores if len(core - told.words.generic) > 0}
    for sentence, kept in zip(told.sentences, told.stated, strict=True):
        said = list(kept)
        stems = frozenset(word.stem for word in said)
        named = [core for core in cores if core <= stems and (len(core) > 1 or core - told.words.generic)]
        begun = told.beginning(sentence[0].start, sentence[-1].end) if near else ()
        inside = [told.facts[number].span for number in begun if number in near]
        if not named and not inside:
            continue
        own = {stem for core in named for stem in core}
        own |= {word.stem for word in said for each in inside if each.start <= word.start < each.end}
        yield said, frozenset(own)


# ---- the same condition, told more closely -------------------------------------------------------


def _beside(told: Noted, index: int, pos: int, homes: list[tuple[list[Word], Stems]]) -> Alternative | None:
    """Codes of the family whose titles add words to the reported one's that the note states beside the condition."""
    leaves = told.words.around(pos, told.day)
    code = undotted(told.claim.diagnoses[index - told.diagnoses.start].code)
    mine = next((each for each in leaves if each.code == code), None)
    if mine is None:
        return None
    reported = {undotted(each.code) for each in told.claim.diagnoses}
    sided = frozenset(word.stem for said, _ in homes for word in said if word.text in _SIDES)
    best: tuple[int, list[Leaf], list[Word], Stems] | None = None
    for said, own in homes:
        held = frozenset(word.stem for word in said)
        for leaf in leaves:
            adds = leaf.stems - mine.stems
            if not adds - _IMPLIED <= held:
                continue
            if leaf.code in reported or not adds - _IMPLIED:
                continue
            loses = mine.stems - leaf.stems - told.words.qualifier
            if loses and not _other_side(loses, adds, sided):
                continue
            stated = adds - _IMPLIED | adds & held
            if not stated <= _available(said, leaf.stems) or not _tells(told, stated):
                continue
            if best is None or len(stated) > best[0]:
                best = len(stated), [leaf], said, own
            elif len(stated) == best[0] and leaf not in best[1]:
                best[1].append(leaf)
    if best is None or any(told.claim_has(leaf.stems - mine.stems, index) for leaf in best[1]):
        return None
    return _shown(told, mine, *best[1:])


def _other_side(loses: Stems, adds: Stems, sided: Stems) -> bool:
    """Is the only difference that the note has another side, and nowhere the reported one?"""
    return loses <= _SIDES and adds <= _SIDES and sided == adds


def _shown(told: Noted, mine: Leaf, found: list[Leaf], said: list[Word], own: Stems) -> Alternative | None:
    adds = frozenset(stem for leaf in found for stem in leaf.stems - mine.stems)
    words = [word for word in said if word.stem in adds]
    own = own | mine.stems
    together = _together(said, own, frozenset(word.stem for word in words))
    axes = adds - _IMPLIED <= told.words.axis
    other = bool(mine.stems & _SIDES)
    if axes and not together:
        return None  # a side or a number elsewhere in the sentence belongs to something else
    low, high = _stretch(said, own, words)
    listed = sorted(found, key=lambda each: each.code)[:_MOST]
    return Alternative(
        "axis" if axes and len(found) == 1 and adds <= {word.stem for word in words} and not other else "stated",
        tuple(each.code for each in listed),
        tuple(each.title for each in listed),
        told.span(low, high),
        told.section_at(low),
    )


def _tells(told: Noted, adds: Stems) -> bool:
    """Do the added words choose anything?"""
    return any(stem in told.words.axis or stem not in told.words.generic for stem in adds)


def _available(said: list[Word], title: Stems) -> Stems:
    """Stems of a sentence that no plain denial precedes; a side only where it is that of a word of the title."""
    out = set()
    for at, word in enumerate(said):
        before = said[max(0, at - _BEFORE) : at]
        cut = max((number for number, each in enumerate(before) if each.text in _CLAUSE), default=-1)
        if any(each.text in _NO for each in before[cut + 1 :]):
            continue
        if word.text in _SIDES and not _of_title(said, at, title):
            continue
        if _VALUE.fullmatch(word.text) and not (at and said[at - 1].stem in _COUNTED & title):
            continue
        out.add(word.stem)
    return frozenset(out)


def _of_title(said: list[Word], at: int, title: Stems) -> bool:
    """Is what follows a side a word of the title (`right ankle`, `left lower leg`), or the end of the clause?"""
    for word in said[at + 1 : at + 5]:
        if word.stem in title:
            return True
        if not word.text[0].isalnum():
            return word.text != "-"
        if word.text not in _BESIDE_SIDE:
            return False
    return True


def _together(said: list[Word], own: Stems, adds: Stems) -> bool:
    """Does every added word stand within a few words of the condition's own?"""
    places = [at for at, word in enumerate(said) if word.stem in own and word.stem not in adds]
    chain = list(places)  # ascending
    wanted = {stem: [at for at, word in enumerate(said) if word.stem == stem] for stem in adds}
    for _ in range(len(wanted)):
        for stem, found in list(wanted.items()):
            close = [at for at in found if bisect_right(chain, at + _REACH) > bisect_left(chain, at - _REACH)]
            if close:
                chain = sorted((*chain, *close))
                del wanted[stem]
    return not wanted


def _stretch(said: list[Word], own: Stems, words: list[Word]) -> tuple[int, int]:
    """From the first to the last of the words that count and of the condition's own around them."""
    first, last = said.index(words[0]), said.index(words[-1])
    around = [
        word
        for at, word in enumerate(said)
        if first - 2 * _REACH <= at <= last + 2 * _REACH and word.stem in own and word.text[0].isalnum()
    ]
    return min(each.start for each in (*words, *around)), max(each.end for each in (*words, *around))


# ---- a narrower mention --------------------------------------------------------------------------


def _narrower(told: Noted, index: int, pos: int) -> Alternative | None:
    """A present mention that holds the reported code's own words and more, and names another code in full."""
    held = {undotted(each.code)[:3] for each in told.claim.diagnoses}
    mine = told.book.node_at(told.words.edition, pos).code[:3]
    cores = {core for each in told.words.own(pos) for core in each.cores}
    mentions = [told.facts[number] for number in told.near(index)]
    for fact in mentions:
        if fact.status is not Status.PRESENT:
            continue
        for said, span in _longer(told, fact):
            bare = said - told.words.qualifier
            if not any(core < bare for core in cores):
                continue
            named = told.words.named(said)
            if not named or any(each.code[:3] in held or each.code[:3] == mine for each in named):
                continue
            shown = [each for each in named if len(each.code) == min(len(other.code) for other in named)][:_MOST]
            return Alternative(
                "narrower",
                tuple(each.code for each in shown),
                tuple(each.title for each in shown),
                span,
                fact.section,
            )
    return None


def _longer(told: Noted, fact: NoteFact) -> Iterator[tuple[Stems, Span]]:
    """What a mention says, first together with the words right before it."""
    number = told.sentence_at(fact.span.start)
    if number is not None:
        stated = told.stated[number]
        before = stated[: bisect_right(stated, fact.span.start, key=lambda word: word.end)][-_FORE:]
        while before:
            if all(word.text[0].isalnum() for word in before):
                span = told.span(before[0].start, fact.span.end)
                yield told.words.stems(span.text), span
            before = before[1:]
    for said in told.words.firm(fact.span.text):
        yield said, told.evidence(fact)


# ---- an axis left open ---------------------------------------------------------------------------


def _open(told: Noted, index: int, pos: int, homes: list[tuple[list[Word], Stems]]) -> Alternative | None:
    """Codes that differ from an unspecified one by the value of an axis alone, and the note states none of them.

    Sides are the matter of `unspecified-side`, and a course (acute, chronic) is often not known at all.
    """
    code = undotted(told.claim.diagnoses[index - told.diagnoses.start].code)
    leaves = told.words.around(pos, told.day)
    mine = next((each for each in leaves if each.code == code), None)
    if mine is None or "unspecified" not in mine.title.lower():
        return None
    found = [
        leaf
        for leaf in leaves
        if (adds := leaf.stems - mine.stems)
        and adds <= told.words.axis
        and (adds & _ASKED or all(_VALUE.fullmatch(each) or each in _ORDINALS for each in adds))
        and not mine.stems - leaf.stems - told.words.qualifier
    ]
    if len(found) < 2 or {undotted(each.code) for each in told.claim.diagnoses} & {each.code for each in found}:
        return None
    said, own = homes[0]
    words = [word for word in said if word.stem in own]
    if not words:
        return None
    span = told.span(words[0].start, words[-1].end)
    codes, titles = tuple(each.code for each in found), tuple(each.title for each in found)
    return Alternative("open", codes, titles, span, told.section_at(span.start))


# ---- a paraphrase --------------------------------------------------------------------------------


def _near(told: Noted, pos: int, homes: list[tuple[list[Word], Stems]]) -> Alternative | None:
    """A title that has the condition's own word and one that the note only paraphrases (`lexicons/near-terms.yaml`)."""
    words = told.words
    anchors = {stem for _, own in homes for stem in own} & {
        stem for each in words.own(pos) for core in each.cores for stem in core
    }
    own = {each.pos for each in told.book.path(told.book.node_at(words.edition, pos))}
    held = {undotted(each.code) for each in told.claim.diagnoses}
    said = {stem for each in words.lineage(pos) for stem in each.stems}
    for term, gap, span in told.paraphrases:
        wanted = words.stems(term)
        if not wanted - words.generic or wanted <= words.stems(span.text) or wanted <= said:
            continue
        for anchor in sorted(anchors - words.generic):
            for place in words.holding(wanted | {anchor}):
                node = told.book.node_at(words.edition, place)
                if place in own or node.code in held or node.made:
                    continue
                for each in words.own(place):
                    if wanted | {anchor} <= each.stems and each.stems - words.generic - wanted <= told.stems:
                        section = told.section_at(span.start)
                        return Alternative("near", (node.code,), (node.title,), span, section, term, gap)
    return None
