"""CDC/NCHS index-family XML: ICD10CM.index > letter > mainTerm > term, nested by level.

Titles hold their nonessential modifiers inline (`<nemod>`), with text before and after. The layouts are
those of icd10cm_index.xsd and icd10cm_drug_neoplasm.xsd; an element not named here stops the reader, and
so does an addenda file, whose rows are changes and not an index.
"""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree as ET

from claimwright.errors import SourceError
from claimwright.sources.index_rows import (
    COLUMNS,
    DEEPEST,
    DISEASES,
    DRUGS,
    EXTERNAL,
    NEOPLASMS,
    IndexRow,
    Words,
    code_of,
)

_TERM = ("title", "code", "manif", "see", "seeAlso", "seecat", "subcat", "cell", "term")


def rows_of(file: Path, root: ET.Element, member: str) -> tuple[str, list[IndexRow]]:
    """(kind, rows) of a parsed document; `SourceError` names the element that is not as published."""
    place = f"{file}: {member}" if member != file.name else str(file)
    if root.get("isAddenda") == "true":
        raise SourceError(place, "an addenda: a list of changes", "the whole index of a fiscal year")
    kind = _kind(root, member, place)
    reader = _Reader(place, kind)
    for element in root:
        if element.tag == "letter":
            reader.letter(element)
        elif element.tag not in ("version", "title", "indexHeading"):
            raise SourceError(place, f"unknown element <{element.tag}>", "version, title, indexHeading, letter")
    if not reader.rows:
        raise SourceError(place, "no main term", "an index of thousands")
    return kind, reader.rows


def _kind(root: ET.Element, member: str, place: str) -> str:
    heading = root.find("indexHeading")
    if heading is not None:
        found = {int(head.get("col", "0")): _text(head) for head in heading}
        for kind in (NEOPLASMS, DRUGS):
            if found == COLUMNS[kind]:
                return kind
        raise SourceError(place, f"its columns are {', '.join(found.values())}", "those of neoplasms or of drugs")
    title = _text(root.find("title")).lower()
    if "external cause" in title:
        return EXTERNAL
    if "disease" in title or (not title and "eindex" not in member.lower() and "index" in member.lower()):
        return DISEASES
    raise SourceError(place, f"the title is {title[:60]!r}", "the index to diseases and injuries or to external causes")


def _text(element: ET.Element | None) -> str:
    return "" if element is None else " ".join("".join(element.itertext()).split())


class _Reader:
    """Walks the terms in document order."""

    def __init__(self, place: str, kind: str) -> None:
        self.place, self.kind = place, kind
        self.rows: list[IndexRow] = []

    def letter(self, element: ET.Element) -> None:
        for child in element:
            if child.tag == "mainTerm":
                self._term(child, -1, 0)
            elif child.tag != "title":
                raise SourceError(self.place, f"unknown element <{child.tag}> in a letter", "title, mainTerm")

    def _term(self, element: ET.Element, parent: int, level: int) -> None:
        words = self._words(element)
        at = f"{self.place}: {words.printed[:60]!r}"
        if level > DEEPEST:
            raise SourceError(at, f"a term of level {level}", f"at most {DEEPEST} levels")
        if level and element.get("level") != str(level):
            raise SourceError(at, f"level {element.get('level')!r} inside level {level - 1}", f"level {level}")
        parts: dict[str, list[ET.Element]] = {}
        for child in element:
            if child.tag not in _TERM:
                raise SourceError(at, f"unknown element <{child.tag}>", ", ".join(_TERM))
            parts.setdefault(child.tag, []).append(child)
        self.rows.append(self._row(parts, words, parent, level, at))
        number = len(self.rows) - 1
        for child in parts.get("term", ()):
            self._term(child, number, level + 1)

    def _row(self, parts: dict[str, list[ET.Element]], words: Words, parent: int, level: int, at: str) -> IndexRow:
        def texts(tag: str) -> tuple[str, ...]:
            return tuple(text for text in map(_text, parts.get(tag, ())) if text)

        codes = [code_of(text, at) for text in texts("code")]
        # A reference to a category or subcategory is an incomplete code: `subcat` T75.0 is T75.0-.
        families = [code_of(text, at).rstrip("-") + "-" for text in (*texts("subcat"), *texts("seecat"))]
        found = [code for code in (*codes, *families) if code]
        if len(codes) > 1:
            raise SourceError(at, f"{len(codes)} codes", "one code a term")
        manifestation, also = "", texts("seeAlso")
        for text in texts("manif"):
            try:
                manifestation = code_of(text, at)
            except SourceError:
                if self.kind not in COLUMNS:
                    raise
                also += (text,)  # the table of neoplasms once holds words there
        return IndexRow(
            level, parent, words, found[0] if found else "", manifestation, texts("see"), also, self._cells(parts, at)
        )

    def _cells(self, parts: dict[str, list[ET.Element]], at: str) -> tuple[tuple[int, str], ...]:
        out: dict[int, str] = {}
        for cell in parts.get("cell", ()):
            column = cell.get("col", "")
            if self.kind not in COLUMNS or not column.isdigit() or int(column) not in COLUMNS[self.kind]:
                raise SourceError(at, f"a cell of column {column!r}", "columns 2 to 7 of a table")
            code = code_of(_text(cell), at)
            if code:
                out[int(column)] = code
        return tuple(sorted(out.items()))

    def _words(self, element: ET.Element) -> Words:
        title = element.find("title")
        if title is None:
            raise SourceError(self.place, f"a <{element.tag}> without a title", "a title in every term")
        strange = [child.tag for child in title if child.tag != "nemod"]
        if strange:
            raise SourceError(self.place, f"unknown element <{strange[0]}> in a title", "text and nemod")
        essential, modifiers, printed = [title.text or ""], [], title.text or ""
        for child in title:
            inner = _text(child)
            joined = not printed or inner.startswith(("(s)", "(es)"))
            printed += (inner if joined else " " + inner) + (child.tail or "")
            modifiers.append(inner)
            essential.append(child.tail or "")
        # Text that goes on without a space goes on with the word: Cancer(o)phobia.
        whole = "".join(essential)
        return Words(" ".join(printed.split()), " ".join(whole.split()), " ".join(modifiers))
