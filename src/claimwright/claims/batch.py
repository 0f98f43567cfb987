"""`ClaimBatch`: claims as columns, the form every kernel reads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Protocol

import numpy as np
import numpy.typing as npt

from claimwright.model import Claim, Diagnosis, Patient, Payer, Procedure, ServiceLine, Setting, undotted

SETTINGS = tuple(Setting)
SEXES = ("U", "F", "M")
UNKNOWN_AGE = -1
NO_STATUS, NOT_A_STATUS = -1, -2
MOST_CHARACTERS = 8
"""A code has up to seven; an eighth is kept to mark a text too long to be one."""

EPOCH = date(1970, 1, 1)
DIAGNOSES, PROCEDURES, LINES, STATUSES = "diagnoses", "procedures", "lines", "statuses"
"""Columns whose texts may not fit; the first part of a key of `ClaimBatch.written`."""


class Names(Protocol):
    """The name of each claim, by index; a list, or a column that makes a text only when asked."""

    def __getitem__(self, index: int, /) -> object:
        """The name: a text, None, or what `str` makes the text of."""

    def __len__(self) -> int:
        """How many claims."""


@dataclass(frozen=True, slots=True)
class Picked:
    """Names of some claims of another batch."""

    names: Names
    at: npt.NDArray[np.int64]

    def __getitem__(self, index: int, /) -> object:
        """The name of the claim picked as number `index`."""
        return self.names[int(self.at[index])]

    def __len__(self) -> int:
        return len(self.at)


@dataclass(frozen=True, slots=True)
class ClaimBatch:
    """Ragged columns of n claims with L diagnoses and S service lines.

    Claims: `setting` uint8 (index into SETTINGS), `day` int32 (days since 1970-01-01 of the date
    that decides), `age` int16 completed years or -1, `sex` uint8 (index into SEXES),
    `exempt` bool (hospital exempt from present-on-admission reporting), `status` int16 (discharge
    status; NO_STATUS for none, NOT_A_STATUS for a text that is no number of two digits).
    Diagnoses: `offsets` int64 [n + 1]; `codes` S8 [L] without dots (an eighth character marks a text
    too long to be a code); `poa` S1 [L], empty when absent.
    Procedures: `procedure_offsets` int64 [n + 1]; `procedure_codes` S8 [P]; `procedure_days` int32 [P],
    the date that decides for each.
    Lines: `line_offsets` int64 [n + 1]; `line_codes` S8 [S]; `line_days` int32 [S], the line's own date or
    the claim's; `units` float64 [S]; `modifier_offsets` int64 [S + 1] and `modifiers` S2;
    `pointer_offsets` int64 [S + 1] and `pointers` int32, positions of diagnoses in the claim from 0.

    `claims` are the claims themselves, where the batch was made of such; None where columns are all there is:
    `claim`, `diagnosis`, `procedure`, `line` make one of them when it is asked for. For these there are
    `ids`, names of the claims, and `written`: texts that a column cannot hold (longer than its width, not
    ASCII, a status that is no number), by (column, index). `texts` S8 [D] and `number` int32 [L] say the same
    as `codes` with each distinct text once, where the file told them apart already.
    Money, NaN where none is stated: `totals` float64 [n] of each claim, `charges` float64 [S] of each line.
    Payers: `payers`, each distinct one once, and `payer` int32 [n], the number of each claim's among them.
    `providers`: who bills each claim, as `ids` name it.
    """

    claims: Sequence[Claim] | None
    setting: npt.NDArray[np.uint8]
    day: npt.NDArray[np.int32]
    age: npt.NDArray[np.int16]
    sex: npt.NDArray[np.uint8]
    exempt: npt.NDArray[np.bool_]
    offsets: npt.NDArray[np.int64]
    codes: npt.NDArray[np.bytes_]
    poa: npt.NDArray[np.bytes_]
    status: npt.NDArray[np.int16]
    procedure_offsets: npt.NDArray[np.int64]
    procedure_codes: npt.NDArray[np.bytes_]
    procedure_days: npt.NDArray[np.int32]
    line_offsets: npt.NDArray[np.int64]
    line_codes: npt.NDArray[np.bytes_]
    line_days: npt.NDArray[np.int32]
    units: npt.NDArray[np.float64]
    modifier_offsets: npt.NDArray[np.int64]
    modifiers: npt.NDArray[np.bytes_]
    pointer_offsets: npt.NDArray[np.int64]
    pointers: npt.NDArray[np.int32]
    ids: Names | None = None
    written: Mapping[tuple[str, int], str] = field(default_factory=dict)
    texts: npt.NDArray[np.bytes_] | None = None
    number: npt.NDArray[np.int32] | None = None
    totals: npt.NDArray[np.float64] | None = None
    charges: npt.NDArray[np.float64] | None = None
    payers: Sequence[Payer] = ()
    payer: npt.NDArray[np.int32] | None = None
    providers: Names | None = None

    def __len__(self) -> int:
        return len(self.setting)

    def claim(self, index: int) -> Claim:
        """One claim: itself, or made of its columns (its dates of service are the day that decides)."""
        if self.claims is not None:
            return self.claims[index]
        day = _day(self.day[index])
        age = int(self.age[index])
        return Claim(
            setting=SETTINGS[self.setting[index]],
            diagnoses=tuple(map(self.diagnosis, _own(self.offsets, index))),
            id=self.name(index),
            service_from=day,
            service_to=day,
            patient=Patient(None if age == UNKNOWN_AGE else age, SEXES[self.sex[index]]),
            payer=self.payer_of(index),
            provider=self.provider(index),
            procedures=tuple(map(self.procedure, _own(self.procedure_offsets, index))),
            lines=tuple(map(self.line, _own(self.line_offsets, index))),
            discharge_status=self.discharge_status(index),
            poa_exempt_hospital=bool(self.exempt[index]),
        )

    def name(self, index: int) -> str | None:
        """The name of a claim, if it has one."""
        if self.claims is not None:
            return self.claims[index].id
        name = self.ids[index] if self.ids is not None else None
        return None if name is None or (text := str(name)) == "None" else text

    def provider(self, index: int) -> str | None:
        """Who bills a claim, as stated."""
        if self.claims is not None:
            return self.claims[index].provider
        name = self.providers[index] if self.providers is not None else None
        return None if name is None or (text := str(name)) in ("", "None") else text

    def payer_of(self, index: int) -> Payer:
        """Who is asked to pay a claim."""
        if self.claims is not None:
            return self.claims[index].payer
        return _NO_PAYER if self.payer is None else self.payers[int(self.payer[index])]

    def discharge_status(self, index: int) -> str | None:
        """The discharge status of a claim as stated."""
        if self.claims is not None:
            return self.claims[index].discharge_status
        status = int(self.status[index])
        return self.written.get((STATUSES, index)) or (None if status == NO_STATUS else f"{status:02d}")

    def diagnosis(self, index: int) -> Diagnosis:
        """One diagnosis, by its index in `codes`."""
        if self.claims is not None:
            claim, place = _owner(self.offsets, index)
            return self.claims[claim].diagnoses[place]
        poa = bytes(self.poa[index]).decode("ascii")
        return Diagnosis(self._text(DIAGNOSES, self.codes, index), poa or None)

    def procedure(self, index: int) -> Procedure:
        """One procedure, by its index in `procedure_codes`."""
        if self.claims is not None:
            claim, place = _owner(self.procedure_offsets, index)
            return self.claims[claim].procedures[place]
        return Procedure(self._text(PROCEDURES, self.procedure_codes, index), _day(self.procedure_days[index]))

    def line(self, index: int) -> ServiceLine:
        """One service line, by its index in `line_codes`."""
        if self.claims is not None:
            claim, place = _owner(self.line_offsets, index)
            return self.claims[claim].lines[place]
        return ServiceLine(
            code=self._text(LINES, self.line_codes, index),
            modifiers=tuple(bytes(self.modifiers[each]).decode("ascii") for each in _own(self.modifier_offsets, index)),
            units=float(self.units[index]),
            date=_day(self.line_days[index]),
            pointers=tuple(int(self.pointers[each]) + 1 for each in _own(self.pointer_offsets, index)),
        )

    def _text(self, column: str, codes: npt.NDArray[np.bytes_], index: int) -> str:
        return self.written.get((column, index)) or bytes(codes[index]).decode("ascii")


_NO_PAYER = Payer()


def _own(offsets: npt.NDArray[np.int64], index: int) -> range:
    return range(int(offsets[index]), int(offsets[index + 1]))


def _owner(offsets: npt.NDArray[np.int64], index: int) -> tuple[int, int]:
    """(owner, place in it from 0) of one of the things that `offsets` divides."""
    owner = int(np.searchsorted(offsets, index, side="right")) - 1
    return owner, index - int(offsets[owner])


def _day(number: np.int32) -> date:
    return EPOCH + timedelta(days=int(number))


def batch_of(claims: Sequence[Claim], otherwise: date) -> ClaimBatch:
    """Columns of `claims`; `otherwise` is the date of service of claims that carry none."""
    diagnoses = [each for claim in claims for each in claim.diagnoses]
    lines = [each for claim in claims for each in claim.lines]
    line_days = [each.date or claim.date_of_service(otherwise) for claim in claims for each in claim.lines]
    procedures = [(claim, each) for claim in claims for each in claim.procedures]
    return ClaimBatch(
        claims=tuple(claims),
        setting=np.array([SETTINGS.index(claim.setting) for claim in claims], dtype=np.uint8),
        day=np.array([(claim.date_of_service(otherwise) - EPOCH).days for claim in claims], dtype=np.int32),
        age=np.array([UNKNOWN_AGE if c.patient.age is None else c.patient.age for c in claims], dtype=np.int16),
        sex=np.array([SEXES.index(claim.patient.sex) for claim in claims], dtype=np.uint8),
        exempt=np.array([claim.poa_exempt_hospital for claim in claims], dtype=np.bool_),
        offsets=offsets_of([len(claim.diagnoses) for claim in claims]),
        codes=np.array([_packed(each.code) for each in diagnoses], dtype="S8"),
        poa=np.array([(each.poa or "").strip().upper().encode("ascii", "replace") for each in diagnoses], dtype="S1"),
        status=np.array([_status(claim.discharge_status) for claim in claims], dtype=np.int16),
        procedure_offsets=offsets_of([len(claim.procedures) for claim in claims]),
        procedure_codes=np.array([_packed(each.code) for _, each in procedures], dtype="S8"),
        procedure_days=np.array(
            [(claim.date_of_procedure(each, otherwise) - EPOCH).days for claim, each in procedures], dtype=np.int32
        ),
        line_offsets=offsets_of([len(claim.lines) for claim in claims]),
        line_codes=np.array([_packed(line.code) for line in lines], dtype="S8"),
        line_days=np.array([(each - EPOCH).days for each in line_days], dtype=np.int32),
        units=np.array([line.units for line in lines], dtype=np.float64),
        modifier_offsets=offsets_of([len(line.modifiers) for line in lines]),
        modifiers=np.array([_modifier(each) for line in lines for each in line.modifiers], dtype="S2"),
        pointer_offsets=offsets_of([len(line.pointers) for line in lines]),
        pointers=np.array([pointer - 1 for line in lines for pointer in line.pointers], dtype=np.int32),
        charges=np.array([np.nan if line.charge is None else line.charge for line in lines], dtype=np.float64),
    )


def subset(batch: ClaimBatch, owners: Sequence[int] | npt.NDArray[np.int64]) -> ClaimBatch:
    """The batch of the claims at these indices, in the order given."""
    return _narrow(batch, np.asarray(owners, dtype=np.int64))


def _narrow(batch: ClaimBatch, at: npt.NDArray[np.int64]) -> ClaimBatch:
    diagnoses, lines = _inside(batch.offsets, at), _inside(batch.line_offsets, at)
    procedures = _inside(batch.procedure_offsets, at)
    pointers = _inside(batch.pointer_offsets, lines)
    moved = {DIAGNOSES: diagnoses, PROCEDURES: procedures, LINES: lines, STATUSES: at}
    return ClaimBatch(
        claims=tuple(batch.claims[each] for each in at.tolist()) if batch.claims is not None else None,
        setting=batch.setting[at],
        day=batch.day[at],
        age=batch.age[at],
        sex=batch.sex[at],
        exempt=batch.exempt[at],
        offsets=offsets_of(np.diff(batch.offsets)[at]),
        codes=batch.codes[diagnoses],
        poa=batch.poa[diagnoses],
        status=batch.status[at],
        procedure_offsets=offsets_of(np.diff(batch.procedure_offsets)[at]),
        procedure_codes=batch.procedure_codes[procedures],
        procedure_days=batch.procedure_days[procedures],
        line_offsets=offsets_of(np.diff(batch.line_offsets)[at]),
        line_codes=batch.line_codes[lines],
        line_days=batch.line_days[lines],
        units=batch.units[lines],
        modifier_offsets=offsets_of(np.diff(batch.modifier_offsets)[lines]),
        modifiers=batch.modifiers[_inside(batch.modifier_offsets, lines)],
        pointer_offsets=offsets_of(np.diff(batch.pointer_offsets)[lines]),
        pointers=batch.pointers[pointers],
        ids=None if batch.ids is None else Picked(batch.ids, at),
        written=_rekeyed(batch.written, moved) if batch.written else {},
        texts=batch.texts,
        number=None if batch.number is None else batch.number[diagnoses],
        totals=None if batch.totals is None else batch.totals[at],
        charges=None if batch.charges is None else batch.charges[lines],
        payers=batch.payers,
        payer=None if batch.payer is None else batch.payer[at],
        providers=None if batch.providers is None else Picked(batch.providers, at),
    )


def _rekeyed(
    written: Mapping[tuple[str, int], str], moved: Mapping[str, npt.NDArray[np.int64]]
) -> dict[tuple[str, int], str]:
    """The texts that columns cannot hold, by where their owners are now."""
    out = {}
    for column, source in moved.items():
        held = np.array(sorted(index for name, index in written if name == column), dtype=np.int64)
        for place in np.flatnonzero(np.isin(source, held)).tolist():
            out[column, place] = written[column, int(source[place])]
    return out


def _inside(offsets: npt.NDArray[np.int64], at: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Indices of everything that the owners at `at` own."""
    counts = (offsets[at + 1] - offsets[at]).astype(np.int64)
    ends = np.cumsum(counts)
    return np.arange(ends[-1] if len(ends) else 0) + np.repeat(offsets[at] - ends + counts, counts)


def _packed(code: str) -> bytes:
    """A code of any code set without dots, as `ClaimBatch` holds it."""
    return undotted(code).encode("ascii", "replace")[:MOST_CHARACTERS]


def _status(text: str | None) -> int:
    stated = (text or "").strip()
    if not stated:
        return NO_STATUS
    return int(stated) if len(stated) <= 2 and stated.isascii() and stated.isdigit() else NOT_A_STATUS


def _modifier(text: str) -> bytes:
    """A modifier in upper case; a text that is not two characters long is none, lest its beginning pass for one."""
    stated = text.strip().upper()
    return stated.encode("ascii", "replace") if len(stated) == 2 else b""


def offsets_of(counts: Sequence[int] | npt.NDArray[np.integer]) -> npt.NDArray[np.int64]:
    """Where the things of each owner begin, and where the last one's end: int64 [n + 1] of counts [n]."""
    out = np.zeros(len(counts) + 1, dtype=np.int64)
    np.cumsum(counts, dtype=np.int64, out=out[1:])
    return out
