"""Code references in the words of official notes, and the places in the tree they mean.

A note text names codes as single codes ("R29.0"), families ("F95.-"), ranges ("G20-G26",
"I70.2--I70.7-", "S06.1- to S06.6-"), lists, and families under a condition ("E08-E13 with .42",
"T36-T50 with fifth or sixth character 5", "S42.- with 7th character B or C"). A reference becomes
a set of half-open intervals of tree positions; ranges follow the tree, not the alphabet. A token
that only looks like a code (B12 in "vitamin B12") is no reference; one that is meant as a code but
does not exist in the edition is reported as unresolved, with its text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache

from claimwright.book.tree import Node, Tree
from claimwright.model import undotted

Spans = tuple[tuple[int, int], ...]

_CODE = r"[A-Z][0-9A-Z][0-9A-Z](?:\.[0-9A-Z]{1,4})?"
_ITEM = re.compile(
    rf"(?<![A-Za-z0-9.])(?P<a>{_CODE})(?![0-9A-Za-z])(?:"
    rf"(?P<da>\.?-?)\s*(?:-|\bto\b)\s*(?P<b>{_CODE})(?![0-9A-Za-z])(?P<db>\.?-?)"
    rf"|(?P<dash>(?:\.?\s?-)?))"
)
_BETWEEN = re.compile(r"[\s,;.]*(?:\b(?:or|and)\b)?[\s,;]*\Z")
_WITH = re.compile(r"[\s,.]*\bwith\s+(?P<text>[^()]*)")
_ORDINAL = {"fourth": 4, "4th": 4, "fifth": 5, "5th": 5, "sixth": 6, "six": 6, "6th": 6, "seventh": 7, "7th": 7}
_POSITION = re.compile(
    r"(?P<first>fourth|4th|fifth|5th|sixth|6th|seventh|7th)"
    r"(?:[- ](?P<join>or|to)[- ](?P<second>sixth|six|6th|seventh|7th))?"
    r"[- ]characters?\s*(?P<values>.*)\Z"
)


@dataclass(frozen=True, slots=True)
class Reference:
    """One reference as printed, the intervals of positions it means, and what is wrong with it.

    `problem` is empty, or says why the reference could not be resolved; `spans` is then empty.
    `exact` is the one code meant when the reference is a single code without a dash.
    """

    text: str
    spans: Spans
    problem: str = ""
    exact: str = ""


class ReferenceParser:
    """Parses note texts of one edition; `tree` says what exists and where it stands."""

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        self._conditions: dict[tuple[int, int, str], Spans | None] = {}

    def parse(self, text: str, conditions: bool = True) -> tuple[Reference, ...]:
        """Every reference in `text`, in reading order.

        With `conditions` a reference followed by "with ..." is narrowed to the codes that meet it.
        In inclusion terms and general notes "with" is plain English ("any condition in I00 with
        pericarditis"): there the reference stands as it is.
        """
        found: list[Reference] = []
        for group, condition in self._groups(text):
            found.extend(self._resolve(item, condition if conditions else "") for item in group)
        return tuple(found)

    def strip(self, text: str) -> str:
        """`text` without its references and brackets: the condition it names, in words."""
        spans = [(item.start(), item.end()) for item in _ITEM.finditer(text) if self._meant(item, text)]
        for start, stop in reversed(spans):
            text = text[:start] + text[stop:]
        return " ".join(re.sub(r"\([\s,;]*\)?", " ", text).split()).strip(" ,;.:")

    def _groups(self, text: str) -> Iterable[tuple[list[re.Match[str]], str]]:
        items = [item for item in _ITEM.finditer(text) if self._meant(item, text)]
        at = 0
        while at < len(items):
            last = at
            while last + 1 < len(items) and _BETWEEN.match(text[items[last].end() : items[last + 1].start()]):
                last += 1
            condition = _WITH.match(text, items[last].end())
            yield items[at : last + 1], condition["text"].strip().rstrip(" .}") if condition else ""
            at = last + 1

    def _meant(self, item: re.Match[str], text: str) -> bool:
        """Is this token a code? It must exist, or be written as only a code is: in brackets, with a dot."""
        code = item["a"]
        if undotted(code) in self.tree.where:
            return not (code == "B12" and "vitamin" in text[: item.start()].lower()[-10:])
        return "." in code or (code[1:].isdigit() and text[: item.start()].rstrip().endswith("("))

    def _resolve(self, item: re.Match[str], condition: str) -> Reference:
        text = " ".join(item[0].split()) + (f" with {condition}" if condition else "")
        ends = [item["a"]] + ([item["b"]] if item["b"] else [])
        missing = [end for end in ends if undotted(end) not in self.tree.where]
        if missing:
            return Reference(
                text, (), f"{' and '.join(missing)} {'do' if len(missing) > 1 else 'does'} not exist in this edition"
            )
        low = self.tree.where[undotted(ends[0])]
        stop = self.tree.nodes[self.tree.where[undotted(ends[-1])]].stop
        if item["b"] and item["db"] and not item["da"] and self._cousins(*ends):
            # "I69.01-I69.11-" (F06.7): a comma is missing; two families are meant, not a range.
            spans: Spans = tuple(
                (self.tree.where[undotted(end)], self.tree.nodes[self.tree.where[undotted(end)]].stop) for end in ends
            )
        elif low >= stop:
            return Reference(text, (), "the range runs backwards in the tree")
        else:
            spans = ((low, stop),)
        if condition:
            narrowed = [self._narrow(start, end, condition) for start, end in spans]
            if None in narrowed or not any(narrowed):
                return Reference(text, (), f"no code in {ends[0]} meets the condition 'with {condition}'")
            spans = tuple(span for part in narrowed for span in part or ())
        exact = undotted(ends[0]) if len(ends) == 1 and not item["dash"] and not condition else ""
        return Reference(text, spans, exact=exact)

    def _cousins(self, first: str, last: str) -> bool:
        low, high = (self.tree.nodes[self.tree.where[undotted(end)]] for end in (first, last))
        return first[:3] == last[:3] and low.parent != high.parent

    def _narrow(self, start: int, stop: int, condition: str) -> Spans | None:
        key = (start, stop, condition)
        if key not in self._conditions:
            test = _condition(condition)
            nodes = self.tree.nodes[start:stop]
            self._conditions[key] = (
                ((start, stop),) if test is _anything else merged((n.pos, n.stop) for n in nodes if n.leaf and test(n))
            )
        return self._conditions[key]


def merged(spans: Iterable[tuple[int, int]]) -> Spans:
    """Sorted, overlapping and touching intervals joined."""
    out: list[list[int]] = []
    for start, stop in sorted(spans):
        if out and start <= out[-1][1]:
            out[-1][1] = max(out[-1][1], stop)
        else:
            out.append([start, stop])
    return tuple((start, stop) for start, stop in out)


def _anything(node: Node) -> bool:
    return True


@lru_cache(maxsize=256)
def _condition(text: str) -> Callable[[Node], bool]:
    """The test a condition puts to a code: suffix after the dot, last characters, a position, words."""
    if "to indicate intent" in text:  # J84.89: names the characters, excludes none
        return _anything
    tails = re.fullmatch(r"final characters? (-?)(\w+)", text)
    if tails:
        # "I69. with final characters -20": the dash is the character between, so I69.20 is not meant.
        least = 4 + len(tails[2]) if tails[1] else 0
        return lambda node: len(_stem(node.code)) >= least and _stem(node.code).endswith(tails[2])
    position = _POSITION.match(text)
    if position:
        return _position(position)
    opened = re.fullmatch(r"(.+) 7th character", text)
    if opened:
        return lambda node: node.source < 0 and opened[1] in node.title
    suffixes = re.findall(r"\.(\w+)(?:-\.(\w+))?", text)
    if suffixes and re.fullmatch(r"(?:final characters? )?[\s.,\w-]+", text):
        starts = tuple(s for low, high in suffixes for s in _spread(low, high))
        return lambda node: node.code[3:].startswith(starts)
    words = [word for word in re.findall(r"[a-z]+", text.lower()) if len(word) > 3]
    return lambda node: bool(words) and all(word in node.title.lower() for word in words)


def _stem(code: str) -> str:
    """The code without seventh character and placeholders: where "final" characters stand."""
    return code[:6].rstrip("X")


def _spread(low: str, high: str) -> list[str]:
    if not high:
        return [low]
    return [str(number).zfill(len(low)) for number in range(int(low), int(high) + 1)]


def _position(match: re.Match[str]) -> Callable[[Node], bool]:
    first = _ORDINAL[match["first"]]
    values = _values(match["values"])
    if match["join"] == "to":
        second = _ORDINAL[match["second"]]
        return lambda node: node.code[first - 1 : second] in values
    if match["join"] == "or":
        # The intent of T36-T65 stands in the sixth character, in the fifth where the sixth is X
        # (T36.0X5-, T36.95X-). Taking either would read T43.651 (accidental poisoning) as 5.
        second = _ORDINAL[match["second"]]
        return lambda node: _last_real(node.code, first, second) in values
    return lambda node: node.code[first - 1 : first] in values


def _last_real(code: str, first: int, second: int) -> str:
    late = code[second - 1 : second]
    return late if late and late != "X" else code[first - 1 : first]


def _values(text: str) -> frozenset[str]:
    out: set[str] = set()
    for low, high in re.findall(r"\b(\w+)(?:-(\w))?", text):
        if high:
            out.update(chr(value) for value in range(ord(low), ord(high) + 1))
        elif low not in ("or", "and"):
            out.add(low)
    return frozenset(out)
