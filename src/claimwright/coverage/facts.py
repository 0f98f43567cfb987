"""Stated facts by id: from the claim, from a note, of the patient; what they say of one criterion's fact.

A fact stands also for the facts that `lexicons/facts.yaml` calls narrower: their presence is its presence,
its absence is theirs.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any, NamedTuple

from claimwright.model import Claim, NoteFact
from claimwright.model.coverage import State, StatedFact
from claimwright.model.dates import day_of_text

DONE = frozenset({"history", "treatment", "test", "service"})
"""Kinds of facts that are true once they have been: what is told of the past counts."""

QUESTION = "question"
"""Section and source of what a question says: nobody has shown yet that the record documents it."""

DAYS = {"day": 1.0, "week": 7.0, "month": 30.4375, "year": 365.25}
"""Mean lengths of the units of time, in days."""

_LENGTH = re.compile(r"(\d+(?:\.\d+)?)\s*(day|week|month|year|d|wk|w|mo|yr|y)s?\b", re.IGNORECASE)
_SHORT = {"d": "day", "wk": "week", "w": "week", "mo": "month", "yr": "year", "y": "year"}
_NUMBER = re.compile(r"\s*(-?\d+(?:\.\d+)?)\s*(\D.*)?\Z")
_FAILED = re.compile(r"fail|without (?:success|relief|benefit|improvement)|no (?:relief|response|benefit)|ineffective")
_HELPED = re.compile(r"succe|effective|reliev|improv|helped|resolved|responded")


class FactWord(NamedTuple):
    """A fact of the lexicon: its words, kind, narrower facts, and the unit of a measure."""

    id: str
    says: str
    kind: str
    narrower: tuple[str, ...] = ()
    unit: str | None = None


class Lexicon:
    """The facts that criteria may name, with what is narrower and broader than each."""

    def __init__(self, rows: Iterable[Mapping[str, Any]] = ()) -> None:
        """From rows of `lexicons/facts.yaml`."""
        self.words = {
            str(row["fact"]): FactWord(
                str(row["fact"]),
                str(row.get("says") or row["fact"]),
                str(row.get("kind") or "finding"),
                tuple(row.get("narrower") or ()),
                row.get("unit"),
            )
            for row in rows
        }
        self.below = {name: self._closure(name) for name in self.words}
        above: dict[str, set[str]] = {}
        for name, names in self.below.items():
            for each in names:
                above.setdefault(each, set()).add(name)
        self.above = {name: frozenset(names) for name, names in above.items()}

    def _closure(self, name: str) -> frozenset[str]:
        found: set[str] = set()
        ahead = list(self.words[name].narrower)
        while ahead:
            each = ahead.pop()
            if each not in found and each != name:
                found.add(each)
                ahead += self.words[each].narrower if each in self.words else ()
        return frozenset(found)

    def kind(self, fact: str) -> str:
        """The kind of a fact; `finding` for one that the lexicon does not have."""
        return self.words[fact].kind if fact in self.words else "finding"

    def says(self, fact: str) -> str:
        """The fact in words."""
        return self.words[fact].says if fact in self.words else fact.replace("-", " ")


@dataclass(frozen=True, slots=True)
class Said:
    """What all statements together say of one fact: a state, the statements it rests on, and why it is open."""

    state: State
    facts: tuple[StatedFact, ...]
    reason: str | None = None


class Facts:
    """Every statement at hand, asked by fact."""

    def __init__(self, stated: Sequence[StatedFact], lexicon: Lexicon) -> None:
        self.stated, self.lexicon = tuple(stated), lexicon
        self._by_id: dict[str, list[StatedFact]] = {}
        for each in stated:
            self._by_id.setdefault(each.id, []).append(each)
        self._kept: dict[str, Said] = {}

    @cached_property
    def recorded(self) -> Facts:
        """The statements without those that a question only says; itself where there are none."""
        kept = [each for each in self.stated if each.source != QUESTION]
        return self if len(kept) == len(self.stated) else Facts(kept, self.lexicon)

    def of(self, fact: str) -> Said:
        """Is the fact present (met), absent (not met), or neither? Opposed statements leave it open."""
        kept = self._kept.get(fact)
        if kept is None:
            kept = self._kept[fact] = self._said(fact)
        return kept

    def named(self, fact: str) -> list[StatedFact]:
        """Statements of the fact itself and of narrower ones."""
        below = self.lexicon.below.get(fact, frozenset())
        return [each for name in (fact, *sorted(below)) for each in self._by_id.get(name, ())]

    def _said(self, fact: str) -> Said:
        own = self.named(fact)
        above = [each for name in sorted(self.lexicon.above.get(fact, ())) for each in self._by_id.get(name, ())]
        present = [each for each in own if self._present(fact, each)]
        absent = [each for each in (*self._by_id.get(fact, ()), *above) if each.status == "absent"]
        if present and absent:
            absent = [each for each in absent if not _other_sides(each, present)]
        if present and absent:
            return Said(State.NOT_DOCUMENTED, (*present, *absent), "conflicting")
        if present:
            return Said(State.MET, tuple(present))
        if absent:
            return Said(State.NOT_MET, tuple(absent))
        reason = f"stated as {', '.join(sorted({each.status for each in own}))} only" if own else None
        return Said(State.NOT_DOCUMENTED, tuple(own), reason)

    def _present(self, fact: str, each: StatedFact) -> bool:
        if each.status == "present":
            return True
        if each.status == "historical":
            return self.lexicon.kind(fact) in DONE
        return each.status == "family" and fact.startswith("family")


def _other_sides(absent: StatedFact, present: Sequence[StatedFact]) -> bool:
    """Is the denial of one side, and are all that is present on other sides?"""
    return absent.side is not None and all(each.side not in (None, absent.side, "bilateral") for each in present)


def of_claim(claim: Claim) -> tuple[StatedFact, ...]:
    """Facts that the claim states."""
    return tuple(
        StatedFact(each.id, each.status, "claim", each.value, lengths=lengths(each.value), failed=failed(each.value))
        for each in claim.facts
    )


def of_note(found: Iterable[NoteFact]) -> tuple[StatedFact, ...]:
    """Facts read from a note, or from a question (its section says so); mentions without an id are left out."""
    out = []
    for each in found:
        if each.id is None:
            continue
        # How often something happens is no length and no value.
        numbers = tuple((one.value, _unit(one.unit)) for one in each.measures if one.kind != "frequency")
        value = each.measures[0].value if len(each.measures) == 1 else None
        source = QUESTION if each.section == QUESTION else "note"
        out.append(
            StatedFact(each.id, each.status.value, source, value, each.evidence, each.section, each.side, numbers,
                       failed(each.tried))
        )  # fmt: skip
    return tuple(out)


def lengths(value: float | str | None) -> tuple[tuple[float, str], ...]:
    """Numbers with their units in a claim's value: "8 weeks" -> ((8, "week"),); 88 -> ((88, ""),)."""
    if value is None:
        return ()
    if not isinstance(value, str):
        return ((float(value), ""),)
    found = tuple((float(number), _unit(unit)) for number, unit in _LENGTH.findall(value))
    if found or _day(value):
        return found
    number = _NUMBER.match(value)
    return ((float(number[1]), _unit((number[2] or "").strip())),) if number else ()


