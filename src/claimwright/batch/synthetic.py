"""Synthetic claims as a file: Parquet by its ending, one claim a line otherwise."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import numpy as np

from claimwright.batch.generate import SETTINGS, Drawn, Source, claims
from claimwright.batch.output import need_pyarrow, whole_file
from claimwright.book.store import Book
from claimwright.claims.batch import EPOCH
from claimwright.model import dotted

POA = ("Y", "N", "U", "W", None)


def write_claims(book: Book, count: int, seed: int, path: Path) -> None:
    """Write `count` claims; the file appears when it is whole. Errors: `InputError` where it cannot be written."""
    if path.suffix == ".parquet":
        need_pyarrow()
    source = Source(book, seed)
    with whole_file(path) as work:
        if path.suffix == ".parquet":
            _parquet(source, claims(source, count, seed), work)
        else:
            with work.open("w", encoding="ascii") as stream:
                for drawn in claims(source, count, seed):
                    stream.writelines(_lines(source, drawn))


def _parquet(source: Source, drawn: Iterator[Drawn], path: Path) -> None:
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
        ]
    )
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
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
            ]
            held.append(pa.RecordBatch.from_arrays(columns, schema=schema))
            if len(held) == 2:
                writer.write_table(pa.Table.from_batches(held))
                held = []
        if held:
            writer.write_table(pa.Table.from_batches(held))


def _lines(source: Source, drawn: Drawn) -> Iterator[str]:
    for number in range(len(drawn.day)):
        first, last = int(drawn.offsets[number]), int(drawn.offsets[number + 1])
        codes = [dotted(source.texts[each]) for each in drawn.code[first:last].tolist()]
        setting = SETTINGS[int(drawn.setting[number])]
        day = EPOCH + timedelta(days=int(drawn.day[number]))
        indicators = [POA[each] for each in drawn.poa[first:last].tolist()]
        claim = {
            "id": f"S{drawn.first + number + 1:09d}",
            "setting": setting,
            "service_from": str(day),
            "service_to": str(day + timedelta(days=int(drawn.stay[number]))),
            "patient": {"age": int(drawn.age[number]), "sex": "F" if drawn.woman[number] else "M"},
            "diagnoses": [
                {"code": code, "poa": poa} if poa and setting == "inpatient" else code
                for code, poa in zip(codes, indicators, strict=True)
            ],
        }
        yield json.dumps(claim) + "\n"
