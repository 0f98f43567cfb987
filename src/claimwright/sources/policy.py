"""One policy from YAML or JSON: the long form with its citations, or the short form of a user's own.

Strict: an unknown or repeated key, a wrong type, a criterion without citation, a malformed code, windows
that overlap, a source or a fact that is not defined stop here, naming file and line.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Any

from claimwright.model.dates import day_of_text
from claimwright.model.policy import (
    Cite,
    DiagnosisGroup,
    Policy,
    PolicySource,
    PolicyVersion,
    Related,
    Remark,
    Services,
)
from claimwright.sources.policy_codes import code_pattern, service_code
from claimwright.sources.policy_criteria import Tree, short_tree
from claimwright.sources.policy_yaml import At, of_object, read_document

KINDS = ("ncd", "lcd", "article", "change-request", "commercial", "editorial")
REVIEWS = ("draft", "submitted", "under-review", "approved", "returned")
SETTINGS = ("inpatient", "outpatient", "professional", "emergency")
_WHEN = re.compile(r"not-listed|list-only|always|not-(?:met|documented):(?P<id>\S+)")


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """What a policy may name: facts by id with their words, and families of services.

    `strict` refuses anything else; a user's own policy may name facts of its own.
    """

    facts: Mapping[str, str]
    families: Collection[str]
    strict: bool = True

    def says(self, fact: str) -> str:
        """The fact in words; its id where none are known."""
        return self.facts.get(fact) or fact.replace("-", " ")


def read_policy(file: Path, words: Vocabulary, users: bool = False) -> Policy:
    """The policy of one file. Errors: `RuleError`; `InputError` where it is a file of the `users`."""
    return policy_of(read_document(file, users), words)


def read_policies(file: Path, words: Vocabulary) -> list[Policy]:
    """Every policy of a user's file: one, a list of them, or `{"policies": [...]}`."""
    return policies_of(read_document(file, users=True), words)


def policies_of_object(value: Any, words: Vocabulary, name: str) -> list[Policy]:
    """Policies that stand in a claim's document as JSON values."""
    return policies_of(of_object(value, name), words)


def policies_of(at: At, words: Vocabulary) -> list[Policy]:
    """One policy, a list of them, or a mapping with `policies`; ids may not repeat."""
    if isinstance(at.value, dict) and set(at.value) == {"policies"}:
        at = at.child("policies")
    found = [policy_of(each, words) for each in at.items()] if isinstance(at.value, list) else [policy_of(at, words)]
    versions: dict[str, Policy] = {}
    for index, each in enumerate(found):
        if each.id in versions:
            raise At(None, at.paper, f"{at.path}[{index}].id").wrong(f"{each.id!r} stands twice")
        versions[each.id] = each
    return found


def policy_of(at: At, words: Vocabulary) -> Policy:
    """One policy, long or short form."""
    if isinstance(at.value, dict) and "versions" not in at.value:
        return _short(at, words)
    at.keys("policy title kind payer sources versions", "payer_name contractor jurisdiction related")
    sources = _sources(at.child("sources"))
    kind = at.choice("kind", KINDS)
    payer = _payer(at.child("payer"))
    if (payer == "any") != (kind == "editorial"):
        raise at.child("payer").wrong(f"is {payer!r} for kind {kind}", "`any` for editorial guidance, and only there")
    states, states_source = _jurisdiction(at, sources)
    reader = _Reader(words, sources)
    versions = [reader.version(each) for each in at.child("versions").items()]
    if not versions:
        raise at.child("versions").wrong("is empty", "at least one version")
    return Policy(
        id=at.child("policy").name(),
        title=at.text("title"),
        kind=kind,
        payer=payer,
        versions=_ordered(versions, at),
        sources=tuple(sources.values()),
        payer_name=at.text("payer_name") if at.has("payer_name") else None,
        contractor=at.text("contractor") if at.has("contractor") else None,
        states=states,
        states_source=states_source,
        related=tuple(_related(each) for each in at.child("related").items()),
        file=_file(at),
    )


def payer_id(name: str) -> str:
    """A payer's name as an id: lower case, blanks as hyphens."""
    return "-".join(name.lower().split())


def _payer(at: At) -> str:
    found = at.as_text()
    if found != payer_id(found):
        raise at.wrong(f"is {found!r}", "an id in lower case without blanks")
    return found


def _related(at: At) -> Related:
    at.keys("policy relation", "says")
    return Related(at.child("policy").name(), at.text("relation"), at.text("says", ""))


def _sources(at: At) -> dict[str, PolicySource]:
    if not isinstance(at.value, dict) or not at.value:
        raise at.wrong("is not a mapping of names to sources")
    out = {}
    for key in at.value:
        entry = at.child(key)
        entry.keys("title", "publisher url read note")
        read = day_of(entry.child("read"))
        publisher, url = entry.text("publisher", ""), entry.text("url", "")
        out[key] = PolicySource(key, entry.text("title"), publisher, url, read, entry.text("note", ""))
    return out


