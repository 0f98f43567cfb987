"""A coverage policy as data: whole dated versions, lists of diagnoses, a tree of criteria, and what each rests on.

A version is judged as it was loaded: `holds` says what of the document that is, `left_out` what it is not.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import NamedTuple


class Rule(StrEnum):
    """What a node of the tree asks for: a rule over its children, or one atom."""

    ALL = "all"
    ANY = "any"
    NONE = "none"
    AT_LEAST = "at_least"
    FACT = "fact"
    DURATION = "duration"
    TRIED = "tried"
    MEASURE = "measure"
    AGE = "age"
    SEX = "sex"
    FREQUENCY = "frequency"
    SETTING = "setting"
    MODIFIER = "modifier"
    DIAGNOSIS = "diagnosis"

    @property
    def joins(self) -> bool:
        """Is this a rule over children?"""
        return self in (Rule.ALL, Rule.ANY, Rule.NONE, Rule.AT_LEAST)


class Cite(NamedTuple):
    """A place in one of the policy's sources: the key of the source, and the section in words."""

    source: str
    section: str


@dataclass(frozen=True, slots=True)
class Criterion:
    """A node of the criteria: `rule` over `children`, or an atom.

    `least` and `most` bound a duration, a measure, an age (years) or a number of services, in `unit`;
    `per` (number and unit) is the period of a frequency; `values` are sexes, settings, modifiers, codes of
    diagnoses, or what a frequency counts. `status` is what a fact must be: present or absent.
    """

    id: str
    says: str
    rule: Rule
    cite: Cite | None = None
    children: tuple[Criterion, ...] = ()
    count: int = 0
    fact: str | None = None
    status: str = "present"
    failed: bool = True
    least: float | None = None
    most: float | None = None
    unit: str | None = None
    per: tuple[float, str] | None = None
    values: tuple[str, ...] = ()
    group: str | None = None

    @property
    def asks(self) -> str:
        """What would have to be supplied: the fact's id, else the criterion's own."""
        return self.fact or self.id


class Services(NamedTuple):
    """Service codes, and families of them (`lexicons/service-families.yaml`)."""

    codes: tuple[str, ...] = ()
    families: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DiagnosisGroup:
    """One list of diagnoses: codes, wildcards (`G56.0-`) and ranges (`M50.1-M50.9`), without dots.

    `covered` is False for a list of codes that are not covered. `known_within`: the list is complete only
    for these; None means complete. `services` None means all of the version's. `conditional` is a condition
    the list itself attaches.
    """

    group: str
    covered: bool
    codes: tuple[str, ...]
    cite: Cite | None = None
    known_within: tuple[str, ...] | None = None
    services: Services | None = None
    conditional: str | None = None


@dataclass(frozen=True, slots=True)
class Remark:
    """A sentence of the policy with its place: documentation asked for, a denial, an alternative.

    `facts` are the facts an item of documentation consists of; `when` tells when a denial threatens.
    """

    says: str
    cite: Cite | None = None
    facts: tuple[str, ...] = ()
    when: str = "always"


@dataclass(frozen=True, slots=True)
class PolicyVersion:
    """One dated text: in force from `starts` to `ends`, both included.

    `starts` None: the effective date was not read; the text was in force on `known_on` for certain.
    `diagnoses` None: no list is loaded; `criteria` None: no criteria are. `imported` is the edition of the
    export of the Medicare Coverage Database that the text comes from, empty for a policy that was written
    here or by the user; `note` is what a reader must know of that.
    """

    version: str
    starts: date | None
    ends: date | None
    services: Services
    review: str
    completeness: str
    holds: str
    known_on: date | None = None
    verified_on: date | None = None
    left_out: tuple[str, ...] = ()
    places: tuple[str, ...] = ()
    diagnoses: tuple[DiagnosisGroup, ...] | None = None
    criteria: Criterion | None = None
    documentation: tuple[Remark, ...] = ()
    denial_risks: tuple[Remark, ...] = ()
    alternatives: tuple[Remark, ...] = ()
    appropriate: tuple[Remark, ...] = ()
    not_indicated: tuple[Remark, ...] = ()
    imported: str = ""
    note: str = ""

    def on(self, day: date) -> bool | None:
        """Is this text in force on `day`? None: before the first day it is known for."""
        if self.ends is not None and day > self.ends:
            return False
        if self.starts is not None:
            return day >= self.starts
        return True if self.known_on is not None and day >= self.known_on else None


class Related(NamedTuple):
    """Another document that belongs to this one, how, and what that rests on."""

    policy: str
    relation: str
    says: str = ""


class PolicySource(NamedTuple):
    """A document that was read: its title, who publishes it, where, and when it was read."""

    id: str
    title: str
    publisher: str = ""
    url: str = ""
    read: date | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Policy:
    """One policy with its versions in order of time.

    `payer` is the payer's id in lower case, `any` for an editorial one. `states` None: wherever the payer pays.
    `contractors` are all names of all contractors of a document that several share.
    """

    id: str
    title: str
    kind: str
    payer: str
    versions: tuple[PolicyVersion, ...]
    sources: tuple[PolicySource, ...]
    payer_name: str | None = None
    contractor: str | None = None
    states: tuple[str, ...] | None = None
    states_source: str | None = None
    related: tuple[Related, ...] = ()
    contractors: tuple[str, ...] = ()
    file: str = field(default="", metadata={"omit": True})

    @property
    def editorial(self) -> bool:
        """Guidance of an editor, which is no payer's rule."""
        return self.kind == "editorial"

    @property
    def imported(self) -> bool:
        """Does any of its versions come from an export of the Medicare Coverage Database?"""
        return any(each.imported for each in self.versions)
