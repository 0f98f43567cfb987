"""NCCI procedure-to-procedure edits: one of the parts of a quarter's table, text, workbook or zip.

Tab-separated: a notice, a title, a header wrapped over several lines, then 7 cells a row: column 1,
column 2, `*` for in existence before 1996, effective day, deletion day or `*`, modifier indicator
(0, 1, 9), rationale. Two and a half million rows a quarter: they are read as bytes in numpy, a part at
a time, never row by row. A row that is not as published is left out and counted with its line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import numpy.typing as npt

from claimwright.errors import SourceError
from claimwright.model import Interval
from claimwright.sources import workbook
from claimwright.sources.cells import plain
from claimwright.sources.ncci import (
    OUTPATIENT,
    PRACTITIONER,
    Rejected,
    check_rejected,
    check_release,
    plausible_quarter,
    quarter_name,
)
from claimwright.sources.packed import read_packed

Bytes = npt.NDArray[np.uint8]
Ints = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

EXPECTED = (
    "a tab-separated header: Column 1, Column 2, *=in existence prior to 1996, Effective Date, Deletion Date, "
    "Modifier (0=not allowed, 1=allowed, 9=not applicable), PTP Edit Rationale"
)
NAMED = "a name such as ccipra-v322r0-f1.txt (practitioner) or ccioph-v322r0-f1.txt (hospital)"
HEADER = (
    "column 1",
    "column 2",
    "*=in existence prior to 1996",
    "effective date",
    "deletion date *=no data",
    "modifier 0=not allowed 1=allowed 9=not applicable",
    "ptp edit rationale",
)
"""The header, its lines joined cell by cell."""

NO_DAY = -1
"""Deletion day of an edit that is not deleted."""

_NAME = re.compile(r"cci(pra|oph)-v(\d\d)(\d)r(\d+)-f(\d+)", re.IGNORECASE)
_QUARTER = re.compile(r"(20\d\d)[-_ ]?q([1-4])(?!\d)", re.IGNORECASE)
_FIRST = re.compile(rb"^[0-9A-Z]{5}\t[0-9A-Z]{5}\t", re.MULTILINE)
_CELLS = 7
_SETTINGS = {"pra": PRACTITIONER, "oph": OUTPATIENT}
_FIRST_VERSION_YEAR = 1994  # version 32.x is 2026
_LONGEST = 400


@dataclass(frozen=True, slots=True)
class PtpFile:
    """One part: parallel arrays by row, days since 1970 (`NO_DAY` without deletion), rationale by number."""

    setting: str
    version: str
    part: int
    window: Interval
    first: npt.NDArray[np.bytes_]
    second: npt.NDArray[np.bytes_]
    before_1996: Mask
    effective: npt.NDArray[np.int32]
    deletion: npt.NDArray[np.int32]
    indicator: npt.NDArray[np.uint8]
    rationale: npt.NDArray[np.uint8]
    rationales: tuple[str, ...]
    rejected: tuple[Rejected, ...]

    @property
    def name(self) -> str:
        """The edition this part belongs to."""
        return f"{quarter_name(self.window)} (v{self.version}) {self.setting}"


def read(file: Path, release: date | None = None) -> PtpFile:
    """Parse one part; `SourceError` names the line that is not as published."""
    stem = r"cci(pra|oph)[^/]*\."
    name, data = read_packed(file, stem + "txt", "PTP texts", "CMS's PTP file or its zip", stem + "xlsx")
    if data[:2] == b"PK":
        data = _as_text(data, file)
    data = data.removeprefix(b"\xef\xbb\xbf")
    setting, version, part, window = _named(name, file)
    check_release(file, window, release)
    found = _FIRST.search(data)
    head = data[: found.start()] if found else data[:4096]
    _header(head, file)
    if not found:
        raise SourceError(str(file), "no edit after the header", "rows of two codes, dates, indicator and rationale")
    columns, rejected = _body(np.frombuffer(data, np.uint8)[found.start() :], head.count(b"\n") + 1, window, file)
    check_rejected(file, len(columns.first), rejected)
    return PtpFile(
        setting, version, part, window, columns.first, columns.second, columns.before_1996, columns.effective,
        columns.deletion, columns.indicator, columns.rationale, columns.rationales, rejected,
    )  # fmt: skip


def _as_text(data: bytes, file: Path) -> bytes:
    """A workbook as the tab-separated text that it is published beside."""
    lines = ("\t".join(plain(cell) for cell in cells) for _, cells in workbook.rows(data, file, EXPECTED))
    return "".join(f"{line}\n" for line in lines).encode("latin-1", "replace")


def _named(name: str, file: Path) -> tuple[str, str, int, Interval]:
    """Setting, version, part and quarter as the names of the file and of its zip tell them."""
    told = {found.group().lower(): found for each in (name, file.name) if (found := _NAME.search(each))}
    if len(told) != 1:
        problem = (
            f"its names contradict each other ({', '.join(sorted(told))})" if told else "its name tells no setting"
        )
        raise SourceError(str(file), problem, NAMED)
    found = next(iter(told.values()))
    kind, major, minor, release, part = found.groups()
    setting = _SETTINGS[kind.lower()]
    window = plausible_quarter(_FIRST_VERSION_YEAR + int(major), int(minor) + 1, file)
    for year, number in _QUARTER.findall(file.name):
        if quarter_name(window) != f"{year} Q{number}":
            raise SourceError(str(file), f"named {year} Q{number}, holds {found.group()}", quarter_name(window))
    for word, other in (("practitioner", OUTPATIENT), ("hospital", PRACTITIONER)):
        if word in file.name.lower() and setting == other:
            raise SourceError(str(file), f"named {word}, holds the {setting} table ({found.group()})")
    return setting, f"{int(major)}.{minor}r{release}", int(part), window


def _header(head: bytes, file: Path) -> None:
    """The wrapped header, its lines joined cell by cell, must be the known one."""
    lines = [[cell.strip() for cell in line.split("\t")] for line in head.decode("latin-1").splitlines()]
    at = next((n for n, cells in enumerate(lines) if cells[0].lower().replace(" ", "") == "column1"), -1)
    if at < 0:
        raise SourceError(f"{file}:1", f"no header; the file begins {lines[0][0][:60] if lines else ''!r}", EXPECTED)
    wide = max(len(cells) for cells in lines[at:])
    joined = [" ".join(cells[n] for cells in lines[at:] if n < len(cells) and cells[n]) for n in range(wide)]
    told = [
        " ".join(cell.lower().replace("column1", "column 1").replace("column2", "column 2").split()) for cell in joined
    ]
    while told and not told[-1] and len(told) > _CELLS:
        told.pop()  # tabs at the end of the line
    for place, (cell, known) in enumerate(zip(told, HEADER, strict=False), start=1):
        if cell != known:
            raise SourceError(f"{file}:{at + 1}", f"column {place} is headed {joined[place - 1]!r}", EXPECTED)
    if len(told) != _CELLS:
        raise SourceError(f"{file}:{at + 1}", f"{len(told)} columns", EXPECTED)


@dataclass(frozen=True, slots=True)
class _Columns:
    first: npt.NDArray[np.bytes_]
    second: npt.NDArray[np.bytes_]
    before_1996: Mask
    effective: npt.NDArray[np.int32]
    deletion: npt.NDArray[np.int32]
    indicator: npt.NDArray[np.uint8]
    rationale: npt.NDArray[np.uint8]
    rationales: tuple[str, ...]


def _body(body: Bytes, first_line: int, window: Interval, file: Path) -> tuple[_Columns, tuple[Rejected, ...]]:
    """Rows after the header, and the rows left out."""
    starts, ends, whole = _lines(body)
    tabs = np.flatnonzero(body == ord("\t"))
    before = np.searchsorted(tabs, starts)
    count = np.searchsorted(tabs, ends) - before
    problem: dict[int, str] = {}
    bad = (count != _CELLS - 1) & (ends > starts)
    if bad.any() and bad[-1] and not whole:
        raise SourceError(f"{file}:{first_line + len(starts) - 1}", "the file is cut off in this row", "a whole file")
    _note(problem, np.flatnonzero(bad), "not 7 cells")
    rows = np.flatnonzero(count == _CELLS - 1)
    cut = tabs[before[rows][:, None] + np.arange(_CELLS - 1)] if len(rows) else np.zeros((0, _CELLS - 1), np.int64)
    begin = np.concatenate([starts[rows][:, None], cut + 1], axis=1)
    stop = np.concatenate([cut, ends[rows][:, None]], axis=1)
    good = np.ones(len(rows), np.bool_)
    for text, holds in _checks(body, begin, stop):
        _note(problem, rows[good & ~holds], text)
        good &= holds
    begin, stop, rows = begin[good], stop[good], rows[good]
    effective, real = _days(body, begin[:, 3])
    starred = stop[:, 4] - begin[:, 4] == 1
    deletion, real_too = _days(body, np.where(starred, begin[:, 3], begin[:, 4]))
    _note(problem, rows[~(real & real_too)], "a day that does not exist")
    keep = real & real_too
    begin, stop, rows, effective, deletion, starred = (
        each[keep] for each in (begin, stop, rows, effective, deletion, starred)
    )
    _check_quarter(effective, rows + first_line, window, file)
    rationale, names = _rationales(body, begin[:, 6], stop[:, 6])
    _check_cut(rationale, names, whole, f"{file}:{first_line + len(starts) - 1}")
    columns = _Columns(
        first=_codes(body, begin[:, 0]),
        second=_codes(body, begin[:, 1]),
        before_1996=stop[:, 2] > begin[:, 2],
        effective=effective.astype(np.int32),
        deletion=np.where(starred, NO_DAY, deletion).astype(np.int32),
        indicator=(body[begin[:, 5]] - ord("0")).astype(np.uint8),
        rationale=rationale,
        rationales=names,
    )
    return columns, tuple(Rejected(first_line + at, problem[at]) for at in sorted(problem))


def _lines(body: Bytes) -> tuple[Ints, Ints, bool]:
    """First and last byte + 1 of every line, without its end; and whether the last line has one."""
    breaks = np.flatnonzero(body == ord("\n"))
    whole = bool(len(body)) and int(body[-1]) == ord("\n")
    starts = np.concatenate([[0], breaks + 1]).astype(np.int64)
    ends = np.concatenate([breaks, [len(body)]]).astype(np.int64)
    if whole:
        starts, ends = starts[:-1], ends[:-1]
    returned = (ends > starts) & (body[np.maximum(ends - 1, 0)] == ord("\r"))
    return starts, ends - returned, whole


def _note(problem: dict[int, str], rows: Ints, text: str) -> None:
    for row in rows.tolist():
        problem.setdefault(row, text)


def _checks(body: Bytes, begin: Ints, stop: Ints) -> Iterator[tuple[str, Mask]]:
    """What must hold of each row's cells, in an order in which later checks may lean on earlier ones."""
    long = stop - begin
    yield "a code that is not 5 characters", (long[:, 0] == 5) & (long[:, 1] == 5)
    yield "an effective day that is not YYYYMMDD", long[:, 3] == 8
    yield "a deletion day that is neither YYYYMMDD nor *", (long[:, 4] == 8) | (long[:, 4] == 1)
    yield "an indicator that is not 0, 1 or 9", long[:, 5] == 1
    last = len(body) - 1
    for place in (0, 1):
        text = body[np.minimum(begin[:, place][:, None] + np.arange(5), last)]
        digit = (text >= ord("0")) & (text <= ord("9"))
        letter = (text >= ord("A")) & (text <= ord("Z"))
        yield "a code with other characters than 0-9 and A-Z", (digit | letter).all(axis=1)
    for place in (3, 4):
        text = body[np.minimum(begin[:, place][:, None] + np.arange(8), last)]
        digits = ((text >= ord("0")) & (text <= ord("9"))).all(axis=1)
        starred = (long[:, place] == 1) & (text[:, 0] == ord("*")) if place == 4 else np.zeros(len(text), np.bool_)
        yield "a day that is not YYYYMMDD", ((long[:, place] == 8) & digits) | starred
    mark = body[np.minimum(begin[:, 2], last)]
    yield "a mark before 1996 that is not *", (long[:, 2] == 0) | ((long[:, 2] == 1) & (mark == ord("*")))
    indicator = body[np.minimum(begin[:, 5], last)]
    yield "an indicator that is not 0, 1 or 9", np.isin(indicator, np.frombuffer(b"019", np.uint8))
    yield "a rationale too long to be one", long[:, 6] <= _LONGEST


