"""Model objects as plain JSON values, in the words of the contract.

A dataclass field may carry `metadata={"omit": True}` where None or empty leaves the key out. A dataclass with
a method `as_plain` says itself what it is as JSON.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from datetime import date
from enum import Enum
from operator import attrgetter, methodcaller
from typing import Any

WORDS = {"starts": "from", "ends": "to", "operating": "or"}
"""The contract's word for a field where that is a Python keyword, or the pair of one."""


_ATOMS = frozenset((str, int, float, bool, type(None)))
_Plan = Callable[[Any], Any]
_PLANS: dict[type, _Plan] = {}
"""How the values of each type become plain, found out once: a report has hundreds of values of a dozen types."""


def plain(value: Any) -> Any:
    """Dataclasses, named tuples, enums, dates and containers as dicts, strings and lists."""
    kind = type(value)
    if kind in _ATOMS:
        return value
    plan = _PLANS.get(kind)
    if plan is None:
        plan = _PLANS[kind] = _plan(kind)
    return plan(value)


def _plan(kind: type) -> _Plan:
    if is_dataclass(kind):
        return _own if hasattr(kind, "as_plain") else _fields(kind)
    if issubclass(kind, Enum):
        return attrgetter("value")
    if issubclass(kind, date):
        return methodcaller("isoformat")
    if issubclass(kind, dict):
        return _mapping
    if issubclass(kind, tuple) and hasattr(kind, "_fields"):
        keys = tuple(WORDS.get(name, name) for name in kind._fields)
        return lambda value: {key: plain(item) for key, item in zip(keys, value, strict=True)}
    if issubclass(kind, list | tuple):
        return _sequence
    return _itself


def _own(value: Any) -> Any:
    return value.as_plain()


def _mapping(value: dict[Any, Any]) -> dict[Any, Any]:
    return {key: plain(item) for key, item in value.items()}


def _sequence(value: Any) -> list[Any]:
    return [plain(item) for item in value]


def _itself(value: Any) -> Any:
    return value


def _fields(kind: type) -> _Plan:
    """Of a dataclass: every field under its word, without the empty ones that may be left out."""
    held = fields(kind)
    keys = tuple(WORDS.get(each.name, each.name) for each in held)
    omitted = tuple(bool(each.metadata.get("omit")) for each in held)
    values = _values(tuple(each.name for each in held))

    def with_all(value: Any) -> dict[str, Any]:
        return {
            key: item if type(item) in _ATOMS else plain(item) for key, item in zip(keys, values(value), strict=True)
        }

    def with_some(value: Any) -> dict[str, Any]:
        return {
            key: item if type(item) in _ATOMS else plain(item)
            for key, item, omit in zip(keys, values(value), omitted, strict=True)
            if item or not omit
        }

    return with_some if any(omitted) else with_all


def _values(names: tuple[str, ...]) -> Callable[[Any], tuple[Any, ...]]:
    """Reads these attributes at once; `attrgetter` gives a tuple only of two and more."""
    if len(names) > 1:
        return attrgetter(*names)
    return lambda value: tuple(getattr(value, name) for name in names)


def to_json(value: Any, indent: int | None = 2) -> str:
    """One JSON document; keys in declaration order, so equal input gives equal bytes."""
    return json.dumps(plain(value), indent=indent, ensure_ascii=False)
