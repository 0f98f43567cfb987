"""Conditions on a diagnosis that memberships are made of; each returns bool over the frame.

Those that the code and the day decide alone are `OfCode`: a large batch asks them once for each code. Those of the
claim are `OfClaim`: a large batch asks them last, of the few diagnoses that are left. Each says what it means (`told`),
and what is made of them follows.
"""

from __future__ import annotations

import numpy as np

from claimwright.book.columns import FLAG_BIT
from claimwright.claims.batch import SEXES
from claimwright.edits.digest import Coded, OfCode, all_codes, any_code
from claimwright.edits.frame import Bools, Frame
from claimwright.edits.relations import Condition, OfClaim, OfOdd, Places
from claimwright.edits.told import EITHER, EVERY, NOT, Form, Told, joined
from claimwright.model import Setting

MOST_YEARS = 255
"""The upper limit of age of a code without one."""


def flagged(flag: str) -> OfCode:
    """The registry row in force on the day carries this MCE flag."""
    bit = FLAG_BIT[flag]
    return OfCode(("flag", flag), lambda coded: (coded.flags & bit) != 0, Form("flag", (flag,)))


def in_set(name: str) -> OfCode:
    """The code belongs to a set of `lexicons/code-sets.yaml`."""
    return OfCode(("set", name), lambda coded: (coded.sets & coded.columns.set_bit(name)) != 0, Form("in-set", (name,)))


def on_claim_with(condition: OfCode) -> OfClaim:
    """Some diagnosis of the same claim meets the condition."""

    def beside(frame: Frame, at: Places | slice) -> Bools:
        marked = np.zeros(len(frame.batch), dtype=np.bool_)
        marked[frame.claim[frame.where(condition)]] = True
        return marked[frame.claim[at]]

    return OfClaim(beside, joined("on-claim", condition))


def negated(condition: Condition) -> Condition:
    """The condition is not met."""
    form = joined(NOT, condition)
    if isinstance(condition, OfCode):
        return OfCode(("not", condition.key), lambda coded: ~condition.test(coded), form)
    if isinstance(condition, OfClaim):
        return OfClaim(lambda frame, at: ~condition.test(frame, at), form)
    return Told(lambda frame: ~condition(frame), form)


def either(*conditions: Condition) -> Condition:
    """At least one condition is met."""
    coded = [each for each in conditions if isinstance(each, OfCode)]
    return any_code(*coded) if len(coded) == len(conditions) else _of(EITHER, np.logical_or, conditions)


def every(*conditions: Condition) -> Condition:
    """All conditions are met."""
    coded = [each for each in conditions if isinstance(each, OfCode)]
    return all_codes(*coded) if len(coded) == len(conditions) else _of(EVERY, np.logical_and, conditions)


def _of(word: str, join: np.ufunc, conditions: tuple[Condition, ...]) -> Condition:
    """Conditions of which some are no matter of the code alone; asked of some diagnoses where each can be."""
    form = joined(word, *conditions)
    if not all(isinstance(each, OfCode | OfClaim) for each in conditions):
        return Told(lambda frame: _joined(join, [each(frame) for each in conditions]), form)

    def met(frame: Frame, at: Places | slice) -> Bools:
        return _joined(join, [_met(each, frame, at) for each in conditions])

    return OfClaim(met, form)


def _joined(join: np.ufunc, held: list[Bools]) -> Bools:
    out: Bools = join.reduce(held)
    return out


def _met(condition: Condition, frame: Frame, at: Places | slice) -> Bools:
    if isinstance(condition, OfCode):
        return frame.meets(condition, at)
    return condition.test(frame, at) if isinstance(condition, OfClaim) else condition(frame)[at]


principal = OfClaim(lambda frame, at: frame.first(at), Form("principal"), first=True)
"""It is the principal (inpatient) or first-listed diagnosis."""

secondary = OfClaim(lambda frame, at: ~frame.first(at), Form("secondary"))
"""It is not the first diagnosis."""

alone = OfClaim(lambda frame, at: np.diff(frame.batch.offsets)[frame.claim[at]] == 1, Form("alone"))
"""It is the only diagnosis of its claim."""


def setting(*settings: Setting) -> OfClaim:
    """The claim has one of these settings."""
    form = Form("setting", tuple(each.value for each in settings))
    return OfClaim(lambda frame, at: frame.settings_at(settings, at), form)


inpatient = setting(Setting.INPATIENT)
"""The claim is an inpatient one, which the Medicare Code Editor edits."""

in_effect = OfCode("in effect", lambda coded: coded.row >= 0, Form("in-effect"))
"""The code is billable on the claim's day."""

known_elsewhere = OfCode("known elsewhere", lambda coded: coded.listed & (coded.row < 0), Form("known-elsewhere"))
"""The registry has the code, but not on the claim's day."""


def _is_stem(frame: Frame) -> Bools:
    nearest = frame.nearest_odd
    stem: Bools = (nearest >= 0) & frame.columns.array("stem")[np.maximum(nearest, 0)]
    return stem


def _is_header(frame: Frame) -> Bools:
    leaf = frame.columns.array("leaf")[np.maximum(frame.of("pos", frame.odd), 0)]
    heading: Bools = frame.of("exact", frame.odd) & ~leaf & ~_is_stem(frame)
    return heading


wants_seventh = OfOdd(_is_stem, Form("stem"))
"""It is a stem that a seventh character makes into a code, or such a stem with a wrong ending."""

header = OfOdd(_is_header, Form("heading"))
"""The edition's tree has it as a heading, and no registry row ever made it a code."""

unknown = OfOdd(lambda frame: ~_is_header(frame) & ~_is_stem(frame), Form("unknown"))
"""No table has the code as written."""


def sex_is(sex: str) -> OfClaim:
    """The patient's sex."""
    return OfClaim(lambda frame, at: frame.batch.sex[frame.claim[at]] == SEXES.index(sex), Form("sex", (sex,)))


def age_within(low: int, high: int) -> OfClaim:
    """The patient's age in completed years is known and lies within both bounds."""

    def within(frame: Frame, at: Places | slice) -> Bools:
        age = frame.batch.age[frame.claim[at]]
        return (age >= low) & (age <= high)

    return OfClaim(within, Form("age-within", (low, high)))


def _limited(coded: Coded) -> Bools:
    low, high = coded.columns.array("age_low"), coded.columns.array("age_high")
    held: Bools = np.append((low > 0) | (high < MOST_YEARS), np.False_)[coded.pos]
    return held


age_limited = OfCode("age limited", _limited, Form("age-limited"))
"""An official note limits the code to some ages (`lexicons/age-limits.yaml`)."""


def _outside_note(frame: Frame, at: Places | slice) -> Bools:
    low, high = (frame.columns.ending(each, 0) for each in ("age_low", "age_high"))
    age = frame.batch.age[frame.claim[at]]
    pos = frame.pos[at] if isinstance(at, slice) else frame.of("pos", at)
    return (age >= 0) & ((age < low[pos]) | (age > high[pos]))


age_outside_note = OfClaim(_outside_note, Form("age-outside-note"))
"""The patient is outside the ages of a code that is `age_limited`."""

has_poa = OfClaim(lambda frame, at: frame.batch.poa[at].view(np.uint8) != 0)
"""A present-on-admission indicator is given."""

hospital_reports_poa = OfClaim(lambda frame, at: ~frame.batch.exempt[frame.claim[at]])
"""The hospital is not exempt from present-on-admission reporting."""
