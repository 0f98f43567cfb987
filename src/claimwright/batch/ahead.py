"""Chunks checked side by side, and given back in order: numpy and Arrow leave the other threads alone."""

from __future__ import annotations

import os
import sys
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from datetime import date
from queue import SimpleQueue

from claimwright.batch.answer import Checked, Rules, check_chunk
from claimwright.batch.local import Scanner
from claimwright.batch.memo import Memo
from claimwright.batch.unanswered import Unanswered
from claimwright.book.store import Book
from claimwright.claims.readers import Chunk, Reader
from claimwright.errors import ClaimwrightError

WORKERS = min(2, os.cpu_count() or 1)
"""Chunks in work at once: each holds its memory, and beyond two the interpreter's lock eats the gain."""


TURN = 0.0005
"""Seconds after which a thread of the interpreter lets another one on; by itself it would be ten times as long."""


@contextmanager
def _taking_turns() -> Iterator[None]:
    """Threads that come back from a kernel, or from writing, wait less for those that run Python."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(min(TURN, before))
    try:
        yield
    finally:
        sys.setswitchinterval(before)


class Ahead:
    """The rules of one book in several threads, each with a scanner of its own."""

    def __init__(self, book: Book, as_of: date | None) -> None:
        """Make the scanners; the threads start when they are needed."""
        self._free: SimpleQueue[Rules] = SimpleQueue()
        memo = Memo(book)
        scanners = [Scanner(book, as_of, memo) for _ in range(WORKERS)]
        self.rules = scanners[0].rules
        unanswered = Unanswered(book, self.rules)
        for each in scanners:
            self._free.put(Rules(each, unanswered))

    def checked(self, reader: Reader, start: int, file: str, skip: bool) -> Iterator[Checked]:
        """Every chunk from a mark on, in order; with `skip`, claims that no table reaches are left out.

        Errors of the reader come after all chunks before them.
        """
        waiting: deque[Future[Checked]] = deque()
        with _taking_turns(), ThreadPoolExecutor(WORKERS) as pool:
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
        rules = self._free.get()
        try:
            return check_chunk(rules, chunk, file, skip, counts)
        finally:
            self._free.put(rules)
