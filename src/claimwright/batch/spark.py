"""The rules of `scan` under Spark, with the same findings: over files, or over a DataFrame of claims.

Three ways, one function behind them:

* `write_findings`: Spark hands out small tasks (file, first record, last record); each worker reads its part of
  the file itself, and writes its findings itself. Parquet files are split by row groups, others are one task
  each. Only counts come back through Spark: the fastest way.
* `scan_files`: the same tasks, with the findings as rows of a DataFrame. Spark moves every finding from Python
  into its own rows, which costs more than the rules do.
* `scan_frame`: for claims that are no files (views, governed tables). Spark moves the rows to Python,
  which costs more than the rules do.

A worker opens the compiled book once, from a folder that it can reach (`book`, else its own
CLAIMWRIGHT_HOME). Claims stay where they are: nothing is collected on the driver but the list of tasks.

The last two give one DataFrame of rows of four kinds, told by the column `kind`:

| kind | columns that are set |
|---|---|
| `finding` | `claim`, `rule`, `code`, `severity`, `positions`, `codes`, `file`, `record` |
| `reject` | `file`, `record`, `place`, `problem`, `expected`, `content`: a record that is no claim, unchanged |
| `lacking` | `rule`, `problem` (the table it lacks), `expected` (how to load it), `accepted`: of how many claims |
| `task` | `file`, `record` (its first), `accepted`, `rejected`: records of one task, so that none is lost unseen |
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from claimwright.batch.answer import Checked, Rules, check_chunk, check_rows, rejects_of
from claimwright.batch.findings import schema as findings_schema
from claimwright.batch.spark_tasks import (
    PART,
    Part,
    Setting,
    chunks_of,
    need_spark,
    parts_of_files,
    rules_here,
    setting_of,
    settle,
    spread,
)
from claimwright.batch.spark_written import write_findings
from claimwright.book.store import Book
from claimwright.claims.readers import format_of
from claimwright.claims.readers.arrow_columns import columns_of
from claimwright.errors import InputError

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

__all__ = ["DDL", "PART", "SCHEMA", "scan_files", "scan_frame", "write_findings"]

FINDING, REJECT, LACKING, TASK = "finding", "reject", "lacking", "task"
_PLAIN = {"rule", "code", "severity", "file"}
SCHEMA = pa.schema(
    [
        pa.field("kind", pa.string()),
        *(
            pa.field("codes", pa.list_(pa.string()))
            if each.name == "codes"
            else pa.field(each.name, pa.string() if each.name in _PLAIN else each.type)
            for each in findings_schema()
        ),
        pa.field("place", pa.string()),
        pa.field("problem", pa.string()),
        pa.field("expected", pa.string()),
        pa.field("content", pa.binary()),
        pa.field("accepted", pa.int64()),
        pa.field("rejected", pa.int64()),
    ]
)
"""Columns of the rows that come back, as Arrow has them."""

DDL = (
    "kind string, claim string, rule string, code string, severity string, positions array<int>, "
    "codes array<string>, file string, record bigint, place string, problem string, expected string, "
    "content binary, accepted bigint, rejected bigint"
)
"""The same columns, as Spark reads them."""


def scan_files(
    spark: SparkSession,
    files: Sequence[str | Path] | str | Path,
    *,
    day: date | None = None,
    as_of: date | None = None,
    on_error: str = "stop",
    names: Mapping[str, str] | None = None,
    book: str | Path = "",
    part: int = PART,
) -> DataFrame:
    """Check the claims of files that driver and workers reach by the same path; of a directory all files.

    `files` are paths; one alone may be given as it is.

    Arguments as the options of `claimwright scan`; `names` is its `--map`, `part` the records of a task at
    least. The rows are described at the module. Errors: `InputError` for a file that is missing or damaged
    from the start, here; a record that cannot be read fails the Spark job unless `on_error` is "skip".
    """
    need_spark()
    setting = setting_of(day, as_of, on_error, names, book)
    return spread(spark, parts_of_files(files, setting, part), partial(_through_file, setting), DDL)


def scan_frame(
    frame: DataFrame,
    *,
    day: date | None = None,
    as_of: date | None = None,
    on_error: str = "stop",
    names: Mapping[str, str] | None = None,
    book: str | Path = "",
) -> DataFrame:
    """Check the claims of a DataFrame: one row a claim, columns as in a Parquet file for `scan`.

    Rows of a DataFrame have no number: `file` and `record` stay null, and `claim` names the claim. Errors:
    `InputError` when a column is missing without which no row is a claim; otherwise as `scan_files`.
    """
    need_spark()
    setting = setting_of(day, as_of, on_error, names, book)
    held = columns_of(frame.columns, setting.options, "the DataFrame")
    return frame.select(*held.values()).mapInArrow(partial(_through_rows, setting, held), DDL)


def check_part(rules: Rules, part: Part, setting: Setting) -> Iterator[pa.RecordBatch]:
    """The rows of one task. Errors: as the reader's, when `on_error` is "stop"."""
    accepted = rejected = 0
    try:
        path = Path(part.file)
        reader = format_of(path).open_reader(path, setting.options)
        for chunk in chunks_of(reader, part):
            checked = check_chunk(rules, chunk, part.file, setting.options.on_error == "skip")
            batch, refused = _rows(checked, part.file, rules.scanner.book)
            accepted, rejected = accepted + len(checked.batch), rejected + refused
            yield from batch
    except InputError as error:
        if setting.options.on_error == "stop":
            raise
        yield _batch(REJECT, file=[part.file], place=[error.place], problem=[error.problem], expected=[error.expected])
    yield _batch(TASK, file=[part.file], record=[part.first + 1], accepted=[accepted], rejected=[rejected])


