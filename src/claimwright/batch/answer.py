"""Claims in, findings out: the one function that every engine calls, over a chunk or an Arrow record batch.

It is pure, keeps nothing of the claims, and never looks beyond the batch: files, Spark, a service may cut the claims
as they like and get the same findings.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from threading import local
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from claimwright.batch.findings import Findings, table
from claimwright.batch.local import Scanner
from claimwright.batch.unanswered import Lacking, Unanswered
from claimwright.book.store import Book
from claimwright.claims.batch import ClaimBatch, subset
from claimwright.claims.readers import Chunk, Options, Reject
from claimwright.model import to_json

_OWN = local()
"""A scanner numbers texts as it goes, so each thread has its own."""


class Rules(NamedTuple):
    """The rules over one book, and what could not be asked; None for who does not want to know."""

    scanner: Scanner
    unanswered: Unanswered | None = None


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


def findings(
    claims: Any, book: Book, options: Options, place: str = "", first: int = 1, as_of: date | None = None
) -> Any:
    """The findings of `claims`, a `pyarrow.RecordBatch` with the columns of `claimwright.claims.readers.arrow_columns`.

    The answer is a `pyarrow.RecordBatch` of `claimwright.batch.findings.schema()`, in the order of the claims; `file`
    is `place`, and `record` counts from `first`. With `on_error` "skip" rows that are no claims, and claims of a day
    that no table reaches, are left out. Errors: `InputError` for columns that are missing and, with `on_error`
    "stop", for the first row that is no claim; `EditionMissing` for a day that no table reaches.
    """
    from claimwright.claims.readers.arrow_columns import columns_of

    held = columns_of(claims.schema.names, options, place)
    return check_rows(Rules(scanner_of(book, as_of)), claims, held, options, place, first).table


def check_rows(
    rules: Rules,
    claims: Any,
    held: Mapping[str, str],
    options: Options,
    place: str,
    first: int,
    file: str | None = None,
) -> Checked:
    """The rules over the rows of a `pyarrow.RecordBatch`; `held` are its columns by their meaning (`columns_of`).

    Findings name `file`, errors `place` (which is the file, unless another is given). Errors as of `findings`.
    """
    from claimwright.claims.readers.arrow_columns import chunk_of

    chunk = chunk_of(claims, held, options, place, first)
    skip = options.on_error == "skip"
    if chunk.rejects and not skip:
        raise chunk.rejects[0].error
    return check_chunk(rules, chunk, place if file is None else file, skip)


def check_chunk(rules: Rules, chunk: Chunk, file: str, skip: bool, counts: Mapping[str, int] | None = None) -> Checked:
    """The rules over one chunk; with `skip`, claims that no table reaches are left out and listed as `beyond`.

    Errors: without `skip`, `EditionMissing` for a day that no table reaches.
    """
    scanner, unanswered = rules
    batch, records, beyond = chunk.batch, chunk.records, np.zeros(0, np.int64)
    outside = scanner.beyond(batch)
    if skip and outside.any():
        beyond, kept = np.flatnonzero(outside), np.flatnonzero(~outside)
        batch, records = subset(batch, kept), records[kept]
    found = scanner.findings(batch)
    names = [(each.name, each.code) for each in scanner.rules]
    rows = table(found, _ids(batch), records, file, names)
    lacking = Lacking()
    if unanswered is not None:
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


def scanner_of(book: Book, as_of: date | None = None) -> Scanner:
    """The scanner of this thread for a book: what explanations said once it need not say again."""
    held: dict[tuple[Book, date | None], Scanner] = _OWN.__dict__.setdefault("scanners", {})
    if (book, as_of) not in held:
        held[book, as_of] = Scanner(book, as_of)
    return held[book, as_of]


def _ids(batch: ClaimBatch) -> Any:
    if batch.claims is not None:
        return [each.id for each in batch.claims]
    return batch.ids
