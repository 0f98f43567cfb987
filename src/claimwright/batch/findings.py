"""Findings of many claims as columns, and as a table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from claimwright.batch.texts import taken
from claimwright.model import Severity

Places = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Findings:
    """F findings of a batch, in the order of claims, then as a report has them.

    `claim` int64: index in the batch; `rule` int16: number in the catalogue, which is in order of code;
    `rank` int8: rank of the severity; `offsets` int64 [F + 1] into `positions` int32 (from 1) and `codes`
    int32, numbers of `texts`, the codes as findings print them.
    """

    claim: Places
    rule: npt.NDArray[np.int16]
    rank: npt.NDArray[np.int8]
    offsets: Places
    positions: npt.NDArray[np.int32]
    codes: npt.NDArray[np.int32]
    texts: Sequence[str]

    def __len__(self) -> int:
        return len(self.claim)


SEVERITIES = tuple(each.value for each in Severity)


def schema() -> Any:
    """The columns of a file of findings; `record` is the number of the claim's record in `file`, from 1."""
    import pyarrow as pa

    word = pa.dictionary(pa.int32(), pa.string())
    return pa.schema(
        [
            pa.field("claim", pa.string()),
            pa.field("rule", word),
            pa.field("code", word),
            pa.field("severity", word),
            pa.field("positions", pa.list_(pa.int32())),
            pa.field("codes", pa.list_(word)),
            pa.field("file", word),
            pa.field("record", pa.int64()),
        ]
    )


def table(found: Findings, ids: Any, records: Places, file: str, rules: Sequence[tuple[str, str]]) -> Any:
    """The findings as an Arrow record batch; `ids` names the claims, `rules` are (name, code) of the catalogue."""
    import pyarrow as pa

    def words(values: Sequence[str], number: npt.NDArray[np.integer]) -> Any:
        return pa.DictionaryArray.from_arrays(pa.array(number.astype(np.int32)), pa.array(values, pa.string()))

    used, numbers = compact(found.codes, len(found.texts))
    offsets = pa.array(found.offsets.astype(np.int32))
    columns = [
        _names(ids, found.claim),
        words([name for name, _ in rules], found.rule),
        words([code for _, code in rules], found.rule),
        words(SEVERITIES, found.rank),
        pa.ListArray.from_arrays(offsets, pa.array(found.positions)),
        pa.ListArray.from_arrays(offsets, pa.DictionaryArray.from_arrays(pa.array(numbers), taken(found.texts, used))),
        words([file], np.zeros(len(found), np.int32)),
        pa.array(records[found.claim]),
    ]
    return pa.RecordBatch.from_arrays(columns, schema=schema())


def compact(numbers: npt.NDArray[np.int32], size: int) -> tuple[Places, npt.NDArray[np.int32]]:
    """The numbers that occur, and for each number its place among them."""
    held = np.zeros(max(size, 1), dtype=np.bool_)
    held[numbers] = True
    used = np.flatnonzero(held)
    place = np.zeros(len(held), dtype=np.int32)
    place[used] = np.arange(len(used), dtype=np.int32)
    return used, place[numbers]


def _names(ids: Any, claim: Places) -> Any:
    import pyarrow as pa

    if ids is None:
        return pa.nulls(len(claim), pa.string())
    if isinstance(ids, pa.Array | pa.ChunkedArray):
        return ids.take(pa.array(claim)).cast(pa.string())
    used, number = compact(claim.astype(np.int32), int(claim.max(initial=0)) + 1)
    named = [None if (name := ids[each]) is None else str(name) for each in used.tolist()]
    return pa.array(named, pa.string()).take(pa.array(number))
