"""One call of a provider of suggestions: its request, and its answer in plain values, whatever the provider does.

The call runs in a thread of its own, so that one that hangs is left behind. An answer is copied into plain
strings and numbers there, within limits: what is verified later cannot change or run any more.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from itertools import islice
from threading import Thread
from typing import Any, NamedTuple

from claimwright.model.suggesting import Choice, Option, ProposedMention, SectionPlace, SuggestionProvider

SECONDS = 60.0
"""How long one call may take."""
MOST_MENTIONS = 200
MOST_QUOTE, MOST_LABEL, MOST_NAME = 500, 100, 100
"""Longest quote, label and name in characters."""
_FORM = "claimwright suggestions 1"
"""Part of every request: another form of request has other hashes."""


class ProviderFailed(Exception):
    """Raised by a provider that cannot answer; the text, without words of the note, is the reason recorded."""


class Answer(NamedTuple):
    """A plain answer, or the reason why there is none; `late`: the time was up, and the provider is not asked on."""

    value: Any = None
    reason: str = ""
    late: bool = False


def propose_request(note: str, sections: Sequence[SectionPlace]) -> dict[str, Any]:
    """What `propose` is given, as JSON values."""
    return {"form": _FORM, "call": "propose", "note": note, "sections": [list(each) for each in sections]}


def choose_request(question: str, options: Sequence[Option], note: str) -> dict[str, Any]:
    """What `choose` is given, as JSON values."""
    return {
        "form": _FORM, "call": "choose", "question": question, "options": [list(each) for each in options],
        "note": note,
    }  # fmt: skip


def request_hash(request: dict[str, Any]) -> str:
    """SHA-256 of a request in canonical JSON: sorted keys, no spaces, ASCII."""
    text = json.dumps(request, ensure_ascii=True, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def identity(provider: SuggestionProvider) -> tuple[str, str]:
    """Name and version; empty where the provider has none that can be printed."""
    try:
        return _named(provider.name), _named(provider.version)
    except Exception:
        return "", ""


def _named(value: Any) -> str:
    fits = type(value) is str and 0 < len(value) <= MOST_NAME and value.isprintable() and not value.isspace()
    return value if fits else ""


def proposed(
    provider: SuggestionProvider, note: str, sections: tuple[SectionPlace, ...], seconds: float = SECONDS
) -> Answer:
    """A list of mentions, each a `ProposedMention` of plain values, or None where it is not one."""
    return _within(seconds, lambda: _mentions(provider.propose(note, sections)))


def chosen(
    provider: SuggestionProvider, question: str, options: tuple[Option, ...], note: str, seconds: float = SECONDS
) -> Answer:
    """A `Choice` of plain values."""
    return _within(seconds, lambda: _choice(provider.choose(question, options, note)))


def _within(seconds: float, call: Callable[[], Answer]) -> Answer:
    answers: list[Answer] = []

    def run() -> None:
        try:
            answers.append(call())
        except ProviderFailed as error:
            answers.append(Answer(reason=_line(str(error)) or "failed without a reason"))
        except BaseException as error:  # a provider that exits ends its own thread alone
            answers.append(Answer(reason=f"raised {_line(type(error).__name__)}"))

    thread = Thread(target=run, name="claimwright-suggestions", daemon=True)
    thread.start()
    thread.join(seconds)
    return answers[0] if answers else Answer(reason=f"no answer in {seconds:g} seconds", late=True)


def _line(text: str) -> str:
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text[:200]).split())


def _mentions(answer: Any) -> Answer:
    if not isinstance(answer, Sequence) or isinstance(answer, str | bytes | bytearray):
        return Answer(reason="the answer is not a list of mentions")
    listed = list(islice(iter(answer), MOST_MENTIONS + 1))
    if len(listed) > MOST_MENTIONS:
        return Answer(reason=f"the answer has more than {MOST_MENTIONS} mentions")
    return Answer([_mention(each) for each in listed])


def _mention(item: Any) -> ProposedMention | None:
    values = _values(item, ProposedMention._fields)
    if values is None:
        return None
    quote, start, end, label, assertion = values
    if not (_text(quote, MOST_QUOTE) and _text(label, MOST_LABEL) and _text(assertion, MOST_LABEL)):
        return None
    if type(start) is not int or type(end) is not int:
        return None
    return ProposedMention(quote, start, end, label, assertion)


def _choice(answer: Any) -> Answer:
    values = _values(answer, Choice._fields)
    if values is None:
        return Answer(reason="the answer is not an option with a quote")
    option, quote = values
    quote = "" if quote is None else quote
    if not _text(option, MOST_NAME) or not _text(quote, MOST_QUOTE):
        return Answer(reason="the option or the quote is not a text of a fitting length")
    return Answer(Choice(option, quote))


def _values(item: Any, names: tuple[str, ...]) -> list[Any] | None:
    """The values of a tuple, a list or a mapping with these names; None for anything else."""
    if isinstance(item, Mapping):
        held = dict(islice(item.items(), len(names) + 1))
        return [held[name] for name in names] if set(held) == set(names) else None
    if isinstance(item, tuple | list):
        values = list(islice(iter(item), len(names) + 1))
        return values if len(values) == len(names) else None
    return None


def _text(value: Any, most: int) -> bool:
    return type(value) is str and len(value) <= most
