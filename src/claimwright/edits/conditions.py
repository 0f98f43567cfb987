"""Conditions on a diagnosis that memberships are made of; each returns bool over the frame."""

from __future__ import annotations

import numpy as np

from claimwright.book.columns import FLAG_BIT
from claimwright.claims.batch import SEXES
from claimwright.edits.frame import Bools, Frame
from claimwright.edits.relations import Condition
from claimwright.edits.told import EITHER, EVERY, NOT, Told, joined, told
from claimwright.model import Setting

MOST_YEARS = 255
"""The upper limit of age of a code without one."""


def flagged(flag: str) -> Condition:
    """The registry row in force on the day carries this MCE flag."""
    bit = FLAG_BIT[flag]
    return told("flag", flag)(lambda frame: (frame.flags & bit) != 0)


def in_set(name: str) -> Condition:
    """The code belongs to a set of `lexicons/code-sets.yaml`."""
    return told("in-set", name)(lambda frame: (frame.sets & frame.columns.set_bit(name)) != 0)


def on_claim_with(condition: Condition) -> Condition:
    """Some diagnosis of the same claim meets the condition."""
    return Told(lambda frame: frame.per_claim(condition(frame)), joined("on-claim", condition))


def negated(condition: Condition) -> Condition:
    """The condition is not met."""
    return Told(lambda frame: ~condition(frame), joined(NOT, condition))


def either(*conditions: Condition) -> Condition:
    """At least one condition is met."""

    def met(frame: Frame) -> Bools:
        held = np.zeros(len(frame), dtype=np.bool_)
        for condition in conditions:
            held |= condition(frame)
        return held

    return Told(met, joined(EITHER, *conditions))


def every(*conditions: Condition) -> Condition:
    """All conditions are met."""

    def met(frame: Frame) -> Bools:
        held = conditions[0](frame)
        for condition in conditions[1:]:
            held = held & condition(frame)
        return held

    return Told(met, joined(EVERY, *conditions))


@told("principal")
def principal(frame: Frame) -> Bools:
    """It is the principal (inpatient) or first-listed diagnosis."""
    return frame.principal


@told("secondary")
def secondary(frame: Frame) -> Bools:
    """It is not the first diagnosis."""
    return ~frame.principal


@told("alone")
def alone(frame: Frame) -> Bools:
    """It is the only diagnosis of its claim."""
    return np.diff(frame.batch.offsets)[frame.claim] == 1


def setting(*settings: Setting) -> Condition:
    """The claim has one of these settings."""
    return told("setting", *(each.value for each in settings))(lambda frame: frame.in_settings(*settings))


def inpatient(frame: Frame) -> Bools:
    """The claim is an inpatient one, which the Medicare Code Editor edits."""
    return frame.in_settings(Setting.INPATIENT)


@told("in-effect")
def in_effect(frame: Frame) -> Bools:
    """The code is billable on the claim's day."""
    return frame.row >= 0


@told("known-elsewhere")
def known_elsewhere(frame: Frame) -> Bools:
    """The registry has the code, but not on the claim's day."""
    return frame.listed & (frame.row < 0)


@told("stem")
def wants_seventh(frame: Frame) -> Bools:
    """It is a stem that a seventh character makes into a code, or such a stem with a wrong ending."""
    return _where_odd(frame, _is_stem(frame))


def _where_odd(frame: Frame, values: Bools) -> Bools:
    """Values of the diagnoses that no registry lists, and false for all others."""
    out = np.zeros(len(frame), dtype=np.bool_)
    out[frame.odd] = values
    return out


def _is_stem(frame: Frame) -> Bools:
    nearest = frame.nearest[frame.odd]
    stem: Bools = (nearest >= 0) & frame.columns.array("stem")[np.maximum(nearest, 0)]
    return stem


def _is_header(frame: Frame) -> Bools:
    leaf = frame.columns.array("leaf")[np.maximum(frame.pos[frame.odd], 0)]
    heading: Bools = frame.exact[frame.odd] & ~leaf & ~_is_stem(frame)
    return heading


@told("heading")
def header(frame: Frame) -> Bools:
    """The edition's tree has it as a heading, and no registry row ever made it a code."""
    return _where_odd(frame, _is_header(frame))


@told("unknown")
def unknown(frame: Frame) -> Bools:
    """No table has the code as written."""
    return _where_odd(frame, ~_is_header(frame) & ~_is_stem(frame))


def sex_is(sex: str) -> Condition:
    """The patient's sex."""
    return told("sex", sex)(lambda frame: (frame.batch.sex == SEXES.index(sex))[frame.claim])


def age_within(low: int, high: int) -> Condition:
    """The patient's age in completed years is known and lies within both bounds."""
    held = told("age-within", low, high)
    return held(lambda frame: ((frame.batch.age >= low) & (frame.batch.age <= high))[frame.claim])


@told("age-outside-note")
def age_outside_note(frame: Frame) -> Bools:
    """An official note limits the code to other ages (`lexicons/age-limits.yaml`)."""
    low, high = frame.columns.array("age_low"), frame.columns.array("age_high")
    held = np.append((low > 0) | (high < MOST_YEARS), np.False_)[frame.pos]
    at = np.flatnonzero(held)
    age, pos = frame.batch.age[frame.claim[at]], frame.pos[at]
    held[at] = (age >= 0) & ((age < low[pos]) | (age > high[pos]))
    return held


def has_poa(frame: Frame) -> Bools:
    """A present-on-admission indicator is given."""
    return frame.batch.poa.view(np.uint8) != 0


def hospital_reports_poa(frame: Frame) -> Bools:
    """The hospital is not exempt from present-on-admission reporting."""
    return ~frame.batch.exempt[frame.claim]
