"""The book as tables for a warehouse: what the generated SQL joins, and what stands behind it.

Days are dates, both ends included. Codes have no dots and are in upper case.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from claimwright.book.columns import FLAG_BIT, PROCEDURE_FLAG_BIT, Columns, columns
from claimwright.book.procedures import AOC, HCPCS, MUE, OPPS, PFS, PTP, TableEdition, procedures
from claimwright.book.ptp import FAR
from claimwright.book.store import Book
from claimwright.book.tables import addable
from claimwright.claims.batch import EPOCH
from claimwright.edits.conditions import MOST_YEARS
from claimwright.edits.undirected import UNDIRECTED, joint_classes

RELATIONS = ("moved", "integral-symptoms", "combination-codes")
"""Directed relations over two diagnoses; the undirected ones are in `UNDIRECTED`."""

LICENSED = (PTP, MUE, AOC, PFS, OPPS, HCPCS)
"""Tables of the user that are exported, if they are loaded."""

_LAST = (date.max - EPOCH).days


class Table(NamedTuple):
    """A table by name: what it is, and how it is made."""

    name: str
    says: str
    make: Callable[[Book], pa.Table]


def _days(values: npt.NDArray[Any]) -> pa.Array:
    """Days since 1970 as dates; what lies beyond the calendar is its end."""
    return pa.array(np.clip(values.astype(np.int64), -_LAST, _LAST).astype(np.int32)).cast(pa.date32())


def _codes(values: npt.NDArray[np.bytes_]) -> pa.Array:
    return pa.array([bytes(each).decode("ascii") for each in values.tolist()], pa.string())


def _named(bits: npt.NDArray[np.uint32], names: dict[str, np.uint32]) -> pa.Array:
    """The names of the bits that are set, as a list of texts; each combination is spelled out once."""
    kinds, number = np.unique(bits, return_inverse=True)
    lists = [[name for name, bit in names.items() if kind & int(bit)] for kind in kinds.tolist()]
    return pa.array(lists, pa.list_(pa.string())).take(pa.array(number))


def _registry(book: Book, prefix: str, names: dict[str, np.uint32]) -> pa.Table:
    held = columns(book, book.editions[0].number)
    pointer = held.array(f"{prefix}registry.pointer", shared=True)
    axis = held.array(f"{prefix}codes", shared=True)
    return pa.table(
        {
            "code": _codes(np.repeat(axis, np.diff(pointer))),
            "starts": _days(held.array(f"{prefix}registry.starts", shared=True)),
            "ends": _days(held.array(f"{prefix}registry.ends", shared=True)),
            "flags": _named(held.array(f"{prefix}registry.flags", shared=True), names),
        }
    )


def _edition_days(book: Book) -> pa.Table:
    """The edition that answers on each day: the one in force, else the nearest one that is loaded."""
    window = book.registry_window
    day, last = window.starts, window.ends or date.today()
    rows: list[dict[str, Any]] = []
    while day <= last:
        edition, nearest = book.edition_on(day)
        if not rows or (rows[-1]["edition"], rows[-1]["nearest"]) != (edition.number, nearest):
            rows.append(
                {"edition": edition.number, "name": edition.name, "nearest": nearest, "starts": day, "ends": day}
            )
        rows[-1]["ends"] = day
        day += timedelta(days=1)
    return pa.Table.from_pylist(rows)


def _each(book: Book, make: Callable[[Columns, int], dict[str, pa.Array]]) -> pa.Table:
    """One table over all editions."""
    parts = []
    for edition in book.editions:
        made = make(columns(book, edition.number), edition.number)
        size = len(next(iter(made.values())))
        parts.append(pa.table({"edition": pa.array(np.full(size, edition.number, np.int32)), **made}))
    return pa.concat_tables(parts)


def _nodes(book: Book) -> pa.Table:
    sets = {name: np.uint32(1 << at) for at, name in enumerate(book.manifest["sets"])}

    def made(held: Columns, _: int) -> dict[str, pa.Array]:
        position = held.array("position")
        placed = position >= 0
        at = np.maximum(position, 0)
        low, high = held.array("age_low")[at], held.array("age_high")[at]
        limited = placed & ((low > 0) | (high < MOST_YEARS))
        return {
            "code": _codes(held.array("codes", shared=True)),
            "placed": pa.array(placed),
            "exact": pa.array(held.array("exact").astype(np.bool_)),
            "leaf": pa.array(held.array("leaf")[at] & placed),
            "stem": pa.array(held.array("stem")[at] & placed),
            "sets": _named(np.where(placed, held.array("sets")[at], 0).astype(np.uint32), sets),
            "age_low": pa.array(low.astype(np.int16), mask=~limited),
            "age_high": pa.array(high.astype(np.int16), mask=~limited),
        }

    return _each(book, made)


def _related(held: Columns) -> Iterator[tuple[str, npt.NDArray[Any], npt.NDArray[Any], npt.NDArray[np.bool_]]]:
    """(relation, left class of each place, right class, matrix) of every relation of an edition."""
    for bit, name in enumerate(UNDIRECTED):
        joint = joint_classes(held)
        square = joint.matrix.reshape(joint.width, joint.width)
        yield name, joint.kind, joint.kind, ((square >> bit) & 1).astype(np.bool_)
    for name in RELATIONS:
        pair = held.pair(name)
        yield name, pair.row, pair.column, np.asarray(pair.matrix)


def _classes(book: Book) -> pa.Table:
    def made(held: Columns, _: int) -> dict[str, pa.Array]:
        position = held.array("position")
        placed = np.flatnonzero(position >= 0)
        parts = []
        for name, left, right, matrix in _related(held):
            one, other = left[position[placed]], right[position[placed]]
            lefts, rights = (np.asarray(matrix.any(axis=axis)) for axis in (1, 0))
            used = lefts[one] | rights[other]
            parts.append(
                pa.table(
                    {
                        "relation": pa.array([name] * int(used.sum()), pa.string()),
                        "code": _codes(held.array("codes", shared=True)[placed[used]]),
                        "left_class": pa.array(one[used].astype(np.int32)),
                        "right_class": pa.array(other[used].astype(np.int32)),
                    }
                )
            )
        joined = pa.concat_tables(parts).combine_chunks()
        return {name: joined.column(name).combine_chunks() for name in joined.column_names}

    return _each(book, made)


def _pairs(book: Book) -> pa.Table:
    def made(held: Columns, _: int) -> dict[str, pa.Array]:
        names: list[str] = []
        lefts, rights = [], []
        for name, _left, _right, matrix in _related(held):
            left, right = np.nonzero(matrix)
            names += [name] * len(left)
            lefts.append(left)
            rights.append(right)
        return {
            "relation": pa.array(names, pa.string()),
            "left_class": pa.array(np.concatenate(lefts).astype(np.int32)),
            "right_class": pa.array(np.concatenate(rights).astype(np.int32)),
        }

    return _each(book, made)


def _rows(book: Book, sql: str, schema: list[tuple[str, pa.DataType]]) -> pa.Table:
    rows = book.rows(sql)
    columns_ = zip(*rows, strict=True) if rows else ([] for _ in schema)
    return pa.table({name: _typed(list(values), kind) for (name, kind), values in zip(schema, columns_, strict=True)})


def _typed(values: list[Any], kind: pa.DataType) -> pa.Array:
    if pa.types.is_date(kind):
        values = [date.fromisoformat(each) if each else None for each in values]
    return pa.array(values, kind)


_INT, _TEXT, _DATE, _REAL = pa.int32(), pa.string(), pa.date32(), pa.float64()


def _tree(book: Book) -> pa.Table:
    sql = "SELECT edition, pos, kind, replace(code, '.', ''), title, parent, stop - 1 FROM node ORDER BY edition, pos"
    names = ("edition", "position", "kind", "code", "title", "parent", "last")
    return _rows(book, sql, list(zip(names, (_INT, _INT, _TEXT, _TEXT, _TEXT, _INT, _INT), strict=True)))


def _notes(book: Book) -> pa.Table:
    sql = (
        "SELECT n.edition, n.number, replace(h.code, '.', ''), h.kind, n.kind, s.start, s.stop - 1, n.text "
        "FROM note n JOIN node h ON h.edition = n.edition AND h.pos = n.holder "
        "LEFT JOIN note_reference r ON r.edition = n.edition AND r.note = n.number "
        "LEFT JOIN span s ON s.reference = r.reference ORDER BY n.edition, n.number, r.ordinal, s.start"
    )
    names = ("edition", "note", "holder", "level", "kind", "first", "last", "text")
    return _rows(book, sql, list(zip(names, (_INT, _INT, _TEXT, _TEXT, _TEXT, _INT, _INT, _TEXT), strict=True)))


def _ages(book: Book) -> pa.Table:
    sql = "SELECT name, low, high, starts, coalesce(ends, '9999-12-31') FROM age_range ORDER BY name, starts"
    return _rows(book, sql, [("name", _TEXT), ("low", _INT), ("high", _INT), ("starts", _DATE), ("ends", _DATE)])


def _statuses(book: Book) -> pa.Table:
    held = columns(book, book.editions[0].number)
    status, starts, ends = (held.array(f"discharge.{each}", shared=True) for each in ("status", "starts", "ends"))
    return pa.table({"status": pa.array(status.astype(np.int32)), "starts": _days(starts), "ends": _days(ends)})


TABLES = (
    Table("code", "ICD-10-CM codes with the days on which they are billable and their MCE flags",
          lambda book: _registry(book, "", FLAG_BIT)),
    Table("procedure_code", "ICD-10-PCS codes with the days on which they are valid and their MCE flags",
          lambda book: _registry(book, "pcs.", PROCEDURE_FLAG_BIT)),
    Table("edition_day", "the edition of the tabular list that answers on each day", _edition_days),
    Table("node", "what an edition says of each code: heading, stem, sets, ages by note", _nodes),
    Table("tree", "the tree of each edition in pre-order; `last` is the last position below", _tree),
    Table("note_interval", "notes with the positions they name, both ends included", _notes),
    Table("code_class", "the class of each code in each relation", _classes),
    Table("class_pair", "the classes that stand in a relation; of excludes1 and excludes2 either way", _pairs),
    Table("age_group", "ages of the MCE groups", _ages),
    Table("discharge_status", "discharge statuses that are accepted", _statuses),
)  # fmt: skip
"""Tables that every book has."""


def licensed(book: Book) -> Iterator[tuple[Table, str]]:
    """Tables that the user has loaded, each with the terms that bind it; empty where none do."""
    known = addable()
    for name in LICENSED:
        if procedures(book).editions(name):
            yield Table(name.replace("-", "_"), known[name].title, _LOADED[name]), known[name].terms


def _edited(book: Book, table: str) -> str:
    """The editions of a table as SQL: number, name, setting, window."""
    rows = (
        f"({each.number}, '{each.name}', '{each.setting}', '{each.window.starts}', '{each.window.ends}')"
        for each in procedures(book).editions(table)
    )
    named = "column1 id, column2 name, column3 setting, column4 first, column5 last"
    return f"(SELECT {named} FROM (VALUES {', '.join(rows)}))"


def _loaded(table: str, of: str, fields: dict[str, pa.DataType]) -> Callable[[Book], pa.Table]:
    """How a table of the book is made, with the edition and its days beside each row."""
    heads = {"edition": _TEXT, "setting": _TEXT, "quarter_starts": _DATE, "quarter_ends": _DATE}

    def made(book: Book) -> pa.Table:
        named = ", ".join(f't."{each}"' for each in fields)
        sql = (
            f"SELECT e.name, e.setting, e.first, e.last, {named} FROM {of} t "
            f"JOIN {_edited(book, table)} e ON e.id = t.edition ORDER BY e.id, {named}"
        )
        return _rows(book, sql, [*heads.items(), *fields.items()])

    return made


def _ptp(book: Book) -> pa.Table:
    return pa.concat_tables([_ptp_of(book, each) for each in procedures(book).editions(PTP)])


def _ptp_of(book: Book, edition: TableEdition) -> pa.Table:
    held = procedures(book).ptp_table(edition)
    keys, size = held.keys.astype(np.int64), len(held.codes)
    texts = _codes(held.codes)
    rows = len(keys)
    last = np.where(held.last == FAR, _LAST, held.last)
    constant = {"edition": edition.name, "setting": edition.setting}
    return pa.table(
        {
            **{name: pa.array([value] * rows, _TEXT) for name, value in constant.items()},
            "quarter_starts": pa.array([edition.window.starts] * rows, _DATE),
            "quarter_ends": pa.array([edition.window.ends] * rows, _DATE),
            "column_one": texts.take(pa.array(keys // size)),
            "column_two": texts.take(pa.array(keys % size)),
            "starts": _days(held.effective),
            "ends": _days(last),
            "indicator": pa.array(held.indicator.astype(np.int32)),
            "rationale": pa.array(edition.extra["rationales"], _TEXT).take(pa.array(held.rationale.astype(np.int32))),
        }
    )


_LOADED: dict[str, Callable[[Book], pa.Table]] = {
    PTP: _ptp,
    MUE: _loaded(MUE, "mue", {"code": _TEXT, "units": _INT, "indicator": _INT, "rationale": _TEXT}),
    AOC: _loaded(
        AOC, "add_on",
        {"code": _TEXT, "primary": _TEXT, "type": _INT, "effective": _DATE, "last": _DATE, "instruction": _TEXT},
    ),
    PFS: _loaded(
        PFS, "pfs", {"code": _TEXT, "modifier": _TEXT, "status": _TEXT, "work": _REAL, "total_nonfacility": _REAL,
                     "total_facility": _REAL, "professional_technical": _TEXT, "global_days": _TEXT},
    ),
    OPPS: _loaded(OPPS, "opps", {"code": _TEXT, "status": _TEXT, "apc": _TEXT, "weight": _REAL, "rate": _REAL}),
    HCPCS: _loaded(
        HCPCS, "hcpcs", {"code": _TEXT, "modifier": _INT, "long": _TEXT, "coverage": _TEXT, "added": _DATE,
                         "effective": _DATE, "terminated": _DATE},
    ),
}  # fmt: skip
"""How the tables of the user are made: without any description of a CPT code."""
