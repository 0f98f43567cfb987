"""Questions as a form to paste, and what the checker says, as text."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from claimwright.model.query import Addressee, CheckedQuery, Evidence, Question, Questions, Settled

_WIDTH = 80
_LABEL = 32
_LAST = 4
"""Answers at the end of a checklist: none of these, not assessed, other, unable to determine."""
_TO = {Addressee.PROVIDER: "the provider", Addressee.CODER: "the coder"}


def questions_text(found: Questions, bold: bool = False) -> str:
    """Every question of a claim as a form: indicators, question, answers, signature; then what it settles."""
    head = f"Claim {found.claim}, " if found.claim else ""
    count = len(found.questions)
    says = "no question is open" if not count else f"{count} question{'s' if count > 1 else ''}"
    out = [f"{head}{found.date_of_service}: {says}"]
    for each in found.questions:
        out += ["", *question_form(each, bold)]
    if found.withheld:
        listed = settled_words(found.withheld)
        out += ["", *_wrap(f"No compliant question can be made for: {listed}.", "")]
    if found.deferred:
        listed = settled_words(found.deferred)
        out += ["", *_wrap(f"Asked later, if the answers leave it open: {listed}.", "")]
    for lacking in found.not_evaluated:
        out += _wrap(f"Not evaluated: {lacking.rule} (wants {lacking.missing}). {lacking.how}", "")
    return "\n".join(out) + "\n"


def question_form(each: Question, bold: bool) -> list[str]:
    """One question as a form to paste."""
    title = f"{each.id}  QUESTION TO {_TO[each.to].upper()}"
    out = [f"\x1b[1m{title}\x1b[0m" if bold else title, *_wrap(each.text, "  "), ""]
    if each.each:
        out += _checklist(each)
    elif each.options:
        out += [line for option in each.options for line in _wrap(option, "  [ ] ")]
    else:
        out += ["  Answer: " + "_" * 40]
    if each.to is Addressee.PROVIDER:
        out += ["", "  Provider: " + "_" * 24 + "  Date and time: " + "_" * 16]
    out += ["", *_wrap("Rests on: " + ("; ".join(map(evidence_words, each.evidence)) or "nothing on the claim"), "  ")]
    out += _wrap("Settles: " + settled_words(each.settles), "  ")
    return [*out, *_wrap(f"Checked: {len(each.check)} rules for questions that do not lead, all passed", "  ")]


def _checklist(each: Question) -> list[str]:
    """The items, each with its marks below; then the answers that name none."""
    items, others = each.options[:-_LAST], each.options[-_LAST:]
    marks = "  ".join(f"[ ] {mark}" for mark in each.each)
    out = []
    for item in items:
        side_by_side = len(item) <= _LABEL and len(marks) + _LABEL + 4 <= _WIDTH
        out += [f"  {item:<{_LABEL}}  {marks}"] if side_by_side else [*_wrap(item, "  "), *_wrap(marks, "      ")]
    return [*out, *(line for option in others for line in _wrap(option, "  [ ] "))]


def evidence_words(each: Evidence) -> str:
    """Where a question's evidence stands."""
    if each.span is not None:
        return f"note, characters {each.span.start} to {each.span.end}"
    if each.place is None:
        return each.kind
    return f"{each.place.kind} {each.place.position} ({each.place.code})"


def settled_words(listed: Sequence[Settled]) -> str:
    """What is settled, the criteria of one policy together."""
    out: dict[tuple[str, str | None], list[str]] = {}
    for each in listed:
        at = ", ".join(place.code for place in each.at if place.code)
        out.setdefault((each.kind, each.policy), []).append(each.id + (f" ({at})" if at else ""))
    return "; ".join(_of_kind(kind, policy, list(dict.fromkeys(ids))) for (kind, policy), ids in out.items())


def _of_kind(kind: str, policy: str | None, ids: list[str]) -> str:
    names = ", ".join(ids)
    if kind == "guidance":
        return f"editorial guidance of {policy}, no payer's rule: {names}"
    if kind == "criterion":
        return f"{'criteria' if len(ids) > 1 else 'criterion'} of {policy}: {names}"
    return f"{kind} {names}"


def lint_text(checked: Sequence[CheckedQuery]) -> str:
    """Every broken rule with the words that broke it; one line for a clean question."""
    out: list[str] = []
    for each in checked:
        lead = f"Question {each.name}: " if each.name else ""
        if each.ok:
            out.append(f"{lead}clean, {len(each.passed)} rules passed")
            continue
        count = len({broken.rule for broken in each.broken})
        out.append(f"{lead}{count} rule{'s' if count > 1 else ''} broken")
        for broken in each.broken:
            out += _wrap(f'{broken.rule}: "{broken.words}"', "  ")
            out += _wrap(f"wanted: {broken.says}", "      ")
    return "\n".join(out) + "\n"


def _wrap(text: str, margin: str) -> list[str]:
    blank = " " * len(margin)
    return textwrap.wrap(text, _WIDTH, initial_indent=margin, subsequent_indent=blank, break_on_hyphens=False) or [""]
