"""Model objects as plain JSON values, in the words of the contract.

A dataclass field may carry `metadata={"omit": True}` where None or empty leaves the key out. A dataclass with
a method `as_plain` says itself what it is as JSON.
"""

from __future__ import annotations

import json
from dataclasses import fields, is_dataclass
from datetime import date
from enum import Enum
from typing import Any

WORDS = {"starts": "from", "ends": "to", "operating": "or"}
"""The contract's word for a field where that is a Python keyword, or the pair of one."""


def plain(value: Any) -> Any:
    """Dataclasses, named tuples, enums, dates and containers as dicts, strings and lists."""
    if is_dataclass(value) and not isinstance(value, type):
        own = getattr(value, "as_plain", None)
        return own() if own else _fields(value)
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return {WORDS.get(name, name): plain(item) for name, item in zip(value._fields, value, strict=True)}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return value


def _fields(value: Any) -> dict[str, Any]:
    out: dict[str, Any] = {}
    for each in fields(value):
        item = getattr(value, each.name)
        if each.metadata.get("omit") and not item:
            continue
        out[WORDS.get(each.name, each.name)] = plain(item)
    return out


def to_json(value: Any, indent: int | None = 2) -> str:
    """One JSON document; keys in declaration order, so equal input gives equal bytes."""
    return json.dumps(plain(value), indent=indent, ensure_ascii=False)
