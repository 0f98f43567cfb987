"""All answers for one claim: each policy by itself, never a verdict over several."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date

from claimwright.coverage.atoms import LAST_SERVICE
from claimwright.coverage.determine import Determined, determine, needed_fact
from claimwright.coverage.facts import Facts, of_claim, of_note
from claimwright.coverage.logic import Literal
from claimwright.coverage.prepared import Grounds, PreparedPolicy
from claimwright.coverage.select import select, supplies
from claimwright.model import Claim, NoteFact, NotEvaluated
from claimwright.model.coverage import Coverage, Determination, NeededFact, NextFact

DISCLAIMER = (
    "An answer for each policy as it is loaded here, for professionals in coding and billing: no decision of a "
    "payer, no promise of payment, no medical advice. The payer's own text governs."
)

READING = "claimwright cover needs the reading of notes for this; state facts in the claim's `facts` instead"


def cover(
    claim: Claim,
    policies: Iterable[PreparedPolicy],
    grounds: Grounds,
    otherwise: date,
    today: date,
    given: bool = False,
    read: Sequence[NoteFact] | None = None,
    unloaded: Sequence[NotEvaluated] = (),
) -> Coverage:
    """The answers of the policies among these that apply to the claim.

    `otherwise` is the date of service if the claim carries none; `given` says that the policies were handed
    over with the claim; `read` are facts read from its note, None where the note was not read; `unloaded`
    is what is not loaded and could answer, which is told where no policy does.
    """
    selection = select(policies, claim, otherwise, given)
    facts = Facts((*of_claim(claim), *of_note(read or ())), grounds.lexicon)
    found = [determine(each, claim, facts, today) for each in selection.chosen]
    answers = [each for each in found if each.answer.kind != "editorial"]
    assumed = not (claim.service_from or claim.service_to)
    supply = supplies(claim, selection, assumed, given, unloaded)
    verdicts = {each.answer.verdict for each in answers} - {Determination.NOT_ADDRESSED}
    lacking = [NotEvaluated("facts of the note", "the reading of notes", READING)] * (
        claim.note is not None and read is None
    )
    if not answers:
        lacking += unloaded
    return Coverage(
        claim=claim.id,
        date_of_service=claim.date_of_service(otherwise),
        procedures=tuple(dict.fromkeys(line.code.strip().upper() for line in claim.lines)),
        answers=tuple(each.answer for each in answers),
        conflict=len(verdicts) > 1,
        unknown=tuple(each.topic for each in supply),
        supply=tuple(supply),
        next_facts=_next_facts(found),
        editorial=tuple(each.answer for each in found if each.answer.kind == "editorial"),
        not_selected=tuple(selection.refused),
        not_evaluated=tuple(lacking),
        disclaimer=DISCLAIMER,
        unknown_facts=_unknown(claim, found, grounds),
        date_assumed=assumed,
    )


def _unknown(claim: Claim, found: Sequence[Determined], grounds: Grounds) -> tuple[str, ...]:
    """Facts of the claim that nothing here can use: most often an id that is misspelt."""
    trees = (each.answer.criteria for each in found if each.answer.criteria)
    asked = {node.asks for tree in trees for node in tree.walk()}
    known = grounds.lexicon.words
    stray = (each.id for each in claim.facts if each.id not in known and not each.id.startswith(LAST_SERVICE))
    return tuple(dict.fromkeys(each for each in stray if each not in asked))


@dataclass(slots=True)
class _Settled:
    """What documenting one fact settles, gathered over policies."""

    needed: NeededFact
    criteria: list[tuple[str, str]] = field(default_factory=list)
    decides: list[str] = field(default_factory=list)
    against: list[str] = field(default_factory=list)


def _next_facts(found: Sequence[Determined]) -> tuple[NextFact, ...]:
    """Undocumented facts, first the one that settles most criteria of most policies."""
    gathered: dict[Literal, _Settled] = {}
    for each in found:
        if each.missing is None:
            continue
        policy = each.answer.policy
        wanted = {literal for one in each.missing.sets for literal in one} or set(each.missing.literals)
        singles = set(each.missing.singles())
        contrary = {(one.key, one.met) for one in each.against}
        for literal, atoms in zip(each.missing.literals, each.missing.atoms, strict=True):
            if literal not in wanted:
                continue
            entry = gathered.setdefault(literal, _Settled(needed_fact(literal, atoms[0], _says(atoms[0].says))))
            entry.criteria += [(policy, atom.id) for atom in atoms]
            entry.decides += [policy] * (literal in singles)
            entry.against += [policy] * ((literal.key, not literal.met) in contrary)
    ranked = sorted(gathered.values(), key=lambda each: (-len(each.criteria), -len(each.decides), each.needed.id))
    return tuple(_next(each) for each in ranked)


def _says(words: str) -> object:
    return lambda fact: words


def _next(each: _Settled) -> NextFact:
    policies = tuple(dict.fromkeys(policy for policy, _ in each.criteria))
    return NextFact(
        id=each.needed.id,
        says=each.needed.says,
        needed=each.needed.needed,
        settles=len(each.criteria),
        criteria=tuple(each.criteria),
        policies=policies,
        decides=tuple(each.decides),
        decides_against=tuple(each.against),
    )
