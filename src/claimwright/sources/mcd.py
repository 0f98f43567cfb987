"""Medicare Coverage Database: LCDs, articles and NCDs with their code lists and jurisdictions, as typed rows.

Tables join on (id, version); ids are numbers without the letter. `display_id` set marks a draft, which
is left out. `range` flags the rows of a range of codes: B begins it, E ends it, M stands in it; where
no M row stands between, the rows say the two ends only. A jurisdiction is that of the contractors of the
document (`*_x_contractor`, `contractor_jurisdiction`, `state_lookup`); some of its states are parts of
one. Of services only the code is read, never a description: those of CPT are the AMA's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from pathlib import Path

from claimwright.errors import SourceError
from claimwright.sources.mcd_export import EXPECTED, Export, day_of, plain_text
from claimwright.sources.ncci import Rejected

TERMS = "the terms of the Medicare Coverage Database with those of the AMA and ADA, which CMS shows before the download"
LICENCE = "CMS Medicare Coverage Database, with CPT codes (c) American Medical Association; the user's copy"

BILLING_AND_CODING = 6
"""`article_type` of billing and coding articles."""

LETTERS = {"article": "A", "lcd": "L", "ncd": ""}
COVERED, NONCOVERED, SERVICE = "covered", "noncovered", "service"
LISTS = (COVERED, NONCOVERED, SERVICE)
_NOTHING = frozenset({"", "n/a", "na", "none", "not applicable", "n.a."})
"""Paragraphs that say nothing."""

_FEW, _SHARE = 10, 0.001
_DIAGNOSIS = re.compile(r"[A-Z]\d[0-9A-Z]{1,5}")
_PROCEDURE = re.compile(r"[0-9A-Z]{5}")
Key = tuple[int, int]
"""(id, version) of a document."""


@dataclass(frozen=True, slots=True)
class Document:
    """One version of a document. `starts` and `ends` are the days it is for, both included.

    `number` is what it is called (A54969, L36524, 160.23); `published` tells that no effective day is
    printed and the day of publication stands for it; `type` is an article's type, 0 for others.
    """

    kind: str
    id: int
    version: int
    number: str
    title: str
    starts: date
    ends: date | None
    status: str
    type: int
    published: bool


@dataclass(frozen=True, slots=True)
class Jurisdiction:
    """A state that a contractor of the document serves; `part` names a part of it, empty for the whole."""

    document: Key
    contractor: str
    state: str
    part: str
    starts: date | None
    ends: date | None


@dataclass(frozen=True, slots=True)
class Code:
    """A row of a code list; `last` ends a range of which the rows say the two ends only."""

    document: Key
    list: str
    group: int
    code: str
    last: str
    asterisk: bool


@dataclass(frozen=True, slots=True)
class Group:
    """What stands above a group of a code list, as plain text; `asterisk` explains its asterisks."""

    document: Key
    list: str
    group: int
    paragraph: str
    asterisk: str


@dataclass(frozen=True, slots=True)
class Related:
    """A document that this one names: its kind and id."""

    document: Key
    kind: str
    id: int


class McdFile:
    """One export. `documents` is read at once; the long tables are read anew whenever they are walked.

    `drafts` counts documents left out; `placeholders` are rows (table, line) of code lists that name no code.
    """

    def __init__(self, file: Path) -> None:
        """Open the export and read its documents; `SourceError` when it is not as published."""
        self.export = Export(file)
        self.kind = self.export.kind
        self.drafts = 0
        self.placeholders: set[tuple[str, int]] = set()
        self.documents: dict[Key, Document] = {}
        self._read_documents()
        if not self.documents:
            raise SourceError(str(file), f"no {self.kind} in force or retired could be read", EXPECTED)

    @cached_property
    def name(self) -> str:
        """The edition: `current article 2026-09-03`, as the export's own calendar tells."""
        scope = "all" if len({number for number, _ in self.documents}) < len(self.documents) else "current"
        return f"{scope} {self.kind}" + (f" {self.as_of}" if self.as_of else "")

    @cached_property
    def current(self) -> bool:
        """Does it hold one version of each document?"""
        return self.name.startswith("current")

    @cached_property
    def as_of(self) -> date | None:
        """The last day of the export's own calendar (`update_period`)."""
        if not self.export.has("update_period"):
            return None
        for column in ("dis_end_date", "end_date"):
            try:
                days = [day_of(cell) for (cell,) in self.export.rows("update_period", column)]
            except (SourceError, ValueError):
                continue
            return max((day for day in days if day), default=None)
        return None

    @property
    def rejected(self) -> tuple[tuple[str, Rejected], ...]:
        """(table, row) of rows left out so far."""
        return tuple(self.export.rejected)

    def _read_documents(self) -> None:
        read = {"article": self._article, "lcd": self._lcd, "ncd": self._ncd}[self.kind]
        for line, found in read():
            if isinstance(found, str):
                self.export.reject(self._main, line, found)
            else:
                self.documents[found.id, found.version] = found
        self._read_retirements()

    def _read_retirements(self) -> None:
        """Days on which documents in force will end, of the highest version of each."""
        table = f"{self.kind}_future_retire"
        if not self.export.has(table):
            return
        highest: dict[int, int] = {}
        for known, version in self.documents:
            highest[known] = max(version, highest.get(known, version))
        for line, (number, text) in self.export.numbered(table, f"{self.kind}_id", "retire_dt"):
            try:
                day = day_of(text)
            except ValueError as error:
                self.export.reject(table, line, str(error))
                continue
            known = int(number) if number.isdecimal() else -1
            if day and known in highest:
                key = known, highest[known]
                self.documents[key] = replace(self.documents[key], ends=min(day, self.documents[key].ends or day))

    @property
    def _main(self) -> str:
        return "ncd_trkg" if self.kind == "ncd" else self.kind

    def _article(self) -> Iterator[tuple[int, Document | str]]:
        columns = (
            "article_id", "article_version", "title", "status", "display_id", "article_type", "article_eff_date",
            "article_pub_date", "article_rev_end_date", "article_end_date", "date_retired",
        )  # fmt: skip
        for line, (number, version, title, status, draft, kind, *days) in self.export.numbered("article", *columns):
            if draft:
                self.drafts += 1
            else:
                yield line, _document("article", number, version, "", title, status, kind, days[:2], days[2:])

    def _lcd(self) -> Iterator[tuple[int, Document | str]]:
        columns = (
            "lcd_id", "lcd_version", "title", "status", "display_id", "rev_eff_date", "orig_det_eff_date",
            "rev_end_date", "ent_det_end_date", "date_retired",
        )  # fmt: skip
        for line, (number, version, title, status, draft, *days) in self.export.numbered("lcd", *columns):
            if draft:
                self.drafts += 1
            else:
                # The first day of the revision, or of the determination where it was never revised.
                begins = [days[0] or days[1], ""]
                yield line, _document("lcd", number, version, "", title, status, "", begins, days[2:])

    def _ncd(self) -> Iterator[tuple[int, Document | str]]:
        columns = (
            "ncd_id", "ncd_vrsn_num", "ncd_mnl_sect", "ncd_mnl_sect_title", "ncd_efctv_dt", "ncd_impltn_dt",
            "ncd_trmntn_dt",
        )  # fmt: skip
        for line, (number, version, section, title, *days) in self.export.numbered("ncd_trkg", *columns):
            yield line, _document("ncd", number, version, section, title, "", "", days[:2], days[2:])

    # ---- what hangs on documents ----------------------------------------------------------------

    def codes(self) -> Iterator[Code]:
        """Every row of the lists of diagnoses and services, ranges put together."""
        if self.kind == "article":
            for name in (COVERED, NONCOVERED):
                columns = ["icd10_code_id", f"icd10_{name}_group", "range"]
                yield from self._codes(name, f"article_x_icd10_{name}", columns, name == COVERED)
        if self.kind != "ncd":
            columns = ["hcpc_code_id", "hcpc_code_group", "range"]
            yield from self._codes(SERVICE, f"{self.kind}_x_hcpc_code", columns, False)

    def _codes(self, list_name: str, table: str, columns: list[str], asterisks: bool) -> Iterator[Code]:
        keys = [f"{self.kind}_id", f"{self.kind}_version"]
        shape = _PROCEDURE if list_name == SERVICE else _DIAGNOSIS
        begun: dict[tuple[Key, int], Code] = {}
        for line, cells in self.export.numbered(table, *keys, *columns, *(["asterisk"] if asterisks else [])):
            key = _key(cells[0], cells[1])
            code, group = cells[2].replace(".", "").upper(), cells[3] or "0"
            if key not in self.documents:
                continue  # of a draft, or of a document that could not be read
            if not shape.fullmatch(code):
                self.placeholders.add((table, line))
                continue
            if not group.isdecimal():
                self.export.reject(table, line, f"a code {cells[2][:12]!r} in group {cells[3][:6]!r}")
                continue
            row = Code(key, list_name, int(group), code, "", asterisks and cells[5].upper() == "Y")
            flag, place = cells[4].upper(), (key, int(group))
            if flag == "B":
                begun[place] = row
            elif flag == "E" and place in begun:
                start = begun.pop(place)
                if start.code < code:
                    yield Code(key, list_name, row.group, start.code, code, start.asterisk or row.asterisk)
            elif flag == "M":
                begun.pop(place, None)  # the rows name what stands between
            yield row

    def groups(self) -> Iterator[Group]:
        """Paragraphs that say something, of every group that has one."""
        if self.kind == "ncd":
            return
        tables = [(SERVICE, f"{self.kind}_x_hcpc_code_group", "hcpc_code_group", "")]
        if self.kind == "article":
            tables += [
                (COVERED, "article_x_icd10_covered_group", "icd10_covered_group", "icd10_covered_ast"),
                (NONCOVERED, "article_x_icd10_noncovered_group", "icd10_noncovered_group", ""),
            ]
        for list_name, table, column, asterisk in tables:
            columns = [
                f"{self.kind}_id",
                f"{self.kind}_version",
                column,
                "paragraph",
                *([asterisk] if asterisk else []),
            ]
            for number, version, group, *texts in self.export.rows(table, *columns):
                key = _key(number, version)
                said = [text if text.lower().rstrip(".") not in _NOTHING else "" for text in map(plain_text, texts)]
                if key in self.documents and group.isdecimal() and any(said):
                    yield Group(key, list_name, int(group), said[0], said[1] if asterisk else "")

    def jurisdictions(self) -> Iterator[Jurisdiction]:
        """States of the contractors of every document; national determinations have none."""
        if self.kind == "ncd":
            return
        states = self._states()
        keys = ("contractor_id", "contractor_type_id", "contractor_version")
        names = {cells[:3]: cells[3] for cells in self.export.rows("contractor", *keys, "contractor_bus_name")}
        served: dict[tuple[str, ...], list[tuple[str, str, date | None, date | None]]] = {}
        columns = (*keys, "state_id", "active_date", "term_date")
        for line, (*contractor, state, active, ended) in self.export.numbered("contractor_jurisdiction", *columns):
            try:
                days = day_of(active), day_of(ended)
            except ValueError as error:
                self.export.reject("contractor_jurisdiction", line, str(error))
                continue
            if state in states:
                served.setdefault(tuple(contractor), []).append((*states[state], *days))
        ids = (f"{self.kind}_id", f"{self.kind}_version")
        for number, version, *contractor in self.export.rows(f"{self.kind}_x_contractor", *ids, *keys):
            key = _key(number, version)
            if key in self.documents:
                name = names.get(tuple(contractor), "")
                for state, part, active_day, ended_day in served.get(tuple(contractor), [("", "", None, None)]):
                    yield Jurisdiction(key, name, state, part, active_day, ended_day)

    def _states(self) -> dict[str, tuple[str, str]]:
        """(state, part) by id: `New York - Downstate` is a part of the state described `New York - Entire State`."""
        listed = list(self.export.rows("state_lookup", "state_id", "state_abbrev", "description"))
        whole = {words.split(" - ")[0].lower(): abbreviation for _, abbreviation, words in listed if _is_whole(words)}
        return {
            number: (abbreviation, "")
            if _is_whole(words)
            else (whole.get(words.split(" - ")[0].lower(), abbreviation), abbreviation)
            for number, abbreviation, words in listed
        }

    def related(self) -> Iterator[Related]:
        """Documents that each names; `r_ncd_id` 0 stands for none."""
        if self.kind == "ncd":
            return
        ids = (f"{self.kind}_id", f"{self.kind}_version")
        sources = (
            (f"{self.kind}_related_documents", {"article": "r_article_id", "lcd": "r_lcd_id"}),
            (f"{self.kind}_related_ncd_documents", {"ncd": "r_ncd_id"}),
        )
        for table, columns in sources:
            for number, version, *others in self.export.rows(table, *ids, *columns.values()):
                key = _key(number, version)
                for kind, other in zip(columns, others, strict=True):
                    if key in self.documents and other.isdecimal() and int(other) and (kind, int(other)) != (
                        self.kind, key[0],
                    ):  # fmt: skip
                        yield Related(key, kind, int(other))


