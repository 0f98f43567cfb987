"""JSON Schema of the answers, made of the types that hold them: what `claimwright.model.plain` writes, described."""

from __future__ import annotations

import types
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import date
from enum import Enum
from functools import cache
from importlib import import_module
from inspect import cleandoc
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from claimwright.model.plain import WORDS

Schema = dict[str, Any]
REFERENCE = "#/components/schemas/"

_MODULES = ("edition", "finding", "reading", "policy", "coverage", "query", "risk")
_RECORDS = {
    "claimwright.book.hcc_records": ("HccRecord",),
    "claimwright.book.msdrg": ("MsdrgRecord",),
    "claimwright.book.pcs": ("Character",),
    "claimwright.book.policies": ("PolicyListing",),
    "claimwright.book.procedure_record": ("ProcedureRecord",),
}
"""Types that modules name only for type checkers."""

_ATOMS: dict[Any, Schema] = {
    str: {"type": "string"},
    bool: {"type": "boolean"},
    int: {"type": "integer"},
    float: {"type": "number"},
    type(None): {"type": "null"},
    date: {"type": "string", "format": "date"},
    Any: {},
    object: {},
}


class Schemas:
    """Components, each made when a type first asks for it."""

    def __init__(self, given: Mapping[str, Schema]) -> None:
        """`given` are components of others, whose names are taken."""
        self.components: dict[str, Schema] = dict(given)
        self._names: dict[type, str] = {}
        self._special: dict[type, Callable[[Schemas, type], Schema]] = {}
        self._learn()

    def _learn(self) -> None:
        from claimwright.model.asking import Asked
        from claimwright.model.coverage import CriterionAnswer

        self._special = {Asked: _asked, CriterionAnswer: _criterion}

    def of(self, kind: Any) -> Schema:
        """The schema of a type; classes by reference."""
        if isinstance(kind, type) and kind in _ATOMS:
            return dict(_ATOMS[kind])
        if kind is Any:
            return {}
        origin, inside = get_origin(kind), get_args(kind)
        if origin in (Union, types.UnionType):
            return _any_of([self.of(each) for each in inside])
        if origin is Literal:
            return {"enum": list(inside)}
        if origin in (tuple, list, Sequence) or (isinstance(origin, type) and issubclass(origin, list | tuple)):
            return self._array(inside)
        if origin in (dict, Mapping):
            return {"type": "object", "additionalProperties": self.of(inside[1])}
        if kind in (dict, list, tuple):
            return {"type": "object"} if kind is dict else {"type": "array"}
        return self._reference(kind)

    def _array(self, inside: tuple[Any, ...]) -> Schema:
        if (len(inside) == 2 and inside[1] is Ellipsis) or len(inside) == 1:
            return {"type": "array", "items": self.of(inside[0])}
        return {"type": "array", "prefixItems": [self.of(each) for each in inside], "items": False}

    def _reference(self, kind: type) -> Schema:
        if kind not in self._names:
            name = kind.__name__
            if name in self.components:
                name = f"{kind.__module__.rpartition('.')[2].title().replace('_', '')}{name}"
            self._names[kind] = name
            self.components[name] = {}
            self.components[name] = self._component(kind)
        return {"$ref": REFERENCE + self._names[kind]}

    def _component(self, kind: type) -> Schema:
        if issubclass(kind, Enum):
            return {"description": _says(kind), "enum": [each.value for each in kind]}
        special = self._special.get(kind)
        return special(self, kind) if special else self.object_of(kind)

    def object_of(self, kind: type) -> Schema:
        """A dataclass or named tuple as an object; more keys may come with later releases."""
        hints = hints_of(kind)
        if is_dataclass(kind):
            named = {each.name: not each.metadata.get("omit") for each in fields(kind)}
        else:
            named = dict.fromkeys(kind._fields, True)  # type: ignore[attr-defined]
        return {
            "type": "object",
            "description": _says(kind),
            "properties": {WORDS.get(name, name): self.of(hints[name]) for name in named},
            "required": [WORDS.get(name, name) for name, always in named.items() if always],
        }


@cache
def hints_of(kind: type) -> dict[str, Any]:
    """The types of a class's fields, those too that its module imports for type checkers only."""
    own = vars(import_module(kind.__module__))
    known = {name: value for name, value in _known().items() if name not in own}
    return get_type_hints(kind, localns=known)


@cache
def _known() -> dict[str, Any]:
    out: dict[str, Any] = {}
    for name in _MODULES:
        module = import_module(f"claimwright.model.{name}")
        out |= {key: value for key, value in vars(module).items() if isinstance(value, type)}
    for name, wanted in _RECORDS.items():
        module = import_module(name)
        out |= {key: getattr(module, key) for key in wanted}
        out |= {key: value for key, value in vars(module).items() if key[:1].isupper() and isinstance(value, type)}
    return out


def _any_of(parts: list[Schema]) -> Schema:
    return parts[0] if len(parts) == 1 else {"anyOf": parts}


def _says(kind: type) -> str:
    return cleandoc(kind.__doc__ or "").replace("`", "")


def _criterion(schemas: Schemas, kind: type) -> Schema:
    """A node of a tree of criteria; the root answers by the id of each criterion below it as well."""
    out = schemas.object_of(kind)
    hidden = ("counts", "asks", "needed")
    properties = {name: value for name, value in out["properties"].items() if name not in hidden}
    properties["span_text"] = {"type": "string", "description": "The words of the note that decided."}
    required = ["id", "says", "cite", "rule", "state", "facts"]
    return {**out, "properties": properties, "required": required}


def _asked(schemas: Schemas, kind: type) -> Schema:
    """The keys of the coverage stand beside those of the answer."""
    from claimwright.model.coverage import Coverage

    own, covered = schemas.object_of(kind), schemas.object_of(Coverage)
    properties = {**own["properties"], **covered["properties"], "disclaimer": own["properties"]["disclaimer"]}
    del properties["coverage"]
    required = ["question", "understood", "answers", "conflict", "unknown", "answer", "audience", "follow_ups",
                "context", "disclaimer"]  # fmt: skip
    return {"type": "object", "description": own["description"], "properties": properties, "required": required}
