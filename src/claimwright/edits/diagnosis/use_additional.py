"""DX204 use-additional."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from claimwright.book.columns import Columns
from claimwright.book.store import Book, NoteEntry
from claimwright.edits.companions import Companion, Voices
from claimwright.edits.compiled import kernels
from claimwright.edits.conditions import in_effect, in_set
from claimwright.edits.digest import all_codes
from claimwright.edits.frame import Bools, Frame, Ints
from claimwright.edits.hit import Hit, holder_of
from claimwright.edits.outcomes import AS_STATED, NO_FINDING, Outcomes, repeated
from claimwright.edits.registry import rule, since
from claimwright.edits.relations import Hits
from claimwright.model import Authority, Finding, Fix, Severity, dotted

_LEAD = re.compile(r"^codes?(?:\(s\))?(?=[\s,])(?! from)[\s,]*")
"""What the note's words repeat of "use additional code"."""

_NOBODY, _ALL, _UNDERDOSING = range(3)
"""For which of the diagnoses under its holder a note is meant."""


@dataclass(frozen=True, slots=True)
class _Asking:
    """What is known of each group without looking at a claim, in the order of `keys`, which rise.

    `order` are the numbers of the groups; `place` is where a key stands among the keys.

    `meant` as `_meant`; the holder's span of the tree; `words`: groups that say the same share a number.
    """

    order: npt.NDArray[np.int64]
    place: npt.NDArray[np.int32]
    keys: npt.NDArray[np.int32]
    meant: npt.NDArray[np.int8]
    start: npt.NDArray[np.int32]
    stop: npt.NDArray[np.int32]
    words: npt.NDArray[np.int64]


@lru_cache(maxsize=16)
def _asking(columns: Columns) -> _Asking:
    book, keys = columns.book, columns.companion("useAdditionalCode").keys
    order = np.argsort(keys, kind="stable")
    notes = [book.note(columns.edition, key) for key in keys[order].tolist()]
    said: dict[tuple[object, ...], int] = {}
    words = []
    for note in notes:
        items = tuple(e.text for e in _run(book, note) if book.targets(e) and e.number != note.number)
        words.append(said.setdefault((note.holder, _asked_for(note), items), len(said)))
    place = np.zeros(int(keys.max(initial=0)) + 1, dtype=np.int32)
    place[keys[order]] = np.arange(len(keys))
    return _Asking(
        order,
        place,
        keys[order],
        np.array([_meant(book, note) for note in notes], dtype=np.int8),
        np.array([note.holder for note in notes], dtype=np.int32),
        np.array([book.node_at(note.edition, note.holder).stop for note in notes], dtype=np.int32),
        np.array(words, dtype=np.int64),
    )


_underdosed = all_codes(in_effect, in_set("underdosing"))


@lru_cache(maxsize=16)
def _heard(columns: Columns) -> npt.NDArray[np.uint8]:
    """For which of the conditions below each group is meant."""
    asking = _asking(columns)
    out = np.zeros(len(asking.keys), dtype=np.uint8)
    out[asking.order] = np.array([0, 1, 2], dtype=np.uint8)[asking.meant]
    return out


_VOICES = Voices((in_effect, _underdosed), _heard)


def _outcome(frame: Frame, hits: Hits) -> Outcomes:
    """Where no earlier diagnosis stands under the holder of the note."""
    asking = _asking(frame.columns)
    at = asking.place[hits.key]
    fast = kernels()
    if fast is not None and frame.digest is not None:
        held = frame.claim, frame.offsets, frame.entry, frame.digest.pos
        return Outcomes(fast.asks(hits.left, at, *held, asking.start, asking.stop, asking.words))
    speaks = ~_told_before(frame, hits.left, asking.start[at], asking.stop[at])
    left = np.flatnonzero(speaks)
    left = left[repeated(hits.left[left])]
    both = hits.left[left].astype(np.int64) * (len(asking.words) + 1) + asking.words[at[left]]
    _, first = np.unique(both, return_index=True)
    speaks[left] = False
    speaks[left[first]] = True  # one code asked for the same in the same words is asked once
    return Outcomes(np.where(speaks, AS_STATED, NO_FINDING).astype(np.int8))


