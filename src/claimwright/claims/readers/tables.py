"""CSV of claims, wide or long, by content: delimiter, encoding (UTF-8 with or without mark, else Windows-1252).

The first line is the header; see `table_columns` for the columns. A record is one row, or in a long table the
rows with one id that follow each other. Refused records keep their lines as they are.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from claimwright.claims.readers import Options, Reader, Reject
from claimwright.claims.readers.draft import Refused
from claimwright.claims.readers.json_stream import BOM
from claimwright.claims.readers.records import Record, RecordReader, reject
from claimwright.claims.readers.seen import Seen, key_of
from claimwright.claims.readers.streams import plain
from claimwright.claims.readers.table_columns import Columns, Rows, columns_of
from claimwright.errors import InputError

NAME = "csv"
DELIMITERS = ("\t", ";", "|", ",")
LONGEST_LINE = 1 << 28


def recognises(head: bytes) -> bool:
    """Text whose first line is a header: names without control characters, apart by a delimiter."""
    text = head.removeprefix(BOM).lstrip(b"\r\n")
    line = text.split(b"\n", 1)[0].rstrip(b"\r")
    wide = head.startswith((b"\xff\xfe", b"\xfe\xff"))  # UTF-16
    if not line or wide or line[:1] in b"{[<%" or any(each < 32 and each != 9 for each in line):
        return False
    header = _decoded(line)
    delimiter = _delimiter(header)
    try:
        names = next(csv.reader([header], delimiter=delimiter), [])
    except csv.Error:
        return False
    return len(names) > 1 and sum(any(c.isalpha() for c in each) for each in names) * 2 >= len(names)


def open_reader(path: Path, options: Options) -> Reader:
    """A reader of a CSV file."""
    return RecordReader(path, options, plain, TableRecords)


class _Lines:
    """Lines of a stream as text, keeping the bytes of those not yet taken."""

    def __init__(self, stream: BinaryIO, name: str, counts: Counter[str]) -> None:
        self.stream, self.name, self.counts = stream, name, counts
        self.held: list[bytes] = []
        self.number = 0

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        line = self.stream.readline(LONGEST_LINE)
        if not line:
            raise StopIteration
        if self.number == 0:
            line = line.removeprefix(BOM)
        self.number += 1
        self.held.append(line)
        if not line.isascii():
            try:
                return line.decode("utf-8")
            except UnicodeDecodeError:
                self.counts["lines read as Windows-1252"] += 1
        return _decoded(line)

    def taken(self) -> bytes:
        """The bytes of the lines since the last call."""
        held, self.held = b"".join(self.held), []
        return held


class TableRecords:
    """The claims of a stream of CSV."""

    def __init__(self, stream: BinaryIO, name: str, options: Options | None = None) -> None:
        self.stream, self.name = stream, name
        self.names = options.names if options else {}
        self.counts: Counter[str] = Counter()
        self.notes: list[str] = []
        self.records = 0

    def __iter__(self) -> Iterator[Record | Reject]:
        """Every claim in order. Errors: `InputError` for a header without the columns of a claim."""
        lines = _Lines(self.stream, self.name, self.counts)
        header, delimiter = self._header(lines)
        columns = columns_of(header, self.names, self.name)
        if columns.ignored:
            self.counts["columns left alone"] = len(columns.ignored)
        rows = Rows(columns)
        if columns.long:
            yield from self._long(lines, delimiter, columns, rows)
            return
        for number, row, raw, problem in _rows(lines, delimiter, len(header)):
            yield self._record(rows, [row], number, raw, problem)

    def _header(self, lines: _Lines) -> tuple[list[str], str]:
        for text in lines:
            if text.strip():
                delimiter = _delimiter(text)
                lines.taken()
                try:
                    names = next(csv.reader([text], delimiter=delimiter), [])
                except csv.Error as error:
                    raise InputError(f"{self.name}: line {lines.number}", f"not readable as CSV ({error})") from None
                return [each.strip() for each in names], delimiter
        raise InputError(self.name, "the file has no header", "a table of claims")

    def _long(self, lines: _Lines, delimiter: str, columns: Columns, rows: Rows) -> Iterator[Record | Reject]:
        key = columns.claim["id"].at
        seen = Seen()
        held: list[list[str]] = []
        raws: list[bytes] = []
        first, why = 0, ""
        for number, row, raw, problem in _rows(lines, delimiter, _width(columns)):
            same = held and not problem and row[key : key + 1] == held[0][key : key + 1]
            if raws and not same:
                yield self._record(rows, held, first, b"".join(raws), why or _apart(seen, held[0], key))
                held, raws, why = [], [], ""
            first = first if raws else number
            raws.append(raw)
            held.append(row)
            why = problem
        if raws:
            yield self._record(rows, held, first, b"".join(raws), why or _apart(seen, held[0], key))

    def _record(self, rows: Rows, held: list[list[str]], line: int, raw: bytes, problem: str) -> Record | Reject:
        self.records += 1
        place = f"{self.name}: line {line}"
        if problem:
            expected = _TOGETHER if problem.endswith(_APART) else "as many fields as the header"
            return reject(self.records, InputError(place, problem, expected), raw)
        try:
            claim, charge = rows.read(held)
        except Refused as refused:
            where = InputError(f"{place}, column {refused.field}", refused.problem, refused.expected)
            return reject(self.records, where, raw)
        return Record(claim, self.records, place, charge=charge)


_APART = "were read before, apart from these"
_TOGETHER = "the rows of a claim one after the other"


def _apart(seen: Seen, row: list[str], key: int) -> str:
    """What is wrong when a claim's rows begin a second time; nothing when they begin."""
    name = row[key].strip() if key < len(row) else ""
    return f"rows of claim {name[:40]!r} {_APART}" if name and seen.add(key_of(name)) else ""


def _rows(lines: _Lines, delimiter: str, width: int) -> Iterator[tuple[int, list[str], bytes, str]]:
    """(line, fields, bytes, what is wrong with the row) of each row that is not blank."""
    reader = csv.reader(lines, delimiter=delimiter)
    while True:
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:  # such as a quote that is never closed
            raw = lines.taken()
            yield lines.number - raw.count(b"\n") + 1, [], raw, f"not readable as CSV ({error})"
            reader = csv.reader(lines, delimiter=delimiter)
            continue
        raw = lines.taken()
        if not row or not any(row):
            continue
        first = lines.number - max(raw.count(b"\n"), 1) + 1
        yield first, row, raw, "" if len(row) == width else f"{len(row)} fields instead of {width}"


def _width(columns: Columns) -> int:
    cells = [*columns.claim.values(), *(cell for each in columns.repeated.values() for cell in each.values())]
    return len(cells) + len(columns.ignored)


def _decoded(line: bytes) -> str:
    return line.decode("cp1252", "replace")


def _delimiter(line: str) -> str:
    return max(DELIMITERS, key=line.count)


RECORDS = TableRecords
"""What reads any stream of this format."""