def _jurisdiction(at: At, sources: Mapping[str, PolicySource]) -> tuple[tuple[str, ...] | None, str | None]:
    where = at.child("jurisdiction")
    if where.value is None:
        return None, None
    where.keys("states", "source")
    states = where.names("states")
    for each in states:
        if not re.fullmatch(r"[A-Z]{2}", each):
            raise where.child("states").wrong(f"holds {each!r}", "states as two capital letters")
    source = where.text("source") if where.has("source") else None
    if source and source not in sources:
        raise where.child("source").wrong(f"is {source!r}, which `sources` does not define")
    return states, source


def day_of(at: At) -> date | None:
    """A day; None for an absent or null value."""
    if at.value is None:
        return None
    if isinstance(at.value, date):
        return at.value
    try:
        return day_of_text(at.value)
    except (TypeError, ValueError):
        raise at.wrong("is not a date", "YYYY-MM-DD, or null") from None


def _ordered(versions: list[PolicyVersion], at: At) -> tuple[PolicyVersion, ...]:
    """In order of time; a name or a day of two versions is refused."""
    names = [each.version for each in versions]
    out = sorted(versions, key=lambda each: (each.starts or date.min, each.ends or date.max))
    for index, name in enumerate(names):
        if name in names[:index]:
            raise at.child(f"versions[{index}].version").wrong(f"{name!r} stands twice")
    for before, after in pairwise(out):
        if before.ends is None or after.starts is None or after.starts <= before.ends:
            place = f"versions[{versions.index(after)}].from"
            raise At(None, at.paper, f".{place}").wrong(
                f"versions {before.version!r} and {after.version!r} overlap", "windows without a common day"
            )
    return tuple(out)


class _Reader:
    """What the versions of one policy share: its sources and the vocabulary."""

    def __init__(self, words: Vocabulary, sources: Mapping[str, PolicySource]) -> None:
        self.words, self.sources = words, sources

    def version(self, at: At) -> PolicyVersion:
        """One dated text."""
        at.keys(
            "version review completeness holds services",
            "from to known_on verified_on left_out places diagnoses criteria documentation denial_risks alternatives "
            "appropriate not_indicated",
        )
        starts, ends = day_of(at.child("from")), day_of(at.child("to"))
        if starts and ends and ends < starts:
            raise at.child("to").wrong(f"is {ends}, before {starts}", "the same day as `from` or later")
        groups = None
        if at.has("diagnoses"):
            groups = tuple(self._group(each) for each in at.child("diagnoses").items())
        tree = Tree(self.words, self.sources, {each.group for each in groups or ()})
        criteria = tree.read(at.child("criteria")) if at.has("criteria") else None
        holds = at.choice("holds", ("codes", "criteria", "both", "neither"))
        self._agrees(at, holds, groups is not None, criteria is not None)
        places = at.names("places")
        if any(each not in SETTINGS for each in places):
            raise at.child("places").wrong("names a setting that is none", f"of {', '.join(SETTINGS)}")
        remarks: dict[str, Callable[[At], Remark]] = {
            "documentation": lambda each: self._remark(each, "facts"),
            "denial_risks": lambda each: self._risk(each, tree.ids),
            "alternatives": self._remark,
            "appropriate": lambda each: self._remark(each, "fact"),
            "not_indicated": lambda each: self._remark(each, "fact"),
        }
        return PolicyVersion(
            version=at.child("version").name(),
            starts=starts,
            ends=ends,
            services=self.services(at.child("services")),
            review=at.choice("review", REVIEWS),
            completeness=at.choice("completeness", ("full", "partial")),
            holds=holds,
            known_on=day_of(at.child("known_on")),
            verified_on=day_of(at.child("verified_on")),
            left_out=tuple(each.as_text() for each in at.child("left_out").items()),
            places=places,
            diagnoses=groups,
            criteria=criteria,
            imported="",
            note="",
            **{key: tuple(read(each) for each in at.child(key).items()) for key, read in remarks.items()},
        )

    def _agrees(self, at: At, holds: str, codes: bool, criteria: bool) -> None:
        loaded = {(True, True): "both", (True, False): "codes", (False, True): "criteria"}.get((codes, criteria))
        if (loaded or "neither") != holds:
            raise at.child("holds").wrong(f"is {holds!r}, but the version has {loaded or 'neither list nor criteria'}")
        if at.value["completeness"] == "partial" and not at.value.get("left_out"):
            raise at.child("completeness").wrong("is partial, but `left_out` says nothing")

    def services(self, at: At) -> Services:
        """Codes and families; at least one of them."""
        if isinstance(at.value, list):
            at = At({"codes": at.value}, at.paper, at.path)
        at.keys("", "codes families")
        codes = tuple(service_code(each) for each in at.child("codes").items())
        families = at.names("families")
        for each in families:
            if each not in self.words.families:
                raise at.child("families").wrong(f"names {each!r}, which lexicons/service-families.yaml does not have")
        if not codes and not families:
            raise at.wrong("names no service", "codes, families, or both")
        return Services(codes, families)

    def cite(self, at: At) -> Cite:
        """A place in one of the sources of this policy."""
        at.keys("source", "section")
        source = at.text("source")
        if source not in self.sources:
            raise at.child("source").wrong(f"is {source!r}, which `sources` does not define")
        return Cite(source, at.text("section", ""))

    def _group(self, at: At) -> DiagnosisGroup:
        at.keys("group listed codes cite", "known_within services conditional")
        within = None
        if at.has("known_within"):
            within = tuple(code_pattern(each) for each in at.child("known_within").items())
        return DiagnosisGroup(
            group=at.child("group").name(),
            covered=at.choice("listed", ("covered", "noncovered")) == "covered",
            codes=tuple(code_pattern(each) for each in at.child("codes").items()),
            cite=self.cite(at.child("cite")),
            known_within=within,
            services=self.services(at.child("services")) if at.has("services") else None,
            conditional=at.text("conditional") if at.has("conditional") else None,
        )

    def _remark(self, at: At, facts: str = "", more: str = "") -> Remark:
        at.keys("says cite", f"{facts} {more}")
        named = at.names("facts") if facts == "facts" else (at.text("fact"),) if facts and at.has("fact") else ()
        for each in named:
            if self.words.strict and each not in self.words.facts:
                raise at.wrong(f"names the fact {each!r}, which lexicons/facts.yaml does not have")
        return Remark(at.text("says"), self.cite(at.child("cite")), named)

    def _risk(self, at: At, ids: Collection[str]) -> Remark:
        remark = self._remark(at, more="when")
        when = at.text("when", "always")
        found = _WHEN.fullmatch(when)
        if found is None:
            raise at.child("when").wrong(
                f"is {when!r}", "not-listed, list-only, not-met:ID, not-documented:ID or always"
            )
        if found["id"] and found["id"] not in ids:
            raise at.child("when").wrong(f"names {found['id']!r}", "the id of a criterion of this version")
        return Remark(remark.says, remark.cite, (), when)


