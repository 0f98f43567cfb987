"""Facts in text: a query to the book with the answer that the text states.

    [[R25.2 billable]]                         the sentence is written from the fact
    [[a billable code :: R25.2 billable]]      own words before the two colons
    [[G35 not billable on 2025-11-15]]         a day of its own

A fact is `SUBJECT [not] RELATION VALUES [in MODEL YEAR] [at HOLDER] [group G] [as WORD] [on DAY]`; words of
several parts stand in double quotes, lists are separated by commas.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date

from claimwright.errors import InputError
from claimwright.model.dates import day_of_text

_MARK = re.compile(r"\[\[((?:[^\[\]]|\[(?!\[)|\](?!\]))*)\]\]")
_TOKEN = re.compile(r'"([^"]*)"|([^\s,"]+)')
MOST_FACT = 600
"""Characters of one fact."""


@dataclass(frozen=True, slots=True)
class Relation:
    """What may be said: how many values (`least` to `most`), which options, and the sentence it becomes."""

    least: int
    most: int
    says: str
    denies: str = ""
    options: frozenset[str] = frozenset()


_NOTE_SAYS = "{subject} has {relation} {values}"
_NOTE = Relation(1, 1, _NOTE_SAYS, "{subject} has no {relation} {values}", frozenset({"at"}))
RELATIONS: dict[str, Relation] = {
    "billable": Relation(0, 0, "{subject} is billable", "{subject} is not billable"),
    "title": Relation(1, 1, "{subject} is titled {values}"),
    "kind": Relation(1, 1, "{subject} is a {values}"),
    "parent": Relation(1, 1, "{subject} belongs to {values}", "{subject} does not belong to {values}"),
    "excludes1": _NOTE,
    "excludes2": _NOTE,
    "includes": _NOTE,
    "code-first": _NOTE,
    "use-additional": _NOTE,
    "code-also": _NOTE,
    "inclusion": Relation(1, 1, "{subject} has the term {values}", "{subject} has no term {values}"),
    "successors": Relation(1, 400, "{subject} became {values}"),
    "retired": Relation(1, 1, "{subject} was last billable on {values}"),
    "severity": Relation(1, 1, "{subject} counts as {values}"),
    "mdc": Relation(1, 2, "{subject} as principal diagnosis leads to MDC {values}"),
    "drg": Relation(1, 12, "{subject} as principal diagnosis leads to MS-DRG {values}"),
    "hcc": Relation(1, 4, "{subject} maps to HCC {values}", options=frozenset({"in"})),
    "flag": Relation(1, 8, "{subject} has the MCE flag {values}", "{subject} does not have the MCE flag {values}"),
    "index": Relation(1, 1, "{subject} leads to {values}", "{subject} does not lead to {values}"),
    "ptp": Relation(
        1, 1, "{subject} and {values} are an NCCI pair", "{subject} and {values} are no NCCI pair",
        frozenset({"as", "setting"}),
    ),
    "mue": Relation(1, 1, "{subject} has an MUE of {values}", options=frozenset({"setting"})),
    "add-on-to": Relation(1, 60, "{subject} is an add-on to {values}"),
    "lists": Relation(
        1, 1, "{subject} lists {values}", "{subject} does not list {values}", frozenset({"as", "group"})
    ),
    "serves": Relation(1, 1, "{subject} is about {values}", "{subject} is not about {values}"),
    "drg-title": Relation(1, 1, "MS-DRG {subject} is titled {values}"),
    "weight": Relation(1, 1, "MS-DRG {subject} weighs {values}"),
}  # fmt: skip
"""Every relation by its word."""

_OPTIONS = {"at": 1, "in": 2, "as": 1, "group": 1, "setting": 1}
"""Options and how many words each takes."""


@dataclass(frozen=True, slots=True)
class Fact:
    """A fact of a text; `line` counts from 1, `column` from 0, `words` are the author's own, empty without any.

    `options` are pairs of an option and its words (`("in", "V28 2026")`).
    """

    subject: str
    relation: str
    values: tuple[str, ...]
    denied: bool
    on: date | None
    options: tuple[tuple[str, str], ...]
    words: str
    text: str
    line: int
    column: int

    def option(self, name: str) -> str:
        """The words of an option; empty without it."""
        return dict(self.options).get(name, "")

    @property
    def says(self) -> str:
        """What a reader sees: the author's words, or the sentence of the relation."""
        return self.words or self.sentence

    @property
    def sentence(self) -> str:
        """The fact as a sentence of its own."""
        relation = RELATIONS[self.relation]
        form = relation.denies if self.denied else relation.says
        values = _joined(self.values)
        extra = {"in": " in {}", "at": " at {}", "as": " as {}", "group": ", group {}", "setting": " ({})"}
        tail = "".join(extra[name].format(words) for name, words in self.options)
        day = f" on {self.on}" if self.on else ""
        return form.format(subject=self.subject, relation=self.relation, values=values) + tail + day


