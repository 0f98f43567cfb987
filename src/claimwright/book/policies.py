"""Coverage policies of the book: found by service, diagnosis or id, read once and kept."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from claimwright.errors import ClaimwrightError, InputError, RuleError
from claimwright.model import dotted, undotted

if TYPE_CHECKING:
    from pathlib import Path

    from claimwright.book.imported import ImportedListing, ImportedPolicies
    from claimwright.book.store import Book
    from claimwright.model.policy import DiagnosisGroup, Policy, PolicyVersion


class PolicyListing(NamedTuple):
    """A policy version that lists a code, in which group, and as covered or not; `in_force` on the day asked.

    `source` is `imported` for a document of an imported export of the Medicare Coverage Database.
    """

    policy: str
    version: str
    title: str
    kind: str
    payer: str
    contractor: str | None
    group: str
    listed: str
    starts: date | None
    ends: date | None
    in_force: bool | None
    source: str = "policies"


class Policies:
    """Every policy of one book. Kept by the book: `Book.policies`."""

    def __init__(self, book: Book) -> None:
        self.book = book
        self._read: dict[str, Policy] = {}
        self._places: dict[str, tuple[int, int] | None] = {}
        self._merged: dict[tuple[int, int], tuple[Policy, Policy, Policy]] = {}

    @cached_property
    def imported(self) -> ImportedPolicies:
        """Documents of imported exports of the Medicare Coverage Database."""
        from claimwright.book.imported import ImportedPolicies

        return ImportedPolicies(self.book)

    @cached_property
    def ids(self) -> tuple[str, ...]:
        """Ids of the policies that ship or were added as policies, in order; imported documents are not among them."""
        return tuple(name for (name,) in self.book.rows("SELECT id FROM policy ORDER BY ordinal"))

    def get(self, name: str) -> Policy:
        """The policy of an id, in any case; `InputError` for one that is not loaded."""
        found = self._own_id(name)
        document = self.imported.get(name)
        if found is None and document is None:
            raise InputError(
                "policy", f"{name!r} is not loaded", f"an id that `claimwright policies` lists{self._near(name)}"
            )
        if found is None or document is None:
            return document or self._policy(found or "")
        return self._joined(self._policy(found), document)

    def _near(self, name: str) -> str:
        """Ids that a misspelt one may stand for, as the end of a sentence."""
        from difflib import get_close_matches  # only for a misspelt id

        near = get_close_matches(name.strip().upper()[:40], [each.upper() for each in self.ids], 3, 0.5)
        return f", such as {' or '.join(each for each in self.ids if each.upper() in near)}" if near else ""

    def all(self) -> list[Policy]:
        """Every policy: those of the book, then imported documents with their days and services, without lists."""
        heads = ((name, self.imported.head(name)) for name in self.imported.keys)
        return self._beside([self._policy(each) for each in self.ids], [each for _, each in heads if each])

    def for_services(self, codes: Iterable[str], days: Sequence[date] = (), imported: bool = True) -> list[Policy]:
        """Policies with a version for one of these service codes, in the order of their ids, then imported documents.

        Of an imported document the texts in force on `days` are read; without `imported` none is among them.
        """
        wanted = sorted({each.strip().upper() for each in codes})
        if not imported:
            return self._for_services(wanted)
        return self._beside(self._for_services(wanted), self.imported.for_services(wanted, days))

    def _for_services(self, codes: list[str]) -> list[Policy]:
        sql = (
            "SELECT DISTINCT p.ordinal, p.id FROM policy_service s JOIN policy p ON p.id = s.policy "
            "WHERE s.code IN (SELECT value FROM json_each(?)) ORDER BY p.ordinal"
        )
        return [self._policy(name) for _, name in self.book.rows(sql, (json.dumps(codes),))]

    def _beside(self, ours: list[Policy], documents: list[Policy]) -> list[Policy]:
        """Both, those of one id as one policy."""
        if not documents:
            return ours
        names = {each.lower(): each for each in self.ids}
        out = {each.id: each for each in ours}
        for each in documents:
            own = names.get(each.id.lower())
            out[own or each.id] = self._joined(self._policy(own), each) if own else each
        return list(out.values())

    def _joined(self, ours: Policy, document: Policy) -> Policy:
        """One policy of both, the same one for the same two: what is made ready for judging is kept by it."""
        from claimwright.book.imported import merged

        key = id(ours), id(document)
        if key not in self._merged:
            if len(self._merged) > _MOST_MERGED:
                self._merged.clear()
            self._merged[key] = merged(ours, document), ours, document  # which keeps both alive, and the ids theirs
        return self._merged[key][0]

    def _own_id(self, name: str) -> str | None:
        return next((each for each in self.ids if each.lower() == name.strip().lower()), None)

    def _policy(self, name: str) -> Policy:
        kept = self._read.get(name)
        if kept is None:
            kept = self._read[name] = self._load(name)
        return kept

    def _load(self, name: str) -> Policy:
        import msgspec

        from claimwright.model.policy import Policy, PolicyVersion

        ((head,),) = self.book.rows("SELECT data FROM policy WHERE id = ?", (name,))
        texts = self.book.rows("SELECT data FROM policy_version WHERE policy = ? ORDER BY ordinal", (name,))
        versions = tuple(msgspec.json.decode(data, type=PolicyVersion) for (data,) in texts)
        return replace(msgspec.json.decode(head, type=Policy), versions=versions)

    def listing(self, code: str, day: date) -> tuple[PolicyListing, ...]:
        """Policies whose lists name a diagnosis, whatever its spelling; those in force on `day` first."""
        sql = (
            "SELECT d.policy, d.version, p.data, d.grp, d.covered, d.conditional, v.starts, v.ends, "
            "json_extract(v.data, '$.known_on') FROM policy_diagnosis d JOIN policy p ON p.id = d.policy "
            "JOIN policy_version v ON v.policy = d.policy AND v.version = d.version "
            "WHERE d.code = ? ORDER BY p.ordinal, v.ordinal, d.grp"
        )
        out = [_listing(row, day) for row in self.book.rows(sql, (undotted(code),))]
        return self._listed(out, self.imported.listing(code, day), day)

    def serving(self, code: str, day: date) -> tuple[PolicyListing, ...]:
        """Policies about a service, `listed` as `service` and in no group; those in force on `day` first."""
        sql = (
            "SELECT s.policy, s.version, p.data, '', 1, 0, v.starts, v.ends, json_extract(v.data, '$.known_on') "
            "FROM policy_service s JOIN policy p ON p.id = s.policy "
            "JOIN policy_version v ON v.policy = s.policy AND v.version = s.version "
            "WHERE s.code = ? ORDER BY p.ordinal, v.ordinal"
        )
        out = [_listing(row, day)._replace(listed="service") for row in self.book.rows(sql, (undotted(code),))]
        return self._listed(out, self.imported.serving(code, day), day)

    def _listed(
        self, ours: list[PolicyListing], documents: Iterable[ImportedListing], day: date
    ) -> tuple[PolicyListing, ...]:
        """Both, without what an imported document of the same id speaks for on the day."""
        if self.imported.loaded:
            ours = [each for each in ours if not self._spoken_for(each.policy, day)]
        names = {each.lower(): each for each in self.ids}
        found = (
            PolicyListing(
                each.number, str(each.version), each.title, each.key.kind, "medicare", each.contractor or None,
                each.group, each.listed, each.starts, each.ends, True, "imported",
            )
            for each in documents
            if each.number.lower() not in names or self._spoken_for(names[each.number.lower()], day)
        )  # fmt: skip
        return (*sorted(ours, key=lambda each: not each.in_force), *found)

    def _spoken_for(self, name: str, day: date) -> bool:
        """Does an imported document stand in place of this policy on the day?"""
        begins = self.imported.begins(name)
        if begins is None or day < begins:
            return False
        return not any(each.criteria for each in self._policy(name).versions)

    @cached_property
    def families(self) -> dict[str, frozenset[str]]:
        """Service codes of every family."""
        return {row["family"]: frozenset(map(str, row["codes"])) for row in self.book.lexicon_rows("service-families")}

    @cached_property
    def payers(self) -> tuple[str, ...]:
        """Every payer of a policy, `any` of guidance left out."""
        found = self.book.rows("SELECT DISTINCT json_extract(data, '$.payer') FROM policy ORDER BY 1")
        return tuple(payer for (payer,) in found if payer != "any")

    def check(self, policies: Iterable[Policy], file: Path | None = None) -> None:
        """`InputError` where a user's policy lists a code that was billable on no day of its window."""
        for policy in policies:
            for version in policy.versions:
                for _, pattern, codes in listed_codes(version, self.book.rows):
                    if not codes:
                        raise dead_code(policy, version, pattern, file)

    def place(self, code: str) -> tuple[int, int] | None:
        """Position of a code (no dot) in the newest tabular edition, and the first position behind it."""
        if code not in self._places:
            sql = (
                "SELECT pos, stop FROM node WHERE code = ? AND kind <> 'block' AND edition = "
                "(SELECT max(id) FROM edition) LIMIT 1"
            )
            found = self.book.rows(sql, (code,))
            self._places[code] = (found[0][0], found[0][1]) if found else None
        return self._places[code]


