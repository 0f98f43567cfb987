"""What a reader gives before columns are made of it: one claim with its place, or one refused record."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple, Protocol

from claimwright.claims.readers import COUNTED_NOTES, Chunk, Options, Reject
from claimwright.errors import InputError
from claimwright.model import Claim

MOST_HELD = 16_384
"""Claims in a chunk at most: as objects they take some hundred times the room of columns."""


class Record(NamedTuple):
    """A claim: its number in the file from 1, its place there, its charge if stated, and what else is said of it.

    `beside` is the format's own (`x12_claim.Beside` for an 837).
    """

    claim: Claim
    number: int
    place: str
    beside: Any = None
    charge: float | None = None


class Records(Protocol):
    """A stream of records being read: iterate once."""

    def __init__(self, stream: BinaryIO, name: str, options: Options | None = None) -> None:
        """Read `stream`, which errors call `name`."""

    counts: Counter[str]
    """The format's own counters by the words a summary shows."""

    notes: list[str]
    """Oddities worth a line to the user, the first of each kind."""

    def __iter__(self) -> Iterator[Record | Reject]:
        """Every record in order; refused ones as `Reject`. Errors: `InputError` when nothing can be read on."""


class Streamed(Protocol):
    """What a format's module has beside `Format` when it can read any stream, such as what is in a zip."""

    RECORDS: type[Records]

    def recognises(self, head: bytes) -> bool:
        """As `Format.recognises`."""


class Opened(NamedTuple):
    """An open file: `stream` to read, and how far it has been read, 0 to 1."""

    stream: BinaryIO
    done: Callable[[], float]


Opener = Callable[[Path], AbstractContextManager[Opened]]


class RecordReader:
    """A `Reader` of chunks over any stream of records."""

    whole_counts = True

    def __init__(self, path: Path, options: Options, opener: Opener, make: type[Records]) -> None:
        self.path, self.options = path, options
        self._opener, self._make = opener, make
        self._counts: Mapping[str, int] = {}
        self.notes: list[str] = []

    @property
    def counts(self) -> Mapping[str, int]:
        """Counters so far, by the words that a summary shows."""
        return self._counts

    def chunks(self, start: int = 0) -> Iterator[Chunk]:
        """Every chunk after the first `start` records. A mark is the number of records read."""
        with self._opener(self.path) as opened:
            records = self._make(opened.stream, str(self.path), self.options)
            self._counts, self.notes = records.counts, records.notes
            yield from _chunks(records, self.options, start, opened.done)


def _chunks(records: Records, options: Options, start: int, done: Callable[[], float]) -> Iterator[Chunk]:
    held: list[Record] = []
    rejects: list[Reject] = []
    mark = start
    stopped: InputError | None = None
    try:
        for each in records:
            if isinstance(each, Record) and each.claim.note and each.claim.note.strip():
                records.counts[COUNTED_NOTES[0]] += 1
            if each.number <= start:
                continue
            if isinstance(each, Record):
                held.append(each)
            elif options.on_error == "stop":
                stopped = each.error
                break
            else:
                rejects.append(each)
            mark = each.number
            if len(held) + len(rejects) >= min(options.size, MOST_HELD):
                yield _chunk(held, rejects, options, mark, done())
                held, rejects = [], []
    except InputError as error:  # what was read before it is given first
        stopped = error
    if held or rejects:
        yield _chunk(held, rejects, options, mark, 1.0 if stopped is None else done())
    if stopped is not None:
        raise stopped


def _chunk(held: list[Record], rejects: list[Reject], options: Options, mark: int, done: float) -> Chunk:
    import numpy as np

    from claimwright.claims.batch import batch_of

    batch = batch_of([each.claim for each in held], options.otherwise)
    if any(each.charge is not None for each in held):
        totals = np.array([np.nan if each.charge is None else each.charge for each in held], dtype=np.float64)
        batch = replace(batch, totals=totals)
    return Chunk(batch, np.array([each.number for each in held], dtype=np.int64), tuple(rejects), mark, done)


def reject(number: int, refusal: InputError, record: bytes) -> Reject:
    """A refused record from the refusal that `--on-error stop` would raise."""
    return Reject(number, refusal.place, refusal.problem, refusal.expected, record)