def _joined(values: tuple[str, ...]) -> str:
    return values[0] if len(values) == 1 else f"{', '.join(values[:-1])} and {values[-1]}" if values else ""


def facts_in(text: str, place: str, first_line: int = 1) -> Iterator[Fact]:
    """Every fact of a text in order; `first_line` is the number of its first line. Errors: see `parse_fact`."""
    for number, line in enumerate(text.split("\n"), first_line):
        end = 0
        for found in _MARK.finditer(line):
            yield parse_fact(found[1], place, number, found.start())
            end = found.end()
        if "[[" in line[end:]:
            raise InputError(f"{place}:{number}", "a fact is opened and not closed", "[[SUBJECT RELATION VALUES]]")


def with_facts(text: str, render: Callable[[Fact], str], place: str = "text", first_line: int = 1) -> str:
    """`text` with every fact replaced by what `render` makes of it."""
    lines = text.split("\n")
    for at, line in enumerate(lines):
        number = first_line + at
        lines[at] = _MARK.sub(lambda m, n=number: render(parse_fact(m[1], place, n, m.start())), line)  # type: ignore[misc]
    return "\n".join(lines)


def parse_fact(text: str, place: str = "fact", line: int = 1, column: int = 0) -> Fact:
    """One fact without its brackets.

    Errors: `InputError` naming the line and what was expected, for an unknown relation, too few or too many
    values, an unknown option or a day that is none.
    """
    where = f"{place}:{line}"
    if len(text) > MOST_FACT:
        raise InputError(where, f"a fact of {len(text)} characters", f"at most {MOST_FACT}")
    words, colons, query = text.rpartition("::")
    if colons and not words.strip():
        raise InputError(where, "a fact has no words before the two colons", "[[WORDS :: SUBJECT RELATION VALUES]]")
    tokens = [quoted or plain for quoted, plain in _TOKEN.findall(query)]
    quoted = {index for index, (text_, _) in enumerate(_TOKEN.findall(query)) if text_}
    if query.count('"') % 2:
        raise InputError(where, "a quotation of a fact is opened and not closed", 'words in "double quotes"')
    if len(tokens) < 2 or not all(tokens):
        raise InputError(where, f"the fact {text.strip()[:60]!r} is incomplete", "SUBJECT RELATION VALUES")
    return _assemble(tokens, quoted, words.strip(), query.strip(), where, line, column)


def _assemble(tokens: list[str], quoted: set[int], words: str, query: str, where: str, line: int, column: int) -> Fact:
    at = 1
    denied = tokens[at] == "not" and at not in quoted
    at += denied
    name = tokens[at] if at < len(tokens) else ""
    relation = RELATIONS.get(name)
    if relation is None or at in quoted:
        raise InputError(where, f"{name!r} is no relation of a fact", f"one of {', '.join(RELATIONS)}")
    if denied and not relation.denies:
        raise InputError(where, f"{name} cannot be denied", f"{name} with the value that holds, or none")
    values, options, day = _rest(tokens, quoted, at + 1, where)
    unknown = [each for each, _ in options if each not in relation.options]
    if unknown:
        raise InputError(where, f"{unknown[0]!r} is no option of {name}", ", ".join(sorted(relation.options)) or "none")
    if not relation.least <= len(values) <= relation.most:
        need = str(relation.least) if relation.least == relation.most else f"{relation.least} to {relation.most}"
        raise InputError(where, f"{name} has {len(values)} values", need)
    if name == "hcc" and not any(each == "in" for each, _ in options):
        raise InputError(where, "hcc names no model and payment year", "in MODEL YEAR, such as in V28 2026")
    return Fact(tokens[0], name, values, denied, day, options, words, query, line, column)


def _rest(
    tokens: list[str], quoted: set[int], at: int, where: str
) -> tuple[tuple[str, ...], tuple[tuple[str, str], ...], date | None]:
    values: list[str] = []
    options: dict[str, str] = {}
    day: date | None = None
    while at < len(tokens):
        word = tokens[at]
        if word == "on" and at not in quoted:
            day = _day(tokens[at + 1] if at + 1 < len(tokens) else "", where)
            at += 2
        elif word in _OPTIONS and at not in quoted:
            size = _OPTIONS[word]
            given = tokens[at + 1 : at + 1 + size]
            if len(given) < size or word in options:
                raise InputError(
                    where, f"the option {word!r} is incomplete or stands twice", f"{size} word(s) after it"
                )
            options[word] = " ".join(given)
            at += 1 + size
        elif options or day:
            raise InputError(where, f"{word!r} stands behind the options", "values before the options")
        else:
            values.append(word)
            at += 1
    return tuple(values), tuple(options.items()), day


def _day(text: str, where: str) -> date:
    try:
        return day_of_text(text)
    except ValueError:
        raise InputError(where, f"{text!r} is not a day", "YYYY-MM-DD") from None