def read(file: Path) -> McdFile:
    """One export, its documents read; `SourceError` when it is not as published."""
    return McdFile(file)


def check(file: Path) -> tuple[McdFile, int]:
    """Read every table once; the export and how many rows it gave.

    Errors: `SourceError` also when more rows are not as published than a few.
    """
    found = McdFile(file)
    rows = len(found.documents)
    for table in (found.codes, found.groups, found.jurisdictions, found.related):
        rows += sum(1 for _ in table())
    if len(found.rejected) > max(_FEW, _SHARE * rows):
        name, first = found.rejected[0]
        problem = f"{first.problem}; {len(found.rejected):,} rows are not as published"
        raise SourceError(f"{file}: {name}.csv:{first.line}", problem)
    return found, rows


def _is_whole(description: str) -> bool:
    return " - " not in description or description.lower().endswith(" - entire state")


def _key(number: str, version: str) -> Key:
    return (int(number), int(version)) if number.isdecimal() and version.isdecimal() else (-1, -1)


def _document(
    kind: str,
    number: str,
    version: str,
    name: str,
    title: str,
    status: str,
    type_: str,
    begins: list[str],
    ends: list[str],
) -> Document | str:
    """The document, or what is wrong in its row.

    `begins` holds the effective day and the one of publication; of `ends` the first day counts.
    """
    key = _key(number, version)
    if key == (-1, -1):
        return f"an id {number[:12]!r} or version {version[:6]!r} that is no number"
    try:
        effective, published = map(day_of, begins)
        last = min((day for day in map(day_of, ends) if day), default=None)
    except ValueError as error:
        return str(error)
    starts = effective or published
    if starts is None:
        return "neither an effective day nor one of publication"
    return Document(
        kind, *key, name or f"{LETTERS[kind]}{key[0]}", plain_text(title), starts, last, status.upper(),
        int(type_) if type_.isdecimal() else 0, effective is None,
    )  # fmt: skip
