"""A file of the ICD-10-CM index family, whichever it is: XML, CSV, or CDC's zip that holds several."""

from __future__ import annotations

import re
import zipfile
from datetime import date
from pathlib import Path

from claimwright.errors import SourceError
from claimwright.sources import index_csv, index_xml
from claimwright.sources.index_rows import KINDS, IndexFile, named
from claimwright.sources.packed import read_packed
from claimwright.sources.xml_file import read_root

EXPECTED = "CDC's index, eindex, neoplasm or drug XML, the zip that holds them, or the flat CSV"
_MEMBER = re.compile(r"(?:index|neoplasm|drug)[^/]*\.(?:xml|csv)\Z", re.IGNORECASE)
_OTHER = re.compile(r"addend|tabular", re.IGNORECASE)


def read(file: Path, release: date | None = None) -> tuple[IndexFile, ...]:
    """Every document of the family in `file`, in the order of `KINDS`.

    Errors: `SourceError`, one sentence, for a file or member that is not as published, and for a zip that
    holds none or two of one kind.
    """
    found = [_document(file, name, data, release) for name, data in _members(file)]
    kinds = [each.kind for each in found]
    twice = [kind for kind in KINDS if kinds.count(kind) > 1]
    if twice:
        raise SourceError(str(file), f"two documents are the {KINDS[twice[0]]}", "one of each")
    return tuple(sorted(found, key=lambda each: list(KINDS).index(each.kind)))


def _members(file: Path) -> list[tuple[str, bytes]]:
    try:
        with zipfile.ZipFile(file) as archive:
            names = [name for name in archive.namelist() if _MEMBER.search(name) and not _OTHER.search(name)]
            listed = [(name.rsplit("/", 1)[-1], archive.read(name)) for name in names]
    except (zipfile.BadZipFile, OSError, ValueError, RuntimeError, EOFError):
        # Not a zip, or one that cannot be read: `read_packed` says which.
        return [read_packed(file, _MEMBER.pattern.removesuffix(r"\Z"), "index files", EXPECTED)]
    if not listed:
        raise SourceError(str(file), "no file of the index family in the zip", EXPECTED)
    return listed


def _document(file: Path, member: str, data: bytes, release: date | None) -> IndexFile:
    if data.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"<":
        root, year = read_root(file, data, "ICD10CM.index", EXPECTED)
        kind, rows = index_xml.rows_of(file, root, member)
    else:
        kind, year, rows = index_csv.rows_of(file, data, member)
    return named(kind, member, year, release, rows)


def nonempty(file: IndexFile) -> int:
    """Codes that the document prints, in columns or not."""
    return sum(bool(row.code) + len(row.cells) for row in file.rows)


__all__ = ["EXPECTED", "nonempty", "read"]
