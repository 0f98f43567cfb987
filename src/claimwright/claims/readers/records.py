"""What a reader gives before columns are made of it: one claim with its place, or one refused record."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple, Protocol

from claimwright.claims.readers import Chunk, Options, Reject
from claimwright.errors import InputError
from claimwright.model import Claim


class Record(NamedTuple):
    """A claim: its number in the file from 1, its place there, what else the format says of it, its bytes.

    `beside` is the format's own (`x12_claim.Beside` for an 837); `raw` is the record as the file has it,
    kept because a later check may still refuse it.
    """

    claim: Claim
    number: int
    place: str
    beside: Any = None


class Records(Protocol):
    """A stream of records being read: iterate once."""

    counts: Counter[str]
    """The format's own counters by the words a summary shows."""

    notes: list[str]
    """Oddities worth a line to the user, the first of each kind."""

    def __iter__(self) -> Iterator[Record | Reject]:
        """Every record in order; refused ones as `Reject`. Errors: `InputError` when nothing can be read on."""


class Opened(NamedTuple):
    """An open file: `stream` to read, and how far it has been read, 0 to 1."""

    stream: BinaryIO
    done: Callable[[], float]


Opener = Callable[[Path], AbstractContextManager[Opened]]
Maker = Callable[[BinaryIO, str, Options], Records]


class RecordReader:
    """A `Reader` of chunks over any stream of records."""

    def __init__(self, path: Path, options: Options, opener: Opener, make: Maker) -> None:
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


def _chunks(records: Iterable[Record | Reject], options: Options, start: int, done: Callable[[], float]) -> Iterator[Chunk]:
    claims: list[Claim] = []
    numbers: list[int] = []
    rejects: list[Reject] = []
    mark, stopped = start, None
    for each in records:
        if each.number <= start:
            continue
        if isinstance(each, Reject):
            if options.on_error == "stop":
                stopped = each
                break
            rejects.append(each)
        else:
            claims.append(each.claim)
            numbers.append(each.number)
        mark = each.number
        if len(claims) + len(rejects) >= options.size:
            yield _chunk(claims, numbers, rejects, options, mark, done())
            claims, numbers, rejects = [], [], []
    if claims or rejects:
        yield _chunk(claims, numbers, rejects, options, mark, 1.0 if stopped is None else done())
    if stopped is not None:
        raise stopped.error


def _chunk(
    claims: list[Claim], numbers: list[int], rejects: list[Reject], options: Options, mark: int, done: float
) -> Chunk:
    import numpy as np

    from claimwright.claims.batch import batch_of

    batch = batch_of(claims, options.otherwise)
    return Chunk(batch, np.array(numbers, dtype=np.int64), tuple(rejects), mark, done)


def reject(number: int, refusal: InputError, record: bytes) -> Reject:
    """A refused record from the refusal that `--on-error stop` would raise."""
    return Reject(number, refusal.place, refusal.problem, refusal.expected, record)
