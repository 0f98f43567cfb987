"""CMS ICD-10-PCS tables XML, as published or inside its zip.

Elements: `pcsTable` of three `axis` (section, body system, operation with its definition) and
`pcsRow` of four (characters 4 to 7); an axis has a title and labels, each with the character it
stands for. The codes of a row are the product of its labels, and the row says how many they are.
An unknown element, a count that does not hold or a code made twice stops the reader.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import product
from math import prod
from pathlib import Path
from xml.etree import ElementTree as ET

from claimwright.errors import SourceError
from claimwright.model import Interval
from claimwright.sources.packed import read_packed
from claimwright.sources.xml_file import read_root

CHARACTERS = "0123456789ABCDEFGHJKLMNPQRSTUVWXYZ"
"""What an ICD-10-PCS code is written in: no I and no O."""


@dataclass(frozen=True, slots=True)
class Axis:
    """The labels that one character may have here: (character, label) in the order of the table."""

    title: str
    labels: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class PcsTable:
    """One table: its three characters, their axes, the definition of the operation, its rows."""

    code: str
    head: tuple[Axis, ...]
    definition: str
    rows: tuple[tuple[Axis, ...], ...]

    def codes(self) -> Iterator[str]:
        """Every code the table can make."""
        for row in self.rows:
            for characters in product(*([character for character, _ in axis.labels] for axis in row)):
                yield self.code + "".join(characters)


@dataclass(frozen=True, slots=True)
class PcsTables:
    """One edition, whole; `release` is the first day it is for."""

    name: str
    window: Interval
    tables: tuple[PcsTable, ...]


def read(file: Path, release: date | None = None) -> PcsTables:
    """Parse a tables XML or the zip that holds it; `SourceError` when it is something else.

    The XML states the fiscal year only; `release` is the first day of a later release within it.
    """
    _, data = read_packed(
        file, r"tables[^/]*\.xml", "ICD-10-PCS tables XML files", "CMS's ICD-10-PCS tables or its zip"
    )
    root, year = read_root(file, data, "ICD10PCS.tabular", "CMS's ICD-10-PCS tables")
    tables = tuple(_tables(root, str(file)))
    _check(tables, str(file))
    starts = release or date(year - 1, 10, 1)
    if starts not in Interval(date(year - 1, 10, 1), date(year, 9, 30)):
        raise SourceError(str(file), f"release {starts} of the tables of {year}", f"a day of fiscal year {year}")
    return PcsTables(f"FY{year} ({starts:%B} {starts.year})", Interval(starts, date(year, 9, 30)), tables)


def _tables(root: ET.Element, file: str) -> Iterator[PcsTable]:
    for element in root:
        if element.tag == "pcsTable":
            yield _table(element, file)
        elif element.tag not in ("version", "title"):
            raise SourceError(file, f"unknown element <{element.tag}>", "version, title, pcsTable")


def _check(tables: Sequence[PcsTable], file: str) -> None:
    if not tables:
        raise SourceError(file, "no table", "about 900 <pcsTable>")
    seen: set[str] = set()
    for table in tables:
        for code in table.codes():
            if code in seen:
                raise SourceError(file, f"table {table.code} makes {code} a second time", "each code once")
            seen.add(code)


def _table(element: ET.Element, file: str) -> PcsTable:
    head: list[Axis] = []
    rows = []
    definition = ""
    for child in element:
        if child.tag == "axis":
            head.append(_axis(child, len(head) + 1, file))
            definition = " ".join((child.findtext("definition") or "").split())
        elif child.tag == "pcsRow":
            rows.append(_row(child, file))
        else:
            raise SourceError(file, f"unknown element <{child.tag}> in a table", "axis, pcsRow")
    code = "".join(axis.labels[0][0] for axis in head)
    if len(head) != 3 or any(len(axis.labels) != 1 for axis in head) or not rows:
        raise SourceError(
            file, f"table {code!r} of {len(head)} axes and {len(rows)} rows", "three axes of one label, and rows"
        )
    return PcsTable(code, tuple(head), definition, tuple(rows))


def _row(element: ET.Element, file: str) -> tuple[Axis, ...]:
    row = tuple(_axis(child, number, file) for number, child in enumerate(element, start=4))
    size = prod(len(axis.labels) for axis in row)
    if len(row) != 4 or element.get("codes") != str(size):
        raise SourceError(
            file, f"a row of {len(row)} axes that says {element.get('codes')} codes", f"4 axes and {size}"
        )
    return row


def _axis(element: ET.Element, position: int, file: str) -> Axis:
    if element.tag != "axis" or element.get("pos") != str(position):
        raise SourceError(file, f"<{element.tag} pos={element.get('pos')!r}>", f'<axis pos="{position}">')
    title = ""
    labels: list[tuple[str, str]] = []
    for child in element:
        text = " ".join((child.text or "").split())
        character = child.get("code", "")
        if child.tag == "title" and text:
            title = text
        elif child.tag == "label" and text and len(character) == 1 and character in CHARACTERS:
            labels.append((character, text))
        elif child.tag != "definition":
            raise SourceError(file, f"<{child.tag} code={character!r}> {text!r} in an axis", "a label of one character")
    if not title or element.get("values") != str(len(labels)) or len(dict(labels)) != len(labels):
        raise SourceError(
            file,
            f"axis {title!r} that says {element.get('values')} values and has {len(labels)}",
            "a title, each character once",
        )
    return Axis(title, tuple(labels))
