"""Explanations of many hits, each thing said once.

A rule without a columnar outcome has to explain its hits. What an explanation says depends on what it looks
at. So the hit it is given (`Watched`) notes how far it looks: at its own ends only, at the patient's age and
sex, or at the whole claim. The next hit with the same signature, as far as the first one looked, gets the same
answer without a word. The way of an explanation is settled by what it has seen so far, which makes this safe.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from typing import Any

import numpy as np

from claimwright.book.store import Book
from claimwright.claims.batch import EPOCH, ClaimBatch
from claimwright.edits.frame import DIAGNOSIS, Frame
from claimwright.edits.hit import ENDS, End, Hit, Scene
from claimwright.edits.registry import Rule
from claimwright.edits.relations import Hits
from claimwright.model import Claim

MOST = 200_000
"""Signatures kept at most, which bounds memory; then the memory begins anew."""

OWN, PERSON, CLAIM = range(3)
"""How far an explanation looked."""


@dataclass(frozen=True)
class Watched(Hit):
    """A hit that notes how far its explanation looks."""

    far: list[int] = field(default_factory=lambda: [OWN], compare=False)

    def _look(self, far: int) -> None:
        self.far[0] = max(self.far[0], far)

    @property
    def claim(self) -> Claim:
        """The whole claim."""
        self._look(CLAIM)
        return super().claim

    @property
    def age(self) -> int | None:
        """The patient's age."""
        self._look(PERSON)
        return super().age

    @property
    def sex(self) -> str:
        """The patient's sex."""
        self._look(PERSON)
        return super().sex

    def diagnoses(self) -> list[End]:
        """Every diagnosis of the claim."""
        self._look(CLAIM)
        return super().diagnoses()


@dataclass(frozen=True, slots=True)
class Said:
    """One answer: rank of the severity, -1 for no finding; (position, code) of its places; the message; what the
    first place is a place of.

    A place is a number of the ends (-1 left, -2 right) where the answer is good for other positions too.
    """

    rank: int
    places: tuple[tuple[int, str], ...]
    message: str = ""
    kind: str = ""


NOTHING = Said(-1, ())


class Memo:
    """The answers of one scan; several threads may share them, for an answer is looked up or put down in one step."""

    def __init__(self, book: Book) -> None:
        """Read the days on which any table of the book changes."""
        self._answers: dict[Any, Said | int] = {}
        self._edges = edges(book)

    def said(self, rule: Rule, scene: Scene, hits: Hits) -> list[Said]:
        """One answer a hit, with positions of the claim."""
        out = []
        for left, right, key in zip(hits.left.tolist(), hits.right.tolist(), hits.key.tolist(), strict=True):
            out.append(self._one(rule, scene, hits.kind, left, right, key))
        return out

    def _one(self, rule: Rule, scene: Scene, kind: str, left: int, right: int, key: int) -> Said:
        end = ENDS[kind](scene, left)
        frame = scene.frame
        claim = end.claim_index
        if kind != DIAGNOSIS:
            return self._answer(
                (rule.name, kind, key, *_place_of(frame, kind, claim, left, right)), rule, scene, end, right, key
            )
        own = self._own(rule, scene, claim, left, right, key)
        known = self._answers.get(own)
        if known is None:
            return _placed(self._explained(own, rule, scene, end, right, key), frame, left, right)
        if isinstance(known, Said):
            return _placed(known, frame, left, right)
        wider = (*own, *_person(frame.batch, claim))
        if known == PERSON:
            found = self._answers.get(wider)
            if isinstance(found, Said):
                return _placed(found, frame, left, right)
            if found is None:
                return _placed(self._explained(own, rule, scene, end, right, key), frame, left, right)
        whole = (*wider, left - int(frame.batch.offsets[claim]), right - left, _whole(frame.batch, claim))
        return self._answer(whole, rule, scene, end, right, key)

    def _answer(self, signature: Any, rule: Rule, scene: Scene, end: End, right: int, key: int) -> Said:
        known = self._answers.get(signature)
        if isinstance(known, Said):
            return known
        said = _said(rule.explain(Hit(rule, scene, end, right, key)))
        self._keep(signature, said)
        return said

    def _explained(self, own: Any, rule: Rule, scene: Scene, end: End, right: int, key: int) -> Said:
        """Explain, and remember the answer under what was looked at."""
        hit = Watched(rule, scene, end, right, key)
        said = _said(rule.explain(hit))
        far, frame, claim = hit.far[0], scene.frame, end.claim_index
        general = _general(said, frame, end.index, right) if far < CLAIM else None
        wider = (*own, *_person(frame.batch, claim))
        if far == CLAIM or general is None:
            self._keep(own, CLAIM)
            place = end.index - int(frame.batch.offsets[claim])
            self._keep((*wider, place, right - end.index, _whole(frame.batch, claim)), said)
        elif far == PERSON:
            self._keep(own, PERSON)
            self._keep(wider, general)
        else:
            self._keep(own, general)
        return said

    def _keep(self, signature: Any, said: Said | int) -> None:
        if len(self._answers) >= MOST:
            self._answers.clear()
        self._answers[signature] = said

    def _own(self, rule: Rule, scene: Scene, claim: int, left: int, right: int, key: int) -> tuple[Any, ...]:
        frame, batch = scene.frame, scene.frame.batch
        first = int(batch.offsets[claim])
        ends = [_diagnosis(frame, left, first)]
        if right >= 0:
            ends += [_diagnosis(frame, right, first), (left < right,)]
        window = bisect_right(self._edges, int(batch.day[claim]))
        return (rule.name, scene.edition.number, scene.nearest, window, int(batch.setting[claim]), key, *ends)


