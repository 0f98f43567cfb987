"""Questions from a file, to be checked: plain text, or YAML or JSON with `text`, `options` and `title`.

YAML or JSON holds one mapping, a list of mappings or strings, or a mapping with a list under `queries` or `questions`.
Plain text is one question; a line of three or more dashes begins another. Lines that begin with a box, a
dash or a letter in brackets are the answers offered, as is what follows "Options:".
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from claimwright.claims.text_file import in_utf8, not_blank, place_of, read_bytes
from claimwright.errors import InputError

MOST_BYTES = 4 * 1024 * 1024
MOST_CHARACTERS = 100_000
"""Of one question; a question longer than that is no question."""

_KEYS = frozenset({"id", "name", "title", "text", "question", "options"})
_EXTRA = frozenset({"ok", "why", "breaks", "to", "evidence", "settles", "check", "each"})
_LISTS = ("questions", "queries")
_ANSWER = re.compile(r"^\s*(?:\[\s?[xX]?\s?\]|[☐□○◯•*]|-(?!-)|\(?[a-hA-H1-9][.)])\s+(?P<answer>\S.*)$")
_OPTIONS = re.compile(r"^\s*(?:options|answers|choices|responses?)\s*:\s*(?P<rest>.*)$", re.IGNORECASE)
_RULE = re.compile(r"^-{3,}\s*$", re.MULTILINE)


class QueryInFile(NamedTuple):
    """One question as the file has it; `name` tells it from the others."""

    name: str | None
    title: str
    text: str
    options: tuple[str, ...]


def read_queries(name: str) -> list[QueryInFile]:
    """All questions of a file (- is standard input), in order. Errors: `InputError` naming file and place."""
    place = place_of(name)
    text = _content(name, place)
    suffix = Path(name).suffix.lower()
    if suffix in (".yaml", ".yml"):
        return _all_of(_yaml(text, place), place)
    if suffix == ".json" or text.lstrip()[:1] in ("{", "["):
        data = _json(text, place, suffix == ".json")
        if data is not None:
            return _all_of(data, place)
    parts = [part for part in _RULE.split(text) if part.strip()]
    return [_plain(part, str(number) if len(parts) > 1 else None, place) for number, part in enumerate(parts, start=1)]


def _content(name: str, place: str) -> str:
    data = read_bytes(name, MOST_BYTES, "a file of questions", "a smaller file of questions")
    return not_blank(in_utf8(data, place), place, "the text of a question")


def _yaml(text: str, place: str) -> Any:
    try:
        return yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        line = f": line {mark.line + 1}" if mark else ""
        raise InputError(f"{place}{line}", "not readable as YAML", "questions with text and options") from None


def _json(text: str, place: str, must: bool) -> Any:
    """The document; None for text that only begins like one ("[ ] Left …")."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        if not must:
            return None
        line = f": line {error.lineno}" if isinstance(error, json.JSONDecodeError) else ""
        raise InputError(f"{place}{line}", "not readable as JSON", "questions with text and options") from None


def _all_of(data: Any, place: str) -> list[QueryInFile]:
    if isinstance(data, Mapping):
        held = next((key for key in _LISTS if key in data), None)
        if held is None:
            return [_one(data, place, "$")]
        data, path = data[held], f"$.{held}"
    else:
        path = "$"
    if not isinstance(data, list):
        raise InputError(f"{place}: {path}", f"found {type(data).__name__}", "a question with text, or a list of them")
    if not data:
        raise InputError(f"{place}: {path}", "the list is empty", "at least one question")
    if all(isinstance(each, Mapping) and "text" not in each and any(key in each for key in _LISTS) for each in data):
        return [one for each in data for one in _all_of(each, place)]  # the answers for several claims
    return [_one(each, place, f"{path}[{number}]", str(number + 1)) for number, each in enumerate(data)]


def _one(entry: Any, place: str, path: str, name: str | None = None) -> QueryInFile:
    if isinstance(entry, str):
        return _plain(entry, name, f"{place}: {path}")
    if not isinstance(entry, Mapping):
        raise InputError(f"{place}: {path}", f"found {type(entry).__name__}", "a mapping with text and options")
    unknown = sorted(str(key) for key in entry if key not in _KEYS | _EXTRA)
    if unknown:
        raise InputError(f"{place}: {path}.{unknown[0]}", "unknown key", ", ".join(sorted(_KEYS)))
    text = _string(entry, "text", place, path) or _string(entry, "question", place, path)
    if not text.strip():
        raise InputError(f"{place}: {path}.text", "missing or empty", "the text of the question")
    options = entry.get("options")
    if options is None:
        options = []
    if not isinstance(options, list) or not all(isinstance(each, str | bool) for each in options):
        raise InputError(f"{place}: {path}.options", "not a list of texts", "a list of texts, such as [Left, Right]")
    # YAML reads a bare Yes or No as true or false.
    answers = tuple({True: "Yes", False: "No"}[each] if isinstance(each, bool) else each for each in options)
    title = _string(entry, "title", place, path)
    called = entry.get("id") or entry.get("name") or name
    return _whole(
        QueryInFile(str(called) if called is not None else None, title, text, answers), f"{place}: {path}.text"
    )


def _string(entry: Mapping[Any, Any], key: str, place: str, path: str) -> str:
    value = entry.get(key)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise InputError(f"{place}: {path}.{key}", f"found {type(value).__name__}", "a text")
    return value


def _plain(text: str, name: str | None, place: str) -> QueryInFile:
    kept: list[str] = []
    answers: list[str] = []
    offering = False
    for line in text.strip().splitlines():
        if listed := _OPTIONS.match(line):
            offering = True
            answers += [each.strip() for each in re.split(r"[;|]", listed["rest"]) if each.strip()]
        elif (found := _ANSWER.match(line)) and (offering or _asked(kept)):
            answers.append(found["answer"].strip())
        elif offering and line.strip() and not answers:
            answers += [each.strip() for each in re.split(r"[;|]", line) if each.strip()]
        else:
            kept.append(line)
    body = "\n".join(kept).strip()
    if not body:
        raise InputError(place, "no text beside the answers", "the text of a question")
    return _whole(QueryInFile(name, "", body, tuple(answers)), place)


def _asked(lines: Iterator[str] | list[str]) -> bool:
    """Has the question been asked above? A list before it shows indicators, a list after it answers."""
    return any("?" in line or re.search(r"\bplease\b|\bclarify\b|\bspecify\b", line, re.IGNORECASE) for line in lines)


def _whole(query: QueryInFile, place: str) -> QueryInFile:
    if len(query.text) > MOST_CHARACTERS:
        raise InputError(place, f"{len(query.text)} characters", f"at most {MOST_CHARACTERS}")
    return query