def _codes(body: Bytes, begin: Ints) -> npt.NDArray[np.bytes_]:
    return np.ascontiguousarray(body[begin[:, None] + np.arange(5)]).view("S5").reshape(-1)


def _days(body: Bytes, begin: Ints) -> tuple[Ints, Mask]:
    """Days since 1970 of dates as YYYYMMDD, and whether each exists."""
    digit = [body[begin + n].astype(np.int64) - ord("0") for n in range(8)]
    year = digit[0] * 1000 + digit[1] * 100 + digit[2] * 10 + digit[3]
    month, day = digit[4] * 10 + digit[5], digit[6] * 10 + digit[7]
    months = ((year - 1970) * 12 + np.clip(month, 1, 12) - 1).astype("datetime64[M]")
    first = months.astype("datetime64[D]").astype(np.int64)
    length = (months + 1).astype("datetime64[D]").astype(np.int64) - first
    real = (year >= 1980) & (year < 2100) & (month >= 1) & (month <= 12) & (day >= 1) & (day <= length)
    return first + day - 1, real


def _check_quarter(effective: Ints, lines: Ints, window: Interval, file: Path) -> None:
    """A table of an earlier quarter cannot hold edits that begin after it."""
    assert window.ends is not None  # noqa: S101 - a quarter ends
    late = np.flatnonzero(effective > (window.ends - date(1970, 1, 1)).days)
    if len(late):
        day = date.fromordinal(int(effective[late[0]]) + date(1970, 1, 1).toordinal())
        problem = f"an edit effective {day}, after the quarter that the name tells ({quarter_name(window)})"
        raise SourceError(f"{file}:{int(lines[late[0]])}", problem, "the file under its own name")