def _diagnosis(frame: Frame, index: int, first: int) -> tuple[Any, ...]:
    batch = frame.batch
    text = batch.written.get(("diagnoses", index)) or bytes(batch.codes[index])
    return text, int(frame.one("row", index)), index == first, bytes(batch.poa[index])


def _person(batch: ClaimBatch, claim: int) -> tuple[int, int]:
    return int(batch.age[claim]), int(batch.sex[claim])


def _whole(batch: ClaimBatch, claim: int) -> tuple[Any, ...]:
    """Everything that a claim says, as bytes."""
    first, last = int(batch.offsets[claim]), int(batch.offsets[claim + 1])
    out: list[Any] = [
        int(batch.day[claim]), int(batch.setting[claim]), int(batch.age[claim]), int(batch.sex[claim]),
        bool(batch.exempt[claim]), batch.discharge_status(claim), batch.payer_of(claim),
        batch.codes[first:last].tobytes(), batch.poa[first:last].tobytes(),
    ]  # fmt: skip
    if batch.written:
        out += [batch.written.get(("diagnoses", each)) for each in range(first, last)]
    first, last = int(batch.procedure_offsets[claim]), int(batch.procedure_offsets[claim + 1])
    if last > first:
        out += [batch.procedure(each) for each in range(first, last)]
    first, last = int(batch.line_offsets[claim]), int(batch.line_offsets[claim + 1])
    if last > first:
        out += [batch.line(each) for each in range(first, last)]
    return tuple(out)


def _place_of(frame: Frame, kind: str, claim: int, left: int, right: int) -> tuple[Any, ...]:
    """The signature of a hit on a procedure, line or claim: the whole claim."""
    offsets = {"procedure": frame.batch.procedure_offsets, "line": frame.batch.line_offsets}.get(kind)
    first = int(offsets[claim]) if offsets is not None else claim
    return left - first, right - first if right >= 0 else -1, _whole(frame.batch, claim)


def _said(finding: Any) -> Said:
    if finding is None:
        return NOTHING
    places = tuple((each.position, each.code) for each in finding.at)
    return Said(finding.severity.rank, places, finding.message, finding.at[0].kind if finding.at else "")


def _general(said: Said, frame: Frame, left: int, right: int) -> Said | None:
    """The answer with ends in place of positions; None where it points at anything else."""
    numbers = {frame.position(left): -1}
    if right >= 0:
        numbers[frame.position(right)] = -2
    if any(position not in numbers for position, _ in said.places):
        return None
    return Said(said.rank, tuple((numbers[position], code) for position, code in said.places), said.message, said.kind)


def _placed(said: Said, frame: Frame, left: int, right: int) -> Said:
    """The answer at the positions of this hit."""
    if not said.places or said.places[0][0] > 0:
        return said
    at = {-1: left, -2: right}
    places = sorted(((frame.position(at[end]), code) for end, code in said.places), key=lambda place: place[0])
    return Said(said.rank, tuple(places), said.message, said.kind)


@lru_cache(maxsize=4)
def edges(book: Book) -> tuple[int, ...]:
    """Days from which on a table of the book may answer otherwise, as days since 1970-01-01, rising."""
    from claimwright.book.columns import columns

    shared = columns(book, book.edition_on(date.max)[0].number)
    out: set[int] = set()
    for registry in ("registry", "pcs.registry"):
        out |= set(np.unique(shared.array(f"{registry}.starts", shared=True)).tolist())
        out |= {each + 1 for each in np.unique(shared.array(f"{registry}.ends", shared=True)).tolist()}
    for entry in (*book.manifest["tabular"], *book.manifest["parts"]):
        for key, shift in (("from", 0), ("to", 1)):
            if entry.get(key):
                out.add((date.fromisoformat(str(entry[key])) - EPOCH).days + shift)
    return tuple(sorted(out))