def _rows(checked: Checked, file: str, book: Book) -> tuple[list[pa.RecordBatch], int]:
    """Findings and rejects of a chunk as batches, and the number of rejects."""
    found = checked.table
    out = []
    if found.num_rows:
        columns = {name: found.column(name).cast(SCHEMA.field(name).type) for name in found.schema.names}
        out.append(_batch(FINDING, **columns))
    rejects = list(rejects_of(checked, file, book))
    if rejects:
        out.append(
            _batch(
                REJECT,
                file=[file] * len(rejects),
                record=[each.number for each in rejects],
                place=[each.place for each in rejects],
                problem=[each.problem for each in rejects],
                expected=[each.expected for each in rejects],
                content=[each.record for each in rejects],
            )
        )
    if checked.lacking:
        lacking = list(checked.lacking.items())
        out.append(
            _batch(
                LACKING,
                file=[file] * len(lacking),
                rule=[each.rule for each, _ in lacking],
                problem=[each.missing for each, _ in lacking],
                expected=[each.how for each, _ in lacking],
                accepted=[number for _, number in lacking],
            )
        )
    return out, len(rejects)


def _batch(kind: str, **columns: Any) -> pa.RecordBatch:
    """Rows of one kind; columns that are not given are null."""
    size = len(next(iter(columns.values())))
    made = {"kind": [kind] * size, **columns}
    arrays = [
        pa.array(given, field.type) if isinstance(given := made.get(field.name), list) else given for field in SCHEMA
    ]
    filled = [pa.nulls(size, field.type) if each is None else each for field, each in zip(SCHEMA, arrays, strict=True)]
    return pa.RecordBatch.from_arrays(filled, schema=SCHEMA)


# ---- in a worker --------------------------------------------------------------------------------


def _through_file(setting: Setting, part: Part) -> Iterator[pa.RecordBatch]:
    return check_part(rules_here(setting.book, setting.as_of), part, setting)


def _through_rows(
    setting: Setting, held: Mapping[str, str], batches: Iterator[pa.RecordBatch]
) -> Iterator[pa.RecordBatch]:
    rules = rules_here(setting.book, setting.as_of)
    first = 1
    for batch in batches:
        for at in range(0, batch.num_rows, setting.options.size):
            rows = batch.slice(at, setting.options.size)
            checked = check_rows(rules, rows, held, setting.options, "the DataFrame", first, file="")
            made, refused = _rows(checked, "", rules.scanner.book)
            yield from map(_unnumbered, made)
            yield _batch(TASK, accepted=[len(checked.batch)], rejected=[refused])
            first += rows.num_rows
    settle()


def _unnumbered(rows: pa.RecordBatch) -> pa.RecordBatch:
    """Rows without file and record: those of a DataFrame have neither."""
    for name in ("file", "record"):
        at = SCHEMA.get_field_index(name)
        rows = rows.set_column(at, SCHEMA.field(at), pa.nulls(rows.num_rows, SCHEMA.field(at).type))
    return rows
