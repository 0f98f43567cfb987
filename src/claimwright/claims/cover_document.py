"""The document of `cover`: a claim, or a claim with the policies that are to judge it."""

from __future__ import annotations

from typing import Any, NamedTuple

import msgspec

from claimwright.claims.reader import as_text, is_foreign, read_claims, read_some
from claimwright.claims.wire import claim_from_object
from claimwright.errors import InputError
from claimwright.model import Claim


class CoverDocument(NamedTuple):
    """A claim, and the policies that came with it as JSON values (None: those of the book answer)."""

    claim: Claim
    policies: Any | None
    place: str


def read_cover(name: str) -> tuple[list[CoverDocument], bool]:
    """Every document of a file in order, and whether it held several.

    A document is a claim, or `{"policies": [...], "claim": {...}}`; a file as `check` reads it.
    Errors: `InputError` naming file and JSON path.
    """
    return cover_documents(read_some(name), name)


def cover_documents(whole: bytes, name: str) -> tuple[list[CoverDocument], bool]:
    """As `read_cover`, of the bytes of a file of that name."""
    place = "standard input" if name == "-" else name
    if is_foreign(whole):
        claims, several = read_claims(name, whole)
        return [CoverDocument(each, None, place) for each in claims], several
    data = as_text(whole, place)
    value = _decoded(data)
    found = value if isinstance(value, list) else [value]
    if not any(isinstance(each, dict) and "claim" in each for each in found):
        claims, several = read_claims(name, data)
        return [CoverDocument(each, None, place) for each in claims], several
    several = isinstance(value, list)
    return [_document(each, place, f"$[{index}]" if several else "$") for index, each in enumerate(found)], several


def _decoded(data: bytes) -> Any:
    """The document, or those of a file with one a line; None for what is neither: `read_claims` says why."""
    for text in (data, b"[" + b",".join(line for line in data.split(b"\n") if line.strip()) + b"]"):
        try:
            return msgspec.json.decode(text)
        except (msgspec.DecodeError, RecursionError):
            continue
    return None


def _document(value: Any, place: str, root: str) -> CoverDocument:
    if not isinstance(value, dict) or "claim" not in value:
        return CoverDocument(claim_from_object(value, place, root), None, place)
    unknown = next((key for key in value if key not in ("claim", "policies")), None)
    if unknown is not None:
        raise InputError(f"{place}: {root}", f"the key {unknown!r} is unknown", "claim and policies")
    policies = value.get("policies")
    if policies is not None and not isinstance(policies, list):
        raise InputError(f"{place}: {root}.policies", "is not a list", "a list of policies")
    return CoverDocument(
        claim_from_object(value["claim"], place, f"{root}.claim"), policies, f"{place}: {root}.policies"
    )
