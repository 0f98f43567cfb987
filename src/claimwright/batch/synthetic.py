"""Synthetic claims as a file: Parquet by its ending, one claim a line otherwise."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np

from claimwright.batch.generate import PROVIDERS, SETTINGS, Drawn, Source, claims
from claimwright.batch.generate_lines import DrawnLines, LineSource
from claimwright.batch.output import need_pyarrow, whole_file
from claimwright.book.store import Book
from claimwright.claims.batch import EPOCH, offsets_of
from claimwright.model import dotted

POA = ("Y", "N", "U", "W", None)
_PROVIDERS = [f"P{number:04d}" for number in range(1, PROVIDERS + 1)]


def write_claims(book: Book, count: int, seed: int, path: Path, lines: bool = False) -> None:
    """Write `count` claims, with service lines if asked for; the file appears when it is whole.

    Errors: `InputError` where it cannot be written; `BookError` for lines without any table of their codes.
    """
    if path.suffix == ".parquet":
        need_pyarrow()
    source = Source(book, seed)
    services = LineSource(book, seed) if lines else None
    with whole_file(path) as work:
        if path.suffix == ".parquet":
            _parquet(source, services, claims(source, count, seed), work)
        else:
            with work.open("w", encoding="ascii") as stream:
                for drawn in claims(source, count, seed):
                    stream.writelines(_lines(source, services, drawn))


def _parquet(source: Source, services: LineSource | None, drawn: Iterator[Drawn], path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    texts = pa.array(list(map(dotted, source.texts)))
    indicators = pa.array(POA, pa.string())
    schema = pa.schema(
        [
            ("id", pa.string()),
            ("setting", pa.string()),
            ("service_from", pa.date32()),
            ("service_to", pa.date32()),
            ("age", pa.int16()),
            ("sex", pa.string()),
            ("diagnoses", pa.list_(pa.string())),
            ("poa", pa.list_(pa.string())),
            ("charge", pa.float64()),
            ("provider", pa.string()),
            *([("lines", pa.list_(_line_type()))] if services else ()),
        ]
    )
    with pq.ParquetWriter(path, schema, compression="zstd", write_page_checksum=True) as writer:
        held = []
        for each in drawn:
            offsets = pa.array(each.offsets.astype(np.int32))
            inpatient = np.repeat(each.setting == 0, np.diff(each.offsets))
            poa = indicators.take(pa.array(np.where(inpatient, each.poa, len(POA) - 1)))
            columns = [
                pa.array([f"S{each.first + number + 1:09d}" for number in range(len(each.day))]),
                pa.array(SETTINGS).take(pa.array(each.setting)),
                pa.array(each.day).cast(pa.date32()),
                pa.array(each.day + each.stay).cast(pa.date32()),
                pa.array(each.age.astype(np.int16)),
                pa.array(["M", "F"]).take(pa.array(each.woman.astype(np.int8))),
                pa.ListArray.from_arrays(offsets, texts.take(pa.array(each.code))),
                pa.ListArray.from_arrays(offsets, poa),
                pa.array(each.charge),
                pa.array(_PROVIDERS).take(pa.array(each.provider - 1)),
                *([_services(services, each)] if services else ()),
            ]
            held.append(pa.RecordBatch.from_arrays(columns, schema=schema))
            if len(held) == 2:
                writer.write_table(pa.Table.from_batches(held))
                held = []
        if held:
            writer.write_table(pa.Table.from_batches(held))


def _line_type() -> Any:
    import pyarrow as pa

    return pa.struct([("code", pa.string()), ("modifiers", pa.list_(pa.string())), ("units", pa.int32())])


def _services(services: LineSource, drawn: Drawn) -> Any:
    """The lines of a chunk as an Arrow list of structs."""
    import pyarrow as pa

    held = services.lines(drawn)
    given = held.modifier >= 0
    ends = pa.array(offsets_of(given.astype(np.int64)).astype(np.int32))
    named = pa.array(services.modifiers, pa.string()).take(pa.array(held.modifier[given]))
    columns = [
        pa.array(services.texts, pa.string()).take(pa.array(held.code)),
        pa.ListArray.from_arrays(ends, named),
        pa.array(held.units),
    ]
    each = pa.StructArray.from_arrays(columns, fields=list(_line_type()))
    return pa.ListArray.from_arrays(pa.array(held.offsets.astype(np.int32)), each)


def _stated(services: LineSource, held: DrawnLines, at: int) -> dict[str, Any]:
    """A line as `check` reads it."""
    modifier = int(held.modifier[at])
    named = {"modifiers": [services.modifiers[modifier]]} if modifier >= 0 else {}
    return {"code": services.texts[int(held.code[at])], **named, "units": int(held.units[at])}


def _lines(source: Source, services: LineSource | None, drawn: Drawn) -> Iterator[str]:
    held = services.lines(drawn) if services else None
    for number in range(len(drawn.day)):
        first, last = int(drawn.offsets[number]), int(drawn.offsets[number + 1])
        codes = [dotted(source.texts[each]) for each in drawn.code[first:last].tolist()]
        setting = SETTINGS[int(drawn.setting[number])]
        day = EPOCH + timedelta(days=int(drawn.day[number]))
        indicators = [POA[each] for each in drawn.poa[first:last].tolist()]
        claim: dict[str, Any] = {
            "id": f"S{drawn.first + number + 1:09d}",
            "setting": setting,
            "service_from": str(day),
            "service_to": str(day + timedelta(days=int(drawn.stay[number]))),
            "patient": {"age": int(drawn.age[number]), "sex": "F" if drawn.woman[number] else "M"},
            "diagnoses": [
                {"code": code, "poa": poa} if poa and setting == "inpatient" else code
                for code, poa in zip(codes, indicators, strict=True)
            ],
            "provider": _PROVIDERS[int(drawn.provider[number]) - 1],
        }
        if services and held:
            own = range(int(held.offsets[number]), int(held.offsets[number + 1]))
            claim |= {"lines": [_stated(services, held, at) for at in own]} if own else {}
        yield json.dumps(claim) + "\n"
