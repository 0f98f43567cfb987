"""CDC/NCHS ICD-10-CM tabular list XML, as published or inside its zip.

Elements: chapter > section > diag, nested; notes in groups of `note`; `sevenChrDef` of
`extension`. Any element not named here stops the reader: a new release with a new kind of note
must be looked at, not skipped.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from xml.etree import ElementTree as ET

from claimwright.errors import SourceError
from claimwright.model import CODE_SHAPE, Interval
from claimwright.sources.packed import read_packed
from claimwright.sources.xml_file import read_root

NOTE_KINDS = (
    "includes", "inclusionTerm", "excludes1", "excludes2", "codeFirst", "useAdditionalCode",
    "codeAlso", "notes", "sevenChrNote",
)  # fmt: skip
"""The element names of the XML are the names of the kinds, everywhere in claimwright."""

_DEEPEST = 20
"""Levels of nested <diag>; the official list has 6."""

_KNOWN = {*NOTE_KINDS, "name", "desc", "section", "diag", "sectionIndex", "sevenChrDef", "visualImpairment"}
_MONTHS = (
    "january", "february", "march", "april", "may", "june",
    "july", "august", "september", "october", "november", "december",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class NodeRow:
    """A chapter, section or diag in document order; `parent` is an index, -1 for a chapter."""

    kind: str
    name: str
    title: str
    parent: int
    children: int


@dataclass(frozen=True, slots=True)
class NoteRow:
    """One official sentence: its node (index), kind, group within the node, and text."""

    node: int
    kind: str
    group: int
    text: str


@dataclass(frozen=True, slots=True)
class ExtensionRow:
    """A permitted seventh character at a node (index) and everything below it."""

    node: int
    character: str
    text: str


@dataclass(frozen=True, slots=True)
class Tabular:
    """One edition, whole. `release` is the first day the file says it is for."""

    name: str
    fiscal_year: int
    release: date
    window: Interval
    nodes: tuple[NodeRow, ...]
    notes: tuple[NoteRow, ...]
    extensions: tuple[ExtensionRow, ...]


def read(file: Path, release: date | None = None) -> Tabular:
    """Parse a tabular XML or the zip that holds it; `SourceError` when it is something else.

    The XML states the fiscal year only; the release day comes from `release`, else from the
    file name ("April-1-2026", "April 2025"), else it is the first day of the fiscal year.
    """
    name, data = read_packed(file, r"tabular[^/]*\.xml", "tabular XML files", "CDC's tabular XML or its zip")
    root, year = read_root(file, data, "ICD10CM.tabular", "CDC's tabular list")
    reader = _Reader(str(file))
    for element in root:
        if element.tag == "chapter":
            reader.chapter(element)
        elif element.tag not in ("version", "introduction"):
            raise SourceError(str(file), f"unknown element <{element.tag}>", "version, introduction, chapter")
    if not reader.nodes:
        raise SourceError(str(file), "no chapter", "22 chapters")
    starts = release or _release(name, year) or date(year - 1, 10, 1)
    return Tabular(
        name=f"FY{year} ({starts:%B} {starts.year})",
        fiscal_year=year,
        release=starts,
        window=Interval(date(year - 1, 10, 1), date(year, 9, 30)),
        nodes=tuple(reader.rows()),
        notes=tuple(reader.notes),
        extensions=tuple(reader.extensions),
    )


def _release(name: str, year: int) -> date | None:
    found = re.search(r"([A-Za-z]+)[-_ ](?:1[-_ ])?(20\d\d)", name)
    if found and found[1].lower() in _MONTHS:
        day = date(int(found[2]), _MONTHS.index(found[1].lower()) + 1, 1)
        if day in Interval(date(year - 1, 10, 1), date(year, 9, 30)):
            return day
    return None


class _Reader:
    """Walks the elements in document order and collects typed rows."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.nodes: list[list[object]] = []
        self.notes: list[NoteRow] = []
        self.extensions: list[ExtensionRow] = []

    def rows(self) -> Iterator[NodeRow]:
        """The nodes, each with its number of children known by now."""
        children = [0] * len(self.nodes)
        for _, _, _, parent in self.nodes:
            if isinstance(parent, int) and parent >= 0:
                children[parent] += 1
        for (kind, name, title, parent), count in zip(self.nodes, children, strict=True):
            assert isinstance(parent, int)  # noqa: S101 - narrows the type
            yield NodeRow(str(kind), str(name), str(title), parent, count)

    def chapter(self, element: ET.Element) -> None:
        """A chapter and everything in it."""
        index = self._node("chapter", element.findtext("name", ""), element, -1)
        for section in element.iterfind("section"):
            block = self._node("block", section.get("id", ""), section, index)
            for diag in section.iterfind("diag"):
                self._diag(diag, block)

    def _diag(self, element: ET.Element, parent: int, level: int = 1) -> None:
        name = element.findtext("name", "")
        if level > _DEEPEST:
            raise SourceError(self.file, f"<diag> {name} is nested {level} deep", f"at most {_DEEPEST} levels")
        if not CODE_SHAPE.match(name):
            raise SourceError(self.file, f"<diag> named {name!r}", "an ICD-10-CM code or category")
        index = self._node("diag", name, element, parent)
        for child in element.iterfind("diag"):
            self._diag(child, index, level + 1)

    def _node(self, kind: str, name: str, element: ET.Element, parent: int) -> int:
        title = (element.findtext("desc") or "").strip()
        if not name or not title:
            raise SourceError(self.file, f"a {kind} without name or title ({name!r}, {title!r})", "both")
        index = len(self.nodes)
        self.nodes.append([kind, name.strip(), title, parent])
        group = 0
        for child in element:
            if child.tag not in _KNOWN:
                raise SourceError(self.file, f"unknown element <{child.tag}> in {name}", ", ".join(sorted(_KNOWN)))
            if child.tag in NOTE_KINDS:
                self._group(index, name, group, child)
                group += 1
            elif child.tag == "sevenChrDef":
                self._seventh(index, child)
        return index

    def _group(self, index: int, name: str, group: int, element: ET.Element) -> None:
        for note in element:
            text = " ".join("".join(note.itertext()).split())
            if note.tag != "note" or not text:
                raise SourceError(self.file, f"<{note.tag}> {text!r} in {element.tag} of {name}", "a note with text")
            self.notes.append(NoteRow(index, element.tag, group, text))

    def _seventh(self, index: int, element: ET.Element) -> None:
        for child in element:
            text = " ".join((child.text or "").split())
            if child.tag == "extension" and len(child.get("char", "")) == 1:
                self.extensions.append(ExtensionRow(index, child.get("char", ""), text))
            elif child.tag == "note" and self.extensions:
                # S52, S72, S82 (character B): a stray line that belongs to the extension before it.
                last = self.extensions.pop()
                self.extensions.append(ExtensionRow(last.node, last.character, f"{last.text}; {text}"))
            else:
                raise SourceError(self.file, f"<{child.tag}> {text!r} in sevenChrDef", "extension with one char")
