"""What Spark hands out, and what a worker has to know: parts of files, and how they are read."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache, partial
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from claimwright.batch.answer import Rules, scanner_of
from claimwright.batch.scan import files_of
from claimwright.batch.unanswered import Unanswered
from claimwright.book.store import open_book
from claimwright.claims.readers import Chunk, Options, Reader, format_of
from claimwright.errors import ClaimwrightError, InputError

if TYPE_CHECKING:
    import pyarrow as pa
    from pyspark.sql import DataFrame, SparkSession

PART = 131_072
"""Records of a task at least, where a file can be split."""


SETTLED = 20_000
"""Objects that a worker may keep before they are left alone: the collector takes 10 ms for these."""


class Part(NamedTuple):
    """A task: records `first` + 1 to `last` of a file; `last` 0 is the end of the file.

    `number` is the place of the file among those of the job, from 1.
    """

    file: str
    first: int
    last: int
    number: int = 1


@dataclass(frozen=True, slots=True)
class Setting:
    """What every worker has to know. `book` is the folder of a compiled book, empty for the worker's own."""

    options: Options
    as_of: date | None = None
    book: str = ""


def setting_of(
    day: date | None, as_of: date | None, on_error: str, names: Mapping[str, str] | None, book: str | Path
) -> Setting:
    """What the user asked for. Errors: `InputError` for a word that `on_error` is not."""
    if on_error not in ("stop", "skip"):
        raise InputError("on_error", f"found {on_error!r}", "stop or skip")
    return Setting(Options(day or date.today(), on_error, dict(names or {})), as_of, str(book))


def parts_of_files(files: Sequence[str | Path] | str | Path, setting: Setting, part: int) -> list[Part]:
    """The tasks of a job: those of each file, of a directory those of all its files, in order.

    Errors: `InputError` for a `part` below 1, for a file that is missing and, with `on_error` "stop", for one of no
    known form.
    """
    if part < 1:
        raise InputError("part", f"found {part}", "at least one record")
    named = [files] if isinstance(files, str | Path) else files
    paths = enumerate(files_of([str(each) for each in named]), start=1)
    return [each for number, path in paths for each in parts_of(path, setting, part, number)]


def parts_of(path: Path, setting: Setting, part: int = PART, number: int = 1) -> list[Part]:
    """The tasks of one file: whole row groups of at least `part` records together, or all of it."""
    try:
        reader = format_of(path).open_reader(path, setting.options)
    except InputError:
        if setting.options.on_error == "stop":
            raise
        return [Part(str(path), 0, 0, number)]  # its task rejects it
    ends = np.cumsum(getattr(reader, "group_rows", ()), dtype=np.int64).tolist()
    out: list[Part] = []
    first = 0
    for end in ends:
        if end - first >= part or (end == ends[-1] and end > first):
            out.append(Part(str(path), first, end, number))
            first = end
    return out or [Part(str(path), 0, 0, number)]


def spread(
    spark: SparkSession, parts: Sequence[Part], task: Callable[[Part], Iterator[pa.RecordBatch]], columns: str
) -> DataFrame:
    """One Spark task for each part, which Spark spreads and repeats one by one; `columns` of what a task gives.

    The numbers of a range are the tasks: rows of a table would first have to be sent around to be spread.
    """
    return spark.range(0, len(parts), 1, len(parts)).mapInArrow(partial(_each, tuple(parts), task), columns)


def _each(
    parts: tuple[Part, ...], task: Callable[[Part], Iterator[pa.RecordBatch]], numbers: Iterator[pa.RecordBatch]
) -> Iterator[pa.RecordBatch]:
    for batch in numbers:
        for number in batch.column(0).to_pylist():
            yield from task(parts[number])
            settle()


def settle() -> None:
    """Have the collector of garbage leave alone what a worker keeps from task to task.

    Spark has it look at everything after each task, which takes as long as a fourth of the rules of the task.
    """
    if len(gc.get_objects()) > SETTLED:  # without those left alone before
        gc.collect()
        gc.freeze()


def chunks_of(reader: Reader, part: Part) -> Iterator[Chunk]:
    """The chunks of a part: a chunk never crosses the end of a row group, where parts end."""
    for chunk in reader.chunks(part.first):
        yield chunk
        if part.last and chunk.mark >= part.last:
            return


@lru_cache(maxsize=4)
def rules_here(book: str, as_of: date | None) -> Rules:
    """The rules of this worker process, made when the first task needs them, and kept for those after it."""
    scanner = scanner_of(open_book(Path(book) if book else None), as_of)
    return Rules(scanner, Unanswered(scanner.book, scanner.rules))


def need_spark() -> None:
    """Say what is missing, and how to get it."""
    if find_spec("pyspark") is None:
        raise ClaimwrightError("pyspark is not installed, which runs the tasks: pip install claimwright[spark]")
