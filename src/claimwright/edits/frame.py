"""A batch seen against one edition: every diagnosis with its place, validity and flags."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from claimwright.book.columns import Columns
from claimwright.claims.batch import SETTINGS, ClaimBatch
from claimwright.edits.axis import MANY, flags_in_force, numbers_on, owners, resolved, rows_in_force
from claimwright.edits.compiled import kernels
from claimwright.edits.digest import Digest, OfCode, Word, digest_of
from claimwright.model import Setting, dotted

if TYPE_CHECKING:
    from claimwright.edits.noted import Noted
    from claimwright.model import NoteRead

EPOCH = date(1970, 1, 1)
Ints = npt.NDArray[np.int32]
Bools = npt.NDArray[np.bool_]
DIAGNOSIS, PROCEDURE, LINE, CLAIM = "diagnosis", "procedure", "line", "claim"
"""What a hit may be about; also the kind of its place in a finding."""


@dataclass(frozen=True, slots=True)
class SidedLine:
    """A service line that states a side: `number` in its claim from 0, the side and its modifier.

    `diagnoses` are the indices, in the frame, of the diagnoses it points to (all, without pointers).
    """

    number: int
    side: int
    modifier: str
    diagnoses: npt.NDArray[np.int64]


class Frame:
    """Columns over the L diagnoses of a batch, computed once and shared by all rules.

    `claim` int32: index of the claim; `place` int32: position in the claim, from 0; `code` int32:
    number on the book's code axis, -1 when no table knows the code; `row` int32: the registry row in
    force on the claim's day, -1 for none; `listed` bool: the registry has the code on some day;
    `flags` uint32: MCE flags on the day; `pos` int32: place in the edition's tree (the nearest
    category when the edition lacks the code), -1 for none; `exact` bool: the edition has the code;
    `nearest` int32: as `pos`, and for a text that no table has the node of its longest beginning.
    """

    def __init__(
        self,
        batch: ClaimBatch,
        columns: Columns,
        as_of: date | None = None,
        notes: Mapping[int, NoteRead] | None = None,
    ) -> None:
        """Resolve the codes of `batch`; with `as_of`, codes that start later are not known.

        `notes` are those that the claims bring, by the index of the claim.
        """
        self.batch, self.columns, self.notes = batch, columns, notes or {}
        self.claim = owners(batch.offsets)
        self._horizon = (as_of - EPOCH).days if as_of else int(np.iinfo(np.int32).max)
        self._kept: dict[Hashable, Any] = {}
        self._in_settings: dict[tuple[tuple[Setting, ...], str], Bools] = {}
        self.digest: Digest | None = None
        self.entry = np.zeros(0, dtype=np.int32)
        if len(self.claim) >= MANY:
            self._by_digest()
        else:
            self.code = numbers_on(columns, "codes", batch.codes)
            self.row, self.listed = rows_in_force(columns, "registry", self.code, batch.day[self.claim], self._horizon)

    def _by_digest(self) -> None:
        """The entry of each diagnosis in the digest of the batch's days; for codes whose row changes, by the day."""
        batch = self.batch
        self.digest = digest = digest_of(self.columns, int(batch.day.min()), int(batch.day.max()), self._horizon)
        fast = kernels()
        if batch.texts is not None and batch.number is not None:
            code = resolved(self.columns, batch.texts)
            entry = np.where(code < 0, np.int32(digest.size), code)
            if fast is not None:
                self.entry, at = fast.entries(batch.number, entry, digest.varies[entry])
            else:
                self.entry, at = entry[batch.number], np.flatnonzero(digest.varies[entry][batch.number])
        else:
            code = numbers_on(self.columns, "codes", batch.codes)
            self.entry = np.where(code < 0, np.int32(digest.size), code)
            at = np.flatnonzero(digest.varies[self.entry])
        row, _ = rows_in_force(self.columns, "registry", self.entry[at], batch.day[self.claim[at]], self._horizon)
        self.entry[at[row >= 0]] = digest.of_row[row[row >= 0]]

    def __len__(self) -> int:
        return len(self.claim)

    @cached_property
    def offsets(self) -> npt.NDArray[np.int64]:
        """Where the diagnoses of each claim begin, in the one form that compiled kernels take."""
        return np.ascontiguousarray(self.batch.offsets, dtype=np.int64)

    @cached_property
    def place(self) -> Ints:
        """Position of each diagnosis in its claim, from 0."""
        return self.places(np.arange(len(self.claim), dtype=np.int32))

    def places(self, at: npt.NDArray[np.integer]) -> Ints:
        """Positions of some diagnoses in their claims, from 0."""
        return (at - self.batch.offsets[self.claim[at]]).astype(np.int32)

    def position(self, index: int) -> int:
        """Position of one diagnosis in its claim, from 1."""
        return index - int(self.batch.offsets[self.claim[index]]) + 1

    @cached_property
    def code(self) -> Ints:
        """Number of each code on the book's axis, -1 for none."""
        return self._digested("code")

    @cached_property
    def row(self) -> Ints:
        """The registry row in force on the claim's day, -1 for none."""
        return self._digested("row")

    @cached_property
    def listed(self) -> Bools:
        """Has the registry the code on some day?"""
        held: Bools = self._digested("listed")
        return held

    @cached_property
    def flags(self) -> npt.NDArray[np.uint32]:
        """MCE flags on the day."""
        return self._digested("flags") if self.digest else flags_in_force(self.columns, "registry", self.row)

    @cached_property
    def pos(self) -> Ints:
        """Place in the edition's tree, -1 for none."""
        return self._digested("pos") if self.digest else self.columns.ending("position", -1)[self.code]

    @cached_property
    def exact(self) -> Bools:
        """Has the edition the code?"""
        return self._digested("exact") if self.digest else self.columns.ending("exact", 0)[self.code]

    def _digested(self, name: str) -> Any:
        assert self.digest is not None  # noqa: S101 - without a digest all is there from the start
        return getattr(self.digest, name)[self.entry]

    def one(self, name: str, index: int) -> Any:
        """A column's value for one diagnosis; see `of`."""
        if self.digest is None or name in self.__dict__:
            return getattr(self, name)[index]
        return getattr(self.digest, name)[self.entry[index]]

    def of(self, name: str, at: npt.NDArray[np.integer]) -> npt.NDArray[Any]:
        """A column of some diagnoses; where most need none of it, that of all is never made."""
        if self.digest is None or name in self.__dict__:
            held: npt.NDArray[Any] = getattr(self, name)[at]
            return held
        found: npt.NDArray[Any] = getattr(self.digest, name)[self.entry[at]]
        return found

    def where(self, condition: OfCode) -> npt.NDArray[np.int64]:
        """Indices of the diagnoses that meet a condition, rising."""
        if self.digest is None:
            return np.flatnonzero(condition.test(self))
        bit = self.digest.bit(condition)
        if not isinstance(bit, int):
            return np.flatnonzero(bit[self.entry])
        self.digest.wanted(always=1 << bit)
        return self._with_bit(bit, self.asked.always)

    def where_first(self, condition: OfCode) -> npt.NDArray[np.int64]:
        """As `where`; of diagnoses that are not the first of their claim some may be missing."""
        bit = self.digest.bit(condition) if self.digest is not None else None
        if self.digest is None or not isinstance(bit, int):
            return self.where(condition)
        self.digest.wanted(firsts=1 << bit)
        if self.asked.always & 1 << bit:
            return self._with_bit(bit, self.asked.always)
        return self._with_bit(bit, self.asked.firsts, first=True)

    def where_both(self, one: OfCode, other: OfCode) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """The diagnoses that meet one condition, and those that meet the other, as `where`; some of those on claims
        without the one or without the other may be missing."""
        digest = self.digest
        first, second = (digest.bit(each) if digest is not None else None for each in (one, other))
        if digest is None or not isinstance(first, int) or not isinstance(second, int):
            return self.where(one), self.where(other)
        both = 1 << first | 1 << second
        digest.wanted(both=both)
        known = both if both in self.asked.both else self.asked.always
        return self._with_bit(first, known), self._with_bit(second, known)

    @cached_property
    def asked(self) -> Word:
        """The tests that were known when this frame was first asked for one."""
        assert self.digest is not None  # noqa: S101 - the caller asked
        return self.digest.word

    def _with_bit(self, bit: int, known: int, first: bool = False) -> npt.NDArray[np.int64]:
        """The diagnoses (the `first` ones of claims) whose word has the bit; `known` are the bits sorted together."""
        assert self.digest is not None  # noqa: S101 - the caller asked
        if not known & 1 << bit:
            return np.flatnonzero(((self.digest.word.bits & np.uint64(1 << bit)) != 0)[self.entry])
        by_bit = self._by_bit
        if by_bit is not None:
            return by_bit[1][by_bit[0][bit] : by_bit[0][bit + 1]]
        word, at = self._marked(known, first)
        return at[(word & np.uint64(1 << bit)) != 0]

    def meets(self, condition: OfCode, at: npt.NDArray[np.integer] | slice) -> Bools:
        """Do the diagnoses `at` meet a condition?"""
        if self.digest is None:
            return condition.test(self)[at]
        bit, entry = self.digest.bit(condition), self.entry[at]
        if not isinstance(bit, int):
            return bit[entry]
        held: Bools = (self.digest.word.bits[entry] & np.uint64(1 << bit)) != 0
        return held

    @cached_property
    def _by_bit(self) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]] | None:
        """The diagnoses that meet each of the conditions known so far: offsets by bit, and indices; None for numpy."""
        fast = kernels()
        if fast is None:
            return None
        bits, given, always, firsts, both = self.asked
        found: tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]] = fast.sorted_by_bit(
            self.entry, self.offsets, self.claim, bits, given, always, firsts, np.array(both, dtype=np.uint64)
        )
        return found

    def _marked(self, known: int, first: bool) -> tuple[npt.NDArray[np.uint64], npt.NDArray[np.int64]]:
        """The diagnoses (the `first` ones of claims) that have any of these bits: their words, their indices."""

        def marked() -> tuple[npt.NDArray[np.uint64], npt.NDArray[np.int64]]:
            word = self.asked.bits & np.uint64(known)
            starts = self.offsets
            among = starts[:-1][starts[:-1] < starts[1:]] if first else None
            held = (word != 0)[self.entry if among is None else self.entry[among]]
            at = np.flatnonzero(held) if among is None else among[held]
            return word[self.entry[at]], at

        found: tuple[npt.NDArray[np.uint64], npt.NDArray[np.int64]] = self.once(("marked", known, first), marked)
        return found

    def once(self, key: Hashable, made: Callable[[], Any]) -> Any:
        """What was made for this frame before, or is now; it is shared by all rules."""
        if key not in self._kept:
            self._kept[key] = made()
        return self._kept[key]

    def day(self, claim: int) -> date:
        """The day that decides for a claim."""
        return EPOCH + timedelta(days=int(self.batch.day[claim]))

    def first(self, at: npt.NDArray[np.integer] | slice) -> Bools:
        """Are these diagnoses the first of their claims?"""
        if isinstance(at, slice):
            return self.principal[at]
        held: Bools = self.batch.offsets[self.claim[at]] == at
        return held

    @cached_property
    def principal(self) -> Bools:
        """Is this diagnosis the first of its claim?"""
        out = np.zeros(len(self), dtype=np.bool_)
        offsets = self.batch.offsets
        out[offsets[:-1][offsets[:-1] < offsets[1:]]] = True
        return out

    @cached_property
    def noted(self) -> dict[int, Noted]:
        """The claims that bring a note, by their index, each beside what its note says."""
        if not self.notes:
            return {}
        from claimwright.edits.noted import Noted

        return {index: Noted(self, index, read) for index, read in sorted(self.notes.items())}

    @cached_property
    def odd(self) -> npt.NDArray[np.int64]:
        """Indices of the diagnoses that no registry lists: the few that can be headings, stems or no codes."""
        return self.where(_UNLISTED)

    @cached_property
    def sets(self) -> npt.NDArray[np.uint32]:
        """The sets of codes each diagnosis belongs to, as bits; none outside the tree."""
        return self._digested("sets") if self.digest else self.columns.ending("sets", 0)[self.pos]

    @cached_property
    def procedures(self) -> Procedures:
        """The columns over the procedures; made when a rule first asks for them."""
        return Procedures(self.batch, self.columns, self._horizon)

    @cached_property
    def lines(self) -> Lines:
        """The columns over the service lines; made when a rule first asks for them."""
        return Lines(self.batch)

    def owners(self, kind: str) -> Ints:
        """Index of the claim of each diagnosis, procedure or line, or of each claim itself."""
        if kind == DIAGNOSIS:
            return self.claim
        if kind == LINE:
            return self.lines.claim
        return self.procedures.claim if kind == PROCEDURE else np.arange(len(self.batch), dtype=np.int32)

    def in_settings(self, *settings: Setting, kind: str = DIAGNOSIS) -> Bools:
        """Is this diagnosis (or what `kind` says) on a claim of one of these settings?"""
        asked = (settings, kind)
        if asked not in self._in_settings:
            held = np.zeros(len(SETTINGS), dtype=np.bool_)
            held[[SETTINGS.index(each) for each in settings]] = True
            of_claims: Bools = held[self.batch.setting]
            self._in_settings[asked] = of_claims if kind == CLAIM else of_claims[self.owners(kind)]
        return self._in_settings[asked]

    def settings_at(self, settings: tuple[Setting, ...], at: npt.NDArray[np.integer] | slice) -> Bools:
        """Are these diagnoses on claims of one of these settings?"""
        held = np.zeros(len(SETTINGS), dtype=np.bool_)
        held[[SETTINGS.index(each) for each in settings]] = True
        return held[self.batch.setting[self.claim[at]]]

    def per_claim(self, values: Bools) -> Bools:
        """Does any diagnosis of the same claim have the value? bool [L] from bool [L]."""
        marked = np.zeros(len(self.batch), dtype=np.bool_)
        marked[self.claim[values]] = True
        return marked[self.claim]

    def without_notes(self) -> list[tuple[int, str]]:
        """(claim, code) of codes in effect that the edition lacks: only the notes of their family apply."""
        found = self.where(_WITHOUT_NOTES)
        return [(int(self.claim[index]), dotted(bytes(self.batch.codes[index]).decode("ascii"))) for index in found]

    @cached_property
    def pointing(self) -> list[SidedLine]:
        """Service lines whose modifiers state exactly one side, in order."""
        batch = self.batch
        modifiers, sides = self.columns.array("modifiers"), self.columns.array("modifier_sides")
        if not len(batch.modifiers) or not len(modifiers):
            return []
        at = np.searchsorted(modifiers, batch.modifiers)
        at[at == len(modifiers)] = 0
        side = np.where(modifiers[at] == batch.modifiers, sides[at], 0)
        lines = self.lines
        out = []
        for line in np.unique(lines.of_modifier[side > 0]).tolist():
            own = np.arange(batch.modifier_offsets[line], batch.modifier_offsets[line + 1])
            sided = own[side[own] > 0]
            stated = set(side[sided].tolist())
            if len(stated) != 1:
                continue
            first = int(batch.offsets[lines.claim[line]])
            pointed = batch.pointers[batch.pointer_offsets[line] : batch.pointer_offsets[line + 1]]
            if not len(pointed):
                pointed = np.arange(batch.offsets[lines.claim[line] + 1] - first, dtype=np.int32)
            out.append(
                SidedLine(
                    number=int(lines.place[line]),
                    side=int(stated.pop()),
                    modifier=bytes(batch.modifiers[sided[0]]).decode("ascii"),
                    diagnoses=pointed.astype(np.int64) + first,
                )
            )
        return out

    @cached_property
    def nearest_odd(self) -> Ints:
        """Places of `odd`; of a text that no table has, that of its longest known beginning (T78.40A -> T78.40)."""
        nearest = self.of("pos", self.odd).astype(np.int32)
        axis, position = self.columns.array("codes", shared=True), self.columns.array("position")
        lost = np.flatnonzero(self.of("code", self.odd) < 0)
        texts = self.batch.codes[self.odd]
        for length in range(7, 2, -1):
            if not len(lost):
                break
            wanted = texts[lost].astype(f"S{length}")
            at = np.searchsorted(axis, wanted)
            at[at == len(axis)] = 0
            found = (axis[at] == wanted) & (position[at] >= 0)
            nearest[lost[found]] = position[at[found]]
            lost = lost[~found]
        return nearest

    @cached_property
    def nearest(self) -> Ints:
        """As `pos`, and for a text that no table has the node of its longest beginning."""
        nearest = self.pos.copy()
        nearest[self.odd] = self.nearest_odd
        return nearest


