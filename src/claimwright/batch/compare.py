"""A history of claims under two editions: which verdicts change, and which findings come or go.

Each claim is checked twice, as if all its services were of the first day of either edition. What differs is
then the tables' doing and nobody else's: age, setting and codes stay as they are.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from claimwright.batch.findings import SEVERITIES, Findings
from claimwright.batch.local import Scanner
from claimwright.batch.output import whole_file
from claimwright.batch.scan import Progress
from claimwright.book.store import Book
from claimwright.claims.batch import EPOCH, ClaimBatch, batch_of
from claimwright.claims.readers import Chunk, Options, format_of
from claimwright.errors import InputError
from claimwright.model import Claim
from claimwright.model.dates import day_of_text

VERDICTS = ("fail", "review", "pass")
_FISCAL = re.compile(r"FY(20\d\d)", re.IGNORECASE)
MOST_REASONS = 50
"""Reasons that the summary lists; the file has them all."""


class Side(NamedTuple):
    """An edition as it was asked for, and the day that stands for it."""

    name: str
    day: date


class Changed(NamedTuple):
    """A finding that one side has and the other has not, of a claim whose verdict changes."""

    claim: str | None
    file: str
    record: int
    before: str
    after: str
    change: str
    rule: str
    code: str
    severity: str
    codes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    """What to compare: claims of `files` on `before` and on `after`, into `output`."""

    files: tuple[Path, ...]
    output: Path
    options: Options
    before: Side
    after: Side


def side_of(book: Book, name: str) -> Side:
    """The first day of an edition: its name as `data list` has it, a fiscal year (FY2026), or a day itself.

    Errors: `InputError` for what is none of these, `EditionMissing` for a day beyond the dated tables.
    """
    loaded = {each["edition"]: date.fromisoformat(str(each["from"])) for each in book.manifest["tabular"]}
    fiscal = _FISCAL.fullmatch(name.strip())
    try:
        if name in loaded:
            day = loaded[name]
        elif fiscal:
            day = date(int(fiscal[1]) - 1, 10, 1)
        else:
            day = day_of_text(name.strip())
    except ValueError:
        known = ", ".join(loaded)
        raise InputError("--diff", f"{name!r} is no edition", f"a fiscal year (FY2026), a day, or {known}") from None
    book.need_registry(day)
    return Side(name, day)


def compare(book: Book, task: Comparison, watch: Callable[[Progress], bool] = lambda _: True) -> dict[str, Any]:
    """Check every claim on both sides and write what changed; the summary.

    OUT has one row for each finding that comes or goes on a claim whose verdict changes; nothing is written
    when `watch`, told after each chunk, says to stop. With `on_error` "skip" files that cannot be read, or not to
    their end, are told in the summary. Errors: as `scan`.
    """
    tally = _Tally()
    scanner = Scanner(book)
    sizes = [each.stat().st_size for each in task.files]
    with whole_file(task.output) as work, _writer(work, task.output.suffix == ".parquet") as write:
        for at, path in enumerate(task.files):
            before = sum(sizes[:at])
            for chunk in _chunks(path, task.options, tally.refused):
                changed = list(_changed(scanner, chunk.batch, chunk.records, str(path), task))
                write(changed)
                tally.add(len(chunk.batch), len(chunk.rejects), changed)
                if not watch(Progress(tally.claims, (before + chunk.done * sizes[at]) / max(sum(sizes), 1), str(path))):
                    raise KeyboardInterrupt
    return tally.summary(task)


def _chunks(path: Path, options: Options, refused: list[str]) -> Iterator[Chunk]:
    """Every chunk of a file; with `on_error` "skip" the refusal of the file goes into `refused`."""
    try:
        yield from format_of(path).open_reader(path, options).chunks()
    except InputError as error:
        if options.on_error == "stop":
            raise
        refused.append(str(error))


def as_on(batch: ClaimBatch, day: date) -> ClaimBatch:
    """The same claims with every service on `day`."""
    if batch.claims is not None:
        made = batch_of([_moved(each, day) for each in batch.claims], day)
        return replace(made, totals=batch.totals)
    number = (day - EPOCH).days
    return replace(
        batch,
        day=np.full_like(batch.day, number),
        procedure_days=np.full_like(batch.procedure_days, number),
        line_days=np.full_like(batch.line_days, number),
    )


def _moved(claim: Claim, day: date) -> Claim:
    return replace(
        claim,
        service_from=day,
        service_to=day,
        procedures=tuple(replace(each, date=None) for each in claim.procedures),
        lines=tuple(replace(each, date=None) for each in claim.lines),
        note=None,
    )


def _changed(
    scanner: Scanner, batch: ClaimBatch, records: npt.NDArray[np.int64], file: str, task: Comparison
) -> Iterator[Changed]:
    before = _Answers(scanner, as_on(batch, task.before.day))
    after = _Answers(scanner, as_on(batch, task.after.day))
    for claim in np.flatnonzero(before.verdict != after.verdict).tolist():
        had, has = Counter(before.of(claim)), Counter(after.of(claim))
        name, record = batch.name(claim), int(records[claim])
        was, now = VERDICTS[before.verdict[claim]], VERDICTS[after.verdict[claim]]
        for change, differs in (("gone", had - has), ("new", has - had)):
            for rule, code, severity, codes in sorted(differs.elements()):
                yield Changed(name, file, record, was, now, change, rule, code, severity, codes)


class _Answers:
    """Findings of one side, kept as texts: the scanner forgets them at its next batch."""

    def __init__(self, scanner: Scanner, batch: ClaimBatch) -> None:
        found = scanner.findings(batch)
        self.verdict = _verdicts(found, len(batch))
        self._found, self._rules = found, scanner.rules
        self._starts = np.searchsorted(found.claim, np.arange(len(batch) + 1))
        # Only codes of these findings are asked for, and they are asked for before the scanner goes on.
        used = np.unique(found.codes)
        self._texts = {int(each): found.texts[int(each)] for each in used.tolist()}

    def of(self, claim: int) -> Iterator[tuple[str, str, str, tuple[str, ...]]]:
        """(rule, code, severity, codes) of each finding of a claim."""
        found = self._found
        for at in range(int(self._starts[claim]), int(self._starts[claim + 1])):
            rule = self._rules[int(found.rule[at])]
            codes = found.codes[int(found.offsets[at]) : int(found.offsets[at + 1])]
            texts = tuple(self._texts[int(each)] for each in codes.tolist())
            yield rule.name, rule.code, SEVERITIES[int(found.rank[at])], texts


def _verdicts(found: Findings, claims: int) -> npt.NDArray[np.int8]:
    out = np.full(claims, VERDICTS.index("pass"), dtype=np.int8)
    for rank in (SEVERITIES.index("warning"), SEVERITIES.index("error")):
        out[found.claim[found.rank == rank]] = rank
    return out


class _Tally:
    def __init__(self) -> None:
        self.claims = self.rejected = self.changed = 0
        self.refused: list[str] = []
        self.moves: Counter[tuple[str, str]] = Counter()
        self.reasons: Counter[tuple[str, str, str, str, tuple[str, ...]]] = Counter()

    def add(self, claims: int, rejected: int, changed: list[Changed]) -> None:
        """One chunk."""
        self.claims, self.rejected = self.claims + claims, self.rejected + rejected
        moved = {(each.record, each.before, each.after) for each in changed}
        self.changed += len(moved)
        self.moves.update((before, after) for _, before, after in moved)
        told = {(each.record, each.change, each.rule, each.code, each.severity, each.codes) for each in changed}
        self.reasons.update((change, rule, code, severity, codes) for _, change, rule, code, severity, codes in told)

    def summary(self, task: Comparison) -> dict[str, Any]:
        """For people and machines: verdicts that moved, and reasons by number of claims."""
        order = sorted(self.reasons.items(), key=lambda item: (-item[1], item[0]))
        return {
            "output": str(task.output),
            "before": {"edition": task.before.name, "day": task.before.day.isoformat()},
            "after": {"edition": task.after.name, "day": task.after.day.isoformat()},
            "claims": self.claims,
            "rejected": self.rejected,
            "refused": self.refused,
            "changed": self.changed,
            "verdicts": [
                {"before": before, "after": after, "claims": number}
                for (before, after), number in sorted(self.moves.items(), key=lambda item: (-item[1], item[0]))
            ],
            "reasons": [
                {"change": change, "rule": rule, "code": code, "severity": severity, "codes": codes, "claims": number}
                for (change, rule, code, severity, codes), number in order[:MOST_REASONS]
            ],
            "reasons_left_out": max(len(order) - MOST_REASONS, 0),
        }


class _writer:  # noqa: N801 - reads as a verb where it is used
    """Writes rows of `Changed` as Parquet, or as one object a line."""

    def __init__(self, path: Path, parquet: bool) -> None:
        self._path, self._parquet = path, parquet

    def __enter__(self) -> Callable[[list[Changed]], None]:
        if not self._parquet:
            self._stream = self._path.open("wb")
            return self._lines
        import pyarrow.parquet as pq

        self._path.open("wb").close()  # a plain error of the system where this cannot be
        self._sink = pq.ParquetWriter(self._path, _schema(), compression="zstd")
        return self._table

    def __exit__(self, *_: object) -> None:
        if self._parquet:
            self._sink.close()
        else:
            self._stream.close()

    def _lines(self, rows: list[Changed]) -> None:
        import msgspec

        self._stream.write(msgspec.json.Encoder().encode_lines([each._asdict() for each in rows]))

    def _table(self, rows: list[Changed]) -> None:
        import pyarrow as pa

        if rows:
            self._sink.write_table(pa.Table.from_pylist([each._asdict() for each in rows], schema=_schema()))


def _schema() -> Any:
    import pyarrow as pa

    kinds = {"record": pa.int64(), "codes": pa.list_(pa.string())}
    return pa.schema([pa.field(name, kinds.get(name, pa.string())) for name in Changed._fields])
