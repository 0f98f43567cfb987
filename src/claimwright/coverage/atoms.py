"""The atoms of a tree of criteria, each judged on what the claim and the facts say."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta

from claimwright.coverage.codes import CodeSet
from claimwright.coverage.facts import DAYS, Facts, Said, compared, day_of
from claimwright.model import Claim, dotted
from claimwright.model.coverage import State, StatedFact
from claimwright.model.policy import Criterion, Rule

LAST_SERVICE = "last-service:"
"""How the id of a fact begins that tells when a service (family or code) was last given: a day, or months ago."""


@dataclass(frozen=True, slots=True)
class Scene:
    """What atoms look at: the claim, its facts, the day, the modifiers of the lines that the policy concerns.

    `group` gives the codes of a group by its name, and whether a code outside is certainly not in it.
    """

    claim: Claim
    facts: Facts
    day: date
    codes: tuple[str, ...]
    modifiers: Collection[str]
    group: Callable[[str], tuple[CodeSet, Callable[[str], bool]]]
    code_set: Callable[[tuple[str, ...]], CodeSet]


def judge_atom(criterion: Criterion, scene: Scene) -> Said:
    """The state of one atom with the statements it rests on."""
    return _ATOMS[criterion.rule](criterion, scene)


def _fact(criterion: Criterion, scene: Scene) -> Said:
    said = scene.facts.of(criterion.fact or "")
    return said if criterion.status == "present" else replace(said, state=_contrary(said.state))


def _contrary(state: State) -> State:
    return {State.MET: State.NOT_MET, State.NOT_MET: State.MET}.get(state, state)


def _duration(criterion: Criterion, scene: Scene) -> Said:
    said = scene.facts.of(criterion.fact or "")
    if said.state is not State.MET:
        return said
    return _long_enough(criterion, said.facts, "how long is not stated")


def _long_enough(criterion: Criterion, facts: tuple[StatedFact, ...], silent: str) -> Said:
    """Is the longest of the stated lengths at least what the criterion asks for?"""
    assert criterion.least is not None and criterion.unit is not None  # noqa: S101 - the loader asks for both
    told = (
        compared(number, unit or criterion.unit, criterion.least, criterion.unit)
        for each in facts
        for number, unit in each.lengths
    )
    results = [each for each in told if each is not None]
    if not results:
        return Said(State.NOT_DOCUMENTED, facts, silent)
    return Said(State.MET if max(results) >= 0 else State.NOT_MET, facts)


def _tried(criterion: Criterion, scene: Scene) -> Said:
    said = scene.facts.of(criterion.fact or "")
    if said.state is not State.MET:
        return said
    facts = said.facts
    if criterion.failed:
        told = {each.failed for each in facts} - {None}
        if told == {True, False}:
            return Said(State.NOT_DOCUMENTED, facts, "conflicting")
        if not told:
            return Said(State.NOT_DOCUMENTED, facts, "whether it helped is not stated")
        if told == {False}:
            return Said(State.NOT_MET, facts)
    if criterion.least is None:
        return Said(State.MET, facts)
    return _long_enough(criterion, facts, "for how long is not stated")


def _measure(criterion: Criterion, scene: Scene) -> Said:
    named = [each for each in scene.facts.named(criterion.fact or "") if each.status in ("present", "historical")]
    now = [each for each in named if each.status == "present"] or named
    told: list[tuple[bool, StatedFact]] = []
    unlike = False
    for each in now:
        for number, unit in each.lengths:
            if unit in DAYS and criterion.unit not in DAYS:
                continue  # for how long, not how much
            low = _side(number, unit, criterion.least, criterion.unit)
            high = _side(number, unit, criterion.most, criterion.unit)
            if low is None or high is None:
                unlike = True
            else:
                told.append((low >= 0 and high <= 0, each))
    facts = tuple(dict.fromkeys(each for _, each in told)) or tuple(now)
    if not told:
        reason = f"no value in {criterion.unit} is stated" if unlike or now else None
        return Said(State.NOT_DOCUMENTED, facts, reason)
    if {met for met, _ in told} == {True, False}:
        return Said(State.NOT_DOCUMENTED, facts, "conflicting")
    return Said(State.MET if told[0][0] else State.NOT_MET, facts)


def _side(number: float, unit: str, bound: float | None, bound_unit: str | None) -> int | None:
    """Where a value stands to a bound; 0 without a bound, None where the units cannot be compared."""
    if bound is None:
        return 0
    return compared(number, unit or bound_unit or "", bound, bound_unit or unit)


def _age(criterion: Criterion, scene: Scene) -> Said:
    age = _age_on(scene.claim, scene.day)
    if age is None:
        return Said(State.NOT_DOCUMENTED, ())
    met = (criterion.least is None or age >= criterion.least) and (criterion.most is None or age <= criterion.most)
    return _patient(met, StatedFact("age", "present", "patient", age))


def _age_on(claim: Claim, day: date) -> int | None:
    born = claim.patient.birth_date
    if claim.patient.age is not None or born is None or born > day:
        return claim.patient.age
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))


def _patient(met: bool, fact: StatedFact) -> Said:
    return Said(State.MET if met else State.NOT_MET, (fact,))


def _sex(criterion: Criterion, scene: Scene) -> Said:
    sex = scene.claim.patient.sex
    if sex == "U":
        return Said(State.NOT_DOCUMENTED, ())
    return _patient(sex in criterion.values, StatedFact("sex", "present", "patient", sex))


def _setting(criterion: Criterion, scene: Scene) -> Said:
    setting = scene.claim.setting.value
    return _patient(setting in criterion.values, StatedFact("setting", "present", "claim", setting))


def _modifier(criterion: Criterion, scene: Scene) -> Said:
    found = sorted({each.upper() for each in scene.modifiers} & set(criterion.values))
    stated = ", ".join(found or sorted(scene.modifiers)) or "none"
    return _patient(bool(found), StatedFact("modifier", "present", "claim", stated))


def _diagnosis(criterion: Criterion, scene: Scene) -> Said:
    if criterion.group is not None:
        codes, outside = scene.group(criterion.group)
    else:
        codes, outside = scene.code_set(criterion.values), lambda code: True
    inside = [each for each in scene.codes if each in codes]
    facts = tuple(StatedFact("diagnosis", "present", "claim", dotted(each)) for each in inside)
    if inside:
        return Said(State.MET, facts)
    if all(outside(each) for each in scene.codes):
        return Said(State.NOT_MET, ())
    return Said(State.NOT_DOCUMENTED, (), "the list is not loaded for these codes")


def _frequency(criterion: Criterion, scene: Scene) -> Said:
    """Earlier services are facts: absent when there was none; else the day, or how many months ago."""
    assert criterion.per is not None and criterion.most is not None  # noqa: S101 - the loader asks for both
    told = [each for name in criterion.values for each in scene.facts.named(f"{LAST_SERVICE}{name}")]
    days = [each for each in told if each.status != "absent"]
    if not told:
        return Said(State.NOT_DOCUMENTED, ())
    if not days:
        return Said(State.MET, tuple(told))
    within = [_within(each, criterion.per, scene.day) for each in days]
    if None in within:
        return Said(State.NOT_DOCUMENTED, tuple(days), "when it was last given is not stated")
    inside = sum(bool(each) for each in within)
    if inside >= criterion.most:
        return Said(State.NOT_MET, tuple(days))
    if inside == 0 or inside < len(within):  # the earliest known lies before the period: all within are known
        return Said(State.MET, tuple(days))
    return Said(State.NOT_DOCUMENTED, tuple(days), "whether there were others in the period is not stated")


def _within(fact: StatedFact, per: tuple[float, str], day: date) -> bool | None:
    """Was the service given less than the period before `day`?"""
    given = day_of(fact)
    if given is not None:
        return later(given, per) > day
    if fact.lengths:
        number, unit = fact.lengths[0]
        result = compared(number, unit or "month", *per)
        return None if result is None else result < 0
    return None


def later(day: date, length: tuple[float, str]) -> date:
    """The day that lies a length of time after `day`; months and years by the calendar."""
    number, unit = length
    if unit in ("month", "year"):
        months = day.year * 12 + day.month - 1 + round(number * (12 if unit == "year" else 1))
        year, month = divmod(months, 12)
        if year > date.max.year:
            return date.max
        return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))
    return day + timedelta(days=round(number * (7 if unit == "week" else 1)))


_ATOMS: Mapping[Rule, Callable[[Criterion, Scene], Said]] = {
    Rule.FACT: _fact,
    Rule.DURATION: _duration,
    Rule.TRIED: _tried,
    Rule.MEASURE: _measure,
    Rule.AGE: _age,
    Rule.SEX: _sex,
    Rule.SETTING: _setting,
    Rule.MODIFIER: _modifier,
    Rule.DIAGNOSIS: _diagnosis,
    Rule.FREQUENCY: _frequency,
}