_UNLISTED = OfCode("unlisted", lambda coded: ~coded.listed)
_WITHOUT_NOTES = OfCode("without notes", lambda coded: (coded.row >= 0) & ~coded.exact)


class Procedures:
    """Columns over the P procedures of a batch: `claim`, `place`, `code`, `row`, `listed`, `flags` as in `Frame`.

    `row` and `flags` are those of the day that decides for the procedure (`batch.procedure_days`).
    """

    def __init__(self, batch: ClaimBatch, columns: Columns, horizon: int) -> None:
        """Resolve the codes on the axis of ICD-10-PCS; rows that start after `horizon` are not known."""
        self.claim = owners(batch.procedure_offsets)
        self.place = (np.arange(len(self.claim)) - batch.procedure_offsets[self.claim]).astype(np.int32)
        self.code = numbers_on(columns, "pcs.codes", batch.procedure_codes)
        self.row, self.listed = rows_in_force(columns, "pcs.registry", self.code, batch.procedure_days, horizon)
        self.flags = flags_in_force(columns, "pcs.registry", self.row)

    def __len__(self) -> int:
        return len(self.code)


class Lines:
    """Columns over the S service lines of a batch.

    `claim`, `place` as in `Frame`; `texts` S8, the codes of this batch in order, once each; `code` int32:
    number of the line's code among them; `occasion` int32: lines of one claim on one day share a number;
    `of_modifier` int32: the line of each modifier.
    """

    def __init__(self, batch: ClaimBatch) -> None:
        """Number the codes and the occasions of `batch`."""
        self.batch = batch
        self.claim = owners(batch.line_offsets)
        self.place = (np.arange(len(self.claim)) - batch.line_offsets[self.claim]).astype(np.int32)
        self.texts, code = np.unique(batch.line_codes, return_inverse=True)
        self.code = code.astype(np.int32)
        self.occasion = numbered(self.claim, batch.line_days)

    def __len__(self) -> int:
        return len(self.code)

    @cached_property
    def of_modifier(self) -> Ints:
        """The line that each modifier stands on."""
        counts = np.diff(self.batch.modifier_offsets)
        return np.repeat(np.arange(len(counts)), counts).astype(np.int32)

    def among(self, codes: npt.NDArray[np.bytes_]) -> Bools:
        """Has the line one of these codes (without dots)?"""
        return np.isin(self.texts, codes)[self.code]

    def with_modifier(self, modifier: str) -> Bools:
        """Does the line carry this modifier, in any place?"""
        carries = np.zeros(len(self), dtype=np.bool_)
        carries[self.of_modifier[self.batch.modifiers == modifier.encode("ascii")]] = True
        return carries


def numbered(*columns: npt.NDArray[np.integer]) -> Ints:
    """One number for each distinct row of columns of equal length, from 0, in the order of the rows' values."""
    number = np.zeros(len(columns[0]), dtype=np.int64)
    for column in columns:
        _, value = np.unique(column, return_inverse=True)
        _, number = np.unique(number * (int(value.max(initial=0)) + 1) + value, return_inverse=True)
    return number.astype(np.int32)
