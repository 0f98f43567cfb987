"""The criteria of a policy: a tree of rules over atoms, each with its words and its place in the document."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Protocol

from claimwright.model.policy import Cite, Criterion, PolicySource, Rule
from claimwright.sources.policy_codes import SERVICE, code_pattern
from claimwright.sources.policy_yaml import At

UNITS = ("day", "week", "month", "year")
MOST_LENGTH = 2000
"""Of any unit; more is a slip of the pen."""
MOST_DEPTH = 40
"""Deeper than any policy; a tree beyond it is a mistake."""

_LENGTH = re.compile(r"(?P<number>\d+(?:\.\d+)?)\s*(?P<unit>day|week|month|year)s?\Z")
_ATOMS = tuple(rule.value for rule in Rule)
_RESERVED = frozenset({"id", "says", "cite", "state", "rule", "facts", "children", "span_text", "reason", "count"})
"""Names of what a criterion's answer holds; no criterion may be called so."""


class Words(Protocol):
    """See `claimwright.sources.policy.Vocabulary`."""

    @property
    def facts(self) -> Mapping[str, str]:
        """Facts by id, with their words."""

    @property
    def families(self) -> Collection[str]:
        """Families of services."""

    @property
    def strict(self) -> bool:
        """Is anything else refused?"""

    def says(self, fact: str) -> str:
        """A fact in words."""


class Tree:
    """Reads the tree of one version; `ids` are the criteria read so far."""

    def __init__(self, words: Words, sources: Mapping[str, PolicySource], groups: Collection[str]) -> None:
        self.words, self.sources, self.groups = words, sources, groups
        self.ids: set[str] = set()

    def read(self, at: At) -> Criterion:
        """The whole tree."""
        self._claimed = set(_written_ids(at.value))
        return self._node(at, None, "root", 0)

    def _node(self, at: At, cite: Cite | None, otherwise: str, depth: int) -> Criterion:
        if depth > MOST_DEPTH:
            raise at.wrong(f"is nested more than {MOST_DEPTH} deep")
        at.keys("", f"id says cite status {' '.join(_ATOMS)}")
        kinds = [key for key in _ATOMS if key in at.value]
        if len(kinds) != 1:
            raise at.wrong(f"has {' and '.join(kinds) or 'neither rule nor atom'}", f"one of {', '.join(_ATOMS)}")
        rule = Rule(kinds[0])
        if "status" in at.value and rule is not Rule.FACT:
            raise at.child("status").wrong("stands beside something that is no fact")
        cite = self._cite(at.child("cite")) if at.has("cite") else cite
        if cite is None:
            raise at.wrong("is a criterion without citation", "`cite` here or above")
        if rule.joins:
            return self._joined(at, rule, cite, otherwise, depth)
        atom = _ATOM[rule](self, at)
        name = self._named(at, atom.fact or otherwise)
        says = at.text("says", atom.says)
        return _with(atom, id=name, says=says, cite=cite)

    def _joined(self, at: At, rule: Rule, cite: Cite, otherwise: str, depth: int) -> Criterion:
        below, count = at.child(rule.value), 0
        if rule is Rule.AT_LEAST:
            below.keys("count of")
            found = below.number("count")
            count = int(found) if found is not None else 0
            below = below.child("of")
        name = self._named(at, otherwise)
        children = tuple(
            self._node(each, cite, f"{name}.{number}", depth + 1) for number, each in enumerate(below.items(), start=1)
        )
        if not children:
            raise below.wrong("is empty", "at least one criterion")
        if rule is Rule.AT_LEAST and not 1 <= count <= len(children):
            raise at.child("at_least").wrong(f"counts {count}", f"1 to {len(children)}")
        words = {Rule.ALL: "all of these", Rule.ANY: "any of these", Rule.NONE: "none of these"}
        says = at.text("says", words.get(rule, f"at least {count} of these"))
        return Criterion(name, says, rule, cite, children, count)

    def _named(self, at: At, otherwise: str) -> str:
        if at.has("id"):
            name = at.child("id").name()
            if name in _RESERVED:
                raise at.child("id").wrong(f"is {name!r}", f"none of {', '.join(sorted(_RESERVED))}")
            if name in self.ids:
                raise at.child("id").wrong(f"{name!r} stands twice")
        else:
            name, number = otherwise, 1
            while name in self.ids or name in self._claimed:
                number += 1
                name = f"{otherwise}-{number}"
        self.ids.add(name)
        return name

    def _cite(self, at: At) -> Cite:
        at.keys("source", "section")
        source = at.text("source")
        if source not in self.sources:
            raise at.child("source").wrong(f"is {source!r}, which `sources` does not define")
        return Cite(source, at.text("section", ""))

    def fact(self, at: At) -> str:
        """The id of a fact that the lexicon has."""
        found = at.as_text()
        if self.words.strict and found not in self.words.facts:
            raise at.wrong(f"is the fact {found!r}, which lexicons/facts.yaml does not have")
        return found


