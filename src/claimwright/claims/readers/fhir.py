"""FHIR claims: Claim and ExplanationOfBenefit, R4 and STU3, alone, in a Bundle, in an array, or one a line.

Resources are read as plain dictionaries. Those of other types in a Bundle are used where a claim refers to
them (Patient, Coverage, Organization, Condition) and counted; a Bundle's own claims are its records.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO

import msgspec

from claimwright.claims.readers import Options, Reader, Reject
from claimwright.claims.readers.draft import Refused
from claimwright.claims.readers.fhir_claim import KINDS, ResourceReader
from claimwright.claims.readers.json_stream import BOM, Item, json_items
from claimwright.claims.readers.records import Record, RecordReader, reject
from claimwright.claims.readers.streams import plain
from claimwright.errors import InputError

NAME = "fhir"
_MARKS = (b'"resourceType"', b'"diagnosisCodeableConcept"', b'"billablePeriod"')


class _Entry(msgspec.Struct):
    resource: msgspec.Raw = msgspec.Raw(b"null")
    fullUrl: str | None = None  # noqa: N815 - FHIR's name


class _Bundle(msgspec.Struct):
    resourceType: str = ""  # noqa: N815 - FHIR's name
    entry: list[_Entry] = []


_BUNDLE = msgspec.json.Decoder(_Bundle)
_ANY = msgspec.json.Decoder()


def recognises(head: bytes) -> bool:
    """JSON that names a resource type, or keys that only FHIR's claims have."""
    return head.removeprefix(BOM).lstrip()[:1] in (b"{", b"[") and any(each in head for each in _MARKS)


def open_reader(path: Path, options: Options) -> Reader:
    """A reader of FHIR claims."""
    return RecordReader(path, options, plain, FhirRecords)


class FhirRecords:
    """The claims of a stream of FHIR JSON. `counts`: resources of other types, codes left out and why."""

    def __init__(self, stream: BinaryIO, name: str, options: Options | None = None) -> None:
        self.stream, self.name = stream, name
        self.counts: Counter[str] = Counter()
        self.notes: list[str] = []
        self.records = 0

    def __iter__(self) -> Iterator[Record | Reject]:
        """Every claim in order, refused ones with their bytes. Errors: `InputError` when there is none at all."""
        others = 0
        for item in json_items(self.stream, self.name):
            kind = ""
            try:
                value = _ANY.decode(item.raw)
                kind = value.get("resourceType", "") if isinstance(value, dict) else ""
            except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
                yield self._refuse(item, f"not readable as JSON ({error})", "a FHIR resource")
                continue
            if kind == "Bundle":
                yield from self._bundle(item)
            elif kind in KINDS:
                yield self._claim(value, item, f"{item.place}: {_under(item.root, kind)}", {})
            elif kind:
                others += 1
                self.counts["resources that are no claims"] += 1
            else:
                yield self._refuse(item, "no FHIR resource", f"resourceType {' or '.join(KINDS)}")
        if not self.records and others:
            raise InputError(self.name, "FHIR without a claim", f"resources {' or '.join(KINDS)}")

    def _refuse(self, item: Item, problem: str, expected: str) -> Reject:
        self.records += 1
        place = item.place if item.root == "$" else f"{item.place}: {item.root}"
        return reject(self.records, InputError(place, problem, expected), item.raw)

    def _bundle(self, item: Item) -> Iterator[Record | Reject]:
        try:
            entries = _BUNDLE.decode(item.raw).entry
        except msgspec.ValidationError as error:
            yield self._refuse(item, f"Bundle: {str(error)[:120]}", "entries with a resource")
            return
        within: dict[str, Mapping[str, Any]] = {}
        claims = []
        for index, entry in enumerate(entries):
            raw = bytes(entry.resource)
            value = _ANY.decode(raw)
            kind = value.get("resourceType") if isinstance(value, dict) else None
            if kind in KINDS:
                claims.append((index, raw, value, kind))
            elif isinstance(value, dict):
                self.counts["resources that are no claims"] += 1
                within[f"{kind}/{value.get('id')}"] = value
                if entry.fullUrl:
                    within[entry.fullUrl] = value
        for index, raw, value, kind in claims:
            path = f"Bundle.entry[{index}].resource.ofType({kind})"
            yield self._claim(value, Item(raw, item.place), f"{item.place}: {_under(item.root, path)}", within)
        if not claims:
            self.notes.append(f"{item.place}: a Bundle without a claim")

    def _claim(
        self, value: dict[str, Any], item: Item, place: str, within: Mapping[str, Mapping[str, Any]]
    ) -> Record | Reject:
        self.records += 1
        reader = ResourceReader(value, within, self.counts)
        try:
            claim = reader.read()
            charge = reader.charge()
        except Refused as refused:
            where = f"{place}.{refused.field}" if refused.field else place
            return reject(self.records, InputError(where, refused.problem, refused.expected), item.raw)
        return Record(claim, self.records, place, charge=charge)


def _under(root: str, path: str) -> str:
    return path if root == "$" else f"{root}.{path}"


RECORDS = FhirRecords
"""What reads any stream of this format."""
