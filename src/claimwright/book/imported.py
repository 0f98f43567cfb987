"""Documents of imported exports of the Medicare Coverage Database as list policies, beside those that ship.

An article answers with its lists of diagnoses alone: its own text, that of its LCD, and the paragraphs
above its groups are the user's copy and nobody has judged them. So a version always says what is left
out, and a list under a paragraph, an asterisk or a range is one under a condition.

Only texts that are asked for are read: those in force on the days of a claim. What was read is kept.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cached_property, lru_cache
from sys import intern
from typing import TYPE_CHECKING, Any, NamedTuple

from claimwright.book.mcd import ARTICLE, LCD, MCD, NCD, loaded
from claimwright.model import undotted

if TYPE_CHECKING:
    from claimwright.book.store import Book
    from claimwright.model.policy import DiagnosisGroup, Policy, PolicyVersion, Related

MEDICARE = "medicare"
REVIEW = "imported"
"""State of review of a document of CMS: nobody here has looked at it."""

_LETTER = {ARTICLE: "A", LCD: "L"}
_KEPT = 4096
"""Documents, texts and policies kept in memory at most, of each."""

_MOST_WORDS = 400
"""Characters of a paragraph that an answer quotes."""

_MOST_RANGE = 5000
"""Codes of a range of services that are spelled out."""

_ADDRESS = {
    ARTICLE: "https://www.cms.gov/medicare-coverage-database/view/article.aspx?articleid={}&ver={}",
    LCD: "https://www.cms.gov/medicare-coverage-database/view/lcd.aspx?lcdid={}&ver={}",
}


class Key(NamedTuple):
    """A document whatever its version."""

    kind: str
    id: int


@dataclass(frozen=True, slots=True)
class _Version:
    """A version as the book has it; `ends` takes account of the versions after it."""

    key: int
    version: int
    title: str
    starts: date
    ends: date | None
    published: bool
    edition: int

    def on(self, day: date) -> bool:
        return self.starts <= day and (self.ends is None or day <= self.ends)


class _Served(NamedTuple):
    """Who the contractors of a version are, and which states they serve; `parts` of states not served whole."""

    contractors: tuple[str, ...]
    states: tuple[str, ...]
    parts: tuple[str, ...]


class ImportedListing(NamedTuple):
    """A version in force that names a code: in which group of its diagnoses, or among its services."""

    key: Key
    number: str
    version: int
    title: str
    contractor: str
    group: str
    listed: str
    starts: date
    ends: date | None


class ImportedPolicies:
    """Articles and LCDs of the exports in one book. Kept by `Policies.imported`."""

    def __init__(self, book: Book) -> None:
        self.book = book
        self.loaded = bool(loaded(book, ARTICLE) or loaded(book, LCD))
        self._naming = lru_cache(_KEPT)(self._find)
        self._versions = lru_cache(_KEPT)(self._read_versions)
        self._served = lru_cache(_KEPT)(self._read_served)
        self._text = lru_cache(_KEPT)(self._read_text)
        self._related = lru_cache(_KEPT)(self._read_related)
        self._policy = lru_cache(_KEPT)(self._on_days)
        self._built = lru_cache(_KEPT)(self._build)

    @cached_property
    def keys(self) -> dict[str, Key]:
        """Every document by what it is called, in order."""
        if not self.loaded:
            return {}
        sql = "SELECT DISTINCT number, kind, document FROM mcd_document WHERE kind IN (?, ?) ORDER BY kind, document"
        return {number: Key(kind, name) for number, kind, name in self.book.rows(sql, (ARTICLE, LCD))}

    def for_services(self, codes: Iterable[str], days: Sequence[date] = ()) -> list[Policy]:
        """Documents of which a version names one of these services; the texts in force on `days` are read."""
        if not self.loaded:
            return []
        keys = dict.fromkeys(key for code in codes for key in self._naming(undotted(code)))
        found = (self._policy(key, tuple(days)) for key in sorted(keys))
        return [each for each in found if each is not None]

    def get(self, number: str) -> Policy | None:
        """A document with the texts of all its versions; None for one that is not loaded."""
        key = self.keys.get(number.strip().upper())
        if key is None:
            return None
        versions = self._versions(key)
        return self._built(key, frozenset(each.key for each in versions), self._where(versions, ()))

    def head(self, number: str) -> Policy | None:
        """A document with its windows and services, and without any list."""
        return self._policy(self.keys[number], ())

    def begins(self, number: str) -> date | None:
        """The first day for which a document is loaded."""
        key = self.keys.get(number.upper())
        versions = self._versions(key) if key else ()
        return versions[0].starts if versions else None

    # ---- pages ----------------------------------------------------------------------------------

    def listing(self, code: str, day: date) -> Iterator[ImportedListing]:
        """Articles in force on `day` whose lists name a diagnosis, singly or by a range."""
        sql = (
            "SELECT d.kind, d.document, c.grp, c.covered, max(c.asterisk), "
            "CASE WHEN sum(c.code = ?1) THEN 0 ELSE 1 END, "
            "max(g.paragraph IS NOT NULL AND g.paragraph <> ''), d.id FROM "
            "(SELECT * FROM mcd_code WHERE code = ?1 UNION "
            "SELECT * FROM mcd_code WHERE last <> '' AND code <= ?1 AND ?1 <= last || '~') c "
            "JOIN mcd_document d ON d.id = c.document LEFT JOIN mcd_group g ON g.document = c.document "
            "AND g.grp = c.grp AND g.list = CASE c.covered WHEN 1 THEN 'covered' ELSE 'noncovered' END "
            "WHERE d.starts <= ?2 AND (d.ends IS NULL OR d.ends >= ?2) "
            "GROUP BY d.id, c.covered, c.grp ORDER BY d.kind, d.document, d.version, c.covered DESC, c.grp"
        )
        rows = self.book.rows(sql, (undotted(code), day.isoformat())) if self.loaded else []
        for kind, name, group, covered, asterisk, by_range, paragraph, key in rows:
            said = "noncovered" if not covered else "covered"
            if by_range or (covered and (asterisk or paragraph)):
                said = "conditional"
            yield from self._listing(Key(kind, name), key, str(group), said, day)

    def serving(self, code: str, day: date) -> Iterator[ImportedListing]:
        """Articles and LCDs in force on `day` that name a service."""
        if not self.loaded:
            return
        for key in self._naming(undotted(code)):
            for version in self._versions(key):
                if version.on(day) and undotted(code) in self._services(version.key):
                    yield from self._listing(key, version.key, "", "service", day)

    def _listing(self, key: Key, version: int, group: str, said: str, day: date) -> Iterator[ImportedListing]:
        for each in self._versions(key):
            if each.key == version and each.on(day):
                served = self._where((each,), (day,))
                name = served.contractors[0] if served.contractors else ""
                yield ImportedListing(
                    key, _number(key), each.version, each.title, name, group, said, each.starts, each.ends
                )

    # ---- documents ------------------------------------------------------------------------------

    def _find(self, code: str) -> tuple[Key, ...]:
        sql = (
            "SELECT DISTINCT d.kind, d.document FROM "
            "(SELECT document FROM mcd_service WHERE code = ?1 UNION "
            "SELECT document FROM mcd_service WHERE last <> '' AND code <= ?1 AND ?1 <= last) s "
            "JOIN mcd_document d ON d.id = s.document WHERE d.kind IN (?2, ?3)"
        )
        return tuple(Key(*row) for row in self.book.rows(sql, (code, ARTICLE, LCD)))

    def _read_versions(self, key: Key) -> tuple[_Version, ...]:
        """Versions in order; of two that cover a day the higher answers, so that the lower ends before it."""
        sql = (
            "SELECT id, version, title, starts, ends, published, edition FROM mcd_document "
            "WHERE kind = ? AND document = ? AND (ends IS NULL OR ends >= starts) ORDER BY version DESC"
        )
        out: list[_Version] = []
        before: date | None = None
        for number, version, title, first, last, published, edition in self.book.rows(sql, key):
            starts, ends = date.fromisoformat(first), date.fromisoformat(last) if last else None
            if before is not None and (ends is None or ends >= before):
                ends = before - timedelta(days=1)
            before = min(before or starts, starts)
            if ends is None or starts <= ends:
                out.append(_Version(number, version, title, starts, ends, bool(published), edition))
        return tuple(sorted(out, key=lambda each: each.starts))

    def _read_served(self, version: int) -> tuple[tuple[Any, ...], ...]:
        sql = "SELECT contractor, state, part, starts, ends FROM mcd_jurisdiction WHERE document = ?"
        return tuple(self.book.rows(sql, (version,)))

    def _where(self, versions: Sequence[_Version], days: Sequence[date]) -> _Served:
        """Contractors and states of these versions on these days; on all days without any."""
        rows = [row for each in versions for row in self._served(each.key)]
        on = [row for row in rows if not days or any(_covers(row[3], row[4], day) for day in days)]
        whole = {state for _, state, part, *_ in on if state and not part}
        return _Served(
            tuple(dict.fromkeys(name for name, *_ in sorted(on, key=lambda row: str(row[0])) if name)),
            tuple(sorted({row[1] for row in on if row[1]})),
            tuple(sorted({row[2] for row in on if row[2] and row[1] not in whole})),
        )

    def _on_days(self, key: Key, days: tuple[date, ...]) -> Policy | None:
        versions = self._versions(key)
        asked = [each for each in versions if any(each.on(day) for day in days)]
        if not versions:
            return None
        where = self._where(asked or versions[-1:], days if asked else ())
        return self._built(key, frozenset(each.key for each in asked), where)

    def _build(self, key: Key, read: frozenset[int], where: _Served) -> Policy:
        """The policy with the texts of these versions; the others have days only, or services if none is read."""
        from claimwright.model.policy import Policy

        versions = self._versions(key)
        texts = tuple(self._text(key, each, each.key in read, not read, where.parts) for each in versions)
        names = tuple(dict.fromkeys(name for each in where.contractors for name in (self._short(each), each)))
        return Policy(
            id=_number(key),
            title=versions[-1].title,
            kind=key.kind,
            payer=MEDICARE,
            payer_name="Medicare",
            versions=texts,
            sources=tuple(self._source(key, each) for each in versions if each.key in read),
            contractor=names[0] if names else None,
            states=(*where.states, *where.parts),
            related=self._related(key),
            contractors=names,
        )

    def _short(self, name: str) -> str:
        """The name that policies carry, of a contractor whose full name begins with one of its words."""
        return next((short for word, short in self._words if name.lower().startswith(word)), name)

    @cached_property
    def _words(self) -> list[tuple[str, str]]:
        rows = self.book.lexicon_rows("contractors")
        return [
            (str(word).lower(), str(row["contractor"])) for row in rows for word in row["words"] if " " in str(word)
        ]

    # ---- texts ----------------------------------------------------------------------------------

    def _read_text(
        self, key: Key, version: _Version, whole: bool, services: bool, parts: tuple[str, ...]
    ) -> PolicyVersion:
        from claimwright.model.policy import Cite, PolicyVersion, Remark, Services

        source = _source_id(key, version)
        lists = tuple(self._groups(version.key, source)) if whole else ()
        risk = (
            "A diagnosis on the list is not coverage: the document and its LCD set conditions that nobody has judged."
        )
        return PolicyVersion(
            version=str(version.version),
            starts=version.starts,
            ends=version.ends,
            services=Services(tuple(self._services(version.key)) if whole or services else ()),
            review=REVIEW,
            completeness="partial",
            holds="codes" if lists or (not whole and key.kind == ARTICLE) else "neither",
            left_out=tuple(self._left_out(key, version, parts)) if whole else (),
            diagnoses=lists or None,
            denial_risks=(Remark(risk, Cite(source, "the whole document"), when="list-only"),) if lists else (),
            imported=self._edition(version.edition)["edition"],
        )

    def _groups(self, version: int, source: str) -> Iterator[DiagnosisGroup]:
        """The lists, each group once for every condition under which it names codes; without condition first."""
        from claimwright.model.policy import Cite, DiagnosisGroup

        sql = "SELECT list, grp, paragraph, asterisk FROM mcd_group WHERE document = ? AND list <> 'service'"
        said = {(name == "covered", grp): (words, star) for name, grp, words, star in self.book.rows(sql, (version,))}
        sql = "SELECT covered, grp, code, last, asterisk FROM mcd_code WHERE document = ? ORDER BY grp, code, last"
        lists: dict[tuple[bool, int, str | None], list[str]] = {}
        for covered, group, code, last, asterisk in self.book.rows(sql, (version,)):
            paragraph, star = said.get((bool(covered), group), ("", ""))
            why = _condition(bool(covered), paragraph, star if asterisk else None, last)
            lists.setdefault((bool(covered), group, why), []).append(f"{code}-{last}" if last else intern(code))
        for covered, group, why in sorted(lists, key=lambda each: (not each[0], each[1], each[2] is not None)):
            words = "that support medical necessity" if covered else "that do not support medical necessity"
            cite = Cite(source, f"ICD-10 codes {words}, group {group}")
            yield DiagnosisGroup(str(group), covered, tuple(lists[covered, group, why]), cite, conditional=why)

    def _left_out(self, key: Key, version: _Version, parts: tuple[str, ...]) -> Iterator[str]:
        text = "the text of the article and of its LCD" if key.kind == ARTICLE else "the text of the LCD"
        yield f"{text}: indications, limitations, documentation, frequency"
        sql = "SELECT DISTINCT list FROM mcd_group WHERE document = ? AND paragraph <> ''"
        lists = {name for (name,) in self.book.rows(sql, (version.key,))}
        if lists - {"service"}:
            yield "what the paragraphs above its groups of diagnoses ask for: they are quoted, not judged"
        if "service" in lists:
            yield "what stands above its groups of services: it may tie them to groups of diagnoses, or bar them"
        if version.published:
            yield "its effective day: none is printed, and the day of publication stands for it"
        if parts:
            yield f"where in a state it holds: its contractor serves parts of states only ({', '.join(parts)})"

    def _services(self, version: int) -> tuple[str, ...]:
        """Codes of services, ranges spelled out."""
        sql = "SELECT code, last FROM mcd_service WHERE document = ? ORDER BY code, last"
        rows = self.book.rows(sql, (version,))
        return tuple(dict.fromkeys(code for first, last in rows for code in _spelled_out(first, last)))

    def _source(self, key: Key, version: _Version) -> Any:
        from claimwright.model.policy import PolicySource

        entry = self._edition(version.edition)
        (file,) = entry["files"]
        return PolicySource(
            id=_source_id(key, version),
            title=f"{_number(key)} version {version.version}: {version.title}",
            publisher="CMS, Medicare Coverage Database",
            url=_ADDRESS[key.kind].format(key.id, version.version),
            note=f"read from the export {entry['edition']}, file {file['file']}, sha256 {file['sha256']}",
        )

    def _edition(self, number: int) -> dict[str, Any]:
        return self._editions[number]

    @cached_property
    def _editions(self) -> dict[int, dict[str, Any]]:
        return {each["edition_number"]: each for each in self.book.manifest["parts"] if each["table"] == MCD}

    def _read_related(self, key: Key) -> tuple[Related, ...]:
        """Documents that any of its versions names or that name it, by what they are called."""
        from claimwright.model.policy import Related

        sql = (
            "SELECT r.kind, r.other FROM mcd_related r JOIN mcd_document d ON d.id = r.document "
            "WHERE d.kind = ?1 AND d.document = ?2 UNION SELECT d.kind, d.document FROM mcd_related r "
            "JOIN mcd_document d ON d.id = r.document WHERE r.kind = ?1 AND r.other = ?2"
        )
        out = []
        for kind, other in sorted(self.book.rows(sql, key)):
            named = self._titles.get((kind, other))
            if named:
                out.append(Related(named[0], kind, named[1]))
            elif kind != NCD:  # the export names an NCD by a number that is not the one it is called by
                out.append(Related(f"{_LETTER[kind]}{other}", kind, "named by the document, not loaded"))
        return tuple(out)

    @cached_property
    def _titles(self) -> dict[tuple[str, int], tuple[str, str]]:
        sql = "SELECT kind, document, number, title FROM mcd_document ORDER BY kind, document, version"
        return {(kind, name): (number, title) for kind, name, number, title in self.book.rows(sql)}


def merged(ours: Policy, found: Policy) -> Policy:
    """A policy of the book and the imported document of the same id, as one.

    A policy whose criteria are loaded says more than the document's lists, and stays as it is. Lists give
    way to the document's from its first loaded day on: the export tells what was in force since.
    """
    if any(each.criteria for each in ours.versions):
        return ours
    first = found.versions[0].starts
    if first is None:
        return ours
    kept = [_until(each, first - timedelta(days=1)) for each in ours.versions]
    kept = [each for each in kept if each.starts is None or each.ends is None or each.starts <= each.ends]
    names = ", ".join(each.version for each in ours.versions)
    note = f"From {first} on it stands in place of {ours.id} {names}, of which only a part is loaded."
    mine = {each.policy for each in found.related}
    return replace(
        found,
        versions=(*kept, *(replace(each, note=note) for each in found.versions)),
        sources=(*(ours.sources if kept else ()), *found.sources),
        related=(*found.related, *(each for each in ours.related if each.policy not in mine)),
        contractors=tuple(dict.fromkeys((*found.contractors, *filter(None, [ours.contractor])))),
        states_source=ours.states_source,
    )


def _until(version: PolicyVersion, last: date) -> PolicyVersion:
    return version if version.ends is not None and version.ends <= last else replace(version, ends=last)


def _number(key: Key) -> str:
    return f"{_LETTER[key.kind]}{key.id}"


def _source_id(key: Key, version: _Version) -> str:
    return f"{_number(key)}-{version.version}"


def _covers(starts: str | None, ends: str | None, day: date) -> bool:
    on = day.isoformat()
    return (starts is None or starts <= on) and (ends is None or on <= ends)


def _condition(covered: bool, paragraph: str, star: str | None, last: str) -> str | None:
    """Why a row of a list does not decide by itself; a list of codes that are not covered does, but for ranges."""
    if last:
        return "the list names a range and no row names the code itself: compare it with the document"
    if not covered:
        return None
    said = []
    if star is not None:
        said.append(f"the code carries an asterisk{f': {_quoted(star)}' if star else ', which the document explains'}")
    if paragraph:
        said.append(f"a paragraph stands above the group: {_quoted(paragraph)}")
    return "; ".join(said) or None


def _quoted(text: str) -> str:
    short = text if len(text) <= _MOST_WORDS else f"{text[:_MOST_WORDS].rstrip()} (goes on)"
    return f"“{short}”"


_COUNTED = re.compile(r"(\D*)(\d+)(\D*)")


def _spelled_out(first: str, last: str) -> Iterator[str]:
    """The codes of a range of services; the ends alone where they are not counted alike."""
    low, high = _COUNTED.fullmatch(first), _COUNTED.fullmatch(last)
    alike = low and high and (low[1], len(low[2]), low[3]) == (high[1], len(high[2]), high[3])
    yield first
    if low and high and alike and int(high[2]) - int(low[2]) <= _MOST_RANGE:
        for number in range(int(low[2]) + 1, int(high[2]) + 1):
            yield f"{low[1]}{number:0{len(low[2])}}{low[3]}"
    elif last:
        yield last
