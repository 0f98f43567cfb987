"""Files of claims, read in chunks: what every format gives, and how the format of a file is found.

A reader yields `Chunk`s of bounded size, in the order of the file, until the file ends. Of every record
it reads it either puts a claim into the chunk's batch or a `Reject` beside it, so that at any moment

    read == accepted + rejected

A module of this room is a format when it has the three names of `Format`; `FORMATS` lists the modules in
the order in which they are asked. They are imported when a file is opened: none may be needed by `show`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, cast

from claimwright.errors import InputError

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from claimwright.claims.batch import ClaimBatch

CHUNK = 131_072
"""Claims in a chunk at most, unless the caller asks for fewer."""

HEAD = 65_536
"""Bytes of the beginning of a file by which its format is recognised."""

COUNTED_NOTES = ("claims with a note, which a scan does not read", "rows with a note, which a scan does not read")
"""Under these names readers count what brings a note: claims, or rows of a table."""

FORMATS = ("parquet", "arrow_ipc", "packed", "x12", "fhir", "ours", "tables")
"""Modules of this room that are formats, the surest of its own files first."""


@dataclass(frozen=True, slots=True)
class Reject:
    """A record that is no claim: its number in the file from 1, the refusal, and the record unchanged.

    `place`, `problem`, `expected` are those of the `InputError` that `--on-error stop` would raise.
    `record` holds the bytes of the file, or one line of JSON where the record has no text of its own.
    """

    number: int
    place: str
    problem: str
    expected: str
    record: bytes

    @property
    def error(self) -> InputError:
        """The refusal as an error."""
        return InputError(self.place, self.problem, self.expected)


@dataclass(frozen=True, slots=True)
class Chunk:
    """Some claims of one file.

    `batch`: the claims; `records` int64 [n]: number of each claim's record in the file, from 1;
    `rejects`: records that are no claims; `mark`: where reading goes on after this chunk, for `start` of
    `Reader.chunks` (the reader's own number, never less than that of the chunk before; 0 is the beginning);
    `done`: share of the file read so far, 0 to 1.
    """

    batch: ClaimBatch
    records: npt.NDArray[np.int64]
    rejects: tuple[Reject, ...] = ()
    mark: int = 0
    done: float = 0.0

    @property
    def read(self) -> int:
        """Records read: accepted and rejected."""
        return len(self.batch) + len(self.rejects)


@dataclass(frozen=True, slots=True)
class Options:
    """How files are read.

    `otherwise`: date of service of claims that carry none; `on_error`: "stop" raises the first refusal as
    `InputError` after all chunks before it have been given, "skip" puts it among the rejects; `names`: column
    of ours to column of the file (`--map`); `size`: claims in a chunk at most.
    """

    otherwise: date
    on_error: str = "stop"
    names: Mapping[str, str] = field(default_factory=dict)
    size: int = CHUNK


class Reader(Protocol):
    """One open file. `counts` are the reader's own counters, such as segments not understood, by name.

    `notes` are sentences for the user, the first of each kind. `whole_counts`: the counters are of the file from its
    beginning, wherever reading started.
    """

    whole_counts: bool
    notes: list[str]

    @property
    def counts(self) -> Mapping[str, int]:
        """Counters so far, by the words that a summary shows."""

    def chunks(self, start: int = 0) -> Iterator[Chunk]:
        """Every chunk from a mark on. Errors: `InputError` naming file, place, value, what was expected."""


class Format(Protocol):
    """What a module of this room has to be a format."""

    NAME: str
    """What summaries call it: `parquet`, `arrow`, `x12-837`, `fhir`, `csv`, `json`."""

    def recognises(self, head: bytes) -> bool:
        """Is a file that begins with these bytes (at most `HEAD`) of this format? Never by its name."""

    def open_reader(self, path: Path, options: Options) -> Reader:
        """A reader of the file. Errors: `InputError` for a file that is damaged from the start."""


def format_of(path: Path) -> Format:
    """The format of a file by its content. Errors: `InputError` for a file that cannot be read or is of none."""
    try:
        with path.open("rb") as stream:
            head = stream.read(HEAD)
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        problem = f"cannot be read ({getattr(error, 'strerror', None) or error})"
        raise InputError(str(path), problem, "a file of claims") from None
    if not head:
        raise InputError(str(path), "the file is empty", "a file of claims")
    for name in FORMATS:
        module = cast("Format", import_module(f"{__name__}.{name}"))
        if module.recognises(head):
            return module
    raise unknown(str(path), head)


def unknown(name: str, head: bytes) -> InputError:
    """The refusal of a content that is of no format: one sentence that names what is known."""
    known = "X12 837, FHIR Claim or ExplanationOfBenefit, CSV, Parquet, Arrow, or claims as JSON; plain, gz or zip"
    return InputError(name, f"starts with {head[:12]!r}, which is no known format", known)
