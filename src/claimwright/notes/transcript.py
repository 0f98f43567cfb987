"""Recorded answers of a provider of suggestions: `Recording` writes them, `RecordedProvider` gives them again.

A transcript is JSON: `format`, `provider`, `version`, and `answers` by the SHA-256 of the request, each a list
in the order asked: `{"answer": ...}` or `{"failed": "why"}`. It holds words of the note: keep it as the note is
kept.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from claimwright.claims.text_file import read_bytes
from claimwright.errors import InputError
from claimwright.model.suggesting import Choice, Option, ProposedMention, SectionPlace, SuggestionProvider
from claimwright.notes.provider_calls import ProviderFailed, choose_request, propose_request, request_hash

FORMAT = "claimwright-suggestions-1"
MOST_BYTES = 64 * 1024 * 1024
_KEYS = {"format", "provider", "version", "answers"}
_NOT_JSON = "the answer is not JSON"


class CallableProvider:
    """Two functions as a provider; without `choose`, or without `propose`, that call is answered by nothing."""

    def __init__(
        self,
        name: str,
        version: str,
        propose: Callable[[str, Sequence[SectionPlace]], Sequence[ProposedMention]] | None = None,
        choose: Callable[[str, Sequence[Option], str], Choice | tuple[str, str]] | None = None,
    ) -> None:
        """Name and version are recorded with everything that the functions give."""
        self.name, self.version = name, version
        self._propose, self._choose = propose, choose

    def propose(self, note: str, sections: Sequence[SectionPlace]) -> Sequence[ProposedMention]:
        """What the function proposes."""
        return self._propose(note, sections) if self._propose else ()

    def choose(self, question: str, options: Sequence[Option], note: str) -> Choice | tuple[str, str]:
        """What the function chooses."""
        if self._choose is None:
            raise ProviderFailed("it does not choose")
        return self._choose(question, options, note)


class RecordedProvider:
    """Gives the answers of a transcript; a request that is not in it is refused."""

    def __init__(self, name: str, version: str, answers: dict[str, list[dict[str, Any]]]) -> None:
        """`answers` by the hash of the request, each list in the order asked."""
        self.name, self.version, self._answers = name, version, answers
        self._asked: dict[str, int] = {}

    @classmethod
    def read(cls, file: Path | str) -> RecordedProvider:
        """The provider of a transcript; `InputError` for a file that is missing or is none."""
        return cls(*_transcript(Path(file)))

    def propose(self, note: str, sections: Sequence[SectionPlace]) -> Any:
        """The recorded mentions."""
        return self._answer(propose_request(note, sections))

    def choose(self, question: str, options: Sequence[Option], note: str) -> Any:
        """The recorded choice."""
        return self._answer(choose_request(question, options, note))

    def _answer(self, request: dict[str, Any]) -> Any:
        key = request_hash(request)
        listed = self._answers.get(key)
        if not listed:
            raise ProviderFailed("the transcript has no answer to this request")
        number = self._asked.get(key, 0)
        self._asked[key] = number + 1
        found = listed[number % len(listed)]  # the same note read again begins anew
        if "failed" in found:
            raise ProviderFailed(found["failed"])
        return found["answer"]


class Recording:
    """Asks another provider and keeps what it answers; `save` writes the transcript."""

    def __init__(self, provider: SuggestionProvider) -> None:
        """Record `provider`."""
        self._provider = provider
        self._answers: dict[str, list[dict[str, Any]]] = {}

    @property
    def name(self) -> str:
        """The name of the recorded provider."""
        return self._provider.name

    @property
    def version(self) -> str:
        """The version of the recorded provider."""
        return self._provider.version

    def propose(self, note: str, sections: Sequence[SectionPlace]) -> Any:
        """What the recorded provider proposes, as it will be replayed."""
        return self._kept(propose_request(note, sections), lambda: self._provider.propose(note, sections))

    def choose(self, question: str, options: Sequence[Option], note: str) -> Any:
        """What the recorded provider chooses, as it will be replayed."""
        return self._kept(
            choose_request(question, options, note), lambda: self._provider.choose(question, options, note)
        )

    def _kept(self, request: dict[str, Any], ask: Callable[[], Any]) -> Any:
        listed = self._answers.setdefault(request_hash(request), [])
        try:
            answer = _as_json(ask())
        except ProviderFailed as error:
            listed.append({"failed": str(error)})
            raise
        except Exception as error:
            listed.append({"failed": f"raised {type(error).__name__}"})
            raise
        listed.append({"answer": answer})
        return answer

    def save(self, file: Path | str) -> None:
        """Write the transcript, the same answers as the same bytes."""
        content = {
            "format": FORMAT,
            "provider": self.name,
            "version": self.version,
            "answers": dict(sorted(self._answers.items())),
        }
        Path(file).write_text(json.dumps(content, indent=2, allow_nan=False) + "\n", encoding="utf-8")


def _as_json(answer: Any) -> Any:
    """The answer as it comes back from JSON; `ProviderFailed` where it does not."""
    try:
        return json.loads(json.dumps(answer, allow_nan=False))
    except (TypeError, ValueError, RecursionError):
        raise ProviderFailed(_NOT_JSON) from None


def _transcript(file: Path) -> tuple[str, str, dict[str, list[dict[str, Any]]]]:
    expected = "a recorded transcript of suggestions"
    data = read_bytes(str(file), MOST_BYTES, expected, expected)
    try:
        content = json.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        raise InputError(str(file), "is not JSON in UTF-8", expected) from None
    wrong = _wrong(content)
    if wrong:
        raise InputError(str(file), *wrong)
    return content["provider"], content["version"], content["answers"]


def _wrong(content: Any) -> tuple[str, str] | None:
    """The first fault of a transcript: problem and what is expected; None for a good one."""
    if not isinstance(content, dict) or set(content) != _KEYS:
        return "$: has other keys", f"an object of {', '.join(sorted(_KEYS))}"
    if content["format"] != FORMAT:
        return "$.format: is another", FORMAT
    for name in ("provider", "version"):
        if not isinstance(content[name], str) or not content[name]:
            return f"$.{name}: is no text", "the name and the version that were recorded"
    if not isinstance(content["answers"], dict):
        return "$.answers: is no object", "lists of answers by the hash of the request"
    for number, (key, listed) in enumerate(content["answers"].items(), start=1):
        if len(key) != 64 or not set(key) <= set("0123456789abcdef"):
            return f"$.answers: key {number} is no SHA-256", "64 hexadecimal digits"
        if not isinstance(listed, list) or not listed or not all(map(_is_answer, listed)):
            return f"$.answers: the value of key {number} is no list of answers", '{"answer": ...} or {"failed": "why"}'
    return None


def _is_answer(each: Any) -> bool:
    if not isinstance(each, dict):
        return False
    return set(each) == {"answer"} or (set(each) == {"failed"} and isinstance(each["failed"], str))
