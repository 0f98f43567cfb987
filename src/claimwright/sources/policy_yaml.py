"""YAML and JSON read with the line of every key, so that a refusal can name it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from claimwright.errors import ClaimwrightError, InputError, RuleError


class Paper(NamedTuple):
    """A document: its name, the line of every place in it, and whether a user wrote it (exit 2) or we (exit 3)."""

    name: str
    lines: dict[str, int]
    users: bool = False

    def refusal(self, place: str, problem: str, expected: str = "") -> ClaimwrightError:
        """One sentence: place, problem, what was expected."""
        if self.users:
            return InputError(place, problem, expected)
        return RuleError(f"{place}: {problem}" + (f"; expected {expected}" if expected else ""))


class At:
    """A value of a document and where it stands: the document, the path in it."""

    __slots__ = ("paper", "path", "value")

    def __init__(self, value: Any, paper: Paper, path: str = "") -> None:
        self.value, self.paper, self.path = value, paper, path

    def wrong(self, problem: str, expected: str = "") -> ClaimwrightError:
        """The refusal of this value, by file, line and place."""
        lines = self.paper.lines
        path = self.path
        while path and path not in lines:
            path = path.rpartition(".")[0] if not path.endswith("]") else path[: path.rindex("[")]
        line = lines.get(path)
        place = f"{self.paper.name}:{line}" if line else self.paper.name
        return self.paper.refusal(f"{place}: {self.path.lstrip('.')}" if self.path else place, problem, expected)

    def keys(self, required: str, optional: str = "") -> None:
        """Refuse anything but a mapping with these keys (separated by blanks)."""
        if not isinstance(self.value, dict):
            raise self.wrong("is not a mapping", f"the keys {required}")
        need, may = required.split(), optional.split()
        for key in self.value:
            if key not in need and key not in may:
                raise self.child(str(key)).wrong("is an unknown key", f"one of {', '.join([*need, *may])}")
        for key in need:
            if key not in self.value:
                raise self.wrong(f"lacks the key {key!r}")

    def child(self, key: str) -> At:
        """The value of one key; None where the key is absent."""
        value = self.value.get(key) if isinstance(self.value, dict) else None
        return At(value, self.paper, f"{self.path}.{key}")

    def has(self, key: str) -> bool:
        """Is the key there, with a value?"""
        return isinstance(self.value, dict) and self.value.get(key) is not None

    def items(self) -> Iterator[At]:
        """The entries of a list; none for an absent one."""
        if self.value is None:
            return
        if not isinstance(self.value, list):
            raise self.wrong("is not a list")
        for index, value in enumerate(self.value):
            yield At(value, self.paper, f"{self.path}[{index}]")

    def text(self, key: str, otherwise: str | None = None) -> str:
        """A text that is not empty; `otherwise` where the key is absent."""
        at = self.child(key)
        if at.value is None and otherwise is not None:
            return otherwise
        return at.as_text()

    def as_text(self) -> str:
        """This value as a text that is not empty."""
        if not isinstance(self.value, str) or not self.value.strip():
            raise self.wrong(f"is {_kind(self.value)}", "a text")
        return self.value

    def name(self) -> str:
        """A text, or a number that YAML made of one (`95907`, `1`)."""
        if isinstance(self.value, int) and not isinstance(self.value, bool):
            return str(self.value)
        return self.as_text().strip()

    def names(self, key: str) -> tuple[str, ...]:
        """A list of names, each once; empty where the key is absent."""
        found = tuple(each.name() for each in self.child(key).items())
        twice = next((each for index, each in enumerate(found) if each in found[:index]), None)
        if twice is not None:
            raise self.child(key).wrong(f"lists {twice!r} twice")
        return found

    def choice(self, key: str, choices: tuple[str, ...], otherwise: str | None = None) -> str:
        """One of a few words."""
        found = self.text(key, otherwise)
        if found not in choices:
            raise self.child(key).wrong(f"is {found!r}", f"one of {', '.join(choices)}")
        return found

    def number(self, key: str) -> float | None:
        """A number; None where the key is absent."""
        at = self.child(key)
        if at.value is None:
            return None
        if isinstance(at.value, bool) or not isinstance(at.value, int | float):
            raise at.wrong(f"is {_kind(at.value)}", "a number")
        return at.value


def _kind(value: Any) -> str:
    if value is None:
        return "missing"
    if isinstance(value, str):
        return "an empty text"
    names = {dict: "a mapping", list: "a list", bool: "true or false", int: "a number", float: "a number"}
    return names.get(type(value), f"a {type(value).__name__}")


def read_document(file: Path, users: bool = False) -> At:
    """The one document of a YAML or JSON file.

    Errors: `RuleError`, or `InputError` for a file of the `users`, where it is neither or repeats a key.
    """
    paper = Paper(str(file) if users else file.name, {}, users)
    try:
        text = file.read_text(encoding="utf-8-sig")
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8"
        raise paper.refusal(paper.name, f"cannot be read ({reason})", "a policy") from None
    return document(text, paper.name, users)


def document(text: str, name: str, users: bool = False) -> At:
    """The one document of a text; see `read_document`. JSON is YAML as far as policies go."""
    paper = Paper(name, {}, users)
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        if node is None:
            raise paper.refusal(name, "the file is empty", "a policy")
        value = _value(node, "", paper, yaml.SafeLoader(""), set())
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f"{name}:{mark.line + 1}" if mark else name
        raise paper.refusal(place, f"not readable as YAML ({getattr(error, 'problem', error)})") from None
    except (RecursionError, ValueError):  # ValueError: a day that does not exist
        raise paper.refusal(name, "is nested too deeply, or holds a day that does not exist") from None
    return At(value, paper)


def of_object(value: Any, name: str) -> At:
    """A document that is read already, part of a claim's document: places without lines."""
    return At(value, Paper(name, {}, users=True))


def _value(node: yaml.Node, path: str, paper: Paper, loader: yaml.SafeLoader, seen: set[int]) -> Any:
    paper.lines[path] = node.start_mark.line + 1
    if isinstance(node, yaml.MappingNode | yaml.SequenceNode):
        if id(node) in seen:  # a text of a few lines could unfold into millions of nodes
            raise paper.refusal(f"{paper.name}:{node.start_mark.line + 1}", "an alias repeats a part of the document")
        seen.add(id(node))
    if isinstance(node, yaml.MappingNode):
        out: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key = str(loader.construct_object(key_node, deep=True))
            line = key_node.start_mark.line + 1
            if key in out:
                raise paper.refusal(f"{paper.name}:{line}", f"the key {key!r} stands twice")
            out[key] = _value(value_node, f"{path}.{key}", paper, loader, seen)
            paper.lines[f"{path}.{key}"] = line
        return out
    if isinstance(node, yaml.SequenceNode):
        return [_value(each, f"{path}[{index}]", paper, loader, seen) for index, each in enumerate(node.value)]
    return loader.construct_object(node, deep=True)
