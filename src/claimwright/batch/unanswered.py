"""Rules that could not be applied to claims of a scan: what `check` tells of one claim, counted over many.

What a claim lacks is what its day, setting and diagnoses lack, and what each of its service lines lacks by itself.
So each kind of line is asked about once, and the claims that have such lines are counted in columns.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt

from claimwright.batch.memo import edges
from claimwright.book.procedure_columns import listed
from claimwright.book.procedures import AOC, procedures
from claimwright.book.store import Book
from claimwright.claims.batch import EPOCH, SETTINGS, ClaimBatch
from claimwright.edits.documented import Documented
from claimwright.edits.frame import Frame, numbered
from claimwright.edits.pending import pending, unread_notes
from claimwright.edits.registry import EXTRA_TABLES, Rule
from claimwright.edits.relations import OneOf, Relation
from claimwright.model import Claim, Diagnosis, NotEvaluated, ServiceLine

Places = npt.NDArray[np.int64]
Lacking = Counter[NotEvaluated]

MOST = 200_000
"""Kinds of lines kept at most, which bounds memory; then the memory begins anew."""

MOST_BITS = 63
_NOTE = "the note of the claim"
_NOTE_HOW = "a scan reads no notes: claimwright check"


class Unanswered:
    """What could not be asked, over one book."""

    def __init__(self, book: Book, rules: Sequence[Rule]) -> None:
        """Read the days on which another table answers."""
        self.book, self.rules = book, rules
        window = book.registry_window
        last = window.ends or date.today() + timedelta(days=366)
        quarters = (
            date(year, month, 1) for year in range(window.starts.year, last.year + 2) for month in (1, 4, 7, 10)
        )
        days = {*edges(book), *((each - EPOCH).days for each in quarters)}
        # A row without an end ends behind the last day there is.
        self._edges = np.array(sorted(each for each in days if each <= (date.max - EPOCH).days), dtype=np.int32)
        self._add_ons = {
            bytes(code) for each in procedures(book).editions(AOC) for code in listed(book, AOC, each.number).tolist()
        }
        self._lines: dict[tuple[object, ...], frozenset[NotEvaluated]] = {}
        self._days: dict[int, tuple[NotEvaluated, ...]] = {}

    def lacking(self, batch: ClaimBatch, frames: Iterable[tuple[Frame, str]]) -> Lacking:
        """Number of claims of the batch by what could not be asked of them.

        `frames` are the parts of the batch with the name of the edition that answers.
        """
        out: Lacking = Counter()
        if len(batch):
            self._by_day(batch, out)
            self._by_line(batch, out)
        for frame, edition in frames:
            for _, code in set(frame.without_notes()):
                out[unread_notes(code, edition)] += 1
        return out

    # ---- tables of the user ---------------------------------------------------------------------

    def _by_day(self, batch: ClaimBatch, out: Lacking) -> None:
        # What a table answers stays the same between two edges, so no day is asked about by itself.
        window = _windows(self._edges, batch.day)
        has = [np.diff(each) > 0 for each in (batch.procedure_offsets, batch.line_offsets)]
        for key, at, count in _kinds(window, batch.setting, *has):
            if key not in self._days:
                self._days[key] = tuple(self._tables(batch.claim(at), EPOCH + timedelta(days=int(batch.day[at]))))
            for each in self._days[key]:
                out[each] += count

    def _tables(self, claim: Claim, day: date) -> Iterable[NotEvaluated]:
        for rule in self.rules:
            missing = [each for each in rule.tables if each in EXTRA_TABLES and not self.book.table_edition(each, day)]
            if missing and rule.relation.concerns(claim):
                yield NotEvaluated(rule.name, missing[0], EXTRA_TABLES[missing[0]])

    # ---- service lines --------------------------------------------------------------------------

    def _by_line(self, batch: ClaimBatch, out: Lacking) -> None:
        if not len(batch.line_codes):
            return
        owner = np.repeat(np.arange(len(batch)), np.diff(batch.line_offsets))
        modifiers = self._modifiers(batch)
        texts, code = np.unique(batch.line_codes, return_inverse=True)
        window = np.searchsorted(self._edges, batch.line_days, side="right")
        # The rows of the table of add-on codes are dated by themselves.
        added = np.array([each in self._add_ons for each in texts.tolist()], dtype=np.bool_)[code]
        day = np.where(added, batch.line_days, -window)
        payer = _payers(batch)
        alike = numbered(batch.setting[owner], payer[owner], code, day, modifiers)
        _, first, kind = np.unique(alike, return_index=True, return_inverse=True)
        answers = [self._line(batch, int(owner[at]), at) for at in first.tolist()]
        profiles = {each: at for at, each in enumerate(dict.fromkeys(answers))}
        profile = np.array([profiles[each] for each in answers], dtype=np.int64)[kind]
        for held, count in _counted(owner, profile, len(profiles)):
            known = list(profiles)
            for each in frozenset().union(*(known[at] for at in held)):
                out[each] += count

    def _modifiers(self, batch: ClaimBatch) -> Places:
        """A number for the modifiers of each line."""
        out = np.zeros(len(batch.line_codes), np.int64)
        counts = np.diff(batch.modifier_offsets)
        known: dict[bytes, int] = {}
        for line in np.flatnonzero(counts).tolist():
            first, last = batch.modifier_offsets[line : line + 2]
            text = batch.modifiers[first:last].tobytes()
            out[line] = known.setdefault(text, len(known) + 1)
        return out

    def _line(self, batch: ClaimBatch, owner: int, at: int) -> frozenset[NotEvaluated]:
        line = batch.line(at)
        day = EPOCH + timedelta(days=int(batch.line_days[at]))
        code = bytes(batch.line_codes[at])
        when = day if code in self._add_ons else int(np.searchsorted(self._edges, batch.line_days[at], side="right"))
        payer = batch.payer_of(owner)
        key = (int(batch.setting[owner]), payer, line.code, line.modifiers, when)
        if key not in self._lines:
            if len(self._lines) >= MOST:
                self._lines.clear()
            claim = Claim(
                SETTINGS[batch.setting[owner]], (Diagnosis("Z00.00"),), payer=payer,
                lines=(ServiceLine(line.code, line.modifiers, line.units, day),),
            )  # fmt: skip
            self._lines[key] = frozenset(pending(claim, self.book, day))
        return self._lines[key]


def _windows(edges: npt.NDArray[np.int32], days: npt.NDArray[np.int32]) -> npt.NDArray[np.int32]:
    """How many edges lie on or before each day; where the days are close together, each day is sought once."""
    first, last = int(days.min()), int(days.max())
    if last - first > len(days):
        return np.searchsorted(edges, days, side="right").astype(np.int32)
    known = np.searchsorted(edges, np.arange(first, last + 1), side="right").astype(np.int32)
    return known.take(days - first)


def _kinds(number: npt.NDArray[np.int32], *others: npt.NDArray[Any]) -> Iterable[tuple[int, int, int]]:
    """Each combination of small numbers: a number for it, its first row, how many rows have it.

    The columns beside the first hold 0 to 7.
    """
    for each in others:
        number = number * np.int32(8) + each.astype(np.int32)
    counts = np.bincount(number)
    first = np.empty(len(counts), dtype=np.int64)
    first[number[::-1]] = np.arange(len(number))[::-1]  # backwards: the first one is written last, and stays
    found = np.flatnonzero(counts)
    return zip(found.tolist(), first[found].tolist(), counts[found].tolist(), strict=True)


def _payers(batch: ClaimBatch) -> npt.NDArray[np.integer]:
    """A number for the payer of each claim."""
    if batch.claims is None:
        return np.zeros(len(batch), np.int32) if batch.payer is None else batch.payer
    names = {each: at for at, each in enumerate(dict.fromkeys(claim.payer for claim in batch.claims))}
    return np.array([names[claim.payer] for claim in batch.claims], dtype=np.int32)


def _counted(owner: Places, profile: Places, size: int) -> Iterable[tuple[tuple[int, ...], int]]:
    """(profiles that occur on a claim together, number of such claims)."""
    if size <= MOST_BITS:
        starts = np.flatnonzero(np.r_[True, owner[1:] != owner[:-1]])
        masks = np.bitwise_or.reduceat(np.int64(1) << profile, starts)
        for mask, count in zip(*(each.tolist() for each in np.unique(masks, return_counts=True)), strict=True):
            yield tuple(at for at in range(size) if mask >> at & 1), count
        return
    by_claim: dict[int, set[int]] = {}
    for claim, each in zip(owner.tolist(), profile.tolist(), strict=True):
        by_claim.setdefault(claim, set()).add(each)
    yield from Counter(tuple(sorted(each)) for each in by_claim.values()).items()


def notes_unread(rules: Sequence[Rule], claims: int) -> Lacking:
    """The rules over notes, for so many claims that bring one."""
    return Counter(
        {NotEvaluated(each.name, _NOTE, _NOTE_HOW): claims for each in rules if claims and _documented(each.relation)}
    )


def _documented(relation: Relation) -> bool:
    if isinstance(relation, OneOf):
        return any(map(_documented, relation.relations))
    return isinstance(relation, Documented)
