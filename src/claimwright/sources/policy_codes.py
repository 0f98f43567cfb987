"""Codes as policies write them: services, and diagnoses singly, as wildcards and as ranges."""

from __future__ import annotations

import re

from claimwright.model.codes import CODE_SHAPE, undotted
from claimwright.sources.policy_yaml import At

SERVICE = re.compile(r"[0-9A-Z]{5}\Z")
"""A HCPCS or CPT code."""

_PATTERN = re.compile(r"[A-Z][0-9A-Z]{2,6}-?\Z")


def service_code(at: At) -> str:
    """A HCPCS or CPT code in capital letters."""
    found = at.name().upper()
    if not SERVICE.match(found):
        raise at.wrong(f"is {found!r}", "a HCPCS or CPT code of five characters")
    return found


def code_pattern(at: At) -> str:
    """A diagnosis code, `G56.0-` for a code and all below it, or a range of two codes, without dots."""
    text = at.name().upper().replace(" ", "")
    ends = text.split("-") if not text.endswith("-") and "-" in text else [text]
    shapes = [_PATTERN.match(undotted(each)) for each in ends]
    plain = [each.rstrip("-") for each in ends]
    if len(ends) > 2 or not all(shapes) or not all(CODE_SHAPE.match(each.rstrip(".")) for each in plain):
        raise at.wrong(f"is {at.name()!r}", "an ICD-10-CM code, a wildcard (G56.0-) or a range (M50.1-M50.9)")
    return "-".join(undotted(each) for each in ends)
