"""Chunks checked side by side, and given back in order: numpy and Arrow leave the other threads alone."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from queue import SimpleQueue
from typing import Any

import numpy as np
import numpy.typing as npt

from claimwright.batch.findings import Findings, table
from claimwright.batch.local import Scanner
from claimwright.batch.unanswered import Lacking, Unanswered
from claimwright.book.store import Book
from claimwright.claims.batch import ClaimBatch, subset
from claimwright.claims.readers import Chunk, Reader, Reject
from claimwright.errors import ClaimwrightError
from claimwright.model import to_json

WORKERS = min(2, os.cpu_count() or 1)
"""Chunks in work at once: each holds its memory, and beyond two the interpreter's lock eats the gain."""


@dataclass(frozen=True, slots=True)
class Checked:
    """A chunk, what was found in it, and what was not checked.

    `batch`: the claims that were, `records`: their numbers in the file; `beyond`: rows of the chunk that no table
    reaches; `counts`: the reader's own counters when it gave the chunk; `table`: the findings as a record batch;
    `lacking`: what could not be asked.
    """

    chunk: Chunk
    counts: dict[str, int]
    batch: ClaimBatch
    records: npt.NDArray[np.int64]
    beyond: npt.NDArray[np.int64]
    found: Findings
    table: Any
    lacking: Lacking


class Ahead:
    """The rules of one book in several threads, each with a scanner of its own."""

    def __init__(self, book: Book, as_of: date | None) -> None:
        """Make the scanners; the threads start when they are needed."""
        self._free: SimpleQueue[Scanner] = SimpleQueue()
        scanners = [Scanner(book, as_of) for _ in range(WORKERS)]
        self.rules = scanners[0].rules
        self._unanswered = Unanswered(book, self.rules)
        for each in scanners:
            self._free.put(each)

    def checked(self, reader: Reader, start: int, file: str, skip: bool) -> Iterator[Checked]:
        """Every chunk from a mark on, in order; with `skip`, claims that no table reaches are left out.

        Errors of the reader come after all chunks before them.
        """
        waiting: deque[Future[Checked]] = deque()
        with ThreadPoolExecutor(WORKERS) as pool:
            refused: ClaimwrightError | None = None
            chunks = reader.chunks(start)
            while True:
                try:
                    chunk = next(chunks, None)
                except ClaimwrightError as error:
                    refused = error
                    break
                if chunk is None:
                    break
                waiting.append(pool.submit(self._check, chunk, dict(reader.counts), file, skip))
                if len(waiting) > WORKERS:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
            if refused is not None:
                raise refused

    def _check(self, chunk: Chunk, counts: dict[str, int], file: str, skip: bool) -> Checked:
        scanner = self._free.get()
        try:
            return check_chunk(scanner, self._unanswered, chunk, file, skip, counts)
        finally:
            self._free.put(scanner)


def check_chunk(
    scanner: Scanner,
    unanswered: Unanswered,
    chunk: Chunk,
    file: str,
    skip: bool,
    counts: Mapping[str, int] | None = None,
) -> Checked:
    """The rules over one chunk; with `skip`, claims that no table reaches are left out and listed as `beyond`."""
    batch, records, beyond = chunk.batch, chunk.records, np.zeros(0, np.int64)
    outside = scanner.beyond(batch)
    if skip and outside.any():
        beyond, kept = np.flatnonzero(outside), np.flatnonzero(~outside)
        batch, records = subset(batch, kept), records[kept]
    found = scanner.findings(batch)
    names = [(each.name, each.code) for each in scanner.rules]
    rows = table(found, _ids(batch), records, file, names)
    lacking = unanswered.lacking(batch, [(each.frame, each.edition.name) for each, _ in scanner.scenes])
    scanner.scenes = []
    return Checked(chunk, dict(counts or {}), batch, records, beyond, found, rows, lacking)


def rejects_of(checked: Checked, file: str, book: Book) -> Iterator[Reject]:
    """What of a chunk is no finding: records that are no claims, and claims that no table can answer for."""
    yield from checked.chunk.rejects
    batch, window = checked.chunk.batch, book.registry_window
    for row in checked.beyond.tolist():
        claim, number = batch.claim(row), int(checked.chunk.records[row])
        problem = f"{claim.service_from} is beyond the dated tables"
        yield Reject(number, f"{file}: record {number}", problem, f"a day in {window}", to_json(claim).encode())


def _ids(batch: ClaimBatch) -> Any:
    if batch.claims is not None:
        return [each.id for each in batch.claims]
    return batch.ids
