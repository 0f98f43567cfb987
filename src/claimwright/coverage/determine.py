"""The answer of one policy version: list and criteria judged apart, the verdict, and everything it rests on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from claimwright.coverage.atoms import Scene, judge_atom
from claimwright.coverage.codes import CodeSet
from claimwright.coverage.crd import coverage_information
from claimwright.coverage.facts import QUESTION, Facts, Said
from claimwright.coverage.logic import Judged, Literal, Missing, deciding, judge
from claimwright.coverage.prepared import PreparedVersion
from claimwright.coverage.select import Chosen
from claimwright.model import Claim, dotted
from claimwright.model.coverage import (
    CriterionAnswer,
    Determination,
    DiagnosisAnswer,
    Item,
    Listed,
    NeededFact,
    PolicyAnswer,
    SourceUsed,
    State,
    Window,
)
from claimwright.model.policy import Cite, Criterion, Policy, PolicyVersion, Remark, Rule


@dataclass(frozen=True, slots=True)
class Determined:
    """An answer with what ranking facts over several policies needs: the sets that meet its tree, what fails it."""

    answer: PolicyAnswer
    missing: Missing | None
    against: frozenset[Literal]


def determine(chosen: Chosen, claim: Claim, facts: Facts, today: date) -> Determined:
    """What one policy says of the claim on its day; `today` is the day of the determination."""
    if chosen.version is None:
        return Determined(_not_in_force(chosen, claim, today), None, frozenset())
    return _Judge(chosen, claim, facts, today).determined()


class _Judge:
    """One version and one claim."""

    def __init__(self, chosen: Chosen, claim: Claim, facts: Facts, today: date) -> None:
        assert chosen.version is not None  # noqa: S101 - see determine
        self.chosen, self.claim, self.facts, self.today = chosen, claim, facts, today
        self.policy: Policy = chosen.policy.source
        self.version: PolicyVersion = chosen.version
        self.prepared: PreparedVersion = chosen.policy.version(chosen.version)
        self.codes = tuple(map(dotted, chosen.diagnoses))
        self.listed, self.diagnoses = self._listed()
        self.said: dict[int, Said] = {}
        self.tree = judge(self.version.criteria, self._atom) if self.version.criteria else None
        self.shown = self._shown()

    def _listed(self) -> tuple[Listed, tuple[DiagnosisAnswer, ...]]:
        if self.version.diagnoses is None:
            return Listed.NOT_LOADED, tuple(DiagnosisAnswer(each, Listed.NOT_LOADED, ()) for each in self.codes)
        return self.prepared.listed(self.codes, self.chosen.services)

    def _shown(self) -> State | None:
        """State of the tree by what the record shows, without what a question only says."""
        if self.version.criteria is None or self.tree is None:
            return None
        if self.facts.recorded is self.facts:
            return self.tree.state
        return judge(self.version.criteria, lambda each: judge_atom(each, self._scene(self.facts.recorded)).state).state

    def _unshown(self) -> bool:
        """Is the state of the tree decided by what a question says, and nothing else?"""
        told = self.tree is not None and self.tree.state is not State.NOT_DOCUMENTED
        return told and self.tree is not None and self.shown is not self.tree.state

    def _atom(self, criterion: Criterion) -> State:
        said = self.said[id(criterion)] = judge_atom(criterion, self._scene(self.facts))
        return said.state

    def _scene(self, facts: Facts) -> Scene:
        return Scene(
            claim=self.claim,
            facts=facts,
            day=self.chosen.day,
            codes=self.chosen.diagnoses,
            modifiers=self.chosen.modifiers,
            group=self.prepared.group_named,
            code_set=lambda codes: CodeSet(codes, self.prepared.grounds.order),
        )

    def determined(self) -> Determined:
        """The answer, and the sets of missing facts behind it."""
        verdict, why = self._verdict()
        open_ = self.tree is not None and self.tree.state is State.NOT_DOCUMENTED
        missing, against = None, frozenset[Literal]()
        if open_ and self.tree and self.listed is not Listed.NOT_LISTED:
            missing, against = Missing(self.tree), deciding(self.tree, met=False)
        ids = _ranked(missing) if missing else ()
        sets = tuple(tuple(map(self._needed(missing), each)) for each in missing.sets) if missing else ()
        unshown = self._unshown() and self.listed is not Listed.NOT_LISTED
        if unshown and self.tree and self.tree.state is State.MET:
            sets = (tuple(self._to_show()),)
            ids = tuple(each.id for each in sets[0])
        version = self.version
        services = tuple(sorted(self.chosen.services))
        answer = PolicyAnswer(
            **_head(self.policy, self.chosen, self.claim),
            verdict=verdict,
            diagnosis_listed=self.listed,
            why=why,
            diagnoses=self.diagnoses,
            criteria=self._answer(self.tree) if self.tree else None,
            missing=ids,
            missing_sets=sets,
            more_missing_sets=bool(missing and not missing.complete),
            decides=tuple(dict.fromkeys(each.asks for each in missing.singles())) if missing else (),
            documentation=tuple(self._document(each) for each in version.documentation),
            denial_risks=tuple(self._risks()),
            alternatives=tuple(Item(each.says, each.cite) for each in version.alternatives),
            appropriate=tuple(self._guidance(each) for each in version.appropriate),
            not_indicated=tuple(self._guidance(each) for each in version.not_indicated),
            coverage_information=coverage_information(
                verdict, self.listed, version.completeness == "full" and not version.left_out, ids, services, why,
                f"{self.policy.id}|{version.version}|{self.claim.id}|{self.chosen.day}|{self.chosen.diagnoses}",
                self.today,
            ),
            rests_on=QUESTION if unshown else None,
        )  # fmt: skip
        return Determined(answer, missing, against)

    def _to_show(self) -> Iterator[NeededFact]:
        """Of the criteria that are met, what only the question says: the record has to show it."""
        assert self.tree is not None  # noqa: S101 - see determined
        told = set()
        for node in _walk(self.tree):
            each = node.criterion
            said = self.said.get(id(each))
            if node.children or said is None or node.state is State.NOT_DOCUMENTED or each.asks in told:
                continue
            if any(fact.source == QUESTION for fact in said.facts):
                told.add(each.asks)
                fact = each.rule is Rule.FACT
                absent = fact and (each.status == "absent") is (node.state is State.MET)
                needed = ("absent" if absent else "present") if fact else node.state.value
                yield NeededFact(
                    each.asks, needed, self.prepared.grounds.lexicon.says(each.asks) if fact else each.says
                )

    # ---- the verdict ----------------------------------------------------------------------------

    def _verdict(self) -> tuple[Determination, str]:
        verdict, why = self._on_its_text()
        if self.chosen.in_force is None:
            since = f"; it is known since {self.version.known_on}" if self.version.known_on else ""
            why = f"whether this text was in force on {self.chosen.day} was not read{since}. Under it: {why}"
            if verdict is Determination.SUPPORTED:  # never covered by a text that may not have applied
                verdict = Determination.INSUFFICIENT
        return verdict, why

    def _on_its_text(self) -> tuple[Determination, str]:
        listed, tree = self.listed, self.tree
        names = ", ".join(self.codes) or "no diagnosis"
        if tree is None and self.version.diagnoses is None:
            return Determination.NOT_ADDRESSED, "neither criteria nor a list of diagnoses is loaded for this policy"
        if listed is Listed.NOT_LISTED:
            barred = all(each.noncovered for each in self.diagnoses)
            return (
                Determination.NOT_SUPPORTED,
                f"{names}: {_BARRED if barred else _UNLISTED}",
            )
        if tree is None:
            return self._by_list(names)
        if tree.state is State.MET and self._unshown():
            return Determination.INSUFFICIENT, "the criteria are met if the record documents what the question says"
        if tree.state is State.MET:
            return Determination.SUPPORTED, "the criteria are met"
        if tree.state is State.NOT_MET:
            told = ", as the question tells it; the record decides" if self._unshown() else ""
            return Determination.NOT_SUPPORTED, f"the criteria are not met{told}"
        return Determination.INSUFFICIENT, "the criteria are neither met nor denied: facts are not documented"

    def _by_list(self, names: str) -> tuple[Determination, str]:
        if self.listed is Listed.CONDITIONAL:
            return Determination.INSUFFICIENT, f"{names}: listed under a condition that is not shown to be met"
        if self.listed is Listed.NOT_LOADED:
            return Determination.INSUFFICIENT, f"{names}: the list is not loaded for these codes"
        if self.version.left_out:
            return (
                Determination.INSUFFICIENT,
                f"{names}: listed; listing alone is not coverage, and of this policy is not loaded: "
                + "; ".join(self.version.left_out),
            )
        return Determination.SUPPORTED, f"{names}: on the policy's list; the policy has no other criterion"

    # ---- the tree -------------------------------------------------------------------------------

    def _answer(self, node: Judged) -> CriterionAnswer:
        each = node.criterion
        said = self.said.get(id(each))
        return CriterionAnswer(
            id=each.id,
            says=each.says,
            cite=each.cite,
            rule=each.rule.value,
            state=node.state,
            facts=said.facts if said else (),
            reason=said.reason if said else None,
            children=tuple(map(self._answer, node.children)),
            asks=None if each.rule.joins else each.asks,
            needed=each.status if each.rule is Rule.FACT else None,
            count=each.count,
            counts=each.values if each.rule is Rule.FREQUENCY else (),
        )

    def _needed(self, missing: Missing | None) -> Any:
        def needed(literal: Literal) -> NeededFact:
            assert missing is not None  # noqa: S101 - there is no literal without it
            criterion = missing.atoms[missing.literals.index(literal)][0]
            return needed_fact(literal, criterion, self.prepared.grounds.lexicon.says)

        return needed

    # ---- what the policy says besides -----------------------------------------------------------

    def _document(self, remark: Remark) -> Item:
        if not remark.facts:
            return Item(remark.says, remark.cite, "not-checked")
        shown = self.facts.recorded
        open_ = tuple(each for each in remark.facts if shown.of(each).state is State.NOT_DOCUMENTED)
        return Item(remark.says, remark.cite, "missing" if open_ else "met", remark.facts, open_)

    def _guidance(self, remark: Remark) -> Item:
        if not remark.facts:
            return Item(remark.says, remark.cite)
        return Item(remark.says, remark.cite, self.facts.of(remark.facts[0]).state.value, remark.facts)

    def _risks(self) -> Iterator[Item]:
        """The policy's own denials that threaten this claim, then those that follow from its list and criteria."""
        states = {node.criterion.id: node.state for node in _walk(self.tree)} if self.tree else {}
        told = set()
        for each in self.version.denial_risks:
            kind, _, name = each.when.partition(":")
            holds = {
                "always": True,
                "not-listed": self.listed is Listed.NOT_LISTED,
                "list-only": self.tree is None and self.listed is not Listed.NOT_LISTED,
                "not-met": states.get(name) is State.NOT_MET,
                "not-documented": states.get(name) is State.NOT_DOCUMENTED,
            }[kind]
            if holds:
                told.add(each.when)
                yield Item(each.says, each.cite, because=each.when)
        for one in self.diagnoses:
            outside = self.listed is Listed.NOT_LISTED and "not-listed" not in told
            if outside or (one.noncovered and one.listed is Listed.NOT_LISTED):
                how = "listed as not covered" if one.noncovered else "not on the list of diagnoses"
                yield Item(f"{one.code} is {how}", next(iter(one.cites), None), because="not-listed")
        if self.tree and self.tree.state is not State.MET:
            for node in _failing(self.tree):
                because = f"{node.state.value}:{node.criterion.id}"
                if because not in told:
                    yield Item(_failure(node), node.criterion.cite, because=because)