# ---- a user's own policy ----------------------------------------------------------------------------


_SOURCE = "own"
"""Key of the one source of a short form: the file it stands in."""


def _short(at: At, words: Vocabulary) -> Policy:
    """The short form: service codes, a list of diagnoses or null, criteria of fact ids or null."""
    at.keys("id version payer procedures", "title kind from to known_on states diagnosis_list criteria state mac")
    starts, ends = day_of(at.child("from")), day_of(at.child("to"))
    if starts and ends and ends < starts:
        raise at.child("to").wrong(f"is {ends}, before {starts}", "the same day as `from` or later")
    identity = at.child("id").name()
    sources = {_SOURCE: PolicySource(_SOURCE, f"{identity}, as given in {_file(at)}")}
    listed = at.child("diagnosis_list")
    groups = None
    if listed.value is not None:
        patterns = _each_once(code_pattern(each) for each in listed.items())
        groups = (DiagnosisGroup("1", True, patterns, Cite(_SOURCE, "diagnosis_list")),)
    criteria = short_tree(at.child("criteria"), words, Cite(_SOURCE, "criteria"))
    services = _each_once(service_code(each) for each in at.child("procedures").items())
    if not services:
        raise at.child("procedures").wrong("is empty", "at least one service code")
    holds = {(True, True): "both", (True, False): "codes", (False, True): "criteria"}
    version = PolicyVersion(
        version=at.child("version").name(),
        starts=starts,
        ends=ends,
        services=Services(services),
        review="draft",
        completeness="full",
        holds=holds.get((groups is not None, criteria is not None), "neither"),
        known_on=day_of(at.child("known_on")),
        diagnoses=groups,
        criteria=criteria,
    )
    states = at.names("states") or ((at.text("state"),) if at.has("state") else ())
    payer = at.text("payer")
    return Policy(
        id=identity,
        title=at.text("title", identity),
        kind=at.choice("kind", KINDS, "commercial"),
        payer=payer,
        versions=(version,),
        sources=tuple(sources.values()),
        payer_name=payer,
        contractor=at.text("mac") if at.has("mac") else None,
        states=tuple(each.upper() for each in states) or None,
        file=_file(at),
    )


def _file(at: At) -> str:
    """The document's name without its folder: answers carry no paths of a machine."""
    return at.paper.name.replace("\\", "/").rsplit("/", 1)[-1]


def _each_once(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))
