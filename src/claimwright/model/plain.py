"""Model objects as plain JSON values, in the words of the contract.

A dataclass field may carry `metadata={"json": name}` where the contract's word is a Python
keyword (`from`), or `metadata={"omit": True}` where None or empty leaves the key out.
"""

from __future__ import annotations

import json
from dataclasses import fields, is_dataclass
from datetime import date
from enum import Enum
from typing import Any


def plain(value: Any) -> Any:
    """Dataclasses, enums, dates and containers as dicts, strings and lists."""
    if is_dataclass(value) and not isinstance(value, type):
        return _fields(value)
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return value


def _fields(value: Any) -> dict[str, Any]:
    out: dict[str, Any] = {}
    for each in fields(value):
        item = getattr(value, each.name)
        if each.metadata.get("omit") and not item:
            continue
        out[each.metadata.get("json", each.name)] = plain(item)
    return out


def to_json(value: Any, indent: int | None = 2) -> str:
    """One JSON document; keys in declaration order, so equal input gives equal bytes."""
    return json.dumps(plain(value), indent=indent, ensure_ascii=False)
