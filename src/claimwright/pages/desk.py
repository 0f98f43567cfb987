"""The desk at which statements are judged: the book, the day, the text's subject, and what was looked up before."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from claimwright.book.hcc import models_of
from claimwright.book.navigate import Navigation, navigate
from claimwright.book.statements import Named, Spans, named, overlap, places_of, spans_of
from claimwright.errors import ClaimwrightError
from claimwright.model import NotEvaluated, dotted, undotted
from claimwright.pages.source import Source, registry, tabular

if TYPE_CHECKING:
    from claimwright.book.store import Book, NodeEntry, NoteEntry
    from claimwright.pages.text import Block, Text

STALE, WRONG, DANGLING, UNSUPPORTED = "stale", "wrong", "dangling", "unsupported"
VERDICTS = (STALE, WRONG, DANGLING, UNSUPPORTED)
"""Was right once; the loaded data contradict it; leads nowhere; the loaded data cannot support it."""

MOST_SHOWN = 240
"""Characters of a statement that are shown."""

_CODE = re.compile(
    r"(?<![A-Za-z0-9.])(?P<code>[A-Z]\d[0-9A-Z](?:\.[0-9A-Z]{1,4}|[0-9A-Z]{1,4})?)(?P<tail>\.?[-xX]+(?![0-9A-Za-z]))?"
    r"(?![0-9A-Za-z])"
)
_BETWEEN = re.compile(r"\s?(?:-|\u2013|\bto\b)\s?\Z")
_NO_CODE = re.compile(r"(?:vitamin|hcc|model|version|cms-hcc|rxhcc|\bv)[\s-]*\Z", re.IGNORECASE)
_MODELS = frozenset(("V21", "V22", "V24", "V28"))
"""Models of risk adjustment that are written like categories of external causes."""
_CATEGORY = 3
_WHOLE_CODE = 7
_NEAR = 24
"""Characters before a code in which a word tells that it is none."""


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement of a text that the loaded data contradict or cannot support; `rule` is the check that found it."""

    line: int
    statement: str
    verdict: str
    fact: str
    source: Source | None
    rule: str = ""


class Mention(NamedTuple):
    """A code in a text: `exact`, a `family` (`F95.-`) or a `range`; `code` as printed, `spans` its places."""

    code: str
    kind: str
    start: int
    end: int
    spans: Spans