_UNLISTED = "not on the policy's list of diagnoses"
_BARRED = "on the policy's list of diagnoses that are not covered"


def _walk(node: Judged) -> Iterator[Judged]:
    yield node
    for child in node.children:
        yield from _walk(child)


def _failing(node: Judged) -> Iterator[Judged]:
    """The criteria that keep a tree from being met: the failing parts of an `all`, else the rule itself."""
    if node.criterion.rule is Rule.ALL:
        for child in node.children:
            if child.state is not State.MET:
                yield from _failing(child)
    else:
        yield node


def _failure(node: Judged) -> str:
    words = {State.NOT_MET: "Not met", State.NOT_DOCUMENTED: "Not documented"}[node.state]
    criterion = node.criterion
    says = criterion.says.rstrip(". ")
    if not node.children:
        return f"{words}: {says}"
    parts = "; ".join(child.criterion.says.rstrip(". ") for child in node.children)
    return f"{words}: {says} ({parts})"


def needed_fact(literal: Literal, criterion: Criterion, says: Any) -> NeededFact:
    """A literal in words: a fact as present or absent, another atom as met or not."""
    if criterion.rule is Rule.FACT:
        return NeededFact(literal.asks, "present" if literal.present else "absent", says(literal.asks))
    return NeededFact(literal.asks, "met" if literal.met else "not-met", criterion.says)