def _rationales(body: Bytes, begin: Ints, stop: Ints) -> tuple[npt.NDArray[np.uint8], tuple[str, ...]]:
    """Number of each row's rationale, and the rationales: a dozen sentences, a million times."""
    width = max(int((stop - begin).max(initial=0)), 1)
    text = body[np.minimum(begin[:, None] + np.arange(width, dtype=np.int64), len(body) - 1)]
    text[np.arange(width) >= (stop - begin)[:, None]] = 0
    # A sum of random weights tells them apart faster than sorting text; the text then has to agree.
    weights = np.random.default_rng(1996).integers(1, 2**62, width, dtype=np.uint64)
    keys = np.zeros(len(text), np.uint64)
    for place in range(width):
        keys += text[:, place].astype(np.uint64) * weights[place]
    _, sample, number = np.unique(keys, return_index=True, return_inverse=True)
    if len(sample) > 255 or not (text == text[sample][number]).all():
        _, sample, number = np.unique(text.view(f"S{width}").reshape(-1), return_index=True, return_inverse=True)
    if len(sample) > 255:
        raise SourceError("PTP table", f"{len(sample)} different rationales", "about a dozen")
    names = tuple(" ".join(text[at].tobytes().rstrip(b"\0").decode("latin-1").split()) for at in sample)
    return number.astype(np.uint8), names


def _check_cut(rationale: npt.NDArray[np.uint8], names: tuple[str, ...], whole: bool, place: str) -> None:
    """A last line without an end, whose words are the beginning of another row's, is a file cut off."""
    if whole or not len(rationale):
        return
    last = names[int(rationale[-1])]
    if int((rationale == rationale[-1]).sum()) == 1 and any(each != last and each.startswith(last) for each in names):
        raise SourceError(place, "the file is cut off in this row", "a whole file")
