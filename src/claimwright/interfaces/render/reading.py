"""A reading as plain text: facts by section, candidates with their path and question."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from claimwright.model.reading import Candidate, Measure, NoteFact, Reading

_WIDTH = 80
_COUNTED = frozenset({"day", "week", "month", "year", "hour", "minute", "time", "pack-year", "episode"})
"""Units that have a plural."""


def reading_text(reading: Reading) -> str:
    """The whole answer; the words of the note stand in quotes."""
    return "\n".join((*_facts(reading), "", *_candidates(reading), *_suggestions(reading), *_rest(reading))) + "\n"


def _facts(reading: Reading) -> Iterator[str]:
    yield f"Facts ({len(reading.facts)})" if reading.facts else "Facts: none"
    section = None
    for each in reading.facts:
        if each.section != section:
            section = each.section
            yield f"  {section}"
        yield from _fact(each)


def _fact(fact: NoteFact) -> Iterator[str]:
    name = _short(fact.id or fact.term)
    beside = [part for part in (fact.side, fact.severity, *map(_measure, fact.measures)) if part]
    beside += [f"treatment {fact.tried}"] if fact.tried else []
    more = f" ({', '.join(beside)})" if beside else ""
    quote = _short(fact.evidence.text, 100)
    start = f"    {fact.status.value:12} "
    text = f'{name}{more}: "{quote}" at {fact.span.start}-{fact.span.end}'
    text += " (suggested)" if fact.origin else ""
    yield from textwrap.wrap(text, _WIDTH, initial_indent=start, subsequent_indent=" " * 17) or [start]


def _measure(measure: Measure) -> str:
    plural = "s" if measure.unit in _COUNTED and measure.value != 1 else ""
    return f"{measure.value:g} {measure.unit}{plural}".strip()


def _short(text: str, most: int = 60) -> str:
    """One line without control characters, so that a note cannot draw on the terminal."""
    line = " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())
    return line if len(line) <= most else line[: most - 1] + "\u2026"


def _candidates(reading: Reading) -> Iterator[str]:
    where = f"{reading.setting or 'setting not given'}, {reading.date}"
    yield f"Candidates ({len(reading.candidates)}; {where})" if reading.candidates else f"Candidates: none ({where})"
    for each in reading.candidates:
        yield from _candidate(each)


def _candidate(each: Candidate) -> Iterator[str]:
    mark = "" if each.billable else " (not billable on that day)"
    start = f"  {each.code:9}{each.status.value:15}"
    yield from _wrapped(f"{each.title or '(no title loaded)'}{mark}", start)
    yield from _wrapped("path: " + " > ".join(_short(step.words) for step in each.path))
    yield from _wrapped(_short(each.because, 1000))
    if each.evidence:
        yield from _wrapped(f'evidence: "{_short(each.evidence, 200)}"')
    if each.ask:
        yield from _wrapped(f"ask: {_short(each.ask, 300)}")
    if each.origin:
        yield from _wrapped(f"suggested by {_short(each.origin.provider)} {_short(each.origin.version)}")


def _wrapped(text: str, start: str = " " * 11) -> list[str]:
    return textwrap.wrap(text, _WIDTH, initial_indent=start, subsequent_indent=" " * 11)


def _suggestions(reading: Reading) -> Iterator[str]:
    said = reading.suggestions
    if said is None:
        return
    name = f"{_short(said.provider)} {_short(said.version)}".strip() or "a provider without a name"
    yield from (
        "",
        *textwrap.wrap(f"Suggestions of {name}: {len(said.accepted)} accepted, {len(said.refused)} refused", _WIDTH),
    )
    for each in said.accepted:
        what = each.label if each.call == "propose" else each.chosen
        quote = f' "{_short(each.quote.text, 100)}" at {each.quote.start}-{each.quote.end}' if each.quote else ""
        yield from _wrapped(f"{_short(what or '')}:{quote}", "  accepted ")
        if each.ask:
            yield from _wrapped(f"ask: {_short(each.ask, 300)}")
    for refused in said.refused:
        item = f" {refused.item}" if refused.item else ""
        yield from _wrapped(
            f"{refused.call}{item}, attempt {refused.attempt}: {_short(refused.reason, 200)}", "  refused  "
        )
    yield ""


def _rest(reading: Reading) -> Iterator[str]:
    for each in reading.not_evaluated:
        yield from textwrap.wrap(f"Not evaluated: {each.missing}. {each.how}", _WIDTH)
    for edition in reading.editions:
        yield from textwrap.wrap(f"{edition.table}: {edition.edition}", _WIDTH)
