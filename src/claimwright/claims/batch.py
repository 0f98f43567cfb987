"""`ClaimBatch`: claims as columns, the form every kernel reads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt

from claimwright.model import Claim, Setting, undotted

SETTINGS = tuple(Setting)
SEXES = ("U", "F", "M")
UNKNOWN_AGE = -1
NO_STATUS, NOT_A_STATUS = -1, -2
MOST_CHARACTERS = 8
"""A code has up to seven; an eighth is kept to mark a text too long to be one."""


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
    `claims` are the claims themselves.
    """

    claims: tuple[Claim, ...]
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

    def __len__(self) -> int:
        return len(self.claims)


def batch_of(claims: Sequence[Claim], otherwise: date) -> ClaimBatch:
    """Columns of `claims`; `otherwise` is the date of service of claims that carry none."""
    diagnoses = [each for claim in claims for each in claim.diagnoses]
    lines = [each for claim in claims for each in claim.lines]
    line_days = [each.date or claim.date_of_service(otherwise) for claim in claims for each in claim.lines]
    procedures = [(claim, each) for claim in claims for each in claim.procedures]
    epoch = date(1970, 1, 1)
    return ClaimBatch(
        claims=tuple(claims),
        setting=np.array([SETTINGS.index(claim.setting) for claim in claims], dtype=np.uint8),
        day=np.array([(claim.date_of_service(otherwise) - epoch).days for claim in claims], dtype=np.int32),
        age=np.array([UNKNOWN_AGE if c.patient.age is None else c.patient.age for c in claims], dtype=np.int16),
        sex=np.array([SEXES.index(claim.patient.sex) for claim in claims], dtype=np.uint8),
        exempt=np.array([claim.poa_exempt_hospital for claim in claims], dtype=np.bool_),
        offsets=_offsets([len(claim.diagnoses) for claim in claims]),
        codes=np.array([_packed(each.code) for each in diagnoses], dtype="S8"),
        poa=np.array([(each.poa or "").strip().upper().encode("ascii", "replace") for each in diagnoses], dtype="S1"),
        status=np.array([_status(claim.discharge_status) for claim in claims], dtype=np.int16),
        procedure_offsets=_offsets([len(claim.procedures) for claim in claims]),
        procedure_codes=np.array([_packed(each.code) for _, each in procedures], dtype="S8"),
        procedure_days=np.array(
            [(claim.date_of_procedure(each, otherwise) - epoch).days for claim, each in procedures], dtype=np.int32
        ),
        line_offsets=_offsets([len(claim.lines) for claim in claims]),
        line_codes=np.array([_packed(line.code) for line in lines], dtype="S8"),
        line_days=np.array([(each - epoch).days for each in line_days], dtype=np.int32),
        units=np.array([line.units for line in lines], dtype=np.float64),
        modifier_offsets=_offsets([len(line.modifiers) for line in lines]),
        modifiers=np.array([_modifier(each) for line in lines for each in line.modifiers], dtype="S2"),
        pointer_offsets=_offsets([len(line.pointers) for line in lines]),
        pointers=np.array([pointer - 1 for line in lines for pointer in line.pointers], dtype=np.int32),
    )


def subset(batch: ClaimBatch, owners: Sequence[int]) -> ClaimBatch:
    """The batch of the claims at these indices, in the order given."""
    return _narrow(batch, np.array(owners, dtype=np.int64))


def _narrow(batch: ClaimBatch, at: npt.NDArray[np.int64]) -> ClaimBatch:
    diagnoses, lines = _inside(batch.offsets, at), _inside(batch.line_offsets, at)
    procedures = _inside(batch.procedure_offsets, at)
    pointers = _inside(batch.pointer_offsets, lines)
    return ClaimBatch(
        claims=tuple(batch.claims[each] for each in at.tolist()),
        setting=batch.setting[at],
        day=batch.day[at],
        age=batch.age[at],
        sex=batch.sex[at],
        exempt=batch.exempt[at],
        offsets=_offsets(np.diff(batch.offsets)[at].tolist()),
        codes=batch.codes[diagnoses],
        poa=batch.poa[diagnoses],
        status=batch.status[at],
        procedure_offsets=_offsets(np.diff(batch.procedure_offsets)[at].tolist()),
        procedure_codes=batch.procedure_codes[procedures],
        procedure_days=batch.procedure_days[procedures],
        line_offsets=_offsets(np.diff(batch.line_offsets)[at].tolist()),
        line_codes=batch.line_codes[lines],
        line_days=batch.line_days[lines],
        units=batch.units[lines],
        modifier_offsets=_offsets(np.diff(batch.modifier_offsets)[lines].tolist()),
        modifiers=batch.modifiers[_inside(batch.modifier_offsets, lines)],
        pointer_offsets=_offsets(np.diff(batch.pointer_offsets)[lines].tolist()),
        pointers=batch.pointers[pointers],
    )


def _inside(offsets: npt.NDArray[np.int64], at: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Indices of everything that the owners at `at` own."""
    parts = [np.arange(offsets[each], offsets[each + 1]) for each in at.tolist()]
    return np.concatenate(parts) if parts else np.zeros(0, dtype=np.int64)


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


def _offsets(counts: list[int]) -> npt.NDArray[np.int64]:
    return np.concatenate(([0], np.cumsum(counts, dtype=np.int64))).astype(np.int64)
