"""The contract's own claims: one claim, a JSON array, or one claim a line, streamed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from claimwright.claims.readers import Options, Reader, Reject
from claimwright.claims.readers.json_stream import BOM, json_items
from claimwright.claims.readers.records import Record, RecordReader, reject
from claimwright.claims.readers.streams import plain
from claimwright.claims.wire import claim_from_json
from claimwright.errors import InputError

NAME = "json"


def recognises(head: bytes) -> bool:
    """JSON that the formats asked before did not want."""
    return head.removeprefix(BOM).lstrip()[:1] in (b"{", b"[")


def open_reader(path: Path, options: Options) -> Reader:
    """A reader of claims in JSON."""
    return RecordReader(path, options, plain, OurRecords)


class OurRecords:
    """The claims of a stream of JSON."""

    def __init__(self, stream: BinaryIO, name: str, options: Options | None = None) -> None:
        self.stream, self.name = stream, name
        self.counts: Counter[str] = Counter()
        self.notes: list[str] = []

    def __iter__(self) -> Iterator[Record | Reject]:
        """Every claim in order, refused ones with their bytes."""
        for number, item in enumerate(json_items(self.stream, self.name), start=1):
            try:
                claim = claim_from_json(item.raw, item.place, item.root)
            except InputError as refusal:
                yield reject(number, refusal, item.raw)
            except UnicodeDecodeError as error:
                wrong = InputError(item.place, f"byte {error.start} of the record is not UTF-8", "JSON in UTF-8")
                yield reject(number, wrong, item.raw)
            else:
                yield Record(claim, number, item.place if item.root == "$" else f"{item.place}: {item.root}")


RECORDS = OurRecords
"""What reads any stream of this format."""
