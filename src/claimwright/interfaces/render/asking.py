"""The answer to a question as text: the short answer first, sections, sources by number, what may be asked next."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from claimwright.answers.compose import cited
from claimwright.model.asking import AnswerSection, Asked, Understood

WIDTH = 80
_MOST_CODES = 7
"""Codes of a service that are printed; the JSON has all."""


def asked_text(asked: Asked, width: int = WIDTH, bold: bool = False) -> str:
    """The answer in lines of at most `width` columns."""
    lines = _refused(asked, width) if asked.refused else _answered(asked, width, bold)
    return "\n".join(lines) + "\n"


def _refused(asked: Asked, width: int) -> Iterator[str]:
    refused = asked.refused
    assert refused is not None  # noqa: S101 - see asked_text
    yield from _wrap(f"Not answered: {refused.reason}. Instead: {refused.instead}.", "", width)
    yield "What can be asked:"
    for each in refused.can_answer:
        yield from _wrap(each, "  - ", width)


def _answered(asked: Asked, width: int, bold: bool) -> Iterator[str]:
    first, *rest = asked.answer.sections
    yield from _section(first, width, bold)
    yield ""
    yield from _wrap(f"Understood: {understood_words(asked.understood)}.", "", width)
    for each in rest:
        if not any(line.policy for line in each.lines):  # no policy answers: the short answer has said so
            continue
        yield ""
        yield from _section(each, width, bold)
    if asked.answer.citations:
        yield ""
        yield _strong("Sources", bold)
        for source in asked.answer.citations:
            parts = (
                source.title,
                source.publisher,
                source.locator,
                source.url,
                f"read {source.read}" if source.read else "",
            )
            yield from _wrap(f"{source.policy}: {'; '.join(filter(None, parts))}", f"  [{source.number}] ", width)
    if asked.follow_ups:
        yield ""
        yield _strong("Ask next (--follow-up ID --context FILE)", bold)
        for follow in asked.follow_ups:
            yield from _wrap(f"{follow.text} ({follow.why})", f"  {follow.id}  ", width)
    yield ""
    yield from _wrap(asked.disclaimer, "", width)


def _section(section: AnswerSection, width: int, bold: bool) -> Iterator[str]:
    yield _strong(section.title, bold)
    for line in section.lines:
        yield from _wrap(cited(line), f"{'  ' * line.depth}  - ", width)


def understood_words(said: Understood) -> str:
    """What was understood of a question, in one line."""
    codes = [each.code for each in said.procedures]
    more = f" and {len(codes) - _MOST_CODES} more" if len(codes) > _MOST_CODES else ""
    services = ", ".join(codes[:_MOST_CODES]) + more
    if said.families:
        services += f" ({', '.join(said.families)})"
    diagnoses = ", ".join(f"{each.code}{f' ({each.said})' if each.how == 'words' else ''}" for each in said.diagnoses)
    facts = ", ".join(f"{each.id} {each.status}" for each in said.facts)
    person = " ".join(filter(None, (str(said.age) if said.age is not None else "", said.sex or "")))
    parts = (
        ("service", services or said.service),
        ("diagnosis", diagnoses),
        ("payer", said.payer_name or said.payer),
        ("contractor", said.mac),
        ("state", said.state),
        ("date", said.date),
        ("person", person),
        ("facts", facts),
        ("assumed", ", ".join(said.assumed)),
    )
    return "; ".join(f"{name} {value}" for name, value in parts if value) or "nothing"


def _strong(text: str, bold: bool) -> str:
    return f"\x1b[1m{text}\x1b[0m" if bold else text


def _wrap(text: str, lead: str, width: int) -> list[str]:
    return textwrap.wrap(
        text, width, initial_indent=lead, subsequent_indent=" " * len(lead), break_on_hyphens=False
    ) or [lead]
