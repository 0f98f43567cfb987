"""The small index of four documents, in the layouts of icd10cm_index.xsd and icd10cm_drug_neoplasm.xsd.

Its terms and codes are those of the small tabular list; references, a loop and a manifestation pair are made up.
"""

from __future__ import annotations

from pathlib import Path

from claimwright.book.build import compile_book
from tests import mini

FOLDER = mini.FOLDER / "index"
DISEASES = FOLDER / "icd10cm-index-2026.xml"
FILES = tuple(sorted(FOLDER.glob("*.xml")))


def compiled(folder: Path, *files: Path) -> Path:
    """The folder of a small book with `files` added as icd10cm-index."""
    work = folder / "book"
    work.mkdir()
    compile_book([*mini.inputs(folder), *(mini.source("icd10cm-index", file) for file in files)], work)
    return work