def _written_ids(value: object) -> Iterator[str]:
    """Ids that the document gives itself: none made up may take them."""
    if isinstance(value, dict):
        if isinstance(value.get("id"), str):
            yield value["id"]
        for each in value.values():
            yield from _written_ids(each)
    elif isinstance(value, list):
        for each in value:
            yield from _written_ids(each)


def _with(atom: Criterion, **changes: object) -> Criterion:
    from dataclasses import replace

    return replace(atom, **changes)  # type: ignore[arg-type]


def _new(rule: Rule, says: str, **fields: object) -> Criterion:
    return Criterion("", says, rule, **fields)  # type: ignore[arg-type]


def length(at: At) -> tuple[float, str]:
    """A length of time: ("6 weeks") -> (6, "week")."""
    found = _LENGTH.match(at.as_text().strip())
    if not found or not 0 < float(found["number"]) <= MOST_LENGTH:
        raise at.wrong(f"is {at.value!r}", f"a number to {MOST_LENGTH} with one of {', '.join(UNITS)}")
    return float(found["number"]), found["unit"]


def _spoken(number: float, unit: str) -> str:
    return f"{number:g} {unit}{'' if number == 1 else 's'}"


def _fact(tree: Tree, at: At) -> Criterion:
    fact = tree.fact(at.child("fact"))
    status = at.choice("status", ("present", "absent"), "present")
    says = tree.words.says(fact)
    return _new(Rule.FACT, says if status == "present" else f"documented as absent: {says}", fact=fact, status=status)


def _duration(tree: Tree, at: At) -> Criterion:
    below = at.child("duration")
    below.keys("fact at_least")
    fact, (number, unit) = tree.fact(below.child("fact")), length(below.child("at_least"))
    says = f"{tree.words.says(fact)} for at least {_spoken(number, unit)}"
    return _new(Rule.DURATION, says, fact=fact, least=number, unit=unit)


def _tried(tree: Tree, at: At) -> Criterion:
    below = at.child("tried")
    below.keys("fact", "at_least failed")
    fact = tree.fact(below.child("fact"))
    failed = below.value.get("failed", True)
    if not isinstance(failed, bool):
        raise below.child("failed").wrong("is neither true nor false")
    least, unit = length(below.child("at_least")) if below.has("at_least") else (None, None)
    says = f"{tree.words.says(fact)} tried{f' for at least {_spoken(least, unit)}' if least and unit else ''}"
    says += " without success" if failed else ""
    return _new(Rule.TRIED, says, fact=fact, failed=failed, least=least, unit=unit)


def _bounds(at: At) -> tuple[float | None, float | None]:
    least, most = at.number("at_least"), at.number("at_most")
    if least is None and most is None:
        raise at.wrong("has no limit", "at_least, at_most, or both")
    if least is not None and most is not None and most < least:
        raise at.child("at_most").wrong(f"is {most:g}, less than {least:g}")
    return least, most


def _between(least: float | None, most: float | None, unit: str = "") -> str:
    parts = [f"at least {least:g}{unit}"] if least is not None else []
    return " and ".join([*parts, *([f"at most {most:g}{unit}"] if most is not None else [])])


def _measure(tree: Tree, at: At) -> Criterion:
    below = at.child("measure")
    below.keys("fact", "at_least at_most unit")
    fact, (least, most) = tree.fact(below.child("fact")), _bounds(below)
    unit = below.text("unit", "") or None
    says = f"{tree.words.says(fact)} {_between(least, most, f' {unit}' if unit else '')}"
    return _new(Rule.MEASURE, says, fact=fact, least=least, most=most, unit=unit)


def _age(tree: Tree, at: At) -> Criterion:
    below = at.child("age")
    below.keys("", "at_least at_most")
    least, most = _bounds(below)
    return _new(Rule.AGE, f"age {_between(least, most)} years", least=least, most=most, unit="year")


def _sex(tree: Tree, at: At) -> Criterion:
    found = at.choice("sex", ("F", "M"))
    return _new(Rule.SEX, f"sex {found}", values=(found,))