@dataclass
class Desk:
    """Look-ups of one text on one day, each made once."""

    book: Book
    day: date
    text: Text
    as_of: date | None = None
    not_evaluated: dict[str, NotEvaluated] = field(default_factory=dict)
    _nodes: dict[str, NodeEntry | None] = field(default_factory=dict)
    _mentions: dict[int, tuple[Mention, ...]] = field(default_factory=dict)
    _walks: dict[str, Navigation] = field(default_factory=dict)
    _named: dict[str, list[Named]] = field(default_factory=dict)
    _spans: dict[int, Spans] = field(default_factory=dict)

    @cached_property
    def edition(self) -> int:
        """Number of the tabular edition that answers."""
        return self.book.edition_on(self.day, self.as_of)[0].number

    def node(self, code: str) -> NodeEntry | None:
        """The place of a code in the tree, dotted or not."""
        name = undotted(code)
        if name not in self._nodes:
            self._nodes[name] = self.book.node(self.edition, name)
        return self._nodes[name]

    def node_at(self, pos: int) -> NodeEntry:
        """The node at a position."""
        return self.book.node_at(self.edition, pos)

    def path(self, code: str) -> list[NodeEntry]:
        """The node of a code and those above it, nearest first; empty for an unknown one."""
        node = self.node(code)
        return self.book.path(node) if node else []

    def mentions(self, block: Block) -> tuple[Mention, ...]:
        """Codes, families and ranges of a block, in order."""
        key = id(block)
        if key not in self._mentions:
            self._mentions[key] = tuple(self._find(block.text))
        return self._mentions[key]

    def in_text(self, text: str) -> tuple[Mention, ...]:
        """Codes, families and ranges of a piece of text."""
        return tuple(self._find(text))

    def _find(self, text: str) -> list[Mention]:
        out: list[Mention] = []
        for found in _CODE.finditer(text):
            name, tail = found["code"], found["tail"] or ""
            if len(name) == _CATEGORY and (
                _NO_CODE.search(text[max(0, found.start() - _NEAR) : found.start()])
                or (name in _MODELS and "HCC" in text)
            ):
                continue
            mention = self._mention(name, tail, found.start(), found.end())
            if mention is None:
                continue
            if out and out[-1].kind != "range" and _BETWEEN.match(text[out[-1].end : found.start()]):
                spans = places_of(self.book, self.edition, f"{out[-1].code}-{mention.code}")
                if spans and len(out[-1].code) == len(mention.code):
                    first = out.pop()
                    out.append(Mention(f"{first.code}-{mention.code}", "range", first.start, mention.end, spans))
                    continue
            out.append(mention)
        return out

    def _mention(self, name: str, tail: str, start: int, end: int) -> Mention | None:
        node = self.node(name)
        if tail and node is None and name[-1:] == ".":
            return None
        if node is None and not self.book.registry(undotted(name)):
            # Seven characters are a whole code: their last X is no sign for "any".
            whole = len(undotted(name)) == _WHOLE_CODE
            stem = self.node(name.rstrip("X")) if name.endswith("X") and not whole else None
            if stem is not None:
                return Mention(name, "family", start, end, ((stem.pos, stem.stop),))
            # A letter and digits with a point are meant as a code; without one they may be anything.
            return Mention(name, "unknown", start, end, ()) if "." in name and not tail else None
        spans = ((node.pos, node.stop),) if node else ()
        if tail:
            return Mention(name, "family", start, end, spans) if spans else None
        return Mention(dotted(undotted(name)), "exact", start, end, spans)

    @cached_property
    def subject(self) -> str | None:
        """The code that the text is about: the first one of its opening, if it has one."""
        for block in self.text.blocks[:3]:
            for each in self.mentions(block):
                if (each.kind == "exact" and "." in each.code) or (each.kind == "exact" and block.kind == "heading"):
                    return each.code
        return None

    def about(self, block: Block) -> str | None:
        """The code that a block is about: that of the nearest heading that names one, else the text's."""
        for each in reversed(block.above):
            for found in self.mentions(each):
                if found.kind == "exact":
                    return found.code
        return self.subject

    @cached_property
    def models(self) -> dict[int, list[str]]:
        """HCC models with a map, by payment year."""
        return models_of(self.book)

    def named(self, words: str) -> list[Named]:
        """Codes and families whose title or inclusion term begins with words."""
        if words not in self._named:
            self._named[words] = named(self.book, self.edition, words)
        return self._named[words]

    @cached_property
    def index_terms(self) -> list[dict[str, Any]]:
        """Terms of the Index that ship."""
        return self.book.lexicon_rows("index-terms")

    @cached_property
    def near_terms(self) -> list[dict[str, Any]]:
        """Words that are near an official one and not the same."""
        return self.book.lexicon_rows("near-terms")

    def walk(self, words: str) -> Navigation:
        """Where the Index, titles and inclusion terms lead from words."""
        if words not in self._walks:
            self._walks[words] = navigate(self.book, words, self.day, most=8, as_of=self.as_of)
        return self._walks[words]

    def own_notes(self, code: str, kinds: tuple[str, ...]) -> list[NoteEntry]:
        """Notes that the node of a code holds itself."""
        node = self.node(code)
        return self.book.notes_at(self.edition, node.pos, kinds) if node else []

    def note_spans(self, note: NoteEntry) -> Spans:
        """Places that a note names."""
        if note.number not in self._spans:
            self._spans[note.number] = spans_of(self.book, note)
        return self._spans[note.number]

    def notes_between(self, one: str, other: Spans) -> list[tuple[NoteEntry, NodeEntry]]:
        """Excludes notes on the path of `one` that name a place of `other`, nearest first."""
        out = []
        for node in self.path(one):
            notes = self.book.notes_at(self.edition, node.pos, ("excludes1", "excludes2"))
            out += [(note, node) for note in notes if overlap(other, self.note_spans(note))]
        return out

    def tabular(self, place: str = "") -> Source:
        """The tabular edition as a source."""
        return tabular(self.book, self.day, place, self.as_of)

    def registry(self, place: str = "") -> Source:
        """The dated registry as a source."""
        return registry(self.book, place)

    def lacks(self, rule: str, missing: str, how: str) -> None:
        """Record a table that a check needed and the book lacks."""
        self.not_evaluated.setdefault(f"{rule} {missing}", NotEvaluated(rule, missing, how))

    def billable(self, code: str) -> bool:
        """Is a code billable on the day?"""
        try:
            return self.book.billable(undotted(code), self.day)
        except ClaimwrightError:
            return False


def shown(text: str) -> str:
    """A statement as it is reported: one line, cut where it is long."""
    text = " ".join(text.split())
    return text if len(text) <= MOST_SHOWN else f"{text[: MOST_SHOWN - 1]}\u2026"


def stems(text: str) -> list[str]:
    """Words in small letters, plural and possessive taken off: how titles are compared."""
    words = re.findall(r"[a-z0-9]+", re.sub(r"['\u2019]s?\b", "", text.lower()))
    return [
        each[:-1] if len(each) > _CATEGORY and each.endswith("s") and not each.endswith("ss") else each
        for each in words
    ]
