"""One Arrow record batch of claims in, one of findings out: the function that every engine calls.

It is pure, keeps nothing of the claims, and never looks beyond the batch: files, Spark, a service may cut the claims
as they like and get the same findings.
"""

from __future__ import annotations

from datetime import date
from threading import local
from typing import Any

import numpy as np

from claimwright.batch.findings import table
from claimwright.batch.local import Scanner
from claimwright.book.store import Book
from claimwright.claims.batch import subset
from claimwright.claims.readers import Options

_OWN = local()
"""A scanner numbers texts as it goes, so each thread has its own."""


def findings(
    claims: Any, book: Book, options: Options, place: str = "", first: int = 1, as_of: date | None = None
) -> Any:
    """The findings of `claims`, a `pyarrow.RecordBatch` with the columns of `claimwright.claims.readers.arrow_columns`.

    The answer is a `pyarrow.RecordBatch` of `claimwright.batch.findings.schema()`, in the order of the claims; `file`
    is `place`, and `record` counts from `first`. With `on_error` "skip" rows that are no claims, and claims of a day
    that no table reaches, are left out. Errors: `InputError` for columns that are missing and, with `on_error`
    "stop", for the first row that is no claim; `EditionMissing` for a day that no table reaches.
    """
    from claimwright.claims.readers.arrow_columns import chunk_of, columns_of

    chunk = chunk_of(claims, columns_of(claims.schema.names, options, place), options, place, first)
    stops = options.on_error == "stop"
    if chunk.rejects and stops:
        raise chunk.rejects[0].error
    scanner = scanner_of(book, as_of)
    batch, records = chunk.batch, chunk.records
    outside = scanner.beyond(batch)
    if outside.any() and not stops:
        kept = np.flatnonzero(~outside)
        batch, records = subset(batch, kept), records[kept]
    found = scanner.findings(batch)
    return table(found, batch.ids, records, place, [(each.name, each.code) for each in scanner.rules])


def scanner_of(book: Book, as_of: date | None = None) -> Scanner:
    """The scanner of this thread for a book: what explanations said once it need not say again."""
    held: dict[tuple[Book, date | None], Scanner] = _OWN.__dict__.setdefault("scanners", {})
    if (book, as_of) not in held:
        held[book, as_of] = Scanner(book, as_of)
    return held[book, as_of]
