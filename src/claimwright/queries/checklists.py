"""Drafts for facts that coverage criteria miss: one for each group of facts, of all that can be asked the fewest."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any

from claimwright.model.coverage import CriterionAnswer
from claimwright.model.query import Addressee, Evidence, Settled
from claimwright.queries.draft import NOT_ASSESSED, OTHER, UNABLE, Draft
from claimwright.queries.lint import passes
from claimwright.queries.matter import Matter
from claimwright.queries.missing import OpenPolicy, Wanted, checklists, group_of, labels, open_policies, wanted

_MOST_REPORTED = 4
_MOST_FAR = 2
"""Quotations of other facts, where the note says nothing on those that are asked about."""

_RULES = {"age": "the patient's age or date of birth", "sex": "the patient's sex"}
_WITH_LENGTH = ", with its duration"


def of_coverage(matter: Matter, described: frozenset[str]) -> tuple[list[Draft], tuple[Settled, ...]]:
    """The drafts, and the criteria that are left for later.

    `described` are diagnoses whose description is asked about anyway: the reason for a service is then asked
    with it.
    """
    if matter.coverage is None:
        return [], ()
    opens = open_policies(matter.coverage)
    found = wanted(opens, matter.fact_kinds)
    drafts = [draft for group in found.facts for draft in _of_group(matter, opens, found, group, described)]
    return drafts, found.deferred


def _of_group(
    matter: Matter, opens: Sequence[OpenPolicy], found: Wanted, group: str, described: frozenset[str]
) -> Iterator[Draft]:
    row, facts = checklists()[group], found.facts[group]
    to = Addressee(row["to"])
    grounds = _grounds(matter, opens, group)
    nodes = {fact: [node for each in opens for node in each.criteria.get(fact, ())] for fact in facts}
    named = {fact: _label(matter, fact, nodes[fact]) for fact in facts}
    if "each" in row or "{facts}" in row["ask"]:
        unfit = [fact for fact in facts if not _fit(named[fact])]
        for fact in unfit:
            yield Draft(to, named[fact], (), grounds, found.settles[fact])
        facts = tuple(fact for fact in facts if fact not in unfit)
    if not facts:
        return
    settles = tuple(one for fact in facts for one in found.settles[fact])
    items = tuple(dict.fromkeys(_capital(named[fact]) for fact in facts))
    own_ask = labels().get(facts[0], {}).get("ask")
    if "each" not in row:
        yield _open_question(matter, row, [named[fact] for fact in facts], grounds, settles, described)
    elif len(items) > 1:
        yield Draft(to, row["ask"], items, grounds, settles, each=tuple(row["each"]), none=row["none"])
    elif own_ask:
        yield Draft(to, own_ask, (), grounds, settles)
    elif "ask_length" in row and all(map(_only_length, nodes[facts[0]])):
        fact = _small(matter.fact_labels.get(facts[0]) or items[0])
        yield Draft(to, row["ask_length"].format(fact=fact), (), grounds, settles)
    else:
        yield Draft(to, row["ask_one"].format(fact=_small(items[0])), tuple(row["each"]), grounds, settles)


def _open_question(
    matter: Matter,
    row: dict[str, Any],
    names: Sequence[str],
    grounds: tuple[Evidence, ...],
    settles: tuple[Settled, ...],
    described: frozenset[str],
) -> Draft:
    """A question that offers no facts; at most diseases that are reported anyway."""
    to = Addressee(row["to"])
    if "ask_reported" not in row:
        return Draft(to, row["ask"].format(facts="; ".join(dict.fromkeys(names))), (), grounds, settles)
    diseases = [each.says for each in matter.diseases()[:_MOST_REPORTED]]
    if diseases:
        return Draft(to, row["ask_reported"], (*diseases, row["another"]), grounds, settles)
    return Draft(to, row["ask"], (), grounds, settles, described)


def _only_length(node: CriterionAnswer) -> bool:
    """Is the fact itself documented, and how long it lasts is not?"""
    return node.rule == "duration" and any(each.status in ("present", "historical") for each in node.facts)


def _label(matter: Matter, fact: str, nodes: Sequence[CriterionAnswer]) -> str:
    """A fact in neutral words: no bound that a criterion has."""
    known = fact in matter.fact_labels
    label = str(labels().get(fact, {}).get("label") or matter.fact_labels.get(fact, ""))
    if not known:
        rule = next((node.rule for node in nodes), "")
        says = next((node.says for node in nodes if node.says), fact.replace("-", " "))
        label = _earlier(matter, nodes) if rule == "frequency" else _RULES.get(rule) or says
    label = label.strip().rstrip(".")
    timed = any(node.rule == "duration" for node in nodes) and matter.fact_kinds.get(fact) != "treatment"
    return label + _WITH_LENGTH if known and timed else label


def _earlier(matter: Matter, nodes: Sequence[CriterionAnswer]) -> str:
    names = dict.fromkeys(each for node in nodes for each in node.counts)
    services = [matter.families[each][0] if each in matter.families else each for each in names]
    return f"earlier {', '.join(services) or 'services of the same kind'}, if any"


def _capital(label: str) -> str:
    return label[:1].upper() + label[1:]


def _small(label: str) -> str:
    return label[:1].lower() + label[1:] if label[1:2].islower() else label


@lru_cache(maxsize=1024)
def _fit(label: str) -> bool:
    """Would the words of this item alone break a rule?"""
    options = (label, "None of these", NOT_ASSESSED, OTHER, UNABLE)
    return passes('The record shows "pain". Please mark for each of these what was found.', options) is not None


def _grounds(matter: Matter, opens: Sequence[OpenPolicy], group: str) -> tuple[Evidence, ...]:
    asked = {fact for each in opens for fact in each.criteria}
    kinds: dict[str, Any] = matter.fact_kinds
    near = frozenset(fact for fact in kinds if group_of(fact, kinds) == group)
    conditions = matter.conditions() or list(matter.diagnoses)
    reported = (*conditions[:_MOST_REPORTED], *matter.lines[:_MOST_REPORTED])
    past = group in ("history", "treatments")
    told = matter.told(near | asked, past) or matter.told(frozenset(kinds), past)[:_MOST_FAR]
    return (*reported, *matter.stated(near | asked), *told)