def _told_before(frame: Frame, own: Ints, start: Ints, stop: Ints) -> Bools:
    """Stands an earlier diagnosis of its claim within this span of the tree?"""
    out = np.zeros(len(own), dtype=np.bool_)
    left: Ints = np.arange(len(own), dtype=np.int32)
    place: Ints = frame.place[own]
    for back in range(1, int(place.max(initial=0)) + 1):
        going = np.flatnonzero(place >= back)
        if len(going) < len(left):
            left, own, place, start, stop = (each[going] for each in (left, own, place, start, stop))
        pos = frame.pos[own - back]
        out[left[(start <= pos) & (pos < stop)]] = True
    return out


@rule(
    "DX204",
    relation=Companion("useAdditionalCode", voices=_VOICES),
    severity=Severity.INFO,
    authority=Authority.OFFICIAL_NOTE,
    in_force=since("2015-10-01"),
    cites=("icd10cm-guidelines:I.A.13",),
    outcome=_outcome,
)
def use_additional(hit: Hit) -> Finding | None:
    """An official note asks for an additional code, and none of those it names is on the claim.

    ## What it checks
    "Use additional code" notes, own and inherited, that name codes. Each headed list asks for one
    fact; any code of the list answers it. Several diagnoses under the same note are reported once.
    Notes of a whole chapter, and those of a block that hold only "if applicable", are left out unless
    they ask for what is known of every patient (weeks of gestation): "any retained foreign body" would
    speak on every injury. Notes on underdosing speak only of underdosing.

    ## Why it matters
    The additional code completes the picture (control of diabetes, the organism, the stage), and some
    carry weight in grouping. The note is an instruction only where the fact is documented.

    ## Example
    E11.9 without Z79.4: category E11 asks for the kind of control (insulin, oral drugs, injectables).

    ## How to fix
    Add the code that the record supports; add nothing that it does not show.
    """
    note = hit.book.note(hit.scene.edition.number, hit.key)
    if not hit.left.in_effect:
        return None  # the code itself is in question; its companions can wait
    if not _speaks_of(hit, note):
        return None
    stop = hit.book.node_at(note.edition, note.holder).stop
    if any(end.index < hit.left.index and note.holder <= end.pos < stop for end in hit.others()):
        return None  # an earlier diagnosis stands under the same note and has said so
    run = _run(hit.book, note)
    exact = [code for each in run for _, code, _ in hit.book.targets(each) if code]
    add = tuple(dotted(code) for code in dict.fromkeys(exact) if hit.book.billable(code, hit.day))
    proof = [hit.note(each, hit.left) for each in run]
    holder = holder_of(proof[0])
    listed = [each for each in run if hit.book.targets(each)]
    asked, items = _asked_for(note), "; ".join(each.text for each in listed if each.number != note.number)
    return hit.finding(
        f"{holder[:1].upper()}{holder[1:]} asks for an additional code beside {hit.left.named}: {asked}"
        + (f": {items}" if items else ""),
        because=proof,
        fix=Fix(
            say="Add the code that the record supports" + (f": {', '.join(add)}" if add else ""),
            add=add,
            ask=f"Does the record show one of these for {hit.left.code}: {items or asked}?",
        ),
    )


def _asked_for(note: NoteEntry) -> str:
    return _LEAD.sub("", note.text.rstrip(":.")).strip(", ")


def _speaks_of(hit: Hit, note: NoteEntry) -> bool:
    """Is the note meant for this diagnosis, and not only for some of the many that inherit it?"""
    meant = _meant(hit.book, note)
    return hit.left.belongs("underdosing") if meant == _UNDERDOSING else meant == _ALL


def _meant(book: Book, note: NoteEntry) -> int:
    """For which of the diagnoses under its holder a note is meant: none, all, or those of underdosing."""
    level = book.node_at(note.edition, note.holder).kind
    if level == "chapter" or (level == "block" and note.conditional):
        return _ALL if "if known" in note.text else _NOBODY
    items = [each.text for each in _run(book, note) if book.targets(each)]
    return _UNDERDOSING if all("underdosing" in text for text in items) else _ALL


def _run(book: Book, note: NoteEntry) -> list[NoteEntry]:
    """The note and those that continue it."""
    return [each for each in book.notes_at(note.edition, note.holder, ("useAdditionalCode",)) if each.run == note.run]
