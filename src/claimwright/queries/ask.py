"""From what is open on a claim to the fewest compliant questions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from claimwright.model import NotEvaluated
from claimwright.model.query import Addressee, Question, Questions
from claimwright.queries.checklists import of_coverage
from claimwright.queries.draft import Draft, merged, question_of
from claimwright.queries.drafts import DESCRIPTION, of_candidates, of_findings, of_gaps
from claimwright.queries.fewest import fewest
from claimwright.queries.matter import Matter

_MOST_TOGETHER = 8


def questions_of(matter: Matter, not_evaluated: Sequence[NotEvaluated] = ()) -> Questions:
    """The questions of one claim: each passes the checker, together they settle all that is open.

    Of the facts that coverage criteria miss only so many are asked as can settle every policy; what other
    answers make needless is deferred. Order: to the provider before the coder, then by how much an answer
    settles (guidance apart), then findings, gaps, candidates and facts, each in their own order.
    """
    when = "" if matter.report.date_assumed else f" of {matter.day}"
    gaps = list(of_gaps(matter))
    described = frozenset(code for each in gaps for code in each.codes)
    missing, deferred = of_coverage(matter, described)
    drafts = [*of_findings(matter), *gaps, *of_candidates(matter), *missing]
    asked = [each for draft in [*_joined(drafts), *drafts] if (each := question_of(draft, when))]
    chosen = [asked[number] for number in fewest([frozenset(each.settles) for each in asked])]
    settled = {one for each in chosen for one in each.settles}
    withheld = dict.fromkeys(one for draft in drafts for one in draft.settles if one not in settled)
    ordered = sorted(chosen, key=_order)
    return Questions(
        claim=matter.claim.id,
        date_of_service=matter.day,
        questions=tuple(replace(each, id=f"Q{number}") for number, each in enumerate(ordered, start=1)),
        withheld=tuple(withheld),
        deferred=deferred,
        not_evaluated=tuple(not_evaluated),
        date_assumed=matter.report.date_assumed,
    )


def _order(each: Question) -> tuple[int, int]:
    return (list(Addressee).index(each.to), -sum(one.kind != "guidance" for one in each.settles))


def _joined(drafts: Sequence[Draft]) -> list[Draft]:
    """Drafts on the description of the same diagnoses, joined into one each."""
    groups: list[list[Draft]] = []
    for draft in drafts:
        if not draft.codes or draft.to is not Addressee.PROVIDER:
            continue
        touching = [each for each in groups if any(one.codes & draft.codes for one in each)]
        groups = [each for each in groups if each not in touching]
        groups.append([*(one for each in touching for one in each), draft])
    joined = [merged(each, DESCRIPTION) for each in groups if len(each) > 1]
    return [each for each in joined if len(dict.fromkeys(each.options)) <= _MOST_TOGETHER]