def failed(value: float | str | None) -> bool | None:
    """Does a value say that a treatment did not help? None where it says nothing of it."""
    if not isinstance(value, str):
        return None
    text = value.lower()
    if _FAILED.search(text):
        return True
    return False if _HELPED.search(text) else None


def _unit(unit: str) -> str:
    """A unit as it is compared: "mm Hg" and mmHg are one, weeks are week, percent is %."""
    name = unit.lower().replace(" ", "").replace("²", "2")
    name = _SHORT.get(name, name)
    return "%" if name == "percent" else name[:-1] if name.endswith("s") and name[:-1] in DAYS else name


def _day(value: float | str | None) -> date | None:
    try:
        return day_of_text(str(value))
    except ValueError:
        return None


def day_of(fact: StatedFact) -> date | None:
    """The day that a statement carries as its value."""
    return _day(fact.value) if isinstance(fact.value, str) else None


def compared(number: float, unit: str, other: float, other_unit: str) -> int | None:
    """-1, 0 or 1 as the first length is less than, equal to or more than the second; None for unlike units."""
    unit, other_unit = _unit(unit), _unit(other_unit)
    if unit == other_unit:
        return (number > other) - (number < other)
    if unit not in DAYS or other_unit not in DAYS:
        return None
    if {unit, other_unit} == {"month", "year"}:
        number, other = number * (12 if unit == "year" else 1), other * (12 if other_unit == "year" else 1)
    else:
        number, other = number * DAYS[unit], other * DAYS[other_unit]
    return (number > other) - (number < other)