def _ranked(missing: Missing) -> tuple[str, ...]:
    """What to supply: first what is enough alone, then by what it needs beside it; of equals what settles most."""
    used = {literal for each in missing.sets for literal in each}
    if not missing.complete:
        used = set(missing.literals)
    settled: dict[str, int] = {}
    fewest: dict[str, int] = {}
    for number, literal in enumerate(missing.literals):
        if literal in used:
            settled[literal.asks] = settled.get(literal.asks, 0) + len(missing.atoms[number])
    for one in missing.sets:
        for literal in one:
            fewest[literal.asks] = min(fewest.get(literal.asks, len(one)), len(one))
    return tuple(sorted(settled, key=lambda each: (fewest.get(each, len(settled)), -settled[each])))


# ---- what stands in every answer --------------------------------------------------------------------


def _head(policy: Policy, chosen: Chosen, claim: Claim) -> dict[str, Any]:
    version = chosen.version
    assert version is not None  # noqa: S101 - see determine
    return {
        **_about(policy, chosen, claim),
        "version": version.version,
        "starts": version.starts,
        "ends": version.ends,
        "review": version.review,
        "completeness": version.completeness,
        "known_on": version.known_on,
        "verified_on": version.verified_on,
        "in_force": chosen.in_force,
        "holds": version.holds,
        "left_out": version.left_out,
        "source": "imported" if version.imported else "policies",
        "note": version.note,
    }


