"""A reader of claims over record batches of Arrow, whatever file they come from.

The layout is found by the columns: `diagnoses` as lists, one row a claim (`arrow_columns`); else flat, one row a
claim or one a diagnosis (`arrow_rows`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa

from claimwright.claims.readers import COUNTED_NOTES, Chunk, Options
from claimwright.claims.readers.arrow_columns import chunk_of
from claimwright.claims.readers.arrow_columns import columns_of as nested_columns
from claimwright.claims.readers.arrow_rows import Flat, Runs, Shaped
from claimwright.claims.readers.table_columns import columns_of as flat_columns
from claimwright.errors import InputError

_TEXTS = ("diagnoses", "poa", "setting", "sex", "payer", "state", "mac", "service_from", "service_to")


class Batch(NamedTuple):
    """Some rows of a file: `first` is the number of the first one, from 0; `where` what errors say of it."""

    rows: pa.RecordBatch
    first: int
    where: str = ""


class Layout(NamedTuple):
    """How a file holds claims: nested columns by our names, or the columns of a flat table; `note`: its column."""

    nested: dict[str, str]
    flat: Flat | None
    note: str

    @property
    def wanted(self) -> list[str]:
        """The columns that are read."""
        return list(dict.fromkeys(self.nested.values())) if self.flat is None else self.flat.wanted

    @property
    def repeating(self) -> set[str]:
        """Columns whose texts repeat."""
        if self.flat is not None:
            return set(self.flat.wanted)
        return {self.nested[name] for name in _TEXTS if name in self.nested}


def layout_of(schema: pa.Schema, options: Options, place: str) -> Layout:
    """The layout of a file by its columns. Errors: `InputError` when no row could be a claim."""
    try:
        names = schema.names
    except UnicodeDecodeError:
        raise InputError(place, "the name of a column is no text", "a whole file of columns") from None
    wanted = options.names.get("note", "note")
    note = wanted if wanted in names else ""
    if options.names.get("diagnoses", "diagnoses") in names:
        return Layout(nested_columns(names, options, place), None, note)
    try:
        columns = flat_columns(names, options.names, place)
    except InputError as error:
        if error.place == "--map" or " --map " in error.problem or error.problem.startswith("several rows"):
            raise InputError(place if error.place != "--map" else error.place, error.problem, error.expected) from None
        nested_columns(names, options, place)
        raise
    cell = columns.claim.get("note")
    return Layout({}, Flat(columns), cell.name if cell else "")


class ColumnReader:
    """One file of columns. Marks are numbers of rows; memory is that of a few batches."""

    whole_counts = True
    """Counters are of the whole file, however far it has been read."""

    def __init__(self, path: Path, options: Options, schema: pa.Schema) -> None:
        """Find the layout."""
        self.path, self.options = path, options
        self.layout = layout_of(schema, options, str(path))
        self.notes: list[str] = []
        self._noted = 0

    @property
    def counts(self) -> Mapping[str, int]:
        """Rows that bring a note: nothing else could fail to be understood."""
        return {COUNTED_NOTES[1]: self._noted} if self._noted else {}

    # ---- what a format says ---------------------------------------------------------------------

    def batches(self, start: int, columns: list[str]) -> Iterator[Batch]:
        """The rows from number `start` on, these columns only. Errors: `InputError` for a damaged file."""
        raise NotImplementedError

    def done(self, row: int) -> float:
        """Share of the file read when `row` rows are."""
        raise NotImplementedError

    # ---- claims ---------------------------------------------------------------------------------

    def chunks(self, start: int = 0) -> Iterator[Chunk]:
        """Every chunk from row `start` on. Errors: `InputError` naming file, row group, row and column."""
        for chunk in self._chunks(start):
            if chunk.rejects and self.options.on_error == "stop":
                yield _before(chunk, chunk.rejects[0].number)
                raise chunk.rejects[0].error
            yield chunk

    def _chunks(self, start: int) -> Iterator[Chunk]:
        flat = self.layout.flat
        if flat is None:
            for each in self.batches(start, self.layout.wanted):
                chunk = self._chunk(each.rows, self.layout.nested, each.first, each.where)
                end = each.first + len(each.rows)
                yield replace(chunk, mark=end, done=self.done(end))
            return
        runs, at, stopped = Runs(flat, str(self.path)), start, None
        if start and runs.key:
            for each in self.batches(0, [runs.key]):
                runs.known(each.rows.column(0).slice(0, max(start - each.first, 0)))
        try:
            for each in self.batches(start, flat.wanted):
                for shaped in self._shaped(runs, each.rows):
                    chunk = self._of_rows(shaped, at)
                    at = chunk.mark
                    yield chunk
        except InputError as error:  # the claim at hand may have lost rows: it goes with the rest
            stopped = error
        if stopped is not None:
            raise stopped
        for shaped in runs.rest():
            yield self._of_rows(shaped, at)

    def _shaped(self, runs: Runs, rows: pa.RecordBatch) -> Iterator[Shaped]:
        try:
            yield from runs.taken(rows)
        except InputError as error:
            raise self._placed(error) from None
        except (pa.ArrowException, UnicodeDecodeError) as error:
            raise damaged(self.path, "", error) from None

    def _of_rows(self, shaped: Shaped, at: int) -> Chunk:
        chunk = self._chunk(shaped.table, shaped.names, at, "", shaped)
        end = at + int(shaped.first[-1])
        return replace(chunk, mark=end, done=self.done(end))

    def _chunk(
        self, table: pa.RecordBatch, names: Mapping[str, str], at: int, where: str, rows: Shaped | None = None
    ) -> Chunk:
        try:
            return chunk_of(table, names, self.options, str(self.path), at + 1, where, rows)
        except InputError as error:
            raise self._placed(error) from None
        except (pa.ArrowException, UnicodeDecodeError) as error:
            raise damaged(self.path, where.rstrip(","), error) from None

    def _placed(self, error: InputError) -> InputError:
        if not error.place.startswith("column "):
            return error
        return InputError(f"{self.path}: {error.place}", error.problem, error.expected)


def _before(chunk: Chunk, number: int) -> Chunk:
    """The claims before a record, without rejects: what may still be answered when reading stops there."""
    from claimwright.claims.batch import subset

    kept = [at for at, record in enumerate(chunk.records.tolist()) if record < number]
    return replace(chunk, batch=subset(chunk.batch, kept), records=chunk.records[kept], rejects=(), mark=number - 1)


def damaged(path: Path, where: str, error: Exception, kind: str = "Parquet") -> InputError:
    """The refusal of a file that Arrow cannot read."""
    said = str(getattr(error, "strerror", None) or error).split("\n")[0].rstrip(".")
    return InputError(f"{path}:{where}" if where else str(path), f"cannot be read ({said})", f"a whole {kind} file")


def notes_in(rows: pa.RecordBatch, note: str) -> int:
    """Rows with a note."""
    column: Any = rows.column(note)
    return len(rows) - int(column.null_count)
