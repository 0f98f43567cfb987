"""Claims from a file: one claim, a JSON array, or one claim a line; `-` is standard input.

X12 837, FHIR claims and CSV, plain or packed, are told by their content and read by `claims.readers`.
"""

from __future__ import annotations

import io
from collections.abc import Iterator

import msgspec

from claimwright.claims.text_file import BOM, in_utf8, place_of, read_bytes
from claimwright.claims.wire import claim_from_json, not_json
from claimwright.errors import InputError
from claimwright.model import Claim

MOST_BYTES = 256 * 1024 * 1024
"""What `check` reads at once. Larger files are for a scan, which streams."""


_FHIR = (b'"resourceType"', b'"diagnosisCodeableConcept"', b'"billablePeriod"')
"""Keys by which JSON is FHIR and not a claim of the contract, which has none of them."""


def read_text(name: str) -> bytes:
    """The bytes of a file, or of standard input, without blanks around them; UTF-8 for certain."""
    place = place_of(name)
    return as_text(_bytes(name), place)


def as_text(data: bytes, place: str) -> bytes:
    """Bytes of a file that is no foreign format as `read_text` gives them. Errors: `InputError` if not UTF-8."""
    return _utf8(data, place).strip()


def read_claims(name: str, text: bytes | None = None, notes: list[str] | None = None) -> tuple[list[Claim], bool]:
    """All claims of a file in order, and whether the file held several (an array, lines, more than one record).

    `text` is what `read_text` gave, where that has been read already; `notes` is added to what a reader has to
    say of the file, such as delimiters that had to be guessed.
    Errors: `InputError` naming file, line or segment, path, value and what was expected.
    """
    place = place_of(name)
    data = _bytes(name) if text is None else text
    if is_foreign(data):
        return _foreign(data, place, notes)
    data = as_text(data, place)
    if not data:
        raise InputError(place, "the file is empty", "a claim as JSON")
    if data[:1] == b"[":
        return list(_array(data, place)), True
    if data[:1] != b"{":
        start = data[:12].decode("utf-8", "replace").split("\n")[0]
        raise InputError(place, f"starts with {start!r}", "a claim as JSON: { or [")
    lines = data.split(b"\n")
    if len(lines) > 1 and _whole(lines[0]):
        return list(_lines(lines, place)), True
    return [claim_from_json(data, place)], False


def read_some(name: str) -> bytes:
    """The bytes of a file or of standard input as they are. Errors: `InputError` when it cannot be read."""
    return _bytes(name)


def is_foreign(data: bytes) -> bool:
    """Is this X12, FHIR, CSV or packed, by its content, and not a claim as the contract has it?"""
    from claimwright.claims.readers import HEAD

    head = data[:HEAD]
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()[:1]
    if start in (b"{", b"["):
        return any(each in head for each in _FHIR)
    return bool(start) and _reads(head)


def _reads(head: bytes) -> bool:
    from claimwright.claims.readers.streams import records_of

    try:
        records_of(head, "", packed=True)
    except InputError:
        return head.startswith(b"PAR1")
    return True


def _foreign(data: bytes, place: str, notes: list[str] | None) -> tuple[list[Claim], bool]:
    from claimwright.claims.readers import HEAD, Reject
    from claimwright.claims.readers.streams import records_of

    records = records_of(data[:HEAD], place, packed=True)(io.BytesIO(data), place)
    claims: list[Claim] = []
    for each in records:
        if isinstance(each, Reject):
            raise each.error
        claims.append(each.claim)
    if not claims:
        raise InputError(place, "holds no claim", "at least one")
    if notes is not None:
        notes.extend(records.notes)
    return claims, len(claims) > 1


def _utf8(data: bytes, place: str) -> bytes:
    in_utf8(data, place, "JSON in UTF-8")
    return data.removeprefix(BOM)


def _bytes(name: str) -> bytes:
    return read_bytes(name, MOST_BYTES, "a file of claims", "a smaller file; split it by claim")


def _whole(line: bytes) -> bool:
    """Is this line a JSON object by itself? Then the file is one claim a line."""
    try:
        return isinstance(msgspec.json.decode(line), dict)
    except (msgspec.DecodeError, RecursionError):
        return False


def _array(data: bytes, place: str) -> Iterator[Claim]:
    try:
        items = msgspec.json.decode(data, type=list[msgspec.Raw])
    except (msgspec.DecodeError, RecursionError) as error:
        raise not_json(place, error) from None
    if not items:
        raise InputError(place, "the array is empty", "at least one claim")
    for index, item in enumerate(items):
        yield claim_from_json(bytes(item), place, f"$[{index}]")


def _lines(lines: list[bytes], place: str) -> Iterator[Claim]:
    for number, line in enumerate(lines, start=1):
        if line.strip():
            yield claim_from_json(line, f"{place}: line {number}")