def _about(policy: Policy, chosen: Chosen, claim: Claim) -> dict[str, Any]:
    return {
        "policy": policy.id,
        "payer": policy.payer,
        "jurisdiction": _jurisdiction(policy, claim),
        "title": policy.title,
        "kind": policy.kind,
        "payer_name": policy.payer_name,
        "services": tuple(sorted(chosen.services)),
        "related": policy.related,
        "versions": tuple(Window(each.version, each.starts, each.ends, each.known_on) for each in policy.versions),
        "citations": tuple(
            SourceUsed(number, each.id, each.title, each.publisher, each.url, each.read, each.note)
            for number, each in enumerate(policy.sources, start=1)
        ),
    }


def _jurisdiction(policy: Policy, claim: Claim) -> dict[str, Any]:
    """Where the policy holds; a note where the claim's contractor and state do not agree with what was read."""
    out: dict[str, Any] = {"contractor": policy.contractor, "states": list(policy.states) if policy.states else None}
    state = claim.payer.state
    if policy.states and state and state.upper() not in policy.states and claim.payer.id is not None:
        out["note"] = f"the claim's state {state.upper()} is not among the states read for it; the contractor decides"
    return out


def _not_in_force(chosen: Chosen, claim: Claim, today: date) -> PolicyAnswer:
    """The answer where no loaded version is in force on the day: which ones there are."""
    policy = chosen.policy.source
    listed = "; ".join(_window(each) for each in policy.versions)
    why = f"no loaded version is in force on {chosen.day}; loaded: {listed}"
    subject = f"{policy.id}||{claim.id}|{chosen.day}"
    services = tuple(sorted(chosen.services))
    latest = policy.versions[-1]
    return PolicyAnswer(
        **_about(policy, chosen, claim), version=None, starts=None, ends=None, review=latest.review,
        completeness=latest.completeness, verdict=Determination.NOT_ADDRESSED, diagnosis_listed=Listed.NOT_LOADED,
        why=why, known_on=None, verified_on=None, in_force=False, holds="neither", left_out=(), diagnoses=(),
        criteria=None, missing=(), missing_sets=(), more_missing_sets=False, decides=(), documentation=(),
        denial_risks=(), alternatives=(), appropriate=(), not_indicated=(), source="policies", note="",
        coverage_information=coverage_information(
            Determination.NOT_ADDRESSED, Listed.NOT_LOADED, False, (), services, why, subject, today
        ),
    )  # fmt: skip


def _window(version: PolicyVersion) -> str:
    starts = str(version.starts) if version.starts else "a day that was not read"
    return f"{version.version} ({starts} to {version.ends or 'open'})"


def cites_of(answer: PolicyAnswer) -> Sequence[Cite]:
    """Every place that an answer cites."""
    items = (*answer.documentation, *answer.denial_risks, *answer.alternatives, *answer.appropriate,
             *answer.not_indicated)  # fmt: skip
    nodes = answer.criteria.walk() if answer.criteria else []
    found = [*(each.cite for each in items), *(each.cite for each in nodes)]
    found += [cite for each in answer.diagnoses for cite in each.cites]
    return [each for each in found if each is not None]