def _frequency(tree: Tree, at: At) -> Criterion:
    below = at.child("frequency")
    below.keys("at_most per service")
    most, per = below.number("at_most"), length(below.child("per"))
    if most is None or most < 1 or most != int(most):
        raise below.child("at_most").wrong("is no number of services", "a whole number of 1 or more")
    service = below.child("service")
    named = below.names("service") if isinstance(service.value, list) else (service.name(),)
    for each in named:
        if each not in tree.words.families and not SERVICE.match(each):
            raise service.wrong(f"is {each!r}", "a family of services, or service codes")
    says = f"at most {most:g} in {_spoken(*per)}"
    return _new(Rule.FREQUENCY, says, most=most, per=per, values=named)


def _setting(tree: Tree, at: At) -> Criterion:
    named = at.names("setting")
    known = ("inpatient", "outpatient", "professional", "emergency")
    if not named or any(each not in known for each in named):
        raise at.child("setting").wrong("names no setting, or one that is none", f"of {', '.join(known)}")
    return _new(Rule.SETTING, f"setting {' or '.join(named)}", values=named)


def _modifier(tree: Tree, at: At) -> Criterion:
    named = at.names("modifier")
    if not named or any(len(each) != 2 for each in named):
        raise at.child("modifier").wrong("is no list of modifiers", "two characters each")
    return _new(Rule.MODIFIER, f"modifier {' or '.join(named)}", values=tuple(each.upper() for each in named))


def _diagnosis(tree: Tree, at: At) -> Criterion:
    below = at.child("diagnosis")
    below.keys("", "group codes")
    if below.has("group") == below.has("codes"):
        raise below.wrong("names neither group nor codes, or both", "one of them")
    if below.has("group"):
        group = below.child("group").name()
        if group not in tree.groups:
            raise below.child("group").wrong(f"is {group!r}", "a group of `diagnoses`")
        return _new(Rule.DIAGNOSIS, f"a diagnosis of group {group}", group=group)
    codes = tuple(code_pattern(each) for each in below.child("codes").items())
    return _new(Rule.DIAGNOSIS, "a diagnosis of a list", values=codes)


_ATOM = {
    Rule.FACT: _fact,
    Rule.DURATION: _duration,
    Rule.TRIED: _tried,
    Rule.MEASURE: _measure,
    Rule.AGE: _age,
    Rule.SEX: _sex,
    Rule.FREQUENCY: _frequency,
    Rule.SETTING: _setting,
    Rule.MODIFIER: _modifier,
    Rule.DIAGNOSIS: _diagnosis,
}


# ---- the short form ---------------------------------------------------------------------------------

_SHORT = {"any_of": Rule.ANY, "all_of": Rule.ALL, "none_of": Rule.NONE}


def short_tree(at: At, words: Words, cite: Cite) -> Criterion | None:
    """Criteria of a short form: `any_of`, `all_of`, `none_of`, `at_least: {count, of}` over ids of facts."""
    if at.value is None:
        return None
    return _ShortTree(words, cite).node(at, "root", 0)


class _ShortTree:
    def __init__(self, words: Words, cite: Cite) -> None:
        self.words, self.cite, self.ids = words, cite, set[str]()

    def node(self, at: At, otherwise: str, depth: int) -> Criterion:
        if depth > MOST_DEPTH:
            raise at.wrong(f"is nested more than {MOST_DEPTH} deep")
        if isinstance(at.value, str):
            fact = at.as_text()
            if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9:._-]*", fact) or fact in _RESERVED:
                raise at.wrong(f"is {fact!r}", "the id of a fact")
            return Criterion(self._free(fact), self.words.says(fact), Rule.FACT, self.cite, fact=fact)
        at.keys("", "any_of all_of none_of at_least")
        if len(at.value) != 1:
            raise at.wrong("has several rules, or none", "one of any_of, all_of, none_of, at_least")
        key = next(iter(at.value))
        below, count = at.child(key), 0
        if key == "at_least":
            below.keys("count of")
            count, below = int(below.number("count") or 0), below.child("of")
        name = self._free(otherwise)
        children = tuple(
            self.node(each, f"{name}.{number}", depth + 1) for number, each in enumerate(below.items(), start=1)
        )
        if not children or (key == "at_least" and not 1 <= count <= len(children)):
            raise below.wrong("is empty, or shorter than the count")
        rule = _SHORT.get(key, Rule.AT_LEAST)
        says = {Rule.ALL: "all of these", Rule.ANY: "any of these", Rule.NONE: "none of these"}
        return Criterion(name, says.get(rule, f"at least {count} of these"), rule, self.cite, children, count)

    def _free(self, name: str) -> str:
        found, number = name, 1
        while found in self.ids:
            number += 1
            found = f"{name}-{number}"
        self.ids.add(found)
        return found
