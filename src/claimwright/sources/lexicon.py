"""Our own dated data: lexicons (YAML lists of rows) and citations (YAML, one source a file).

Strict: a key that is not known, a row that lacks one, or a key written twice is a `RuleError`
naming the file and the row.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from claimwright.errors import RuleError
from claimwright.sources.installed import shipped

try:
    from yaml import CSafeLoader as _SafeLoader
except ImportError:  # PyYAML without libyaml reads the same, seven times slower
    from yaml import SafeLoader as _SafeLoader  # type: ignore[assignment]

ROW_KEYS: dict[str, tuple[frozenset[str], frozenset[str]]] = {
    "acute-conditions": (frozenset({"kind", "words"}), frozenset()),
    "ambiguous-short-forms": (frozenset({"short", "ours"}), frozenset({"capitals", "needs", "bars", "also"})),
    "assertion-triggers": (
        frozenset({"triggers"}),
        frozenset(
            {"status", "statuses", "kind", "direction", "scope", "comma", "acute_only", "not_chronic", "leaning"}
        ),
    ),
    "documentation-words": (frozenset({"kind", "words"}), frozenset()),
    "facts": (
        frozenset({"fact", "says", "kind", "terms"}),
        frozenset({"absent_terms", "narrower", "unit", "source"}),
    ),
    "near-terms": (frozenset({"near", "term", "says"}), frozenset({"ours", "source"})),
    "nonessential-words": (frozenset({"beside", "words", "path"}), frozenset()),
    "note-sections": (
        frozenset({"section", "headers"}),
        frozenset({"rank", "status", "acute_only", "candidates", "final"}),
    ),
    "note-stop-terms": (frozenset({"term"}), frozenset({"head"})),
    "note-times": (frozenset({"kind"}), frozenset({"words", "means", "value", "per_week", "of"})),
    "uncertain-diagnosis": (
        frozenset({"kind", "source"}),
        frozenset({"settings", "section", "coded", "says", "words", "codes"}),
    ),
    "integral-symptoms": (
        frozenset({"symptom", "diagnosis", "relation", "source", "quote", "clinical"}),
        frozenset(),
    ),
    "adverse-effects": (frozenset({"drug", "code", "path"}), frozenset()),
    "index-terms": (frozenset({"term", "code", "path"}), frozenset()),
    "code-sets": (frozenset({"set", "codes", "says"}), frozenset({"cite", "needs"})),
    "abbreviations": (frozenset({"short", "means"}), frozenset({"beyond", "capitals", "ours", "source"})),
    "age-limits": (frozenset({"codes", "low", "high", "holder", "text"}), frozenset({"instead"})),
    "msdrg-versions": (frozenset({"version", "name", "starts", "ends"}), frozenset()),
    "opps-status": (frozenset({"status", "paid", "says", "source"}), frozenset({"covered"})),
    "ncci-settings": (frozenset({"setting", "value", "says"}), frozenset()),
    "ncci-modifiers": (frozenset({"modifiers", "says"}), frozenset({"source", "column_2_until"})),
    "cpt-modifiers": (frozenset({"modifiers", "source"}), frozenset()),
    "modifier-rules": (
        frozenset({"modifiers", "says", "ask", "source"}),
        frozenset({"others", "column", "values"}),
    ),
    "fee-status": (frozenset({"status", "says", "source"}), frozenset({"means", "covered"})),
    "modifier-sides": (frozenset({"modifiers", "side", "source"}), frozenset()),
    "lay-terms": (frozenset({"lay", "means"}), frozenset({"ours", "source"})),
    "word-forms": (frozenset({"form", "base", "kind"}), frozenset({"ours", "source"})),
    "manual-rules": (
        frozenset({"set", "codes", "says"}),
        frozenset({"studies", "instead", "table", "source"}),
    ),
    "combination-codes": (frozenset({"first", "second", "combined", "says", "cite"}), frozenset({"replaces"})),
    "hcc-groups": (frozenset({"model", "group", "hccs", "says"}), frozenset()),
    "hcc-interactions": (frozenset({"model", "variable", "all"}), frozenset({"when"})),
    "hcc-exceptions": (frozenset({"model", "hccs", "says"}), frozenset({"unless_any"})),
    "hcc-segments": (frozenset({"model", "segment", "scores", "says"}), frozenset()),
    "eponyms": (frozenset({"eponym", "means"}), frozenset({"ours", "source"})),
    "hcc-demographics": (frozenset({"model", "pattern", "says"}), frozenset({"unscored"})),
    "audience-words": (frozenset({"key", "patient", "coder", "clinician", "payer"}), frozenset()),
    "question-words": (frozenset({"kind", "words"}), frozenset({"topic", "strong", "says", "instead"})),
    "contractors": (frozenset({"contractor", "says", "states", "words"}), frozenset({"source"})),
    "payers": (frozenset({"payer", "says", "words"}), frozenset({"source"})),
    "service-families": (frozenset({"family", "says", "codes", "words"}), frozenset({"source"})),
    "states": (frozenset({"state", "says"}), frozenset({"words", "source"})),
    "query-checklists": (
        frozenset({"group", "kinds", "to", "ask"}),
        frozenset({"ask_one", "ask_length", "ask_reported", "another", "each", "none"}),
    ),
    "query-forms": (frozenset({"form", "rules", "to", "ask", "offer"}), frozenset({"also", "options"})),
    "query-indicators": (frozenset({"indicator", "says", "terms"}), frozenset({"lines", "procedures", "source"})),
    "query-labels": (frozenset({"fact"}), frozenset({"label", "group", "ask"})),
    "query-rules": (frozenset({"name", "says"}), frozenset({"words", "unless"})),
    "query-triggers": (
        frozenset({"trigger", "says", "ask"}),
        frozenset(
            {
                "codes",
                "mentions",
                "title",
                "sign",
                "settings",
                "with",
                "unless",
                "options",
                "from",
                "siblings",
                "show",
                "among",
                "least",
                "source",
            }
        ),
    ),
}
"""Required and optional keys of a row, by lexicon."""

_HEAD = frozenset({"lexicon", "says", "reviewed", "sources", "source", "rows"})


class _StrictLoader(_SafeLoader):
    """SafeLoader keeps the last of two equal keys in silence; this one refuses them.

    Only for files that are shipped: libyaml has no end to how deep a file may be nested, the stack has.
    """

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        """As SafeLoader, but a repeated key is an error that tells its line."""
        seen: set[Any] = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if key in seen:
                line = key_node.start_mark.line + 1
                raise RuleError(f"{key_node.start_mark.name}:{line}: the key {key!r} stands twice")
            seen.add(key)
        return super().construct_mapping(node, deep)


@dataclass(frozen=True, slots=True)
class Lexicon:
    """One lexicon file: what it says of itself, its sources, its rows."""

    name: str
    says: str
    reviewed: str
    sources: dict[str, dict[str, Any]]
    rows: tuple[dict[str, Any], ...]
    file: Path


def load_yaml(file: Path) -> Any:
    """One YAML document without repeated keys; `RuleError` names file and line."""
    try:
        with file.open(encoding="utf-8") as stream:
            return yaml.load(stream, Loader=_StrictLoader)  # noqa: S506 - a SafeLoader
    except OSError as error:
        raise RuleError(f"{file}: cannot be read ({error.strerror})") from None
    except UnicodeDecodeError as error:
        raise RuleError(f"{file}: byte {error.start} is not UTF-8") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f":{mark.line + 1}" if mark else ""
        raise RuleError(f"{file}{line}: not readable as YAML ({getattr(error, 'problem', error)})") from None


def read_lexicon(file: Path) -> Lexicon:
    """One lexicon, every row checked against `ROW_KEYS`."""
    data = load_yaml(file)
    name = file.stem
    if not isinstance(data, dict) or data.get("lexicon") != name:
        raise RuleError(f"{file}: expected a mapping with `lexicon: {name}`")
    if name not in ROW_KEYS:
        raise RuleError(f"{file}: unknown lexicon; known are {', '.join(sorted(ROW_KEYS))}")
    unknown = set(data) - _HEAD
    if unknown:
        raise RuleError(f"{file}: unknown key {sorted(unknown)[0]!r}; allowed are {', '.join(sorted(_HEAD))}")
    for key, kind in (("says", str), ("reviewed", object), ("rows", list)):
        if not isinstance(data.get(key), kind) or data[key] is None:
            raise RuleError(f"{file}: the key {key!r} is missing or not as expected")
    required, optional = ROW_KEYS[name]
    sources = data.get("sources") or {}
    if not isinstance(sources, dict):
        raise RuleError(f"{file}: `sources` must be a mapping of names to sources")
    for number, row in enumerate(data["rows"], start=1):
        if not isinstance(row, dict):
            raise RuleError(f"{file}: row {number}: expected a mapping ({row!r})")
        wrong = (required - set(row)) | (set(row) - required - optional)
        if wrong:
            raise RuleError(f"{file}: row {number}: key {sorted(wrong)[0]!r} is missing or unknown ({row})")
        if "source" in row and row["source"] not in sources:
            raise RuleError(f"{file}: row {number}: source {row['source']!r} is not defined")
    return Lexicon(name, data["says"], str(data["reviewed"]), sources, tuple(data["rows"]), file)


def lexicon(name: str) -> Lexicon:
    """One shipped lexicon; `RuleError` when there is none of this name."""
    return read_lexicon(shipped("lexicons") / f"{name}.yaml")


def lexicons() -> tuple[Lexicon, ...]:
    """Every shipped lexicon, by name."""
    return tuple(read_lexicon(file) for file in sorted(shipped("lexicons").glob("*.yaml")))


@dataclass(frozen=True, slots=True)
class CitedSection:
    """A place in a source document: its title, page and a short quote where we may quote."""

    document: str
    section: str
    title: str
    edition: str
    starts: str
    ends: str
    authority: str
    page: int | None
    text: str


def citations() -> tuple[CitedSection, ...]:
    """Every section of every shipped citation file, once for each edition (or once without one)."""
    out: list[CitedSection] = []
    for file in sorted(shipped("citations").glob("*.yaml")):
        data = load_yaml(file)
        if not isinstance(data, dict) or data.get("document") != file.stem:
            raise RuleError(f"{file}: expected a mapping with `document: {file.stem}`")
        try:
            out.extend(_cited(file.stem, data))
        except KeyError as error:
            raise RuleError(f"{file}: the key {error} is missing") from None
        except (AttributeError, TypeError):
            raise RuleError(
                f"{file}: expected `editions` as a list and `sections` as a mapping, each of mappings"
            ) from None
    return tuple(out)


def _cited(document: str, data: dict[str, Any]) -> Iterator[CitedSection]:
    for edition in data.get("editions") or [{"name": "", "from": "", "to": ""}]:
        for section, entry in (data.get("sections") or {}).items():
            yield CitedSection(
                document=document,
                section=str(section),
                title=str(entry["title"]),
                edition=str(edition["name"]),
                starts=str(edition["from"] or ""),
                ends=str(edition["to"] or ""),
                authority=str(data["authority"]),
                page=entry.get("page"),
                text=str(entry.get("quote") or entry.get("description") or entry["title"]),
            )
