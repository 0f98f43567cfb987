"""Policies made ready to judge: service codes of families spelled out, lists of diagnoses as sets."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from claimwright.coverage.codes import CodeSet, Order
from claimwright.coverage.facts import Lexicon
from claimwright.model import undotted
from claimwright.model.coverage import DiagnosisAnswer, Listed
from claimwright.model.policy import Cite, DiagnosisGroup, Policy, PolicyVersion, Services


@dataclass(frozen=True, slots=True)
class Grounds:
    """What policies are read against: the order of the tabular list, families of services, the facts."""

    order: Order
    families: Mapping[str, frozenset[str]]
    lexicon: Lexicon

    def codes(self, services: Services) -> frozenset[str]:
        """Every service code that is named, singly or by its family."""
        return frozenset(services.codes).union(*(self.families.get(each, frozenset()) for each in services.families))


@dataclass(frozen=True, slots=True)
class Group:
    """A list of diagnoses ready to ask; `within` None where it is complete, `services` None where it serves all."""

    source: DiagnosisGroup
    codes: CodeSet
    within: CodeSet | None
    services: frozenset[str] | None

    def knows(self, code: str) -> bool:
        """Is the list complete for this code?"""
        return self.within is None or code in self.within


class PreparedVersion:
    """One dated text ready to judge."""

    def __init__(self, version: PolicyVersion, grounds: Grounds) -> None:
        self.source, self.grounds = version, grounds
        self.services = grounds.codes(version.services)
        self.groups = tuple(self._group(each) for each in version.diagnoses or ())

    def _group(self, group: DiagnosisGroup) -> Group:
        order = self.grounds.order
        within = CodeSet(group.known_within, order) if group.known_within is not None else None
        services = self.grounds.codes(group.services) if group.services is not None else None
        return Group(group, CodeSet(group.codes, order), within, services)

    def group_named(self, name: str) -> tuple[CodeSet, Callable[[str], bool]]:
        """The codes of a group, and the test that a code is certainly outside it."""
        group = next(each for each in self.groups if each.source.group == name)
        return group.codes, lambda code: code not in group.codes and group.knows(code)

    def listed(self, codes: Sequence[str], services: frozenset[str]) -> tuple[Listed, tuple[DiagnosisAnswer, ...]]:
        """Where the diagnoses stand in the lists that belong to these services; the best of them speaks for all."""
        groups = [each for each in self.groups if each.services is None or each.services & services]
        answers = tuple(_one(code, groups) for code in codes)
        found = {each.listed for each in answers}
        ranked = (Listed.LISTED, Listed.CONDITIONAL, Listed.NOT_LOADED, Listed.NOT_LISTED)
        return next((each for each in ranked if each in found), Listed.NOT_LOADED), answers


class PreparedPolicy:
    """A policy with its versions ready to judge, each prepared when it is first asked for."""

    def __init__(self, policy: Policy, grounds: Grounds) -> None:
        self.source, self.grounds = policy, grounds
        self._versions: dict[str, PreparedVersion] = {}

    def version(self, version: PolicyVersion) -> PreparedVersion:
        """One of its versions."""
        found = self._versions.get(version.version)
        if found is None:
            found = self._versions[version.version] = PreparedVersion(version, self.grounds)
        return found

    def versions(self) -> tuple[PreparedVersion, ...]:
        """All versions, in order of time."""
        return tuple(self.version(each) for each in self.source.versions)


_CONTRARY = "one list names it as covered, another as not covered: the document must be read"


def _names(groups: Sequence[Group]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(each.source.group for each in groups))


def _one(code: str, groups: Sequence[Group]) -> DiagnosisAnswer:
    """One code in the lists: in a covered one, under a condition, in one of codes not covered, or in none."""
    name = undotted(code)
    inside = [each for each in groups if name in each.codes]
    covered = [each for each in inside if each.source.covered]
    cites: tuple[Cite, ...] = tuple(dict.fromkeys(each.source.cite for each in inside if each.source.cite))
    contrary = [each for each in inside if not each.source.covered]
    if covered:
        free = [] if contrary else [each for each in covered if each.source.conditional is None]
        used = inside if contrary else free or covered
        condition = None if free else _CONTRARY if contrary else covered[0].source.conditional
        listed = Listed.LISTED if free else Listed.CONDITIONAL
        return DiagnosisAnswer(code, listed, _names(used), condition=condition, cites=cites)
    if contrary:
        free = [each for each in contrary if each.source.conditional is None]
        listed = Listed.NOT_LISTED if free else Listed.CONDITIONAL
        condition = None if free else contrary[0].source.conditional
        return DiagnosisAnswer(code, listed, _names(free or contrary), True, condition, cites)
    lists = [each for each in groups if each.source.covered]
    known = bool(lists) and all(each.knows(name) for each in lists)
    cites = tuple(dict.fromkeys(each.source.cite for each in lists if each.source.cite)) if known else ()
    return DiagnosisAnswer(code, Listed.NOT_LISTED if known else Listed.NOT_LOADED, (), cites=cites)