_MOST_MERGED = 1000
"""Policies of two origins that are kept."""

Rows = Callable[[str, Sequence[Any]], list[tuple[Any, ...]]]
"""Runs one query of a book."""


def listed_codes(version: PolicyVersion, rows: Rows) -> Iterator[tuple[DiagnosisGroup, str, list[str]]]:
    """Every pattern of a version's lists with the codes that it means on some day of the version's window."""
    for group in version.diagnoses or ():
        for pattern in group.codes:
            yield group, pattern, codes_of(pattern, version.starts or version.known_on, version.ends, rows)


def codes_of(pattern: str, starts: date | None, ends: date | None, rows: Rows) -> list[str]:
    """Codes (no dot) of a pattern that are billable on some day from `starts` to `ends`.

    A range follows the tabular list where its newest edition has both ends (C4A stands behind C43), else the
    alphabet.
    """
    low, dash, high = pattern.partition("-")
    values: list[Any]
    if not dash:
        where, values = "code = ?", [low]
    elif not high:
        where, values = "code >= ? AND code < ?", [low, low + "~"]
    else:
        span = _span(low, high, rows)
        if span:
            where, values = "code IN (SELECT code FROM node WHERE edition = ? AND pos >= ? AND pos < ?)", list(span)
        else:
            where, values = "code >= ? AND substr(code, 1, length(?)) <= ?", [low, high, high]
    sql = f"SELECT DISTINCT code FROM registry WHERE {where} AND (ends IS NULL OR ends >= ?) AND starts <= ? ORDER BY 1"
    days = [starts.isoformat() if starts else "0", ends.isoformat() if ends else "9"]
    return [code for (code,) in rows(sql, [*values, *days])]


