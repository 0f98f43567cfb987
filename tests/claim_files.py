"""Claim files of our own, and ways to read them in tests."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from claimwright.claims.readers import Reject
from claimwright.claims.readers.records import Record
from claimwright.claims.readers.x12 import X12Records

FOLDER = Path(__file__).parent / "mini" / "claims"
SHARED = Path(__file__).parents[2] / "shared" / "data"
PROFESSIONAL = (FOLDER / "professional.837").read_bytes()
INSTITUTIONAL = (FOLDER / "institutional.837").read_bytes()


def x12(data: bytes, name: str = "f") -> tuple[list[Record], list[Reject], X12Records]:
    """(accepted, refused, reader) of an 837."""
    records = X12Records(io.BytesIO(data), name)
    accepted: list[Record] = []
    refused: list[Reject] = []
    for each in records:
        (refused.append if isinstance(each, Reject) else accepted.append)(each)  # type: ignore[operator]
    assert [each.number for each in sorted((*accepted, *refused), key=lambda each: each.number)] == list(
        range(1, len(accepted) + len(refused) + 1)
    )
    counts = records.counts
    kinds = ("segments used", "segments kept", "segments rejected")
    assert counts["segments"] == sum(counts[each] for each in kinds) == records.segments
    return accepted, refused, records


def shared(folder: str) -> Path:
    """A folder of the shared data, or skip."""
    found = SHARED / folder
    if not found.is_dir():
        pytest.skip(f"shared data not present: {folder}")
    return found
