"""Findings of a Spark job that its workers write themselves, as Parquet files in one folder.

A finding that travels through Spark becomes a row of the JVM and text again on its way to a file, at several times
the cost of finding it. So the worker writes the file, and what travels is the count of its task.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from datetime import date
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from claimwright import errors
from claimwright.batch.answer import Checked, Rules, check_chunk, rejects_of
from claimwright.batch.findings import schema
from claimwright.batch.folder import Folder, attempt, name_of, together
from claimwright.batch.output import LAYOUT, RejectFile
from claimwright.batch.scan import MOST_KEPT, Result
from claimwright.batch.spark_tasks import (
    PART,
    Part,
    Setting,
    chunks_of,
    need_spark,
    parts_of_files,
    rules_here,
    setting_of,
    spread,
)
from claimwright.batch.tally import FileTally, Tally, tally_of
from claimwright.claims.readers import Reader, format_of
from claimwright.edits.registry import load_rules
from claimwright.errors import ClaimwrightError, InputError

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

_DDL = "number bigint, first bigint, said string"
_SAID = pa.schema([("number", pa.int64()), ("first", pa.int64()), ("said", pa.string())])
_REFUSAL = re.compile(r"claimwright\.errors\.(\w+): (.+)")


class Places(NamedTuple):
    """Where the workers of a job write to: their findings, and the records that are no claims (None: nowhere)."""

    findings: Path
    rejects: Path | None = None


def write_findings(
    spark: SparkSession,
    files: Sequence[str | Path] | str | Path,
    output: str | Path,
    *,
    mode: str = "error",
    rejects: str | Path | None = None,
    day: date | None = None,
    as_of: date | None = None,
    on_error: str = "stop",
    names: Mapping[str, str] | None = None,
    book: str | Path = "",
    part: int = PART,
) -> Result:
    """Check the claims of files, and have the workers write the findings as Parquet files into the folder `output`.

    Driver and all workers must reach `files`, `output`, `rejects` and `book` by the same path: a local disk where
    all are one machine, else a mounted file system. No addresses such as `s3://`.

    Unlike a DataFrame this runs at once. The folder is one data set with the columns of
    `claimwright.batch.findings.schema()`, one file `part-FILE-RECORD.parquet` a task (number of the file, its first
    record); in the order of their names they hold what `claimwright scan` writes. It appears when all tasks are
    done, with `_SUCCESS`: workers that die, tasks that are tried twice leave nothing, and nothing twice. `mode`
    "error" refuses a folder that holds anything; "overwrite" replaces findings, and nothing else, at the end of the
    job. `rejects` is a folder for the records that are no claims, as lines of JSON (`claimwright scan --rejects`).

    The answer is the summary of `claimwright scan` over all files. Other arguments as of `scan_files`.

    Errors: `InputError`, before any task starts, for a file that is missing and a folder that cannot be used; after
    it for a record that cannot be read (with `on_error` "stop"), a full disk, a folder that a worker does not reach.
    Then the folder is left as it was.
    """
    need_spark()
    setting = setting_of(day, as_of, on_error, names, book)
    parts = parts_of_files(files, setting, part)
    inputs = [Path(each) for each in dict.fromkeys(each.file for each in parts)]
    with ExitStack() as undo:
        found = Folder(output, mode, inputs)
        undo.callback(found.abandon)
        kept = None if rejects is None else Folder(rejects, mode, inputs)
        if kept is not None:
            undo.callback(kept.abandon)
            together(found, kept)
        places = Places(found.staging, None if kept is None else kept.staging)
        said = _run(spark, parts, partial(_through_file, setting, places))
        tally = _joined(parts, said)
        if kept is not None:
            kept.commit([_name(each, "ndjson") for each in parts if said[each.number, each.first]["rejects"]])
        found.commit([_name(each, "parquet") for each in parts])
        undo.pop_all()
    return Result({"output": str(output), **tally.summary(list(load_rules().values()))})


def _name(part: Part, ending: str) -> str:
    return name_of(part.number, part.first + 1, ending)


def _run(spark: SparkSession, parts: Sequence[Part], task: Any) -> dict[tuple[int, int], dict[str, Any]]:
    """What every task said. Errors: those of a task as if they had been raised here."""
    try:
        rows = spread(spark, parts, task, _DDL).collect()
    except Exception as error:
        refused = refusal_of(str(error))
        if refused is None:
            raise
        raise refused from None
    return {(row.number, row.first): json.loads(row.said) for row in rows}


def refusal_of(said: str) -> ClaimwrightError | None:
    """The error of a task, out of what Spark tells of it: the text of a traceback among others."""
    for name, sentence in _REFUSAL.findall(said):
        if name == "InputError":
            place, _, rest = sentence.partition(": ")
            problem, _, expected = rest.partition("; expected ")
            return InputError(place, problem, expected)
        if isinstance(getattr(errors, name, None), type):
            return ClaimwrightError(sentence)
    return None


def _joined(parts: Sequence[Part], said: Mapping[tuple[int, int], dict[str, Any]]) -> Tally:
    """The counts of all tasks, files in their order."""
    tally, files = Tally(), dict[int, FileTally]()
    for part in parts:
        each = said[part.number, part.first]
        one = tally_of(each["tally"])
        tally.join(one)
        own = one.files[0]
        if part.number in files:
            files[part.number].join(own, each["whole"])
        else:
            files[part.number] = own
    tally.files = list(files.values())
    return tally


# ---- in a worker --------------------------------------------------------------------------------


def _through_file(setting: Setting, places: Places, part: Part) -> Iterator[pa.RecordBatch]:
    said = write_part(rules_here(setting.book, setting.as_of), part, setting, places)
    yield pa.RecordBatch.from_pylist([{"number": part.number, "first": part.first, "said": said}], schema=_SAID)


def write_part(rules: Rules, part: Part, setting: Setting, places: Places) -> str:
    """Write the findings of one task, and its rejects if it has any; its counts as JSON.

    Errors: `InputError` where it cannot be written and, with `on_error` "stop", as of the reader.
    """
    with (
        ExitStack() as ends,
        attempt(places.findings, _name(part, "parquet")) as path,
        pq.ParquetWriter(path, schema(), **LAYOUT) as writer,
    ):
        task = _Task(rules, part, setting, writer, _Rejects(places.rejects, _name(part, "ndjson"), ends))
        task.run()
    return task.said()


class _Rejects:
    """The rejects of a task: a file that begins with the first one, whole when `ends` ends."""

    def __init__(self, staging: Path | None, name: str, ends: ExitStack) -> None:
        self.staging, self.name, self.ends = staging, name, ends
        self.file: RejectFile | None = None

    def write(self, *reject: Any) -> None:
        """As `RejectFile.write`; nowhere, if nobody wants them."""
        if self.file is None:
            if self.staging is None:
                return
            self.file = RejectFile(self.ends.enter_context(attempt(self.staging, self.name)), None)
            self.ends.callback(self.file.close)
        self.file.write(*reject)


class _Task:
    """One task while it runs."""

    def __init__(self, rules: Rules, part: Part, setting: Setting, writer: Any, rejects: _Rejects) -> None:
        self.rules, self.part, self.setting = rules, part, setting
        self.writer, self.rejects = writer, rejects
        self.own, self.tally = FileTally(part.file, ""), Tally()
        self.whole = False

    def run(self) -> None:
        try:
            form = format_of(Path(self.part.file))
            self.own.format = form.NAME
            reader = form.open_reader(Path(self.part.file), self.setting.options)
            self._read(reader)
        except InputError as error:
            if self.setting.options.on_error == "stop":
                raise
            self._refuse(error)

    def said(self) -> str:
        """The counts of the task as JSON; of rejects only that there are some."""
        self.tally.files = [self.own]
        kept = self.rejects.file is not None
        return json.dumps({"tally": self.tally.as_state(), "whole": self.whole, "rejects": kept})

    def _read(self, reader: Reader) -> None:
        self.whole = reader.whole_counts
        skip = self.setting.options.on_error == "skip"
        for chunk in chunks_of(reader, self.part):
            self._take(check_chunk(self.rules, chunk, self.part.file, skip))
        self.own.counts, self.own.notes = dict(reader.counts), list(reader.notes)

    def _take(self, checked: Checked) -> None:
        for each in rejects_of(checked, self.part.file, self.rules.scanner.book):
            self.own.rejected += 1
            self.rejects.write(self.part.file, each.number, each.place, each.problem, each.expected, each.record)
        if checked.table.num_rows:
            self.writer.write_batch(checked.table)
        self.own.accepted += len(checked.batch)
        self.tally.add(checked.batch, checked.found, checked.lacking)

    def _refuse(self, error: InputError) -> None:
        """A file that cannot be read stands among the rejects as it is, unless it is large; see `scan`."""
        path = Path(self.part.file)
        self.own.refused = str(error)
        unread = not self.part.first and self.own.accepted + self.own.rejected == 0
        held = path.read_bytes() if unread and path.is_file() and path.stat().st_size <= MOST_KEPT else b""
        self.rejects.write(self.part.file, 0, error.place, error.problem, error.expected, held)