def _span(low: str, high: str, rows: Rows) -> tuple[int, int, int] | None:
    sql = "SELECT edition, pos, stop FROM node WHERE code = ? AND kind <> 'block' ORDER BY edition DESC LIMIT 1"
    first, last = (rows(sql, (code,)) for code in (low, high))
    if not first or not last or first[0][0] != last[0][0]:
        return None
    return first[0][0], first[0][1], last[0][2]


def dead_code(
    policy: Policy, version: PolicyVersion, pattern: str, file: Path | None = None, users: bool = True
) -> ClaimwrightError:
    """The refusal of a policy that names a code which was billable on no day of its window."""
    low, dash, high = pattern.partition("-")
    shown = f"{dotted(low)}{dash}{dotted(high) if high else ''}"
    line = _line(file, low) if file else 0
    name = (str(file) if users else file.name) if file else f"policy {policy.id}"
    place = f"{name}:{line}" if line else name
    starts = version.starts or version.known_on or "the first day"
    problem = f"version {version.version} lists {shown}, billable on no day from {starts} to {version.ends or 'open'}"
    expected = "a code of that time, or a wildcard (G56.0-) for a header"
    return InputError(place, problem, expected) if users else RuleError(f"{place}: {problem}; expected {expected}")


def _line(file: Path, code: str) -> int:
    """The line that first names a code; 0 when none does."""
    try:
        lines = file.read_text(encoding="utf-8-sig").upper().splitlines()
    except (OSError, ValueError):
        return 0
    return next((number for number, line in enumerate(lines, 1) if dotted(code) in line or code in line), 0)


def _listing(row: tuple[Any, ...], day: date) -> PolicyListing:
    name, version, data, group, covered, conditional, starts, ends, known = row
    head = json.loads(data)
    first, last, seen = (date.fromisoformat(each) if each else None for each in (starts, ends, known))
    in_force: bool | None = not (last and day > last)
    if in_force and first is None:
        in_force = True if seen and day >= seen else None
    elif in_force and first is not None:
        in_force = day >= first
    listed = "noncovered" if not covered else "conditional" if conditional else "covered"
    return PolicyListing(
        name, version, head["title"], head["kind"], head["payer"], head["contractor"], group, listed, first, last,
        in_force,
    )  # fmt: skip
