"""A draft of a question, and the question that comes of it if it passes the checker."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache

from claimwright.model.query import Addressee, Evidence, Question, Settled
from claimwright.queries.lint import passes

OTHER = "Other (please specify)"
UNABLE = "Unable to determine"
NOT_ASSESSED = "Not assessed"
_MOST_SHOWN = 8
LONGEST_QUOTE = 240
"""Characters of the record that one quotation shows."""


@dataclass(frozen=True, slots=True)
class Draft:
    """What to ask, of whom, on what grounds, and what an answer settles.

    `codes` are the diagnoses (without dots) whose description is in question: drafts that share one are asked as one.
    `options` are the answers beside "other" and "unable to determine"; fewer than two make an open question.
    With `each`, they are the items of a checklist, each of which gets one of those marks; `none` says that no item
    holds.
    """

    to: Addressee
    ask: str
    options: tuple[str, ...]
    evidence: tuple[Evidence, ...]
    settles: tuple[Settled, ...]
    codes: frozenset[str] = field(default=frozenset())
    each: tuple[str, ...] = ()
    none: str = ""


def question_of(draft: Draft, when: str = "") -> Question | None:
    """The question, without its id; None where no wording of it passes the checker.

    What cannot be shown without breaking a rule (a note's word on payment) is left out. A provider is never
    asked without clinical indicators: then it is the coder who is asked for documentation. `when` names the
    day of the encounter, where the claim does.
    """
    kept = tuple(each for each in _unique(draft.evidence) if _showable(_shown(each.says)))
    for evidence in (kept, tuple(each for each in kept if each.kind != "note")):
        tried = replace(draft, evidence=evidence[:_MOST_SHOWN])
        if not evidence:
            tried = replace(tried, to=Addressee.CODER)
        text, options = _text(tried, when), _answers(tried)
        passed = passes(text, options)
        if passed is not None:
            return Question("", tried.to, text, options, tried.evidence, tried.settles, passed, tried.each)
    return None


def _answers(draft: Draft) -> tuple[str, ...]:
    """Alphabetical, so that the order tells nothing; what names no finding at the end."""
    named = sorted(dict.fromkeys(draft.options), key=lambda each: (each.casefold(), each))
    if draft.each:
        return (*named, draft.none, NOT_ASSESSED, OTHER, UNABLE)
    return (*named, OTHER, UNABLE) if len(named) > 1 else ()


def _unique(evidence: Iterable[Evidence]) -> list[Evidence]:
    return list(dict.fromkeys(evidence))


@lru_cache(maxsize=4096)
def _showable(says: str) -> bool:
    """May these words be shown? They may not if they break a rule by themselves."""
    return passes(f'The record shows "{says}". Please clarify the diagnosis.') is not None


def _shown(says: str) -> str:
    says = says.replace('"', "'").replace("“", "'").replace("”", "'").strip().rstrip(".,;:")
    return says if len(says) <= LONGEST_QUOTE else says[: LONGEST_QUOTE - 1].rstrip() + "…"


def _text(draft: Draft, when: str) -> str:
    to_coder = draft.to is Addressee.CODER
    reported = [_of_claim(each, to_coder) for each in draft.evidence if each.kind not in ("note", "fact")]
    noted = [f'"{_shown(each.says)}"' for each in draft.evidence if each.kind == "note"]
    stated = [each.says for each in draft.evidence if each.kind == "fact"]
    parts = []
    if reported:
        parts.append(f"Reported for the encounter{when}: {'; '.join(dict.fromkeys(reported))}.")
    if noted:
        parts.append(f"Recorded in the note: {'; '.join(noted)}.")
    if stated:
        parts.append(f"Recorded with the encounter: {'; '.join(stated)}.")
    if not parts:
        parts.append("The claim and its note, as recorded, show no clinical indicators for this question.")
    return " ".join([*parts, draft.ask])


def _of_claim(each: Evidence, to_coder: bool) -> str:
    place = each.place
    if place is None or place.kind == "claim":
        return each.says
    return (
        f'{place.code} "{_shown(each.says)}" ({place.kind} {place.position})' if to_coder else f'"{_shown(each.says)}"'
    )


def merged(drafts: Sequence[Draft], ask: str) -> Draft:
    """One draft that settles what all of these settle."""
    first = drafts[0]
    return Draft(
        first.to,
        ask,
        tuple(option for each in drafts for option in each.options),
        tuple(_unique(one for each in drafts for one in each.evidence)),
        tuple(dict.fromkeys(one for each in drafts for one in each.settles)),
        frozenset().union(*(each.codes for each in drafts)),
    )
