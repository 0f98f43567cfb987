"""The text of a question taken apart: title, sentences, what asks and what reports, what is documented."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cached_property

from claimwright.queries.words import lexicon

_TITLE = re.compile(r"\s*(?:title|subject|re|topic|query(?: title| for)?|regarding)\s*:\s*", re.IGNORECASE)
_SHOUTED = re.compile(r"\s*([A-Z][A-Z /,&'-]{5,}?)\s*(?::|\n| [-\u2013] )")
_NAMED = re.compile(
    r"\s*([A-Za-z][\w ,/&'()-]{2,60}?\b(?:query|clarification|question|documentation|request|inquiry))"
    r"\s*(?::|\n| [-\u2013] )",
    re.IGNORECASE,
)
_END = re.compile(r"(?:(?<=[.?!])|(?<=[.?!][\"”')]))\s+(?=[\"“(\[]?[A-Z0-9])|\n+")
_SHORT = re.compile(r"\b(?:Dr|Mr|Mrs|Ms|vs|pt|no|approx|e\.g|i\.e)\.$", re.IGNORECASE)
_QUOTED = re.compile(r"[\"“]([^\"“”]+)[\"”]|(?<!\w)'([^'\n]{3,})'(?!\w)")
_WORD = re.compile(r"[a-z][a-z-]*[a-z]|[a-z]|\d+[ab]?", re.IGNORECASE)
_VALUE = re.compile(r"\d")
_GRADED = re.compile(r"\b(?:stage|type|grade|class)\s+\d\w?\b|\b\d+\)", re.IGNORECASE)
_LONGEST_TITLE = 12


@dataclass(frozen=True)
class Sentence:
    """One sentence of the body, `start` its offset there."""

    text: str
    start: int

    @cached_property
    def asks(self) -> bool:
        """Is it (part of) the question?"""
        unquoted = _QUOTED.sub(" ", self.text)
        return "?" in unquoted or lexicon()["requests"].found(unquoted) is not None

    @cached_property
    def reports(self) -> bool:
        """Does it say what the record holds?"""
        row = lexicon()["documentation-words"]
        if row.other_sense is not None and row.other_sense.search(self.text):
            return False
        return row.found(self.text) is not None

    @cached_property
    def indicates(self) -> bool:
        """Does it hold a clinical indicator? In the question itself only a value or quoted words count."""
        text = lexicon()["vague-references"].pattern
        told = text.sub(" ", self.text) if text else self.text
        if _QUOTED.search(told) or _VALUE.search(_GRADED.sub(" ", told)):
            return True
        return not self.asks and lexicon()["indicator-words"].found(told) is not None


@dataclass(frozen=True)
class QueryText:
    """The text of one question, with its title (empty for none) and the answers offered."""

    title: str
    body: str
    options: tuple[str, ...] = ()
    sentences: tuple[Sentence, ...] = field(default=(), compare=False)

    @cached_property
    def whole(self) -> str:
        """Title, text and answers, as a reader sees them."""
        return "\n".join(part for part in (self.title, self.body, *self.options) if part)

    @cached_property
    def record(self) -> tuple[frozenset[str], ...]:
        """The words of each stretch that tells what is documented: quotations, and sentences that report."""
        out = []
        for sentence in self.sentences:
            negated = lexicon()["documentation-words"].other_sense
            if negated is not None and negated.search(sentence.text):
                continue
            out += [stems("".join(each.groups(""))) for each in _QUOTED.finditer(sentence.text)]
            if sentence.reports and not sentence.asks:
                out.append(stems(sentence.text))
            elif sentence.asks:
                out += [stems(each) for each in re.findall(r"\bdocumented ([\w ,-]+)", sentence.text)]
        return tuple(_spelled_out(each) for each in out)

    def documented(self, term: str) -> bool:
        """Do all words of the term, apart from its degree, stand together in the record?"""
        degree = lexicon()["degree-words"]
        wanted = {each for each in stems(term) if not degree.are(each)}
        return bool(wanted) and any(wanted <= each for each in self.record)


def stems(text: str) -> frozenset[str]:
    """The words that carry meaning, in lower case and without a plural's ending."""
    empty = lexicon()["empty-words"]
    found = (each.lower() for each in _WORD.findall(text))
    return frozenset(_singular(each) for each in found if not empty.are(each))


def _singular(word: str) -> str:
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "is", "us")) else word


def _spelled_out(words: frozenset[str]) -> frozenset[str]:
    """With the words that a short form among them stands for."""
    more: set[str] = set(words)
    for each in lexicon()["abbreviations"].listed:
        short, _, full = each.partition("=")
        if short in words:
            more |= stems(full)
        elif stems(full) <= words:
            more.add(short)
    return frozenset(more)


def diagnoses_in(text: str) -> list[str]:
    """The phrases of the text that name a diagnosis, each with up to two words that qualify it."""
    out = []
    for found in lexicon()["diagnosis-words"].hits(text):
        before = re.findall(r"[\w-]+(?=[\s-]*$|[\s-]+[\w-]+[\s-]*$)", text[: found.start()].split("\n")[-1])[-2:]
        kept: list[str] = []
        gap = re.search(r"[^\w\s-]\s*(?:[\w-]+[\s-]*){0,2}$", text[: found.start()])
        if gap is None or not before:
            for word in reversed(before):
                if lexicon()["empty-words"].are(word) or lexicon()["neutral-things"].are(word):
                    break
                kept.insert(0, word)
        out.append(" ".join([*kept, found[0]]))
    return out


def read_text(text: str, options: tuple[str, ...] = (), title: str = "") -> QueryText:
    """The parts of a text. A title is given, or leads the text: "Title: …", words in capitals, a short first line."""
    body = text.replace("\r\n", "\n").replace("\u2019", "'").strip()
    if not title:
        title, body = _titled(body)
    return QueryText(title.strip(), body, options, tuple(_sentences(body)))


def _titled(body: str) -> tuple[str, str]:
    if named := _TITLE.match(body):
        rest = body[named.end() :]
        end = re.search(r"(?<!\d)[.:]\s|\n|$", rest)
        at = end.start() if end else len(rest)
        return rest[:at], rest[at:].lstrip(" .:\n")
    if shouted := _SHOUTED.match(body):
        return shouted[1], body[shouted.end() :].lstrip()
    if named := _NAMED.match(body):
        return named[1], body[named.end() :].lstrip()
    first, line, rest = body.partition("\n")
    bare = first.strip(" *#:_")
    if line and bare and len(bare.split()) <= _LONGEST_TITLE and not re.search(r"[.?!;\"]|\d", bare):
        return bare, rest.strip()
    return "", body


def _sentences(body: str) -> list[Sentence]:
    out: list[Sentence] = []
    start = 0
    for gap in [*_END.finditer(body), None]:
        end = gap.start() if gap else len(body)
        part = body[start:end]
        if gap is not None and _SHORT.search(part):
            continue
        if part.strip():
            out.append(Sentence(part.strip(), start))
        start = gap.end() if gap else end
    return out
